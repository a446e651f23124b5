"""The interface of `nn.LSTM`: with linear maps for VQCs a QLSTM is one, in every form of input."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import tnqlstm as tnq
from tnqlstm.errors import ShapeError
from tnqlstm.nn import ClassicalLSTM

from .linear_maps import DOUBLE, lstm_of, swapped

LENGTHS = [2, 5, 1, 5]
SHAPES = [
    {"num_layers": layers, "bidirectional": both, "batch_first": first}
    for layers in (1, 2)
    for both in (False, True)
    for first in (True, False)
]


def state_of(model: tnq.QLSTM, *lead: int) -> tuple[Tensor, Tensor]:
    n = model.num_layers * model.n_directions
    return torch.randn(n, *lead, 3, **DOUBLE), torch.randn(n, *lead, model.cell_size, **DOUBLE)


def data_of(out: Tensor | PackedSequence) -> Tensor:
    return out.data if isinstance(out, PackedSequence) else out


def inputs(kind: str, batch_first: bool) -> Tensor | PackedSequence:
    """Sequences of each kind, of two features."""
    if kind == "one":
        return torch.randn(5, 2, **DOUBLE)
    x = torch.randn(*((4, 5) if batch_first else (5, 4)), 2, **DOUBLE)
    if kind == "batch":
        return x
    if kind == "empty":
        return x[:0] if batch_first else x[:, :0]
    lengths = sorted(LENGTHS, reverse=True) if kind == "sorted" else LENGTHS
    return pack_padded_sequence(x, torch.tensor(lengths), batch_first, kind == "sorted")


@pytest.mark.parametrize("kind", ["batch", "one", "empty", "sorted", "unsorted"])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("options", SHAPES)
def test_with_linear_maps_it_is_torchs_lstm(
    options: dict[str, Any], given: bool, kind: str
) -> None:
    """Output, h, c, and the gradients in input, state and weights."""
    torch.manual_seed(0)
    model = swapped(**options)
    lstm = lstm_of(model)
    x = inputs(kind, options["batch_first"])
    leaf = data_of(x).requires_grad_()
    leaves = [leaf]
    state = None
    if given:
        state = state_of(model, *{"one": (), "empty": (0,)}.get(kind, (4,)))
        leaves += [part.requires_grad_() for part in state]
    found, wanted = model(x, state), lstm(x, state)
    assert type(found[0]) is type(wanted[0])
    flat = [[data_of(out), *last] for out, last in (found, wanted)]
    torch.testing.assert_close(*flat, rtol=0, atol=1e-12)
    if isinstance(x, PackedSequence):
        padded = [pad_packed_sequence(out, options["batch_first"])[0] for out, _ in (found, wanted)]
        torch.testing.assert_close(*padded, rtol=0, atol=1e-12)
    cotangents = [torch.randn_like(part) for part in flat[0]]
    torch.testing.assert_close(
        *(torch.autograd.grad(parts, leaves, cotangents, retain_graph=True) for parts in flat),
        rtol=0,
        atol=1e-12,
    )
    ours = torch.autograd.grad(flat[0], [*model.parameters()], cotangents)
    theirs = torch.autograd.grad(flat[1], [*lstm.parameters()], cotangents)
    n_cells = model.num_layers * model.n_directions
    joined = [ours[2 * k : 2 * k + 2] for k in range(n_cells)]  # all forwards, then all backwards
    order = [d * model.num_layers + k for k in range(model.num_layers) for d in range(2)][:n_cells]
    if not model.bidirectional:
        order = list(range(n_cells))
    for place, (ih, hh, bias, _) in zip(order, zip(*[iter(theirs)] * 4, strict=True), strict=True):
        weight, own_bias = joined[place]
        torch.testing.assert_close(weight.flatten(0, 1), torch.cat([ih, hh], 1), rtol=0, atol=1e-11)
        torch.testing.assert_close(own_bias.flatten(), bias, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", ["batch", "sorted", "unsorted"])
@pytest.mark.parametrize(
    "options",
    [
        {"cell": "chen2024", "num_layers": 2},
        {"cell": "chen2024", "method": "cones"},
        {"cell": "chen2020"},
        {"cell": "linear"},
    ],
)
def test_packed_sequences_equal_the_loop_over_lengths(options: dict[str, Any], kind: str) -> None:
    """Both directions, from a state, with every gradient: each sequence for itself."""
    torch.manual_seed(0)
    model = tnq.QLSTM(2, 2, depth=1, bidirectional=True, **options, **DOUBLE)
    lengths = {"batch": [5] * 4, "sorted": sorted(LENGTHS, reverse=True)}.get(kind, LENGTHS)
    x = torch.randn(4, 5, 2, requires_grad=True, **DOUBLE)
    n = 2 * model.num_layers
    h, c = torch.randn(n, 4, 2, **DOUBLE), torch.randn(n, 4, model.cell_size, **DOUBLE)
    leaves = [x, h.requires_grad_(), c.requires_grad_(), *model.parameters()]
    packed = pack_padded_sequence(x, torch.tensor(lengths), True, enforce_sorted=False)
    out, last = model(packed, (h, c))
    padded, _ = pad_packed_sequence(out, batch_first=True)
    rows = [model(x[k, :n], (h[:, k], c[:, k])) for k, n in enumerate(lengths)]
    wanted = nn.utils.rnn.pad_sequence([row for row, _ in rows], batch_first=True)
    last_wanted = [torch.stack(parts, 1) for parts in zip(*(s for _, s in rows), strict=True)]
    both = ((padded, *last), (wanted, *last_wanted))
    torch.testing.assert_close(*both, rtol=0, atol=1e-13)
    cotangents = [torch.randn_like(part) for part in both[0]]
    found, expected = (torch.autograd.grad(parts, leaves, cotangents) for parts in both)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_packed_sequences_within_a_budget() -> None:
    """Where not all samples fit at once, they go in parts, of different lengths."""
    torch.manual_seed(0)
    lengths = [7, 7, 6, 5, 5, 3, 2, 1, 1]
    x = pack_padded_sequence(torch.randn(9, 7, 1, **DOUBLE), torch.tensor(lengths), True)
    found = []
    for budget in (None, 300_000):
        torch.manual_seed(0)
        options = {"depth": 2, "bidirectional": True, "max_memory": budget, **DOUBLE}
        model = tnq.QLSTM(1, 4, **options)
        if budget:
            assert 1 <= model.cells[0].gates.batch_size(37) < 37 // 2
        out, (h, c) = model(x)
        gradient = torch.autograd.grad(
            out.data.square().sum() + h.sum() + c.sin().sum(), [*model.parameters()]
        )
        found.append([out.data, h, c, *gradient])
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-12)


def test_one_recurrence_serves_all_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed layer prepares its circuits once, not once for each length or sample."""
    calls = []
    prepare = tnq.nn.recurrence.Recurrence._prepare

    def spy(*arguments: Any) -> Any:
        calls.append(1)
        return prepare(*arguments)

    monkeypatch.setattr(tnq.nn.recurrence.Recurrence, "_prepare", spy)
    x = pack_padded_sequence(torch.randn(4, 5, 1), torch.tensor(LENGTHS), True, False)
    tnq.QLSTM(1, 3, 2, depth=1, bidirectional=True)(x)
    assert len(calls) == 4


