"""Leaves of many networks at once: functions of angles, gathered, times fixed arrays.

A leaf of every network of a group is Φ @ terms, where a row of Φ has the products of cosines and
sines that a site reads (see `sites`). Leaves with the same terms are one product.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .angles import ConstantBank
from .arrays import Array, cos_sin, join, scatter_add, take, total, zeros
from .handwritten import Tape, pop
from .program import is_small
from .sites import Terms
from .slabs import Shape, padded_shapes

__all__ = ["FunctionTable", "GroupLeaf", "Key", "LeafBatch"]

ZERO, ONE = 0, 1  # rows of every function table
Key = tuple[int, int]  # group and leaf


class FunctionTable:
    """0, 1, and cos fθ and sin fθ of every angle and frequency: (source, column) -> (row, source).

    The source is a copy of the weights or a sample of the inputs.
    """

    def __init__(self, n_columns: int, frequencies: Sequence[float]) -> None:
        self.n_columns = n_columns
        self.frequencies = tuple(frequencies)

    @property
    def n_kept(self) -> int:
        """Tensors on the tape."""
        return 2 * len(self.frequencies)

    def rows(self, terms: Terms, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of each term's function of each angle, (site, term, angle).

        `columns` (site, angle).
        """
        rows = np.full((len(columns), *terms.functions.shape), ONE, dtype=np.int64)
        for k, own in enumerate(terms.frequencies):
            starts = [ONE]
            for f in own:
                start = 2 + 2 * self.frequencies.index(f) * self.n_columns
                starts += [start, start + self.n_columns]
            function = terms.functions[:, k]
            moving = columns[:, k, None] * (function > 0)
            rows[:, :, k] = np.array(starts)[function] + moving
        return rows

    def forward(self, tape: Tape, angles: Array) -> Array:
        theta = angles.T
        nothing = zeros((1, theta.shape[1]), theta)
        parts = [nothing, nothing + 1]
        for f in self.frequencies:
            parts += cos_sin(theta if f == 1.0 else f * theta)
        tape += parts[2:]
        return join(parts)

    def backward(self, tape: Tape, grad: Array) -> Array:
        parts = pop(tape, self.n_kept)
        n, found = self.n_columns, []
        for k, f in enumerate(self.frequencies):
            start = 2 + 2 * k * n
            d_cos, d_sin = grad[start : start + n], grad[start + n : start + 2 * n]
            slope = parts[2 * k] * d_sin - parts[2 * k + 1] * d_cos
            found.append(slope if f == 1.0 else f * slope)
        return total(found).T


@dataclass(frozen=True)
class GroupLeaf:
    """One leaf of every network of a group, before the table of functions is known.

    `kinds`: different `Terms`; each network's kind and its angles' columns.
    """

    legs: tuple[int, ...]
    shape: tuple[int, ...]
    kinds: tuple[Terms, ...]
    kind_of: tuple[int, ...]
    columns: tuple[tuple[int, ...], ...]

    @property
    def n_numbers(self) -> int:
        return math.prod(self.shape)

    @property
    def n_terms(self) -> int:
        return sum(len(terms.arrays) for terms in self.kinds)

    def held(self, at: Mapping[int, int]) -> GroupLeaf:
        """The leaf with some legs held at an index, and so without them."""
        left = [leg not in at for leg in self.legs]
        where = tuple(at.get(leg, slice(None)) for leg in self.legs)
        kinds = tuple(
            replace(terms, arrays=terms.arrays[(slice(None), *where)]) for terms in self.kinds
        )
        legs = tuple(itertools.compress(self.legs, left))
        return replace(self, legs=legs, shape=kinds[0].shape, kinds=kinds)

    def constant(self) -> NDArray[np.float64]:
        """(network or 1, *shape) of a leaf that reads no angle."""
        arrays = np.stack([terms.arrays.sum(0) for terms in self.kinds])
        return arrays if len(arrays) == 1 else arrays[list(self.kind_of)]


