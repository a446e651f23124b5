"""What a single two-qubit gate costs when it is cut: its Schmidt rank, its γ, its Pauli axes.

A gate with a fixed angle is judged at that angle; a gate that reads a slot at a generic angle
(rank, axes) or at its worst one (γ), since a placement must hold for all weights and inputs.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import GATES, Operation

__all__ = ["GateCut", "Image", "gamma_of", "gate_cut", "operator_schmidt"]

_PAULIS = np.array(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]]
)  # fmt: skip
_PAIRS = np.array([np.kron(a, b) for a in _PAULIS for b in _PAULIS])
_LETTERS = ("", "X", "Y", "Z")
_TOLERANCE = 1e-12
# a Pauli's image is a trigonometric polynomial of the angle, of degree 2 at most: the same at these
# is the same at all
_GENERIC = (0.3, 1.1, 2.0, 3.7, 5.3)


class Image(NamedTuple):
    """What a gate makes of a Pauli σ on one qubit: UσU† = ± `axis`, times `partner`.

    `partner` is the Pauli that appears on the gate's other qubit, "" where none does.
    """

    axis: str
    partner: str
    flips: bool  # whether the sign is minus


@dataclass(frozen=True)
class GateCut:
    """Facts about one operation, whether or not it ends up cut.

    schmidt_rank
        Operator-Schmidt rank: dimension of the cut bond; 1 for a gate on one qubit.
    gamma
        Sampling overhead γ of replacing the gate by local ones: shots grow as γ². At least 1. Gates
        on one pair of qubits may cost less together, see `gate_blocks`.
    images
        For each qubit the image of each Pauli axis that stays a Pauli, for any angle of a slot.
    """

    schmidt_rank: int
    gamma: float
    images: tuple[dict[str, Image], ...]

    @property
    def axes(self) -> tuple[str, ...]:
        """For each qubit the Pauli axes σ that the gate keeps, Uσ = ±σU, as in "Z"."""
        return tuple(
            "".join(axis for axis, to in images.items() if to.axis == axis and not to.partner)
            for images in self.images
        )


def gate_cut(operation: Operation) -> GateCut:
    """The `GateCut` of an operation; slots count as said in the module's docstring."""
    angle = operation.angle
    return _gate_cut(operation.name, angle if isinstance(angle, float) else None)


def operator_schmidt(matrix: NDArray[np.complex128]) -> NDArray[np.float64]:
    """The 4 operator-Schmidt coefficients of a two-qubit unitary, descending; Σ s_i² = 1."""
    sides = matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    return np.asarray(np.linalg.svd(sides / 2, compute_uv=False), dtype=np.float64)


@lru_cache(maxsize=1 << 16)
def _gate_cut(name: str, angle: float | None) -> GateCut:
    gate = GATES[name]
    is_generic = gate.is_parametrised and angle is None
    images = _images([gate.matrix(value) for value in (_GENERIC if is_generic else [angle])])
    if gate.n_qubits == 1:
        return GateCut(1, 1.0, images)
    # γ of every parametrised gate here is 1 + 2|sin(mθ)| with m = 1/2 or 1: a grid in steps of π/2
    # over one period of 4π holds its maximum
    angles = np.arange(8) * math.pi / 2 if is_generic else [angle]
    spectra = [operator_schmidt(gate.matrix(value)) for value in angles]
    rank = gate.schmidt_rank if is_generic else int(np.sum(spectra[0] > _TOLERANCE))
    return GateCut(rank, max(map(_gamma, spectra)), images)


def gamma_of(matrix: NDArray[np.complex128]) -> float:
    """γ of a two-qubit unitary: 2(Σ s_i)² − 1 of its operator-Schmidt coefficients; at least 1.

    Optimal with and without classical communication (Schmitt, Piveteau, Sutter, arXiv 2312.11638).
    """
    return _gamma(operator_schmidt(matrix))


def _gamma(coefficients: NDArray[np.float64]) -> float:
    return max(1.0, 2 * float(np.sum(coefficients)) ** 2 - 1)


def _images(unitaries: list[NDArray[np.complex128]]) -> tuple[dict[str, Image], ...]:
    """For each qubit the images of its Pauli axes that all the unitaries share."""
    stack = np.array(unitaries)
    size = stack.shape[-1]
    n_qubits = 1 if size == 2 else 2
    labels = list(itertools.product(_LETTERS, repeat=n_qubits))
    paulis = _PAULIS if n_qubits == 1 else _PAIRS
    moved = stack[:, None] @ paulis @ stack.conj().swapaxes(-1, -2)[:, None]
    transfer = np.einsum("bij,uaji->uab", paulis, moved).real / size
    images: tuple[dict[str, Image], ...] = tuple({} for _ in range(n_qubits))
    for before, rows in zip(labels, transfer.swapaxes(0, 1), strict=True):
        if sum(map(bool, before)) != 1:
            continue
        qubit = 0 if before[0] else 1
        to = int(np.argmax(np.abs(rows[0])))
        after, sign = labels[to], np.sign(rows[0, to])
        rows[:, to] -= sign
        if after[qubit] and np.all(np.abs(rows) < _TOLERANCE):
            partner = after[1 - qubit] if n_qubits == 2 else ""
            images[qubit][before[qubit]] = Image(after[qubit], partner, bool(sign < 0))
    return images
