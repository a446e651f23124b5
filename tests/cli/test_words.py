"""Errors in the command line's own words: options, not parameters of functions."""

from __future__ import annotations

import json

import pytest

from tnqlstm import __version__
from tnqlstm.cli_words import in_options
from tnqlstm.distribution import Link, QPUNetwork

from .calls import call, fail

TRAIN = {
    name: f"--{name.replace('_', '-')}"
    for name in ("column", "window", "model", "hidden_size", "layers", "depth", "qubits", "network")
}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Say which one with column=….", "Say which one with --column ….",),
        ("window must be a whole number", "--window must be a whole number"),
        ("a window of 500 needs 501 points", "a window of 500 needs 501 points"),
        ("or use model='qlstm'.", "or use --model qlstm."),
        ("Lower hidden_size (now 4), or num_layers.", "Lower --hidden-size (now 4), or --layers."),
        ("got depth=-1.5.", "got --depth -1.5."),
        ("Leave n_qubits out", "Leave --qubits out"),
        ("the model is another network's", "the model is another network's"),
        ("no file 'hidden_size.csv'", "no file 'hidden_size.csv'"),
        ("communication_qubits=2, max_memory", "communication_qubits=2, max_memory"),
        ("n_qubits_of(x), resume_run(hidden_size)", "n_qubits_of(x), resume_run(--hidden-size)"),
    ],
)  # fmt: skip
def test_names_become_options(message: str, told: str) -> None:
    assert in_options(message, TRAIN.items()) == told


def test_a_command_without_options_changes_nothing() -> None:
    assert in_options("window=3", ()) == "window=3"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train wave.csv -o r", "with --column …"),
        ("train sine --window 0 -o r", "--window must be a whole number"),
        ("train sine --epochs 0 -o r", "--epochs must be"),
        ("train sine --batch-size -3 -o r", "--batch-size must be"),
        ("train sine --learning-rate nan -o r", "--learning-rate must be"),
        ("train sine --depth 0 -o r", "--depth must be"),
        ("train sine --layers 0 -o r", "--layers must be"),
        ("train sine --hidden-size 0 -o r", "--hidden-size must be"),
        ("train sine --seed -1 -o r", "--seed must be"),
        ("train sine --dtype float16 -o r", "--dtype must be"),
        ("train sine --qubits 3 -o r", "--qubits is an option of the cell linear"),
        ("train sine --layers 2 --cell chen2020 -o r", "--layers 1"),
        (
            "train sine --model lstm --cell linear --qpus 2 -o r",
            "--model lstm has no circuits, so --cell, --qpus would mean nothing",
        ),
        ("forecast run --horizon 0", "--horizon must be"),
        ("partition ry_brickwork:4x2 --network line:2x2 --seed -1", "--seed must be"),
        ("cost-table ry_brickwork:4x2 --qpus 0", "got 0"),
    ],
)
@pytest.mark.usefixtures("run")
def test_messages_name_options(arguments: str, message: str) -> None:
    told = fail(*arguments.split())
    assert message in told
    assert "_" not in told.replace("ry_brickwork", "").replace("n_qpus", "")


def test_a_network_file_as_the_help_describes_it() -> None:
    for command in ("train", "partition"):
        text = call(command, "--help").stdout
        described = text[text.index('{"format"') : text.index("GraphML has")]
        network = QPUNetwork.from_json(described)
        assert (network.qpus, network.capacities) == (("a", "b"), (4, 3))
        assert network.communication_qubits == (2, None)
        assert network.link("a", "b") == Link(fidelity=0.98, rate=1000, latency=1e-5)
        assert json.loads(described)["version"] == 1


def test_version() -> None:
    for option in ("--version", "-V"):
        result = call(option)
        assert (result.exit_code, result.stdout) == (0, f"tnqlstm {__version__}\n")
