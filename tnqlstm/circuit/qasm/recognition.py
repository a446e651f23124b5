"""Definitions that are a gate of `GATES` or `library`, found by what they do.

Tools write gates that their include file lacks as products, each with names and products of its
own: rzz becomes CX, RZ, CX, and two qubits of a cut would pay for both CX. So the unitary of a
definition is compared with those of known gates, up to a global phase, at several values of its
parameters. A definition's name plays no part.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import QasmError
from ..gates import GATES
from .budget import Budget
from .definitions import Definition, GateRule, Native, Recognised, known_gates
from .expansion import BoundCall, expand
from .modifiers import Step
from .syntax import Formula, Item
from .tokens import make_token

__all__ = ["recognise"]

_Matrix = NDArray[Any]  # complex

_LONGEST = 40  # gates in a body; the longest standard product of one gate has about a dozen
_MOST_STEPS = 3_000
_TOLERANCE = 1e-10
_MOST_ENTRIES = 8  # of a known gate's matrix that aren't 0; most products have all 16
_EIGHTHS = tuple(k * math.pi / 8 for k in range(-15, 16) if k)
# parameter values of no symmetry, beyond one turn too
_SAMPLES = np.random.default_rng(20).uniform(-9, 9, (3, 8))


_NOWHERE = make_token("", "NAME", "", 0)
# products of `library` that fewer gates can't replace; they are found after those of `GATES`
_FIXED_PRODUCTS = ("csx", "_csxdg", "ch")
_TURNED_PRODUCTS = ("rzx",)  # exp(−iθG/2) with G² = 1
# functions that jump or bend between the samples
_NOT_SMOOTH = frozenset({"floor", "ceiling", "mod", "popcount"})


class _Family(NamedTuple):
    """Known gates with one qubit order each: (gate, places) and matrices (gate, d, d).

    The matrix is constant + cos(frequency · angle) · cosine + sin(frequency · angle) · sine.
    """

    labels: list[tuple[GateRule, tuple[int, ...]]]
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
        or definition.n_operations > _LONGEST
        or (not definition.n_operations and definition.is_plain)
        or definition.work > _MOST_STEPS
        or n_parameters > _SAMPLES.shape[1]
        or not _is_smooth(definition)
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
            found = [again for m in found if (again := _again(unitary, m, sample)) is not None]
        if not found:
            return None
    found = found or []
    found.sort(key=lambda match: (match.source is not None, not match.is_exact))
    return found[0] if found else None


def _steps(definition: Definition, values: NDArray[np.float64]) -> list[Step] | None:
    qubits = tuple(range(definition.n_qubits))
    call = BoundCall(definition, (), tuple(map(float, values)), qubits, _NOWHERE)
    try:
        return expand(call, Budget(_MOST_STEPS), is_exact=True)
    except QasmError:  # 1/t at one of the samples, say: taken as it's written
        return None


def _sources(steps: list[Step], n_parameters: int) -> list[int | float]:
    """What the angle may be: a parameter (its place), or a number (a float)."""
    numbers = dict.fromkeys(float(angle) for *_, angle in steps if isinstance(angle, int | float))
    numbers |= dict.fromkeys(_EIGHTHS)
    numbers.pop(0.0, None)  # that would be any gate
    return [*range(n_parameters), *numbers]


def _matches(
    unitary: _Matrix, sources: Sequence[int | float], sample: NDArray[np.float64]
) -> list[Recognised]:
    """All that the unitary may be, the likeliest first: fixed gates, then angles by source."""
    n_qubits = int(math.log2(len(unitary)))
    if np.count_nonzero(np.abs(unitary) > _TOLERANCE) > _MOST_ENTRIES:
        return []
    fixed, turned = _family(n_qubits, False), _family(n_qubits, True)
    found = [
        _label(fixed, int(k), None, _equal(fixed.constant[k], unitary))
        for k in np.flatnonzero(_close(fixed.constant, unitary))
    ]
    angles = np.array([_angle(source, sample) for source in sources])
    phases = angles[:, None] * turned.frequency
    matrices = (
        turned.constant
        + np.cos(phases)[..., None, None] * turned.cosine
        + np.sin(phases)[..., None, None] * turned.sine
    )
    found += [
        _label(turned, int(k), sources[row], _equal(matrices[row, k], unitary))
        for row, k in np.argwhere(_close(matrices, unitary))
    ]
    return found


def _label(family: _Family, gate: int, source: int | float | None, is_exact: bool) -> Recognised:
    rule, places = family.labels[gate]
    return Recognised(rule, places, source, is_exact)


def _again(unitary: _Matrix, match: Recognised, sample: NDArray[np.float64]) -> Recognised | None:
    """The match if it holds for a further sample too."""
    angles = () if match.source is None else (_angle(match.source, sample),)
    call = BoundCall(match.gate, (), angles, match.places, _NOWHERE)
    n_qubits = int(math.log2(len(unitary)))
    matrix = _unitary(expand(call, Budget()), n_qubits)
    if not _close(matrix, unitary):
        return None
    return match._replace(is_exact=match.is_exact and _equal(matrix, unitary))


def _angle(source: int | float, sample: NDArray[np.float64]) -> float:
    return float(sample[source]) if isinstance(source, int) else source


def _close(matrices: _Matrix, unitary: _Matrix) -> NDArray[np.bool_]:
    """Which matrices are the unitary up to a global phase."""
    overlap = np.einsum("...ij,ij->...", matrices.conj(), unitary)
    size = np.maximum(np.abs(overlap), 1e-300)
    phase = (overlap / size)[..., None, None]
    close: NDArray[np.bool_] = np.abs(matrices * phase - unitary).max((-2, -1)) < _TOLERANCE
    return close


def _equal(matrix: _Matrix, unitary: _Matrix) -> bool:
    return bool(np.abs(matrix - unitary).max() < _TOLERANCE)


@cache
def _family(n_qubits: int, is_parametrised: bool) -> _Family:
    labels: list[tuple[GateRule, tuple[int, ...]]] = []
    parts: list[tuple[_Matrix, _Matrix, _Matrix]] = []
    frequencies: list[float] = []

    def add(gate: GateRule, three: tuple[_Matrix, _Matrix, _Matrix], frequency: float) -> None:
        for places in ((0, 1), (1, 0)) if n_qubits == 2 else ((0,),):
            labels.append((gate, places))
            a, b, c = (_ordered(matrix, places) for matrix in three)
            parts.append((a, b, c))
            frequencies.append(frequency)

    zero: _Matrix = np.zeros((2**n_qubits, 2**n_qubits))
    for gate in GATES.values():
        of_kind = (gate.n_qubits, gate.is_parametrised) == (n_qubits, is_parametrised)
        if of_kind and gate.name != "I":  # h a; h a; stays what it is
            cosine = zero if gate.cosine is None else gate.cosine
            sine = zero if gate.sine is None else gate.sine
            add(Native.of(gate.name), (gate.constant, cosine, sine), gate.frequency)
    if n_qubits == 2:
        for name in _TURNED_PRODUCTS if is_parametrised else _FIXED_PRODUCTS:
            rule = known_gates()[name]
            if is_parametrised:
                add(rule, (zero, _matrix_of(rule, (0.0,)), _matrix_of(rule, (math.pi,))), 0.5)
            else:
                add(rule, (_matrix_of(rule, ()), zero, zero), 0.5)
    constant, cosines, sines = (np.array(part) for part in zip(*parts, strict=True))
    return _Family(labels, constant, cosines, sines, np.array(frequencies))


def _matrix_of(rule: GateRule, angles: tuple[float, ...]) -> _Matrix:
    return _unitary(expand(BoundCall(rule, (), angles, (0, 1), _NOWHERE), Budget()), 2)


def _is_smooth(definition: Definition) -> bool:
    """Whether angles are analytic in the parameters, so that a few samples stand for all."""
    pending = [definition]
    while pending:
        for call in pending.pop().calls or ():
            if isinstance(call.gate, Definition):
                pending.append(call.gate)
            for argument in call.arguments:
                if isinstance(argument, Formula) and not all(map(_bends_nowhere, argument.parts)):
                    return False
    return True


def _bends_nowhere(part: object) -> bool:
    if not isinstance(part, Item) or part.kind in ("name", "negative", "+", "-", "*", "/", "**"):
        return True
    return part.kind == "call" and part.token not in _NOT_SMOOTH


def _ordered(matrix: _Matrix, places: tuple[int, ...]) -> _Matrix:
    """The matrix of a gate on qubits `places`, written for qubits 0, 1."""
    if places != (1, 0):
        return matrix
    return matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)


def _unitary(steps: list[Step], n_qubits: int) -> _Matrix:
    unitary: _Matrix = np.eye(2**n_qubits, dtype=np.complex128)
    for name, qubits, angle in steps:
        if name == "GPHASE":
            unitary = unitary * cmath.exp(1j * angle)
            continue
        matrix: _Matrix = GATES[name].matrix(angle)  # a number
        if len(qubits) == 2:
            unitary = _ordered(matrix, qubits) @ unitary
        elif qubits == (0,):  # the first qubit is the most significant
            unitary = (matrix @ unitary.reshape(2, -1)).reshape(unitary.shape)
        else:
            unitary = (matrix @ unitary.reshape(2, 2, -1)).reshape(unitary.shape)
    return unitary
