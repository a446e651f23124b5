"""Gates, each declared once.

Every gate here has at most one angle and the form

    U(θ) = constant + cos(f θ) · cosine + sin(f θ) · sine,      f = 1/2 or 1,

so a gate is three constant matrices. Values, gradients, transfer matrices and operator-Schmidt
factors all follow from them, for a single angle or for thousands at once. Gates of more angles
are products: U3(θ, φ, λ) = P(φ) RY(θ) P(λ).

Qubit order: the first qubit is the most significant bit, as in quimb and PennyLane. In controlled
gates the first qubit is the control. Angle conventions are those of OpenQASM 3's stdgates.inc
(RX, RY, RZ, RXX, RYY, RZZ = exp(−iθG/2); P, CP = diag(…, e^{iθ})).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CircuitError

__all__ = ["GATES", "Gate"]

ComplexMatrix = NDArray[np.complex128]
_Matrix = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Gate:
    """A one- or two-qubit gate U(θ) = constant + cos(f θ)·cosine + sin(f θ)·sine.

    `real`, `diagonal` and `schmidt_rank` repeat what the matrices say (at a generic angle);
    a test holds them to it. `quimb` is the label of the same gate in `quimb.tensor.Circuit`,
    None where quimb has no such label and the gate goes over as a matrix.
    """

    name: str
    n_qubits: int
    constant: ComplexMatrix
    cosine: ComplexMatrix | None = None
    sine: ComplexMatrix | None = None
    frequency: float = 0.5
    real: bool = False
    diagonal: bool = False
    schmidt_rank: int = 1
    quimb: str | None = None

    @property
    def is_parametrised(self) -> bool:
        return self.cosine is not None

    def matrix(self, angle: float | None = None) -> ComplexMatrix:
        """The unitary, shape (2**n_qubits, 2**n_qubits); `angle` in radians."""
        if self.cosine is None or self.sine is None:
            return self.constant
        if angle is None:
            raise CircuitError(f"gate {self.name} needs an angle. Give one.")
        phase = self.frequency * angle
        return self.constant + math.cos(phase) * self.cosine + math.sin(phase) * self.sine


def _matrix(rows: object) -> ComplexMatrix:
    array = np.array(rows, dtype=np.complex128)
    array.setflags(write=False)
    return array


_I, _X = np.eye(2), np.array([[0, 1], [1, 0]])
_Y, _Z = np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
_ZERO, _ONE = np.diag([1, 0]), np.diag([0, 1])
_S, _T = np.diag([1, 1j]), np.diag([1, np.exp(0.25j * np.pi)])
_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2


def _fixed(name: str, matrix: object, **facts: object) -> Gate:
    array = _matrix(matrix)
    return Gate(name, int(math.log2(len(array))), array, **facts)  # type: ignore[arg-type]


def _rotation(name: str, generator: _Matrix, **facts: object) -> Gate:
    """exp(−iθG/2) for a generator with G² = 1."""
    size = len(generator)
    return Gate(
        name,
        int(math.log2(size)),
        _matrix(np.zeros((size, size))),
        _matrix(np.eye(size)),
        _matrix(-1j * generator),
        **facts,  # type: ignore[arg-type]
    )


def _controlled_rotation(name: str, generator: _Matrix, **facts: object) -> Gate:
    return Gate(
        name,
        2,
        _matrix(np.kron(_ZERO, _I)),
        _matrix(np.kron(_ONE, _I)),
        _matrix(np.kron(_ONE, -1j * generator)),
        schmidt_rank=2,
        **facts,  # type: ignore[arg-type]
    )


def _phase(name: str, projector: _Matrix, **facts: object) -> Gate:
    """1 + (e^{iθ} − 1)·projector."""
    rest = np.eye(len(projector)) - projector
    n_qubits = int(math.log2(len(projector)))
    return Gate(
        name,
        n_qubits,
        _matrix(rest),
        _matrix(projector),
        _matrix(1j * projector),
        frequency=1.0,
        diagonal=True,
        **facts,  # type: ignore[arg-type]
    )


def _controlled(matrix: _Matrix) -> _Matrix:
    return np.kron(_ZERO, _I) + np.kron(_ONE, matrix)


_ISWAP = [[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]
_SWAP = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]

GATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        _fixed("I", _I, real=True, diagonal=True, quimb="IDEN"),
        _fixed("H", (_X + _Z) / math.sqrt(2), real=True, quimb="H"),
        _fixed("X", _X, real=True, quimb="X"),
        _fixed("Y", _Y, quimb="Y"),
        _fixed("Z", _Z, real=True, diagonal=True, quimb="Z"),
        _fixed("S", _S, diagonal=True, quimb="S"),
        _fixed("SDG", _S.conj(), diagonal=True, quimb="SDG"),
        _fixed("T", _T, diagonal=True, quimb="T"),
        _fixed("TDG", _T.conj(), diagonal=True, quimb="TDG"),
        _fixed("SX", _SX, quimb="SX"),
        _fixed("SXDG", _SX.conj().T, quimb="SXDG"),
        _rotation("RX", _X, quimb="RX"),
        _rotation("RY", _Y, real=True, quimb="RY"),
        _rotation("RZ", _Z, diagonal=True, quimb="RZ"),
        _phase("P", _ONE, quimb="PHASE"),
        _fixed("CX", _controlled(_X), real=True, schmidt_rank=2, quimb="CX"),
        _fixed("CY", _controlled(_Y), schmidt_rank=2, quimb="CY"),
        _fixed("CZ", _controlled(_Z), real=True, diagonal=True, schmidt_rank=2, quimb="CZ"),
        _fixed("CS", _controlled(_S), diagonal=True, schmidt_rank=2),
        _fixed("SWAP", _SWAP, real=True, schmidt_rank=4, quimb="SWAP"),
        _fixed("ISWAP", _ISWAP, schmidt_rank=4, quimb="ISWAP"),
        _phase("CP", np.kron(_ONE, _ONE), schmidt_rank=2, quimb="CPHASE"),
        _controlled_rotation("CRX", _X, quimb="CRX"),
        _controlled_rotation("CRY", _Y, real=True, quimb="CRY"),
        _controlled_rotation("CRZ", _Z, diagonal=True, quimb="CRZ"),
        _rotation("RXX", np.kron(_X, _X), schmidt_rank=2, quimb="RXX"),
        _rotation("RYY", np.kron(_Y, _Y), schmidt_rank=2, quimb="RYY"),
        _rotation("RZZ", np.kron(_Z, _Z), diagonal=True, schmidt_rank=2, quimb="RZZ"),
    )
}
