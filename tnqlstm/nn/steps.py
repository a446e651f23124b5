"""`Steps`: the time steps of several sequences, of one length or packed like `PackedSequence`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..arguments import whole
from ..errors import ShapeError

__all__ = ["Steps"]


@dataclass(frozen=True)
class Steps:
    """How many sequences have each time step: `PackedSequence.batch_sizes`, the longest come first.

    Tensors of sequences of one length are (time, sample, feature). Packed ones are (row, feature):
    first the rows of step 0, then those of step 1, …
    """

    sizes: tuple[int, ...]
    packed: bool = False

    @classmethod
    def of(cls, sizes: Steps | Sequence[int] | Tensor, x: Tensor) -> Steps:
        """Those of the tensor x; raises `ShapeError` where it can't have them."""
        if isinstance(sizes, Steps):
            return sizes  # of who made both
        given = sizes.tolist() if isinstance(sizes, Tensor) else sizes
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise ShapeError(f"batch_sizes must be whole numbers, got {sizes!r}.")
        listed = [whole("each of batch_sizes", size, error=ShapeError) for size in given]
        while x.ndim == 2 and len(listed) > 1 and listed[0] > 0 and listed[-1] == 0:
            del listed[-1]  # steps that no sequence has
        found = cls(tuple(listed), packed=x.ndim == 2)
        falling = all(a >= b for a, b in itertools.pairwise((*found.sizes, 0)))
        fits = sum(found.sizes) == len(x) if found.packed else set(found.sizes) == {x.shape[1]}
        if not (found.sizes and falling and fits and (found.packed or len(found.sizes) == len(x))):
            raise ShapeError(
                "batch_sizes must never rise from step to step and add up to the samples of all "
                f"steps, got {found.sizes} for a tensor of shape {tuple(x.shape)}."
            )
        return found

    @property
    def n_samples(self) -> int:
        return self.sizes[0]

    def split(self, x: Tensor) -> Sequence[Tensor]:
        """Each step, (sample, feature)."""
        return x.split(list(self.sizes)) if self.packed else x.unbind(0)

    def join(self, steps: Sequence[Tensor]) -> Tensor:
        """What `split` takes apart."""
        return torch.cat(list(steps)) if self.packed else torch.stack(list(steps))

    def backwards(self, x: Tensor) -> Tensor:
        """Every sequence from its end to its beginning."""
        if not self.packed:
            return x.flip(0)
        starts, steps, samples = self._places()
        lengths = np.bincount(samples, minlength=self.n_samples)
        rows = starts[lengths[samples] - 1 - steps] + samples
        return x.index_select(0, torch.from_numpy(rows).to(x.device))

    def samples(self, x: Tensor, start: int, stop: int) -> tuple[Steps, Tensor]:
        """The sequences from start to stop and their steps."""
        stop = min(stop, self.n_samples)
        own = Steps(
            tuple(min(size, stop) - start for size in self.sizes if size > start), self.packed
        )
        if not self.packed:
            return own, x[:, start:stop]
        return own, x.index_select(0, self._rows(start, stop).to(x.device))

    def join_samples(self, parts: Sequence[Tensor], size: int) -> Tensor:
        """All sequences, of parts of so many."""
        if not self.packed:
            return torch.cat(list(parts), dim=1)
        starts = range(0, self.n_samples, size)
        rows = torch.cat([self._rows(start, start + size) for start in starts])
        return torch.cat(list(parts)).index_select(0, rows.argsort().to(parts[0].device))

    def _rows(self, start: int, stop: int) -> Tensor:
        _, _, samples = self._places()
        return torch.from_numpy(np.flatnonzero((start <= samples) & (samples < stop)))

    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The first row of each step; the step and the sequence of each row."""
        sizes = np.array(self.sizes)
        starts = np.cumsum(sizes) - sizes
        steps = np.repeat(np.arange(len(sizes)), sizes)
        return starts, steps, np.arange(len(steps)) - starts[steps]
