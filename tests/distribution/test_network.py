"""`QPUNetwork`: shapes, hops, unequal capacities, and what they refuse."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.distribution import Link, QPUNetwork, topologies
from tnqlstm.errors import NetworkError, UnknownNameError

from . import exhaustive

SHAPES = ("line", "ring", "star", "complete")


def links(network: QPUNetwork) -> set[frozenset[Any]]:
    return {frozenset(edge) for edge in network.graph.edges}


def named(*pairs: tuple[int, int]) -> set[frozenset[str]]:
    return {frozenset((f"qpu{a}", f"qpu{b}")) for a, b in pairs}


def triangle(**attributes: Any) -> nx.Graph:
    graph = nx.Graph()
    graph.add_node("alice", qubits=2)
    graph.add_node("bob", qubits=5)
    graph.add_node("carol", qubits=1)
    graph.add_edges_from([("alice", "bob"), ("bob", "carol")], **attributes)
    return graph


class TestShapes:
    @pytest.mark.parametrize(
        ("network", "edges"),
        [
            (QPUNetwork.line(4, 3), [(0, 1), (1, 2), (2, 3)]),
            (QPUNetwork.ring(4, 3), [(0, 1), (1, 2), (2, 3), (3, 0)]),
            (QPUNetwork.ring(3, 3), [(0, 1), (1, 2), (2, 0)]),
            (QPUNetwork.ring(2, 3), [(0, 1)]),
            (QPUNetwork.star(4, 3), [(0, 1), (0, 2), (0, 3)]),
            (QPUNetwork.complete(4, 3), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]),
            (
                QPUNetwork.grid(2, 3, 3),
                [(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)],
            ),
            (QPUNetwork.grid(3, 1, 3), [(0, 1), (1, 2)]),
            # Watts and Strogatz's ring without rewiring, k = 4 and 2
            (
                QPUNetwork.small_world(6, 3, k=4, p=0),
                [(i, (i + step) % 6) for i in range(6) for step in (1, 2)],
            ),
            (QPUNetwork.small_world(5, 3, k=2, p=0), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]),
            (QPUNetwork.random(4, 3, p=1), list(itertools.combinations(range(4), 2))),
        ],
    )
    def test_links(self, network: QPUNetwork, edges: list[tuple[int, int]]) -> None:
        n = 1 + max(map(max, edges))
        assert network.qpus == tuple(f"qpu{i}" for i in range(n))
        assert links(network) == named(*edges)
        assert network.capacities == (3,) * n
        assert network.n_qubits == 3 * n

    @pytest.mark.parametrize("shape", SHAPES)
    def test_a_single_qpu_has_no_links(self, shape: str) -> None:
        network = getattr(QPUNetwork, shape)(1, qubits=4)
        assert network.qpus == ("qpu0",)
        assert not links(network)
        assert network.hops("qpu0", "qpu0") == 0

    @pytest.mark.parametrize(
        ("network", "a", "b", "hops"),
        [
            (QPUNetwork.line(6, 1), "qpu0", "qpu5", 5),
            (QPUNetwork.line(6, 1), "qpu4", "qpu1", 3),
            (QPUNetwork.ring(6, 1), "qpu0", "qpu5", 1),
            (QPUNetwork.ring(6, 1), "qpu1", "qpu4", 3),
            (QPUNetwork.star(6, 1), "qpu0", "qpu5", 1),
            (QPUNetwork.star(6, 1), "qpu2", "qpu5", 2),
            (QPUNetwork.complete(6, 1), "qpu2", "qpu5", 1),
            (QPUNetwork.grid(3, 4, 1), "qpu0", "qpu11", 5),
            (QPUNetwork.grid(3, 4, 1), "qpu3", "qpu8", 5),
        ],
    )
    def test_hops(self, network: QPUNetwork, a: str, b: str, hops: int) -> None:
        assert network.hops(a, b) == network.hops(b, a) == hops

    @given(seed=st.integers(0, 10**6), n=st.integers(1, 9))
    def test_hops_and_routes_of_any_network(self, seed: int, n: int) -> None:
        graph = nx.compose(
            nx.random_labeled_tree(n, seed=seed), nx.gnp_random_graph(n, 0.2, seed=seed)
        )
        nx.set_node_attributes(graph, 1, "qubits")
        network = QPUNetwork.from_networkx(graph)
        np.testing.assert_array_equal(network.hop_matrix, exhaustive.hop_counts(network))
        for a in graph:
            for b in graph:
                route = network.route(a, b)
                assert (route[0], route[-1], len(route) - 1) == (a, b, network.hops(a, b))
                assert all(graph.has_edge(*step) for step in itertools.pairwise(route))

    def test_equal_networks_have_equal_routes(self) -> None:
        ring = QPUNetwork.ring(4, 1)
        graph = nx.Graph()
        graph.add_nodes_from(ring.qpus, qubits=1)
        graph.add_edges_from([("qpu3", "qpu2"), ("qpu0", "qpu3"), ("qpu2", "qpu1"), ring.links[0]])
        assert QPUNetwork(graph) == ring
        assert QPUNetwork(graph).route("qpu0", "qpu2") == ("qpu0", "qpu1", "qpu2")
        assert ring.route("qpu0", "qpu2") == ("qpu0", "qpu1", "qpu2")

    @pytest.mark.parametrize("shape", SHAPES)
    def test_unequal_capacities_keep_their_order(self, shape: str) -> None:
        network = getattr(QPUNetwork, shape)(3, qubits=[4, 1, np.int64(2)])
        assert [network.capacity(qpu) for qpu in network.qpus] == [4, 1, 2]
        assert network.n_qubits == 7
        assert QPUNetwork.grid(1, 3, [4, 1, 2]).capacities == (4, 1, 2)


class TestRandomShapes:
    @given(n=st.integers(4, 12), p=st.floats(0, 1), seed=st.integers(0, 10**6))
    def test_a_small_world_has_as_many_links_as_the_ring(self, n: int, p: float, seed: int) -> None:
        network = QPUNetwork.small_world(n, 2, k=4, p=p, seed=seed)
        assert len(network.links) == (n * 2 if n > 4 else 6)
        assert network == QPUNetwork.small_world(n, 2, k=4, p=p, seed=seed)

    @given(n=st.integers(1, 12), seed=st.integers(0, 10**6))
    def test_random_networks_are_connected_and_repeatable(self, n: int, seed: int) -> None:
        network = QPUNetwork.random(n, 2, p=0.4, seed=seed)  # connectivity: checked when made
        assert len(network.qpus) == n
        assert network == QPUNetwork.random(n, 2, p=0.4, seed=seed)

    def test_random_links_are_as_likely_as_p_says(self) -> None:
        counts = [len(QPUNetwork.random(20, 1, p=0.3, seed=seed).links) for seed in range(60)]
        # of 190 pairs; 0.3 ± 4 standard errors of the mean of 60 draws
        assert abs(np.mean(counts) / 190 - 0.3) < 4 * (0.3 * 0.7 / 190 / 60) ** 0.5

    def test_seeds_differ(self) -> None:
        assert len({QPUNetwork.random(8, 1, seed=seed) for seed in range(5)}) == 5
        assert len({QPUNetwork.small_world(10, 1, seed=seed) for seed in range(5)}) == 5

    @pytest.mark.parametrize("k", [0, 1, 9, 2.5, True, "4"])
    def test_k_that_makes_no_small_world(self, k: Any) -> None:
        message = f"2 ≤ k ≤ n_qpus, got k={k!r} and n_qpus=8|k must be a whole number, got {k!r}"
        with pytest.raises(NetworkError, match=message):
            QPUNetwork.small_world(8, 2, k=k)

    @pytest.mark.parametrize("make", [QPUNetwork.small_world, QPUNetwork.random])
    @pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), "0.5", True])
    def test_p_that_is_no_probability(self, make: Any, p: Any) -> None:
        with pytest.raises(NetworkError, match=r"probability p (from 0 to 1|must be a number)"):
            make(8, 2, p=p)

    @pytest.mark.parametrize("make", [QPUNetwork.small_world, QPUNetwork.random])
    @pytest.mark.parametrize("seed", [None, 1.5, "0", True])
    def test_seed_that_is_none(self, make: Any, seed: Any) -> None:
        with pytest.raises(NetworkError, match="seed must be a whole number, got"):
            make(8, 2, seed=seed)

    def test_draws_that_never_connect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(NetworkError, match=r"n_qpus=3, p=0.0 were drawn .* Raise p, or"):
            QPUNetwork.random(3, 1, p=0)
        monkeypatch.setattr(topologies, "_MOST_DRAWS", 1)
        with pytest.raises(NetworkError, match=r"n_qpus=60, k=2, p=1.0 were drawn .* Raise k, or"):
            QPUNetwork.small_world(60, 1, k=2, p=1, seed=1)


class TestCommunicationQubits:
    @pytest.mark.parametrize("shape", [*SHAPES, "small_world", "random"])
    def test_one_for_all_or_one_each(self, shape: str) -> None:
        make = getattr(QPUNetwork, shape)
        assert make(4, 3).communication_qubits == (None,) * 4
        assert make(4, 3, communication_qubits=2).communication_qubits == (2,) * 4
        network = make(4, 3, communication_qubits=[0, None, np.int64(5), 1])
        assert network.communication_qubits == (0, None, 5, 1)
        assert [network.communication_capacity(q) for q in network.qpus] == [0, None, 5, 1]
        assert network.capacities == (3,) * 4
        assert network.n_qubits == 12
        with pytest.raises(NetworkError, match="3 numbers of communication qubits for 4 QPUs"):
            make(4, 3, communication_qubits=[1, 2, 3])

    def test_of_a_graph(self) -> None:
        graph = triangle()
        graph.nodes["bob"]["communication_qubits"] = 2
        network = QPUNetwork.from_networkx(graph)
        assert network.communication_qubits == (None, 2, None)
        with pytest.raises(UnknownNameError, match="unknown QPU 'dave'"):
            network.communication_capacity("dave")

    @pytest.mark.parametrize("number", [-1, 2.5, "2", True, float("nan")])
    def test_numbers_that_are_none(self, number: Any) -> None:
        message = f"of QPU qpu1 must be a whole number of at least 0, got {number!r}. Or None"
        with pytest.raises(NetworkError, match=message):
            QPUNetwork.line(2, 1, communication_qubits=[None, number])

    def test_equality_hash_and_repr(self) -> None:
        two, none = QPUNetwork.line(2, 1, communication_qubits=2), QPUNetwork.line(2, 1)
        assert two != none
        assert QPUNetwork.line(2, 1, communication_qubits=0) != none
        assert two == QPUNetwork.line(2, 1, communication_qubits=[2, 2])
        assert len({two, none, QPUNetwork.line(2, 1, communication_qubits=[2, 2])}) == 2
        network = QPUNetwork.line(2, 3, communication_qubits=[2, None])
        assert repr(network) == "QPUNetwork(qpu0: 3+2, qpu1: 3; 1 link)"


class TestFromNetworkx:
    def test_names_capacities_and_links(self) -> None:
        network = QPUNetwork.from_networkx(triangle(fibre="dark"))
        assert network.qpus == ("alice", "bob", "carol")
        assert network.capacities == (2, 5, 1)
        assert network.hops("alice", "carol") == 2
        assert network.route("alice", "carol") == ("alice", "bob", "carol")
        assert network.link("bob", "alice") == Link.ideal()
        assert network.graph.edges["alice", "bob"]["fibre"] == "dark"

    def test_a_link_is_kept(self) -> None:
        link = Link("ideal")
        assert QPUNetwork.from_networkx(triangle(link=link)).link("alice", "bob") is link
        assert QPUNetwork.line(2, 1, link=link).link("qpu0", "qpu1") is link

    def test_figures_of_an_edge_make_its_link(self) -> None:
        graph = triangle()
        graph.edges["alice", "bob"].update(fidelity=0.9, rate=50, latency=0.1, fibre="dark")
        network = QPUNetwork.from_networkx(graph)
        assert network.link("alice", "bob") == Link(fidelity=0.9, rate=50.0, latency=0.1)
        assert network.link("bob", "carol") == Link.ideal()
        assert set(network.graph.edges["alice", "bob"]) == {"link", "fibre"}
        assert set(graph.edges["alice", "bob"]) == {"fidelity", "rate", "latency", "fibre"}
        assert QPUNetwork.from_networkx(network.graph) == network

    def test_a_link_and_figures_contradict(self) -> None:
        graph = triangle(link=Link.ideal())
        graph.edges["bob", "carol"]["latency"] = 0.0
        with pytest.raises(
            NetworkError, match=r"edge bob - carol has both a link and latency .* Keep one"
        ):
            QPUNetwork.from_networkx(graph)

    def test_a_figure_out_of_range_names_the_link(self) -> None:
        with pytest.raises(NetworkError, match=r"link alice - bob: a link's fidelity is 1\.2; a n"):
            QPUNetwork.from_networkx(triangle(fidelity=1.2))

    @pytest.mark.parametrize("position", [3, "ab", (1,), (1, 2, 3), (0, float("nan")), None])
    def test_positions_that_are_none(self, position: Any) -> None:
        graph = triangle()
        graph.nodes["carol"]["position"] = position
        with pytest.raises(NetworkError, match=r"QPU carol has the position .*two finite numbers"):
            QPUNetwork.from_networkx(graph)

    def test_links_are_the_edges_in_order(self) -> None:
        assert QPUNetwork.from_networkx(triangle()).links == (("alice", "bob"), ("bob", "carol"))
        assert QPUNetwork.line(1, 1).links == ()

    def test_copies_and_pickles(self) -> None:
        network = QPUNetwork.small_world(7, 2, link=Link(fidelity=0.8), communication_qubits=1)
        sizes = network.steiner_size(frozenset({0, 3, 5})), network.hops("qpu0", "qpu3")
        for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
            assert other == network
            assert (other.steiner_size(frozenset({0, 3, 5})), other.hops("qpu0", "qpu3")) == sizes

    def test_any_hashable_is_a_name(self) -> None:
        graph = nx.grid_2d_graph(2, 2)
        nx.set_node_attributes(graph, {node: 1 + sum(node) for node in graph}, "qubits")
        network = QPUNetwork.from_networkx(graph)
        assert network.capacity((1, 1)) == 3
        assert network.hops((0, 0), (1, 1)) == 2
        assert [network.index(qpu) for qpu in network.qpus] == [0, 1, 2, 3]

    def test_the_graph_is_a_frozen_copy(self) -> None:
        graph = triangle()
        network = QPUNetwork.from_networkx(graph)
        graph.add_edge("alice", "carol")
        graph.nodes["alice"]["qubits"] = 9
        assert network.hops("alice", "carol") == 2
        assert network.capacity("alice") == 2
        assert "link" not in graph.edges["alice", "bob"]  # nothing is written into it either
        with pytest.raises(nx.NetworkXError, match=r"[Ff]rozen"):
            network.graph.add_edge("alice", "carol")
        with pytest.raises(nx.NetworkXError, match=r"[Ff]rozen"):
            network.graph.remove_node("alice")
        with pytest.raises(ValueError, match="read-only"):
            network.hop_matrix[0, 1] = 7
        with pytest.raises(dataclasses.FrozenInstanceError):
            network.graph = graph  # type: ignore[misc]


class TestEquality:
    def test_equal_and_hash(self) -> None:
        graph = nx.Graph([("qpu1", "qpu0"), ("qpu1", "qpu2")])
        ordered = nx.Graph()
        ordered.add_nodes_from(["qpu0", "qpu1", "qpu2"], qubits=2)
        ordered.add_edges_from(graph.edges, colour="red")
        line = QPUNetwork.line(3, 2)
        assert line == QPUNetwork.from_networkx(ordered)
        assert hash(line) == hash(QPUNetwork.from_networkx(ordered))
        assert line == QPUNetwork.grid(1, 3, 2)
        assert len({line, QPUNetwork.line(3, [2, 2, 2]), QPUNetwork.line(3, 1)}) == 2

    @pytest.mark.parametrize(
        "other",
        [
            QPUNetwork.line(3, [2, 2, 1]),
            QPUNetwork.line(4, 2),
            QPUNetwork.ring(3, 2),
            QPUNetwork.star(3, 2),  # a line too, but its middle has another name
            "qpu0 - qpu1 - qpu2",
            None,
        ],
    )
    def test_unequal(self, other: object) -> None:
        assert QPUNetwork.line(3, 2) != other

    def test_repr_names_every_capacity(self) -> None:
        assert (
            repr(QPUNetwork.star(3, [1, 2, 3])) == "QPUNetwork(qpu0: 1, qpu1: 2, qpu2: 3; 2 links)"
        )


class TestBadNetworks:
    def test_empty(self) -> None:
        with pytest.raises(NetworkError, match="at least one QPU, the graph has no nodes"):
            QPUNetwork.from_networkx(nx.Graph())

    @pytest.mark.parametrize("kind", [nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
    def test_directed_or_multigraph(self, kind: type[nx.Graph]) -> None:
        message = rf"undirected graph .* wanted, got {kind.__name__}\. Convert it with networkx\.Gr"
        with pytest.raises(NetworkError, match=message):
            QPUNetwork.from_networkx(kind(triangle()))

    @pytest.mark.parametrize("graph", [None, {"a": ["b"]}, [("a", "b")]])
    def test_no_graph(self, graph: Any) -> None:
        with pytest.raises(
            NetworkError, match=rf"graph wanted, got {type(graph).__name__}\. Use QPUNetwork\.line"
        ):
            QPUNetwork.from_networkx(graph)

    def test_disconnected_lists_the_parts(self) -> None:
        graph = triangle()
        graph.remove_edge("bob", "carol")
        with pytest.raises(NetworkError, match=r"2 parts .*: alice, bob; carol\. Link them, or"):
            QPUNetwork.from_networkx(graph)

    def test_self_loop(self) -> None:
        graph = triangle()
        graph.add_edge("bob", "bob")
        with pytest.raises(NetworkError, match=r"linked to themselves: bob\. Remove"):
            QPUNetwork.from_networkx(graph)

    def test_no_capacity(self) -> None:
        graph = triangle()
        del graph.nodes["bob"]["qubits"]
        with pytest.raises(
            NetworkError, match=r"bob has no capacity. Give the node .* qubits, a whole"
        ):
            QPUNetwork.from_networkx(graph)

    @pytest.mark.parametrize("capacity", [0, -1, 2.5, "3", None, True, float("nan")])
    def test_capacity_that_is_none(self, capacity: Any) -> None:
        message = f"QPU qpu1 must be a whole number of at least 1, got {capacity!r}"
        with pytest.raises(NetworkError, match=message):
            QPUNetwork.line(3, [2, capacity, 2])
        graph = triangle()
        graph.nodes["bob"]["qubits"] = capacity
        with pytest.raises(NetworkError, match=message.replace("qpu1", "bob")):
            QPUNetwork.from_networkx(graph)

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("capacity", [0, -1, 2.5, None, True])
    def test_one_capacity_for_all_that_is_none(self, shape: str, capacity: Any) -> None:
        with pytest.raises(NetworkError, match=f"{capacity!r}"):
            getattr(QPUNetwork, shape)(2, qubits=capacity)

    @pytest.mark.parametrize("link", ["ideal", 0.9, None])
    def test_link_that_is_none(self, link: Any) -> None:
        with pytest.raises(
            NetworkError, match=f"link alice - bob is {link!r}; a Link wanted, such"
        ):
            QPUNetwork.from_networkx(triangle(link=link))

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("capacities", [[2, 2], [2, 2, 2, 2], []])
    def test_wrong_number_of_capacities(self, shape: str, capacities: list[int]) -> None:
        message = rf"{len(capacities)} capacities for 3 QPUs.*Give one number for all, or 3 numbers"
        with pytest.raises(NetworkError, match=message):
            getattr(QPUNetwork, shape)(3, qubits=capacities)

    def test_wrong_number_of_capacities_on_a_grid(self) -> None:
        with pytest.raises(NetworkError, match=r"3 capacities for 6 QPUs: \[1, 2, 3\]"):
            QPUNetwork.grid(2, 3, [1, 2, 3])

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("n_qpus", [0, -2, 1.5, True, "2"])
    def test_number_of_qpus(self, shape: str, n_qpus: Any) -> None:
        with pytest.raises(
            NetworkError, match=f"n_qpus must be .* got {n_qpus!r}.* at least one QPU"
        ):
            getattr(QPUNetwork, shape)(n_qpus, qubits=2)

    @pytest.mark.parametrize(
        ("rows", "cols", "what"), [(0, 2, "rows .* got 0"), (2, -1, "cols .* got -1")]
    )
    def test_size_of_a_grid(self, rows: int, cols: int, what: str) -> None:
        with pytest.raises(NetworkError, match=what):
            QPUNetwork.grid(rows, cols, 2)

    @pytest.mark.parametrize("method", ["hops", "route", "link"])
    def test_unknown_qpu_names_the_close_ones(self, method: str) -> None:
        network = QPUNetwork.line(3, 2)
        for pair in (("qpu0", "qpu_1"), ("qpu_1", "qpu0")):
            with pytest.raises(
                UnknownNameError, match=r"unknown QPU 'qpu_1'. Did you mean .*'qpu1'"
            ):
                getattr(network, method)(*pair)

    @pytest.mark.parametrize("qpu", ["quantum", 1, ["qpu1"], None])
    def test_unknown_qpu_names_the_known_ones(self, qpu: Any) -> None:
        with pytest.raises(UnknownNameError, match=r"unknown QPU .*Known: qpu0, qpu1, qpu2"):
            QPUNetwork.line(3, 2).capacity(qpu)

    def test_no_link(self) -> None:
        with pytest.raises(
            NetworkError, match=r"no link qpu0 - qpu2\. QPUs linked to qpu0: qpu1\."
        ):
            QPUNetwork.line(3, 2).link("qpu0", "qpu2")
