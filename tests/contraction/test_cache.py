"""What is kept to be used again, and what becomes of it."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import tnqlstm as tnq
from tnqlstm.contraction.angles import ConstantBank
from tnqlstm.contraction.cache import Cache
from tnqlstm.contraction.modes import plain_tensor


def test_a_cache_is_bounded_and_its_copies_are_empty() -> None:
    cache = Cache[int, str](2)
    assert [cache.keep(k, str(k)) for k in range(3)] == ["0", "1", "2"]
    assert cache == {2: "2"}
    for again in (copy.copy(cache), copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
        assert type(again) is Cache
        assert (again, again.most) == ({}, 2)


def test_constants_made_under_a_transform_or_in_inference_mode_are_plain() -> None:
    bank = ConstantBank({"ones": torch.ones(3).numpy()})

    def f(x: torch.Tensor) -> torch.Tensor:
        return (bank.get("ones", x) * x).sum()

    torch.func.vmap(torch.func.grad(f))(torch.ones(2, 3))
    with torch.inference_mode():
        f(torch.ones(3, dtype=torch.float64))
        kept = [*bank._cache.values(), plain_tensor(torch.ones(2).numpy(), None, "cpu")]
    assert [t.dtype for t in kept] == [torch.float32, torch.float64, torch.float32]
    for tensor in kept:
        assert not tensor.is_inference()
        assert not torch._C._functorch.is_functorch_wrapped_tensor(tensor)


@pytest.mark.parametrize("method", ["dense", "cones"])
def test_a_plan_keeps_nothing_of_its_inputs(method: str) -> None:
    """Not even the memory behind an empty part of them."""
    plan = tnq.plan_expectations(tnq.ansatz.ry_brickwork(4, 1), method=method)
    w = torch.randn(1, 4, requires_grad=True)
    plan.evaluate(plan.prepare(w), w, torch.randn(50_000, 4)).sum().backward()
    for again in (copy.deepcopy(plan), plan):
        assert len(pickle.dumps(again)) < 200_000
    torch.testing.assert_close(
        copy.deepcopy(plan).evaluate(plan.prepare(w), w, torch.ones(2, 4)),
        plan.evaluate(plan.prepare(w), w, torch.ones(2, 4)),
    )
