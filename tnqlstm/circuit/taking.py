"""`as_circuit`: circuits of Qiskit, PennyLane and quimb where one of ours is wanted."""

from __future__ import annotations

import sys
from typing import Any

from .circuit import Circuit

__all__ = ["as_circuit"]


def as_circuit(source: Any) -> Circuit:
    """The circuit itself, or that of a Qiskit or quimb circuit, a PennyLane tape or OpenQASM text.

    Read as `from_qiskit`, `from_quimb`, `from_pennylane` and `from_qasm` do by default. Raises
    `TypeError` for everything else, and says how it's converted.
    """
    if isinstance(source, Circuit):
        return source
    text = source.encode() if isinstance(source, str) else source
    if isinstance(text, bytes) and b"OPENQASM" in text:
        return Circuit.from_qasm(source)
    # whose objects these are has been imported already
    qiskit, quimb = sys.modules.get("qiskit"), sys.modules.get("quimb.tensor")
    pennylane = sys.modules.get("pennylane")
    if qiskit is not None and isinstance(source, qiskit.QuantumCircuit):
        return Circuit.from_qiskit(source)
    if quimb is not None and isinstance(source, quimb.Circuit):
        return Circuit.from_quimb(source)
    if pennylane is not None and isinstance(source, pennylane.tape.QuantumScript):
        return Circuit.from_pennylane(source)
    raise TypeError(
        f"a tnqlstm Circuit wanted, got {type(source).__name__}. Make one with Circuit.from_qasm("
        "text), Circuit.from_qiskit(circuit), Circuit.from_pennylane(function, *arguments) or "
        "tnqlstm.ansatz."
    )
