"""Networks without positions look like what they are; links say their fidelity and rate."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest

import tnqlstm as tnq
from tnqlstm.distribution import Link, Partition, QPUNetwork
from tnqlstm.distribution.drawing_layout import lay_out_network
from tnqlstm.distribution.drawing_shapes import positions_by_shape


def shuffled(graph: nx.Graph, seed: int = 0) -> QPUNetwork:
    """The graph with its nodes in another order, under other names, without positions."""
    nodes = list(graph)
    np.random.default_rng(seed).shuffle(nodes)
    mixed = nx.Graph()
    mixed.add_nodes_from((f"n{k}", {"qubits": 2}) for k in range(len(nodes)))
    names = {node: f"n{k}" for k, node in enumerate(nodes)}
    mixed.add_edges_from((names[a], names[b]) for a, b in graph.edges)
    return QPUNetwork.from_networkx(mixed)


def lengths(network: QPUNetwork) -> list[float]:
    found = positions_by_shape(network)
    assert found is not None
    assert len(set(found.values())) == len(network.qpus)
    return [math.dist(found[a], found[b]) for a, b in network.links]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_a_line_is_straight(n: int, seed: int) -> None:
    network = shuffled(nx.path_graph(n), seed)
    assert lengths(network) == [1.0] * (n - 1)
    assert {y for _, y in (positions_by_shape(network) or {}).values()} == {0.0}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [3, 4, 9])
def test_a_ring_is_round(n: int, seed: int) -> None:
    network = shuffled(nx.cycle_graph(n), seed)
    assert lengths(network) == pytest.approx([2 * math.sin(math.pi / n)] * n)


@pytest.mark.parametrize("seed", range(5))
def test_a_star_has_its_centre_in_the_middle(seed: int) -> None:
    assert lengths(shuffled(nx.star_graph(6), seed)) == pytest.approx([1.0] * 6)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (2, 8), (4, 5)])
def test_a_grid_is_square(shape: tuple[int, int], seed: int) -> None:
    network = shuffled(nx.grid_2d_graph(*shape), seed)
    found = lengths(network)
    assert np.allclose(found, found[0])  # 2 × 2 is a ring, too


@pytest.mark.parametrize(
    "graph",
    [nx.complete_graph(5), nx.balanced_tree(2, 2), nx.petersen_graph(), nx.cubical_graph(),
     nx.circular_ladder_graph(6)],
)  # fmt: skip
def test_other_shapes_are_left_to_the_layout(graph: nx.Graph) -> None:
    assert positions_by_shape(shuffled(graph)) is None


def test_a_line_of_eight_is_one_row_and_longer_ones_go_to_and_fro() -> None:
    rows = {n: {y for _, y in lay_out_network(QPUNetwork.line(n, 1)).positions.values()}
            for n in (8, 9, 17)}  # fmt: skip
    assert {n: len(ys) for n, ys in rows.items()} == {8: 1, 9: 2, 17: 3}


def words(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_fidelity_and_rate_stand_on_the_links() -> None:
    link = Link(fidelity=0.953, rate=2500, latency=1e-5)
    network = QPUNetwork.line(3, 2, link)
    placed = Partition.from_blocks(
        tnq.ansatz.ry_brickwork(4, 1), network, {"qpu0": [0, 1], "qpu1": [2, 3]}
    )
    for figure in (network.draw(), placed.draw()):
        assert words(figure).count("F 0.953") == words(figure).count("2,500/s") == 2
    assert "F 1" not in words(QPUNetwork.line(3, 2).draw())
    assert not any("/s" in text for text in words(QPUNetwork.line(3, 2).draw()))
    rates = [QPUNetwork.line(2, 1, Link(rate=rate)).draw() for rate in (0.5, 3e7)]
    assert [next(t for t in words(f) if "/s" in t) for f in rates] == ["0.5/s", "3e+07/s"]


def test_labels_dont_meet_boxes() -> None:
    network = QPUNetwork.line(9, 1, Link(fidelity=0.9, rate=1e4))
    layout = lay_out_network(network)
    ys = sorted({y for _, y in layout.positions.values()})
    for low, high in pairwise(ys):
        assert high - low > 4 * 0.17 + 0.66
