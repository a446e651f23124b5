"""A picture of a QPU network: blocks on their QPUs, cut gates on the links they cross."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import networkx as nx

from ..errors import NetworkError
from ..figures import BLOCK_COLOURS, new_figure
from .network import QPU, Position, QPUNetwork
from .report import link_traffic, qubit_ranges

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .placed import Partition

__all__ = ["draw_network"]

_INK, _QUIET = "#222222", "#b8b8b8"
_INCHES_A_STEP = 1.9
_MOST_INCHES = 16.0


def draw_network(network: QPUNetwork, placed: Partition | None = None) -> Figure:
    """A figure with a box for each QPU and a line for each link.

    With `placed`, boxes say which qubits they hold, of how many, and lines carry the number of cut
    gates that are routed over them (one shortest path for each pair of QPUs); links without any are
    thin and grey. Positions are the nodes' `position` where every node has one, else networkx's
    Kamada-Kawai layout. Raises `NetworkError` where `placed` is on another network.
    """
    if placed is not None and placed.network != network:
        raise NetworkError("the partition is on another network. Draw it with placed.draw().")
    positions = _positions(network)
    figure = new_figure(*_figure_size(positions), layout="constrained")
    axes = figure.add_subplot()
    traffic = link_traffic(placed) if placed is not None else {}
    _draw_links(axes, network, positions, traffic)
    _draw_qpus(axes, network, positions, placed)
    if placed is not None:
        title = f"{placed.n_cut_gates} cut gates, {placed.n_hops} hops, {placed.n_ebits} e-bits"
        axes.set_title(title, fontsize=11, color=_INK)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure


def _positions(network: QPUNetwork) -> dict[QPU, Position]:
    """Positions in steps: neighbouring QPUs at least one step apart."""
    given = nx.get_node_attributes(network.graph, "position")
    raw = given if len(given) == len(network.qpus) else nx.kamada_kawai_layout(network.graph)
    points = [(float(x), float(y)) for x, y in (raw[qpu] for qpu in network.qpus)]
    nearest = min(
        (
            ((x - u) ** 2 + (y - v) ** 2) ** 0.5
            for i, (x, y) in enumerate(points)
            for u, v in points[:i]
        ),
        default=1.0,
    )
    scale = 1.0 / nearest if nearest > 0 else 1.0
    return {q: (x * scale, y * scale) for q, (x, y) in zip(network.qpus, points, strict=True)}


def _figure_size(positions: dict[QPU, Position]) -> tuple[float, float]:
    xs, ys = zip(*positions.values(), strict=True)
    width = _INCHES_A_STEP * (max(xs) - min(xs) + 1.2)
    height = _INCHES_A_STEP * (max(ys) - min(ys) + 0.7)
    shrink = min(1.0, _MOST_INCHES / max(width, height))
    return max(width * shrink, 3.0), max(height * shrink, 1.0) + 0.4


def _draw_links(
    axes: Axes,
    network: QPUNetwork,
    positions: dict[QPU, Position],
    traffic: dict[tuple[QPU, QPU], int],
) -> None:
    busiest = max(traffic.values(), default=0)
    for a, b in network.graph.edges:
        (x, y), (u, v) = positions[a], positions[b]
        count = traffic.get((a, b), 0)
        width = 1.5 + 3.5 * count / busiest if count else 1.0
        axes.plot([x, u], [y, v], color=_INK if count else _QUIET, linewidth=width, zorder=1)
        if count:
            # off the middle, so that the labels of crossing links don't meet
            at = 0.5 if network.graph.number_of_edges() < 2 * len(positions) else 0.36
            axes.text(
                x + at * (u - x),
                y + at * (v - y),
                str(count),
                ha="center",
                va="center",
                fontsize=9,
                color=_INK,
                zorder=2,
                bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"},
            )


def _draw_qpus(
    axes: Axes, network: QPUNetwork, positions: dict[QPU, Position], placed: Partition | None
) -> None:
    from matplotlib.colors import to_rgb

    # as the bands of a circuit, a quarter colour and the rest white, but opaque
    pale = [tuple(0.75 + 0.25 * part for part in to_rgb(colour)) for colour in BLOCK_COLOURS]
    blocks = placed.blocks if placed is not None else {}
    for index, qpu in enumerate(network.qpus):
        capacity, qubits = network.capacity(qpu), blocks.get(qpu, ())
        if placed is None:
            text = f"{qpu}\n{capacity} qubits"
        else:
            held = textwrap.fill(qubit_ranges(qubits), width=16, max_lines=4, placeholder=" …")
            text = f"{qpu}  ({len(qubits)}/{capacity})\n{held}"
        is_empty = placed is not None and not qubits
        axes.text(
            *positions[qpu],
            text,
            ha="center",
            va="center",
            fontsize=9,
            color=_INK,
            zorder=3,
            bbox={
                "boxstyle": "round,pad=0.5",
                "facecolor": "white" if is_empty else pale[index % len(pale)],
                "edgecolor": _QUIET if is_empty else _INK,
            },
        )
    xs, ys = zip(*positions.values(), strict=True)
    axes.set_xlim(min(xs) - 0.6, max(xs) + 0.6)
    axes.set_ylim(min(ys) - 0.35, max(ys) + 0.35)
