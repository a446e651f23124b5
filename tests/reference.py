"""A dense statevector simulator written from textbook definitions, and random circuits for it.

Everything that computes expectation values is held to this module. It shares no gate matrix and
no encoding with the package: matrices are written out entry by entry (Nielsen and Chuang, and
OpenQASM 3's stdgates.inc for the controlled and Ising gates). Gradients come twice: central
differences, and parameter shifts, which are exact.
"""

from __future__ import annotations

import math
from cmath import exp
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tnqlstm.circuit import Circuit, InputSlot, Operation, Polynomial, WeightSlot

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

ENCODING_VALUES: dict[str, Callable[[float], float]] = {
    "identity": lambda v: v,
    "arctan": math.atan,
    "arctan_square": lambda v: math.atan(v * v),
}
ENCODING_SLOPES: dict[str, Callable[[float], float]] = {
    "identity": lambda v: 1.0,
    "arctan": lambda v: 1 / (1 + v * v),
    "arctan_square": lambda v: 2 * v / (1 + v**4),
}

_H = 1 / math.sqrt(2)

FIXED_GATES: dict[str, list[list[complex]]] = {
    "I": [[1, 0], [0, 1]],
    "H": [[_H, _H], [_H, -_H]],
    "X": [[0, 1], [1, 0]],
    "Y": [[0, -1j], [1j, 0]],
    "Z": [[1, 0], [0, -1]],
    "S": [[1, 0], [0, 1j]],
    "SDG": [[1, 0], [0, -1j]],
    "T": [[1, 0], [0, exp(1j * math.pi / 4)]],
    "TDG": [[1, 0], [0, exp(-1j * math.pi / 4)]],
    "SX": [[(1 + 1j) / 2, (1 - 1j) / 2], [(1 - 1j) / 2, (1 + 1j) / 2]],
    "SXDG": [[(1 - 1j) / 2, (1 + 1j) / 2], [(1 + 1j) / 2, (1 - 1j) / 2]],
    "CX": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
    "CY": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, -1j], [0, 0, 1j, 0]],
    "CZ": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, -1]],
    "CS": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1j]],
    "SWAP": [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
    "ISWAP": [[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]],
}


def _rx(t: float) -> list[list[complex]]:
    c, s = math.cos(t / 2), math.sin(t / 2)
    return [[c, -1j * s], [-1j * s, c]]


def _ry(t: float) -> list[list[complex]]:
    c, s = math.cos(t / 2), math.sin(t / 2)
    return [[c, -s], [s, c]]


def _rz(t: float) -> list[list[complex]]:
    return [[exp(-0.5j * t), 0], [0, exp(0.5j * t)]]


def _p(t: float) -> list[list[complex]]:
    return [[1, 0], [0, exp(1j * t)]]


def _controlled(rows: list[list[complex]]) -> list[list[complex]]:
    (a, b), (c, d) = rows
    return [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, a, b], [0, 0, c, d]]


def _rxx(t: float) -> list[list[complex]]:
    c, s = math.cos(t / 2), -1j * math.sin(t / 2)
    return [[c, 0, 0, s], [0, c, s, 0], [0, s, c, 0], [s, 0, 0, c]]


def _ryy(t: float) -> list[list[complex]]:
    c, s = math.cos(t / 2), -1j * math.sin(t / 2)
    return [[c, 0, 0, -s], [0, c, s, 0], [0, s, c, 0], [-s, 0, 0, c]]


def _rzz(t: float) -> list[list[complex]]:
    e, f = exp(-0.5j * t), exp(0.5j * t)
    return [[e, 0, 0, 0], [0, f, 0, 0], [0, 0, f, 0], [0, 0, 0, e]]


ANGLE_GATES: dict[str, Callable[[float], list[list[complex]]]] = {
    "RX": _rx,
    "RY": _ry,
    "RZ": _rz,
    "P": _p,
    "CP": lambda t: _controlled(_p(t)),
    "CRX": lambda t: _controlled(_rx(t)),
    "CRY": lambda t: _controlled(_ry(t)),
    "CRZ": lambda t: _controlled(_rz(t)),
    "RXX": _rxx,
    "RYY": _ryy,
    "RZZ": _rzz,
}
FOUR_TERM_GATES = ("CRX", "CRY", "CRZ")  # generators with the eigenvalues 0 and ±1/2
SPECIAL_ANGLES = (0.0, math.pi / 2, math.pi, -math.pi / 2, 2 * math.pi)


def gate_matrix(name: str, angle: float | None = None) -> Complex:
    """The unitary of a gate; its first qubit is the more significant bit."""
    rows = FIXED_GATES[name] if angle is None else ANGLE_GATES[name](angle)
    return np.array(rows, dtype=complex)


