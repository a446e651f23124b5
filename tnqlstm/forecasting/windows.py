"""Windows: the last points that a forecast sees, and the point it should give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arguments import whole as whole_number
from ..errors import DataError
from .series import Series

__all__ = ["Windows", "check_window", "make_windows"]


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of a series and their targets.

    `inputs`: shape (n, window, 1); `targets`: (n, 1), the target one step after each window;
    `previous`: (n, 1), the target's value one step earlier, which persistence predicts;
    `positions`: (n,), the index of each target in the series the windows were made of.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    previous: NDArray[np.float64]
    positions: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)


def make_windows(series: Series, window: int, *, drop_last: bool = False) -> Windows:
    """All windows whose target lies in `series`.

    The window of the target y_t is (y_{t−w}, …, y_{t−1}), or (u_{t−w}, …, u_{t−1}) for a series
    with inputs u (NARMA: y_t is made of u_{t−1} and older). The windows of a part reach back into
    the points before it. `drop_last` leaves the last window out, as the loop of the public QLSTM
    code does, so published figures are without it.

    Raises `DataError` where the series is too short for one window.
    """
    window = check_window(window)
    whole = series.whole
    first = max(series.start, window)
    stop = series.stop - bool(drop_last)
    if stop <= first:
        before = f" and {series.start} before it" if series.start else ""
        wanted = max(window - series.start, 0) + 1 + bool(drop_last)
        raise DataError(
            f"series {series.name!r} has {len(series)} points{before}; a window of {window} needs "
            f"at least {wanted}. Give a longer series or a smaller window."
        )
    driver = whole.values if whole.inputs is None else whole.inputs
    targets = np.arange(first, stop)
    past = targets[:, None] + np.arange(-window, 0)
    return Windows(
        inputs=driver[past][:, :, None],
        targets=whole.values[targets][:, None],
        previous=whole.values[targets - 1][:, None],
        positions=targets - series.start,
    )


def check_window(window: int) -> int:
    """The window as an int, see `arguments.whole`; raises `DataError`."""
    return whole_number("window", window, 1, DataError)
