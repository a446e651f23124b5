"""A partition in words and as data."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..shown import markdown_table
from .costs import COSTS
from .traffic import link_traffic, pair_traffic

if TYPE_CHECKING:
    from .packing import Packet
    from .placed import Partition

__all__ = [
    "FORMAT",
    "VERSION",
    "markdown",
    "power_of_ten",
    "qubit_ranges",
    "report",
    "summary",
    "text_table",
]

FORMAT, VERSION = "tnqlstm partition", 1
MOST_ROWS = 40  # of QPUs in a table for Jupyter
_SHOTS = "γ² multiplies the number of shots if every cut block is replaced by sampled local gates."


def report(placed: Partition) -> str:
    """Blocks, moves, traffic by pair of QPUs and by link, and totals, in lines of text."""
    parts = [_blocks(placed), _moves(placed), *_traffic(placed), _totals(placed), _use(placed)]
    return "\n\n".join([_title(placed), *("\n".join(lines) for lines in parts if lines)])


def _title(placed: Partition) -> str:
    used = sum(bool(qubits) for qubits in placed.blocks.values())
    n_gates = len(placed.circuit.two_qubit_operations)
    return (
        f"{_count(placed.circuit.n_qubits, 'qubit')} on {used} of "
        f"{_count(len(placed.network.qpus), 'QPU')}, "
        f"{placed.n_cut_gates} of {_count(n_gates, 'two-qubit gate')} cut"
    )


def markdown(placed: Partition) -> str:
    """The blocks, and what is cut, as two tables in Markdown."""
    network = placed.network
    blocks = [
        [str(qpu), f"{len(qubits)}/{network.capacity(qpu)}", qubit_ranges(qubits)]
        for qpu, qubits in placed.blocks.items()
    ]
    hidden = [["…", "", f"{len(blocks) - MOST_ROWS} more"]] if len(blocks) > MOST_ROWS else []
    costs: list[list[object]] = [["cut gates", placed.n_cut_gates, placed.n_hops]]
    if placed.error is None:
        costs.append(["e-bits", placed.n_end_to_end_ebits, placed.n_ebits])
    costs += [
        ["log2 cut bond", f"{placed.log2_cut_bond:g}", f"{placed.cost('bonds'):g}"],
        ["γ²", power_of_ten(placed.log_sampling_overhead), power_of_ten(placed.cost("shots"))],
    ]
    parts = [
        _title(placed),
        markdown_table(["QPU", "data", "qubits"], blocks[:MOST_ROWS] + hidden),
        markdown_table(["cost", "end to end", "over links"], costs),
        "" if placed.error is None else f"{placed.error}",
    ]
    return "\n\n".join(part for part in parts if part)


def _blocks(placed: Partition) -> list[str]:
    network = placed.network
    rows = [
        [
            str(qpu),
            f"{len(qubits)}/{network.capacity(qpu)}",
            f"{used}" if limit is None else f"{used}/{limit}",
            qubit_ranges(qubits),
        ]
        for (qpu, qubits), used, limit in zip(
            placed.blocks.items(),
            placed.protocol.communication_qubits,
            network.communication_qubits,
            strict=True,
        )
    ]
    last = "qubits, at first" if placed.moves else "qubits"
    return text_table(["QPU", "data", "communication", last], rows)


def _moves(placed: Partition) -> list[str]:
    stops: dict[int, list[str]] = {}
    for move in placed.moves:
        here = stops.setdefault(move.qubit, [str(placed.qpu_of[move.qubit])])
        here.append(f"{move.qpu} ({move.operation})")
    rows = [[str(qubit), " → ".join(stops[qubit])] for qubit in sorted(stops)]
    return text_table(["qubit", "moves (before operation)"], rows) if rows else []


def _traffic(placed: Partition) -> list[list[str]]:
    pairs = [
        [f"{pair.a} - {pair.b}", str(pair.hops), str(pair.n_cut_gates), str(pair.n_ebits)]
        for pair in pair_traffic(placed)
    ]
    if not pairs:
        return []
    links = [
        [f"{a} - {b}", str(each.n_cut_gates), str(each.n_ebits)]
        for (a, b), each in link_traffic(placed).items()
    ]
    return [
        text_table(["between", "hops", "cut gates", "e-bits"], pairs),
        text_table(["link", "cut gates", "e-bits"], links),
    ]


def _totals(placed: Partition) -> list[str]:
    between, by_hops = placed.log_sampling_overhead, placed.cost("shots")
    rows = [
        ["cut gates", str(placed.n_cut_gates), str(placed.n_hops)],
        ["e-bits", str(placed.n_end_to_end_ebits), str(placed.n_ebits)],
        ["log2 cut bond", f"{placed.log2_cut_bond:g}", f"{placed.cost('bonds'):g}"],
        ["γ", power_of_ten(between / 2), power_of_ten(by_hops / 2)],
        ["γ²", power_of_ten(between), power_of_ten(by_hops)],
    ]
    return [*text_table(["total", "end to end", "over links"], rows), _SHOTS]


def _use(placed: Partition) -> list[str]:
    """How the e-bits are used: copies, what they serve, what kind of packing did it, and when."""
    schedule, packets = placed.schedule(), placed.packets
    rows = [["schedule", f"{_count(schedule.depth, 'layer')}, {schedule.seconds * 1e6:.4g} µs"]]
    if schedule.ebit_depth:
        rows[0][1] += f", {_count(schedule.ebit_depth, 'e-bit')} one after another"
    if packets:
        served = {operation for packet in packets for operation in packet.operations}
        most = max(len(packet.operations) for packet in packets)
        rows += [["packets", f"{len(packets)} for {_count(len(served), 'gate')}, at most {most}"]]
    if n_embedded := _n_embedded(placed):
        rows += [["embedding", f"{_count(n_embedded, 'packet')} past embedded gates"]]
    if n_elsewhere := _n_elsewhere(placed):
        rows += [["third QPU", f"{_count(n_elsewhere, 'gate')} done where neither qubit is"]]
    if placed.moves:
        n_takeovers = sum(packet.takes_over for packet in packets)
        rows += [["moves", f"{len(placed.moves)}, {n_takeovers} by a copy that takes over"]]
    if (n_again := placed.n_ebits - placed.packing.n_ebits) > 0:
        rows += [["again", f"{_count(n_again, 'e-bit')} for want of communication qubits"]]
    first, *others = rows
    return text_table(first, others)


def _n_embedded(placed: Partition) -> int:
    """Packets that serve several runs of their root: what parts the runs is embedded."""
    graph = placed.packing.graph
    run_at = {
        (operation, graph.runs[run].qubit): run
        for edge in graph.edges
        for run in (edge.first, edge.second)
        for operation in edge.operations
    }
    return sum(
        len({run_at[operation, packet.root] for operation in packet.operations}) > 1
        for packet in placed.packets
        if packet.root is not None
    )


def _n_elsewhere(placed: Partition) -> int:
    """Gates that need a copy of both their qubits: they're done on a third QPU."""
    copies = Counter(operation for packet in placed.packets for operation in packet.operations)
    return sum(number > 1 for number in copies.values())


