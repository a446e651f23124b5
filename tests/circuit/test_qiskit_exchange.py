"""Exchange with Qiskit: states agree gate by gate, parameters stay parameters."""

from __future__ import annotations

import dataclasses
import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter, ParameterVector, library
from qiskit.quantum_info import random_unitary

from tnqlstm.circuit import GATES, Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.errors import CircuitError, ShapeError, UnknownNameError

from .. import reference
from .qiskit_states import assert_same_state, qiskit_state

seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.pi, 0.7, -2.9])
def test_each_gate_both_ways(name: str, angle: float) -> None:
    gate = GATES[name]
    value = angle if gate.is_parametrised else None
    for qubits in [(0,), (2,)] if gate.n_qubits == 1 else [(0, 1), (2, 0)]:
        circuit = Circuit(3, (*reference.spread(3), Operation(name, qubits, value)))
        out = circuit.to_qiskit()
        assert len(out.data) == len(circuit.operations)
        np.testing.assert_allclose(qiskit_state(out), reference.statevector(circuit), atol=1e-12)
        assert Circuit.from_qiskit(out) == circuit


@given(seeds)
def test_random_circuits_with_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng, n_gates=12)
    values = reference.random_values(rng, circuit)
    out = circuit.to_qiskit(*values)
    assert not out.parameters
    expected = reference.statevector(circuit, *values)
    np.testing.assert_allclose(qiskit_state(out), expected, atol=1e-12)
    assert Circuit.from_qiskit(out) == circuit.with_values(*values)


@given(seeds)
def test_parameters_are_bound_as_slots_are(seed: int) -> None:
    """Qiskit keeps the parameters that gates read; bound there, the state is ours."""
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng)
    weights, inputs = reference.random_values(rng, circuit)
    out = circuit.to_qiskit()
    values = {"w": weights.ravel(), "x": inputs}
    bound = out.assign_parameters({p: values[p.vector.name][p.index] for p in out.parameters})
    expected = reference.statevector(circuit, weights, inputs)
    np.testing.assert_allclose(qiskit_state(bound), expected, atol=1e-12)


@pytest.mark.parametrize(
    "circuit",
    [ansatz.ry_brickwork(4, 3), ansatz.chen2020(3, 2), ansatz.basic_entangler(3, 5)],
    ids=["ry_brickwork", "chen2020", "basic_entangler"],
)
def test_circuits_that_read_every_slot_come_back(circuit: Circuit) -> None:
    """More than ten of a kind, so that w[10] has to come after w[9], not after w[1]."""
    flat = dataclasses.replace(circuit, weight_shape=(circuit.n_weights,))
    assert circuit.n_weights > 10
    assert Circuit.from_qiskit(circuit.to_qiskit()) == flat
    weights = np.linspace(-3, 3, circuit.n_weights).reshape(circuit.weight_shape)
    back = Circuit.from_qiskit(circuit.to_qiskit(weights=weights))
    assert back == circuit.with_values(weights=weights)


def test_parameters_become_slots_in_qiskits_order() -> None:
    theta, alpha, x = Parameter("theta"), Parameter("alpha"), Parameter("x")
    qc = QuantumCircuit(1)
    qc.rx(theta, 0)
    qc.ry(alpha, 0)
    qc.rz(x.arctan(), 0)
    qc.p((x * x).arctan(), 0)
    qc.rz((x**2).arctan(), 0)
    qc.u(theta, 0.5, x, 0)
    assert [p.name for p in qc.parameters] == ["alpha", "theta", "x"]
    operations = (
        ("RX", (0,), WeightSlot(1)),
        ("RY", (0,), WeightSlot(0)),
        ("RZ", (0,), InputSlot(0, "arctan")),
        ("P", (0,), InputSlot(0, "arctan_square")),
        ("RZ", (0,), InputSlot(0, "arctan_square")),
        ("P", (0,), InputSlot(0)),
        ("RY", (0,), WeightSlot(1)),
        ("P", (0,), 0.5),
    )
    assert Circuit.from_qiskit(qc) == Circuit(1, operations, 1, (2,))
    with pytest.raises(CircuitError, match=r"rz has the angle atan\(x\)"):
        Circuit.from_qiskit(qc, inputs=["alpha"])
    with pytest.raises(UnknownNameError, match="unknown parameter 'beta'"):
        Circuit.from_qiskit(qc, inputs=["beta"])


def test_a_vector_of_inputs_goes_by_its_own_name() -> None:
    u = ParameterVector("u", 12)
    qc = QuantumCircuit(1)
    for k in (11, 2):
        qc.rx(u[k], 0)
    read = Circuit.from_qiskit(qc, inputs=["u"])
    operations = (("RX", (0,), InputSlot(1)), ("RX", (0,), InputSlot(0)))
    assert read == Circuit(1, operations, 2, (0,))


