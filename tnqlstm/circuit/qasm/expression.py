"""Values of OpenQASM expressions: numbers, or polynomials of parameters that stay open.

Formulas are in postfix order, so that depth costs memory, not recursion. A parameter may be added,
multiplied and divided by numbers; an input may be encoded by one of `ENCODINGS` besides.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from ...errors import CircuitError
from ..slots import InputSlot, Polynomial, WeightSlot, arctan
from .arithmetic import EXACT, check_call, computed, finite
from .budget import Budget
from .syntax import Expression, Formula, Item
from .tokens import Token, error_at
from .types import BitString, converted

__all__ = [
    "CONSTANTS",
    "Names",
    "Scalar",
    "SlotArray",
    "Value",
    "angle_of",
    "evaluate",
    "number_in",
    "size_of",
    "tokens_of",
    "whole_of",
]


class SlotArray(NamedTuple):
    """An array of parameters: the slots `kind(start)`, `kind(start + 1)`, …"""

    kind: type[InputSlot] | type[WeightSlot]
    start: int
    length: int


Scalar: TypeAlias = int | float | InputSlot | WeightSlot | Polynomial
Value: TypeAlias = Scalar | SlotArray | BitString
Names: TypeAlias = Mapping[str, Value]

_PARAMETERS = (InputSlot, WeightSlot, Polynomial)

CONSTANTS: dict[int, dict[str, Value]] = {
    2: {
        **dict.fromkeys(("pi", "π"), math.pi),
        **dict.fromkeys(("tau", "τ"), math.tau),
        **dict.fromkeys(("euler", "ℇ"), math.e),
    }
}
CONSTANTS[3] = CONSTANTS[2] | {"true": True, "false": False}

_ARCTAN = ("arctan", "atan")
WORK_OF_A_TERM = 8  # of a polynomial

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def evaluate(
    expression: Expression,
    names: Names,
    version: int,
    whole: bool = False,
    budget: Budget | None = None,
) -> Scalar:
    """The value, with `names` for what isn't a number; `QasmError` where there is none.

    The budget pays for polynomials. `whole` is for sizes, indices and the like, where whole
    numbers divide to whole ones.
    """
    if not isinstance(expression, Formula):
        return expression
    values: list[Any] = []
    for part in expression.parts:
        if type(part) is not Item:
            values.append(part)
            continue
        kind = part.kind
        if kind == "name":
            values.append(_named(part.token, names))
        elif kind == "array":
            values.append(_look_up(part.token, names))
        elif kind in _ARITHMETIC and type(values[-1]) is type(values[-2]) is float:
            right = values.pop()
            result = _ARITHMETIC[kind](values[-1], right)
            if result - result != 0:  # inf or nan
                result = _value(part, [values[-1], right], version, whole)
            values[-1] = result
        else:
            operands = values[-part.n_operands :]
            del values[-part.n_operands :]
            found = _value(part, operands, version, whole)
            if type(found) is Polynomial and budget is not None:
                budget.spend(WORK_OF_A_TERM * (5 + len(found.terms)), part.token)
            values.append(found)
    value = values[0]
    if isinstance(value, BitString):
        return value.value
    return value


def tokens_of(expression: Expression) -> Iterator[Token]:
    """The names in an expression, functions apart."""
    if isinstance(expression, Formula):
        for part in expression.parts:
            if isinstance(part, Item) and part.kind in ("name", "array"):
                yield part.token


def size_of(expression: Expression) -> int:
    return len(expression.parts) if isinstance(expression, Formula) else 1


def number_in(expression: Expression, numbers: Names, hidden: Container[str]) -> Expression:
    """The expression with the values of `numbers` in place of their names, but `hidden` ones."""
    if not isinstance(expression, Formula):
        return expression
    parts = tuple(
        numbers[part.token]
        if isinstance(part, Item)
        and part.kind in ("name", "array")
        and part.token in numbers
        and part.token not in hidden
        else part
        for part in expression.parts
    )
    if len(parts) == 1 and isinstance(parts[0], int | float):
        return parts[0]
    return Formula(parts)


def angle_of(
    expression: Expression, names: Names, version: int, budget: Budget
) -> float | InputSlot | WeightSlot | Polynomial:
    """The value as a gate's angle: a float or what stays open."""
    if type(expression) is float:
        return expression
    value = evaluate(expression, names, version, budget=budget)
    return float(value) if isinstance(value, int | float) else value


