"""OpenQASM 2 and 3 texts of circuits.

OpenQASM 2 gates are those of arXiv 1707.03429's qelib1.inc, OpenQASM 3 gates those of stdgates.inc;
a gate that isn't among them brings its definition along, so that any tool can read the text.
"""

from __future__ import annotations

from collections.abc import Iterable

from numpy.typing import ArrayLike

from ...errors import CircuitError
from ..circuit import Circuit
from ..slots import Angle, InputSlot, Polynomial, WeightSlot
from .library import WRITTEN

__all__ = ["definitions", "statement", "write_qasm"]

_HEADERS = {
    2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\n',
    3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\n',
}
_NAMES = {2: {"I": "id", "P": "u1", "CP": "cu1"}, 3: {"I": "id"}}  # others in lower case
_ENCODED = {"identity": "{}", "arctan": "arctan({})", "arctan_square": "arctan({0} * {0})"}


def write_qasm(
    circuit: Circuit,
    weights: ArrayLike | None = None,
    inputs: ArrayLike | None = None,
    version: int = 3,
) -> str:
    """The circuit as OpenQASM; see `Circuit.to_qasm`."""
    if version not in _HEADERS or isinstance(version, bool):
        raise CircuitError(f"OpenQASM version {version!r}; 2 or 3 wanted.")
    filled = circuit.with_values(weights, inputs)
    if version == 2 and filled.n_weights + filled.n_inputs:
        raise CircuitError(
            f"OpenQASM 2 has no parameters; {filled.n_weights} weights and {filled.n_inputs} "
            "inputs have no values. Give weights=… and inputs=…, or write version=3."
        )
    lines = [_HEADERS[version]]
    lines += [f"{text}\n" for text in definitions((op.name for op in circuit.operations), version)]
    lines += [f"input float[64] w{k};\n" for k in range(filled.n_weights)]
    lines += [f"input float[64] x{k};\n" for k in range(filled.n_inputs)]
    n_qubits = circuit.n_qubits
    lines.append(f"qreg q[{n_qubits}];\n" if version == 2 else f"qubit[{n_qubits}] q;\n")
    for op in filled.operations:
        qubits = [f"q[{q}]" for q in op.qubits]
        lines.append(f"{statement(op.name, op.angle, qubits, version)}\n")
    return "".join(lines)


def definitions(names: Iterable[str], version: int = 3) -> list[str]:
    """Definitions of those of these gates that the version's include file lacks."""
    used = set(names)
    return [text for name, text in WRITTEN[version].items() if name in used]


def statement(name: str, angle: Angle, qubits: Iterable[str], version: int = 3) -> str:
    """A gate of `GATES` as a statement, on qubits by their names in the text."""
    written = _NAMES[version].get(name, name.lower())
    parameter = "" if angle is None else f"({_angle(angle)})"
    return f"{written}{parameter} {', '.join(qubits)};"


def _angle(angle: Angle) -> str:
    if isinstance(angle, WeightSlot):
        return f"w{angle.index}"
    if isinstance(angle, InputSlot):
        return _ENCODED[angle.encoding].format(f"x{angle.index}")
    if isinstance(angle, Polynomial):
        terms = [" * ".join([_number(c), *map(_angle, slots)]) for c, slots in angle.terms]
        return " + ".join([*terms, *([_number(angle.offset)] if angle.offset else [])])
    return _number(angle)


def _number(value: float | None) -> str:
    text = repr(value)  # the shortest digits that read back as this float
    mantissa, exponent, power = text.partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}{exponent}{power}"
