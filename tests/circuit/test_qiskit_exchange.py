"""Exchange with Qiskit: states agree gate by gate, parameters stay parameters."""

from __future__ import annotations

import dataclasses
import itertools
import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    library,
)
from qiskit.quantum_info import (
    Pauli,
    SparsePauliOp,
    Statevector,
    random_clifford,
    random_unitary,
)

from tnqlstm.circuit import GATES, Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.errors import CircuitError, ShapeError, UnknownNameError
from tnqlstm.nn import VQC

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


def test_inputs_by_name_parameter_or_vector() -> None:
    features = library.z_feature_map(2, reps=1, parameter_prefix="data")
    qc = features.compose(library.real_amplitudes(2, reps=1))
    read = Circuit.from_qiskit(qc, inputs=["data"])
    assert (read.n_inputs, read.n_weights) == (2, 4)
    vector = features.parameters[0].vector
    for inputs in ("data", features.parameters, vector, [vector]):
        assert Circuit.from_qiskit(qc, inputs=inputs) == read
    only = Circuit.from_qiskit(qc, inputs=features.parameters[1])
    assert (only.n_inputs, only.n_weights) == (1, 5)


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


@pytest.mark.parametrize("name", [name for name in STANDARD if STANDARD[name].num_qubits < 4])
def test_standard_gates_with_controls_inverted_and_to_powers(name: str) -> None:
    gate = STANDARD[name]
    bound = gate.base_class(*np.linspace(-1.3, 2.2, len(gate.params)))
    assert_same_as_qiskit(bound.control(1, ctrl_state=0, annotated=True))
    assert_same_as_qiskit(bound.inverse(annotated=True).power(0.5, annotated=True))
    if gate.num_qubits < 3:
        assert_same_as_qiskit(bound.power(3, annotated=False).control(2, annotated=False))


@pytest.mark.parametrize(
    "operation",
    [
        random_clifford(3, seed=1),
        library.PermutationGate([2, 0, 1]),
        library.LinearFunction([[1, 1], [0, 1]]),
        library.UnitaryGate(random_unitary(4, seed=2)).control(1),
        library.UnitaryGate(random_unitary(8, seed=3)),
        library.GlobalPhaseGate(0.4).control(2),
        library.MCPhaseGate(0.3, 3),
        library.PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.3, 0.2]), 0.7),
        AnnotatedOperation(random_clifford(2, seed=4), InverseModifier()),
    ],
    ids=lambda operation: operation.name,
)
def test_operations_that_are_synthesised(operation: Gate) -> None:
    assert_same_as_qiskit(operation)


def assert_same_as_qiskit(gate: Gate) -> None:
    n_qubits = gate.num_qubits + 1
    qc = Circuit(n_qubits, tuple(reference.spread(n_qubits))).to_qiskit()
    qc.append(gate, [n_qubits - 1, *range(gate.num_qubits - 1)])
    read = Circuit.from_qiskit(qc)
    wanted = np.asarray(Statevector(qc.reverse_bits()))
    assert_same_state(reference.statevector(read), wanted)


NAMES = [
    *library.get_standard_gate_name_mapping(),
    *("barrier", "if_else", "for_loop", "annotated", "initialize", "unitary", "box", "save_state"),
]


@pytest.mark.parametrize("name", NAMES)
def test_own_gates_of_any_name_are_what_they_are_made_of(name: str) -> None:
    for n_qubits, parameters in itertools.product((1, 2), ([], [0.3])):
        inner = QuantumCircuit(n_qubits, name=name)
        inner.ry(0.7, 0)
        inner.cry(0.4, 0, 1) if n_qubits == 2 else inner.rz(0.3, 0)
        gate = Gate(name, n_qubits, parameters)
        gate.definition = inner
        for own in (gate, gate.inverse(), inner.to_gate(), inner.to_instruction()):
            assert_same_as_qiskit(own)


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