def whole_of(expression: Expression, names: Names, version: int, place: Token, what: str) -> int:
    """The value as a whole number, for sizes and indices."""
    value = evaluate(expression, names, version, whole=True)
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        value = int(value)
    if not isinstance(value, int):
        shown = f"{value:g}" if isinstance(value, float) else "a parameter"
        raise error_at(place, f"{what} must be a whole number, got {shown}. Write it as digits.")
    return value


def _named(token: Token, names: Names) -> Value:
    value = _look_up(token, names)
    if isinstance(value, SlotArray):
        raise error_at(
            token, f"{str(token)!r} has {value.length} elements. Choose one: {token}[0]."
        )
    return value


def _look_up(token: Token, names: Names) -> Value:
    value = names.get(token)
    if value is None:
        raise error_at(
            token,
            f"no number is called {str(token)!r}. Declare it before, as `const` or `input` "
            "(OpenQASM 3), or write the number.",
        )
    return value


def _value(item: Item, operands: list[Any], version: int, whole: bool) -> Any:
    token, kind = item.token, item.kind
    if kind == "index":
        return _element(token, operands[0], operands[1])
    if kind == "cast":
        return _cast(item, operands[0])
    if kind == "call":
        check_call(token, len(operands), version)
    if any(isinstance(value, _PARAMETERS) for value in operands):
        return _open(item, operands)
    numbers = [value.value if isinstance(value, BitString) else value for value in operands]
    try:
        return finite(computed(item, numbers, version, whole))
    except (ArithmeticError, ValueError, TypeError) as error:
        shown = " and ".join(f"{value:g}" for value in numbers)
        what = f"{token}({shown})" if kind == "call" else f"{kind} of {shown}"
        raise error_at(token, f"{what} is no finite real number ({error}). Change it.") from None


def _element(token: Token, value: Any, index: Any) -> Scalar:
    if isinstance(value, SlotArray):
        length = value.length
    elif isinstance(value, BitString):
        length = value.width
    else:
        raise error_at(token, f"{str(token)!r} is no array. Leave the index out.")
    if not isinstance(index, int) or not -length <= index < length:
        shown = index if isinstance(index, int | float) else "a parameter"
        raise error_at(
            token,
            f"index {shown} of {str(token)!r}, which has {length} elements. Give one of 0 "
            f"to {length - 1}.",
        )
    index %= length
    if isinstance(value, BitString):
        return value.value >> index & 1
    return value.kind(value.start + index)


def _cast(item: Item, value: Any) -> Any:
    kind, width = item.extra
    if isinstance(value, _PARAMETERS):
        if kind in ("float", "angle"):
            return value
        raise _no_arithmetic(item.token, f"{kind}(…)")
    if kind in ("int", "uint") and isinstance(value, float):
        value = math.trunc(value)
    return converted(value, str(kind), width, item.token, f"{item.token}(…)")


def _open(item: Item, operands: list[Any]) -> Any:
    """A polynomial of parameters, or an input that's encoded."""
    first, last = operands[0], operands[-1]
    try:
        if item.kind == "negative":
            return -first
        if item.kind == "+":
            return first + last
        if item.kind == "-":
            return first - last
        if item.kind == "*":
            return first * last
        if item.kind == "/" and isinstance(last, int | float) and last:
            return first / last
        power = item.kind == "**" or (item.kind == "call" and item.token == "pow")
        if power and isinstance(last, int | float):
            return first ** (int(last) if float(last).is_integer() else last)
        if item.kind == "call" and item.token in _ARCTAN:
            encoded = arctan(first)
            if encoded is not None:
                return encoded
    except CircuitError as error:
        raise error_at(item.token, str(error)) from None
    raise _no_arithmetic(item.token, str(item.token))


def _no_arithmetic(token: Token, what: str) -> Exception:
    return error_at(
        token,
        f"{what} of a parameter. An angle may be a sum of products of parameters and numbers "
        "(-w, w/2, 2*x + 1), of an input also arctan(x) or arctan(x*x): do the rest of the "
        "arithmetic on its value, outside the circuit.",
    )
