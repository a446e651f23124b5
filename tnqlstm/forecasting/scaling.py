"""Scaling to [-1, 1]: what it is fitted on decides whether the test part leaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, look_up
from .series import Series

__all__ = ["SCALINGS", "Scaler", "Scalers", "fit_scalers"]

SCALINGS = {
    "train": "minimum and maximum of the training part; test values may leave [-1, 1]",
    "whole-series": "minimum and maximum of the whole series, as published; leaks the test part",
    "none": "unscaled, the default for a series with inputs (NARMA)",
}


@dataclass(frozen=True)
class Scaler:
    """The affine map of [centre − half_range, centre + half_range] onto [-1, 1]."""

    centre: float = 0.0
    half_range: float = 1.0

    @classmethod
    def fit(cls, values: NDArray[np.float64], what: str = "the series") -> Scaler:
        """The scaler whose image of `values` is [-1, 1]. Raises `DataError` for a constant."""
        low, high = float(np.min(values)), float(np.max(values))
        if low == high:
            raise DataError(
                f"{what} is constant at {low}, so it can't be scaled to [-1, 1]. "
                "Use scaling='none', or a series that varies."
            )
        return cls((low + high) / 2, (high - low) / 2)

    def transform(self, values: ArrayLike) -> NDArray[np.float64]:
        """Scaled values, the same shape."""
        return (np.asarray(values, dtype=np.float64) - self.centre) / self.half_range

    def inverse(self, scaled: ArrayLike) -> NDArray[np.float64]:
        """Values in the data's units, the same shape."""
        return np.asarray(scaled, dtype=np.float64) * self.half_range + self.centre


@dataclass(frozen=True)
class Scalers:
    """The scaler of the target and, for a series with inputs, that of its inputs."""

    target: Scaler = Scaler()
    inputs: Scaler = Scaler()

    def apply(self, series: Series) -> Series:
        """The series scaled, its `whole` included."""
        whole = series.whole
        scaled = Series(
            whole.name,
            self.target.transform(whole.values),
            None if whole.inputs is None else self.inputs.transform(whole.inputs),
            whole.source,
            whole.time,
            whole.time_label,
            f"{whole.value_label}, scaled",
        )
        return scaled if series is whole else scaled.part(series.start, series.stop)


def fit_scalers(train: Series, scaling: str | None = None) -> Scalers:
    """The scalers that `scaling` (a key of `SCALINGS`) asks for, fitted on the training part.

    None: "train", or "none" for a series with inputs. Raises `UnknownNameError`, `DataError`.
    """
    if scaling is None:
        scaling = "train" if train.inputs is None else "none"
    look_up("scaling", scaling, SCALINGS)
    if scaling == "none":
        return Scalers()
    part = train if scaling == "train" else train.whole
    what = f"the training part of {train.name!r}" if scaling == "train" else f"{train.name!r}"
    if part.inputs is None:
        return Scalers(Scaler.fit(part.values, what))
    return Scalers(
        Scaler.fit(part.values, what), Scaler.fit(part.inputs, f"the input of {train.name!r}")
    )
