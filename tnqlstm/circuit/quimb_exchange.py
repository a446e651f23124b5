"""Circuits to and from `quimb.tensor.Circuit`, values included.

Labels are those of quimb 1.15. Angles cross as Python floats: a torch scalar would be detached
there without a word, and an array parameter is cached by identity, so that a gate changed in place
keeps its old values (both seen with quimb 1.15).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CircuitError
from .circuit import Circuit
from .gates import GATES
from .operation import Operation
from .qasm import product
from .synthesis import MOST_QUBITS, Step, phase_between, synthesise

if TYPE_CHECKING:
    import quimb.tensor as qtn

__all__ = ["from_quimb", "to_quimb"]

# quimb's ways of applying a gate that leave the tensors of the initial state as they were
UNTOUCHED = (False, "split-gate", "swap-split-gate", "auto-split-gate")


def to_quimb(
    circuit: Circuit, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
) -> qtn.Circuit:
    """The circuit with these values as a `quimb.tensor.Circuit`, for quimb's own tools.

    `weights`: shape `circuit.weight_shape`; `inputs`: (n_inputs,); either may be left out where
    the circuit has none. Numbers only: nothing here is differentiable. Gates that quimb has no
    label for (CS) go over as matrices. Raises `ShapeError` where the values don't fit.
    """
    import quimb.tensor as qtn

    out = qtn.Circuit(circuit.n_qubits)
    for op, angle in zip(circuit.operations, circuit.angles(weights, inputs), strict=True):
        if op.gate.quimb is None:
            out.apply_gate_raw(op.gate.matrix(angle), op.qubits)
        else:
            params = () if angle is None else (angle,)
            out.apply_gate(op.gate.quimb, params=params, qubits=op.qubits)
    return out


def from_quimb(circuit: Any) -> Circuit:
    """The gates of a `quimb.tensor.Circuit` as a `Circuit` whose angles are fixed.

    A gate is what its matrix is. Labels of quimb's own become gates of `GATES` or products of them,
    e.g. U3(θ, φ, λ) = P(φ) RY(θ) P(λ); one of its `controls` makes the controlled gate; other
    labels and raw matrices are synthesised. Raises `CircuitError` where the initial state isn't
    |0…0⟩, and for gates, which it lists, that are no unitaries or act on more than 6 qubits,
    controls included.
    """
    _check_start(circuit)
    operations: list[Operation] = []
    unknown: dict[str, None] = {}
    is_quimbs: dict[str, bool] = {}  # whether a label stands for what it does in quimb itself
    for gate in circuit.gates:
        qubits = (*(gate.controls or ()), *gate.qubits)
        steps = _named(gate)
        if steps is not None:
            label = f"{gate.label} {len(qubits)}"
            if label not in is_quimbs:
                made = _product(steps, len(qubits))
                is_quimbs[label] = phase_between(made, _matrix(gate, len(qubits))) is not None
            steps = steps if is_quimbs[label] else None
        try:
            if steps is None:
                steps, _ = synthesise(_matrix(gate, len(qubits)))
        except CircuitError:
            unknown[_describe(gate)] = None
            continue
        for name, places, angle in steps:
            operations.append(Operation(name, tuple(qubits[k] for k in places), angle))
    if unknown:
        raise CircuitError(
            f"no counterpart here for the quimb gates {', '.join(unknown)}: they aren't unitary, "
            f"or act on more than {MOST_QUBITS} qubits. Decompose them first into smaller gates."
        )
    return Circuit(int(circuit.N), tuple(operations))


def _check_start(circuit: Any) -> None:
    """That the circuit starts in |0…0⟩, where its gates have left the initial state's tensors."""
    if circuit.gate_opts.get("contract") not in UNTOUCHED:
        return
    for qubit, tensor in enumerate(circuit._psi.select_tensors("PSI0")):
        zero, *others = tensor.data.reshape(-1)
        if abs(zero) < 1e-12 or any(abs(other) > 1e-12 * abs(zero) for other in others):
            raise CircuitError(
                f"quimb's circuit starts in a state of its own (psi0, its tensor {qubit}), |0…0⟩ "
                "wanted. Start it there and prepare the state by gates."
            )


def _named(gate: Any) -> list[Step] | None:
    """What the label stands for in quimb, on (controls…, qubits…); None for other labels."""
    if isinstance(gate.params, str):  # "raw": a matrix without a label
        return None
    label, params = gate.label, [float(value) for value in gate.params]
    if gate.controls:
        label = _CONTROLLED.get((label, len(gate.controls)), "")
    if label in _SINGLE:
        name = _SINGLE[label]
        return [(name, tuple(range(GATES[name].n_qubits)), params[0] if params else None)]
    if label in _OF_THREE:
        return list(product(_OF_THREE[label], (), range(3)))
    return _PRODUCTS[label](params) if label in _PRODUCTS else None


