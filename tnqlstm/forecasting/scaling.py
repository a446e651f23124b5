"""Scaling to [-1, 1]: what it is fitted on decides whether the test part leaks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, look_up
from .real_numbers import real_numbers
from .series import Series

__all__ = ["SCALINGS", "Scaler", "Scalers", "fit_scalers"]

SCALINGS = {
    "train": "minimum and maximum of the training part; test values may leave [-1, 1]",
    "whole-series": "minimum and maximum of the whole series, as published; leaks the test part",
    "none": "unscaled, as published for NARMA; for numbers of the size of 1",
}


# numbers with fewer steps of float64 in their range than this are mostly rounding
_STEPS = 1000


@dataclass(frozen=True)
class Scaler:
    """The affine map of [centre − half_range, centre + half_range] onto [-1, 1].

    Exact to rounding over all of float64: halves are subtracted where wholes could overflow.
    """

    centre: float = 0.0
    half_range: float = 1.0

    @classmethod
    def fit(cls, values: ArrayLike, what: str = "the series") -> Scaler:
        """The scaler whose image of `values`, shape (n,), is [-1, 1].

        Raises `DataError` for a constant, and for numbers so near one another that rounding is most
        of what tells them apart.
        """
        numbers = real_numbers(what, values)
        low, high = float(numbers.min()), float(numbers.max())
        if low == high:
            raise DataError(
                f"{what} is constant at {low}, so it can't be scaled to [-1, 1]. "
                "Use scaling='none', or a series that varies."
            )
        largest = max(-low, high)
        part = _part(largest)
        centre = (low * part + high * part) / (2 * part)
        half_range = (high * part - low * part) / (2 * part)
        step = math.ulp(largest)
        if half_range < _STEPS / 2 * step:
            raise DataError(
                f"{what} is {centre:.6g} ± {half_range:.3g}, where float64 has steps of "
                f"{step:.3g}: rounding is most of it. Subtract the offset before the numbers are "
                "rounded, or change the unit."
            )
        return cls(centre, half_range)

    def transform(self, values: ArrayLike) -> NDArray[np.float64]:
        """Scaled values, the same shape. Raises `DataError` where they are beyond float64."""
        part = _part(self.half_range)
        array = np.asarray(values, dtype=np.float64)
        with np.errstate(over="ignore"):
            scaled = (array * part - self.centre * part) / (self.half_range * part)
        if not np.isfinite(scaled).all():
            raise DataError(
                f"a value of {array.flat[np.flatnonzero(~np.isfinite(scaled))[0]]} is beyond "
                f"float64 once it's scaled by [{self.centre - self.half_range:.6g}, "
                f"{self.centre + self.half_range:.6g}]. Give a series in the unit of the "
                "training series."
            )
        return scaled

    def inverse(self, scaled: ArrayLike) -> NDArray[np.float64]:
        """Values in the data's units, the same shape. Raises `DataError` as `transform`."""
        part = _part(self.half_range)
        array = np.asarray(scaled, dtype=np.float64)
        with np.errstate(over="ignore"):
            values = (array * (self.half_range * part) + self.centre * part) / part
        if not np.isfinite(values).all():
            raise DataError(
                f"a forecast of {array.flat[np.flatnonzero(~np.isfinite(values))[0]]:.6g} in "
                "scaled units is beyond float64 in the data's. Divide the series by a constant "
                "before the training."
            )
        return values


def _part(size: float) -> float:
    """What sums of such numbers are made of: halves, but wholes where halves could underflow."""
    return 0.5 if size > 1 else 1.0


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


def fit_scalers(train: Series, scaling: str = "train") -> Scalers:
    """The scalers that `scaling` (a key of `SCALINGS`) asks for, fitted on the training part.

    Target and inputs have a scaler each. Raises `UnknownNameError`, `DataError`.
    """
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
