"""`Circuit`: what it accepts, what it refuses, and what it says about itself."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.errors import CircuitError, ShapeError, UnknownNameError

from .. import reference

seeds = st.integers(0, 10**6)


def random_circuit(seed: int, **options: Any) -> Circuit:
    return reference.random_circuit(np.random.default_rng(seed), **options)


class TestBadInput:
    def test_unknown_gate_names_the_close_ones(self) -> None:
        with pytest.raises(UnknownNameError, match=r"unknown gate 'CNX'. Did you mean .*'CX'"):
            Operation("CNX", (0, 1))

    def test_unknown_encoding_names_the_close_ones(self) -> None:
        with pytest.raises(UnknownNameError, match=r"unknown encoding 'arctn'. Did you mean 'arct"):
            InputSlot(0, "arctn")

    @pytest.mark.parametrize(
        ("name", "qubits"),
        [("H", (0, 1)), ("CX", (0,)), ("CX", (1, 1)), ("H", ()), ("SWAP", (0, 1, 2))],
    )
    def test_wrong_or_repeated_qubits(self, name: str, qubits: tuple[int, ...]) -> None:
        with pytest.raises(CircuitError, match=f"gate {name} acts on . different qubits, got"):
            Operation(name, qubits)

    def test_missing_angle(self) -> None:
        with pytest.raises(CircuitError, match="gate RX needs an angle: a number, InputSlot or"):
            Operation("RX", (0,))

    @pytest.mark.parametrize("angle", [0.0, InputSlot(0), WeightSlot(0)])
    def test_angle_too_many(self, angle: Any) -> None:
        with pytest.raises(CircuitError, match="gate H takes no angle"):
            Operation("H", (0,), angle)

    @pytest.mark.parametrize("angle", [math.nan, math.inf, -math.inf])
    def test_angle_not_finite(self, angle: float) -> None:
        with pytest.raises(CircuitError, match=r"gate RX on \(0,\) has the angle .*finite number"):
            Operation("RX", (0,), angle)

    def test_qubit_outside(self) -> None:
        with pytest.raises(CircuitError, match=r"outside a circuit of 2 qubits \(0 to 1\)"):
            Circuit(2, (Operation("H", (2,)),))

    def test_input_outside(self) -> None:
        with pytest.raises(CircuitError, match="gate RX reads input 2, but n_inputs=2"):
            Circuit(1, (Operation("RX", (0,), InputSlot(2)),), n_inputs=2)

    def test_weight_outside(self) -> None:
        with pytest.raises(CircuitError, match="gate RX reads weight 6, but weight_shape"):
            Circuit(1, (Operation("RX", (0,), WeightSlot(6)),), weight_shape=(2, 3))

    def test_every_error_is_a_value_error(self) -> None:
        for error in (CircuitError, ShapeError, UnknownNameError):
            assert issubclass(error, ValueError)


def test_tuples_become_operations() -> None:
    loose: Any = [("H", [0]), ("RX", (np.int64(1),), 1), ("CX", (0, 1))]
    circuit = Circuit(2, loose, weight_shape=[0])
    assert circuit.operations == (
        Operation("H", (0,)),
        Operation("RX", (1,), 1.0),
        Operation("CX", (0, 1)),
    )
    assert circuit.weight_shape == (0,)


@given(seeds)
def test_equal_circuits_hash_equal_and_others_differ(seed: int) -> None:
    one, same = random_circuit(seed), random_circuit(seed)
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same}) == 1
    longer = dataclasses.replace(one, operations=(*one.operations, Operation("H", (0,))))
    wider = dataclasses.replace(one, n_qubits=one.n_qubits + 1)
    fed = dataclasses.replace(one, n_inputs=one.n_inputs + 1)
    assert len({one, longer, wider, fed}) == 4


def test_encoding_and_order_are_part_of_equality() -> None:
    a = Circuit(1, (Operation("RX", (0,), InputSlot(0)), Operation("H", (0,))), 1)
    b = Circuit(1, (Operation("RX", (0,), InputSlot(0, "arctan")), Operation("H", (0,))), 1)
    c = Circuit(1, tuple(reversed(a.operations)), 1)
    assert len({a, b, c}) == 3


def test_nothing_can_be_changed() -> None:
    circuit = ansatz.ry_brickwork(2, 1)
    targets: list[tuple[Any, str]] = [
        (circuit, "n_qubits"),
        (circuit, "operations"),
        (circuit.operations[0], "name"),
        (InputSlot(0), "index"),
        (WeightSlot(0), "index"),
    ]
    for target, field in targets:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(target, field, 1)
    assert isinstance(circuit.operations, tuple)


@pytest.mark.parametrize(
    ("operations", "depth"),
    [
        ((), 0),
        ((Operation("H", (0,)),), 1),
        ((Operation("H", (0,)), Operation("H", (2,))), 1),
        ((Operation("H", (0,)), Operation("CX", (0, 1)), Operation("H", (2,))), 2),
        ((Operation("CX", (0, 1)), Operation("CX", (1, 2)), Operation("X", (0,))), 2),
        ((Operation("CX", (0, 1)), Operation("CX", (1, 2)), Operation("CX", (2, 0))), 3),
    ],
)
def test_depth(operations: tuple[Operation, ...], depth: int) -> None:
    assert Circuit(3, operations).depth == depth


def test_is_real_follows_the_gates() -> None:
    assert ansatz.ry_brickwork(3, 2).is_real
    assert not ansatz.basic_entangler(3, 2).is_real
    assert not ansatz.chen2020(3, 2).is_real


@given(seeds)
def test_components_are_the_connected_groups(seed: int) -> None:
    networkx = pytest.importorskip("networkx")
    circuit = random_circuit(seed, n_gates=6)
    graph = networkx.Graph()
    graph.add_nodes_from(range(circuit.n_qubits))
    graph.add_edges_from(op.qubits for op in circuit.two_qubit_operations)
    expected = sorted(tuple(sorted(group)) for group in networkx.connected_components(graph))
    assert circuit.components() == expected


class TestAngles:
    circuit = Circuit(
        2,
        (
            Operation("H", (0,)),
            Operation("RX", (0,), 0.25),
            Operation("RY", (1,), InputSlot(1, "arctan")),
            Operation("RZ", (1,), InputSlot(0, "arctan_square")),
            Operation("RZZ", (0, 1), WeightSlot(4)),
            Operation("CP", (0, 1), InputSlot(1)),
        ),
        n_inputs=2,
        weight_shape=(2, 3),
    )
    weights = np.arange(6.0).reshape(2, 3)
    expected = (None, 0.25, math.atan(-2.0), math.atan(9.0), 4.0, -2.0)

    def test_values(self) -> None:
        assert self.circuit.angles(self.weights, [3.0, -2.0]) == pytest.approx(self.expected)

    def test_torch_tensors_that_require_grad(self) -> None:
        weights = torch.tensor(self.weights, requires_grad=True)
        inputs = torch.tensor([3.0, -2.0], requires_grad=True)
        assert self.circuit.angles(weights, inputs) == pytest.approx(self.expected)

    @given(seeds)
    def test_equal_the_reference(self, seed: int) -> None:
        circuit = random_circuit(seed)
        values = reference.random_values(np.random.default_rng(seed), circuit)
        assert circuit.angles(*values) == reference.operation_angles(circuit, *values)

    @pytest.mark.parametrize("shape", [(6,), (3, 2), (1, 2, 3), ()])
    def test_weights_of_another_shape(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ShapeError, match=r"weights of shape \(2, 3\) wanted, got \("):
            self.circuit.angles(np.zeros(shape), [0.0, 0.0])

    def test_missing_values(self) -> None:
        with pytest.raises(ShapeError, match=r"inputs of shape \(2,\) wanted, got none"):
            self.circuit.angles(self.weights)


class TestBeside:
    @given(seed=seeds, n_parts=st.integers(1, 3))
    def test_expectations_are_those_of_the_parts(self, seed: int, n_parts: int) -> None:
        """Side by side is a product state: values and gradients of each part stay its own."""
        rng = np.random.default_rng(seed)
        parts: list[Circuit] = []
        while len(parts) < n_parts:
            part = reference.random_circuit(rng, n_qubits=int(rng.integers(1, 4)), n_gates=8)
            parts.append(dataclasses.replace(part, weight_shape=(3, int(rng.integers(3, 5)))))
        values = [reference.random_values(rng, part) for part in parts]
        whole = Circuit.beside(parts)
        weights = np.concatenate([w for w, _ in values], axis=1)
        inputs = np.concatenate([x for _, x in values])
        assert whole.weight_shape == weights.shape
        assert whole.n_inputs == len(inputs)
        expected = [reference.expectations(part, *v) for part, v in zip(parts, values, strict=True)]
        found = reference.expectations(whole, weights, inputs)
        np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-12)

    def test_weights_with_a_third_axis(self) -> None:
        parts = [ansatz.chen2020(3, 2), ansatz.chen2020(2, 2)]
        whole = Circuit.beside(parts)
        assert whole.weight_shape == (2, 5, 3)
        assert whole.components() == [(0, 1, 2), (3, 4)]
        slots = np.arange(30).reshape(2, 5, 3)
        last = [op.angle for op in whole.operations if op.qubits == (4,)][-3:]
        assert last == [WeightSlot(int(slots[1, 4, k])) for k in range(3)]

    def test_one_circuit_is_itself(self) -> None:
        circuit = ansatz.ry_brickwork(3, 2)
        assert Circuit.beside([circuit]) == circuit

    def test_equals_modular_without_links(self) -> None:
        blocks = [2, 3, 1]
        beside = Circuit.beside([ansatz.ry_brickwork(n, 2) for n in blocks])
        modular = ansatz.modular(blocks, 2, [])
        values = reference.random_values(np.random.default_rng(0), modular)
        assert beside.weight_shape == modular.weight_shape
        np.testing.assert_allclose(
            reference.expectations(beside, *values), reference.expectations(modular, *values)
        )

    def test_no_circuits(self) -> None:
        with pytest.raises(CircuitError, match="give at least one"):
            Circuit.beside([])

    @pytest.mark.parametrize(
        "parts",
        [
            [ansatz.ry_brickwork(2, 1), ansatz.ry_brickwork(2, 2)],
            [ansatz.ry_brickwork(2, 2), ansatz.chen2020(2, 2)],
            [Circuit(1, (), 0, (2,)), Circuit(1, (), 0, (2,))],
        ],
    )
    def test_weight_shapes_that_do_not_join(self, parts: list[Circuit]) -> None:
        with pytest.raises(CircuitError, match="must agree on every axis but axis 1"):
            Circuit.beside(parts)


def test_text_says_the_sizes() -> None:
    text = str(ansatz.ry_brickwork(6, 5))
    assert text == (
        "Circuit of 6 qubits, 67 gates (25 on two qubits), depth 17, 6 inputs, weights (5, 6)"
    )


def test_public_names() -> None:
    assert tnq.Circuit is Circuit
    assert tnq.ansatz is ansatz


@pytest.mark.parametrize(
    "make",
    [
        lambda: Circuit(2, (), n_inputs=-1),
        lambda: Circuit(2, (), weight_shape=(-1,)),
        lambda: Circuit(1.5, ()),
        lambda: Circuit(True, ()),
        lambda: Circuit(0, ()),
        lambda: Circuit(-3, ()),
        lambda: Operation("H", (-1,)),
        lambda: InputSlot(-1),
        lambda: Operation("H", (0.7,)),
        lambda: Operation("RX", (0,), "much"),
        lambda: Operation("RX", (0,), float("nan")),
        lambda: InputSlot(0.5),
        lambda: WeightSlot(-1),
    ],
)
def test_numbers_that_are_not_counts_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(CircuitError, match=r"must be a whole number|finite number"):
        make()
