"""One optimiser step of a QLSTM, ours against PennyLane, TensorCircuit-NG and torchquantum-ng."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import tnqlstm as tnq
from benchmarks.problems import plain_operations
from benchmarks.timing import PEERS_PYTHON, OtherProcess, seconds_each, times_slower

__all__ = ["run"]

PEERS = {  # module and function of `benchmarks.peers`, and the interpreter
    "PennyLane per-sample": ("pennylane_loop", "training_step", Path(sys.executable)),
    "PennyLane broadcast": ("pennylane_loop", "training_step_broadcast", Path(sys.executable)),
    "TensorCircuit-NG": ("tensorcircuit_ng", "training_step", PEERS_PYTHON),
    "torchquantum-ng": ("torchquantum_ng", "training_step", PEERS_PYTHON),
    "torchquantum-ng, VQCs merged": ("torchquantum_ng", "training_step_merged", PEERS_PYTHON),
}


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Seconds a step of each contestant, and the peers' ratios to ours.

    Before timing, all must give the same losses over three steps from the same weights.
    """
    torch.manual_seed(0)
    start = time.perf_counter()
    model = tnq.QLSTM(
        1,
        instance["n_qubits"] - 1,
        cell=instance["cell"],
        depth=instance["depth"],
        dtype=torch.float64,
    )
    seconds_to_build = time.perf_counter() - start
    weights = [nn.init.normal_(parameter) for parameter in model.parameters()]
    head = nn.Linear(model.output_size, 1, dtype=torch.float64)
    x = torch.rand(instance["batch"], instance["window"], 1, dtype=torch.float64)
    y = torch.rand(instance["batch"], dtype=torch.float64)

    cell = model.get_submodule("cells.0")
    assert isinstance(cell, tnq.QLSTMCell)
    data = {"head_weight": head.weight, "head_bias": head.bias, "x": x, "y": y}
    problem = {
        "operations": plain_operations(cell.circuit),
        "n_qubits": instance["n_qubits"],
        "weights": [each.flatten(1).tolist() for each in weights],
        **{name: value.tolist() for name, value in data.items()},
    }
    others: dict[str, OtherProcess] = {}
    for name in instance["peers"]:
        module, function, python = PEERS[name]
        if python.exists():
            others[name] = OtherProcess(module, function, problem, python)
    losses = {name: other.returned for name, other in others.items()}
    first_call = {name: other.first_call for name, other in others.items()}
    step = _our_step(model, head, x, y)  # torch loads its compiler with the first optimiser: 1 s
    start = time.perf_counter()
    losses["tnqlstm"] = [step()]
    first_call["tnqlstm"] = seconds_to_build + time.perf_counter() - start
    losses["tnqlstm"] += [step() for _ in range(2)]
    for name, values in losses.items():
        torch.testing.assert_close(
            torch.tensor(values), torch.tensor(losses["tnqlstm"]), rtol=0, atol=1e-10, msg=name
        )
    seconds = seconds_each({"tnqlstm": step, **others}, instance["rounds"])
    for other in others.values():
        other.close()
    return {
        "instance": instance,
        "seconds": seconds,
        "first_call": first_call,
        "times_slower": times_slower(seconds),
    }


def _our_step(model: tnq.QLSTM, head: nn.Linear, x: Tensor, y: Tensor) -> Callable[[], float]:
    """The model and head themselves are trained, after everybody else has copied them."""
    parameters = [*model.parameters(), *head.parameters()]
    optimiser = torch.optim.RMSprop(parameters, lr=0.01, alpha=0.99, eps=1e-8)

    def step() -> float:
        optimiser.zero_grad()
        out, _ = model(x)
        loss = nn.functional.mse_loss(head(out[:, -1])[:, 0], y)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return step
