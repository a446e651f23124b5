"""The classical reference beside a QLSTM."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from ..arguments import whole
from ..errors import ShapeError
from .options import flag
from .state import State, told

__all__ = ["ClassicalLSTM"]


class ClassicalLSTM(nn.LSTM):
    """`nn.LSTM` with the attributes that models read here: batch first, and `output_size`."""

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
    ) -> None:
        named = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        sizes = [whole(name, size, 1, ShapeError) for name, size in named.items()]
        directions = (flag("bidirectional", bidirectional), proj_size)
        super().__init__(*sizes, bias, batch_first, dropout, *directions, device, dtype)

    @classmethod
    def like(cls, n_parameters: int, input_size: int, **options: Any) -> ClassicalLSTM:
        """The one-layer LSTM whose number of parameters, 4·h·(in + h + 2), is nearest."""
        n_parameters = whole("n_parameters", n_parameters, 1, ShapeError)
        input_size = whole("input_size", input_size, 1, ShapeError)

        def distance(h: int) -> int:
            return abs(4 * h * (input_size + h + 2) - n_parameters)

        return cls(input_size, min(range(1, n_parameters + 1), key=distance), **options)

    @property
    def output_size(self) -> int:
        return (self.proj_size or self.hidden_size) * (1 + self.bidirectional)

    def forward(self, input: Any, hx: State | None = None) -> Any:
        """As `nn.LSTM`; raises `ShapeError` for another width."""
        ranks, data = ((2,), input.data) if isinstance(input, PackedSequence) else ((2, 3), input)
        is_tensor = isinstance(data, Tensor)
        if not is_tensor or data.ndim not in ranks or data.shape[-1] != self.input_size:
            raise ShapeError(
                f"x of shape (batch, time, {self.input_size}) wanted, got {told(data)}."
            )
        return super().forward(input, hx)
