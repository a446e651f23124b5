"""Slices: a network as a sum over the indices of some legs, one term in memory at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

from ..errors import MemoryBudgetError
from .cost import readable_bytes
from .leaves import GroupLeaf
from .program import Program

__all__ = ["find_slices", "restrict"]

MOST_SLICES = 4096


def find_slices(
    program: Program, n_networks: int, kept: set[int], max_memory: float, bytes_each: int
) -> list[dict[int, int]]:
    """The legs held at an index in each slice, so that each is within so many bytes.

    Legs are chosen one by one, from those of the largest tensors that needn't be `kept`: the one
    that saves most memory for the flops that it adds. For one copy and sample, values and gradient.
    Raises `MemoryBudgetError` where too many slices would be needed.
    """
    whole, ranges = program.network.sizes, dict[int, int]()
    while (needed := bytes_each * program.peak_size(n_networks, n_networks)) > max_memory:
        sizes = program.network.sizes
        tried = {
            leg: Program(
                replace(program.network, sizes={**sizes, leg: 1}),
                program.path,
                gathered=program.gathered,
            )
            for leg in program.largest_legs(n_networks, n_networks)
            if sizes[leg] > 1 and leg not in kept
        }
        n_slices = math.prod(ranges.values())
        if not tried or n_slices >= MOST_SLICES:
            raise MemoryBudgetError(
                f"the contraction needs {readable_bytes(needed)} for one sample even in {n_slices} "
                f"slices, the budget is {readable_bytes(max_memory)}. Raise max_memory, or use "
                "fewer layers, links or qubits in a block."
            )
        gains = {leg: _gain(program, after, sizes[leg], n_networks) for leg, after in tried.items()}
        best = max(gains, key=gains.__getitem__)
        ranges[best], program = whole[best], tried[best]
    every = itertools.product(*(range(size) for size in ranges.values()))
    return [dict(zip(ranges, indices, strict=True)) for indices in every]


def _gain(before: Program, after: Program, n_slices: int, n: int) -> float:
    """Memory saved by slicing a leg, for the flops that it adds; both in powers."""
    saved = math.log(before.peak_size(n, n) / after.peak_size(n, n))
    added = math.log(n_slices * sum(after.flops(n, n)) / sum(before.flops(n, n)))
    return saved / (added + 0.2)


def restrict(leaf: GroupLeaf, slice_: Mapping[int, int]) -> GroupLeaf:
    """The leaf with some legs held at an index; they stay, with one dimension."""
    where = [slice(None)] * (1 + len(leaf.legs))  # the terms come first
    for axis, leg in enumerate(leaf.legs, start=1):
        if leg in slice_:
            where[axis] = slice(slice_[leg], slice_[leg] + 1)
    kinds = tuple(replace(terms, arrays=terms.arrays[tuple(where)]) for terms in leaf.kinds)
    return replace(leaf, kinds=kinds, shape=kinds[0].shape)
