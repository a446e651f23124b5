"""Packings made to do with the communication qubits that there are, for some e-bits more.

Chains of runs, trees of copies and gates on a third QPU save e-bits and want several copies on one
QPU at once. Where a protocol finds too few communication qubits for an operation, the packing is
eased around it: a gate on a third QPU goes to one of its qubits, and the runs that meet there make
each copy anew, on its own route. In the end every gate is done with one copy, which needs one
communication qubit at either end and two in between (see `QPUNetwork.copy_route`): what can't be
done so can't be done by packing otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..circuit import Operation
from ..errors import PartitionError
from .packing import Packing
from .protocol import Protocol
from .protocol_builder import CommunicationError, protocol

if TYPE_CHECKING:
    from .placed import Partition

__all__ = ["fitted", "lacking"]

MOST_EASED = 40  # operations one after another; then everything is eased at once


def fitted(
    operations: Sequence[Operation], packing: Packing, assignment: Sequence[int]
) -> tuple[Packing, Protocol | None, PartitionError | None]:
    """The packing, eased where that's needed, and its protocol; the last error where none helps."""
    for attempt in range(MOST_EASED + 2):
        try:
            return packing, protocol(operations, packing, assignment), None
        except CommunicationError as error:
            eased = _eased(packing, error.operation if attempt < MOST_EASED else None)
            if eased == packing:
                return packing, None, error
            packing = eased
    raise AssertionError("a packing that is eased everywhere can't be eased once more")


def _eased(packing: Packing, operation: int | None) -> Packing:
    """The packing with less at once at an operation, or everywhere."""
    graph, places = packing.graph, list(packing.places)
    alone = set(packing.alone)
    for number, edge in enumerate(graph.edges):
        if operation is None or operation in edge.operations:
            alone |= {edge.first, edge.second}
            homes = [packing.homes[edge.first], packing.homes[edge.second]]
            if places[number] not in homes:
                places[number] = homes[0]
            for index, run in enumerate(graph.runs):
                if any(between == number for between, _ in run.between):
                    alone.add(index)
    return replace(packing, places=tuple(places), alone=frozenset(alone))


def lacking(placed: Partition) -> str:
    """What a placement needs beyond the communication qubits that there are, as a message.

    They are raised one by one where the protocol finds too few, until it finds enough.
    """
    network = placed.network
    limits = list(network.communication_qubits)
    while (error := placed.error) is not None:
        assert isinstance(error, CommunicationError)
        limits[error.qpu] = error.limit + 1
        graph = network.graph.copy()
        for qpu, limit in zip(network.qpus, limits, strict=True):
            graph.nodes[qpu]["communication_qubits"] = limit
        placed = replace(placed, network=type(network).from_networkx(graph))
    raised = [
        f"{qpu} {more} (it has {few})"
        for qpu, few, more in zip(network.qpus, network.communication_qubits, limits, strict=True)
        if few != more
    ]
    return (
        "no placement was found that does with the communication qubits that there are. Give "
        f"{', '.join(raised)}, and one of {placed.n_ebits} e-bits does; or give fewer QPUs more "
        "qubits."
    )
