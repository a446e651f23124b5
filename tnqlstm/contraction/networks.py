"""The two ways that contract site tensors: batched light cones, and one generating contraction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from ..errors import MemoryBudgetError
from .angles import AngleTable, ConstantBank
from .arrays import Array, join
from .cache import Cache
from .cones import group_cones, light_cone
from .cost import (
    BYTES_PER_NUMBER,
    CONES,
    GENERATING,
    NOMINAL_BATCH,
    Cost,
    Rates,
    Traffic,
    readable_bytes,
)
from .families import Family, families
from .forest import Forest
from .groups import NetworkGroup, repeat, site_network
from .handwritten import Discarded, Recomputed, Tape, apply
from .layout import Layout
from .leaves import FunctionTable, LeafBatch
from .modes import without_saving_hooks
from .program import Program, is_small
from .sites import SiteBank, Source
from .slicing import MOST_SLICES
from .tensor_network import INPUTS, WEIGHTS, Rank, TensorNetwork
from .tree import MOST_STARTS, find_path
from .works import Node

__all__ = ["ConesEvaluator", "GeneratingEvaluator", "NotWorthwhile"]


SOURCES: tuple[Source, ...] = ("weights", "inputs")
STARTS = 50  # of searches for paths, shared among the groups by their networks
LEAST_STARTS = 3  # of each group
NUMBERS_OF_A_TENSOR = 16
WORTH_A_SEARCH = 0.1  # seconds of a step for which paths are searched at full length
LEG_STARTS = 2500  # of all groups together, where another way takes less than a long step
LONG_STEP = 5.0  # seconds; above, they grow with it
SPED_UP = 1e5  # times that a long search speeds a quick path up, at best
MANY_LEAVES = 150  # of a network that is first contracted by a quick path
SAVED = 0.65  # of the bits of its memory is left by a long search, at best
MANY_LEGS = 3000  # of all groups; above, each is searched once, above twice as many not at length
MOST_KEPT = 1024  # slices of a group that are kept ready; making one takes longer than running it


class NotWorthwhile(Exception):
    """Planning would take longer than it could save."""


class _NetworkEvaluator:
    """What both ways share: groups of networks, and preparing what depends on weights only."""

    _sweeps = 1
    _rates: Rates

    def __init__(
        self,
        circuit: Circuit,
        observables: Sequence[int],
        max_memory: float = math.inf,
        fastest: float = math.inf,
    ) -> None:
        """`fastest`: seconds that a step takes by another way.

        The less it is, the shorter a search for paths is worth its time. Raises `NotWorthwhile`
        where none is, `MemoryBudgetError` where nothing would fit.
        """
        self._fastest = fastest
        bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
        found = self._families(circuit, list(dict.fromkeys(observables)), bank, max_memory)
        self.table, self._n_weights = bank.table, circuit.n_weights
        self._frequencies = {source: bank.frequencies(source) for source in SOURCES}
        networks = [self._hopeful(family, max_memory) for family in found]
        n_networks = sum(len(family.networks) for family in found)
        # an equal share for each group, or by its networks where that is more
        shares = [max(1 / len(found), len(f.networks) / n_networks) for f in found]
        n_legs = sum(len(network.sizes) for network in networks)
        least = LEAST_STARTS if n_legs <= MANY_LEGS else 1 if n_legs <= 2 * MANY_LEGS else 0
        most = MOST_STARTS if n_legs <= MANY_LEGS else least
        if fastest < math.inf:
            allowed = LEG_STARTS * max(1.0, fastest / LONG_STEP) / max(n_legs, 1)
            most = min(most, int(allowed))
        effort = min(1.0, fastest / WORTH_A_SEARCH)
        n_starts = [max(LEAST_STARTS, int(effort * STARTS * share)) for share in shares]
        self._take(
            [
                NetworkGroup.of(family, find_path(network, min(starts, most)))
                for family, network, starts in zip(found, networks, n_starts, strict=True)
            ]
        )
        order = self._qubits()
        columns = np.array([order[q] for q in observables], dtype=np.int64)
        self.constants = ConstantBank({"columns": columns})
        # where one sample is too much: groups in slices, each an evaluator of its own
        self.slices: list[_Slices] = []
        bytes_each = BYTES_PER_NUMBER * self._sweeps
        sizes = [group.program.peak_size(n := len(group.networks), n) for group in self.groups]
        self.whole_bytes = bytes_each * sum(sizes)  # of one sample, without slices
        if self.whole_bytes > max_memory:
            if fastest < math.inf:
                raise NotWorthwhile
            self.slices = [
                _Slices(self, group, group.slices(max_memory, bytes_each)) for group in self.groups
            ]

    def _hopeful(self, family: Family, max_memory: float) -> TensorNetwork:
        """The family's network, unless no search could make it fit.

        Raises `MemoryBudgetError` with what a quick path needs where slices and what a long search
        usually saves wouldn't do.
        """
        network = site_network(family)
        if len(network.legs) > MANY_LEAVES:
            program = Program(network, find_path(network, 0))
            n = len(family.networks)
            flops = self._sweeps * sum(program.flops(n, n * NOMINAL_BATCH))
            if self._rates.flop * flops > SPED_UP * self._fastest:
                raise NotWorthwhile
            needed = BYTES_PER_NUMBER * self._sweeps * program.peak_size(n, n)
            if SAVED * math.log2(needed) > math.log2(max_memory * MOST_SLICES):
                raise MemoryBudgetError(
                    f"a network of {len(network.legs)} tensors needs {readable_bytes(needed)} for "
                    f"one sample, the budget is {readable_bytes(max_memory)}. Raise max_memory, or "
                    "use fewer layers, links or qubits in a block.",
                    needed,
                )
        return network

    def _families(
        self, circuit: Circuit, observables: Sequence[int], bank: SiteBank, max_memory: float
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
        self._held = [(g, node) for g, group in enumerate(groups) for node in group.program.held]
        self._held_by_copies = Cache[int, list[list[Node]]]()
        self.roots = [(g, group.program.root) for g, group in enumerate(groups)]
        outputs: dict[Rank, list[Node]] = {WEIGHTS: self._held, INPUTS: self.roots}
        self.forests = {rank: Forest(groups, rank, needed) for rank, needed in outputs.items()}

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
        return values.index_select(1, self.constants.get("columns", values)).transpose(1, 2)

    def width(self, copies: int, n_samples: int) -> int:
        """Numbers in the tensors of the largest group, of usual legs."""
        n_networks = max(len(group.networks) for group in self.groups)
        return NUMBERS_OF_A_TENSOR * n_networks * copies * n_samples

    # -- what `_Prepare` and `_Evaluate` share ----------------------------------------------------

    def held(self, copies: int) -> list[list[Node]]:
        """What is held for the inputs, as arrays: the small tensors in a row, each large one."""
        found = self._held_by_copies.get(copies)
        if found is None:
            forest = self.forests[WEIGHTS]
            small = [node for node in self._held if is_small(forest.size(node, copies, 1))]
            large = [[node] for node in self._held if not is_small(forest.size(node, copies, 1))]
            found = self._held_by_copies.keep(copies, [small, *large] if small else large)
        return found

    def leaf_nodes(self, source: Source) -> list[list[Node]]:
        """The leaves in each array of `made`."""
        return self.leaves[source].keys if source in self.leaves else []

    def given(self, copies: int) -> list[list[Node]]:
        """The tensors that are given to the inputs' pass: what is held, and its leaves."""
        return [*self.held(copies), *self.leaf_nodes("inputs")]

    def made(self, tape: Tape, source: Source, angles: Array, copies: int = 1) -> list[Array]:
        """The leaves that read the source, of angles (source, column); the same for all copies."""
        if source not in self.leaves:
            return []
        arrays = self.leaves[source].forward(tape, angles)
        if copies == 1:
            return arrays
        return [repeat(a.reshape(-1, len(angles), a.shape[-1]), copies) for a in arrays]

    def made_back(
        self, tape: Tape, source: Source, grads: Sequence[Array], copies: int = 1
    ) -> Array | None:
        """The gradient in the angles; None where no leaf reads them."""
        if source not in self.leaves:
            return None
        leaves = self.leaves[source]
        if copies > 1:
            grads = [
                g.reshape(n, copies, -1).sum(1) for g, n in zip(grads, leaves.n_rows, strict=True)
            ]
        return leaves.backward(tape, grads)

    def prepare(self, weights: Tensor) -> tuple[Tensor, ...]:
        """The tensors that each group holds for its inputs, one group after another.

        Slices make their own when they run.
        """
        return () if self.slices else apply(_Prepare(self, len(weights)), weights)

    def _n_products(self, copies: int, n_samples: int) -> int:
        return sum(forest.n_calls(copies, n_samples) for forest in self.forests.values())

    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost:
        """Flops of each pairwise contraction, where its operands live, and of making the sites."""
        if self.slices:
            each = [parts[0].cost(placed, n_copies, n_samples) for parts in self.slices]
            return Cost.of_slices(each, [len(parts) for parts in self.slices])
        traffic = Traffic()
        size = largest = 0.0
        n_calls = 20 + sum(10 + 3 * len(batch.keys) for batch in self.leaves.values())
        n_calls += self._n_products(n_copies, n_samples)
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
        return Cost(traffic.total, self._sweeps * size, largest, n_calls, traffic, self._rates)


