"""`Partition`: a circuit with each of its qubits placed on a QPU."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..circuit import Circuit, Operation
from ..errors import PartitionError, look_up
from .costs import (
    COSTS,
    cut_operations,
    log2_cut_bond,
    log_sampling_overhead,
    packets,
    total_cost,
)
from .cuts import gate_cut
from .network import QPU, QPUNetwork
from .packing import Packet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Partition", "check_room"]


@dataclass(frozen=True)
class Partition:
    """A placement of a circuit's qubits on a network's QPUs, and what it costs.

    `qpu_of`: the QPU's name for each qubit, shape (n_qubits,). Raises `PartitionError` where its
    length isn't the circuit's number of qubits or a capacity is exceeded, `UnknownNameError` for a
    QPU that the network doesn't have.
    """

    circuit: Circuit
    network: QPUNetwork
    qpu_of: tuple[QPU, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "qpu_of", tuple(self.qpu_of))
        if len(self.qpu_of) != self.circuit.n_qubits:
            raise PartitionError(
                f"qpu_of names a QPU for {len(self.qpu_of)} qubits, the circuit has "
                f"{self.circuit.n_qubits}. Name one for each."
            )
        held = Counter(self.assignment)
        over = [
            f"{qpu} holds {held[i]} qubits, its capacity is {capacity}"
            for i, (qpu, capacity) in enumerate(
                zip(self.network.qpus, self.network.capacities, strict=True)
            )
            if held[i] > capacity
        ]
        if over:
            raise PartitionError(f"{'; '.join(over)}. Move qubits away or raise the capacity.")

    @classmethod
    def from_blocks(
        cls, circuit: Circuit, network: QPUNetwork, blocks: Mapping[QPU, Iterable[int]]
    ) -> Partition:
        """The placement with these blocks, {qpu: qubits}; QPUs that aren't named stay empty.

        Raises `PartitionError` where a qubit is missing, placed twice or not the circuit's, or a
        capacity is exceeded; `UnknownNameError` for an unknown QPU.
        """
        homes: dict[int, list[QPU]] = {}
        for qpu, qubits in blocks.items():
            network.index(qpu)
            for qubit in qubits:
                homes.setdefault(qubit, []).append(qpu)
        n = circuit.n_qubits
        foreign = [q for q in homes if q not in range(n)]
        if foreign:
            raise PartitionError(
                f"blocks name qubits {_listed(foreign)}; the circuit's are 0 to {n - 1}."
            )
        twice = [f"{q} on {' and '.join(map(str, h))}" for q, h in homes.items() if len(h) > 1]
        if twice:
            raise PartitionError(f"qubits in more than one place: {'; '.join(twice)}. Keep one.")
        missing = [q for q in range(n) if q not in homes]
        if missing:
            raise PartitionError(
                f"blocks cover {n - len(missing)} of {n} qubits; unassigned: {_listed(missing)}. "
                "Add them to blocks."
            )
        return cls(circuit, network, tuple(homes[q][0] for q in range(n)))

    @property
    def blocks(self) -> dict[QPU, tuple[int, ...]]:
        """The qubits on each QPU, in the network's order; () where there are none."""
        blocks: dict[QPU, list[int]] = {qpu: [] for qpu in self.network.qpus}
        for qubit, qpu in enumerate(self.qpu_of):
            blocks[qpu].append(qubit)
        return {qpu: tuple(qubits) for qpu, qubits in blocks.items()}

    @cached_property
    def assignment(self) -> tuple[int, ...]:
        """The index of each qubit's QPU in `network.qpus`, shape (n_qubits,)."""
        return tuple(self.network.index(qpu) for qpu in self.qpu_of)

    @cached_property
    def cut_operations(self) -> tuple[int, ...]:
        """Indices, into `circuit.operations`, of the cut gates."""
        return cut_operations(self.circuit, self.assignment)

    @cached_property
    def packets(self) -> tuple[Packet, ...]:
        """The packets that serve the cut gates, the fewest for this placement (see `packing`)."""
        return packets(self.circuit, self.assignment)

    @property
    def n_cut_gates(self) -> int:
        """Number of two-qubit gates whose qubits lie on different QPUs, each counted once."""
        return len(self.cut_operations)

    @cached_property
    def n_hops(self) -> int:
        """Number of links that the cut gates cross: the sum of hops over cut gates."""
        ends = (self.circuit.operations[index].qubits for index in self.cut_operations)
        return sum(self.network.hops(self.qpu_of[a], self.qpu_of[b]) for a, b in ends)

    @cached_property
    def n_ebits(self) -> int:
        """Bell pairs on links: packed e-bits, each counted once for every link on its route."""
        qpus = self.network.qpus
        return sum(
            p.n_ebits * self.network.hops(qpus[p.source], qpus[p.target]) for p in self.packets
        )

    @property
    def n_end_to_end_ebits(self) -> int:
        """Packed e-bits between the QPUs that use them, whatever the route; at most `n_ebits`."""
        return sum(packet.n_ebits for packet in self.packets)

    @property
    def log2_cut_bond(self) -> float:
        """log2 of the cut bonds' joint dimension: the sum of log2 Schmidt ranks, without hops."""
        return log2_cut_bond(self._cut)

    @property
    def log_sampling_overhead(self) -> float:
        """ln of `sampling_overhead`, finite for any number of cut gates."""
        return log_sampling_overhead(self._cut)

    @property
    def sampling_overhead(self) -> float:
        """Factor Π γ² on the number of shots if every cut gate is replaced by local ones.

        The product runs over the cut gates, cut one by one, without hops: 9 for each CX. A slot's
        angle counts at its worst. `inf` past the range of a float, from about 323 cut CX on.
        """
        return math.prod(gate_cut(operation).gamma ** 2 for operation in self._cut)

    def cost(self, name: str) -> float:
        """The cost, by hops, that `partition(cost=name)` makes small. Raises `UnknownNameError`."""
        return total_cost(look_up("cost", name, COSTS), self.circuit, self.network, self.assignment)

    def report(self) -> str:
        """Blocks, cut gates by pair of QPUs, and totals, in lines of text."""
        from .report import report

        return report(self)

    def summary(self) -> dict[str, Any]:
        """The figures of `report` as data that `json.dumps` takes; QPU names become strings."""
        from .report import summary

        return summary(self)

    def draw(self) -> Figure:
        """A picture: QPUs with their qubits, links with the number of cut gates that cross them."""
        return self.network.draw(self)

    @cached_property
    def _cut(self) -> tuple[Operation, ...]:
        return tuple(self.circuit.operations[index] for index in self.cut_operations)


def check_room(n_qubits: int, network: QPUNetwork) -> None:
    """Raise a `PartitionError` that says what is missing where the network is too small."""
    missing = n_qubits - network.n_qubits
    if missing > 0:
        held = ", ".join(
            f"{qpu}: {n}" for qpu, n in zip(network.qpus, network.capacities, strict=True)
        )
        raise PartitionError(
            f"the circuit has {n_qubits} qubits, the network holds {network.n_qubits} ({held}). "
            f"{missing} qubit{'s' if missing > 1 else ''} too few: raise a capacity or add a QPU."
        )


def _listed(qubits: Sequence[object]) -> str:
    shown = ", ".join(map(str, qubits[:12]))
    return f"{shown} and {len(qubits) - 12} more" if len(qubits) > 12 else shown
