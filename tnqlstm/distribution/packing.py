"""Packing: where cut gates are done, and which copies of qubits that takes.

A gate of rank 2 needs both its qubits, or copies of them, on one QPU. One e-bit a link copies a
qubit, and the copy serves a whole run (see `runs`), a chain of them where the gates between are
embedded, and further copies: where several QPUs want the same qubit, links are shared as in a
Steiner tree. Gates of rank 4 (SWAP, ISWAP) take two e-bits, by teleportation there and back; gates
of rank 1 (such as RZZ(0)) none.

Between two QPUs the runs of one side and those of the other are the two sides of a bipartite graph
with the cut gates as edges, so the fewest copies are its minimum vertex cover, which is exact.
Gates done on a third QPU, shared links and embedding can do better, and are found by annealing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import networkx as nx

from ..shown import counted
from .cover import minimum_vertex_cover
from .network import QPUNetwork
from .runs import Run, RunGraph

__all__ = ["EXACT_TREES", "MOST_QPUS", "Packet", "Packing", "cover_places", "pack"]

MOST_QPUS = 62  # for which there is annealing: bits of a mask
EXACT_TREES = 10  # QPUs up to which the smallest tree of each set is tabulated
STEPS_AN_EDGE = 300  # of annealing
MOST_STEPS = 100_000

Links = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Packet:
    """One copy of a qubit on another QPU, and the operations that it serves.

    operations
        Indices of the cut gates that are done with this copy, in time order; none where it's made
        for a move only.
    root, axis
        The qubit and the Pauli axis, at the copy's start, in whose eigenbasis it is copied. None
        and "" for a gate of rank 4, done on `target` by teleporting a qubit there and back.
    source, target
        Indices, in `network.qpus`, of the root's QPU and the copy's.
    links
        The links that the copy takes an e-bit of, (from, to), in order from where the root or
        another copy of it is.
    needed
        The operations at which the copy must be there: those that it serves, those embedded in
        other copies that it controls, and those at which it's copied on. It is made just before the
        first of them and undone just behind the last.
    takes_over
        Whether the root goes on where this copy is, behind the last: a move.
    """

    operations: tuple[int, ...]
    root: int | None
    axis: str
    source: int
    target: int
    links: Links
    needed: tuple[int, ...]
    takes_over: bool = False

    @property
    def start(self) -> int:
        return self.needed[0]

    @property
    def end(self) -> int:
        return self.needed[-1]

    @property
    def is_teleport(self) -> bool:
        """Whether the copy is made for a move only, behind its operation."""
        return self.takes_over and not self.operations and len(self.needed) == 1

    @property
    def n_ebits(self) -> int:
        """Bell pairs, each between the ends of one link."""
        return len(self.links)

    @property
    def n_end_to_end_ebits(self) -> int:
        """Copies between source and target, whatever the route: two to teleport there and back."""
        return 2 if self.root is None else 1


@dataclass(frozen=True)
class Packing:
    """Where everything is done: the QPU of each run and of each edge of the run graph."""

    graph: RunGraph
    network: QPUNetwork
    homes: tuple[int, ...]  # of each run
    places: tuple[int, ...]  # of each edge
    alone: frozenset[int] = frozenset()  # runs whose copies are made anew, each on its own route

    def __repr__(self) -> str:
        n_qpus, n_packets = len(self.network.qpus), len(self.packets)
        return (
            f"Packing({self.graph!r} on {counted(n_qpus, 'QPU')}, {counted(n_packets, 'packet')})"
        )

    @cached_property
    def packets(self) -> tuple[Packet, ...]:
        """In the order of their starts; those that others branch off from come before them."""
        copies = _Copies(self)
        for runs in self.graph.runs_of:
            copies.add(runs)
        found = copies.packets()
        for operation, a, b in self.graph.loners:
            source, target = self.homes[a], self.homes[b]
            if second_travels(self.network, source, target):
                source, target = target, source
            if source != target:
                links = _route(self.network, source, target) + _route(self.network, target, source)
                found.append(Packet((operation,), None, "", source, target, links, (operation,)))
        return tuple(sorted(found, key=lambda packet: packet.start))

    @property
    def n_ebits(self) -> int:
        return sum(packet.n_ebits for packet in self.packets)


@dataclass
class _Copy:
    """A packet as it grows; `needed`: the operations at which the copy must be there."""

    root: int
    source: int
    target: int
    links: Links
    operations: list[int] = field(default_factory=list)
    needed: set[int] = field(default_factory=set)
    takes_over: bool = False
    embedded: list[tuple[int, int]] = field(default_factory=list)  # (operation, run it must meet)

    def packet(self, axes: Mapping[tuple[int, int], str]) -> Packet:
        return Packet(
            tuple(sorted(self.operations)),
            self.root,
            axes.get((min(self.needed), self.root), "Z"),  # any, to move behind a gate of rank 4
            self.source,
            self.target,
            self.links,
            tuple(sorted(self.needed)),
            self.takes_over,
        )


class _Copies:
    """The copies of all qubits, added qubit by qubit."""

    def __init__(self, packing: Packing) -> None:
        self.packing, self.graph = packing, packing.graph
        self.made: list[_Copy] = []
        # copies made at the same time, and others that they branch off from
        self.groups: list[tuple[list[_Copy], list[_Copy]]] = []
        self.alive: dict[int, dict[int, _Copy]] = {}  # by run, then by QPU

    def add(self, runs: Sequence[int]) -> None:
        """The copies of a qubit, of its runs in time order."""
        homes, moved = self.packing.homes, -1
        for last, number in zip((None, *runs), runs, strict=False):
            if last is not None and homes[last] != homes[number]:
                self._move(last, homes[number])
                moved = number
            run = self.graph.runs[number]
            kept = {}
            is_alone = number in self.packing.alone
            if run.previous is not None and run.previous >= moved and not is_alone:
                for qpu, copy in self.alive[run.previous].items():
                    if self._lives_on(run, homes[number], qpu):
                        kept[qpu] = copy
                        copy.embedded += [
                            (operation, met)
                            for edge, met in run.between
                            for operation in self.graph.edges[edge].operations
                        ]
            self.alive[number] = self._serve(run, homes[number], kept, is_alone)

    def _serve(
        self, run: Run, home: int, kept: dict[int, _Copy], is_alone: bool
    ) -> dict[int, _Copy]:
        """The copies alive in a run: those kept from before, and new ones where they're wanted."""
        serves: dict[int, list[int]] = {}
        for edge in run.edges:
            if self.packing.places[edge] != home:
                serves.setdefault(self.packing.places[edge], [])
                serves[self.packing.places[edge]] += self.graph.edges[edge].operations
        alive = dict(kept)
        wanted = [qpu for qpu in serves if qpu not in kept]
        new = []
        network = self.packing.network
        routes = (
            {qpu: _route(network, home, qpu) for qpu in wanted}
            if is_alone
            else connect(network, [home, *kept], wanted)
        )
        for qpu, links in routes.items():
            alive[qpu] = _Copy(run.qubit, home, qpu, links)
            new.append(alive[qpu])
        for qpu, operations in serves.items():
            alive[qpu].operations += operations
            alive[qpu].needed |= set(operations)
        self.made += new
        branched_from = {copy.links[0][0] for copy in new} - {home}
        if branched_from:
            sources = [copy for qpu, copy in kept.items() if qpu in branched_from]
            self.groups.append((new, sources))
        return alive

    def _move(self, last: int, home: int) -> None:
        """Put a qubit on another QPU behind a run, where a copy takes over."""
        alive, run = self.alive[last], self.graph.runs[last]
        own, behind = self.packing.homes[last], self.graph.ends[last] - 1
        if home not in alive:
            links = connect(self.packing.network, [own, *alive], [home])[home]
            alive[home] = _Copy(run.qubit, own, home, links)
            self.made.append(alive[home])
            if links[0][0] in alive:
                alive[links[0][0]].needed.add(behind)
        alive[home].needed.add(behind)
        alive[home].takes_over = True

    def _lives_on(self, run: Run, home: int, qpu: int) -> bool:
        """Whether every gate between the run and the one before can be embedded for a copy."""
        return all(
            self.packing.places[edge] == home
            and (self.packing.homes[met] == qpu or qpu in self._targets(met))
            for edge, met in run.between
        )

    def _targets(self, run: int) -> set[int]:
        return {self.packing.places[edge] for edge in self.graph.runs[run].edges}

    def packets(self) -> list[Packet]:
        """The packets, each as short as what it serves, controls or passes on allows."""
        before = -1
        while before != (before := sum(len(copy.needed) for copy in self.made)):
            for new, sources in self.groups:
                start = min(min(copy.needed) for copy in new)
                for copy in (*new, *sources):
                    copy.needed.add(start)
            for copy in self.made:
                for operation, met in copy.embedded:
                    if operation < max(copy.needed) and self.packing.homes[met] != copy.target:
                        self.alive[met][copy.target].needed.add(operation)
        return [copy.packet(self.graph.axes) for copy in self.made]


