"""Light cones as networks of site tensors, grouped by structure.

⟨Z_i⟩ depends on the gates of its causal cone only; everything else is traced away exactly. Cones of
the same structure share one contraction tree, and their number becomes a batch index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from ..circuit import Circuit
from .sites import Element, End, SiteBank, cut_wire

__all__ = ["Cone", "Leaf", "group_cones", "light_cone"]


@dataclass(frozen=True)
class Leaf:
    """A site in a network: its recipe, the columns of its angles, its legs, and its qubit."""

    recipe: int
    columns: tuple[int, ...]
    legs: tuple[int, ...]
    shape: tuple[int, ...]
    qubit: int


@dataclass
class Cone:
    """The network of one or several observables.

    `bonds` maps the leg of each two-qubit gate to the gate's number in the circuit. `probes` are
    the open legs (1, ε) of a generating network, by observable.
    """

    leaves: list[Leaf]
    sizes: dict[int, int]
    bonds: dict[int, int]
    probes: dict[int, int] = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        return tuple((leaf.recipe, leaf.legs) for leaf in self.leaves)


class CausalOrder:
    """Which gate comes before which on a qubit, found once for all cones of a circuit."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.last: dict[int, int] = {}  # the last gate of each qubit
        self.before: list[list[int]] = []  # the gates just before each one
        self._elements: dict[tuple[int, int | None], Element] = {}
        for index, op in enumerate(circuit.operations):
            self.before.append([self.last[q] for q in op.qubits if q in self.last])
            self.last.update(dict.fromkeys(op.qubits, index))

    def element(self, index: int, side: int | None) -> Element:
        """A gate, or a half of it; the same object each time, for what it keeps."""
        key = (index, side)
        if key not in self._elements:
            self._elements[key] = Element(index, self.circuit.operations[index], side)
        return self._elements[key]

    def cone(self, qubits: Iterable[int]) -> list[int]:
        """The gates that ⟨Z⟩ of the qubits depends on, in time order."""
        todo = [self.last[q] for q in qubits if q in self.last]
        found = set(todo)
        while todo:
            new = set(self.before[todo.pop()]) - found
            found |= new
            todo += new
        return sorted(found)


def group_cones(circuit: Circuit, observables: Iterable[int], bank: SiteBank) -> list[list[Cone]]:
    """One cone for each observable, those with equal networks together, in order of appearance."""
    causal = CausalOrder(circuit)
    groups: dict[tuple[object, ...], list[Cone]] = {}
    for qubit in observables:
        cone = light_cone(circuit, [qubit], bank, causal=causal)
        groups.setdefault(cone.key, []).append(cone)
    return list(groups.values())


def light_cone(
    circuit: Circuit,
    observed: Sequence[int],
    bank: SiteBank,
    *,
    generate: bool = False,
    causal: CausalOrder | None = None,
) -> Cone:
    """The network whose value is ⟨Z⟩ of the observed qubit.

    With `generate`, ⟨Π (1 + ε_i Z_i)⟩ over the observed qubits, each probe (1, ε_i) an open leg.
    Legs and leaves are numbered from the observable backwards, so that cones which are
    translations of each other come out equal.
    """
    wires = _canonical_wires(circuit, causal or CausalOrder(circuit), observed)
    bond_leg: dict[int, int] = {}
    sizes: dict[int, int] = {}
    leaves: list[Leaf] = []
    probes: dict[int, int] = {}
    n_legs = 0
    for qubit, elements in wires.items():
        sites = cut_wire(elements)
        previous: int | None = None
        for k, site in enumerate(sites):
            last = k == len(sites) - 1
            end: End = "open"
            if last:
                end = "trace" if qubit not in observed else "generate" if generate else "observe"
            legs = [] if previous is None else [previous]
            for element in site:
                if element.side is not None:
                    if element.index not in bond_leg:
                        bond_leg[element.index], n_legs = n_legs, n_legs + 1
                    legs.append(bond_leg[element.index])
            if end in ("open", "generate"):
                legs.append(n_legs)
                previous, n_legs = n_legs, n_legs + 1
                if end == "generate":
                    probes[qubit] = legs[-1]
            number, columns = bank.add(site, begins=k == 0, end=end)
            shape = bank.recipes[number].shape
            leaves.append(Leaf(number, columns, tuple(legs), shape, qubit))
            sizes.update(zip(legs, shape, strict=True))
    return Cone(leaves, sizes, {leg: index for index, leg in bond_leg.items()}, probes)


def _canonical_wires(
    circuit: Circuit, causal: CausalOrder, observed: Sequence[int]
) -> dict[int, list[Element]]:
    """Each qubit of the cone with its elements in time order; qubits in order of discovery.

    Discovery goes backwards from the observables and takes, at each turn, the oldest-known qubit
    whose last open gate is ready, so it depends on structure only, not on the order in which
    commuting gates were written.
    """
    operations = circuit.operations
    members = causal.cone(observed)
    open_gates: dict[int, list[int]] = {q: [] for q in observed}
    for index in members:
        for q in operations[index].qubits:
            open_gates.setdefault(q, []).append(index)

    wires: dict[int, list[Element]] = {q: [] for q in observed}
    place = {q: k for k, q in enumerate(wires)}  # in order of discovery
    missing = {index: len(operations[index].qubits) for index in members}
    ready: list[tuple[int, int]] = []  # a heap: place of the gate's first qubit, and the gate

    def surface(q: int) -> None:
        """Note the qubit's last open gate; it's ready when it's the last one of all its qubits."""
        if open_gates[q]:
            index = open_gates[q][-1]
            missing[index] -= 1
            if not missing[index]:
                known = [place[p] for p in operations[index].qubits if p in place]
                heappush(ready, (min(known), index))

    for q in open_gates:
        surface(q)
    while ready:
        _, index = heappop(ready)
        qubits = operations[index].qubits
        for side, q in enumerate(qubits):
            element = causal.element(index, side if len(qubits) == 2 else None)
            wires.setdefault(q, []).append(element)
            place.setdefault(q, len(place))
            open_gates[q].pop()
        for q in qubits:
            surface(q)
    return {q: elements[::-1] for q, elements in wires.items()}
