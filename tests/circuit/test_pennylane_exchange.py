"""Exchange with PennyLane: states and gradients agree, circuits come back as they went."""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import Any, cast

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import unitary_group

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


def unitary(n_qubits: int, seed: int = 0) -> np.ndarray:
    return unitary_group.rvs(2**n_qubits, random_state=seed)


ANGLES = (0.3, -1.2, 2.1)
HAMILTONIAN = qml.Hamiltonian([0.3, 0.4], [qml.X(0) @ qml.Y(1), qml.Z(0)])
UNUSUAL = {
    "Exp": lambda: qml.exp(HAMILTONIAN, 0.3j),
    "Evolution": lambda: qml.evolve(qml.X(0) @ qml.Z(1), 0.4),
    "Prod": lambda: qml.prod(qml.S(0), qml.T(1), qml.CRX(0.3, [0, 1])),
    "SProd": lambda: qml.s_prod(1j, qml.X(0)),
    "Sum": lambda: qml.sum(qml.s_prod(0.6, qml.X(0)), qml.s_prod(0.8, qml.Z(0))),
    "Hermitian": lambda: qml.Hermitian([[0, 1], [1, 0]], wires=0),
    "QubitUnitary": lambda: qml.QubitUnitary(unitary(1), wires=0),
    "QubitUnitary of two": lambda: qml.QubitUnitary(unitary(2), wires=[0, 1]),
    "close to CX": lambda: qml.QubitUnitary(
        expm(1e-6j * np.ones((4, 4))) @ reference.gate_matrix("CX"), wires=[0, 1]
    ),
    "BlockEncode": lambda: qml.BlockEncode([[0.1, 0.2], [0.3, 0.1]], wires=[0, 1]),
    "SpecialUnitary": lambda: qml.SpecialUnitary(np.linspace(0.1, 1, 15), wires=[0, 1]),
    "Diagonal": lambda: qml.DiagonalQubitUnitary([1, 1j, -1, np.exp(0.3j)], wires=[0, 1]),
    "PCPhase": lambda: qml.PCPhase(0.3, dim=2, wires=[0, 1]),
    "GlobalPhase": lambda: qml.GlobalPhase(0.7, wires=0),
    "MultiRZ": lambda: qml.MultiRZ(0.3, wires=[0, 1]),
    "PauliRot": lambda: qml.PauliRot(0.4, "XY", wires=[0, 1]),
    "QFT": lambda: qml.QFT(wires=[0, 1]),
    "SISWAP**0.5": lambda: qml.pow(qml.SISWAP(wires=[0, 1]), 0.5),
    "RX(7)**0.5": lambda: qml.pow(qml.RX(7.0, wires=0), 0.5),  # the principal root
    "(iX)**0.5": lambda: qml.pow(qml.s_prod(1j, qml.X(0)), 0.5),
    "Exp**2": lambda: qml.pow(qml.exp(HAMILTONIAN, 0.3j), 2),
    "Rot**-1": lambda: qml.pow(qml.Rot(*ANGLES, wires=0), -1),
}


def gates_of_pennylane() -> dict[str, Any]:
    """Every gate on qubits that PennyLane has by itself, of a fixed number of wires and angles."""
    found = {}
    for name in dir(qml):
        kind = getattr(qml, name)
        if not isinstance(kind, type) or not issubclass(kind, qml.operation.Operation):
            continue
        kind = cast(Any, kind)
        module = kind.__module__
        fixed = isinstance(kind.num_wires, int) and isinstance(kind.num_params, int)
        if fixed and module.startswith(("pennylane.ops.qubit", "pennylane.ops.op_math")):
            wires = list(range(kind.num_wires))
            found[name] = partial(kind, *ANGLES[: kind.num_params], wires=wires)
    return found


OPERATORS = gates_of_pennylane() | UNUSUAL