def test_what_has_no_effect_is_dropped() -> None:
    qc = QuantumCircuit(2, 1)
    qc.reset([0, 1])
    qc.initialize("1", 0)
    qc.delay(30, 0)
    qc.append(library.GlobalPhaseGate(0.3), [])
    with qc.box():
        qc.h(1)
    inner = QuantumCircuit(1, 1)
    inner.x(0)
    inner.measure(0, 0)
    qc.append(inner.to_instruction(), [0], [0])
    read = Circuit.from_qiskit(qc)
    wanted = np.kron([1, 0], [1, 1]) / math.sqrt(2)  # qubit 0 in |1⟩, then flipped
    assert_same_state(reference.statevector(read), wanted)


def test_loops_over_numbers_are_unrolled() -> None:
    a, qc = Parameter("a"), QuantumCircuit(2)
    with qc.for_loop(range(1, 3)) as k:
        qc.rx(k * a, 0)
        qc.cx(0, 1)
    rounds = (("RX", (0,), WeightSlot(0)), ("CX", (0, 1)), ("RX", (0,), 2 * WeightSlot(0)))
    assert Circuit.from_qiskit(qc) == Circuit(2, (*rounds, ("CX", (0, 1))), 0, (1,))


def nested() -> QuantumCircuit:
    qc = QuantumCircuit(3)
    qc.append(library.zz_feature_map(2).to_gate(), [0, 2])
    qc.append(library.real_amplitudes(3, reps=1).to_instruction(), [2, 1, 0])
    own = library.efficient_su2(2, reps=0, parameter_prefix="k").to_gate()
    qc.append(own.control(1), [0, 1, 2])
    return qc


