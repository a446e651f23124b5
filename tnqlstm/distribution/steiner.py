"""Smallest trees of links that join several QPUs: Steiner trees on the network's hops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from .routes import Neighbours, shortest_route

__all__ = ["MOST_EXACT", "SteinerTrees"]

MOST_EXACT = 8
_MOST_SETS = 1 << 16  # sizes kept
_MOST_BYTES = 1 << 26  # of tables kept


class SteinerTrees:
    """Steiner trees of one connected graph, found once for each set of terminals.

    A smallest tree that joins k terminals has one link less than nodes, so it is a smallest
    connected set of nodes around them. Three ways to find it:
    for at most 8 terminals, the recursion of Dreyfus and Wagner (Networks 1, 195, 1971) over sets
    of terminals: exact, 3**k sums of n_nodes numbers and 2**k of n_nodes**2; all sets of terminals
    share its tables;
    where all but at most 8 nodes are terminals, sets of the others, the smallest first: exact;
    else Mehlhorn's approximation (Inf. Process. Lett. 27, 125, 1988) by networkx: less than twice
    the optimum.
    So trees are optimal in any network of up to 16 nodes, and for up to 8 terminals in any.

    `neighbours`: the nodes next to each node. `hops`: the graph's hop matrix, (n_nodes, n_nodes).
    """

    def __init__(self, neighbours: Neighbours, hops: NDArray[np.int64]) -> None:
        self.neighbours = neighbours
        self.hops = hops
        self._sizes: dict[frozenset[int], int] = {}
        self._tables: dict[frozenset[int], NDArray[np.int64]] = {}
        self._most_tables = max(1 << 10, _MOST_BYTES // (hops.itemsize * len(hops)))

    def size(self, terminals: frozenset[int]) -> int:
        """Number of links of the tree. Raises `NetworkError` for an index that no node has."""
        size = self._sizes.get(terminals)
        if size is None:
            if len(self._sizes) >= _MOST_SETS:
                self._sizes.clear()
            size = self._sizes[terminals] = self._find_size(terminals)
        return size

    def tree(self, terminals: frozenset[int]) -> tuple[tuple[int, int], ...]:
        """The links of the tree, (node, node), breadth first from the first terminal.

        Raises `NetworkError` for an index that no node has.
        """
        self._check(terminals)
        if not terminals:
            return ()
        nodes = self._nodes(terminals)
        links: list[tuple[int, int]] = []
        reached = [min(terminals)]
        for node in reached:
            new = [n for n in sorted(self.neighbours[node]) if n in nodes and n not in reached]
            links += [(node, n) for n in new]
            reached += new
        return tuple(links)

    def _find_size(self, terminals: frozenset[int]) -> int:
        self._check(terminals)
        if self._is_connected(terminals):
            return max(len(terminals) - 1, 0)
        if self._way(terminals) == "recursion":
            first, *rest = sorted(terminals)
            return int(self._table(frozenset(rest))[first])
        return len(self._nodes(terminals)) - 1

    def _nodes(self, terminals: frozenset[int]) -> frozenset[int]:
        """The nodes of the tree."""
        if self._is_connected(terminals):
            return terminals
        way = self._way(terminals)
        if way == "recursion":
            first, *rest = sorted(terminals)
            return frozenset(self._trace(frozenset(rest), first))
        if way == "sets":
            others = [node for node in range(len(self.hops)) if node not in terminals]
            return next(
                nodes
                for size in range(1, len(others) + 1)
                for more in combinations(others, size)
                if self._is_connected(nodes := terminals.union(more))
            )
        graph = nx.Graph((a, b) for a, near in enumerate(self.neighbours) for b in near)
        tree = nx.approximation.steiner_tree(graph, sorted(terminals), method="mehlhorn")
        return frozenset(tree.nodes)

    def _way(self, terminals: frozenset[int]) -> str:
        if len(terminals) <= MOST_EXACT:
            return "recursion"
        return "sets" if len(self.hops) - len(terminals) <= MOST_EXACT else "approximation"

    def _table(self, terminals: frozenset[int]) -> NDArray[np.int64]:
        """Links of a smallest tree that joins the terminals and node v, for each v: (n_nodes,)."""
        if len(terminals) == 1:
            return self.hops[min(terminals)]
        table = self._tables.get(terminals)
        if table is None:
            table = (self._joined(terminals)[:, None] + self.hops).min(axis=0)
            if len(self._tables) >= self._most_tables:
                self._tables.clear()
            self._tables[terminals] = table
        return table

    def _joined(self, terminals: frozenset[int]) -> NDArray[np.int64]:
        """The same for trees in which v joins two parts, the terminals shared out between them."""
        sums = [self._table(one) + self._table(other) for one, other in _halves(terminals)]
        return np.minimum.reduce(sums)

    def _trace(self, terminals: frozenset[int], node: int) -> Iterator[int]:
        """Nodes of a tree that has the size `_table(terminals)[node]`."""
        if len(terminals) == 1:
            yield from self._route(node, min(terminals))
            return
        fork = int((self._joined(terminals) + self.hops[node]).argmin())
        yield from self._route(node, fork)
        one, other = min(
            _halves(terminals),
            key=lambda parts: self._table(parts[0])[fork] + self._table(parts[1])[fork],
        )
        yield from self._trace(one, fork)
        yield from self._trace(other, fork)

    def _route(self, a: int, b: int) -> tuple[int, ...]:
        return shortest_route(a, b, self.neighbours, self.hops)

    def _is_connected(self, nodes: frozenset[int]) -> bool:
        reached = set(sorted(nodes)[:1])
        frontier = list(reached)
        while frontier:
            near = {b for a in frontier for b in self.neighbours[a] if b in nodes}
            frontier = list(near - reached)
            reached |= near
        return len(reached) == len(nodes)

    def _check(self, terminals: Iterable[int]) -> None:
        n = len(self.hops)
        foreign = [index for index in terminals if index not in range(n)]
        if foreign:
            raise NetworkError(
                f"no QPU has the index {foreign[0]!r}; the network's are 0 to {n - 1}, in the "
                "order of network.qpus."
            )


def _halves(terminals: frozenset[int]) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """All ways to share terminals out to two parts, neither empty, the first with the first."""
    first, *rest = sorted(terminals)
    for size in range(len(rest)):
        for more in combinations(rest, size):
            one = frozenset((first, *more))
            yield one, terminals - one
