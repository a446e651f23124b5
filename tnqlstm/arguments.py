"""Numbers as they are given: every whole number and every real one is checked here, alike.

A whole number may be written 4, 4.0 or as numpy's or torch's number of this value; 4.5, True, nan
and "4" are refused. Every caller names the argument and its layer's error.
"""

from __future__ import annotations

from numbers import Integral, Real

from .errors import TnqlstmError

__all__ = ["real", "whole"]


def whole(
    what: str,
    value: object,
    least: int | None = None,
    error: type[TnqlstmError] = TnqlstmError,
    remedy: str = "",
) -> int:
    """The value as an int of at least `least`; raises `error` for anything else.

    `remedy` ends the message, where there is more to say than what was wanted.

    >>> whole("depth", 4.0, least=1)
    4
    """
    if type(value) is int and (least is None or value >= least):
        return value
    number, found = _single(value), None
    if isinstance(number, Integral):
        found = int(number)
    elif isinstance(number, Real) and float(number).is_integer():
        found = int(float(number))
    if found is not None and (least is None or found >= least):
        return found
    wanted = "a whole number" if least is None else f"a whole number of at least {least}"
    message = f"{what} must be {wanted}, got {value!r}."
    raise error(f"{message} {remedy}" if remedy else message)


def real(
    what: str, value: object, error: type[TnqlstmError] = TnqlstmError, remedy: str = ""
) -> float:
    """The value as a float, infinite or nan as it is; raises `error` for what is no real number.

    >>> real("effort", 2)
    2.0
    """
    number = _single(value)
    if isinstance(number, Real):
        try:
            return float(number)
        except OverflowError:
            pass
    message = f"{what} must be a number, got {value!r}."
    raise error(f"{message} {remedy}" if remedy else message)


def _single(value: object) -> object:
    """The value itself; Python's number for one of numpy's or torch's; None for a truth value."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, bool) else value
