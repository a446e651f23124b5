"""The two ways that contract site tensors: batched light cones, and one generating contraction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from .angles import AngleTable
from .cones import Cone, group_cones, light_cone
from .cost import Cost, Traffic
from .sites import SiteBank
from .tree import TreeProgram, build_program, cotengra_tree, find_path

__all__ = ["ConesEvaluator", "GeneratingEvaluator", "NetworkGroup"]

_LABELS = {
    "constant": frozenset[str](),
    "weights": frozenset({"copy", "cone"}),
    "inputs": frozenset({"cone", "sample"}),
}


@dataclass
class NetworkGroup:
    """Networks of one structure: a tree, and which sites each network uses."""

    networks: list[Cone]
    program: TreeProgram
    positions: list[Tensor]  # for each leaf, the site of each network in its recipe's stack

    @classmethod
    def plan(cls, networks: list[Cone], bank: SiteBank, probes: bool = False) -> NetworkGroup:
        first = networks[0]
        legs = [leaf.legs for leaf in first.leaves]
        labels = [_LABELS[bank.source(leaf.recipe)] for leaf in first.leaves]
        if probes:
            legs += [(leg,) for leg in first.probes.values()]
            labels += [frozenset({"copy", "sample"})] * len(first.probes)
        program = build_program(legs, labels, first.sizes, find_path(legs, first.sizes))
        positions = [
            torch.tensor([network.leaves[k].position for network in networks])
            for k in range(len(first.leaves))
        ]
        return cls(networks, program, positions)

    def tree(self) -> Any:
        """The contraction as a `cotengra.ContractionTree`, batch indices left out."""
        first = self.networks[0]
        legs = [leaf.legs for leaf in first.leaves] + [(leg,) for leg in first.probes.values()]
        return cotengra_tree(legs, first.sizes, self.program.path)

    def tensors(self, bank: SiteBank, stacks: dict[int, Tensor]) -> dict[int, Tensor]:
        """The leaves found in `stacks`, each (copy or sample and cone, legs…) as its labels say."""
        held: dict[int, Tensor] = {}
        for k, leaf in enumerate(self.networks[0].leaves):
            if leaf.recipe not in stacks:
                continue
            stack = stacks[leaf.recipe]
            source = bank.source(leaf.recipe)
            if source == "constant":
                held[k] = stack
                continue
            picked = stack.index_select(1, self.positions[k].to(stack.device))
            held[k] = picked.transpose(0, 1) if source == "inputs" else picked
        return held


class _NetworkEvaluator:
    """What both ways share: the site bank, and preparing what depends on weights only."""

    _sweeps = 1

    def __init__(self, circuit: Circuit) -> None:
        self.bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
        self.groups: list[NetworkGroup] = []

    def prepare(self, weights: Tensor) -> Any:
        stacks = {**self.bank.compute("constant", weights), **self.bank.compute("weights", weights)}
        return [
            group.program.run_weights(group.tensors(self.bank, stacks)) for group in self.groups
        ]

    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost:
        """Flops of each pairwise contraction, where its operands live, and of making the sites."""
        traffic = Traffic()
        size = largest = 0.0
        n_calls = 8 * len(self.bank.stacks)
        labels = {"constant": 1, "weights": n_copies, "inputs": n_samples}
        seen: set[tuple[int, int]] = set()
        for group in self.groups:
            batch = {"copy": n_copies, "cone": 1, "sample": n_samples}
            for network in group.networks:
                homes = [frozenset({placed.qpu_of[leaf.qubit]}) for leaf in network.leaves]
                homes += [frozenset({placed.qpu_of[q]}) for q in network.probes]
                group.program.add_flops(traffic, homes, batch, self._sweeps)
                for leaf, home in zip(network.leaves, homes, strict=False):
                    if (site := (leaf.recipe, leaf.position)) not in seen:
                        seen.add(site)
                        numbers = math.prod(leaf.shape) * labels[self.bank.source(leaf.recipe)]
                        traffic.add(8.0 * numbers, home)
            batch["cone"] = len(group.networks)
            size += group.program.peak_size(batch)
            largest = max(largest, group.program.largest_size(batch))
            n_calls += len(group.program.steps) + len(group.positions)
        flops = sum(traffic.inside.values()) + traffic.across
        return Cost(flops, self._sweeps * size, largest, self._sweeps * n_calls, traffic)

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
        self.groups = [NetworkGroup.plan(group, self.bank) for group in cones]
        came = [net.leaves[0].qubit for group in cones for net in group]
        self._columns = torch.tensor([came.index(q) for q in observables])

    def evaluate(self, prepared: Any, weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        stacks = self._data_stacks(inputs)
        shape = (len(weights), -1, len(inputs))
        values = []
        for group, held in zip(self.groups, prepared, strict=True):
            value = group.program.run({**held, **group.tensors(self.bank, stacks)})
            labels = group.program.result_batch
            full = (shape[0], len(group.networks), shape[2])
            for axis, name in enumerate(("copy", "cone", "sample")):
                if name not in labels:
                    value = value.unsqueeze(axis)
            values.append(value.expand(full))
        joined = torch.cat(values, dim=1).transpose(1, 2)
        return joined.index_select(-1, self._columns.to(joined.device))


class GeneratingEvaluator(_NetworkEvaluator):
    """All ⟨Z_i⟩ from one network: its value is ⟨Π (1 + ε_i Z_i)⟩, and ⟨Z_i⟩ = ∂/∂ε_i at ε = 0."""

    method = "generating"
    _sweeps = 2  # the values are themselves a gradient

    def __init__(self, circuit: Circuit, observables: Sequence[int]) -> None:
        super().__init__(circuit)
        self.observed = list(dict.fromkeys(observables))
        network = light_cone(circuit, self.observed, self.bank, generate=True)
        self.bank.freeze()
        self.groups = [NetworkGroup.plan([network], self.bank, probes=True)]
        self._probe_order = list(network.probes)
        self._columns = torch.tensor([self._probe_order.index(q) for q in observables])

    def evaluate(self, prepared: Any, weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        group, held = self.groups[0], prepared[0]
        fixed = {**held, **group.tensors(self.bank, self._data_stacks(inputs))}
        n_leaves = len(group.networks[0].leaves)

        def generating_function(epsilon: Tensor) -> Tensor:
            probes = torch.stack([torch.ones_like(epsilon), epsilon], dim=-1)
            leaves = {n_leaves + k: probes[:, :, k] for k in range(len(self.observed))}
            return group.program.run({**fixed, **leaves}).sum()

        epsilon = weights.new_zeros(len(weights), len(inputs), len(self.observed))
        values = torch.func.grad(generating_function)(epsilon)
        return values.index_select(-1, self._columns.to(values.device))
