"""Pictures of numbers near the end of float64, which matplotlib's own sums can't hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from .series import Series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["in_a_drawn_unit"]

LARGEST_DRAWN = 1e300
UNIT = 1e20  # in which larger ones are drawn

P = ParamSpec("P")


def in_a_drawn_unit(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """The same picture; of larger numbers than can be drawn, in a unit that its axis names.

    Series and arrays among the arguments, and arrays in mappings, are taken to be the data.
    """

    @wraps(draw)
    def drawn(*arguments: P.args, **options: P.kwargs) -> Figure:
        given: list[Any] = [*arguments, *options.values()]
        if max(map(_largest, given), default=0.0) < LARGEST_DRAWN:
            return draw(*arguments, **options)
        wholes: dict[int, Series] = {}  # parts of one series remain parts of one
        reduced: Any = [_reduced(argument, wholes) for argument in arguments]
        named: Any = {name: _reduced(option, wholes) for name, option in options.items()}
        return draw(*reduced, **named)

    return drawn


def _largest(given: Any) -> float:
    if isinstance(given, Series):
        return _largest(given.whole.values)
    if isinstance(given, Mapping):
        return max(map(_largest, given.values()), default=0.0)
    return float(np.abs(given).max()) if isinstance(given, np.ndarray) and given.size else 0.0


def _reduced(given: Any, wholes: dict[int, Series]) -> Any:
    if isinstance(given, Series):
        whole = given.whole
        if id(whole) not in wholes:
            wholes[id(whole)] = Series(
                whole.name,
                whole.values / UNIT,
                whole.inputs,
                whole.source,
                whole.time,
                whole.time_label,
                f"{whole.value_label}, in units of {UNIT:.0e}",
            )
        reduced = wholes[id(whole)]
        return reduced if given is whole else reduced.part(given.start, given.stop)
    if isinstance(given, Mapping):
        return {name: _reduced(value, wholes) for name, value in given.items()}
    return given / UNIT if isinstance(given, np.ndarray) else given
