"""Shortest routes through a QPU network, by index of QPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "hop_matrix", "shortest_route"]

Neighbours = Sequence[Sequence[int]]


def hop_matrix(neighbours: Neighbours) -> NDArray[np.int64]:
    """Links on a shortest route between each two nodes of a connected graph, read-only.

    `neighbours`: the nodes next to each node. Shape (n_nodes, n_nodes). Costs one breadth-first
    search a node.
    """
    n = len(neighbours)
    hops = np.zeros((n, n), dtype=np.int64)
    for start in range(n):
        reached, frontier, distance = {start}, [start], 0
        while frontier:
            distance += 1
            frontier = list({b for a in frontier for b in neighbours[a]} - reached)
            reached.update(frontier)
            hops[start, frontier] = distance
    hops.setflags(write=False)
    return hops


def shortest_route(
    a: int, b: int, neighbours: Neighbours, hops: NDArray[np.int64]
) -> tuple[int, ...]:
    """Nodes from a to b, both included: of the shortest routes, the first in order of index."""
    route = [a]
    while route[-1] != b:
        here = route[-1]
        route.append(min(n for n in neighbours[here] if hops[n, b] < hops[here, b]))
    return tuple(route)
