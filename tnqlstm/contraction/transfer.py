"""Gates as Pauli transfer matrices, and their halves across a bond.

A leg carries an operator on one qubit as 4 real numbers, its components on (1, X, Y, Z), so every
tensor is real and a noisy gate is no different from a perfect one. With R[P, Q] = tr(P U Q U†)/2ⁿ,

    R(θ) = Σ_k φ_k(θ) R_k,      φ = (1, cos θ, sin θ)  or  (1, cos θ/2, sin θ/2, cos θ, sin θ),

and a two-qubit gate falls into Σ_b first[b] ⊗ second[b] (operator-Schmidt form), of which only the
second half depends on θ. The bond b has dimension 4 for CX, CZ, RZZ and 16 for SWAP.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..circuit import GATES

__all__ = ["PROBE", "TRACE", "ZERO_STATE", "Halves", "halves", "transfer_terms"]

RealArray = NDArray[np.float64]

ZERO_STATE: RealArray = np.array([1.0, 0.0, 0.0, 1.0])  # |0⟩⟨0| = (1 + Z)/2, without the ½
TRACE: RealArray = np.array([1.0, 0.0, 0.0, 0.0])
PROBE: RealArray = np.array([0.0, 0.0, 0.0, 1.0])  # reads ⟨Z⟩
FREQUENCIES = ((1.0,), (0.5, 1.0))

_PAULIS = np.array(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex
)
_PAIRS = np.einsum("aij,bkl->abikjl", _PAULIS, _PAULIS).reshape(16, 4, 4)


@dataclass(frozen=True, eq=False)
class Halves:
    """first: (bond, out, in). second: (term, bond, out, in), to be summed with φ_k(θ)."""

    first: RealArray
    second: RealArray
    frequencies: tuple[float, ...]

    @property
    def bond_dim(self) -> int:
        return len(self.first)


@cache
def transfer_terms(name: str) -> tuple[RealArray, tuple[float, ...]]:
    """R_k of the gate, shape (terms, 4**n, 4**n), and the frequencies of its cosines and sines."""
    gate = GATES[name]
    paulis = _PAULIS if gate.n_qubits == 1 else _PAIRS

    def transfer(angle: float) -> RealArray:
        u = gate.matrix(angle)
        moved = u @ paulis @ u.conj().T
        return np.einsum("pij,qji->pq", paulis, moved).real / len(u)

    if not gate.is_parametrised:
        return transfer(0.0)[None], ()
    angles = np.linspace(0.1, 4 * np.pi, 11, endpoint=False)
    samples = np.stack([transfer(a) for a in angles])
    for frequencies in FREQUENCIES:
        columns = [np.ones_like(angles)]
        for f in frequencies:
            columns += [np.cos(f * angles), np.sin(f * angles)]
        design = np.stack(columns, axis=1)
        terms, *_ = np.linalg.lstsq(design, samples.reshape(len(angles), -1), rcond=None)
        if np.allclose(design @ terms, samples.reshape(len(angles), -1), atol=1e-12):
            clean = np.where(np.abs(terms) < 1e-14, 0.0, terms)
            return clean.reshape(-1, *samples.shape[1:]), frequencies
    raise AssertionError(f"gate {name} has other frequencies than {FREQUENCIES}")


@cache
def halves(name: str) -> Halves:
    """The two halves of a two-qubit gate, split by an SVD of all its terms together."""
    terms, frequencies = transfer_terms(name)
    n_terms = len(terms)
    split = terms.reshape(n_terms, 4, 4, 4, 4).transpose(1, 3, 0, 2, 4).reshape(16, -1)
    u, s, vh = np.linalg.svd(split, full_matrices=False)
    rank = int((s > 1e-12 * s[0]).sum())
    scale = np.sqrt(s[:rank])
    first = (u[:, :rank] * scale).T.reshape(rank, 4, 4)
    second = (scale[:, None] * vh[:rank]).reshape(rank, n_terms, 4, 4).transpose(1, 0, 2, 3)
    return Halves(np.ascontiguousarray(first), np.ascontiguousarray(second), frequencies)
