"""Where the gates of a picture stand, how large it gets, and what the gates' boxes say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from ..errors import CircuitError
from .circuit import Circuit
from .operation import Operation
from .slots import Angle, InputSlot, Polynomial, WeightSlot

__all__ = [
    "BOX",
    "MARGIN",
    "PITCH",
    "Columns",
    "Row",
    "Sheet",
    "angle_text",
    "box_width",
    "in_units_of_pi",
    "lay_out",
    "make_sheet",
]

Columns = int | Literal["auto"] | None

# lengths in inches; one data unit of the axes is an inch
PITCH = 0.46  # between wires
BOX = 0.34  # height of a box, and its least width
_NARROW = 0.2  # width of a gate without boxes: dots, crosses and ⊕
_GAP = 0.14  # between columns
MARGIN = 0.12  # around the picture
_PER_LETTER = 0.062
_LEAST_WIDE = 12.0  # inches of columns that "auto" has in a row at least
_HIGHEST = 1.6  # of "auto", as a multiple of the width
_MOST_INCHES = 400.0  # a side: PNG files end at 65,536 dots
_MOST_AREA = 6000.0  # square inches: some 500 MB while a PNG is written

_WITHOUT_BOXES = ("CX", "CZ", "SWAP")
_ENCODING_TEXT = {
    "identity": "$x_{{{0}}}$",
    "arctan": "arctan $x_{{{0}}}$",
    "arctan_square": "arctan $x_{{{0}}}^2$",
}


@dataclass
class Row:
    """One row of columns: (index of an operation, x of its centre from where wires start)."""

    operations: list[tuple[int, float]] = field(default_factory=list)
    width: float = _GAP


def lay_out(
    circuit: Circuit, max_columns: Columns, order: Sequence[int] | None = None
) -> list[Row]:
    """Columns as early as the wires between a gate's ends are free, folded into rows.

    `order`: the qubits from the top wire down, in their own order by default. Raises
    `CircuitError` for less than one column a row.
    """
    if max_columns not in (None, "auto") and (isinstance(max_columns, str) or max_columns < 1):
        raise CircuitError(
            f"max_columns must be at least 1, got {max_columns!r}; None for one row, "
            '"auto" for a picture that is not much higher than wide.'
        )
    columns = _columns(circuit, _ranks(circuit, order))
    widths = [max(box_width(circuit.operations[i]) for i in indices) for indices in columns]
    most_columns = max_columns if isinstance(max_columns, int) else max(len(columns), 1)
    most_wide = math.inf
    if max_columns == "auto":
        total = sum(widths) + _GAP * len(widths)
        n_rows = math.ceil(total / max(_LEAST_WIDE, _balanced(total, _panel_height(circuit))))
        most_wide = total / max(n_rows, 1) + _GAP + max(widths, default=0.0)  # rows of equal width
    rows = [Row()]
    n_columns = 0
    for indices, width in zip(columns, widths, strict=True):
        if n_columns == most_columns or (n_columns and rows[-1].width + width > most_wide):
            rows.append(Row())
            n_columns = 0
        row = rows[-1]
        row.operations += [(index, row.width + width / 2) for index in indices]
        row.width += width + _GAP
        n_columns += 1
    return rows


def _balanced(total: float, panel: float) -> float:
    """The width of rows of that height, and of that length together, that are `_HIGHEST`."""
    return math.sqrt(total * panel / _HIGHEST)


def _ranks(circuit: Circuit, order: Sequence[int] | None) -> list[int]:
    """The place of each qubit's wire, from 0 at the top."""
    ranks = list(range(circuit.n_qubits))
    for rank, qubit in enumerate(order or ()):
        ranks[qubit] = rank
    return ranks


def _columns(circuit: Circuit, ranks: Sequence[int]) -> list[list[int]]:
    columns: list[list[int]] = []
    free = [0] * circuit.n_qubits
    for index, op in enumerate(circuit.operations):
        ends = [ranks[q] for q in op.qubits]
        span = range(min(ends), max(ends) + 1)
        column = max(free[rank] for rank in span)
        for rank in span:
            free[rank] = column + 1
        columns += [[] for _ in range(column + 1 - len(columns))]
        columns[column].append(index)
    return columns


