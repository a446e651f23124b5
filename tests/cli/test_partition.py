"""`tnqlstm partition` and `tnqlstm cost-table`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import ry_brickwork
from tnqlstm.distribution import Partition, QPUNetwork, partition
from tnqlstm.distribution.cost_table import cost_table

from .calls import fail, succeed


def test_partition_reports_draws_and_gives_json() -> None:
    printed = succeed(
        "partition", "ry_brickwork:16x3", "--network", "line:4x4", "--cost", "ebits",
        "--json", "--draw", "blocks.png", "--draw-circuit", "circuit.svg",
    )  # fmt: skip
    data = json.loads(printed)
    assert (data["format"], data["n_cut_gates"]) == ("tnqlstm partition", 9)  # (k − 1) · depth
    assert Path("blocks.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in Path("circuit.svg").read_bytes()[:1000]
    assert "9 of 45 two-qubit gates cut" in succeed(
        "partition", "ry_brickwork:16x3", "--network", "line:4x4", "--quiet"
    )
    assert sorted(path.name for path in Path().iterdir()) == [
        "blocks.png", "circuit.svg", "wave.csv",
    ]  # fmt: skip


def write_bell_chain(path: str = "chain.qasm") -> Circuit:
    """3 qubits: 0 controls two gates on 1 and, after a rotation, one on 2."""
    operations = [("H", (0,)), ("CX", (0, 1)), ("RX", (1,), 0.5), ("CX", (0, 1)), ("CX", (1, 2))]
    circuit = Circuit(3, tuple(operations))
    Path(path).write_text(circuit.to_qasm())
    return circuit


def test_partition_of_a_file_is_that_of_python() -> None:
    circuit = write_bell_chain()
    options = ["--cost", "ebits", "--moves", "--effort", "0.5", "--seed", "3", "--json"]
    printed = succeed("partition", "chain.qasm", "--network", "line:3x2", *options)
    placed = partition(circuit, QPUNetwork.line(3, 2), "ebits", seed=3, may_move=True, effort=0.5)
    assert json.loads(printed) == json.loads(json.dumps(placed.summary()))


def test_every_option_of_partition_reaches_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def spy(*arguments: Any, **options: Any) -> Partition:
        seen.update(options, cost=arguments[2], seed=arguments[3])
        return partition(*arguments)

    monkeypatch.setattr("tnqlstm.distribution.partition", spy)
    common = ("partition", "ry_brickwork:4x1", "--network", "line:2x2", "--cost", "ebits")
    succeed(*common, "--moves", "--effort", "2", "--time-budget", "7", "--seed", "5")
    assert seen == {
        "cost": "ebits", "seed": 5, "may_move": True, "effort": 2.0, "time_budget": 7.0,
        "progress": True,
    }  # fmt: skip
    for option in ("--quiet", "--json"):
        succeed(*common, option)
        assert seen["progress"] is False


def test_partition_writes_a_program_for_each_qpu() -> None:
    circuit = write_bell_chain()
    Path("programs").mkdir()
    succeed("partition", "chain.qasm", "--network", "line:3x1", "--programs", "programs", "-q")
    names = ["qpu0.qasm", "qpu1.qasm", "qpu2.qasm"]
    assert sorted(path.name for path in Path("programs").iterdir()) == names
    texts = partition(circuit, QPUNetwork.line(3, 1)).programs()
    for qpu, text in texts.items():
        assert Path(f"programs/{qpu}.qasm").read_text() == text
        assert text.startswith("OPENQASM 3")
    again = fail("partition", "chain.qasm", "--network", "line:3x1", "--programs", "programs")
    assert "'programs' isn't empty" in again


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--draw a.txt", "can't write 'a.txt'. Name a file ending in .png, .pdf, .svg"),
        ("--draw no/a.png", "no folder 'no'"),
        ("--draw-circuit taken.png", "'taken.png' is there already"),
        ("--draw a.png --draw-circuit ./a.png", "both name 'a.png'"),
        ("--programs wave.csv", "'wave.csv' is a file"),
        ("--programs no/programs", "no folder 'no'"),
        ("--moves", "--moves tell how to search for few e-bits. Add --cost ebits"),
        ("--moves --effort 2 --cost shots", "--moves and --effort tell how"),
    ],
)
def test_options_of_partition_are_checked_before_the_search(
    options: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: Any, **__: Any) -> None:
        raise AssertionError("the search has begun")

    monkeypatch.setattr("tnqlstm.distribution.partition", search)
    Path("taken.png").touch()
    common = ("partition", "ry_brickwork:4x1", "--network", "line:2x2")
    assert message in fail(*common, *options.split())
    assert sorted(path.name for path in Path().iterdir()) == ["taken.png", "wave.csv"]


def test_a_circuit_too_large_to_draw_is_told_before_the_search() -> None:
    options = ("--network", "line:2x500", "--draw-circuit", "c.png")
    assert "461 high" in fail("partition", "ry_brickwork:1000x1", *options)


def test_cost_table_prints_draws_and_gives_json() -> None:
    arguments = ("cost-table", "ry_brickwork:12x3", "--qpus", "2,3,4", "--effort", "0.1")
    printed = succeed(*arguments, "--quiet", "--draw", "costs.png")
    table = cost_table(ry_brickwork(12, 3), (2, 3, 4), effort=0.1)
    assert printed == f"{table}\n"
    assert Path("costs.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(succeed(*arguments, "--json")) == json.loads(json.dumps(table.summary()))
    spare = succeed("cost-table", "chen2020:6x1", "--qpus", "2", "--spare", "3", "--cost", "gates",
                    "--topology", "ring", "--json")  # fmt: skip
    (row,) = json.loads(spare)["rows"]
    assert (row["cost"], row["n_cut_gates"]) == ("gates", 0)  # all on one QPU of 6
