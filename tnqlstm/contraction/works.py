"""Steps of a `Layout`: one on its own, or many small ones together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arena import Gather, Indices, Place
from .arrays import Array
from .handwritten import Tape
from .product import Step
from .slabs import Shape, Slab

if TYPE_CHECKING:
    from .layout import Layout

__all__ = ["Flow", "Many", "Node", "One", "Task"]

Node = tuple[int, int]  # a tree, and a node of its program
Flow = tuple[bool, bool]  # whether something depends on weights, on inputs
Matmul = Callable[..., Array]


class Task(NamedTuple):
    """A step of a tree."""

    left: Node
    right: Node
    result: Node
    step: Step


class _Work:
    """Steps that are done together."""

    sources: Sequence[Place | Gather]  # where the left and the right operands are read

    def __init__(self, layout: Layout, tasks: Sequence[Task]) -> None:
        self.layout = layout
        self.left = [task.left for task in tasks]
        self.right = [task.right for task in tasks]
        self.results = [task.result for task in tasks]
        flows = layout.forest.flows
        own = [[flows[tree][number] for tree, number in side] for side in (self.left, self.right)]
        # by what is wanted: whether the gradients in the left and in the right operands are
        self.wants = {
            wanted: [
                any(w and d for flow in side for w, d in zip(wanted, flow, strict=True))
                for side in own
            ]
            for wanted in itertools.product((False, True), repeat=2)
        }

    def _release_copied(self) -> None:
        """The places of operands that are copied are free for the results."""
        for nodes, source in zip((self.left, self.right), self.sources, strict=True):
            if source.is_copy:
                self.layout.release(nodes)


class One(_Work):
    """A step on its own, whose operands are read where they stand."""

    def __init__(self, layout: Layout, task: Task) -> None:
        super().__init__(layout, [task])
        self.product = layout.products[task.result]
        self.sources = [layout.source(task.left), layout.source(task.right)]
        self._release_copied()
        self.place = layout.place_result(task.result)

    def place_gradients(self) -> None:
        """Where the gradient in the result is gathered, and where those in the operands go."""
        layout = self.layout
        self.gradient = None if self.place.segment else layout.gather_gradient(self.results)
        self.slots = [layout.place_gradient(node) for node in (*self.left, *self.right)]
        layout.release_gradients(self.results)

    def run(self, segments: list[Array], tape: Tape, matmul: Matmul) -> None:
        product, (left, right) = self.product, self.sources
        a = product.left.matrix(left.of(segments))
        b = product.right.matrix(right.of(segments))
        tape += (a, b)
        if self.place.segment:
            segments.append((a @ b).reshape(-1))
        else:
            matmul(a, b, out=segments[0][self.place.part].reshape(product.shape))

    def run_back(
        self, gradients: list[Array | None], tape: Tape, wanted: Flow, matmul: Matmul
    ) -> None:
        b, a = tape.pop(), tape.pop()
        wants = self.wants[wanted]
        if not any(wants):
            return
        if self.gradient is None:
            grad: Array = gradients[self.place.segment]
            gradients[self.place.segment] = None
        else:
            grad = self.gradient.of(gradients)
        grad = grad.reshape(self.product.shape)
        left, right = self.product.left, self.product.right
        if wants[0]:
            found = b @ grad.mT if left.transposed else grad @ b.mT
            self.layout.put(gradients, self.slots[0], left.stored(found))
        if wants[1]:
            found = grad.mT @ a if right.transposed else a.mT @ grad
            self.layout.put(gradients, self.slots[1], right.stored(found))


class Many(_Work):
    """Steps of small tensors, whose operands are gathered into matrices of one shape."""

    def __init__(self, layout: Layout, tasks: Sequence[Task], shape: Shape) -> None:
        super().__init__(layout, tasks)
        entries: tuple[list[Indices], ...] = ([], [], [])
        for task in tasks:
            step, product, rows = task.step, layout.products[task.result], layout.rows(task)
            own, other, result = (np.arange(layout.size(node)) for node in task[:3])
            entries[0].append(product.left.matrix(own).reshape(-1, rows, step.inner))
            entries[1].append(product.right.matrix(other).reshape(-1, step.inner, step.columns))
            entries[2].append(result.reshape(-1, rows, step.columns))
        _, rows, inner, columns = shape
        sizes = (rows, inner), (inner, columns), (rows, columns)
        self.slabs = [Slab(own, *size) for own, size in zip(entries, sizes, strict=True)]
        self.shapes = [slab.shape for slab in self.slabs]
        self.sources = [
            layout.gather(nodes, slab)
            for nodes, slab in zip((self.left, self.right), self.slabs, strict=False)
        ]
        self._release_copied()
        self.part = layout.place_slab(self.results, self.slabs[2])

    def place_gradients(self) -> None:
        """Where the gradient in the results is gathered, and where those in the operands go."""
        layout, (left, right, result) = self.layout, self.slabs
        self.gradient = layout.gather_gradient(self.results, result)
        self.slots = [
            layout.place_gradients(self.left, left),
            layout.place_gradients(self.right, right),
        ]
        layout.release_gradients(self.results)
        del self.slabs

    def run(self, segments: list[Array], tape: Tape, matmul: Matmul) -> None:
        left, right = self.sources
        a, b = left.of(segments), right.of(segments)
        tape += (a, b)
        matmul(a, b, out=segments[0][self.part].reshape(self.shapes[2]))

    def run_back(
        self, gradients: list[Array | None], tape: Tape, wanted: Flow, matmul: Matmul
    ) -> None:
        b, a = tape.pop(), tape.pop()
        wants = self.wants[wanted]
        if not any(wants):
            return
        grad = self.gradient.of(gradients)
        arena: Array = gradients[0]
        left, right, _ = self.shapes
        if wants[0]:
            matmul(grad, b.mT, out=arena[self.slots[0]].reshape(left))
        if wants[1]:
            matmul(a.mT, grad, out=arena[self.slots[1]].reshape(right))