HAMILTONIAN = SparsePauliOp(["ZZI", "IZZ", "XII"], [1.0, -0.5, 0.3])
LIBRARY = {
    "efficient_su2": lambda: library.efficient_su2(4, reps=1),
    "real_amplitudes": lambda: library.real_amplitudes(3, reps=2),
    "zz_feature_map": lambda: library.zz_feature_map(3),
    "pauli_feature_map": lambda: library.pauli_feature_map(3, reps=1, paulis=["Z", "XX", "YZZ"]),
    "classifier": lambda: library.zz_feature_map(3, reps=1).compose(library.real_amplitudes(3)),
    "qaoa_ansatz": lambda: library.qaoa_ansatz(HAMILTONIAN, reps=2),
    "evolved": lambda: library.evolved_operator_ansatz([Pauli("XXI"), Pauli("ZZY")], reps=1),
    "n_local": lambda: library.n_local(3, ["ry", "rz"], ["cx", "crx"], reps=1),
    "excitation_preserving": lambda: library.excitation_preserving(3, reps=1),
    "nested": nested,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_circuits_of_qiskits_library_with_their_parameters(name: str) -> None:
    """Features x are inputs; the states are Qiskit's."""
    qc = LIBRARY[name]()
    circuit = Circuit.from_qiskit(qc)
    weights, inputs = reference.random_values(np.random.default_rng(0), circuit)
    features = [p for p in qc.parameters if p.name.startswith("x")]
    assert circuit.n_inputs == len(features)
    others = [p for p in qc.parameters if p not in features]
    bound = {**dict(zip(features, inputs, strict=True)), **dict(zip(others, weights, strict=True))}
    wanted = qiskit_state(qc.assign_parameters(bound).decompose(reps=4))
    assert_same_state(reference.statevector(circuit, weights, inputs), wanted)
    vqc = VQC(qc, dtype=torch.float64)
    vqc.weights.data = torch.tensor(weights)
    z = reference.z_values(wanted, range(circuit.n_qubits))
    batch = torch.tensor(inputs)[None]
    np.testing.assert_allclose(vqc(batch).detach()[0], z, atol=1e-9)
    if not circuit.n_inputs:
        np.testing.assert_allclose(vqc().detach(), z, atol=1e-9)
    assert_same_state(
        qiskit_state(Circuit.from_qiskit(circuit.to_qiskit(weights, inputs)).to_qiskit()), wanted
    )
    assert Circuit.from_qiskit(circuit.to_qiskit()) == circuit


def test_expressions_are_polynomials() -> None:
    a, x = Parameter("a"), ParameterVector("x", 2)
    w, u, v = WeightSlot(0), InputSlot(0), InputSlot(1)
    for expression, wanted in (
        (-a, -w),
        (a / 2, w / 2),
        (math.pi - a, math.pi - w),
        (a**2.0 - a * (a - 1), w),
        (a - a, 0.0),
        (2 * x[0] + x[1], 2 * u + v),
        ((math.pi - x[0]) * (math.pi - x[1]), (math.pi - u) * (math.pi - v)),
        (2 * x[0].arctan() - x[1], 2 * InputSlot(0, "arctan") - v),
        ((x[1] ** 2).arctan() / 3, InputSlot(0, "arctan_square") / 3),
    ):
        qc = QuantumCircuit(1)
        qc.rx(expression, 0)
        assert Circuit.from_qiskit(qc).operations[0].angle == wanted
    both = QuantumCircuit(1)
    both.rx(a * x[1], 0)
    read = Circuit.from_qiskit(both, inputs=["a", "x"])
    assert read == Circuit(1, (("RX", (0,), u * v),), 2)


def test_only_circuits_are_read() -> None:
    with pytest.raises(TypeError, match=r"QuantumCircuit wanted, got list"):
        Circuit.from_qiskit([QuantumCircuit(1)])


def test_registers_and_loose_qubits_are_numbered_in_qiskits_order() -> None:
    from qiskit import QuantumRegister

    qc = QuantumCircuit(QuantumRegister(2, "b"), QuantumRegister(1, "a"))
    qc.cx(2, 0)
    assert Circuit.from_qiskit(qc) == Circuit(3, (("CX", (2, 0)),))


def unfit(kind: str) -> QuantumCircuit:
    qc = QuantumCircuit(2, 2)
    if kind == "reset":
        qc.x(0)
        qc.reset(0)
    elif kind == "if_else":
        with qc.if_test((0, 1)):
            qc.x(0)
    elif kind == "initialize":
        qc.h(0)
        qc.initialize([0, 1], 0)
    elif kind == "own":
        qc.append(Gate("own", 1, []), [0])
    elif kind == "while":
        with qc.while_loop((0, 1)):
            qc.x(0)
    elif kind == "break":
        with qc.for_loop(range(3)):
            qc.break_loop()
    elif kind == "rounds":
        with qc.for_loop(range(10**7)):
            qc.x(0)
    elif kind == "sin":
        qc.rx(Parameter("a").sin(), 0)
    elif kind == "over":
        qc.rx(2 / Parameter("a"), 0)
    elif kind == "imaginary":
        qc.rx(1j * Parameter("a"), 0)
    elif kind == "times":
        qc.rx(Parameter("a") * Parameter("x"), 0)
    elif kind == "high":
        qc.rx(Parameter("a") ** 17, 0)
    elif kind == "foreign":
        inner = QuantumCircuit(1)
        inner.rx(Parameter("b"), 0)
        gate = Gate("own", 1, [])
        gate.definition = inner
        qc.append(gate, [0])
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
        ("while", "no counterpart here for Qiskit's while_loop"),
        ("break", "no counterpart here for Qiskit's break_loop"),
        ("rounds", r"for_loop of 10,000,000 rounds has more than 1,000,000 gates"),
        ("sin", r"rx has the angle sin\(a\): an angle is a polynomial"),
        ("over", r"rx has the angle 2/a: an angle is a polynomial"),
        ("imaginary", r"rx has the angle .*a: an angle is a polynomial"),
        ("times", r"rx has the angle a\*x: .* mixes weights .* read both as inputs"),
        ("high", r"rx has the angle a\*\*17: .* whole number from 0 to 16"),
        ("foreign", r"rx has the angle b: an angle is a polynomial of parameters"),
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