def test_an_empty_batch_has_gradients_of_zero() -> None:
    for cell in ("chen2024", "chen2020"):
        model = tnq.QLSTM(1, 3, cell=cell, depth=1, bidirectional=True)
        out, (h, c) = model(torch.zeros(0, 4, 1))
        assert out.shape == (0, 4, model.output_size)
        assert (h.shape, c.shape) == ((2, 0, 3), (2, 0, model.cell_size))
        (out.sum() + h.sum() + c.sum()).backward()
        assert all(p.grad is not None and not p.grad.any() for p in model.parameters())


def test_the_constructor_has_torchs_order_and_names() -> None:
    def names(function: Any) -> list[str]:
        found = inspect.signature(function).parameters.values()
        return [p.name for p in found if p.kind is p.POSITIONAL_OR_KEYWORD][1:]

    assert names(tnq.QLSTM.__init__) == names(nn.RNNBase.__init__)[1:]  # without `mode`
    assert names(ClassicalLSTM.__init__) == names(nn.RNNBase.__init__)[1:]
    assert names(tnq.QLSTMCell.__init__) == names(nn.LSTMCell.__init__)
    assert names(tnq.QLSTM.forward) == names(nn.LSTM.forward) == names(ClassicalLSTM.forward)
    assert names(tnq.QLSTMCell.forward)[:2] == names(nn.LSTMCell.forward)
    model = tnq.QLSTM(1, 5, 1, True, True, 0.0, True, 0, "cpu", torch.float64)
    assert (model.bias, model.batch_first, model.bidirectional) == (True, True, True)
    assert model.proj_size == 0
    assert model(torch.zeros(2, 3, 1, **DOUBLE))[0].shape == (2, 3, 10)
    lstm = ClassicalLSTM(1, 5, 1, True, True, 0.0, True, 2)
    assert lstm(torch.zeros(2, 3, 1))[0].shape == (2, 3, 4) == (2, 3, lstm.output_size)


