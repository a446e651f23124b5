"""One pairwise contraction as a product of matrices.

Tensors are (batch, numbers), with the batch that their rank says: network · copy for what depends
on weights, network · copy · sample for what depends on inputs too; constants have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .arrays import Array, permute
from .tensor_network import CONSTANT, Legs, Rank

__all__ = ["Form", "Product", "Step", "join"]


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
    def permuted(self) -> list[int]:
        """The operands of which a permuted copy is made."""
        nodes = (self.left, self.right)
        return [n for n, form in zip(nodes, self.forms, strict=True) if form.axes is not None]


class _Operand(NamedTuple):
    """A `Form` for batches of known sizes."""

    split: tuple[int, ...]  # shape to permute in, and the permutation; () for none
    axes: tuple[int, ...]
    back: tuple[int, ...]  # shape of the permuted operand, and the permutation that undoes it
    undo: tuple[int, ...]
    shape: tuple[int, ...]  # of the matrix, before it's transposed
    transposed: bool

    @classmethod
    def of(cls, form: Form, n_batch: int, shape: tuple[int, ...]) -> _Operand:
        if form.axes is None:
            return cls((), (), (), (), shape, form.transposed)
        # legs of size 1 stay out: there may be more of them than an array has axes
        wide = [axis for axis, size in enumerate(form.sizes) if size > 1]
        place = {axis: k for k, axis in enumerate(wide, 1)}
        axes = (0, *(place[axis] for axis in form.axes if axis in place))
        split = (n_batch, *(form.sizes[axis] for axis in wide))
        undo = tuple(int(axis) for axis in np.argsort(axes))
        back = tuple(split[axis] for axis in axes)
        return cls(split, axes, back, undo, shape, form.transposed)

    def matrix(self, operand: Array) -> Array:
        if self.axes:
            operand = permute(operand.reshape(self.split), self.axes)
        operand = operand.reshape(self.shape)
        return operand.mT if self.transposed else operand

    def stored(self, grad: Array) -> Array:
        """The gradient in the operand as it's stored, of one in the untransposed matrix."""
        return permute(grad.reshape(self.back), self.undo) if self.axes else grad


class Product(NamedTuple):
    """A `Step` for batches of known sizes."""

    left: _Operand
    right: _Operand
    shape: tuple[int, ...]  # of the product

    @classmethod
    def of(cls, step: Step, n_weights: int, n_samples: int) -> Product:
        """`n_weights` entries of the batch of networks and copies, `n_samples` for each."""
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
        return cls(
            _Operand.of(left, batch[step.ranks[0]], (*prefix, *a_shape)),
            _Operand.of(right, lead, (*b_prefix, *b_shape)),
            (*prefix, rows, step.columns),
        )


def join(
    pair: tuple[int, int], legs: Sequence[Legs], ranks: Sequence[Rank], sizes: Mapping[int, int]
) -> tuple[Step, Legs]:
    """The step that joins two nodes to the next one, and the order of the result's legs.

    `legs`: of each node so far, in the order in which they're stored.
    """
    sides = pair if ranks[pair[0]] >= ranks[pair[1]] else pair[::-1]
    (left, right), (have, other) = sides, (legs[side] for side in sides)
    summed = set(have) & set(other)
    blocks = [
        _block(have, summed, first=False, either=ranks[right] in (CONSTANT, ranks[left])),
        _block(other, summed, first=True, either=True),
    ]
    orders = [tuple(leg for leg in own if leg in summed) for own in (have, other)]
    kept = [tuple(leg for leg in own if leg not in summed) for own in (have, other)]
    chosen = 0
    if orders[0] != orders[1]:  # one of them must be permuted: the smaller, unless one is anyway
        smaller = _volume(have, sizes) < _volume(other, sizes)
        chosen = 1 if blocks[1] is not None and (blocks[0] is None or smaller) else 0
        blocks[1 - chosen] = None
    order = orders[chosen]
    targets = (kept[0] + order, order + kept[1])
    forms = [
        Form(
            tuple(sizes[leg] for leg in own),
            tuple(own.index(leg) for leg in target) if block is None else None,
            block or False,
        )
        for own, target, block in zip((have, other), targets, blocks, strict=True)
    ]
    volumes = [_volume(own, sizes) for own in (kept[0], order, kept[1])]
    both = (ranks[left], ranks[right])
    step = Step(left, right, len(legs), both, (forms[0], forms[1]), *volumes)
    return step, kept[0] + kept[1]


def _volume(legs: Legs, sizes: Mapping[int, int]) -> int:
    return math.prod(sizes[leg] for leg in legs)


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