def _matrix(gate: Any, n_qubits: int) -> NDArray[Any]:
    """The matrix on (controls…, qubits…); `CircuitError` for too many."""
    if n_qubits > MOST_QUBITS:
        raise CircuitError(f"a gate of {n_qubits} qubits.")
    array = gate.array
    array = np.asarray(array.detach() if hasattr(array, "detach") else array)
    inner = array.reshape(2 ** len(gate.qubits), -1)
    matrix = np.eye(2**n_qubits, dtype=np.complex128)
    matrix[-len(inner) :, -len(inner) :] = inner
    return matrix


def _product(steps: Sequence[Step], n_qubits: int) -> NDArray[Any]:
    """The steps' matrix."""
    total = np.eye(2**n_qubits, dtype=np.complex128).reshape((2,) * n_qubits + (-1,))
    for name, places, angle in steps:
        k = len(places)
        gate = GATES[name].matrix(angle).reshape((2,) * (2 * k))
        total = np.moveaxis(np.tensordot(gate, total, (range(k, 2 * k), places)), range(k), places)
    return total.reshape(2**n_qubits, -1)


def _describe(gate: Any) -> str:
    label = "raw matrix" if isinstance(gate.params, str) else gate.label
    controls = f" controlled by {tuple(gate.controls)}" if gate.controls else ""
    return f"{label} on {tuple(gate.qubits)}{controls}"


def _u3(theta: float, phi: float, lam: float) -> list[Step]:
    return [("P", (0,), lam), ("RY", (0,), theta), ("P", (0,), phi)]


def _cu3(theta: float, phi: float, lam: float) -> list[Step]:
    return [("CP", (0, 1), lam), ("CRY", (0, 1), theta), ("CP", (0, 1), phi)]


def _fsim(theta: float, phi: float) -> list[Step]:
    """|01⟩, |10⟩ mixed by exp(−iθX), e^{−iφ} on |11⟩."""
    return [("RXX", (0, 1), theta), ("RYY", (0, 1), theta), ("CP", (0, 1), -phi)]


def _rotated_root(axis: float) -> list[Step]:
    """A quarter turn about the axis at `axis` radians from X in the XY plane."""
    return [("RZ", (0,), -axis), ("RX", (0,), math.pi / 2), ("RZ", (0,), axis)]


_SINGLE: dict[str, str] = {gate.quimb: name for name, gate in GATES.items() if gate.quimb}
_SINGLE |= {"CNOT": "CX", "IS": "ISWAP", "U1": "P", "CU1": "CP"}

_PRODUCTS: dict[str, Callable[[Sequence[float]], list[Step]]] = {
    "U2": lambda p: _u3(math.pi / 2, p[0], p[1]),
    "U3": lambda p: _u3(p[0], p[1], p[2]),
    "CU2": lambda p: _cu3(math.pi / 2, p[0], p[1]),
    "CU3": lambda p: _cu3(p[0], p[1], p[2]),
    "X_1_2": lambda p: [("RX", (0,), math.pi / 2)],
    "Y_1_2": lambda p: [("RY", (0,), math.pi / 2)],
    "Z_1_2": lambda p: [("RZ", (0,), math.pi / 2)],
    "W_1_2": lambda p: _rotated_root(math.pi / 4),
    "HZ_1_2": lambda p: _rotated_root(math.pi / 4),
    "FSIM": lambda p: _fsim(p[0], p[1]),
    "FS": lambda p: _fsim(p[0], p[1]),
}

_OF_THREE = {
    **dict.fromkeys(("CCX", "CCNOT", "TOFFOLI"), "ccx"),
    "CCZ": "ccz",
    **dict.fromkeys(("CSWAP", "FREDKIN"), "cswap"),
}

# quimb label of the target and number of controls -> the label of the controlled gate
_CONTROLLED: dict[tuple[str, int], str] = {
    **{(label, 1): f"C{label}" for label in ("X", "Y", "Z", "RX", "RY", "RZ", "PHASE", "U2", "U3")},
    ("U1", 1): "CPHASE",
    ("SWAP", 1): "CSWAP",
    ("X", 2): "CCX",
    ("Z", 2): "CCZ",
    ("CX", 1): "CCX",
    ("CZ", 1): "CCZ",
}
