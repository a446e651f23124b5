"""Steps of a `Layout`: one on its own, or many equal ones together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .handwritten import Tape
from .product import Product, Step

if TYPE_CHECKING:
    from .forest import Layout

__all__ = ["Flow", "Indices", "Many", "Node", "One", "Place", "Task"]

Node = tuple[int, int]  # a tree, and a node of its program
Task = tuple[int, Step, Product]  # a tree, and a step of it
Flow = tuple[bool, bool]  # whether something depends on weights, on inputs
Indices = NDArray[np.int64]
Matmul = Callable[..., Array]


class Place(NamedTuple):
    """Where a tensor's numbers are; segment 0 is the arena."""

    segment: int
    start: int
    stop: int

    @property
    def indices(self) -> Indices:
        return np.arange(self.start, self.stop)

    def read(self, segments: Sequence[Array]) -> Array:
        return segments[self.segment][self.start : self.stop]


class _Work:
    """Steps that are done together; `left`, `right` and `results` are their tensors."""

    def __init__(self, layout: Layout, batch: Sequence[Task]) -> None:
        self.layout, self.batch = layout, batch
        self.left = [(tree, step.left) for tree, step, _ in batch]
        self.right = [(tree, step.right) for tree, step, _ in batch]
        self.results = [(tree, step.result) for tree, step, _ in batch]
        self.places = [layout.place_result(node) for node in self.results]
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

    def find_gradient(self) -> None:
        """Where the gradient in the results is, once all places are known."""
        if not self.places[0].segment:
            found = [self.layout.gradient_of(node) for node in self.results]
            self.gradient = self.layout.index(found)


class One(_Work):
    """A step on its own, whose operands are read where they stand."""

    def __init__(self, layout: Layout, batch: Sequence[Task]) -> None:
        super().__init__(layout, batch)
        ((_, _, self.product),), (self.place,) = batch, self.places
        self.operands = [layout.places[node] for node in (*self.left, *self.right)]

    def place_gradients(self) -> None:
        """They are where the tensors are."""

    def run(self, segments: list[Array], tape: Tape, matmul: Matmul) -> None:
        product, (left, right) = self.product, self.operands
        a = product.left.matrix(left.read(segments))
        b = product.right.matrix(right.read(segments))
        tape += (a, b)
        if self.place.segment:
            segments.append((a @ b).reshape(-1))
        else:
            out = self.place.read(segments).reshape(product.shape)
            matmul(a, b, out=out)

    def run_back(
        self, gradients: list[Array | None], tape: Tape, wanted: Flow, matmul: Matmul
    ) -> None:
        b, a = tape.pop(), tape.pop()
        wants = self.wants[wanted]
        if not any(wants):
            return
        grad: Array = gradients[self.place.segment]
        if self.place.segment:
            gradients[self.place.segment] = None
        else:
            grad = grad[self.gradient]
        grad = grad.reshape(self.product.shape)
        left, right = self.product.left, self.product.right
        if wants[0]:
            found = b @ grad.mT if left.transposed else grad @ b.mT
            self.layout.write(gradients, self.left[0], left.stored(found))
        if wants[1]:
            found = grad.mT @ a if right.transposed else a.mT @ grad
            self.layout.write(gradients, self.right[0], right.stored(found))


class Many(_Work):
    """Equal steps of small tensors, whose operands are gathered."""

    def __init__(self, layout: Layout, batch: Sequence[Task]) -> None:
        super().__init__(layout, batch)
        step, rows = batch[0][1], layout.rows(*batch[0][1:])
        self._entries = [
            [
                product.left.matrix(layout.places[n].indices).reshape(-1, rows, step.inner)
                for n, (_, _, product) in zip(self.left, batch, strict=True)
            ],
            [
                product.right.matrix(layout.places[n].indices).reshape(-1, step.inner, step.columns)
                for n, (_, _, product) in zip(self.right, batch, strict=True)
            ],
        ]
        self.gathered = [layout.index([e.ravel() for e in side]) for side in self._entries]
        n = sum(map(len, self._entries[0]))
        self.shapes = [(n, rows, step.inner), (n, step.inner, step.columns)]
        self.shape = (n, rows, step.columns)
        self.start, self.stop = self.places[0].start, self.places[-1].stop

    def place_gradients(self) -> None:
        """Those in the operands of a side are in a row, as they come out of the product."""
        layout, self.slots = self.layout, []
        for nodes, every in zip((self.left, self.right), self._entries, strict=True):
            start = layout.segment_sizes[0]
            for node, entries in zip(nodes, every, strict=True):
                where = np.empty(entries.size, dtype=np.int64)
                where[entries.ravel() - layout.places[node].start] = layout.reserve(
                    entries.size
                ).indices
                layout.gradients[node] = where
            self.slots.append(slice(start, layout.segment_sizes[0]))
        del self._entries

    def run(self, segments: list[Array], tape: Tape, matmul: Matmul) -> None:
        arena, (left, right) = segments[0], self.shapes
        a = arena[self.gathered[0]].reshape(left)
        b = arena[self.gathered[1]].reshape(right)
        tape += (a, b)
        out = arena[self.start : self.stop].reshape(self.shape)
        matmul(a, b, out=out)

    def run_back(
        self, gradients: list[Array | None], tape: Tape, wanted: Flow, matmul: Matmul
    ) -> None:
        b, a = tape.pop(), tape.pop()
        arena: Array = gradients[0]
        grad = arena[self.gradient].reshape(self.shape)
        left, right = self.wants[wanted]
        if left:
            matmul(grad, b.mT, out=arena[self.slots[0]].reshape(self.shapes[0]))
        if right:
            matmul(a.mT, grad, out=arena[self.slots[1]].reshape(self.shapes[1]))
