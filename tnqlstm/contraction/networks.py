"""The two ways that contract site tensors: batched light cones, and one generating contraction."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from .angles import AngleTable
from .cones import group_cones, light_cone
from .cost import Cost, Traffic
from .groups import Family, NetworkGroup, families
from .handwritten import Tape, apply, pop
from .leaves import FunctionTable, LeafBatch
from .sites import SiteBank, Source

__all__ = ["ConesEvaluator", "GeneratingEvaluator"]


MOST_STARTS, LEAST_STARTS = 24, 2  # of the searches for paths, shared by the groups


class _NetworkEvaluator:
    """What both ways share: groups of networks, and preparing what depends on weights only."""

    _sweeps = 1

    def __init__(self, circuit: Circuit, bank: SiteBank, found: Sequence[Family]) -> None:
        self.table = bank.table
        starts = max(LEAST_STARTS, MOST_STARTS // len(found))
        self.groups = [NetworkGroup(family, starts) for family in found]
        n_encoded = len(self.table.encodings) * self.table.n_inputs
        self.leaves: dict[Source, LeafBatch] = {}
        columns: dict[Source, int] = {"weights": circuit.n_weights, "inputs": n_encoded}
        for source, n_columns in columns.items():
            own = {
                (g, k): (group.leaves[k], group.program.axes(k, group.leaves[k].legs))
                for g, group in enumerate(self.groups)
                for k in group.leaves_of(source)
            }
            if own:
                table = FunctionTable(n_columns, bank.frequencies(source))
                self.leaves[source] = LeafBatch(own, table)

    def made(self, tape: Tape, source: Source, angles: Tensor) -> list[dict[int, Tensor]]:
        """Each group's leaves that read the source, of angles (source, column)."""
        leaves: list[dict[int, Tensor]] = [{} for _ in self.groups]
        if source in self.leaves:
            for (g, k), leaf in self.leaves[source].forward(tape, angles).items():
                leaves[g][k] = leaf
        return leaves

    def prepare(self, weights: Tensor) -> tuple[Tensor, ...]:
        """The tensors that each group holds for its inputs, one group after another."""
        return apply(_Prepare(self, len(weights)), weights)

    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost:
        """Flops of each pairwise contraction, where its operands live, and of making the sites."""
        traffic = Traffic()
        size = largest = 0.0
        n_calls = 20 + sum(10 + 3 * len(batch.batches) for batch in self.leaves.values())
        for group in self.groups:
            program = group.program
            making = [
                group.leaf_flops(leaf) * (0, n_copies, n_samples)[program.leaf_ranks[leaf]]
                for leaf in range(len(group.leaves))
            ]
            joining = [
                self._sweeps * program.flops(step, n_copies, n_copies * n_samples)
                for step in program.steps
            ]
            for number in range(len(group.networks)):
                where = group.homes(number, placed)
                for flops, home in zip(making, where, strict=False):
                    traffic.add(flops, home)
                for step, flops in zip(program.steps, joining, strict=True):
                    where.append(where[step.left] | where[step.right])
                    traffic.add(flops, where[-1])
            batch = len(group.networks) * n_copies
            size += program.peak_size(batch, batch * n_samples)
            largest = max(largest, program.largest_size(batch, batch * n_samples))
            n_calls += len(program.steps)
        return Cost(traffic.total, self._sweeps * size, largest, self._sweeps * n_calls, traffic)


class _Prepare:
    """weights (copy, n) -> what the groups hold, as a `Handwritten` function."""

    def __init__(self, evaluator: _NetworkEvaluator, copies: int) -> None:
        self.evaluator, self.groups = evaluator, evaluator.groups
        self.copies = copies

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]:
        (weights,) = tensors
        made = self.evaluator.made(tape, "weights", weights)
        held: list[Tensor] = []
        for group, leaves in zip(self.groups, made, strict=True):
            held += group.prepare(tape, leaves, self.copies, weights)
        return tuple(held)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Tensor
    ) -> tuple[Tensor | None, ...]:
        left, found = list(grads), {}
        for g in range(len(self.groups) - 1, -1, -1):
            own = pop(left, len(self.groups[g].program.held))
            for k, grad in self.groups[g].prepare_back(tape, own, self.copies).items():
                found[g, k] = grad
        if "weights" not in self.evaluator.leaves:
            return (None,)
        return (self.evaluator.leaves["weights"].backward(tape, found),)


