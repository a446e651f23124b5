"""The three QLSTM cells' recurrences written a second time, around any ⟨Z⟩ of a batch.

Nothing here comes from the package. Weights arrive as plain tensors, so that both sides can hold
the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

State = tuple[Tensor, Tensor]
# inputs (batch, n), weights (depth, n, …) -> ⟨Z⟩ of every qubit (batch, n)
Values = Callable[[Tensor, Tensor], Tensor]


def run_window(
    cell: str,
    vqc: Values,
    x: Tensor,
    parameters: Mapping[str, Tensor],
    state: State,
) -> tuple[Tensor, State]:
    """A whole window through one layer: outputs (batch, time, output) and the last (h, c).

    Parameters
    ----------
    x
        Inputs (batch, time, input).
    parameters
        "gates" of shape (4, depth, n, …) for i, f, g, o; for chen2020 also "readout" (2, depth,
        n, 3), for h and the output; for linear also "input.weight", "input.bias",
        "output.weight", "output.bias".
    """
    step = {"chen2024": _step_chen2024, "chen2020": _step_chen2020, "linear": _step_linear}[cell]
    outputs = []
    for t in range(x.shape[1]):
        output, state = step(vqc, x[:, t], state, parameters)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


def _update(i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The new c, and o ⊙ tanh(c)."""
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return c, torch.sigmoid(o) * torch.tanh(c)


def _step_chen2024(
    vqc: Values, x: Tensor, state: State, parameters: Mapping[str, Tensor]
) -> tuple[Tensor, State]:
    h, c = state
    v = torch.cat([x, h], dim=1)
    i, f, g, o = (vqc(v, w)[:, : h.shape[1]] for w in parameters["gates"])
    c, h = _update(i, f, g, o, c)
    return h, (h, c)


def _step_chen2020(
    vqc: Values, x: Tensor, state: State, parameters: Mapping[str, Tensor]
) -> tuple[Tensor, State]:
    h, c = state
    v = torch.cat([x, h], dim=1)
    i, f, g, o = (vqc(v, w) for w in parameters["gates"])
    c, u = _update(i, f, g, o, c)
    to_h, to_output = parameters["readout"]
    h = vqc(u, to_h)[:, : h.shape[1]]
    return vqc(u, to_output), (h, c)


def _step_linear(
    vqc: Values, x: Tensor, state: State, parameters: Mapping[str, Tensor]
) -> tuple[Tensor, State]:
    h, c = state
    y = torch.cat([h, x], dim=1) @ parameters["input.weight"].T + parameters["input.bias"]
    i, f, g, o = (
        vqc(y, w) @ parameters["output.weight"].T + parameters["output.bias"]
        for w in parameters["gates"]
    )
    c, h = _update(i, f, g, o, c)
    return h, (h, c)
