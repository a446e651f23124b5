"""Simulated annealing of placements on their true cost, compiled with numba.

A step puts a qubit elsewhere, for all its runs or a stretch of them, or exchanges two qubits, and
redoes the edges that this touches; or it puts one edge elsewhere, or all those of a run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .placement_state import Ints, Problem, State, add_load, cost_of, qubit_cost, set_place

__all__ = ["anneal"]

RUN_SHARE = 0.3  # of the steps that leave qubits where they are


class _Journal(NamedTuple):
    """What a step changed, to undo it."""

    edges: Ints
    old_places: Ints
    qubits: Ints
    old_costs: Ints
    old_homes: Ints
    edge_seen: Ints
    qubit_seen: Ints
    counts: Ints  # edges, qubits, and the number of this step
    random: NDArray[np.uint64]  # where the sequence of random numbers is

    @classmethod
    def of(cls, state: State, seed: int) -> _Journal:
        edge, qubit, run = (np.zeros_like(a) for a in (state.place, state.costs, state.home))
        counts, random = np.zeros(3, np.int64), np.array([seed % 2**64], np.uint64)
        return cls(
            edge, edge.copy(), qubit, qubit.copy(), run, edge.copy(), qubit.copy(), counts, random
        )


@compiled
def _draw(j: _Journal) -> float:
    """A random number in [0, 1), by SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).

    numpy's generators take a third of the time to compile all this.
    """
    j.random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = j.random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return float((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@compiled
def _below(j: _Journal, n: int) -> int:
    """A random whole number from 0 to n - 1."""
    return int(_draw(j) * n)


@compiled
def _rehome(p: Problem, s: State, j: _Journal, first: int, last: int, qpu: int) -> bool:
    """Put the runs at these positions on a QPU; whether it has room for them."""
    fits = True
    for k in range(first, last):
        run = p.qubit_runs[k]
        j.old_homes[run] = s.home[run]
        add_load(p, s, run, -1)
        s.home[run] = qpu
        fits &= add_load(p, s, run, 1)
    return fits


@compiled
def _put_back(p: Problem, s: State, j: _Journal, first: int, last: int) -> None:
    for k in range(first, last):
        run = p.qubit_runs[k]
        add_load(p, s, run, -1)
        s.home[run] = j.old_homes[run]
        add_load(p, s, run, 1)


@compiled
def _note_edge(p: Problem, s: State, j: _Journal, edge: int) -> None:
    if j.edge_seen[edge] != j.counts[2]:
        j.edge_seen[edge] = j.counts[2]
        j.edges[j.counts[0]] = edge
        j.old_places[j.counts[0]] = s.place[edge]
        j.counts[0] += 1


@compiled
def _note_qubit(j: _Journal, qubit: int) -> None:
    if j.qubit_seen[qubit] != j.counts[2]:
        j.qubit_seen[qubit] = j.counts[2]
        j.qubits[j.counts[1]] = qubit
        j.counts[1] += 1


@compiled
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
                set_place(p, s, edge, to)


@compiled
def _note_watchers(p: Problem, j: _Journal, run: int) -> None:
    """Note the qubits whose cost depends on where a run is and is copied to."""
    _note_qubit(j, p.run_qubit[run])
    for k in range(p.watchers_at[run], p.watchers_at[run + 1]):
        _note_qubit(j, p.watchers[k])


@compiled
def _note_concerned(p: Problem, j: _Journal) -> None:
    """Note the qubits whose cost depends on the noted edges."""
    for i in range(j.counts[0]):
        for side in range(2):
            _note_watchers(p, j, p.ends[j.edges[i], side])


@compiled
def _step_qubits(p: Problem, s: State, j: _Journal, may_move: bool, spans: Ints) -> bool:
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
                add_load(p, s, run, -1)
                fits &= add_load(p, s, run, 1)
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


@compiled
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
    set_place(p, s, edge, to)
    return True


@compiled
def _step_run(p: Problem, s: State, j: _Journal) -> bool:
    """Put all edges of a run on one QPU; whether something changed."""
    run = _below(j, len(s.home))
    to = s.home[run] if _draw(j) < 0.3 else _below(j, len(p.capacities))
    changed = False
    for k in range(p.run_edges_at[run], p.run_edges_at[run + 1]):
        edge = p.run_edges[k]
        if s.place[edge] != to:
            _note_edge(p, s, j, edge)
            set_place(p, s, edge, to)
            changed = True
    return changed


@compiled
def _rise(p: Problem, s: State, j: _Journal) -> int:
    """The rise in cost by what was noted; the new costs stand."""
    rise = 0
    for i in range(j.counts[1]):
        qubit = j.qubits[i]
        j.old_costs[i] = s.costs[qubit]
        s.costs[qubit] = qubit_cost(p, s, qubit)
        rise += int(s.costs[qubit] - j.old_costs[i])
    return rise


@compiled
def _undo(p: Problem, s: State, j: _Journal, spans: Ints) -> None:
    _put_back(p, s, j, spans[2], spans[3])
    _put_back(p, s, j, spans[0], spans[1])
    for i in range(j.counts[0]):
        if s.place[j.edges[i]] != j.old_places[i]:
            set_place(p, s, j.edges[i], j.old_places[i])
    for i in range(j.counts[1]):
        s.costs[j.qubits[i]] = j.old_costs[i]


@compiled
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
