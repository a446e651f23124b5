"""Legs as narrow as they can be, whatever the angles.

A leg carries four numbers, but at the border of a light cone most of them can't occur, or aren't
asked for: a CX whose target nobody looks at passes on two, |0⟩ turned by RY has no Y. What a site
can put on a leg is the row space of its terms; where that has fewer dimensions than the leg, the
leg is cut down to a basis of it, and the site at its other end takes the basis in. The result is
exact. A basis is the identity on some components of the leg, so cutting down is picking those.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .cones import Cone
from .sites import Terms

__all__ = ["compress", "row_basis"]

TOLERANCE = 1e-13  # of the largest entry: what is below is rounding
PIVOT = 0.1  # of the largest column left: a first column as large as this is taken


def row_basis(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[int]]:
    """A basis B of the row space and its pivots, increasing: rows = rows[:, pivots] B.

    B is the identity on its pivots; they are the first columns that are large enough for it.
    """
    left: NDArray[np.float64] = np.asarray(np.linalg.qr(rows, mode="r"))
    least = TOLERANCE * np.abs(left).max(initial=0.0)
    pivots: list[int] = []
    for rank in range(min(left.shape)):
        largest = np.abs(left[rank:]).max(axis=0)
        if largest.max() <= least:
            break
        column = int(np.argmax(largest >= PIVOT * largest.max()))
        best = rank + int(np.argmax(np.abs(left[rank:, column])))
        left[[rank, best]] = left[[best, rank]]
        left[rank] /= left[rank, column]
        others = left[:, column].copy()
        others[rank] = 0.0
        left -= others[:, None] * left[rank]
        left[rank + 1 :, column] = 0.0
        pivots.append(column)
    basis = left[: len(pivots)][np.argsort(pivots)]
    return np.where(np.abs(basis) < TOLERANCE, 0.0, basis), sorted(pivots)


@lru_cache(maxsize=4096)
def _basis_of_leg(
    data: bytes, shape: tuple[int, ...], axis: int
) -> tuple[NDArray[np.float64], list[int]]:
    """`row_basis` for a leg of an array, kept: a circuit has few different sites."""
    array = np.frombuffer(data).reshape(shape)
    return row_basis(np.moveaxis(array, axis, -1).reshape(-1, shape[axis]))


def compress(cone: Cone, terms: list[Terms]) -> tuple[Cone, list[Terms]]:
    """The same network with narrower legs, and its leaves' terms."""
    terms = list(terms)
    ends: dict[int, list[tuple[int, int]]] = {}
    for number, leaf in enumerate(cone.leaves):
        for axis, leg in enumerate(leaf.legs):
            ends.setdefault(leg, []).append((number, axis))
    queue = deque(range(len(terms)))
    waiting = set(queue)
    while queue:
        number = queue.popleft()
        waiting.discard(number)
        for axis, leg in enumerate(cone.leaves[number].legs):
            others = [end for end in ends[leg] if end != (number, axis)]
            arrays = terms[number].arrays
            if not others or arrays.shape[axis + 1] == 1:
                continue
            size = arrays.shape[axis + 1]
            basis, pivots = _basis_of_leg(arrays.tobytes(), arrays.shape, axis + 1)
            if len(pivots) in (0, size):
                continue
            ((other, at),) = others
            terms[number] = terms[number].with_arrays(arrays.take(pivots, axis=axis + 1))
            taken = np.tensordot(terms[other].arrays, basis, axes=(at + 1, 1))
            terms[other] = terms[other].with_arrays(np.moveaxis(taken, -1, at + 1))
            for changed in (number, other):
                if changed not in waiting:
                    waiting.add(changed)
                    queue.append(changed)
    leaves = [
        replace(leaf, shape=each.shape) for leaf, each in zip(cone.leaves, terms, strict=True)
    ]
    sizes = {leg: size for leaf in leaves for leg, size in zip(leaf.legs, leaf.shape, strict=True)}
    return replace(cone, leaves=leaves, sizes=sizes), terms
