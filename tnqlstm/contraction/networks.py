"""The two ways that contract site tensors: batched light cones, and one generating contraction."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from ..distribution.network import QPU
from .angles import AngleTable
from .cones import Cone, group_cones, light_cone
from .cost import SECONDS_PER_CALL, SECONDS_PER_FLOP, Cost, Traffic
from .embedding import Fill, embed, fill_all
from .sites import SiteBank
from .tree import TreeProgram, build_program, cotengra_tree, find_path

__all__ = ["ConesEvaluator", "GeneratingEvaluator", "NetworkGroup"]

_LABELS = {
    "constant": frozenset[str](),
    "weights": frozenset({"copy", "cone"}),
    "inputs": frozenset({"cone", "sample"}),
}


FLOPS_OF_A_LEAF = 5e3  # of absorbing one more site into a cone, for a nominal batch of ten

Kind = tuple[int | None, tuple[int, ...]]  # recipe and axes of a `Fill`
Stacks = dict[int, Tensor]


@dataclass
class _LeafSource:
    """Where a leaf's tensor comes from, for every network of a group.

    Stacks of several kinds are joined; `rows` is each network's row in what comes out.
    """

    kinds: tuple[Kind, ...]
    shape: tuple[int, ...]
    batch: frozenset[str]
    rows: Tensor

    @property
    def is_shared(self) -> bool:
        """One constant for all networks."""
        return not self.batch

    def tensor(self, bank: SiteBank, stacks: Stacks, joined: dict[object, Tensor]) -> Tensor:
        """With axes copy or sample, cone, legs…, as `batch` says; `joined` is a cache."""
        if self.is_shared:
            ((recipe, _),) = self.kinds
            assert recipe is not None
            return stacks[recipe]
        key = (self.kinds, self.shape)
        if key not in joined:
            parts = [_in_shape(kind, self.shape, bank, stacks) for kind in self.kinds]
            width = max(len(part) for part in parts)
            parts = [part.expand(width, *part.shape[1:]) for part in parts]
            joined[key] = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
        rows = self.rows.to(joined[key].device)
        picked = joined[key].index_select(1, rows)
        if "sample" in self.batch:
            return picked.transpose(0, 1)
        return picked if "copy" in self.batch else picked[0]


def _in_shape(kind: Kind, shape: tuple[int, ...], bank: SiteBank, stacks: Stacks) -> Tensor:
    """All sites of a kind, (source, site, *shape), with e₀ on the axes that they lack."""
    recipe, axes = kind
    like = next(iter(stacks.values()))
    if recipe is None:
        size = shape[axes[0]] if axes else 1
        value = torch.eye(size, dtype=like.dtype, device=like.device) if axes else like.new_ones(())
        value = value[None, None]
    else:
        value = stacks[recipe]
        if bank.source(recipe) == "constant":
            value = value[None, None]
    if axes == tuple(range(len(shape))) and value.shape[2:] == shape:
        return value
    order = sorted(range(len(axes)), key=lambda k: axes[k])
    value = value.permute(0, 1, *(2 + k for k in order))
    for axis in range(len(shape)):
        if axis not in axes:
            value = value.unsqueeze(2 + axis)
    padding = [n for k in range(len(shape) - 1, -1, -1) for n in (0, shape[k] - value.shape[2 + k])]
    return torch.nn.functional.pad(value, padding)


@dataclass
class NetworkGroup:
    """Networks that one tree contracts: a template, and what each puts on its leaves."""

    template: Cone
    networks: list[Cone]
    fills: list[tuple[Fill, ...]]
    program: TreeProgram
    sources: list[_LeafSource]

    @classmethod
    def plan(
        cls,
        template: Cone,
        networks: list[Cone],
        fills: list[tuple[Fill, ...]],
        bank: SiteBank,
        probes: bool = False,
    ) -> NetworkGroup:
        sources = [_source(k, template, networks, fills, bank) for k in range(len(template.leaves))]
        legs = [leaf.legs for leaf in template.leaves]
        labels = [source.batch for source in sources]
        if probes:
            legs += [(leg,) for leg in template.probes.values()]
            labels += [frozenset({"copy", "sample"})] * len(template.probes)
        path = find_path(legs, template.sizes, ["sample" in each for each in labels])
        program = build_program(legs, labels, template.sizes, path)
        return cls(template, networks, fills, program, sources)

    def tree(self) -> Any:
        """The contraction as a `cotengra.ContractionTree`, batch indices left out."""
        legs = [leaf.legs for leaf in self.template.leaves]
        legs += [(leg,) for leg in self.template.probes.values()]
        return cotengra_tree(legs, self.template.sizes, self.program.path)

    def tensors(self, bank: SiteBank, stacks: Stacks, *, sampled: bool) -> dict[int, Tensor]:
        """The leaves with a sample axis, or those without."""
        joined: dict[object, Tensor] = {}
        return {
            k: source.tensor(bank, stacks, joined)
            for k, source in enumerate(self.sources)
            if ("sample" in source.batch) == sampled
        }

    def homes(self, number: int, placed: Partition) -> list[frozenset[QPU]]:
        """The QPU of each leaf of a network; none for what is filled in."""
        network = self.networks[number]
        homes = [
            frozenset[QPU]()
            if fill.leaf is None
            else frozenset({placed.qpu_of[network.leaves[fill.leaf].qubit]})
            for fill in self.fills[number]
        ]
        return homes + [frozenset({placed.qpu_of[q]}) for q in network.probes]


def _source(
    k: int, template: Cone, networks: list[Cone], fills: list[tuple[Fill, ...]], bank: SiteBank
) -> _LeafSource:
    shape = template.leaves[k].shape
    used: list[tuple[Kind, int]] = []
    for network, fill in zip(networks, (each[k] for each in fills), strict=True):
        leaf = None if fill.leaf is None else network.leaves[fill.leaf]
        kind = (None if leaf is None else leaf.recipe, fill.axes)
        used.append((kind, 0 if leaf is None else leaf.position))
    kinds = tuple(dict.fromkeys(kind for kind, _ in used))
    found = {"constant" if recipe is None else bank.source(recipe) for recipe, _ in kinds}
    batch = frozenset[str]().union(*(_LABELS[source] for source in found))
    if not batch and len(kinds) > 1:
        batch = frozenset({"cone"})
    sizes = [bank.n_sites(recipe) for recipe, _ in kinds]
    start = dict(zip(kinds, itertools.accumulate([0, *sizes]), strict=False))
    return _LeafSource(
        kinds, shape, batch, torch.tensor([start[kind] + position for kind, position in used])
    )


class _NetworkEvaluator:
    """What both ways share: the site bank, and preparing what depends on weights only."""

    _sweeps = 1

    def __init__(self, circuit: Circuit) -> None:
        self.bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
        self.groups: list[NetworkGroup] = []

    def prepare(self, weights: Tensor) -> Any:
        """The constant stacks, and of each group what needs no inputs."""
        constant = self.bank.compute("constant", weights)
        stacks = {**constant, **self.bank.compute("weights", weights)}
        held = [
            group.program.run_weights(group.tensors(self.bank, stacks, sampled=False))
            for group in self.groups
        ]
        return constant, held

    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost:
        """Flops of each pairwise contraction, where its operands live, and of making the sites."""
        traffic = Traffic()
        size = largest = 0.0
        n_calls = 8 * len(self.bank.stacks)
        labels = {"constant": 1, "weights": n_copies, "inputs": n_samples}
        seen: set[tuple[int, int]] = set()
        for group in self.groups:
            batch = {"copy": n_copies, "cone": 1, "sample": n_samples}
            for number, network in enumerate(group.networks):
                homes = group.homes(number, placed)
                group.program.add_flops(traffic, homes, batch, self._sweeps)
                for leaf in network.leaves:
                    if (site := (leaf.recipe, leaf.position)) not in seen:
                        seen.add(site)
                        numbers = math.prod(leaf.shape) * labels[self.bank.source(leaf.recipe)]
                        traffic.add(8.0 * numbers, {placed.qpu_of[leaf.qubit]})
            batch["cone"] = len(group.networks)
            size += group.program.peak_size(batch)
            largest = max(largest, group.program.largest_size(batch))
            n_calls += len(group.program.steps) + len(group.sources)
        return Cost(traffic.total, self._sweeps * size, largest, self._sweeps * n_calls, traffic)

    def _data_stacks(self, inputs: Tensor) -> dict[int, Tensor]:
        return self.bank.compute("inputs", self.bank.table.encode(inputs))


class ConesEvaluator(_NetworkEvaluator):
    """Each ⟨Z_i⟩ from its light cone; cones of one structure are a batch."""

    method = "cones"

    def __init__(self, circuit: Circuit, observables: Sequence[int]) -> None:
        super().__init__(circuit)
        order = {qubit: k for k, qubit in enumerate(dict.fromkeys(observables))}
        cones = group_cones(circuit, order, self.bank)
        self.bank.freeze()
        self.groups = [
            NetworkGroup.plan(family.template, family.networks, family.fills, self.bank)
            for family in _families(cones, circuit, self.bank)
        ]
        came = [net.leaves[0].qubit for group in self.groups for net in group.networks]
        self._columns = torch.tensor([came.index(q) for q in observables])

    def evaluate(self, prepared: Any, weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        constant, prepared = prepared
        stacks = {**constant, **self._data_stacks(inputs)}
        shape = (len(weights), -1, len(inputs))
        values = []
        for group, held in zip(self.groups, prepared, strict=True):
            value = group.program.run({**held, **group.tensors(self.bank, stacks, sampled=True)})
            labels = group.program.result_batch
            full = (shape[0], len(group.networks), shape[2])
            for axis, name in enumerate(("copy", "cone", "sample")):
                if name not in labels:
                    value = value.unsqueeze(axis)
            values.append(value.expand(full))
        joined = torch.cat(values, dim=1).transpose(1, 2)
        return joined.index_select(-1, self._columns.to(joined.device))


@dataclass
class _Family:
    """Cones for one tree: a template, what each puts on its leaves, and where leaves come from."""

    template: Cone
    networks: list[Cone]
    fills: list[tuple[Fill, ...]]
    sources: list[set[str]]


def _families(cones: list[list[Cone]], circuit: Circuit, bank: SiteBank) -> list[_Family]:
    """Groups of equal cones, the smaller ones joined to larger ones where that saves time.

    A joined cone costs a larger one's flops and none of its own calls.
    """
    families: list[_Family] = []
    for equal in sorted(cones, key=lambda group: len(group[0].leaves), reverse=True):
        first = equal[0]
        for family in families:
            missing = len(family.template.leaves) - len(first.leaves)
            extra = SECONDS_PER_FLOP * FLOPS_OF_A_LEAF * missing * len(equal)
            if extra > SECONDS_PER_CALL * len(first.leaves):
                continue
            fills = embed(first, family.template, circuit)
            if fills is None:
                continue
            found = _sources(first, fills, bank)
            both = [a | b for a, b in zip(found, family.sources, strict=True)]
            if all(len(sources) <= 1 for sources in both):
                family.networks += equal
                family.fills += [fills] * len(equal)
                family.sources = both
                break
        else:
            fills = fill_all(first)
            sources = _sources(first, fills, bank)
            families.append(_Family(first, list(equal), [fills] * len(equal), sources))
    return families


def _sources(cone: Cone, fills: tuple[Fill, ...], bank: SiteBank) -> list[set[str]]:
    """What each leaf of the template reads: weights, inputs or neither."""
    sources: list[set[str]] = []
    for fill in fills:
        source: str = (
            "constant" if fill.leaf is None else bank.source(cone.leaves[fill.leaf].recipe)
        )
        sources.append({source} - {"constant"})
    return sources


class GeneratingEvaluator(_NetworkEvaluator):
    """All ⟨Z_i⟩ from one network: its value is ⟨Π (1 + ε_i Z_i)⟩, and ⟨Z_i⟩ = ∂/∂ε_i at ε = 0."""

    method = "generating"
    _sweeps = 2  # the values are themselves a gradient

    def __init__(self, circuit: Circuit, observables: Sequence[int]) -> None:
        super().__init__(circuit)
        self.observed = list(dict.fromkeys(observables))
        network = light_cone(circuit, self.observed, self.bank, generate=True)
        self.bank.freeze()
        fills = [fill_all(network)]
        self.groups = [NetworkGroup.plan(network, [network], fills, self.bank, probes=True)]
        self._probe_order = list(network.probes)
        self._columns = torch.tensor([self._probe_order.index(q) for q in observables])

    def evaluate(self, prepared: Any, weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        constant, (held,) = prepared
        group = self.groups[0]
        stacks = {**constant, **self._data_stacks(inputs)}
        fixed = {**held, **group.tensors(self.bank, stacks, sampled=True)}
        n_leaves = len(group.template.leaves)

        def generating_function(epsilon: Tensor) -> Tensor:
            probes = torch.stack([torch.ones_like(epsilon), epsilon], dim=-1)
            leaves = {n_leaves + k: probes[:, :, k] for k in range(len(self.observed))}
            return group.program.run({**fixed, **leaves}).sum()

        epsilon = weights.new_zeros(len(weights), len(inputs), len(self.observed))
        values = torch.func.grad(generating_function)(epsilon)
        return values.index_select(-1, self._columns.to(values.device))
