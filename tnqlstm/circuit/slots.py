"""Slots, where an angle is read from, and polynomials of them, which arithmetic on slots makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from ..arguments import whole as whole_number
from ..errors import CircuitError, look_up
from .encoding import ENCODINGS

__all__ = [
    "Angle",
    "InputSlot",
    "Polynomial",
    "Slot",
    "WeightSlot",
    "arctan",
    "slots_of",
    "whole",
    "with_slots",
]

MOST_TERMS = 1000  # of a polynomial
MOST_FACTORS = 16  # of a term


class _Arithmetic:
    """+, - and * with slots, polynomials and numbers; / by a number; ** a small whole number.

    numpy's arrays of slots do the same element by element, and `np.arctan` calls `arctan`.
    """

    def __add__(self, other: object) -> Any:
        return _joined(self, other, 1.0)

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        return _joined(self, other, -1.0)

    def __rsub__(self, other: object) -> Any:
        return _joined(-self, other, 1.0)

    def __neg__(self) -> Any:
        return self * -1.0

    def __pos__(self) -> Any:
        return self

    def __mul__(self, other: object) -> Any:
        own, others = _terms(self), _terms(other)
        if own is None or others is None:
            return NotImplemented
        product: _Terms = {}
        for slots, coefficient in own.items():
            for more, factor in others.items():
                key = tuple(sorted(slots + more, key=_order)) if slots and more else slots + more
                product[key] = product.get(key, 0.0) + coefficient * factor
            _check_size(product)
        return _simplest(product)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Any:
        divisor, own = _number(other), _terms(self)
        if divisor is None or own is None:
            return NotImplemented
        return _simplest({slots: coefficient / divisor for slots, coefficient in own.items()})

    def __pow__(self, exponent: object) -> Any:
        number = _number(exponent)
        if number is None:
            return NotImplemented
        if number not in range(MOST_FACTORS + 1):
            raise CircuitError(
                f"{self} ** {exponent}: the exponent must be a whole number from 0 to "
                f"{MOST_FACTORS}."
            )
        power: Any = 1.0
        for _ in range(int(number)):
            power = self * power
        return power

    def arctan(self) -> InputSlot:
        """arctan of an input or of its square, which are encodings; else `CircuitError`."""
        found = arctan(self)  # type: ignore[arg-type]
        if found is None:
            raise CircuitError(
                f"arctan({self}): arctan of an input x or of x*x is an angle, of others it isn't."
            )
        return found


@dataclass(frozen=True)
class InputSlot(_Arithmetic):
    """An angle read from the input vector: encoding(inputs[index])."""

    index: int
    encoding: str = "identity"

    def __post_init__(self) -> None:
        if type(self.index) is not int or self.index < 0:
            object.__setattr__(self, "index", whole("input index", self.index, least=0))
        if self.encoding not in ENCODINGS:
            look_up("encoding", self.encoding, ENCODINGS)

    def __str__(self) -> str:
        return _ENCODED.get(self.encoding, f"{self.encoding}({{}})").format(f"x{self.index}")


@dataclass(frozen=True)
class WeightSlot(_Arithmetic):
    """An angle read from the weights, flattened in row-major order: weights.ravel()[index]."""

    index: int

    def __post_init__(self) -> None:
        if type(self.index) is not int or self.index < 0:
            object.__setattr__(self, "index", whole("weight index", self.index, least=0))

    def __str__(self) -> str:
        return f"w{self.index}"


Slot: TypeAlias = InputSlot | WeightSlot
_ENCODED = {"identity": "{}", "arctan": "arctan({})", "arctan_square": "arctan({0}*{0})"}
_Terms: TypeAlias = dict[tuple[Slot, ...], float]  # the coefficient of each product; () is 1


@dataclass(frozen=True)
class Polynomial(_Arithmetic):
    """An angle offset + Σ coefficient · Π slots, of weights only or of inputs only.

    Arithmetic makes it: ``2 * InputSlot(0) + 1``, ``(pi - InputSlot(0)) * (pi - InputSlot(1))``;
    what is a bare slot or a number in the end becomes that. Products are multiplied out, terms and
    slots are in one order, so that equal polynomials compare and hash equal.

    Parameters
    ----------
    terms
        (coefficient, slots) of each product, a slot as often as its power.
    offset
        The constant term.

    Raises `CircuitError` for weights and inputs in one polynomial, numbers that aren't finite, more
    than 1,000 terms or 16 factors, and for what is a bare slot or a number.
    """

    terms: tuple[tuple[float, tuple[Slot, ...]], ...]
    offset: float = 0.0

    def __post_init__(self) -> None:
        _check_kinds(self)
        merged: _Terms = {(): _finite(self.offset)}
        for coefficient, slots in self.terms:
            key = tuple(sorted(slots, key=_order))
            merged[key] = merged.get(key, 0.0) + _finite(coefficient)
        offset = merged.pop(())
        kept = [(each, slots) for slots, each in merged.items() if each]
        kept.sort(key=lambda term: (len(term[1]), [_order(slot) for slot in term[1]]))
        object.__setattr__(self, "terms", tuple(kept))
        object.__setattr__(self, "offset", _finite(offset))
        _check_size(self.terms)
        if not kept or (len(kept) == 1 and offset == 0 and kept[0] == (1.0, kept[0][1][:1])):
            raise CircuitError(f"{self} is a number or a slot by itself: give that as the angle.")

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots that it reads, each once."""
        return tuple(dict.fromkeys(slot for _, slots in self.terms for slot in slots))

    def value(self, read: Callable[[Slot], Any]) -> Any:
        """Its value where `read` gives that of a slot: a number, a tensor, another's expression."""
        total: Any = None
        for coefficient, slots in self.terms:
            product: Any = None if coefficient == 1 else coefficient
            for slot in slots:
                product = read(slot) if product is None else product * read(slot)
            total = product if total is None else total + product
        return total + self.offset if self.offset else total

    def __str__(self) -> str:
        texts = []
        for coefficient, slots in self.terms:
            size = [] if abs(coefficient) == 1 else [f"{abs(coefficient):.6g}"]
            texts.append((coefficient < 0, "*".join([*size, *map(str, slots)])))
        if self.offset or not texts:
            texts.append((self.offset < 0, f"{abs(self.offset):.6g}"))
        first, *rest = texts
        signed = [f"{'-' if first[0] else ''}{first[1]}"]
        return "".join(signed + [f"{' - ' if minus else ' + '}{text}" for minus, text in rest])


