"""What a placement costs: one entry of `COSTS` for each meaning of "cost".

Each cost is a sum over the cut gates, or over packets of them, weighted by the hops between the two
QPUs, since each link of a route takes its share. Where gates add up one by one ("gates", "bonds",
"shots") it is Σ weight(i, j) · hops(i, j) over pairs of qubits, exactly; packed e-bits aren't such
a sum, and their pair weights, the e-bits that each pair would take alone, are an upper bound of it.

An assignment is the index of each qubit's QPU in `network.qpus`, shape (n_qubits,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..circuit import Circuit, Operation
from .cuts import gate_cut
from .network import QPUNetwork
from .packing import Packet, pack, run_graph

__all__ = [
    "COSTS",
    "Cost",
    "cut_operations",
    "log2_cut_bond",
    "log_sampling_overhead",
    "packets",
    "total_cost",
]

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
            for packet in pack(run_graph(circuit), range(circuit.n_qubits)):
                pair = (min(packet.source, packet.target), max(packet.source, packet.target))
                weights[pair] = weights.get(pair, 0.0) + packet.n_ebits
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


def total_cost(
    cost: Cost, circuit: Circuit, network: QPUNetwork, assignment: Sequence[int]
) -> float:
    """The hop-weighted cost of an assignment: what `partition` makes small."""
    hops = network.hop_matrix
    if cost.gate_weight is None:
        return float(
            sum(p.n_ebits * hops[p.source, p.target] for p in packets(circuit, assignment))
        )
    total = 0.0
    for index in cut_operations(circuit, assignment):
        operation = circuit.operations[index]
        a, b = (assignment[q] for q in operation.qubits)
        total += cost.gate_weight(operation) * float(hops[a, b])
    return total


def cut_operations(circuit: Circuit, assignment: Sequence[int]) -> tuple[int, ...]:
    """Indices, into `circuit.operations`, of the gates whose qubits lie on different QPUs."""
    return tuple(
        index
        for index, operation in enumerate(circuit.operations)
        if len({assignment[q] for q in operation.qubits}) > 1
    )


def packets(circuit: Circuit, assignment: Sequence[int]) -> tuple[Packet, ...]:
    """The packets that serve the cut gates, the fewest for this assignment (see `packing`)."""
    return pack(run_graph(circuit), assignment)


def log2_cut_bond(operations: Iterable[Operation]) -> float:
    """log2 of the product of the operations' Schmidt ranks: the cut bonds' joint dimension."""
    return sum(math.log2(gate_cut(operation).schmidt_rank) for operation in operations)


def log_sampling_overhead(operations: Iterable[Operation]) -> float:
    """ln of the factor Π γ² on the number of shots when the operations are cut one by one.

    Cutting several gates jointly can cost less (Schmitt, Piveteau, Sutter, arXiv 2312.11638).
    """
    return sum(2 * math.log(gate_cut(operation).gamma) for operation in operations)
