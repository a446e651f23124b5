"""Derivatives of every order by every way, against `torch.func` on an independent statevector.

With a graph of the gradient (`create_graph`), what a node has saved may depend on each other; so
each way goes with and without a budget, as one step and as several on the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

import tnqlstm as tnq
from tests import derivatives, torch_reference
from tests.reference import random_circuit
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.contraction import METHODS

DOUBLE = {"dtype": torch.float64}


def reuploading(n_qubits: int) -> Circuit:
    """Inputs between weights and gates of two qubits with angles: what has no state form."""
    operations = [Operation("RX", (q,), WeightSlot(q)) for q in range(n_qubits)]
    for q in range(n_qubits - 1):
        operations.append(Operation("CRY", (q, q + 1), InputSlot(q % 3, "arctan")))
        operations.append(Operation("RXX", (q, q + 1), WeightSlot(q)))
    operations += [Operation("RZ", (0,), WeightSlot(n_qubits)), Operation("H", (0,))]
    return Circuit(n_qubits, tuple(operations), 3, (n_qubits + 1,))


def polynomials() -> Circuit:
    x, w = [InputSlot(k) for k in range(2)], [WeightSlot(k) for k in range(2)]
    operations = [Operation("RY", (q,), x[q]) for q in range(2)]
    operations += [Operation("RX", (q,), 1.5 - w[q]) for q in range(2)]
    operations += [
        Operation("RXX", (0, 1), (math.pi - x[0]) * (math.pi - x[1])),
        Operation("CRY", (1, 0), 0.5 * w[0] * w[1] + w[1]),
    ]
    return Circuit(2, tuple(operations), 2, (2,))


class Case(NamedTuple):
    """A way, which `name`s what it must turn out to be; `max_memory` in bytes."""

    make: Callable[[], Circuit]
    method: str = "dense"
    copies: int = 1
    n_samples: int = 1
    max_memory: int | None = None
    orders: int = 2


def brickwork(n_qubits: int, depth: int) -> Callable[[], Circuit]:
    return lambda: tnq.ansatz.ry_brickwork(n_qubits, depth)


CASES = {
    "polynomials, batches": Case(polynomials, "cones", 1, 3, 9_000),
    "matrix": Case(brickwork(3, 2), copies=2, orders=3),
    "matrix, complex": Case(lambda: tnq.ansatz.chen2020(3, 1)),
    "matrix, batches": Case(lambda: tnq.ansatz.chen2020(3, 1), "dense", 2, 3, 12_000),
    "layers": Case(brickwork(8, 1)),
    "layers, batches": Case(brickwork(8, 1), "dense", 2, 3, 90_000, 3),
    "autograd": Case(lambda: reuploading(4), copies=2, orders=3),
    "autograd, batches": Case(lambda: reuploading(4), "dense", 1, 3, 45_000),
    "autograd, layers": Case(lambda: reuploading(8)),
    "autograd, many qubits": Case(brickwork(15, 1)),
    "cones": Case(brickwork(5, 2), "cones", copies=2),
    "cones, batches": Case(brickwork(5, 2), "cones", 1, 3, 90_000),
    "cones, slices": Case(brickwork(5, 2), "cones", 2, 1, 50_000, 3),
    "generating": Case(brickwork(4, 2), "generating", copies=2),
    "generating, batches": Case(brickwork(4, 2), "generating", 1, 3, 40_000, 3),
    "generating, slices": Case(brickwork(4, 2), "generating", 2, 1, 20_000),
}


def functions(
    plan: tnq.ContractionPlan, mixing: Tensor
) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """A loss of weights (copy, n) and inputs (batch, n), by the plan and by the statevector."""

    def ours(w: Tensor, x: Tensor) -> Tensor:
        return (plan.evaluate(plan.prepare(w), w, x) * mixing).sin().sum()

    def reference(w: Tensor, x: Tensor) -> Tensor:
        copies = [torch_reference.expectations(plan.circuit, each, x) for each in w]
        return (torch.stack(copies) * mixing).sin().sum()

    return ours, reference


def planned(name: str) -> tuple[tnq.ContractionPlan, list[Tensor], Tensor]:
    """The plan, weights (copy, n) and inputs (batch, n), and what mixes its values."""
    case, circuit = CASES[name], CASES[name].make()
    plan = tnq.plan_expectations(circuit, method=case.method, max_memory=case.max_memory)
    if "slices" in name:
        plan.max_memory = None  # the copies and samples of each slice at once
    fits = plan.batch_size(case.copies, case.n_samples)
    assert (fits < case.n_samples) == ("batches" in name)
    assert (plan.n_slices > 1) == ("slices" in name)
    assert (plan.state_form is None) == (case.method != "dense" or "autograd" in name)
    torch.manual_seed(0)
    w = torch.randn(case.copies, circuit.n_weights, **DOUBLE)
    x = torch.randn(case.n_samples, circuit.n_inputs, **DOUBLE)
    return plan, [w, x], torch.randn(case.copies, case.n_samples, circuit.n_qubits, **DOUBLE)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_of_each_way(name: str) -> None:
    plan, point, mixing = planned(name)
    ours, reference = functions(plan, mixing)
    derivatives.check(ours, derivatives.wanted_of(reference, point, CASES[name].orders), point)


SMALL = ["matrix, batches", "autograd, batches", "generating, batches", "cones, slices"]


@pytest.mark.parametrize("name", SMALL)
def test_hessians(name: str) -> None:
    """Each torch's way of a whole one, batches of gradients included."""
    plan, (w, x), mixing = planned(name)
    ours, reference = functions(plan, mixing)
    wanted = torch.func.hessian(lambda w: reference(w, x))(w)
    hessian = torch.autograd.functional.hessian
    derivatives.close([hessian(lambda w: ours(w, x), w)], [wanted])
    derivatives.close([hessian(lambda w: ours(w, x), w, vectorize=True)], [wanted])
    derivatives.close([torch.func.hessian(lambda w: ours(w, x))(w)], [wanted])


