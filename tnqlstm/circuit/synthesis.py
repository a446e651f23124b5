"""`synthesise`: any unitary of a few qubits as gates of `GATES`, with its global phase.

One qubit: RZ RY RZ. Two: local gates around exp(i(a XX + b YY + c ZZ)), from the eigenvectors of
UᵀU in the magic basis (Kraus and Cirac, Phys. Rev. A 63, 062309 (2001)). More: sines and cosines
split off one qubit (Shende, Bullock, Markov, IEEE Trans. CAD 25, 1000 (2006), theorem 13). Only
orthogonal and unitary factors are used, so that the product is the matrix to rounding, close to
special gates too.
"""

from __future__ import annotations

import cmath
import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import CircuitError
from .gates import GATES

__all__ = ["MOST_QUBITS", "Step", "phase_between", "synthesise"]

Step: TypeAlias = tuple[str, tuple[int, ...], float | None]  # a gate of `GATES`, qubits, angle
_Matrix: TypeAlias = NDArray[Any]  # complex

MOST_QUBITS = 6  # some 4**n gates
_UNITARY = 1e-8  # what U†U may differ from 1; numbers with eight digits pass
_ROUNDING = 1e-13  # angles below are no gates
_MAGIC: _Matrix = np.array(
    [[1, 1j, 0, 0], [0, 0, 1j, 1], [0, 0, 1j, -1], [1, -1j, 0, 0]]
) / math.sqrt(2)
_X, _Y, _Z = (GATES[name].constant for name in "XYZ")
_ISING = {"RXX": np.kron(_X, _X), "RYY": np.kron(_Y, _Y), "RZZ": np.kron(_Z, _Z)}


def synthesise(matrix: object) -> tuple[list[Step], float]:
    """Steps on qubits 0, 1, … in time order, and φ: the matrix is e^{iφ} times their product.

    The first qubit is the most significant. Raises `CircuitError` for what is no unitary of 1 to 6
    qubits.
    """
    unitary: _Matrix = np.asarray(matrix, dtype=np.complex128)
    size = unitary.shape[0] if unitary.ndim == 2 else 0
    n_qubits = size.bit_length() - 1
    if unitary.shape != (2**n_qubits,) * 2 or not 1 <= n_qubits <= MOST_QUBITS:
        raise CircuitError(
            f"a unitary of 1 to {MOST_QUBITS} qubits wanted, got a matrix of shape {unitary.shape}."
        )
    if not np.allclose(unitary @ unitary.conj().T, np.eye(size), rtol=0, atol=_UNITARY):
        raise CircuitError(f"a unitary wanted, got a matrix that isn't: {_short(unitary)}.")
    u, _, vh = np.linalg.svd(unitary)  # the nearest unitary
    return _steps(u @ vh, tuple(range(n_qubits)))


def _short(matrix: _Matrix) -> str:
    return np.array2string(matrix, precision=3, threshold=16, edgeitems=1).replace("\n", "")


def _steps(unitary: _Matrix, qubits: tuple[int, ...]) -> tuple[list[Step], float]:
    known = _known(unitary, qubits)
    if known is not None:
        return known
    if len(qubits) == 1:
        return _turns(unitary, qubits)
    return _cartan(unitary, qubits) if len(qubits) == 2 else _split(unitary, qubits)


def _known(unitary: _Matrix, qubits: tuple[int, ...]) -> tuple[list[Step], float] | None:
    """The identity, or a gate of `GATES` without an angle, up to a phase."""
    phase = phase_between(np.eye(len(unitary)), unitary)
    if phase is not None:
        return [], phase
    for gate in GATES.values():
        if gate.is_parametrised or gate.n_qubits != len(qubits):
            continue
        for order in (1, -1)[: len(qubits)]:
            phase = phase_between(_ordered(gate.constant, order), unitary)
            if phase is not None:
                return [(gate.name, qubits[::order], None)], phase
    return None


def phase_between(
    matrix: NDArray[Any], unitary: NDArray[Any], tolerance: float = _ROUNDING
) -> float | None:
    """φ where the unitary is e^{iφ} times the matrix, else None."""
    phase = float(np.angle(np.vdot(matrix, unitary)))
    return phase if np.abs(cmath.exp(1j * phase) * matrix - unitary).max() < tolerance else None


def _ordered(matrix: _Matrix, order: int) -> _Matrix:
    if order == 1:
        return matrix
    return matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)


def _turns(unitary: _Matrix, qubits: tuple[int, ...]) -> tuple[list[Step], float]:
    phase = np.angle(np.linalg.det(unitary)) / 2
    special = unitary * np.exp(-1j * phase)
    half_sum, half_difference = np.angle(special[1, 1]), np.angle(special[1, 0])
    angle = 2 * math.atan2(abs(special[1, 0]), abs(special[0, 0]))
    first, last = half_sum - half_difference, half_sum + half_difference
    if abs(angle) < _ROUNDING:
        first, last = 0.0, first + last
    steps: list[Step] = []
    for name, turn in (("RZ", first), ("RY", angle), ("RZ", last)):
        rounds = round(turn / (2 * math.pi))  # a full turn is −1
        phase += rounds * math.pi
        if abs(turn - rounds * 2 * math.pi) > _ROUNDING:
            steps.append((name, qubits, float(turn - rounds * 2 * math.pi)))
    return steps, float(phase)


