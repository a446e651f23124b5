"""Within a budget: batches and slices give the same values and gradients, or a clear error."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

import tnqlstm as tnq
from tnqlstm.contraction import METHODS
from tnqlstm.errors import MemoryBudgetError

MIB = 2**20
CIRCUIT = tnq.ansatz.ry_brickwork(12, 4)


def values_and_gradients(vqc: tnq.VQC, x: Tensor) -> list[Tensor]:
    torch.manual_seed(1)
    torch.nn.init.normal_(vqc.weights)
    x = x.clone().requires_grad_()
    y = vqc(x)
    y.square().sum().backward()
    assert vqc.weights.grad is not None
    assert x.grad is not None
    return [y.detach(), vqc.weights.grad, x.grad]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("copies", [None, 2])
def test_batches_of_samples_add_up(method: str, copies: int | None) -> None:
    x = torch.randn(23, 12, dtype=torch.float64)
    options = {"copies": copies, "method": method, "dtype": torch.float64}
    free = tnq.VQC(CIRCUIT, **options)  # type: ignore[arg-type]
    budget = int(free.plan.cost(copies or 1, 5).bytes)
    tight = tnq.VQC(CIRCUIT, max_memory=budget, **options)  # type: ignore[arg-type]
    assert tight.plan.batch_size(copies or 1, 23) == 5
    assert tight.plan.n_slices == 1
    wanted = values_and_gradients(free, x)
    torch.testing.assert_close(values_and_gradients(tight, x), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("method", "part"), [("cones", 0.5), ("cones", 0.2), ("generating", 0.8)])
def test_slices_add_up(method: str, part: float) -> None:
    x = torch.randn(3, 12, dtype=torch.float64)
    free = tnq.VQC(CIRCUIT, method=method, dtype=torch.float64)
    budget = int(part * free.plan.cost(1, 1).bytes)
    tight = tnq.VQC(CIRCUIT, method=method, max_memory=budget, dtype=torch.float64)
    assert tight.plan.n_slices > 1
    assert tight.plan.cost(1, 1).bytes <= budget
    assert f"slices         {tight.plan.n_slices}" in tight.plan.describe()
    wanted = values_and_gradients(free, x)
    torch.testing.assert_close(values_and_gradients(tight, x), wanted, rtol=0, atol=1e-12)


def test_slices_have_gradients_of_gradients_and_transforms() -> None:
    circuit = tnq.ansatz.ry_brickwork(5, 2)
    free = tnq.VQC(circuit, method="cones", dtype=torch.float64)
    budget = int(0.4 * free.plan.cost(1, 1).bytes)
    tight = tnq.VQC(circuit, method="cones", max_memory=budget, dtype=torch.float64)
    assert tight.plan.n_slices > 1
    w = torch.randn(1, circuit.n_weights, dtype=torch.float64)
    x = torch.randn(1, 5, dtype=torch.float64, requires_grad=True)

    def total(plan: tnq.ContractionPlan, x: Tensor) -> Tensor:
        return plan.evaluate(plan.prepare(w), w, x).sin().sum()

    assert torch.autograd.gradgradcheck(lambda x: total(tight.plan, x), (x,))
    wanted = torch.func.hessian(lambda x: total(free.plan, x))(x.detach())
    found = torch.func.hessian(lambda x: total(tight.plan, x))(x.detach())
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-11)


def test_an_impossible_budget_says_how_much_is_needed() -> None:
    for method in METHODS:
        needed = r"needs \d\S* [KMG]iB .* the budget is 300 B\. .* max_memory"
        with pytest.raises(MemoryBudgetError, match=needed):
            tnq.VQC(CIRCUIT, method=method, max_memory=300)(torch.zeros(2, 12))


def test_a_sequence_goes_in_batches_too() -> None:
    x = torch.randn(11, 3, 1, dtype=torch.float64)
    found = []
    for budget in (None, 230_000):
        torch.manual_seed(0)
        model = tnq.QLSTM(1, 4, depth=2, dtype=torch.float64)
        cell = model.cells[0]
        assert isinstance(cell, tnq.QLSTMCell)
        cell.gates.plan.max_memory = budget
        if budget:
            assert 3 <= cell.gates.plan.batch_size(4, 33) < 33
        out, (h, c) = model(x)
        (out.sum() + h.square().sum() + c.sum()).backward()
        found.append([out.detach(), h.detach(), c.detach(), cell.gates.weights.grad])
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-12)


MEASURE = """
import torch, tnqlstm as tnq
{circuit}
plan = tnq.plan_expectations(circuit, method="{method}")
measured = plan.measure_memory(1, {n_samples})
print(measured / plan.cost(1, {n_samples}).bytes)
assert "measured: " in plan.describe()
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells, others don't")
@pytest.mark.parametrize(
    ("circuit", "method", "n_samples"),
    [
        ("circuit = tnq.ansatz.modular([8] * 64, 3, {0, 1, 2})", "cones", 10),
        ("circuit = tnq.ansatz.modular([8] * 16, 3, {1})", "cones", 100),
        ("circuit = tnq.ansatz.ry_brickwork(16, 4)", "generating", 100),
        ("circuit = tnq.ansatz.ry_brickwork(16, 4)", "dense", 10),
        ("circuit = tnq.ansatz.ry_brickwork(13, 5)", "dense", 100),
        ("circuit = tnq.ansatz.ry_brickwork(6, 5)", "dense", 20_000),
        ("circuit = tnq.ansatz.chen2020(11, 2)", "dense", 100),
    ],
)
def test_measured_memory_is_at_most_twice_the_prediction(
    circuit: str, method: str, n_samples: int
) -> None:
    """In a fresh process, whose allocator has nothing to spare; nor is it a small part."""
    code = MEASURE.format(circuit=circuit, method=method, n_samples=n_samples)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.3 < float(run.stdout) < 2.0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_memory_stays_for_the_next_step() -> None:
    """Page faults of a step once it has run some times, in a process of its own."""
    code = """
import resource, torch, tnqlstm as tnq
torch.set_num_threads(1)
circuit = tnq.ansatz.modular([8] * 64, 3, [0, 1, 2])
vqc = tnq.VQC(circuit, method="cones", dtype=torch.float64)
x = torch.randn(20, circuit.n_inputs, dtype=torch.float64)
faults = []
for _ in range(12):
    vqc(x).sum().backward()
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(faults[-1] - faults[5])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert int(found) < 1000
