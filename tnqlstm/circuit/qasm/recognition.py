"""Definitions that are a gate of `GATES`, found by what they do.

Tools write gates that their include file lacks as products, each with names and products of its
own: rzz becomes CX, RZ, CX, and two qubits of a cut would pay for both CX. So the unitary of a
definition is compared with those of `GATES`, up to a global phase, at several values of its
parameters. A definition's name plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from lark import Token
from numpy.typing import NDArray

from ...errors import QasmError
from ..gates import GATES
from .definitions import Definition, Recognised
from .expansion import BoundCall, expand
from .modifiers import Budget, Step

__all__ = ["recognise"]

_Matrix = NDArray[Any]  # complex

_LONGEST = 100  # gates in a body; the longest standard product of one gate has about a dozen
_MOST_STEPS = 20_000
_TOLERANCE = 1e-10
_EIGHTHS = tuple(k * math.pi / 8 for k in range(-15, 16) if k)
# parameter values of no symmetry, beyond one turn too
_SAMPLES = np.random.default_rng(20).uniform(-9, 9, (3, 8))


class _Family(NamedTuple):
    """Gates of `GATES` with one qubit order each: (name, places) and matrices (gate, d, d)."""

    labels: list[tuple[str, tuple[int, ...]]]
    constant: _Matrix
    cosine: _Matrix
    sine: _Matrix
    frequency: NDArray[np.float64]


def recognise(definition: Definition) -> Recognised | None:
    """The gate of `GATES` that a definition is for all values of its parameters, if any."""
    n_parameters = definition.n_parameters
    if (
        not definition.calls
        or definition.n_qubits > 2
        or not 0 < definition.n_operations <= _LONGEST
        or n_parameters > _SAMPLES.shape[1]
    ):
        return None
    found = None
    for sample in _SAMPLES[:, :n_parameters] if n_parameters else _SAMPLES[:1, :0]:
        steps = _steps(definition, sample)
        if steps is None:
            return None
        unitary = _unitary(steps, definition.n_qubits)
        if found is None:
            found = _matches(unitary, _sources(steps, n_parameters), sample)
        else:
            found = [m for m in found if _is(unitary, m, sample)]
        if not found:
            return None
    return found[0] if found else None


def _steps(definition: Definition, values: NDArray[np.float64]) -> list[Step] | None:
    qubits = tuple(range(definition.n_qubits))
    call = BoundCall(definition, (), tuple(map(float, values)), qubits, Token("NAME", ""))
    try:
        return expand(call, Budget(_MOST_STEPS))
    except QasmError:  # 1/t at one of the samples, say: taken as it's written
        return None


def _sources(steps: list[Step], n_parameters: int) -> list[int | float]:
    """What the angle may be: a parameter (its place), or a number (a float)."""
    numbers = dict.fromkeys(float(angle) for *_, angle in steps if isinstance(angle, int | float))
    numbers |= dict.fromkeys(_EIGHTHS)
    return [*range(n_parameters), *numbers]


def _matches(
    unitary: _Matrix, sources: Sequence[int | float], sample: NDArray[np.float64]
) -> list[Recognised]:
    """All that the unitary may be, the likeliest first: fixed gates, then angles by source."""
    n_qubits = int(math.log2(len(unitary)))
    fixed, turned = _family(n_qubits, False), _family(n_qubits, True)
    found = [_label(fixed, int(k), None) for k in np.flatnonzero(_close(fixed.constant, unitary))]
    angles = np.array([_angle(source, sample) for source in sources])
    phases = angles[:, None] * turned.frequency
    matrices = (
        turned.constant
        + np.cos(phases)[..., None, None] * turned.cosine
        + np.sin(phases)[..., None, None] * turned.sine
    )
    found += [
        _label(turned, int(k), sources[row]) for row, k in np.argwhere(_close(matrices, unitary))
    ]
    return found


def _label(family: _Family, gate: int, source: int | float | None) -> Recognised:
    name, places = family.labels[gate]
    return Recognised(name, places, source)


def _is(unitary: _Matrix, match: Recognised, sample: NDArray[np.float64]) -> bool:
    angle = None if match.source is None else _angle(match.source, sample)
    return bool(_close(_ordered(GATES[match.name].matrix(angle), match.places), unitary))


def _angle(source: int | float, sample: NDArray[np.float64]) -> float:
    return float(sample[source]) if isinstance(source, int) else source


def _close(matrices: _Matrix, unitary: _Matrix) -> NDArray[np.bool_]:
    """Which matrices are the unitary up to a global phase."""
    overlap = np.einsum("...ij,ij->...", matrices.conj(), unitary)
    size = np.maximum(np.abs(overlap), 1e-300)
    phase = (overlap / size)[..., None, None]
    close: NDArray[np.bool_] = np.abs(matrices * phase - unitary).max((-2, -1)) < _TOLERANCE
    return close


@cache
def _family(n_qubits: int, is_parametrised: bool) -> _Family:
    labels: list[tuple[str, tuple[int, ...]]] = []
    parts: list[tuple[_Matrix, _Matrix, _Matrix]] = []
    frequencies = []
    for gate in GATES.values():
        if gate.n_qubits != n_qubits or gate.is_parametrised != is_parametrised:
            continue
        if gate.name == "I":  # h a; h a; stays what it is
            continue
        zero = np.zeros_like(gate.constant)
        for places in ((0, 1), (1, 0)) if n_qubits == 2 else ((0,),):
            labels.append((gate.name, places))
            three = gate.constant, gate.cosine, gate.sine
            a, b, c = (zero if m is None else _ordered(m, places) for m in three)
            parts.append((a, b, c))
            frequencies.append(gate.frequency)
    constant, cosine, sine = (np.array(part) for part in zip(*parts, strict=True))
    return _Family(labels, constant, cosine, sine, np.array(frequencies))


def _ordered(matrix: _Matrix, places: tuple[int, ...]) -> _Matrix:
    """The matrix of a gate on qubits `places`, written for qubits 0, 1."""
    if places != (1, 0):
        return matrix
    return matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)


def _unitary(steps: list[Step], n_qubits: int) -> _Matrix:
    unitary: _Matrix = np.eye(2**n_qubits, dtype=np.complex128)
    for name, qubits, angle in steps:
        matrix: _Matrix = GATES[name].matrix(angle)  # type: ignore[arg-type]  # numbers, here
        if len(qubits) == 2:
            matrix = _ordered(matrix, qubits)
        elif n_qubits == 2:
            matrix = np.kron(matrix, np.eye(2)) if qubits == (0,) else np.kron(np.eye(2), matrix)
        unitary = matrix @ unitary
    return unitary
