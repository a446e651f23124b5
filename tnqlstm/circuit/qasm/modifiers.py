"""Inverses and powers of gates, for OpenQASM 3's gate modifiers."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..gates import GATES
from .budget import Budget
from .tokens import Token, error_at

__all__ = ["Step", "inverse", "power"]

# a gate as (name in GATES, qubits, angle), or ("GPHASE", (), angle) where phases count
Step: TypeAlias = tuple[str, tuple[int, ...], Any]

_INVERSES = {
    **{name: name for name in ("I", "H", "X", "Y", "Z", "CX", "CY", "CZ", "SWAP")},
    **{"S": "SDG", "SDG": "S", "T": "TDG", "TDG": "T", "SX": "SXDG", "SXDG": "SX"},
}
# gates that are a phase on |1…1⟩: (the gate of any such phase, the phase in units of π)
_PHASES = {
    **{"Z": ("P", 1.0), "S": ("P", 0.5), "SDG": ("P", -0.5), "T": ("P", 0.25), "TDG": ("P", -0.25)},
    **{"CZ": ("CP", 1.0), "CS": ("CP", 0.5)},
}
# the same after a change of basis of the last qubit: (basis, the gate of the phase, its units of π)
_TURNED: dict[str, tuple[tuple[str, ...], str, float]] = {
    "X": (("H",), "P", 1.0),
    "SX": (("H",), "P", 0.5),
    "SXDG": (("H",), "P", -0.5),
    "Y": (("SDG", "H"), "P", 1.0),
    "CX": (("H",), "CP", 1.0),
    "CY": (("SDG", "H"), "CP", 1.0),
}
_ROOTS_OF_X = {0.5: "SX", -0.5: "SXDG"}


def inverse(steps: list[Step]) -> list[Step]:
    """The steps undone."""
    out: list[Step] = []
    for name, qubits, angle in reversed(steps):
        if name in _INVERSES:
            out.append((_INVERSES[name], qubits, None))
        elif name == "CS":
            out.append(("CP", qubits, -math.pi / 2))
        elif name == "ISWAP":  # its square is Z ⊗ Z
            out += [("Z", qubits[:1], None), ("Z", qubits[1:], None), (name, qubits, None)]
        else:
            out.append((name, qubits, -angle))
    return out


def power(steps: list[Step], exponent: int | float, token: Token, budget: Budget) -> list[Step]:
    """The steps repeated, or the root of what they come to."""
    if len(steps) == 1:
        name, qubits, angle = steps[0]
        if angle is not None and exponent != 1:
            return [(name, qubits, angle * exponent)]
    if float(exponent).is_integer():
        count = abs(int(exponent))
        budget.spend(max(1, len(steps)) * count + 1, token)
        return (inverse(steps) if exponent < 0 else steps) * count
    if len(steps) == 1:
        name, qubits, _ = steps[0]
        if exponent in _ROOTS_OF_X and name == "X":
            return [(_ROOTS_OF_X[exponent], qubits, None)]
        if name in _FRACTIONS:
            return _FRACTIONS[name](qubits, exponent)
        return _fraction(name, qubits, exponent)
    places = {qubit for _, qubits, _ in steps for qubit in qubits}
    if len(places) <= 1 and all(
        angle is None or isinstance(angle, int | float) for *_, angle in steps
    ):
        return _root(steps, exponent)
    what = "with parameters" if len(places) <= 1 else "on several qubits"
    raise error_at(
        token,
        f"pow({exponent:g}) of a product of {len(steps)} gates {what}. Give a whole number, or "
        "write the root as gates.",
    )


def _fraction(name: str, qubits: tuple[int, ...], exponent: float) -> list[Step]:
    """The principal power of a gate that is a phase in some basis."""
    if name == "I":
        return []
    if name in _PHASES:
        phase, turns = _PHASES[name]
        return [(phase, qubits, math.pi * turns * exponent)]
    last = qubits[-1:]
    if name == "H":
        return [
            ("RY", last, -math.pi / 4),
            ("P", last, math.pi * exponent),
            ("RY", last, math.pi / 4),
        ]
    basis, phase, turns = _TURNED[name]
    before: list[Step] = [(change, last, None) for change in basis]
    return [*before, (phase, qubits, math.pi * turns * exponent), *inverse(before)]


def _swap(qubits: tuple[int, ...], exponent: float) -> list[Step]:
    """SWAP = (1 + XX + YY + ZZ)/2 has the eigenvalue −1 once and 1 else."""
    turned = math.pi / 2 * exponent
    rotations: list[Step] = [(name, qubits, turned) for name in ("RXX", "RYY", "RZZ")]
    return [*rotations, ("GPHASE", (), turned / 2)]


def _iswap(qubits: tuple[int, ...], exponent: float) -> list[Step]:
    """exp(iπ/4 (XX + YY))"""
    return [(name, qubits, -math.pi / 2 * exponent) for name in ("RXX", "RYY")]


_FRACTIONS: dict[str, Callable[[tuple[int, ...], float], list[Step]]] = {
    "SWAP": _swap,
    "ISWAP": _iswap,
}


def _root(steps: list[Step], exponent: float) -> list[Step]:
    """The principal power of a product on one qubit, as P RY P and a phase."""
    matrix = np.eye(2, dtype=np.complex128)
    qubits: tuple[int, ...] = ()
    for name, on, angle in steps:
        if name == "GPHASE":
            matrix = matrix * cmath.exp(1j * angle)
        else:
            matrix, qubits = GATES[name].matrix(angle) @ matrix, on
    if not qubits:
        return [("GPHASE", (), exponent * cmath.phase(matrix[0, 0]))]
    # The matrix is e^{iα}(cos β − i sin β n·σ), with the eigenvalues e^{i(α ± β)}. Its hermitian
    # part is well conditioned for eigenvectors where its own may nearly coincide.
    phase = cmath.phase(np.linalg.det(matrix)) / 2
    generator = 1j * (matrix * cmath.exp(-1j * phase))
    _, vectors = np.linalg.eigh((generator + generator.conj().T) / 2)
    values = np.einsum("ki,kl,li->i", vectors.conj(), matrix, vectors)
    angles = np.angle(values)
    angles[angles < 1e-12 - math.pi] += math.tau  # −1 is e^{iπ}, whatever rounding says
    powers = np.exp(1j * exponent * angles)
    return _rotations(vectors @ np.diag(powers) @ vectors.conj().T, qubits)


def _rotations(matrix: Any, qubits: tuple[int, ...]) -> list[Step]:
    """A unitary of one qubit as e^{iδ} P(φ) RY(θ) P(λ)."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) >= abs(c):
        delta = cmath.phase(a)
        total = cmath.phase(d) - delta
        phi = cmath.phase(c) - delta if abs(c) > 1e-15 else 0.0
        lam = total - phi
    else:
        both = cmath.phase(c), cmath.phase(-b)
        delta = cmath.phase(a) if abs(a) > 1e-15 else 0.0
        phi, lam = both[0] - delta, both[1] - delta
    return [("P", qubits, lam), ("RY", qubits, theta), ("P", qubits, phi), ("GPHASE", (), delta)]
