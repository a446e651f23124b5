"""Marks in a picture of a circuit: threads along a wire, numbers at gates, arrivals elsewhere.

A thread is a thin line along one qubit's wire with a number, which the gates that belong to it
carry, too. An arrival is where a qubit goes on in another block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..figures import BLOCK_SHARE, CUT_COLOUR
from .circuit import Circuit
from .drawing_layout import PITCH, Sheet, box_width
from .drawing_symbols import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Arrival", "Marks", "Thread", "draw_arrivals", "draw_threads", "legend_handles"]

# dark enough for white numbers; none comes near to the colour of cut gates
_COLOURS = ("#1F4E9C", "#7B2D8B", "#0B6E5F", "#5B6600", "#3A4652", "#B0177A")
_LANE = 0.05  # between threads on one wire


@dataclass(frozen=True)
class Thread:
    """Operations that belong together, and the stretch of a qubit's wire that joins them.

    qubit
        Whose wire the line runs along, or None for numbers alone.
    operations
        Indices of the operations that carry the number.
    start, end
        The operations between which the line runs, both included.
    """

    qubit: int | None
    operations: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Arrival:
    """From this operation on the qubit is in this block."""

    qubit: int
    operation: int
    block: object


@dataclass(frozen=True)
class Marks:
    """Cut gates (indices of operations), threads (numbered from 1) and arrivals, in time order."""

    cut: frozenset[int] = frozenset()
    threads: tuple[Thread, ...] = ()
    arrivals: tuple[Arrival, ...] = ()


def draw_threads(axes: Axes, sheet: Sheet, marks: Marks, circuit: Circuit) -> None:
    """A line for each thread, and its number at each of its operations."""
    n_badges: dict[tuple[int, float], int] = {}
    for number, (thread, lane) in enumerate(
        zip(marks.threads, _lanes(marks.threads), strict=True), start=1
    ):
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        if thread.qubit is not None:
            _draw_line(axes, sheet, thread, lane, circuit, colour)
        for index in thread.operations:
            _draw_badge(axes, sheet, thread, circuit, index, (str(number), colour), n_badges)
        if thread.qubit is not None and not thread.operations:
            row, x = sheet.spots[thread.start]
            y = sheet.wires[row][thread.qubit] - PITCH / 2
            _draw_number(axes, x, y, str(number), colour)


def _lanes(threads: Sequence[Thread]) -> list[int]:
    """A lane for each thread, so that no two on one wire overlap."""
    free_from: dict[tuple[int | None, int], int] = {}  # (qubit, lane): the first free operation
    lanes = []
    for thread in threads:
        lane = 0
        while free_from.get((thread.qubit, lane), 0) > thread.start:
            lane += 1
        free_from[thread.qubit, lane] = thread.end + 1
        lanes.append(lane)
    return lanes


def _draw_line(
    axes: Axes, sheet: Sheet, thread: Thread, lane: int, circuit: Circuit, colour: str
) -> None:
    """The thread on its wire, in each row that it goes through, with a tick at either end."""
    assert thread.qubit is not None
    (first, begin), (last, end) = sheet.spots[thread.start], sheet.spots[thread.end]
    begin -= box_width(circuit.operations[thread.start]) / 2 + 0.045
    end += box_width(circuit.operations[thread.end]) / 2 + 0.045
    shift = _LANE * (lane // 2 + 1) * (-1 if lane % 2 else 1)
    for row in range(first, last + 1):
        y = sheet.wires[row][thread.qubit] + shift
        left = begin if row == first else sheet.left
        right = end if row == last else sheet.left + sheet.rows[row].width
        axes.plot([left, right], [y, y], color=colour, lw=1.6, zorder=2.2, gid="thread")
        for x, is_end in ((left, row == first), (right, row == last)):
            if is_end:
                axes.plot([x, x], [y - 0.035, y + 0.035], color=colour, lw=1.6, zorder=2.2)


def _draw_badge(
    axes: Axes,
    sheet: Sheet,
    thread: Thread,
    circuit: Circuit,
    index: int,
    badge: tuple[str, str],
    n_badges: dict[tuple[int, float], int],
) -> None:
    """The number beside the thread's qubit, on the line to the operation's other one."""
    row, x = sheet.spots[index]
    qubits = circuit.operations[index].qubits
    near = thread.qubit if thread.qubit in qubits else qubits[0]
    far = next((qubit for qubit in qubits if qubit != near), near)
    y = sheet.wires[row][near]
    y += PITCH / 2 if sheet.wires[row][far] > y else -PITCH / 2
    taken = (index, round(y, 3))
    x += 0.24 * n_badges.get(taken, 0)
    n_badges[taken] = n_badges.get(taken, 0) + 1
    _draw_number(axes, x, y, *badge)


def _draw_number(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.15", "facecolor": colour, "edgecolor": "white", "lw": 0.4}
    axes.text(x, y, text, ha="center", va="center_baseline", size=8, color="white", weight="bold",
              zorder=6, bbox=box, gid="number")  # fmt: skip


def draw_arrivals(
    axes: Axes, sheet: Sheet, marks: Marks, circuit: Circuit, colours: Mapping[Any, str]
) -> None:
    """A wedge and the block's name behind the qubit's gate before, then the block's colour."""
    ends: dict[int, tuple[int, float]] = {}  # of each qubit, where its next arrival is
    for arrival in reversed(marks.arrivals):
        before = circuit.operations[: arrival.operation]
        last = max(k for k, op in enumerate(before) if arrival.qubit in op.qubits)
        row, centre = sheet.spots[last]
        x = centre + box_width(circuit.operations[last]) / 2 + 0.07
        stop = ends.get(arrival.qubit, (len(sheet.rows) - 1, sheet.right + 0.06))
        ends[arrival.qubit] = (row, x)
        colour = colours[arrival.block]
        _colour_wire(axes, sheet, arrival.qubit, (row, x), stop, colour)
        y = sheet.wires[row][arrival.qubit]
        wedge = [(x - 0.05, y - 0.09), (x - 0.05, y + 0.09), (x + 0.07, y)]
        axes.fill(*zip(*wedge, strict=True), fc=colour, ec=INK, lw=0.9, zorder=5, gid="arrival")
        axes.text(x, y + PITCH / 2, str(arrival.block), ha="center", va="center", size=7.5,
                  color=INK, zorder=5, bbox={"boxstyle": "square,pad=0.05", "fc": "white",
                                             "ec": "none", "alpha": 0.8})  # fmt: skip


