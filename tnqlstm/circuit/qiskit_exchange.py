"""Circuits to and from `qiskit.QuantumCircuit`.

Qubit k here is qubit k there. Qiskit's state vectors put qubit 0 in the least significant place,
ours in the most significant: reverse the bits (`QuantumCircuit.reverse_bits`) to compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import ArrayLike

from ..errors import CircuitError, look_up
from .circuit import Circuit
from .gates import GATES
from .operation import Angle, InputSlot, Operation, WeightSlot
from .optional import import_extra
from .qasm import is_input_name, product

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["from_qiskit", "to_qiskit"]

Slot: TypeAlias = InputSlot | WeightSlot

# Qiskit's names of gates are ours in lower case, but for these
_QISKIT_NAMES = {"I": "id"}
_OUR_NAMES = {_QISKIT_NAMES.get(name, name.lower()): name for name in GATES}
_OUR_NAMES |= {"u1": "P", "cu1": "CP"}
# those that OpenQASM's tables here know by the same name
_PRODUCTS = ("u", "u2", "u3", "cu", "cu3", "ch", "csx", "csdg", "ccx", "ccz", "cswap", "dcx", "rzx")
_IGNORED = ("barrier", "global_phase")
_MAX_NESTING = 100  # definitions within definitions
_MAX_OPERATIONS = 1_000_000


def to_qiskit(
    circuit: Circuit, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
) -> QuantumCircuit:
    """The circuit as a `QuantumCircuit`; see `Circuit.to_qiskit`."""
    qiskit = import_extra("qiskit", "qiskit")
    vector = import_extra("qiskit.circuit", "qiskit").ParameterVector
    filled = circuit.with_values(weights, inputs)
    w, x = vector("w", filled.n_weights), vector("x", filled.n_inputs)
    encoded: dict[str, Callable[[Any], Any]] = {
        "identity": lambda value: value,
        "arctan": lambda value: value.arctan(),
        "arctan_square": lambda value: (value * value).arctan(),
    }
    out = qiskit.QuantumCircuit(filled.n_qubits)
    for op in filled.operations:
        angle: Any = op.angle
        if isinstance(angle, WeightSlot):
            angle = w[angle.index]
        elif isinstance(angle, InputSlot):
            angle = encoded[angle.encoding](x[angle.index])
        apply = getattr(out, _QISKIT_NAMES.get(op.name, op.name.lower()))
        apply(*(() if angle is None else (angle,)), *op.qubits)
    return out


def from_qiskit(circuit: QuantumCircuit, inputs: Collection[str] = ()) -> Circuit:
    """The circuit of a `QuantumCircuit`; see `Circuit.from_qiskit`."""
    import_extra("qiskit", "qiskit")
    slots = _slots(circuit.parameters, inputs)
    operations: list[Operation] = []
    measured: set[int] = set()
    # instructions still to be read, the next one last: (instruction, its qubits, nesting)
    pending = _instructions(circuit, range(circuit.num_qubits), 0)
    while pending:
        instruction, qubits, nesting = pending.pop()
        if instruction.name in _IGNORED:
            continue
        if instruction.name == "measure":
            measured.update(qubits)
            continue
        if not measured.isdisjoint(qubits):
            raise CircuitError(
                f"Qiskit's {instruction.name} on {qubits} comes after a measurement. Measure at "
                "the end only."
            )
        steps = _steps(instruction, qubits, slots)
        if steps is None:
            pending += _instructions(_definition(instruction, nesting), qubits, nesting + 1)
        else:
            operations += [Operation(*step) for step in steps]
        if len(operations) + len(pending) > _MAX_OPERATIONS:
            raise CircuitError(f"more than {_MAX_OPERATIONS:,} gates. Split the circuit.")
    n_weights = sum(isinstance(slot, WeightSlot) for slot in slots.values())
    n_inputs = len(slots) - n_weights
    return Circuit(circuit.num_qubits, tuple(operations), n_inputs, (n_weights,))


def _instructions(
    circuit: QuantumCircuit, qubits: Sequence[int], nesting: int
) -> list[tuple[Any, tuple[int, ...], int]]:
    """The circuit's instructions on these qubits, the last one first."""
    places = dict(zip(circuit.qubits, qubits, strict=True))
    return [
        (item.operation, tuple(places[qubit] for qubit in item.qubits), nesting)
        for item in reversed(circuit.data)
    ]


def _slots(parameters: Iterable[Any], inputs: Collection[str]) -> dict[Any, Slot]:
    """Each parameter's slot, in Qiskit's order; elements of a vector go by the vector's name."""
    slots: dict[Any, Slot] = {}
    counts = {InputSlot: 0, WeightSlot: 0}
    names = {parameter.name.partition("[")[0]: None for parameter in parameters}
    for name in inputs:
        look_up("parameter", name, names)
    for parameter in parameters:
        is_input = is_input_name(parameter.name.partition("[")[0], inputs)
        kind = InputSlot if is_input else WeightSlot
        slots[parameter] = kind(counts[kind])
        counts[kind] += 1
    return slots


def _steps(
    instruction: Any, qubits: tuple[int, ...], slots: Mapping[Any, Slot]
) -> list[tuple[str, tuple[int, ...], Angle]] | None:
    """The instruction as gates of `GATES`, None where only its definition may tell.

    A name alone says nothing in Qiskit, where anyone may call a gate "h": the class must be that
    of the standard gate.
    """
    standard = import_extra("qiskit.circuit.library", "qiskit").get_standard_gate_name_mapping()
    name = instruction.name
    if name not in standard or standard[name].base_class is not instruction.base_class:
        return None
    angles = [_angle(value, slots, name) for value in instruction.params]
    if name in _OUR_NAMES:
        return [(_OUR_NAMES[name], qubits, angles[0] if angles else None)]
    return list(product(name, angles, qubits)) if name in _PRODUCTS else None


def _angle(value: Any, slots: Mapping[Any, Slot], name: str) -> float | Slot:
    parameters = list(getattr(value, "parameters", ()))
    if not parameters:
        return float(value)
    slot = slots.get(parameters[0])
    if value == parameters[0] and slot is not None:
        return slot
    if isinstance(slot, InputSlot):
        x = parameters[0]
        if value == x.arctan():
            return InputSlot(slot.index, "arctan")
        if value in ((x * x).arctan(), (x**2).arctan()):
            return InputSlot(slot.index, "arctan_square")
    raise CircuitError(
        f"Qiskit's {name} has the angle {value}. A parameter is used as it is, one of the inputs "
        "also as arctan(x) or arctan(x*x): bind it, or do the arithmetic on its value."
    )


def _definition(instruction: Any, nesting: int) -> QuantumCircuit:
    inner = getattr(instruction, "definition", None)
    if inner is None or nesting >= _MAX_NESTING or instruction.num_clbits:
        raise CircuitError(
            f"no counterpart here for Qiskit's {instruction.name}. A circuit here has gates only, "
            "no resets, control flow or noise: transpile to a basis of gates such as "
            "['rx', 'ry', 'rz', 'cx'] first, or leave it out."
        )
    return inner
