"""Objects as a cell's last line: one short line, and a table or a picture where that says more."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

import tnqlstm as tnq
from tnqlstm.distribution import cost_table
from tnqlstm.shown import ShortTuple, Text, markdown_table

CIRCUIT = tnq.ansatz.ry_brickwork(64, 5)
NETWORK = tnq.QPUNetwork.line(16, 4)
PLACED = tnq.Partition.from_blocks(
    CIRCUIT, NETWORK, {f"qpu{k}": range(4 * k, 4 * k + 4) for k in range(16)}
)
SMALL = tnq.ansatz.ry_brickwork(4, 1)
SMALL_PLACED = tnq.partition(SMALL, tnq.QPUNetwork.line(2, 2))


def shown(thing: Any) -> dict[str, Any]:
    """What Jupyter gets, by type."""
    data, _ = DisplayFormatter().format(thing)
    return data


THINGS = {
    "circuit": lambda: CIRCUIT,
    "operations": lambda: CIRCUIT.operations,
    "two_qubit_operations": lambda: CIRCUIT.two_qubit_operations,
    "operation": lambda: CIRCUIT.operations[-1],
    "network": lambda: NETWORK,
    "partition": lambda: PLACED,
    "packets": lambda: PLACED.packets,
    "cut_operations": lambda: PLACED.cut_operations,
    "cut_blocks": lambda: PLACED.cut_blocks,
    "protocol": lambda: PLACED.protocol,
    "packing": lambda: PLACED.packing,
    "runs": lambda: PLACED.runs,
    "schedule": PLACED.schedule,
    "plan": lambda: tnq.plan_expectations(CIRCUIT, PLACED, [0]),
    "cut_bonds": lambda: tnq.plan_expectations(CIRCUIT, PLACED, [0]).cut_bonds,
    "table": lambda: cost_table(SMALL, (2,), costs=("gates",)),
}


@pytest.mark.parametrize("name", list(THINGS))
def test_one_short_line(name: str) -> None:
    thing = THINGS[name]()
    for text in (repr(thing), shown(thing)["text/plain"]):
        assert len(text) < 300
        assert "\n" not in text
        assert " at 0x" not in text


def test_sizes_are_said() -> None:
    assert repr(CIRCUIT) == (
        "Circuit(64 qubits, 763 gates, 315 on two qubits, depth 17, 64 inputs, weights (5, 64))"
    )
    assert repr(CIRCUIT.operations).endswith(" more, 763 in all)")
    assert repr(PLACED) == "Partition(64 qubits on 16 of 16 QPUs, 75 cut gates)"
    assert repr(NETWORK) == (
        "QPUNetwork(qpu0: 4, qpu1: 4, qpu2: 4, …, qpu15: 4; 16 QPUs, 64 qubits, 15 links)"
    )
    plan = tnq.plan_expectations(SMALL, SMALL_PLACED)
    assert repr(plan).startswith("ContractionPlan(dense, 4 qubits, 4 observables, 1 cut bond, ")


def test_small_circuits_are_shown_as_they_are_made() -> None:
    circuit = tnq.Circuit(2, (("RX", (0,), tnq.WeightSlot(0)), ("CX", (0, 1))), 0, (1,))
    names = {"Circuit": tnq.Circuit, "Operation": tnq.Operation, "WeightSlot": tnq.WeightSlot}
    assert eval(repr(circuit), names) == circuit
    assert repr(circuit.operations[1]) == "Operation('CX', (0, 1))"


def test_tables_and_pictures() -> None:
    table = shown(PLACED)["text/markdown"]
    assert "| qpu15 | 4/4 | 60-63 |" in table
    assert "| e-bits | 75 | 75 |" in table
    assert "log2 cut bond" in shown(cost_table(SMALL, (2,), costs=("gates",)))["text/markdown"]
    plan = tnq.plan_expectations(SMALL, SMALL_PLACED)
    assert shown(plan)["text/markdown"] == f"```\n{plan.describe()}\n```"
    for thing, large in ((SMALL, CIRCUIT), (tnq.QPUNetwork.ring(4, 2), tnq.QPUNetwork.line(40, 1))):
        assert shown(thing)["image/png"]
        assert "image/png" not in shown(large)


def test_many_qpus_have_a_table_that_ends() -> None:
    network = tnq.QPUNetwork.line(64, 1)
    placed = tnq.Partition(CIRCUIT, network, network.qpus)
    assert "| … |  | 24 more |" in placed._repr_markdown_()


def test_a_placement_that_cant_be_done_says_why() -> None:
    network = tnq.QPUNetwork.line(2, 2, communication_qubits=0)
    placed = tnq.Partition(SMALL, network, ("qpu0", "qpu0", "qpu1", "qpu1"))
    assert "e-bits" not in placed._repr_markdown_()
    assert "more communication qubits on" in placed._repr_markdown_()


def test_reports_keep_their_lines() -> None:
    for text in (SMALL_PLACED.report(), tnq.plan_expectations(SMALL, SMALL_PLACED).describe()):
        assert isinstance(text, str)
        assert shown(text)["text/plain"] == str(text)
        assert "\n" in text


def test_a_short_tuple_is_a_tuple() -> None:
    long = ShortTuple(range(1000))
    assert long == tuple(range(1000))
    assert hash(long) == hash(tuple(range(1000)))
    assert isinstance(long[:3], tuple)
    assert json.dumps(long) == json.dumps(list(range(1000)))
    for again in (copy.deepcopy(long), pickle.loads(pickle.dumps(long))):
        assert again == long
        assert type(again) is ShortTuple
    assert repr(long) == "(0, 1, 2, 3, 4, 5, … 994 more, 1,000 in all)"
    assert repr(ShortTuple((1,))) == "(1,)"
    assert pickle.loads(pickle.dumps(CIRCUIT)) == copy.deepcopy(CIRCUIT) == CIRCUIT
    assert pickle.loads(pickle.dumps(Text("a\nb"))) == "a\nb"


def test_bars_in_a_cell_are_escaped() -> None:
    assert markdown_table(["a"], [["b|c"]]) == "| a |\n| --- |\n| b\\|c |"