def operation_angles(circuit: Circuit, weights: ArrayLike, inputs: ArrayLike) -> list[float | None]:
    """The angle of each operation, None where a gate has none."""
    flat, vector = np.ravel(np.asarray(weights)), np.asarray(inputs)
    angles: list[float | None] = []
    for op in circuit.operations:
        if isinstance(op.angle, Polynomial):
            total = op.angle.offset
            for coefficient, slots in op.angle.terms:
                total += coefficient * math.prod(_slot_value(s, flat, vector) for s in slots)
            angles.append(total)
        elif isinstance(op.angle, InputSlot | WeightSlot):
            angles.append(_slot_value(op.angle, flat, vector))
        else:
            angles.append(op.angle)
    return angles


def _slot_value(slot: InputSlot | WeightSlot, flat: Any, vector: Any) -> float:
    if isinstance(slot, WeightSlot):
        return float(flat[slot.index])
    return ENCODING_VALUES[slot.encoding](float(vector[slot.index]))


def statevector(
    circuit: Circuit, weights: ArrayLike = (), inputs: ArrayLike = (), angles: Any = None
) -> Complex:
    """The state after the circuit on |0…0⟩, shape (2**n_qubits,), qubit 0 most significant.

    `angles` replaces the angles that weights and inputs give, one an operation.
    """
    n = circuit.n_qubits
    if angles is None:
        angles = operation_angles(circuit, weights, inputs)
    state: Complex = np.zeros((2,) * n, dtype=complex)
    state[(0,) * n] = 1
    for op, angle in zip(circuit.operations, angles, strict=True):
        k = len(op.qubits)
        gate = gate_matrix(op.name, angle).reshape((2,) * (2 * k))
        state = np.tensordot(gate, state, axes=(range(k, 2 * k), op.qubits))
        state = np.moveaxis(state, range(k), op.qubits)
    return state.reshape(-1)


def z_values(state: Complex, observables: Iterable[int]) -> Real:
    """⟨Z_q⟩ of each qubit in `observables`."""
    n = int(math.log2(len(state)))
    probabilities = (np.abs(state) ** 2).reshape((2,) * n)
    values = []
    for q in observables:
        zero, one = (np.take(probabilities, bit, axis=q).sum() for bit in (0, 1))
        values.append(zero - one)
    return np.array(values)


def expectations(
    circuit: Circuit,
    weights: ArrayLike = (),
    inputs: ArrayLike = (),
    observables: Iterable[int] | None = None,
) -> Real:
    """⟨Z⟩ of each observed qubit (all of them by default).

    `weights`: shape `circuit.weight_shape`. `inputs`: (n_inputs,), giving (n_observables,), or
    (batch, n_inputs), giving (batch, n_observables).
    """
    observed = list(range(circuit.n_qubits) if observables is None else observables)
    if np.ndim(inputs) == 2:
        rows = [expectations(circuit, weights, row, observed) for row in np.asarray(inputs)]
        return np.array(rows)
    return z_values(statevector(circuit, weights, inputs), observed)


def parameter_shift_gradient(
    circuit: Circuit,
    weights: ArrayLike,
    inputs: ArrayLike,
    observables: Iterable[int] | None = None,
) -> tuple[Real, Real]:
    """d⟨Z⟩/dweights, d⟨Z⟩/dinputs: (n_observables, *weight_shape), (n_observables, n_inputs).

    Exact. Each gate is shifted on its own, then the chain rule is applied through its encoding.
    """
    observed = list(range(circuit.n_qubits) if observables is None else observables)
    vector = np.asarray(inputs, dtype=float)
    angles = operation_angles(circuit, weights, inputs)
    of_weights = np.zeros((len(observed), circuit.n_weights))
    of_inputs = np.zeros((len(observed), circuit.n_inputs))
    flat = np.ravel(np.asarray(weights))
    for k, op in enumerate(circuit.operations):
        for slot, factor in _slot_slopes(op.angle, flat, vector):
            slope = factor * _shift_slope(circuit, angles, k, observed)
            if isinstance(slot, WeightSlot):
                of_weights[:, slot.index] += slope
            else:
                slope *= ENCODING_SLOPES[slot.encoding](float(vector[slot.index]))
                of_inputs[:, slot.index] += slope
    return of_weights.reshape(len(observed), *circuit.weight_shape), of_inputs


def _slot_slopes(angle: Any, flat: Any, vector: Any) -> list[tuple[InputSlot | WeightSlot, float]]:
    """d angle/d slot, one entry for each place where the slot stands."""
    if isinstance(angle, InputSlot | WeightSlot):
        return [(angle, 1.0)]
    slopes = []
    for coefficient, slots in angle.terms if isinstance(angle, Polynomial) else ():
        for k, slot in enumerate(slots):
            others = [_slot_value(s, flat, vector) for s in (*slots[:k], *slots[k + 1 :])]
            slopes.append((slot, coefficient * math.prod(others)))
    return slopes


