"""Circuits to and from `qiskit.QuantumCircuit`.

Qubit k here is qubit k there. Qiskit's state vectors put qubit 0 in the least significant place,
ours in the most significant: reverse the bits (`QuantumCircuit.reverse_bits`) to compare them.

In Qiskit anyone may call a gate "cx" or "barrier", so that an instruction is known by its class;
every other one is what its definition says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import ArrayLike

from ..errors import CircuitError
from .circuit import Circuit
from .gates import GATES
from .one_gate import as_one_gate
from .operation import Operation
from .optional import import_extra
from .qasm import product
from .qiskit_angles import angle_of, slots_by_parameter
from .slots import Angle, Slot, WeightSlot, with_slots

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["from_qiskit", "to_qiskit"]

# Qiskit's names of its standard gates are ours in lower case, but for these
_QISKIT_NAMES = {"I": "id"}
_OUR_NAMES = {_QISKIT_NAMES.get(name, name.lower()): name for name in GATES}
_OUR_NAMES |= {"u1": "P", "cu1": "CP"}
# those that OpenQASM's tables here know by the same name
_PRODUCTS = ("u", "u2", "u3", "cu", "cu3", "ch", "csx", "csdg", "ccx", "ccz", "cswap", "dcx", "rzx")
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

    def read(slot: Slot) -> Any:
        if isinstance(slot, WeightSlot):
            return w[slot.index]
        return encoded[slot.encoding](x[slot.index])

    out = qiskit.QuantumCircuit(filled.n_qubits)
    for op in filled.operations:
        angle = with_slots(op.angle, read)
        apply = getattr(out, _QISKIT_NAMES.get(op.name, op.name.lower()))
        apply(*(() if angle is None else (angle,)), *op.qubits)
    return out


def from_qiskit(circuit: QuantumCircuit, inputs: Any = ()) -> Circuit:
    """The circuit of a `QuantumCircuit`; see `Circuit.from_qiskit`."""
    qiskit = import_extra("qiskit", "qiskit")
    kinds = import_extra("qiskit.circuit", "qiskit")
    phase = import_extra("qiskit.circuit.library", "qiskit").GlobalPhaseGate
    ignored = (kinds.Barrier, kinds.Delay, phase)
    if not isinstance(circuit, qiskit.QuantumCircuit):
        raise TypeError(
            f"a qiskit.QuantumCircuit wanted, got {type(circuit).__name__}. Append gates to a "
            "QuantumCircuit first; take circuits out of lists one by one."
        )
    slots = slots_by_parameter(circuit.parameters, inputs)
    operations: list[Operation] = []
    touched: set[int] = set()
    measured: set[int] = set()
    # instructions still to be read, the next one last: (instruction, its qubits, nesting)
    pending = _instructions(circuit, range(circuit.num_qubits), 0)
    while pending:
        instruction, qubits, nesting = pending.pop()
        if isinstance(instruction, _End):
            gate = as_one_gate(operations[instruction.start :])
            if gate is not None:
                operations[instruction.start :] = [gate]
            continue
        if isinstance(instruction, ignored):
            continue
        if isinstance(instruction, kinds.Reset) and touched.isdisjoint(qubits):
            continue  # it is in |0⟩
        if isinstance(instruction, kinds.Measure):
            touched.update(qubits)
            measured.update(qubits)
            continue
        if not measured.isdisjoint(qubits):
            raise CircuitError(
                f"Qiskit's {instruction.name} on {qubits} comes after a measurement. Measure at "
                "the end only."
            )
        steps = _steps(instruction, qubits, slots)
        if steps is None:
            if len(qubits) == 2:
                pending.append((_End(len(operations)), qubits, nesting))
            pending += _parts(instruction, qubits, nesting)
        else:
            touched.update(qubits)
            operations += [Operation(*step) for step in steps]
        if len(operations) + len(pending) > _MAX_OPERATIONS:
            raise CircuitError(f"more than {_MAX_OPERATIONS:,} gates. Split the circuit.")
    n_weights = sum(isinstance(slot, WeightSlot) for slot in slots.values())
    n_inputs = len(slots) - n_weights
    return Circuit(circuit.num_qubits, tuple(operations), n_inputs, (n_weights,))


class _End(NamedTuple):
    """Ends the parts of an instruction on two qubits, which may be one gate by what they do."""

    start: int


def _instructions(
    circuit: QuantumCircuit, qubits: Sequence[int], nesting: int
) -> list[tuple[Any, tuple[int, ...], int]]:
    """The circuit's instructions on these qubits, the last one first."""
    places = dict(zip(circuit.qubits, qubits, strict=True))
    return [
        (item.operation, tuple(places[qubit] for qubit in item.qubits), nesting)
        for item in reversed(circuit.data)
    ]