class _Slices(Sequence[_NetworkEvaluator]):
    """A group in slices, each an evaluator of its own that is made when it's first used."""

    def __init__(
        self, whole: _NetworkEvaluator, group: NetworkGroup, slices: Sequence[Mapping[int, int]]
    ) -> None:
        self._whole, self._group, self._slices = whole, group, slices
        self._kept: dict[int, _NetworkEvaluator] = {}

    def __len__(self) -> int:
        return len(self._slices)

    def __getitem__(self, k: Any) -> Any:
        if not 0 <= k < len(self):
            raise IndexError(k)
        if k in self._kept:
            return self._kept[k]
        part = self._whole._part([self._group.slice(self._slices[k])])
        if len(self._kept) < MOST_KEPT:
            self._kept[k] = part
        return part


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
    """weights (copy, n) -> what is held, as a `Handwritten` function."""

    evaluator: _NetworkEvaluator
    copies: int

    def width(self, *tensors: Tensor) -> float:
        return self.evaluator.width(self.copies, 1)

    def _layout(self, like: Array) -> Layout:
        evaluator = self.evaluator
        held, given = evaluator.held(self.copies), evaluator.leaf_nodes("weights")
        return evaluator.forests[WEIGHTS].layout(given, held, self.copies, 1, like)

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        (weights,) = arrays
        evaluator, held = self.evaluator, self.evaluator.held(self.copies)
        made = evaluator.made(tape, "weights", weights)
        if not isinstance(tape, Discarded):
            return tuple(self._layout(weights).run(tape, made, weights))
        given = evaluator.leaf_nodes("weights")
        leaves = evaluator.forests[WEIGHTS].split(given, made, self.copies, 1)
        tensors = [
            group.prepare(own, self.copies, weights)
            for group, own in zip(evaluator.groups, leaves, strict=True)
        ]
        return tuple(join([tensors[g][n].reshape(-1) for g, n in nodes]) for nodes in held)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        found = self._layout(grads[0]).run_back(tape, grads, (True, False))
        return (self.evaluator.made_back(tape, "weights", found),)


