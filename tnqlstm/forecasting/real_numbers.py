"""What people give as a series, as float64 numbers; whatever isn't a finite number is refused."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

__all__ = ["increasing_numbers", "missing_as_nan", "real_array", "real_numbers"]

# numpy's kinds of dtype -> what they are, and how to make numbers of them
_OTHER_KINDS = {
    "b": ("truth values", "Give values.astype(float) if 0 and 1 are meant."),
    "c": ("complex numbers", "Give .real, .imag or abs() of them."),
    "M": ("dates", "Give numbers, such as (t - t[0]) / np.timedelta64(1, 'D')."),
    "m": ("durations", "Give numbers, such as t / np.timedelta64(1, 's')."),
    "S": ("bytes", "Give values.astype(float) if they hold numbers."),
    "T": ("text", "Give values.astype(float) if it holds numbers."),
    "U": ("text", "Give values.astype(float) if it holds numbers."),
    "V": ("records", "Give one field of them, values['name']."),
}
# what numpy and float raise for what they can't read
_NO_ARRAY = (TypeError, ValueError, RuntimeError, OverflowError, MemoryError)
_FILL_IN = "Fill in or leave out what is missing; make_series(…, missing=…) does either."


def real_numbers(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """A read-only float64 copy of the numbers, shape (n,), n >= 1; `what` names them in errors.

    Lists, arrays, tensors, columns of data frames. Raises `DataError`, with the index where there
    is one, for what is missing or masked, infinite, complex, of another kind or shape, and for a
    tensor that requires its gradient, which would be lost.
    """
    array = missing_as_nan(what, values)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise DataError(
            f"{what} has {bad.size} values that are missing or not finite; the first is "
            f"{array[bad[0]]} at index {bad[0]}. {_FILL_IN}"
        )
    array.setflags(write=False)
    return array


def increasing_numbers(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """As `real_numbers`, each greater than the one before; a `DataError` with the index if not."""
    array = real_numbers(what, values)
    late = np.flatnonzero(array[1:] <= array[:-1])
    if late.size:
        at = int(late[0])
        twice = array[at + 1] == array[at]
        raise DataError(
            f"{what} must increase; at index {at + 1} {array[at + 1]} "
            + (
                "comes twice. Remove one of the two."
                if twice
                else f"comes after {array[at]}. Sort the points; make_series(…, sort=True) does."
            )
        )
    return array


def missing_as_nan(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """As `real_numbers`, but nan where a number is missing or masked; infinities as they are."""
    array = real_array(what, values)
    if array.ndim != 1 or array.size == 0:
        raise DataError(
            f"{what} must be a 1-d array of at least one number, got shape {array.shape}."
            + (" Choose one column, such as values[:, 0]." if array.ndim == 2 else "")
        )
    return array


def real_array(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """As `missing_as_nan`, of any shape, or of none."""
    array = _as_array(what, values)
    mask = np.ma.getmaskarray(array)
    array = np.ma.getdata(array)
    if array.dtype.kind == "O":
        read = [_number(what, i, x) for i, x in enumerate(array.flat)]
        numbers = np.array(read, dtype=np.float64).reshape(array.shape)
    elif array.dtype.kind in "iuf":
        with np.errstate(over="ignore"):  # longdouble: what becomes infinite is refused as such
            numbers = np.array(array, dtype=np.float64)
    else:
        _refuse_kind(what, array.dtype)
    numbers[mask] = np.nan
    return numbers


def _as_array(what: str, values: Any) -> NDArray[Any]:
    """An array of any shape and dtype, still masked if it was."""
    _check_index(what, values)
    torch = sys.modules.get("torch")  # data without torch don't load it
    if isinstance(values, np.ma.MaskedArray):
        return values
    try:
        if torch is not None and isinstance(values, torch.Tensor):
            values = _detached(what, values)
        array = np.asarray(values)
    except DataError:
        raise
    except _NO_ARRAY as error:
        raise DataError(f"{what} must be real numbers, one after another: {error}.") from None
    if array.ndim == 0 and array.dtype.kind == "O":
        raise DataError(
            f"{what} must be a 1-d array of real numbers, got a {type(values).__name__}. "
            "Make a list or an array of it."
        )
    return array


def _detached(what: str, tensor: Any) -> Any:
    """The tensor on the CPU in a dtype that numpy knows."""
    if tensor.requires_grad:
        raise DataError(
            f"{what} is a tensor that requires its gradient, which is lost here. "
            "Give values.detach()."
        )
    if tensor.is_floating_point():
        tensor = tensor.double()  # numpy has no bfloat16
    return tensor.cpu().resolve_conj().resolve_neg()


def _check_index(what: str, values: Any) -> None:
    """Refuse a pandas series whose dates don't increase."""
    index: Any = getattr(values, "index", None)
    if getattr(getattr(index, "dtype", None), "kind", "") != "M":
        return
    if not (index.is_monotonic_increasing and index.is_unique):
        raise DataError(
            f"{what} has an index of dates that don't increase. "
            "Give values.sort_index(), without dates that come twice."
        )


def _number(what: str, index: int, value: Any) -> float:
    """One entry of an array of objects; nan for None, pandas' NA and the like."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return np.nan
    try:
        entry = np.asarray(value)
        if entry.ndim:
            raise TypeError(f"one number wanted, got {value!r:.40}")
        if entry.dtype.kind not in _OTHER_KINDS:
            return float(value)
    except _NO_ARRAY as error:
        raise DataError(f"{what} must be real numbers; at index {index}: {error}.") from None
    _refuse_kind(what, entry.dtype, f" at index {index}")


def _refuse_kind(what: str, dtype: np.dtype[Any], where: str = "") -> NoReturn:
    kind, remedy = _OTHER_KINDS.get(dtype.kind, (f"{dtype}", "Give numbers."))
    raise DataError(f"{what} must be real numbers, got {kind}{where}. {remedy}")
