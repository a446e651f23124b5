"""Building a `Protocol`: what copies of qubits take, step by step.

A copy of a root in the eigenbasis of σ takes a Bell pair: with the root's basis turned so that σ is
Z, a CX from it to the near half, which is measured; the far half is flipped if that gave 1, and is
|0⟩ or |1⟩ where the root is in the + or − eigenstate of σ. The copy is undone by measuring it along
X and applying σ to the root if that gave 1. The root can be measured away instead: then the copy
takes over, which is teleportation. In between the copies of a root are kept in step with it: what
turns σ into −σ flips them, and what multiplies it by a Pauli of another qubit flips them under the
control of that qubit, or of its copy (see `runs`).
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..circuit import Operation
from ..circuit.operation import Angle
from ..errors import PartitionError
from .cuts import gate_cut
from .packing import Packet, Packing, second_travels
from .protocol import Apply, Correct, EBit, Measure, Protocol, Ref, Step

__all__ = ["CommunicationError", "protocol"]

# gates that take the eigenbasis of Z to that of the axis, and back
_FROM_Z = {"X": ("H",), "Y": ("H", "S"), "Z": ()}
_TO_Z = {"X": ("H",), "Y": ("SDG", "H"), "Z": ()}


class CommunicationError(PartitionError):
    """A QPU, by its index, with too few communication qubits for what is done at an operation."""

    def __init__(self, operation: int, qpu: int, name: object, limit: int) -> None:
        super().__init__(
            f"operation {operation} takes more communication qubits on {name} at once than its "
            f"{limit}. Give {name} one more, or place the qubits otherwise."
        )
        self.operation, self.qpu, self.name, self.limit = operation, qpu, name, limit

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.operation, self.qpu, self.name, self.limit)


def protocol(
    operations: Sequence[Operation], packing: Packing, assignment: Sequence[int]
) -> Protocol:
    """The protocol of a packed circuit, whose qubits start on these QPUs.

    Where a QPU has too few communication qubits for all copies at once, the copy that is needed
    last is undone and made again then, for further e-bits. Raises `CommunicationError` where that
    doesn't do: a QPU without enough of them for a single gate.
    """
    builder = _Builder(packing, assignment)
    for index, operation in enumerate(operations):
        builder.operate(index, operation)
    return Protocol(packing.network, tuple(builder.steps), tuple(builder.roots), builder.starts)


@dataclass
class _Copy:
    """A copy of a root; `ref` is None while it is given up for want of communication qubits."""

    root: int
    needed: tuple[int, ...]
    ref: Ref | None = None

    @property
    def at(self) -> Ref:
        assert self.ref is not None, "a copy is used while it's given up"
        return self.ref


class _Builder:
    """The steps so far, and where everything is."""

    def __init__(self, packing: Packing, assignment: Sequence[int]) -> None:
        network = packing.network
        self.packing, self.network = packing, network
        self.steps: list[Step] = []
        self.n_bits = 0
        self.index = 0  # of the operation under way
        places = [min(capacity, len(assignment)) for capacity in network.capacities]
        self.free_data = [list(range(number)) for number in places]
        self.used_comm: list[set[int]] = [set() for _ in network.qpus]
        self.roots = [Ref(qpu, "data", self.free_data[qpu].pop(0)) for qpu in assignment]
        self.starts = tuple(self.roots)
        self.copies: dict[int, dict[int, _Copy]] = {}  # by root, then by QPU
        self.axis: dict[int, str] = {}  # of each root with copies, as it is now
        self.behind: dict[int, list[Packet]] = {}  # packets that end there
        self.starting: dict[int, list[Packet]] = {}
        self.needed: dict[int, list[tuple[int, int]]] = {}  # (root, QPU) at each operation
        self.given_up: set[tuple[int, int]] = set()
        for packet in packing.packets:
            if packet.root is not None:
                self.starting.setdefault(packet.start, []).append(packet)
                self.behind.setdefault(packet.end, []).append(packet)
                for index in packet.needed:
                    self.needed.setdefault(index, []).append((packet.root, packet.target))

    def operate(self, index: int, operation: Operation) -> None:
        """An operation of the circuit, with the copies that begin before it and end behind it."""
        self.index = index
        begin = self.starting.get(index, [])
        late = [packet for packet in begin if packet.is_teleport]
        for root, qpu in self.needed.get(index, ()):
            if (root, qpu) in self.given_up:
                self._restore(self.copies[root][qpu], qpu)
        self._begin([packet for packet in begin if not packet.is_teleport])
        self._do(operation)
        self._keep_in_step(operation)
        self._begin(late)
        self._finish()

    # -- the circuit's operations ---------------------------------------------------------------

    def _do(self, operation: Operation) -> None:
        homes = [self.roots[qubit].qpu for qubit in operation.qubits]
        rank = gate_cut(operation).schmidt_rank
        if rank == 2:
            self._do_at(self.packing.places[self.packing.graph.edge_of[self.index]], operation)
        elif len(set(homes)) == 1:
            self._do_at(homes[0], operation)
        elif rank == 1:
            for qubit, factor in zip(operation.qubits, _factors(operation), strict=True):
                for name, angle in factor:
                    self._apply(name, self.roots[qubit], angle=angle)
        else:
            guest, (there, back) = operation.qubits[0], homes[::-1]
            if second_travels(self.network, *homes):
                guest, (there, back) = operation.qubits[1], homes
            self._teleport(guest, there)
            self._do_at(there, operation)
            self._teleport(guest, back)
            self._settle(guest)

    def _do_at(self, qpu: int, operation: Operation) -> None:
        """A gate on one QPU, on the qubits that are there and on copies of the others."""
        refs, copied = [], []
        for qubit in operation.qubits:
            if self.roots[qubit].qpu == qpu:
                refs.append(self.roots[qubit])
            else:
                refs.append(self.copies[qubit][qpu].at)
                copied.append((refs[-1], self.axis[qubit]))
        for ref, axis in copied:
            self._apply_all(_FROM_Z[axis], ref)
        self._apply(operation.name, *refs, angle=operation.angle)
        for ref, axis in copied:
            self._apply_all(_TO_Z[axis], ref)

    def _keep_in_step(self, operation: Operation) -> None:
        """Do to the copies of the operation's qubits what it did to their axes."""
        images = dict(zip(operation.qubits, gate_cut(operation).images, strict=True))
        for qubit in operation.qubits:
            if qubit not in self.copies:
                continue
            image = images[qubit][self.axis[qubit]]
            for qpu, copy in self.copies[qubit].items():
                if copy.ref is None:
                    continue
                if image.partner:
                    (other,) = set(operation.qubits) - {qubit}
                    if self.roots[other].qpu == qpu:
                        self._turned(self.roots[other], image.partner, copy.ref)
                    else:
                        self._apply("CX", self.copies[other][qpu].at, copy.ref)
                if image.flips:
                    self._apply("X", copy.ref)
            self.axis[qubit] = image.axis

    # -- copies ---------------------------------------------------------------------------------

    def _begin(self, packets: Sequence[Packet]) -> None:
        """Make the copies that begin here; those in between are undone when all are there."""
        relays: list[tuple[int, int]] = []
        for packet in packets:
            assert packet.root is not None
            self.axis.setdefault(packet.root, packet.axis)
            self.copies.setdefault(packet.root, {})
            copy = _Copy(packet.root, packet.needed)
            path = [packet.links[0][0], *(end for _, end in packet.links)]
            relays += self._reach(copy, self._from_last_copy(packet.root, path))
        self._undo_relays(relays)

    def _restore(self, copy: _Copy, qpu: int) -> None:
        """Make a copy again that was given up, from the last one on the way there."""
        path = self.network.copy_route(self.roots[copy.root].qpu, qpu)
        self._undo_relays(self._reach(copy, self._from_last_copy(copy.root, path)))

    def _from_last_copy(self, root: int, path: Sequence[int]) -> list[tuple[int, int]]:
        """The links of a path from the last QPU on it where there is a copy of the root."""
        copies, path = self.copies[root], list(path)
        while any(at in copies and copies[at].ref for at in path[1:]):
            path.pop(0)
        return list(pairwise(path))

    def _reach(self, copy: _Copy, links: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Make a copy over these links; where it left others on its way, (root, QPU) each."""
        relays = []
        for start, end in links:
            made = copy
            if end != links[-1][1]:
                made = self.copies[copy.root].get(end) or _Copy(copy.root, (self.index,))
            made.ref = self._copy(copy.root, start, end)
            if made is not copy and (copy.root, end) not in self.given_up:
                relays.append((copy.root, end))
            self.given_up.discard((copy.root, end))
            self.copies[copy.root][end] = made
        return relays

    def _undo_relays(self, relays: Sequence[tuple[int, int]]) -> None:
        for root, qpu in relays:
            self._undo(self.copies[root].pop(qpu))

    def _copy(self, root: int, start: int, end: int) -> Ref:
        """One more copy, over a link, of the root or of its copy at the start."""
        source = None if self.roots[root].qpu == start else self.copies[root][start]
        near, far = self._take_comm(start, source), self._take_comm(end, source)
        self.steps.append(EBit((near, far)))
        if source is None:
            self._turned(self.roots[root], self.axis[root], near)
        else:
            self._apply("CX", source.at, near)
        self._measure(near, "X", far)
        return far

    def _turned(self, control: Ref, axis: str, target: Ref) -> None:
        """CX with the control in the eigenbasis of an axis."""
        self._apply_all(_TO_Z[axis], control)
        self._apply("CX", control, target)
        self._apply_all(_FROM_Z[axis], control)

    def _undo(self, copy: _Copy) -> None:
        """Measure a copy away."""
        self._apply("H", copy.at)
        self._measure(copy.at, self.axis[copy.root], self.roots[copy.root])
        copy.ref = None

    def _take_over(self, root: int, ref: Ref) -> None:
        """Measure the root away; its copy is the root."""
        self._apply_all((*_TO_Z[self.axis[root]], "H"), self.roots[root])
        self._measure(self.roots[root], "Z", ref)
        self.roots[root] = ref
        self._apply_all(_FROM_Z[self.axis[root]], ref)

    def _teleport(self, root: int, qpu: int) -> None:
        """Take a qubit without copies to a communication qubit elsewhere, link by link."""
        self.axis[root] = "Z"
        for start, end in pairwise(self.network.copy_route(self.roots[root].qpu, qpu)):
            self._take_over(root, self._copy(root, start, end))
        del self.axis[root]

    def _finish(self) -> None:
        """Moves and ends behind this operation."""
        ending = self.behind.get(self.index, [])
        moves = [packet for packet in ending if packet.takes_over]
        for packet in moves:
            assert packet.root is not None
            self._take_over(packet.root, self.copies[packet.root].pop(packet.target).at)
        for packet in moves:
            assert packet.root is not None
            self._settle(packet.root)
        for packet in ending:
            assert packet.root is not None
            copy = self.copies[packet.root].pop(packet.target, None)
            if copy is not None and copy.ref is not None:
                self._undo(copy)
            if not self.copies[packet.root]:
                del self.copies[packet.root], self.axis[packet.root]

    # -- physical qubits ------------------------------------------------------------------------

    def _settle(self, root: int) -> None:
        """Put a qubit that came over a link on a data qubit."""
        came = self.roots[root]
        self.roots[root] = Ref(came.qpu, "data", self.free_data[came.qpu].pop(0))
        self._apply("SWAP", came, self.roots[root])
        self.used_comm[came.qpu].remove(came.number)

    def _take_comm(self, qpu: int, source: _Copy | None) -> Ref:
        """A free communication qubit; where there is none, that of the copy needed last.

        But not of the source of the copy that it's for.
        """
        used, limit = self.used_comm[qpu], self.network.communication_qubits[qpu]
        if limit is not None and len(used) >= limit:
            here = [copies[qpu] for copies in self.copies.values() if qpu in copies]
            idle = [
                copy
                for copy in here
                if copy.ref and copy is not source and self.index not in copy.needed
            ]
            if not idle:
                raise CommunicationError(self.index, qpu, self.network.qpus[qpu], limit)
            last = max(idle, key=lambda copy: min(n for n in copy.needed if n > self.index))
            self._undo(last)
            self.given_up.add((last.root, qpu))
        index = next(k for k in range(len(used) + 1) if k not in used)
        used.add(index)
        return Ref(qpu, "comm", index)

    def _apply(self, name: str, *refs: Ref, angle: Angle = None) -> None:
        self.steps.append(Apply(name, refs, angle))

    def _apply_all(self, names: Sequence[str], ref: Ref) -> None:
        for name in names:
            self._apply(name, ref)

    def _measure(self, ref: Ref, correction: str, corrected: Ref) -> None:
        """Measure a qubit away, and correct another one if that gave 1."""
        self.steps += [Measure(ref, self.n_bits), Correct(correction, corrected, self.n_bits)]
        self.n_bits += 1
        if ref.register == "comm":
            self.used_comm[ref.qpu].remove(ref.number)
        else:
            bisect.insort(self.free_data[ref.qpu], ref.number)


def _factors(operation: Operation) -> list[list[tuple[str, float]]]:
    """A gate of rank 1 as rotations on each of its qubits, up to a phase."""
    assert isinstance(operation.angle, float)
    matrix = operation.gate.matrix(operation.angle)
    sides = matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    left, _, right = np.linalg.svd(sides)
    return [_rotations(left[:, 0].reshape(2, 2)), _rotations(right[0].reshape(2, 2))]


def _rotations(matrix: NDArray[np.complex128]) -> list[tuple[str, float]]:
    """RZ, RY, RZ whose product is a multiple of the matrix, which is one of a unitary."""
    u = matrix / np.sqrt(np.linalg.det(matrix))
    total, difference = -2 * np.angle(u[0, 0]), 2 * np.angle(u[1, 0])
    theta = 2 * np.arctan2(abs(u[1, 0]), abs(u[0, 0]))
    turns = (("RZ", (total - difference) / 2), ("RY", theta), ("RZ", (total + difference) / 2))
    return [(name, float(angle)) for name, angle in turns if abs(angle) > 1e-15]
