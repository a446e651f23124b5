"""`QPUNetwork`: small quantum processors with capacities, joined by links."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError, UnknownNameError
from ..shown import counted
from . import topologies
from .link import Link
from .network_graph import QPU, Position, checked_graph
from .routes import UNREACHABLE, hop_matrix, relayed_routes, shortest_route
from .steiner import SteinerTrees

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .placed import Partition

__all__ = ["QPU", "Position", "QPUNetwork"]

Qubits = int | Sequence[int]
_FEW_QPUS = 8  # that a repr lists
_DRAWN_QPUS = 36  # that Jupyter draws
CommunicationQubits = int | Sequence[int | None] | None


@dataclass(frozen=True, eq=False)
class QPUNetwork:
    """QPUs (nodes) and the links between them (edges) of an undirected networkx graph.

    Node attribute `qubits`: the capacity for a circuit's qubits, a positive integer. Node attribute
    `communication_qubits`: how many halves of Bell pairs the QPU holds at a time beside them, an
    integer of at least 0, or None (also where it's absent) for as many as needed. Node attribute
    `position`, (x, y), is read by drawings only.
    Edge attribute `link`: a `Link`. Instead of it an edge may carry a link's figures itself, as
    attributes `fidelity`, `rate` and `latency`; an edge with neither is ideal.
    The graph is copied and frozen. Networks are equal where names, their order, capacities,
    communication qubits, edges and links are.

    The constructors of the usual shapes name QPUs qpu0, qpu1, … and take `qubits` and
    `communication_qubits` as one number for all or a list with one for each, and one `link` for all
    edges, ideal by default. They raise `NetworkError` for numbers that don't fit.

    Raises `NetworkError` for a graph that is empty, directed, a multigraph or disconnected, has a
    self-loop, or has an attribute of these names with another meaning.
    """

    graph: nx.Graph

    def __post_init__(self) -> None:
        if not isinstance(self.graph, nx.Graph):
            raise NetworkError(
                f"a networkx graph wanted, got {type(self.graph).__name__}. Use QPUNetwork.line, "
                "ring, star, complete or grid, or QPUNetwork.from_networkx(graph)."
            )
        object.__setattr__(self, "graph", checked_graph(self.graph))

    @classmethod
    def line(
        cls,
        n_qpus: int,
        qubits: Qubits,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """qpu0 - qpu1 - … in a line."""
        layout = topologies.line(n_qpus)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def ring(
        cls,
        n_qpus: int,
        qubits: Qubits,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """A line whose ends are linked; of 2 QPUs, one link."""
        layout = topologies.ring(n_qpus)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def star(
        cls,
        n_qpus: int,
        qubits: Qubits,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """qpu0 in the middle, linked to each of the n_qpus - 1 others."""
        layout = topologies.star(n_qpus)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def complete(
        cls,
        n_qpus: int,
        qubits: Qubits,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """Each QPU linked to each other one."""
        layout = topologies.complete(n_qpus)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def grid(
        cls,
        rows: int,
        cols: int,
        qubits: Qubits,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """A rows × cols grid, numbered row by row: qpu0 … qpu{cols-1} is the first row."""
        layout = topologies.grid(rows, cols)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def small_world(
        cls,
        n_qpus: int,
        qubits: Qubits,
        k: int = 4,
        p: float = 0.3,
        seed: int = 0,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """A ring of k nearest neighbours each, links rewired with probability p until connected.

        Watts, Strogatz, Nature 393, 440 (1998), by networkx's `connected_watts_strogatz_graph`; an
        odd k counts as k - 1. 2 ≤ k ≤ n_qpus. The same for a seed.
        """
        layout = topologies.small_world(n_qpus, k, p, seed)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def random(
        cls,
        n_qpus: int,
        qubits: Qubits,
        p: float = 0.5,
        seed: int = 0,
        link: Link | None = None,
        *,
        communication_qubits: CommunicationQubits = None,
    ) -> QPUNetwork:
        """Each pair of QPUs linked with probability p, drawn again until connected.

        The Erdős–Rényi graph G(n, p), given that it is connected. The same for a seed.
        """
        layout = topologies.erdos_renyi(n_qpus, p, seed)
        return cls(topologies.qpu_graph(layout, qubits, communication_qubits, link))

    @classmethod
    def from_networkx(cls, graph: nx.Graph) -> QPUNetwork:
        """The network of any networkx graph; names and attributes are kept (see the class)."""
        return cls(graph)

    @cached_property
    def qpus(self) -> tuple[QPU, ...]:
        """The names of the QPUs, in the order of the graph's nodes."""
        return tuple(self.graph.nodes)

    @cached_property
    def links(self) -> tuple[tuple[QPU, QPU], ...]:
        """The two ends of each link, in the order of the graph's edges."""
        return tuple(self.graph.edges)

    @cached_property
    def capacities(self) -> tuple[int, ...]:
        """Number of qubits that each QPU holds, in the order of `qpus`."""
        return tuple(self.graph.nodes[qpu]["qubits"] for qpu in self.qpus)

    @cached_property
    def communication_qubits(self) -> tuple[int | None, ...]:
        """Communication qubits of each QPU, in the order of `qpus`; None for as many as needed."""
        return tuple(self.graph.nodes[qpu]["communication_qubits"] for qpu in self.qpus)

    @property
    def n_qubits(self) -> int:
        """Number of qubits that the QPUs hold together, without communication qubits."""
        return sum(self.capacities)

    def capacity(self, qpu: QPU) -> int:
        """Number of qubits that the QPU holds. Raises `UnknownNameError`."""
        return self.capacities[self.index(qpu)]

    def communication_capacity(self, qpu: QPU) -> int | None:
        """The QPU's communication qubits; None: as many as needed. Raises `UnknownNameError`."""
        return self.communication_qubits[self.index(qpu)]

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
        """The QPUs on a shortest route from a to b, both included.

        Of several it is the first in the order of `qpus`, so equal networks have equal routes.
        """
        ends = self.index(a), self.index(b)
        if ends not in self._routes:
            indices = shortest_route(*ends, self._neighbours, self.hop_matrix)
            self._routes[ends] = tuple(self.qpus[i] for i in indices)
        return self._routes[ends]

    @cached_property
    def hop_matrix(self) -> NDArray[np.int64]:
        """`hops` of all pairs, shape (n_qpus, n_qpus), in the order of `qpus`."""
        return hop_matrix(self._neighbours)

    @cached_property
    def copies_pass_everywhere(self) -> bool:
        """Whether every QPU has the two communication qubits that pass a copy of a qubit on."""
        return all(limit not in (0, 1) for limit in self.communication_qubits)

    def copy_route(self, a: int, b: int) -> tuple[int, ...]:
        """The QPUs, by index, over which a qubit of one is copied to another, both included.

        The shortest route on which those between have two communication qubits and the ends one;
        `route` where there is none, which a protocol then can't take.
        """
        if not self.copies_pass_everywhere and b in self._copy_routes[a]:
            return self._copy_routes[a][b]
        return tuple(map(self.index, self.route(self.qpus[a], self.qpus[b])))

    @cached_property
    def copy_hops(self) -> NDArray[np.int64]:
        """Links of each `copy_route`, `UNREACHABLE` where there is none: (n_qpus, n_qpus)."""
        if self.copies_pass_everywhere:
            return self.hop_matrix
        n = len(self.qpus)
        hops = np.full((n, n), UNREACHABLE, dtype=np.int64)
        for a, routes in enumerate(self._copy_routes):
            for b, route in routes.items():
                hops[a, b] = len(route) - 1
        hops.setflags(write=False)
        return hops

    def steiner_tree(self, qpus: Iterable[QPU]) -> tuple[tuple[QPU, QPU], ...]:
        """Links, in the order of `links`, of a smallest tree that joins these QPUs.

        Optimal in networks of up to 16 QPUs, and for up to 8 joined QPUs in any; otherwise
        Mehlhorn's approximation, less than twice the optimum (see `SteinerTrees`). None for fewer
        than two QPUs. Raises `UnknownNameError`.
        """
        tree = self._steiner.tree(frozenset(map(self.index, qpus)))
        joined = {frozenset((self.qpus[a], self.qpus[b])) for a, b in tree}
        return tuple(link for link in self.links if frozenset(link) in joined)

    def steiner_size(self, indices: frozenset[int]) -> int:
        """Number of links of `steiner_tree`, for indices into `qpus`; made for inner loops.

        For two QPUs their hops. A set that was asked for before takes one look-up. Raises
        `NetworkError` for an index that no QPU has.
        """
        return self._steiner.size(indices)

    def to_json(self, path: str | Path | None = None) -> str:
        """The network as JSON text (see `network_json`), also written to `path` if there is one.

        Raises `NetworkError` for a QPU name that is neither text nor an integer.
        """
        from .network_files import json_text

        return json_text(self, path)

    @classmethod
    def from_json(cls, source: str | Path) -> QPUNetwork:
        """The network of JSON text, a string that begins with a brace, or else of this file.

        Raises `NetworkError` where it isn't one, `FileNotFoundError` where there is no such file.
        """
        from .network_files import from_json

        return from_json(source)

    def to_graphml(self, path: str | Path) -> None:
        """Write GraphML (see `network_graphml`). Raises `NetworkError` as `to_json` does."""
        from .network_files import write_graphml

        write_graphml(self, path)

    @classmethod
    def from_graphml(cls, path: str | Path) -> QPUNetwork:
        """The network of a GraphML file. Raises as `from_json` does."""
        from .network_files import read_graphml

        return read_graphml(path)

    def write(self, path: str | Path) -> None:
        """Write a .json or .graphml file; an existing one is replaced in one step."""
        from .network_files import write

        write(self, path)

    @classmethod
    def read(cls, path: str | Path) -> QPUNetwork:
        """The network of a .json or .graphml file. Raises as `from_json` does."""
        from .network_files import read

        return read(path)

    def draw(self, placed: Partition | None = None, **options: Any) -> Figure:
        """A picture of QPUs and links; with `placed`, their qubits and the traffic on each link.

        `options` are those of `drawing.draw_network`. Raises `NetworkError` where `placed` is on
        another network.
        """
        from .drawing import draw_network

        return draw_network(self, placed, **options)

    @cached_property
    def _index(self) -> dict[QPU, int]:
        return {qpu: i for i, qpu in enumerate(self.qpus)}

    @cached_property
    def _neighbours(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(sorted(self._index[b] for b in self.graph[a])) for a in self.qpus)

    @cached_property
    def _routes(self) -> dict[tuple[int, int], tuple[QPU, ...]]:
        return {}

    @cached_property
    def _copy_routes(self) -> list[dict[int, tuple[int, ...]]]:
        return relayed_routes(self._neighbours, self.communication_qubits)

    @cached_property
    def _steiner(self) -> SteinerTrees:
        return SteinerTrees(self._neighbours, self.hop_matrix)

    @cached_property
    def _key(self) -> tuple[object, ...]:
        edges = frozenset((frozenset((a, b)), link) for a, b, link in self.graph.edges(data="link"))
        return self.qpus, self.capacities, self.communication_qubits, edges

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, QPUNetwork) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        each = zip(self.qpus, self.capacities, self.communication_qubits, strict=True)
        held = [f"{q}: {n}" + ("" if c is None else f"+{c}") for q, n, c in each]
        links = counted(len(self.links), "link")
        if len(held) <= _FEW_QPUS:
            return f"QPUNetwork({', '.join(held)}; {links})"
        ends = ", ".join([*held[:3], "…", held[-1]])
        n_qpus, n_qubits = counted(len(held), "QPU"), counted(self.n_qubits, "qubit")
        return f"QPUNetwork({ends}; {n_qpus}, {n_qubits}, {links})"

    def _repr_png_(self) -> bytes | None:
        """A drawing of a small network for Jupyter; larger ones show their sizes."""
        if len(self.qpus) > _DRAWN_QPUS:
            return None
        return self.draw()._repr_png_()  # type: ignore[attr-defined]
