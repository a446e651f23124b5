"""Equal steps of many trees done together, against the same steps one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.contraction import forest, program
from tnqlstm.contraction.arena import ZERO
from tnqlstm.contraction.layout import Layout
from tnqlstm.contraction.networks import ConesEvaluator
from tnqlstm.contraction.tensor_network import INPUTS, WEIGHTS
from tnqlstm.contraction.works import Node

DOUBLE = {"dtype": torch.float64}


def irregular_circuit(seed: int, n_blocks: int = 5, size: int = 4, depth: int = 3) -> Circuit:
    """Blocks in a line, linked by random qubits: few of its light cones are alike."""
    rng = np.random.default_rng(seed)
    n = n_blocks * size
    operations = [Operation("RY", (q,), InputSlot(q)) for q in range(n)]
    for layer in range(depth):
        for block in range(0, n, size):
            operations += [Operation("CX", (q, q + 1)) for q in range(block, block + size - 1)]
        for block in range(0, n - size, size):
            first, second = block + rng.integers(size), block + size + rng.integers(size)
            operations.append(Operation("CX", (int(first), int(second))))
        operations += [Operation("RY", (q,), WeightSlot(layer * n + q)) for q in range(n)]
    return Circuit(n, tuple(operations), n, (depth * n,))


def layouts(vqc: tnq.VQC) -> dict[int, Layout]:
    """The layout of each rank that was used last."""
    assert isinstance(vqc.plan.evaluator, ConesEvaluator)
    return {rank: list(f._layouts.values())[-1] for rank, f in vqc.plan.evaluator.forests.items()}


@pytest.mark.parametrize("copies", [None, 3])
@pytest.mark.parametrize("n_samples", [1, 4])
@pytest.mark.parametrize("small", [0, 50, 2**12])
def test_values_and_gradients_equal_those_of_single_steps(
    copies: int | None, n_samples: int, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`torch.func` runs step by step, by autograd."""
    monkeypatch.setattr(program, "SMALL", small)
    torch.manual_seed(0)
    circuit = irregular_circuit(0)
    vqc = tnq.VQC(circuit, observables=range(0, 20, 3), copies=copies, method="cones", **DOUBLE)
    torch.nn.init.normal_(vqc.weights)
    x = torch.randn(n_samples, circuit.n_inputs, **DOUBLE)
    weights = vqc.weights.detach()
    mixing = torch.randn_like(vqc(x))

    def loss(weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return (torch.func.functional_call(vqc, {"weights": weights}, (x,)) * mixing).sum()

    wanted = torch.func.grad(loss, argnums=(0, 1))(weights, x)
    for differentiated in [(True, True), (True, False), (False, True)]:
        arguments = [
            t.clone().requires_grad_(d) for t, d in zip((weights, x), differentiated, strict=True)
        ]
        loss(*arguments).backward()
        for argument, gradient, own in zip(arguments, wanted, differentiated, strict=True):
            if own:
                torch.testing.assert_close(argument.grad, gradient, rtol=0, atol=1e-12)
            else:
                assert argument.grad is None


def test_equal_steps_are_one_product() -> None:
    vqc = tnq.VQC(irregular_circuit(1), method="cones", **DOUBLE)
    vqc(torch.randn(3, 20, **DOUBLE)).sum().backward()
    for rank, layout in layouts(vqc).items():
        n_steps = len(layout.forest.tasks)
        assert sum(len(work.results) for work in layout.works) == n_steps
        assert len(layout.works) < n_steps / 3
        assert rank in (WEIGHTS, INPUTS)


@pytest.mark.parametrize("seed", range(3))
def test_operands_are_made_before_they_are_used(seed: int) -> None:
    vqc = tnq.VQC(irregular_circuit(seed), method="cones", **DOUBLE)
    vqc(torch.randn(3, 20, **DOUBLE)).sum().backward()
    for layout in layouts(vqc).values():
        known = {node for nodes in layout.given for node in nodes}
        for work in layout.works:
            assert known.issuperset(work.left + work.right)
            assert known.isdisjoint(work.results)
            known.update(work.results)


class NamedArena:
    """Tensors' names where a layout would have the tensors."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.array = layout, np.zeros(layout.arena.size, dtype=int)
        self.names = {node: 1 + k for k, node in enumerate(layout.places)}

    def _in_arena(self, nodes: Sequence[Node]) -> dict[Node, np.ndarray]:
        places = {node: self.layout.places[node] for node in nodes}
        return {node: place.indices for node, place in places.items() if not place.segment}

    def write(self, nodes: Sequence[Node]) -> None:
        for node, indices in self._in_arena(nodes).items():
            self.array[indices] = self.names[node]

    def check(self, nodes: Sequence[Node]) -> None:
        for node, indices in self._in_arena(nodes).items():
            assert (self.array[indices] == self.names[node]).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_place_is_reused_only_after_its_tensor_has_been_gathered(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Layout, "_forget", lambda _: None)
    vqc = tnq.VQC(irregular_circuit(seed), method="cones", copies=2, **DOUBLE)
    vqc(torch.randn(3, 20, **DOUBLE)).sum().backward()
    for rank, layout in layouts(vqc).items():
        arena = NamedArena(layout)
        standing: list[Node] = []  # what the gradient reads where it stands
        for nodes in layout.given:
            arena.write(nodes)
        for work in layout.works:
            for side, source in zip((work.left, work.right), work.sources, strict=True):
                arena.check(side)
                standing += [] if source.is_copy else side
            arena.write(work.results)
        for outputs in (standing, *layout.outputs):
            arena.check(outputs)
        assert arena.array[ZERO] == 0
        if rank == INPUTS:
            assert arena.array.size < sum(map(layout.size, layout.places))


def test_few_layouts_are_kept() -> None:
    vqc = tnq.VQC(irregular_circuit(0, n_blocks=3), method="cones", **DOUBLE)
    for n_samples in range(1, 40):
        vqc(torch.randn(n_samples, 12, **DOUBLE))
    assert isinstance(vqc.plan.evaluator, ConesEvaluator)
    kept = vqc.plan.evaluator.forests[INPUTS]._layouts
    assert len(kept) <= forest.MOST_LAYOUTS
