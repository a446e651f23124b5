"""`Circuit`: gates, input slots and weight slots, immutable and free of values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CircuitError, ShapeError
from ..shown import ShortTuple, counted
from .encoding import ENCODINGS
from .operation import Operation
from .slots import InputSlot, Slot, WeightSlot, slots_of, whole, with_slots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Circuit"]

_FEW_OPERATIONS = 3  # that a repr lists
_DRAWN_QUBITS, _DRAWN_OPERATIONS = 12, 150  # that Jupyter draws


@dataclass(frozen=True)
class Circuit:
    """A parametrised circuit on |0…0⟩.

    Parameters
    ----------
    n_qubits
        Number of qubits, at least 1.
    operations
        `Operation`s in time order, or tuples of their arguments: ``("RY", (0,), WeightSlot(0))``.
    n_inputs
        Length of the input vector; at least one more than the largest `InputSlot.index`.
    weight_shape
        Shape of the weights; its product is at least one more than the largest `WeightSlot.index`.

    Raises `CircuitError` where a gate or slot is out of range. Equal circuits hash equal.
    """

    n_qubits: int
    operations: tuple[Operation, ...]
    n_inputs: int = 0
    weight_shape: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        operations = tuple(
            op if isinstance(op, Operation) else Operation(*op) for op in self.operations
        )
        object.__setattr__(self, "operations", ShortTuple(operations))
        shape = tuple(whole("length in weight_shape", n, least=0) for n in self.weight_shape)
        object.__setattr__(self, "weight_shape", shape)
        object.__setattr__(self, "n_qubits", whole("n_qubits", self.n_qubits, least=1))
        object.__setattr__(self, "n_inputs", whole("n_inputs", self.n_inputs, least=0))
        _check_ranges(self)

    @property
    def n_weights(self) -> int:
        return math.prod(self.weight_shape)

    @cached_property
    def two_qubit_operations(self) -> tuple[Operation, ...]:
        return ShortTuple(op for op in self.operations if len(op.qubits) == 2)

    @cached_property
    def is_real(self) -> bool:
        """Whether every gate is a real matrix, so that states are real."""
        return all(op.gate.real for op in self.operations)

    @cached_property
    def depth(self) -> int:
        """Number of gate layers when each gate starts as soon as its qubits are free."""
        busy = [0] * self.n_qubits
        for op in self.operations:
            level = 1 + max(busy[q] for q in op.qubits)
            for q in op.qubits:
                busy[q] = level
        return max(busy)

    def components(self) -> list[tuple[int, ...]]:
        """Groups of qubits that two-qubit gates join, each sorted; ordered by first qubit."""
        root = list(range(self.n_qubits))

        def find(q: int) -> int:
            while root[q] != q:
                root[q] = root[root[q]]
                q = root[q]
            return q

        for op in self.two_qubit_operations:
            a, b = sorted(map(find, op.qubits))
            root[b] = a
        groups: dict[int, list[int]] = {}
        for q in range(self.n_qubits):
            groups.setdefault(find(q), []).append(q)
        return [tuple(group) for group in groups.values()]

    @staticmethod
    def beside(circuits: Sequence[Circuit]) -> Circuit:
        """The circuits side by side: qubits and inputs in sequence, weights joined on axis 1.

        Weight shapes must agree but for axis 1, so (depth, 3) and (depth, 2) give (depth, 5).
        """
        if not circuits:
            raise CircuitError("no circuits to put side by side; give at least one.")
        shapes = [c.weight_shape for c in circuits]
        if len({(s[:1], s[2:]) for s in shapes}) > 1 or any(len(s) < 2 for s in shapes):
            raise CircuitError(f"weight shapes {shapes} must agree on every axis but axis 1.")
        shape = (shapes[0][0], sum(s[1] for s in shapes), *shapes[0][2:])
        slots = np.arange(math.prod(shape)).reshape(shape)
        operations: list[Operation] = []
        qubit = read = column = 0
        for circuit in circuits:
            own = slots[:, column : column + circuit.weight_shape[1]].ravel()

            def moved(slot: Slot, own: NDArray[np.int64] = own, read: int = read) -> Slot:
                if isinstance(slot, InputSlot):
                    return InputSlot(slot.index + read, slot.encoding)
                return WeightSlot(int(own[slot.index]))

            for op in circuit.operations:
                qubits = tuple(q + qubit for q in op.qubits)
                operations.append(Operation(op.name, qubits, with_slots(op.angle, moved)))
            qubit, read = qubit + circuit.n_qubits, read + circuit.n_inputs
            column += circuit.weight_shape[1]
        return Circuit(qubit, tuple(operations), read, shape)

    def angles(
        self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
    ) -> list[float | None]:
        """The angle of each operation in radians, None where a gate has none.

        `weights`: shape `weight_shape`; `inputs`: shape (n_inputs,). Raises `ShapeError` otherwise.
        """
        flat = _vector("weights", weights, self.weight_shape, self.n_weights)
        vector = _vector("inputs", inputs, (self.n_inputs,), self.n_inputs)

        def read(slot: Slot) -> float:
            if isinstance(slot, WeightSlot):
                return float(flat[slot.index])
            return float(ENCODINGS[slot.encoding](vector[slot.index]))

        return [with_slots(op.angle, read) for op in self.operations]

    def with_values(
        self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
    ) -> Circuit:
        """The circuit with numbers in place of the slots that are given; the others stay.

        `weights`: shape `weight_shape`; `inputs`: shape (n_inputs,). What is given is used up: the
        result has no weights, or no inputs, any more. Raises `ShapeError` where values don't fit.
        """
        unread = np.zeros(self.weight_shape), np.zeros(self.n_inputs)
        values = self.angles(
            unread[0] if weights is None else weights, unread[1] if inputs is None else inputs
        )
        open_slots = tuple(
            kind for kind, given in ((WeightSlot, weights), (InputSlot, inputs)) if given is None
        )
        operations = tuple(
            op
            if any(isinstance(slot, open_slots) for slot in slots_of(op.angle))
            else Operation(op.name, op.qubits, value)
            for op, value in zip(self.operations, values, strict=True)
        )
        return Circuit(
            self.n_qubits,
            operations,
            self.n_inputs if inputs is None else 0,
            self.weight_shape if weights is None else (0,),
        )

    @staticmethod
    def from_qasm(text: str | bytes, inputs: Sequence[str] = ()) -> Circuit:
        """The circuit of an OpenQASM 2 or 3 text.

        Qubits are numbered in the order in which registers are declared. Parameters (`input float`
        or `angle`, and one-dimensional arrays of them) become slots in their order of declaration:
        those named in `inputs` are inputs; where `inputs` is empty, those called x, x0, x_0, x1, …
        (or _x_0_, Qiskit's x[0]) are. The others are weights, of shape (number,). An angle may be
        a sum of products of parameters and numbers (-w, w/2, 2*x + 1, (pi - x)*(pi - y)), of
        inputs also of arctan(x), arctan(x*x) and arctan(x**2).

        Gates of more than one angle or more than two qubits become products. A definition that is
        a known gate, whatever its name and body, is read as that gate. Loops and branches on
        constants are unrolled; physical qubits keep their numbers. Global phases without controls,
        barriers, delays, resets of qubits not used yet and measurements at the end are dropped.
        Without a header the text is OpenQASM 3, or 2 where it includes qelib1.inc. Only qelib1.inc
        and stdgates.inc can be included, from tables, not from disk.

        Takes about 5 µs a gate. Raises `QasmError` with line and column for anything else: wrong
        text, other control flow, resets of used qubits, gates after a measurement, other arithmetic
        on parameters, and texts beyond 2²⁵ characters, 100,000 qubits, 1,000,000 gates or a bound
        on the work that isn't a gate of the text.

        >>> Circuit.from_qasm('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; cx q[0], q[1];')
        Circuit(2, (Operation('CX', (0, 1)),), 0, (0,))
        """
        from .qasm import read_qasm

        return read_qasm(text, inputs)

    def to_qasm(
        self,
        weights: ArrayLike | None = None,
        inputs: ArrayLike | None = None,
        version: int = 3,
    ) -> str:
        """The circuit as an OpenQASM text, version 2 or 3.

        `weights`: shape `weight_shape`; `inputs`: (n_inputs,). In version 3 slots without values
        are declared as `input float[64]`, weights as w0, w1, … (flattened) and inputs as x0, x1, …;
        version 2 has no parameters and wants all values. Angles are exact: `from_qasm` gives the
        same circuit again, with weights of shape (number,). Gates that the version's include file
        lacks are defined in the text.

        Raises `CircuitError` for slots without values in version 2 and for other versions,
        `ShapeError` where values don't fit.
        """
        from .qasm import write_qasm

        return write_qasm(self, weights, inputs, version)

    def to_quimb(self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None) -> Any:
        """A `quimb.tensor.Circuit` with these values (see `circuit.quimb_exchange`)."""
        from .quimb_exchange import to_quimb

        return to_quimb(self, weights, inputs)

    @staticmethod
    def from_quimb(circuit: Any) -> Circuit:
        """The gates of a `quimb.tensor.Circuit`, angles fixed."""
        from .quimb_exchange import from_quimb

        return from_quimb(circuit)

    def to_qiskit(self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None) -> Any:
        """A `qiskit.QuantumCircuit`, qubit k on qubit k; needs the extra `qiskit`.

        Slots without values become the elements of `ParameterVector`s w (weights, flattened) and
        x (inputs). Qiskit's state vectors have qubit 0 in the least significant place, ours in the
        most significant.
        """
        from .qiskit_exchange import to_qiskit

        return to_qiskit(self, weights, inputs)

    @staticmethod
    def from_qiskit(circuit: Any, inputs: Any = ()) -> Circuit:
        """The gates of a `qiskit.QuantumCircuit`; needs the extra `qiskit`.

        Parameters become slots in the order of `circuit.parameters`, which sorts by name: those in
        `inputs` (names, parameters or vectors, such as a feature map's `parameters`) are inputs;
        where `inputs` is empty, those called x, x0, x_0 or x[0], … are. The others are weights, of
        shape (number,). Angles may be polynomials of weights, or of inputs and their arctan(x) and
        arctan(x*x).

        Standard gates are known by their class; everything else, whatever its name, is what its
        definition or synthesis says. Loops over numbers are unrolled; global phases, barriers,
        delays, resets of unused qubits and measurements at the end are dropped. Raises
        `CircuitError` for instructions that are no gates, and for other arithmetic on parameters.
        """
        from .qiskit_exchange import from_qiskit

        return from_qiskit(circuit, inputs)

    def to_pennylane(
        self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
    ) -> Callable[..., None]:
        """A PennyLane quantum function f(weights, inputs, wires); needs the extra `pennylane`.

        Call it inside a QNode. What isn't given there is taken from here. Differentiable in both
        with any interface; `inputs` may carry a batch, shape (..., n_inputs), which PennyLane
        broadcasts. `weights`: shape `weight_shape`. `wires`: n_qubits labels, 0, 1, … by default.

        >>> import pennylane as qml
        >>> from tnqlstm import ansatz
        >>> gates = ansatz.ry_brickwork(2, 1).to_pennylane()
        >>> @qml.qnode(qml.device("default.qubit"))
        ... def node(weights, inputs):
        ...     gates(weights, inputs)
        ...     return qml.expval(qml.Z(0))
        """
        from .pennylane_exchange import to_pennylane

        return to_pennylane(self, weights, inputs)

    @staticmethod
    def from_pennylane(source: Any, *args: Any, **kwargs: Any) -> Circuit:
        """The gates of a PennyLane tape, QNode or quantum function; needs the extra `pennylane`.

        QNodes and functions are called with `args` and `kwargs`: with numbers, or with slots and
        arrays of them, which become the circuit's weights, of shape (number,), and inputs.
        Functions may do with slots what makes polynomials, and take arctan(x) and arctan(x*x).
        Wires are numbered in the order of the QNode's device where that has wires, else sorted
        where all are numbers, else as they come. Operators that aren't in `GATES` are decomposed,
        unitary matrices of up to 6 qubits are synthesised; global phases, barriers and the
        measurements at the end are dropped. Raises `CircuitError` for measurements inside, batches
        of angles and operators without a decomposition.

        >>> import pennylane as qml
        >>> from tnqlstm import Circuit, InputSlot, WeightSlot
        >>> circuit = Circuit.from_pennylane(
        ...     lambda w, x: (qml.RX(2 * x, wires=0), qml.RY(w[1] - w[0], wires=0)),
        ...     [WeightSlot(0), WeightSlot(1)],
        ...     InputSlot(0),
        ... )
        >>> print(circuit.operations[1].angle)
        -w0 + w1
        """
        from .pennylane_exchange import from_pennylane

        return from_pennylane(source, *args, **kwargs)

    def draw(self, blocks: Mapping[Any, Iterable[int]] | None = None, **options: Any) -> Figure:
        """A picture: one wire a qubit, coloured by block where `blocks` is given."""
        from .drawing import draw_circuit

        return draw_circuit(self, blocks, **options)

    def __repr__(self) -> str:
        """As it's made where that is short, else its sizes."""
        if len(self.operations) <= _FEW_OPERATIONS:
            listed = tuple.__repr__(self.operations)
            return f"Circuit({self.n_qubits}, {listed}, {self.n_inputs}, {self.weight_shape})"
        return (
            f"Circuit({counted(self.n_qubits, 'qubit')}, {counted(len(self.operations), 'gate')}, "
            f"{len(self.two_qubit_operations):,} on two qubits, depth {self.depth}, "
            f"{counted(self.n_inputs, 'input')}, weights {self.weight_shape})"
        )

    def _repr_png_(self) -> bytes | None:
        """A drawing of a small circuit for Jupyter; larger ones show their sizes."""
        if self.n_qubits > _DRAWN_QUBITS or len(self.operations) > _DRAWN_OPERATIONS:
            return None
        return self.draw()._repr_png_()  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return (
            f"Circuit of {self.n_qubits} qubits, {len(self.operations)} gates "
            f"({len(self.two_qubit_operations)} on two qubits), depth {self.depth}, "
            f"{self.n_inputs} inputs, weights {self.weight_shape}"
        )


def _check_ranges(circuit: Circuit) -> None:
    """Raise `CircuitError` for qubits and slots outside of the circuit."""
    n_qubits, n_inputs, n_weights = circuit.n_qubits, circuit.n_inputs, circuit.n_weights
    for op in circuit.operations:
        if max(op.qubits) >= n_qubits:
            raise CircuitError(
                f"gate {op.name} on qubits {op.qubits} is outside a circuit of {n_qubits} "
                f"qubits (0 to {n_qubits - 1})."
            )
        if op.angle is None or type(op.angle) is float:
            continue
        for slot in slots_of(op.angle):
            if isinstance(slot, InputSlot) and slot.index >= n_inputs:
                raise CircuitError(
                    f"gate {op.name} reads input {slot.index}, but n_inputs={n_inputs}."
                )
            if isinstance(slot, WeightSlot) and slot.index >= n_weights:
                raise CircuitError(
                    f"gate {op.name} reads weight {slot.index}, but weight_shape="
                    f"{circuit.weight_shape} has {n_weights}."
                )


def _vector(
    what: str, values: ArrayLike | None, shape: tuple[int, ...], size: int
) -> NDArray[np.float64]:
    if values is None and size == 0:
        return np.zeros(0)
    if values is None:
        raise ShapeError(f"{what} of shape {shape} wanted, got none.")
    detach = getattr(values, "detach", None)
    array = np.asarray(detach().cpu() if detach is not None else values, dtype=np.float64)
    if array.shape != shape:
        raise ShapeError(f"{what} of shape {shape} wanted, got {array.shape}.")
    return array.ravel()
