"""`Series`: an equally spaced series of numbers, or a part of one that knows what came before."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .real_numbers import increasing_numbers, real_numbers

__all__ = ["TRAIN_PERCENT", "Series", "as_series"]

# 67 % as in the public QLSTM code. Rounded to the nearest point, it puts the border at the same
# target as "the first 67 % of the windows" does for window 4 and each series of FACTS' table.
TRAIN_PERCENT = 67


@dataclass(frozen=True, eq=False)
class Series:
    """An equally spaced series: the unscaled target, shape (n,), and what it is.

    Parameters
    ----------
    name
        What to call it in tables and pictures.
    values
        The target, shape (n,): real, finite numbers. Kept as a read-only float64 copy.
    inputs
        The driving input u of the same shape, where the target is forecast from u and not from its
        own past (NARMA); None otherwise.
    source
        Where it comes from: a definition, a paper, a file.
    time
        The time of each point, shape (n,), increasing; None: 0, 1, 2, …
    time_label, value_label
        What the axes of a picture say, units included.

    `train` and `test` are the first 67 % and the rest. A part keeps the series it was cut from in
    `whole` and its first index there in `start`, so that the first windows of a test part can look
    back at the points before it. Raises `DataError` where it is empty, not 1-d, missing a number,
    or out of order; `make_series` takes a rule for the last two.
    """

    name: str
    values: NDArray[np.float64]
    inputs: NDArray[np.float64] | None = None
    source: str = ""
    time: NDArray[np.float64] | None = None
    time_label: str = "step"
    value_label: str = "value"
    whole: Series = field(init=False, repr=False)
    start: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        values = real_numbers(f"series {self.name!r}", self.values)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "whole", self)
        for what, read in (("inputs", real_numbers), ("time", increasing_numbers)):
            given = getattr(self, what)
            if given is None:
                continue
            array = read(f"{what} of series {self.name!r}", given)
            if array.shape != values.shape:
                raise DataError(
                    f"{what} of series {self.name!r}: {len(array)} numbers for {len(values)} "
                    "values. Give one for each."
                )
            object.__setattr__(self, what, array)
        if self.time is None:
            object.__setattr__(self, "time", real_numbers("time", np.arange(len(values))))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def stop(self) -> int:
        """One past the last index of this part in `whole`."""
        return self.start + len(self)

    @property
    def train(self) -> Series:
        """The first 67 % of the points, rounded to the nearest point."""
        return self.part(0, self._border)

    @property
    def test(self) -> Series:
        """The points after `train`."""
        return self.part(self._border, len(self))

    def part(self, start: int, stop: int) -> Series:
        """The points start to stop − 1 of this series, which remember the whole."""
        if not 0 <= start < stop <= len(self):
            raise DataError(
                f"part {start} to {stop} of series {self.name!r} of {len(self)} points; "
                f"0 <= start < stop <= {len(self)} wanted."
            )
        assert self.time is not None
        part = Series(
            self.name,
            self.values[start:stop],
            None if self.inputs is None else self.inputs[start:stop],
            self.source,
            self.time[start:stop],
            self.time_label,
            self.value_label,
        )
        object.__setattr__(part, "whole", self.whole)
        object.__setattr__(part, "start", self.start + start)
        return part

    @property
    def _border(self) -> int:
        border = (TRAIN_PERCENT * len(self) + 50) // 100
        if not 0 < border < len(self):
            raise DataError(
                f"series {self.name!r} of {len(self)} points can't be split into a training and a "
                "test part. Give at least 2 points."
            )
        return border

    def __repr__(self) -> str:
        if self.whole is self:
            return f"Series({self.name!r}, {len(self)} points)"
        return f"Series({self.name!r}, points {self.start} to {self.stop - 1} of {len(self.whole)})"


def as_series(values: Series | ArrayLike, name: str = "series") -> Series:
    """`values` itself if it is a `Series`, otherwise a series made of the 1-d array."""
    return values if isinstance(values, Series) else Series(name, values)  # type: ignore[arg-type]