def _panel_height(circuit: Circuit) -> float:
    """Height of one row of all wires."""
    return circuit.n_qubits * PITCH + 0.2


@dataclass(frozen=True)
class Sheet:
    """A picture's size and the places on it, in inches from its lower left corner.

    rows
        As from `lay_out`: x count from `left`, where wires start.
    wires
        The y of each qubit's wire, for each row.
    """

    rows: tuple[Row, ...]
    wires: tuple[tuple[float, ...], ...]
    left: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where wires end."""
        return self.width - MARGIN - 0.06

    @cached_property
    def spots(self) -> dict[int, tuple[int, float]]:
        """The row and the x of each operation."""
        return {
            index: (number, self.left + x)
            for number, row in enumerate(self.rows)
            for index, x in row.operations
        }


def make_sheet(
    circuit: Circuit,
    max_columns: Columns,
    *,
    order: Sequence[int] | None = None,
    has_blocks: bool = False,
    has_title: bool = False,
    least_width: float = 4.0,
) -> Sheet:
    """The sheet of a circuit's picture. Raises `CircuitError` where it's too large to draw."""
    rows = lay_out(circuit, max_columns, order)
    left = MARGIN + (0.3 if has_blocks else 0.0) + 0.34
    width = left + max([row.width for row in rows] + [least_width]) + MARGIN
    panel, head, foot = _panel_height(circuit), (0.36 if has_title else 0.1), 0.3
    height = head + len(rows) * panel + foot
    if max(width, height) > _MOST_INCHES or width * height > _MOST_AREA:
        raise CircuitError(
            f"the picture would be {width:.0f} inches wide and {height:.0f} high; at most "
            f"{_MOST_INCHES:.0f} a side and {_MOST_AREA:.0f} square inches can be drawn. Draw a "
            "circuit of fewer qubits or gates."
        )
    tops = [height - head - k * panel - PITCH / 2 for k in range(len(rows))]
    ranks = _ranks(circuit, order)
    wires = tuple(tuple(top - rank * PITCH for rank in ranks) for top in tops)
    return Sheet(tuple(rows), wires, left, width, height)


def box_width(op: Operation) -> float:
    if op.name in _WITHOUT_BOXES:
        return _NARROW
    return max(BOX, 0.1 + _PER_LETTER * len(_strip(angle_text(op.angle))))


def _strip(text: str) -> str:
    """The text as it is seen: mathtext without its marks."""
    for mark in ("$", "\\theta", "_", "{", "}", "^"):
        text = text.replace(mark, "t" if mark == "\\theta" else "")
    return text


def angle_text(angle: Angle) -> str:
    if angle is None:
        return ""
    if isinstance(angle, WeightSlot):
        return f"$\\theta_{{{angle.index}}}$"
    if isinstance(angle, InputSlot):
        return _ENCODING_TEXT.get(angle.encoding, angle.encoding + "($x_{{{0}}}$)").format(
            angle.index
        )
    if isinstance(angle, Polynomial):
        return _polynomial_text(angle)
    return in_units_of_pi(angle)


def _polynomial_text(angle: Polynomial) -> str:
    """2x₀ + π; the first term and dots where there are more than two."""
    terms = [
        (c, "" if abs(c) == 1 else f"{abs(c):.3g}", [angle_text(slot) for slot in slots])
        for c, slots in angle.terms
    ]
    parts = [("−" if c < 0 else "+", "".join([size, *names])) for c, size, names in terms]
    if angle.offset:
        parts.append(("−" if angle.offset < 0 else "+", in_units_of_pi(abs(angle.offset))))
    if len(parts) > 2:
        parts = [parts[0], ("+", "…")]
    first, *rest = parts
    return " ".join(
        [f"{first[0]}{first[1]}".lstrip("+"), *(f"{sign} {part}" for sign, part in rest)]
    )


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
