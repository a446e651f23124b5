"""`tnqlstm evaluate` and `tnqlstm forecast`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tnqlstm.forecasting import Forecaster

from .calls import fail, succeed


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
@pytest.mark.parametrize("name", ["f.csv", "f.png"])
def test_a_forecast_is_written_whole_or_not_at_all(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(path.name for path in Path().iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert "No space left" in fail("forecast", "run", "--horizon", "3", "--output", name)
    assert sorted(path.name for path in Path().iterdir()) == before
