"""A partition in words and as data."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .network import QPU

if TYPE_CHECKING:
    from .placed import Partition

__all__ = ["PairTraffic", "link_traffic", "pair_traffic", "qubit_ranges", "report", "summary"]


@dataclass(frozen=True)
class PairTraffic:
    """What passes between two QPUs: `n_ebits` are end to end, without hops."""

    a: QPU
    b: QPU
    hops: int
    n_cut_gates: int
    n_ebits: int


def pair_traffic(placed: Partition) -> tuple[PairTraffic, ...]:
    """The traffic of each pair of QPUs with cut gates between them, in the network's order."""
    gates: dict[tuple[int, int], int] = {}
    for index in placed.cut_operations:
        a, b = sorted(placed.assignment[q] for q in placed.circuit.operations[index].qubits)
        gates[a, b] = gates.get((a, b), 0) + 1
    ebits = dict.fromkeys(gates, 0)
    for packet in placed.packets:
        a, b = sorted((packet.source, packet.target))
        ebits[a, b] += packet.n_ebits
    qpus, hops = placed.network.qpus, placed.network.hop_matrix
    return tuple(
        PairTraffic(qpus[a], qpus[b], int(hops[a, b]), gates[a, b], ebits[a, b])
        for a, b in sorted(gates)
    )


def link_traffic(placed: Partition) -> dict[tuple[QPU, QPU], int]:
    """Cut gates that cross each link of the network, each routed over one shortest path.

    Every link is a key, in the order of the graph's edges. The values add up to `placed.n_hops`.
    """
    crossing: dict[tuple[QPU, QPU], int] = dict.fromkeys(placed.network.graph.edges, 0)
    for pair in pair_traffic(placed):
        for a, b in pairwise(placed.network.route(pair.a, pair.b)):
            crossing[(a, b) if (a, b) in crossing else (b, a)] += pair.n_cut_gates
    return crossing


def qubit_ranges(qubits: Iterable[int]) -> str:
    """Sorted qubits with runs shortened: "0-7, 9, 12-13"; "none" where there are none."""
    spans: list[list[int]] = []
    for qubit in sorted(qubits):
        if spans and qubit == spans[-1][1] + 1:
            spans[-1][1] = qubit
        else:
            spans.append([qubit, qubit])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans) or "none"


def report(placed: Partition) -> str:
    """Blocks, cut gates by pair of QPUs, and totals, in lines of text."""
    blocks = placed.blocks
    used = sum(bool(qubits) for qubits in blocks.values())
    n_gates = len(placed.circuit.two_qubit_operations)
    title = (
        f"{_count(placed.circuit.n_qubits, 'qubit')} on {used} of {_count(len(blocks), 'QPU')}, "
        f"{placed.n_cut_gates} of {_count(n_gates, 'two-qubit gate')} cut"
    )
    rows = [
        [str(qpu), f"{len(qubits)}/{placed.network.capacity(qpu)}", qubit_ranges(qubits)]
        for qpu, qubits in blocks.items()
    ]
    lines = [title, "", *_table(["QPU", "used", "qubits"], rows)]
    traffic = pair_traffic(placed)
    if traffic:
        pairs = [
            [f"{pair.a} - {pair.b}", str(pair.hops), str(pair.n_cut_gates), str(pair.n_ebits)]
            for pair in traffic
        ]
        lines += ["", *_table(["between", "hops", "cut gates", "e-bits"], pairs)]
    return "\n".join([*lines, "", *_totals(placed)])


def _totals(placed: Partition) -> list[str]:
    ebits = f"e-bits            {placed.n_ebits}"
    if placed.n_end_to_end_ebits != placed.n_ebits:
        ebits += f" on links, {placed.n_end_to_end_ebits} end to end"
    shots = f"shots             × {_power_of_ten(placed.log_sampling_overhead)}"
    return [
        f"cut gates         {placed.n_cut_gates}, over {_count(placed.n_hops, 'hop')}",
        ebits,
        f"log2 cut bond     {placed.log2_cut_bond:g}",
        f"{shots} if every cut gate were replaced by sampled local ones",
    ]


def summary(placed: Partition) -> dict[str, Any]:
    """The figures of `report` as data that `json.dumps` takes; QPU names become strings.

    `sampling_overhead` is None where it is past the range of a float; its logarithm never is.
    """
    overhead = placed.sampling_overhead
    return {
        "n_qubits": placed.circuit.n_qubits,
        "n_two_qubit_gates": len(placed.circuit.two_qubit_operations),
        "qpus": [
            {
                "name": str(qpu),
                "capacity": placed.network.capacity(qpu),
                "qubits": list(qubits),
            }
            for qpu, qubits in placed.blocks.items()
        ],
        "pairs": [
            {
                "qpus": [str(pair.a), str(pair.b)],
                "hops": pair.hops,
                "n_cut_gates": pair.n_cut_gates,
                "n_ebits": pair.n_ebits,
            }
            for pair in pair_traffic(placed)
        ],
        "links": [
            {"qpus": [str(a), str(b)], "n_cut_gates": n}
            for (a, b), n in link_traffic(placed).items()
        ],
        "cut_operations": list(placed.cut_operations),
        "n_cut_gates": placed.n_cut_gates,
        "n_hops": placed.n_hops,
        "n_ebits": placed.n_ebits,
        "n_end_to_end_ebits": placed.n_end_to_end_ebits,
        "log2_cut_bond": placed.log2_cut_bond,
        "log_sampling_overhead": placed.log_sampling_overhead,
        "sampling_overhead": overhead if math.isfinite(overhead) else None,
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _power_of_ten(log: float) -> str:
    """exp(log) with 3 digits, also where it is past the range of a float."""
    if log < math.log(1e5):
        return f"{math.exp(log):.5g}"
    exponent = math.floor(log / math.log(10))
    return f"{math.exp(log - exponent * math.log(10)):.2f}e{exponent}"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
