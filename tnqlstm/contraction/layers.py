"""Runs of gates as few large tensor operations.

A run is cut into layers, each a permutation of the basis (CX, SWAP), then signs or phases (CZ, CS),
then one 2×2 matrix a qubit; two-qubit gates of another kind stand alone. The 2×2 matrices of all
layers and qubits are made together: U = A + cos(fθ) B + sin(fθ) C with stacked A, B, C, fixed gates
multiplied into their neighbours beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..circuit import Operation, WeightSlot
from .angles import ConstantBank, is_data

__all__ = ["PERMUTATIONS", "GateRun", "kron_all"]

Slotted = tuple[Operation, NDArray[np.int64]]  # a gate and its angle's column in each component
PERMUTATIONS = {"CX", "SWAP"}
GROUP_QUBITS = 4  # one-qubit gates of so many neighbouring qubits are multiplied out together
WHOLE_QUBITS = 6  # a register this small is one group, and takes the permutation in as well


@dataclass(eq=False)
class _Layer:
    """permutation, then diagonal, then one chain of one-qubit gates a qubit."""

    n_qubits: int
    permutation: NDArray[np.int64] | None = None
    diagonal: NDArray[np.complex128] | None = None
    chains: dict[int, list[Slotted]] = field(default_factory=dict)
    pair: Slotted | None = None

    @property
    def is_empty(self) -> bool:
        return not self.chains and all(
            part is None for part in (self.permutation, self.diagonal, self.pair)
        )

    def accepts(self, op: Operation) -> bool:
        """Whether the gate commutes into this layer's order."""
        if self.pair is not None:
            return False
        if len(op.qubits) == 1:
            return True
        if any(q in self.chains for q in op.qubits):
            return False
        return _is_fixed_diagonal(op) or (op.name in PERMUTATIONS and self.diagonal is None)

    def add(self, op: Operation, columns: NDArray[np.int64]) -> None:
        index = np.arange(2**self.n_qubits)
        if len(op.qubits) == 1:
            self.chains.setdefault(op.qubits[0], []).append((op, columns))
            return
        first, second = ((index >> (self.n_qubits - 1 - q)) & 1 for q in op.qubits)
        if _is_fixed_diagonal(op):
            matrix = op.gate.matrix(op.angle if isinstance(op.angle, float) else None)
            factor = np.diag(matrix)[2 * first + second]
            self.diagonal = factor if self.diagonal is None else self.diagonal * factor
        else:
            a, b = (1 << (self.n_qubits - 1 - q) for q in op.qubits)
            flips = first * b if op.name == "CX" else (first ^ second) * (a | b)
            moved = index ^ flips
            self.permutation = moved if self.permutation is None else self.permutation[moved]


def _is_fixed_diagonal(op: Operation) -> bool:
    return op.gate.diagonal and (op.angle is None or isinstance(op.angle, float))


def _layers(n_qubits: int, gates: Sequence[Slotted]) -> list[_Layer]:
    layers = [_Layer(n_qubits)]
    for op, columns in gates:
        alone = len(op.qubits) == 2 and not (op.name in PERMUTATIONS or _is_fixed_diagonal(op))
        if alone:
            layers += [_Layer(n_qubits, pair=(op, columns)), _Layer(n_qubits)]
            continue
        if not layers[-1].accepts(op):
            layers.append(_Layer(n_qubits))
        layers[-1].add(op, columns)
    return [layer for layer in layers if not layer.is_empty]


