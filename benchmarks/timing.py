"""Timing in one run: contestants take turns, so that a drifting machine is fair to all."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

__all__ = ["PEERS_PYTHON", "OtherProcess", "environment", "seconds_each", "times_slower"]

PACKAGES = ("tnqlstm", "torch", "numpy", "quimb", "cotengra", "pennylane")
PEERS_PYTHON = Path(__file__).parent.parent / ".venv-peers" / "bin" / "python"
LEAST_SECONDS = 0.05  # a fast contestant repeats within its turn until so much time has gone by


def seconds_each(
    contestants: Mapping[str, Callable[[], object] | OtherProcess], rounds: int
) -> dict[str, dict[str, float]]:
    """Median, least and most seconds of a call, over `rounds` turns after one to warm up."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        if not isinstance(run, OtherProcess):
            run()
    for _ in range(rounds):
        for name, run in contestants.items():
            samples[name].append(run.turn() if isinstance(run, OtherProcess) else _turn(run))
    return {
        name: {"median": statistics.median(s), "min": min(s), "max": max(s)}
        for name, s in samples.items()
    }


def times_slower(seconds: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Each peer's median against ours."""
    medians = {name: each["median"] for name, each in seconds.items()}
    ours = medians.pop("tnqlstm")
    return {name: median / ours for name, median in medians.items()}


class OtherProcess:
    """A contestant of `benchmarks.peers`, by default in the interpreter of `.venv-peers`."""

    def __init__(
        self, module: str, function: str, problem: dict[str, Any], python: Path = PEERS_PYTHON
    ) -> None:
        self._process = subprocess.Popen(
            [str(python), "-m", "benchmarks.peers", module, function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        first = json.loads(self._ask(json.dumps(problem)))
        self.first_call: float = first["first_call"]
        self.returned: list[float] = first["returned"]

    def turn(self) -> float:
        """Seconds of a call."""
        return float(self._ask(str(LEAST_SECONDS)))

    def close(self) -> None:
        self._process.communicate()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended. Run it by hand to see why.")
        return answer


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
