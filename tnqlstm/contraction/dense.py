"""Dense statevectors: the way for small processors.

A circuit falls apart into the components that two-qubit gates join; those of the same structure are
one batch, so a `segment` circuit of four 3-qubit QPUs is a batch of four states of 8 amplitudes.
In each component

- the encoding is a product state, built from one 2-vector a qubit;
- a run of gates without inputs is multiplied out once as a matrix while that is small, and
  reused by every sample and time step;
- CX and SWAP are permutations of the basis, one-qubit gates are Kronecker products, and circuits
  of real gates use real arithmetic.

Axes: copy (VQCs that share the circuit), component, amplitude, sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor

from ..circuit import Circuit, InputSlot, Operation, WeightSlot
from ..distribution import Partition
from ..errors import MemoryBudgetError
from .angles import AngleTable, ConstantBank, is_data, slot_kind
from .arrays import can_share
from .cost import (
    BYTES_PER_NUMBER,
    GATEWISE,
    STATES,
    STATES_BY_AUTOGRAD,
    Cost,
    Traffic,
)
from .gatewise import Gatewise
from .handwritten import apply
from .layers import PERMUTATIONS, GateRun, ProductState, Slotted
from .state_form import SIGNS_QUBITS, Prepared, StateForm, Values, signs

__all__ = ["DenseEvaluator"]

MATRIX_QUBITS = 7  # above it, multiplying a run out costs more than applying it to the states
MOST_LAYERED = 2000  # blocks of gates; more aren't gathered into layers
MOST_QUBITS = 26  # a state of 2^26 amplitudes is half a GiB, and each layer keeps one


class DenseEvaluator:
    """All ⟨Z_i⟩ of a circuit from its components' statevectors."""

    method = "dense"

    def __init__(
        self,
        circuit: Circuit,
        observables: Sequence[int],
        max_memory: float = math.inf,
        fastest: float = math.inf,
    ) -> None:
        """Samples go in batches to fit `max_memory`, and there is nothing to search for."""
        largest = max(map(len, circuit.components()))
        if largest > MOST_QUBITS:
            raise MemoryBudgetError(
                f"{largest} entangled qubits are too many for statevectors (most: {MOST_QUBITS}). "
                'Use method="cones", "generating" or "auto".',
                2 ** (largest + 4),  # of complex numbers; it may be beyond all floats
            )
        self.table = AngleTable(circuit.operations, circuit.n_inputs)
        self.groups = [
            ComponentGroup(members, self.table) for members in _group_components(circuit)
        ]
        order = [q for group in self.groups for member in group.members for q in member.qubits]
        place = {qubit: k for k, qubit in enumerate(order)}
        columns = [place[q] for q in observables]
        self._in_order = columns == list(range(len(order)))
        self.constants = ConstantBank({"columns": np.array(columns, dtype=np.int64)})
        fits = circuit.n_weights > 0 and StateForm.fits(self.groups)
        self.state_form = StateForm(self, observables) if fits else None
        self._budget, seen = max_memory, set(observables)
        layered = self.state_form is not None
        self._gatewise = [
            None if layered or group.has_matrix else Gatewise(group, group.columns, seen)
            for group in self.groups
        ]
        self._parts: dict[tuple[int, int], list[ComponentGroup | Gatewise]] = {}

    def parts(self, n_copies: int, n_samples: int) -> list[ComponentGroup | Gatewise]:
        """How each group is computed: layer by layer, or one state at a time, gate by gate."""
        key = n_copies, n_samples
        if key not in self._parts:
            self._parts[key] = [
                gatewise if gatewise and self._is_better(gatewise, *key) else group
                for gatewise, group in zip(self._gatewise, self.groups, strict=True)
            ]
        return self._parts[key]

    def _is_better(self, gatewise: Gatewise, n_copies: int, n_samples: int) -> bool:
        """Whether it takes less time, or the layers take too much memory, or can't be made."""
        group, (fixed, moving) = gatewise.group, gatewise.n_blocks
        if not moving or fixed + moving > MOST_LAYERED:
            return True
        if BYTES_PER_NUMBER * group.size(n_copies, n_samples) > self._budget:
            return True
        flops, layered = Traffic(), Traffic()
        gatewise.add_flops(flops, None, n_copies, n_samples)
        group.add_flops(layered, None, n_copies, n_samples)
        calls = gatewise.calls(n_copies, n_samples)
        return GATEWISE.seconds(calls, flops.total, 0) < STATES_BY_AUTOGRAD.seconds(
            group.n_calls, layered.total, 0
        )

    def prepare(self, weights: Tensor) -> tuple[Tensor, ...]:
        """What depends on the weights (copies, n_weights) only."""
        if self.state_form is not None:
            return apply(Prepared(self.state_form), weights)
        return tuple(matrix for group in self.groups for matrix in group.prepare(weights))

    def evaluate(self, prepared: Sequence[Tensor], weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩, shape (copies, batch, n_observables), of inputs (batch, n_inputs)."""
        if self.state_form is not None:
            return apply(Values(self.state_form, len(weights)), inputs, *prepared)[0]
        encoded, matrices = self.table.encode(inputs), iter(prepared)
        shared = can_share(weights) and can_share(encoded)
        parts = self.parts(len(weights), len(inputs)) if shared else self.groups
        values = [
            apply(part, weights, encoded)[0]
            if isinstance(part, Gatewise)
            else part.evaluate(matrices, weights, encoded)
            for part in parts
        ]
        joined = values[0] if len(values) == 1 else torch.cat(values, dim=-1)
        if self._in_order:
            return joined
        return joined.index_select(-1, self.constants.get("columns", joined))

    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost:
        """Flops gate by gate; a permutation counts one for each number it moves."""
        traffic = Traffic()
        parts = self.parts(n_copies, n_samples)
        for part in parts:
            part.add_flops(traffic, placed, n_copies, n_samples)
        rates = STATES_BY_AUTOGRAD if self.state_form is None else STATES
        if any(isinstance(part, Gatewise) for part in parts):
            rates = GATEWISE
        return Cost(
            flops=traffic.total,
            size=sum(part.size(n_copies, n_samples) for part in parts),
            largest=max(part.largest(n_copies, n_samples) for part in parts),
            n_calls=sum(part.calls(n_copies, n_samples) for part in parts),
            traffic=traffic,
            rates=rates,
        )


@dataclass(frozen=True)
class _Component:
    qubits: tuple[int, ...]
    operations: tuple[Operation, ...]  # on local qubits

    @property
    def signature(self) -> tuple[object, ...]:
        return len(self.qubits), tuple((slot_kind(op), op.qubits) for op in self.operations)


def _group_components(circuit: Circuit) -> list[list[_Component]]:
    groups: dict[tuple[object, ...], list[_Component]] = {}
    components = circuit.components()
    place = {q: (k, i) for k, qubits in enumerate(components) for i, q in enumerate(qubits)}
    operations: list[list[Operation]] = [[] for _ in components]
    for op in circuit.operations:
        moved = Operation(op.name, tuple(place[q][1] for q in op.qubits), op.angle)
        operations[place[op.qubits[0]][0]].append(moved)
    for qubits, ops in zip(components, operations, strict=True):
        component = _Component(qubits, tuple(ops))
        groups.setdefault(component.signature, []).append(component)
    return list(groups.values())


class ComponentGroup:
    """Components of one structure, computed as a batch."""

    def __init__(self, members: list[_Component], table: AngleTable) -> None:
        self.members = members
        self.n_qubits = n = len(members[0].qubits)
        template = members[0].operations
        self.real = all(op.gate.real for op in template)
        columns = np.array(
            [
                [
                    table.column(op.angle) if isinstance(op.angle, InputSlot | WeightSlot) else 0
                    for op in member.operations
                ]
                for member in members
            ],
            dtype=np.int64,
        ).reshape(len(members), len(template))
        self.columns = columns
        self.prefix, rest = _split_prefix(template, n)
        self.run_members = _runs(template, rest)
        self.constants = ConstantBank({"signs": partial(signs, n)})

    def _slotted(self, order: Sequence[int]) -> list[Slotted]:
        return [(self.members[0].operations[k], self.columns[:, k]) for k in order]

    @cached_property
    def encoding(self) -> ProductState:
        return ProductState(self.n_qubits, self._slotted(self.prefix), len(self.members))

    @cached_property
    def runs(self) -> list[GateRun]:
        gates = map(self._slotted, self.run_members)
        return [GateRun(self.n_qubits, run, len(self.members)) for run in gates]

    @property
    def has_matrix(self) -> bool:
        """Whether weight runs are small enough to be multiplied out."""
        return self.n_qubits <= MATRIX_QUBITS

    def _as_matrix(self, run: GateRun) -> bool:
        return self.has_matrix and not run.data

    def prepare(self, weights: Tensor) -> list[Tensor]:
        """The matrix, (component, copy, D, D), of each weight run that is multiplied out."""
        return [run.matrix(weights, self.real) for run in self.runs if self._as_matrix(run)]

    def evaluate(self, matrices: Iterator[Tensor], weights: Tensor, encoded: Tensor) -> Tensor:
        """(copy, sample, component·qubit) ⟨Z⟩ of this group's qubits."""
        state = self.encoding.compute(encoded, self.real).unsqueeze(0)
        for run in self.runs:
            if not self._as_matrix(run):
                state = run.apply(encoded if run.data else weights, state, self.real)
                continue
            part = next(matrices)
            if len(state) == 1:  # no copy yet: all copies' matrices as one tall one
                state = (
                    (part.flatten(1, 2) @ state[0]).unflatten(1, part.shape[1:3]).transpose(0, 1)
                )
            else:
                state = part.transpose(0, 1) @ state
        probabilities = state.square() if self.real else state.real.square() + state.imag.square()
        z = self._read_out(probabilities)
        return z.permute(0, 3, 1, 2).flatten(-2).expand(len(weights), len(encoded), -1)

    def _read_out(self, probabilities: Tensor) -> Tensor:
        """⟨Z⟩ of each qubit, (copy, component, qubit, sample), of (…, amplitude, sample)."""
        if self.n_qubits <= SIGNS_QUBITS:
            return self.constants.get("signs", probabilities) @ probabilities
        z = []
        for _ in range(self.n_qubits):  # the first qubit left is read, then summed over
            zero, one = probabilities.unflatten(-2, (2, -1)).unbind(-3)
            z.append((zero - one).sum(-2))
            probabilities = zero + one
        return torch.stack(z, dim=-2)

    # -- cost -----------------------------------------------------------------------------------

    def _rows(self, run: GateRun, n_samples: int) -> int:
        """Rows that a run's gates multiply: basis states of its matrix, or samples."""
        return 2**self.n_qubits if self._as_matrix(run) else n_samples

    def calls(self, n_copies: int, n_samples: int) -> int:
        """Whatever their number."""
        return self.n_calls

    def add_flops(
        self, traffic: Traffic, placed: Partition | None, n_copies: int, n_samples: int
    ) -> None:
        size = 2**self.n_qubits
        factor = 1 if self.real else 4
        for member in self.members:
            homes = [placed.qpu_of[q] if placed else None for q in member.qubits]
            for k in self.prefix:
                traffic.add(8 * factor * n_samples, {homes[member.operations[k].qubits[0]]})
            joint = 2.0 * size * n_samples  # the product state, then the read-out
            joint += (2.0 * factor + 2.0 * self.n_qubits) * size * n_samples * n_copies
            for run, indices in zip(self.runs, self.run_members, strict=True):
                rows = self._rows(run, n_samples)
                if rows != n_samples:
                    joint += 2.0 * factor * size * size * n_samples * n_copies
                for k in indices:
                    op = member.operations[k]
                    each = 1 if op.name in PERMUTATIONS else 2 * factor * 2 ** len(op.qubits)
                    where = {homes[q] for q in op.qubits}
                    traffic.add(float(each) * size * rows * n_copies, where)
            traffic.add(joint, set(homes))

    def _numbers(self, n_copies: int) -> int:
        """Of one sample's states, or of one column of the matrices."""
        return 2**self.n_qubits * len(self.members) * n_copies * (1 if self.real else 2)

    def largest(self, n_copies: int, n_samples: int) -> float:
        rows = [n_samples, *(self._rows(run, n_samples) for run in self.runs)]
        return float(self._numbers(n_copies) * max(rows))

    def size(self, n_copies: int, n_samples: int) -> float:
        """Every layer's states, kept for the backward pass."""
        passing = 6 if self.real else 14  # copies that come and go, more where torch conjugates
        held = passing * n_samples + sum(
            run.n_steps * self._rows(run, n_samples) for run in self.runs
        )
        return float(self._numbers(n_copies) * held)

    @property
    def n_calls(self) -> int:
        return 20 + sum(12 + 2 * run.n_steps for run in self.runs)


def _split_prefix(operations: Sequence[Operation], n_qubits: int) -> tuple[list[int], list[int]]:
    """One-qubit gates that act on |0⟩ before anything else and need no weight; and the rest."""
    closed = [False] * n_qubits
    prefix, rest = [], []
    for k, op in enumerate(operations):
        free = not any(closed[q] for q in op.qubits)
        if free and len(op.qubits) == 1 and not isinstance(op.angle, WeightSlot):
            prefix.append(k)
        else:
            rest.append(k)
            for q in op.qubits:
                closed[q] = True
    return prefix, rest


def _runs(operations: Sequence[Operation], order: Sequence[int]) -> list[list[int]]:
    """Maximal runs that read only weights, or only inputs; fixed gates join the run before them."""
    runs: list[list[int]] = []
    kind: bool | None = None
    for k in order:
        op = operations[k]
        slot = isinstance(op.angle, InputSlot | WeightSlot)
        if not runs or (slot and kind is not None and is_data(op) != kind):
            runs.append([])
            kind = None
        runs[-1].append(k)
        if slot:
            kind = is_data(op)
    return runs
