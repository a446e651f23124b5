"""What a placement costs: one entry of `COSTS` for each meaning of "cost".

Where a pair's gates cost the same whatever the other pairs do ("gates", "bonds", "shots") a cost is
Σ weight(i, j) · hops(i, j) over pairs of qubits, exactly, for each link of a route takes its share.
"gates" and "bonds" add up gate by gate, for each leaves a bond of its own in the tensor network;
"shots" block by block, for a block of gates on one pair is cut as one (see `gate_blocks`). Packed
e-bits aren't such a sum (see `packing`); their pair weights, the e-bits that each pair would take
alone, only guide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from ..circuit import Circuit, Operation
from .cuts import gate_cut
from .gate_blocks import GateBlock, gate_blocks
from .packing import cover_places
from .runs import run_graph

__all__ = ["COSTS", "Cost", "log2_cut_bond", "log_sampling_overhead"]

Pair = tuple[int, int]
Parted = Mapping[int, Collection[int]]
Terms = list[tuple[int, float]]


@dataclass(frozen=True)
class Cost:
    """One meaning of "cost".

    meaning
        In words, for help texts and errors.
    terms
        (operation, cost) of each gate or block, if it's cut, between neighbouring QPUs, by the
        index of its (first) operation; None where pairs share their cost. Takes the circuit and
        the qubits that move before each operation.
    """

    meaning: str
    terms: Callable[[Circuit, Parted], Terms] | None

    def pair_weights(self, circuit: Circuit) -> dict[Pair, float]:
        """Weight of each pair of qubits (i < j) with two-qubit gates between them."""
        weights: dict[Pair, float] = {}
        if self.terms is not None:
            for index, cost in self.terms(circuit, {}):
                a, b = sorted(circuit.operations[index].qubits)
                weights[a, b] = weights.get((a, b), 0.0) + cost
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


def _gate_by_gate(weigh: Callable[[Operation], float]) -> Callable[[Circuit, Parted], Terms]:
    def terms(circuit: Circuit, _: Parted) -> Terms:
        return [(i, weigh(op)) for i, op in enumerate(circuit.operations) if len(op.qubits) == 2]

    return terms


def _block_by_block(circuit: Circuit, parted: Parted) -> Terms:
    blocks = gate_blocks(circuit.operations, parted)
    return [(block.operations[0], 2 * math.log(block.gamma)) for block in blocks]


COSTS: dict[str, Cost] = {
    "gates": Cost("cut gates × hops", _gate_by_gate(lambda operation: 1.0)),
    "ebits": Cost("packed e-bits × hops", None),
    "bonds": Cost(
        "log2 of the operator-Schmidt rank of each cut gate × hops",
        _gate_by_gate(lambda operation: math.log2(gate_cut(operation).schmidt_rank)),
    ),
    "shots": Cost(
        "2 ln γ of each cut block of gates × hops, γ at the worst angle where a slot gives it",
        _block_by_block,
    ),
}


def log2_cut_bond(operations: Iterable[Operation]) -> float:
    """log2 of the product of the operations' Schmidt ranks: the cut bonds' joint dimension."""
    return sum(math.log2(gate_cut(operation).schmidt_rank) for operation in operations)


def log_sampling_overhead(blocks: Iterable[GateBlock]) -> float:
    """ln of the factor Π γ² on the number of shots when the blocks are cut one by one.

    Cutting several blocks jointly can cost less (Schmitt, Piveteau, Sutter, arXiv 2312.11638).
    """
    return sum(2 * math.log(block.gamma) for block in blocks)
