"""The cost model against the clock: what each way's calls, flops and numbers take.

`tnqlstm.contraction.cost` holds the rates; this measures plans, fits the rates anew, and shows both
predictions. Fits are of relative errors, so that small circuits count as much as large ones.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls

import tnqlstm as tnq

__all__ = ["fitted_rates", "run"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Measured and predicted seconds of a circuit's values and gradient, one way."""
    torch.manual_seed(0)
    circuit = getattr(tnq.ansatz, instance["ansatz"])(*instance["arguments"])
    vqc = tnq.VQC(circuit, method=instance["method"], dtype=torch.float64)
    x = torch.randn(instance["batch"], circuit.n_inputs, dtype=torch.float64)
    seconds = []
    for _ in range(instance.get("rounds", 9) + 2):
        start = time.perf_counter()
        vqc.weights.grad = None
        vqc(x).sum().backward()
        seconds.append(time.perf_counter() - start)
    cost = vqc.plan.cost(1, instance["batch"])
    return {
        "instance": instance,
        "kind": cost.rates.name,
        "seconds": float(np.median(seconds[2:])),
        "predicted": cost.seconds,
        "counts": [cost.n_calls, cost.flops, cost.size],
    }


def fitted_rates(results: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Seconds a call, a flop and a number held, by kind."""
    rates = {}
    for kind in dict.fromkeys(result["kind"] for result in results):
        own = [result for result in results if result["kind"] == kind]
        counts = np.array([result["counts"] for result in own], dtype=float)
        seconds = np.array([result["seconds"] for result in own])
        found, _ = nnls(counts / seconds[:, None], np.ones(len(own)))
        rates[kind] = [float(rate) for rate in found]
    return rates
