"""Circuits against the first of them, by turns: how time grows, what irregularity costs."""

from __future__ import annotations

from typing import Any

from benchmarks.memory import measured_bytes
from benchmarks.problems import Planned
from benchmarks.timing import seconds_each

__all__ = ["HEADER", "rows", "run"]

HEADER = ["circuit", "qubits", "plan s", "ms", "times the first", "predicted MiB", "measured MiB"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Seconds of values and gradient of each of the instance's `circuits`, by name."""
    circuits = {circuit["name"]: circuit for circuit in instance["circuits"]}
    planned = {name: Planned(circuit) for name, circuit in circuits.items()}
    steps = {name: each.values_and_gradient for name, each in planned.items()}
    found = {
        name: planned[name].known
        | {"seconds": seconds, "measured_bytes": measured_bytes(circuits[name])}
        for name, seconds in seconds_each(steps, rounds=15).items()
    }
    return {"instance": instance, "circuits": found}


def rows(result: dict[str, Any]) -> list[list[str]]:
    circuits = result["circuits"]
    first = next(iter(circuits.values()))["seconds"]["median"]
    return [
        [
            name,
            str(each["n_qubits"]),
            f"{each['seconds_to_plan']:.2f}",
            f"{each['seconds']['median'] * 1e3:.1f}",
            f"{each['seconds']['median'] / first:.2f}",
            f"{each['predicted_bytes'] / 2**20:.0f}",
            f"{(each['measured_bytes'] or 0) / 2**20:.0f}",
        ]
        for name, each in circuits.items()
    ]
