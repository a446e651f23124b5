"""What a placement costs: one entry of `COSTS` for each meaning of "cost".

Where gates add up one by one ("gates", "bonds", "shots") a cost is Σ weight(i, j) · hops(i, j) over
pairs of qubits, exactly, since each link of a route takes its share. Packed e-bits aren't such a
sum (see `packing`); their pair weights, the e-bits that each pair would take alone, only guide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..circuit import Circuit, Operation
from .cuts import gate_cut
from .packing import cover_places
from .runs import run_graph

__all__ = ["COSTS", "Cost", "log2_cut_bond", "log_sampling_overhead"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class Cost:
    """One meaning of "cost".

    meaning
        In words, for help texts and errors.
    gate_weight
        Cost of one cut gate between neighbouring QPUs, or None where gates share their cost.
    """

    meaning: str
    gate_weight: Callable[[Operation], float] | None

    def pair_weights(self, circuit: Circuit) -> dict[Pair, float]:
        """Weight of each pair of qubits (i < j) with two-qubit gates between them."""
        weights: dict[Pair, float] = {}
        if self.gate_weight is not None:
            for operation in circuit.two_qubit_operations:
                pair = (min(operation.qubits), max(operation.qubits))
                weights[pair] = weights.get(pair, 0.0) + self.gate_weight(operation)
        else:
            graph = run_graph(circuit)
            qubits = [run.qubit for run in graph.runs]
            ends = [(edge.first, edge.second) for edge in graph.edges]
            copied = {
                (run, place)
                for pair, place in zip(ends, cover_places(graph, qubits), strict=True)
                for run in pair
                if qubits[run] != place
            }
            ebits = [(qubits[run], place, 1) for run, place in copied]
            ebits += [(qubits[a], qubits[b], 2) for _, a, b in graph.loners]
            for a, b, n_ebits in ebits:
                pair = (min(a, b), max(a, b))
                weights[pair] = weights.get(pair, 0.0) + n_ebits
        return weights


COSTS: dict[str, Cost] = {
    "gates": Cost("cut gates × hops", lambda operation: 1.0),
    "ebits": Cost("packed e-bits × hops", None),
    "bonds": Cost(
        "log2 of the operator-Schmidt rank of each cut gate × hops",
        lambda operation: math.log2(gate_cut(operation).schmidt_rank),
    ),
    "shots": Cost(
        "2 ln γ of each cut gate × hops, γ at the worst angle where a slot gives it",
        lambda operation: 2 * math.log(gate_cut(operation).gamma),
    ),
}


def log2_cut_bond(operations: Iterable[Operation]) -> float:
    """log2 of the product of the operations' Schmidt ranks: the cut bonds' joint dimension."""
    return sum(math.log2(gate_cut(operation).schmidt_rank) for operation in operations)


def log_sampling_overhead(operations: Iterable[Operation]) -> float:
    """ln of the factor Π γ² on the number of shots when the operations are cut one by one.

    Cutting several gates jointly can cost less (Schmitt, Piveteau, Sutter, arXiv 2312.11638).
    """
    return sum(2 * math.log(gate_cut(operation).gamma) for operation in operations)
