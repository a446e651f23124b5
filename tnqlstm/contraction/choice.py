"""The ways of computing, and which of them are worth planning for a circuit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from ..circuit import Circuit
from ..distribution import Partition
from ..errors import MemoryBudgetError
from .cones import CausalOrder
from .cost import NOMINAL_BATCH, Cost, readable_bytes
from .dense import DenseEvaluator
from .networks import ConesEvaluator, GeneratingEvaluator, NotWorthwhile

__all__ = ["METHODS", "Evaluator", "candidates"]

SMALL_QUBITS = 8  # up to here states win by their few calls; networks aren't searched
WORTH_NETWORKS = 5.0  # seconds by states of what is computed once, below which that's it
EXPENSIVE_CONE = 1e7  # flops of a cone and nominal batch; above, one network for all is tried too
LARGE_CONE = 300  # gates
MOST_COUNTED = 64  # cones whose gates are counted
MOST_GATES = 20_000  # of all large cones together; with more, one network for all is tried first,
# and with twice as many the cones, of which each takes about a millisecond a gate, aren't
LONG = 20.0  # seconds of a sample in slices, which nobody waits for who hasn't asked for it
FAST = 0.5  # seconds of a step with which so many cones aren't planned


class Evaluator(Protocol):
    """A way of computing ⟨Z⟩: prepare what depends on weights only, then evaluate a batch."""

    method: str

    def prepare(self, weights: Tensor) -> tuple[Tensor, ...]: ...
    def evaluate(self, prepared: Sequence[Tensor], weights: Tensor, inputs: Tensor) -> Tensor: ...
    def cost(self, placed: Partition, n_copies: int, n_samples: int) -> Cost: ...


METHODS: dict[str, type[Any]] = {
    "dense": DenseEvaluator,
    "cones": ConesEvaluator,
    "generating": GeneratingEvaluator,
}
Found = list[tuple[Evaluator, Cost]]


def candidates(
    circuit: Circuit, placed: Partition, observed: Sequence[int], budget: float
) -> Found:
    """The ways that are worth planning and fit, each with its cost for a nominal batch.

    Raises `MemoryBudgetError` where none does.
    """
    found: Found = []
    errors: dict[str, MemoryBudgetError] = {}

    def plan(way: type[Any]) -> None:
        fastest = min((cost.seconds for _, cost in found), default=math.inf)
        try:
            evaluator = way(circuit, observed, budget, fastest)
            least = evaluator.cost(placed, 1, 1)
            if least.bytes > budget:
                needed = least.bytes
                raise MemoryBudgetError(f"{way.method} needs {readable_bytes(needed)}.", needed)
            if getattr(evaluator, "slices", []) and least.seconds > LONG:
                raise MemoryBudgetError(
                    f"{way.method} takes about {least.seconds:.3g} s a sample in slices.",
                    evaluator.whole_bytes,
                )
        except NotWorthwhile:
            pass  # there is another way, found before
        except MemoryBudgetError as error:
            errors[way.method] = error
        else:
            found.append((evaluator, evaluator.cost(placed, 1, NOMINAL_BATCH)))

    plan(DenseEvaluator)
    by_states = found[0][1].seconds if found else math.inf
    if max(map(len, circuit.components())) <= SMALL_QUBITS and found:
        return found
    fixed = all(isinstance(op.angle, float | None) for op in circuit.operations)
    if fixed and by_states < WORTH_NETWORKS:
        return found
    n_gates = _gates_of_large_cones(circuit, observed)
    if n_gates > MOST_GATES:
        plan(GeneratingEvaluator)
        if n_gates <= 2 * MOST_GATES and all(cost.seconds > FAST for _, cost in found):
            plan(ConesEvaluator)
    else:
        plan(ConesEvaluator)
        if all(cost.flops / len(observed) >= EXPENSIVE_CONE for _, cost in found):
            plan(GeneratingEvaluator)
    if not found:
        raise _nothing_fits(errors, budget)
    return found


def _gates_of_large_cones(circuit: Circuit, observed: Sequence[int]) -> float:
    """Gates of the cones that are large, together, as some of the cones tell."""
    causal, qubits = CausalOrder(circuit), list(dict.fromkeys(observed))
    some = qubits[:: -(-len(qubits) // MOST_COUNTED)]
    sizes = (len(causal.cone([qubit])) for qubit in some)
    return sum(size for size in sizes if size > LARGE_CONE) * len(qubits) / len(some)


def _nothing_fits(errors: dict[str, MemoryBudgetError], budget: float) -> MemoryBudgetError:
    """The error of all ways together, with the least bytes that any of them needs."""
    needs = ", ".join(f"{way} {readable_bytes(error.needed)}" for way, error in errors.items())
    networks = {way: error.needed for way, error in errors.items() if way != "dense"}
    way = min(networks, key=networks.__getitem__)
    return MemoryBudgetError(
        f"no way of computing one sample fits into {readable_bytes(budget)}: by the paths that "
        f"were found they need {needs}. Raise max_memory to {readable_bytes(networks[way])} (for "
        f"{way}), read fewer qubits (observables=), or use fewer layers, fewer gates between "
        "distant qubits or smaller blocks. A way that is named (method=) goes in slices, however "
        "long they take.",
        networks[way],
    )
