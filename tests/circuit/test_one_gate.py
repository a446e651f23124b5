"""Products on two qubits that are one gate are found by what they do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Gate, Parameter

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.circuit.one_gate import as_one_gate

from .. import reference

W, X = WeightSlot, InputSlot
CX = ("CX", (4, 2))
PRODUCTS: dict[str, tuple[list[Any], Any]] = {
    "RZZ": ([CX, ("RZ", (2,), W(7)), CX], ("RZZ", (4, 2), W(7))),
    "RZZ of a polynomial": (
        [CX, ("RZ", (2,), 2 * X(1) * X(0)), CX],
        ("RZZ", (4, 2), 2 * X(1) * X(0)),
    ),
    "RXX": (
        [*[("H", (q,)) for q in (4, 2)], CX, ("RZ", (2,), -W(0)), CX]
        + [("H", (q,)) for q in (4, 2)],
        ("RXX", (4, 2), -W(0)),
    ),
    "CRZ": (
        [("RZ", (2,), W(1) / 2), CX, ("RZ", (2,), -W(1) / 2), CX],
        ("CRZ", (4, 2), W(1)),
    ),
    "CP": (
        [("P", (4,), 0.15), CX, ("P", (2,), -0.15), CX, ("P", (2,), 0.15)],
        ("CP", (4, 2), 0.3),
    ),
    "SWAP": ([CX, ("CX", (2, 4)), CX], ("SWAP", (4, 2))),
    "CZ backwards": ([("CX", (4, 2)), ("CX", (4, 2)), ("CZ", (2, 4))], ("CZ", (4, 2))),
    "none": ([CX, ("RZ", (2,), W(0)), ("RX", (2,), W(1)), CX], None),
    "none of these values only": ([CX, ("RY", (4,), W(0)), CX], None),
    "one already": ([CX, ("H", (2,))], None),
    "three qubits": ([CX, ("CX", (2, 0)), CX], None),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str) -> None:
    parts, wanted = PRODUCTS[name]
    found = as_one_gate([Operation(*part) for part in parts])
    assert found == (None if wanted is None else Operation(*wanted))


def test_own_gates_of_qiskit_that_are_one() -> None:
    theta = Parameter("theta")
    inner = QuantumCircuit(2)
    inner.cx(0, 1)
    inner.rz(theta, 1)
    inner.cx(0, 1)
    gate = Gate("rzz", 2, [theta])
    gate.definition = inner
    qc = QuantumCircuit(3)
    qc.append(gate, [2, 0])
    qc.append(gate.to_mutable().inverse(), [0, 1])
    read = Circuit.from_qiskit(qc)
    assert read == Circuit(3, (("RZZ", (2, 0), W(0)), ("RZZ", (0, 1), -W(0))), 0, (1,))


def test_qaoa_by_way_of_openqasm_costs_what_it_costs() -> None:
    """Qiskit's exporter writes rzz as a definition; its importer gives an own gate of it."""
    qc = QuantumCircuit(6)
    qc.h(range(6))
    for k in range(6):
        qc.rzz(0.3 + 0.1 * k, k, (k + 1) % 6)
    qc.rx(0.7, range(6))
    direct = Circuit.from_qiskit(qc)
    back = Circuit.from_qiskit(qasm3.loads(qasm3.dumps(qc)))
    state, wanted = reference.statevector(back), reference.statevector(direct)
    assert abs(abs(np.vdot(state, wanted)) - 1) < 1e-12
    assert len(back.two_qubit_operations) == len(direct.two_qubit_operations) == 6
    network = tnq.QPUNetwork.line(2, qubits=3)
    blocks = {"qpu0": range(3), "qpu1": range(3, 6)}
    costs = [
        tnq.Partition.from_blocks(circuit, network, blocks).sampling_overhead
        for circuit in (back, direct)
    ]
    assert math.isclose(*costs, rel_tol=1e-9)
