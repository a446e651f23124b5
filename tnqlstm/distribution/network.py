"""`QPUNetwork`: small quantum processors with capacities, joined by links."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError, UnknownNameError
from .link import Link

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .placed import Partition

__all__ = ["QPU", "QPUNetwork"]

QPU = Hashable
Position = tuple[float, float]


@dataclass(frozen=True, eq=False)
class QPUNetwork:
    """QPUs (nodes) and the links between them (edges) of an undirected networkx graph.

    Node attribute `qubits`: the capacity, a positive integer. Edge attribute `link`: a `Link`,
    ideal where there is none. Node attribute `position`, (x, y), is read by drawings only.
    The graph is copied and frozen. Networks are equal where names, their order, capacities, edges
    and links are.

    Raises `NetworkError` for a graph that is empty, directed, a multigraph or disconnected, has a
    self-loop, or has a capacity or link that isn't one.
    """

    graph: nx.Graph

    def __post_init__(self) -> None:
        if not isinstance(self.graph, nx.Graph):
            raise NetworkError(
                f"a networkx graph wanted, got {type(self.graph).__name__}. Use QPUNetwork.line, "
                "ring, star, complete or grid, or QPUNetwork.from_networkx(graph)."
            )
        _check_shape(self.graph)
        graph = self.graph.copy()
        for qpu, data in graph.nodes(data=True):
            data["qubits"] = _capacity(qpu, data)
        for a, b, data in graph.edges(data=True):
            link = data.setdefault("link", Link.ideal())
            if not isinstance(link, Link):
                raise NetworkError(
                    f"the link {a} - {b} is {link!r}; a Link wanted, such as Link.ideal()."
                )
        object.__setattr__(self, "graph", nx.freeze(graph))

    @classmethod
    def line(cls, n_qpus: int, qubits: int | Sequence[int], link: Link | None = None) -> QPUNetwork:
        """qpu0 - qpu1 - … in a line. `qubits`: capacity of each QPU, one for all or a list."""
        _check_count("n_qpus", n_qpus)
        return cls._build(n_qpus, _line_edges(n_qpus), qubits, link, lambda i: (float(i), 0.0))

    @classmethod
    def ring(cls, n_qpus: int, qubits: int | Sequence[int], link: Link | None = None) -> QPUNetwork:
        """A line whose ends are linked; of 2 QPUs, one link. `qubits` as in `line`."""
        _check_count("n_qpus", n_qpus)
        edges = _line_edges(n_qpus) + ([(0, n_qpus - 1)] if n_qpus > 2 else [])
        return cls._build(n_qpus, edges, qubits, link, _on_circle(n_qpus))

    @classmethod
    def star(cls, n_qpus: int, qubits: int | Sequence[int], link: Link | None = None) -> QPUNetwork:
        """qpu0 in the middle, linked to each of the n_qpus - 1 others. `qubits` as in `line`."""
        _check_count("n_qpus", n_qpus)
        circle = _on_circle(n_qpus - 1)
        edges = [(0, i) for i in range(1, n_qpus)]
        place: Callable[[int], Position] = lambda i: circle(i - 1) if i else (0.0, 0.0)  # noqa: E731
        return cls._build(n_qpus, edges, qubits, link, place)

    @classmethod
    def complete(
        cls, n_qpus: int, qubits: int | Sequence[int], link: Link | None = None
    ) -> QPUNetwork:
        """Each QPU linked to each other one. `qubits` as in `line`."""
        _check_count("n_qpus", n_qpus)
        edges = [(i, j) for i in range(n_qpus) for j in range(i + 1, n_qpus)]
        return cls._build(n_qpus, edges, qubits, link, _on_circle(n_qpus))

    @classmethod
    def grid(
        cls, rows: int, cols: int, qubits: int | Sequence[int], link: Link | None = None
    ) -> QPUNetwork:
        """A rows × cols grid, numbered row by row: qpu0 … qpu{cols-1} is the first row."""
        _check_count("rows", rows)
        _check_count("cols", cols)
        edges = [(i, i + 1) for i in range(rows * cols) if (i + 1) % cols]
        edges += [(i, i + cols) for i in range((rows - 1) * cols)]
        place: Callable[[int], Position] = lambda i: (float(i % cols), -float(i // cols))  # noqa: E731
        return cls._build(rows * cols, edges, qubits, link, place)

    @classmethod
    def from_networkx(cls, graph: nx.Graph) -> QPUNetwork:
        """The network of any networkx graph; names and attributes are kept (see the class)."""
        return cls(graph)

    @classmethod
    def _build(
        cls,
        n_qpus: int,
        edges: Iterable[tuple[int, int]],
        qubits: int | Sequence[int],
        link: Link | None,
        position: Callable[[int], Position],
    ) -> QPUNetwork:
        capacities = list(qubits) if isinstance(qubits, Iterable) else [qubits] * n_qpus
        if len(capacities) != n_qpus:
            raise NetworkError(
                f"{len(capacities)} capacities for {n_qpus} QPUs: {capacities}. "
                f"Give one number for all, or {n_qpus} numbers."
            )
        graph = nx.Graph()
        for i, capacity in enumerate(capacities):
            graph.add_node(f"qpu{i}", qubits=capacity, position=position(i))
        own = Link.ideal() if link is None else link
        graph.add_edges_from((f"qpu{a}", f"qpu{b}", {"link": own}) for a, b in edges)
        return cls(graph)

    @cached_property
    def qpus(self) -> tuple[QPU, ...]:
        """The names of the QPUs, in the order of the graph's nodes."""
        return tuple(self.graph.nodes)

    @cached_property
    def capacities(self) -> tuple[int, ...]:
        """Number of qubits that each QPU holds, in the order of `qpus`."""
        return tuple(self.graph.nodes[qpu]["qubits"] for qpu in self.qpus)

    @property
    def n_qubits(self) -> int:
        """Number of qubits that the QPUs hold together."""
        return sum(self.capacities)

    def capacity(self, qpu: QPU) -> int:
        """Number of qubits that the QPU holds. Raises `UnknownNameError`."""
        return self.capacities[self.index(qpu)]

    def index(self, qpu: QPU) -> int:
        """Position of the QPU in `qpus`. Raises `UnknownNameError`."""
        if not isinstance(qpu, Hashable) or qpu not in self._index:
            raise UnknownNameError("QPU", qpu, map(str, self.qpus))
        return self._index[qpu]

    def link(self, a: QPU, b: QPU) -> Link:
        """The link between two neighbours. Raises `NetworkError` where there is none."""
        self.index(a), self.index(b)
        if not self.graph.has_edge(a, b):
            near = ", ".join(map(str, self.graph[a])) or "none"
            raise NetworkError(f"no link {a} - {b}. QPUs linked to {a}: {near}.")
        return self.graph.edges[a, b]["link"]

    def hops(self, a: QPU, b: QPU) -> int:
        """Number of links on a shortest route between two QPUs, 0 from a QPU to itself."""
        return int(self.hop_matrix[self.index(a), self.index(b)])

    def route(self, a: QPU, b: QPU) -> tuple[QPU, ...]:
        """The QPUs on one shortest route from a to b, both included; the same at each call."""
        self.index(a), self.index(b)
        return tuple(nx.shortest_path(self.graph, a, b))

    @cached_property
    def hop_matrix(self) -> NDArray[np.int64]:
        """`hops` of all pairs, shape (n_qpus, n_qpus), in the order of `qpus`."""
        hops = np.zeros((len(self.qpus), len(self.qpus)), dtype=np.int64)
        for a, lengths in nx.all_pairs_shortest_path_length(self.graph):
            for b, length in lengths.items():
                hops[self._index[a], self._index[b]] = length
        hops.setflags(write=False)
        return hops

    def draw(self, placed: Partition | None = None) -> Figure:
        """A picture of QPUs and links; with `placed`, their qubits and the cut gates on each link.

        Raises `NetworkError` where `placed` is on another network.
        """
        from .drawing import draw_network

        return draw_network(self, placed)

    @cached_property
    def _index(self) -> dict[QPU, int]:
        return {qpu: i for i, qpu in enumerate(self.qpus)}

    @cached_property
    def _key(self) -> tuple[object, ...]:
        edges = frozenset((frozenset((a, b)), link) for a, b, link in self.graph.edges(data="link"))
        return self.qpus, self.capacities, edges

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, QPUNetwork) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        held = ", ".join(f"{q}: {n}" for q, n in zip(self.qpus, self.capacities, strict=True))
        n_links = self.graph.number_of_edges()
        return f"QPUNetwork({held}; {n_links} link{'' if n_links == 1 else 's'})"