def _shift_slope(
    circuit: Circuit, angles: Sequence[float | None], k: int, observed: Sequence[int]
) -> Real:
    """d⟨Z⟩/d(angle of operation k).

    Two terms at ±π/2 where the generator has two eigenvalues a unit apart (frequency 1); four at
    ±π/2 and ±3π/2 for controlled rotations (frequencies 1/2 and 1; Anselmetti et al., arXiv
    2104.05695; Wierichs et al., arXiv 2107.12390).
    """

    def difference(shift: float) -> Real:
        plus, minus = list(angles), list(angles)
        at = angles[k]
        assert at is not None
        plus[k], minus[k] = at + shift, at - shift
        high, low = (statevector(circuit, angles=row) for row in (plus, minus))
        return z_values(high, observed) - z_values(low, observed)

    if circuit.operations[k].name not in FOUR_TERM_GATES:
        return difference(math.pi / 2) / 2
    root = math.sqrt(2)
    near, far = (root + 1) / (4 * root), (root - 1) / (4 * root)
    return near * difference(math.pi / 2) - far * difference(3 * math.pi / 2)


def finite_difference_gradient(
    circuit: Circuit,
    weights: ArrayLike,
    inputs: ArrayLike,
    observables: Iterable[int] | None = None,
    step: float = 5e-4,
) -> tuple[Real, Real]:
    """As `parameter_shift_gradient`, by central differences of fourth order; error about 1e-11."""
    weights, inputs = np.asarray(weights, dtype=float), np.asarray(inputs, dtype=float)
    observed = list(range(circuit.n_qubits) if observables is None else observables)

    def slopes(values: Real, f: Callable[[Real], Real]) -> Real:
        columns = np.zeros((len(observed), values.size))
        for k in range(values.size):
            unit: Real = (step * np.eye(values.size)[k]).reshape(values.shape)
            inner = f(values + unit) - f(values - unit)
            outer = f(values + 2 * unit) - f(values - 2 * unit)
            columns[:, k] = (8 * inner - outer) / (12 * step)
        return columns.reshape(len(observed), *values.shape)

    return (
        slopes(weights, lambda w: expectations(circuit, w, inputs, observed)),
        slopes(inputs, lambda x: expectations(circuit, weights, x, observed)),
    )


def spread(n_qubits: int) -> list[Operation]:
    """A state of no symmetry, so that no gate acts trivially."""
    return [
        Operation(name, (q,), 0.4 + 0.9 * q + k)
        for q in range(n_qubits)
        for k, name in enumerate(("RY", "RZ"))
    ]


def random_circuit(
    rng: np.random.Generator,
    n_qubits: int | None = None,
    n_gates: int | None = None,
    blocks: Sequence[int] | None = None,
) -> Circuit:
    """A circuit of random gates; every gate, encoding and kind of angle has its turn.

    `n_qubits`: 1 to 6 by default. `n_gates`: 5 to 30. `blocks`: block sizes; two-qubit gates then
    stay inside a block, as in scheme `segment`, and n_qubits is the sum. Angles are numbers (0,
    ±π/2, π, 2π or any), input slots or weight slots; slots may be read more than once or never.
    """
    if blocks is not None:
        n = sum(blocks)
    else:
        n = int(rng.integers(1, 7)) if n_qubits is None else n_qubits
    count = int(rng.integers(5, 31)) if n_gates is None else n_gates
    n_inputs = int(rng.integers(1, 5))
    weight_shape = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    sizes = [n] if blocks is None else list(blocks)
    starts = np.cumsum([0, *sizes[:-1]])
    homes = [k for k, size in enumerate(sizes) for _ in range(size)]
    single = [name for name in _names() if len(gate_matrix(name, _probe(name))) == 2]
    double = [name for name in _names() if name not in single]
    operations = []
    for _ in range(count):
        home = homes[int(rng.integers(n))]
        inside = starts[home] + rng.permutation(sizes[home])
        wide = sizes[home] > 1 and rng.random() < 0.6
        name = str(rng.choice(double if wide else single))
        qubits = tuple(int(q) for q in inside[: 2 if wide else 1])
        angle = _random_angle(rng, n_inputs, math.prod(weight_shape)) if _probe(name) else None
        operations.append(Operation(name, qubits, angle))
    return Circuit(n, tuple(operations), n_inputs, weight_shape)


def random_values(rng: np.random.Generator, circuit: Circuit) -> tuple[Real, Real]:
    """Weights and inputs for a circuit; about a third of them 0, ±π/2, π or 2π."""

    def draw(shape: tuple[int, ...]) -> Real:
        special = rng.choice(SPECIAL_ANGLES, size=shape)
        return np.where(rng.random(shape) < 1 / 3, special, rng.uniform(-4, 4, size=shape))

    return draw(circuit.weight_shape), draw((circuit.n_inputs,))


def _names() -> list[str]:
    return [*FIXED_GATES, *ANGLE_GATES]


def _probe(name: str) -> float | None:
    return 1.0 if name in ANGLE_GATES else None


def _random_angle(
    rng: np.random.Generator, n_inputs: int, n_weights: int
) -> float | InputSlot | WeightSlot:
    kind = rng.integers(4)
    if kind == 0:
        return float(rng.choice(SPECIAL_ANGLES))
    if kind == 1:
        return float(rng.uniform(-2 * math.pi, 2 * math.pi))
    if kind == 2:
        return InputSlot(int(rng.integers(n_inputs)), str(rng.choice(list(ENCODING_VALUES))))
    return WeightSlot(int(rng.integers(n_weights)))
