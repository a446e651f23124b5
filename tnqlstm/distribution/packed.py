"""Refinement of a placement on its packed e-bits, which aren't a sum over pairs of qubits.

A change touches the packets of a few pairs of QPUs only; these are packed again, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .network import QPUNetwork
from .packing import RunGraph, maximum_matching

__all__ = ["PackedProblem", "descend"]

Assignment = NDArray[np.int64]
Move = tuple[tuple[int, int], ...]


class PackedProblem:
    """The packed e-bits × hops of a placement, and what a move changes.

    State: the placement, the edges of the run graph between each pair of QPUs, and the e-bits that
    each pair takes (the size of a maximum matching, plus two for each SWAP).
    """

    def __init__(self, graph: RunGraph, network: QPUNetwork, assignment: Assignment) -> None:
        self.hops = network.hop_matrix.tolist()
        self.capacities = network.capacities
        self.assignment = assignment.tolist()
        joined: dict[tuple[int, int], None] = dict.fromkeys((u, v) for _, u, v in graph.edges)
        # (first qubit, second qubit, first run, second run); a SWAP has no runs
        self.edges = [(graph.run_qubits[u], graph.run_qubits[v], u, v) for u, v in joined]
        self.edges += [(a, b, -1, -1) for _, a, b in graph.loners]
        self.edges_of: list[list[int]] = [[] for _ in self.assignment]
        self.between: dict[tuple[int, int], set[int]] = {}
        for edge, (a, b, _, _) in enumerate(self.edges):
            self.edges_of[a].append(edge)
            self.edges_of[b].append(edge)
            self._put(edge)
        self.ebits = {pair: self._pack(pair, edges) for pair, edges in self.between.items()}

    @property
    def cost(self) -> int:
        return sum(n * self.hops[a][b] for (a, b), n in self.ebits.items())

    def apply(self, move: Move) -> int:
        """Make the move, ((qubit, QPU), …), and return the rise in cost; its inverse undoes it."""
        edges = {edge for qubit, _ in move for edge in self.edges_of[qubit]}
        touched = {self._pair(edge) for edge in edges}
        for edge in edges:
            self.between[self._pair(edge)].discard(edge)
        for qubit, qpu in move:
            self.assignment[qubit] = qpu
        touched |= {self._put(edge) for edge in edges}
        rise = 0
        for pair in touched:
            ebits = self._pack(pair, self.between[pair])
            rise += (ebits - self.ebits.get(pair, 0)) * self.hops[pair[0]][pair[1]]
            self.ebits[pair] = ebits
        return rise

    def moves(self) -> Iterator[Move]:
        """Moves of qubits with cut gates: to a QPU with room, or in exchange with another qubit."""
        loads = [0] * len(self.capacities)
        for qpu in self.assignment:
            loads[qpu] += 1
        at_cut = [
            q
            for q, edges in enumerate(self.edges_of)
            if any(self._pair(e)[0] != self._pair(e)[1] for e in edges)
        ]
        for qubit in at_cut:
            home = self.assignment[qubit]
            for qpu, load in enumerate(loads):
                if qpu != home and load < self.capacities[qpu]:
                    yield ((qubit, qpu),)
        for qubit in at_cut:
            for other, qpu in enumerate(self.assignment):
                if qpu != self.assignment[qubit]:
                    yield ((qubit, qpu), (other, self.assignment[qubit]))

    def _pair(self, edge: int) -> tuple[int, int]:
        a, b = self.assignment[self.edges[edge][0]], self.assignment[self.edges[edge][1]]
        return (a, b) if a <= b else (b, a)

    def _put(self, edge: int) -> tuple[int, int]:
        pair = self._pair(edge)
        self.between.setdefault(pair, set()).add(edge)
        return pair

    def _pack(self, pair: tuple[int, int], edges: Iterable[int]) -> int:
        if pair[0] == pair[1]:
            return 0
        swaps = 0
        neighbours: dict[int, list[int]] = {}
        for edge in edges:
            a, _, u, v = self.edges[edge]
            if u < 0:
                swaps += 1
            elif self.assignment[a] == pair[0]:
                neighbours.setdefault(u, []).append(v)
            else:
                neighbours.setdefault(v, []).append(u)
        return 2 * swaps + len(maximum_matching(neighbours))


def descend(problem: PackedProblem, n_trials: int) -> int:
    """Make improving moves, the first that comes, until none is left or `n_trials` were tried.

    Returns the number of trials left; the placement is `problem.assignment`.
    """
    improved = True
    while improved and n_trials > 0:
        improved = False
        for move in islice(problem.moves(), n_trials):
            back = tuple((qubit, problem.assignment[qubit]) for qubit, _ in move)
            n_trials -= 1
            if problem.apply(move) < 0:
                improved = True
                break
            problem.apply(back)
    return n_trials
