"""Site tensors: a qubit's gates of one layer, fused.

Along a qubit's wire the elements are one-qubit gates and halves of two-qubit gates. Neighbouring
elements fuse into one site tensor with legs (in, bond, bond, …, out); a site reads weights only,
inputs only, or nothing. Sites of one recipe (same gates, other angles) are computed together, and
each distinct one once, however many light cones use it.

Every element is a matrix that multiplies the wire's leg from the right, (rows, 4) @ (4, bond · 4),
so a site is a product of matrices and its rows collect the bonds in time order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..circuit import InputSlot, Operation, WeightSlot
from .angles import AngleTable, ConstantBank, slot_kind
from .transfer import PROBE, TRACE, ZERO_STATE, halves, transfer_terms

__all__ = ["Element", "End", "Recipe", "SiteBank", "Source", "cut_wire"]

Source = Literal["constant", "weights", "inputs"]
End = Literal["open", "trace", "observe", "generate"]
MAX_BOND_PRODUCT = 64  # bonds of one site: three of CX
_ENDS = {
    "trace": TRACE[:, None],
    "observe": PROBE[:, None],
    "generate": np.stack([TRACE, PROBE], 1),
}


@dataclass(frozen=True)
class Element:
    """A one-qubit gate (side None) or one half (side 0 or 1) of operation number `index`."""

    index: int
    op: Operation
    side: int | None

    @property
    def key(self) -> tuple[object, ...]:
        return *slot_kind(self.op), self.side

    @property
    def source(self) -> Source:
        if self.side == 0 or not isinstance(self.op.angle, InputSlot | WeightSlot):
            return "constant"
        return "inputs" if isinstance(self.op.angle, InputSlot) else "weights"

    @property
    def bond_dim(self) -> int:
        return 1 if self.side is None else halves(self.op.name).bond_dim

    def terms(self) -> tuple[NDArray[np.float64], tuple[float, ...]]:
        """Right factors (term, 4, bond · 4) and their frequencies; fixed angles are put in."""
        if self.side is None:
            stack, frequencies = transfer_terms(self.op.name)
            stack = stack[:, None]
        elif self.side == 0:
            stack, frequencies = halves(self.op.name).first[None], ()
        else:
            stack, frequencies = halves(self.op.name).second, halves(self.op.name).frequencies
        right = stack.transpose(0, 3, 1, 2).reshape(len(stack), 4, -1)
        if isinstance(self.op.angle, float) and frequencies:
            right = np.tensordot(_functions(self.op.angle, frequencies), right, axes=1)[None]
            frequencies = ()
        return right, frequencies


def _functions(angle: float, frequencies: Sequence[float]) -> NDArray[np.float64]:
    values = [1.0]
    for f in frequencies:
        values += [np.cos(f * angle), np.sin(f * angle)]
    return np.array(values)


def cut_wire(elements: Sequence[Element]) -> list[list[Element]]:
    """A wire's elements as sites: a new one for each layer, and where the angles' source ends."""
    sites: list[list[Element]] = [[]]
    source: Source = "constant"
    bonds = 1
    rotated = False  # a rotation has followed a half: the layer is over at the next half
    for element in elements:
        kind = element.source
        other_source = "constant" not in (kind, source) and kind != source
        layer_over = element.side is not None and (
            rotated or source == "inputs" or bonds * element.bond_dim > MAX_BOND_PRODUCT
        )
        if sites[-1] and (other_source or layer_over):
            sites.append([])
            source, bonds, rotated = "constant", 1, False
        sites[-1].append(element)
        source = kind if kind != "constant" else source
        bonds *= element.bond_dim
        rotated = rotated or (element.side is None and kind != "constant" and bonds > 1)
    return sites


@dataclass(frozen=True)
class Recipe:
    """What a site computes, up to its angles."""

    elements: tuple[Element, ...]
    begins: bool  # with |0⟩; otherwise the in-leg is open
    end: End

    @property
    def key(self) -> tuple[object, ...]:
        return self.begins, self.end, *(e.key for e in self.elements)

    @property
    def source(self) -> Source:
        sources = {e.source for e in self.elements} - {"constant"}
        return sources.pop() if sources else "constant"

    @property
    def shape(self) -> tuple[int, ...]:
        """Dimensions of (in, bonds…, out)."""
        bonds = [e.bond_dim for e in self.elements if e.side is not None]
        ends: dict[str, tuple[int, ...]] = {"open": (4,), "generate": (2,)}
        return (*(() if self.begins else (4,)), *bonds, *ends.get(self.end, ()))


class _Stack:
    """All distinct sites of one recipe."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.positions: dict[tuple[int, ...], int] = {}
        arrays: dict[str, NDArray[np.generic]] = {}
        self.plan: list[tuple[str, int]] = []  # ("constant" | "angle", number)
        pending = ZERO_STATE[None] if recipe.begins else np.eye(4)
        self.frequencies: list[tuple[float, ...]] = []
        for element in recipe.elements:
            right, frequencies = element.terms()
            if frequencies:
                self._flush(arrays, pending)
                pending = np.eye(4)
                arrays[f"terms{len(self.frequencies)}"] = right.reshape(len(right), -1)
                self.plan.append(("angle", len(self.frequencies)))
                self.frequencies.append(frequencies)
            else:
                pending = (pending @ right[0]).reshape(-1, 4)
        if recipe.end in _ENDS:
            pending = pending @ _ENDS[recipe.end]
        self._flush(arrays, pending)
        self._arrays = arrays
        self.constants = ConstantBank(arrays)

    def _flush(self, arrays: dict[str, NDArray[np.generic]], pending: NDArray[np.float64]) -> None:
        """Keep the product of fixed elements so far, unless it's the identity."""
        first = not self.plan
        if first or pending.shape != (4, 4) or not np.array_equal(pending, np.eye(4)):
            # behind an angle, the matrix acts on the last leg: (4, rest)
            matrix = pending if first else pending.reshape(4, -1)
            arrays[f"constant{len(self.plan)}"] = matrix
            self.plan.append(("constant", len(self.plan)))

    def add(self, columns: tuple[int, ...]) -> int:
        return self.positions.setdefault(columns, len(self.positions))

    def freeze(self) -> None:
        columns = list(self.positions)
        self._arrays["columns"] = np.array(columns, dtype=np.int64).reshape(len(columns), -1)

    def compute(self, angles: Tensor) -> Tensor:
        """(source, site, *shape), or shape alone for a constant; `angles` (source, column)."""
        get = self.constants.get
        value: Tensor | None = None
        picked = angles[:, get("columns", angles)] if self.frequencies else None
        for kind, k in self.plan:
            if kind == "constant":
                matrix = get(f"constant{k}", angles)
                value = matrix if value is None else value @ matrix
            else:
                assert picked is not None
                assert value is not None
                functions = _angle_functions(picked[..., k], self.frequencies[k])
                matrix = (functions @ get(f"terms{k}", angles)).unflatten(-1, (4, -1))
                value = value @ matrix
            width = value.shape[-1]
            if width > 4 and width % 4 == 0:
                value = value.unflatten(-1, (-1, 4)).flatten(-3, -2)
        assert value is not None
        lead = value.shape[:-2]
        return value.reshape((*lead, *self.recipe.shape))


