"""Circuits that nobody here wrote: values equal to a state vector's, or an error that says enough.

MQT Bench's generators, Qiskit's circuit library, PennyLane's templates. Nothing is fetched: the
packages make the circuits. Up to `EXACT_QUBITS` every ⟨Z⟩ is held to the source's own state vector
(Qiskit's `Statevector`, PennyLane's `default.qubit`); beyond, values or a `MemoryBudgetError` with
the bytes that are needed and a remedy count as an answer.
"""

from __future__ import annotations

import math
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

import tnqlstm as tnq
from tnqlstm.errors import MemoryBudgetError

__all__ = ["HEADER", "rows", "run", "summary"]

EXACT_QUBITS = 20  # up to here there are values within so many seconds, beyond an answer
SECONDS_FOR_VALUES, SECONDS_FOR_AN_ANSWER = 10.0, 30.0
TOLERANCE = 1e-9
MAX_MEMORY = 4 * 2**30
PATIENCE = 120  # seconds after which a circuit is given up
HEADER = ["circuit", "qubits", "gates", "by", "read s", "plan s", "values s", "largest error"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """How a circuit went: read, planned and computed, each with a clock, and compared.

    Seconds are the process's own, on one thread: others on the machine don't count.
    """
    from benchmarks import circuit_sources

    warnings.simplefilter("ignore")
    np.random.seed(0)  # noqa: NPY002 (some templates draw from it)
    torch.manual_seed(0)
    result: dict[str, Any] = {"instance": instance}
    source = getattr(circuit_sources, instance["source"])
    make, reference = source(instance["name"], instance["qubits"])
    clock = time.process_time()
    circuit = make()
    result |= {
        "n_qubits": circuit.n_qubits,
        "n_gates": len(circuit.operations),
        "seconds_to_read": time.process_time() - clock,
    }
    rng = np.random.default_rng(0)
    weights, inputs = rng.normal(size=circuit.n_weights), rng.normal(size=circuit.n_inputs)
    clock = time.process_time()
    try:
        with _patience(PATIENCE):
            vqc = tnq.VQC(circuit, max_memory=MAX_MEMORY, dtype=torch.float64)
            result["method"] = vqc.plan.method
            result["seconds_to_plan"] = time.process_time() - clock
            with torch.no_grad():
                vqc.weights.copy_(torch.tensor(weights).reshape(vqc.weights.shape))
            values = vqc(torch.tensor(inputs)).detach().numpy()
    except MemoryBudgetError as error:
        result["outcome"] = "refused"
        result["error"], result["needed_bytes"] = str(error), error.needed
    except TimeoutError:
        result["outcome"] = "late"
    else:
        result["outcome"] = "values"
    result["seconds"] = time.process_time() - clock
    if result["outcome"] == "values" and circuit.n_qubits <= EXACT_QUBITS:
        wanted = reference(weights, inputs)
        result["largest_error"] = float(np.abs(values - wanted).max())
    result["holds"] = _holds(result)
    return result


def _holds(result: dict[str, Any]) -> bool:
    """Whether the circuit went as is wanted of every one."""
    small = result["n_qubits"] <= EXACT_QUBITS
    if result["seconds"] > (SECONDS_FOR_VALUES if small else SECONDS_FOR_AN_ANSWER):
        return False
    if small:
        return result.get("largest_error", math.inf) <= TOLERANCE
    if result["outcome"] == "refused":
        return result["needed_bytes"] > MAX_MEMORY and "max_memory" in result["error"]
    return result["outcome"] == "values"


@contextmanager
def _patience(seconds: int) -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def rows(result: dict[str, Any]) -> list[list[str]]:
    instance, planned = result["instance"], result.get("seconds_to_plan")
    error = result.get("largest_error")
    return [
        [
            f"{instance['source']} {instance['name']}",
            str(result["n_qubits"]),
            str(result["n_gates"]),
            result.get("method", result["outcome"]) + ("" if result["holds"] else " (falls short)"),
            f"{result['seconds_to_read']:.2f}",
            "" if planned is None else f"{planned:.2f}",
            f"{result['seconds'] - (planned or 0.0):.2f}",
            "" if error is None else f"{error:.1e}",
        ]
    ]


def summary(results: list[dict[str, Any]]) -> str:
    """How many circuits there were, and how they went."""
    lines = []
    for what, is_small in (("up to", True), ("above", False)):
        own = [r for r in results if (r["n_qubits"] <= EXACT_QUBITS) == is_small]
        if not own:
            continue
        outcomes = Counter(r["outcome"] for r in own)
        slowest = max(own, key=lambda r: r["seconds"])
        name = f"{slowest['instance']['source']} {slowest['instance']['name']}"
        errors = [r["largest_error"] for r in own if "largest_error" in r]
        worst = f", largest error {max(errors):.1e}" if errors else ""
        lines.append(
            f"{what} {EXACT_QUBITS} qubits: {len(own)} circuits, {outcomes['values']} with values, "
            f"{outcomes['refused']} refused with a number, {outcomes['late']} given up; "
            f"{sum(r['holds'] for r in own)} as wanted{worst}; slowest {slowest['seconds']:.1f} s "
            f"({name}, {slowest['n_qubits']} qubits)"
        )
    return "\n".join(lines)
