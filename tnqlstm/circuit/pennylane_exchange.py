"""Circuits to and from PennyLane. Both put the first qubit in the most significant place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from ..errors import CircuitError, ShapeError
from .circuit import Circuit
from .gates import GATES
from .operation import InputSlot, Operation, WeightSlot
from .optional import import_extra
from .qasm import product

__all__ = ["from_pennylane", "to_pennylane"]

# PennyLane's names of operators
_NAMES = {
    "I": "Identity",
    "H": "Hadamard",
    "X": "PauliX",
    "Y": "PauliY",
    "Z": "PauliZ",
    "SDG": "Adjoint(S)",
    "TDG": "Adjoint(T)",
    "SXDG": "Adjoint(SX)",
    "P": "PhaseShift",
    "CX": "CNOT",
    "CS": "C(S)",
    "CP": "ControlledPhaseShift",
    "RXX": "IsingXX",
    "RYY": "IsingYY",
    "RZZ": "IsingZZ",
}
_OUR_NAMES = {_NAMES.get(name, name): name for name in GATES} | {"U1": "P", "CPhase": "CP"}
_PRODUCTS = {"U2": "u2", "U3": "u3", "Toffoli": "ccx", "CCZ": "ccz", "CSWAP": "cswap", "CH": "ch"}
_IGNORED = ("Barrier", "GlobalPhase", "Snapshot", "WireCut")
_MAX_NESTING = 100  # decompositions within decompositions
_MAX_OPERATIONS = 1_000_000


def to_pennylane(
    circuit: Circuit, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
) -> Callable[..., None]:
    """The circuit as a PennyLane quantum function; see `Circuit.to_pennylane`."""
    qml = import_extra("pennylane", "pennylane")
    operators = {name: _operator(qml, name) for name in {op.name for op in circuit.operations}}
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
        for op in circuit.operations:
            angle: Any = op.angle
            if isinstance(angle, WeightSlot):
                angle = flat[angle.index]
            elif isinstance(angle, InputSlot):
                angle = encoded[angle.encoding](vector[..., angle.index])
            on = [labels[qubit] for qubit in op.qubits]
            operators[op.name](*(() if angle is None else (angle,)), wires=on)

    return gates


def _operator(qml: Any, name: str) -> Callable[..., Any]:
    if name in ("SDG", "TDG", "SXDG"):
        return lambda wires: qml.adjoint(getattr(qml, name[:-2])(wires=wires))
    if name == "CS":
        return lambda wires: qml.ctrl(qml.S(wires=wires[1]), control=wires[0])
    return getattr(qml, _NAMES.get(name, name))


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
    wires: Iterable[Any] = ()
    if isinstance(source, qml.QNode):
        wires = source.device.wires or ()  # their order is the device's
        source = qml.workflow.construct_tape(source)(*args, **kwargs)
    elif not isinstance(source, qml.tape.QuantumScript):
        if not callable(source):
            raise TypeError(
                f"a PennyLane tape, QNode or quantum function wanted, got {type(source).__name__}."
            )
        source = qml.tape.make_qscript(source)(*args, **kwargs)
    places = {wire: place for place, wire in enumerate(wires or _in_order(source.wires))}
    operations: list[Operation] = []
    # operators still to be read, the next one last: (operator, nesting)
    pending = [(operator, 0) for operator in reversed(source.operations)]
    while pending:
        operator, nesting = pending.pop()
        if operator.name in _IGNORED:
            continue
        steps = _steps(operator, places)
        if steps is None:
            pending += [(part, nesting + 1) for part in reversed(_parts(operator, nesting))]
        else:
            operations += steps
        if len(operations) + len(pending) > _MAX_OPERATIONS:
            raise CircuitError(f"more than {_MAX_OPERATIONS:,} gates. Split the circuit.")
    return Circuit(len(places), tuple(operations))


def _in_order(wires: Iterable[Any]) -> list[Any]:
    labels = list(wires)
    return sorted(labels) if all(isinstance(label, int) for label in labels) else labels


def _steps(operator: Any, places: Mapping[Any, int]) -> list[Operation] | None:
    """The operator as operations, None where only its decomposition may tell."""
    name = operator.name
    if name == "C(S)" and not all(operator.control_values):
        return None
    if name not in _OUR_NAMES and name not in _PRODUCTS:
        return None
    if getattr(operator, "batch_size", None) is not None:
        raise CircuitError(
            f"PennyLane's {name} has a batch of {operator.batch_size} angles. A circuit here has "
            "one angle a gate: pass one sample, or keep the angle as an input."
        )
    qubits = tuple(places[wire] for wire in operator.wires)
    angles = [float(value) for value in operator.parameters]
    if name in _PRODUCTS:
        return [Operation(*step) for step in product(_PRODUCTS[name], angles, qubits)]
    if name == "Identity":  # on any number of wires
        return [Operation("I", (qubit,)) for qubit in qubits]
    return [Operation(_OUR_NAMES[name], qubits, angles[0] if angles else None)]


def _parts(operator: Any, nesting: int) -> list[Any]:
    if not getattr(operator, "has_decomposition", False) or nesting >= _MAX_NESTING:
        raise CircuitError(
            f"no counterpart here for PennyLane's {operator.name}. A circuit here has gates only, "
            "no measurements inside and no noise: decompose it into rotations and CNOT first, or "
            "leave it out."
        )
    return operator.decomposition()