class GateRun:
    """Gates that read only weights, or only inputs, ready to be multiplied or applied.

    `vector`: the run is one-qubit gates on |0…0⟩ and gives a product state.
    """

    def __init__(
        self, n_qubits: int, gates: Sequence[Slotted], *, n_components: int, vector: bool = False
    ) -> None:
        self.n_qubits = n_qubits
        self.n_components = n_components
        self.data = any(is_data(op) for op, _ in gates)
        self.layers = _layers(n_qubits, gates)
        self.sizes = _group_sizes(n_qubits, 2 if self.data else GROUP_QUBITS)
        self.whole = len(self.sizes) == 1
        self.local = [i for i, layer in enumerate(self.layers) if layer.chains or vector]
        if vector and not self.local:
            self.layers, self.local = [_Layer(n_qubits)], [0]
        self.pairs = [i for i, layer in enumerate(self.layers) if layer.pair is not None]
        self.constants = ConstantBank(
            {
                **_chain_arrays("one", [self._chains(i) for i in self.local], 2, self.n_components),
                **_chain_arrays("two", [self._pair(i) for i in self.pairs], 4, self.n_components),
                **self._layer_arrays(),
            }
        )

    @property
    def n_steps(self) -> int:
        """Tensors the size of the state that applying the run makes."""
        groups = len(self.local) * len(self.sizes)
        moves = sum(layer.permutation is not None for layer in self.layers) * (not self.whole)
        return groups + moves + 2 * len(self.pairs)

    def _chains(self, layer: int) -> list[list[Slotted]]:
        return [self.layers[layer].chains.get(q, []) for q in range(self.n_qubits)]

    def _pair(self, layer: int) -> list[list[Slotted]]:
        pair = self.layers[layer].pair
        assert pair is not None
        return [[pair]]

    def _layer_arrays(self) -> dict[str, NDArray[np.generic]]:
        arrays: dict[str, NDArray[np.generic]] = {}
        for i, layer in enumerate(self.layers):
            if layer.permutation is not None:
                arrays[f"permutation{i}"] = layer.permutation
            if layer.diagonal is not None:
                arrays[f"diagonal{i}"] = layer.diagonal
        folded = [self.layers[i] for i in self.local]
        if self.whole and any(
            la.permutation is not None or la.diagonal is not None for la in folded
        ):
            size = 2**self.n_qubits
            inverse = [
                np.arange(size) if la.permutation is None else np.argsort(la.permutation)
                for la in folded
            ]
            phases = [np.ones(size) if la.diagonal is None else la.diagonal for la in folded]
            arrays["fold"] = np.stack(inverse)[..., None]
            if any(la.diagonal is not None for la in folded):
                moved = [p[i] for p, i in zip(phases, inverse, strict=True)]
                arrays["fold_diagonal"] = np.stack(moved)[..., None]
        return arrays

    # -- values ---------------------------------------------------------------------------------

    def _matrices(self, prefix: str, angles: Tensor, real: bool) -> Tensor:
        """(source, component, layer, qubit, d, d): transposed, multiplied along each chain."""
        get = self.constants.get
        index = get(f"{prefix}_index", angles)
        phase = angles[:, index] * get(f"{prefix}_frequency", angles)
        phase = phase[..., None, None]
        a, b, c = (get(f"{prefix}_{k}", angles, real=real) for k in "abc")
        factors = a + torch.cos(phase) * b + torch.sin(phase) * c
        product = factors[:, 0]
        for k in range(1, factors.shape[1]):
            product = product @ factors[:, k]
        return product

    def vectors(self, encoded: Tensor, real: bool) -> Tensor:
        """The product state, (component, sample, 2**n)."""
        if not self.data:
            encoded = encoded.new_zeros(1, 1)
        rows = self._matrices("one", encoded, real)[:, :, 0, :, 0, :]  # row 0 of Uᵀ is U|0⟩
        return kron_all(rows, 1).transpose(0, 1)

    def _groups(self, angles: Tensor, real: bool) -> list[Tensor]:
        """One (source, component, layer, 2**g, 2**g) for each group of neighbouring qubits."""
        if not self.local:
            return []
        ones = self._matrices("one", angles, real)
        groups, start = [], 0
        for size in self.sizes:
            groups.append(kron_all(ones[:, :, :, start : start + size], 2))
            start += size
        if "fold" in self.constants.arrays:
            fold = self.constants.get("fold", angles)
            groups[0] = torch.take_along_dim(groups[0], fold[None, None], dim=-2)
        if "fold_diagonal" in self.constants.arrays:
            groups[0] = groups[0] * self.constants.get("fold_diagonal", angles, real=real)
        return groups

    def matrix(self, weights: Tensor, real: bool) -> Tensor:
        """The run multiplied out and transposed, (component, D, copy·D)."""
        size = 2**self.n_qubits
        eye = torch.eye(size, dtype=weights.dtype, device=weights.device)
        state = eye.expand(1, self.n_components, size, size)
        rows = self.apply(weights, state if real else state.to(weights.dtype.to_complex()), real)
        return rows.permute(1, 2, 0, 3).flatten(-2)

    def apply(self, angles: Tensor, state: Tensor, real: bool) -> Tensor:
        """The run on states (copy, component, sample, D); `angles` (copy or sample, column)."""
        groups = self._groups(angles, real)
        pairs = self._matrices("two", angles, real) if self.pairs else None
        for i, layer in enumerate(self.layers):
            folded = self.whole and i in self.local
            if layer.permutation is not None and not folded:
                state = state.index_select(-1, self.constants.get(f"permutation{i}", angles))
            if layer.diagonal is not None and not folded:
                state = state * self.constants.get(f"diagonal{i}", angles, real=real)
            if i in self.local:
                matrices = [group[:, :, self.local.index(i)] for group in groups]
                state = self._apply_groups(matrices, state)
            if layer.pair is not None and pairs is not None:
                matrix = pairs[:, :, self.pairs.index(i), 0]
                state = self._apply_pair(matrix, layer.pair[0].qubits, state)
        return state

    def _apply_groups(self, matrices: list[Tensor], state: Tensor) -> Tensor:
        """Each group in turn moves from the front of the register to its end."""
        for matrix in matrices:
            front = state.unflatten(-1, (matrix.shape[-1], -1)).transpose(-1, -2)
            state = self._multiply(front, matrix).flatten(-2)
        return state

    def _apply_pair(self, matrix: Tensor, qubits: tuple[int, ...], state: Tensor) -> Tensor:
        axes = [3 + q for q in qubits]
        split = state.unflatten(-1, (2,) * self.n_qubits).movedim(axes, (-2, -1))
        moved = self._multiply(split.reshape(*split.shape[:3], -1, 4), matrix)
        back = moved.reshape(*moved.shape[:3], *(2,) * self.n_qubits)
        return back.movedim((-2, -1), axes).flatten(3)

    def _multiply(self, rows: Tensor, matrix: Tensor) -> Tensor:
        """rows (copy, component, sample, rest, d) times matrix (source, component, d, d)."""
        if self.data:
            return rows @ matrix.transpose(0, 1).unsqueeze(0)
        merged = rows.flatten(2, 3)
        return (merged @ matrix).unflatten(2, rows.shape[2:4])


