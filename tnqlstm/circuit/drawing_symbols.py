"""The symbols of gates in a picture of a circuit: dots, crosses, ⊕ and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..figures import CUT_COLOUR
from .drawing_layout import BOX, angle_text, box_width
from .operation import Operation
from .slots import InputSlot, slots_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FILL", "INK", "draw_operation", "kind_of"]

INK = "#22303c"
FILL = {"input": INK, "weight": "#ffffff", "fixed": "#dde3e8"}

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


def kind_of(operation: Operation) -> str:
    """Where its angle comes from: "input", "weight" or "fixed"."""
    slots = slots_of(operation.angle)
    if not slots:
        return "fixed"
    return "input" if isinstance(slots[0], InputSlot) else "weight"


def draw_operation(axes: Axes, op: Operation, x: float, wires: Sequence[float], ink: str) -> None:
    """The gate at this x, in this colour; `wires` are the y of the qubits."""
    ys = [wires[q] for q in op.qubits]
    strong = ink != INK
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

    kind, width = kind_of(op), box_width(op)
    text = "white" if kind == "input" else INK
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - BOX / 2),
            width,
            BOX,
            boxstyle="round,pad=0,rounding_size=0.05",
            fc=FILL[kind],
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
