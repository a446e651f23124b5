"""Slices: a network as a sum over the indices of some legs, one term in memory at a time."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from ..errors import MemoryBudgetError
from .cost import readable_bytes
from .program import Program

__all__ = ["MOST_SLICES", "find_slices"]

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
        tried = [
            leg
            for leg in program.largest_legs(n_networks, n_networks)
            if sizes[leg] > 1 and leg not in kept
        ]
        n_slices = math.prod(ranges.values())
        # slices never save more than their number
        if not tried or needed * n_slices > max_memory * MOST_SLICES:
            raise MemoryBudgetError(
                f"the contraction needs {readable_bytes(needed)} for one sample even in {n_slices} "
                f"slices, the budget is {readable_bytes(max_memory)}. Raise max_memory, or use "
                "fewer layers, links or qubits in a block.",
                needed,
            )
        best = max(tried, key=lambda leg: _gain(program, leg, n_networks))
        ranges[best] = whole[best]
        program = Program(
            replace(program.network, sizes={**sizes, best: 1}),
            program.path,
            gathered=program.gathered,
        )
    every = itertools.product(*(range(size) for size in ranges.values()))
    return [dict(zip(ranges, indices, strict=True)) for indices in every]


def _gain(program: Program, leg: int, n: int) -> float:
    """Memory saved by slicing a leg, for the flops that it adds; both in powers."""
    size, flops = program.held_at(leg, n, n)
    saved = math.log(program.peak_size(n, n)) - math.log(size)
    added = program.network.sizes[leg] * flops / sum(program.flops(n, n))
    return saved / (math.log(added) + 0.2)
