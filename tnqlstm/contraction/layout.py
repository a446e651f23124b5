"""The steps of a forest in order, and the places of its tensors.

Steps of all trees that multiply matrices of like shapes wait for each other and are one product.
What is small lives in one flat array, the arena, so that the operands of such steps are gathered by
one call. Large tensors have arrays of their own, the other segments, and their steps are done
singly.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .angles import ConstantBank
from .arena import ZERO, Arena, Gather, Indices, Place
from .arrays import Array, empty, get_namespace, index_like, join, scatter_add, take, zeros
from .handwritten import Tape
from .product import Product
from .program import is_small
from .slabs import Shape, Slab, padded_shapes
from .tensor_network import CONSTANT
from .works import Flow, Many, Node, One, Task

if TYPE_CHECKING:
    from .forest import Forest

__all__ = ["Layout"]


class Layout:
    """A forest's steps in order, with the places of all tensors and of their gradients.

    Gathered operands are copies, which the tape keeps. So a small tensor's place is free for
    others once it has been gathered, and a gradient's once it has been used: what is reused stays
    in the processor's cache.
    """

    def __init__(
        self,
        forest: Forest,
        given: Sequence[Sequence[Node]],
        outputs: Sequence[Sequence[Node]],
        copies: int,
        n_samples: int,
        like: Array,
    ) -> None:
        """`given`: the tensors that each given array has in a row; `outputs`: likewise."""
        self.forest, self.copies, self.n_samples = forest, copies, n_samples
        self._like = empty((0,), like)
        self.outputs = [tuple(nodes) for nodes in outputs]
        self._in_a_row = {node for nodes in outputs if len(nodes) > 1 for node in nodes}
        self.places: dict[Node, Place] = {}
        self.arena = Arena()
        self.segment_sizes = [0]  # of those after the arena
        self.given = [tuple(forest.constants), *map(tuple, given)]
        self.copied = [self._place_given(nodes) for nodes in self.given]
        self._n_copied = self.arena.size
        constants = [
            np.repeat(array, copies, axis=0) if self.size(node) > array.size else array
            for node, array in forest.constants.items()
        ]
        joined = np.concatenate([np.zeros(1), *(array.ravel() for array in constants)])
        self.constants = ConstantBank({"all": joined})
        self.products: dict[Node, Product] = {
            (tree, number): Product.of(step, forest.n_networks[tree] * copies, n_samples)
            for _, _, (tree, number), step in forest.tasks
        }
        self.works = [
            Many(self, tasks, shape) if shape else One(self, *tasks)
            for shape, tasks in self._batches()
        ]
        self._readers = [
            self.gather(nodes) if len(nodes) > 1 else self.source(*nodes) for nodes in outputs
        ]
        self._gradients = Arena()
        self._slots: dict[Node, Place] = {}
        self._output_places = [self._place_output_gradient(nodes) for nodes in self.outputs]
        for work in reversed(self.works):
            work.place_gradients()
        self._gradients_of_given = [
            self.gather_gradient(nodes) if copied else self.places[nodes[0]].segment
            for nodes, copied in list(zip(self.given, self.copied, strict=True))[1:]
        ]
        self._forget()

    def _forget(self) -> None:
        """Drop what was needed to make the layout, as much as the tensors themselves."""
        self.places.clear()
        self._slots.clear()

    def size(self, node: Node) -> int:
        return self.forest.size(node, self.copies, self.n_samples)

    # -- places of tensors ------------------------------------------------------------------------

    def _place_given(self, nodes: Sequence[Node]) -> bool:
        """Whether the array is copied into the arena, the constants always."""
        small = all(is_small(self.size(node)) for node in nodes)
        copied = small or not self.places or not self._in_a_row.isdisjoint(nodes)
        if not copied:
            self.segment_sizes.append(0)
        for node in nodes:
            self._place(node, in_arena=copied)
        return copied

    def place_result(self, node: Node) -> Place:
        """In the arena, if it's small or joined to others, else in a segment of its own."""
        in_arena = is_small(self.size(node)) or node in self._in_a_row
        if not in_arena:
            self.segment_sizes.append(0)
        self._place(node, in_arena=in_arena)
        return self.places[node]

    def _place(self, node: Node, *, in_arena: bool) -> None:
        """The next place in the arena or in the last segment."""
        size = self.size(node)
        if in_arena:
            self.places[node] = Place(0, self.arena.reserve(size))
        else:
            start = self.segment_sizes[-1]
            self.segment_sizes[-1] += size
            self.places[node] = Place(len(self.segment_sizes) - 1, slice(start, start + size))

    def place_slab(self, nodes: Sequence[Node], slab: Slab) -> slice:
        """A part of the arena for the slab, which holds these tensors."""
        where = self.arena.reserve(slab.size)
        self.places.update(zip(nodes, slab.places(where.start), strict=True))
        return where

    def source(self, node: Node) -> Place | Gather:
        """Where to read a tensor."""
        place = self.places[node]
        return place if place.scattered is None else self.gather([node])

    def gather(self, nodes: Sequence[Node], slab: Slab | None = None) -> Gather:
        """The numbers of tensors in the arena, in a row or as a slab."""
        return self._gather([self.places[node].indices for node in nodes], slab)

    def _gather(self, parts: Sequence[Indices], slab: Slab | None) -> Gather:
        if slab:
            return Gather(slab.indices(parts), self._like)
        return Gather(np.concatenate([np.zeros(0, dtype=np.int64), *parts]), self._like)

    def release(self, nodes: Sequence[Node]) -> None:
        """Their places are free for others, since copies have been made."""
        for node in nodes:
            self.arena.free(self.places[node].part)

    def _batches(self) -> Iterator[tuple[Shape | None, list[Task]]]:
        """Steps that are done together, each after those that make its operands, and their shape.

        The next shape is one of which a large part of all steps that are left is ready, and which
        many steps wait for, one after another.
        """
        shapes = self._shapes()
        left = Counter(shapes.values())
        above: dict[Node, int] = {}  # steps from a tensor to the root
        for task in reversed(self.forest.tasks):
            above |= dict.fromkeys((task.left, task.right), above.get(task.result, 0) + 1)
        ready = defaultdict[Shape | None, list[Task]](list)
        users = defaultdict[Node, list[Task]](list)
        missing = Counter[Node]()
        for task in self.forest.tasks:
            for node in (task.left, task.right):
                if node in shapes:
                    users[node].append(task)
                    missing[task.result] += 1
            if not missing[task.result]:
                ready[shapes[task.result]].append(task)
        while ready:
            urgency = {
                shape: len(tasks) / left[shape] * max(above.get(t.result, 0) + 1 for t in tasks)
                for shape, tasks in ready.items()
            }
            shape = max(urgency, key=urgency.__getitem__)
            tasks = ready.pop(shape)
            left[shape] -= len(tasks)
            yield from [(shape, tasks)] if shape else [(None, [task]) for task in tasks]
            for user in (user for task in tasks for user in users[task.result]):
                missing[user.result] -= 1
                if not missing[user.result]:
                    ready[shapes[user.result]].append(user)

    def _shapes(self) -> dict[Node, Shape | None]:
        """What steps must share to be done together, by result; None for those of large tensors."""
        own: dict[Node, Shape | None] = {}
        counts = Counter[Shape]()
        for task in self.forest.tasks:
            step, shape = task.step, None
            if self._is_small(task):
                constant = step.ranks[1] == CONSTANT
                shape = Shape(constant, self.rows(task), step.inner, step.columns)
                counts[shape] += self.size(task.result) // (shape.rows * shape.columns)
            own[task.result] = shape
        padded = padded_shapes(counts)
        return {node: shape and padded[shape] for node, shape in own.items()}

    def _is_small(self, task: Task) -> bool:
        return all(
            is_small(self.size(node)) and not (node in self.places and self.places[node].segment)
            for node in (task.left, task.right, task.result)
        )

    def rows(self, task: Task) -> int:
        """Rows of the left operand for each matrix on the right."""
        *lead, rows, _ = self.products[task.result].shape
        return math.prod(lead) * rows if task.step.ranks[1] == CONSTANT else rows

    # -- places of gradients ----------------------------------------------------------------------

    def _place_output_gradient(self, nodes: Sequence[Node]) -> Place:
        """Where to put the gradient in an array of outputs."""
        home = self.places[nodes[0]]
        if len(nodes) == 1 and home.segment:
            return home
        start = self._gradients.reserve(sum(map(self.size, nodes))).start
        stop = start
        for node in nodes:
            part = slice(stop, stop := stop + self.size(node))
            self._slots[node] = Place(0, part)
        return Place(0, slice(start, stop))

    def place_gradient(self, node: Node) -> Place:
        """Where a step puts the gradient in its operand: a large tensor's has a segment."""
        if self.places[node].segment:
            return self.places[node]
        self._slots[node] = Place(0, self._gradients.reserve(self.size(node)))
        return self._slots[node]

    def place_gradients(self, nodes: Sequence[Node], slab: Slab) -> slice:
        """Where steps put the gradients in small operands, as a slab."""
        where = self._gradients.reserve(slab.size)
        self._slots.update(zip(nodes, slab.places(where.start), strict=True))
        return where

    def gather_gradient(self, nodes: Sequence[Node], slab: Slab | None = None) -> Gather:
        """The gradients in tensors in the arena, zeros in those that depend on nothing."""
        found = [
            self._slots[node].indices
            if any(self.forest.flows[node[0]][node[1]])
            else np.full(self.size(node), ZERO)
            for node in nodes
        ]
        return self._gather(found, slab)

    def release_gradients(self, nodes: Sequence[Node]) -> None:
        """Note that nobody needs the gradients in these any more."""
        for node in nodes:
            if node in self._slots:
                self._gradients.free(self._slots.pop(node).part)

    # -- running ----------------------------------------------------------------------------------

    def run(self, tape: Tape, arrays: Sequence[Array], like: Array) -> list[Array]:
        """The outputs, of the given arrays."""
        given = [self.constants.get("all", like), *(array.reshape(-1) for array in arrays)]
        arena = empty((self.arena.size,), like)
        pairs = list(zip(given, self.copied, strict=True))
        arena[: self._n_copied] = join([array for array, copied in pairs if copied])
        segments = [arena, *(array for array, copied in pairs if not copied)]
        matmul = get_namespace(like).matmul
        for work in self.works:
            work.run(segments, tape, matmul)
        return [reader.of(segments) for reader in self._readers]

    def run_back(self, tape: Tape, grads: Sequence[Array], wanted: Flow) -> list[Array | None]:
        """The gradient in each given array, flat, of those in the outputs."""
        arena = empty((self._gradients.size,), grads[0])
        arena[ZERO] = 0.0
        gradients: list[Array | None] = [arena, *(None for _ in self.segment_sizes[1:])]
        for place, grad in zip(self._output_places, grads, strict=True):
            self.put(gradients, place, grad)
        matmul = get_namespace(arena).matmul
        for work in reversed(self.works):
            work.run_back(gradients, tape, wanted, matmul)
        return [
            where.of(gradients) if isinstance(where, Gather) else gradients[where]
            for where in self._gradients_of_given
        ]

    def put(self, gradients: list[Array | None], place: Place, found: Array) -> None:
        """Set a gradient in the arena, or add it to that in a large tensor."""
        segment, part, found = place.segment, place.part, found.reshape(-1)
        own: Array = gradients[segment]
        if not segment:
            own[part] = found
        elif part == slice(0, self.segment_sizes[segment]):
            gradients[segment] = found if own is None else own + found
        else:
            if own is None:
                own = gradients[segment] = zeros((self.segment_sizes[segment],), found)
            own[part] += found

    def values(self, outputs: Array) -> Array:
        """The only outputs, one of each tree: (copy, network, sample), repeated where need be."""
        index = self._values_index
        return take(outputs, index, 0).reshape(self.copies, -1, self.n_samples)

    def values_back(self, grad: Array) -> Array:
        """The gradient in these outputs, of one in `values`."""
        (roots,) = self.outputs
        return scatter_add(grad.reshape(-1), self._values_index, sum(map(self.size, roots)))

    @cached_property
    def _values_index(self) -> Array:
        """The entry of the outputs in a row that each value is."""
        parts, start = [], 0
        for tree, number in self.outputs[0]:
            n_networks, size = self.forest.n_networks[tree], self.size((tree, number))
            shape = [(1, 1, 1), (n_networks, self.copies, 1), (n_networks, self.copies, -1)]
            rank = self.forest.programs[tree].ranks[number]
            entries = np.arange(start, start + size).reshape(shape[rank])
            every = np.broadcast_to(entries, (n_networks, self.copies, self.n_samples))
            parts.append(every.transpose(1, 0, 2))
            start += size
        return index_like(np.concatenate(parts, axis=1).ravel(), self._like)
