"""Hooks, parametrised weights and replaced VQCs: what a call does is never passed by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune
from torch.nn.utils.rnn import pack_padded_sequence

import tnqlstm as tnq
from tnqlstm.errors import ShapeError
from tnqlstm.nn import recurrence

from .linear_maps import DOUBLE

T, BATCH = 4, 3


def model_of(cell: str = "chen2024", **options: Any) -> tnq.QLSTM:
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 3, cell=cell, depth=1, **DOUBLE, **options)
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


def x_of() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(BATCH, T, 1, generator=generator, **DOUBLE)


def gradients(model: tnq.QLSTM, x: Tensor) -> list[Tensor]:
    out, (h, c) = model(x)
    loss = out.sin().sum() + h.square().sum() + c.sum()
    return [out, h, c, *torch.autograd.grad(loss, [*model.parameters()])]


@pytest.fixture
def fused(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each layer that runs as one node of the graph."""
    calls: list[int] = []
    forward = recurrence.Recurrence.forward

    def spy(*arguments: Any) -> Any:
        calls.append(1)
        return forward(*arguments)

    monkeypatch.setattr(recurrence.Recurrence, "forward", spy)
    return calls


REGISTER: dict[str, Callable[[nn.Module, Callable[..., None]], Any]] = {
    "forward_pre": nn.Module.register_forward_pre_hook,
    "forward": nn.Module.register_forward_hook,
    "backward_pre": nn.Module.register_full_backward_pre_hook,
    "backward": nn.Module.register_full_backward_hook,
    "everywhere": lambda module, hook: nn.modules.module.register_module_forward_hook(hook),
}


@pytest.mark.parametrize("kind", list(REGISTER))
@pytest.mark.parametrize("cell", ["chen2024", "chen2020", "linear"])
def test_hooks_on_vqcs_fire_at_every_step(cell: str, kind: str, fused: list[int]) -> None:
    """… and change nothing; once they are removed, the layer is one node again."""
    model, x = model_of(cell), x_of()
    wanted = gradients(model, x)
    assert len(fused) == (cell != "linear")
    for vqc in filter(None, (model.cells[0].gates, model.cells[0].readout)):
        seen: list[nn.Module] = []
        handle = REGISTER[kind](vqc, lambda module, *_, seen=seen: seen.append(module))
        found = gradients(model, x)
        handle.remove()
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-13)
        assert sum(module is vqc for module in seen) == T
        assert len(fused) == (cell != "linear")
    gradients(model, x)
    assert len(fused) == 2 * (cell != "linear")


@pytest.mark.parametrize("kind", list(REGISTER))
@pytest.mark.parametrize("packed", [False, True])
def test_hooks_on_cells_fire_once_a_sequence(kind: str, packed: bool, fused: list[int]) -> None:
    model = model_of(num_layers=2, bidirectional=True)
    for cell in (*model.cells, *model.cells_reverse):
        x: Any = x_of().requires_grad_()
        if packed:
            x = pack_padded_sequence(x, torch.tensor([4, 2, 3]), True, False)
        fused.clear()
        seen: list[nn.Module] = []
        handle = REGISTER[kind](cell, lambda module, *_, seen=seen: seen.append(module))
        try:
            out, _ = model(x)
            (out.data if packed else out).sum().backward()
        finally:
            handle.remove()
        assert sum(module is cell for module in seen) == 1
        assert len(fused) == (0 if kind == "everywhere" else 4)  # VQCs have those hooks too


def test_what_hooks_return_counts() -> None:
    """A pre-hook's inputs and a hook's outputs, of a VQC and of a cell."""
    model, x = model_of(), x_of()
    cell = model.cells[0]
    plain = model(x)[0]
    handle = cell.gates.register_forward_hook(lambda module, args, values: 2 * values)
    doubled = model(x)[0]
    state = cell.zero_state(x[:, 0])
    for t in range(T):
        i, f, g, o = 2 * type(cell.gates).forward(cell.gates, torch.cat([x[:, t], state[0]], -1))
        c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        state = o.sigmoid() * c.tanh(), c
    torch.testing.assert_close(doubled[:, -1], state[0], rtol=0, atol=1e-13)
    handle.remove()
    handle = cell.register_forward_pre_hook(lambda module, args: (2 * args[0], *args[1:]))
    torch.testing.assert_close(model(x)[0], model_of()(2 * x)[0], rtol=0, atol=0)
    handle.remove()
    cell.register_forward_hook(lambda module, args, found: (found[0] + 1, found[1]))
    torch.testing.assert_close(model(x)[0], plain + 1, rtol=0, atol=0)


class Cosine(nn.Module):
    def forward(self, weights: Tensor) -> Tensor:
        return 3 * weights.cos()


