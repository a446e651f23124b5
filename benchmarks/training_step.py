"""One optimiser step of a QLSTM, ours against PennyLane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import tnqlstm as tnq
from benchmarks import pennylane_loop
from benchmarks.timing import seconds_each

__all__ = ["run"]

PEERS = {"per-sample": False, "broadcast": True}  # PennyLane's; the value: is it broadcast


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

    def contestants() -> dict[str, Callable[[], float]]:
        steps = {"tnqlstm": _our_step(instance, weights, head, x, y)}
        for name in instance.get("peers", PEERS):
            steps[f"PennyLane {name}"] = pennylane_loop.make_step(
                weights, head.weight, head.bias, x, y, broadcast=PEERS[name]
            )
        return steps

    losses = {name: [step() for _ in range(3)] for name, step in contestants().items()}
    for name, values in losses.items():
        torch.testing.assert_close(
            torch.tensor(values), torch.tensor(losses["tnqlstm"]), rtol=0, atol=1e-10, msg=name
        )
    seconds = seconds_each(contestants(), instance["rounds"])
    ours = seconds["tnqlstm"]["median"]
    ratios = {name: s["median"] / ours for name, s in seconds.items() if name != "tnqlstm"}
    return {"instance": instance, "seconds": seconds, "times_slower": ratios}


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