Angle: TypeAlias = float | InputSlot | WeightSlot | Polynomial | None


def slots_of(angle: Angle) -> tuple[Slot, ...]:
    """The slots that an angle reads, each once."""
    if isinstance(angle, InputSlot | WeightSlot):
        return (angle,)
    return angle.slots if isinstance(angle, Polynomial) else ()


def with_slots(angle: Angle, read: Callable[[Slot], Any]) -> Any:
    """The angle with what `read` gives in place of each slot; numbers and None stay."""
    if isinstance(angle, InputSlot | WeightSlot):
        return read(angle)
    return angle.value(read) if isinstance(angle, Polynomial) else angle


def arctan(angle: Angle) -> InputSlot | None:
    """arctan of an input or of its square, as a slot; None for everything else."""
    if isinstance(angle, InputSlot) and angle.encoding == "identity":
        return InputSlot(angle.index, "arctan")
    if isinstance(angle, Polynomial) and len(angle.slots) == 1:
        (slot,) = angle.slots
        if isinstance(slot, InputSlot) and slot.encoding == "identity" and angle == slot * slot:
            return InputSlot(slot.index, "arctan_square")
    return None


def whole(what: str, value: object, least: int) -> int:
    """The value as an int, see `arguments.whole`; raises `CircuitError`."""
    return whole_number(what, value, least, CircuitError)


def _order(slot: Slot) -> tuple[int, str]:
    return slot.index, getattr(slot, "encoding", "")


def _number(value: object) -> float | None:
    """A real number of Python's or numpy's, None for everything else."""
    if type(value) is float:
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:  # an int beyond float64
        return math.inf


def _finite(value: object) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise CircuitError(f"a polynomial has the coefficient {value!r}. Give finite numbers.")
    return number


def _terms(value: object) -> _Terms | None:
    """The terms of a polynomial, slot or number; None for everything else."""
    if isinstance(value, InputSlot | WeightSlot):
        return {(value,): 1.0}
    if isinstance(value, Polynomial):
        return {(): value.offset} | {slots: coefficient for coefficient, slots in value.terms}
    number = _number(value)
    return None if number is None else {(): number}


def _joined(value: object, other: object, sign: float) -> Any:
    own, others = _terms(value), _terms(other)
    if own is None or others is None:
        return NotImplemented
    for slots, coefficient in others.items():
        own[slots] = own.get(slots, 0.0) + sign * coefficient
    return _simplest(own)


def _simplest(terms: Mapping[tuple[Slot, ...], float]) -> float | Slot | Polynomial:
    """A number or a bare slot where that's all there is."""
    if not all(map(math.isfinite, terms.values())):
        raise CircuitError(
            f"a polynomial has the coefficients {list(terms.values())}. Give finite numbers."
        )
    left = {slots: coefficient for slots, coefficient in terms.items() if coefficient}
    if left.keys() <= {()}:
        return left.get((), 0.0)
    if len(left) == 1:
        ((slots, coefficient),) = left.items()
        if coefficient == 1 and len(slots) == 1:
            return slots[0]
    offset = left.pop((), 0.0)
    made = tuple((each, slots) for slots, each in left.items())
    if len(made) > 1 or len(made[0][1]) > 1:
        return Polynomial(made, offset)
    polynomial: Polynomial = object.__new__(Polynomial)  # of one slot: nothing to check or sort
    polynomial.__dict__.update(terms=made, offset=offset)
    return polynomial


def _check_size(terms: Sized) -> None:
    if len(terms) > MOST_TERMS + 1:
        raise CircuitError(
            f"a polynomial of more than {MOST_TERMS} terms. Do the arithmetic on the values of "
            "weights or inputs."
        )


def _check_kinds(polynomial: Polynomial) -> None:
    kinds = {type(slot) for _, slots in polynomial.terms for slot in slots}
    if not kinds <= {InputSlot, WeightSlot}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise CircuitError(f"a polynomial of {names}; InputSlot or WeightSlot wanted.")
    if len(kinds) > 1:
        raise CircuitError(
            f"the angle {polynomial} mixes weights (w) and inputs (x). Where they are added, give "
            "each a gate of its own; where they are multiplied, read both as inputs (`inputs=[…]`)."
        )
    n_factors = max((len(slots) for _, slots in polynomial.terms), default=0)
    if n_factors > MOST_FACTORS:
        raise CircuitError(
            f"a product of {n_factors} slots; at most {MOST_FACTORS} can be read. Do the "
            "arithmetic on the values of weights or inputs."
        )
