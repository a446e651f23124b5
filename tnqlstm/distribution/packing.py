"""Packing: one e-bit serving many cut gates.

A gate of Schmidt rank 2 acts along one Pauli axis on each of its qubits: CX along Z on its control
and along X on its target, CZ, CP, CRZ, CS and RZZ along Z on both, RXX along X on both. An e-bit
can copy a qubit, in the eigenbasis of an axis, to another QPU; until something disturbs that axis,
every gate along it between this qubit and that QPU is local there (cat-entangler and disentangler:
Yimsiriwattana and Lomonaco, arXiv quant-ph/0402148). So

- a *run* is a stretch of one qubit's time along one axis that no operation disturbs; operations
  that commute with the axis, or flip it as X does Z (the copy is flipped too), don't end a run;
- a *packet* is a run copied to one QPU: one e-bit. A cut gate joins a run on each of its qubits,
  and one of the two has to be copied.

Between two QPUs the runs of one side and those of the other are the two sides of a bipartite graph
with the cut gates as edges, so the fewest packets are its minimum vertex cover, which is found
exactly (König's theorem: its size is that of a maximum matching). Gates of rank 4 (SWAP, ISWAP)
take two e-bits each, by teleportation there and back, and aren't packed; gates of rank 1 (such as
RZZ(0)) none.

The e-bits are the fewest for a fixed placement when runs are copied from their own QPU straight to
each target and any number of copies can be held at a time; moving qubits for a while, or copies of
copies, could take fewer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..circuit import Circuit
from .cuts import gate_cut

__all__ = ["Packet", "RunGraph", "minimum_vertex_cover", "pack", "run_graph"]

Edge = tuple[int, int]


@dataclass(frozen=True)
class Packet:
    """E-bits between two QPUs, given by their indices, and the operations that they serve.

    `root` is the qubit copied along `axis` from `source` to `target`; None, with an empty axis, for
    a gate of rank 4 on its own, which takes two e-bits.
    """

    operations: tuple[int, ...]
    source: int
    target: int
    root: int | None
    axis: str
    n_ebits: int


@dataclass(frozen=True)
class RunGraph:
    """Which runs the gates of a circuit join, whatever the placement.

    run_qubits, run_axes
        Qubit and Pauli axis of each run.
    edges
        (operation index, run on its first qubit, run on its second), for gates of rank 2.
    loners
        (operation index, first qubit, second qubit), for gates of rank 4.
    """

    run_qubits: tuple[int, ...]
    run_axes: str
    edges: tuple[tuple[int, int, int], ...]
    loners: tuple[tuple[int, int, int], ...]


def run_graph(circuit: Circuit) -> RunGraph:
    """The `RunGraph` of a circuit, in one sweep over its operations."""
    current: dict[tuple[int, str], int] = {}
    run_qubits: list[int] = []
    run_axes: list[str] = []
    edges, loners = [], []
    for index, operation in enumerate(circuit.operations):
        cut = gate_cut(operation)
        for qubit, axes in zip(operation.qubits, cut.axes, strict=True):
            for axis in "XYZ":
                if axis not in axes:
                    current.pop((qubit, axis), None)
        if cut.schmidt_rank == 2:
            ends = []
            for key in zip(operation.qubits, cut.axes, strict=True):
                if key not in current:
                    current[key] = len(run_qubits)
                    run_qubits.append(key[0])
                    run_axes.append(key[1])
                ends.append(current[key])
            edges.append((index, ends[0], ends[1]))
        elif cut.schmidt_rank > 2:
            loners.append((index, operation.qubits[0], operation.qubits[1]))
    return RunGraph(tuple(run_qubits), "".join(run_axes), tuple(edges), tuple(loners))


def pack(graph: RunGraph, assignment: Sequence[int]) -> tuple[Packet, ...]:
    """The fewest packets that serve every cut gate, each gate by exactly one; by first operation.

    `assignment`: index of the QPU of each qubit. Time: cut gates × packets at worst, a
    few passes over the cut gates as a rule.
    """
    by_pair: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for index, u, v in graph.edges:
        a, b = assignment[graph.run_qubits[u]], assignment[graph.run_qubits[v]]
        if a < b:
            by_pair.setdefault((a, b), []).append((index, u, v))
        elif b < a:
            by_pair.setdefault((b, a), []).append((index, v, u))
    packets = []
    for pair, edges in by_pair.items():
        cover = minimum_vertex_cover((u, v) for _, u, v in edges)
        served: dict[int, list[int]] = {}
        for index, u, v in edges:
            served.setdefault(u if u in cover else v, []).append(index)
        for run, operations in served.items():
            root = graph.run_qubits[run]
            source, target = pair if assignment[root] == pair[0] else pair[::-1]
            packets.append(
                Packet(tuple(operations), source, target, root, graph.run_axes[run], n_ebits=1)
            )
    for index, first, second in graph.loners:
        source, target = assignment[first], assignment[second]
        if source != target:
            packets.append(Packet((index,), source, target, None, "", n_ebits=2))
    return tuple(sorted(packets, key=lambda packet: packet.operations))


def minimum_vertex_cover(edges: Iterable[Edge]) -> frozenset[int]:
    """A smallest set of vertices that touches every edge (left, right) of a bipartite graph.

    Left and right vertices must differ. Exact, by König's theorem.
    """
    neighbours: dict[int, list[int]] = {}
    for left, right in dict.fromkeys(edges):
        neighbours.setdefault(left, []).append(right)
    match = maximum_matching(neighbours)
    matched_left = set(match.values())
    # a left vertex is in the cover unless an alternating path reaches it from an unmatched left one
    reached = {left for left in neighbours if left not in matched_left}
    reached_right: set[int] = set()
    queue = deque(reached)
    while queue:
        for right in neighbours[queue.popleft()]:
            if right not in reached_right:
                reached_right.add(right)
                if match[right] not in reached:
                    reached.add(match[right])
                    queue.append(match[right])
    return frozenset(left for left in neighbours if left not in reached) | reached_right


def maximum_matching(neighbours: dict[int, list[int]]) -> dict[int, int]:
    """A maximum matching, as right vertex -> left vertex, by shortest augmenting paths."""
    match: dict[int, int] = {}
    unmatched = []
    for left, rights in neighbours.items():
        free = next((right for right in rights if right not in match), None)
        if free is None:
            unmatched.append(left)
        else:
            match[free] = left
    partner: dict[int, int | None] = {left: right for right, left in match.items()}
    for start in unmatched:
        came_from: dict[int, int] = {}
        right = _free_end(start, neighbours, match, came_from)
        while right is not None:  # flip the path, from its free end back to its start
            left = came_from[right]
            before = partner.get(left)
            match[right], partner[left] = left, right
            right = before
    return match


def _free_end(
    start: int,
    neighbours: dict[int, list[int]],
    match: dict[int, int],
    came_from: dict[int, int],
) -> int | None:
    """The free right vertex nearest to `start` by alternating paths; fills `came_from`."""
    queue = deque([start])
    while queue:
        left = queue.popleft()
        for right in neighbours[left]:
            if right not in came_from:
                came_from[right] = left
                if right not in match:
                    return right
                queue.append(match[right])
    return None
