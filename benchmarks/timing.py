"""Timing in one run: contestants take turns, so that a drifting machine is fair to all."""

from __future__ import annotations

import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

__all__ = ["environment", "seconds_each"]

PACKAGES = ("tnqlstm", "torch", "numpy", "quimb", "cotengra", "pennylane")
LEAST_SECONDS = 0.05  # a fast contestant repeats within its turn until so much time has gone by


def seconds_each(
    contestants: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, dict[str, float]]:
    """Median, least and most seconds of a call, over `rounds` turns after one to warm up."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    for _ in range(rounds):
        for name, run in contestants.items():
            samples[name].append(_turn(run))
    return {
        name: {"median": statistics.median(s), "min": min(s), "max": max(s)}
        for name, s in samples.items()
    }


def _turn(run: Callable[[], object]) -> float:
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < LEAST_SECONDS or not calls:
        run()
        calls += 1
    return elapsed / calls


def environment() -> dict[str, Any]:
    """What a figure depends on: versions, threads, machine, commit."""
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "versions": versions,
        "python": platform.python_version(),
        "machine": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "commit": commit.stdout.strip() or None,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
