"""`Partition`: a circuit with each of its qubits placed on a QPU."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..arguments import whole
from ..circuit import Circuit, Operation, as_circuit
from ..errors import PartitionError, look_up
from ..shown import ShortTuple, Text, counted
from .costs import COSTS, log2_cut_bond, log_sampling_overhead
from .easing import fitted
from .gate_blocks import GateBlock, gate_blocks
from .network import QPU, QPUNetwork
from .network_text import as_network
from .packing import Packet, Packing, pack
from .protocol import Protocol
from .protocol_builder import protocol
from .runs import RunGraph, run_graph

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from .schedule import Durations, Schedule

__all__ = ["Move", "Partition", "check_room"]

GAMMA_WIRE = 4.0  # of a cut wire, without classical communication (Brenner et al., 2302.03366)


@dataclass(frozen=True)
class Move:
    """A qubit that is teleported to another QPU just before an operation, and stays there."""

    qubit: int
    operation: int
    qpu: QPU

    def __post_init__(self) -> None:
        for name in ("qubit", "operation"):
            value = whole(f"a move's {name}", getattr(self, name), 0, PartitionError)
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Partition:
    """A placement of a circuit's qubits on a network's QPUs, and what it costs.

    Parameters
    ----------
    qpu_of
        The name of the QPU on which each qubit starts, shape (n_qubits,).
    moves
        Where qubits go later, in the order of their operations. A qubit moves between its runs (see
        `runs`): just behind the last gate of one.
    places
        Where each edge of the run graph is done, as `partition` found it; None to look for it.

    Raises `PartitionError` where `qpu_of` doesn't name a QPU for each qubit, a capacity is exceeded
    at any time or a move is out of place, `UnknownNameError` for a QPU that the network doesn't
    have.
    """

    circuit: Circuit
    network: QPUNetwork
    qpu_of: tuple[QPU, ...]
    moves: tuple[Move, ...] = ()
    places: tuple[int, ...] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "circuit", as_circuit(self.circuit))
        object.__setattr__(self, "network", as_network(self.network))
        object.__setattr__(self, "qpu_of", tuple(self.qpu_of))
        object.__setattr__(self, "moves", tuple(self.moves))
        if self.places is not None:
            places = tuple(whole("a place", place, 0, PartitionError) for place in self.places)
            object.__setattr__(self, "places", places)
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
        if self.moves:
            self._check_moves()

    def _check_moves(self) -> None:
        """Raise a `PartitionError` for a move that can't be made when and where it's said."""
        runs = self.runs
        ends = {(run.qubit, end) for run, end in zip(runs.runs, runs.ends, strict=True)}
        held, where = Counter(self.assignment), list(self.assignment)
        for operation, moves in groupby(self.moves, key=lambda move: move.operation):
            for move in moves:
                if (move.qubit, operation) not in ends:
                    allowed = sorted(end for qubit, end in ends if qubit == move.qubit)
                    raise PartitionError(
                        f"{move}: qubit {move.qubit} may move before operations {_listed(allowed)}."
                    )
                held[where[move.qubit]] -= 1
                where[move.qubit] = self.network.index(move.qpu)
                held[where[move.qubit]] += 1
            for i, capacity in enumerate(self.network.capacities):
                if held[i] > capacity:
                    raise PartitionError(
                        f"from operation {operation} on {self.network.qpus[i]} would hold "
                        f"{held[i]} qubits, its capacity is {capacity}. Move others away first."
                    )
        operations = [move.operation for move in self.moves]
        if operations != sorted(operations):
            raise PartitionError("moves aren't in the order of their operations. Sort them.")

    @classmethod
    def from_blocks(
        cls, circuit: Circuit, network: QPUNetwork, blocks: Mapping[QPU, Iterable[int]]
    ) -> Partition:
        """The placement with these blocks, {qpu: qubits}; QPUs that aren't named stay empty.

        Raises `PartitionError` where a qubit is missing, placed twice or not the circuit's, or a
        capacity is exceeded; `UnknownNameError` for an unknown QPU.
        """
        circuit, network = as_circuit(circuit), as_network(network)
        homes: dict[int, list[QPU]] = {}
        for qpu, qubits in blocks.items():
            network.index(qpu)
            for qubit in qubits:
                number = whole(f"a qubit on {qpu}", qubit, error=PartitionError)
                homes.setdefault(number, []).append(qpu)
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

    def __repr__(self) -> str:
        used = len(set(self.qpu_of))
        moves = f", {counted(len(self.moves), 'move')}" if self.moves else ""
        return (
            f"Partition({counted(self.circuit.n_qubits, 'qubit')} on {used} of "
            f"{counted(len(self.network.qpus), 'QPU')}, {counted(self.n_cut_gates, 'cut gate')}"
            f"{moves})"
        )

    def _repr_markdown_(self) -> str:
        """Blocks and costs as tables, for Jupyter."""
        from .report import markdown

        return markdown(self)

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
    def runs(self) -> RunGraph:
        """The circuit's runs, see `runs`."""
        return run_graph(self.circuit)

    @cached_property
    def packing(self) -> Packing:
        """Where each gate is done, and which copies of qubits that takes.

        Eased where communication qubits are too few for it (see `easing`).
        """
        return self._fitted[0]

    @cached_property
    def _fitted(self) -> tuple[Packing, Protocol | None, PartitionError | None]:
        packing = self._packed
        if not self.is_limited:
            return packing, None, None
        return fitted(self.circuit.operations, packing, self.assignment)

    @property
    def error(self) -> PartitionError | None:
        """Why the placement can't be done with the communication qubits that there are, if so."""
        return self._fitted[2]

    @property
    def is_limited(self) -> bool:
        """Whether some QPU has a number of communication qubits rather than as many as needed."""
        return any(limit is not None for limit in self.network.communication_qubits)

    @cached_property
    def _packed(self) -> Packing:
        homes = [self.assignment[run.qubit] for run in self.runs.runs]
        for move in self.moves:
            for run in self.runs.runs_of[move.qubit]:
                if self.runs.runs[run].start >= move.operation:
                    homes[run] = self.network.index(move.qpu)
        if self.places is None:
            return pack(self.runs, self.network, homes)
        n_edges, n_qpus = len(self.runs.edges), len(self.network.qpus)
        if len(self.places) != n_edges or not set(self.places) <= set(range(n_qpus)):
            raise PartitionError(
                f"places of another circuit or network: {n_edges} indices of {n_qpus} QPUs wanted, "
                f"got {_listed(self.places)} ({len(self.places)}). Leave places out to look for "
                "them."
            )
        return Packing(self.runs, self.network, tuple(homes), self.places)

    @property
    def packets(self) -> tuple[Packet, ...]:
        """The copies of qubits that serve the cut gates, see `packing`."""
        return ShortTuple(self.packing.packets)

    @cached_property
    def transfers(self) -> dict[int, list[tuple[int, int, int]]]:
        """{operation: (qubit, from, to) of each move just before it}, QPUs by their indices."""
        where = list(self.assignment)
        found: dict[int, list[tuple[int, int, int]]] = {}
        for move in self.moves:
            source, where[move.qubit] = where[move.qubit], self.network.index(move.qpu)
            found.setdefault(move.operation, []).append((move.qubit, source, where[move.qubit]))
        return found

    @cached_property
    def cut_pairs(self) -> dict[int, tuple[int, int]]:
        """{operation: the indices of its qubits' QPUs} of the cut gates, in time order."""
        where, found = list(self.assignment), {}
        for index, operation in enumerate(self.circuit.operations):
            for qubit, _, qpu in self.transfers.get(index, ()):
                where[qubit] = qpu
            if len(operation.qubits) == 2:
                a, b = (where[qubit] for qubit in operation.qubits)
                if a != b:
                    found[index] = (a, b)
        return found

    @property
    def cut_operations(self) -> tuple[int, ...]:
        """Indices, into `circuit.operations`, of the cut gates."""
        return ShortTuple(self.cut_pairs)

    @cached_property
    def cut_blocks(self) -> tuple[GateBlock, ...]:
        """The cut gates in blocks on one pair of qubits, which stay on their QPUs meanwhile."""
        blocks = gate_blocks(self.circuit.operations, self._movers)
        return ShortTuple(block for block in blocks if block.operations[0] in self.cut_pairs)

    @property
    def n_cut_gates(self) -> int:
        """Number of two-qubit gates whose qubits lie on different QPUs, each counted once."""
        return len(self.cut_operations)

    @property
    def n_hops(self) -> int:
        """Number of links that the cut gates cross: the sum of hops over cut gates."""
        return sum(int(self.network.hop_matrix[pair]) for pair in self.cut_pairs.values())

    @cached_property
    def protocol(self) -> Protocol:
        """The circuit as steps of its QPUs: Bell pairs, gates, measurements and corrections.

        Raises `PartitionError` where a QPU has too few communication qubits for a single gate.
        """
        packing, found, error = self._fitted
        if error is not None:
            raise error
        if found is not None:
            return found
        return protocol(self.circuit.operations, packing, self.assignment)

    @property
    def n_ebits(self) -> int:
        """Bell pairs on links: each link that a copy or a move crosses takes one.

        More than `packing.n_ebits` where copies must be made twice for want of communication qubits
        (see `protocol`).
        """
        return self.protocol.n_ebits if self.is_limited else self.packing.n_ebits

    @property
    def n_end_to_end_ebits(self) -> int:
        """Copies and moves of qubits between QPUs, whatever the route; at most `n_ebits`."""
        return sum(packet.n_end_to_end_ebits for packet in self.packets)

    @property
    def log2_cut_bond(self) -> float:
        """log2 of the cut bonds' joint dimension: the sum of log2 Schmidt ranks, without hops.

        One bond for each cut gate, as in the tensor network that is contracted, also where gates
        are cut in blocks. A qubit that moves leaves its wire as a bond, of dimension 2.
        """
        return log2_cut_bond(self._cut) + len(self.moves)

    @property
    def log_sampling_overhead(self) -> float:
        """ln of `sampling_overhead`, finite for any number of cut gates."""
        return log_sampling_overhead(self.cut_blocks) + 2 * math.log(GAMMA_WIRE) * len(self.moves)

    @property
    def sampling_overhead(self) -> float:
        """Factor Π γ² on the number of shots if every cut gate is replaced by local ones.

        The product runs over the cut blocks, cut one by one, without hops: 9 for each CX on its
        own; 16 for the wire of a qubit that moves. Gates on one pair of qubits with only one-qubit
        gates between are a block and cost what their product does; a slot's angle counts at its
        worst (see `gate_blocks`). `inf` past the range of a float, from about 323 cut CX on.
        """
        gates = math.prod(block.gamma**2 for block in self.cut_blocks)
        return gates * math.prod([GAMMA_WIRE**2] * len(self.moves))

    def cost(self, name: str) -> float:
        """The cost, by hops, that `partition(cost=name)` makes small. Raises `UnknownNameError`."""
        terms = look_up("cost", name, COSTS).terms
        if terms is None:
            return float(self.n_ebits)
        return sum(
            cost * float(self.network.hop_matrix[self.cut_pairs[index]])
            for index, cost in terms(self.circuit, self._movers)
            if index in self.cut_pairs
        )

    def programs(
        self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
    ) -> dict[QPU, str]:
        """One OpenQASM 3 program for each QPU, see `programs`.

        Slots without values are declared as `input float[64]`, as in `Circuit.to_qasm`. Raises
        `ShapeError` where values don't fit, and what `protocol` does.
        """
        from .programs import programs

        return programs(self, weights, inputs)

    def schedule(self, durations: Durations | None = None) -> Schedule:
        """When each step is taken, and how long everything takes, see `schedule`."""
        from .schedule import Durations, schedule

        return schedule(self.protocol, durations or Durations())

    def report(self) -> str:
        """Blocks, cut gates by pair of QPUs, and totals, in lines of text."""
        from .report import report

        return Text(report(self))

    def summary(self) -> dict[str, Any]:
        """The figures of `report` as data that `json.dumps` takes; QPU names become strings."""
        from .report import summary

        return summary(self)

    def draw(self, **options: Any) -> Figure:
        """A picture of the network: QPUs with their qubits, links with the traffic on them.

        `options` are those of `drawing.draw_network`.
        """
        return self.network.draw(self, **options)

    def draw_circuit(self, **options: Any) -> Figure:
        """A picture of the circuit: a band a block, cut gates, and which of them share an e-bit.

        `options` are those of `packet_drawing.draw_packets`.
        """
        from .packet_drawing import draw_packets

        return draw_packets(self, **options)

    @property
    def _movers(self) -> dict[int, list[int]]:
        """{operation: the qubits that move just before it}."""
        return {index: [qubit for qubit, *_ in moves] for index, moves in self.transfers.items()}

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
