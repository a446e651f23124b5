"""All ⟨Z_i⟩ and the full gradient of one VQC, against the number of qubits."""

from __future__ import annotations

import time
from typing import Any

import torch

import tnqlstm as tnq
from benchmarks.memory import measured_bytes
from benchmarks.problems import placed_circuit, plain_operations
from benchmarks.timing import PEERS_PYTHON, OtherProcess, seconds_each, times_slower
from tnqlstm.circuit import Circuit

__all__ = ["run"]

# module and function of benchmarks.peers; CircuitMPS gives the values of one sample only
PEERS = {
    "TensorCircuit-NG": ("tensorcircuit_ng", "expectations"),
    "TensorCircuit-NG, states": ("tensorcircuit_ng", "states"),
    "lightning adjoint": ("lightning", "expectations"),
    "quimb CircuitMPS, values of one sample": ("quimb_mps", "expectations"),
}


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Seconds to plan, seconds of values and gradient, predicted and measured memory.

    Peers, where the instance names some and `make peers` has been run, must give the same sum.
    """
    torch.manual_seed(0)
    circuit, placed = placed_circuit(instance)
    start = time.perf_counter()
    vqc = tnq.VQC(circuit, placed, dtype=torch.float64)
    planned = time.perf_counter() - start
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(instance["batch"], circuit.n_inputs, dtype=torch.float64)

    def values_and_gradient() -> float:
        vqc.weights.grad = None
        total = vqc(x).sum()
        total.backward()
        return float(total.detach())

    others: dict[str, OtherProcess] = {}
    names = instance.get("peers", ()) if PEERS_PYTHON.exists() else ()
    for name in names:
        others[name] = OtherProcess(*PEERS[name], _problem(circuit, vqc.weights, x))
        whole = vqc(x[:1]).sum() if "one sample" in name else vqc(x).sum()
        torch.testing.assert_close(
            torch.tensor(others[name].returned[0], dtype=torch.float64),
            whole.detach(),
            rtol=1e-7,
            atol=1e-7,
        )
    seconds = seconds_each({"tnqlstm": values_and_gradient, **others}, rounds=5)
    for other in others.values():
        other.close()
    return {
        "instance": instance,
        "n_qubits": circuit.n_qubits,
        "n_cut_gates": placed.n_cut_gates,
        "method": vqc.plan.method,
        "seconds": seconds,
        "times_slower": times_slower(seconds),
        "first_call": {name: other.first_call for name, other in others.items()},
        "seconds_to_plan": planned,
        "predicted_bytes": vqc.plan.cost(1, instance["batch"]).bytes,
        "measured_bytes": measured_bytes(instance),
    }


def _problem(circuit: Circuit, weights: torch.Tensor, x: torch.Tensor) -> dict[str, Any]:
    return {
        "operations": plain_operations(circuit),
        "n_qubits": circuit.n_qubits,
        "weights": weights.flatten().tolist(),
        "x": x.tolist(),
    }
