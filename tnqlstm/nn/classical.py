"""The classical reference beside a QLSTM."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ..arguments import whole
from ..errors import ShapeError
from .cell import State

__all__ = ["ClassicalLSTM"]


class ClassicalLSTM(nn.LSTM):
    """`nn.LSTM` with the attributes that models read here: batch first, and `output_size`."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, **options: Any
    ) -> None:
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        whole_sizes = {name: whole(name, size, 1, ShapeError) for name, size in sizes.items()}
        super().__init__(**{"batch_first": True, **whole_sizes, **options})

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
        return self.hidden_size

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:  # type: ignore[override]
        """As `nn.LSTM`; raises `ShapeError` for another width."""
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"x of shape (batch, time, {self.input_size}) wanted, got {tuple(x.shape)}."
            )
        return super().forward(x, state)
