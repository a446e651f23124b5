"""Axes of very large, very small or nearly equal numbers, with nothing written over a legend."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

__all__ = ["write_out_numbers"]

_LONG_LABEL = 8  # characters; of longer ones few fit side by side
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def write_out_numbers(axis: Axis) -> None:
    """Say a power of ten in the axis' label, and write each tick with the digits it needs.

    matplotlib writes "1e9" or "+1e9" at the end of the axis, where a legend or title is. Call it
    last, once all data and the label are there. Nothing happens on a logarithmic axis.
    """
    from matplotlib.axis import XAxis
    from matplotlib.ticker import Formatter, MaxNLocator

    is_x = isinstance(axis, XAxis)
    if axis.get_scale() != "linear":
        return
    low, high = sorted(axis.get_view_interval())
    largest = max(abs(low), abs(high)) or 1.0
    exponent = 0
    if not 1e-3 <= largest < 1e6:
        exponent = 3 * math.floor(math.log10(largest) / 3)
    nearly_equal = high - low < largest / 100
    if 1e6 <= largest < 1e12 and nearly_equal and not is_x:
        exponent = 0  # 999,999,950 says more than 0.99999995 · 10⁹
    unit = 10.0**exponent

    class Written(Formatter):
        def format_ticks(self, values: list[float]) -> list[str]:
            steps = [abs(b - a) for a, b in pairwise(values) if a != b]
            digits = _decimals(min(steps, default=unit) / unit)
            grouping = "," if largest / unit >= 1e5 else ""
            return [
                f"{value / unit + 0.0:{grouping}.{digits}f}".replace("-", "−") for value in values
            ]

        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}"

    axis.set_major_formatter(Written())
    if exponent:
        power = str(exponent).translate(_SUPERSCRIPTS)
        label = axis.get_label_text()
        axis.set_label_text(f"{label}, 10{power}" if label else f"10{power}")
    longest = len(f"{largest / unit:.0f}") + _decimals((high - low) / 8 / unit)
    if is_x and longest > _LONG_LABEL:
        axis.set_major_locator(MaxNLocator(4))


def _decimals(step: float) -> int:
    """Decimals that tell multiples of a step apart; a step is 1, 2, 2.5 or 5 times a power."""
    for digits in range(16):
        scaled = step * 10**digits
        if scaled >= 0.99 and abs(scaled - round(scaled)) < 1e-3 * scaled:
            return digits
    return 16
