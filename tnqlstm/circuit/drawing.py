"""A picture of a circuit: a wire a qubit, a band a block, cut gates in one strong colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import CircuitError
from ..figures import BLOCK_COLOURS, CUT_COLOUR, new_figure
from .circuit import Circuit, InputSlot, Operation, WeightSlot
from .drawing_layout import BOX, MARGIN, PITCH, angle_text, box_width, lay_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_circuit"]

_INK, _WIRE = "#22303c", "#8a97a3"
_FILL = {"input": "#22303c", "weight": "#ffffff", "fixed": "#dde3e8"}
_KINDS = {"input": "input $x$", "weight": "weight $\\theta$", "fixed": "fixed"}

_NAMES = {"SDG": "S†", "TDG": "T†", "SX": "√X", "SXDG": "√X†", "ISWAP": "iSW"}
# what stands on the second qubit, where the first is a control's dot
_TARGETS = {
    "CX": "⊕",
    "CY": "Y",
    "CZ": "●",
    "CS": "S",
    "CP": "P",
    "CRX": "RX",
    "CRY": "RY",
    "CRZ": "RZ",
}


def draw_circuit(
    circuit: Circuit,
    blocks: Mapping[Any, Iterable[int]] | None = None,
    *,
    max_columns: int | None = 26,
    title: str | None = None,
) -> Figure:
    """A matplotlib figure of the circuit, to show in a notebook or save with `savefig`.

    Parameters
    ----------
    blocks
        Name of each QPU -> its qubits, as in `Partition.blocks`; empty blocks are left out. Each
        block is a coloured band, and a two-qubit gate between two blocks is drawn as a cut gate.
    max_columns
        Gate columns in a row before the wires go on below; None for one row of any length.
    title
        A line above the picture.

    Boxes say the gate and its angle: x for inputs, θ for weights (row-major index), numbers in
    units of π. Raises `CircuitError` where blocks overlap, reach outside or leave a qubit out.
    """
    if max_columns is not None and max_columns < 1:
        raise CircuitError(f"max_columns must be at least 1, got {max_columns}; None for one row.")
    home = _homes(circuit, blocks)
    rows = lay_out(circuit, max_columns)
    left = MARGIN + (0.3 if blocks else 0.0) + 0.34
    width = left + max([row.width for row in rows] + [4.0]) + MARGIN
    panel = circuit.n_qubits * PITCH + 0.2
    head, foot = (0.36 if title else 0.1), 0.3
    height = head + len(rows) * panel + foot
    figure = new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    for k, row in enumerate(rows):
        top = height - head - k * panel - PITCH / 2
        wires = [top - q * PITCH for q in range(circuit.n_qubits)]
        _draw_bands(axes, wires, home, width)
        _draw_wires(axes, wires, left, width, first=k == 0, last=k == len(rows) - 1)
        for op, x in row.operations:
            _draw_operation(axes, op, left + x, wires, CUT_COLOUR if _is_cut(op, home) else _INK)
    _draw_legend(axes, circuit, home)
    if title:
        axes.text(width / 2, height - 0.2, title, ha="center", va="center", size=11, color=_INK)
    return figure


def _is_cut(op: Operation, home: list[tuple[int, str]] | None) -> bool:
    return home is not None and len({home[q] for q in op.qubits}) > 1


def _homes(
    circuit: Circuit, blocks: Mapping[Any, Iterable[int]] | None
) -> list[tuple[int, str]] | None:
    """Of each qubit, the index and the label of its block; None without blocks."""
    if blocks is None:
        return None
    home: dict[int, tuple[int, str]] = {}
    filled = [(name, tuple(qubits)) for name, qubits in blocks.items()]
    for k, (name, qubits) in enumerate((n, q) for n, q in filled if q):
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


def _kind(op: Operation) -> str:
    if isinstance(op.angle, InputSlot):
        return "input"
    return "weight" if isinstance(op.angle, WeightSlot) else "fixed"


def _draw_bands(
    axes: Axes, wires: list[float], home: list[tuple[int, str]] | None, width: float
) -> None:
    """A pale band behind each run of neighbouring qubits of one block, named at its left."""
    from matplotlib.patches import FancyBboxPatch

    if home is None:
        return
    starts = [q for q in range(len(home)) if q == 0 or home[q] != home[q - 1]]
    for start, end in zip(starts, [*starts[1:], len(home)], strict=True):
        index, label = home[start]
        colour = BLOCK_COLOURS[index % len(BLOCK_COLOURS)]
        bottom, height = wires[end - 1] - PITCH / 2 + 0.03, (end - start) * PITCH - 0.06
        corner = (MARGIN, bottom)
        rounded = "round,pad=0,rounding_size=0.08"
        length = width - 2 * MARGIN
        axes.add_patch(
            FancyBboxPatch(
                corner, length, height, boxstyle=rounded, fc=colour, ec="none", alpha=0.25
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
            color=_INK,
            weight="bold",
        )


def _draw_wires(
    axes: Axes, wires: list[float], left: float, width: float, *, first: bool, last: bool
) -> None:
    """Wires named at their left; dotted ends where a row continues another."""
    right = width - MARGIN - 0.06
    for q, y in enumerate(wires):
        axes.plot([left, right], [y, y], color=_WIRE, lw=0.9, zorder=1, solid_capstyle="butt")
        axes.text(left - 0.08, y, f"$q_{{{q}}}$", ha="right", va="center", size=9, color=_INK)
        for x, goes_on in ((left, not first), (right, not last)):
            if goes_on:
                axes.plot([x - 0.05, x + 0.05], [y, y], color="white", lw=3, zorder=1.5)
                axes.plot([x - 0.05, x + 0.05], [y, y], color=_WIRE, lw=1.2, ls=":", zorder=1.6)


def _draw_operation(axes: Axes, op: Operation, x: float, wires: list[float], ink: str) -> None:
    ys = [wires[q] for q in op.qubits]
    strong = ink != _INK
    if len(ys) == 2:
        axes.plot([x, x], ys, color=ink, lw=2.6 if strong else 1.3, zorder=2)
    name = _NAMES.get(op.name, op.name)
    if op.name in _TARGETS:
        _draw_symbol(axes, "●", x, ys[0], op, ink)
        _draw_symbol(axes, _TARGETS[op.name], x, ys[1], op, ink)
    elif op.name == "SWAP":
        for y in ys:
            _draw_symbol(axes, "×", x, y, op, ink)
    else:
        for y in ys:
            _draw_symbol(axes, name, x, y, op, ink)


def _draw_symbol(axes: Axes, symbol: str, x: float, y: float, op: Operation, ink: str) -> None:
    """A control's dot, a target's ⊕, a swap's cross, or a box with the gate and its angle."""
    from matplotlib.patches import Circle

    if symbol == "●":
        axes.add_patch(Circle((x, y), 0.05, fc=ink, ec=ink, lw=0.5, zorder=3))
    elif symbol == "⊕":
        r = 0.1
        axes.add_patch(Circle((x, y), r, fc="white", ec=ink, lw=1.5, zorder=3))
        axes.plot([x - r, x + r], [y, y], color=ink, lw=1.5, zorder=4)
        axes.plot([x, x], [y - r, y + r], color=ink, lw=1.5, zorder=4)
    elif symbol == "×":
        r = 0.07
        for sign in (1, -1):
            axes.plot([x - r, x + r], [y - sign * r, y + sign * r], color=ink, lw=1.8, zorder=3)
    else:
        _draw_box(axes, symbol, x, y, op, ink)


