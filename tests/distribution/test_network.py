"""`QPUNetwork` and `Link`: shapes, hops, unequal capacities, and what they refuse."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.distribution import LINK_MODELS, Link, QPUNetwork
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

    @pytest.mark.parametrize("shape", SHAPES)
    def test_unequal_capacities_keep_their_order(self, shape: str) -> None:
        network = getattr(QPUNetwork, shape)(3, qubits=[4, 1, np.int64(2)])
        assert [network.capacity(qpu) for qpu in network.qpus] == [4, 1, 2]
        assert network.n_qubits == 7
        assert QPUNetwork.grid(1, 3, [4, 1, 2]).capacities == (4, 1, 2)


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
            NetworkError, match=r"bob has no capacity. Give the node .* qubits, a pos"
        ):
            QPUNetwork.from_networkx(graph)

    @pytest.mark.parametrize("capacity", [0, -1, 2.0, "3", None, True, float("nan")])
    def test_capacity_that_is_none(self, capacity: Any) -> None:
        message = f"QPU qpu1 has the capacity {capacity!r}; a positive integer wanted"
        with pytest.raises(NetworkError, match=message):
            QPUNetwork.line(3, [2, capacity, 2])
        graph = triangle()
        graph.nodes["bob"]["qubits"] = capacity
        with pytest.raises(
            NetworkError, match=f"QPU bob has the capacity {capacity!r}; a positive"
        ):
            QPUNetwork.from_networkx(graph)

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("capacity", [0, -1, 2.0, None, True])
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
        with pytest.raises(NetworkError, match=f"at least one QPU, got n_qpus={n_qpus!r}"):
            getattr(QPUNetwork, shape)(n_qpus, qubits=2)

    @pytest.mark.parametrize(("rows", "cols", "what"), [(0, 2, "rows=0"), (2, -1, "cols=-1")])
    def test_size_of_a_grid(self, rows: int, cols: int, what: str) -> None:
        with pytest.raises(NetworkError, match=f"at least one QPU, got {what}"):
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


class TestLink:
    def test_ideal_is_the_default(self) -> None:
        assert Link() == Link.ideal() == tnq.Link.ideal()
        assert Link.ideal().model == "ideal"
        assert "ideal" in LINK_MODELS

    def test_unknown_model_names_the_close_one(self) -> None:
        with pytest.raises(
            UnknownNameError, match=r"unknown link model 'ideel'. Did you mean 'ideal'"
        ):
            Link("ideel")

    @pytest.mark.parametrize("model", [None, 1, ["ideal"]])
    def test_model_that_is_no_name(self, model: Any) -> None:
        with pytest.raises(UnknownNameError, match="unknown link model"):
            Link(model)

    def test_frozen_and_hashable(self) -> None:
        assert len({Link.ideal(), Link("ideal")}) == 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            Link.ideal().model = "none"  # type: ignore[misc]
