"""Inverses, powers and controlled forms of gates, for OpenQASM 3's gate modifiers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from lark import Token

from ..gates import GATES
from ..operation import InputSlot, WeightSlot
from .library import CONTROLLED
from .syntax import error_at

__all__ = ["Budget", "Step", "controlled_form", "inverse", "power", "uncontrolled"]

# a gate as (name in GATES, qubits, angle)
Step: TypeAlias = tuple[str, tuple[int, ...], float | InputSlot | WeightSlot | None]

_INVERSES = {
    **{name: name for name in ("I", "H", "X", "Y", "Z", "CX", "CY", "CZ", "SWAP")},
    **{"S": "SDG", "SDG": "S", "T": "TDG", "TDG": "T", "SX": "SXDG", "SXDG": "SX"},
}
# gates that are a phase on |1…1⟩: (the gate of any such phase, the phase in units of π)
_PHASES = {
    **{"Z": ("P", 1.0), "S": ("P", 0.5), "SDG": ("P", -0.5), "T": ("P", 0.25), "TDG": ("P", -0.25)},
    **{"CZ": ("CP", 1.0), "CS": ("CP", 0.5)},
}
_ROOTS_OF_X = {0.5: "SX", -0.5: "SXDG"}
# two-qubit gate -> the gate that it controls, once
_BASES = {"CX": "X", "CY": "Y", "CZ": "Z", "CS": "S", "CP": "P"}
_BASES |= {"CRX": "RX", "CRY": "RY", "CRZ": "RZ"}


@dataclass
class Budget:
    """How many more steps reading may take, so that a short text can't ask for endless work."""

    left: int

    def spend(self, steps: int, token: Token) -> None:
        self.left -= steps
        if self.left < 0:
            raise error_at(
                token,
                f"too much to expand: {token.value!r} stands for more gates than a circuit may "
                "have here. Nest or repeat fewer gate definitions.",
            )


def inverse(steps: list[Step], token: Token) -> list[Step]:
    """The steps undone; `token` is the modifier that errors point at."""
    out: list[Step] = []
    for name, qubits, angle in reversed(steps):
        if name in _INVERSES:
            out.append((_INVERSES[name], qubits, None))
        elif name == "CS":
            out.append(("CP", qubits, -math.pi / 2))
        elif name == "ISWAP":  # its square is Z ⊗ Z
            out += [("Z", qubits[:1], None), ("Z", qubits[1:], None), (name, qubits, None)]
        else:
            out.append((name, qubits, -_number(name, angle, token)))
    return out


def power(steps: list[Step], exponent: int | float, token: Token, budget: Budget) -> list[Step]:
    """The steps repeated, or the one step's angle multiplied."""
    if len(steps) == 1:
        name, qubits, angle = steps[0]
        if GATES[name].is_parametrised and exponent != 1:
            return [(name, qubits, _number(name, angle, token) * exponent)]
        if exponent in _ROOTS_OF_X and name == "X":
            return [(_ROOTS_OF_X[exponent], qubits, None)]
        if name in _PHASES and not float(exponent).is_integer():
            phase, turns = _PHASES[name]
            return [(phase, qubits, math.pi * turns * exponent)]
    if not float(exponent).is_integer():
        raise error_at(
            token,
            f"pow({exponent:g}) of gates that are no single rotation or phase. Give a whole "
            "number, or write the root as gates.",
        )
    count = abs(int(exponent))
    budget.spend(max(1, len(steps)) * count + 1, token)
    return (inverse(steps, token) if exponent < 0 else steps) * count


def controlled_form(name: str, controls: int, token: Token) -> str:
    """The library's name for a gate of `GATES` with more controls in front."""
    base = _BASES.get(name, name)
    total = controls + (name in _BASES)
    product = CONTROLLED.get((base, total))
    if product is None:
        raise uncontrolled(token, f"{base.lower()} with {total} controls")
    return product


def uncontrolled(token: Token, what: str) -> Exception:
    known = ", ".join(sorted({name.lower() for name, _ in CONTROLLED}))
    return error_at(
        token,
        f"no controlled form of {what} is known. Known with one control: {known}; with more: x "
        "(up to 4), p (up to 3), z (2). Write it as a product of those.",
    )


def _number(name: str, angle: float | InputSlot | WeightSlot | None, token: Token) -> float:
    if isinstance(angle, int | float):
        return angle
    raise error_at(
        token,
        f"{token.value} @ on {name.lower()} with a parameter, whose slot has no place for a "
        "factor. Leave the modifier out and change the sign or size of the value.",
    )
