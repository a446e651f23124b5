"""One flat array for many small tensors: places in it, and what is gathered from there."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, index_like

__all__ = ["ZERO", "Arena", "Gather", "Indices", "Place"]

ZERO = 0  # the index of a number that is zero
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """Where a tensor's numbers are: in a part of a segment, in order or as `scattered` says.

    Segment 0 is the arena, the others are arrays of large tensors.
    """

    segment: int
    part: slice
    scattered: Indices | None = None
    is_copy: ClassVar[bool] = False  # whether what `of` gives has memory of its own

    @property
    def indices(self) -> Indices:
        if self.scattered is None:
            return np.arange(self.part.start, self.part.stop)
        return self.scattered

    def of(self, segments: Sequence[Array]) -> Array:
        """The numbers, where they are in order."""
        return segments[self.segment][self.part]


class Arena:
    """Which parts are taken; all of it begins with a zero."""

    def __init__(self) -> None:
        self.size = 1
        self._holes: list[tuple[int, int]] = []  # start and stop, in order

    def reserve(self, size: int) -> slice:
        """The first part of this size that is free."""
        for k, (start, stop) in enumerate(self._holes):
            if stop - start >= size:
                self._holes[k : k + 1] = [(start + size, stop)] if stop - start > size else []
                return slice(start, start + size)
        start = self.size
        if self._holes and self._holes[-1][1] == start:
            start, _ = self._holes.pop()
        self.size = start + size
        return slice(start, self.size)

    def free(self, part: slice) -> None:
        start, stop = part.start, part.stop
        k = bisect(self._holes, (start, stop))
        if k < len(self._holes) and self._holes[k][0] == stop:
            stop = self._holes.pop(k)[1]
        if k and self._holes[k - 1][1] == start:
            start = self._holes.pop(k - 1)[0]
            k -= 1
        if start < stop:
            self._holes.insert(k, (start, stop))


class Gather:
    """Numbers of the arena, in an order and a shape."""

    def __init__(self, indices: Indices, like: Array) -> None:
        self.shape, flat = indices.shape, indices.ravel()
        start = int(flat[0]) if len(flat) else 0
        in_a_row = np.array_equal(flat, np.arange(start, start + len(flat)))
        self._part = slice(start, start + len(flat)) if in_a_row else None
        self._indices = None if in_a_row else index_like(indices, like)

    @property
    def is_copy(self) -> bool:
        """Whether what is gathered has memory of its own."""
        return self._part is None

    def of(self, segments: Sequence[Array]) -> Array:
        arena = segments[0]
        if self._part is not None:
            return arena[self._part].reshape(self.shape)
        return arena.take(self._indices)
