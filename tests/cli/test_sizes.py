"""Sizes that a command doesn't take on: told by number and limit, before any work."""

from __future__ import annotations

from typing import Any

import pytest

from tnqlstm import specs
from tnqlstm.circuit.ansatz import ANSATZE, modular
from tnqlstm.distribution import QPUNetwork, partition
from tnqlstm.limits import SizeError, n_gates, n_links
from tnqlstm.nn import QLSTM

from .calls import fail

HUGE = "1" + 30 * "0"


@pytest.mark.parametrize("name", [*ANSATZE, "modular"])
def test_the_gates_of_a_large_circuit_are_known_from_small_ones(name: str) -> None:
    ansatz = ANSATZE.get(name, lambda n, depth: modular([n], depth, ()))
    for n_qubits, depth in ((3, 1), (5, 4), (8, 2), (17, 3), (64, 1)):
        assert n_gates(ansatz, n_qubits, depth) == len(ansatz(n_qubits, depth).operations)


@pytest.mark.parametrize("topology", ["line", "ring", "star", "complete"])
def test_no_network_has_more_links_than_are_counted(topology: str) -> None:
    for n_qpus in (1, 2, 3, 9):
        network = getattr(QPUNetwork, topology)(n_qpus, 1)
        assert len(network.links) <= n_links(topology, n_qpus)
    assert n_links("complete", 9) == 36


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hidden-size 1000000", "would need 12,000,007 gates; at most 100,000 wanted"),
        ("--layers 99999999", "gates; at most 100,000 wanted. Take a smaller --hidden-size"),
        ("--depth 100000000", "would need 1,100,000,012 gates"),
        ("--cell linear --qubits 1000000", "would need 3,000,000 gates"),
        ("--cell linear --hidden-size 100000000", "would need 800,000,004 weights"),
        ("--cell chen2020 --hidden-size 1000000", "gates; at most 100,000"),
        ("--model lstm --hidden-size 1000000", "this LSTM would need 4,000,012,000,000 weights"),
        ("--model lstm --layers 99999999", "weights; at most 100,000,000 wanted"),
        (f"--hidden-size {HUGE}", "would need about 10^31 gates"),
        (f"--layers {HUGE}", "would need about 10^32 gates"),
        (f"--depth {HUGE}", "would need about 10^31 gates"),
        (f"--batch-size {HUGE} --epochs 0", "--epochs must be a whole number of at least 1"),
        (f"--seed {HUGE}", "--seed must be at most 9223372036854775807"),
        (f"--window {HUGE}", "has 161 points; a window of 1"),
        ("--network complete:3000x4", "would need 3,000 QPUs; at most 1,000 wanted"),
        (f"--network line:{HUGE}x4", "has 31 digits; at most 9 wanted"),
    ],
)
def test_train_tells_a_size_that_is_too_large(
    options: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(*_: Any, **__: Any) -> None:
        raise AssertionError("the model is being made")

    monkeypatch.setattr("tnqlstm.forecasting.forecaster.build_model", made)
    assert message in fail("train", "sine", "-o", "r", *options.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("ry_brickwork:4x2 --network complete:3000x4", "would need 3,000 QPUs; at most 1,000"),
        ("ry_brickwork:4x2 --network complete:900x4", "would need 404,550 links; at most 400,000"),
        ("ry_brickwork:4x2 --network grid:1000x1000x1", "would need 1,000,000 QPUs"),
        (f"ry_brickwork:4x2 --network line:2x{HUGE}", "has 31 digits"),
        (f"ry_brickwork:4x2 --network line:2x2+{HUGE}", "has 31 digits"),
        (f"ry_brickwork:4x2 --network line:2x{5000 * '1'}", "has 5000 digits"),
        ("ry_brickwork:1000000x100 --network line:2x2", "would need 201,999,900 gates"),
        (f"ry_brickwork:{HUGE}x1 --network line:2x2", "has 31 digits"),
        ("modular:8,9999999x100 --network line:2x2", "gates; at most 1,000,000 wanted"),
        (f"chen2020:{5000 * '9'}x1 --network line:2x2", "has 5000 digits"),
    ],
)
def test_partition_tells_a_size_that_is_too_large(arguments: str, message: str) -> None:
    told = fail("partition", *arguments.split())
    assert message in told
    assert len(told) < 250


def test_other_commands_tell_a_size_that_is_too_large() -> None:
    many = ("cost-table", "ry_brickwork:3000x1", "--topology", "complete", "--qpus", "2,2999")
    assert "complete of 2,999 QPUs would need 2,999 QPUs; at most 1,000" in fail(*many)
    assert "would need 10,000,000 points; at most 1,000,000" in fail(
        "forecast", "none", "--horizon", "10000000"
    )
    assert "unknown data set" in fail("train", f"narma-{99 * '9'}", "-o", "r")


def test_room_to_spare_costs_nothing() -> None:
    network = specs.parse_network("line:2x999999999")
    placed = partition(specs.parse_circuit("ry_brickwork:4x2"), network, "ebits", effort=0.01)
    assert placed.n_ebits == 0
    assert len(placed.programs()) == 2


def test_a_network_file_of_too_many_qpus(monkeypatch: pytest.MonkeyPatch) -> None:
    QPUNetwork.line(3, 1).write("n.json")
    monkeypatch.setattr("tnqlstm.limits.MOST_QPUS", 2)
    with pytest.raises(SizeError, match=r"'n\.json' would need 3 QPUs; at most 2 wanted"):
        specs.parse_network("n.json")


def test_what_is_checked_for_a_qlstm_are_its_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    for options, cells in (
        ("--hidden-size 3 --layers 3", QLSTM(1, 3, 3).cells),
        ("--cell linear --hidden-size 3 --layers 2", QLSTM(1, 3, 2, cell="linear").cells),
        ("--cell chen2020 --hidden-size 3", QLSTM(1, 3, cell="chen2020").cells),
    ):
        gates = sum(len(cell.circuit.operations) for cell in cells)
        monkeypatch.setattr("tnqlstm.cli_model.MOST_TRAINED_GATES", gates - 1)
        assert f"would need {gates} gates" in fail("train", "sine", "-o", "r", *options.split())
