"""A picture of a placed circuit: blocks, cut gates, packets and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..circuit.drawing import draw_circuit
from ..circuit.drawing_layout import Columns
from ..circuit.drawing_marks import Arrival, Marks, Thread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .placed import Partition

__all__ = ["draw_packets", "packet_marks"]


def draw_packets(
    placed: Partition,
    *,
    max_columns: Columns = "auto",
    title: str | None = None,
    by_block: bool = True,
) -> Figure:
    """The circuit with a band for each block, cut gates in one colour and packets numbered.

    Gates with the same number use the same copy of a qubit: one e-bit, on each link that it takes.
    A thin line along the qubit's wire shows how long the copy lives. A gate with two numbers is
    done on a third QPU, between copies of both its qubits. Packets are numbered from 1 in the order
    of `placed.packets`. A wedge is where a qubit moves to another QPU, and its wire goes on in that
    QPU's colour.

    `max_columns`, `title` and `by_block`: as in `Circuit.draw`. Raises `CircuitError` where the
    picture would be too large.
    """
    return draw_circuit(
        placed.circuit,
        placed.blocks,
        max_columns=max_columns,
        title=title,
        by_block=by_block,
        marks=packet_marks(placed),
    )


def packet_marks(placed: Partition) -> Marks:
    """The cut gates, packets and moves as marks in the circuit's picture."""
    threads = tuple(
        Thread(packet.root, packet.operations, packet.start, packet.end)
        for packet in placed.packets
    )
    arrivals = tuple(Arrival(move.qubit, move.operation, move.qpu) for move in placed.moves)
    return Marks(frozenset(placed.cut_operations), threads, arrivals)
