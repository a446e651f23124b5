"""A contraction tree as products of matrices, with its hand-written gradient.

Tensors are (batch, numbers): the batch is network · copy for what depends on weights, network ·
copy · sample for what depends on inputs too; constants have none. Each step is one (batched)
product. How the legs are ordered is settled here, once: leaves come in the order in which they are
used, so that few operands must be permuted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from .handwritten import Tape
from .tree import Path

__all__ = ["CONSTANT", "INPUTS", "WEIGHTS", "Program", "Rank", "Step"]

Rank = Literal[0, 1, 2]
CONSTANT: Rank = 0
WEIGHTS: Rank = 1
INPUTS: Rank = 2
Legs = tuple[int, ...]

N_LARGEST = 4  # tensors whose legs are tried for slicing
MOST_SIZES = 16  # numbers of copies and samples for which products are kept ready


@dataclass(frozen=True)
class Form:
    """How a stored operand becomes the matrix of a product.

    `axes`: the permutation of its legs, None where they stand right. `transposed`: the summed legs
    come first on the left, or last on the right.
    """

    sizes: tuple[int, ...]
    axes: tuple[int, ...] | None
    transposed: bool


@dataclass(frozen=True)
class Step:
    """One pairwise contraction; the left operand has the result's rank, the right that or less."""

    left: int
    right: int
    result: int
    ranks: tuple[Rank, Rank]
    forms: tuple[Form, Form]
    rows: int  # of the left's legs that are kept
    inner: int  # of the legs that are summed
    columns: int  # of the right's legs that are kept

    @property
    def rank(self) -> Rank:
        return self.ranks[0]

    @property
    def volume(self) -> int:
        """Multiplications for each entry of the batch."""
        return self.rows * self.inner * self.columns

    @property
    def result_size(self) -> int:
        return self.rows * self.columns


class _Operand(NamedTuple):
    """A `Form` for batches of known sizes."""

    node: int
    split: tuple[int, ...]  # shape to permute in, and the permutation; () for none
    axes: tuple[int, ...]
    back: tuple[int, ...]  # shape of the permuted operand, and the permutation that undoes it
    undo: tuple[int, ...]
    shape: tuple[int, ...]  # of the matrix, before it's transposed
    transposed: bool

    def matrix(self, operand: Tensor) -> Tensor:
        if self.axes:
            operand = operand.reshape(self.split).permute(self.axes)
        operand = operand.reshape(self.shape)
        return operand.mT if self.transposed else operand

    def stored(self, grad: Tensor) -> Tensor:
        """The gradient in the operand as it's stored, of one in the untransposed matrix."""
        return grad.reshape(self.back).permute(self.undo) if self.axes else grad


class _Product(NamedTuple):
    """A `Step` for batches of known sizes."""

    left: _Operand
    right: _Operand
    result: int
    shape: tuple[int, ...]
    right_is_constant: bool


def _product(step: Step, n_weights: int, n_samples: int) -> _Product:
    batch = (1, n_weights, n_weights * n_samples)
    lead = batch[step.ranks[1]]
    over = batch[step.ranks[0]] // lead  # samples, where the left has them and the right hasn't
    left, right = step.forms
    if step.ranks[1] == CONSTANT:
        prefix: tuple[int, ...] = (lead * over,) if left.transposed else ()
        rows = step.rows if left.transposed else over * step.rows
    else:
        prefix, rows = (lead,), over * step.rows
    a_shape = (step.inner, rows) if left.transposed else (rows, step.inner)
    b_shape = (step.columns, step.inner) if right.transposed else (step.inner, step.columns)
    b_prefix = () if step.ranks[1] == CONSTANT else (lead,)
    return _Product(
        _operand(step.left, left, batch[step.ranks[0]], (*prefix, *a_shape)),
        _operand(step.right, right, lead, (*b_prefix, *b_shape)),
        step.result,
        (*prefix, rows, step.columns),
        step.ranks[1] == CONSTANT,
    )


def _operand(node: int, form: Form, n_batch: int, shape: tuple[int, ...]) -> _Operand:
    if form.axes is None:
        return _Operand(node, (), (), (), (), shape, form.transposed)
    axes = (0, *(1 + axis for axis in form.axes))
    split = (n_batch, *form.sizes)
    undo = tuple(int(axis) for axis in np.argsort(axes))
    back = tuple(split[axis] for axis in axes)
    return _Operand(node, split, axes, back, undo, shape, form.transposed)


