"""OpenQASM out: what is written reads back as the same circuit, here and in Qiskit."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import GATES, Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.circuit.qasm.library import WRITTEN
from tnqlstm.errors import CircuitError, ShapeError

from .. import reference
from .qiskit_states import assert_same_state, load, qiskit_state

seeds = st.integers(0, 10**6)
angles = st.floats(allow_nan=False, allow_infinity=False)


def flat(circuit: Circuit) -> Circuit:
    """The circuit with its weights in one row, as OpenQASM keeps them."""
    return dataclasses.replace(circuit, weight_shape=(circuit.n_weights,))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", GATES)
@given(angle=angles)
def test_each_gate_with_any_angle_comes_back_exactly(version: int, name: str, angle: float) -> None:
    gate = GATES[name]
    operation = Operation(name, (2, 0)[: gate.n_qubits], angle if gate.is_parametrised else None)
    circuit = Circuit(3, (operation,))
    back = Circuit.from_qasm(circuit.to_qasm(version=version))
    assert back == circuit
    if gate.is_parametrised:  # -0.0 too
        assert math.copysign(1, back.operations[0].angle) == math.copysign(1, angle)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.pi, 0.7, -2.9, 1e-7])
def test_each_gate_is_the_same_in_qiskit(version: int, name: str, angle: float) -> None:
    gate = GATES[name]
    spread = [Operation("RY", (q,), 0.4 + q) for q in range(3)]
    spread += [Operation("RZ", (q,), 1.1 + q) for q in range(3)]
    operation = Operation(name, (2, 0)[: gate.n_qubits], angle if gate.is_parametrised else None)
    circuit = Circuit(3, (*spread, operation))
    state = qiskit_state(load(circuit.to_qasm(version=version)))
    assert_same_state(state, reference.statevector(circuit))


@given(seeds)
def test_circuits_with_slots_come_back_from_version_3(seed: int) -> None:
    circuit = reference.random_circuit(np.random.default_rng(seed))
    assert Circuit.from_qasm(circuit.to_qasm()) == flat(circuit)


@given(seed=seeds, version=st.sampled_from([2, 3]))
def test_circuits_with_values_come_back_and_are_the_same_in_qiskit(seed: int, version: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng, n_gates=12)
    weights, inputs = reference.random_values(rng, circuit)
    text = circuit.to_qasm(weights=weights, inputs=inputs, version=version)
    assert Circuit.from_qasm(text) == circuit.with_values(weights, inputs)
    expected = reference.statevector(circuit, weights, inputs)
    assert_same_state(qiskit_state(load(text)), expected)


@given(seeds)
def test_some_slots_may_stay_open(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng)
    weights, inputs = reference.random_values(rng, circuit)
    of_weights = Circuit.from_qasm(circuit.to_qasm(weights=weights))
    assert of_weights == circuit.with_values(weights=weights)
    assert (of_weights.n_weights, of_weights.n_inputs) == (0, circuit.n_inputs)
    of_inputs = Circuit.from_qasm(circuit.to_qasm(inputs=inputs))
    assert of_inputs == flat(circuit.with_values(inputs=inputs))
    assert (of_inputs.n_weights, of_inputs.n_inputs) == (circuit.n_weights, 0)


def test_parameters_are_those_of_qiskit_too() -> None:
    """Qiskit's reader keeps `input float[64]` as parameters of the same names."""
    circuit = ansatz.ry_brickwork(3, 2)
    loaded = load(circuit.to_qasm())
    assert {p.name for p in loaded.parameters} == {*(f"w{k}" for k in range(6)), "x0", "x1", "x2"}
    values = dict(zip([f"w{k}" for k in range(6)], np.linspace(-2, 3, 6), strict=True))
    values |= {"x0": 0.1, "x1": -0.5, "x2": 1.2}
    bound = loaded.assign_parameters({p: values[p.name] for p in loaded.parameters})
    weights = np.linspace(-2, 3, 6).reshape(2, 3)
    expected = reference.statevector(circuit, weights, [0.1, -0.5, 1.2])
    assert_same_state(qiskit_state(bound), expected)


def test_encodings_are_written_as_arithmetic() -> None:
    slots = [InputSlot(1, name) for name in ("identity", "arctan", "arctan_square")]
    circuit = Circuit(1, tuple(Operation("RX", (0,), slot) for slot in slots), 2)
    lines = circuit.to_qasm().splitlines()[-3:]
    assert lines == ["rx(x1) q[0];", "rx(arctan(x1)) q[0];", "rx(arctan(x1 * x1)) q[0];"]


@pytest.mark.parametrize("version", [2, 3])
def test_only_gates_of_the_include_file_and_of_the_text_are_used(version: int) -> None:
    circuit = Circuit(
        2,
        tuple(
            Operation(name, (0, 1)[: g.n_qubits], 0.5 if g.is_parametrised else None)
            for name, g in GATES.items()
        ),
    )
    text = circuit.to_qasm(version=version)
    assert text.count("gate ") == len(WRITTEN[version])
    assert "gate " not in Circuit(1, (Operation("H", (0,)),)).to_qasm(version=version)
    if version == 2:  # real numbers of the grammar in arXiv 1707.03429 have a point
        assert all("." in number for number in re.findall(r"\(([-\d.e]+)\)", text))
    load(text)


def test_written_text() -> None:
    circuit = Circuit(
        2,
        (("H", (0,)), ("RZ", (1,), -1e-9), ("CP", (0, 1), WeightSlot(0)), ("CS", (1, 0))),
        0,
        (1,),
    )
    assert circuit.to_qasm([math.pi], version=2) == (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\ngate cs a, b { cu1(pi/2) a, b; }\nqreg q[2];\n'
        "h q[0];\nrz(-1.0e-09) q[1];\ncu1(3.141592653589793) q[0], q[1];\ncs q[1], q[0];\n"
    )
    assert circuit.to_qasm() == (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ngate cs a, b { cp(pi/2) a, b; }\n'
        "input float[64] w0;\nqubit[2] q;\n"
        "h q[0];\nrz(-1.0e-09) q[1];\ncp(w0) q[0], q[1];\ncs q[1], q[0];\n"
    )


def test_version_2_wants_all_values() -> None:
    circuit = ansatz.ry_brickwork(3, 2)
    with pytest.raises(CircuitError, match="no parameters; 6 weights and 3 inputs have no values"):
        circuit.to_qasm(version=2)
    with pytest.raises(CircuitError, match="0 weights and 3 inputs have no values"):
        circuit.to_qasm(weights=np.zeros((2, 3)), version=2)
    with pytest.raises(ShapeError, match=r"weights of shape \(2, 3\) wanted, got \(6,\)"):
        circuit.to_qasm(weights=np.zeros(6))
    with pytest.raises(CircuitError, match="OpenQASM version 4; 2 or 3 wanted"):
        circuit.to_qasm(version=4)


@given(seeds)
def test_values_that_are_given_take_the_place_of_slots(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng)
    weights, inputs = reference.random_values(rng, circuit)
    expected = reference.statevector(circuit, weights, inputs)
    no_weights, no_inputs = circuit.with_values(weights), circuit.with_values(inputs=inputs)
    for part, w, x in [
        (circuit.with_values(weights, inputs), (), ()),
        (no_weights, (), inputs),
        (no_inputs, weights, ()),
        (no_weights.with_values(inputs=inputs), (), ()),
        (circuit.with_values(), weights, inputs),
    ]:
        np.testing.assert_array_equal(reference.statevector(part, w, x), expected)
