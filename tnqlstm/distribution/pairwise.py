"""Refinement of a placement whose cost is Σ weight(i, j) · hops over pairs of qubits.

Fiduccia and Mattheyses' moves with Kernighan and Lin's escape from local optima: a pass moves
qubits one after the other, each at most once, the best move first even where it makes things worse,
and then keeps the best prefix. A move into a full QPU is completed by a move out of it, so that
swaps and longer exchanges are found where there is no spare room. Between passes whole blocks
change places, for hops depend on which QPU holds which block.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .network import QPUNetwork

__all__ = ["PairwiseProblem", "refine"]

Assignment = NDArray[np.int64]
_TINY = 1e-9
_MOST_FOR_ALL_PAIRS = 256


class PairwiseProblem:
    """Weights between qubits, hops between QPUs, capacities: what `refine` works on.

    `hops`: those of the network by default.

    A move's change in cost is read from a table of shape (n_qubits, n_qpus), kept up to date: the
    cost of a qubit's gates if it were on each QPU and all others stayed.
    """

    def __init__(
        self,
        weights: Mapping[tuple[int, int], float],
        n_qubits: int,
        network: QPUNetwork,
        hops: NDArray[np.int64] | None = None,
    ) -> None:
        self.n_qubits = n_qubits
        self.hops = (network.hop_matrix if hops is None else hops).astype(np.float64)
        self.capacities = np.array(network.capacities)
        pairs = [(a, b, w) for (a, b), w in weights.items() if w > 0]
        self.first = np.array([a for a, _, _ in pairs], dtype=np.int64)
        self.second = np.array([b for _, b, _ in pairs], dtype=np.int64)
        self.weight = np.array([w for _, _, w in pairs], dtype=np.float64)
        order = np.argsort(np.concatenate([self.first, self.second]), kind="stable")
        ends = np.concatenate([self.first, self.second])[order]
        others = np.concatenate([self.second, self.first])[order]
        weight = np.concatenate([self.weight, self.weight])[order]
        bounds = np.searchsorted(ends, np.arange(n_qubits + 1))
        self.neighbours = [others[a:b] for a, b in pairwise(bounds)]
        self.neighbour_weights = [weight[a:b] for a, b in pairwise(bounds)]

    def cost(self, assignment: Assignment) -> float:
        hops = self.hops[assignment[self.first], assignment[self.second]]
        return float(self.weight @ hops)

    def cost_table(self, assignment: Assignment) -> NDArray[np.float64]:
        """Cost of each qubit's gates on each QPU, the others staying: shape (n_qubits, n_qpus)."""
        table = np.zeros((self.n_qubits, len(self.hops)))
        np.add.at(table, self.first, self.weight[:, None] * self.hops[assignment[self.second]])
        np.add.at(table, self.second, self.weight[:, None] * self.hops[assignment[self.first]])
        return table


def refine(problem: PairwiseProblem, assignment: Assignment) -> Assignment:
    """A placement at most as dear as `assignment`, within the capacities if that one is.

    Passes and block exchanges alternate until neither helps. Time: a pass takes up to n_qubits
    steps of O(n_qubits × n_qpus).
    """
    best, best_cost = assignment.copy(), problem.cost(assignment)
    while True:
        trial = _descend(problem, _pass(problem, _exchange_blocks(problem, best)))
        cost = problem.cost(trial)
        if cost > best_cost - _TINY:
            return best
        best, best_cost = trial, cost


def _pass(problem: PairwiseProblem, start: Assignment) -> Assignment:
    """One pass: every qubit moves at most once; the best placement on the way comes back."""
    assignment = start.copy()
    table = problem.cost_table(assignment)
    loads = np.bincount(assignment, minlength=len(problem.hops))
    free = np.ones(problem.n_qubits, dtype=bool)
    best, total, lowest, since = start.copy(), 0.0, 0.0, 0
    patience = max(
        40, problem.n_qubits // 8
    )  # steps without a new best before the pass is given up
    while since < patience:
        move = _best_move(problem, assignment, table, loads, free)
        if move is None:
            break
        qubit, target = move
        source = assignment[qubit]
        total += table[qubit, target] - table[qubit, source]
        assignment[qubit] = target
        loads[source] -= 1
        loads[target] += 1
        free[qubit] = False
        near = problem.neighbours[qubit]
        change = problem.hops[target] - problem.hops[source]
        table[near] += problem.neighbour_weights[qubit][:, None] * change
        since += 1
        if total < lowest - _TINY and np.all(loads <= problem.capacities):
            best, lowest, since = assignment.copy(), total, 0
    return best


