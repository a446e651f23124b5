"""Errors of a forecast, and the two baselines every forecast is shown beside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .windows import Windows

__all__ = ["all_errors", "baselines", "mae", "mse", "nrmse", "r2", "rmse"]


def mse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean squared error, in squared units of the data. Raises `DataError`, as all here do."""
    return float(np.mean(_residuals(truth, forecast) ** 2))


def rmse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Root of the mean squared error, in units of the data."""
    return float(np.sqrt(mse(truth, forecast)))


def mae(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute error, in units of the data."""
    return float(np.mean(np.abs(_residuals(truth, forecast))))


def nrmse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """RMSE divided by the standard deviation of the truth: 1 is what its own mean would give."""
    return float(np.sqrt(_relative_error(truth, forecast)))


def r2(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Coefficient of determination, 1 − MSE / variance of the truth; 1 is perfect."""
    return 1.0 - _relative_error(truth, forecast)


def all_errors(truth: ArrayLike, forecast: ArrayLike) -> dict[str, float]:
    """MSE, RMSE, MAE and NRMSE by name."""
    return {
        "mse": mse(truth, forecast),
        "rmse": rmse(truth, forecast),
        "mae": mae(truth, forecast),
        "nrmse": nrmse(truth, forecast),
    }


def baselines(train: Windows, test: Windows) -> dict[str, float]:
    """Test MSE of two forecasts that learn nothing.

    "mean": the mean of the training targets, always. "persistence": the last value of the target;
    for a series with inputs it sees more than a model that is given the inputs only.
    """
    mean = np.full_like(test.targets, train.targets.mean())
    return {"mean": mse(test.targets, mean), "persistence": mse(test.targets, test.previous)}


def _relative_error(truth: ArrayLike, forecast: ArrayLike) -> float:
    variance = float(np.var(np.asarray(truth, dtype=np.float64)))
    error = mse(truth, forecast)
    if variance == 0:
        raise DataError(
            "the truth is constant, so an error relative to its spread is undefined. "
            "Use mse, rmse or mae, or a longer series."
        )
    return error / variance


def _residuals(truth: ArrayLike, forecast: ArrayLike) -> NDArray[np.float64]:
    wanted, got = np.asarray(truth, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    if wanted.shape != got.shape or wanted.size == 0:
        raise DataError(
            f"truth of shape {wanted.shape} against a forecast of shape {got.shape}; "
            "the same shape, with at least one number, wanted."
        )
    return got - wanted
