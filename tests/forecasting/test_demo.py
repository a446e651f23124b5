"""The demonstration: its models, table and folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tnqlstm.errors import CheckpointError
from tnqlstm.forecasting import datasets, train_run
from tnqlstm.forecasting.checkpoint import STATE_FILE
from tnqlstm.forecasting.demo import LABELS, demo_forecasters, results_table, run_demo
from tnqlstm.forecasting.folder import RUN_FILES


def test_the_demo_compares_four_models_and_can_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    results = run_demo(folder, epochs=1)
    demo_forecasters()["linked"].start(datasets.sine()).save(tmp_path / "untrained")
    for left in (".results.json.0123abcd", "lstm/.loss.png.99", ".comparison.png.77"):
        (folder / left).write_bytes(b"from a demo that was killed")
    (folder / "lstm" / "metrics.json").unlink()
    (folder / "linked" / "config.json").unlink()
    for name in RUN_FILES[2:]:
        (folder / "linked" / name).unlink()
    shutil.copy(tmp_path / "untrained" / STATE_FILE, folder / "linked" / STATE_FILE)
    again = run_demo(folder, epochs=1)
    for name in ("segment", "linked", "centric", "lstm"):
        assert {p.name for p in (folder / name).iterdir()} == set(RUN_FILES)
        assert {**results[name], "seconds": 0} == {**again[name], "seconds": 0}
    assert {p.name for p in folder.iterdir()} == {*results, "comparison.png", "results.json"}
    assert results["segment"]["parameters"] == 126
    assert abs(results["lstm"]["parameters"] - 126) < 20
    assert results["segment"]["cut_gates_per_step"] == 0
    # four brickwork circuits of depth 5 on two blocks: (k − 1) · depth cut gates each
    assert results["linked"]["cut_gates_per_step"] == 20
    # ideal links: the same function, the same seed
    assert results["linked"]["test"]["mse"] == pytest.approx(
        results["centric"]["test"]["mse"], rel=1e-4
    )
    table = results_table(results).splitlines()
    assert len(table) == 8
    for name, label in LABELS.items():
        row = next(line for line in table if line.startswith(label))
        if name in results:
            assert f"{results[name]['test']['mse']:.2e}" in row
            assert f"{results[name]['train']['mse']:.2e}" in row


def test_the_demo_replaces_nothing_but_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(CheckpointError, match=r"thesis\.tex, which the demo didn't make"):
        run_demo(tmp_path, epochs=1)
    (tmp_path / "thesis.tex").unlink()
    (tmp_path / "lstm").mkdir()
    (tmp_path / "lstm" / "config.json").write_text('{"mine": 1}')
    with pytest.raises(CheckpointError, match="didn't make"):
        run_demo(tmp_path, epochs=1)
    assert [p.name for p in tmp_path.iterdir()] == ["lstm"]


@pytest.mark.parametrize(("name", "epochs"), [("segment", 40), ("centric", 60)])
def test_the_trained_qlstms_beat_persistence(name: str, epochs: int, tmp_path: Path) -> None:
    """As `make demo` trains them, in fewer epochs; the linked one is the centric one (above)."""
    forecaster = demo_forecasters(epochs)[name]
    result = train_run(forecaster, datasets.damped_oscillator(), tmp_path / name)
    assert result["test"]["mse"] < result["baselines"]["persistence"]
