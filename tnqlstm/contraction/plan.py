"""`ContractionPlan`: everything about a contraction that doesn't depend on values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..arguments import whole
from ..circuit import Circuit, InputSlot, WeightSlot, as_circuit
from ..distribution import Partition, QPUNetwork
from ..errors import CircuitError, MemoryBudgetError, PartitionError, look_up
from ..shown import ShortTuple, Text, counted
from .angles import ConstantBank
from .cache import Cache
from .choice import METHODS, Evaluator, candidates
from .cost import NOMINAL_BATCH, Cost, available_memory, peak_bytes, readable_bytes
from .dense import DenseEvaluator
from .handwritten import Recomputed, apply
from .labelled import CutBond, cut_bonds, to_quimb
from .lowering import Lowering
from .modes import check_precision, is_dispatched, own_precision, untraced
from .networks import ConesEvaluator, GeneratingEvaluator
from .report import describe
from .state_form import StateForm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["METHODS", "ContractionPlan", "Evaluator", "plan_expectations"]

SURELY_FREE = 2**28  # bytes that aren't looked for


@dataclass(eq=False)
class ContractionPlan:
    """How ⟨Z_i⟩ of the observed qubits are computed, made once and run many times.

    `considered` has the cost of each way that was weighed, for one copy and a batch of ten;
    `measured` the bytes that `measure_memory` found, by numbers of copies and samples.
    """

    circuit: Circuit
    placed: Partition
    observables: tuple[int, ...]
    lowering: Lowering
    evaluator: Evaluator
    considered: dict[str, Cost]
    max_memory: int | None = None
    measured: dict[tuple[int, int], int] = field(default_factory=dict, repr=False)
    _costs: Cache[tuple[int, int], Cost] = field(default_factory=Cache, repr=False)

    def __repr__(self) -> str:
        return (
            f"ContractionPlan({self.method}, {counted(self.circuit.n_qubits, 'qubit')}, "
            f"{counted(len(self.observables), 'observable')}, "
            f"{counted(len(self.cut_bonds), 'cut bond')}, {self.flops:.3g} flops a sample)"
        )

    def _repr_markdown_(self) -> str:
        """`describe` as it stands, for Jupyter."""
        return f"```\n{self.describe()}\n```"

    @property
    def method(self) -> str:
        return self.evaluator.method

    @cached_property
    def cut_bonds(self) -> tuple[CutBond, ...]:
        return ShortTuple(cut_bonds(self.placed))

    def cost(self, n_copies: int = 1, n_samples: int = 1) -> Cost:
        """Cost of one evaluation of so many copies and samples."""
        key = (n_copies, n_samples)
        found = self._costs.get(key)
        if found is None:
            found = self._costs.keep(key, self.evaluator.cost(self.placed, n_copies, n_samples))
        return found

    @property
    def flops(self) -> float:
        """Floating-point operations of all values of one sample."""
        return self.cost().flops

    @property
    def log2_peak_size(self) -> float:
        """log2 of the real numbers held at once for the values and gradient of one sample."""
        return self.cost().log2_size

    @property
    def state_form(self) -> StateForm | None:
        """For who strings evaluations of states together; None where there are none.

        It takes the inputs as they are, and `lowering.weights` of the weights.
        """
        if not isinstance(self.evaluator, DenseEvaluator) or not self.lowering.keeps_inputs:
            return None
        return self.evaluator.state_form

    @untraced
    def prepare(self, weights: Tensor) -> tuple[Tensor, ...]:
        """What depends on the weights (copies, n_weights) only, to be reused over time steps.

        Raises `ShapeError` where they aren't float32 or float64.
        """
        check_precision(weights)
        with own_precision(weights):
            return self.evaluator.prepare(self.lowering.weights(weights)) if self._slots else ()

    @untraced
    def evaluate(self, prepared: Sequence[Tensor], weights: Tensor, inputs: Tensor) -> Tensor:
        """⟨Z⟩ of each observed qubit, (copies, batch, n_observables), of inputs (batch, n_inputs).

        Exact and differentiable in weights and inputs. Where the prediction is over `max_memory`
        (by default what's free), the samples go in batches, each computed once more for its
        gradient; where one is too much, `MemoryBudgetError` is raised before anything starts.

        In the precision of the weights, under autocast too.
        """
        with own_precision(weights):
            return self._evaluate(prepared, weights, inputs)

    def _evaluate(self, prepared: Sequence[Tensor], weights: Tensor, inputs: Tensor) -> Tensor:
        weights, inputs = self.lowering.weights(weights), self.lowering.inputs(inputs)
        n_samples = len(inputs)
        if n_samples == 0:
            values = weights.new_zeros(1)
        elif not self._slots:
            values = self._fixed_values.get("values", weights)
        else:  # without inputs it's the same for all samples
            different = inputs if InputSlot in self._slots else inputs[:1]
            values = self._values(prepared, weights, different)
        if not values.requires_grad:  # belong to the graph all the same, with gradients of zero
            values = values + weights[:, :0].sum() + inputs[:, :0].sum()
        shape = (len(weights), n_samples, len(self.observables))
        return values if values.shape == shape else values.expand(shape)

    def _values(self, prepared: Sequence[Tensor], weights: Tensor, inputs: Tensor) -> Tensor:
        """`evaluate` of samples that differ."""
        n_samples = len(inputs)
        size = self.batch_size(len(weights), n_samples)
        if size >= n_samples:
            return self.evaluator.evaluate(prepared, weights, inputs)

        def values(inputs: Tensor, weights: Tensor, *prepared: Tensor) -> tuple[Tensor, ...]:
            return (self.evaluator.evaluate(prepared, weights, inputs),)

        parts = [apply(Recomputed(values), part, weights, *prepared) for part in inputs.split(size)]
        return torch.cat([part for (part,) in parts], dim=1)

    @cached_property
    def _slots(self) -> set[type]:
        """What the lowered circuit's angles read."""
        return {type(op.angle) for op in self.lowering.circuit.operations} & {InputSlot, WeightSlot}

    @cached_property
    def _fixed_values(self) -> ConstantBank:
        """⟨Z⟩ of a circuit without slots, (n_observables,), computed once."""
        self.batch_size(1, 1)  # raises where it doesn't fit

        def values() -> NDArray[np.float64]:
            weights = torch.zeros(1, self.circuit.n_weights, dtype=torch.float64)
            inputs = torch.zeros(1, self.circuit.n_inputs, dtype=torch.float64)
            with torch.no_grad():
                found = self.evaluator.evaluate(self.evaluator.prepare(weights), weights, inputs)
            return found[0, 0].numpy()

        if not (torch._C._are_functorch_transforms_active() or is_dispatched()):
            return ConstantBank({"values": values()})
        # a thread of its own knows of no transform
        with ThreadPoolExecutor(1) as alone:
            return ConstantBank({"values": alone.submit(values).result()})

    def batch_size(self, n_copies: int, n_samples: int) -> int:
        """How many of the samples fit into memory at once, values and gradient.

        Raises `MemoryBudgetError` where not a single one does.
        """
        needed = self.cost(n_copies, n_samples).bytes
        if needed < SURELY_FREE and self.max_memory is None:
            return n_samples
        budget = self.max_memory or available_memory()
        if needed <= budget:
            return n_samples
        least = self.cost(n_copies, 1).bytes
        if least > budget:
            raise MemoryBudgetError(
                f"one sample of {n_copies} VQCs needs {readable_bytes(least)} by way of "
                f"{self.method}, the budget is {readable_bytes(budget)}. Use fewer qubits or "
                "layers, or raise max_memory.",
                least,
            )
        fits, too_many = 1, n_samples
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            if self.cost(n_copies, middle).bytes <= budget:
                fits = middle
            else:
                too_many = middle
        return fits

    def measure_memory(self, n_copies: int = 1, n_samples: int = NOMINAL_BATCH) -> int | None:
        """Bytes that values and gradient of so many copies and samples take, in float64.

        `describe` shows it beside the prediction from then on. Measure in a fresh process: memory
        that was used and freed before isn't counted again. None where the system can't tell.
        """
        weights = torch.zeros(n_copies, self.circuit.n_weights, dtype=torch.float64)
        inputs = torch.zeros(n_samples, self.circuit.n_inputs, dtype=torch.float64)
        weights.requires_grad_()

        def values_and_gradient(inputs: Tensor) -> None:
            self.evaluate(self.prepare(weights), weights, inputs).sum().backward()

        values_and_gradient(inputs[:1])  # what the libraries load at their first use
        found = peak_bytes(lambda: values_and_gradient(inputs))
        if found is not None:
            self.measured[n_copies, n_samples] = found
        return found

    @property
    def n_slices(self) -> int:
        """Parts that are contracted one after another, for a sample to fit; 1 where it does."""
        slices = getattr(self.evaluator, "slices", [])
        return sum(len(parts) for parts in slices) or 1

    def trees(self) -> list[Any]:
        """A `cotengra.ContractionTree` for each kind of network, for its drawings and figures.

        Raises `CircuitError` for the dense way, which has none.
        """
        if not isinstance(self.evaluator, ConesEvaluator | GeneratingEvaluator):
            raise CircuitError(
                'statevectors have no contraction tree. Plan with method="cones" or "generating".'
            )
        return [group.tree() for group in self.evaluator.groups]

    def to_quimb(self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None) -> Any:
        """The labelled network of the state, see `contraction.labelled.to_quimb`."""
        return to_quimb(self.circuit, self.placed, weights, inputs)

    def describe(self) -> str:
        """What was chosen and why, flops, memory, cut bonds, cost in each QPU and across links."""
        return Text(describe(self))


def plan_expectations(
    circuit: Circuit,
    placed: Partition | None = None,
    observables: Iterable[int] | None = None,
    *,
    method: str = "auto",
    max_memory: int | None = None,
) -> ContractionPlan:
    """A plan for ⟨Z_i⟩ of the observed qubits (all by default, in order).

    `circuit`: a `Circuit`, or what `circuit.as_circuit` takes for one, such as Qiskit's.
    `method`: "dense" (statevectors), "cones" (batched light cones), "generating" (one network for
    all values) or "auto", the cheapest by the cost model. `max_memory` in bytes.

    Raises `CircuitError` for observables that aren't qubits, `PartitionError` for another
    circuit's partition, `MemoryBudgetError` where the asked-for way can't be planned.
    """
    circuit = as_circuit(circuit)
    chosen = range(circuit.n_qubits) if observables is None else observables
    observed = tuple(whole("an observable's qubit", qubit, error=CircuitError) for qubit in chosen)
    outside = [q for q in observed if not 0 <= q < circuit.n_qubits]
    if outside or not observed:
        raise CircuitError(
            f"observables must be qubits 0 to {circuit.n_qubits - 1}, at least one; got {observed}."
        )
    if placed is None:
        placed = Partition.from_blocks(
            circuit, QPUNetwork.line(1, qubits=circuit.n_qubits), {"qpu0": range(circuit.n_qubits)}
        )
    elif not isinstance(placed, Partition):
        raise PartitionError(
            f"a Partition wanted as placed, got {type(placed).__name__}. Place the circuit on a "
            "network: placed=partition(circuit, network)."
        )
    elif placed.circuit != circuit:
        raise PartitionError(
            f"the partition is of another: {placed.circuit}. Partition this one: {circuit}."
        )
    if max_memory is not None:
        max_memory = whole("max_memory", max_memory, 1, remedy="It is a number of bytes.")
    budget = float(max_memory or available_memory())
    lowering = Lowering(circuit)
    look_up("method", method, {"auto": None, **METHODS})
    if method != "auto":
        evaluator = METHODS[method](lowering.circuit, observed, budget)
        considered = {method: evaluator.cost(placed, 1, NOMINAL_BATCH)}
        return ContractionPlan(
            circuit, placed, observed, lowering, evaluator, considered, max_memory
        )
    found = candidates(lowering.circuit, placed, observed, budget)
    best, _ = min(found, key=lambda each: each[1].seconds)
    considered = {evaluator.method: cost for evaluator, cost in found}
    return ContractionPlan(circuit, placed, observed, lowering, best, considered, max_memory)
