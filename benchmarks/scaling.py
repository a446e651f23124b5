"""All ⟨Z_i⟩ and the full gradient of one VQC, against the number of qubits."""

from __future__ import annotations

import resource
import time
from typing import Any

import torch

import tnqlstm as tnq
from benchmarks.timing import seconds_each

__all__ = ["run"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Seconds to plan, seconds of values and gradient, predicted memory and the process's peak."""
    torch.manual_seed(0)
    n_qpus, block = instance["n_qpus"], instance["block"]
    circuit = tnq.ansatz.modular([block] * n_qpus, instance["depth"], instance["links"])
    placed = tnq.Partition.from_blocks(
        circuit,
        tnq.QPUNetwork.line(n_qpus, qubits=block),
        {f"qpu{k}": range(k * block, (k + 1) * block) for k in range(n_qpus)},
    )
    start = time.perf_counter()
    vqc = tnq.VQC(circuit, placed, dtype=torch.float64)
    planned = time.perf_counter() - start
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(instance["batch"], circuit.n_inputs, dtype=torch.float64)

    def values_and_gradient() -> None:
        vqc.weights.grad = None
        vqc(x).sum().backward()

    seconds = seconds_each({"tnqlstm": values_and_gradient}, rounds=5)
    return {
        "instance": instance,
        "n_qubits": circuit.n_qubits,
        "n_cut_gates": placed.n_cut_gates,
        "method": vqc.plan.method,
        "seconds": seconds,
        "seconds_to_plan": planned,
        "predicted_bytes": vqc.plan.cost(1, instance["batch"]).bytes,
        "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
