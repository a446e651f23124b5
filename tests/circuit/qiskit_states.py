"""State vectors from Qiskit, in our order of qubits, and comparison up to a global phase."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.quantum_info import Statevector

from tnqlstm.circuit import Circuit

from .. import reference
from ..reference import Complex

TOLERANCE = 1e-10


def qiskit_state(circuit: QuantumCircuit) -> Complex:
    """Shape (2**n_qubits,), qubit 0 most significant; parameters must have values."""
    gates = circuit.remove_final_measurements(inplace=False) or circuit
    return np.asarray(Statevector(gates.reverse_bits()))


def load(text: str) -> QuantumCircuit:
    """The circuit that Qiskit reads.

    What its own qelib1.inc adds to the paper's is known where the text defines no gates; it would
    replace the text's definitions otherwise.
    """
    if text.startswith("OPENQASM 2") or "qelib1.inc" in text:
        known = () if "gate " in text else qasm2.LEGACY_CUSTOM_INSTRUCTIONS
        return qasm2.loads(text, custom_instructions=known)
    return qasm3.loads(text)


def assert_same_state(found: Complex, expected: Complex) -> None:
    """Equal up to a global phase."""
    overlap = np.vdot(found, expected)
    assert abs(abs(overlap) - 1) < TOLERANCE
    np.testing.assert_allclose(found * overlap / abs(overlap), expected, atol=TOLERANCE)


def assert_read_as_by_qiskit(text: str) -> Circuit:
    circuit = Circuit.from_qasm(text)
    assert_same_state(reference.statevector(circuit), qiskit_state(load(text)))
    return circuit
