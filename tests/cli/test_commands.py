"""All commands: bad input, help, and a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tnqlstm import about
from tnqlstm.forecasting import datasets

from .calls import call, fail, python, succeed


def test_info_lists_what_there_is() -> None:
    printed = succeed("info")
    for name in (*datasets.DATASETS, *about.LIBRARIES, "chen2020", "segment", "ebits"):
        assert name in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train", "--output FOLDER wanted"),
        ("train sine", "--output FOLDER wanted"),
        ("train sinus -o r", "Did you mean 'sine'"),
        ("train none.csv -o r", "no file 'none.csv'"),
        ("train wave.csv -o r", "2 columns: day, height"),
        ("train wave.csv --column heigth -o r", "Did you mean 'height'"),
        ("train sine --model gru -o r", "unknown model 'gru'"),
        ("train sine --cell chen -o r", "unknown cell 'chen'"),
        ("train sine --scheme link -o r", "Did you mean 'linked'"),
        ("train sine --scheme linked -o r", "--scheme linked needs QPUs"),
        ("train sine --scheme segment --qpus 9 -o r", "9 QPUs for circuits of 6 qubits"),
        ("train sine --scheme segment --qpus 2 --network line:2x3 -o r", "exclude each other"),
        ("train sine --scheme linked --network line:2x2 -o r", "2 qubits too few"),
        ("train sine --window 500 -o r", "a window of 500 needs"),
        ("train sine --learning-rate 0 -o r", "--learning-rate must be"),
        ("train sine -o .", "isn't empty"),
        ("train sine -o wave.csv", "is a file"),
        ("train --resume none", "no config.json in 'none'"),
        ("evaluate none", "no config.json in 'none'"),
        ("forecast none", "no config.json in 'none'"),
        ("forecast none -o f.txt", "can't write 'f.txt'"),
        ("forecast none -o wave.csv", "is there already"),
        ("forecast none -o no/f.png", "no folder 'no'"),
        ("partition ry_brickwork:4x2", "a network wanted"),
        ("partition ry_brickwork:4x2 --network line:2x1", "2 qubits too few"),
        ("partition ry_brickwork:4x2 --network line:2x2 --cost gate", "Did you mean 'gates'"),
        ("partition none.qasm --network line:2x2", "no file 'none.qasm'"),
        ("cost-table ry_brickwork:4x2 --qpus 2,x", "--qpus '2,x': numbers with commas"),
        ("cost-table ry_brickwork:4x2 --qpus 5", "5 QPUs for a circuit of 4 qubits"),
        ("cost-table ry_brickwork:4x2 --topology tree", "unknown topology 'tree'"),
        ("cost-table ry_brickwork:4x2 --cost gates --moves", "Add --cost ebits"),
        ("cost-table ry_brickwork:4x2 --draw wave.csv", "can't write 'wave.csv'"),
        ("demo -o .", "which the demo didn't make"),
    ],
)
def test_bad_input_gets_one_line_and_changes_nothing(arguments: str, message: str) -> None:
    assert message in fail(*arguments.split())
    assert [path.name for path in Path().iterdir()] == ["wave.csv"]


def test_bad_values_of_options_are_usage_errors() -> None:
    for arguments in (["train", "--epochs", "many"], ["train", "--thread", "2"], ["trian"]):
        result = call(*arguments)
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_a_process_ends_without_a_traceback() -> None:
    done = python("from tnqlstm.cli import main; main()", "evaluate", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no config.json")


def test_help_answers_without_loading_anything_heavy() -> None:
    program = (
        "import sys\n"
        "from tnqlstm.cli import app\n"
        "sys.argv = ['tnqlstm', '--help']\n"
        "try:\n"
        "    app()\n"
        "finally:\n"
        "    heavy = {'torch', 'numpy', 'scipy', 'matplotlib', 'quimb', 'cotengra', 'networkx',\n"
        "             'numba'}\n"
        "    assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = python(program)
    assert done.returncode == 0, done.stderr
    for command in ("train", "evaluate", "forecast", "partition", "cost-table", "info", "demo"):
        assert command in done.stdout
        assert "Example" in succeed(command, "--help") or command in ("info", "demo")
