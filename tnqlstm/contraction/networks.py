"""The two ways that contract site tensors: batched light cones, and one generating contraction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from .angles import AngleTable
from .arrays import Array, join
from .cones import group_cones, light_cone
from .cost import BYTES_PER_NUMBER, CONES, GENERATING, Cost, Rates, Traffic
from .families import Family, families
from .groups import NetworkGroup
from .handwritten import Recomputed, Tape, apply, pop
from .leaves import FunctionTable, Key, LeafBatch
from .sites import SiteBank, Source
from .tree import MOST_STARTS

__all__ = ["ConesEvaluator", "GeneratingEvaluator"]


SOURCES: tuple[Source, ...] = ("weights", "inputs")
STARTS = 50  # of searches for paths, shared among the groups by their networks
LEAST_STARTS = 3  # of each group
NUMBERS_OF_A_TENSOR = 16


class _NetworkEvaluator:
    """What both ways share: groups of networks, and preparing what depends on weights only."""

    _sweeps = 1
    _rates: Rates

    def __init__(
        self,
        circuit: Circuit,
        observables: Sequence[int],
        max_memory: float = math.inf,
        effort: float = 1.0,
    ) -> None:
        """`effort`: the part of a full search for paths that is worth its time."""
        bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
        found = self._families(circuit, list(dict.fromkeys(observables)), bank)
        self.table, self._n_weights = bank.table, circuit.n_weights
        self._frequencies = {source: bank.frequencies(source) for source in SOURCES}
        n_networks = sum(len(family.networks) for family in found)
        # an equal share for each group, or by its networks where that is more
        shares = [max(1 / len(found), len(f.networks) / n_networks) for f in found]
        n_starts = [max(LEAST_STARTS, int(effort * STARTS * share)) for share in shares]
        self._take(
            [
                NetworkGroup(family, min(starts, MOST_STARTS))
                for family, starts in zip(found, n_starts, strict=True)
            ]
        )
        order = self._qubits()
        self._columns = torch.tensor([order[q] for q in observables])
        # where one sample is too much: groups in slices, each an evaluator of its own
        self.slices: list[list[_NetworkEvaluator]] = []
        bytes_each = BYTES_PER_NUMBER * self._sweeps
        sizes = [group.program.peak_size(n := len(group.networks), n) for group in self.groups]
        if bytes_each * sum(sizes) > max_memory:
            self.slices = [
                [self._part([part]) for part in group.slices(max_memory, bytes_each)]
                for group in self.groups
            ]

    def _families(
        self, circuit: Circuit, observables: Sequence[int], bank: SiteBank
    ) -> list[Family]:
        """Families whose networks' values are ⟨Z⟩ of the observables."""
        raise NotImplementedError

    def _take(self, groups: list[NetworkGroup]) -> None:
        """Become the evaluator of these groups."""
        self.groups = groups
        self.leaves: dict[Source, LeafBatch] = {}
        n_encoded = len(self.table.encodings) * self.table.n_inputs
        columns: dict[Source, int] = {"weights": self._n_weights, "inputs": n_encoded}
        for source in SOURCES:
            own = {
                (g, k): (group.leaves[k], group.program.axes(k, group.leaves[k].legs))
                for g, group in enumerate(groups)
                for k in group.leaves_of(source)
            }
            if own:
                table = FunctionTable(columns[source], self._frequencies[source])
                self.leaves[source] = LeafBatch(own, table)

    def _part(self, groups: list[NetworkGroup]) -> _NetworkEvaluator:
        part = copy(self)
        part.slices = []
        part._take(groups)
        return part

    def _qubits(self) -> dict[int, int]:
        """The place of each observable in what `_values` gives."""
        raise NotImplementedError

    def _values(self, prepared: Sequence[Tensor], weights: Tensor, encoded: Tensor) -> Tensor:
        """All values, (copy, place, sample), of encoded inputs (sample, column)."""
        raise NotImplementedError

    def evaluate(self, prepared: Sequence[Tensor], weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        encoded = self.table.encode(inputs)
        if not self.slices:
            values = self._values(prepared, weights, encoded)
        else:
            values = torch.cat([_sum_of(parts, weights, encoded) for parts in self.slices], dim=1)
        return values.index_select(1, self._columns.to(values.device)).transpose(1, 2)

    def width(self, copies: int, n_samples: int) -> int:
        """Numbers in the tensors of the largest group, of usual legs."""
        n_networks = max(len(group.networks) for group in self.groups)
        return NUMBERS_OF_A_TENSOR * n_networks * copies * n_samples

    def made(self, tape: Tape, source: Source, angles: Array) -> list[dict[int, Array]]:
        """Each group's leaves that read the source, of angles (source, column)."""
        leaves: list[dict[int, Array]] = [{} for _ in self.groups]
        if source in self.leaves:
            for (g, k), leaf in self.leaves[source].forward(tape, angles).items():
                leaves[g][k] = leaf
        return leaves

    def made_back(
        self, tape: Tape, source: Source, grads: Mapping[Key, Array], wanted: bool = True
    ) -> Array | None:
        """The gradient in the angles, if it's wanted; None also where no leaf reads them."""
        batch = self.leaves.get(source)
        return None if batch is None else batch.backward(tape, grads, wanted)

    def prepare(self, weights: Tensor) -> tuple[Tensor, ...]:
        """The tensors that each group holds for its inputs, one group after another.

        Slices make their own when they run.
        """
        return () if self.slices else apply(_Prepare(self, len(weights)), weights)

    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost:
        """Flops of each pairwise contraction, where its operands live, and of making the sites."""
        if self.slices:
            each = [parts[0].cost(placed, n_copies, n_samples) for parts in self.slices]
            return Cost.of_slices(each, [len(parts) for parts in self.slices])
        traffic = Traffic()
        size = largest = 0.0
        n_calls = 20 + sum(10 + 3 * len(batch.batches) for batch in self.leaves.values())
        for group in self.groups:
            program = group.program
            making = [
                group.leaf_flops(leaf) * (0, n_copies, n_samples)[program.ranks[leaf]]
                for leaf in range(len(group.leaves))
            ]
            joining = program.flops(n_copies, n_copies * n_samples)
            for number in range(len(group.networks)):
                where = group.homes(number, placed)
                for flops, home in zip(making, where, strict=False):
                    traffic.add(flops, home)
                for step, flops in zip(program.steps, joining, strict=True):
                    where.append(where[step.left] | where[step.right])
                    traffic.add(self._sweeps * flops, where[-1])
            batch = len(group.networks) * n_copies
            size += program.peak_size(batch, batch * n_samples)
            largest = max(largest, *program.sizes(batch, batch * n_samples))
            n_calls += len(program.steps)
        return Cost(traffic.total, self._sweeps * size, largest, n_calls, traffic, self._rates)


def _sum_of(parts: Sequence[_NetworkEvaluator], weights: Tensor, encoded: Tensor) -> Tensor:
    """The values of slices added up, one in memory at a time, in the backward pass too."""
    total: Tensor | None = None
    for part in parts:

        def values(
            weights: Tensor, encoded: Tensor, part: _NetworkEvaluator = part
        ) -> tuple[Tensor, ...]:
            return (part._values(part.prepare(weights), weights, encoded),)

        (found,) = apply(Recomputed(values), weights, encoded)
        total = found if total is None else total + found
    assert total is not None
    return total


@dataclass(frozen=True)
class _Prepare:
    """weights (copy, n) -> what the groups hold, as a `Handwritten` function."""

    evaluator: _NetworkEvaluator
    copies: int

    def width(self, *tensors: Tensor) -> float:
        return self.evaluator.width(self.copies, 1)

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        (weights,) = arrays
        made = self.evaluator.made(tape, "weights", weights)
        held: list[Array] = []
        for group, leaves in zip(self.evaluator.groups, made, strict=True):
            held += group.prepare(tape, leaves, self.copies, weights)
        return tuple(held)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        left, found = list(grads), {}
        for g, group in reversed(list(enumerate(self.evaluator.groups))):
            own = pop(left, len(group.program.held))
            for k, grad in group.prepare_back(tape, own, self.copies).items():
                found[g, k] = grad
        return (self.evaluator.made_back(tape, "weights", found),)


@dataclass(frozen=True)
class _Evaluate:
    """(encoded inputs (sample, column), held…) -> values (copy, network, sample)."""

    evaluator: _NetworkEvaluator
    copies: int

    def width(self, *tensors: Tensor) -> float:
        return self.evaluator.width(self.copies, len(tensors[0]))

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        encoded, *left = arrays
        made, values = self.evaluator.made(tape, "inputs", encoded), []
        for group, leaves in zip(self.evaluator.groups, made, strict=True):
            held, left = left[: len(group.program.held)], left[len(group.program.held) :]
            values.append(group.evaluate(tape, held, leaves, self.copies, len(encoded), encoded))
        return (join(values, 1),)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        needs, end = (any(wanted[1:]), wanted[0]), grads[0].shape[1]
        held: list[Array | None] = []
        found = {}
        for g, group in reversed(list(enumerate(self.evaluator.groups))):
            start = end - len(group.networks)
            own, leaves = group.evaluate_back(tape, grads[0][:, start:end], needs)
            end = start
            held = own + held
            found.update({(g, k): grad for k, grad in leaves.items()})
        return self.evaluator.made_back(tape, "inputs", found, wanted[0]), *held


class ConesEvaluator(_NetworkEvaluator):
    """Each ⟨Z_i⟩ from its light cone; cones of one structure are a batch."""

    method = "cones"
    _rates = CONES

    def _families(
        self, circuit: Circuit, observables: Sequence[int], bank: SiteBank
    ) -> list[Family]:
        return families(group_cones(circuit, observables, bank), circuit, bank)

    def _qubits(self) -> dict[int, int]:
        came = (net.leaves[0].qubit for group in self.groups for net in group.networks)
        return {qubit: k for k, qubit in enumerate(came)}

    def _values(self, prepared: Sequence[Tensor], weights: Tensor, encoded: Tensor) -> Tensor:
        (values,) = apply(_Evaluate(self, len(weights)), encoded, *prepared)
        return values


class GeneratingEvaluator(_NetworkEvaluator):
    """All ⟨Z_i⟩ from one network: its value is ⟨Π (1 + ε_i Z_i)⟩, and ⟨Z_i⟩ = ∂/∂ε_i at ε = 0."""

    method = "generating"
    _rates = GENERATING
    _sweeps = 2  # the values are themselves a gradient

    def _families(
        self, circuit: Circuit, observables: Sequence[int], bank: SiteBank
    ) -> list[Family]:
        network = light_cone(circuit, observables, bank, generate=True)
        return [Family.of([network], circuit, bank)]

    def _qubits(self) -> dict[int, int]:
        return {qubit: k for k, qubit in enumerate(self.groups[0].networks[0].probes)}

    def _values(self, prepared: Sequence[Tensor], weights: Tensor, encoded: Tensor) -> Tensor:
        (group,), (leaves,) = self.groups, self.made([], "inputs", encoded)
        copies, n_samples = len(weights), len(encoded)

        def generating_function(epsilon: Tensor) -> Tensor:
            probes = torch.stack([torch.ones_like(epsilon), epsilon], dim=-1).flatten(1, 2)
            every = {**leaves, **dict(enumerate(probes.unbind(0), start=len(group.leaves)))}
            return group.evaluate([], prepared, every, copies, n_samples, weights).sum()

        epsilon = weights.new_zeros(len(group.networks[0].probes), copies, n_samples)
        return torch.func.grad(generating_function)(epsilon).transpose(0, 1)
