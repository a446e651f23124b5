"""`VQC` as a torch module: shapes, copies, gradients, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tests.reference import expectations, parameter_shift_gradient
from tnqlstm.contraction import METHODS
from tnqlstm.errors import CircuitError, MemoryBudgetError, PartitionError, ShapeError, TnqlstmError

DOUBLE = {"dtype": torch.float64}


@pytest.mark.parametrize("method", METHODS)
def test_batch_axes_and_observables(method: str) -> None:
    circuit = tnq.ansatz.chen2020(4, 1)
    vqc = tnq.VQC(circuit, observables=(2, 0, 2), method=method, **DOUBLE)
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(2, 3, 4, **DOUBLE)
    values = vqc(x).detach().numpy()
    assert values.shape == (2, 3, 3)
    weights = vqc.weights.detach().numpy()
    for i, j in np.ndindex(2, 3):
        wanted = expectations(circuit, weights, x[i, j].numpy(), (2, 0, 2))
        np.testing.assert_allclose(values[i, j], wanted, atol=1e-13)
    np.testing.assert_allclose(vqc(x[0, 0]).detach().numpy(), values[0, 0], atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_copies_are_vqcs_of_their_own(method: str) -> None:
    circuit = tnq.ansatz.ry_brickwork(4, 2)
    many = tnq.VQC(circuit, copies=3, method=method, **DOUBLE)
    torch.nn.init.normal_(many.weights)
    x = torch.randn(5, 4, **DOUBLE)
    single = tnq.VQC(circuit, method=method, **DOUBLE)
    for k, values in enumerate(many(x)):
        with torch.no_grad():
            single.weights.copy_(many.weights[k])
        torch.testing.assert_close(values, single(x), rtol=0, atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_gradcheck(method: str) -> None:
    vqc = tnq.VQC(tnq.ansatz.modular([2, 1], 2, {1}), method=method, **DOUBLE)
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(2, 3, requires_grad=True, **DOUBLE)

    def values(weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(vqc, {"weights": weights}, (inputs,))

    assert torch.autograd.gradcheck(values, (vqc.weights, x))
    assert torch.autograd.gradgradcheck(values, (vqc.weights, x))


@pytest.mark.parametrize("method", METHODS)
def test_no_grad_gives_the_same_values(method: str) -> None:
    vqc = tnq.VQC(tnq.ansatz.ry_brickwork(4, 2), method=method, **DOUBLE)
    x = torch.randn(2, 4, **DOUBLE)
    with torch.no_grad():
        values = vqc(x)
    assert not values.requires_grad
    torch.testing.assert_close(values, vqc(x).detach(), rtol=0, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_an_in_place_step_is_seen(method: str) -> None:
    """Values follow the weights after an optimiser step: nothing is cached by tensor identity."""
    circuit = tnq.ansatz.ry_brickwork(3, 1)
    vqc = tnq.VQC(circuit, method=method, **DOUBLE)
    x = torch.randn(1, 3, **DOUBLE)
    before = vqc(x)
    with torch.no_grad():
        vqc.weights += 0.5
    after = vqc(x).detach().numpy()[0]
    assert np.abs(after - before.detach().numpy()).max() > 0.01
    np.testing.assert_allclose(
        after, expectations(circuit, vqc.weights.detach().numpy(), x[0].numpy()), atol=1e-13
    )


def test_bad_input_says_what_is_wanted() -> None:
    circuit = tnq.ansatz.ry_brickwork(3, 1)
    vqc = tnq.VQC(circuit)
    with pytest.raises(ShapeError, match=r"\(\.\.\., 3\) wanted, got \(2, 4\)"):
        vqc(torch.zeros(2, 4))
    with pytest.raises(ShapeError, match="float64"):
        vqc(torch.zeros(2, 3, **DOUBLE))
    with pytest.raises(CircuitError, match="qubits 0 to 2"):
        tnq.VQC(circuit, observables=[3])
    with pytest.raises(ShapeError, match="copies"):
        tnq.VQC(circuit, copies=0)
    other = tnq.partition(tnq.ansatz.ry_brickwork(4, 1), tnq.QPUNetwork.line(2, qubits=2))
    with pytest.raises(PartitionError, match="of another"):
        tnq.VQC(circuit, other)
    with pytest.raises(ValueError, match="dense"):
        tnq.VQC(circuit, method="dens")


def test_memory_is_refused_before_it_is_spent() -> None:
    wide = tnq.ansatz.basic_entangler(30, 1)
    with pytest.raises(MemoryBudgetError, match="30 entangled qubits"):
        tnq.VQC(wide, method="dense")
    circuit = tnq.ansatz.ry_brickwork(6, 2)
    with pytest.raises(MemoryBudgetError, match=r"no way .* fits into .* Raise max_memory to"):
        tnq.VQC(circuit, max_memory=1_000)
    vqc = tnq.VQC(circuit, method="dense", max_memory=10_000)
    with pytest.raises(MemoryBudgetError, match=r"one sample of 1 VQCs needs .* raise max_memory"):
        vqc(torch.zeros(100, 6))


@pytest.mark.parametrize("method", METHODS)
def test_torch_func_transforms(method: str) -> None:
    """vmap, grad, jacrev and jacfwd against the loop and against parameter shift."""
    circuit = tnq.ansatz.chen2020(3, 1)
    vqc = tnq.VQC(circuit, method=method, **DOUBLE)
    weights = torch.randn(circuit.weight_shape, **DOUBLE)
    x = torch.randn(3, 3, **DOUBLE)

    def values(w: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(vqc, {"weights": w}, (inputs,))

    each = torch.func.vmap(values, in_dims=(None, 0))(weights, x)
    torch.testing.assert_close(each, values(weights, x), rtol=0, atol=1e-13)
    shifts = [parameter_shift_gradient(circuit, weights.numpy(), row.numpy())[0] for row in x]
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        np.testing.assert_allclose(jacobian(values)(weights, x).numpy(), shifts, atol=1e-12)
    sums = torch.func.vmap(torch.func.grad(lambda w, row: values(w, row).sum()), in_dims=(None, 0))(
        weights, x
    )
    np.testing.assert_allclose(sums.numpy(), np.sum(shifts, axis=1), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_circuit_without_inputs_is_called_without_any(method: str) -> None:
    circuit = tnq.circuit.Circuit(2, (("RY", (0,), tnq.WeightSlot(0)), ("CX", (0, 1))), 0, (1,))
    vqc = tnq.VQC(circuit, method=method, **DOUBLE)
    torch.nn.init.normal_(vqc.weights)
    wanted = vqc.weights.cos().expand(2)
    for values in (vqc(), vqc.bind()(), vqc(torch.zeros(0, **DOUBLE))):
        torch.testing.assert_close(values, wanted, rtol=0, atol=1e-14)
    torch.testing.assert_close(vqc(torch.zeros(3, 5, 0, **DOUBLE)), wanted.expand(3, 5, 2))
    copies = tnq.VQC(circuit, copies=2, method=method, **DOUBLE)
    torch.testing.assert_close(copies(), copies.weights.cos().expand(2, 2), rtol=0, atol=1e-14)


def test_a_circuit_with_inputs_wants_them() -> None:
    with pytest.raises(ShapeError, match=r"inputs of shape \(\.\.\., 3\) wanted, got None"):
        tnq.VQC(tnq.ansatz.ry_brickwork(3, 1))()


@pytest.mark.parametrize("budget", [0, -1, 1.5, float("nan"), "1GB"])
def test_a_budget_is_a_number_of_bytes(budget: Any) -> None:
    with pytest.raises(TnqlstmError, match="max_memory must be a whole number"):
        tnq.VQC(tnq.ansatz.ry_brickwork(2, 1), max_memory=budget)


def test_unknown_methods_are_told_of_auto() -> None:
    with pytest.raises(TnqlstmError, match="Known: auto, cones, dense, generating"):
        tnq.VQC(tnq.ansatz.ry_brickwork(2, 1), method="exact")


@pytest.mark.parametrize("shape", [(4, 3, 1), (12,), (4, 2, 3), (4, 1, 2)])
def test_weights_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    vqc = tnq.VQC(tnq.ansatz.ry_brickwork(3, 1), copies=4)
    with pytest.raises(ShapeError, match=r"weights of shape \(4, 1, 3\) wanted"):
        torch.func.functional_call(vqc, {"weights": torch.zeros(shape)}, (torch.zeros(3),))


def test_a_list_is_no_input() -> None:
    with pytest.raises(ShapeError, match=r"inputs of shape \(..., 2\) wanted, got 2 entries"):
        tnq.VQC(tnq.ansatz.ry_brickwork(2, 1))([0.0, 0.0])
