"""The report, the summary and the drawing: the figures of a placement, read back from each."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import basic_entangler, ry_brickwork
from tnqlstm.distribution import Partition, QPUNetwork
from tnqlstm.distribution.report import link_traffic, pair_traffic, qubit_ranges
from tnqlstm.errors import NetworkError

from .test_placed import random_placed

seeds = st.integers(0, 10**6)


def found(pattern: str, text: str) -> tuple[str, ...]:
    """The groups of the line that the pattern matches."""
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"no line like {pattern} in\n{text}"
    return match.groups()


def ring_on_a_line() -> Partition:
    """12 qubits in a ring, 2 layers, on 3 QPUs in a line with a fourth one empty."""
    network = QPUNetwork.line(4, [4, 5, 4, 2])
    blocks = {"qpu0": range(4), "qpu1": range(4, 8), "qpu2": range(8, 12)}
    return Partition.from_blocks(basic_entangler(12, 2), network, blocks)


def gates_between(placed: Partition, a: Any, b: Any) -> int:
    homes = (
        {placed.qpu_of[q] for q in op.qubits}
        for op in placed.circuit.operations
        if len(op.qubits) == 2
    )
    return sum(home == {a, b} for home in homes)


class TestReport:
    def test_in_full(self) -> None:
        assert ring_on_a_line().report().splitlines() == [
            "12 qubits on 3 of 4 QPUs, 6 of 24 two-qubit gates cut",
            "",
            "QPU   used  qubits",
            "qpu0  4/4   0-3",
            "qpu1  4/5   4-7",
            "qpu2  4/4   8-11",
            "qpu3  0/2   none",
            "",
            "between      hops  cut gates  e-bits",
            "qpu0 - qpu1  1     2          2",
            "qpu0 - qpu2  2     2          2",
            "qpu1 - qpu2  1     2          2",
            "",
            "cut gates         6, over 8 hops",
            "e-bits            8 on links, 6 end to end",
            "log2 cut bond     6",
            "shots             × 5.31e5 if every cut gate were replaced by sampled local ones",
        ]

    @given(seed=seeds)
    def test_figures_are_the_properties(self, seed: int) -> None:
        placed = random_placed(seed)
        text = placed.report()
        cut, hops = map(int, found(r"^cut gates +(\d+), over (\d+) hops?$", text))
        assert (cut, hops) == (placed.n_cut_gates, placed.n_hops)
        ebits = found(r"^e-bits +(\d+)(?: on links, (\d+) end to end)?$", text)
        assert int(ebits[0]) == placed.n_ebits
        assert int(ebits[1] or ebits[0]) == placed.n_end_to_end_ebits
        bond = float(found(r"^log2 cut bond +(\S+)$", text)[0])
        assert bond == placed.log2_cut_bond
        shots = float(found(r"^shots +× (\S+) if", text)[0])
        assert shots == pytest.approx(placed.sampling_overhead, rel=6e-3)
        n_gates = len(placed.circuit.two_qubit_operations)
        assert f", {cut} of {n_gates} two-qubit gate" in text.splitlines()[0]
        for qpu, qubits in placed.blocks.items():
            row = found(rf"^{qpu} +(\d+)/(\d+) +(.*)$", text)
            assert (int(row[0]), int(row[1])) == (len(qubits), placed.network.capacity(qpu))
            assert row[2] == qubit_ranges(qubits)

    def test_without_cut_gates(self) -> None:
        text = tnq.partition(ry_brickwork(1, 1), QPUNetwork.line(1, 1)).report()
        assert text.splitlines()[0] == "1 qubit on 1 of 1 QPU, 0 of 0 two-qubit gates cut"
        assert "between" not in text
        assert "× 1 if" in text

    def test_shots_past_the_range_of_a_float(self) -> None:
        circuit = Circuit(2, (("CX", (0, 1)),) * 400)
        placed = Partition(circuit, QPUNetwork.line(2, 1), ("qpu0", "qpu1"))
        mantissa, exponent = found(r"× ([\d.]+)e(\d+) if", placed.report())
        whole = 9**400
        assert int(exponent) == len(str(whole)) - 1
        assert float(mantissa) == pytest.approx(whole / 10 ** int(exponent), abs=6e-3)

    @pytest.mark.parametrize(
        ("qubits", "text"),
        [
            ((), "none"),
            ((3,), "3"),
            ((0, 1), "0-1"),
            (range(8), "0-7"),
            ((13, 0, 2, 1, 9, 12), "0-2, 9, 12-13"),
        ],
    )
    def test_ranges(self, qubits: Any, text: str) -> None:
        assert qubit_ranges(qubits) == text


class TestSummary:
    @given(seed=seeds)
    def test_figures_are_the_properties(self, seed: int) -> None:
        placed = random_placed(seed)
        data = json.loads(json.dumps(placed.summary(), allow_nan=False))
        for name in ("n_cut_gates", "n_hops", "n_ebits", "n_end_to_end_ebits", "log2_cut_bond"):
            assert data[name] == getattr(placed, name)
        assert data["sampling_overhead"] == placed.sampling_overhead
        assert data["log_sampling_overhead"] == placed.log_sampling_overhead
        assert data["n_qubits"] == placed.circuit.n_qubits
        assert data["n_two_qubit_gates"] == len(placed.circuit.two_qubit_operations)
        assert tuple(data["cut_operations"]) == placed.cut_operations
        assert {q["name"]: tuple(q["qubits"]) for q in data["qpus"]} == placed.blocks
        assert [q["capacity"] for q in data["qpus"]] == list(placed.network.capacities)
        assert sum(pair["n_cut_gates"] for pair in data["pairs"]) == placed.n_cut_gates
        assert sum(pair["n_cut_gates"] * pair["hops"] for pair in data["pairs"]) == placed.n_hops
        assert sum(pair["n_ebits"] for pair in data["pairs"]) == placed.n_end_to_end_ebits
        assert sum(pair["n_ebits"] * pair["hops"] for pair in data["pairs"]) == placed.n_ebits
        assert sum(link["n_cut_gates"] for link in data["links"]) == placed.n_hops

    def test_names_that_json_has_not(self) -> None:
        graph = nx.grid_2d_graph(1, 2)
        nx.set_node_attributes(graph, 2, "qubits")
        placed = tnq.partition(ry_brickwork(4, 1), QPUNetwork.from_networkx(graph))
        data = json.loads(json.dumps(placed.summary()))
        assert [qpu["name"] for qpu in data["qpus"]] == ["(0, 0)", "(0, 1)"]
        assert data["pairs"] == [
            {"qpus": ["(0, 0)", "(0, 1)"], "hops": 1, "n_cut_gates": 1, "n_ebits": 1}
        ]

    def test_an_overhead_past_the_range_of_a_float_is_null(self) -> None:
        circuit = Circuit(2, (("CX", (0, 1)),) * 400)
        data = Partition(circuit, QPUNetwork.line(2, 1), ("qpu0", "qpu1")).summary()
        assert data["sampling_overhead"] is None
        assert data["log_sampling_overhead"] == pytest.approx(400 * math.log(9))


class TestTraffic:
    @given(seed=seeds)
    def test_pairs(self, seed: int) -> None:
        placed = random_placed(seed)
        pairs = pair_traffic(placed)
        for pair in pairs:
            assert pair.n_cut_gates == gates_between(placed, pair.a, pair.b) > 0
            assert pair.hops == placed.network.hops(pair.a, pair.b)
        assert sum(pair.n_cut_gates for pair in pairs) == placed.n_cut_gates

    def test_links_carry_what_is_routed_over_them(self) -> None:
        assert link_traffic(ring_on_a_line()) == {
            ("qpu0", "qpu1"): 4,
            ("qpu1", "qpu2"): 4,
            ("qpu2", "qpu3"): 0,
        }


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


class TestDrawing:
    def test_names_and_capacities(self) -> None:
        drawn = texts(QPUNetwork.star(4, [1, 2, 3, 4]).draw())
        assert sorted(drawn) == [f"qpu{i}\n{i + 1} qubits" for i in range(4)]

    @pytest.mark.parametrize("shape", ["line", "ring", "star", "complete"])
    def test_qubits_and_cut_gates(self, shape: str) -> None:
        placed = tnq.partition(basic_entangler(10, 2), getattr(QPUNetwork, shape)(4, [3, 3, 3, 2]))
        figure = placed.draw()
        drawn = texts(figure)
        for qpu, qubits in placed.blocks.items():
            label = f"{qpu}  ({len(qubits)}/{placed.network.capacity(qpu)})\n{qubit_ranges(qubits)}"
            assert label in drawn
        counts = [int(text) for text in drawn if text.isdigit()]
        assert sorted(counts) == sorted(n for n in link_traffic(placed).values() if n)
        assert sum(counts) == placed.n_hops
        title = figure.axes[0].get_title()
        assert (
            title
            == f"{placed.n_cut_gates} cut gates, {placed.n_hops} hops, {placed.n_ebits} e-bits"
        )

    def test_counts_lie_on_their_links(self) -> None:
        placed = ring_on_a_line()
        axes = placed.draw().axes[0]
        where = {t.get_text().split()[0]: t.get_position() for t in axes.texts}
        boxes = {qpu: where[str(qpu)] for qpu in placed.network.qpus}
        counts = [t for t in axes.texts if t.get_text().isdigit()]
        assert len(counts) == 2
        for count, (a, b) in zip(counts, [("qpu0", "qpu1"), ("qpu1", "qpu2")], strict=True):
            (x, y), (u, v) = boxes[a], boxes[b]
            across = (count.get_position()[0] - x) * (v - y) - (count.get_position()[1] - y) * (
                u - x
            )
            assert across == pytest.approx(0)
            assert x < count.get_position()[0] < u
        assert len(axes.lines) == 3

    def test_each_link_has_its_own_count(self) -> None:
        """3 gates over the first link, 1 over the second, 1 over both."""
        pairs = [(0, 1)] * 3 + [(1, 2), (2, 0)]
        circuit = Circuit(3, tuple(("CX", pair) for pair in pairs))
        placed = Partition(circuit, QPUNetwork.line(3, 1), ("qpu0", "qpu1", "qpu2"))
        axes = placed.draw().axes[0]
        counts = [t for t in axes.texts if t.get_text().isdigit()]
        counts.sort(key=lambda text: text.get_position()[0])
        assert [text.get_text() for text in counts] == ["4", "2"]
        first, second = (line.get_linewidth() for line in axes.lines)
        assert first > second

    def test_an_empty_qpu_says_so(self) -> None:
        assert "qpu3  (0/2)\nnone" in texts(ring_on_a_line().draw())

    def test_a_graph_without_positions(self) -> None:
        graph = nx.petersen_graph()
        nx.set_node_attributes(graph, 2, "qubits")
        network = QPUNetwork.from_networkx(graph)
        placed = tnq.partition(basic_entangler(20, 1), network)
        assert len([text for text in texts(placed.draw()) if "(2/2)" in text]) == 10

    @pytest.mark.parametrize("other", [QPUNetwork.ring(4, [4, 5, 4, 2]), QPUNetwork.line(4, 5)])
    def test_another_network(self, other: QPUNetwork) -> None:
        with pytest.raises(
            NetworkError, match=r"on another network\. Draw it with placed\.draw\(\)"
        ):
            other.draw(ring_on_a_line())

    def test_an_equal_network_will_do(self) -> None:
        assert texts(QPUNetwork.line(4, [4, 5, 4, 2]).draw(ring_on_a_line()))
