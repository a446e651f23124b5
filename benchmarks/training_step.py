"""One optimiser step of a QLSTM, ours against PennyLane and TensorCircuit-NG."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import tnqlstm as tnq
from benchmarks import pennylane_loop
from benchmarks.timing import PEERS_PYTHON, OtherProcess, seconds_each

__all__ = ["run"]

PENNYLANE = {"PennyLane per-sample": False, "PennyLane broadcast": True}  # is it broadcast


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Seconds a step of each contestant, and the peers' ratios to ours.

    Before timing, all must give the same losses over three steps from the same weights.
    """
    torch.manual_seed(0)
    hidden_size = instance["n_qubits"] - 1
    weights = torch.randn(4, instance["depth"], instance["n_qubits"], dtype=torch.float64)
    head = nn.Linear(hidden_size, 1, dtype=torch.float64)
    x = torch.rand(instance["batch"], instance["window"], 1, dtype=torch.float64)
    y = torch.rand(instance["batch"], dtype=torch.float64)

    def make(name: str) -> Callable[[], float]:
        if name not in PENNYLANE:
            return _our_step(instance, weights, head, x, y)
        return pennylane_loop.make_step(
            weights, head.weight, head.bias, x, y, broadcast=PENNYLANE[name]
        )

    losses: dict[str, list[float]] = {}
    first_call: dict[str, float] = {}
    steps: dict[str, Callable[[], float]] = {}
    for name in ("tnqlstm", *(peer for peer in instance["peers"] if peer in PENNYLANE)):
        start = time.perf_counter()
        steps[name] = step = make(name)
        losses[name] = [step()]
        first_call[name] = time.perf_counter() - start
        losses[name] += [step() for _ in range(2)]
    others: dict[str, OtherProcess] = {}
    if "TensorCircuit-NG" in instance["peers"] and PEERS_PYTHON.exists():
        data = {"weights": weights, "head_weight": head.weight, "head_bias": head.bias}
        problem = {name: value.tolist() for name, value in {**data, "x": x, "y": y}.items()}
        peer = OtherProcess("tensorcircuit_ng", "training_step", problem)
        others["TensorCircuit-NG"] = peer
        losses["TensorCircuit-NG"], first_call["TensorCircuit-NG"] = peer.returned, peer.first_call
    for name, values in losses.items():
        torch.testing.assert_close(
            torch.tensor(values), torch.tensor(losses["tnqlstm"]), rtol=0, atol=1e-10, msg=name
        )
    seconds = seconds_each({**steps, **others}, instance["rounds"])
    for other in others.values():
        other.close()
    ours = seconds["tnqlstm"]["median"]
    ratios = {name: s["median"] / ours for name, s in seconds.items() if name != "tnqlstm"}
    return {
        "instance": instance,
        "seconds": seconds,
        "first_call": first_call,
        "times_slower": ratios,
    }


def _our_step(
    instance: dict[str, Any], weights: Tensor, head: nn.Linear, x: Tensor, y: Tensor
) -> Callable[[], float]:
    model = tnq.QLSTM(
        1, head.in_features, cell=instance["cell"], depth=instance["depth"], dtype=torch.float64
    )
    own_head = nn.Linear(head.in_features, 1, dtype=torch.float64)
    own_head.load_state_dict(head.state_dict())
    with torch.no_grad():
        model.get_parameter("cells.0.gates.weights").copy_(weights)
    parameters = [*model.parameters(), *own_head.parameters()]
    optimiser = torch.optim.RMSprop(parameters, lr=0.01, alpha=0.99, eps=1e-8)

    def step() -> float:
        optimiser.zero_grad()
        out, _ = model(x)
        loss = nn.functional.mse_loss(own_head(out[:, -1])[:, 0], y)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return step