def connect(network: QPUNetwork, sources: Sequence[int], wanted: Sequence[int]) -> dict[int, Links]:
    """The links that each wanted QPU adds to those that reach all of them from the sources.

    The first source is where the qubit is, the others are where copies of it are.

    Along a smallest tree from a single source in small networks, else the nearest first; on direct
    routes where these are as few. In the order in which they can be used.
    """
    if not wanted:
        return {}
    exact = network.copies_pass_everywhere and len(network.qpus) <= EXACT_TREES
    if len(sources) == 1 and exact:
        (source,) = sources
        direct = {i: _route(network, source, i) for i in wanted}
        n_links = sum(map(len, direct.values()))
        if n_links == len(wanted):
            return direct
        tree = network.steiner_tree([network.qpus[i] for i in (source, *wanted)])
        if n_links == len(tree):
            return direct
        joined = nx.Graph([(network.index(a), network.index(b)) for a, b in tree])
        paths = nx.single_source_shortest_path(joined, source)
        routes = {i: paths[i] for i in sorted(wanted, key=lambda i: len(paths[i]))}
        return _without_shared(routes)
    return _nearest_first(network, list(sources), list(wanted))


def _without_shared(routes: Mapping[int, Sequence[int]]) -> dict[int, Links]:
    """Each route's links from the last QPU that an earlier route reached."""
    reached = {route[0] for route in routes.values()}
    found = {}
    for target, route in routes.items():
        at = max(k for k, qpu in enumerate(route) if qpu in reached)
        found[target] = tuple(pairwise(route[at:]))
        reached |= set(route)
    return found


