"""Placements with few packed e-bits, which aren't a sum over pairs of qubits: by annealing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .annealing import anneal
from .clock import Clock
from .network import QPUNetwork
from .packing import cover_places
from .placement_state import Problem, State, cost_of
from .runs import RunGraph

__all__ = ["least_packed"]

Assignment = NDArray[np.int64]

STEPS_AN_EDGE = 2000  # of annealing, all rounds together
MOST_STEPS = 800_000  # some 10 µs each
COLD = 0.1  # the last temperature, in e-bits


class _Stage(NamedTuple):
    hot: float  # the first temperature, in e-bits
    n_states: int  # the best so far, which are annealed
    length: float  # steps of each, as a share
    qubit_share: float = 0.2  # of the steps that put qubits elsewhere
    may_move: bool = False  # whether these may be stretches of a qubit's time


STAGES = (
    _Stage(0.5, 10, 0.3, qubit_share=0.0),
    _Stage(0.6, 10, 1.0),
    _Stage(0.35, 2, 2.0),
    _Stage(0.3, 2, 0.5, qubit_share=0.0),
)
MOVING = (_Stage(0.6, 4, 1.5, may_move=True), _Stage(0.3, 2, 1.5, may_move=True))


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

    The best few are annealed with the qubits where they are, then with qubits that change their
    QPUs, and the best of these once more, from a lower temperature; then with moves, where qubits
    `may_move` in the middle of the circuit.
    """
    problem = Problem.of(graph, network, may_move=may_move)
    states = [_state(problem, graph, candidate) for candidate in candidates]
    states.sort(key=lambda state: cost_of(problem, state))
    if cost_of(problem, states[0]) == 0:
        return states
    total = effort * min(STEPS_AN_EDGE * len(graph.edges), MOST_STEPS)
    n_steps = total / sum(stage.n_states * stage.length for stage in STAGES)
    for stage in STAGES + MOVING * may_move:
        rounds = [State.of(problem, s.home, s.place) for s in states[: stage.n_states]]
        for number, state in enumerate(clock.rounds(rounds, "annealing")):
            states.append(
                anneal(
                    problem,
                    state,
                    int(stage.length * n_steps),
                    hot=stage.hot,
                    cold=COLD,
                    qubit_share=stage.qubit_share,
                    may_move=stage.may_move,
                    seed=seed + number,
                )
            )
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
