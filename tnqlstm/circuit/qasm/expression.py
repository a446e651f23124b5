"""Values of OpenQASM expressions: numbers, or parameters that stay open.

Evaluation keeps its own stack, so that depth costs memory, not recursion. A parameter may be used
as it is or through one of `ENCODINGS`; an `Operation` has no place for other arithmetic on it.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from lark import Token

from ..operation import InputSlot, WeightSlot
from .syntax import Expression, Node, error_at

__all__ = [
    "CONSTANTS",
    "Names",
    "Value",
    "angle_of",
    "evaluate",
    "size_of",
    "tokens_of",
    "whole_of",
]


@dataclass(frozen=True)
class Square:
    """x·x of an input, on its way into arctan."""

    slot: InputSlot


class SlotArray(NamedTuple):
    """An array of parameters: the slots `kind(start)`, `kind(start + 1)`, …"""

    kind: type[InputSlot] | type[WeightSlot]
    start: int
    length: int


Scalar: TypeAlias = int | float | InputSlot | WeightSlot | Square
Value: TypeAlias = Scalar | SlotArray
Names: TypeAlias = Mapping[str, Value]

CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("pi", "π"), math.pi),
    **dict.fromkeys(("tau", "τ"), math.tau),
    **dict.fromkeys(("euler", "ℇ"), math.e),
}
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
}
_EXACT = 2**53  # beyond it whole numbers are kept as floats


def evaluate(expression: Expression, names: Names, version: int) -> Scalar:
    """The value, with `names` for what isn't a number; `QasmError` where there is none."""
    if not isinstance(expression, Node):
        return expression
    values: list[Scalar] = []
    for part in reversed(list(_parts(expression))):  # operands before their operator
        if not isinstance(part, Node):
            values.append(part)
            continue
        count = len(part.operands)
        operands = values[len(values) - count :]
        del values[len(values) - count :]
        values.append(_value(part, operands, names, version))
    return values[0]


def _parts(expression: Expression) -> Iterator[Expression]:
    """Each node before its operands, the last operand first."""
    pending = [expression]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, Node):
            pending.extend(part.operands)


def tokens_of(expression: Expression) -> Iterator[Token]:
    """The names in an expression, functions apart."""
    for part in _parts(expression):
        if isinstance(part, Node) and part.kind in ("name", "index"):
            yield part.token


def size_of(expression: Expression) -> int:
    return expression.size if isinstance(expression, Node) else 1


def angle_of(
    expression: Expression, names: Names, version: int, place: Token
) -> float | InputSlot | WeightSlot:
    """The value as a gate's angle; the error for anything else points at `place`."""
    value = evaluate(expression, names, version)
    if isinstance(value, Square):
        raise _no_arithmetic(place)
    return value


def whole_of(expression: Expression, names: Names, version: int, place: Token, what: str) -> int:
    """The value as a whole number, for sizes and indices."""
    value = evaluate(expression, names, version)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if not isinstance(value, int):
        shown = f"{value:g}" if isinstance(value, float) else "a parameter"
        raise error_at(place, f"{what} must be a whole number, got {shown}. Write it as digits.")
    return value


def _value(node: Node, operands: list[Scalar], names: Names, version: int) -> Scalar:
    token = node.token
    if node.kind == "name":
        value = _look_up(token, names)
        if isinstance(value, SlotArray):
            raise error_at(
                token, f"{token.value!r} has {value.length} elements. Choose one: {token}[0]."
            )
        return value
    if node.kind == "index":
        return _element(token, operands[0], names)
    if node.kind == "call" and token not in _FUNCTIONS:
        known = ", ".join(_FUNCTIONS)
        raise error_at(token, f"no function {token.value!r}. Known: {known}.")
    if not all(isinstance(value, int | float) for value in operands):
        return _encoded(node, operands)
    numbers = [value for value in operands if isinstance(value, int | float)]
    try:
        return _finite(_number(node, numbers, version))
    except (ArithmeticError, ValueError) as error:
        values = " and ".join(f"{value:g}" for value in numbers)
        what = f"{token}({values})" if node.kind == "call" else f"{node.kind} of {values}"
        raise error_at(token, f"{what} is no finite real number ({error}). Change it.") from None


def _look_up(token: Token, names: Names) -> Value:
    value = names.get(token)
    if value is None:
        raise error_at(
            token,
            f"no number is called {token.value!r}. Declare it before, as `const` or `input` "
            "(OpenQASM 3), or write the number.",
        )
    return value


def _element(token: Token, index: Scalar, names: Names) -> Scalar:
    value = _look_up(token, names)
    if not isinstance(value, SlotArray):
        raise error_at(token, f"{token.value!r} is no array. Leave the index out.")
    if not isinstance(index, int) or not 0 <= index < value.length:
        shown = index if isinstance(index, int | float) else "a parameter"
        raise error_at(
            token,
            f"index {shown} of {token.value!r}, which has {value.length} elements. Give one of 0 "
            f"to {value.length - 1}.",
        )
    return value.kind(value.start + index)


def _encoded(node: Node, operands: list[Scalar]) -> Scalar:
    """x·x, x**2, arctan(x) or arctan(x·x) of an input x; nothing else has a slot."""
    first, last = operands[0], operands[-1]
    if isinstance(first, InputSlot) and first.encoding == "identity":
        if node.kind == "*" and last == first:
            return Square(first)
        if node.kind == "**" and last == 2:
            return Square(first)
        if node.kind == "call" and node.token in ("arctan", "atan"):
            return InputSlot(first.index, "arctan")
    if isinstance(first, Square) and node.kind == "call" and node.token in ("arctan", "atan"):
        return InputSlot(first.slot.index, "arctan_square")
    raise _no_arithmetic(node.token)


def _no_arithmetic(token: Token) -> Exception:
    return error_at(
        token,
        "arithmetic on a parameter. A weight x is used as it is, an input also as arctan(x) or "
        "arctan(x*x): do the rest of the arithmetic on its value, outside the circuit.",
    )


def _number(node: Node, operands: list[int | float], version: int) -> int | float:
    if node.kind == "call":
        return _FUNCTIONS[node.token](operands[0])
    if node.kind == "negative":
        return -operands[0]
    left, right = operands
    if node.kind == "/":
        return _quotient(left, right, version)
    if node.kind == "**":
        return _power(left, right)
    result = {"+": left + right, "-": left - right, "*": left * right}[node.kind]
    return result if abs(result) < _EXACT else float(result)


def _quotient(left: int | float, right: int | float, version: int) -> int | float:
    """In OpenQASM 3 whole numbers divide to a whole number, which angles hardly ever mean."""
    if version == 3 and isinstance(left, int) and isinstance(right, int):
        if left % right:
            raise ValueError(
                f"whole numbers divide to {int(left / right)} in OpenQASM 3; write "
                f"{left}.0/{right} for a fraction"
            )
        return left // right
    return left / right


def _power(left: int | float, right: int | float) -> int | float:
    value = float(left) ** float(right)  # bounded, where whole numbers could grow without end
    if isinstance(value, complex) or cmath.isnan(value):
        raise ValueError("a complex number")
    whole = isinstance(left, int) and isinstance(right, int) and right >= 0
    return int(value) if whole and abs(value) < _EXACT else value


def _finite(value: int | float) -> int | float:
    if not math.isfinite(value):
        raise ValueError("beyond the range of floats")
    return value
