"""Shapes of networks that come without positions: lines, rings, stars and grids look like it."""

from __future__ import annotations

import networkx as nx

from . import topologies
from .network import QPU, Position, QPUNetwork

__all__ = ["positions_by_shape"]

_MOST_QPUS = 400  # whose shape is looked for as a grid


def positions_by_shape(network: QPUNetwork) -> dict[QPU, Position] | None:
    """Where the QPUs of a line, a ring, a star or a grid stand; None for other shapes."""
    graph, n = network.graph, len(network.qpus)
    degrees = dict(graph.degree)
    ends = [qpu for qpu in network.qpus if degrees[qpu] == 1]
    n_links = len(network.links)
    if n_links == n - 1 and max(degrees.values(), default=0) <= 2:
        order = list(nx.dfs_preorder_nodes(graph, ends[0])) if ends else list(graph)
        return dict(zip(order, topologies.line(n).positions, strict=True))
    if n_links == n and set(degrees.values()) == {2}:
        order = list(nx.dfs_preorder_nodes(graph, network.qpus[0]))
        return dict(zip(order, topologies.ring(n).positions, strict=True))
    if n_links == n - 1 and len(ends) == n - 1:
        centre = next(qpu for qpu in network.qpus if degrees[qpu] > 1)
        return dict(zip([centre, *ends], topologies.star(n).positions, strict=True))
    return _grid_positions(graph, n, n_links)


def _grid_positions(graph: nx.Graph, n: int, n_links: int) -> dict[QPU, Position] | None:
    """The places on a grid: by hops from one corner, and from the corner next to it."""
    corners = [qpu for qpu in graph if graph.degree[qpu] == 2]
    shapes = [(rows, n // rows) for rows in range(2, n + 1) if n % rows == 0 and rows <= n // rows]
    for rows, cols in shapes if n <= _MOST_QPUS and len(corners) >= 4 else ():
        if rows * (cols - 1) + cols * (rows - 1) != n_links:
            continue
        first = corners[0]
        near = nx.single_source_shortest_path_length(graph, first)
        for second in corners[1:]:
            if near[second] != cols - 1:
                continue
            far = nx.single_source_shortest_path_length(graph, second)
            # hops from two corners of one side of length cols - 1: x + y and cols - 1 - x + y
            found = {q: ((near[q] - far[q] + cols - 1) / 2, -(near[q] + far[q] - cols + 1) / 2)
                     for q in graph}  # fmt: skip
            steps = {abs(found[a][0] - found[b][0]) + abs(found[a][1] - found[b][1])
                     for a, b in graph.edges}  # fmt: skip
            if len(set(found.values())) == n and steps == {1.0}:
                return found
    return None
