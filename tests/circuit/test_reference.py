"""The yardstick itself: the reference simulator, held to PennyLane, and its two gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch

from tnqlstm.circuit import ENCODINGS, GATES, Circuit, InputSlot, Operation, WeightSlot

from .. import reference
from . import pennylane_gates

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_states_equal_pennylane(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng)
    weights, inputs = reference.random_values(rng, circuit)
    state = reference.statevector(circuit, weights, inputs)
    expected = pennylane_gates.statevector(circuit, weights, inputs)
    np.testing.assert_allclose(state, expected, atol=1e-13)


def _pennylane_expectations(
    circuit: Circuit, weights: torch.Tensor, inputs: torch.Tensor
) -> torch.Tensor:
    encode = {"identity": lambda v: v, "arctan": torch.arctan}
    encode["arctan_square"] = lambda v: torch.arctan(v**2)

    @qml.qnode(qml.device("default.qubit"), interface="torch", diff_method="backprop")
    def run() -> list[torch.Tensor]:
        for q in range(circuit.n_qubits):
            qml.Identity(q)
        for op in circuit.operations:
            angle: Any = op.angle
            if isinstance(angle, WeightSlot):
                angle = weights.ravel()[angle.index]
            elif isinstance(angle, InputSlot):
                angle = encode[angle.encoding](inputs[angle.index])
            pennylane_gates.apply(op.name, op.qubits, angle)
        return [qml.expval(qml.Z(q)) for q in range(circuit.n_qubits)]

    return torch.stack(run())


@pytest.mark.parametrize("seed", SEEDS[:15])
def test_values_and_shift_gradients_equal_pennylane(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    circuit = reference.random_circuit(rng, n_qubits=3, n_gates=20)
    arrays = reference.random_values(rng, circuit)
    weights, inputs = (torch.tensor(a, requires_grad=True) for a in arrays)
    values = _pennylane_expectations(circuit, weights, inputs)
    np.testing.assert_allclose(
        reference.expectations(circuit, *arrays), values.detach().numpy(), atol=1e-13
    )
    of_weights, of_inputs = reference.parameter_shift_gradient(circuit, *arrays)
    for q, value in enumerate(values):
        by_weight, by_input = torch.autograd.grad(
            value + 0 * (weights.sum() + inputs.sum()), (weights, inputs), retain_graph=True
        )
        np.testing.assert_allclose(of_weights[q], by_weight.numpy(), atol=1e-12)
        np.testing.assert_allclose(of_inputs[q], by_input.numpy(), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_parameter_shift_equals_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(2000 + seed)
    circuit = reference.random_circuit(rng)
    weights, inputs = reference.random_values(rng, circuit)
    shifted = reference.parameter_shift_gradient(circuit, weights, inputs)
    differences = reference.finite_difference_gradient(circuit, weights, inputs)
    for exact, numeric in zip(shifted, differences, strict=True):
        np.testing.assert_allclose(numeric, exact, atol=1e-9)


@pytest.mark.parametrize("name", list(reference.ANGLE_GATES))
def test_shift_rule_of_each_gate(name: str) -> None:
    """One gate on a state of no symmetry, where its slope isn't 0, at special and other angles."""
    qubits = tuple(range(GATES[name].n_qubits))
    before = [Operation(gate, (q,), 0.4 + q) for q in (0, 1) for gate in ("RY", "RZ")]
    after = [Operation("RY", (q,), 0.7 + q) for q in (0, 1)]
    circuit = Circuit(2, (*before, Operation(name, qubits, WeightSlot(0)), *after), 0, (1,))
    slopes = []
    for angle in (*reference.SPECIAL_ANGLES, 0.3, -2.2):
        exact, _ = reference.parameter_shift_gradient(circuit, [angle], [])
        numeric, _ = reference.finite_difference_gradient(circuit, [angle], [])
        np.testing.assert_allclose(exact, numeric, atol=1e-10)
        slopes.append(np.abs(exact).max())
    assert max(slopes) > 0.05


def test_random_circuits_cover_gates_encodings_and_kinds_of_angle() -> None:
    circuits = [reference.random_circuit(np.random.default_rng(seed)) for seed in range(200)]
    operations = [op for circuit in circuits for op in circuit.operations]
    kinds = {(op.name, type(op.angle)) for op in operations if GATES[op.name].is_parametrised}
    assert {op.name for op in operations} == set(GATES)
    assert {op.angle.encoding for op in operations if isinstance(op.angle, InputSlot)} == set(
        ENCODINGS
    )
    assert kinds == {
        (name, kind) for name in reference.ANGLE_GATES for kind in (float, InputSlot, WeightSlot)
    }
    assert {0.0, math.pi / 2, math.pi} <= {op.angle for op in operations}
    assert {circuit.n_qubits for circuit in circuits} == set(range(1, 7))


@pytest.mark.parametrize("blocks", [(3,), (1, 1), (2, 3, 1), (2, 2, 2, 2)])
def test_random_circuits_keep_to_their_blocks(blocks: tuple[int, ...]) -> None:
    edges = np.cumsum(blocks)
    for seed in range(10):
        circuit = reference.random_circuit(np.random.default_rng(seed), blocks=blocks, n_gates=40)
        homes = [set(np.searchsorted(edges, op.qubits, side="right")) for op in circuit.operations]
        assert circuit.n_qubits == sum(blocks)
        assert all(len(home) == 1 for home in homes)


def test_a_batch_is_a_loop() -> None:
    rng = np.random.default_rng(5)
    circuit = reference.random_circuit(rng, n_qubits=3)
    weights, _ = reference.random_values(rng, circuit)
    inputs = rng.normal(size=(4, circuit.n_inputs))
    rows = [reference.expectations(circuit, weights, row, [2, 0]) for row in inputs]
    np.testing.assert_array_equal(reference.expectations(circuit, weights, inputs, [2, 0]), rows)
