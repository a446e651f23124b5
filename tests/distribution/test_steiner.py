"""Steiner trees against brute force over all sets of nodes."""

from __future__ import annotations

import itertools
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tnqlstm.distribution import QPUNetwork
from tnqlstm.errors import NetworkError, UnknownNameError


def brute_force(graph: nx.Graph, terminals: frozenset[int]) -> int:
    """Links of a smallest tree: one less than the fewest connected nodes around the terminals."""
    others = [node for node in graph if node not in terminals]
    for size in range(len(others) + 1):
        for more in itertools.combinations(others, size):
            nodes = [*terminals, *more]
            if len(nodes) < 2 or nx.is_connected(graph.subgraph(nodes)):
                return max(len(nodes) - 1, 0)
    raise AssertionError("the graph isn't connected")


def network_of(graph: nx.Graph) -> QPUNetwork:
    nx.set_node_attributes(graph, 1, "qubits")
    return QPUNetwork(graph)


def check_tree(network: QPUNetwork, terminals: frozenset[int]) -> None:
    """The tree joins the terminals, is a tree of the network's links, and has the stated size."""
    tree = network.steiner_tree(network.qpus[i] for i in terminals)
    assert len(tree) == network.steiner_size(terminals)
    assert set(tree) <= set(network.links)
    assert list(tree) == sorted(tree, key=network.links.index)
    if len(terminals) > 1:
        graph = nx.Graph(tree)
        assert nx.is_tree(graph)
        assert {network.qpus[i] for i in terminals} <= set(graph)


@settings(max_examples=200)
@given(data=st.data(), seed=st.integers(0, 10**6), n=st.integers(1, 11))
def test_any_terminals_of_any_small_network(data: Any, seed: int, n: int) -> None:
    density = data.draw(st.sampled_from([0.0, 0.1, 0.3]))
    tree = nx.random_labeled_tree(n, seed=seed)
    graph = nx.compose(tree, nx.gnp_random_graph(n, density, seed=seed))
    network = network_of(graph)
    index = {qpu: i for i, qpu in enumerate(network.qpus)}
    graph = nx.relabel_nodes(graph, index)
    for _ in range(3):  # several of one network, so that they share tables
        terminals = data.draw(st.frozensets(st.integers(0, n - 1)))
        assert network.steiner_size(terminals) == brute_force(graph, terminals)
        check_tree(network, terminals)


@given(st.integers(2, 9), st.data())
def test_closed_forms(n: int, data: Any) -> None:
    some = data.draw(st.frozensets(st.integers(0, n - 1), min_size=2))
    assert QPUNetwork.complete(n, 1).steiner_size(some) == len(some) - 1
    assert QPUNetwork.line(n, 1).steiner_size(some) == max(some) - min(some)
    assert QPUNetwork.star(n, 1).steiner_size(some) == len(some | {0}) - 1
    around = sorted(some)
    gaps = [b - a for a, b in zip(around, [*around[1:], around[0] + n], strict=True)]
    assert QPUNetwork.ring(n, 1).steiner_size(some) == n - max(gaps)


@given(st.integers(0, 29), st.integers(0, 29))
def test_two_terminals_are_their_hops(a: int, b: int) -> None:
    network = QPUNetwork.grid(5, 6, 1)
    assert network.steiner_size(frozenset({a, b})) == network.hop_matrix[a, b]
    check_tree(network, frozenset({a, b}))


def test_a_cross_meets_in_the_middle() -> None:
    network = QPUNetwork.grid(5, 5, 1)
    tree = network.steiner_tree(["qpu2", "qpu10", "qpu14", "qpu22"])
    assert len(tree) == 8
    assert sum("qpu12" in link for link in tree) == 4


@pytest.mark.parametrize("n", [16, 17])
def test_many_terminals_of_the_largest_exact_networks(n: int) -> None:
    """Every second QPU of a ring of n: 8 or 9 of 16 or 17; the tree leaves out one gap of 2."""
    terminals = frozenset(range(0, n, 2))
    network = QPUNetwork.ring(n, 1)
    assert network.steiner_size(terminals) == n - 2
    check_tree(network, terminals)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(9, 14))
def test_approximate_trees_are_trees_within_their_bound(seed: int, n_terminals: int) -> None:
    graph = nx.compose(
        nx.random_labeled_tree(24, seed=seed), nx.gnp_random_graph(24, 0.05, seed=seed)
    )
    network = network_of(graph)
    chosen = frozenset((seed + 5 * i) % 24 for i in range(n_terminals))
    check_tree(network, chosen)
    size = network.steiner_size(chosen)
    part = frozenset(sorted(chosen)[:8])
    # a tree of more terminals is no smaller, and the approximation is below twice the optimum
    assert network.steiner_size(part) <= size < 2 * 23
    assert size <= sum(network.hops(network.qpus[min(chosen)], network.qpus[i]) for i in chosen)


def test_trees_of_trees_are_exact_at_any_size() -> None:
    """In a network without cycles there is one way to join the terminals only."""
    graph = nx.random_labeled_tree(60, seed=1)
    network = network_of(graph)
    chosen = frozenset(range(0, 60, 4))
    pruned = graph.copy()
    while leaves := [v for v in pruned if pruned.degree(v) == 1 and v not in {*chosen}]:
        pruned.remove_nodes_from(leaves)
    assert {frozenset(link) for link in network.steiner_tree(chosen)} == {
        frozenset(edge) for edge in pruned.edges
    }
    assert network.steiner_size(chosen) == pruned.number_of_edges()


def test_fewer_than_two_terminals() -> None:
    network = QPUNetwork.ring(4, 1)
    assert network.steiner_size(frozenset()) == network.steiner_size(frozenset({2})) == 0
    assert network.steiner_tree([]) == network.steiner_tree(["qpu2", "qpu2"]) == ()


def test_unknown_terminals() -> None:
    network = QPUNetwork.line(3, 1)
    for index in (3, -1):
        with pytest.raises(NetworkError, match=f"no QPU has the index {index}; .* are 0 to 2"):
            network.steiner_size(frozenset({0, index}))
    with pytest.raises(UnknownNameError, match="unknown QPU 'qpu3'"):
        network.steiner_tree(["qpu0", "qpu3"])
