"""Linear maps in the place of VQCs, and the `nn.LSTM` that then computes the same."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import tnqlstm as tnq

__all__ = ["DOUBLE", "LinearMaps", "lstm_of", "swapped"]

DOUBLE: dict[str, Any] = {"dtype": torch.float64}


class LinearMaps(nn.Module):
    """Four affine maps in the place of four VQCs, (..., n_inputs) -> (4, ..., n_outputs)."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, n_outputs, n_inputs, **DOUBLE))
        self.bias = nn.Parameter(torch.randn(4, n_outputs, **DOUBLE))

    def forward(self, v: Tensor) -> Tensor:
        return torch.stack([v @ w.T + b for w, b in zip(self.weight, self.bias, strict=True)])


def swapped(**options: Any) -> tnq.QLSTM:
    """A QLSTM of 2 inputs and 3 hidden units whose VQCs are linear maps."""
    model = tnq.QLSTM(2, 3, depth=1, **DOUBLE, **options)
    for layer in (*model.cells, *(model.cells_reverse or ())):
        layer.gates = LinearMaps(layer.input_size + 3, 3)
    return model


def lstm_of(model: tnq.QLSTM) -> nn.LSTM:
    """`nn.LSTM` with the maps of such a model, its second biases 0."""
    names = ("num_layers", "batch_first", "bidirectional")
    lstm = nn.LSTM(2, 3, **{name: getattr(model, name) for name in names}, **DOUBLE)
    with torch.no_grad():
        for cells, suffix in ((model.cells, ""), (model.cells_reverse or (), "_reverse")):
            for k, cell in enumerate(cells):
                maps: Any = cell.gates
                width = cell.input_size
                given = {
                    "weight_ih": maps.weight[..., :width].flatten(0, 1),
                    "weight_hh": maps.weight[..., width:].flatten(0, 1),
                    "bias_ih": maps.bias.flatten(),
                    "bias_hh": torch.zeros(12, **DOUBLE),
                }
                for name, value in given.items():
                    getattr(lstm, f"{name}_l{k}{suffix}").copy_(value)
    return lstm
