"""`QLSTM`: a drop-in for `nn.LSTM` with quantum gates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..arguments import whole
from ..distribution import QPUNetwork
from ..errors import ShapeError
from .cell import QLSTMCell, State
from .placement import Ansatz

__all__ = ["QLSTM"]


class QLSTM(nn.Module):
    """A stack of QLSTM layers over a sequence, with the interface of `nn.LSTM(batch_first=True)`.

    ``out, (h, c) = model(x, (h0, c0))`` with x (batch, time, input_size), (time, batch, input_size)
    where `batch_first` is false, or (time, input_size) for one sequence. out is (batch, time,
    output_size), h (num_layers, batch, hidden_size), c (num_layers, batch, cell_size); without a
    batch axis in x there is none in them. States start from zero. `dropout` acts on the output of
    each layer but the last, in training. For `chen2020`, which can't be stacked, c and out have one
    entry a qubit, else hidden_size.

    Cost: one plan a layer; the part that depends on weights only is computed once a call, then each
    time step contracts the rest for the whole batch. The other parameters are `QLSTMCell`'s.

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
        *,
        cell: str = "chen2024",
        depth: int | None = None,
        n_qubits: int | None = None,
        scheme: str = "centric",
        network: QPUNetwork | None = None,
        ansatz: Ansatz | None = None,
        batch_first: bool = True,
        dropout: float = 0.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        input_size = whole("input_size", input_size, 1, ShapeError)
        hidden_size = whole("hidden_size", hidden_size, 1, ShapeError)
        num_layers = whole("num_layers", num_layers, 1, ShapeError)
        if not 0.0 <= dropout <= 1.0:
            raise ShapeError(f"dropout must be a probability in [0, 1], got {dropout}.")
        if dropout > 0.0 and num_layers == 1:
            warnings.warn(
                "dropout acts between layers; with num_layers=1 it does nothing.", stacklevel=2
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.dropout = batch_first, dropout
        layers: list[QLSTMCell] = []
        width = input_size
        for _ in range(num_layers):
            layer = QLSTMCell(
                width,
                hidden_size,
                cell=cell,
                depth=depth,
                n_qubits=n_qubits,
                scheme=scheme,
                network=network,
                ansatz=ansatz,
                device=device,
                dtype=dtype,
            )
            layers.append(layer)
            width = layer.output_size
        if len({layer.cell_size for layer in layers}) > 1:
            raise ShapeError(
                f"layers of cell {cell!r} would have cell states of sizes "
                f"{[layer.cell_size for layer in layers]}, which one tensor can't hold. Use "
                "num_layers=1, or another cell."
            )
        self.cells = nn.ModuleList(layers)
        self.output_size, self.cell_size = width, layers[0].cell_size

    def _layers(self) -> Iterator[QLSTMCell]:
        for cell in self.cells:
            assert isinstance(cell, QLSTMCell)
            yield cell

    @property
    def n_cut_gates(self) -> int:
        """Cut gates of a time step: those of every VQC of every layer."""
        return sum(cell.n_vqcs * cell.placed.n_cut_gates for cell in self._layers())

    @property
    def n_ebits(self) -> int:
        """E-bits of a time step, packed, those of every VQC of every layer."""
        return sum(cell.n_vqcs * cell.placed.n_ebits for cell in self._layers())

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """(out, (h, c)) as the class says. Raises `ShapeError` for other shapes."""
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size or 0 in x.shape:
            raise ShapeError(
                f"x of shape (batch, time, {self.input_size}) or (time, {self.input_size}) wanted, "
                f"none of them 0, got {tuple(x.shape)}."
            )
        sequence = x.unsqueeze(1) if x.ndim == 2 else x.transpose(0, 1) if self.batch_first else x
        states = self._initial(sequence[0], state, batched=x.ndim == 3)
        for k, cell in enumerate(self._layers()):
            sequence, states[k] = cell.run(sequence, states[k])
            if self.dropout and k + 1 < self.num_layers:
                sequence = nn.functional.dropout(sequence, self.dropout, self.training)
        h, c = (torch.stack(parts) for parts in zip(*states, strict=True))
        if x.ndim == 2:
            return sequence.squeeze(1), (h.squeeze(1), c.squeeze(1))
        return sequence.transpose(0, 1) if self.batch_first else sequence, (h, c)

    def _initial(self, x: Tensor, state: State | None, *, batched: bool) -> list[State]:
        """(h, c) of each layer, checked; zeros by default. x is the first time step."""
        if state is None:
            return [cell.zero_state(x) for cell in self._layers()]
        lead = x.shape[:-1] if batched else ()
        for name, part, size in zip("hc", state, (self.hidden_size, self.cell_size), strict=True):
            wanted = (self.num_layers, *lead, size)
            if part.shape != wanted:
                raise ShapeError(f"{name} of shape {wanted} wanted, got {tuple(part.shape)}.")
        h, c = state if batched else (part.unsqueeze(1) for part in state)
        return list(zip(h.unbind(0), c.unbind(0), strict=True))

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"
