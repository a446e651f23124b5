"""The model of a forecast: a recurrent network and a linear head on its last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import ShapeError

if TYPE_CHECKING:
    from .config import ForecastConfig

__all__ = [
    "LinkCosts",
    "RecurrentForecast",
    "build_model",
    "forecast_windows",
    "free_run",
    "link_costs",
    "n_parameters",
]


class RecurrentForecast(nn.Module):
    """Windows (batch, time, 1) to the next value (batch, 1): Linear(recurrent(x)[:, -1]).

    `recurrent`: a `QLSTM`, a `ClassicalLSTM` or any module with an `output_size` that maps
    (batch, time, 1) to ((batch, time, output_size), state).
    """

    def __init__(
        self,
        recurrent: nn.Module,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.recurrent = recurrent
        width: Any = recurrent.output_size
        self.head = nn.Linear(width, 1, device=device, dtype=dtype)

    def forward(self, windows: Tensor) -> Tensor:
        """The next value of each window, shape (batch, 1). Differentiable."""
        if windows.ndim != 3 or windows.shape[-1] != 1:
            raise ShapeError(
                f"windows of shape (batch, time, 1) wanted, got {tuple(windows.shape)}."
            )
        out, _ = self.recurrent(windows)
        return self.head(out[:, -1])


def build_model(
    config: ForecastConfig, *, device: torch.device | str | None = None
) -> RecurrentForecast:
    """The untrained model of a config; its weights are drawn from torch's global generator."""
    from ..nn import QLSTM, ClassicalLSTM

    dtype = None if config.dtype is None else getattr(torch, str(config.dtype))
    placement: dict[str, Any] = {"device": device, "dtype": dtype}
    recurrent: nn.Module
    if config.model == "lstm":
        recurrent = ClassicalLSTM(
            1, config.hidden_size, config.num_layers, dropout=config.dropout, **placement
        )
    else:
        recurrent = QLSTM(
            1,
            config.hidden_size,
            config.num_layers,
            cell=config.cell,
            depth=config.depth,
            n_qubits=config.n_qubits,
            scheme=config.scheme,
            network=config.network,
            ansatz=config.ansatz,
            dropout=config.dropout,
            **placement,
        )
    return RecurrentForecast(recurrent, **placement)


def forecast_windows(
    model: nn.Module, windows: NDArray[np.float64], batch_size: int = 256
) -> NDArray[np.float64]:
    """One-step forecasts, shape (n, 1), of windows (n, time, 1), without gradients or dropout."""
    weight = next(model.parameters())
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            inputs = torch.as_tensor(windows, dtype=weight.dtype, device=weight.device)
            parts = [model(part) for part in inputs.split(batch_size)]
    finally:
        model.train(was_training)
    return torch.cat(parts).cpu().numpy().astype(np.float64)


def free_run(model: nn.Module, window: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """`horizon` forecasts, shape (horizon,), each fed back as the newest value of the window.

    `window`: the last scaled values, shape (time,).
    """
    recent = np.array(window, dtype=np.float64)
    forecasts = np.empty(horizon)
    for step in range(horizon):
        forecasts[step] = forecast_windows(model, recent[None, :, None])[0, 0]
        recent = np.append(recent[1:], forecasts[step])
    return forecasts


@dataclass(frozen=True)
class LinkCosts:
    """What one time step costs on the links, over all VQCs of all layers."""

    n_cut_gates: int
    n_ebits: int


def link_costs(model: RecurrentForecast) -> LinkCosts:
    """Cut gates and packed e-bits of one time step; zero for a classical model."""
    from ..nn import QLSTM

    recurrent = model.recurrent
    if not isinstance(recurrent, QLSTM):
        return LinkCosts(0, 0)
    return LinkCosts(recurrent.n_cut_gates, recurrent.n_ebits)


def n_parameters(model: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