def _cartan(unitary: _Matrix, qubits: tuple[int, ...]) -> tuple[list[Step], float]:
    magic = _MAGIC.conj().T @ unitary @ _MAGIC
    right = _common_eigenvectors(magic.T @ magic)
    right[:, 0] *= np.sign(np.linalg.det(right))
    phases = np.angle(np.diag(right.T @ magic.T @ magic @ right)) / 2
    left = (magic @ right * np.exp(-1j * phases)).real
    if np.linalg.det(left) < 0:
        left[:, 0] *= -1
        phases[0] += math.pi
    after, before = (_MAGIC @ m @ _MAGIC.conj().T for m in (left, right.T))
    # in the magic basis the three Ising generators are diagonal
    signs = [np.diag(_MAGIC.conj().T @ g @ _MAGIC).real for g in _ISING.values()]
    phase, *strengths = np.linalg.solve(np.stack([np.ones(4), *signs], axis=1), phases)
    inner: list[Step] = []
    for (name, pauli), strength in zip(_ISING.items(), strengths, strict=True):
        quarters = round(strength / (math.pi / 2))  # exp(iπ/2 XX) = i XX, which is local
        after = after @ np.linalg.matrix_power(1j * pauli, quarters % 4)
        angle = -2 * (strength - quarters * math.pi / 2)
        if abs(angle) > _ROUNDING:
            inner.append((name, qubits, float(angle)))
    first, phase_before = _local(before, qubits)
    last, phase_after = _local(after, qubits)
    return [*first, *inner, *last], float(phase + phase_before + phase_after)


def _common_eigenvectors(symmetric: _Matrix) -> NDArray[np.float64]:
    """Of the real and imaginary part of a symmetric unitary, which commute; an orthogonal matrix.

    They are those of a mixture, at the ratio that leaves least: one may join two eigenspaces.
    """
    best, least = np.eye(4), math.inf
    for ratio in (0.0, 0.7390851332151607, -1.9318516525781366, 0.2419707245191434):
        _, vectors = np.linalg.eigh(symmetric.real + ratio * symmetric.imag)
        turned = vectors.T @ symmetric @ vectors
        left = float(np.abs(turned - np.diag(np.diag(turned))).max())
        if left < least:
            best, least = vectors, left
    return best


def _local(product: _Matrix, qubits: tuple[int, ...]) -> tuple[list[Step], float]:
    """The steps of A ⊗ B."""
    blocks = product.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    u, s, vh = np.linalg.svd(blocks)
    one, other = (math.sqrt(s[0]) * m.reshape(2, 2) for m in (u[:, 0], vh[0]))
    (first, phase), (second, more) = (
        _steps(m / np.sqrt(abs(np.linalg.det(m))), (q,))
        for m, q in zip((one, other), qubits, strict=True)
    )
    return [*first, *second], phase + more


def _split(unitary: _Matrix, qubits: tuple[int, ...]) -> tuple[list[Step], float]:
    """Gates on all but the first qubit, and turns of the first that the others select."""
    from scipy.linalg import cossin

    half = len(unitary) // 2
    after, angles, before = cossin(unitary, p=half, q=half, separate=True)
    first, phase = _demultiplexed(before, qubits)
    last, more = _demultiplexed(after, qubits)
    return [*first, *_selected("RY", 2 * angles, qubits), *last], phase + more


def _demultiplexed(
    by_first: tuple[_Matrix, _Matrix], qubits: tuple[int, ...]
) -> tuple[list[Step], float]:
    """One of two unitaries of the others, by the first qubit: V D W or V D† W, D diagonal."""
    from scipy.linalg import schur

    zero, one = by_first
    triangle, v = schur(zero @ one.conj().T, output="complex")  # of a normal matrix: diagonal
    halves = np.angle(np.diag(triangle)) / 2
    w = np.exp(1j * halves)[:, None] * (v.conj().T @ one)
    first, phase = _steps(w, qubits[1:])
    last, more = _steps(v, qubits[1:])
    return [*first, *_selected("RZ", -2 * halves, qubits), *last], phase + more


def _selected(name: str, angles: NDArray[np.float64], qubits: tuple[int, ...]) -> list[Step]:
    """The first qubit turned by the angle that the others' basis state selects, by a Gray code."""
    target, *controls = qubits
    if np.abs(angles - angles[0]).max() < _ROUNDING:
        turn: Step = (name, (target,), float(angles[0]))
        return [turn] if abs(angles[0]) > _ROUNDING else []
    n = len(angles)
    codes = np.arange(n) ^ (np.arange(n) >> 1)
    parity = np.bitwise_count(codes[:, None] & np.arange(n)) & 1
    steps: list[Step] = []
    for k, angle in enumerate((1 - 2.0 * parity) @ angles / n):
        if abs(angle) > _ROUNDING:
            steps.append((name, (target,), float(angle)))
        flipped = int(codes[k] ^ codes[(k + 1) % n]).bit_length()
        steps.append(("CX", (controls[len(controls) - flipped], target), None))
    return steps
