"""Runs of gates as few large tensor operations.

A run is cut into layers, each a permutation of the basis (CX, SWAP), then signs or phases (CZ, CS),
then one 2×2 matrix a qubit; two-qubit gates of another kind stand alone. The 2×2 matrices of all
layers and qubits are made together: U = A + cos(fθ) B + sin(fθ) C with stacked A, B, C, fixed gates
multiplied into their neighbours beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..circuit import Operation, WeightSlot
from .angles import ConstantBank, is_data
from .arrays import kron
from .permutation import permute_basis

__all__ = ["PERMUTATIONS", "GateRun", "ProductState", "Slotted"]

Slotted = tuple[Operation, NDArray[np.int64]]  # a gate and its angle's column in each component
PERMUTATIONS = {"CX", "SWAP"}
GROUP_QUBITS = 4  # one-qubit gates of so many neighbouring qubits are multiplied out together
DATA_GROUP_QUBITS = 1  # where each sample has matrices of its own


@dataclass(eq=False)
class _Layer:
    """A permutation of the basis, then a diagonal, then one chain of one-qubit gates a qubit."""

    n_qubits: int
    moves: list[Operation] = field(default_factory=list)
    phases: list[Operation] = field(default_factory=list)
    chains: dict[int, list[Slotted]] = field(default_factory=dict)
    pair: Slotted | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.moves or self.phases or self.chains or self.pair)

    def accepts(self, op: Operation) -> bool:
        """Whether the gate commutes into this layer's order."""
        if self.pair is not None:
            return False
        if len(op.qubits) == 1:
            return True
        if any(q in self.chains for q in op.qubits):
            return False
        return _is_fixed_diagonal(op) or (op.name in PERMUTATIONS and not self.phases)

    def add(self, op: Operation, columns: NDArray[np.int64]) -> None:
        if len(op.qubits) == 1:
            self.chains.setdefault(op.qubits[0], []).append((op, columns))
        elif _is_fixed_diagonal(op):
            self.phases.append(op)
        else:
            self.moves.append(op)

    def permutation(self) -> NDArray[np.int64]:
        """new[r] = old[permutation[r]], shape (2**n,)."""
        index = np.arange(2**self.n_qubits)
        permutation = index
        for op in self.moves:
            first, second = self._bits(index, op)
            a, b = (1 << (self.n_qubits - 1 - q) for q in op.qubits)
            flips = first * b if op.name == "CX" else (first ^ second) * (a | b)
            permutation = permutation[index ^ flips]
        return permutation

    def inverse(self) -> NDArray[np.int64]:
        """The permutation that undoes `permutation`."""
        return np.argsort(self.permutation())

    def diagonal(self) -> NDArray[np.complex128]:
        """The factor of each basis state, shape (2**n, 1)."""
        index = np.arange(2**self.n_qubits)
        factor = np.ones(len(index), dtype=np.complex128)
        for op in self.phases:
            first, second = self._bits(index, op)
            matrix = op.gate.matrix(op.angle if isinstance(op.angle, float) else None)
            factor *= np.diag(matrix)[2 * first + second]
        return factor[:, None]

    def _bits(self, index: NDArray[np.int64], op: Operation) -> list[NDArray[np.int64]]:
        return [(index >> (self.n_qubits - 1 - q)) & 1 for q in op.qubits]


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


class ProductState:
    """One-qubit gates on |0…0⟩: the encoding, (component, 2**n, sample)."""

    def __init__(self, n_qubits: int, gates: Sequence[Slotted], n_components: int) -> None:
        chains: list[list[Slotted]] = [[] for _ in range(n_qubits)]
        for op, columns in gates:
            chains[op.qubits[0]].append((op, columns))
        self.data = any(is_data(op) for op, _ in gates)
        arrays = _chain_arrays("one", [chains], 2, n_components)
        self.length = len(arrays["one_index"])  # of the longest chain, fixed gates multiplied in
        self.constants = ConstantBank(arrays)

    def compute(self, encoded: Tensor, real: bool) -> Tensor:
        """From encoded inputs (sample, column); one sample where no gate reads an input."""
        if not self.data:
            encoded = encoded.new_zeros(1, 1)
        factors = _chain_factors(self.constants, "one", encoded.t(), real)[:, :, 0]
        vectors = factors[0, ..., 0, :]  # component, qubit, amplitude, sample
        for matrix in factors[1:]:
            vectors = (matrix * vectors.unsqueeze(-3)).sum(-2)
        return kron_all(vectors, axis=1, rank=1)


