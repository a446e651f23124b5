"""A picture of a circuit: a wire a qubit, a band a block, cut gates in one strong colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..errors import CircuitError
from ..figures import BLOCK_COLOURS, BLOCK_SHARE, CUT_COLOUR, new_figure
from .circuit import Circuit
from .drawing_layout import MARGIN, PITCH, Columns, Sheet, make_sheet
from .drawing_marks import Marks, draw_arrivals, draw_threads, legend_handles
from .drawing_symbols import FILL, INK, draw_operation, kind_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_circuit"]

_WIRE = "#8a97a3"
_KINDS = {"input": "input $x$", "weight": "weight $\\theta$", "fixed": "fixed"}

_Home = list[tuple[int, str]]


def draw_circuit(
    circuit: Circuit,
    blocks: Mapping[Any, Iterable[int]] | None = None,
    *,
    max_columns: Columns = "auto",
    title: str | None = None,
    by_block: bool = False,
    marks: Marks | None = None,
) -> Figure:
    """A matplotlib figure of the circuit, to show in a notebook or save with `savefig`.

    Parameters
    ----------
    blocks
        Name of each QPU -> its qubits, as in `Partition.blocks`; empty blocks are left out. Each
        block is a coloured band, and a two-qubit gate between two blocks is drawn as a cut gate.
    max_columns
        Gate columns in a row before the wires go on below; None for one row of any length, "auto"
        for panels of at least 12 inches, wider where the picture would be much higher than wide.
    title
        A line above the picture.
    by_block
        Whether the wires of a block stand together, blocks in the order of their first qubits;
        else wires are in the qubits' own order.
    marks
        What to draw into it beside (see `drawing_marks`); its cut gates replace those of `blocks`.

    Boxes say the gate and its angle: x for inputs, θ for weights (row-major index), numbers in
    units of π. Raises `CircuitError` where blocks overlap, reach outside or leave a qubit out, and
    where the picture would be too large.
    """
    home = _homes(circuit, blocks)
    order = list(range(circuit.n_qubits))
    if home is not None and by_block:
        order.sort(key=lambda qubit: (home.index(home[qubit]), qubit))
    sheet = make_sheet(
        circuit,
        max_columns,
        order=order,
        has_blocks=bool(blocks),
        has_title=title is not None,
        least_width=4.0 if marks is None else 7.0,
    )
    figure = new_figure(sheet.width, sheet.height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, sheet.width), ylim=(0, sheet.height))
    axes.axis("off")
    cut = _cut(circuit, home) if marks is None else marks.cut
    for number, row in enumerate(sheet.rows):
        wires = sheet.wires[number]
        _draw_bands(axes, [(wires[q], home[q]) for q in order] if home else [], sheet.width)
        _draw_wires(axes, sheet, number)
        for index, x in row.operations:
            ink = CUT_COLOUR if index in cut else INK
            draw_operation(axes, circuit.operations[index], sheet.left + x, wires, ink)
    if marks is not None:
        colours = {name: _colour(k) for k, name in enumerate(blocks or {})}
        draw_arrivals(axes, sheet, marks, circuit, colours)
        draw_threads(axes, sheet, marks, circuit)
    _draw_legend(axes, circuit, cut, marks)
    if title is not None:
        axes.text(
            sheet.width / 2, sheet.height - 0.2, title, ha="center", va="center", size=11, color=INK
        )
    return figure


def _cut(circuit: Circuit, home: _Home | None) -> frozenset[int]:
    """The operations between two blocks."""
    return frozenset(
        index
        for index, op in enumerate(circuit.operations)
        if home is not None and len({home[q] for q in op.qubits}) > 1
    )


def _colour(number: int) -> str:
    return BLOCK_COLOURS[number % len(BLOCK_COLOURS)]


def _homes(circuit: Circuit, blocks: Mapping[Any, Iterable[int]] | None) -> _Home | None:
    """Of each qubit, the index and the label of its block; None without blocks."""
    if blocks is None:
        return None
    home: dict[int, tuple[int, str]] = {}
    for k, (name, qubits) in enumerate(blocks.items()):
        label = name if isinstance(name, str) else f"QPU {name}"
        for q in qubits:
            if not 0 <= q < circuit.n_qubits:
                raise CircuitError(
                    f"block {name!r} has qubit {q}, outside a circuit of {circuit.n_qubits} qubits."
                )
            if q in home:
                raise CircuitError(
                    f"qubit {q} is in the blocks {home[q][1]} and {label}; one wanted."
                )
            home[q] = (k, label)
    missing = sorted(set(range(circuit.n_qubits)) - set(home))
    if missing:
        raise CircuitError(
            f"blocks cover {len(home)} of {circuit.n_qubits} qubits; unassigned: "
            f"{', '.join(map(str, missing))}. Put them in a block too."
        )
    return [home[q] for q in range(circuit.n_qubits)]


def _draw_bands(axes: Axes, wires: Sequence[tuple[float, tuple[int, str]]], width: float) -> None:
    """A pale band behind each run of neighbouring wires of one block, named at its left.

    `wires`: the y and the home of each, from the top down.
    """
    from matplotlib.patches import FancyBboxPatch

    for (index, label), group in groupby(wires, key=lambda wire: wire[1]):
        ys = [y for y, _ in group]
        bottom, height = ys[-1] - PITCH / 2 + 0.03, len(ys) * PITCH - 0.06
        corner = (MARGIN, bottom)
        rounded = "round,pad=0,rounding_size=0.08"
        length = width - 2 * MARGIN
        axes.add_patch(
            FancyBboxPatch(
                corner,
                length,
                height,
                boxstyle=rounded,
                fc=_colour(index),
                ec="none",
                alpha=BLOCK_SHARE,
                zorder=0.5,
            )
        )
        upright = len(label) * 0.08 > height
        axes.text(
            MARGIN + 0.15,
            bottom + height / 2,
            label if not upright else label.removeprefix("QPU "),
            rotation=90,
            ha="center",
            va="center",
            size=8,
            color=INK,
            weight="bold",
        )


def _draw_wires(axes: Axes, sheet: Sheet, number: int) -> None:
    """Wires of a row named at their left; dotted ends where a row continues another."""
    wires, left, right = sheet.wires[number], sheet.left, sheet.right
    first, last = number == 0, number == len(sheet.rows) - 1
    for q, y in enumerate(wires):
        axes.plot([left, right], [y, y], color=_WIRE, lw=0.9, zorder=1, solid_capstyle="butt")
        axes.text(left - 0.08, y, f"$q_{{{q}}}$", ha="right", va="center", size=9, color=INK)
        for x, goes_on in ((left, not first), (right, not last)):
            if goes_on:
                axes.plot([x - 0.05, x + 0.05], [y, y], color="white", lw=3, zorder=1.5)
                axes.plot([x - 0.05, x + 0.05], [y, y], color=_WIRE, lw=1.2, ls=":", zorder=1.6)


def _draw_legend(axes: Axes, circuit: Circuit, cut: frozenset[int], marks: Marks | None) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    boxed = {kind_of(op) for op in circuit.operations if op.name not in ("CX", "CZ", "SWAP")}
    handles: list[Patch | Line2D] = [
        Patch(fc=FILL[kind], ec=INK, lw=0.9, label=_KINDS[kind]) for kind in _KINDS if kind in boxed
    ]
    if cut:
        handles.append(Line2D([], [], color=CUT_COLOUR, lw=2.6, label="cut gate, between QPUs"))
    if marks is not None:
        handles += legend_handles(marks)
    if handles:
        axes.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=len(handles),
            frameon=False,
            fontsize=8,
            labelcolor=INK,
            handlelength=1.2,
            columnspacing=1.4,
        )
