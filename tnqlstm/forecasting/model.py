"""The model of a forecast: a recurrent network and a linear head on its last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import DataError, ShapeError, TnqlstmError

if TYPE_CHECKING:
    from .config import ForecastConfig

__all__ = [
    "DivergenceError",
    "LinkCosts",
    "RecurrentForecast",
    "build_model",
    "dtype_name",
    "forecast_windows",
    "free_run",
    "link_costs",
    "model_tensor",
    "n_parameters",
]


class DivergenceError(TnqlstmError):
    """A loss or forecast that isn't finite; the state before it is kept."""


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
    """One-step forecasts, shape (n, 1), of windows (n, time, 1), without gradients or dropout.

    Raises `DataError` for windows that the model's dtype can't hold, `DivergenceError` for
    forecasts that aren't finite.
    """
    weight = next(model.parameters())
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            inputs = model_tensor("windows", windows, weight)
            parts = [model(part) for part in inputs.split(batch_size)]
    finally:
        model.train(was_training)
    forecasts = torch.cat(parts).cpu().numpy().astype(np.float64)
    if not np.isfinite(forecasts).all():
        raise DivergenceError(
            f"{np.count_nonzero(~np.isfinite(forecasts))} of {len(forecasts)} forecasts aren't "
            "finite. Train again with a lower learning_rate, or look for outliers in the series."
        )
    return forecasts


def model_tensor(what: str, numbers: NDArray[np.float64], weight: Tensor) -> Tensor:
    """The numbers in a weight's dtype, on its device; a `DataError` where it can't hold them."""
    tensor = torch.as_tensor(numbers, dtype=weight.dtype, device=weight.device)
    if not torch.isfinite(tensor).all():
        raise DataError(
            f"{what} reach {np.abs(numbers).max():.3g} in scaled units, which {dtype_name(weight)} "
            "can't hold. Use scaling='train' and series of one unit, or dtype='float64'."
        )
    return tensor


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


def dtype_name(tensor: Tensor) -> str:
    """The name of a tensor's dtype, as "float32"."""
    return str(tensor.dtype).removeprefix("torch.")


def n_parameters(model: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