class LeafBatch:
    """Leaves that read one source, as arrays (leaf, network · source, numbers) of equal ones.

    The product of small leaves is done for each network, so that they're equal to those of other
    groups, whatever the number of networks there.
    """

    def __init__(
        self, leaves: Mapping[Key, tuple[GroupLeaf, Sequence[int]]], table: FunctionTable
    ) -> None:
        """`leaves`: each with the order in which its axes are wanted."""
        self.table = table
        terms: dict[Key, NDArray[np.float64]] = {}  # (product, term, numbers)
        for key, (leaf, order) in leaves.items():
            axes = (0, *(1 + axis for axis in order))
            arrays = np.concatenate([kind.arrays for kind in leaf.kinds]).transpose(axes)
            n_products = len(leaf.kind_of) if is_small(arrays.size * len(leaf.kind_of)) else 1
            terms[key] = np.repeat(arrays.reshape(1, len(arrays), -1), n_products, axis=0)
        _pad_terms(terms)
        equal: dict[tuple[int, ...], list[Key]] = {}  # by networks of a product, terms, numbers
        for key, (leaf, _) in leaves.items():
            n_products, n_terms, numbers = terms[key].shape
            shape = (len(leaf.kind_of) // n_products, n_terms, numbers)
            equal.setdefault(shape, []).append(key)
        self.keys = list(equal.values())  # of the leaves in each array
        self.n_rows = [sum(len(leaves[k][0].kind_of) for k in keys) for keys in self.keys]
        every = [kind for leaf, _ in leaves.values() for kind in leaf.kinds]
        self.width = max((kind.functions.shape[1] for kind in every), default=0) or 1
        self.n_kept = self.width if self.width > 1 else 0  # a factor's gradient is of the others
        index = [
            _index(leaves[key][0], table, self.width, terms[key].shape[1])
            for keys in self.keys
            for key in keys
        ]
        constants: dict[str, NDArray[np.generic]] = {
            f"terms{k}": np.concatenate([terms[key] for key in keys])
            for k, keys in enumerate(self.keys)
        }
        for k, rows in enumerate(np.concatenate(index, axis=1)):
            constants[f"rows{k}"] = rows
        self.constants = ConstantBank(constants)

    def forward(self, tape: Tape, angles: Array) -> list[Array]:
        """The arrays, of angles (source, column)."""
        functions = self.table.forward(tape, angles)
        factors = [
            take(functions, self.constants.get(f"rows{k}", functions), 0) for k in range(self.width)
        ]
        phi = factors[0]
        for factor in factors[1:]:
            phi = phi * factor
        tape += [functions, *factors[: self.n_kept]]
        n_sources, start, made = functions.shape[1], 0, []
        for k in range(len(self.keys)):
            terms = self.constants.get(f"terms{k}", functions)
            n_products, n_terms, _ = terms.shape
            stop = start + self.n_rows[k] * n_terms
            rows = phi[start:stop].reshape(-1, n_terms, n_sources).mT
            made.append(rows.reshape(n_products, -1, n_terms) @ terms)
            start = stop
        return made

    def backward(self, tape: Tape, grads: Sequence[Array]) -> Array:
        """The gradient in the angles, of those in the arrays, of any shape."""
        functions, *factors = pop(tape, 1 + self.n_kept)
        n_sources = functions.shape[1]
        parts = []
        for k, grad in enumerate(grads):
            terms = self.constants.get(f"terms{k}", functions)
            n_products, n_terms, numbers = terms.shape
            rows = grad.reshape(n_products, -1, numbers) @ terms.mT
            parts.append(rows.reshape(-1, n_sources, n_terms).mT.reshape(-1, n_sources))
        d_phi = join(parts)
        found = []
        for k in range(self.width):
            grad = d_phi
            for j, factor in enumerate(factors):
                if j != k:
                    grad = grad * factor
            rows = self.constants.get(f"rows{k}", functions)
            found.append(scatter_add(grad, rows, len(functions)))
        return self.table.backward(tape, total(found))


def _pad_terms(terms: dict[Key, NDArray[np.float64]]) -> None:
    """Add terms that vanish, in place, where that makes leaves equal and saves a product."""
    shapes = {key: Shape(False, 1, *array.shape[1:]) for key, array in terms.items()}
    counts: dict[int, Counter[Shape]] = {}  # by numbers, which stay as they are
    for key, shape in shapes.items():
        counts.setdefault(shape.columns, Counter())[shape] += len(terms[key])
    padded = {numbers: padded_shapes(own) for numbers, own in counts.items()}
    for key, shape in shapes.items():
        added = padded[shape.columns][shape].inner - shape.inner
        if added:
            terms[key] = np.pad(terms[key], ((0, 0), (0, added), (0, 0)))


def _index(leaf: GroupLeaf, table: FunctionTable, width: int, n_terms: int) -> NDArray[np.int64]:
    """The table's rows that a leaf's terms read, (angle, network · term); 0 for other kinds'."""
    starts = np.cumsum([0, *(len(terms.arrays) for terms in leaf.kinds)])
    kind_of = np.array(leaf.kind_of)
    index = np.full((len(kind_of), n_terms, width), ONE, dtype=np.int64)
    index[:, :, 0] = ZERO
    for kind, terms in enumerate(leaf.kinds):
        (mine,) = np.nonzero(kind_of == kind)
        columns = np.array([leaf.columns[n] for n in mine], dtype=np.int64)
        rows = table.rows(terms, columns.reshape(len(mine), -1))
        own = np.full((*rows.shape[:2], width), ONE, dtype=np.int64)
        own[:, :, : rows.shape[2]] = rows
        index[mine, starts[kind] : starts[kind + 1]] = own
    return index.reshape(-1, width).T
