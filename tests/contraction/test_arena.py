"""Places in the arena, shapes that are padded, and constants that are absorbed."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.contraction import absorption
from tnqlstm.contraction.arena import ZERO, Arena, Gather
from tnqlstm.contraction.networks import ConesEvaluator
from tnqlstm.contraction.slabs import A_CALL, Shape, Slab, padded_shapes

DOUBLE = {"dtype": torch.float64}
SHAPES = st.builds(Shape, st.booleans(), *[st.integers(1, 40)] * 3)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60), st.randoms())
def test_parts_that_are_taken_never_overlap(
    requests: list[tuple[int, bool]], random: Random
) -> None:
    arena, taken = Arena(), []
    for size, frees in requests:
        taken.append(arena.reserve(size))
        entries = [k for part in taken for k in range(part.start, part.stop)]
        assert len(set(entries)) == len(entries)
        assert ZERO not in entries
        assert max(entries, default=0) < arena.size
        if frees:
            arena.free(taken.pop(random.randrange(len(taken))))


def test_freed_neighbours_make_room_for_a_larger_part() -> None:
    arena = Arena()
    parts = [arena.reserve(10) for _ in range(5)]
    for k in (1, 3, 2):
        arena.free(parts[k])
    assert arena.reserve(30) == slice(parts[1].start, parts[3].stop)
    arena.free(parts[4])
    assert arena.reserve(15) == slice(parts[4].start, parts[4].start + 15)


@given(st.dictionaries(SHAPES, st.integers(1, 500), max_size=12))
def test_a_shape_is_padded_to_a_larger_one_for_less_than_a_call(counts: dict[Shape, int]) -> None:
    found = padded_shapes(counts)
    assert found.keys() == counts.keys()
    for shape, padded in found.items():
        assert found[padded] == padded
        assert padded.constant == shape.constant
        assert all(a <= b for a, b in zip(shape, padded, strict=True))
        assert counts[shape] * (padded.weight - shape.weight) < A_CALL


def test_many_rare_shapes_become_few() -> None:
    counts = Counter({Shape(False, k, 3, 4): 1 for k in range(1, 30)})
    assert len(set(padded_shapes(counts).values())) < 5
    assert len(set(padded_shapes({s: 10**4 for s in counts}).values())) == len(counts)


def test_a_slab_holds_its_tensors_and_zeros() -> None:
    rng = np.random.default_rng(0)
    entries = [rng.permutation(12).reshape(2, 3, 2), np.arange(4).reshape(1, 2, 2)]
    slab = Slab(entries, 3, 4)
    places = slab.places(5)
    flat = np.zeros(5 + slab.size)
    tensors = [rng.normal(size=12), rng.normal(size=4)]
    for place, tensor in zip(places, tensors, strict=True):
        flat[place.indices] = tensor
    wanted = np.zeros((3, 3, 4))
    wanted[:2, :, :2], wanted[2:, :2, :2] = tensors[0][entries[0]], tensors[1][entries[1]]
    np.testing.assert_array_equal(flat[5:].reshape(slab.shape), wanted)
    gathered = Gather(slab.indices([place.indices for place in places]), flat)
    np.testing.assert_array_equal(gathered.of([flat]), wanted)
    assert [place.part for place in places] == [slice(5, 29), slice(29, 41)]


def test_absorbing_constants_changes_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = tnq.ansatz.modular([3, 4, 2], 3, [0, 2])
    torch.manual_seed(0)
    x = torch.randn(4, circuit.n_inputs, **DOUBLE)

    def values_and_gradients() -> tuple[int, list[torch.Tensor]]:
        vqc = tnq.VQC(circuit, method="cones", **DOUBLE)
        torch.manual_seed(0)
        torch.nn.init.normal_(vqc.weights)
        own = x.clone().requires_grad_()
        values = vqc(own)
        (values**2).sum().backward()
        assert isinstance(vqc.plan.evaluator, ConesEvaluator)
        n_leaves = sum(len(group.leaves) for group in vqc.plan.evaluator.groups)
        return n_leaves, [values, vqc.weights.grad, own.grad]

    n_absorbed, found = values_and_gradients()
    monkeypatch.setattr(absorption, "_is_worth", lambda *_: False)
    n_leaves, wanted = values_and_gradients()
    assert n_absorbed < n_leaves
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-13)
