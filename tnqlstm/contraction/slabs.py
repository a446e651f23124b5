"""Small matrices in a row, gathered from a flat array and padded to one shape.

A product costs as much as gathering some thousands of numbers, so matrices of a rare shape are
padded with zeros to a larger one that is there anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .arena import ZERO, Indices, Place

__all__ = ["Shape", "Slab", "padded_shapes"]

A_CALL = 4000  # a product and its gradient, in numbers that are gathered
A_NUMBER = 10  # multiplications that take as long as gathering one number


class Shape(NamedTuple):
    """Of a product of matrices; a constant on the right is one for all of a tensor's batch."""

    constant: bool
    rows: int
    inner: int
    columns: int

    @property
    def weight(self) -> float:
        """What a product takes, in numbers that are gathered."""
        _, rows, inner, columns = self
        return rows * inner + inner * columns + rows * columns + rows * inner * columns / A_NUMBER


def padded_shapes(counts: Mapping[Shape, int]) -> dict[Shape, Shape]:
    """What each shape is padded to: the next larger one, if that adds less than a call.

    `counts`: how many products of a shape there are.
    """
    found: dict[Shape, Shape] = {}
    kept: dict[bool, list[Shape]] = {False: [], True: []}
    for shape in sorted(counts, key=lambda s: s.weight, reverse=True):
        others = kept[shape.constant]
        larger = [o for o in others if all(a >= b for a, b in zip(o, shape, strict=True))]
        nearest = min(larger, key=lambda s: s.weight, default=None)
        if nearest and counts[shape] * (nearest.weight - shape.weight) < A_CALL:
            found[shape] = nearest
        else:
            found[shape] = shape
            others.append(shape)
    return found


class Slab:
    """Matrices of one shape in a row, which hold the numbers of several tensors and zeros."""

    def __init__(self, entries: Sequence[Indices], rows: int, columns: int) -> None:
        """`entries`: of each tensor, the numbers that its matrices hold, (n, ≤ rows, ≤ columns)."""
        self._entries = entries
        self.shape = (sum(map(len, entries)), rows, columns)

    @property
    def size(self) -> int:
        n, rows, columns = self.shape
        return n * rows * columns

    def indices(self, tensors: Sequence[Indices]) -> Indices:
        """What to gather, where each tensor's numbers have these indices."""
        found = np.full(self.shape, ZERO)
        for block, entries, own in zip(self._blocks(found), self._entries, tensors, strict=True):
            block[...] = own[entries]
        return found

    def places(self, start: int) -> list[Place]:
        """Of the tensors in a slab that starts there in the arena."""
        found = []
        numbered = np.arange(start, start + self.size).reshape(self.shape)
        for block, entries in zip(self._blocks(numbered), self._entries, strict=True):
            where = np.empty(entries.size, dtype=np.int64)
            where[entries] = block
            stop = start + len(entries) * self.shape[1] * self.shape[2]
            found.append(Place(0, slice(start, stop), where))
            start = stop
        return found

    def _blocks(self, array: Indices) -> list[Indices]:
        """The part of an array of the slab's shape that each tensor fills."""
        stops = np.cumsum([len(entries) for entries in self._entries])
        return [
            array[stop - len(entries) : stop, : entries.shape[1], : entries.shape[2]]
            for stop, entries in zip(stops, self._entries, strict=True)
        ]
