"""Derivatives of every order of QLSTMs, against `torch.func` on the cells around a statevector."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor

from tests import cells, derivatives, torch_reference
from tnqlstm.nn import QLSTMCell

DOUBLE = {"dtype": torch.float64}
N_STEPS, N_SAMPLES = 2, 3
# cell, and a budget in bytes with which the samples go in batches
CASES = {"chen2024": 8_000, "chen2020": 25_000, "linear": 50_000}


def parameters_of(cell: QLSTMCell) -> dict[str, Tensor]:
    """By the names that `tests.cells` has for them."""
    found: dict[str, Tensor] = {"gates": cell.gates.weights}
    if cell.readout is not None:
        found["readout"] = cell.readout.weights
    for name in ("input", "output"):
        linear = getattr(cell, f"{name}_linear")
        if linear is not None:
            found |= {f"{name}.weight": linear.weight, f"{name}.bias": linear.bias}
    return found


def names_in(cell: QLSTMCell) -> list[str]:
    """The module's own names of the same parameters."""
    of_id = {id(p): name for name, p in cell.named_parameters()}
    return [of_id[id(p)] for p in parameters_of(cell).values()]


def cell_of(name: str, budget: int | None = None) -> QLSTMCell:
    torch.manual_seed(0)
    cell = QLSTMCell(1, 2, cell=name, depth=1, **DOUBLE)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    cell.gates.plan.max_memory = budget
    return cell


def loss(output: Tensor, h: Tensor, c: Tensor) -> Tensor:
    return output.sin().sum() + h.square().sum() + (h.sum() * c).sin().sum()


@cache
def point_and_derivatives(name: str) -> tuple[list[Tensor], list[list[Tensor]]]:
    """x, h, c and the parameters; by the statevector, the derivatives there, two or three."""
    cell = cell_of(name)
    own = parameters_of(cell)
    x = torch.randn(N_STEPS, N_SAMPLES, 1, **DOUBLE)
    h, c = torch.randn(N_SAMPLES, 2, **DOUBLE), torch.randn(N_SAMPLES, cell.cell_size, **DOUBLE)

    def vqc(inputs: Tensor, weights: Tensor) -> Tensor:
        return torch_reference.expectations(cell.circuit, weights, inputs)

    def reference(x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> Tensor:
        given = dict(zip(own, weights, strict=True))
        output, state = cells.run_window(name, vqc, x.transpose(0, 1), given, (h, c))
        return loss(output, *state)

    point = [x, h, c, *(p.detach() for p in own.values())]
    return point, derivatives.wanted_of(reference, point, 2 if name == "chen2020" else 3)


@pytest.mark.parametrize("by", ["sequence", "cells"])
@pytest.mark.parametrize("in_batches", [False, True], ids=["free", "in batches"])
@pytest.mark.parametrize("name", CASES)
def test_derivatives_of_each_cell(name: str, in_batches: bool, by: str) -> None:
    cell = cell_of(name, CASES[name] if in_batches else None)
    n = N_SAMPLES * (N_STEPS if by == "sequence" and name != "linear" else 1)
    assert (cell.gates.plan.batch_size(4, n) < n) == in_batches
    point, wanted = point_and_derivatives(name)

    def in_steps(x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        step, state, outputs = cell.bind(), (h, c), []
        for value in x:
            output, state = step(value, state)
            outputs.append(output)
        return torch.stack(outputs), *state

    def ours(x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> Tensor:
        given = dict(zip(names_in(cell), weights, strict=True))
        with torch.nn.utils.stateless._reparametrize_module(cell, given):
            if by == "cells":
                return loss(*in_steps(x, h, c))
            output, (h, c) = cell.run(x, (h, c))
            return loss(output, h, c)

    derivatives.check(ours, wanted, point)
