"""Networks that one contraction serves, and what each puts on its leaves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from ..distribution.network import QPU
from ..errors import MemoryBudgetError
from .angles import ConstantBank
from .compression import compress
from .cones import Cone
from .cost import CONES
from .embedding import Fill, Wires, embed, fill_all
from .handwritten import Tape, pop
from .leaves import GroupLeaf
from .path_cache import Path
from .program import CONSTANT, INPUTS, WEIGHTS, Program, Rank
from .sites import SiteBank, Source, Terms
from .tree import cotengra_tree, find_path

__all__ = ["Family", "NetworkGroup", "families"]

NUMBERS_OF_A_LEAF = 300  # held for one more site in a cone, for a nominal batch of ten
CALLS_OF_A_LEAF = 2.5  # of making it and of joining it
MOST_SLICES = 4096
RANKS: dict[Source, Rank] = {"constant": CONSTANT, "weights": WEIGHTS, "inputs": INPUTS}


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


def _place(fill: Fill, terms: Sequence[Terms], shape: tuple[int, ...]) -> Terms:
    """A site's terms on the template's legs: e₀ on those that it lacks, zeros to fill them up."""
    if fill.leaf is None:
        array = np.zeros(shape)
        if fill.axes:
            place: list[Any] = [0] * len(shape)
            for k in range(min(shape[axis] for axis in fill.axes)):
                for axis in fill.axes:
                    place[axis] = k
                array[tuple(place)] = 1.0
        else:
            array[(0,) * len(shape)] = 1.0
        return Terms(array[None], np.zeros((1, 0), dtype=np.int64), ())
    site = terms[fill.leaf]
    order = np.argsort(fill.axes)
    arrays = site.arrays.transpose(0, *(1 + int(k) for k in order))
    full = np.zeros((len(arrays), *shape))
    where: list[Any] = [slice(None), *([0] * len(shape))]
    for k in order:
        where[1 + fill.axes[k]] = slice(site.shape[k])
    full[tuple(where)] = arrays
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


class NetworkGroup:
    """One contraction of a family's networks, from leaves that are made elsewhere."""

    def __init__(
        self,
        family: Family,
        starts: int = 1,
        path: Path | None = None,
        slice_: Mapping[int, int] | None = None,
    ) -> None:
        """`starts` of the search for a path, if none is given. `slice_`: legs held at an index."""
        self.family, self.networks, self.sources = family, family.networks, family.sources
        self.leaves = [_restrict(leaf, slice_ or {}) for leaf in _group_leaves(family)]
        self.legs = [leaf.legs for leaf in self.leaves]
        self.sizes = {
            leg: size
            for leaf in self.leaves
            for leg, size in zip(leaf.legs, leaf.shape, strict=True)
        }
        ranks = [RANKS[source] for source in self.sources]
        for k, leaf in enumerate(self.leaves):
            if ranks[k] == CONSTANT and len(leaf.kinds) > 1:
                ranks[k] = WEIGHTS  # it differs from network to network
        probes = list(family.template.probes.values())
        self.legs += [(leg,) for leg in probes]
        ranks += [INPUTS] * len(probes)
        if path is None:
            sampled = [rank == INPUTS for rank in ranks]
            path = find_path(self.legs, self.sizes, sampled, starts=starts)
        self.program = program = Program(self.legs, ranks, self.sizes, path)
        fixed: dict[int, Tensor] = {}
        for k, leaf in enumerate(self.leaves):
            if self.sources[k] == "constant":
                axes = (0, *(1 + axis for axis in program.axes(k, leaf.legs)))
                array = leaf.constant().transpose(axes)
                fixed[k] = torch.tensor(array.reshape(len(array), -1))
        program.run([], fixed, CONSTANT, 1)
        self.fixed = {node: ranks[node] if node < len(ranks) else CONSTANT for node in fixed}
        self.constants = ConstantBank({str(node): each.numpy() for node, each in fixed.items()})
        self._from_weights = program.reaching(set(self.leaves_of("weights")))
        self._from_inputs = program.reaching(set(self.leaves_of("inputs")))

    def leaves_of(self, source: Source) -> list[int]:
        return [k for k, own in enumerate(self.sources) if own == source]

    def leaf_flops(self, number: int) -> float:
        """Of making a leaf of one network, for one copy or sample."""
        leaf = self.leaves[number]
        return 0.0 if self.sources[number] == "constant" else 2.0 * leaf.n_terms * leaf.n_numbers

    def tree(self) -> Any:
        """The contraction as a `cotengra.ContractionTree`, batch indices left out."""
        return cotengra_tree(self.legs, self.sizes, self.program.path)

    def homes(self, number: int, placed: Partition) -> list[frozenset[QPU]]:
        """The QPU of each leaf of a network; none for what is filled in."""
        network, fills = self.networks[number], self.family.fills[self.family.kind_of[number]]
        homes = [
            frozenset[QPU]()
            if fill.leaf is None
            else frozenset({placed.qpu_of[network.leaves[fill.leaf].qubit]})
            for fill in fills
        ]
        return homes + [frozenset({placed.qpu_of[q]}) for q in network.probes]

    def slices(self, max_memory: float, bytes_each: int) -> list[NetworkGroup]:
        """The group in parts whose values add up to its own, each within so many bytes.

        Legs are chosen one by one, from those of the largest tensors: the one that saves most
        memory for the flops that it adds. For one copy and sample, values and gradient. Raises
        `MemoryBudgetError` where too many parts would be needed.
        """
        n, sizes, legs = len(self.networks), dict(self.sizes), list[int]()
        program, probes = self.program, set(self.family.template.probes.values())
        while program.peak_size(n, n) * bytes_each > max_memory:
            tried: dict[int, Program] = {}
            for leg in program.largest_legs(n, n):
                if sizes[leg] > 1 and leg not in probes:
                    tried[leg] = Program(
                        self.legs, program.leaf_ranks, {**sizes, leg: 1}, list(program.path)
                    )
            n_parts = math.prod(self.sizes[leg] for leg in legs)
            if not tried or n_parts >= MOST_SLICES:
                needed = program.peak_size(n, n) * bytes_each
                raise MemoryBudgetError(
                    f"{n} light cones need {needed / 2**20:.3g} MiB for one sample even in "
                    f"{n_parts} slices, the budget is {max_memory / 2**20:.3g} MiB. Raise "
                    "max_memory, or use fewer layers, links or qubits in a block."
                )
            before = program
            best = max(tried, key=lambda leg: _gain(before, tried[leg], sizes[leg], n))
            legs.append(best)
            sizes[best], program = 1, tried[best]
        values = itertools.product(*(range(self.sizes[leg]) for leg in legs))
        path = list(program.path)
        return [
            NetworkGroup(self.family, path=path, slice_=dict(zip(legs, each, strict=True)))
            for each in values
        ]

    # -- running --------------------------------------------------------------------------------

    def prepare(
        self, tape: Tape, leaves: dict[int, Tensor], copies: int, like: Tensor
    ) -> list[Tensor]:
        """What needs no inputs, of the leaves that read weights: the program's held tensors."""
        tensors = {**leaves, **self._constants(CONSTANT, like)}
        for k, array in self._constants(WEIGHTS, like).items():
            tensors[k] = array.unsqueeze(1).expand(-1, copies, -1).reshape(-1, array.shape[1])
        self.program.run(tape, tensors, WEIGHTS, len(self.networks) * copies)
        return [tensors[node] for node in self.program.held]

    def prepare_back(self, tape: Tape, grads: Sequence[Tensor], copies: int) -> dict[int, Tensor]:
        """The gradients in the leaves."""
        found = dict(zip(self.program.held, grads, strict=True))
        self.program.run_back(tape, found, WEIGHTS, self._from_weights, len(self.networks) * copies)
        return found

    def evaluate(
        self,
        tape: Tape,
        held: Sequence[Tensor],
        leaves: dict[int, Tensor],
        copies: int,
        n_samples: int,
        like: Tensor,
    ) -> Tensor:
        """Each network's value, (copy, network, 1 or sample), of the leaves that read inputs.

        `leaves`: (network · sample, numbers), and a generating network's probes, the leaves behind
        all sites, (copy · sample, 2).
        """
        n_networks = len(self.networks)
        tensors = self._constants(CONSTANT, like)
        tensors |= zip(self.program.held, held, strict=True)
        for k, leaf in leaves.items():
            tensors[k] = leaf
            if copies > 1 and k < len(self.leaves):
                each = leaf.reshape(n_networks, 1, -1, leaf.shape[1])
                tensors[k] = each.expand(-1, copies, -1, -1).reshape(-1, leaf.shape[1])
        self.program.run(tape, tensors, INPUTS, n_networks * copies, n_samples)
        tape += held
        value = tensors[self.program.root]
        if self.program.root_rank == CONSTANT:
            return value.reshape(1, -1, 1).expand(copies, n_networks, 1)
        return value.reshape(n_networks, copies, -1).transpose(0, 1)

    def evaluate_back(
        self, tape: Tape, grad: Tensor, wanted: tuple[bool, bool]
    ) -> tuple[list[Tensor | None], dict[int, Tensor]]:
        """The gradients in what is held and in the leaves of inputs, if they're `wanted`."""
        copies, _, n_samples = grad.shape
        kept = pop(tape, len(self.program.held))
        grad = grad.transpose(0, 1)
        if self.program.root_rank != INPUTS:
            return [grad.sum(2).reshape(each.shape) for each in kept], {}
        nodes = (self._from_weights if wanted[0] else set()) | (
            self._from_inputs if wanted[1] else set()
        )
        found = {self.program.root: grad}
        self.program.run_back(tape, found, INPUTS, nodes, len(self.networks) * copies, n_samples)
        held = [
            found[node].reshape(each.shape) if node in found else None
            for node, each in zip(self.program.held, kept, strict=True)
        ]
        leaves = {k: found[k] for k in self.leaves_of("inputs") if k in found}
        if copies > 1:
            leaves = {
                k: leaf.reshape(len(self.networks), copies, n_samples, -1).sum(1)
                for k, leaf in leaves.items()
            }
        return held, leaves

    def _constants(self, rank: Rank, like: Tensor) -> dict[int, Tensor]:
        return {
            node: self.constants.get(str(node), like)
            for node, own in self.fixed.items()
            if own == rank
        }


