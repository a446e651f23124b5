"""Series of data that lack points or aren't in order, by a rule that the caller names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, look_up
from .real_numbers import missing_as_nan, real_numbers
from .series import Series

__all__ = ["MISSING", "ORDERS", "make_series"]

MISSING = {
    "refuse": "an error that says where the first one is",
    "drop": "leave the points out; the others close up",
    "interpolate": "on the straight line between the neighbours in time",
}
ORDERS = {
    "check": "an error where times don't increase",
    "sort": "sort the points by time",
    "keep": "keep the order and number the points 0, 1, 2, …",
}


def make_series(
    name: str,
    values: ArrayLike,
    *,
    inputs: ArrayLike | None = None,
    time: ArrayLike | None = None,
    missing: str = "refuse",
    order: str = "check",
    **labels: Any,
) -> Series:
    """A `Series` of points of which some may be missing (nan, None, masked) or out of order.

    `missing`, a key of `MISSING`, and `order`, a key of `ORDERS`, say what becomes of them. A point
    is missing where its value or its input is. `labels`: `source`, `time_label`, `value_label`.

    Raises `UnknownNameError`; `DataError` for what no rule covers: infinite values, times that are
    missing or come twice, and missing points at either end where they're to be interpolated.

    >>> make_series("s", [1.0, None, 3.0], missing="interpolate").values
    array([1., 2., 3.])
    """
    look_up("missing", missing, MISSING)
    look_up("order", order, ORDERS)
    what = f"series {name!r}"
    columns = {"values": missing_as_nan(what, values)}
    if inputs is not None:
        columns["inputs"] = missing_as_nan(f"inputs of {what}", inputs)
    if time is not None and order != "keep":
        columns["time"] = real_numbers(f"time of {what}", time)
    if len({len(column) for column in columns.values()}) > 1:
        sizes = ", ".join(f"{len(column)} {key}" for key, column in columns.items())
        raise DataError(f"{what}: {sizes}. As many of each wanted.")
    if order == "sort":
        if time is None:
            raise DataError(f"{what} has no times to sort by. Give time=…, or leave order out.")
        places = np.argsort(columns["time"], kind="stable")
        columns = {key: column[places] for key, column in columns.items()}
    if missing == "drop":
        columns = _dropped(columns)
    elif missing == "interpolate":
        columns = _interpolated(what, columns)
    options: dict[str, Any] = {**columns, **labels}
    return Series(name, **options)


Columns = dict[str, NDArray[np.float64]]


def _dropped(columns: Columns) -> Columns:
    known = ~np.any([np.isnan(column) for column in columns.values()], axis=0)
    return {key: column[known] for key, column in columns.items()}


def _interpolated(what: str, columns: Columns) -> Columns:
    at = columns.get("time", np.arange(len(columns["values"]), dtype=np.float64))
    full = {}
    for key, column in columns.items():
        gaps = np.isnan(column)
        for end in (0, -1):
            if gaps[end]:
                raise DataError(
                    f"the {key} of {what} are missing at index {end % len(column)}, an end, where "
                    "there's nothing to interpolate from. Use missing='drop', or fill it in."
                )
        full[key] = np.where(gaps, np.interp(at, at[~gaps], column[~gaps]), column)
    return full
