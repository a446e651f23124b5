"""Circuits against the first of them, by turns: how time grows, what irregularity costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

import tnqlstm as tnq
from benchmarks.memory import measured_bytes
from benchmarks.problems import placed_circuit
from benchmarks.timing import seconds_each

__all__ = ["HEADER", "rows", "run"]

HEADER = ["circuit", "qubits", "plan s", "ms", "times the first", "predicted MiB", "measured MiB"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Seconds of values and gradient of each of the instance's `circuits`, by name."""
    circuits = {circuit["name"]: circuit for circuit in instance["circuits"]}
    found: dict[str, dict[str, Any]] = {}
    contestants: dict[str, Callable[[], object]] = {}
    for name, circuit in circuits.items():
        contestants[name], found[name] = _prepare(circuit)
    for name, seconds in seconds_each(contestants, rounds=15).items():
        found[name] |= {"seconds": seconds, "measured_bytes": measured_bytes(circuits[name])}
    return {"instance": instance, "circuits": found}


def _prepare(instance: dict[str, Any]) -> tuple[Callable[[], object], dict[str, Any]]:
    """What is timed, and what is known before."""
    torch.manual_seed(0)
    circuit, placed = placed_circuit(instance)
    start = time.perf_counter()
    vqc = tnq.VQC(circuit, placed, dtype=torch.float64)
    planned = time.perf_counter() - start
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(instance["batch"], circuit.n_inputs, dtype=torch.float64)

    def values_and_gradient() -> None:
        vqc.weights.grad = None
        vqc(x).sum().backward()

    return values_and_gradient, {
        "n_qubits": circuit.n_qubits,
        "seconds_to_plan": planned,
        "predicted_bytes": vqc.plan.cost(1, instance["batch"]).bytes,
    }


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
