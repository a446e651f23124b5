"""Circuits to and from PennyLane. Both put the first qubit in the most significant place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import autoray
import numpy as np
from numpy.typing import ArrayLike

from ..errors import CircuitError, ShapeError
from .circuit import Circuit
from .operation import Operation
from .optional import import_extra
from .pennylane_operators import has_no_effect, make_operator, parts_of, steps_of
from .slots import InputSlot, Polynomial, Slot, WeightSlot, slots_of, with_slots

__all__ = ["from_pennylane", "to_pennylane"]

_MAX_NESTING = 100  # decompositions within decompositions
_MAX_OPERATIONS = 1_000_000


def to_pennylane(
    circuit: Circuit, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
) -> Callable[..., None]:
    """The circuit as a PennyLane quantum function; see `Circuit.to_pennylane`."""
    qml = import_extra("pennylane", "pennylane")
    operators = {name: make_operator(name) for name in {op.name for op in circuit.operations}}
    encoded: dict[str, Callable[[Any], Any]] = {
        "identity": lambda value: value,
        "arctan": qml.math.arctan,
        "arctan_square": lambda value: qml.math.arctan(value * value),
    }
    own = {"weights": weights, "inputs": inputs}

    def gates(weights: Any = None, inputs: Any = None, wires: Sequence[Any] | None = None) -> None:
        """Queue the circuit's gates. `weights`, `inputs`: None for those given to to_pennylane."""
        weights = own["weights"] if weights is None else weights
        inputs = own["inputs"] if inputs is None else inputs
        flat = _checked(qml, "weights", weights, circuit.weight_shape, circuit.n_weights)
        vector = _checked(qml, "inputs", inputs, (circuit.n_inputs,), circuit.n_inputs)
        flat = qml.math.reshape(flat, (-1,)) if circuit.n_weights else flat
        labels = _labels(wires, circuit.n_qubits)

        def read(slot: Slot) -> Any:
            if isinstance(slot, WeightSlot):
                return flat[slot.index]
            return encoded[slot.encoding](vector[..., slot.index])

        for op in circuit.operations:
            angle = with_slots(op.angle, read)
            on = [labels[qubit] for qubit in op.qubits]
            operators[op.name](*(() if angle is None else (angle,)), wires=on)

    return gates


def _checked(qml: Any, what: str, values: Any, shape: tuple[int, ...], size: int) -> Any:
    """The values as an array; their shape must end as wanted (inputs may carry a batch)."""
    if not size:
        return values
    if values is None:
        raise ShapeError(f"{what} of shape {shape} wanted, got none.")
    if isinstance(values, list | tuple):
        values = qml.math.stack([qml.math.asarray(value) for value in values])
    got = tuple(qml.math.shape(values))
    if got != shape and not (what == "inputs" and got[-1:] == shape):
        raise ShapeError(f"{what} of shape {shape} wanted, got {got}.")
    return values


def _labels(wires: Sequence[Any] | None, n_qubits: int) -> list[Any]:
    labels = list(range(n_qubits) if wires is None else wires)
    if len(labels) != n_qubits:
        raise CircuitError(f"{len(labels)} wires for {n_qubits} qubits. Give one for each.")
    return labels


def from_pennylane(source: Any, *args: Any, **kwargs: Any) -> Circuit:
    """The circuit of a tape, QNode or quantum function; see `Circuit.from_pennylane`."""
    qml = import_extra("pennylane", "pennylane")
    given = _slots_in((args, tuple(kwargs.values())))
    wires: Iterable[Any] = ()
    if isinstance(source, qml.QNode):
        wires = source.device.wires or ()  # their order is the device's
        source = _called(qml.workflow.construct_tape(source), args, kwargs, given)
    elif not isinstance(source, qml.tape.QuantumScript):
        if not callable(source):
            raise TypeError(
                f"a PennyLane tape, QNode or quantum function wanted, got {type(source).__name__}."
            )
        source = _called(qml.tape.make_qscript(source), args, kwargs, given)
    places = {wire: place for place, wire in enumerate(wires or _in_order(source.wires))}
    operations: list[Operation] = []
    # operators still to be read, the next one last: (operator, nesting)
    pending = [(operator, 0) for operator in reversed(source.operations)]
    while pending:
        operator, nesting = pending.pop()
        if has_no_effect(operator):
            continue
        steps = steps_of(operator, places)
        if steps is not None:
            operations += steps
        elif nesting < _MAX_NESTING:
            pending += [(part, nesting + 1) for part in reversed(parts_of(operator))]
        else:
            raise CircuitError(
                f"PennyLane's {operator.name} is made of itself, {nesting} operators deep."
            )
        if len(operations) + len(pending) > _MAX_OPERATIONS:
            raise CircuitError(f"more than {_MAX_OPERATIONS:,} gates. Split the circuit.")
    read = {*given, *(slot for op in operations for slot in slots_of(op.angle))}
    n_inputs = max((slot.index + 1 for slot in read if isinstance(slot, InputSlot)), default=0)
    n_weights = max((slot.index + 1 for slot in read if isinstance(slot, WeightSlot)), default=0)
    return Circuit(len(places), tuple(operations), n_inputs, (n_weights,))


def _slots_in(value: Any) -> set[Slot]:
    """The slots in nested arguments."""
    if isinstance(value, InputSlot | WeightSlot | Polynomial):
        return set(slots_of(value))
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = list(value.flat)
    if not isinstance(value, list | tuple):
        return set()
    return {slot for each in value for slot in _slots_in(each)}


def _called(
    make_tape: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], given: set[Slot]
) -> Any:
    """The tape of a function; what it can't do with slots is a `CircuitError`."""
    if not given:
        return make_tape(*args, **kwargs)
    for kind in (InputSlot, WeightSlot, Polynomial):  # in PennyLane's own functions too
        autoray.register_backend(kind, "numpy")
    try:
        return make_tape(*args, **kwargs)
    except CircuitError:  # of the slots' own arithmetic
        raise
    except (TypeError, AttributeError, ValueError, ImportError) as error:
        raise CircuitError(
            f"the function can't be called with slots: {error}. It may add, subtract and multiply "
            "them, divide them by numbers and take arctan(x) or arctan(x*x) of inputs; give "
            "numbers for its other arguments."
        ) from error


def _in_order(wires: Iterable[Any]) -> list[Any]:
    labels = list(wires)
    return sorted(labels) if all(isinstance(label, int) for label in labels) else labels
