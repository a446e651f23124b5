"""The report and the summary: the figures of a placement, read back from each."""

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
from tnqlstm.distribution import COSTS, Partition, QPUNetwork
from tnqlstm.distribution.placed import Move
from tnqlstm.distribution.report import qubit_ranges

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


def moved() -> Partition:
    """Qubit 0 meets 1 first and 3 later, so it goes from the one's QPU to the other's."""
    operations: list[Any] = []
    for _ in range(5):
        operations += [("CX", (0, 1)), ("H", (0,)), ("RY", (1,), 0.3), ("SWAP", (1, 2))]
    for _ in range(5):
        operations += [("CX", (0, 3)), ("H", (0,)), ("RY", (3,), 0.3), ("SWAP", (3, 4))]
    circuit = Circuit(5, tuple(operations))
    where = ("qpu0", "qpu0", "qpu0", "qpu1", "qpu1")
    return Partition(circuit, QPUNetwork.line(2, 3), where, (Move(0, 21, "qpu1"),))


class TestReport:
    def test_in_full(self) -> None:
        placed = ring_on_a_line()
        schedule = placed.schedule()
        used = placed.protocol.communication_qubits
        assert placed.report().splitlines() == [
            "12 qubits on 3 of 4 QPUs, 6 of 24 two-qubit gates cut",
            "",
            "QPU   data  communication  qubits",
            f"qpu0  4/4   {used[0]}              0-3",
            f"qpu1  4/5   {used[1]}              4-7",
            f"qpu2  4/4   {used[2]}              8-11",
            "qpu3  0/2   0              none",
            "",
            "between      hops  cut gates  e-bits",
            "qpu0 - qpu1  1     2          2",
            "qpu0 - qpu2  2     2          2",
            "qpu1 - qpu2  1     2          2",
            "",
            "link         cut gates  e-bits",
            "qpu0 - qpu1  4          4",
            "qpu1 - qpu2  4          4",
            "qpu2 - qpu3  0          0",
            "",
            "total          end to end  over links",
            "cut gates      6           8",
            "e-bits         6           8",
            "log2 cut bond  6           8",
            "γ              729         6561",
            "γ²             5.31e5      4.30e7",
            "γ² multiplies the number of shots if every cut block is replaced by sampled local "
            "gates.",
            "",
            f"schedule  {schedule.depth} layers, {schedule.seconds * 1e6:.4g} µs, "
            f"{schedule.ebit_depth} e-bits one after another",
            "packets   6 for 6 gates, at most 1",
        ]

    @given(seed=seeds)
    def test_figures_are_the_properties(self, seed: int) -> None:
        placed = random_placed(seed)
        text = placed.report()
        for name, end_to_end, over_links in (
            ("cut gates", placed.n_cut_gates, placed.n_hops),
            ("e-bits", placed.n_end_to_end_ebits, placed.n_ebits),
            ("log2 cut bond", placed.log2_cut_bond, placed.cost("bonds")),
            ("γ", placed.sampling_overhead**0.5, math.exp(placed.cost("shots") / 2)),
            ("γ²", placed.sampling_overhead, math.exp(placed.cost("shots"))),
        ):
            figures = found(rf"^{name} +(\S+) +(\S+)$", text)
            assert float(figures[0]) == pytest.approx(end_to_end, rel=6e-3)
            assert float(figures[1]) == pytest.approx(over_links, rel=6e-3)
        n_gates = len(placed.circuit.two_qubit_operations)
        assert f", {placed.n_cut_gates} of {n_gates} two-qubit gate" in text.splitlines()[0]
        for qpu, qubits in placed.blocks.items():
            row = found(rf"^{qpu} +(\d+)/(\d+) +\d+ +(.*)$", text)
            assert (int(row[0]), int(row[1])) == (len(qubits), placed.network.capacity(qpu))
            assert row[2] == qubit_ranges(qubits)

    def test_without_cut_gates(self) -> None:
        text = tnq.partition(ry_brickwork(1, 1), QPUNetwork.line(1, 1)).report()
        assert text.splitlines()[0] == "1 qubit on 1 of 1 QPU, 0 of 0 two-qubit gates cut"
        assert "between" not in text
        assert "packets" not in text
        assert found(r"^γ² +(\S+) +(\S+)$", text) == ("1", "1")

    def test_shots_past_the_range_of_a_float(self) -> None:
        circuit = Circuit(3, (("CX", (0, 1)), ("CX", (0, 2))) * 400)
        placed = Partition(circuit, QPUNetwork.line(2, 2), ("qpu0", "qpu1", "qpu0"))
        mantissa, exponent = found(r"^γ² +([\d.]+)e(\d+) ", placed.report())
        whole = 9**400
        assert int(exponent) == len(str(whole)) - 1
        assert float(mantissa) == pytest.approx(whole / 10 ** int(exponent), abs=6e-3)

    def test_moves_packets_and_takeovers(self) -> None:
        text = moved().report()
        assert "qubits, at first" in text
        assert found(r"^(\d+) +(qpu0 → \S+ \(\d+\))$", text) == ("0", "qpu0 → qpu1 (21)")
        assert found(r"^packets +(.*)$", text) == ("1 for 1 gate, at most 1",)
        assert found(r"^moves +(.*)$", text) == ("1, 1 by a copy that takes over",)

    def test_communication_qubits_and_copies_made_again(self) -> None:
        """Two copies at once on a QPU with room for one: the first is made again, an e-bit more."""
        operations = [("CZ", (0, 2)), ("CZ", (1, 3)), ("CZ", (0, 3)), ("CZ", (1, 2))] * 2
        where = ("qpu0", "qpu0", "qpu1", "qpu1")
        for limit in (None, 1, 2):
            network = QPUNetwork.line(2, 2, communication_qubits=limit)
            placed = Partition(Circuit(4, tuple(operations)), network, where)
            text, data = placed.report(), placed.summary()
            (link,) = data["links"]
            assert link["n_ebits"] == placed.n_ebits == data["n_ebits"]
            again = placed.n_ebits - placed.packing.n_ebits
            assert (again > 0) == (limit == 1)
            assert ("for want of communication qubits" in text) == (again > 0)
            if again:
                assert found(r"^again +(\d+) e-bit", text) == (str(again),)
            for qpu, used in zip(data["qpus"], placed.protocol.communication_qubits, strict=True):
                assert qpu["communication_qubits"] == limit
                assert qpu["communication_qubits_used"] == used
                held = f"{used}" if limit is None else f"{used}/{limit}"
                assert found(rf"^{qpu['name']} +2/2 +(\S+) +\S+$", text) == (held,)

    def test_embedded_gates_are_counted(self) -> None:
        """CX of 3 flips the copy of 0, too, so that it serves both CZ; else each has its own."""
        for between, told in ((("CX", (3, 0)), True), (("RX", (0,), 0.5), False)):
            circuit = Circuit(4, (("CZ", (0, 1)), between, ("CZ", (0, 2))))
            placed = Partition(circuit, QPUNetwork.line(2, 3), ("qpu0", *("qpu1",) * 3))
            assert placed.n_ebits == 2
            assert ("embedding  1 packet past embedded gates" in placed.report()) == told

    def test_gates_on_third_qpus_are_counted(self) -> None:
        circuit = Circuit(3, (("CZ", (0, 2)),))
        network, where = QPUNetwork.line(3, 1), ("qpu0", "qpu1", "qpu2")
        for place, told in ((0, False), (1, True)):
            text = Partition(circuit, network, where, places=(place,)).report()
            assert ("third QPU  1 gate done where neither qubit is" in text) == told

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
        assert sum(pair["n_ebits"] * pair["hops"] for pair in data["pairs"]) >= placed.n_ebits
        assert sum(link["n_ebits"] for link in data["links"]) == placed.n_ebits
        assert sum(link["n_cut_gates"] for link in data["links"]) == placed.n_hops

        assert data["gamma"] == pytest.approx(placed.sampling_overhead**0.5)
        schedule = placed.schedule()
        assert data["schedule"]["depth"] == schedule.depth
        assert data["schedule"]["seconds"] == schedule.seconds
        assert data["costs"] == {name: placed.cost(name) for name in COSTS}

    @given(seed=seeds)
    def test_packets(self, seed: int) -> None:
        placed = random_placed(seed)
        data = json.loads(json.dumps(placed.summary()))
        qpus = placed.network.qpus
        assert (data["format"], data["version"]) == ("tnqlstm partition", 1)
        assert len(data["packets"]) == len(placed.packets)
        for written, packet in zip(data["packets"], placed.packets, strict=True):
            assert tuple(written["operations"]) == packet.operations
            assert (written["root"], written["axis"]) == (packet.root, packet.axis)
            assert written["source"] == qpus[packet.source]
            assert written["target"] == qpus[packet.target]
            links = [(qpus.index(a), qpus.index(b)) for a, b in written["links"]]
            assert tuple(links) == packet.links
            assert written["takes_over"] is packet.takes_over
            assert all(written["start"] <= op <= written["end"] for op in packet.operations)

    def test_moves(self) -> None:
        placed = moved()
        assert placed.summary()["moves"] == [{"qubit": 0, "operation": 21, "qpu": "qpu1"}]
        assert placed.summary()["packets"][0]["takes_over"] is True

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
        circuit = Circuit(3, (("CX", (0, 1)), ("CX", (0, 2))) * 400)
        data = Partition(circuit, QPUNetwork.line(2, 2), ("qpu0", "qpu1", "qpu0")).summary()
        assert data["sampling_overhead"] is None
        assert data["gamma"] == pytest.approx(3.0**400)
        assert data["log_sampling_overhead"] == pytest.approx(400 * math.log(9))
