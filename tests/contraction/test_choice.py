"""Which way is planned, and that planning ends: many legs, large constants, nothing that fits."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tests.reference import expectations
from tnqlstm.circuit import Circuit, InputSlot, WeightSlot
from tnqlstm.contraction import METHODS, choice, plan_expectations
from tnqlstm.errors import MemoryBudgetError

DOUBLE = {"dtype": torch.float64}


def fourier(n: int) -> Circuit:
    """A Fourier transform of a product state; angles fixed."""
    operations: list[Any] = [("RY", (q,), 0.3 * q + 0.1) for q in range(n)]
    for q in range(n):
        operations.append(("H", (q,)))
        operations += [("CP", (p, q), math.pi / 2 ** (p - q)) for p in range(q + 1, n)]
    return Circuit(n, tuple(operations))


@pytest.mark.parametrize("method", ["auto", "cones"])
def test_many_legs_of_one_dimension(method: str) -> None:
    """Qubits' gates become constants with more legs than arrays have axes."""
    circuit = fourier(14)
    vqc = tnq.VQC(circuit, method=method, **DOUBLE)
    np.testing.assert_allclose(vqc().detach(), expectations(circuit), rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["cones", "generating"])
def test_a_qubit_with_more_gates_than_arrays_have_axes(method: str) -> None:
    """Controlled phases from one qubit to 70 others, each of which shrinks ⟨X⟩ of the first."""
    angles = np.linspace(0.1, 0.4, 70)
    operations = [
        ("H", (0,)),
        *(("RY", (q + 1,), InputSlot(0)) for q in range(70)),
        *(("CP", (0, q + 1), float(angle)) for q, angle in enumerate(angles)),
        ("H", (0,)),
    ]
    circuit = Circuit(71, tuple(operations), 1)
    x = 0.7
    # ⟨X⟩ = Re Π (cos²(x/2) + sin²(x/2) e^{iα})
    factors = np.cos(x / 2) ** 2 + np.sin(x / 2) ** 2 * np.exp(1j * angles)
    vqc = tnq.VQC(circuit, observables=[0, 5], method=method, **DOUBLE)
    values = vqc(torch.tensor([x], **DOUBLE)).detach().numpy()
    wanted = [float(np.prod(factors).real), math.cos(x)]
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-12)


def test_entanglers_of_a_ring_of_many_qubits() -> None:
    """The rotations and the CX ring make ⟨Z⟩ products of cosines."""
    circuit = tnq.ansatz.basic_entangler(70, 1)
    vqc = tnq.VQC(circuit, observables=range(1, 70, 23), **DOUBLE)
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(circuit.n_inputs, **DOUBLE)
    cosines = (x + vqc.weights.reshape(-1)).detach().cos()
    wanted = [float(cosines[: q + 1].prod()) for q in range(1, 70, 23)]
    np.testing.assert_allclose(vqc(x).detach(), wanted, rtol=0, atol=1e-12)


def pairs(n: int, depth: int) -> Circuit:
    """RX on all, RZZ on all pairs, again and again, RX on all: no path is cheap."""
    rng = np.random.default_rng(0)
    operations: list[Any] = []
    for _ in range(depth):
        operations += [("RX", (q,), rng.normal()) for q in range(n)]
        operations += [("RZZ", p, rng.normal()) for p in itertools.combinations(range(n), 2)]
    return Circuit(n, (*operations, *(("RX", (q,), rng.normal()) for q in range(n))))


@pytest.mark.parametrize("method", ["cones", "generating"])
def test_constants_are_contracted_when_first_used(method: str) -> None:
    plan = plan_expectations(pairs(5, 1), method=method)
    groups = plan.evaluator.groups  # type: ignore[attr-defined]
    assert all("fixed" not in vars(group) for group in groups)
    weights, inputs = torch.zeros(1, 0, **DOUBLE), torch.zeros(1, 0, **DOUBLE)
    values = plan.evaluate(plan.prepare(weights), weights, inputs)[0, 0]
    np.testing.assert_allclose(values, expectations(plan.circuit), rtol=0, atol=1e-12)


