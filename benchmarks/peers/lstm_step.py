"""The `chen2024` QLSTM around anybody's VQCs in torch, as in S. Y.-C. Chen's code of 2024."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

__all__ = ["make_step"]


def make_step(
    vqcs: Callable[[Tensor, Tensor], Sequence[Tensor] | Tensor],
    weights: Tensor,
    head_weight: Tensor,
    head_bias: Tensor,
    x: Tensor,
    y: Tensor,
) -> Callable[[], float]:
    """A function that does forward, backward and an RMSprop step, and returns the loss before it.

    `vqcs`: v = [x; h] (sample, qubit) and weights (4, …) -> the values of i, f, g, o, each (sample,
    hidden). The rest is as in `benchmarks.peers.pennylane_loop.make_step`.
    """
    parameters = [p.detach().clone().requires_grad_() for p in (weights, head_weight, head_bias)]
    optimiser = torch.optim.RMSprop(parameters, lr=0.01, alpha=0.99, eps=1e-8)

    def step() -> float:
        optimiser.zero_grad()
        gates, head, bias = parameters
        h = c = x.new_zeros(len(x), head_weight.shape[1])
        for t in range(x.shape[1]):
            i, f, g, o = vqcs(torch.cat([x[:, t], h], dim=1), gates)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        loss = torch.nn.functional.mse_loss((h @ head.T + bias)[:, 0], y)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return step