def _check_shape(graph: nx.Graph) -> None:
    if graph.is_directed() or graph.is_multigraph():
        raise NetworkError(
            f"an undirected graph with one edge a link wanted, got {type(graph).__name__}. "
            "Convert it with networkx.Graph(graph)."
        )
    if not graph:
        raise NetworkError("a network needs at least one QPU, the graph has no nodes.")
    loops = [str(a) for a, _ in nx.selfloop_edges(graph)]
    if loops:
        raise NetworkError(f"QPUs linked to themselves: {', '.join(loops)}. Remove these edges.")
    parts = list(nx.connected_components(graph))
    if len(parts) > 1:
        listed = "; ".join(", ".join(str(qpu) for qpu in graph if qpu in part) for part in parts)
        raise NetworkError(
            f"the network has {len(parts)} parts with no link between them: {listed}. Link them, "
            "or make one network of each."
        )


def _capacity(qpu: QPU, data: dict[str, object]) -> int:
    if "qubits" not in data:
        raise NetworkError(
            f"QPU {qpu} has no capacity. Give the node the attribute qubits, a positive integer."
        )
    qubits = data["qubits"]
    if isinstance(qubits, bool) or not isinstance(qubits, Integral) or int(qubits) < 1:
        raise NetworkError(f"QPU {qpu} has the capacity {qubits!r}; a positive integer wanted.")
    return int(qubits)


def _check_count(what: str, count: int) -> None:
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise NetworkError(f"a network needs at least one QPU, got {what}={count!r}.")


def _line_edges(n_qpus: int) -> list[tuple[int, int]]:
    return [(i, i + 1) for i in range(n_qpus - 1)]


def _on_circle(n_qpus: int) -> Callable[[int], Position]:
    """Position i of `n_qpus` evenly spaced ones, clockwise from the top."""
    angle = 2 * math.pi / max(n_qpus, 1)
    return lambda i: (math.sin(i * angle), math.cos(i * angle))
