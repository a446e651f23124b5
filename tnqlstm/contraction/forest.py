"""The trees of all groups together: equal small steps are one product.

Networks without symmetry make many small trees, and small products cost calls. So steps of all
trees that multiply matrices of the same shapes wait for each other and are done at once. What is
small lives in one flat array, the arena, so that the operands of such steps are gathered by one
call. Large tensors have arrays of their own, the other segments, and their steps are done singly.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .angles import ConstantBank
from .arrays import Array, empty, get_namespace, index_like, join, scatter_add, take, zeros
from .handwritten import Tape
from .product import Product, Step
from .program import is_small
from .tensor_network import CONSTANT, WEIGHTS, Rank
from .works import Flow, Indices, Many, Node, One, Place, Task

if TYPE_CHECKING:
    from .groups import NetworkGroup

__all__ = ["Forest", "Layout"]

TINY = 2**10  # numbers in the operands of a step alone that are gathered too
MOST_LAYOUTS = 8  # numbers of copies and samples for which layouts are kept

_Shape = tuple[bool, int, int, int]  # is the right constant, rows, summed, columns


class Forest:
    """The steps of one rank of several trees."""

    def __init__(self, groups: Sequence[NetworkGroup], rank: Rank, outputs: Sequence[Node]) -> None:
        self.programs = [group.program for group in groups]
        self.n_networks = [len(group.networks) for group in groups]
        self.flows = [group.flows() for group in groups]
        self.steps = [
            (tree, step)
            for tree, program in enumerate(self.programs)
            for step in program.steps
            if step.rank == rank
        ]
        used = {(tree, number) for tree, step in self.steps for number in (step.left, step.right)}
        self.constants = {  # what differs among networks is held for inputs
            (tree, node): array
            for tree, group in enumerate(groups)
            for node, array in group.fixed.items()
            if (tree, node) in used.union(outputs)
            and (rank == WEIGHTS or group.program.ranks[node] == CONSTANT)
        }
        self._layouts: dict[tuple[int, int, object], Layout] = {}

    def batch(self, node: Node, copies: int, n_samples: int) -> int:
        """Entries of a tensor's batch: one, or of networks and copies, or of samples too."""
        tree, number = node
        n_weights = self.n_networks[tree] * copies
        return (1, n_weights, n_weights * n_samples)[self.programs[tree].ranks[number]]

    def size(self, node: Node, copies: int, n_samples: int) -> int:
        """Numbers in a tensor."""
        return self.programs[node[0]].numbers[node[1]] * self.batch(node, copies, n_samples)

    def n_calls(self, copies: int, n_samples: int) -> int:
        """Products that are made, about: one for equal steps, unless they're large."""
        kinds = {
            (step.ranks, step.rows, step.inner, step.columns)
            if is_small(self.size((tree, step.result), copies, n_samples))
            else (tree, step)
            for tree, step in self.steps
        }
        return len(kinds)

    def split(
        self,
        nodes: Sequence[Sequence[Node]],
        arrays: Sequence[Array],
        copies: int,
        n_samples: int,
    ) -> list[dict[int, Array]]:
        """Each tree's tensors, (batch, numbers), of arrays that have these in a row."""
        found: list[dict[int, Array]] = [{} for _ in self.programs]
        for own, array in zip(nodes, arrays, strict=True):
            flat, start = array.reshape(-1), 0
            for tree, number in own:
                stop = start + self.size((tree, number), copies, n_samples)
                rows = flat[start:stop].reshape(self.batch((tree, number), copies, n_samples), -1)
                found[tree][number], start = rows, stop
        return found

    def layout(
        self,
        given: Sequence[Sequence[Node]],
        outputs: Sequence[Node],
        copies: int,
        n_samples: int,
        like: Array,
    ) -> Layout:
        """The layout for so many copies and samples; the arguments are those of `Layout`."""
        key = (copies, n_samples, None if isinstance(like, np.ndarray) else like.device)
        if key not in self._layouts:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[key] = Layout(self, given, outputs, copies, n_samples, like)
        return self._layouts[key]


