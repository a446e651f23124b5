"""Refinement on packed e-bits, alone: what a move changes, and where descending ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.distribution.packed import PackedProblem, descend
from tnqlstm.distribution.packing import run_graph

from . import exhaustive
from .test_search import random_case

seeds = st.integers(0, 10**6)


def random_problem(seed: int) -> tuple[PackedProblem, exhaustive.Packer, tuple[int, ...]]:
    """A circuit of 2 to 6 qubits on a random placement, its brute-force packer, capacities."""
    circuit, network = random_case(seed, most_qubits=6)
    slots = np.repeat(np.arange(len(network.qpus)), network.capacities)
    start = np.random.default_rng(seed).permutation(slots)[: circuit.n_qubits]
    packer = exhaustive.Packer(circuit, exhaustive.hop_counts(network))
    return PackedProblem(run_graph(circuit), network, start), packer, network.capacities


@given(seed=seeds)
def test_a_move_and_its_inverse(seed: int) -> None:
    problem, packer, capacities = random_problem(seed)
    start = list(problem.assignment)
    before = packer.cost(start)
    assert problem.cost == before
    for move in problem.moves():
        back = tuple((qubit, start[qubit]) for qubit, _ in move)
        rise = problem.apply(move)
        after = packer.cost(problem.assignment)
        assert problem.cost == after == before + rise
        assert np.all(np.bincount(problem.assignment, minlength=len(capacities)) <= capacities)
        assert problem.apply(back) == -rise
        assert problem.assignment == start
        assert problem.cost == before


@given(seed=seeds)
def test_descending_ends_where_no_move_and_no_swap_helps(seed: int) -> None:
    problem, packer, capacities = random_problem(seed)
    before = problem.cost
    assert descend(problem, 10**6) > 0
    home = problem.assignment
    least = packer.cost(home)
    assert problem.cost == least <= before
    for qubit, own in enumerate(home):
        for qpu, capacity in enumerate(capacities):
            if home.count(qpu) < capacity:
                assert packer.cost([*home[:qubit], qpu, *home[qubit + 1 :]]) >= least
        for other in range(qubit):
            swapped = list(home)
            swapped[qubit], swapped[other] = home[other], own
            assert packer.cost(swapped) >= least


@given(seed=seeds, n_trials=st.integers(0, 5))
def test_no_more_trials_than_given(seed: int, n_trials: int) -> None:
    problem, packer, _ = random_problem(seed)
    before = problem.cost
    assert 0 <= descend(problem, n_trials) <= n_trials
    assert problem.cost == packer.cost(problem.assignment) <= before
    if n_trials == 0:
        assert problem.cost == before