def assert_same_as_pennylane(operator: Any) -> None:
    """On a state of no symmetry, with one more wire so that no phase is global."""
    wires = list(operator.wires)
    n = len(wires)
    circuit = Circuit(n, tuple(reference.spread(n)))

    def gates() -> None:
        circuit.to_pennylane()(wires=wires)
        qml.apply(operator)

    def as_a_matrix() -> None:
        circuit.to_pennylane()(wires=range(n))
        qml.QubitUnitary(qml.matrix(operator, wire_order=wires), wires=range(n))

    read = Circuit.from_pennylane(qml.QNode(gates, qml.device("default.qubit", wires=wires)))
    assert_same_state(reference.statevector(read), state_of(as_a_matrix, n))


def test_all_gates_of_pennylane_are_here() -> None:
    assert len(OPERATORS) > 65
    assert {"DoubleExcitationMinus", "OrbitalRotation", "PSWAP", "CPhaseShift01"} <= set(OPERATORS)


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_with_controls_and_adjoint(name: str) -> None:
    make = OPERATORS[name]
    with qml.QueuingManager.stop_recording():
        operator = make()
        assert_same_as_pennylane(operator)
        if len(operator.wires) > 2:
            others = [qml.adjoint(operator)]
            if len(operator.wires) == 3:
                others.append(qml.ctrl(operator, control="a", control_values=0))
        else:
            others = [
                qml.ctrl(qml.adjoint(operator), control="a"),
                qml.ctrl(operator, control=["a", "b"]),
                qml.adjoint(qml.ctrl(operator, control=["a", "b"], control_values=[0, 1])),
            ]
            if len(operator.wires) == 1:
                others.append(qml.ctrl(operator, control=["a", "b", "c"]))
        for other in others:
            assert_same_as_pennylane(other)


def test_known_by_class_not_by_name() -> None:
    class RX(qml.operation.Operation):
        num_wires = 1

        @staticmethod
        def compute_decomposition(wires: Any) -> list[Any]:
            return [qml.Hadamard(wires)]

    class Barrier(RX):
        pass

    for kind in (RX, Barrier):
        read = Circuit.from_pennylane(lambda kind=kind: kind(wires=0))
        assert read == Circuit(1, (("H", (0,)),))


W, X = WeightSlot, InputSlot
COST = qml.Hamiltonian([1.0, 0.4, -0.3], [qml.Z(0) @ qml.Z(1), qml.Z(2), qml.Z(1) @ qml.Z(2)])
MIXER = qml.Hamiltonian([1.0, 1.0, 1.0], [qml.X(0), qml.X(1), qml.X(2)])


def spread(*operators: Any) -> list[Any]:
    with qml.QueuingManager.stop_recording():
        starts = [qml.RY(0.3 + 0.4 * k, k) for k in range(4)]
    return [qml.apply(operator) for operator in starts] + [qml.apply(o) for o in operators]


def quietly(make: Any) -> list[Any]:
    with qml.QueuingManager.stop_recording():
        return list(make())


