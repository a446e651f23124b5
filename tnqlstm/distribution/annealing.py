"""Simulated annealing of placements on their true cost, compiled with numba.

The state is the QPU of each run and of each edge of the run graph, which is where its gates are
done. A run is copied to every QPU that does some of its gates; copies live on from run to run of a
chain where every gate between is embedded, and a qubit that changes QPU takes over a copy of
itself. A step puts a qubit elsewhere, for all its runs or a stretch of them, or exchanges two
qubits, and redoes the edges that this touches; or it puts one edge elsewhere, or all those of a
run. Sets of QPUs are bit masks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .network import QPUNetwork
from .runs import RunGraph

__all__ = ["EXACT_TREES", "MOST_QPUS", "Problem", "State", "anneal", "cost_of"]

RUN_SHARE = 0.3  # of the steps that leave qubits where they are
MOST_QPUS = 62  # bits of a mask
EXACT_TREES = 10  # QPUs up to which the smallest tree of each set is tabulated
_Ints = NDArray[Any]  # of int64


class Problem(NamedTuple):
    """A run graph and a network as arrays; lists of lists are (starts, flat)."""

    run_qubit: _Ints
    previous: _Ints  # of each run, -1 for none
    between_at: _Ints
    between: _Ints  # (edge, run to meet)
    ends: _Ints  # of each edge, its two runs
    run_edges_at: _Ints
    run_edges: _Ints
    watchers_at: _Ints
    watchers: _Ints  # of each run, the other qubits whose copies may live on where it is copied
    qubit_runs_at: _Ints
    qubit_runs: _Ints
    loners_at: _Ints
    loners: _Ints  # of each qubit: (its run, the other qubit's run) at gates of rank 4
    ticks: _Ints  # of each run, when it begins and ends to take room on its QPU
    capacities: _Ints
    hops: _Ints
    routes: _Ints  # the QPUs on a shortest route between two
    trees: _Ints  # links of the smallest tree that joins a set of QPUs; empty for large networks

    @classmethod
    def of(cls, graph: RunGraph, network: QPUNetwork, *, may_move: bool = False) -> Problem:
        """`may_move`: whether runs of one qubit may be on different QPUs."""
        runs, n_qubits = graph.runs, len(graph.runs_of)
        loners: list[list[tuple[int, int]]] = [[] for _ in range(n_qubits)]
        for _, a, b in graph.loners:
            loners[runs[a].qubit].append((a, b))
            loners[runs[b].qubit].append((b, a))
        n = len(network.qpus)
        routes = [
            [sum(1 << network.index(q) for q in network.route(a, b)) for b in network.qpus]
            for a in network.qpus
        ]
        hops = np.ascontiguousarray(network.hop_matrix)
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
            hops,
            np.array(routes, dtype=np.int64),
            _trees(hops) if n <= EXACT_TREES else np.zeros(0, np.int64),
        )


class State(NamedTuple):
    """Where runs and edges are, and what follows from it."""

    home: _Ints  # of each run
    place: _Ints  # of each edge
    counts: _Ints  # (run, QPU), the run's edges there
    targets: _Ints  # of each run, the QPUs that do its edges
    alive: _Ints  # of each run, the QPUs that hold copies of it
    costs: _Ints  # of each qubit
    load: _Ints  # (QPU, tick)

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


class _Journal(NamedTuple):
    """What a step changed, to undo it."""

    edges: _Ints
    old_places: _Ints
    qubits: _Ints
    old_costs: _Ints
    old_homes: _Ints
    edge_seen: _Ints
    qubit_seen: _Ints
    counts: _Ints  # edges, qubits, and the number of this step
    random: NDArray[np.uint64]  # where the sequence of random numbers is

    @classmethod
    def of(cls, state: State, seed: int) -> _Journal:
        edge, qubit, run = (np.zeros_like(a) for a in (state.place, state.costs, state.home))
        counts, random = np.zeros(3, np.int64), np.array([seed % 2**64], np.uint64)
        return cls(
            edge, edge.copy(), qubit, qubit.copy(), run, edge.copy(), qubit.copy(), counts, random
        )


def _flat(lists: Any, width: int = 0) -> tuple[_Ints, _Ints]:
    starts = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    flat = np.array([item for each in lists for item in each], dtype=np.int64)
    return starts, flat.reshape(-1, width) if width else flat


def _watchers(graph: RunGraph) -> list[list[int]]:
    found: list[set[int]] = [set() for _ in graph.runs]
    for run in graph.runs:
        for _, met in run.between:
            found[met].add(run.qubit)
    return [sorted(qubits) for qubits in found]


def _ticks(graph: RunGraph, may_move: bool) -> _Ints:
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


@njit(cache=True)
def _trees(hops: _Ints) -> _Ints:
    """Links of a smallest tree that joins each set of QPUs (Dreyfus and Wagner's recursion)."""
    n = len(hops)
    reach = np.full((1 << n, n), 1 << 30, np.int64)  # joins a set and one more QPU
    for a in range(n):
        reach[1 << a] = hops[a]
    for mask in range(1, 1 << n):
        part = (mask - 1) & mask
        while part:
            for v in range(n):
                both = reach[part, v] + reach[mask ^ part, v]
                reach[mask, v] = min(reach[mask, v], both)
            part = (part - 1) & mask
        for v in range(n):
            for u in range(n):
                reach[mask, v] = min(reach[mask, v], reach[mask, u] + hops[u, v])
    trees = np.zeros(1 << n, np.int64)
    for mask in range(1, 1 << n):
        trees[mask] = np.min(reach[mask])
    return trees


@njit(cache=True)
def _draw(j: _Journal) -> float:
    """A random number in [0, 1), by SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).

    numpy's generators take a third of the time to compile all this.
    """
    j.random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = j.random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return float((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@njit(cache=True)
def _below(j: _Journal, n: int) -> int:
    """A random whole number from 0 to n - 1."""
    return int(_draw(j) * n)


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def _qubit_cost(p: Problem, s: State, qubit: int) -> int:
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
        total += p.hops[s.home[p.loners[k, 0]], s.home[p.loners[k, 1]]]
    return total


@njit(cache=True)
def _set_place(p: Problem, s: State, edge: int, place: int) -> None:
    was = s.place[edge]
    s.place[edge] = place
    for side in range(2):
        run = p.ends[edge, side]
        s.counts[run, was] -= 1
        if s.counts[run, was] == 0:
            s.targets[run] &= ~(1 << was)
        s.counts[run, place] += 1
        s.targets[run] |= 1 << place


@njit(cache=True)
def _fill(p: Problem, s: State) -> None:
    for edge in range(len(s.place)):
        for side in range(2):
            run = p.ends[edge, side]
            s.counts[run, s.place[edge]] += 1
            s.targets[run] |= 1 << s.place[edge]
    for run in range(len(s.home)):
        _add_load(p, s, run, 1)
    for qubit in range(len(s.costs)):
        s.costs[qubit] = _qubit_cost(p, s, qubit)


@njit(cache=True)
def _add_load(p: Problem, s: State, run: int, amount: int) -> bool:
    """Take or give back room on the run's QPU; whether the QPU is within its capacity."""
    fits, home = True, s.home[run]
    for tick in range(p.ticks[run, 0], p.ticks[run, 1]):
        s.load[home, tick] += amount
        fits &= s.load[home, tick] <= p.capacities[home]
    return fits


def cost_of(problem: Problem, state: State) -> int:
    """Packed e-bits × hops."""
    return int(state.costs.sum())


@njit(cache=True)
def _rehome(p: Problem, s: State, j: _Journal, first: int, last: int, qpu: int) -> bool:
    """Put the runs at these positions on a QPU; whether it has room for them."""
    fits = True
    for k in range(first, last):
        run = p.qubit_runs[k]
        j.old_homes[run] = s.home[run]
        _add_load(p, s, run, -1)
        s.home[run] = qpu
        fits &= _add_load(p, s, run, 1)
    return fits


@njit(cache=True)
def _put_back(p: Problem, s: State, j: _Journal, first: int, last: int) -> None:
    for k in range(first, last):
        run = p.qubit_runs[k]
        _add_load(p, s, run, -1)
        s.home[run] = j.old_homes[run]
        _add_load(p, s, run, 1)


@njit(cache=True)
def _note_edge(p: Problem, s: State, j: _Journal, edge: int) -> None:
    if j.edge_seen[edge] != j.counts[2]:
        j.edge_seen[edge] = j.counts[2]
        j.edges[j.counts[0]] = edge
        j.old_places[j.counts[0]] = s.place[edge]
        j.counts[0] += 1


@njit(cache=True)
def _note_qubit(j: _Journal, qubit: int) -> None:
    if j.qubit_seen[qubit] != j.counts[2]:
        j.qubit_seen[qubit] = j.counts[2]
        j.qubits[j.counts[1]] = qubit
        j.counts[1] += 1


@njit(cache=True)
def _redo_edges(p: Problem, s: State, j: _Journal, first: int, last: int) -> None:
    """Choose anew where the edges of moved runs are done: where a copy is, if there is one."""
    for k in range(first, last):
        run = p.qubit_runs[k]
        for i in range(p.run_edges_at[run], p.run_edges_at[run + 1]):
            edge = p.run_edges[i]
            other = p.ends[edge, 0] if p.ends[edge, 1] == run else p.ends[edge, 1]
            mine, theirs = s.home[run], s.home[other]
            here = s.targets[other] >> mine & 1
            there = s.targets[run] >> theirs & 1
            to = mine if here > there or (here == there and _draw(j) < 0.5) else theirs
            _note_edge(p, s, j, edge)
            if s.place[edge] != to:
                _set_place(p, s, edge, to)


@njit(cache=True)
def _note_watchers(p: Problem, j: _Journal, run: int) -> None:
    """Note the qubits whose cost depends on where a run is and is copied to."""
    _note_qubit(j, p.run_qubit[run])
    for k in range(p.watchers_at[run], p.watchers_at[run + 1]):
        _note_qubit(j, p.watchers[k])


@njit(cache=True)
def _note_concerned(p: Problem, j: _Journal) -> None:
    """Note the qubits whose cost depends on the noted edges."""
    for i in range(j.counts[0]):
        for side in range(2):
            _note_watchers(p, j, p.ends[j.edges[i], side])


@njit(cache=True)
def _step_qubits(p: Problem, s: State, j: _Journal, may_move: bool, spans: _Ints) -> bool:
    """Put a qubit elsewhere or exchange two; whether something changed. Fills `spans`."""
    n_qubits, n_qpus = len(s.costs), len(p.capacities)
    spans[:] = 0
    one = _below(j, n_qubits)
    first, last = p.qubit_runs_at[one], p.qubit_runs_at[one + 1]
    if may_move and _draw(j) < 0.7:  # a stretch of it only
        first += _below(j, last - first)
        last = first + 1 + _below(j, last - first)
    was, to = s.home[p.qubit_runs[first]], _below(j, n_qpus)
    two = -1
    if _draw(j) < 0.5:
        two = _below(j, n_qubits)
        to = s.home[p.qubit_runs[p.qubit_runs_at[two]]]
        two = -1 if two == one else two
    if to == was:
        return False
    spans[0], spans[1] = first, last
    fits = _rehome(p, s, j, first, last, to)
    if two >= 0 and not fits:
        spans[2], spans[3] = p.qubit_runs_at[two], p.qubit_runs_at[two + 1]
        _rehome(p, s, j, spans[2], spans[3], was)
        fits = True
        for at in range(0, 4, 2):  # both are where they go: is there room for them?
            for k in range(spans[at], spans[at + 1]):
                run = p.qubit_runs[k]
                _add_load(p, s, run, -1)
                fits &= _add_load(p, s, run, 1)
    if not fits:
        _put_back(p, s, j, spans[2], spans[3])
        _put_back(p, s, j, spans[0], spans[1])
        spans[:] = 0
        return False
    for at in range(0, 4, 2):
        if spans[at] < spans[at + 1]:
            qubit = p.run_qubit[p.qubit_runs[spans[at]]]
            _redo_edges(p, s, j, spans[at], spans[at + 1])
            _note_qubit(j, qubit)
            for k in range(p.loners_at[qubit], p.loners_at[qubit + 1]):
                _note_qubit(j, p.run_qubit[p.loners[k, 1]])
    return True


@njit(cache=True)
def _step_edge(p: Problem, s: State, j: _Journal) -> bool:
    """Put an edge elsewhere; whether something changed."""
    edge = _below(j, len(s.place))
    a, b = s.home[p.ends[edge, 0]], s.home[p.ends[edge, 1]]
    to = a if s.place[edge] != a else b
    if _draw(j) < 0.1:
        to = _below(j, len(p.capacities))
    elif s.place[edge] != b and _draw(j) < 0.5:
        to = b
    if to == s.place[edge]:
        return False
    _note_edge(p, s, j, edge)
    _set_place(p, s, edge, to)
    return True


@njit(cache=True)
def _step_run(p: Problem, s: State, j: _Journal) -> bool:
    """Put all edges of a run on one QPU; whether something changed."""
    run = _below(j, len(s.home))
    to = s.home[run] if _draw(j) < 0.3 else _below(j, len(p.capacities))
    changed = False
    for k in range(p.run_edges_at[run], p.run_edges_at[run + 1]):
        edge = p.run_edges[k]
        if s.place[edge] != to:
            _note_edge(p, s, j, edge)
            _set_place(p, s, edge, to)
            changed = True
    return changed


@njit(cache=True)
def _rise(p: Problem, s: State, j: _Journal) -> int:
    """The rise in cost by what was noted; the new costs stand."""
    rise = 0
    for i in range(j.counts[1]):
        qubit = j.qubits[i]
        j.old_costs[i] = s.costs[qubit]
        s.costs[qubit] = _qubit_cost(p, s, qubit)
        rise += int(s.costs[qubit] - j.old_costs[i])
    return rise


@njit(cache=True)
def _undo(p: Problem, s: State, j: _Journal, spans: _Ints) -> None:
    _put_back(p, s, j, spans[2], spans[3])
    _put_back(p, s, j, spans[0], spans[1])
    for i in range(j.counts[0]):
        if s.place[j.edges[i]] != j.old_places[i]:
            _set_place(p, s, j.edges[i], j.old_places[i])
    for i in range(j.counts[1]):
        s.costs[j.qubits[i]] = j.old_costs[i]


@njit(cache=True)
def _steps(
    p: Problem,
    s: State,
    best: State,
    j: _Journal,
    temperatures: tuple[float, float],
    n_steps: int,
    qubit_share: float,
    may_move: bool,
) -> None:
    """Anneal `s` in place, `best` with it where it costs less."""
    hot, cold = temperatures
    spans = np.zeros(4, np.int64)  # positions of the runs that a step moved
    cost = least = np.sum(s.costs)
    for step in range(1, n_steps + 1):
        j.counts[0], j.counts[1], j.counts[2] = 0, 0, step
        spans[:] = 0
        if len(s.place) == 0 or _draw(j) < qubit_share:
            changed = _step_qubits(p, s, j, may_move, spans)
        elif _draw(j) < RUN_SHARE:
            changed = _step_run(p, s, j)
        else:
            changed = _step_edge(p, s, j)
        if not changed:
            continue
        _note_concerned(p, j)
        rise = _rise(p, s, j)
        temperature = hot * (cold / hot) ** (step / n_steps)
        if rise > 0 and _draw(j) >= np.exp(-rise / temperature):
            _undo(p, s, j, spans)
            continue
        cost += rise
        if cost < least:
            least = cost
            best.home[:] = s.home
            best.place[:] = s.place


def anneal(
    problem: Problem,
    state: State,
    n_steps: int,
    *,
    hot: float = 1.0,
    cold: float = 0.1,
    qubit_share: float = 0.2,
    may_move: bool = False,
    seed: int = 0,
) -> State:
    """The best state met in so many steps from this one, which is used up; the same for a seed.

    Temperatures are in e-bits. `qubit_share`: of the steps that put qubits elsewhere, 0 to leave
    them all where they are. `may_move`: whether stretches of a qubit's runs move on their own.
    """
    best = State(*(array.copy() for array in state))
    journal = _Journal.of(state, seed)
    _steps(problem, state, best, journal, (hot, cold), n_steps, qubit_share, may_move)
    local = best.home[problem.ends[:, 0]]  # edges inside a QPU gain nothing elsewhere
    at_home = np.where(local == best.home[problem.ends[:, 1]], local, best.place)
    found = [State.of(problem, best.home, place) for place in (at_home, best.place)]
    return min(found, key=lambda state: cost_of(problem, state))
