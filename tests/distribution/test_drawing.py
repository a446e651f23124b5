"""The picture of a network: what it says, and that nothing lies on top of anything else."""

from __future__ import annotations

import re
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch

import tnqlstm as tnq
from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import basic_entangler
from tnqlstm.distribution import Partition, QPUNetwork
from tnqlstm.distribution.drawing import draw_network
from tnqlstm.distribution.drawing_layout import Box, lay_out_network
from tnqlstm.distribution.report import qubit_ranges
from tnqlstm.distribution.traffic import link_traffic
from tnqlstm.errors import NetworkError, UnknownNameError

from .test_report import moved, ring_on_a_line

LABEL = re.compile(r"(\d+) (e-bit|gate)s?$")
SHAPES = {
    "two": QPUNetwork.line(2, 8),
    "line": QPUNetwork.line(4, 4),
    "long": QPUNetwork.line(14, 2),
    "ring": QPUNetwork.ring(16, 2),
    "star": QPUNetwork.star(6, 3),
    "grid": QPUNetwork.grid(3, 3, 2),
    "complete": QPUNetwork.complete(5, 4),
    "dense": QPUNetwork.complete(9, 2),
}


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def labels(figure: Any) -> dict[str, list[int]]:
    """The figures on links, by their nouns."""
    found: dict[str, list[int]] = {"e-bit": [], "gate": []}
    for text in texts(figure):
        match = LABEL.fullmatch(text)
        if match:
            found[match[2]].append(int(match[1]))
    return found


def title(figure: Any) -> str:
    return max(figure.axes[0].texts, key=lambda text: text.get_position()[1]).get_text()


def test_names_and_capacities() -> None:
    drawn = texts(QPUNetwork.star(4, [1, 2, 3, 4]).draw())
    numbers = ["1 qubit", "2 qubits", "3 qubits", "4 qubits"]
    assert sorted(drawn) == [f"qpu{i}\n{n}" for i, n in enumerate(numbers)]