FUNCTIONS = {
    "embeddings": lambda w, x: (
        qml.AngleEmbedding(x, wires=range(3)),
        qml.StronglyEntanglingLayers(w[:9].reshape(1, 3, 3), wires=range(3)),
        qml.BasicEntanglerLayers(w[:6].reshape(2, 3), wires=range(3)),
    ),
    "IQP": lambda w, x: (qml.IQPEmbedding(x, wires=range(3), n_repeats=2), qml.RY(w[0], 0)),
    "QAOA": lambda w, x: (
        [qml.Hadamard(k) for k in range(3)],
        qml.qaoa.cost_layer(w[0], COST),
        qml.qaoa.mixer_layer(w[1], MIXER),
        qml.ApproxTimeEvolution(COST, w[2], 2),
    ),
    "arithmetic": lambda w, x: (
        qml.RX(2 * w[0] - 1, 0),
        qml.RZ((np.pi - x[0]) * (np.pi - x[1]), 0),
        qml.RY(qml.math.arctan(x[1]), 1),
        qml.CRX(w[1] / 2 + w[2], [0, 1]),
        qml.RX(np.arctan(x[2] ** 2), 1),
    ),
    "several angles": lambda w, x: (
        qml.U3(w[0], w[1], w[2], 0),
        qml.U2(w[3], -w[0], 1),
        qml.adjoint(qml.U3(w[0], w[1], w[2], 2)),
        qml.CRot(w[0], w[1], w[2], [0, 2]),
        qml.pow(qml.RX(w[2], 0), 3),
    ),
    "controls": lambda w, x: spread(
        *quietly(
            lambda: [
                *(
                    qml.ctrl(kind(w[k], wires=0), control=[1, 2], control_values=[k % 2, 1])
                    for k, kind in enumerate((qml.RX, qml.RY, qml.RZ, qml.PhaseShift))
                ),
                qml.ctrl(qml.IsingXX(w[4], wires=[0, 1]), control=[2, 3]),
                qml.ctrl(qml.Rot(w[0], w[1], w[2], 0), control=[1, 2]),
                qml.ctrl(qml.GlobalPhase(w[5]), control=[1, 2]),
                qml.ctrl(qml.PauliRot(w[0], "XY", wires=[0, 1]), control=[2, 3]),
            ]
        )
    ),
    "excitations": lambda w, x: spread(
        *quietly(
            lambda: [
                qml.SingleExcitation(w[0], [0, 1]),
                qml.DoubleExcitation(w[1], range(4)),
                qml.IsingXY(w[2], [1, 2]),
                qml.PSWAP(w[3], [0, 2]),
                qml.MultiRZ(w[4], [0, 1, 3]),
            ]
        )
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_traced_with_slots(name: str) -> None:
    function = FUNCTIONS[name]
    weights = np.array([W(k) for k in range(9)])
    circuit = Circuit.from_pennylane(function, weights, [X(0), X(1), X(2)])
    assert (circuit.n_inputs, circuit.weight_shape) == (3, (9,))
    values = np.random.default_rng(1).normal(size=12)
    w, x = values[:9], values[9:]
    assert_same_state(
        reference.statevector(circuit, w, x), state_of(function, circuit.n_qubits, w, x)
    )


def test_polynomials_go_there_and_come_back() -> None:
    operations = (
        ("RX", (0,), 2 * X(0) - 1),
        ("RY", (0,), W(0) * W(1)),
        ("RZ", (0,), -X(1, "arctan_square")),
    )
    circuit = Circuit(1, operations, 2, (2,))
    gates = circuit.to_pennylane()
    assert Circuit.from_pennylane(gates, [W(0), W(1)], [X(0), X(1)]) == circuit
    expected = reference.statevector(circuit, [0.3, 0.7], [1.1, -0.4])
    np.testing.assert_allclose(state_of(gates, 1, [0.3, 0.7], [1.1, -0.4]), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda w, x: qml.RX(np.sin(w), 0), "can't be called with slots.* sin method"),
        (lambda w, x: qml.RX(1 / w, 0), "can't be called with slots.*: 'int' and 'WeightSlot'"),
        (lambda w, x: qml.RX(w * x, 0), r"w0\*x0 mixes weights"),
        (lambda w, x: qml.RX(0.1 if w > 0 else 0.2, 0), "can't be called with slots.*'>'"),
        (lambda w, x: qml.pow(qml.RX(w, 0), 0.5), r"no counterpart here for PennyLane's RX\*\*0.5"),
        (lambda w, x: qml.QubitUnitary(np.diag([1, w]), 0), "can't|no counterpart"),
    ],
)
def test_what_slots_cannot_do(function: Any, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        Circuit.from_pennylane(function, W(0), X(0))


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
        (lambda: qml.Projector([1], wires=0), "no counterpart here for PennyLane's Projector"),
        (lambda: qml.ctrl(qml.Projector([1], wires=0), control=1), "PennyLane's C\\(Projector"),
        (lambda: qml.TShift(wires=0), "no counterpart here for PennyLane's TShift"),
        (lambda: qml.pow(qml.QFT(range(7)), 0.5), r"PennyLane's QFT\*\*0.5"),
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
