"""numpy's numbers go wherever Python's go, and into every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

import tnqlstm as tnq
from tnqlstm.distribution import cost_table
from tnqlstm.errors import TnqlstmError
from tnqlstm.forecasting import Series


def numpy_network() -> tnq.QPUNetwork:
    """QPUs named by numpy's integers, as a graph made from an adjacency matrix may have them."""
    graph = nx.Graph()
    for name in np.arange(2):
        graph.add_node(name, qubits=np.int32(3), communication_qubits=np.uint8(3),
                       position=(np.float32(name), np.float64(0)))  # fmt: skip
    link = tnq.Link(fidelity=np.float32(0.5), rate=np.int64(1000), latency=np.float64(1e-5))
    graph.add_edge(*np.arange(2), link=link)
    return tnq.QPUNetwork.from_networkx(graph)


def python_network() -> tnq.QPUNetwork:
    graph = nx.Graph()
    for name in range(2):
        graph.add_node(name, qubits=3, communication_qubits=3, position=(float(name), 0.0))
    graph.add_edge(0, 1, link=tnq.Link(fidelity=0.5, rate=1000.0, latency=1e-5))
    return tnq.QPUNetwork.from_networkx(graph)


@pytest.mark.parametrize("suffix", [".json", ".graphml"])
def test_a_network_is_saved(tmp_path: Path, suffix: str) -> None:
    numpy_network().write(tmp_path / f"numpy{suffix}")
    python_network().write(tmp_path / f"python{suffix}")
    texts = [(tmp_path / f"{name}{suffix}").read_text() for name in ("numpy", "python")]
    assert texts[0] == texts[1]
    assert tnq.QPUNetwork.read(tmp_path / f"numpy{suffix}") == python_network()


def test_a_placement_is_json() -> None:
    circuit = tnq.Circuit(np.int64(4), (("RX", (np.int64(0),), np.float32(0.5)), ("CX", (0, 3))))
    options: dict[str, Any] = {"cost": "ebits", "may_move": True}
    placed = tnq.partition(
        circuit, numpy_network(), seed=np.int64(3), effort=np.float32(0.5),
        time_budget=np.float32(60), **options,
    )  # fmt: skip
    same = tnq.partition(circuit, python_network(), seed=3, effort=0.5, **options)
    assert json.dumps(placed.summary()) == json.dumps(same.summary())
    assert [*placed.programs().values()] == [*same.programs().values()]
    table = cost_table(circuit, np.array([1, 2]), spare=np.int8(1), costs=("gates",))
    assert json.dumps(table.summary()) == json.dumps(
        cost_table(circuit, (1, 2), spare=1, costs=("gates",)).summary()
    )
    assert tnq.Circuit.from_qasm(circuit.to_qasm()).operations == circuit.operations


def test_a_run_is_saved_and_goes_on(tmp_path: Path) -> None:
    values = np.sin(np.arange(40) / 3)
    options: dict[str, Any] = {
        "window": 3, "hidden_size": 2, "depth": 1, "num_layers": 2, "epochs": 1, "seed": 2,
        "batch_size": 7, "learning_rate": 0.25, "dropout": 0.5, "scheme": "linked",
    }  # fmt: skip
    of_numpy = {
        name: np.int64(value) if type(value) is int else np.float32(value)
        for name, value in options.items()
        if name != "scheme"
    }
    series = Series("wave", values.astype(np.float32), time=np.arange(40, dtype=np.int32))
    made = {}
    for name, each, network in (
        ("numpy", {**options, **of_numpy}, numpy_network()),
        ("python", options, python_network()),
    ):
        made[name] = tnq.Forecaster(**each, network=network).fit(series.train, test=series.test)
        made[name].save(tmp_path / name)
    configs = [json.loads((tmp_path / name / "config.json").read_text()) for name in made]
    assert {**configs[0], "run": None} == {**configs[1], "run": None}
    loaded = tnq.Forecaster.load(tmp_path / "numpy").resume(np.int64(2))
    other = tnq.Forecaster.load(tmp_path / "python").resume(2)
    assert np.array_equal(loaded.predict(horizon=np.int64(3)), other.predict(horizon=3))
    loaded.save(tmp_path / "again")
    assert tnq.Forecaster.load(tmp_path / "again").config_ == loaded.config_


@pytest.mark.parametrize("value", [10**30, np.iinfo(np.uint64).max])
def test_a_seed_past_torchs_is_refused(value: Any) -> None:
    with pytest.raises(TnqlstmError, match="seed must be at most 9223372036854775807"):
        tnq.Forecaster(seed=value).fit(np.arange(20.0))


def test_a_batch_of_any_size_is_the_whole_series() -> None:
    series = tnq.datasets.sine().values[:20]
    options: dict[str, Any] = {"hidden_size": 1, "depth": 1, "epochs": 2}
    huge, whole = (
        tnq.Forecaster(**options, batch_size=size).fit(series) for size in (10**30, len(series))
    )
    assert np.array_equal(huge.predict(horizon=3), whole.predict(horizon=3))


@pytest.mark.parametrize(
    ("name", "value"), [("effort", 1e30), ("effort", 10**400), ("time_budget", np.nan),
                        ("time_budget", -1), ("time_budget", "1")],
)  # fmt: skip
def test_numbers_that_steer_no_search(name: str, value: Any) -> None:
    with pytest.raises(TnqlstmError, match=f"{name} must be a"):
        tnq.partition(tnq.ansatz.ry_brickwork(4, 1), tnq.QPUNetwork.line(2, 2), **{name: value})
