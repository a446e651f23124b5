"""States gate by gate: values and gradients, what is left out, and memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tests.reference import (
    expectations,
    parameter_shift_gradient,
    random_circuit,
    random_values,
)
from tnqlstm.circuit import Circuit, InputSlot, WeightSlot
from tnqlstm.contraction import dense
from tnqlstm.contraction.dense import DenseEvaluator
from tnqlstm.contraction.gatewise import Gatewise
from tnqlstm.contraction.pair_blocks import effective

DOUBLE = {"dtype": torch.float64}


def gatewise(
    circuit: Circuit, monkeypatch: pytest.MonkeyPatch, observed: list[int] | None = None
) -> DenseEvaluator:
    """An evaluator that takes one state at a time, however small."""
    monkeypatch.setattr(dense, "MATRIX_QUBITS", 0)
    monkeypatch.setattr(dense, "MOST_LAYERED", -1)
    monkeypatch.setattr(dense.StateForm, "fits", staticmethod(lambda groups: False))
    found = DenseEvaluator(circuit, observed or range(circuit.n_qubits))
    assert all(isinstance(part, Gatewise) for part in found.parts(2, 2))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_values_and_gradients_equal_the_statevector(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    blocks = [size for size in (n - n // 2, n // 2) if size] if seed % 3 == 0 else None
    circuit = random_circuit(rng, n_qubits=n, blocks=blocks)
    observed = [int(q) for q in rng.permutation(n)[: 1 + n // 2]]
    evaluator = gatewise(circuit, monkeypatch, observed)
    weights = torch.tensor(rng.normal(size=(2, circuit.n_weights)), requires_grad=True)
    inputs = torch.tensor(
        np.stack([random_values(rng, circuit)[1] for _ in range(2)]), requires_grad=True
    )
    values = evaluator.evaluate(evaluator.prepare(weights), weights, inputs)
    mixing = torch.tensor(rng.normal(size=values.shape))
    (values * mixing).sum().backward()
    of_weights, of_inputs = np.zeros(weights.shape), np.zeros(inputs.shape)
    for k, s in np.ndindex(2, 2):
        given = (
            weights[k].detach().numpy().reshape(circuit.weight_shape),
            inputs[s].detach().numpy(),
        )
        wanted = expectations(circuit, *given, observed)
        np.testing.assert_allclose(values[k, s].detach(), wanted, rtol=0, atol=1e-12)
        shift_w, shift_x = parameter_shift_gradient(circuit, *given, observed)
        of_weights[k] += np.tensordot(mixing[k, s], shift_w, axes=1).ravel()
        of_inputs[s] += mixing[k, s].numpy() @ shift_x
    for tensor, gradient in ((weights, of_weights), (inputs, of_inputs)):
        found = np.zeros(gradient.shape) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-10)


def test_gradients_of_gradients_are_those_of_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    circuit = random_circuit(rng, n_qubits=4)
    evaluator = gatewise(circuit, monkeypatch)
    weights = torch.tensor(rng.normal(size=(1, circuit.n_weights)), requires_grad=True)
    inputs = torch.tensor(rng.normal(size=(1, circuit.n_inputs)), requires_grad=True)

    def values(weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        return evaluator.evaluate(evaluator.prepare(weights), weights, inputs)

    assert torch.autograd.gradcheck(values, (weights, inputs))
    assert torch.autograd.gradgradcheck(values, (weights, inputs))


def test_gates_without_effect_are_left_out() -> None:
    operations = Circuit(
        4,
        (
            ("RY", (0,), 0.3),
            ("CX", (0, 1)),
            ("CX", (2, 3)),  # outside of the cone
            ("CX", (3, 2)),
            ("CP", (0, 1), 0.4),  # diagonal, with nothing but the read-out behind it
            ("H", (3,)),
            ("RZ", (1,), 0.2),
        ),
    ).operations
    assert effective(operations, [0, 1]) == [0, 1]
    assert effective(operations, [2]) == [2, 3]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_left_has_the_same_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, n_qubits=4)
    weights, inputs = random_values(rng, circuit)
    observed = [int(rng.integers(4))]
    kept = [circuit.operations[k] for k in effective(circuit.operations, observed)]
    left = Circuit(4, tuple(kept), circuit.n_inputs, circuit.weight_shape)
    np.testing.assert_allclose(
        expectations(left, weights, inputs, observed),
        expectations(circuit, weights, inputs, observed),
        rtol=0,
        atol=1e-13,
    )


def deep(depth: int) -> Circuit:
    layer = [
        *(("RX", (q,), InputSlot(q)) for q in range(9)),
        *(("RZZ", (q, q + 1), WeightSlot(q)) for q in range(8)),
    ]
    return Circuit(9, tuple(layer * depth), 9, (8,))


def test_memory_does_not_grow_with_the_gates() -> None:
    few, many = (tnq.plan_expectations(deep(d), method="dense") for d in (100, 300))
    assert few.cost(1, 1).size == many.cost(1, 1).size < 20 * 2**9
    vqc = tnq.VQC(deep(30), method="dense", max_memory=200_000, **DOUBLE)
    x = torch.randn(2, 9, **DOUBLE)
    wanted = expectations(vqc.circuit, vqc.weights.detach().numpy(), x.numpy())
    np.testing.assert_allclose(vqc(x).detach(), wanted, rtol=0, atol=1e-11)