def summary(placed: Partition) -> dict[str, Any]:
    """The figures of `report` as data that `json.dumps` takes; QPU names become strings.

    Operations are indices into `circuit.operations`. "costs" are those of `COSTS`, over links:
    what `partition` makes small. "gamma" and "sampling_overhead" (γ²) are None where they are past
    the range of a float; logarithms never are.
    """
    n_qubits, n_gates = placed.circuit.n_qubits, len(placed.circuit.two_qubit_operations)
    log_overhead, schedule = placed.log_sampling_overhead, placed.schedule()
    return {
        "format": FORMAT,
        "version": VERSION,
        "n_qubits": n_qubits,
        "n_two_qubit_gates": n_gates,
        "qpus": [
            {
                "name": str(qpu),
                "capacity": placed.network.capacity(qpu),
                "qubits": list(qubits),
                "communication_qubits": placed.network.communication_capacity(qpu),
                "communication_qubits_used": used,
            }
            for (qpu, qubits), used in zip(
                placed.blocks.items(), placed.protocol.communication_qubits, strict=True
            )
        ],
        "moves": [
            {"qubit": move.qubit, "operation": move.operation, "qpu": str(move.qpu)}
            for move in placed.moves
        ],
        **_traffic_data(placed),
        "packets": [_packet_data(packet, placed.network.qpus) for packet in placed.packets],
        "cut_operations": list(placed.cut_operations),
        "n_cut_gates": placed.n_cut_gates,
        "n_hops": placed.n_hops,
        "n_ebits": placed.n_ebits,
        "n_end_to_end_ebits": placed.n_end_to_end_ebits,
        "log2_cut_bond": placed.log2_cut_bond,
        "log_sampling_overhead": log_overhead,
        "sampling_overhead": _finite(placed.sampling_overhead),
        "gamma": _finite(_exponential(log_overhead / 2)),
        "schedule": {
            "depth": schedule.depth,
            "ebit_depth": schedule.ebit_depth,
            "seconds": schedule.seconds,
        },
        "costs": {name: placed.cost(name) for name in COSTS},
    }


def _traffic_data(placed: Partition) -> dict[str, Any]:
    return {
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
            {"qpus": [str(a), str(b)], "n_cut_gates": each.n_cut_gates, "n_ebits": each.n_ebits}
            for (a, b), each in link_traffic(placed).items()
        ],
    }


def _packet_data(packet: Packet, qpus: Sequence[object]) -> dict[str, Any]:
    return {
        "operations": list(packet.operations),
        "root": packet.root,
        "axis": packet.axis,
        "source": str(qpus[packet.source]),
        "target": str(qpus[packet.target]),
        "links": [[str(qpus[a]), str(qpus[b])] for a, b in packet.links],
        "start": packet.start,
        "end": packet.end,
        "takes_over": packet.takes_over,
    }


def qubit_ranges(qubits: Iterable[int]) -> str:
    """Sorted qubits with runs shortened: "0-7, 9, 12-13"; "none" where there are none."""
    spans: list[list[int]] = []
    for qubit in sorted(qubits):
        if spans and qubit == spans[-1][1] + 1:
            spans[-1][1] = qubit
        else:
            spans.append([qubit, qubit])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans) or "none"


def power_of_ten(log: float) -> str:
    """exp(log) with 5 digits below 1e5, else with 3, also where it is past a float's range."""
    if log < math.log(1e5):
        return f"{math.exp(log):.5g}"
    exponent = math.floor(log / math.log(10))
    return f"{math.exp(log - exponent * math.log(10)):.2f}e{exponent}"


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the cells of each column left-aligned, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _exponential(log: float) -> float:
    return math.exp(log) if log < math.log(sys.float_info.max) else math.inf


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