def _nearest_first(network: QPUNetwork, sources: list[int], wanted: list[int]) -> dict[int, Links]:
    limits = network.communication_qubits
    sources[1:] = [qpu for qpu in sources[1:] if limits[qpu] not in (0, 1)]  # copies that pass on
    found: dict[int, Links] = {}
    while len(found) < len(wanted):
        left = sorted(set(wanted) - set(found))
        *_, end, start = min(
            (int(network.copy_hops[a, b]), int(network.hop_matrix[a, b]), b, a)
            for b in left
            for a in sorted(set(sources))
        )
        found[end] = _route(network, start, end)
        sources += [qpu for link in found[end] for qpu in link if limits[qpu] not in (0, 1)]
    return found


def _route(network: QPUNetwork, source: int, target: int) -> Links:
    return tuple(pairwise(network.copy_route(source, target)))


def second_travels(network: QPUNetwork, first: int, second: int) -> bool:
    """Whether a gate of rank 4 is done where its first qubit is, the second going there and back.

    The guest takes a communication qubit, and one more as it leaves: its host needs two.
    """
    limits = network.communication_qubits
    return limits[second] in (0, 1) and limits[first] not in (0, 1)


def cover_places(graph: RunGraph, homes: Sequence[int]) -> list[int]:
    """Where each edge is done so that each pair of QPUs, alone, takes the fewest copies."""
    places = [homes[edge.first] for edge in graph.edges]
    by_pair: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for number, edge in enumerate(graph.edges):
        a, b = homes[edge.first], homes[edge.second]
        if a < b:
            by_pair.setdefault((a, b), []).append((number, edge.first, edge.second))
        elif b < a:
            by_pair.setdefault((b, a), []).append((number, edge.second, edge.first))
    for (low, high), joined in by_pair.items():
        cover = minimum_vertex_cover((u, v) for _, u, v in joined)
        for number, u, _ in joined:
            places[number] = high if u in cover else low  # where the covered run is copied to
    return places


def pack(graph: RunGraph, network: QPUNetwork, homes: Sequence[int]) -> Packing:
    """A packing with few e-bits of runs on these QPUs, the same for the same arguments.

    Starts from the fewest copies for each pair of QPUs alone, and isn't worse.
    """
    places = cover_places(graph, homes)
    if len(network.qpus) <= MOST_QPUS and _could_gain(graph, homes):
        # they load numba
        from .annealing import anneal
        from .placement_state import Problem, State

        problem = Problem.of(graph, network)
        state = State.of(problem, homes, places)
        n_steps = min(STEPS_AN_EDGE * len(graph.edges), MOST_STEPS)
        best = anneal(problem, state, n_steps, hot=0.5, qubit_share=0.0)
        places = best.place.tolist()
    return Packing(graph, network, tuple(homes), tuple(places))


def _could_gain(graph: RunGraph, homes: Sequence[int]) -> bool:
    """Whether anything but covers of pairs could save an e-bit: chains, or runs wanted by two."""
    for run, home in zip(graph.runs, homes, strict=True):
        if run.previous is not None:
            return True
        others = set()
        for edge in run.edges:
            others |= {homes[graph.edges[edge].first], homes[graph.edges[edge].second]}
        if len(others - {home}) > 1:
            return True
    return False
