"""Cost tables: closed forms, that rows are placements' figures, the text and the picture."""

from __future__ import annotations

import json
import math
from importlib import import_module
from typing import Any

import networkx as nx
import pytest

import tnqlstm as tnq
from tnqlstm.circuit.ansatz import basic_entangler, ry_brickwork
from tnqlstm.distribution import Partition, QPUNetwork
from tnqlstm.distribution.cost_table import FIGURES, CostTable, cost_table
from tnqlstm.errors import NetworkError, PartitionError, UnknownNameError


@pytest.fixture(scope="module")
def table() -> CostTable:
    return cost_table(ry_brickwork(12, 3), (1, 2, 3, 4), costs=("gates", "ebits"), effort=0.1)


def test_closed_forms(table: CostTable) -> None:
    """ry_brickwork in k contiguous blocks: (k - 1) · depth cut CX, none packed with another."""
    assert [(row.n_qpus, row.cost) for row in table.rows] == [
        (k, cost) for k in (1, 2, 3, 4) for cost in ("gates", "ebits")
    ]
    for row in table.rows:
        cut = 3 * (row.n_qpus - 1)
        assert (row.n_cut_gates, row.n_hops, row.n_ebits, row.log2_cut_bond) == (cut,) * 4
        assert row.log2_shots == pytest.approx(cut * math.log2(9))


@pytest.mark.parametrize(("topology", "hops"), [("line", 6), ("ring", 4), ("complete", 4)])
def test_topologies(topology: str, hops: int) -> None:
    """A ring of CX in 4 blocks: 4 cut gates, and 2(k - 1) hops on a line."""
    (row,) = cost_table(basic_entangler(8, 1), (4,), topology, ("gates",)).rows
    assert row.n_hops == hops
    assert row.placed.network == getattr(QPUNetwork, topology)(4, 2)


def test_a_row_is_the_placement_of_partition() -> None:
    circuit = basic_entangler(7, 2)
    table = cost_table(circuit, (3,), "star", ("bonds", "ebits"), seed=5, spare=1, effort=0.2)
    for row in table.rows:
        network = QPUNetwork.star(3, 4)  # ⌈7 / 3⌉ + 1
        effort = {"effort": 0.2} if row.cost == "ebits" else {}
        assert row.placed == tnq.partition(circuit, network, row.cost, 5, **effort)
        assert row.n_ebits == row.placed.n_ebits
        assert row.n_cut_gates == row.placed.n_cut_gates


def test_options_reach_each_search(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(*arguments: Any, **options: Any) -> Partition:
        seen.append((*arguments[2:], options))
        return tnq.partition(*arguments)

    module = import_module("tnqlstm.distribution.cost_table")  # the function has its name
    monkeypatch.setattr(module, "partition", spy)
    cost_table(ry_brickwork(4, 1), (2,), seed=7, may_move=True, effort=0.5, time_budget=9.0)
    options = {"effort": 0.5, "time_budget": 9.0}
    assert seen == [
        ("gates", 7, {"may_move": False, **options}),
        ("ebits", 7, {"may_move": True, **options}),
    ]


def test_any_function_makes_networks() -> None:
    def wheel(n_qpus: int, capacities: list[int]) -> QPUNetwork:
        graph = nx.wheel_graph(n_qpus)
        nx.set_node_attributes(graph, dict(enumerate(capacities)), "qubits")
        return QPUNetwork.from_networkx(graph)

    table = cost_table(basic_entangler(8, 1), (4, 8), wheel, ("gates",))
    assert table.topology == "wheel"
    assert [len(row.placed.network.links) for row in table.rows] == [6, 14]
    assert [row.placed.network.capacities for row in table.rows] == [(2,) * 4, (1,) * 8]


def test_markdown(table: CostTable) -> None:
    head, rule, *lines = str(table).splitlines()
    assert str(table) == table.to_markdown()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    names = [cell.strip() for cell in head.strip("|").split("|")]
    assert names == ["QPUs", "made small", *FIGURES.values(), "γ²"]
    assert set(rule) <= set("|-: ")
    assert len({len(line) for line in str(table).splitlines()}) == 1
    for row, line in zip(table.rows, cells, strict=True):
        assert (int(line[0]), line[1]) == (row.n_qpus, row.cost)
        assert [float(cell) for cell in line[2:7]] == pytest.approx(
            [getattr(row, name) for name in FIGURES], rel=1e-3
        )
        assert float(line[7]) == pytest.approx(9.0**row.n_cut_gates, rel=6e-3)


def test_summary(table: CostTable) -> None:
    data = json.loads(json.dumps(table.summary(), allow_nan=False))
    assert (data["format"], data["version"]) == ("tnqlstm cost table", 1)
    assert (data["topology"], data["n_qubits"]) == ("line", 12)
    for written, row in zip(data["rows"], table.rows, strict=True):
        assert {name: written[name] for name in FIGURES} == {
            name: getattr(row, name) for name in FIGURES
        }
        assert sorted(q for block in written["blocks"].values() for q in block) == list(range(12))


def test_picture(table: CostTable) -> None:
    figure = table.draw()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [FIGURES[n] for n in ("n_hops", "n_ebits", "log2_cut_bond", "log2_shots")]
    for axes, name in zip(figure.axes, ("n_hops", "n_ebits", "log2_cut_bond", "log2_shots"),
                          strict=True):  # fmt: skip
        for line, cost in zip(axes.lines, ("gates", "ebits"), strict=True):
            rows = [row for row in table.rows if row.cost == cost]
            assert line.get_xdata().tolist() == [row.n_qpus for row in rows]
            assert line.get_ydata().tolist() == [getattr(row, name) for row in rows]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["gates", "ebits"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_qpus": ()}, PartitionError, "at least one number of QPUs and one cost"),
        ({"costs": ()}, PartitionError, "at least one number of QPUs and one cost"),
        ({"costs": ("gate",)}, UnknownNameError, "Did you mean 'gates'"),
        ({"topology": "lime"}, UnknownNameError, "Did you mean 'line'"),
        ({"n_qpus": (0,)}, NetworkError, "n_qpus must be a whole number of at least 1, got 0"),
        ({"n_qpus": (2.5,)}, NetworkError, "n_qpus must be a whole number of at least 1, got 2.5"),
        ({"n_qpus": (2, 5)}, NetworkError, "5 QPUs for a circuit of 4 qubits; 1 to 4"),
        ({"spare": -1}, NetworkError, "spare must be a whole number of at least 0, got -1"),
    ],
)
def test_bad_input(options: dict[str, Any], error: type[ValueError], message: str) -> None:
    with pytest.raises(error, match=message):
        cost_table(ry_brickwork(4, 1), **options)
