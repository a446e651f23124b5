"""The state of a placement as arrays, and its true cost in packed e-bits, compiled with numba.

The state is the QPU of each run and of each edge of the run graph, which is where its gates are
done. A run is copied to every QPU that does some of its gates; copies live on from run to run of a
chain where every gate between is embedded, and a qubit that changes QPU takes over a copy of
itself. Sets of QPUs are bit masks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .network import QPUNetwork
from .packing import EXACT_TREES
from .routes import UNREACHABLE
from .runs import RunGraph

__all__ = [
    "Ints",
    "Problem",
    "State",
    "add_load",
    "cost_of",
    "qubit_cost",
    "set_place",
]

Ints = NDArray[Any]  # of int64


class Problem(NamedTuple):
    """A run graph and a network as arrays; lists of lists are (starts, flat)."""

    run_qubit: Ints
    previous: Ints  # of each run, -1 for none
    between_at: Ints
    between: Ints  # (edge, run to meet)
    ends: Ints  # of each edge, its two runs
    run_edges_at: Ints
    run_edges: Ints
    watchers_at: Ints
    watchers: Ints  # of each run, the other qubits whose copies may live on where it is copied
    qubit_runs_at: Ints
    qubit_runs: Ints
    loners_at: Ints
    loners: Ints  # of each qubit: (its run, the other qubit's run) at gates of rank 4
    ticks: Ints  # of each run, when it begins and ends to take room on its QPU
    capacities: Ints
    hops: Ints  # of copies: `UNREACHABLE` where QPUs between have too few communication qubits
    swap_hops: Ints  # the same for gates of rank 4, which take one more at one end
    routes: Ints  # the QPUs on a shortest route between two
    trees: Ints  # links of the smallest tree that joins a set of QPUs; empty for large networks

    @classmethod
    def of(cls, graph: RunGraph, network: QPUNetwork, *, may_move: bool = False) -> Problem:
        """`may_move`: whether runs of one qubit may be on different QPUs."""
        runs, n_qubits = graph.runs, len(graph.runs_of)
        loners: list[list[tuple[int, int]]] = [[] for _ in range(n_qubits)]
        for _, a, b in graph.loners:
            loners[runs[a].qubit].append((a, b))
            loners[runs[b].qubit].append((b, a))
        routes = [
            [sum(1 << qpu for qpu in network.copy_route(a, b)) for b in range(len(network.qpus))]
            for a in range(len(network.qpus))
        ]
        exact = network.copies_pass_everywhere and len(network.qpus) <= EXACT_TREES
        return cls(
            np.array([run.qubit for run in runs], dtype=np.int64),
            np.array([-1 if r.previous is None else r.previous for r in runs], dtype=np.int64),
            *_flat([run.between for run in runs], 2),
            np.array([(e.first, e.second) for e in graph.edges], dtype=np.int64).reshape(-1, 2),
            *_flat([run.edges for run in runs]),
            *_flat(_watchers(graph)),
            *_flat(graph.runs_of),
            *_flat(loners, 2),
            _ticks(graph, may_move),
            np.array(network.capacities, dtype=np.int64),
            np.ascontiguousarray(network.copy_hops),
            _swap_hops(network),
            np.array(routes, dtype=np.int64),
            _trees(network) if exact else np.zeros(0, np.int64),
        )


class State(NamedTuple):
    """Where runs and edges are, and what follows from it."""

    home: Ints  # of each run
    place: Ints  # of each edge
    counts: Ints  # (run, QPU), the run's edges there
    targets: Ints  # of each run, the QPUs that do its edges
    alive: Ints  # of each run, the QPUs that hold copies of it
    costs: Ints  # of each qubit
    load: Ints  # (QPU, tick)

    @classmethod
    def of(cls, problem: Problem, homes: Any, places: Any) -> State:
        """The state with the runs and the edges on these QPUs, given by their indices."""
        n_runs, n_qubits = len(problem.run_qubit), len(problem.qubit_runs_at) - 1
        state = cls(
            np.array(homes, np.int64),
            np.array(places, np.int64),
            np.zeros((n_runs, len(problem.capacities)), np.int64),
            np.zeros(n_runs, np.int64),
            np.zeros(n_runs, np.int64),
            np.zeros(n_qubits, np.int64),
            np.zeros((len(problem.capacities), problem.ticks.max()), np.int64),
        )
        _fill(problem, state)
        return state


def _flat(lists: Any, width: int = 0) -> tuple[Ints, Ints]:
    starts = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    flat = np.array([item for each in lists for item in each], dtype=np.int64)
    return starts, flat.reshape(-1, width) if width else flat


def _watchers(graph: RunGraph) -> list[list[int]]:
    found: list[set[int]] = [set() for _ in graph.runs]
    for run in graph.runs:
        for _, met in run.between:
            found[met].add(run.qubit)
    return [sorted(qubits) for qubits in found]


def _ticks(graph: RunGraph, may_move: bool) -> Ints:
    """Runs take room from the end of the one before to their own; all, where qubits stay."""
    ticks = np.ones((len(graph.runs), 2), np.int64)
    number = {end: tick for tick, end in enumerate(sorted({0, *graph.ends}))}
    for runs in graph.runs_of:
        if not may_move:
            ticks[runs[0]] = (0, 1)
            continue
        bounds = [0, *(number[graph.ends[run]] for run in runs[:-1]), len(number)]
        for run, (begin, end) in zip(runs, pairwise(bounds), strict=True):
            ticks[run] = (begin, end)
    return ticks


def _swap_hops(network: QPUNetwork) -> Ints:
    hops = np.array(network.copy_hops)
    few = np.array([limit in (0, 1) for limit in network.communication_qubits])
    hops[few[:, None] & few[None, :] & (hops > 0)] = UNREACHABLE
    return hops


def _trees(network: QPUNetwork) -> Ints:
    """Links of a smallest tree that joins each set of QPUs, by the set's mask."""
    n = len(network.qpus)
    sets = (frozenset(i for i in range(n) if mask >> i & 1) for mask in range(1 << n))
    return np.array([network.steiner_size(each) for each in sets], dtype=np.int64)