STANDARD = {
    name: gate
    for name, gate in library.get_standard_gate_name_mapping().items()
    if name not in ("delay", "reset", "measure", "global_phase")
}


@pytest.mark.parametrize("name", STANDARD)
def test_each_standard_gate_of_qiskit(name: str) -> None:
    gate = STANDARD[name]
    bound = gate.base_class(*np.linspace(-1.3, 2.2, len(gate.params)))
    assert_same_as_qiskit(bound)


@pytest.mark.parametrize(
    "gate",
    [
        library.XGate().control(3),
        library.XGate().control(2, ctrl_state=1),
        library.CXGate(ctrl_state=0),
        library.RYGate(0.3).control(2, annotated=False),
        library.QFTGate(3),
        library.UnitaryGate(random_unitary(4, seed=5)),
        library.PauliGate("XYZ"),
        library.U3Gate(0.1, 0.2, 0.3).inverse(),
        library.U2Gate(0.1, 0.2),
        library.CU1Gate(0.3),
        library.U1Gate(0.3),
        library.SGate().power(0.5),
        library.RXGate(0.3).to_mutable().repeat(3),
        library.DiagonalGate([1, 1j, -1, 1]),
    ],
    ids=lambda gate: f"{gate.name}{gate.num_qubits}",
)
def test_other_gates_go_by_their_definitions(gate: Gate) -> None:
    assert_same_as_qiskit(gate)


def assert_same_as_qiskit(gate: Gate) -> None:
    n_qubits = gate.num_qubits + 1
    qc = Circuit(n_qubits, tuple(reference.spread(n_qubits))).to_qiskit()
    qc.append(gate, [n_qubits - 1, *range(gate.num_qubits - 1)])
    read = Circuit.from_qiskit(qc)
    assert_same_state(reference.statevector(read), qiskit_state(qc))


def test_a_gate_is_known_by_its_class_not_by_its_name() -> None:
    inner = QuantumCircuit(1, name="h")
    inner.x(0)
    qc = QuantumCircuit(2)
    qc.append(inner.to_gate(), [1])
    assert Circuit.from_qiskit(qc) == Circuit(2, (("X", (1,)),))


def test_barriers_and_measurements_at_the_end_are_dropped() -> None:
    qc = QuantumCircuit(2, 2, global_phase=0.3)
    qc.h(0)
    qc.barrier()
    qc.measure(0, 0)
    qc.x(1)
    qc.measure(1, 1)
    assert Circuit.from_qiskit(qc) == Circuit(2, (("H", (0,)), ("X", (1,))))


def test_registers_and_loose_qubits_are_numbered_in_qiskits_order() -> None:
    from qiskit import QuantumRegister

    qc = QuantumCircuit(QuantumRegister(2, "b"), QuantumRegister(1, "a"))
    qc.cx(2, 0)
    assert Circuit.from_qiskit(qc) == Circuit(3, (("CX", (2, 0)),))


def unfit(kind: str) -> QuantumCircuit:
    qc = QuantumCircuit(2, 2)
    if kind == "reset":
        qc.reset(0)
    elif kind == "if_else":
        with qc.if_test((0, 1)):
            qc.x(0)
    elif kind == "initialize":
        qc.initialize([0, 1], 0)
    elif kind == "own":
        qc.append(Gate("own", 1, []), [0])
    elif kind == "delay":
        qc.delay(3, 0)
    elif kind == "2*a":
        qc.rx(2 * Parameter("a"), 0)
    elif kind == "a + b":
        qc.rx(Parameter("a") + Parameter("b"), 0)
    elif kind == "measure":
        qc.measure(0, 0)
        qc.x(0)
    return qc


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("reset", "no counterpart here for Qiskit's reset"),
        ("if_else", "no counterpart here for Qiskit's if_else"),
        ("initialize", "no counterpart here for Qiskit's reset"),
        ("own", "no counterpart here for Qiskit's own"),
        ("delay", "no counterpart here for Qiskit's delay"),
        ("2*a", r"rx has the angle 2\*a"),
        ("a + b", r"rx has the angle a \+ b"),
        ("measure", r"Qiskit's x on \(0,\) comes after a measurement"),
    ],
)
def test_what_a_circuit_cannot_hold(kind: str, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        Circuit.from_qiskit(unfit(kind))


def test_misshapen_values() -> None:
    with pytest.raises(ShapeError, match=r"weights of shape \(2, 3\) wanted, got \(6,\)"):
        ansatz.ry_brickwork(3, 2).to_qiskit(weights=np.zeros(6))


@pytest.mark.parametrize("direction", ["to", "from"])
def test_without_qiskit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, direction: str) -> None:
    qc = QuantumCircuit(1)
    monkeypatch.setitem(sys.modules, "qiskit", None)
    with pytest.raises(ImportError, match=r"pip install 'tnqlstm\[qiskit\]'"):
        Circuit(1, ()).to_qiskit() if direction == "to" else Circuit.from_qiskit(qc)
