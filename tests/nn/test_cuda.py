"""On a GPU: the same values and gradients as on a CPU, by every way and in every cell."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import tnqlstm as tnq
from tnqlstm.contraction import METHODS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
CIRCUITS: dict[str, Callable[[], tnq.Circuit]] = {
    "ry_brickwork": lambda: tnq.ansatz.ry_brickwork(7, 3),
    "chen2020": lambda: tnq.ansatz.chen2020(6, 2),
    "no matrix form": lambda: tnq.ansatz.basic_entangler(9, 2),
    "modular": lambda: tnq.ansatz.modular([3, 3, 3], 2, {0}),
}


def gradients(module: torch.nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """The module's output and the gradients of its mean square, on the CPU."""
    x = x.clone().requires_grad_()
    made = module(x)
    out = made[0] if isinstance(made, tuple) else made
    found = torch.autograd.grad(out.square().mean(), [x, *module.parameters()])
    return [t.detach().cpu() for t in (out, *found)]


def check(module: torch.nn.Module, x: torch.Tensor) -> None:
    wanted = gradients(module, x)
    moved = module.to("cuda")
    got = gradients(moved, x.to("cuda"))
    again = gradients(moved.cpu(), x)
    for a, b, c in zip(got, wanted, again, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=TOLERANCE[x.dtype])
        torch.testing.assert_close(c, b, rtol=0, atol=TOLERANCE[x.dtype])


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_a_vqc_moves_there_and_back(name: str, method: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    circuit = CIRCUITS[name]()
    vqc = tnq.VQC(circuit, method=method, dtype=dtype)
    torch.nn.init.normal_(vqc.weights)
    check(vqc, torch.randn(5, circuit.n_inputs, dtype=dtype))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize(
    ("cell", "scheme"),
    [("chen2024", "linked"), ("chen2024", "segment"), ("chen2020", "linked"), ("linear", "linked")],
)
def test_a_recurrence_moves_there_and_back(cell: str, scheme: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    network = tnq.QPUNetwork.line(2, qubits=3)
    model = tnq.QLSTM(1, 3, cell=cell, scheme=scheme, network=network, dtype=dtype)
    check(model, torch.randn(4, 3, 1, dtype=dtype))


class Packed(torch.nn.Module):
    """A model over sequences of several lengths, whose padded output is returned."""

    def __init__(self, model: tnq.QLSTM) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(x, torch.tensor([2, 4, 1, 3]), True, False)
        out, _ = self.model(packed)
        return pad_packed_sequence(out, True)[0]


@pytest.mark.parametrize("max_memory", [None, 200_000])
@pytest.mark.parametrize("cell", ["chen2024", "chen2020", "linear"])
def test_packed_sequences_in_both_directions(cell: str, max_memory: int | None) -> None:
    torch.manual_seed(0)
    options = {"bidirectional": True, "max_memory": max_memory, "dtype": torch.float64}
    model = tnq.QLSTM(1, 3, cell=cell, depth=1, **options)
    check(Packed(model), torch.randn(4, 4, 1, dtype=torch.float64))


def test_a_batch_in_parts_and_second_derivatives() -> None:
    torch.manual_seed(0)
    circuit = tnq.ansatz.ry_brickwork(9, 2)
    vqc = tnq.VQC(circuit, method="dense", max_memory=200_000, dtype=torch.float64)
    x = torch.randn(7, 9, dtype=torch.float64)
    check(vqc, x)

    def hessian_times_one(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        loss = module(x).square().mean()
        weights = list(module.parameters())
        (first,) = torch.autograd.grad(loss, weights, create_graph=True)
        return torch.autograd.grad(first.sum(), weights)[0].cpu()

    wanted = hessian_times_one(vqc, x)
    got = hessian_times_one(vqc.to("cuda"), x.to("cuda"))
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-10)


def test_training_goes_down_on_the_gpu() -> None:
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 5, network=tnq.QPUNetwork.line(2, qubits=3), scheme="linked").to("cuda")
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    x = torch.randn(16, 4, 1, device="cuda")
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = (model(x)[0][:, -1, 0] - 0.3).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("method", METHODS)
def test_modes_leave_nothing_there(method: str) -> None:
    """Training is right after inference mode and autocast, and values alone keep no memory."""
    torch.manual_seed(0)
    circuit = CIRCUITS["modular"]()
    vqc = tnq.VQC(circuit, method=method)
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(5, circuit.n_inputs)
    wanted = gradients(vqc, x)
    moved, there = vqc.to("cuda"), x.to("cuda")
    with torch.inference_mode():
        moved(there)
    with torch.autocast("cuda", torch.bfloat16):
        values = moved(there)
    assert values.dtype == torch.float32
    for found in (values.detach().cpu(), gradients(moved, there)[0]):
        torch.testing.assert_close(found, wanted[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(gradients(moved, there), wanted, rtol=0, atol=1e-4)
    held = []
    for _ in range(3):
        moved(there)
        gc.collect()
        held.append(torch.cuda.memory_allocated())
    assert held[1] == held[2]