def _best_move(
    problem: PairwiseProblem,
    assignment: Assignment,
    table: NDArray[np.float64],
    loads: NDArray[np.int64],
    free: NDArray[np.bool_],
) -> tuple[int, int] | None:
    """The move (qubit, QPU) of least rise in cost, or None where there is none left.

    While a QPU is overfull only its qubits move. A move into a full QPU counts with the cheapest
    way out of it: back to where the qubit came from, or to any QPU with room.
    """
    n_qpus = len(loads)
    qubits = np.flatnonzero(free)
    if not len(qubits) or n_qpus == 1:
        return None
    homes = assignment[qubits]
    rises = table[qubits] - table[qubits, homes][:, None]
    rises[np.arange(len(qubits)), homes] = np.inf
    cheapest = _cheapest(homes, rises)
    has_room = loads < problem.capacities
    to_room = np.where(has_room, cheapest, np.inf).min(axis=1)
    # way_out[a, b]: least rise of the second step after a move from a into b
    way_out = np.where(has_room, 0.0, np.minimum(cheapest.T, to_room))
    scores = rises + way_out[homes]
    overfull = np.flatnonzero(loads > problem.capacities)
    if len(overfull):
        scores[homes != overfull[0]] = np.inf
    choice = int(np.argmin(scores))
    if not np.isfinite(scores.flat[choice]):
        return None
    return int(qubits[choice // n_qpus]), choice % n_qpus


@compiled
def _cheapest(homes: NDArray[np.int64], rises: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least rise of each home's rows, shape (n_qpus, n_qpus); 20 times `np.minimum.at`."""
    n_qpus = rises.shape[1]
    cheapest = np.full((n_qpus, n_qpus), np.inf)
    for row in range(len(homes)):
        for qpu in range(n_qpus):
            cheapest[homes[row], qpu] = min(cheapest[homes[row], qpu], rises[row, qpu])
    return cheapest


def _descend(problem: PairwiseProblem, assignment: Assignment) -> Assignment:
    """Move a qubit or swap two, the best first, as long as this helps; O(n_qubits²) a step.

    A pass judges a swap by its two moves, which is too kind to qubits with gates between them, and
    may prefer such a swap to a move that helps.
    """
    if problem.n_qubits > _MOST_FOR_ALL_PAIRS:
        return assignment
    assignment = assignment.copy()
    between = np.zeros((problem.n_qubits, problem.n_qubits))
    between[problem.first, problem.second] = problem.weight
    between += between.T
    while True:
        table = problem.cost_table(assignment)
        moved = table[:, assignment]  # [q, r]: q's gates if q were where r is
        own = np.diag(moved)
        hops = problem.hops[np.ix_(assignment, assignment)]
        rises = moved + moved.T - own[:, None] - own[None, :] + 2 * between * hops
        a, b = np.unravel_index(int(np.argmin(rises)), rises.shape)
        loads = np.bincount(assignment, minlength=len(problem.hops))
        moves = np.where(loads < problem.capacities, table - own[:, None], np.inf)
        qubit, qpu = np.unravel_index(int(np.argmin(moves)), moves.shape)
        if min(rises[a, b], moves[qubit, qpu]) > -_TINY:
            return assignment
        if moves[qubit, qpu] <= rises[a, b]:
            assignment[qubit] = qpu
        else:
            assignment[[a, b]] = assignment[[b, a]]


def _exchange_blocks(problem: PairwiseProblem, assignment: Assignment) -> Assignment:
    """Swap the whole contents of two QPUs, the best pair first, as long as this helps."""
    n_qpus = len(problem.hops)
    assignment = assignment.copy()
    flow = np.zeros((n_qpus, n_qpus))
    np.add.at(flow, (assignment[problem.first], assignment[problem.second]), problem.weight)
    flow = flow + flow.T
    np.fill_diagonal(flow, 0.0)
    home = np.arange(n_qpus)  # QPU on which the block that was on QPU i is now
    sizes = np.bincount(assignment, minlength=n_qpus)
    while True:
        hops = problem.hops[np.ix_(home, home)]
        crossed = flow @ hops
        own = np.diag(crossed)
        rises = crossed + crossed.T - own[:, None] - own[None, :] + 2 * flow * hops
        room = problem.capacities[home]
        fits = (sizes[:, None] <= room[None, :]) & (sizes[None, :] <= room[:, None])
        rises = np.where(fits, rises, np.inf)
        a, b = np.unravel_index(int(np.argmin(rises)), rises.shape)
        if rises[a, b] > -_TINY:
            return home[assignment]
        home[[a, b]] = home[[b, a]]
