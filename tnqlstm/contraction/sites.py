"""Site tensors: a qubit's gates of one layer, fused.

Along a qubit's wire the elements are one-qubit gates and halves of two-qubit gates. Neighbouring
elements fuse into one site tensor with legs (in, bond, bond, …, out); a site reads weights only,
inputs only, or nothing. In its angles θ₀, θ₁, … a site is a sum of fixed arrays,

    T = Σ_t f_t0(θ₀) f_t1(θ₁) … terms[t],      f among 1, cos fθ, sin fθ,

so that sites of one recipe (same gates, other angles) are one product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..circuit import InputSlot, Operation, WeightSlot
from .angles import AngleTable, slot_kind
from .transfer import PROBE, TRACE, ZERO_STATE, halves, transfer_terms

__all__ = ["Element", "End", "Recipe", "SiteBank", "Source", "Terms", "cut_wire"]

Source = Literal["constant", "weights", "inputs"]
End = Literal["open", "trace", "observe", "generate"]
MAX_BOND_PRODUCT = 64  # bonds of one site: three of CX
MAX_TERMS = 81  # of one site: four rotations
VANISHING = 1e-13  # a term as small as this is rounding
_ENDS = {
    "trace": TRACE[:, None],
    "observe": PROBE[:, None],
    "generate": np.stack([TRACE, PROBE], 1),
}


@dataclass(eq=False)
class Element:
    """A one-qubit gate (side None) or one half (side 0 or 1) of operation number `index`."""

    index: int
    op: Operation
    side: int | None

    def __post_init__(self) -> None:
        angle, halved = self.op.angle, self.side is not None
        self.key: tuple[object, ...] = (*slot_kind(self.op), self.side)
        self.source: Source = "constant"
        if self.side != 0 and isinstance(angle, InputSlot | WeightSlot):
            self.source = "inputs" if isinstance(angle, InputSlot) else "weights"
        self.bond_dim = halves(self.op.name).bond_dim if halved else 1
        moving = self.source != "constant"
        self.n_terms = 1 + 2 * len(transfer_terms(self.op.name)[1]) if moving else 1

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
    bonds = terms = 1
    rotated = False  # a rotation has followed a half: the layer is over at the next half
    for element in elements:
        kind = element.source
        other_source = "constant" not in (kind, source) and kind != source
        too_large = (
            bonds * element.bond_dim > MAX_BOND_PRODUCT or terms * element.n_terms > MAX_TERMS
        )
        layer_over = element.side is not None and (rotated or source == "inputs")
        if sites[-1] and (other_source or layer_over or too_large):
            sites.append([])
            source, bonds, terms, rotated = "constant", 1, 1, False
        sites[-1].append(element)
        source = kind if kind != "constant" else source
        bonds *= element.bond_dim
        terms *= element.n_terms
        rotated = rotated or (element.side is None and kind != "constant" and bonds > 1)
    return sites


@dataclass(frozen=True, eq=False)
class Terms:
    """arrays (term, *legs) and, of each term, the function of each angle, (term, angle).

    Functions count 0: 1; 1, 2: cos and sin of the angle times the first of its `frequencies`;
    3, 4: the second.
    """

    arrays: NDArray[np.float64]
    functions: NDArray[np.int64]
    frequencies: tuple[tuple[float, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.arrays.shape[1:]

    @property
    def is_constant(self) -> bool:
        return not self.functions.any()

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What equal terms share, to twelve digits."""
        arrays = np.round(self.arrays, 12) + 0.0
        return arrays.shape, arrays.tobytes(), self.functions.tobytes(), self.frequencies

    def with_arrays(self, arrays: NDArray[np.float64]) -> Terms:
        """The same functions with other arrays; terms that vanish are left out."""
        functions, frequencies = self.functions, self.frequencies
        vanish = np.abs(arrays).reshape(len(arrays), -1).max(axis=1, initial=0.0) < VANISHING
        if vanish.any():
            kept = np.flatnonzero(~vanish) if not vanish.all() else [0]
            arrays, functions = arrays[kept], functions[kept]
        if not functions.any():  # no angle is left
            functions, frequencies = functions[:, :0], ()
        return Terms(np.ascontiguousarray(arrays), functions, frequencies)


@dataclass(frozen=True)
class Recipe:
    """What a site computes, up to its angles."""

    elements: tuple[Element, ...]
    begins: bool  # with |0⟩; otherwise the in-leg is open
    end: End

    @cached_property
    def source(self) -> Source:
        sources = {e.source for e in self.elements} - {"constant"}
        return sources.pop() if sources else "constant"

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Dimensions of (in, bonds…, out)."""
        bonds = [e.bond_dim for e in self.elements if e.side is not None]
        ends: dict[str, tuple[int, ...]] = {"open": (4,), "generate": (2,)}
        return (*(() if self.begins else (4,)), *bonds, *ends.get(self.end, ()))

    @cached_property
    def terms(self) -> Terms:
        """Each element multiplies the wire's leg from the right, (rows, 4) @ (4, bond · 4)."""
        arrays = (ZERO_STATE[None] if self.begins else np.eye(4))[None]
        functions = np.zeros((1, 0), dtype=np.int64)
        frequencies: list[tuple[float, ...]] = []
        for element in self.elements:
            right, own = element.terms()
            arrays = np.einsum("trk,sko->tsro", arrays, right)
            arrays = arrays.reshape(-1, arrays.shape[2] * right.shape[2] // 4, 4)
            if own:
                before = np.repeat(functions, len(right), axis=0)
                mine = np.tile(np.arange(len(right)), len(functions))[:, None]
                functions = np.concatenate([before, mine], axis=1)
                frequencies.append(own)
        if self.end in _ENDS:
            arrays = arrays @ _ENDS[self.end]
        arrays = arrays.reshape(len(arrays), *self.shape)
        return Terms(arrays, functions, tuple(frequencies)).with_arrays(arrays)


@dataclass
class SiteBank:
    """The recipes of a plan's sites."""

    table: AngleTable
    recipes: list[Recipe] = field(default_factory=list)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def add(self, site: Sequence[Element], begins: bool, end: End) -> tuple[int, tuple[int, ...]]:
        """The number of the site's recipe, and the columns of its angles."""
        key = (begins, end, *[e.key for e in site])
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self.recipes):
            self.recipes.append(Recipe(tuple(site), begins, end))
        columns = [
            self.table.column(e.op.angle)  # type: ignore[arg-type]
            for e in site
            if e.source != "constant"
        ]
        return number, tuple(columns)

    def frequencies(self, source: Source) -> tuple[float, ...]:
        """Those of all sites that read the source, increasing."""
        own = [recipe.terms.frequencies for recipe in self.recipes if recipe.source == source]
        return tuple(sorted({f for site in own for angle in site for f in angle}))
