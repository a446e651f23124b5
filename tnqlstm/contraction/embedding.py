"""Light cones as special cases of a larger one, so that one contraction serves them all.

Near the end of a line, or of a block, a cone lacks some of the gates that a cone in the middle has.
It is the larger network all the same, with idle legs: where the small cone has no leg, the fixed
vector e₀ = (1, 0, …) stands on both ends, and where it has no site, e₀ stands on every leg, or the
identity where its wire passes through. One tree for both saves the calls of a second one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from ..circuit import Circuit
from .cones import Cone

__all__ = ["Fill", "Wires", "embed", "fill_all"]


@dataclass(frozen=True)
class Fill:
    """What stands on a leaf of the larger network.

    `leaf`: the small cone's leaf, `axes` the large leaf's axis of each of its axes. Without a leaf:
    the identity between two `axes`, or nothing but e₀.
    """

    leaf: int | None = None
    axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Bond:
    leg: int
    kind: tuple[str, int]  # gate and side
    partner: int  # qubit of the other half


class Wires:
    """A cone by qubit: its leaves and its bonds, each in time order."""

    def __init__(self, cone: Cone, circuit: Circuit) -> None:
        self.cone = cone
        self.leaves: dict[int, list[int]] = {}
        self.bonds: dict[int, list[_Bond]] = {}
        self.place: dict[tuple[int, int], int] = {}  # (qubit, leg) -> leaf
        for number, leaf in enumerate(cone.leaves):
            self.leaves.setdefault(leaf.qubit, []).append(number)
            bonds = self.bonds.setdefault(leaf.qubit, [])
            for leg in leaf.legs:
                if leg not in cone.bonds:
                    continue
                op = circuit.operations[cone.bonds[leg]]
                side = op.qubits.index(leaf.qubit)
                bonds.append(_Bond(leg, (op.name, side), op.qubits[1 - side]))
                self.place[leaf.qubit, leg] = number


def fill_all(cone: Cone) -> tuple[Fill, ...]:
    """A cone as itself."""
    return tuple(Fill(k, tuple(range(len(leaf.legs)))) for k, leaf in enumerate(cone.leaves))


def embed(small: Wires, large: Wires) -> tuple[Fill, ...] | None:
    """What stands on each leaf of `large` to make it `small`; None where no way is found.

    Gates are matched backwards from the observables, the last on a wire with the last of its kind
    there, or else with the last of any kind, for only the legs' sizes matter. It's a search without
    backtracking, so None doesn't mean that there is no way.
    """
    for any_kind in (False, True):
        matched = _match_bonds(small, large, any_kind)
        fills = None if matched is None else _fills(small, large, *matched)
        if fills is not None:
            return fills
    return None


def _fills(
    few: Wires, many: Wires, wires: Mapping[int, int], legs: Mapping[int, int]
) -> tuple[Fill, ...] | None:
    """What stands on each leaf of the large cone, with wires and bonds matched."""
    small, large = few.cone, many.cone
    fills = [Fill()] * len(large.leaves)
    for qubit, leaves in few.leaves.items():
        if qubit not in wires:
            return None
        placed = _place_leaves(small, leaves, many, wires[qubit], legs)
        if placed is None:
            return None
        for number, target in zip(leaves, placed, strict=True):
            axes = _axes(small, large, number, target, leaves, legs)
            if axes is None:
                return None
            fills[target] = Fill(number, axes)
        width = 1
        for target in many.leaves[wires[qubit]]:
            if target in placed:
                width = (1, *small.leaves[leaves[placed.index(target)]].shape)[-1]
            elif placed[0] < target < placed[-1]:
                shape = large.leaves[target].shape
                if width > min(shape[0], shape[-1]):
                    return None
                fills[target] = Fill(None, (0, len(shape) - 1))
    return tuple(fills)


def _match_bonds(
    few: Wires, many: Wires, any_kind: bool
) -> tuple[dict[int, int], dict[int, int]] | None:
    """The large cone's wire of each wire, and its leg of each bond."""
    small, large = few.cone, many.cone
    first, other = small.leaves[0].qubit, large.leaves[0].qubit
    wires, taken = {first: other}, {other: first}
    legs: dict[int, int] = {}
    used: set[int] = set()
    queue = deque([first])
    while queue:
        qubit = queue.popleft()
        candidates = iter(reversed(many.bonds[wires[qubit]]))
        for bond in reversed(few.bonds[qubit]):
            for candidate in candidates:
                if bond.leg in legs:
                    fits = legs[bond.leg] == candidate.leg
                else:
                    same_wire = wires.get(bond.partner, candidate.partner) == candidate.partner
                    free = taken.get(candidate.partner, bond.partner) == bond.partner
                    wide = small.sizes[bond.leg] <= large.sizes[candidate.leg]
                    fits = (any_kind or bond.kind == candidate.kind) and same_wire and free
                    fits = fits and wide and candidate.leg not in used
                if fits:
                    break
            else:
                return None
            legs[bond.leg] = candidate.leg
            used.add(candidate.leg)
            if bond.partner not in wires:
                wires[bond.partner], taken[candidate.partner] = candidate.partner, bond.partner
                queue.append(bond.partner)
    return wires, legs


def _place_leaves(
    small: Cone, leaves: list[int], many: Wires, other: int, legs: Mapping[int, int]
) -> list[int] | None:
    """The large cone's leaf of each leaf of a wire, in increasing order; `other`: its wire."""
    targets = many.leaves[other]
    placed: list[int] = []
    after = len(targets)
    for number in reversed(leaves):
        bonds = [leg for leg in small.leaves[number].legs if leg in small.bonds]
        places = {many.place[other, legs[leg]] for leg in bonds}
        if len(places) > 1:
            return None
        position = targets.index(places.pop()) if places else after - 1
        if not 0 <= position < after:
            return None
        after = position
        placed.append(targets[position])
    return placed[::-1]


def _axes(
    small: Cone, large: Cone, number: int, target: int, leaves: list[int], legs: Mapping[int, int]
) -> tuple[int, ...] | None:
    leaf, other = small.leaves[number], large.leaves[target]
    axes = []
    for axis, leg in enumerate(leaf.legs):
        if leg in small.bonds:
            found = other.legs.index(legs[leg])
        elif axis == 0 and number != leaves[0]:
            found = 0  # from the leaf before
        else:
            found = len(other.legs) - 1  # to the leaf behind
        if leaf.shape[axis] > other.shape[found]:
            return None
        axes.append(found)
    return tuple(axes) if len(set(axes)) == len(axes) else None
