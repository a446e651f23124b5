"""`tnqlstm train`: what the model gets, Ctrl-C, and how a run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tnqlstm.forecasting import Forecaster, Trainer, datasets
from tnqlstm.forecasting.checkpoint import load_checkpoint

from .calls import SMALL, call, fail, python, succeed, train_wave


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


@pytest.mark.usefixtures("run")
def test_resume_extends_and_refuses_other_options() -> None:
    succeed("train", "--resume", "run", "--epochs", "3", "-q")
    assert len(Forecaster.load("run").history_) == 3
    assert "--hidden-size, --learning-rate can't be changed" in fail(
        "train", "--resume", "run", "--hidden-size", "2", "--learning-rate", "1"
    )
    assert "dataset" in fail("train", "sine", "--resume", "run")


@pytest.mark.usefixtures("run")
def test_a_run_is_never_overwritten() -> None:
    files = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    message = fail("train", "wave.csv", "--column", "height", *SMALL, "-o", "run")
    assert "tnqlstm train --resume run" in message
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == files


def test_data_that_is_no_numbers() -> None:
    Path("bad.csv").write_text("height\n1\n2\nnan\n")
    assert "bad.csv, line 4: 'nan'" in fail("train", "bad.csv", "-o", "r")