class Program:
    """A path over leaves, as steps. What needs no inputs is contracted by `run_weights`."""

    def __init__(
        self,
        legs: Sequence[Legs],
        ranks: Sequence[Rank],
        sizes: Mapping[int, int],
        path: Path,
    ) -> None:
        self.n_leaves, self.path = len(legs), tuple(path)
        self.leaf_ranks = tuple(ranks)
        self.leaf_sizes = tuple(math.prod(sizes[leg] for leg in leaf) for leaf in legs)
        self.orders = _wanted_orders(legs, ranks, path)  # of each leaf's legs
        self.steps: list[Step] = []
        held: list[Legs] = [tuple(self.orders[k]) for k in range(len(legs))]
        rank_of: list[Rank] = list(ranks)
        for pair in path:
            step, out = _step(len(held), pair, held, rank_of, sizes)
            self.steps.append(step)
            held.append(out)
            rank_of.append(step.rank)
        used = [n for step in self.steps if step.rank == INPUTS for n in (step.left, step.right)]
        root = len(held) - 1
        self.root, self.root_rank = root, rank_of[root]
        self._made: dict[tuple[Rank, int, int], list[_Product]] = {}
        self.held = [n for n in [*used, root] if rank_of[n] == WEIGHTS]  # what `run` needs

    def axes(self, number: int, legs: Legs) -> list[int]:
        """The order in which a leaf's axes are wanted."""
        return [legs.index(leg) for leg in self.orders[number]]

    def run(
        self, tape: Tape, tensors: dict[int, Tensor], rank: Rank, n_weights: int, n_samples: int = 1
    ) -> None:
        """Contract what has this rank, in place; `tensors` by node.

        `n_weights` entries of the batch of networks and copies, `n_samples` for each.
        """
        for left, right, result, _, _ in self._products(rank, n_weights, n_samples):
            a = left.matrix(tensors.pop(left.node))
            b = right.matrix(tensors.pop(right.node))
            tape += (a, b)
            tensors[result] = torch.bmm(a, b) if b.ndim == 3 else a @ b

    def run_back(
        self,
        tape: Tape,
        grads: dict[int, Tensor],
        rank: Rank,
        wanted: set[int],
        n_weights: int,
        n_samples: int = 1,
    ) -> None:
        """Gradients of a rank's steps, in place, for the nodes that are `wanted`."""
        products = self._products(rank, n_weights, n_samples)
        for left, right, result, shape, right_is_constant in reversed(products):
            b, a = tape.pop(), tape.pop()
            if result not in wanted:
                continue
            grad = grads.pop(result).reshape(shape)
            times = torch.matmul if right_is_constant else torch.bmm
            if left.node in wanted:
                found = times(b, grad.mT) if left.transposed else times(grad, b.mT)
                grads[left.node] = left.stored(found)
            if right.node in wanted:
                found = times(grad.mT, a) if right.transposed else times(a.mT, grad)
                grads[right.node] = right.stored(found)

    def _products(self, rank: Rank, n_weights: int, n_samples: int) -> list[_Product]:
        key = (rank, n_weights, n_samples)
        if key not in self._made:
            if len(self._made) >= MOST_SIZES:
                self._made.clear()
            self._made[key] = [
                _product(step, n_weights, n_samples) for step in self.steps if step.rank == rank
            ]
        return self._made[key]

    def reaching(self, leaves: set[int]) -> set[int]:
        """The nodes that depend on some of the leaves."""
        nodes = set(leaves)
        for step in self.steps:
            if step.left in nodes or step.right in nodes:
                nodes.add(step.result)
        return nodes

    def peak_size(self, n_weights: int, n_inputs: int) -> int:
        """Numbers that leaves and intermediates hold together; the sizes of the two batches."""
        batch = (1, n_weights, n_inputs)
        total = sum(
            size * batch[rank] for size, rank in zip(self.leaf_sizes, self.leaf_ranks, strict=True)
        )
        for step in self.steps:
            total += step.result_size * batch[step.rank]
            for form, rank in zip(step.forms, step.ranks, strict=True):
                if form.axes is not None:  # the operand's permuted copy is kept
                    total += math.prod(form.sizes) * batch[rank]
        return total

    def largest_size(self, n_weights: int, n_inputs: int) -> int:
        """Numbers in the largest single tensor."""
        batch = (1, n_weights, n_inputs)
        leaves = zip(self.leaf_sizes, self.leaf_ranks, strict=True)
        sizes = [size * batch[rank] for size, rank in leaves]
        return max(sizes + [step.result_size * batch[step.rank] for step in self.steps])

    def largest_legs(self, n_weights: int, n_inputs: int) -> Legs:
        """The legs of the largest tensors."""
        batch = (1, n_weights, n_inputs)
        nodes = [tuple(self.orders[k]) for k in range(self.n_leaves)]
        sizes = [n * batch[rank] for n, rank in zip(self.leaf_sizes, self.leaf_ranks, strict=True)]
        for step, (a, b) in zip(self.steps, self.path, strict=True):
            nodes.append(tuple(set(nodes[a]) ^ set(nodes[b])))
            sizes.append(step.result_size * batch[step.rank])
        largest = sorted(range(len(nodes)), key=lambda node: sizes[node])[-N_LARGEST:]
        return tuple(sorted({leg for node in largest for leg in nodes[node]}))

    def total(self, n_weights: int) -> float:
        """Flops of all steps, for one sample."""
        return sum(self.flops(step, n_weights, n_weights) for step in self.steps)

    def flops(self, step: Step, n_weights: int, n_inputs: int) -> float:
        """Two for each multiplication."""
        return 2.0 * step.volume * (1, n_weights, n_inputs)[step.rank]


