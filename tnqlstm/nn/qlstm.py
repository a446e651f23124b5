"""`QLSTM`: a drop-in for `nn.LSTM` with quantum gates."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from ..arguments import real, whole
from ..distribution import QPUNetwork
from ..distribution.network_text import as_network
from ..errors import ShapeError
from .cell import QLSTMCell
from .options import check_bias, flag, sketch
from .placement import Ansatz
from .precision import by_itself
from .state import State, check_state, told
from .steps import Steps
from .vqc import VQC

__all__ = ["QLSTM"]


class QLSTM(nn.Module):
    """A stack of QLSTM layers over sequences, with the interface of `nn.LSTM`, batch first.

    ``out, (h, c) = model(x, (h0, c0))`` with x (batch, time, input_size), (time, batch, input_size)
    where `batch_first` is false, (time, input_size) for one sequence, or a `PackedSequence`, which
    out then is too. out is (batch, time, output_size), h (num_layers · n_directions, batch,
    hidden_size), c (…, batch, cell_size), the directions of a layer side by side; without a batch
    axis in x there is none in them. States start from zero. `dropout` acts on the output of each
    layer but the last, in training. `bidirectional`: a second cell in each layer runs from the end
    of each sequence to its beginning, and the outputs of both are joined. For `chen2020`, which
    can't be stacked, c and out have one entry a qubit, else hidden_size. `bias` is True and
    `proj_size` 0, as circuits have neither.

    The other parameters are `QLSTMCell`'s; `network` may also be a list with one for each layer.

    Computes in the precision of its weights, float32 or float64, under autocast too, and stays as
    it is under `torch.compile`, as `nn.LSTM` does.

    Cost: one plan a cell; the part that depends on weights only is computed once a call, then each
    time step contracts the rest for the whole batch. `cells[k]` is layer k, `cells_reverse[k]` its
    other direction; each is called once for all steps (see `QLSTMCell.forward`), so hooks fire.

    >>> import torch, tnqlstm as tnq
    >>> network = tnq.QPUNetwork.line(2, qubits=3)
    >>> model = tnq.QLSTM(1, 5, scheme="linked", network=network)
    >>> out, (h, c) = model(torch.randn(32, 20, 1))
    >>> out.shape
    torch.Size([32, 20, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        cell: str = "chen2024",
        depth: int | None = None,
        n_qubits: int | None = None,
        scheme: str = "centric",
        network: QPUNetwork | Sequence[QPUNetwork] | None = None,
        ansatz: Ansatz | None = None,
        method: str = "auto",
        max_memory: int | None = None,
    ) -> None:
        super().__init__()
        self.input_size = whole("input_size", input_size, 1, ShapeError)
        self.hidden_size = whole("hidden_size", hidden_size, 1, ShapeError)
        self.num_layers = whole("num_layers", num_layers, 1, ShapeError)
        check_bias(bias)
        self.bias, self.batch_first = True, flag("batch_first", batch_first)
        self.bidirectional = flag("bidirectional", bidirectional)
        self.dropout = _checked_dropout(dropout, self.num_layers)
        if proj_size:
            raise ShapeError(
                f"proj_size={proj_size} isn't possible: h has one entry for each qubit that is "
                "read. Leave proj_size out, take a smaller hidden_size, or put nn.Linear behind."
            )
        self.proj_size = 0
        networks = _network_of_each(network, self.num_layers)
        options: dict[str, Any] = {
            "cell": cell,
            "depth": depth,
            "n_qubits": n_qubits,
            "scheme": scheme,
            "ansatz": ansatz,
            "method": method,
            "max_memory": max_memory,
            "device": device,
            "dtype": dtype,
        }
        layers: list[list[QLSTMCell]] = []
        width = self.input_size
        for own in networks:
            directions = [
                QLSTMCell(width, self.hidden_size, network=own, **options)
                for _ in range(1 + self.bidirectional)
            ]
            layers.append(directions)
            width = sum(each.output_size for each in directions)
        sizes = [directions[0].cell_size for directions in layers]
        if len(set(sizes)) > 1:
            raise ShapeError(
                f"layers of cell {cell!r} would have cell states of sizes {sizes}, which one "
                "tensor can't hold. Use num_layers=1, or another cell."
            )
        forward, *others = zip(*layers, strict=True)
        self.cells = nn.ModuleList(forward)
        self.cells_reverse = nn.ModuleList(others[0]) if others else None
        self.output_size, self.cell_size = width, sizes[0]
        drawn = " / ".join(dict.fromkeys(sketch(cell.placed.network) for cell in forward))
        self._described = layers[0][0].described + ("" if network is None else f", network={drawn}")

    @property
    def n_directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _layers(self) -> Iterator[tuple[nn.Module, ...]]:
        """The cells of each layer: forwards, then backwards."""
        stacks = [self.cells] if self.cells_reverse is None else [self.cells, self.cells_reverse]
        return zip(*stacks, strict=True)

    def _vqcs(self) -> Iterator[VQC]:
        """Those of each cell, also where cells share one."""
        modules = (
            module for layer in self._layers() for cell in layer for module in cell.modules()
        )
        return (module for module in modules if isinstance(module, VQC))

    @property
    def n_cut_gates(self) -> int:
        """Cut gates of a time step: those of every VQC of every layer and direction."""
        return sum((vqc.copies or 1) * vqc.placed.n_cut_gates for vqc in self._vqcs())

    @property
    def n_ebits(self) -> int:
        """E-bits of a time step, packed, those of every VQC of every layer and direction."""
        return sum((vqc.copies or 1) * vqc.placed.n_ebits for vqc in self._vqcs())

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction, in the order of h."""
        return [list(cell.parameters()) for layer in self._layers() for cell in layer]

    def flatten_parameters(self) -> None:
        """Nothing: for code that calls it on any recurrent module."""

    def reset_parameters(self) -> None:
        """Draw all weights again, those of each cell as when it was made."""
        for layer in self._layers():
            for cell in layer:
                cell.reset_parameters()  # type: ignore[operator]

    @by_itself
    def forward(
        self, input: Tensor | PackedSequence, hx: State | None = None
    ) -> tuple[Tensor | PackedSequence, State]:
        """(out, (h, c)) as the class says. Raises `ShapeError` for other shapes, dtypes, devices.

        A batch may be empty, a sequence may not.
        """
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        x = self._time_first(input)
        (n_steps, n_samples), batched = x.shape[:2], input.ndim == 3
        state = self._state(input, hx, (n_samples,) if batched else ())
        if state is not None and not batched:
            state = state[0].unsqueeze(1), state[1].unsqueeze(1)
        out, (h, c) = self._run(x, state, Steps((n_samples,) * n_steps))
        if not batched:
            return out.squeeze(1), (h.squeeze(1), c.squeeze(1))
        return out.transpose(0, 1) if self.batch_first else out, (h, c)

    def _packed(self, x: PackedSequence, hx: State | None) -> tuple[PackedSequence, State]:
        """The sequences of x are its own order, longest first; those of states are the user's."""
        if x.data.ndim != 2 or x.data.shape[1] != self.input_size:
            raise ShapeError(
                f"packed sequences of shape (time, {self.input_size}) wanted, "
                f"got {tuple(x.data.shape)} as data."
            )
        steps = Steps.of(x.batch_sizes, x.data)
        state = self._state(x.data, hx, (steps.n_samples,))
        if state is not None and x.sorted_indices is not None:
            state = _taken(state, x.sorted_indices)
        rows, last = self._run(x.data, state, steps)
        if x.unsorted_indices is not None:
            last = _taken(last, x.unsorted_indices)
        return PackedSequence(rows, *x[1:]), last

    def _run(self, x: Tensor, state: State | None, steps: Steps) -> tuple[Tensor, State]:
        """The stack over these steps."""
        given = itertools.repeat(None) if state is None else zip(*state, strict=True)
        found: list[State] = []
        for k, layer in enumerate(self._layers()):
            if k and self.dropout:
                x = nn.functional.dropout(x, self.dropout, self.training)
            forward, *others = layer
            x_next, last = forward(x, next(given), steps)
            found.append(last)
            for cell in others:
                output, last = cell(steps.backwards(x), next(given), steps)
                x_next = torch.cat([x_next, steps.backwards(output)], dim=-1)
                found.append(last)
            x = x_next
        h, c = (torch.stack(parts) for parts in zip(*found, strict=True))
        return x, (h, c)

    def _time_first(self, x: Tensor) -> Tensor:
        """x as (time, batch, input_size), checked."""
        order = "batch, time" if self.batch_first else "time, batch"
        wanted = f"({order}, {self.input_size}) or (time, {self.input_size})"
        if not isinstance(x, Tensor) or x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            raise ShapeError(f"x of shape {wanted}, or a PackedSequence, wanted, got {told(x)}.")
        found = x.unsqueeze(1) if x.ndim == 2 else x.transpose(0, 1) if self.batch_first else x
        if found.shape[0] == 0:
            raise ShapeError(
                f"x of shape {wanted} wanted, at least one time step, got {tuple(x.shape)}."
            )
        return found

    def _state(self, x: Tensor, hx: State | None, lead: Sequence[int]) -> State | None:
        if hx is None:
            return None
        n = self.num_layers * self.n_directions
        return check_state(hx, (n, *lead, self.hidden_size), (n, *lead, self.cell_size), x)

    def extra_repr(self) -> str:
        shown = [
            f"{name}={value}"
            for name, value, default in (
                ("num_layers", self.num_layers, 1),
                ("batch_first", self.batch_first, True),
                ("dropout", self.dropout, 0.0),
                ("bidirectional", self.bidirectional, False),
            )
            if value != default
        ]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *shown, self._described])


def _taken(state: State, order: Tensor) -> State:
    """The sequences of a state in another order."""
    h, c = state
    return h.index_select(1, order), c.index_select(1, order)


def _checked_dropout(dropout: float, num_layers: int) -> float:
    dropout = real("dropout", dropout, ShapeError)
    if not 0.0 <= dropout <= 1.0:
        raise ShapeError(f"dropout must be a probability in [0, 1], got {dropout}.")
    if dropout > 0.0 and num_layers == 1:
        warnings.warn(
            "dropout acts between layers; with num_layers=1 it does nothing.", stacklevel=3
        )
    return dropout


def _network_of_each(
    network: QPUNetwork | Sequence[QPUNetwork] | None, num_layers: int
) -> list[QPUNetwork | None]:
    """The network of each layer."""
    if network is None:
        return [None] * num_layers
    if not isinstance(network, list | tuple):
        return [as_network(network)] * num_layers
    if len(network) != num_layers:
        raise ShapeError(
            f"network must be a QPUNetwork or a list with one for each of {num_layers} layers, "
            f"got {network!r}."
        )
    return [as_network(each) for each in network]
