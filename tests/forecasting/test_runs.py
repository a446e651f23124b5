"""Runs: the folder's files, exact resumption, and folders that are refused."""

from __future__ import annotations

import json
import os
import shutil
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
from tnqlstm.forecasting.folder import (
    RUN_FILES,
    check_free,
    claim_folder,
    claiming,
    discard_run,
    holding,
    resuming,
)
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


Change = Callable[[Path], object]


def _made_anew(folder: Path) -> None:
    """Another run of the same options and data, begun and ended at the same path."""
    shutil.rmtree(folder)
    t = np.arange(60)
    other = Series("wave", np.exp(-t / 40) * np.sin(t / 3), time=t / 2, time_label="time (s)")
    Forecaster(3, 2, depth=1, epochs=1).fit(other.train, test=other.test).save(folder)


def _other_config(folder: Path) -> None:
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace('"run": "', '"run": "other'))


CHANGES: dict[str, Change] = {
    "made anew by another run": _made_anew,
    "removed": shutil.rmtree,
    "moved": lambda folder: folder.rename(folder.with_name("moved")),
    "moved, and an empty one in its place": lambda folder: [
        folder.rename(folder.with_name("moved")),
        folder.mkdir(),  # type: ignore[func-returns-value]
    ],
    "its config removed": lambda folder: (folder / "config.json").unlink(),
    "the config of another run": _other_config,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_run_stops_when_its_folder_is_not_its_own(
    series: Series, small: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    """In the second epoch the folder is changed, as by others while the process is suspended."""
    folder, calls, seen = tmp_path / "run", [], {}
    original = Trainer._step

    def step(trainer: Trainer, chosen: torch.Tensor) -> None:
        calls.append(1)
        if len(calls) == 6:  # four batches an epoch
            change(folder)
            seen.update(contents(tmp_path))
        original(trainer, chosen)

    monkeypatch.setattr(Trainer, "_step", step)
    forecaster = small(epochs=3)
    with pytest.raises(CheckpointError, match="no longer this run's folder"):
        train_run(forecaster, series, folder)
    assert contents(tmp_path) == seen  # nothing more was written anywhere
    if change is _made_anew:
        assert len(Forecaster.load(folder).history_) == 1
    forecaster.save(tmp_path / "elsewhere")
    assert len(Forecaster.load(tmp_path / "elsewhere").history_) == 2


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_resumed_run_stops_too(series: Series, small: Make, tmp_path: Path) -> None:
    train_run(small(epochs=1), series, tmp_path / "run")
    with resuming(tmp_path / "run") as claim:
        _made_anew(tmp_path / "run")
        before = contents(tmp_path)
        with pytest.raises(CheckpointError, match="no longer this run's folder"):
            claim.write("history.json", b"[]")
    assert contents(tmp_path) == before


def test_two_runs_of_the_same_options_have_different_configs(
    series: Series, small: Make, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        small(model="lstm", epochs=1).fit(series.train).save(tmp_path / name)
    (tmp_path / "a" / "config.json").replace(tmp_path / "b" / "config.json")
    with pytest.raises(CheckpointError, match="isn't the config"):
        Forecaster.load(tmp_path / "b")


@pytest.mark.parametrize("at", range(1, 9))
def test_a_killed_run_can_be_resumed_or_begun_again(
    series: Series, small: Make, tmp_path: Path, at: int
) -> None:
    """The process ends, without cleaning up, at one of the steps that write its first files."""
    folder = tmp_path / "run"
    forecaster = small(model="lstm", epochs=2)
    child = os.fork()
    if child == 0:
        calls: list[str] = []

        def until(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*arguments: Any, **options: Any) -> Any:
                calls.append(name)
                return os._exit(9) if len(calls) == at else call(*arguments, **options)

            return counted

        os.fsync, os.replace = until("fsync", os.fsync), until("replace", os.replace)
        train_run(forecaster, series, folder)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    if (folder / "config.json").exists():
        with pytest.raises(CheckpointError, match="already holds a run"):
            check_free(folder)
        with resuming(folder):
            assert len(Forecaster.load(folder).resume().history_) == 2
    else:
        with claiming(folder, forecaster.fit(series.train).checkpoint()):
            pass
    assert {p.name for p in folder.iterdir()} == {"config.json", "checkpoint.safetensors"}


def test_what_versions_before_left_is_free(series: Series, small: Make, tmp_path: Path) -> None:
    small(model="lstm", epochs=1).fit(series.train).save(tmp_path / "run")
    state = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    (tmp_path / "run" / ".checkpoint.safetensors.4711").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="nothing was trained there"):
        Forecaster.load(tmp_path / "run")
    check_free(tmp_path / "run")  # a config alone
    (tmp_path / "run" / "config.json").write_text('{"mine": 1}')
    with pytest.raises(CheckpointError, match="already holds a run"):
        check_free(tmp_path / "run")
    (tmp_path / "run" / "config.json").unlink()
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(state)
    with pytest.raises(CheckpointError, match="isn't empty"):  # it's trained
        check_free(tmp_path / "run")


def test_a_run_that_cannot_be_written_leaves_nothing(
    series: Series, small: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        train_run(small(model="lstm"), series, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


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
