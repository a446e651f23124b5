"""OpenQASM 3's types of constants: what a value becomes in one, and arithmetic of angles."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .tokens import Token, error_at

__all__ = ["AngleNumber", "BitString", "bits_of", "converted"]

_EXACT = 2**53  # beyond it whole numbers are kept as floats
_FLOATS: dict[int, Any] = {16: np.float16, 32: np.float32, 64: np.float64}


class BitString(NamedTuple):
    """The value of bit[width], the last digit of a literal being bit 0."""

    value: int
    width: int


class AngleNumber(float):
    """A number of type angle: in [0, 2π), a multiple of 2π/2**width where it has a width."""

    __slots__ = ("width",)

    width: int | None

    @staticmethod
    def of(value: float, width: int | None) -> AngleNumber:
        turned = math.fmod(value, math.tau)
        if turned < 0:
            turned += math.tau
        if width is not None and width <= 53:
            steps = 2**width
            turned = round(turned / math.tau * steps) % steps * (math.tau / steps)
        number = AngleNumber(0.0 if turned >= math.tau else turned)
        number.width = width
        return number

    def plus(self, other: float) -> AngleNumber:
        return AngleNumber.of(float(self) + float(other), self.width)

    def minus(self, other: float) -> AngleNumber:
        return AngleNumber.of(float(self) - float(other), self.width)

    def times(self, factor: int) -> AngleNumber:
        return AngleNumber.of(float(self) * factor, self.width)

    def over(self, divisor: int) -> AngleNumber:
        """Division rounds down where the angle has a width, as whole numbers do."""
        value = float(self) / divisor
        if self.width is not None and self.width <= 53:
            step = math.tau / 2**self.width
            value = math.floor(value / step + 1e-9) * step
        return AngleNumber.of(value, self.width)


def bits_of(literal: Token) -> BitString:
    """The value of a literal such as "1001"."""
    digits = literal[1:-1].replace("_", "")
    if not digits or set(digits) - {"0", "1"}:
        raise error_at(literal, f'got {str(literal)[:40]}, wanted bits such as "1001".')
    if len(digits) > 1024:
        raise error_at(literal, f"a literal of {len(digits):,} bits; at most 1,024 wanted.")
    return BitString(int(digits, 2), len(digits))


def converted(value: Any, kind: str, width: int | None, place: Token, what: str) -> Any:
    """The value as one of that type; `QasmError` at `place` where the type doesn't hold it."""
    if width is not None and width < 1:
        raise error_at(place, f"{what} has the width {width}. Give at least 1.")
    if isinstance(value, BitString) and kind != "bit":
        value = value.value
    if kind == "bit":
        return _bits(value, width, place, what)
    if not isinstance(value, int | float):
        raise error_at(place, f"{what} must be a number, got a parameter. Give its value.")
    if kind == "bool":
        return bool(value)
    if kind == "float":
        return _rounded(float(value), width, place, what)
    if kind == "angle":
        return AngleNumber.of(float(value), width)
    return _whole(value, kind, width, place, what)


def _whole(value: int | float, kind: str, width: int | None, place: Token, what: str) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if not isinstance(value, int):
        raise error_at(place, f"{what} must be a whole number, got {value:g}. Write it as digits.")
    bits = min(width or 64, 1024)
    least, most = (0, 2**bits - 1) if kind == "uint" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if not least <= value <= most:
        name = kind if width is None else f"{kind}[{width}]"
        raise error_at(
            place,
            f"{what} is {value}, but {name} holds {least} to {most}. Use another type or value.",
        )
    return int(value)


def _rounded(value: float, width: int | None, place: Token, what: str) -> float:
    if width is None or width > 64:
        return value
    if width not in _FLOATS:
        raise error_at(place, f"{what} is of type float[{width}]. Use float[16], [32] or [64].")
    with np.errstate(over="ignore"):
        rounded = float(_FLOATS[width](value))
    if math.isinf(rounded):
        raise error_at(place, f"{what} is {value:g}, too large for float[{width}]. Use float[64].")
    return rounded


def _bits(value: Any, width: int | None, place: Token, what: str) -> BitString:
    if isinstance(value, BitString):
        if width is not None and width != value.width:
            raise error_at(
                place, f"{what} is of type bit[{width}], got {value.width} bits. Give as many."
            )
        return value
    if not isinstance(value, int) or not 0 <= value < 2 ** min(width or 1, 1024):
        shown = f"{value:g}" if isinstance(value, int | float) else "a parameter"
        raise error_at(place, f"{what} is of type bit[{width or 1}], got {shown}. Give its bits.")
    return BitString(int(value), width or 1)