class GateRun:
    """Gates that read only weights, or only inputs, ready to be multiplied or applied.

    States are (copy, component, amplitude, sample): the sample comes last, so that permutations
    copy rows and products are wide.
    """

    def __init__(self, n_qubits: int, gates: Sequence[Slotted], n_components: int) -> None:
        self.n_qubits = n_qubits
        self.n_components = n_components
        self.data = any(is_data(op) for op, _ in gates)
        self.layers = _layers(n_qubits, gates)
        self.sizes = _group_sizes(n_qubits, DATA_GROUP_QUBITS if self.data else GROUP_QUBITS)
        local = [layer for layer in self.layers if layer.chains]
        pairs = [layer.pair for layer in self.layers if layer.pair is not None]
        self.n_steps = (
            len(local) * len(self.sizes)
            + sum(bool(layer.moves) for layer in self.layers)
            + 2 * len(pairs)
        )  # tensors the size of the state that applying the run makes
        chains = [[layer.chains.get(q, []) for q in range(n_qubits)] for layer in local]
        self.constants = ConstantBank(
            {
                **_chain_arrays("one", chains, 2, n_components),
                **_chain_arrays("two", [[[pair]] for pair in pairs], 4, n_components),
                **self._layer_arrays(),
            }
        )

    def _layer_arrays(self) -> dict[str, Callable[[], NDArray[np.generic]]]:
        """Arrays of the states' size, made when the run is first used, not when it's planned."""
        arrays: dict[str, Callable[[], NDArray[np.generic]]] = {}
        for i, layer in enumerate(self.layers):
            arrays[f"permutation{i}"] = layer.permutation
            arrays[f"inverse{i}"] = layer.inverse
            arrays[f"diagonal{i}"] = layer.diagonal
        return arrays

    def matrix(self, weights: Tensor, real: bool) -> Tensor:
        """The run multiplied out, (component, copy, D, D)."""
        size = 2**self.n_qubits
        eye = torch.eye(size, dtype=weights.dtype, device=weights.device)
        state = eye.expand(1, self.n_components, size, size)
        product = self.apply(weights, state if real else state.to(weights.dtype.to_complex()), real)
        return product.expand(len(weights), -1, -1, -1).transpose(0, 1).contiguous()

    def apply(self, angles: Tensor, state: Tensor, real: bool) -> Tensor:
        """The run on states; `angles` (copy, column) of weights or (sample, column) of inputs."""
        groups = zip(*self._groups(angles, real), strict=True)
        pairs = iter(self._matrices("two", angles, real))
        get = self.constants.get
        for i, layer in enumerate(self.layers):
            if layer.moves:
                moved, inverse = get(f"permutation{i}", angles), get(f"inverse{i}", angles)
                state = permute_basis(state, moved, inverse)
            if layer.phases:
                state = state * get(f"diagonal{i}", angles, real=real)
            if layer.chains:
                state = self._apply_groups(next(groups), state)
            if layer.pair is not None:
                matrix = next(pairs).select(2, 0)
                state = self._apply_pair(matrix, layer.pair[0].qubits, state)
        return state

    def _matrices(self, prefix: str, angles: Tensor, real: bool) -> tuple[Tensor, ...]:
        """For each layer (copy, component, qubit, d, d, sample); one of copy, sample is 1."""
        if f"{prefix}_index" not in self.constants.arrays:
            return ()
        factors = _chain_factors(self.constants, prefix, angles.t(), real)
        product = factors[0]
        for matrix in factors[1:]:
            product = (matrix.unsqueeze(-2) * product.unsqueeze(-4)).sum(-3)
        product = product.unsqueeze(0)
        if not self.data:
            product = product.movedim(-1, 0).squeeze(1).unsqueeze(-1)
        # unbind, not select: its backward stacks once instead of filling zeros for each layer
        return product.unbind(2)

    def _groups(self, angles: Tensor, real: bool) -> Iterable[tuple[Tensor, ...]]:
        """For each group of neighbouring qubits: its matrices, (copy, component, d, d, sample)."""
        layers = self._matrices("one", angles, real)
        if not layers:
            return
        ones, start = torch.stack(layers, 0), 0
        for size in self.sizes:
            yield kron_all(ones[:, :, :, start : start + size], axis=3, rank=2).unbind(0)
            start += size

    def _apply_groups(self, matrices: Iterable[Tensor], state: Tensor) -> Tensor:
        left = 1
        for matrix in matrices:
            split = state.unflatten(2, (left, matrix.shape[2], -1))
            left *= matrix.shape[2]
            state = self._multiply(matrix.unsqueeze(2), split).flatten(2, 4)
        return state

    def _apply_pair(self, matrix: Tensor, qubits: tuple[int, ...], state: Tensor) -> Tensor:
        axes = [2 + q for q in qubits]
        split = state.unflatten(2, (2,) * self.n_qubits).movedim(axes, (2, 3))
        merged = split.reshape(*split.shape[:2], 1, 4, -1, split.shape[-1])
        moved = self._multiply(matrix.unsqueeze(2), merged)
        back = moved.reshape(*moved.shape[:2], *(2,) * self.n_qubits, moved.shape[-1])
        return back.movedim((2, 3), axes).flatten(2, -2)

    def _multiply(self, matrix: Tensor, state: Tensor) -> Tensor:
        """matrix (copy, component, 1, d, d, sample) on state (…, left, d, right, sample)."""
        if self.data:
            return (matrix.unsqueeze(-2) * state.unsqueeze(3)).sum(4)
        right = state.shape[-2:]
        return (matrix.squeeze(-1) @ state.flatten(-2)).unflatten(-1, right)