class _Evaluate:
    """(encoded inputs (sample, column), held…) -> values (copy, network, sample)."""

    def __init__(self, evaluator: _NetworkEvaluator, copies: int) -> None:
        self.evaluator, self.groups = evaluator, evaluator.groups
        self.copies = copies

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]:
        encoded, *left = tensors
        made, values = self.evaluator.made(tape, "inputs", encoded), []
        for group, leaves in zip(self.groups, made, strict=True):
            held, left = left[: len(group.program.held)], left[len(group.program.held) :]
            value = group.evaluate(tape, held, leaves, self.copies, len(encoded), encoded)
            values.append(value.expand(-1, -1, len(encoded)))
        return (torch.cat(values, dim=1),)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Tensor
    ) -> tuple[Tensor | None, ...]:
        parts = grads[0].split([len(group.networks) for group in self.groups], dim=1)
        needs = (any(wanted[1:]), wanted[0])
        held: list[Tensor | None] = []
        found = {}
        for g in range(len(self.groups) - 1, -1, -1):
            own, leaves = self.groups[g].evaluate_back(tape, parts[g], needs)
            held = own + held
            found.update({(g, k): grad for k, grad in leaves.items()})
        if "inputs" not in self.evaluator.leaves:
            return None, *held
        return self.evaluator.leaves["inputs"].backward(tape, found, wanted[0]), *held


class ConesEvaluator(_NetworkEvaluator):
    """Each ⟨Z_i⟩ from its light cone; cones of one structure are a batch."""

    method = "cones"

    def __init__(self, circuit: Circuit, observables: Sequence[int]) -> None:
        bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
        cones = group_cones(circuit, dict.fromkeys(observables), bank)
        super().__init__(circuit, bank, families(cones, circuit, bank))
        came = [net.leaves[0].qubit for group in self.groups for net in group.networks]
        place = {qubit: k for k, qubit in enumerate(came)}
        self._columns = torch.tensor([place[q] for q in observables])

    def evaluate(self, prepared: tuple[Tensor, ...], weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        encoded = self.table.encode(inputs)
        (values,) = apply(_Evaluate(self, len(weights)), encoded, *prepared)
        return values.index_select(1, self._columns.to(values.device)).transpose(1, 2)


class GeneratingEvaluator(_NetworkEvaluator):
    """All ⟨Z_i⟩ from one network: its value is ⟨Π (1 + ε_i Z_i)⟩, and ⟨Z_i⟩ = ∂/∂ε_i at ε = 0."""

    method = "generating"
    _sweeps = 2  # the values are themselves a gradient

    def __init__(self, circuit: Circuit, observables: Sequence[int]) -> None:
        bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
        observed = list(dict.fromkeys(observables))
        network = light_cone(circuit, observed, bank, generate=True)
        found = Family.of([network], circuit, bank)
        super().__init__(circuit, bank, [found])
        self._n_probes = len(observed)
        order = list(network.probes)
        self._columns = torch.tensor([order.index(q) for q in observables])

    def evaluate(self, prepared: tuple[Tensor, ...], weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        copies = len(weights)
        (leaves,) = self.made([], "inputs", self.table.encode(inputs))
        group = self.groups[0]

        def generating_function(epsilon: Tensor) -> Tensor:
            probes = torch.stack([torch.ones_like(epsilon), epsilon], dim=-1).flatten(1, 2)
            every = {**leaves, **dict(enumerate(probes.unbind(0), start=len(group.leaves)))}
            return group.evaluate([], prepared, every, copies, len(inputs), weights).sum()

        epsilon = weights.new_zeros(self._n_probes, copies, len(inputs))
        values = torch.func.grad(generating_function)(epsilon)
        return values.index_select(0, self._columns.to(values.device)).permute(1, 2, 0)
