"""Placements with few packed e-bits, which aren't a sum over pairs of qubits: by annealing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .annealing import Problem, State, anneal, cost_of
from .clock import Clock
from .network import QPUNetwork
from .packing import cover_places
from .runs import RunGraph

__all__ = ["least_packed"]

Assignment = NDArray[np.int64]

STEPS_AN_EDGE = 2000  # of annealing, all rounds together
MOST_STEPS = 800_000  # some 10 µs each
N_ANNEALED = 10  # placements that are annealed
N_FINISHED = 2  # of these, annealed once more
HOT, WARM, COLD = 0.6, 0.35, 0.1  # e-bits


def least_packed(
    graph: RunGraph,
    network: QPUNetwork,
    candidates: Sequence[Assignment],
    *,
    may_move: bool,
    effort: float,
    seed: int,
    clock: Clock,
) -> list[State]:
    """States found from the candidates, the fewest e-bits first.

    A candidate is the QPU of each qubit, or of each qubit and then of each edge.

    The best few are annealed, then the best of these once more, from a lower temperature.
    """
    problem = Problem.of(graph, network, may_move=may_move)
    states = [_state(problem, graph, candidate) for candidate in candidates]
    states.sort(key=lambda state: cost_of(problem, state))
    if cost_of(problem, states[0]) == 0:
        return states
    total = effort * min(STEPS_AN_EDGE * len(graph.edges), MOST_STEPS)
    n_steps = int(total / (N_ANNEALED + 2 * N_FINISHED))
    for hot, count, length in ((HOT, N_ANNEALED, 1), (WARM, N_FINISHED, 2)):
        rounds = [State.of(problem, state.home, state.place) for state in states[:count]]
        for number, state in enumerate(clock.rounds(rounds, "annealing")):
            best = anneal(
                problem,
                state,
                length * n_steps,
                hot=hot,
                cold=COLD,
                may_move=may_move,
                seed=seed + number,
            )
            states.append(best)
        states.sort(key=lambda state: cost_of(problem, state))
    return states


def _state(problem: Problem, graph: RunGraph, candidate: Assignment) -> State:
    """The candidate as a state, with its own edges where they cost less than by pairs of QPUs."""
    homes = candidate[problem.run_qubit]
    state = State.of(problem, homes, cover_places(graph, homes.tolist()))
    places = candidate[len(graph.runs_of) :]
    if len(places):
        own = State.of(problem, homes, places)
        state = min(state, own, key=lambda each: cost_of(problem, each))
    return state
