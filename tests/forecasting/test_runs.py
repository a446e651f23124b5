"""Runs: the folder's files, exact resumption, and folders that are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from tnqlstm import QPUNetwork
from tnqlstm.errors import CheckpointError, DataError
from tnqlstm.forecasting import (
    DivergenceError,
    Forecaster,
    Series,
    Trainer,
    TrainingInterrupted,
    metrics,
    resume_run,
    train_run,
)
from tnqlstm.forecasting.checkpoint import load_checkpoint
from tnqlstm.forecasting.config import ConfigError
from tnqlstm.forecasting.folder import RUN_FILES, claim_folder, discard_run, holding
from tnqlstm.forecasting.runs import evaluate, summary

Make = Callable[..., Forecaster]


def interrupt_steps(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    calls = []
    original = Trainer._step

    def step(trainer: Trainer, chosen: torch.Tensor) -> None:
        calls.append(1)
        if len(calls) == at:
            raise KeyboardInterrupt
        original(trainer, chosen)

    monkeypatch.setattr(Trainer, "_step", step)


def without_seconds(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k != "seconds"} for record in history]


def test_a_run_leaves_its_files(series: Series, small: Make, tmp_path: Path) -> None:
    forecaster = small(scheme="linked", network=QPUNetwork.line(2, qubits=2))
    result = train_run(forecaster, series, tmp_path / "deep" / "run")
    folder = tmp_path / "deep" / "run"
    assert {p.name for p in folder.iterdir()} == set(RUN_FILES)
    assert json.loads((folder / "metrics.json").read_text()) == result
    assert json.loads((folder / "history.json").read_text()) == forecaster.history_
    for name in ("forecast.png", "free_run.png", "loss.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_the_metrics_are_those_of_the_forecasts(
    series: Series, small: Make, tmp_path: Path
) -> None:
    network = QPUNetwork.line(2, qubits=2)
    forecaster = small(scheme="linked", network=network, depth=2)
    result = train_run(forecaster, series, tmp_path / "run")
    forecasts = forecaster.predict(series.test)
    wanted = metrics.all_errors(series.test.values, forecasts)
    assert result["test_in_data_units"] == pytest.approx(wanted)
    half_range = np.ptp(series.train.values) / 2
    assert result["test"]["mse"] == pytest.approx(wanted["mse"] / half_range**2)
    assert result["test"]["mse"] == pytest.approx(
        forecaster.history_[result["kept_epoch"] - 1]["test_mse"]
    )
    persistence = np.mean((series.test.values - series.values[39:59]) ** 2) / half_range**2
    assert result["baselines"]["persistence"] == pytest.approx(persistence)
    assert result["parameters"] == 4 * 2 * 3 + 2 + 1
    placed = forecaster.model_.recurrent.cells[0].placed  # type: ignore[union-attr,index]
    assert result["cut_gates_per_step"] == 4 * placed.n_cut_gates == 8
    assert result["ebits_per_step"] == 4 * placed.n_ebits
    assert f"{result['test']['mse']:.3e}" in summary(result)


@pytest.mark.parametrize("at", [1, 6, 9])
def test_an_interrupted_run_ends_where_a_whole_one_does(
    series: Series, small: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    wanted = train_run(small(epochs=3), series, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_steps(patch, at)
        with pytest.raises(TrainingInterrupted):
            train_run(small(epochs=3), series, tmp_path / "run")
    assert len(load_checkpoint(tmp_path / "run").state.history) == (at - 1) // 4
    result = resume_run(tmp_path / "run")
    whole, parts = (load_checkpoint(tmp_path / name).state for name in ("whole", "run"))
    assert without_seconds(whole.history) == without_seconds(parts.history)
    assert whole.tensors.keys() == parts.tensors.keys()
    for name, tensor in whole.tensors.items():
        assert torch.equal(tensor, parts.tensors[name]), name
    assert {**result, "seconds": 0} == {**wanted, "seconds": 0}


def test_a_finished_run_can_be_extended(series: Series, small: Make, tmp_path: Path) -> None:
    train_run(small(epochs=4), series, tmp_path / "whole")
    train_run(small(epochs=2), series, tmp_path / "run")
    assert resume_run(tmp_path / "run", epochs=4)["epochs"] == 4
    whole, parts = (load_checkpoint(tmp_path / name) for name in ("whole", "run"))
    assert parts.config == whole.config
    for name, tensor in whole.state.tensors.items():
        assert torch.equal(tensor, parts.state.tensors[name]), name
    before = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    resume_run(tmp_path / "run")  # nothing left to do
    assert (tmp_path / "run" / "checkpoint.safetensors").read_bytes() == before
    with pytest.raises(ConfigError, match="already has 4 epochs, more than the 3"):
        resume_run(tmp_path / "run", epochs=3)
    resume_run(tmp_path / "run", epochs=4)


def test_divergence_leaves_the_last_good_epoch(series: Series, small: Make, tmp_path: Path) -> None:
    with pytest.raises(DivergenceError):
        train_run(small(model="lstm", learning_rate=1e38), series, tmp_path / "run")
    kept = Forecaster.load(tmp_path / "run")
    assert np.isfinite(kept.predict(horizon=3)).all()


def test_a_folder_in_use_is_refused_before_anything_is_built(
    series: Series, small: Make, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("x")
    forecaster = small()
    with pytest.raises(CheckpointError, match="isn't empty"):
        train_run(forecaster, series, tmp_path)
    assert not hasattr(forecaster, "trainer_")


def test_folders_in_use_are_refused_and_left_alone(
    series: Series, small: Make, tmp_path: Path
) -> None:
    train_run(small(epochs=1), series, tmp_path / "run")
    files = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}
    with pytest.raises(CheckpointError, match="--resume"):
        train_run(small(epochs=1), series, tmp_path / "run")
    assert {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()} == files
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("dear diary")
    with pytest.raises(CheckpointError, match=r"isn't empty \(diary\.txt\)"):
        train_run(small(epochs=1), series, tmp_path / "notes")
    with pytest.raises(CheckpointError, match="is a file"):
        train_run(small(epochs=1), series, tmp_path / "notes" / "diary.txt")
    (tmp_path / "empty").mkdir()
    train_run(small(epochs=1), series, tmp_path / "empty")


def test_a_series_that_cannot_be_used_claims_no_folder(small: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        train_run(small(), Series("short", np.arange(5.0)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_process_writes_at_a_time(series: Series, small: Make, tmp_path: Path) -> None:
    train_run(small(epochs=1), series, tmp_path / "run")
    program = (
        "import fcntl, os, sys; handle = os.open(sys.argv[1], os.O_RDONLY);"
        "fcntl.flock(handle, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "run")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(CheckpointError, match="another process"):
            resume_run(tmp_path / "run", epochs=2)
        other.communicate()
    resume_run(tmp_path / "run", epochs=2)
    with holding(tmp_path / "run"):
        pass


def test_only_runs_of_the_same_maker_are_discarded(
    series: Series, small: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    discard_run(folder, "demo")
    train_run(small(epochs=1), series, folder)
    with pytest.raises(CheckpointError, match="the demo didn't make"):
        discard_run(folder, "demo")
    assert {p.name for p in folder.iterdir()} == set(RUN_FILES)
    (folder / "mine.txt").write_text("keep")
    with pytest.raises(CheckpointError, match="didn't make"):
        discard_run(folder, "train")
    (folder / "mine.txt").unlink()
    discard_run(folder, "train")
    assert list(folder.iterdir()) == []
    assert claim_folder(folder) == folder
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="didn't make"):
        discard_run(folder, "train")


def test_a_forecaster_without_a_test_part_is_no_run(
    series: Series, small: Make, tmp_path: Path
) -> None:
    forecaster = small(epochs=1).fit(series.train)
    with pytest.raises(CheckpointError, match="no test series"):
        evaluate(forecaster)
    forecaster.save(tmp_path / "f")
    with pytest.raises(CheckpointError, match="not a run"):
        resume_run(tmp_path / "f")


def test_a_run_is_a_saved_forecaster(series: Series, small: Make, tmp_path: Path) -> None:
    forecaster = small(epochs=3, learning_rate=0.3)
    train_run(forecaster, series, tmp_path / "run")
    loaded = Forecaster.load(tmp_path / "run")
    assert_array_equal(loaded.predict(series.test), forecaster.predict(series.test))
    assert evaluate(loaded) == evaluate(forecaster)
