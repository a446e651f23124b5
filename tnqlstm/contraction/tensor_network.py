"""A network as its contraction sees it: legs and sizes, and what each tensor depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .cost import NOMINAL_BATCH

__all__ = ["CONSTANT", "INPUTS", "WEIGHTS", "ContractionPath", "Legs", "Rank", "TensorNetwork"]

Rank = Literal[0, 1, 2]
CONSTANT: Rank = 0
WEIGHTS: Rank = 1
INPUTS: Rank = 2
Legs = tuple[int, ...]
ContractionPath = list[tuple[int, int]]  # nodes: leaves 0…n−1, then step k makes n + k


@dataclass(frozen=True)
class TensorNetwork:
    """The `legs` and the `ranks` of each tensor, and the `sizes` of the legs.

    A tensor's rank says what it differs by: nothing, the weights' copies, or the samples too.
    """

    legs: Sequence[Legs]
    sizes: Mapping[int, int]
    ranks: Sequence[Rank]

    def part(self, leaves: Sequence[int]) -> TensorNetwork:
        """Some of the tensors, with their own legs."""
        sizes = {leg: self.sizes[leg] for k in leaves for leg in self.legs[k]}
        return TensorNetwork([self.legs[k] for k in leaves], sizes, [self.ranks[k] for k in leaves])

    def for_cotengra(
        self, *, batched: bool = True
    ) -> tuple[list[tuple[str, ...]], tuple[str, ...], dict[str, int]]:
        """Inputs, output and sizes; legs are single characters, as cotengra's trees need them.

        With `batched`, tensors that read inputs carry a last leg, the samples of a nominal batch.
        """
        import cotengra

        symbols = {leg: cotengra.get_symbol(k) for k, leg in enumerate(self.sizes)}
        sizes = {symbols[leg]: size for leg, size in self.sizes.items()}
        inputs = [tuple(symbols[leg] for leg in leaf) for leaf in self.legs]
        if not batched or INPUTS not in self.ranks:
            return inputs, (), sizes
        sample = cotengra.get_symbol(len(sizes))
        carried = [
            (*leaf, sample) if rank == INPUTS else leaf
            for leaf, rank in zip(inputs, self.ranks, strict=True)
        ]
        return carried, (sample,), {**sizes, sample: NOMINAL_BATCH}