@dataclass(frozen=True)
class _Evaluate:
    """(encoded inputs (sample, column), held…) -> values (copy, network, sample)."""

    evaluator: _NetworkEvaluator
    copies: int

    def width(self, *tensors: Tensor) -> float:
        return self.evaluator.width(self.copies, len(tensors[0]))

    def _layout(self, n_samples: int, like: Array) -> Layout:
        given, outputs = self.evaluator.given(self.copies), [self.evaluator.roots]
        return self.evaluator.forests[INPUTS].layout(given, outputs, self.copies, n_samples, like)

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        encoded, *held = arrays
        n_samples = len(encoded)
        given = held + self.evaluator.made(tape, "inputs", encoded, self.copies)
        if not isinstance(tape, Discarded):
            layout = self._layout(n_samples, encoded)
            (outputs,) = layout.run(tape, given, encoded)
            return (layout.values(outputs),)
        forest = self.evaluator.forests[INPUTS]
        tensors = forest.split(self.evaluator.given(self.copies), given, self.copies, n_samples)
        values = [
            group.evaluate(own, self.copies, n_samples, encoded)
            for group, own in zip(self.evaluator.groups, tensors, strict=True)
        ]
        return (join(values, 1),)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        (grad,) = grads
        layout = self._layout(grad.shape[2], grad)
        found = layout.run_back(tape, [layout.values_back(grad)], (any(wanted[1:]), wanted[0]))
        n_held = len(wanted) - 1
        inputs = None
        if wanted[0]:
            inputs = self.evaluator.made_back(tape, "inputs", found[n_held:], self.copies)
        else:
            tape.clear()
        return inputs, *(found[:n_held] if any(wanted[1:]) else [None] * n_held)


class ConesEvaluator(_NetworkEvaluator):
    """Each ⟨Z_i⟩ from its light cone; cones of one structure are a batch."""

    method = "cones"
    _rates = CONES

    def _families(
        self, circuit: Circuit, observables: Sequence[int], bank: SiteBank, max_memory: float
    ) -> list[Family]:
        cones = group_cones(circuit, observables, bank)
        largest = max((group[0] for group in cones), key=lambda cone: len(cone.leaves))
        if len(largest.leaves) > MANY_LEAVES:  # before all others are compressed
            self._hopeful(Family.of([largest], circuit, bank), max_memory)
        return families(cones, circuit, bank)

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
        self, circuit: Circuit, observables: Sequence[int], bank: SiteBank, max_memory: float
    ) -> list[Family]:
        network = light_cone(circuit, observables, bank, generate=True)
        return [Family.of([network], circuit, bank)]

    def _qubits(self) -> dict[int, int]:
        return {qubit: k for k, qubit in enumerate(self.groups[0].networks[0].probes)}

    def _n_products(self, copies: int, n_samples: int) -> int:
        return len(self.groups[0].program.steps)  # one by one, by autograd

    def _values(self, prepared: Sequence[Tensor], weights: Tensor, encoded: Tensor) -> Tensor:
        (group,), copies, n_samples = self.groups, len(weights), len(encoded)
        arrays = [*prepared, *self.made([], "inputs", encoded, copies)]
        (given,) = self.forests[INPUTS].split(self.given(copies), arrays, copies, n_samples)

        def generating_function(epsilon: Tensor) -> Tensor:
            probes = torch.stack([torch.ones_like(epsilon), epsilon], dim=-1).flatten(1, 2)
            every = {**given, **dict(enumerate(probes.unbind(0), start=len(group.leaves)))}
            return group.evaluate(every, copies, n_samples, weights).sum()

        epsilon = weights.new_zeros(len(group.networks[0].probes), copies, n_samples)
        with without_saving_hooks():
            return torch.func.grad(generating_function)(epsilon).transpose(0, 1)
