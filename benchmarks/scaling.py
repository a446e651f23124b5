"""All ⟨Z_i⟩ and the full gradient of one VQC, against the number of qubits."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.memory import measured_bytes
from benchmarks.problems import Planned, plain_operations
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
    planned = Planned(instance)
    vqc, x = planned.vqc, planned.x
    others: dict[str, OtherProcess] = {}
    names = instance.get("peers", ()) if PEERS_PYTHON.exists() else ()
    for name in names:
        others[name] = OtherProcess(*PEERS[name], _problem(planned.circuit, vqc.weights, x))
        whole = vqc(x[:1]).sum() if "one sample" in name else vqc(x).sum()
        torch.testing.assert_close(
            torch.tensor(others[name].returned[0], dtype=torch.float64),
            whole.detach(),
            rtol=1e-7,
            atol=1e-7,
        )
    seconds = seconds_each({"tnqlstm": planned.values_and_gradient, **others}, rounds=5)
    for other in others.values():
        other.close()
    return {
        "instance": instance,
        **planned.known,
        "n_cut_gates": planned.placed.n_cut_gates,
        "method": vqc.plan.method,
        "seconds": seconds,
        "times_slower": times_slower(seconds),
        "first_call": {name: other.first_call for name, other in others.items()},
        "measured_bytes": measured_bytes(instance),
    }


def _problem(circuit: Circuit, weights: torch.Tensor, x: torch.Tensor) -> dict[str, Any]:
    return {
        "operations": plain_operations(circuit),
        "n_qubits": circuit.n_qubits,
        "weights": weights.flatten().tolist(),
        "x": x.tolist(),
    }
