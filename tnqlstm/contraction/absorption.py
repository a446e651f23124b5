"""Constant leaves multiplied into other leaves, once and for all.

A leaf is a product of functions of angles times fixed arrays, so a constant joined to it only
changes the arrays. What is traced away at a cone's border leaves many constants.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .leaves import GroupLeaf
from .sites import Source, Terms
from .tensor_network import ContractionPath

__all__ = ["absorb_constants"]

A_CALL = 4000  # multiplications that may be added to save a step
MOST_LEGS = 48  # of a joined leaf, most of size 1: an array has at most 64 axes, some our own


def absorb_constants(
    leaves: Sequence[GroupLeaf], sources: Sequence[Source], path: ContractionPath
) -> tuple[dict[int, GroupLeaf], ContractionPath]:
    """The leaves that are left, by their old numbers, and what is left of the path.

    The path may join other tensors than these; they come after the leaves.
    """
    left = dict(enumerate(leaves))
    constants = {k for k, source in enumerate(sources) if source == "constant"}
    n_tensors = len(path) + 1
    at = list(range(n_tensors))  # at each node: a tensor's old number, or minus one minus a step's
    steps: ContractionPath = []
    for a, b in path:
        own, other = sorted((at[a], at[b]), key=constants.__contains__)
        if other in constants and own in left and _is_worth(left[own], left[other]):
            left[own] = _join(left[own], left.pop(other))
            at.append(own)
        else:
            at.append(-1 - len(steps))
            steps.append((at[a], at[b]))
    kept = [*left, *range(len(leaves), n_tensors)]
    place = {node: k for k, node in enumerate(kept)}
    place |= {-1 - k: len(kept) + k for k in range(len(steps))}
    return left, [(place[a], place[b]) for a, b in steps]


def _is_worth(leaf: GroupLeaf, constant: GroupLeaf) -> bool:
    """Whether the joined leaf can be made, in little longer than the leaf."""
    legs = _joined_legs(leaf, constant)
    if len(legs) > MOST_LEGS:
        return False
    added = math.prod(legs.values()) - leaf.n_numbers
    return added * leaf.n_terms * len(leaf.kind_of) <= A_CALL


def _joined_legs(leaf: GroupLeaf, constant: GroupLeaf) -> dict[int, int]:
    """The legs that are left, and their sizes."""
    own, other = (dict(zip(each.legs, each.shape, strict=True)) for each in (leaf, constant))
    return {leg: n for leg, n in (own | other).items() if (leg in own) != (leg in other)}


def _join(leaf: GroupLeaf, constant: GroupLeaf) -> GroupLeaf:
    """One leaf of both; of different kinds where the networks' pairs of kinds differ."""
    shared = [leg for leg in leaf.legs if leg in constant.legs]
    legs = tuple(_joined_legs(leaf, constant))
    pairs = list(zip(leaf.kind_of, constant.kind_of, strict=True))
    different = list(dict.fromkeys(pairs))
    axes = (
        [1 + leaf.legs.index(leg) for leg in shared],
        [constant.legs.index(leg) for leg in shared],
    )

    def product(pair: tuple[int, int]) -> Terms:
        own, other = leaf.kinds[pair[0]], constant.kinds[pair[1]]
        return replace(own, arrays=np.tensordot(own.arrays, other.arrays.sum(0), axes))

    kinds = tuple(map(product, different))
    kind_of = tuple(map(different.index, pairs))
    return GroupLeaf(legs, kinds[0].shape, kinds, kind_of, leaf.columns)
