"""Starts by hypergraph partitioning: what is partitioned, and that nothing odd gets through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm.distribution.hypergraph as module
from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import basic_entangler, chen2020
from tnqlstm.distribution import COSTS, QPUNetwork, partition
from tnqlstm.distribution.hypergraph import (
    has_partitioner,
    hypergraph_blocks,
    joined_links,
    of_pairs,
    of_runs,
)
from tnqlstm.distribution.runs import run_graph

from .test_search import random_case

installed = pytest.mark.skipif(not has_partitioner(), reason="mtkahypar isn't installed")


class TestHypergraphs:
    def test_runs_join_a_qubit_and_its_gates(self) -> None:
        circuit = Circuit(
            3, (("CX", (0, 1)), ("CX", (0, 2)), ("RX", (0,), 0.3), ("CZ", (0, 1)), ("SWAP", (1, 2)))
        )
        made = of_runs(run_graph(circuit))
        assert made.n_qubits == 3
        assert made.n_nodes == 6  # and three gates
        # 0 controls both CX; 1 and 2 are targets; then 0 and 1 meet again; SWAP weighs two
        assert sorted(made.hyperedges) == [(0, 3, 4), (0, 5), (1, 2), (1, 3), (1, 5), (2, 4)]
        assert made.weights[made.hyperedges.index((1, 2))] == 2
        assert sum(made.weights) == 7

    def test_pairs_become_whole_numbers(self) -> None:
        assert of_pairs({(0, 1): 2.0, (1, 2): 3.0, (0, 2): 0.0}, 3).weights == (2, 3)
        assert of_pairs({(0, 1): 0.25, (1, 2): 1e-9}, 3).weights == (1000, 1)
        assert of_pairs({}, 3).hyperedges == ()

    def test_joined_links(self) -> None:
        made = of_runs(run_graph(Circuit(3, (("CX", (0, 1)), ("CX", (0, 2))))))
        blocks = np.array([0, 1, 2, 1, 2])  # gates with their targets
        assert joined_links(made, QPUNetwork.complete(3, 1), blocks) == 2
        assert joined_links(made, QPUNetwork.line(3, 1), blocks) == 2
        gates_at_home = np.array([0, 1, 2, 0, 0])
        assert joined_links(made, QPUNetwork.line(3, 1), gates_at_home) == 3


@installed
class TestPartitioner:
    @given(seed=st.integers(0, 10**6), cost=st.sampled_from([*COSTS]))
    def test_within_capacities_and_the_same_again(self, seed: int, cost: str) -> None:
        circuit, network = random_case(seed, most_qubits=12)
        weights = COSTS[cost].pair_weights(circuit)
        made = of_pairs(weights, circuit.n_qubits)
        if cost == "ebits":
            made = of_runs(run_graph(circuit))
        first = list(hypergraph_blocks(made, network, 2, seed))
        for found in first:
            assert found.shape == (made.n_nodes,)
            held = np.bincount(found[: circuit.n_qubits], minlength=len(network.qpus))
            assert np.all(held <= network.capacities)
        again = list(hypergraph_blocks(made, network, 2, seed))
        np.testing.assert_array_equal(first, again)

    def test_nothing_joined(self) -> None:
        made = of_runs(run_graph(Circuit(4, (("H", (0,)),))))
        assert list(hypergraph_blocks(made, QPUNetwork.line(2, 2), 3, 0)) == []

    def test_lonely_qubits_find_a_place(self) -> None:
        made = of_pairs({(0, 5): 1.0, (5, 3): 1.0}, 6)
        (found,) = hypergraph_blocks(made, QPUNetwork.line(2, 3), 1, 0)
        assert len({int(found[q]) for q in (0, 3, 5)}) == 1

    def test_more_qpus_than_qubits_on_a_line_are_left_out(self) -> None:
        """There mtkahypar 1.7 ends the process."""
        made = of_pairs({(0, 1): 1.0}, 2)
        assert list(hypergraph_blocks(made, QPUNetwork.line(3, 2), 3, 0)) == []
        assert len(list(hypergraph_blocks(made, QPUNetwork.complete(3, 2), 3, 0))) == 3

    @pytest.mark.parametrize("shape", ["complete", "line"])
    def test_finds_the_blocks_of_a_ring(self, shape: str) -> None:
        circuit = basic_entangler(64, 1)
        network = getattr(QPUNetwork, shape)(8, 8)
        made = of_pairs(COSTS["gates"].pair_weights(circuit), 64)
        least = min(joined_links(made, network, b) for b in hypergraph_blocks(made, network, 4, 0))
        assert least <= (12 if shape == "complete" else 21)  # 8 and 14 at best


def test_without_the_extra_the_search_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "has_partitioner", lambda: False)
    made = of_pairs({(0, 1): 1.0}, 2)
    assert list(hypergraph_blocks(made, QPUNetwork.line(2, 2), 3, 0)) == []
    for cost in COSTS:
        placed = partition(chen2020(8, 1), QPUNetwork.line(2, 4), cost=cost)
        assert placed.n_cut_gates == 6
