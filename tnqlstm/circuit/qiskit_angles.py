"""Qiskit's parameters as slots, and its expressions of them as polynomials of slots."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from ..errors import CircuitError, look_up
from .qasm import is_input_name
from .slots import InputSlot, Slot, WeightSlot, arctan

__all__ = ["angle_of", "slots_by_parameter"]


class _NoPolynomial(Exception):
    """An expression that is no polynomial of its parameters."""


def slots_by_parameter(parameters: Iterable[Any], inputs: Any) -> dict[Any, Slot]:
    """Each parameter's slot, in Qiskit's order; elements of a vector go by the vector's name.

    `inputs`: names, parameters or vectors, or one of them.
    """
    slots: dict[Any, Slot] = {}
    counts = {InputSlot: 0, WeightSlot: 0}
    known = {name: None for p in parameters for name in (p.name, _vector_name(p))}
    several = (
        isinstance(inputs, Iterable) and not isinstance(inputs, str) and not hasattr(inputs, "name")
    )
    chosen = [getattr(each, "name", each) for each in (inputs if several else [inputs])]
    for name in chosen:
        look_up("parameter", name, known)
    for parameter in parameters:
        is_input = parameter.name in chosen or is_input_name(_vector_name(parameter), chosen)
        kind = InputSlot if is_input else WeightSlot
        slots[parameter] = kind(counts[kind])
        counts[kind] += 1
    return slots


def _vector_name(parameter: Any) -> str:
    return str(parameter.name.partition("[")[0])


def angle_of(value: Any, slots: Mapping[Any, Slot], name: str) -> Any:
    """An angle of Qiskit's `name` as a number, slot or polynomial; `CircuitError` for others."""
    parameters = getattr(value, "parameters", ())
    if not parameters:
        return float(value)
    if value in slots:
        return slots[value]
    named = {parameter.name: slots.get(parameter) for parameter in parameters}
    reason = (
        "an angle is a polynomial of parameters, or of arctan(x) and arctan(x*x) of inputs x: bind "
        "the others, or make this angle a parameter of its own and do the arithmetic on its value."
    )
    try:
        return _polynomial(value.sympify(), named)
    except CircuitError as error:
        reason = str(error)
    except (_NoPolynomial, RecursionError):
        pass
    raise CircuitError(f"Qiskit's {name} has the angle {value}: {reason}") from None


def _polynomial(tree: Any, slots: Mapping[str, Slot | None]) -> Any:
    """A sympy expression of the parameters as a number, slot or polynomial."""
    if tree.is_Symbol and slots.get(tree.name) is not None:
        return slots[tree.name]
    if tree.is_number and tree.is_real:
        return float(tree)
    parts = [_polynomial(part, slots) for part in tree.args]
    if tree.is_Add:
        return reduce(operator.add, parts)
    if tree.is_Mul:
        return reduce(operator.mul, parts)
    if tree.is_Pow and isinstance(parts[1], float) and parts[1] >= 0 and parts[1].is_integer():
        return parts[0] ** parts[1]
    found = arctan(parts[0]) if str(tree.func) == "atan" else None
    if found is None:
        raise _NoPolynomial
    return found
