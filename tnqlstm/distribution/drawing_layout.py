"""Where the QPUs of a picture stand, in inches, far enough apart for boxes and labels."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from .drawing_shapes import positions_by_shape
from .link import Link
from .network import QPU, Position, QPUNetwork

__all__ = ["LABEL_HEIGHT", "Box", "NetworkLayout", "lay_out_network"]

LABEL_HEIGHT = 0.17  # of a line of a link's label
_BOX = (1.4, 0.66)  # of a QPU
_STEP = (2.5, 1.35)  # between neighbours: a box, and a label beside or below it
_SPREAD = 1.3  # where many links cross
_MARGIN = (0.9, 0.55)
_HEAD, _FOOT = 0.35, 0.1
_MOST_INCHES = 40.0
_LONG_LINE = 8
_FIGURES = 0.3  # more between rows where links have figures


@dataclass(frozen=True)
class Box:
    """A rectangle around its centre."""

    x: float
    y: float
    width: float
    height: float

    def touches(self, other: Box) -> bool:
        """Whether the two overlap."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2
            and abs(self.y - other.y) < (self.height + other.height) / 2
        )

    def is_crossed(self, start: Position, end: Position) -> bool:
        """Whether the straight line between two points goes through."""
        enters, leaves = 0.0, 1.0
        sides = ((self.x, self.width / 2), (self.y, self.height / 2))
        for p, q, (centre, half) in zip(start, end, sides, strict=True):
            if p == q:
                if abs(p - centre) >= half:
                    return False
                continue
            first, last = sorted((centre + sign * half - p) / (q - p) for sign in (-1, 1))
            enters, leaves = max(enters, first), min(leaves, last)
        return enters < leaves


@dataclass(frozen=True)
class NetworkLayout:
    """Centres of the QPUs and the size of the picture; `scale` shrinks boxes and texts."""

    positions: dict[QPU, Position]
    size: tuple[float, float]
    scale: float

    def box(self, qpu: QPU) -> Box:
        x, y = self.positions[qpu]
        return Box(x, y, _BOX[0] * self.scale, _BOX[1] * self.scale)


def lay_out_network(network: QPUNetwork) -> NetworkLayout:
    """Positions such that no two boxes meet, shrunk with their texts past 40 inches."""
    steps = _steps(network)
    xs, ys = zip(*steps.values(), strict=True)
    spread = _SPREAD if len(network.links) > 1.5 * len(network.qpus) else 1.0
    described = any(network.link(a, b) != Link.ideal() for a, b in network.links)
    step = (_STEP[0] * spread, (_STEP[1] + _FIGURES * described) * spread)
    width = step[0] * (max(xs) - min(xs)) + 2 * _MARGIN[0]
    height = step[1] * (max(ys) - min(ys)) + 2 * _MARGIN[1]
    scale = min(1.0, _MOST_INCHES / max(width, height))
    # the title needs its room even where there is one QPU only
    pad = max(0.0, (4.2 - width * scale) / 2)
    positions = {
        qpu: (
            pad + scale * (_MARGIN[0] + step[0] * (x - min(xs))),
            _FOOT + scale * (_MARGIN[1] + step[1] * (y - min(ys))),
        )
        for qpu, (x, y) in steps.items()
    }
    size = (width * scale + 2 * pad, height * scale + _HEAD + _FOOT)
    return NetworkLayout(positions, size, scale)


def _steps(network: QPUNetwork) -> dict[QPU, Position]:
    """Positions in steps: QPUs at least one step apart, across or upright."""
    if _is_long_line(network):
        rows = (divmod(i, _LONG_LINE) for i in range(len(network.qpus)))
        return {
            qpu: (float(k if row % 2 == 0 else _LONG_LINE - 1 - k), -float(row))
            for qpu, (row, k) in zip(network.qpus, rows, strict=True)
        }
    given = nx.get_node_attributes(network.graph, "position")
    if len(given) == len(network.qpus) and _nearest(list(given.values())) > 0:
        found = given
    else:
        found = positions_by_shape(network) or nx.kamada_kawai_layout(network.graph)
    points = [(float(x), float(y)) for x, y in (found[qpu] for qpu in network.qpus)]
    scale = 1.0 / (_nearest(points) or 1.0)
    return {q: (x * scale, y * scale) for q, (x, y) in zip(network.qpus, points, strict=True)}


def _is_long_line(network: QPUNetwork) -> bool:
    """Whether the QPUs are linked one after the other only, and too many for one row."""
    n = len(network.qpus)
    linked = {frozenset(link) for link in network.links}
    return n > _LONG_LINE and linked == {frozenset(network.qpus[i : i + 2]) for i in range(n - 1)}


def _nearest(points: list[Position]) -> float:
    """The smallest distance between two of the points, across or upright; 1 for a single one."""
    return min(
        (max(abs(x - u), abs(y - v)) for i, (x, y) in enumerate(points) for u, v in points[:i]),
        default=1.0,
    )
