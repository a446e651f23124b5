"""The benchmark over others' circuits: a few of its instances hold, and its figures are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import circuits

INSTANCES = Path(circuits.__file__).parent / "instances" / "circuits.json"
FEW = {
    ("qiskit", "efficient_su2"),
    ("qiskit", "zz_feature_map"),
    ("qiskit", "AndGate"),
    ("pennylane", "StronglyEntanglingLayers"),
    ("pennylane", "MERA"),
    ("pennylane", "QAOAEmbedding"),
}


def quick() -> list[dict[str, Any]]:
    every = json.loads(INSTANCES.read_text())["instances"]
    return [each for each in every if each.get("quick") and (each["source"], each["name"]) in FEW]


@pytest.mark.parametrize("instance", quick(), ids=lambda each: f"{each['source']} {each['name']}")
def test_values_equal_the_sources_own_statevector(instance: dict[str, Any]) -> None:
    result = circuits.run(instance)
    assert result["outcome"] == "values"
    assert result["largest_error"] < circuits.TOLERANCE


def test_counts() -> None:
    instance = {"source": "qiskit", "name": "z_feature_map", "qubits": 4}
    small = {"instance": instance, "n_qubits": 4, "seconds": 0.5, "outcome": "values"}
    refused = {"instance": instance, "n_qubits": 40, "seconds": 2.0, "outcome": "refused"}
    text = circuits.summary(
        [{**small, "largest_error": 1e-12, "holds": True}, {**refused, "holds": False}]
    )
    first, second = text.splitlines()
    assert first.startswith("up to 20 qubits: 1 circuits, 1 with values, 0 refused")
    assert "1 as wanted, largest error 1.0e-12; slowest 0.5 s" in first
    assert "1 refused with a number, 0 given up; 0 as wanted; slowest 2.0 s" in second