def _group_leaves(family: Family) -> list[GroupLeaf]:
    """The template's leaves with what each network puts there."""
    leaves = []
    for k, leaf in enumerate(family.template.leaves):
        kinds: dict[tuple[object, ...], int] = {}
        different: list[Terms] = []
        number_of = []
        for terms in family.terms:
            key = _key(terms[k])
            if key not in kinds:
                kinds[key] = len(different)
                different.append(terms[k])
            number_of.append(kinds[key])
        columns = []
        for network, kind in zip(family.networks, family.kind_of, strict=True):
            own = family.fills[kind][k].leaf
            columns.append(() if own is None else network.leaves[own].columns)
        kind_of = tuple(number_of[kind] for kind in family.kind_of)
        leaves.append(GroupLeaf(leaf.legs, leaf.shape, tuple(different), kind_of, tuple(columns)))
    return leaves


def _restrict(leaf: GroupLeaf, slice_: Mapping[int, int]) -> GroupLeaf:
    """The leaf with some legs held at an index; they stay, with one dimension."""
    held = [(axis, slice_[leg]) for axis, leg in enumerate(leaf.legs) if leg in slice_]
    if not held:
        return leaf
    kinds = []
    for terms in leaf.kinds:
        arrays = terms.arrays
        for axis, index in held:
            arrays = arrays.take([index], axis=axis + 1)
        kinds.append(replace(terms, arrays=arrays))
    return replace(leaf, kinds=tuple(kinds), shape=kinds[0].shape)


def _gain(before: Program, after: Program, n_slices: int, n: int) -> float:
    """Memory saved by slicing a leg, for the flops that it adds; both in powers."""
    saved = math.log(before.peak_size(n, n) / after.peak_size(n, n))
    added = math.log(n_slices * after.total(n) / before.total(n))
    return saved / (added + 0.2)


def _key(terms: Terms) -> tuple[object, ...]:
    arrays = np.round(terms.arrays, 12) + 0.0
    return arrays.shape, arrays.tobytes(), terms.functions.tobytes(), terms.frequencies
