"""Numbers of OpenQASM expressions: operators and functions, and what they do to angles.

Whole numbers stay whole up to 2**53 and are floats beyond it, so that no text makes huge ones.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

from .syntax import Item
from .tokens import Token, error_at
from .types import AngleNumber

__all__ = ["EXACT", "check_call", "computed", "finite"]

_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log,
    "sqrt": math.sqrt,
    "floor": lambda value: float(math.floor(value)),
    "ceiling": lambda value: float(math.ceil(value)),
}
# of two numbers, and of whole numbers; in OpenQASM 3 only
_MORE_FUNCTIONS = ("mod", "pow", "popcount")
EXACT = 2**53  # beyond it whole numbers are kept as floats

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}
_BITWISE: dict[str, Callable[[int, int], int]] = {
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "<<": lambda a, b: a << min(b, 1100),
    ">>": lambda a, b: a >> min(b, 1100),
}


def check_call(token: Token, n_operands: int, version: int) -> None:
    if token in _FUNCTIONS:
        wanted = 1
    elif version == 3 and token in _MORE_FUNCTIONS:
        wanted = 1 if token == "popcount" else 2
    else:
        known = ", ".join((*_FUNCTIONS, *(_MORE_FUNCTIONS if version == 3 else ())))
        raise error_at(token, f"no function {str(token)!r}. Known: {known}.")
    if n_operands != wanted:
        count = "1 number" if wanted == 1 else f"{wanted} numbers"
        raise error_at(token, f"function {str(token)!r} takes {count}, got {n_operands}.")


def computed(item: Item, operands: list[Any], version: int, whole: bool) -> Any:
    """The value of an operator or function; `ArithmeticError` or `ValueError` where none is real.

    `whole`: whether whole numbers divide to whole ones.
    """
    kind = item.kind
    if kind == "call":
        return _call(item.token, operands)
    first = operands[0]
    if kind == "negative":
        return AngleNumber.of(-first, first.width) if isinstance(first, AngleNumber) else -first
    if kind == "not":
        return not first
    if kind == "complement":
        return ~_int(first)
    left, right = operands
    if isinstance(left, AngleNumber) or isinstance(right, AngleNumber):
        turned = _of_angles(kind, left, right)
        if turned is not None:
            return turned
    if kind in _COMPARISONS:
        return _COMPARISONS[kind](left, right)
    if kind in _BITWISE:
        result: int | float = _BITWISE[kind](_int(left), _int(right))
    elif kind == "/":
        return _quotient(left, right, version, whole)
    elif kind == "**":
        return _power(left, right)
    elif kind == "%":
        return _remainder(left, right)
    else:
        result = left + right if kind == "+" else left - right if kind == "-" else left * right
    return result if abs(result) < EXACT else float(result)


def _call(name: str, operands: list[Any]) -> Any:
    if name == "mod":
        return _remainder(*operands)
    if name == "pow":
        return _power(*operands)
    if name == "popcount":
        value = _int(operands[0])
        if value < 0:
            raise ValueError("below 0")
        return value.bit_count()
    return _FUNCTIONS[name](operands[0])


def _int(value: int | float) -> int:
    if not isinstance(value, int):
        raise ValueError("whole numbers wanted")
    return value


def _of_angles(kind: str, left: int | float, right: int | float) -> AngleNumber | None:
    """Sums of angles and their products and quotients with whole numbers, modulo 2π."""
    if isinstance(left, AngleNumber) and isinstance(right, AngleNumber):
        if kind in ("+", "-"):
            return left.plus(right) if kind == "+" else left.minus(right)
    elif isinstance(left, AngleNumber) and isinstance(right, int):
        if kind == "*":
            return left.times(right)
        if kind == "/":
            return left.over(right)
    elif isinstance(right, AngleNumber) and isinstance(left, int) and kind == "*":
        return right.times(left)
    return None


def _quotient(left: int | float, right: int | float, version: int, whole: bool) -> int | float:
    """In OpenQASM 3 whole numbers divide to a whole number, which angles hardly ever mean."""
    if version == 3 and isinstance(left, int) and isinstance(right, int):
        size, rest = divmod(abs(left), abs(right))
        if rest and not whole:
            raise ValueError(
                f"whole numbers divide to {int(left / right)} in OpenQASM 3; write "
                f"{left}.0/{right} for a fraction"
            )
        return size if (left < 0) == (right < 0) else -size
    return left / right


def _remainder(left: int | float, right: int | float) -> int | float:
    """What division towards zero leaves."""
    value = math.fmod(left, right)
    return int(value) if isinstance(left, int) and isinstance(right, int) else value


def _power(left: int | float, right: int | float) -> int | float:
    value = float(left) ** float(right)  # bounded, where whole numbers could grow without end
    if isinstance(value, complex) or cmath.isnan(value):
        raise ValueError("a complex number")
    whole = isinstance(left, int) and isinstance(right, int) and right >= 0
    return int(value) if whole and abs(value) < EXACT else value


def finite(value: Any) -> Any:
    """The value; `ValueError` where it's infinite or none."""
    if not math.isfinite(value):
        raise ValueError("beyond the range of floats")
    return value