@pytest.mark.parametrize("shape", ["line", "star", "grid", "complete"])
def test_qubits_e_bits_and_cut_gates(shape: str) -> None:
    network = SHAPES[shape]
    placed = tnq.partition(basic_entangler(14, 2), network)
    figure = placed.draw()
    drawn = texts(figure)
    for qpu, qubits in placed.blocks.items():
        first, *_ = [text for text in drawn if text.startswith(f"{qpu} ")]
        assert first.split("\n")[0] == f"{qpu}  ({len(qubits)}/{network.capacity(qpu)})"
        assert " ".join(first.split("\n")[1:]) == qubit_ranges(qubits)
    busy = [link for link in link_traffic(placed).values() if link.n_ebits or link.n_cut_gates]
    found = labels(figure)
    assert sorted(found["e-bit"]) == sorted(link.n_ebits for link in busy)
    assert sorted(found["gate"]) == sorted(link.n_cut_gates for link in busy)
    assert title(figure) == (
        f"{placed.n_ebits} e-bits, {placed.n_cut_gates} cut gates over {placed.n_hops} hops"
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_no_text_leaves_its_place_or_hides_another(shape: str) -> None:
    """Rendered: QPUs' texts lie in their boxes; boxes, labels and the title never overlap."""
    placed = tnq.partition(basic_entangler(14, 2), SHAPES[shape], n_random_starts=2)
    figure = placed.draw()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    axes = figure.axes[0]
    boxes = [p.get_window_extent(renderer) for p in axes.patches if isinstance(p, FancyBboxPatch)]
    inside = [t for t in axes.texts if t.get_text().split()[0] in placed.network.qpus]
    outside = [t.get_window_extent(renderer) for t in axes.texts if t not in inside]
    for box, text in zip(boxes, inside, strict=True):
        extent = text.get_window_extent(renderer)
        assert box.x0 <= extent.x0 <= extent.x1 <= box.x1
        assert box.y0 <= extent.y0 <= extent.y1 <= box.y1
    parts = [*boxes, *outside]
    for k, one in enumerate(parts):
        assert not any(_overlap(one, other) for other in parts[:k])
        assert 0 <= one.x0 <= one.x1 <= figure.bbox.width
        assert 0 <= one.y0 <= one.y1 <= figure.bbox.height


def _overlap(a: Any, b: Any) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1.5


def test_labels_lie_on_their_links() -> None:
    axes = ring_on_a_line().draw().axes[0]
    where = {t.get_text().split()[0]: t.get_position() for t in axes.texts}
    found = [t.get_position() for t in axes.texts if t.get_text() in ("4 e-bits", "4 gates")]
    assert len(found) == 4
    for k, (a, b) in enumerate([("qpu0", "qpu1"), ("qpu1", "qpu2")]):
        for x, _ in found[2 * k : 2 * k + 2]:
            assert where[a][0] < x < where[b][0]
        assert (found[2 * k][1] + found[2 * k + 1][1]) / 2 == pytest.approx(where[a][1])
    assert len(axes.lines) == 3


def three_and_two() -> Partition:
    """4 gates and 1 e-bit over the first link, 2 gates and 2 e-bits over the second."""
    operations = [("CX", (0, 1))] * 3 + [("CX", (1, 2)), ("H", (0,)), ("CX", (0, 2))]
    return Partition(Circuit(3, tuple(operations)), QPUNetwork.line(3, 1), ("qpu0", "qpu1", "qpu2"))


@pytest.mark.parametrize("traffic", ["ebits", "gates"])
def test_the_chosen_figure_comes_first_and_sets_widths(traffic: str) -> None:
    placed = three_and_two()
    axes = draw_network(placed.network, placed, traffic=traffic).axes[0]
    carried = link_traffic(placed)
    name = "n_ebits" if traffic == "ebits" else "n_cut_gates"
    counts = [getattr(carried[link], name) for link in placed.network.links]
    lines = sorted(axes.lines, key=lambda line: float(np.min(line.get_xdata())))
    widths = [line.get_linewidth() for line in lines]
    assert (counts[0] > counts[1]) == (widths[0] > widths[1])
    bold = [t.get_text() for t in axes.texts if t.get_fontweight() == "bold"]
    noun = "e-bit" if traffic == "ebits" else "gate"
    assert sorted(bold) == sorted(f"{n} {noun}{'s' * (n != 1)}" for n in counts)
    assert title(axes.figure).split()[1].startswith("e-bit" if traffic == "ebits" else "cut")


def test_many_links_have_two_numbers_each_and_a_legend() -> None:
    placed = tnq.partition(basic_entangler(18, 2), SHAPES["dense"], n_random_starts=2)
    figure = placed.draw()
    carried = [link for link in link_traffic(placed).values() if link.n_cut_gates]
    pairs = [text for text in texts(figure) if re.fullmatch(r"\d+ · \d+", text)]
    assert sorted(pairs) == sorted(f"{each.n_ebits} · {each.n_cut_gates}" for each in carried)
    assert "on links: e-bits · cut gates" in texts(figure)


def test_a_link_without_room_for_its_label_is_told() -> None:
    """Three QPUs in a row, each linked to both others: two labels fit, in the two gaps."""
    graph = nx.complete_graph(3)
    nx.set_node_attributes(graph, 1, "qubits")
    nx.set_node_attributes(graph, {i: (float(i), 0.0) for i in range(3)}, "position")
    pairs = ((0, 1), (1, 2), (0, 2), (0, 2))
    circuit = Circuit(3, tuple(("SWAP", pair) for pair in pairs))
    figure = Partition(circuit, QPUNetwork.from_networkx(graph), (0, 1, 2)).draw()
    assert "1 more link, without room for figures" in texts(figure)
    assert sorted(labels(figure)["gate"]) == [1, 2]  # the busiest has its label


def test_an_empty_qpu_says_so() -> None:
    assert "qpu3  (0/2)\nnone" in texts(ring_on_a_line().draw())


def test_moves_are_in_the_title() -> None:
    assert title(moved().draw()) == "1 e-bit, 1 cut gate over 1 hop, 1 move (qubits: at first)"


def test_a_graph_without_positions() -> None:
    graph = nx.petersen_graph()
    nx.set_node_attributes(graph, 2, "qubits")
    network = QPUNetwork.from_networkx(graph)
    placed = tnq.partition(basic_entangler(20, 1), network, n_random_starts=2)
    assert len([text for text in texts(placed.draw()) if "(2/2)" in text]) == 10


def test_a_long_line_goes_to_and_fro() -> None:
    layout = lay_out_network(QPUNetwork.line(18, 1))
    xs, ys = zip(*layout.positions.values(), strict=True)
    assert len(set(ys)) == 3
    assert list(xs[:8]) == sorted(xs[:8])
    assert list(xs[8:16]) == sorted(xs[8:16], reverse=True)
    assert xs[8] == xs[7]
    assert ys[16] < ys[8] < ys[0]


@given(seed=st.integers(0, 1000), n=st.integers(2, 30), given_positions=st.booleans())
def test_boxes_never_meet(seed: int, n: int, given_positions: bool) -> None:
    graph = nx.random_labeled_tree(n, seed=seed)
    nx.set_node_attributes(graph, 1, "qubits")
    if given_positions:
        nx.set_node_attributes(graph, nx.random_layout(graph, seed=seed), "position")
        nx.set_node_attributes(
            graph, {q: tuple(map(float, p)) for q, p in graph.nodes(data="position")}, "position"
        )
    layout = lay_out_network(QPUNetwork.from_networkx(graph))
    boxes = [layout.box(qpu) for qpu in graph]
    for k, box in enumerate(boxes):
        assert not any(box.touches(other) for other in boxes[:k])
        assert box.width / 2 <= box.x <= layout.size[0] - box.width / 2
        assert box.height / 2 <= box.y <= layout.size[1] - box.height / 2
    assert max(layout.size) < 42


@given(
    x=st.floats(-3, 3), y=st.floats(-3, 3), u=st.floats(-3, 3), v=st.floats(-3, 3),
    width=st.floats(0.1, 2), height=st.floats(0.1, 2),
)  # fmt: skip
def test_lines_through_boxes(
    x: float, y: float, u: float, v: float, width: float, height: float
) -> None:
    """Against points on the line: one well inside means crossed; crossed means one not outside."""
    box = Box(0.0, 0.0, width, height)
    points = [(x + k / 400 * (u - x), y + k / 400 * (v - y)) for k in range(401)]
    slack = max(abs(u - x), abs(v - y)) / 400
    depth = max(min(width / 2 - abs(a), height / 2 - abs(b)) for a, b in points)
    if depth > 0:
        assert box.is_crossed((x, y), (u, v))
    if depth < -slack:
        assert not box.is_crossed((x, y), (u, v))


@pytest.mark.parametrize("other", [QPUNetwork.ring(4, [4, 5, 4, 2]), QPUNetwork.line(4, 5)])
def test_another_network(other: QPUNetwork) -> None:
    with pytest.raises(NetworkError, match=r"on another network\. Draw it with placed\.draw\(\)"):
        other.draw(ring_on_a_line())


def test_an_equal_network_will_do() -> None:
    assert texts(QPUNetwork.line(4, [4, 5, 4, 2]).draw(ring_on_a_line()))


def test_unknown_traffic() -> None:
    with pytest.raises(UnknownNameError, match="unknown traffic 'bits'"):
        draw_network(QPUNetwork.line(2, 1), traffic="bits")
