"""QLSTM cells: recurrence, parameters, and equality with `nn.LSTMCell` around a linear map."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import tnqlstm as tnq
from tnqlstm.errors import CircuitError, PartitionError, ShapeError, UnknownNameError
from tnqlstm.nn import CELLS, QLSTMCell

DOUBLE = {"dtype": torch.float64}


class LinearMaps(nn.Module):
    """Four affine maps in the place of four VQCs."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, n_outputs, n_inputs, **DOUBLE))
        self.bias = nn.Parameter(torch.randn(4, n_outputs, **DOUBLE))

    def bind(self) -> Callable[[Tensor], Tensor]:
        return lambda v: torch.einsum("gon,bn->gbo", self.weight, v) + self.bias[:, None]


@pytest.mark.parametrize("sizes", [(1, 5), (3, 2)])
def test_with_linear_maps_the_cell_is_torchs_lstm_cell(sizes: tuple[int, int]) -> None:
    torch.manual_seed(0)
    n_in, n_hidden = sizes
    cell = QLSTMCell(n_in, n_hidden, depth=1, **DOUBLE)
    maps = LinearMaps(n_in + n_hidden, n_hidden)
    cell.gates = maps  # type: ignore[assignment]
    reference = nn.LSTMCell(n_in, n_hidden, **DOUBLE)
    with torch.no_grad():
        reference.weight_ih.copy_(maps.weight[..., :n_in].reshape(-1, n_in))
        reference.weight_hh.copy_(maps.weight[..., n_in:].reshape(-1, n_hidden))
        reference.bias_ih.copy_(maps.bias.reshape(-1))
        reference.bias_hh.zero_()
    x = torch.randn(7, n_in, requires_grad=True, **DOUBLE)
    state = torch.randn(7, n_hidden, **DOUBLE), torch.randn(7, n_hidden, **DOUBLE)
    ours, theirs = cell(x, state), reference(x, state)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    (grad,) = torch.autograd.grad(ours[0].sum(), x)
    (wanted,) = torch.autograd.grad(theirs[0].sum(), x)
    torch.testing.assert_close(grad, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell_name", CELLS)
def test_every_weight_of_every_vqc_moves(cell_name: str) -> None:
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 3, cell=cell_name, depth=2, **DOUBLE)
    head = nn.Linear(model.output_size, 1, **DOUBLE)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    n_vqc_weights = model.cells[0].circuit.n_weights * model.cells[0].n_vqcs
    assert sum(p.numel() for n, p in before.items() if n.endswith("weights")) == n_vqc_weights
    optimiser = torch.optim.RMSprop([*model.parameters(), *head.parameters()], lr=0.01)
    out, _ = model(torch.randn(10, 4, 1, **DOUBLE))
    (head(out[:, -1]) - 1.0).square().mean().backward()
    optimiser.step()
    for name, parameter in model.named_parameters():
        still = (parameter == before[name]).nonzero()
        dead = _weights_without_effect(model, name)
        assert {tuple(i.tolist()) for i in still} <= dead, f"{name} has weights that never move"


def _weights_without_effect(model: nn.Module, name: str) -> set[tuple[int, ...]]:
    """Weights whose gate no read-out qubit depends on, or that act as a phase on |0⟩ only.

    Found without the engine: the output at random weights doesn't change when they do.
    """
    torch.manual_seed(1)
    parameter = dict(model.named_parameters())[name]
    x = torch.randn(2, 3, 1, **DOUBLE)
    kept = parameter.detach().clone()
    dead = set()
    with torch.no_grad():
        parameter.copy_(torch.randn_like(parameter))
        base = model(x)[0].clone()
        for index in torch.cartesian_prod(*(torch.arange(n) for n in parameter.shape)).reshape(
            -1, parameter.ndim
        ):
            place = tuple(index.tolist())
            value = parameter[place].clone()
            parameter[place] += 0.7
            if torch.allclose(model(x)[0], base, rtol=0, atol=1e-12):
                dead.add(place)
            parameter[place] = value
        parameter.copy_(kept)
    return dead


def test_published_parameter_counts() -> None:
    """126 and 149 trainables with the read-out layer (Chen's codes; computed in FACTS)."""
    for options, wanted in (
        ({"cell": "chen2024", "hidden_size": 5}, 126),
        ({"cell": "chen2020", "hidden_size": 3}, 149),
    ):
        model = tnq.QLSTM(1, **options)
        head = nn.Linear(model.output_size, 1)
        n = sum(p.numel() for module in (model, head) for p in module.parameters())
        assert n == wanted


def test_linked_with_ideal_links_equals_centric() -> None:
    network = tnq.QPUNetwork.line(2, qubits=3)
    torch.manual_seed(0)
    centric = tnq.QLSTM(1, 5, **DOUBLE)
    other = tnq.QLSTM(1, 5, scheme="linked", network=network, **DOUBLE)
    other.load_state_dict(centric.state_dict())
    x = torch.randn(3, 4, 1, **DOUBLE)
    torch.testing.assert_close(centric(x)[0], other(x)[0], rtol=0, atol=1e-13)


def test_segment_is_one_vqc_a_segment() -> None:
    """The gates of a segment cell are the concatenated outputs of separate VQCs."""
    torch.manual_seed(0)
    network = tnq.QPUNetwork.line(2, qubits=[4, 2])
    cell = QLSTMCell(1, 5, depth=3, scheme="segment", network=network, **DOUBLE)
    sizes = [len(block) for block in cell.placed.blocks.values()]
    assert cell.placed.n_cut_gates == 0
    assert sum(sizes) == 6
    v = torch.randn(4, 6, **DOUBLE)
    parts, start = [], 0
    for size in sizes:
        vqc = tnq.VQC(tnq.ansatz.ry_brickwork(size, 3), copies=4, **DOUBLE)
        with torch.no_grad():
            vqc.weights.copy_(cell.gates.weights[:, :, start : start + size])
        parts.append(vqc(v[:, start : start + size]))
        start += size
    torch.testing.assert_close(cell.gates(v), torch.cat(parts, dim=-1)[..., :5], rtol=0, atol=1e-13)


def test_bad_arguments_say_what_to_do() -> None:
    network = tnq.QPUNetwork.line(2, qubits=2)
    with pytest.raises(UnknownNameError, match="chen2024"):
        QLSTMCell(1, 5, cell="chen2042")
    with pytest.raises(UnknownNameError, match="segment"):
        QLSTMCell(1, 5, scheme="segments", network=network)
    with pytest.raises(PartitionError, match="needs a network"):
        QLSTMCell(1, 5, scheme="linked")
    with pytest.raises(PartitionError, match="2 qubits"):
        QLSTMCell(1, 5, scheme="linked", network=network)
    with pytest.raises(PartitionError, match="'centric' needs one QPU of 6"):
        QLSTMCell(1, 5, network=network)
    with pytest.raises(ShapeError, match="n_qubits out"):
        QLSTMCell(1, 5, n_qubits=4)
    with pytest.raises(ShapeError, match="hidden_size"):
        QLSTMCell(1, 0)
    with pytest.raises(CircuitError, match="must give 6 qubits"):
        QLSTMCell(1, 5, ansatz=lambda n: tnq.ansatz.ry_brickwork(3, 1))
    cell = QLSTMCell(2, 3)
    with pytest.raises(ShapeError, match=r"\(batch, 2\)"):
        cell(torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"c of shape \(4, 3\)"):
        cell(torch.randn(4, 2), (torch.zeros(4, 3), torch.zeros(4, 2)))
