"""`Gatewise`: one state at a time, gate by gate in place, gradients by undoing the gates.

For components too large to be multiplied out. Memory is that of the final states, whatever the
number of gates: the backward pass takes the gates back from the last to the first, on the state and
on its gradient together. Gates that come before all angles are done once, for every sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..circuit import InputSlot, WeightSlot
from ..distribution import Partition
from .arrays import Array
from .cost import Traffic
from .handwritten import Discarded, Tape, pop
from .pair_blocks import Blocks, effective, split_fixed

if TYPE_CHECKING:
    from .dense import ComponentGroup

__all__ = ["Gatewise"]

FLOPS_OF_AN_AMPLITUDE = 64  # of a block, values and gradient
OF_GRADIENT = 7  # times that values and gradient take longer than values
OTHER_STATES = 4
State = NDArray[np.complex128]
Real = NDArray[np.float64]


class Gatewise:
    """(weights (copy, n), encoded inputs (sample, column)) -> ⟨Z⟩, as a `Handwritten` function.

    The values are (copy, sample, component · qubit); those of qubits that aren't observed are zero.
    """

    def __init__(self, group: ComponentGroup, columns: NDArray[np.int64], seen: set[int]) -> None:
        """`columns`: of each component and gate; `seen`: the circuit's observed qubits."""
        self.group, self.n_qubits = group, group.n_qubits
        self.n_components = len(group.members)
        self.local = [
            q for q in range(group.n_qubits) if any(m.qubits[q] in seen for m in group.members)
        ]
        operations = group.members[0].operations
        kept = effective(operations, self.local)
        first, rest = split_fixed([operations[k] for k in kept])
        own = [[(operations[kept[k]], columns[:, kept[k]]) for k in part] for part in (first, rest)]
        self._prefix = Blocks(self.n_qubits, own[0], self.n_components)
        self.blocks = Blocks(self.n_qubits, own[1], self.n_components)
        self.slots = {type(op.angle) for op, _ in own[1]} & {InputSlot, WeightSlot}

    @property
    def n_blocks(self) -> tuple[int, int]:
        """Those that are done once, and those that are done for every sample."""
        return len(self._prefix), len(self.blocks)

    # -- cost -------------------------------------------------------------------------------------

    def calls(self, n_copies: int, n_samples: int) -> int:
        """Of compiled code, one a state."""
        return self.n_components * n_copies * n_samples if len(self.blocks) else 1

    def add_flops(
        self, traffic: Traffic, placed: Partition | None, n_copies: int, n_samples: int
    ) -> None:
        """As if all blocks were the same; those that are done once count for their values only."""
        states = n_copies * n_samples
        for member in self.group.members:
            homes = [placed.qpu_of[q] if placed else None for q in member.qubits]
            for blocks, times in ((self._prefix, 1 / OF_GRADIENT), (self.blocks, states)):
                each = FLOPS_OF_AN_AMPLITUDE * 2.0**self.n_qubits * times
                for bits in blocks.bits:
                    where = {homes[self.n_qubits - 1 - bit] for bit in bits if bit >= 0}
                    traffic.add(each, where)

    def size(self, n_copies: int, n_samples: int) -> float:
        """The final states, and two in the making."""
        states = n_copies * n_samples * self.n_components
        return 2.0 * 2**self.n_qubits * (states + OTHER_STATES)

    def largest(self, n_copies: int, n_samples: int) -> float:
        return 2.0 * 2**self.n_qubits * n_copies * n_samples * self.n_components

    # -- values and gradient ----------------------------------------------------------------------

    @cached_property
    def _start(self) -> State:
        """The state behind the gates that need no angle."""
        from .in_place import apply_blocks  # it loads numba

        state = np.zeros(2**self.n_qubits, dtype=np.complex128)
        state[0] = 1.0
        matrices = self._prefix.factors(np.zeros((1, len(self._prefix))))[0]
        apply_blocks(state, self._prefix.bits, matrices)
        return state

    def width(self, *tensors: Tensor) -> float:
        return 0.0  # it takes arrays

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        if isinstance(tape, Discarded):
            weights, encoded = arrays
            return (self.group.evaluate(iter(()), weights, encoded),)
        from .in_place import apply_blocks

        weights, encoded = (np.asarray(array, dtype=np.float64) for array in arrays)
        shape = (len(weights), len(encoded))
        values = np.zeros((*shape, self.n_components, self.n_qubits))
        states = np.empty((*shape, self.n_components, 2**self.n_qubits), dtype=np.complex128)
        for at in np.ndindex(values.shape[:3]):
            state = states[at]
            state[:] = self._start
            angles = self._angles(weights, encoded, at)
            apply_blocks(state, self.blocks.bits, self._matrices(angles))
            values[at][self.local] = _read_out(state, self.n_qubits)[self.local]
        tape += [*arrays, states]
        return (values.reshape(*shape, -1).astype(arrays[0].dtype, copy=False),)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        from .in_place import undo_blocks

        *arrays, states = pop(tape, 3)
        weights, encoded = (np.asarray(array, dtype=np.float64) for array in arrays)
        of_weights, of_encoded = np.zeros(weights.shape), np.zeros(encoded.shape)
        given = grads[0].reshape(*states.shape[:3], self.n_qubits)
        blocks, moves = self.blocks, self.blocks.moves
        for at in np.ndindex(states.shape[:3]):
            copy, sample, component = at
            state = states[at]
            own = np.zeros(self.n_qubits)
            own[self.local] = given[at][self.local]
            behind = state * _signed(own)
            angles = self._angles(weights, encoded, at)
            factors = blocks.factors(angles)
            matrices = blocks.products(factors)[-1]
            inverses = np.ascontiguousarray(matrices.conj().mT)
            found = np.zeros(matrices.shape, dtype=np.complex128)
            undo_blocks(state, behind, blocks.bits, inverses, blocks.wanted, found)
            slopes = blocks.slopes(angles, factors, found)
            columns = blocks.columns[:, component]
            for total, which in (
                (of_weights[copy], moves & ~blocks.is_data),
                (of_encoded[sample], moves & blocks.is_data),
            ):
                np.add.at(total, columns[which], slopes[which])
        dtype = arrays[0].dtype
        return of_weights.astype(dtype, copy=False), of_encoded.astype(dtype, copy=False)

    def _angles(self, weights: Real, encoded: Real, at: tuple[int, ...]) -> Real:
        """(position, block) of a copy, a sample and a component."""
        copy, sample, component = at
        blocks, columns = self.blocks, self.blocks.columns[:, component]
        angles = np.zeros(columns.shape)
        for source, which in (
            (weights[copy], blocks.moves & ~blocks.is_data),
            (encoded[sample], blocks.moves & blocks.is_data),
        ):
            angles[which] = source[columns[which]]
        return angles

    def _matrices(self, angles: Real) -> State:
        blocks = self.blocks
        return np.ascontiguousarray(blocks.products(blocks.factors(angles))[-1])


def _read_out(state: State, n_qubits: int) -> Real:
    """⟨Z⟩ of each qubit: the first qubit left is read, then summed over."""
    probabilities = state.real**2 + state.imag**2
    values = np.empty(n_qubits)
    for q in range(n_qubits):
        zero, one = probabilities.reshape(2, -1)
        values[q] = zero.sum() - one.sum()
        probabilities = zero + one
    return values


def _signed(grad: Real) -> Real:
    """Σ_q grad_q Z_q, (2**n,)."""
    diagonal = np.zeros(1)
    for each in grad[::-1]:
        diagonal = np.concatenate([diagonal + each, diagonal - each])
    return diagonal
