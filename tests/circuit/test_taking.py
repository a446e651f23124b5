"""Circuits of others where one of ours is wanted."""

from __future__ import annotations

import pennylane as qml
import pytest
import quimb.tensor as qtn
import torch
from qiskit import QuantumCircuit

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, as_circuit
from tnqlstm.forecasting.descriptions import RecordedAnsatz

WANTED = Circuit(2, (("H", (0,)), ("CX", (0, 1)), ("RX", (1,), 0.3)))


def of_qiskit() -> QuantumCircuit:
    qc = QuantumCircuit(2)
    qc.h(0)
    qc.cx(0, 1)
    qc.rx(0.3, 1)
    return qc


def test_circuits_of_others_are_taken() -> None:
    tape = qml.tape.QuantumScript([qml.H(0), qml.CNOT([0, 1]), qml.RX(0.3, 1)])
    of_quimb = qtn.Circuit(2)
    of_quimb.h(0)
    of_quimb.cx(0, 1)
    of_quimb.rx(0.3, 1)
    for source in (of_qiskit(), tape, of_quimb, WANTED):
        assert as_circuit(source) == WANTED


def test_wherever_a_circuit_is_wanted() -> None:
    placed = tnq.partition(of_qiskit(), tnq.QPUNetwork.line(2, qubits=1))
    assert placed.circuit == WANTED
    vqc = tnq.VQC(of_qiskit(), placed, dtype=torch.float64)
    assert vqc.circuit == WANTED
    recorded = RecordedAnsatz(lambda n: of_qiskit())
    assert recorded(2) == WANTED
    cell = tnq.QLSTMCell(1, 1, ansatz=lambda n: tnq.ansatz.ry_brickwork(n, 1).to_qiskit())
    assert cell.circuit.weight_shape == (2,)


@pytest.mark.parametrize("source", ["h q[0];", None, 3, qml.device("default.qubit")])
def test_others_are_refused_in_a_line_that_says_how(source: object) -> None:
    for take in (tnq.VQC, tnq.plan_expectations):
        with pytest.raises(TypeError, match=r"Circuit wanted, got \w+\. .*Circuit.from_qasm"):
            take(source)
    with pytest.raises(TypeError, match=r"Circuit\.from_qiskit"):
        tnq.partition(source, tnq.QPUNetwork.line(2, qubits=2))  # type: ignore[arg-type]
