"""Networks that one tree serves, and what each puts on its leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..circuit import Circuit
from .compression import compress
from .cones import Cone
from .cost import CONES
from .embedding import Fill, Wires, embed, fill_all
from .leaves import GroupLeaf
from .sites import SiteBank, Source, Terms

__all__ = ["Family", "families"]

NUMBERS_OF_A_LEAF = 300  # held for one more site in a cone, for a nominal batch of ten
CALLS_OF_A_LEAF = 2.5  # of making it and of joining it


@dataclass
class Family:
    """Networks for one tree: a template, and by kind of network what stands on its leaves."""

    template: Cone
    wires: Wires
    fills: list[tuple[Fill, ...]] = field(default_factory=list)  # by kind
    terms: list[list[Terms]] = field(default_factory=list)  # by kind, of the template's leaves
    sources: list[Source] = field(default_factory=list)
    networks: list[Cone] = field(default_factory=list)
    kind_of: list[int] = field(default_factory=list)  # of each network

    @classmethod
    def of(cls, networks: Sequence[Cone], circuit: Circuit, bank: SiteBank) -> Family:
        """Equal networks, with legs as narrow as can be."""
        leaves = networks[0].leaves
        first, terms = compress(networks[0], [bank.recipes[leaf.recipe].terms for leaf in leaves])
        family = cls(first, Wires(first, circuit))
        family.add(networks, fill_all(first), terms, bank)
        return family

    def join(self, other: Family, bank: SiteBank) -> bool:
        """Take in a family of equal networks as a special case of this one, if it is one."""
        fills = embed(other.wires, self.wires)
        return fills is not None and self.add(other.networks, fills, other.terms[0], bank)

    def add(
        self,
        networks: Sequence[Cone],
        fills: tuple[Fill, ...],
        terms: Sequence[Terms],
        bank: SiteBank,
    ) -> bool:
        """Take in networks of one kind, unless a leaf would read both weights and inputs."""
        placed = [
            _place(fill, terms, leaf.shape)
            for fill, leaf in zip(fills, self.template.leaves, strict=True)
        ]
        found: list[Source] = [
            "constant"
            if fill.leaf is None or each.is_constant
            else bank.recipes[networks[0].leaves[fill.leaf].recipe].source
            for fill, each in zip(fills, placed, strict=True)
        ]
        if self.sources:
            both = [{a, b} - {"constant"} for a, b in zip(found, self.sources, strict=True)]
            if any(len(sources) > 1 for sources in both):
                return False
            found = [min(sources, default="constant") for sources in both]  # there is one at most
        self.sources = found
        self.kind_of += [len(self.fills)] * len(networks)
        self.fills.append(fills)
        self.terms.append(placed)
        self.networks += networks
        return True

    def leaves(self) -> list[GroupLeaf]:
        """The template's leaves with what each network puts there.

        Legs of one dimension join nothing and are left out: arrays have 64 axes at most.
        """
        leaves = []
        for k, leaf in enumerate(self.template.leaves):
            different: dict[tuple[object, ...], Terms] = {}
            keys = [terms[k].key for terms in self.terms]
            for key, terms in zip(keys, self.terms, strict=True):
                different.setdefault(key, terms[k])
            number_of = [list(different).index(key) for key in keys]
            columns = []
            for network, kind in zip(self.networks, self.kind_of, strict=True):
                own, moves = self.fills[kind][k].leaf, not self.terms[kind][k].is_constant
                columns.append(() if own is None or not moves else network.leaves[own].columns)
            kind_of = tuple(number_of[kind] for kind in self.kind_of)
            whole = GroupLeaf(leaf.legs, leaf.shape, (*different.values(),), kind_of, (*columns,))
            leaves.append(
                whole.held({leg: 0 for leg in leaf.legs if self.template.sizes[leg] == 1})
            )
        return leaves


def _place(fill: Fill, terms: Sequence[Terms], shape: tuple[int, ...]) -> Terms:
    """A site's terms on the template's legs: e₀ on those that it lacks, zeros to fill them up."""
    if fill.leaf is None:
        array = np.zeros(shape)
        along = np.arange(min((shape[axis] for axis in fill.axes), default=1))  # the identity's
        array[tuple(along if axis in fill.axes else 0 for axis in range(len(shape)))] = 1.0
        return Terms(array[None], np.zeros((1, 0), dtype=np.int64), ())
    site = terms[fill.leaf]
    if site.shape == shape and fill.axes == tuple(range(len(shape))):
        return site
    order = np.argsort(fill.axes)
    arrays = site.arrays.transpose(0, *(1 + int(k) for k in order))
    full = np.zeros((len(arrays), *shape))
    sizes = dict(zip(fill.axes, site.shape, strict=True))
    where = (slice(sizes[axis]) if axis in sizes else 0 for axis in range(len(shape)))
    full[(slice(None), *where)] = arrays
    return replace(site, arrays=full)


def families(cones: list[list[Cone]], circuit: Circuit, bank: SiteBank) -> list[Family]:
    """Groups of equal cones, the smaller ones joined to larger ones where that saves time.

    A joined cone costs a larger one's flops and none of its own calls.
    """
    found: list[Family] = []
    for equal in sorted(cones, key=lambda group: len(group[0].leaves), reverse=True):
        own = Family.of(equal, circuit, bank)
        n_leaves = len(own.template.leaves)
        for family in found:
            missing = len(family.template.leaves) - n_leaves
            extra = CONES.number * NUMBERS_OF_A_LEAF * missing * len(equal)
            if extra <= CALLS_OF_A_LEAF * CONES.call * n_leaves and family.join(own, bank):
                break
        else:
            found.append(own)
    return found