def test_what_circuits_lack_is_refused_with_the_reason() -> None:
    for make in (tnq.QLSTM, tnq.QLSTMCell):
        with pytest.raises(ShapeError, match=r"bias=False .* have no bias .* Leave bias out"):
            make(1, 3, bias=False)
        with pytest.raises(
            ShapeError, match=r"hidden_size must be a whole number of at least 1, got 3\.5"
        ):
            make(1, 3.5)
    with pytest.raises(ShapeError, match=r"proj_size=2 .* smaller hidden_size"):
        tnq.QLSTM(1, 3, proj_size=2)
    with pytest.raises(ShapeError, match=r"bias must be True or False, got 'chen2020'"):
        tnq.QLSTM(1, 3, 1, "chen2020")
    with pytest.raises(ShapeError, match=r"batch_first must be True or False, got 0\.5"):
        tnq.QLSTM(1, 3, 1, True, 0.5)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda h: h, r"a pair \(h, c\) .* got a tensor of shape \(1, 4, 3\)"),
        (lambda h: torch.stack([h, h]), r"got a tensor of shape \(2, 1, 4, 3\)"),
        (lambda h: (h,), r"got 1 entries: Tensor"),
        (lambda h: (h, h, h), "got 3 entries"),
        (lambda h: (h, None), "got 2 entries: Tensor, NoneType"),
        (lambda h: [[h], [h]], "got 2 entries: list, list"),
        (lambda h: {"h": h, "c": h}, "got dict"),
        (lambda h: "hc", "got str"),
        (lambda h: (h, h.double()), r"c is torch\.float64, the input torch\.float32\. Convert"),
        (lambda h: (h.to("meta"), h), "h is on meta, the input on cpu. Move"),
        (lambda h: (h[0], h[0]), r"h of shape \(1, 4, 3\) wanted, got \(4, 3\)"),
        (lambda h: (h, h[..., :2]), r"c of shape \(1, 4, 3\) wanted, got \(1, 4, 2\)"),
    ],
)
def test_a_malformed_state_says_what_is_wanted(state: Any, message: str) -> None:
    model, x, h = tnq.QLSTM(1, 3, depth=1), torch.zeros(4, 2, 1), torch.zeros(1, 4, 3)
    packed = pack_padded_sequence(x, torch.tensor([2, 1, 2, 2]), True, False)
    for value in (x, packed):
        with pytest.raises(ShapeError, match=message):
            model(value, state(h))
    torch.testing.assert_close(model(x, [h, h]), model(x), rtol=0, atol=0)