@pytest.mark.parametrize("name", ["matrix, batches", "layers, batches", "cones", "cones, batches"])
def test_batches_of_gradients(name: str) -> None:
    """`is_grads_batched`, as the vectorised Jacobian asks for it."""
    plan, (w, x), _ = planned(name)

    def values(w: Tensor, x: Tensor) -> Tensor:
        return plan.evaluate(plan.prepare(w), w, x)

    def reference(w: Tensor, x: Tensor) -> Tensor:
        return torch.stack([torch_reference.expectations(plan.circuit, each, x) for each in w])

    wanted = torch.func.jacrev(reference, (0, 1))(w, x)
    for vectorize in (False, True):
        found = torch.autograd.functional.jacobian(values, (w, x), vectorize=vectorize)
        derivatives.close(found, wanted)


@pytest.mark.parametrize("name", ["matrix", "layers", "autograd", "cones", "generating"])
def test_a_function_of_itself(name: str) -> None:
    """What is prepared once, from the same weights, serves both."""
    plan, (w, x), _ = planned(name)
    n = min(plan.circuit.n_inputs, plan.circuit.n_qubits)

    def twice(values: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return values(values(x)[0, :, :n]).sin().sum()

    def ours(w: Tensor, x: Tensor) -> Tensor:
        prepared = plan.prepare(w)
        return twice(lambda x: plan.evaluate(prepared, w, x), x)

    def reference(w: Tensor, x: Tensor) -> Tensor:
        copies = list(w)
        return twice(
            lambda x: torch.stack(
                [torch_reference.expectations(plan.circuit, c, x) for c in copies]
            ),
            x,
        )

    derivatives.check(ours, derivatives.wanted_of(reference, [w, x], 2), [w, x])


def test_random_circuits_of_all_gates() -> None:
    """Hessian-vector products by each way, as the statevector has them."""
    rng = np.random.default_rng(5)
    torch.manual_seed(5)
    for _ in range(3):
        circuit = random_circuit(rng, n_qubits=3, n_gates=12)
        w = torch.randn(1, circuit.n_weights, **DOUBLE)
        x = torch.randn(1, circuit.n_inputs, **DOUBLE)
        plans = [tnq.plan_expectations(circuit, method=method) for method in METHODS]
        both = [functions(plan, torch.ones(1, 1, 3, **DOUBLE)) for plan in plans]
        wanted = derivatives.wanted_of(both[0][1], [w, x], 2)
        for ours, _ in both:
            derivatives.check(ours, wanted, [w, x])


def test_an_output_that_reads_nothing_of_what_is_asked() -> None:
    """Gradients of gradients where some outputs depend on no argument, others on one."""
    operations = (
        ("RX", (0,), InputSlot(0)),
        ("RZ", (1,), WeightSlot(0)),
        ("RY", (1,), WeightSlot(1)),
    )
    circuit = Circuit(3, operations, 1, (2,))
    w, x = torch.randn(1, 2, **DOUBLE), torch.randn(1, 1, **DOUBLE)
    for method in METHODS:
        plan = tnq.plan_expectations(circuit, method=method)
        f, g = functions(plan, torch.randn(1, 1, 3, **DOUBLE))
        derivatives.check(
            lambda w, f=f: f(w, x), derivatives.wanted_of(partial(g, x=x), [w], 2), [w]
        )
        derivatives.check(lambda x, f=f: f(w, x), derivatives.wanted_of(partial(g, w), [x], 2), [x])
