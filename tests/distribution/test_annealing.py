"""Annealing: that its cost is the packing's, its bookkeeping exact, its results lawful."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tnqlstm.circuit import Circuit
from tnqlstm.distribution import QPUNetwork
from tnqlstm.distribution.annealing import anneal
from tnqlstm.distribution.packing import Packing, cover_places
from tnqlstm.distribution.placement_state import Problem, State, cost_of
from tnqlstm.distribution.runs import RunGraph, run_graph

from . import exhaustive
from .test_packing import copying_circuit, random_packing
from .test_search import random_case

seeds = st.integers(0, 10**6)


def random_network(seed: int, most: int) -> QPUNetwork:
    n = 2 + seed % (most - 1)
    graph = nx.gnp_random_graph(n, 0.3, seed=seed)
    graph.add_edges_from(nx.utils.pairwise(nx.random_labeled_tree(n, seed=seed)))
    nx.set_node_attributes(graph, 4, "qubits")
    return QPUNetwork.from_networkx(graph)


@settings(max_examples=100)
@given(seed=seeds)
@pytest.mark.parametrize("most", [6, 12])
def test_a_state_costs_what_its_packing_takes(seed: int, most: int) -> None:
    """Smallest trees up to 8 QPUs, nearest first beyond, moves included."""
    network = random_network(seed, most)
    _, packing = random_packing(seed, network)
    problem = Problem.of(packing.graph, network, may_move=True)
    state = State.of(problem, packing.homes, packing.places)
    assert cost_of(problem, state) == packing.n_ebits


def start(seed: int, *, may_move: bool) -> tuple[RunGraph, QPUNetwork, Problem, State]:
    circuit, network = random_case(seed, most_qubits=7)
    if seed % 2:  # with gates that copies often outlive
        circuit, network = copying_circuit(seed, 6, 60), QPUNetwork.line(3, [2, 3, 2])
    graph = run_graph(circuit)
    slots = np.repeat(np.arange(len(network.qpus)), network.capacities)
    where = np.random.default_rng(seed).permutation(slots)[: circuit.n_qubits]
    problem = Problem.of(graph, network, may_move=may_move)
    homes = where[problem.run_qubit]
    return graph, network, problem, State.of(problem, homes, cover_places(graph, homes.tolist()))


def most_held(graph: RunGraph, homes: list[int]) -> list[Counter[int]]:
    """The qubits on each QPU after every operation; a qubit moves where its run before ends."""
    n_operations = 1 + max((run.start for run in graph.runs), default=0)
    held = []
    for now in range(n_operations):
        where = []
        for runs in graph.runs_of:
            begun = [0, *(graph.ends[before] for before in runs[:-1])]
            (*_, current) = (r for r, begins in zip(runs, begun, strict=True) if begins <= now)
            where.append(homes[current])
        held.append(Counter(where))
    return held


@given(seed=seeds, may_move=st.booleans())
def test_annealing_keeps_its_books(seed: int, may_move: bool) -> None:
    """What it returns costs what it says, fits, isn't worse, and repeats for a seed."""
    graph, network, problem, state = start(seed, may_move=may_move)
    before = cost_of(problem, state)
    again = State.of(problem, state.home, state.place)
    found = anneal(problem, state, 500, may_move=may_move, seed=seed)
    assert cost_of(problem, found) <= before
    packing = Packing(graph, network, tuple(found.home.tolist()), tuple(found.place.tolist()))
    assert packing.n_ebits == cost_of(problem, found)
    for held in most_held(graph, found.home.tolist()):
        assert all(held[qpu] <= room for qpu, room in enumerate(network.capacities))
    fresh = State.of(problem, state.home, state.place)  # where annealing ended, not its best
    for name in ("targets", "costs", "load"):
        np.testing.assert_array_equal(getattr(state, name), getattr(fresh, name), name)
    if not may_move:
        for runs in graph.runs_of:
            assert len({int(found.home[run]) for run in runs}) == 1
    twin = anneal(problem, again, 500, may_move=may_move, seed=seed)
    np.testing.assert_array_equal(found.home, twin.home)
    np.testing.assert_array_equal(found.place, twin.place)


def test_without_two_qubit_gates() -> None:
    network = QPUNetwork.line(2, 2)
    graph = run_graph(Circuit(3, (("H", (0,)),)))
    problem = Problem.of(graph, network)
    found = anneal(problem, State.of(problem, [0, 0, 1], []), 50)
    assert cost_of(problem, found) == 0
    assert sorted(found.home.tolist()) in ([0, 0, 1], [0, 1, 1])


@settings(max_examples=20)
@given(seed=seeds)
def test_smallest_trees_are_the_smallest(seed: int) -> None:
    network = random_network(seed, 7)
    graph = run_graph(Circuit(1, ()))
    trees = Problem.of(graph, network).trees
    n = len(network.qpus)
    for mask in range(1, 1 << n):
        joined = [qpu for qpu in range(n) if mask >> qpu & 1]
        assert trees[mask] == exhaustive.fewest_links(network, joined[:1], joined[1:])


def test_a_move_is_made_where_it_pays() -> None:
    """Qubit 0 meets 1 often, then 2 often: one e-bit moves it."""
    first, then = ([(("CX", (0, q))), ("RX", (0,), 0.3), ("RY", (q,), 0.3)] * 6 for q in (1, 2))
    graph = run_graph(Circuit(3, (*first, *then)))
    network = QPUNetwork.line(2, 2)
    problem = Problem.of(graph, network, may_move=True)
    where = np.array([0, 0, 1])[problem.run_qubit]
    state = State.of(problem, where, cover_places(graph, where.tolist()))
    assert cost_of(problem, state) == 6
    found = anneal(problem, state, 20_000, may_move=True)
    assert cost_of(problem, found) == 1