def test_a_malformed_input_says_what_is_wanted() -> None:
    model = tnq.QLSTM(2, 3, depth=1, batch_first=False)
    with pytest.raises(ShapeError, match=r"\(time, batch, 2\) .* got ndarray"):
        model(torch.zeros(3, 4, 2).numpy())
    for module in (ClassicalLSTM(2, 3), tnq.QLSTMCell(2, 3, depth=1)):
        with pytest.raises(ShapeError, match=r"2\).* wanted, got 1 entries: float"):
            module([1.0])
    with pytest.raises(ShapeError, match="at least one time step"):
        model(torch.zeros(0, 4, 2))
    with pytest.raises(ShapeError, match=r"packed sequences of shape \(time, 2\) .* \(6, 3\)"):
        model(pack_padded_sequence(torch.zeros(3, 2, 3), torch.tensor([3, 3])))
    with pytest.raises(ShapeError, match="float64"):
        model(pack_padded_sequence(torch.zeros(3, 2, 2, **DOUBLE), torch.tensor([3, 3])))


def test_a_cell_of_torchs_interface() -> None:
    cell = tnq.QLSTMCell(2, 3, True, None, torch.float64, depth=1)
    h, c = cell(torch.zeros(0, 2, **DOUBLE))
    assert h.shape == c.shape == (0, 3)
    assert cell(torch.zeros(2, **DOUBLE))[0].shape == (3,)
    with pytest.raises(ShapeError, match="got a tensor"):
        cell(torch.zeros(4, 2, **DOUBLE), torch.zeros(4, 3, **DOUBLE))
    with pytest.raises(ShapeError, match=r"c is torch\.float32"):
        cell(torch.zeros(4, 2, **DOUBLE), (torch.zeros(4, 3, **DOUBLE), torch.zeros(4, 3)))
    with pytest.raises(ShapeError, match=r"\(batch, 2\) or \(2,\)"):
        cell(torch.zeros(5, 4, 2, **DOUBLE))
    for shape, sizes in (((4, 2), (1, 3)), ((4, 2), (3, 2)), ((2, 2, 2), (3, 1)), ((4, 2), ())):
        with pytest.raises(ShapeError, match="batch_sizes must never rise"):
            cell(torch.zeros(shape, **DOUBLE), None, sizes)


@pytest.mark.parametrize("cell", ["chen2024", "chen2020", "linear"])
def test_parameters_are_drawn_again_as_they_were(cell: str) -> None:
    options = {"cell": cell, "num_layers": 1 if cell == "chen2020" else 2, "bidirectional": True}
    torch.manual_seed(3)
    model = tnq.QLSTM(1, 3, **options)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.reset_parameters()
    assert all((p != before[name]).all() for name, p in model.named_parameters())
    torch.manual_seed(3)
    model.reset_parameters()
    torch.testing.assert_close(dict(model.named_parameters()), before, rtol=0, atol=0)
    model.flatten_parameters()
    assert [len(each) for each in model.all_weights] == [len(before) // len(model.all_weights)] * (
        2 * model.num_layers
    )


def test_directions_add_keys_and_costs() -> None:
    network = tnq.QPUNetwork.line(2, qubits=3)
    one, both = (
        tnq.QLSTM(1, 3, depth=1, scheme="linked", network=network, bidirectional=b)
        for b in (False, True)
    )
    assert list(one.state_dict()) == ["cells.0.gates.weights"]
    assert list(both.state_dict()) == ["cells.0.gates.weights", "cells_reverse.0.gates.weights"]
    assert one.n_ebits > 0
    assert (both.n_cut_gates, both.n_ebits) == (2 * one.n_cut_gates, 2 * one.n_ebits)
    for directions in zip(both.cells, both.cells_reverse or (), strict=True):
        directions[1].gates = directions[0].gates  # each evaluates it
    assert both.n_ebits == 2 * one.n_ebits


