"""Errors of a forecast, and the two baselines every forecast is shown beside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .real_numbers import real_array
from .windows import Windows

__all__ = ["all_errors", "baselines", "mae", "mse", "nrmse", "r2", "rmse"]


def mse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean squared error, in squared units of the data; infinite where float64 ends.

    Raises `DataError`, as all here do, for shapes that differ and for what isn't a finite number.
    """
    residuals, _, exponent = _residuals(truth, forecast)
    return _unscaled(np.mean(residuals**2), 2 * exponent)


def rmse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Root of the mean squared error, in units of the data."""
    residuals, _, exponent = _residuals(truth, forecast)
    return _unscaled(np.sqrt(np.mean(residuals**2)), exponent)


def mae(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute error, in units of the data."""
    residuals, _, exponent = _residuals(truth, forecast)
    return _unscaled(np.mean(np.abs(residuals)), exponent)


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
    residuals, wanted, _ = _residuals(truth, forecast)
    variance = float(np.var(wanted))
    if variance == 0:
        raise DataError(
            "the truth is constant beside the error, so that an error relative to its spread is "
            "undefined. Use mse, rmse or mae, or a longer series."
        )
    return float(np.mean(residuals**2)) / variance


def _residuals(
    truth: ArrayLike, forecast: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Residuals and truth in units of 2**exponent, in which no square overflows; the exponent.

    Powers of two round nothing, so the errors are those of the plain formulas to the last bit.
    """
    wanted, got = real_array("truth", truth), real_array("forecast", forecast)
    if wanted.shape != got.shape or wanted.size == 0:
        raise DataError(
            f"truth of shape {wanted.shape} against a forecast of shape {got.shape}; "
            "the same shape, with at least one number, wanted."
        )
    for what, numbers in (("truth", wanted), ("forecast", got)):
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            raise DataError(
                f"the {what} has {bad.size} values that are missing or not finite; the first is "
                f"{numbers.flat[bad[0]]} at index {bad[0]}. Leave those points out of both."
            )
    exponent = int(np.frexp(max(np.abs(wanted).max(), np.abs(got).max()))[1])
    wanted, got = np.ldexp(wanted, -exponent), np.ldexp(got, -exponent)
    return got - wanted, wanted, exponent


def _unscaled(error: np.floating, exponent: int) -> float:
    with np.errstate(over="ignore"):
        return float(np.ldexp(error, exponent))