def _angle_functions(angle: Tensor, frequencies: Sequence[float]) -> Tensor:
    columns = [torch.ones_like(angle)]
    for f in frequencies:
        phase = angle if f == 1.0 else f * angle
        columns += [torch.cos(phase), torch.sin(phase)]
    return torch.stack(columns, dim=-1)


@dataclass
class SiteBank:
    """Every distinct site of a plan, by recipe."""

    table: AngleTable
    stacks: list[_Stack] = field(default_factory=list)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def add(self, recipe: Recipe) -> tuple[int, int]:
        """(recipe number, position in its stack) of a site."""
        number = self._numbers.setdefault(recipe.key, len(self._numbers))
        if number == len(self.stacks):
            self.stacks.append(_Stack(recipe))
        columns = tuple(
            self.table.column(e.op.angle)
            for e in recipe.elements
            if e.source != "constant" and isinstance(e.op.angle, InputSlot | WeightSlot)
        )
        return number, self.stacks[number].add(columns)

    def freeze(self) -> None:
        for stack in self.stacks:
            stack.freeze()

    def n_sites(self, number: int | None) -> int:
        """How many sites a stack has; 1 for what isn't a recipe's."""
        return 1 if number is None else len(self.stacks[number].positions)

    def source(self, number: int) -> Source:
        return self.stacks[number].recipe.source

    def compute(self, source: Source, angles: Tensor) -> dict[int, Tensor]:
        """The stacks that read `source`, by recipe number."""
        return {
            k: stack.compute(angles)
            for k, stack in enumerate(self.stacks)
            if stack.recipe.source == source
        }
