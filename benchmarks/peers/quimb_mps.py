"""quimb's `CircuitMPS`: values of one sample, without a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import quimb.tensor as qtn


def expectations(
    operations: list[list[Any]], n_qubits: int, weights: Any, x: Any
) -> Callable[[], float]:
    """Σ ⟨Z_i⟩ of the first sample, exact up to its cutoff of 1e-10; operations as elsewhere."""
    flat, v = np.ravel(weights), np.asarray(x)[0]
    z = np.diag([1.0, -1.0])

    def step() -> float:
        circuit = qtn.CircuitMPS(n_qubits, cutoff=1e-10)
        for name, qubits, slot in operations:
            angle = () if slot is None else (flat[slot[1]] if slot[0] == "weight" else v[slot[1]],)
            circuit.apply_gate(name, *angle, *qubits)
        state = circuit.psi
        values = state.compute_local_expectation(
            {(q,): z for q in range(n_qubits)}, method="canonical"
        )
        return float(np.real(values))

    return step