def _colour_wire(
    axes: Axes,
    sheet: Sheet,
    qubit: int,
    start: tuple[int, float],
    stop: tuple[int, float],
    colour: str,
) -> None:
    """The band behind a stretch of a wire, in place of the one that is there."""
    for row in range(start[0], stop[0] + 1):
        y = sheet.wires[row][qubit]
        left = start[1] if row == start[0] else sheet.left
        right = stop[1] if row == stop[0] else sheet.right + 0.06
        low, high = y - PITCH / 2 + 0.02, y + PITCH / 2 - 0.02
        for fc, alpha in (("white", 1.0), (colour, BLOCK_SHARE)):
            axes.fill(
                [left, right, right, left], [low, low, high, high],
                fc=fc, alpha=alpha, ec="none", zorder=0.8 + (0.01 if alpha < 1 else 0.0),
            )  # fmt: skip


def legend_handles(marks: Marks) -> list[Any]:
    """Legend entries of the marks that there are."""
    from matplotlib.lines import Line2D

    handles = []
    if marks.threads:
        label = "same number: one copy of a qubit"
        handles.append(
            Line2D([], [], color=_COLOURS[0], lw=1.6, marker="s", markersize=5, label=label)
        )
    if marks.arrivals:
        handles.append(
            Line2D([], [], color=CUT_COLOUR, lw=0, marker=">", markersize=7, mfc="white", mec=INK,
                   label="the qubit moves")
        )  # fmt: skip
    return handles
