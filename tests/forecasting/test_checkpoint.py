"""Checkpoints: everything comes back bit by bit, and nothing else is taken for one."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tnqlstm import Circuit, QPUNetwork, ansatz
from tnqlstm.errors import CheckpointError
from tnqlstm.forecasting import Forecaster, Series
from tnqlstm.forecasting.checkpoint import (
    CONFIG_FILE,
    STATE_FILE,
    _digest,
    load_checkpoint,
    save_state,
)

Make = Callable[..., Forecaster]


@pytest.fixture
def saved(series: Series, small: Make, tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    small(model="lstm").fit(series.train, test=series.test).save(folder)
    return folder


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_comes_back(series: Series, small: Make, tmp_path: Path, dtype: str) -> None:
    network = QPUNetwork.line(2, qubits=[2, 1])
    forecaster = small(scheme="linked", network=network, dtype=dtype, seed=3)
    forecaster.fit(series.train, test=series.test).save(tmp_path / "f")
    loaded = Forecaster.load(tmp_path / "f")
    assert loaded.get_params() == {**forecaster.get_params(), "dtype": dtype}
    assert loaded.config_ == forecaster.config_
    assert loaded.history_ == forecaster.history_
    for name, tensor in forecaster.trainer_.state.tensors.items():
        other = loaded.trainer_.state.tensors[name]
        assert torch.equal(tensor, other)
        assert tensor.dtype == other.dtype
    for ours, theirs in ((forecaster.series_, loaded.series_),):
        assert_array_equal(ours.whole.values, theirs.whole.values)
        assert_array_equal(ours.time, theirs.time)
        assert (ours.start, ours.stop, ours.time_label) == (
            theirs.start,
            theirs.stop,
            theirs.time_label,
        )
    assert_array_equal(loaded.predict(series.test), forecaster.predict(series.test))
    assert_array_equal(loaded.predict(horizon=5), forecaster.predict(horizon=5))


def test_an_interrupted_training_is_exact_after_saving(
    series: Series, small: Make, tmp_path: Path
) -> None:
    whole = small(epochs=4).fit(series.train, test=series.test)
    small(epochs=2).fit(series.train, test=series.test).save(tmp_path / "half")
    loaded = Forecaster.load(tmp_path / "half").resume(epochs=4)
    for name, tensor in whole.trainer_.state.tensors.items():
        assert torch.equal(tensor, loaded.trainer_.state.tensors[name]), name
    strip = [{k: v for k, v in r.items() if k != "seconds"} for r in loaded.history_]
    assert strip == [{k: v for k, v in r.items() if k != "seconds"} for r in whole.history_]


def test_driven_and_unrelated_series_come_back(driven: Series, small: Make, tmp_path: Path) -> None:
    other = Series("other", np.arange(20) / 20, inputs=np.arange(20) / 20)
    small(model="lstm").fit(driven, test=other).save(tmp_path / "f")
    loaded = load_checkpoint(tmp_path / "f")
    assert loaded.test is not None
    assert_array_equal(loaded.train.inputs, driven.inputs)
    assert_array_equal(loaded.test.inputs, other.inputs)
    assert loaded.test.name == "other"


def test_networks_and_ansaetze_come_back(series: Series, small: Make, tmp_path: Path) -> None:
    graph = nx.Graph()
    graph.add_node(("a", 1), qubits=2)
    graph.add_node("b", qubits=1)
    graph.add_edge(("a", 1), "b")
    network = QPUNetwork.from_networkx(graph)

    def own(n_qubits: int) -> Circuit:
        return ansatz.chen2020(n_qubits, 1)

    options = {"scheme": "segment", "network": network, "ansatz": own, "depth": None}
    forecaster = small(**options).fit(series.train)
    forecaster.save(tmp_path / "f")
    loaded = Forecaster.load(tmp_path / "f")
    assert loaded.network == network
    assert loaded.ansatz is not None
    assert loaded.ansatz(2) == own(2)
    assert_array_equal(loaded.predict(series.test), forecaster.predict(series.test))
    with pytest.raises(ValueError, match=r"circuits of \[1, 2\] qubits, none of 5"):
        loaded.ansatz(5)


def test_every_truncation_is_refused(saved: Path) -> None:
    content = (saved / STATE_FILE).read_bytes()
    for size in [0, 1, 7, 8, 9, *range(20, len(content), 97), len(content) - 1]:
        (saved / STATE_FILE).write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=STATE_FILE):
            load_checkpoint(saved)


def test_every_changed_byte_is_noticed(saved: Path) -> None:
    content = bytearray((saved / STATE_FILE).read_bytes())
    draw = random.Random(0)
    for _ in range(200):
        changed = bytearray(content)
        changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        (saved / STATE_FILE).write_bytes(changed)
        with pytest.raises(CheckpointError):
            load_checkpoint(saved)


def test_every_truncated_config_is_refused(saved: Path) -> None:
    content = (saved / CONFIG_FILE).read_bytes()
    for size in range(0, len(content) - 2, 13):
        (saved / CONFIG_FILE).write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=CONFIG_FILE):
            load_checkpoint(saved)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2]", "another program"),
        ('{"format": "other"}', "another program"),
        ('{"format": "tnqlstm checkpoint", "version": 2, "tnqlstm": "9.9"}', r"version 2.*9\.9"),
        ('{"format": "tnqlstm checkpoint", "version": 1}', "lacks its options"),
    ],
)
def test_foreign_configs_are_refused(saved: Path, content: str, message: str) -> None:
    (saved / CONFIG_FILE).write_text(content)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(saved)


def test_foreign_tensors_are_refused(saved: Path) -> None:
    for metadata in (None, {"format": "pt"}):
        save_file({"weight": torch.zeros(2)}, saved / STATE_FILE, metadata)
        with pytest.raises(CheckpointError, match="another program"):
            load_checkpoint(saved)


def test_tensors_without_our_metadata_are_refused(saved: Path) -> None:
    tensors = load_file(saved / STATE_FILE)
    save_file(tensors, saved / STATE_FILE, {"format": "tnqlstm checkpoint", "version": "1"})
    with pytest.raises(CheckpointError, match="lacks parts"):
        load_checkpoint(saved)


def test_files_of_two_runs_do_not_mix(
    saved: Path, series: Series, small: Make, tmp_path: Path
) -> None:
    small(model="lstm", seed=1).fit(series.train, test=series.test).save(tmp_path / "other")
    (tmp_path / "other" / CONFIG_FILE).replace(saved / CONFIG_FILE)
    with pytest.raises(CheckpointError, match="isn't the config"):
        load_checkpoint(saved)


def test_an_edited_config_is_noticed(saved: Path) -> None:
    data = json.loads((saved / CONFIG_FILE).read_text())
    data["options"]["hidden_size"] = 3
    (saved / CONFIG_FILE).write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match="isn't the config"):
        Forecaster.load(saved)


def test_a_config_that_fits_the_file_but_not_the_model_is_refused(
    series: Series, small: Make, tmp_path: Path
) -> None:
    forecaster = small(model="lstm").fit(series.train)
    forecaster.save(tmp_path / "f")
    data = json.loads((tmp_path / "f" / CONFIG_FILE).read_text())
    for change in ({"hidden_size": 3}, {"cell": "unknown", "model": "qlstm"}, {"window": 0}):
        changed = {**data, "options": {**data["options"], **change}}
        (tmp_path / "f" / CONFIG_FILE).write_text(json.dumps(changed))
        save_state(tmp_path / "f", forecaster.checkpoint())
        with pytest.raises(CheckpointError):
            Forecaster.load(tmp_path / "f")
    del data["options"]["hidden_size"], data["data"]["series"][0]["name"]
    (tmp_path / "f" / CONFIG_FILE).write_text(json.dumps(data))
    save_state(tmp_path / "f", forecaster.checkpoint())
    with pytest.raises(CheckpointError, match="doesn't describe a forecast"):
        Forecaster.load(tmp_path / "f")


Tensors = dict[str, torch.Tensor]


def resign(folder: Path, change: Callable[[Tensors, dict[str, str]], object]) -> None:
    """Change the saved state and give it a digest that fits."""
    path = folder / STATE_FILE
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(tensors, metadata)
    metadata["digest"] = _digest(tensors, metadata)
    save_file(tensors, path, metadata)


def _set(name: str, value: float) -> Callable[[Tensors, dict[str, str]], object]:
    return lambda tensors, _: tensors[name].view(-1)[:1].fill_(value)


def _record(**values: object) -> Callable[[Tensors, dict[str, str]], object]:
    def change(_: Tensors, metadata: dict[str, str]) -> None:
        history = json.loads(metadata["history"])
        history[1] |= values
        metadata["history"] = json.dumps(history)

    return change


WEIGHT = "state.model.head.weight"
RESIGNED: dict[str, tuple[Callable[[Tensors, dict[str, str]], object], str]] = {
    "nan in the model": (_set(WEIGHT, np.nan), r"aren't finite in head\.weight"),
    "nan in the best": (_set("state.best.head.weight", np.nan), "aren't finite"),
    "inf in the optimiser": (_set("state.optimizer.0.square_avg", np.inf), "aren't finite"),
    "a negative square": (_set("state.optimizer.0.square_avg", -1.0), "0.square_avg that 8 steps"),
    "other steps": (_set("state.optimizer.0.step", 7.0), "0.step that 8 steps can't"),
    "a foreign optimiser entry": (
        lambda t, _: t.update({"state.optimizer.0.momentum_buffer": torch.zeros(8, 1)}),
        r"0\.momentum_buffer: \(8, 1\) instead of nothing",
    ),
    "a foreign index": (
        lambda t, _: t.update({"state.optimizer.77.step": torch.tensor(8.0)}),
        "77.step: .* instead of nothing",
    ),
    "no index": (
        lambda t, _: t.update({"state.optimizer.step": torch.tensor(8.0)}),
        "instead of nothing",
    ),
    "a lost optimiser entry": (
        lambda t, _: t.pop("state.optimizer.0.square_avg"),
        "0.square_avg: missing instead of",
    ),
    "another dtype": (
        lambda t, _: t.update({WEIGHT: t[WEIGHT].double()}),
        "float64 instead of float32",
    ),
    "a foreign group": (
        lambda t, _: t.update({"state.spare.x": torch.zeros(1)}),
        "holds spare.x, no part",
    ),
    "a foreign tensor": (lambda t, _: t.update({"x": torch.zeros(1)}), "holds x, of another"),
    "a foreign series": (
        lambda t, _: t.update({"series.1.values": torch.zeros(1).double()}),
        "series.1.values",
    ),
    "nan in the series": (_set("series.0.values", np.nan), "nan at index 0"),
    "a random state of zeros": (lambda t, _: t["state.random.cpu"].zero_(), "random state"),
    "a short random state": (
        lambda t, _: t.update({"state.random.cpu": torch.zeros(3, dtype=torch.uint8)}),
        "random",
    ),
    "no random state": (lambda t, _: t.pop("state.random.cpu"), "random state"),
    "nan in the history": (_record(train_mse=np.nan), "NaN is no number of JSON"),
    "text in the history": (_record(train_mse="0.1"), "history's record 2"),
    "an epoch left out": (_record(epoch=3), "history's record 2"),
    "no test error": (_record(test_mse=None), "history's record 2"),
    "a foreign key": (_record(note="x"), "history's record 2"),
    "a history without end": (lambda _, m: m.update(history="[" * 100_000), "RecursionError"),
    "a history of text": (lambda _, m: m.update(history='"x"'), "history is str"),
    "no epochs": (lambda _, m: m.update(epochs="0"), "epochs must be"),
    "epochs of text": (lambda _, m: m.update(epochs="many"), "invalid literal"),
}


@pytest.mark.parametrize(("change", "message"), RESIGNED.values(), ids=RESIGNED)
def test_a_changed_state_with_a_fitting_digest_is_refused(
    saved: Path, change: Callable[[Tensors, dict[str, str]], object], message: str
) -> None:
    resign(saved, lambda *_: None)
    Forecaster.load(saved)
    resign(saved, change)
    with pytest.raises(CheckpointError, match=message):
        Forecaster.load(saved)


def test_edited_epochs_are_noticed(saved: Path) -> None:
    data = json.loads((saved / CONFIG_FILE).read_text())
    data["options"]["epochs"] = 3
    (saved / CONFIG_FILE).write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match="isn't the config"):
        Forecaster.load(saved)


def test_a_config_without_end_is_refused(saved: Path) -> None:
    for text in ("[" * 200_000, '{"a":' * 200_000, "[NaN]", "9" * 10_000):
        (saved / CONFIG_FILE).write_text(text)
        with pytest.raises(CheckpointError, match=r"nested too deeply|isn't JSON|another program"):
            Forecaster.load(saved)


def test_missing_files(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        Forecaster.load(tmp_path / "nowhere")
    (saved / STATE_FILE).unlink()
    with pytest.raises(FileNotFoundError, match=STATE_FILE):
        Forecaster.load(saved)


def test_a_checkpoint_of_version_1_comes_back(tmp_path: Path) -> None:
    """`version_1` was saved before driven series were scaled by default; so were its forecasts."""
    folder = tmp_path / "saved"
    shutil.copytree(Path(__file__).parent / "version_1", folder)
    loaded = Forecaster.load(folder)
    assert (loaded.scaling, loaded.epochs, len(loaded.history_)) == ("none", 2, 2)
    assert_allclose(
        loaded.predict(loaded.test_series_),
        [0.55726117, 0.56549275, 0.57057375, 0.56999171, 0.56431478, 0.55689645, 0.55193687],
        rtol=1e-6,
    )
    assert len(loaded.resume(3).history_) == 3