def _chain_arrays(
    prefix: str, layers: list[list[list[Slotted]]], size: int, n_components: int
) -> dict[str, NDArray[np.generic]]:
    """Stacked U = A + cos(fθ)B + sin(fθ)C of every chain: position, component, layer, qubit, d, d.

    A chain's fixed gates are multiplied into the angle that follows, or the last one.
    """
    if not layers:
        return {}
    chains = [[_fold_fixed(chain, size) for chain in layer] for layer in layers]
    length = max(1, *(len(chain) for layer in chains for chain in layer))
    shape = (length, len(layers), len(layers[0]))
    terms = np.zeros((3, *shape, size, size), dtype=np.complex128)
    terms[0] = np.eye(size)
    frequency = np.ones(shape)
    index = np.zeros((length, n_components, *shape[1:]), dtype=np.int64)
    for i, layer in enumerate(chains):
        for q, chain in enumerate(layer):
            for k, (abc, f, columns) in enumerate(chain):
                terms[:, k, i, q] = abc.transpose(0, 2, 1)  # row vectors multiply from the left
                frequency[k, i, q] = f
                index[k, :, i, q] = columns
    arrays = {f"{prefix}_{name}": terms[t][:, None] for t, name in enumerate("abc")}
    return {**arrays, f"{prefix}_frequency": frequency[:, None], f"{prefix}_index": index}


def _fold_fixed(
    chain: list[Slotted], size: int
) -> list[tuple[NDArray[np.complex128], float, NDArray[np.int64]]]:
    zero = np.zeros((size, size), dtype=np.complex128)
    before = np.eye(size, dtype=np.complex128)
    folded: list[tuple[NDArray[np.complex128], float, NDArray[np.int64]]] = []
    for op, columns in chain:
        gate = op.gate
        if op.angle is None or isinstance(op.angle, float):
            before = gate.matrix(op.angle) @ before
            continue
        assert is_data(op) or isinstance(op.angle, WeightSlot)
        assert gate.cosine is not None
        assert gate.sine is not None
        terms = np.stack([gate.constant, gate.cosine, gate.sine]) @ before
        folded.append((terms, gate.frequency, columns))
        before = np.eye(size, dtype=np.complex128)
    if folded:
        terms, f, columns = folded[-1]
        folded[-1] = (before @ terms, f, columns)
    elif chain:
        folded.append((np.stack([before, zero, zero]), 1.0, np.zeros_like(chain[0][1])))
    return folded


def _group_sizes(n_qubits: int, most: int) -> list[int]:
    """Even group sizes of at most `most` qubits; one group while the register is small."""
    if n_qubits <= WHOLE_QUBITS and most > 2:
        return [n_qubits]
    n_groups = -(-n_qubits // most)
    return [n_qubits // n_groups + (k < n_qubits % n_groups) for k in range(n_groups)]


def kron_all(factors: Tensor, rank: int) -> Tensor:
    """Kronecker product along axis −1−rank of vectors (rank 1) or matrices (rank 2)."""
    parts = factors
    tail: Tensor | None = None
    while parts.shape[-1 - rank] > 1:
        n = parts.shape[-1 - rank]
        if n % 2:
            last = parts.narrow(-1 - rank, n - 1, 1)
            tail = last if tail is None else _kron(last, tail, rank)
            parts = parts.narrow(-1 - rank, 0, n - 1)
        pairs = parts.unflatten(-1 - rank, (-1, 2))
        parts = _kron(pairs.select(-1 - rank, 0), pairs.select(-1 - rank, 1), rank)
    if tail is not None:
        parts = _kron(parts, tail, rank)
    return parts.squeeze(-1 - rank)


def _kron(a: Tensor, b: Tensor, rank: int) -> Tensor:
    if rank == 1:
        return (a.unsqueeze(-1) * b.unsqueeze(-2)).flatten(-2)
    return (a[..., :, None, :, None] * b[..., None, :, None, :]).flatten(-4, -3).flatten(-2)
