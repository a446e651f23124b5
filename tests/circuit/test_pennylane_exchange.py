"""Exchange with PennyLane: states and gradients agree, circuits come back as they went."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import GATES, Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.errors import CircuitError, ShapeError

from .. import reference
from .qiskit_states import assert_same_state

seeds = st.integers(0, 10**6)


def state_of(function: Any, n_qubits: int, *args: Any) -> np.ndarray:
    @qml.qnode(qml.device("default.qubit", wires=n_qubits))
    def node() -> Any:
        function(*args)
        return qml.state()

    return np.asarray(node())


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.pi, 0.7, -2.9])
def test_each_gate_both_ways(name: str, angle: float) -> None:
    gate = GATES[name]
    value = angle if gate.is_parametrised else None
    for qubits in [(0,), (2,)] if gate.n_qubits == 1 else [(0, 1), (2, 0)]:
        circuit = Circuit(3, (*reference.spread(3), Operation(name, qubits, value)))
        state = state_of(circuit.to_pennylane(), 3)
        np.testing.assert_allclose(state, reference.statevector(circuit), atol=1e-12)
        assert Circuit.from_pennylane(circuit.to_pennylane()) == circuit


@given(seeds)
def test_random_circuits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng, n_gates=12)
    weights, inputs = reference.random_values(rng, circuit)
    expected = reference.statevector(circuit, weights, inputs)
    given_late = state_of(circuit.to_pennylane(), circuit.n_qubits, weights, inputs)
    given_early = state_of(circuit.to_pennylane(weights, inputs), circuit.n_qubits)
    np.testing.assert_allclose(given_late, expected, atol=1e-12)
    np.testing.assert_allclose(given_early, expected, atol=1e-12)
    tape = qml.tape.make_qscript(circuit.to_pennylane())(weights, inputs)
    back, wires = Circuit.from_pennylane(tape), list(tape.wires)
    fixed = circuit.with_values(weights, inputs)
    places = {wire: place for place, wire in enumerate(sorted(wires))}
    operations = [
        (op.name, tuple(places[q] for q in op.qubits), op.angle) for op in fixed.operations
    ]
    assert back == Circuit(len(wires), tuple(operations))


def test_values_and_gradients_in_torch_with_a_batch() -> None:
    circuit = ansatz.chen2020(3, 2)
    rng = np.random.default_rng(0)
    weights, inputs = rng.normal(size=(2, 3, 3)), rng.normal(size=(5, 3))
    gates = circuit.to_pennylane()

    @qml.qnode(qml.device("default.qubit"), interface="torch", diff_method="backprop")
    def node(weights: Any, inputs: Any) -> Any:
        gates(weights, inputs)
        return [qml.expval(qml.Z(q)) for q in range(3)]

    w = torch.tensor(weights, requires_grad=True)
    x = torch.tensor(inputs, requires_grad=True)
    values = torch.stack(node(w, x), dim=-1)
    expected = reference.expectations(circuit, weights, inputs)
    np.testing.assert_allclose(values.detach().numpy(), expected, atol=1e-12)
    values.sum().backward()
    slopes = [reference.parameter_shift_gradient(circuit, weights, row) for row in inputs]
    of_weights = sum(slope[0].sum(axis=0) for slope in slopes)
    np.testing.assert_allclose(w.grad.numpy(), of_weights, atol=1e-10)
    of_inputs = np.stack([slope[1].sum(axis=0) for slope in slopes])
    np.testing.assert_allclose(x.grad.numpy(), of_inputs, atol=1e-10)


def test_gradient_with_pennylanes_own_numpy() -> None:
    circuit = ansatz.ry_brickwork(3, 2)
    weights = qml.numpy.array(np.linspace(-1, 2, 6).reshape(2, 3), requires_grad=True)
    inputs = [0.1, -0.4, 0.7]
    gates = circuit.to_pennylane(inputs=inputs)

    @qml.qnode(qml.device("default.qubit"))
    def node(weights: Any) -> Any:
        gates(weights)
        return qml.expval(qml.Z(1))

    expected = reference.parameter_shift_gradient(circuit, np.asarray(weights), inputs, [1])[0][0]
    np.testing.assert_allclose(qml.grad(node)(weights), expected, atol=1e-10)


def test_wires_of_any_name() -> None:
    circuit = Circuit(2, (("RY", (0,), 0.3), ("CX", (0, 1))))
    tape = qml.tape.make_qscript(circuit.to_pennylane())(wires=["b", "a"])
    assert [op.wires.tolist() for op in tape.operations] == [["b"], ["b", "a"]]
    assert Circuit.from_pennylane(tape) == circuit
    with pytest.raises(CircuitError, match="3 wires for 2 qubits"):
        circuit.to_pennylane()(wires="abc")


def test_wires_are_numbered_by_the_device_or_sorted() -> None:
    def gates(angle: float) -> Any:
        qml.RX(angle, wires=7)
        qml.CNOT(wires=[7, 3])
        return qml.expval(qml.Z(3))

    tape = qml.tape.make_qscript(gates)(0.5)
    assert Circuit.from_pennylane(tape) == Circuit(2, (("RX", (1,), 0.5), ("CX", (1, 0))))
    assert Circuit.from_pennylane(gates, 0.5) == Circuit.from_pennylane(tape)
    node = qml.QNode(gates, qml.device("default.qubit", wires=[7, 3, 5]))
    assert Circuit.from_pennylane(node, angle=0.5) == Circuit(
        3, (("RX", (0,), 0.5), ("CX", (0, 1)))
    )


OTHERS = {
    "U2": lambda: qml.U2(0.1, 0.2, wires=1),
    "U3": lambda: qml.U3(0.1, 0.2, 0.3, wires=1),
    "Rot": lambda: qml.Rot(0.1, 0.2, 0.3, wires=1),
    "CRot": lambda: qml.CRot(0.1, 0.2, 0.3, wires=[2, 0]),
    "Toffoli": lambda: qml.Toffoli(wires=[2, 0, 1]),
    "CSWAP": lambda: qml.CSWAP(wires=[2, 0, 1]),
    "CCZ": lambda: qml.CCZ(wires=[2, 0, 1]),
    "CH": lambda: qml.CH(wires=[2, 0]),
    "C(S) on 0": lambda: qml.ctrl(qml.S(1), control=0, control_values=[0]),
    "Adjoint(RX)": lambda: qml.adjoint(qml.RX(0.3, wires=1)),
    "Adjoint(ISWAP)": lambda: qml.adjoint(qml.ISWAP(wires=[0, 2])),
    "S**2": lambda: qml.pow(qml.S(1), 2),
    "ECR": lambda: qml.ECR(wires=[0, 2]),
    "SISWAP": lambda: qml.SISWAP(wires=[0, 2]),
    "MultiRZ": lambda: qml.MultiRZ(0.3, wires=[0, 1, 2]),
    "MultiControlledX": lambda: qml.MultiControlledX(wires=[2, 1, 0], control_values=[1, 0]),
    "QFT": lambda: qml.QFT(wires=range(3)),
    "QubitUnitary": lambda: qml.QubitUnitary(reference.gate_matrix("RYY", 0.7), wires=[0, 2]),
    "PauliRot": lambda: qml.PauliRot(0.4, "XYZ", wires=range(3)),
    "Prod": lambda: qml.prod(qml.X(0), qml.Y(1)),
    "GlobalPhase": lambda: qml.GlobalPhase(0.7),
    "StronglyEntanglingLayers": lambda: qml.StronglyEntanglingLayers(
        np.linspace(0, 3, 18).reshape(2, 3, 3), wires=range(3)
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_operators_are_decomposed(name: str) -> None:
    def gates() -> None:
        Circuit(3, tuple(reference.spread(3))).to_pennylane()()
        qml.Barrier(wires=range(3))
        OTHERS[name]()

    read = Circuit.from_pennylane(gates)
    assert_same_state(reference.statevector(read), state_of(gates, 3))


def test_identity_on_several_wires() -> None:
    assert Circuit.from_pennylane(lambda: qml.Identity(wires=[0, 1])) == Circuit(
        2, (("I", (0,)), ("I", (1,)))
    )


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        (lambda: qml.measure(0), "no counterpart here for PennyLane's MidMeasure"),
        (lambda: qml.DepolarizingChannel(0.1, wires=0), "PennyLane's DepolarizingChannel"),
        (lambda: qml.RX(np.array([0.1, 0.2]), wires=0), "RX has a batch of 2 angles"),
    ],
)
def test_what_a_circuit_cannot_hold(gates: Any, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        Circuit.from_pennylane(gates)


def test_missing_or_misshapen_values() -> None:
    slots = Operation("RX", (0,), InputSlot(0)), Operation("RY", (0,), WeightSlot(0))
    gates = Circuit(1, slots, 1, (1,)).to_pennylane()
    with pytest.raises(ShapeError, match=r"weights of shape \(1,\) wanted, got none"):
        gates(inputs=[0.1])
    with pytest.raises(ShapeError, match=r"inputs of shape \(1,\) wanted, got \(2,\)"):
        gates([0.1], [0.1, 0.2])
    with pytest.raises(ShapeError, match=r"weights of shape \(1,\) wanted, got \(1, 1\)"):
        gates([[0.1]], [0.1])
    with pytest.raises(TypeError, match="tape, QNode or quantum function wanted, got int"):
        Circuit.from_pennylane(3)


@pytest.mark.parametrize("direction", ["to", "from"])
def test_without_pennylane_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    monkeypatch.setitem(sys.modules, "pennylane", None)
    with pytest.raises(ImportError, match=r"pip install 'tnqlstm\[pennylane\]'"):
        Circuit(1, ()).to_pennylane() if direction == "to" else Circuit.from_pennylane(print)