class Layout:
    """A forest's steps in order, with the places of all tensors and of their gradients."""

    def __init__(
        self,
        forest: Forest,
        given: Sequence[Sequence[Node]],
        outputs: Sequence[Node],
        copies: int,
        n_samples: int,
        like: Array,
    ) -> None:
        """`given`: the tensors that each given array has in a row. `outputs` are in the arena."""
        self.forest, self.copies, self.n_samples = forest, copies, n_samples
        self.outputs = dict.fromkeys(outputs)
        self._index_for = like[:0]
        self.places: dict[Node, Place] = {}
        self.segment_sizes = [0]
        self.given = [tuple(forest.constants), *map(tuple, given)]
        self.copied = [self._place_given(nodes) for nodes in self.given]
        self.n_copied = self.segment_sizes[0]
        constants = [
            np.repeat(array, copies, axis=0) if self.size(node) > array.size else array
            for node, array in forest.constants.items()
        ]
        joined = np.concatenate([np.zeros(0), *(array.ravel() for array in constants)])
        self.constants = ConstantBank({"all": joined})
        self.works = [
            (Many if shape and self._is_gathered(batch) else One)(self, batch)
            for shape, batch in self._batches()
        ]
        self.arena_size = self.segment_sizes[0]
        self.gradients: dict[Node, Indices] = {}  # of those that aren't where their tensors are
        for work in self.works:
            work.place_gradients()
        for work in self.works:
            work.find_gradient()
        self.n_gradients = self.segment_sizes[0]
        unreached = [
            self.gradient_of(node)
            for nodes, copied in zip(self.given, self.copied, strict=True)
            for node in nodes
            if copied and not any(forest.flows[node[0]][node[1]])
        ]
        self._unreached = self.index(unreached)
        self._gradients_of_given = [
            self.index([self.gradient_of(node) for node in nodes]) if copied else nodes[0]
            for nodes, copied in list(zip(self.given, self.copied, strict=True))[1:]
        ]

    # -- making ---------------------------------------------------------------------------------

    def size(self, node: Node) -> int:
        return self.forest.size(node, self.copies, self.n_samples)

    def _place_given(self, nodes: Sequence[Node]) -> bool:
        """Whether the array is copied into the arena, the constants always."""
        small = all(is_small(self.size(node)) for node in nodes)
        copied = small or not self.places or not self.outputs.keys().isdisjoint(nodes)
        if not copied:
            self.segment_sizes.append(0)
        for node in nodes:
            self.places[node] = self.reserve(self.size(node), 0 if copied else -1)
        return copied

    def reserve(self, size: int, segment: int = 0) -> Place:
        """The next place in a segment."""
        segment %= len(self.segment_sizes)
        start = self.segment_sizes[segment]
        self.segment_sizes[segment] += size
        return Place(segment, start, start + size)

    def place_result(self, node: Node) -> Place:
        """In the arena, if it's small or an output, else a segment of its own."""
        size, in_arena = self.size(node), is_small(self.size(node)) or node in self.outputs
        if not in_arena:
            self.segment_sizes.append(0)
        self.places[node] = self.reserve(size, 0 if in_arena else -1)
        return self.places[node]

    def index(self, parts: Sequence[Indices]) -> slice | Array:
        """All of these entries: as a slice, where they are in a row."""
        entries = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
        start = int(entries[0]) if len(entries) else 0
        if np.array_equal(entries, np.arange(start, start + len(entries))):
            return slice(start, start + len(entries))
        return index_like(entries, self._index_for)

    def gradient_of(self, node: Node) -> Indices:
        """The entries of the gradients' arena that hold the gradient in a tensor."""
        found = self.gradients.get(node)
        return self.places[node].indices if found is None else found

    def _batches(self) -> Iterator[tuple[_Shape | None, list[Task]]]:
        """Steps that are done together, each after those that make its operands, and their shape.

        The next shape is the one of which the largest part of all steps that are left is ready.
        """
        forest = self.forest
        ready = defaultdict[_Shape | None, list[Task]](list)
        results = {(tree, step.result) for tree, step in forest.steps}
        users: dict[Node, Task] = {}
        shapes: dict[Node, _Shape | None] = {}
        missing: dict[Node, int] = {}
        for tree, step in forest.steps:
            n_weights = forest.n_networks[tree] * self.copies
            work = (tree, step, Product.of(step, n_weights, self.n_samples))
            operands, result = ((tree, step.left), (tree, step.right)), (tree, step.result)
            users |= dict.fromkeys(operands, work)
            shapes[result] = self._shape(*work)
            missing[result] = sum(node in results for node in operands)
            if not missing[result]:
                ready[shapes[result]].append(work)
        left = Counter(shapes.values())
        while ready:
            shape = max(ready, key=lambda s: (len(ready[s]) / left[s], len(ready[s])))
            batch = ready.pop(shape)
            left[shape] -= len(batch)
            yield from [(shape, batch)] if shape else [(None, [work]) for work in batch]
            for tree, step, _ in batch:
                if (user := users.get((tree, step.result))) is not None:
                    result = (user[0], user[1].result)
                    missing[result] -= 1
                    if not missing[result]:
                        ready[shapes[result]].append(user)

    def _is_gathered(self, batch: Sequence[Task]) -> bool:
        """Whether small operands are gathered; those of one step alone only if they're tiny."""
        tree, step, _ = batch[0]
        size = self.size((tree, step.left)) + self.size((tree, step.right))
        return len(batch) > 1 or size <= TINY

    def _shape(self, tree: int, step: Step, product: Product) -> _Shape | None:
        """What steps must share to be done together; None for one of large tensors."""
        for number in (step.left, step.right, step.result):
            place = self.places.get((tree, number), Place(0, 0, 0))
            if place.segment or not is_small(self.size((tree, number))):
                return None
        return step.ranks[1] == CONSTANT, self.rows(step, product), step.inner, step.columns

    def rows(self, step: Step, product: Product) -> int:
        """Rows of the left operand for each matrix on the right."""
        if step.ranks[1] == CONSTANT:
            return math.prod(product.shape[:-1])
        return product.shape[-2]

    # -- running --------------------------------------------------------------------------------

    def run(self, tape: Tape, arrays: Sequence[Array], like: Array) -> list[Array]:
        """The segments, with all results."""
        given = [self.constants.get("all", like), *(array.reshape(-1) for array in arrays)]
        arena = empty((self.arena_size,), like)
        pairs = list(zip(given, self.copied, strict=True))
        arena[: self.n_copied] = join([array for array, copied in pairs if copied])
        segments = [arena, *(array for array, copied in pairs if not copied)]
        matmul = get_namespace(like).matmul
        for work in self.works:
            work.run(segments, tape, matmul)
        return segments

    def run_back(
        self, tape: Tape, gradients: list[Array | None], wanted: Flow
    ) -> list[Array | None]:
        """The gradient in each given array, flat, from those in the segments.

        `gradients`: of the arena and of other segments, known for outputs.
        """
        arena: Array = gradients[0]
        arena[self._unreached] = 0.0
        matmul = get_namespace(arena).matmul
        for work in reversed(self.works):
            work.run_back(gradients, tape, wanted, matmul)
        found = []
        for where in self._gradients_of_given:
            if not isinstance(where, tuple):
                found.append(arena[where])
                continue
            own = gradients[self.places[where].segment]
            found.append(None if own is None else own.reshape(-1))
        return found

    def collect(self, segments: Sequence[Array], nodes: Sequence[Node]) -> Array:
        """Outputs, or one large tensor, in a row."""
        if len(nodes) == 1:
            return self.places[nodes[0]].read(segments)
        return segments[0][self._outputs_index]

    def spread(self, gradients: list[Array | None], nodes: Sequence[Node], found: Array) -> None:
        """Set the gradients in what `collect` gives."""
        if len(nodes) == 1:
            self.write(gradients, nodes[0], found)
        else:
            gradients[0][self._outputs_index] = found  # type: ignore[index]

    @cached_property
    def _outputs_index(self) -> slice | Array:
        return self.index([self.places[node].indices for node in self.outputs])

    def values(self, segments: Sequence[Array]) -> Array:
        """Outputs of one number each, (copy, network, sample), repeated where one is for all."""
        outputs = segments[0][self._outputs_index]
        return take(outputs, self._values_index, 0).reshape(self.copies, -1, self.n_samples)

    def values_back(self, gradients: list[Array | None], grad: Array) -> None:
        """Set the gradients in the outputs, of one in `values`."""
        n_outputs = sum(map(self.size, self.outputs))
        total = scatter_add(grad.reshape(-1), self._values_index, n_outputs)
        gradients[0][self._outputs_index] = total  # type: ignore[index]

    @cached_property
    def _values_index(self) -> Array:
        """The entry of the outputs in a row that each value is."""
        parts, start = [], 0
        for tree, number in self.outputs:
            n_networks, size = self.forest.n_networks[tree], self.size((tree, number))
            shape = [(1, 1, 1), (n_networks, self.copies, 1), (n_networks, self.copies, -1)]
            rank = self.forest.programs[tree].ranks[number]
            entries = np.arange(start, start + size).reshape(shape[rank])
            every = np.broadcast_to(entries, (n_networks, self.copies, self.n_samples))
            parts.append(every.transpose(1, 0, 2))
            start += size
        return index_like(np.concatenate(parts, axis=1).ravel(), self._index_for)

    def unknown_gradients(self, like: Array) -> list[Array | None]:
        """Gradients to begin with: of the arena, and of the other segments."""
        return [empty((self.n_gradients,), like), *(None for _ in self.segment_sizes[1:])]

    def write(self, gradients: list[Array | None], node: Node, found: Array) -> None:
        """Set the gradient in a tensor."""
        segment, start, stop = self.places[node]
        if segment and stop - start == self.segment_sizes[segment]:
            gradients[segment] = found
            return
        if gradients[segment] is None:
            gradients[segment] = zeros((self.segment_sizes[segment],), found)
        own: Array = gradients[segment]
        own[start:stop].reshape(found.shape)[...] = found
