"""Each cell equals the same cell written in PennyLane: outputs and gradients over a window."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import tnqlstm as tnq
from benchmarks.peers.pennylane_loop import make_step

from ..pennylane_cells import run_window

TOLERANCE = {"rtol": 0.0, "atol": 1e-8}
CELLS = ("chen2024", "chen2020", "linear")
SCHEMES = ("centric", "segment", "linked")
INPUT_SIZE, HIDDEN_SIZE = 2, 3
QUBITS = (3, 2)  # of each QPU; the cells have 5 in all
BATCH, TIME = 3, 4


def build(cell: str, scheme: str, num_layers: int = 1) -> tnq.QLSTM:
    options: dict[str, Any] = {"n_qubits": sum(QUBITS)} if cell == "linear" else {}
    if scheme != "centric":
        options["network"] = tnq.QPUNetwork.line(len(QUBITS), qubits=QUBITS, link=tnq.Link.ideal())
    torch.manual_seed(3)
    model = tnq.QLSTM(
        INPUT_SIZE,
        HIDDEN_SIZE,
        num_layers,
        cell=cell,
        depth=2,
        scheme=scheme,
        dtype=torch.float64,
        **options,
    )
    with torch.no_grad():  # far from 0, so that no gate is near the identity
        for parameter in model.parameters():
            parameter.uniform_(-3, 3)
    return model


def tensors(cell: Any) -> dict[str, Tensor]:
    """A cell's parameters by the names that `run_window` knows."""
    found: dict[str, Tensor] = {"gates": cell.gates.weights}
    if cell.readout is not None:
        found["readout"] = cell.readout.weights
    if cell.input_linear is not None:
        found["input.weight"], found["input.bias"] = (
            cell.input_linear.weight,
            cell.input_linear.bias,
        )
        found["output.weight"], found["output.bias"] = (
            cell.output_linear.weight,
            cell.output_linear.bias,
        )
    return found


def segments(scheme: str) -> tuple[int, ...]:
    return QUBITS if scheme == "segment" else (sum(QUBITS),)


def probe(output: Tensor, h: Tensor, c: Tensor) -> Tensor:
    """One number that every output, h and c enters with a weight of its own."""
    flat = torch.cat([output.flatten(), h.flatten(), c.flatten()])
    return (flat * torch.cos(torch.arange(flat.numel(), dtype=flat.dtype))).sum()


def window(model: tnq.QLSTM, batch: int = BATCH) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (batch, TIME, model.input_size)
    return (3 * torch.randn(shape, generator=generator, dtype=torch.float64)).requires_grad_()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_gradients_over_a_window(cell: str, scheme: str) -> None:
    model = build(cell, scheme)
    x = window(model)
    output, (h, c) = model(x)
    parameters = tensors(model.cells[0])
    assert {id(p) for p in parameters.values()} == {id(p) for p in model.parameters()}
    expected, (expected_h, expected_c) = run_window(
        cell, x, parameters, model.hidden_size, segments(scheme)
    )
    torch.testing.assert_close(output, expected, **TOLERANCE)
    torch.testing.assert_close(h[0], expected_h, **TOLERANCE)
    torch.testing.assert_close(c[0], expected_c, **TOLERANCE)
    wanted = (x, *parameters.values())
    ours = torch.autograd.grad(probe(output, h, c), wanted)
    theirs = torch.autograd.grad(probe(expected, expected_h, expected_c), wanted)
    for name, mine, other in zip(("inputs", *parameters), ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, **TOLERANCE, msg=lambda m, n=name: f"{n}: {m}")
        assert other.abs().max() > 1e-3, name


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_given_is_where_the_window_starts(cell: str) -> None:
    model = build(cell, "segment")
    x = window(model).detach()
    size = model.cells[0].cell_size
    generator = torch.Generator().manual_seed(2)
    h = torch.randn(BATCH, model.hidden_size, generator=generator, dtype=torch.float64)
    c = torch.randn(BATCH, size, generator=generator, dtype=torch.float64)
    output, (last_h, last_c) = model(x, (h[None], c[None]))
    expected, (expected_h, expected_c) = run_window(
        cell, x, tensors(model.cells[0]), model.hidden_size, segments("segment"), (h, c)
    )
    torch.testing.assert_close(output, expected, **TOLERANCE)
    torch.testing.assert_close(last_h[0], expected_h, **TOLERANCE)
    torch.testing.assert_close(last_c[0], expected_c, **TOLERANCE)


def test_two_layers_are_two_windows_in_a_row() -> None:
    model = build("linear", "centric", num_layers=2)
    x = window(model).detach()
    output, (h, c) = model(x)
    expected = x
    for k, cell in enumerate(model.cells):
        expected, (expected_h, expected_c) = run_window(
            "linear", expected, tensors(cell), model.hidden_size, segments("centric")
        )
        torch.testing.assert_close(h[k], expected_h, **TOLERANCE)
        torch.testing.assert_close(c[k], expected_c, **TOLERANCE)
    torch.testing.assert_close(output, expected, **TOLERANCE)


def test_the_usual_chen2024_model() -> None:
    """The 6-qubit, depth-5 model of the benchmark, with weights of its own start."""
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 5, cell="chen2024", depth=5, dtype=torch.float64)
    x = window(model, batch=2)
    output, (h, c) = model(x)
    expected, (expected_h, expected_c) = run_window("chen2024", x, tensors(model.cells[0]), 5, (6,))
    torch.testing.assert_close(output, expected, **TOLERANCE)
    weights = model.cells[0].gates.weights
    (ours,) = torch.autograd.grad(probe(output, h, c), weights)
    (theirs,) = torch.autograd.grad(probe(expected, expected_h, expected_c), weights)
    torch.testing.assert_close(ours, theirs, **TOLERANCE)


@pytest.mark.parametrize("broadcast", [False, True])
def test_the_benchmark_takes_the_same_steps(broadcast: bool) -> None:
    """Loss after loss, through the gradients and RMSprop: the baseline does our work."""
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 2, depth=2, dtype=torch.float64)
    head = torch.nn.Linear(2, 1, dtype=torch.float64)
    x, y = window(model).detach(), torch.linspace(-1, 1, BATCH, dtype=torch.float64)
    weights = model.cells[0].gates.weights
    baseline = make_step(weights, head.weight, head.bias, x, y, broadcast=broadcast)
    optimiser = torch.optim.RMSprop([*model.parameters(), *head.parameters()], lr=0.01)
    losses = []
    for _ in range(3):
        optimiser.zero_grad()
        output, _ = model(x)
        loss = torch.nn.functional.mse_loss(head(output[:, -1])[:, 0], y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert [baseline() for _ in range(3)] == pytest.approx(losses, abs=1e-8)
    assert losses[2] < losses[0]
