"""Circuits that several tests of placements share."""

from __future__ import annotations

import math

from tnqlstm.circuit import Circuit, Operation


def qft(n_qubits: int) -> Circuit:
    """The quantum Fourier transform without its final swaps."""
    operations: list[Operation] = []
    for q in range(n_qubits):
        operations.append(Operation("H", (q,)))
        for later in range(q + 1, n_qubits):
            angle = math.pi / 2 ** (later - q)
            operations.append(Operation("CP", (later, q), angle))
    return Circuit(n_qubits, tuple(operations))
