"""The command line: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from tnqlstm import about
from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import ry_brickwork
from tnqlstm.cli import app
from tnqlstm.distribution import Partition, QPUNetwork, partition
from tnqlstm.distribution.cost_table import cost_table
from tnqlstm.forecasting import Forecaster, Trainer, datasets
from tnqlstm.forecasting.checkpoint import load_checkpoint

SMALL = ("--hidden-size", "2", "--depth", "1", "--quiet", "--window", "3")


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is trained once, and copied by `run`."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        set_up(folder, patch)
        train_wave("run")
    return folder / "run"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(tmp_path, monkeypatch)


@pytest.fixture
def run(_here: None, first_run: Path) -> None:
    """A finished run in the folder `run`."""
    shutil.copytree(first_run, "run")


def set_up(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Go to a folder with a short CSV file; let torch's threads be."""
    patch.chdir(folder)
    patch.setattr(torch, "set_num_threads", lambda _: None)
    t = np.arange(40)
    rows = [f"{a},{b:.6f}" for a, b in zip(t, np.sin(t / 3), strict=True)]
    Path("wave.csv").write_text("\n".join(["day,height", *rows]) + "\n")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def succeed(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def fail(*arguments: str) -> str:
    """The message of a call that must fail cleanly: one line, exit code 2, nothing on stdout."""
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own that finds the package where this one does."""
    root = str(Path(about.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip


def train_wave(folder: str = "run", *options: str) -> str:
    return succeed("train", "wave.csv", "--column", "height", "--epochs", "2", *SMALL, *options,
                   "--output", folder)  # fmt: skip


def test_train_makes_the_model_that_was_asked_for() -> None:
    printed = train_wave("run", "--scheme", "linked", "--qpus", "2", "--seed", "4")
    forecaster = Forecaster.load("run")
    assert forecaster.get_params() == {
        **Forecaster().get_params(),
        "window": 3,
        "hidden_size": 2,
        "depth": 1,
        "epochs": 2,
        "seed": 4,
        "scheme": "linked",
        "dtype": "float32",
        "network": forecaster.network,
    }
    assert forecaster.network is not None
    assert forecaster.network.capacities == (2, 1)
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert f"{metrics['test']['mse']:.3e}" in printed
    assert "4 cut gates" in printed
    python = Forecaster(
        3, 2, depth=1, epochs=2, seed=4, scheme="linked", network=forecaster.network
    ).fit(datasets.read_csv("wave.csv", "height").train)
    assert np.array_equal(python.predict(horizon=3), forecaster.predict(horizon=3))


def test_every_option_of_train_reaches_the_model() -> None:
    options = {
        "--cell": "linear", "--qubits": "3", "--layers": "2", "--learning-rate": "0.02",
        "--batch-size": "7", "--keep": "last", "--scaling": "whole-series", "--dtype": "float64",
        "--network": "line:2,1", "--scheme": "segment",
    }  # fmt: skip
    train_wave("run", *[text for pair in options.items() for text in pair])
    parameters = Forecaster.load("run").get_params()
    wanted = {
        "cell": "linear", "n_qubits": 3, "num_layers": 2, "learning_rate": 0.02, "batch_size": 7,
        "keep": "last", "scaling": "whole-series", "dtype": "float64", "scheme": "segment",
    }  # fmt: skip
    assert {name: parameters[name] for name in wanted} == wanted


def test_every_option_of_a_table_reaches_the_series() -> None:
    t = np.arange(40)
    rows = [f"{40 - a};{1000 + a};{b:.4f}" for a, b in zip(t, np.sin(t / 3), strict=True)]
    text = "\n".join(["Tag;Größe;Höhe", "(d);;(m)", *rows, "0;;", "! Ende"]).replace(".", ",")
    Path("welle.csv").write_bytes(text.replace("1000", "1.000").encode("latin-1"))
    options = ["--time", "Tag", "--missing", "drop", "--order", "sort", "--delimiter", ";",
               "--decimal", ",", "--thousands", ".", "--comment", "!", "--header", "2",
               "--encoding", "latin-1", "--column", "Höhe"]  # fmt: skip
    succeed("train", "welle.csv", *options, "--epochs", "1", *SMALL, "-o", "run")
    series = Forecaster.load("run").series_.whole
    assert series.time is not None
    assert series.time.tolist() == list(range(1, 41))
    assert np.allclose(series.values, np.sin(t / 3)[::-1], atol=1e-4)
    assert "missing 'drop' belongs to a CSV file" in fail(
        "train", "sine", "--missing", "drop", "-o", "other"
    )


def test_a_built_in_data_set_and_an_lstm() -> None:
    succeed("train", "narma-2", "--model", "lstm", "--epochs", "1", "-q", "-o", "run")
    assert Forecaster.load("run").series_.name == "NARMA-2"
    assert "driven by inputs" in fail("forecast", "run")
    assert len(succeed("forecast", "run", "--start", "split").splitlines()) == 21


@pytest.mark.usefixtures("run")
def test_evaluate_repeats_the_metrics() -> None:
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert json.loads(succeed("evaluate", "run", "--json")) == metrics
    assert f"{metrics['baselines']['persistence']:.3e}" in succeed("evaluate", "run")


@pytest.mark.usefixtures("run")
def test_forecast_prints_writes_and_draws() -> None:
    forecaster = Forecaster.load("run")
    wanted = forecaster.predict(forecaster.series_.whole, horizon=5)
    printed = succeed("forecast", "run", "--horizon", "5")
    rows = [row.split(",") for row in printed.splitlines()]
    assert rows[0] == ["time", "forecast"]
    assert [float(row[0]) for row in rows[1:]] == [40, 41, 42, 43, 44]
    assert np.array_equal([float(row[1]) for row in rows[1:]], wanted)
    succeed("forecast", "run", "--horizon", "5", "--output", "f.csv")
    assert Path("f.csv").read_text() == printed
    succeed("forecast", "run", "--start", "split", "--output", "f.png")
    assert Path("f.png").read_bytes().startswith(b"\x89PNG")


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


def test_info_lists_what_there_is() -> None:
    printed = succeed("info")
    for name in (*datasets.DATASETS, *about.LIBRARIES, "chen2020", "segment", "ebits"):
        assert name in printed


def test_ctrl_c_keeps_the_state_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, first_run: Path
) -> None:
    calls = []
    original = Trainer._step

    def step(trainer: Trainer, chosen: torch.Tensor) -> None:
        calls.append(1)
        if len(calls) == 5:  # three batches an epoch
            raise KeyboardInterrupt
        original(trainer, chosen)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", step)
        result = call(
            "train", "wave.csv", "--column", "height", "--epochs", "2", *SMALL, "-o", "run"
        )
    assert result.exit_code == 130
    assert "stopped after epoch 1 of 2" in result.stderr
    assert "continue with: tnqlstm train --resume run" in result.stderr
    assert "Traceback" not in result.output
    succeed("train", "--resume", "run", "-q")
    whole, parts = (load_checkpoint(name).state.tensors for name in (first_run, "run"))
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def test_ctrl_c_before_there_is_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Forecaster, "start", interrupt)
    result = call("train", "sine", "-o", "run")
    assert (result.exit_code, result.stderr.strip()) == (130, "interrupted")
    assert not Path("run").exists()


@pytest.mark.usefixtures("run")
def test_resume_extends_and_refuses_other_options() -> None:
    succeed("train", "--resume", "run", "--epochs", "3", "-q")
    assert len(Forecaster.load("run").history_) == 3
    assert "--hidden-size, --learning-rate can't be changed" in fail(
        "train", "--resume", "run", "--hidden-size", "2", "--learning-rate", "1"
    )
    assert "dataset" in fail("train", "sine", "--resume", "run")


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


def test_data_that_is_no_numbers() -> None:
    Path("bad.csv").write_text("height\n1\n2\nnan\n")
    assert "bad.csv, line 4: 'nan'" in fail("train", "bad.csv", "-o", "r")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00\xff", None])
@pytest.mark.parametrize("name", ["config.json", "checkpoint.safetensors"])
@pytest.mark.usefixtures("run")
def test_a_corrupt_run_is_told(name: str, content: bytes | None) -> None:
    path = Path("run") / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert name in fail("evaluate", "run")
    assert name in fail("train", "--resume", "run", "-q")


@pytest.mark.usefixtures("run")
def test_a_run_is_never_overwritten() -> None:
    files = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    message = fail("train", "wave.csv", "--column", "height", *SMALL, "-o", "run")
    assert "tnqlstm train --resume run" in message
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == files


def test_bad_values_of_options_are_usage_errors() -> None:
    for arguments in (["train", "--epochs", "many"], ["train", "--thread", "2"], ["trian"]):
        result = call(*arguments)
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_a_process_ends_without_a_traceback() -> None:
    done = python("from tnqlstm.cli import main; main()", "evaluate", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no config.json")


def test_a_signal_ends_a_training_as_ctrl_c_does() -> None:
    program = (
        "import os, signal\n"
        "from tnqlstm.forecasting import Trainer\n"
        "from tnqlstm.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job may ignore it\n"
        "original, calls = Trainer._step, []\n"
        "def step(trainer, chosen):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 5:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    original(trainer, chosen)\n"
        "Trainer._step = step\n"
        "main()\n"
    )
    done = python(program, "train", "wave.csv", "--column", "1", *SMALL, "--output", "run")
    assert done.returncode == 130
    assert "tnqlstm train --resume run" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(load_checkpoint("run").state.history) == 1


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
