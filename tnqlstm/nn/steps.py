"""`Steps`: the time steps of several sequences in one tensor, as a `PackedSequence` has them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import ShapeError

__all__ = ["Steps"]


@dataclass(frozen=True)
class Steps:
    """Rows of sequences, the longest first: first those of step 0, then those of step 1, …

    `sizes`: how many sequences have each step, as `PackedSequence.batch_sizes`.
    """

    sizes: tuple[int, ...]

    @classmethod
    def of(cls, sizes: Steps | Sequence[int] | Tensor, rows: Tensor) -> Steps:
        """Raises `ShapeError` where the rows aren't so many, or a step has more than the last."""
        if isinstance(sizes, Steps):
            return sizes
        found = tuple(sizes.tolist() if isinstance(sizes, Tensor) else map(int, sizes))
        falling = all(a >= b for a, b in itertools.pairwise(found))
        if not found or not falling or found[-1] < 0 or sum(found) != len(rows):
            raise ShapeError(
                f"batch_sizes must fall from step to step and add up to the {len(rows)} rows of "
                f"the input, got {found}."
            )
        return cls(found)

    @property
    def n_samples(self) -> int:
        return self.sizes[0]

    def backwards(self) -> Tensor:
        """The rows in the order in which every sequence runs from its end to its beginning."""
        starts, steps, samples = self._places()
        lengths = np.bincount(samples, minlength=self.n_samples)
        return torch.from_numpy(starts[lengths[samples] - 1 - steps] + samples)

    def part(self, start: int, stop: int) -> tuple[Steps, Tensor]:
        """The steps of the sequences from start to stop, and which rows are theirs."""
        sizes = [min(size, stop) - start for size in self.sizes if size > start]
        _, _, samples = self._places()
        rows = np.flatnonzero((start <= samples) & (samples < stop))
        return Steps(tuple(sizes)), torch.from_numpy(rows)

    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The first row of each step; the step and the sequence of each row."""
        sizes = np.array(self.sizes)
        starts = np.cumsum(sizes) - sizes
        steps = np.repeat(np.arange(len(sizes)), sizes)
        return starts, steps, np.arange(len(steps)) - starts[steps]
