"""Gates gathered into blocks of one or two qubits, and the blocks' matrices.

A block's matrix is a product of factors A + cos(fθ) B + sin(fθ) C, one for each gate that reads an
angle; fixed gates are multiplied into their neighbours beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..circuit import Operation
from .angles import is_data
from .layers import Slotted

__all__ = ["Blocks", "effective", "split_fixed"]

MOST_FACTORS = 4  # of a block
Matrices = NDArray[np.complex128]


def effective(operations: Sequence[Operation], observed: Sequence[int]) -> list[int]:
    """The numbers of the gates that ⟨Z⟩ of the observed qubits depends on, in order.

    What is outside their light cone has no effect, nor have diagonal gates with nothing but such
    gates and the read-out behind them.
    """
    seen, mixed = set(observed), set[int]()  # mixed: other gates follow
    found = []
    for k in range(len(operations) - 1, -1, -1):
        op = operations[k]
        if seen.isdisjoint(op.qubits):
            continue
        if op.gate.diagonal and mixed.isdisjoint(op.qubits):
            continue
        found.append(k)
        seen.update(op.qubits)
        mixed.update(op.qubits)
    return found[::-1]


def split_fixed(operations: Sequence[Operation]) -> tuple[list[int], list[int]]:
    """The gates that can come first as none before them reads an angle; and the rest."""
    open_qubits: set[int] = set()
    first, rest = [], []
    for k, op in enumerate(operations):
        if isinstance(op.angle, float | None) and open_qubits.isdisjoint(op.qubits):
            first.append(k)
        else:
            rest.append(k)
            open_qubits.update(op.qubits)
    return first, rest


@dataclass
class _Block:
    qubits: tuple[int, ...]
    gates: list[Slotted] = field(default_factory=list)
    n_factors: int = 0

    def add(self, gates: Sequence[Slotted]) -> None:
        self.gates += gates
        self.n_factors += sum(not isinstance(op.angle, float | None) for op, _ in gates)


def _gather(gates: Sequence[Slotted]) -> list[_Block]:
    """The gates in blocks, each in order on all of its qubits."""
    blocks: list[_Block] = []
    last: dict[int, _Block] = {}  # of each qubit
    for op, columns in gates:
        before = [last.get(q) for q in op.qubits]
        own = before[0]
        fits = own is not None and own.n_factors < MOST_FACTORS
        if not (fits and all(block is own for block in before)):
            own = _Block(op.qubits)
            for q, block in zip(op.qubits, before, strict=True):
                if block is None or block.qubits != (q,) or len(op.qubits) == 1:
                    continue
                if own.n_factors + block.n_factors < MOST_FACTORS:
                    own.add(block.gates)  # nothing has followed it
                    block.gates = []
            blocks.append(own)
            last |= dict.fromkeys(op.qubits, own)
        assert own is not None
        own.add([(op, columns)])
    return [block for block in blocks if block.gates]


class Blocks:
    """Blocks of gates of several components of one structure, as arrays."""

    def __init__(self, n_qubits: int, gates: Sequence[Slotted], n_components: int) -> None:
        blocks = _gather(gates)
        chains = [_factors(block) for block in blocks]
        n, length = len(blocks), max(1, *map(len, chains), 1)
        self.bits = np.full((n, 2), -1, dtype=np.int64)
        terms = np.zeros((3, length, n, 4, 4), dtype=np.complex128)
        terms[0] = np.eye(4)
        self.frequency = np.ones((length, n))
        self.is_data = np.zeros((length, n), dtype=bool)
        self.moves = np.zeros((length, n), dtype=bool)
        self.columns = np.zeros((length, n_components, n), dtype=np.int64)
        for b, (block, chain) in enumerate(zip(blocks, chains, strict=True)):
            self.bits[b, : len(block.qubits)] = [n_qubits - 1 - q for q in block.qubits]
            for k, (abc, slotted) in enumerate(chain):
                terms[:, k, b] = abc
                if slotted is not None:
                    op, columns = slotted
                    self.frequency[k, b] = op.gate.frequency
                    self.is_data[k, b], self.moves[k, b] = is_data(op), True
                    self.columns[k, :, b] = columns
        self.terms = terms
        self.wanted: NDArray[np.int64] = np.any(self.moves, axis=0).astype(np.int64)

    def __len__(self) -> int:
        return len(self.bits)

    def factors(self, angles: NDArray[np.float64]) -> Matrices:
        """(position, block, 4, 4), of angles (position, block)."""
        phase = (angles * self.frequency)[..., None, None]
        a, b, c = self.terms
        made: Matrices = a + np.cos(phase) * b + np.sin(phase) * c
        return made

    def products(self, factors: Matrices) -> list[Matrices]:
        """The identity, then the products of the first, the first two, … factors."""
        made = [np.broadcast_to(np.eye(4, dtype=np.complex128), factors.shape[1:])]
        for factor in factors:
            made.append(factor @ made[-1] if len(made) > 1 else factor)
        return made

    def slopes(
        self, angles: NDArray[np.float64], factors: Matrices, grad: Matrices
    ) -> NDArray[np.float64]:
        """The gradient in the angles, of Σ g* ψ of each block (see `in_place.undo_blocks`)."""
        phase = (angles * self.frequency)[..., None, None]
        _, b, c = self.terms
        turned = self.frequency[..., None, None] * (np.cos(phase) * c - np.sin(phase) * b)
        before = self.products(factors)
        found = np.zeros(angles.shape)
        for k in range(len(factors) - 1, -1, -1):
            behind: Matrices = grad @ before[k].mT
            found[k] = 2 * (turned[k] * behind).sum((-2, -1)).real
            grad = factors[k].mT @ grad
        return found * self.moves


def _factors(block: _Block) -> list[tuple[Matrices, Slotted | None]]:
    """(A, B, C) of each factor and the gate whose angle it reads; a fixed block is one."""
    before = np.eye(4, dtype=np.complex128)
    found: list[tuple[Matrices, Slotted | None]] = []
    for op, columns in block.gates:
        gate = op.gate
        if isinstance(op.angle, float | None):
            before = _embedded(gate.matrix(op.angle), op.qubits, block.qubits) @ before
            continue
        assert gate.cosine is not None
        assert gate.sine is not None
        abc = [
            _embedded(part, op.qubits, block.qubits) @ before
            for part in (gate.constant, gate.cosine, gate.sine)
        ]
        found.append((np.stack(abc), (op, columns)))
        before = np.eye(4, dtype=np.complex128)
    if not found:
        return [(np.stack([before, 0 * before, 0 * before]), None)]
    abc_last, slotted = found[-1]
    found[-1] = (before @ abc_last, slotted)
    return found


def _embedded(matrix: Matrices, qubits: tuple[int, ...], block: tuple[int, ...]) -> Matrices:
    """A gate's matrix on its block's qubits, 4×4; one qubit's stands in the corner."""
    if len(block) == 1:
        full = np.zeros((4, 4), dtype=np.complex128)
        full[:2, :2] = matrix
        return full
    if len(qubits) == 2:
        return matrix if qubits == block else matrix[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    both = (matrix, np.eye(2)) if qubits[0] == block[0] else (np.eye(2), matrix)
    made: Matrices = np.kron(*both).astype(np.complex128, copy=False)
    return made
