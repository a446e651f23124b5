"""The trees of all groups together.

Networks without symmetry make many small trees, and small products cost calls. So steps of all
trees are ordered and joined in a `Layout`, one for each number of copies and samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .cache import Cache
from .layout import Layout
from .program import is_small
from .tensor_network import CONSTANT, WEIGHTS, Rank
from .works import Node, Task

if TYPE_CHECKING:
    from .groups import NetworkGroup

__all__ = ["Forest"]

MOST_LAYOUTS = 8  # numbers of copies and samples for which layouts are kept


class Forest:
    """The steps of one rank of several trees."""

    def __init__(self, groups: Sequence[NetworkGroup], rank: Rank, outputs: Sequence[Node]) -> None:
        self.programs = [group.program for group in groups]
        self.n_networks = [len(group.networks) for group in groups]
        self.flows = [group.flows() for group in groups]
        self.tasks = [
            Task((tree, step.left), (tree, step.right), (tree, step.result), step)
            for tree, program in enumerate(self.programs)
            for step in program.steps
            if step.rank == rank
        ]
        self._groups = groups
        used = {node for task in self.tasks for node in (task.left, task.right)}.union(outputs)
        self._fixed = [  # what differs among networks is held for inputs
            (tree, number)
            for tree, group in enumerate(groups)
            for number in group.fixed_nodes
            if (tree, number) in used
            and (rank == WEIGHTS or group.program.ranks[number] == CONSTANT)
        ]
        self._layouts = Cache[tuple[int, int, object], Layout](MOST_LAYOUTS)

    @property
    def constants(self) -> dict[Node, NDArray[np.float64]]:
        """The fixed numbers that its steps or outputs take, see `NetworkGroup.fixed`."""
        return {(tree, number): self._groups[tree].fixed[number] for tree, number in self._fixed}

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
            (task.step.ranks, task.step.rows, task.step.inner, task.step.columns)
            if is_small(self.size(task.result, copies, n_samples))
            else task.result
            for task in self.tasks
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
            for node in own:
                stop = start + self.size(node, copies, n_samples)
                rows = flat[start:stop].reshape(self.batch(node, copies, n_samples), -1)
                found[node[0]][node[1]], start = rows, stop
        return found

    def layout(
        self,
        given: Sequence[Sequence[Node]],
        outputs: Sequence[Sequence[Node]],
        copies: int,
        n_samples: int,
        like: Array,
    ) -> Layout:
        """The layout for so many copies and samples; the arguments are those of `Layout`."""
        key = (copies, n_samples, None if isinstance(like, np.ndarray) else like.device)
        found = self._layouts.get(key)
        if found is None:
            made = Layout(self, given, outputs, copies, n_samples, like)
            found = self._layouts.keep(key, made)
        return found
