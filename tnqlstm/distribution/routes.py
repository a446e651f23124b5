"""Shortest routes through a QPU network, by index of QPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNREACHABLE", "Neighbours", "hop_matrix", "relayed_routes", "shortest_route"]

Neighbours = Sequence[Sequence[int]]
UNREACHABLE = 1000  # hops between two QPUs that no e-bit can join


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


def relayed_routes(
    neighbours: Neighbours, limits: Sequence[int | None]
) -> list[dict[int, tuple[int, ...]]]:
    """From each node, the shortest routes of a copy of a qubit to the nodes that it can reach.

    `limits`: communication qubits of each node, None for as many as needed. A copy takes one at
    either end of each link, at once where it's passed on: two there. Of several routes the first in
    order of index.
    """
    n = len(neighbours)
    found = []
    for start in range(n):
        routes: dict[int, tuple[int, ...]] = {start: (start,)}
        frontier = [start] if limits[start] != 0 else []
        while frontier:
            reached = []
            for here in frontier:
                passes_on = here == start or limits[here] not in (0, 1)
                for near in sorted(neighbours[here]) if passes_on else ():
                    if near not in routes and limits[near] != 0:
                        routes[near] = (*routes[here], near)
                        reached.append(near)
            frontier = reached
        found.append(routes)
    return found
