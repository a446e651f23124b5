"""The statevector of `tests.reference` in differentiable torch, for derivatives of any order.

A gate with an angle is U(θ) = Σ exp(iλθ) P: its phases λ and projectors P are read off the matrix
that `tests.reference` writes out, so that `torch.func` sees textbook gates and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.reference import ANGLE_GATES, gate_matrix
from tnqlstm.circuit import Circuit, InputSlot, Polynomial, WeightSlot
from tnqlstm.circuit.slots import Angle

__all__ = ["expectations"]

PROBE = 0.7  # an angle at which different phases are far from equal
ENCODINGS = {
    "identity": lambda v: v,
    "arctan": torch.atan,
    "arctan_square": lambda v: torch.atan(v * v),
}


@cache
def _spectrum(name: str) -> tuple[Tensor, Tensor]:
    """The phases (k,) of a gate with an angle, and their projectors (k, d, d)."""
    unitary = gate_matrix(name, PROBE)
    angles = np.angle(np.linalg.eigvals(unitary)) / PROBE
    phases = np.unique(np.round(2 * angles)) / 2  # generators have eigenvalues 0, ±½, ±1
    values = np.exp(1j * phases * PROBE)
    projectors = []
    for value in values:  # Lagrange's polynomial that is 1 at this eigenvalue, 0 at the others
        product = np.eye(len(unitary), dtype=complex)
        for other in values[values != value]:
            product = product @ (unitary - other * np.eye(len(unitary))) / (value - other)
        projectors.append(product)
    return torch.tensor(phases), torch.tensor(np.stack(projectors))


def _gate(name: str, angle: Tensor | float | None) -> Tensor:
    if angle is None or name not in ANGLE_GATES:
        return torch.tensor(gate_matrix(name))
    phases, projectors = _spectrum(name)
    return (torch.exp(1j * phases * angle)[:, None, None] * projectors).sum(0)


def _angle(angle: Angle, weights: Tensor, inputs: Tensor) -> Tensor | float | None:
    if isinstance(angle, WeightSlot):
        return weights[angle.index]
    if isinstance(angle, InputSlot):
        return ENCODINGS[angle.encoding](inputs[angle.index])
    if isinstance(angle, Polynomial):
        total: Any = angle.offset
        for coefficient, slots in angle.terms:
            total = total + coefficient * math.prod(_angle(s, weights, inputs) for s in slots)
        return total
    return angle


def expectations(
    circuit: Circuit, weights: Tensor, inputs: Tensor, observables: Iterable[int] | None = None
) -> Tensor:
    """⟨Z⟩ of each observed qubit (all by default), (batch, n_observables).

    `weights`: as many as the circuit has, in any shape. `inputs`: (batch, n_inputs).
    """
    observed = list(range(circuit.n_qubits) if observables is None else observables)
    flat = weights.reshape(-1)

    def one(x: Tensor) -> Tensor:
        n = circuit.n_qubits
        state = torch.zeros(2**n, dtype=torch.complex128)
        state[0] = 1
        state = state.reshape((2,) * n)
        for op in circuit.operations:
            k = len(op.qubits)
            gate = _gate(op.name, _angle(op.angle, flat, x)).reshape((2,) * (2 * k))
            state = torch.tensordot(gate, state, dims=(list(range(k, 2 * k)), list(op.qubits)))
            state = state.movedim(tuple(range(k)), op.qubits)
        probabilities = state.real.square() + state.imag.square()
        z = [probabilities.select(q, 0).sum() - probabilities.select(q, 1).sum() for q in observed]
        return torch.stack(z)

    return torch.func.vmap(one)(inputs)
