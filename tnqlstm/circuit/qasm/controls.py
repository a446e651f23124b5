"""Gates of `GATES` with any number of controls, as products of gates of `GATES`.

Exact: a control makes a global phase a relative one, so that phases count here. Every gate is
brought to a phase on |1…1⟩ by changes of basis, which needn't be controlled.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .modifiers import Step
from .tokens import Token, error_at

__all__ = ["controlled", "n_controlled"]

MAX_CONTROLS = 14  # the products have up to 2**(controls + 2) gates

# gates that are a phase on |1…1⟩, in units of π
_PHASES = {"Z": 1.0, "S": 0.5, "SDG": -0.5, "T": 0.25, "TDG": -0.25, "CZ": 1.0, "CS": 0.5}
# gates that become a phase, in units of π, by a change of basis of their last qubit
_TURNED = {"X": 1.0, "CX": 1.0, "SX": 0.5, "SXDG": -0.5}


def n_controlled(n_controls: int, token: Token) -> int:
    """A bound on the gates that one gate becomes; `QasmError` beyond `MAX_CONTROLS`."""
    if n_controls > MAX_CONTROLS:
        raise error_at(
            token,
            f"{n_controls} controls; at most {MAX_CONTROLS} wanted. Write the gate as a product "
            "with further qubits.",
        )
    return 12 + 9 * 2 ** (n_controls + 1)


def controlled(step: Step, controls: tuple[int, ...]) -> list[Step]:
    """The step where all of these qubits are 1, up to no phase at all."""
    name, qubits, angle = step
    last = qubits[-1:]
    if name == "I":
        return []
    if name in ("GPHASE", "P", "CP"):
        return _phase(angle, controls + qubits)
    if name in _PHASES:
        return _phase(math.pi * _PHASES[name], controls + qubits)
    if name in _TURNED:
        return _between([("H", last, None)], _phase(math.pi * _TURNED[name], controls + qubits))
    if name in ("Y", "CY"):
        return _between(
            [("SDG", last, None), ("H", last, None)], _phase(math.pi, controls + qubits)
        )
    if name == "H":
        return _between([("RY", last, -math.pi / 4)], _phase(math.pi, controls + qubits))
    return _OF_OTHERS[name](controls, qubits, angle)


def _phase(angle: Any, qubits: tuple[int, ...]) -> list[Step]:
    """e^{i·angle} where all qubits are 1.

    As phases of parities, which a Gray code walks through: Barenco et al., Phys. Rev. A 52, 3457
    (1995), section 7.1.
    """
    if len(qubits) == 1:
        return [("P", qubits, angle)]
    *sources, target = qubits
    part = angle / 2 ** (len(sources) - 1)
    steps: list[Step] = []
    for top, holder in enumerate(sources):
        # parities of sources[: top + 1] that include the last, each held in it once
        for count in range(2**top):
            if count:
                turned = (count & -count).bit_length() - 1
                steps.append(("CX", (sources[turned], holder), None))
            sign = 1 if (count ^ count >> 1).bit_count() % 2 == 0 else -1
            steps.append(("CP", (holder, target), part if sign == 1 else -part))
        if top:
            steps.append(("CX", (sources[top - 1], holder), None))
    return steps


def _between(before: list[Step], inside: list[Step]) -> list[Step]:
    """The product inside a change of basis, which is undone after it."""
    return [*before, *inside, *[_UNDONE[name](q, angle) for name, q, angle in reversed(before)]]


_UNDONE: dict[str, Callable[[tuple[int, ...], Any], Step]] = {
    "H": lambda q, _: ("H", q, None),
    "S": lambda q, _: ("SDG", q, None),
    "SDG": lambda q, _: ("S", q, None),
    "RY": lambda q, angle: ("RY", q, -angle),
    "CX": lambda q, _: ("CX", q, None),
}


def _rz(controls: tuple[int, ...], qubits: tuple[int, ...], angle: Any) -> list[Step]:
    """RZ(θ) is P(θ) with the global phase −θ/2."""
    return [*_phase(angle, controls + qubits[-1:]), *_phase(-angle / 2, controls)]


def _turned_rz(
    basis: tuple[str, ...],
) -> Callable[[tuple[int, ...], tuple[int, ...], Any], list[Step]]:
    def steps(controls: tuple[int, ...], qubits: tuple[int, ...], angle: Any) -> list[Step]:
        last = qubits[-1:]
        before: list[Step] = [(name, last, None) for name in basis]
        return _between(before, _rz(controls + qubits[:-1], last, angle))

    return steps


def _two_qubit_rotation(
    basis: tuple[str, ...],
) -> Callable[[tuple[int, ...], tuple[int, ...], Any], list[Step]]:
    """exp(−iθ P⊗P/2): the basis takes P to Z on both qubits, CX takes Z⊗Z to Z on the second."""

    def steps(controls: tuple[int, ...], qubits: tuple[int, ...], angle: Any) -> list[Step]:
        before: list[Step] = [(name, (q,), None) for q in qubits for name in basis]
        before.append(("CX", qubits, None))
        return _between(before, _rz(controls, qubits[-1:], angle))

    return steps


def _swap(controls: tuple[int, ...], qubits: tuple[int, ...], _: Any) -> list[Step]:
    a, b = qubits
    return _between([("CX", (b, a), None)], controlled(("CX", (a, b), None), controls))


def _iswap(controls: tuple[int, ...], qubits: tuple[int, ...], _: Any) -> list[Step]:
    """exp(iπ/4 (XX + YY)), whose factors commute."""
    return [
        step for name in ("RXX", "RYY") for step in _OF_OTHERS[name](controls, qubits, -math.pi / 2)
    ]


_OF_OTHERS: dict[str, Callable[[tuple[int, ...], tuple[int, ...], Any], list[Step]]] = {
    "RX": _turned_rz(("H",)),
    "RY": _turned_rz(("SDG", "H")),
    "RZ": _turned_rz(()),
    "CRX": _turned_rz(("H",)),
    "CRY": _turned_rz(("SDG", "H")),
    "CRZ": _turned_rz(()),
    "RXX": _two_qubit_rotation(("H",)),
    "RYY": _two_qubit_rotation(("SDG", "H")),
    "RZZ": _two_qubit_rotation(()),
    "SWAP": _swap,
    "ISWAP": _iswap,
}