def _draw_box(axes: Axes, name: str, x: float, y: float, op: Operation, ink: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    kind, width = _kind(op), box_width(op)
    text = "white" if kind == "input" else _INK
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - BOX / 2),
            width,
            BOX,
            boxstyle="round,pad=0,rounding_size=0.05",
            fc=_FILL[kind],
            ec=ink,
            lw=1.8 if ink == CUT_COLOUR else 0.9,
            zorder=3,
        )
    )
    angle = angle_text(op.angle)
    if angle:
        axes.text(x, y + 0.075, name, ha="center", va="center", size=7, color=text, zorder=4)
        axes.text(x, y - 0.08, angle, ha="center", va="center", size=7.5, color=text, zorder=4)
    else:
        axes.text(x, y, name, ha="center", va="center", size=8.5, color=text, zorder=4)


def _draw_legend(axes: Axes, circuit: Circuit, home: list[tuple[int, str]] | None) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    boxed = {_kind(op) for op in circuit.operations if op.name not in ("CX", "CZ", "SWAP")}
    handles: list[Patch | Line2D] = [
        Patch(fc=_FILL[kind], ec=_INK, lw=0.9, label=_KINDS[kind])
        for kind in _KINDS
        if kind in boxed
    ]
    if any(_is_cut(op, home) for op in circuit.operations):
        handles.append(Line2D([], [], color=CUT_COLOUR, lw=2.6, label="cut gate, between QPUs"))
    if handles:
        axes.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=len(handles),
            frameon=False,
            fontsize=8,
            labelcolor=_INK,
            handlelength=1.2,
            columnspacing=1.4,
        )