def test_constants_are_within_the_budget() -> None:
    circuit = pairs(5, 2)
    needed = plan_expectations(circuit, method="generating").cost(1, 1).bytes
    sliced = tnq.VQC(circuit, method="generating", max_memory=int(needed / 2), **DOUBLE)
    assert sliced.plan.n_slices > 1
    np.testing.assert_allclose(sliced().detach(), expectations(circuit), rtol=0, atol=1e-12)


def test_what_states_do_at_once_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine qubits and 144 gates of fixed angles: no network of them is even made."""

    def fail(*_: object) -> None:
        raise AssertionError("a network was planned")

    monkeypatch.setattr(choice, "ConesEvaluator", fail)
    monkeypatch.setattr(choice, "GeneratingEvaluator", fail)
    vqc = tnq.VQC(pairs(9, 3), **DOUBLE)
    np.testing.assert_allclose(vqc().detach(), expectations(vqc.circuit), rtol=0, atol=1e-12)


def test_where_nothing_fits_the_error_says_how_much_would_and_what_to_do() -> None:
    with pytest.raises(MemoryBudgetError, match="fits into 1 GiB") as caught:
        tnq.VQC(pairs(28, 3), max_memory=2**30)
    message = str(caught.value)
    assert all(f"{method} " in message for method in METHODS)
    assert "Raise max_memory" in message
    assert "observables=" in message
    assert 2**30 < caught.value.needed < math.inf


def test_a_way_that_does_not_fit_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = tnq.ansatz.ry_brickwork(10, 2)

    class Hopeless:
        method = "cones"

        def __init__(self, *_: object) -> None:
            raise MemoryBudgetError("too much", 2.0**80)

    class Broken(Hopeless):
        def __init__(self, *_: object) -> None:
            raise TypeError("a bug")

    monkeypatch.setattr(choice, "ConesEvaluator", Hopeless)
    plan = plan_expectations(circuit)
    assert "cones" not in plan.considered
    assert "dense" in plan.considered
    monkeypatch.setattr(choice, "ConesEvaluator", Broken)
    with pytest.raises(TypeError, match="a bug"):  # bugs aren't taken for refusals
        plan_expectations(circuit)


def test_states_that_do_not_fit_leave_the_networks() -> None:
    circuit = Circuit(
        16,
        tuple(
            [("RY", (q,), WeightSlot(q)) for q in range(16)]
            + [("CX", (q, q + 1)) for q in range(15)]
        ),
        0,
        (16,),
    )
    plan = plan_expectations(circuit, max_memory=400_000)
    assert plan.method != "dense"
    weights = torch.randn(1, 16, **DOUBLE)
    values = plan.evaluate(plan.prepare(weights), weights, torch.zeros(1, 0, **DOUBLE))[0, 0]
    torch.testing.assert_close(values, weights[0].cos().cumprod(0), rtol=0, atol=1e-12)


def test_more_qubits_than_a_float_has_powers_of_two() -> None:
    circuit = tnq.ansatz.modular([8] * 130, 1, {0})  # 1,040 qubits in one piece
    plan = plan_expectations(circuit)
    assert plan.method == "cones"
    with pytest.raises(MemoryBudgetError, match="1040 entangled qubits") as caught:
        plan_expectations(circuit, method="dense")
    assert caught.value.needed > 2**1040


def test_slices_that_take_long_are_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = tnq.ansatz.modular([4] * 7, 2, {0, 1})
    free = plan_expectations(circuit, method="cones")
    budget = int(free.cost(1, 1).bytes / 2)
    monkeypatch.setattr(choice, "LONG", 0.0)
    with pytest.raises(MemoryBudgetError, match="A way that is named") as caught:
        plan_expectations(circuit, max_memory=budget)
    assert budget < caught.value.needed < 2**30
    assert plan_expectations(circuit, method="cones", max_memory=budget).n_slices > 1