def _wanted_orders(legs: Sequence[Legs], ranks: Sequence[Rank], path: Path) -> list[Legs]:
    """The order of each leaf's legs that its product takes as it stands."""
    nodes = [tuple(leaf) for leaf in legs]
    rank_of = list(ranks)
    for a, b in path:
        nodes.append(
            tuple(leg for leg in nodes[a] + nodes[b] if (leg in nodes[a]) != (leg in nodes[b]))
        )
        rank_of.append(max(rank_of[a], rank_of[b]))
    wanted: dict[int, Legs] = {len(nodes) - 1: nodes[-1]}
    for k in range(len(path) - 1, -1, -1):
        a, b = path[k]
        out = wanted[len(legs) + k]
        left, right = _sides(a, b, rank_of, out, nodes)
        summed = tuple(leg for leg in nodes[left] if leg in nodes[right])
        # the order of the summed legs is free; that of a right operand made by a step decides
        wanted[left] = (*(leg for leg in out if leg in nodes[left]), *summed)
        wanted[right] = (*summed, *(leg for leg in out if leg in nodes[right]))
    return [wanted[k] for k in range(len(legs))]


def _sides(
    a: int, b: int, rank_of: Sequence[Rank], out: Legs, nodes: Sequence[Legs]
) -> tuple[int, int]:
    """Which operand goes left: the one of higher rank, else the one whose legs come first."""
    if rank_of[a] != rank_of[b]:
        return (a, b) if rank_of[a] > rank_of[b] else (b, a)
    return (b, a) if out and out[0] in nodes[b] else (a, b)


def _step(
    result: int,
    pair: tuple[int, int],
    held: Sequence[Legs],
    rank_of: Sequence[Rank],
    sizes: Mapping[int, int],
) -> tuple[Step, Legs]:
    """The step of a pair, and the order of the result's legs."""
    left, right = pair if rank_of[pair[0]] >= rank_of[pair[1]] else pair[::-1]
    ranks = (rank_of[left], rank_of[right])
    summed = set(held[left]) & set(held[right])
    orders = [tuple(leg for leg in held[side] if leg in summed) for side in (left, right)]
    may_transpose = ranks[0] == ranks[1] or ranks[1] == CONSTANT
    blocks = [
        _block(held[left], summed, first=False, either=may_transpose),
        _block(held[right], summed, first=True, either=True),
    ]
    if orders[0] != orders[1]:  # one of them must be permuted: the smaller, unless one is anyway
        volume = [math.prod(sizes[leg] for leg in held[side]) for side in (left, right)]
        keep = 0 if (blocks[0] is not None and volume[0] >= volume[1]) or blocks[1] is None else 1
        blocks[1 - keep] = None
        order = orders[keep]
    else:
        order = orders[0]
    kept = [tuple(leg for leg in held[side] if leg not in summed) for side in (left, right)]
    forms = []
    for side, block, legs in zip((left, right), blocks, kept, strict=True):
        have = held[side]
        own = tuple(sizes[leg] for leg in have)
        if block is None:
            target = (*legs, *order) if side == left else (*order, *legs)
            forms.append(Form(own, tuple(have.index(leg) for leg in target), False))
        else:
            forms.append(Form(own, None, block))
    step = Step(
        left,
        right,
        result,
        ranks,
        (forms[0], forms[1]),
        math.prod(sizes[leg] for leg in kept[0]),
        math.prod(sizes[leg] for leg in order),
        math.prod(sizes[leg] for leg in kept[1]),
    )
    return step, kept[0] + kept[1]


def _block(have: Legs, summed: set[int], *, first: bool, either: bool) -> bool | None:
    """Whether the product takes the operand transposed; None where its legs must be permuted."""
    n = len(summed)
    at_start = set(have[:n]) == summed
    at_end = set(have[len(have) - n :]) == summed
    if at_start if first else at_end:
        return False
    if either and (at_end if first else at_start):
        return True
    return None
