"""What a single two-qubit gate costs when it is cut: its Schmidt rank, its γ, its Pauli axes.

A gate with a fixed angle is judged at that angle; a gate that reads a slot at a generic angle
(rank, axes) or at its worst one (γ), since a placement must hold for all weights and inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..circuit import GATES, Operation

__all__ = ["GateCut", "gate_cut", "operator_schmidt"]

_PAULIS = {
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]).astype(np.complex128),
}
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class GateCut:
    """Facts about one operation, whether or not it ends up cut.

    schmidt_rank
        Operator-Schmidt rank: dimension of the cut bond; 1 for a gate on one qubit.
    gamma
        Sampling overhead γ of replacing the gate by local ones: shots grow as γ². At least 1.
    axes
        For each qubit the Pauli axes σ that the gate keeps, Uσ = ±σU, as a string such as "Z".
    """

    schmidt_rank: int
    gamma: float
    axes: tuple[str, ...]


def gate_cut(operation: Operation) -> GateCut:
    """The `GateCut` of an operation; slots count as said in the module's docstring."""
    angle = operation.angle
    return _gate_cut(operation.name, angle if isinstance(angle, float) else None)


def operator_schmidt(matrix: NDArray[np.complex128]) -> NDArray[np.float64]:
    """The 4 operator-Schmidt coefficients of a two-qubit unitary, descending; Σ s_i² = 1."""
    sides = matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    return np.asarray(np.linalg.svd(sides / 2, compute_uv=False), dtype=np.float64)


@lru_cache(maxsize=4096)
def _gate_cut(name: str, angle: float | None) -> GateCut:
    gate = GATES[name]
    is_generic = gate.is_parametrised and angle is None
    parts = (gate.constant, gate.cosine, gate.sine) if is_generic else (gate.matrix(angle),)
    terms = [part for part in parts if part is not None]
    axes = tuple(_kept_axes(terms, q, gate.n_qubits) for q in range(gate.n_qubits))
    if gate.n_qubits == 1:
        return GateCut(1, 1.0, axes)
    # γ of every parametrised gate here is 1 + 2|sin(mθ)| with m = 1/2 or 1: a grid in steps of π/2
    # over one period of 4π holds its maximum
    angles = np.arange(8) * math.pi / 2 if is_generic else [angle]
    spectra = [operator_schmidt(gate.matrix(value)) for value in angles]
    rank = gate.schmidt_rank if is_generic else int(np.sum(spectra[0] > _TOLERANCE))
    return GateCut(rank, max(map(_gamma, spectra)), axes)


def _gamma(coefficients: NDArray[np.float64]) -> float:
    """γ = 2(Σ s_i)² - 1 (Schmitt, Piveteau, Sutter, arXiv 2312.11638)."""
    return max(1.0, 2 * float(np.sum(coefficients)) ** 2 - 1)


def _kept_axes(terms: list[NDArray[np.complex128]], qubit: int, n_qubits: int) -> str:
    """Axes σ with Mσ = sσM for every term M and one sign s, so for every sum of the terms."""
    kept = ""
    for axis, pauli in _PAULIS.items():
        sides = [pauli if q == qubit else np.eye(2) for q in range(n_qubits)]
        sigma = sides[0] if n_qubits == 1 else np.kron(*sides)
        if any(
            all(np.allclose(m @ sigma, sign * sigma @ m, rtol=0, atol=_TOLERANCE) for m in terms)
            for sign in (1, -1)
        ):
            kept += axis
    return kept