def _chain_factors(bank: ConstantBank, prefix: str, angles: Tensor, real: bool) -> Tensor:
    """U = A + cos(fθ)B + sin(fθ)C, (position, component, layer, qubit, d, d, source).

    `angles` (column, source).
    """
    if not len(angles):  # all gates are fixed, and read a column that isn't used
        angles = angles.new_zeros(1, angles.shape[1])
    phase = angles[bank.get(f"{prefix}_index", angles)] * bank.get(f"{prefix}_frequency", angles)
    phase = phase[..., None, None, :]
    a, b, c = (bank.get(f"{prefix}_{k}", angles, real=real) for k in "abc")
    return a + torch.cos(phase) * b + torch.sin(phase) * c


def _chain_arrays(
    prefix: str, layers: list[list[list[Slotted]]], size: int, n_components: int
) -> dict[str, NDArray[np.generic]]:
    """Stacked U = A + cos(fθ)B + sin(fθ)C: position, component, layer, qubit, d, d, 1.

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
                terms[:, k, i, q] = abc
                frequency[k, i, q] = f
                index[k, :, i, q] = columns
    arrays = {f"{prefix}_{name}": terms[t][:, None, ..., None] for t, name in enumerate("abc")}
    return {
        **arrays,
        f"{prefix}_frequency": frequency[:, None, ..., None],
        f"{prefix}_index": index,
    }


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
    """Even group sizes of at most `most` qubits."""
    n_groups = -(-n_qubits // most)
    return [n_qubits // n_groups + (k < n_qubits % n_groups) for k in range(n_groups)]


def kron_all(factors: Tensor, axis: int, rank: int) -> Tensor:
    """Kronecker product along `axis` of the vectors (rank 1) or matrices (rank 2) that follow it.

    (…, n, d, sample) -> (…, dⁿ, sample), or (…, n, d, d, sample) -> (…, dⁿ, dⁿ, sample).
    """
    parts = list(factors.unbind(axis))
    while len(parts) > 1:
        merged = [kron(a, b, axis, rank) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = merged + parts[len(parts) - len(parts) % 2 :]
    return parts[0]