@compiled
def _connection(p: Problem, sources: int, wanted: int) -> int:
    """Links to reach the wanted QPUs from the sources: a smallest tree from one, else greedily."""
    if sources & (sources - 1) == 0 and len(p.trees) > 0:
        return p.trees[sources | wanted]
    total, n = 0, len(p.hops)
    while wanted:
        best, start, end = 1 << 30, 0, 0
        for b in range(n):
            if wanted >> b & 1:
                for a in range(n):
                    if sources >> a & 1 and p.hops[a, b] < best:
                        best, start, end = p.hops[a, b], a, b
        total += best
        sources |= p.routes[start, end]
        wanted &= ~sources
    return total


@compiled
def _kept(p: Problem, s: State, run: int) -> int:
    """The copies of the run before that live on: every gate between is embedded where they are."""
    kept = s.alive[p.previous[run]]
    for k in range(p.between_at[run], p.between_at[run + 1]):
        edge, met = p.between[k, 0], p.between[k, 1]
        if s.place[edge] != s.home[run]:
            return 0
        kept &= s.targets[met] | 1 << s.home[met]
        if kept == 0:
            return 0
    return kept


@compiled
def qubit_cost(p: Problem, s: State, qubit: int) -> int:
    """E-bits × hops of a qubit's copies and moves; fills `alive`."""
    total, last, moved = 0, -1, -1
    for k in range(p.qubit_runs_at[qubit], p.qubit_runs_at[qubit + 1]):
        run = p.qubit_runs[k]
        own = 1 << s.home[run]
        if last >= 0 and s.home[run] != s.home[last]:
            moved = run
            there = s.alive[last] | 1 << s.home[last]
            if not there & own:
                total += _connection(p, there, own)
        last = run
        kept = _kept(p, s, run) if p.previous[run] >= max(0, moved) else 0
        wanted = s.targets[run] & ~own
        s.alive[run] = kept | wanted
        if wanted & ~kept:
            total += _connection(p, kept | own, wanted & ~kept)
    for k in range(p.loners_at[qubit], p.loners_at[qubit + 1]):
        # teleported there and back: two e-bits, one counted at each end
        total += p.swap_hops[s.home[p.loners[k, 0]], s.home[p.loners[k, 1]]]
    return total


@compiled
def set_place(p: Problem, s: State, edge: int, place: int) -> None:
    was = s.place[edge]
    s.place[edge] = place
    for side in range(2):
        run = p.ends[edge, side]
        s.counts[run, was] -= 1
        if s.counts[run, was] == 0:
            s.targets[run] &= ~(1 << was)
        s.counts[run, place] += 1
        s.targets[run] |= 1 << place


@compiled
def _fill(p: Problem, s: State) -> None:
    for edge in range(len(s.place)):
        for side in range(2):
            run = p.ends[edge, side]
            s.counts[run, s.place[edge]] += 1
            s.targets[run] |= 1 << s.place[edge]
    for run in range(len(s.home)):
        add_load(p, s, run, 1)
    for qubit in range(len(s.costs)):
        s.costs[qubit] = qubit_cost(p, s, qubit)


@compiled
def add_load(p: Problem, s: State, run: int, amount: int) -> bool:
    """Take or give back room on the run's QPU; whether the QPU is within its capacity."""
    fits, home = True, s.home[run]
    for tick in range(p.ticks[run, 0], p.ticks[run, 1]):
        s.load[home, tick] += amount
        fits &= s.load[home, tick] <= p.capacities[home]
    return fits


def cost_of(problem: Problem, state: State) -> int:
    """Packed e-bits × hops."""
    return int(state.costs.sum())