def test_each_layer_has_its_network_and_each_vqc_its_options() -> None:
    networks = [tnq.QPUNetwork.line(2, qubits=2), tnq.QPUNetwork.line(3, qubits=2)]
    options = {"scheme": "linked", "depth": 1, **DOUBLE}
    model = tnq.QLSTM(1, 3, 2, **options, network=networks, method="cones", max_memory=10**9)
    assert [cell.placed.network for cell in model.cells] == networks
    assert {cell.gates.plan.method for cell in model.cells} == {"cones"}
    assert {cell.gates.plan.max_memory for cell in model.cells} == {10**9}
    plain = tnq.QLSTM(1, 3, 2, depth=1, **DOUBLE)
    plain.load_state_dict(model.state_dict())
    x = torch.randn(3, 4, 1, **DOUBLE)
    torch.testing.assert_close(model(x), plain(x), rtol=0, atol=1e-12)
    for wrong in (networks[:1], networks[:1] * 3, []):
        with pytest.raises(ShapeError, match="one for each of 2 layers"):
            tnq.QLSTM(1, 3, 2, scheme="linked", network=wrong)


def test_representations_are_short_and_say_what_was_chosen() -> None:
    line = [tnq.QPUNetwork.line(2, qubits=3), tnq.QPUNetwork.line(3, qubits=(6, 6, 3))]
    model = tnq.QLSTM(
        1, 5, 2, dropout=0.1, bidirectional=True, depth=3, scheme="linked", network=line
    )
    first = repr(model).splitlines()[1]
    assert first.strip() == (
        "1, 5, num_layers=2, dropout=0.1, bidirectional=True, cell='chen2024', depth=3, "
        "scheme='linked', network=2 QPUs × 3 qubits / 3 QPUs of 3 to 6 qubits"
    )
    network = tnq.QPUNetwork.line(8, qubits=8)
    wide = tnq.QLSTM(1, 63, depth=2, scheme="segment", network=network)
    for text in ("cell='chen2024', depth=2", "scheme='segment', network=8 QPUs × 8 qubits"):
        assert text in repr(wide)
    for text in ("Circuit of 64 qubits", "63 observables, copies=4; ", "; 8 QPUs × 8 qubits"):
        assert text in repr(wide.cells[0].gates)
    assert len(repr(wide)) < 700

    def two_rows(n: int) -> tnq.Circuit:
        return tnq.ansatz.ry_brickwork(n, 2)

    assert "ansatz=two_rows" in repr(tnq.QLSTMCell(1, 2, ansatz=two_rows))


def test_packed_steps_without_sequences() -> None:
    """`nn.LSTM` takes them; no sequence has them."""
    model = tnq.QLSTM(2, 3, depth=1, **DOUBLE)
    rows = torch.randn(3, 2, **DOUBLE)
    out, (h, c) = model(PackedSequence(rows, torch.tensor([2, 1, 0, 0])))
    wanted, last = model(PackedSequence(rows, torch.tensor([2, 1])))
    torch.testing.assert_close((out.data, h, c), (wanted.data, *last), rtol=0, atol=0)


@pytest.mark.parametrize("sizes", ["321", 6, [True] * 6, [5.5, 0.5]])
def test_batch_sizes_are_whole_numbers(sizes: Any) -> None:
    with pytest.raises(ShapeError, match="batch_sizes must be"):
        tnq.QLSTMCell(2, 3, depth=1)(torch.zeros(6, 2), None, sizes)


class Constant(nn.Module):
    def __init__(self, values: Any) -> None:
        super().__init__()
        self.values = values

    def forward(self, x: Tensor) -> Any:
        return self.values


@pytest.mark.parametrize("values", [None, (), torch.zeros(4, 1, 3, dtype=torch.complex64)])
def test_what_stands_for_vqcs_gives_real_tensors(values: Any) -> None:
    cell = tnq.QLSTMCell(2, 3, depth=1)
    cell.register_module("gates", Constant(values))
    with pytest.raises(ShapeError, match="gates must give values of shape"):
        cell(torch.zeros(1, 2))