@pytest.mark.parametrize("cell", ["chen2024", "chen2020", "linear"])
def test_parametrised_weights_train(cell: str, fused: list[int]) -> None:
    """Values and gradient are those of the weights that the parametrisation makes; still fused."""
    model, twin, x = model_of(cell), model_of(cell), x_of()
    gates = model.cells[0].gates
    original = gates.weights.detach().clone()
    parametrize.register_parametrization(gates, "weights", Cosine())
    with torch.no_grad():
        twin.cells[0].gates.weights.copy_(3 * original.cos())
    fused.clear()
    names = [name for name, _ in model.named_parameters()]
    found, wanted = gradients(model, x), gradients(twin, x)
    assert len(fused) == 2 * (cell != "linear")
    torch.testing.assert_close(found[:3], wanted[:3], rtol=0, atol=1e-13)
    (place,) = [k for k, name in enumerate(names) if name.endswith("original")]
    torch.testing.assert_close(
        found[3 + place], -3 * original.sin() * wanted[3], rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("kind", ["weight_norm", "old weight_norm", "spectral_norm", "pruning"])
def test_torchs_own_reparametrisations(kind: str) -> None:
    """Each step of an optimiser is seen: the output is that of the weights as they are now."""
    model, x = model_of(), x_of()
    gates: Any = model.cells[0].gates
    if kind == "weight_norm":
        nn.utils.parametrizations.weight_norm(gates, "weights")
    elif kind == "old weight_norm":
        nn.utils.weight_norm(gates, "weights")
    elif kind == "spectral_norm":
        nn.utils.parametrizations.spectral_norm(gates, "weights")
    else:
        prune.random_unstructured(gates, "weights", amount=0.5)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.3)
    for _ in range(2):
        optimiser.zero_grad()
        model(x)[0].square().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in model.parameters())
        optimiser.step()
    model.eval()
    out = model(x)[0]
    twin = model_of()
    with torch.no_grad():
        twin.cells[0].gates.weights.copy_(gates.weights)
    torch.testing.assert_close(out, twin(x)[0], rtol=0, atol=1e-13)
    if kind == "pruning":
        assert (gates.weights == 0).sum() == gates.weights.numel() // 2


class Shifted(tnq.VQC):
    def forward(self, inputs: Tensor | None = None) -> Tensor:
        return super().forward(inputs) + 1


class Bound(tnq.VQC):
    def bind(self, flat_weights: Tensor | None = None) -> Callable[..., Tensor]:
        evaluate = super().bind(flat_weights)
        return lambda inputs: evaluate(inputs) + 1


class Plus(nn.Module):
    def __init__(self, vqc: tnq.VQC) -> None:
        super().__init__()
        self.vqc = vqc

    def forward(self, inputs: Tensor) -> Tensor:
        return self.vqc(inputs) + 1


@pytest.mark.parametrize("kind", ["forward", "bind", "module", "object"])
def test_a_replaced_vqc_is_what_counts(kind: str) -> None:
    model, wanted, x = model_of(), model_of(), x_of()
    gates = model.cells[0].gates
    if kind in ("forward", "bind"):
        subclass = Shifted if kind == "forward" else Bound
        other: Any = subclass(gates.circuit, observables=range(3), copies=4, **DOUBLE)
        other.load_state_dict(gates.state_dict())
        model.cells[0].gates = other
    elif kind == "module":
        model.cells[0].gates = Plus(gates)
    else:
        gates.forward = lambda inputs: tnq.VQC.forward(gates, inputs) + 1
    wanted.cells[0].gates.register_forward_hook(lambda module, args, values: values + 1)
    torch.testing.assert_close(gradients(model, x), gradients(wanted, x), rtol=0, atol=1e-13)
    assert model.n_cut_gates == wanted.n_cut_gates == 0


@pytest.mark.parametrize("number", range(2))
def test_a_readout_of_another_circuit(number: int) -> None:
    """The matrices of gates and read-out are made together only where their circuits are one."""
    model, wanted, x = model_of("chen2020"), model_of("chen2020"), x_of()
    own = [tnq.ansatz.chen2020(4, 1), tnq.ansatz.ry_brickwork(4, 1)][number]
    for each in (model, wanted):
        torch.manual_seed(7)
        readout = tnq.VQC(own, copies=2, **DOUBLE)
        nn.init.normal_(readout.weights)
        each.cells[0].readout = readout
    wanted.cells[0].readout.register_forward_hook(lambda module, args, values: None)
    torch.testing.assert_close(gradients(model, x), gradients(wanted, x), rtol=0, atol=1e-13)


def test_a_module_of_other_shapes_says_what_is_wanted() -> None:
    model, x = model_of(), x_of()
    circuit = model.cells[0].circuit
    for vqc, got in (
        (tnq.VQC(circuit, copies=4, **DOUBLE), r"\(4, 3, 4\)"),
        (tnq.VQC(circuit, observables=range(3), **DOUBLE), r"\(3, 3\)"),
        (nn.Linear(4, 12, **DOUBLE), r"\(3, 12\)"),
    ):
        model.cells[0].gates = vqc
        with pytest.raises(
            ShapeError, match=r"gates must give values of shape \(4, 3, 3\), got " + got
        ):
            model(x)


def computed(kind: type) -> Callable[[int], tnq.Circuit]:
    """`ry_brickwork` whose angles from slots of this kind are twice the slot and one more."""

    def ansatz(n: int) -> tnq.Circuit:
        plain = tnq.ansatz.ry_brickwork(n, 1)
        operations = [
            tnq.Operation(op.name, op.qubits, 2 * op.angle + 1)
            if isinstance(op.angle, kind)
            else op
            for op in plain.operations
        ]
        return tnq.Circuit(n, operations, plain.n_inputs, plain.weight_shape)

    return ansatz


def test_computed_weights_are_those_that_are_computed(fused: list[int]) -> None:
    model, wanted, x = model_of(ansatz=computed(tnq.WeightSlot)), model_of(), x_of()
    with torch.no_grad():
        wanted.cells[0].gates.weights.mul_(2).add_(1)
    found, expected = gradients(model, x), gradients(wanted, x)
    assert len(fused) == 2
    torch.testing.assert_close(found[:3], expected[:3], rtol=0, atol=1e-13)
    torch.testing.assert_close(found[3], 2 * expected[3], rtol=0, atol=1e-12)


def test_computed_inputs_go_step_by_step(fused: list[int]) -> None:
    model, wanted, x = model_of(ansatz=computed(tnq.InputSlot)), model_of(), x_of()
    wanted.cells[0].gates.register_forward_pre_hook(lambda module, args: (2 * args[0] + 1,))
    torch.testing.assert_close(gradients(model, x), gradients(wanted, x), rtol=0, atol=1e-13)
    assert not fused
