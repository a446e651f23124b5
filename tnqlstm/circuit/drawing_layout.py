"""Where the gates of a picture stand, and what their boxes say."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from .circuit import Circuit, InputSlot, Operation, WeightSlot

__all__ = ["BOX", "MARGIN", "PITCH", "Row", "angle_text", "box_width", "in_units_of_pi", "lay_out"]

# lengths in inches; one data unit of the axes is an inch
PITCH = 0.46  # between wires
BOX = 0.34  # height of a box, and its least width
_GAP = 0.14  # between columns
MARGIN = 0.12  # around the picture
_PER_LETTER = 0.062

_ENCODING_TEXT = {
    "identity": "$x_{{{0}}}$",
    "arctan": "arctan $x_{{{0}}}$",
    "arctan_square": "arctan $x_{{{0}}}^2$",
}


@dataclass
class Row:
    """One row of columns: operations with the x of their centres, from the wires' start."""

    operations: list[tuple[Operation, float]] = field(default_factory=list)
    width: float = _GAP


def lay_out(circuit: Circuit, max_columns: int | None) -> list[Row]:
    """Columns as early as the wires between a gate's ends are free, folded into rows."""
    columns: list[list[Operation]] = []
    free = [0] * circuit.n_qubits
    for op in circuit.operations:
        span = range(min(op.qubits), max(op.qubits) + 1)
        column = max(free[q] for q in span)
        for q in span:
            free[q] = column + 1
        columns += [[] for _ in range(column + 1 - len(columns))]
        columns[column].append(op)
    per_row = max_columns or max(len(columns), 1)
    rows = [Row() for _ in range(max(1, math.ceil(len(columns) / per_row)))]
    for k, operations in enumerate(columns):
        row = rows[k // per_row]
        width = max(box_width(op) for op in operations)
        row.operations += [(op, row.width + width / 2) for op in operations]
        row.width += width + _GAP
    return rows


def box_width(op: Operation) -> float:
    return max(BOX, 0.1 + _PER_LETTER * len(_strip(angle_text(op.angle))))


def _strip(text: str) -> str:
    """The text as it is seen: mathtext without its marks."""
    for mark in ("$", "\\theta", "_", "{", "}", "^"):
        text = text.replace(mark, "t" if mark == "\\theta" else "")
    return text


def angle_text(angle: float | InputSlot | WeightSlot | None) -> str:
    if angle is None:
        return ""
    if isinstance(angle, WeightSlot):
        return f"$\\theta_{{{angle.index}}}$"
    if isinstance(angle, InputSlot):
        return _ENCODING_TEXT.get(angle.encoding, angle.encoding + "($x_{{{0}}}$)").format(
            angle.index
        )
    return in_units_of_pi(angle)


def in_units_of_pi(angle: float) -> str:
    """π/2, −3π/4, 0; 0.318π where no small fraction fits."""
    fraction = Fraction(angle / math.pi).limit_denominator(16)
    if abs(float(fraction) * math.pi - angle) > 1e-9:
        return f"{angle / math.pi:.3g}π".replace("-", "−")
    if fraction == 0:
        return "0"
    top, sign = abs(fraction.numerator), "−" if fraction < 0 else ""
    bottom = "" if fraction.denominator == 1 else f"/{fraction.denominator}"
    return f"{sign}{'' if top == 1 else top}π{bottom}"
