"""A picture of a QPU network: blocks on their QPUs, e-bits and cut gates on the links."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from ..errors import NetworkError, look_up
from ..figures import BLOCK_COLOURS, BLOCK_SHARE, new_figure
from .drawing_layout import LABEL_HEIGHT, Box, NetworkLayout, lay_out_network
from .link import Link
from .network import QPU, Position, QPUNetwork
from .report import qubit_ranges
from .traffic import LinkTraffic, link_traffic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .placed import Partition

__all__ = ["draw_network"]

_INK, _QUIET, _GREY = "#222222", "#b8b8b8", "#666666"
_FONT, _SMALL = 9.0, 8.0  # points
_NOUNS = {"ebits": "e-bit", "gates": "cut gate"}
_WORDS_FOR = 24  # links up to which labels carry words
_MOST_AVOIDED = 200  # lines that labels keep away from
# where a label may stand on its link
_PLACES = (0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75)

Line = tuple[Position, Position]


def draw_network(
    network: QPUNetwork, placed: Partition | None = None, *, traffic: str = "ebits"
) -> Figure:
    """A figure with a box for each QPU and a line for each link.

    Parameters
    ----------
    placed
        Boxes say which qubits they hold, of how many, and links carry their e-bits and, below, the
        cut gates that are routed over them. Links without any are thin and grey.
    traffic
        The figure of a link that comes first and sets its line's width: "ebits" or "gates".

    With more than 24 links, labels are two numbers. Where links are too many for all labels, the
    busiest have theirs and a line below counts the others. The fidelity of a link's Bell pairs and
    their rate stand below where they aren't 1 and infinite, of up to 24 links. Positions are the
    nodes' `position` where every node has one and they keep QPUs apart, else those of a line, a
    ring, a star or a grid, else networkx's Kamada-Kawai layout; a line of more than 8 QPUs goes to
    and fro.

    Raises `NetworkError` where `placed` is on another network, `UnknownNameError` for another
    `traffic`.
    """
    look_up("traffic", traffic, _NOUNS)
    if placed is not None and placed.network != network:
        raise NetworkError("the partition is on another network. Draw it with placed.draw().")
    layout = lay_out_network(network)
    figure = new_figure(*layout.size)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.size[0]), ylim=(0, layout.size[1]))
    axes.axis("off")
    carried = link_traffic(placed) if placed is not None else {}
    n_left_out = _draw_links(axes, network, layout, carried, traffic)
    _draw_qpus(axes, network, layout, placed)
    if placed is not None:
        _draw_title(axes, layout, placed, traffic)
    notes = []
    if len(network.links) > _WORDS_FOR and placed is not None:
        notes.append(f"on links: {' · '.join(f'{noun}s' for noun in _ordered(traffic))}")
    if n_left_out:
        notes.append(f"{_count(n_left_out, 'more link')}, without room for figures")
    if notes:
        axes.text(layout.size[0] / 2, 0.14, "; ".join(notes), ha="center", va="center",
                  fontsize=_SMALL * layout.scale, color=_GREY)  # fmt: skip
    return figure


def _ordered(traffic: str) -> list[str]:
    """The two nouns, the chosen one first."""
    return sorted(_NOUNS.values(), key=lambda noun: noun != _NOUNS[traffic])


def _draw_title(axes: Axes, layout: NetworkLayout, placed: Partition, traffic: str) -> None:
    gates = f"{_count(placed.n_cut_gates, 'cut gate')} over {_count(placed.n_hops, 'hop')}"
    parts = [_count(placed.n_ebits, "e-bit"), gates]
    if placed.moves:
        parts.append(f"{_count(len(placed.moves), 'move')} (qubits: at first)")
    if traffic == "gates":
        parts[:2] = parts[1::-1]
    axes.text(
        layout.size[0] / 2, layout.size[1] - 0.22, ", ".join(parts), ha="center", va="center",
        fontsize=11 * layout.scale, color=_INK,
    )  # fmt: skip


def _draw_links(
    axes: Axes,
    network: QPUNetwork,
    layout: NetworkLayout,
    carried: dict[tuple[QPU, QPU], LinkTraffic],
    traffic: str,
) -> int:
    """Lines and their labels, the busiest first; the number of links without room for a label."""
    counts = {link: _figures(each, traffic) for link, each in carried.items()}
    busiest = max((main for main, _ in counts.values()), default=0)
    lines = {(a, b): (layout.positions[a], layout.positions[b]) for a, b in network.links}
    taken = [layout.box(qpu) for qpu in network.qpus]
    n_left_out = 0
    thickest = 3.5 if len(lines) <= _WORDS_FOR else 1.5
    for link in sorted(lines, key=lambda link: counts.get(link, (0, 0)), reverse=True):
        main, beside = counts.get(link, (0, 0))
        width = 1.5 + thickest * main / busiest if main else 1.0
        colour = _INK if main or beside else _QUIET
        xs, ys = zip(*lines[link], strict=True)
        axes.plot(xs, ys, color=colour, linewidth=width * layout.scale, zorder=1)
        with_words = len(lines) <= _WORDS_FOR
        text = _label(main, beside, traffic, with_words=with_words) if main or beside else []
        text += _figures_of(network.link(*link)) if with_words else []
        if text:
            others = [ends for other, ends in lines.items() if other != link][:_MOST_AVOIDED]
            place = _free_place(lines[link], text, taken, others, layout.scale)
            if place is None:
                n_left_out += 1
            else:
                taken.append(place)
                _draw_label(axes, place, text, layout.scale)
    return n_left_out


def _figures(each: LinkTraffic, traffic: str) -> tuple[int, int]:
    pair = each.n_ebits, each.n_cut_gates
    return pair if traffic == "ebits" else pair[::-1]


def _label(main: int, beside: int, traffic: str, *, with_words: bool) -> list[str]:
    if not with_words:
        return [f"{main} · {beside}"]
    first, second = (noun.removeprefix("cut ") for noun in _ordered(traffic))
    return [_count(main, first), _count(beside, second)]


def _figures_of(link: Link) -> list[str]:
    """The link's fidelity and rate, where they aren't those of perfect pairs at once."""
    fidelity = [f"F {link.fidelity:.4g}"] if link.fidelity < 1 else []
    rate = f"{link.rate:,.0f}/s" if 10 <= link.rate < 1e6 else f"{link.rate:.3g}/s"
    return fidelity + ([rate] if math.isfinite(link.rate) else [])


def _free_place(
    line: Line, text: list[str], taken: list[Box], others: list[Line], scale: float
) -> Box | None:
    """A box on the line for this text, away from other boxes and, if it can be, other lines."""
    width = (0.1 + 0.075 * max(map(len, text))) * scale
    height = LABEL_HEIGHT * len(text) * scale
    (x, y), (u, v) = line
    places = [Box(x + at * (u - x), y + at * (v - y), width, height) for at in _PLACES]
    free = [place for place in places if not any(place.touches(other) for other in taken)]
    return min(free, key=lambda place: sum(place.is_crossed(*o) for o in others), default=None)


def _draw_label(axes: Axes, place: Box, text: list[str], scale: float) -> None:
    from matplotlib.patches import Rectangle

    corner = place.x - place.width / 2, place.y - place.height / 2
    axes.add_patch(Rectangle(corner, place.width, place.height, fc="white", ec="none", zorder=2))
    styles: list[dict[str, Any]] = [
        {"fontsize": _FONT * scale, "color": _INK, "weight": "bold"},
        {"fontsize": _SMALL * scale, "color": _GREY},
    ]
    top = place.y + LABEL_HEIGHT * scale * (len(text) - 1) / 2
    if not text[0][0].isdigit() or text[0].endswith("/s"):  # no traffic above the figures
        styles = styles[1:]
    for k, words in enumerate(text):
        style = styles[min(k, len(styles) - 1)]
        y = top - k * LABEL_HEIGHT * scale
        axes.text(place.x, y, words, ha="center", va="center_baseline", zorder=2.5, **style)


def _draw_qpus(
    axes: Axes, network: QPUNetwork, layout: NetworkLayout, placed: Partition | None
) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import FancyBboxPatch

    # as the bands of a circuit, but opaque
    pale = [tuple(1 - BLOCK_SHARE * (1 - part) for part in to_rgb(c)) for c in BLOCK_COLOURS]
    blocks = placed.blocks if placed is not None else {}
    for index, qpu in enumerate(network.qpus):
        qubits, box = blocks.get(qpu, ()), layout.box(qpu)
        is_empty = placed is not None and not qubits
        axes.add_patch(
            FancyBboxPatch(
                (box.x - box.width / 2, box.y - box.height / 2),
                box.width,
                box.height,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="white" if is_empty else pale[index % len(pale)],
                edgecolor=_QUIET if is_empty else _INK,
                zorder=3,
            )
        )
        text = _qpu_text(network, qpu, qubits if placed is not None else None)
        axes.text(box.x, box.y, text, ha="center", va="center", fontsize=_FONT * layout.scale,
                  color=_GREY if is_empty else _INK, zorder=4, linespacing=1.15)  # fmt: skip


def _qpu_text(network: QPUNetwork, qpu: QPU, qubits: tuple[int, ...] | None) -> str:
    capacity, name = network.capacity(qpu), textwrap.shorten(str(qpu), 14, placeholder="…")
    if qubits is None:
        return f"{name}\n{_count(capacity, 'qubit')}"
    held = textwrap.fill(qubit_ranges(qubits), width=18, max_lines=3, placeholder=" …")
    return f"{name}  ({len(qubits)}/{capacity})\n{held}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