@cache
def _standard_names() -> dict[type, str]:
    """The standard gates that are read as they are, by class: `_OUR_NAMES` and `_PRODUCTS`."""
    library = import_extra("qiskit.circuit.library", "qiskit")
    standard = library.get_standard_gate_name_mapping()
    names = [*_OUR_NAMES, *_PRODUCTS]
    return {standard[name].base_class: name for name in names if name in standard}


def _steps(
    instruction: Any, qubits: tuple[int, ...], slots: Mapping[Any, Slot]
) -> list[tuple[str, tuple[int, ...], Angle]] | None:
    """The instruction as gates of `GATES`, None where only its definition may tell."""
    name = _standard_names().get(getattr(instruction, "base_class", None))  # type: ignore[arg-type]
    if name is None:
        return None
    n_controls = getattr(instruction, "num_ctrl_qubits", 0)
    if n_controls and instruction.ctrl_state != 2**n_controls - 1:
        return None
    angles = [angle_of(value, slots, name) for value in instruction.params]
    if name in _OUR_NAMES:
        return [(_OUR_NAMES[name], qubits, angles[0] if angles else None)]
    return list(product(name, angles, qubits))


def _parts(
    instruction: Any, qubits: tuple[int, ...], nesting: int
) -> list[tuple[Any, tuple[int, ...], int]]:
    """What an instruction is made of, the last part first."""
    kinds: Any = import_extra("qiskit.circuit", "qiskit")
    if isinstance(instruction, kinds.ForLoopOp):
        circuits = _rounds(instruction)
    elif hasattr(kinds, "BoxOp") and isinstance(instruction, kinds.BoxOp):
        circuits = [instruction.body]
    else:
        plain = _plain(instruction)
        definition = getattr(plain, "definition", None)
        circuits = [_synthesised(plain) if definition is None else definition]
    if nesting >= _MAX_NESTING or circuits[:1] == [None]:
        raise CircuitError(
            f"no counterpart here for Qiskit's {instruction.name}. A circuit here has gates only, "
            "no resets, control flow or noise: transpile to a basis of gates such as "
            "['rx', 'ry', 'rz', 'cx'] first, or leave it out."
        )
    return [
        part for inner in reversed(circuits) for part in _instructions(inner, qubits, nesting + 1)
    ]


def _rounds(loop: Any) -> list[Any]:
    """The bodies of a loop over numbers, one a round; [None] where they aren't known."""
    indices, parameter, body = loop.params
    if not isinstance(indices, range | tuple | list):
        return [None]
    if len(indices) * max(len(body.data), 1) > _MAX_OPERATIONS:
        raise CircuitError(
            f"Qiskit's {loop.name} of {len(indices):,} rounds has more than {_MAX_OPERATIONS:,} "
            "gates. Split the circuit."
        )
    if parameter is None or parameter not in body.parameters:
        return [body] * len(indices)
    return [body.assign_parameters({parameter: index}) for index in indices]


def _plain(instruction: Any) -> Any:
    """The instruction itself, its annotations carried out; Cliffords and their like as gates."""
    kinds = import_extra("qiskit.circuit", "qiskit")
    annotations = import_extra("qiskit.circuit.annotated_operation", "qiskit")
    errors = import_extra("qiskit.exceptions", "qiskit")
    if not isinstance(instruction, kinds.AnnotatedOperation):
        convert = getattr(instruction, "to_instruction", None)
        known = isinstance(instruction, kinds.Instruction)
        return instruction if known or convert is None else convert()
    plain = _plain(instruction.base_op)
    try:
        for modifier in instruction.modifiers:
            if isinstance(modifier, annotations.InverseModifier):
                plain = plain.inverse(annotated=False)
            elif isinstance(modifier, annotations.PowerModifier):
                plain = plain.power(modifier.power, annotated=False)
            else:
                n_controls, state = modifier.num_ctrl_qubits, modifier.ctrl_state
                plain = plain.control(n_controls, ctrl_state=state, annotated=False)
    except (errors.QiskitError, AttributeError):
        return None
    return plain


def _synthesised(instruction: Any) -> Any:
    """A circuit for what has no definition but a synthesis, such as permutations; else None."""
    qiskit = import_extra("qiskit", "qiskit")
    kinds = import_extra("qiskit.circuit", "qiskit")
    passes = import_extra("qiskit.transpiler.passes", "qiskit")
    if not isinstance(instruction, kinds.Gate):
        return None
    alone = qiskit.QuantumCircuit(instruction.num_qubits)
    alone.append(instruction, alone.qubits)
    made = passes.HighLevelSynthesis()(alone)
    unchanged = [item.operation.base_class for item in made.data] == [instruction.base_class]
    return None if unchanged else made
