"""Blocks of gates on one pair of qubits: what cuts them together costs less than gate by gate.

A block is a stretch of two-qubit gates on the same pair with only one-qubit gates on either qubit
between. It is one unitary, so it's cut as one: its γ is that of the product, which is never more
than the product of the gates' own and often far less (two equal CX cancel; RXX and RYY of 0.1 have
1.4 and 1.2).

The rule for angles that slots give, which a placement must hold for whatever they are: stretches of
fixed gates count as their products, a gate with a slot as its own γ at its worst angle, and the
block as the product of these, but at most 2r − 1, r being the block's operator-Schmidt rank at
generic angles: r coefficients with Σ s² = 1 sum to √r at most. So RZZ RZZ and CX RZ CX, of rank 2,
count 3, RXX RYY 7, and nothing more than 7.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..circuit import Operation
from ..circuit.slots import slots_of, with_slots
from ..shown import counted
from .cuts import gamma_of, gate_cut, operator_schmidt

__all__ = ["GateBlock", "block_gamma", "gate_blocks"]

N_GENERIC = 3  # drawings of angles; one meets a smaller rank with probability 0
TOLERANCE = 1e-9  # of a Schmidt coefficient


@dataclass
class GateBlock:
    """Gates on one pair of qubits that are cut together.

    operations
        Indices of the two-qubit gates, in time order.
    gates
        All gates from the first of them to the last.
    """

    qubits: tuple[int, int]
    operations: list[int] = field(default_factory=list)
    gates: list[Operation] = field(default_factory=list)
    between: list[Operation] = field(default_factory=list)  # behind the last two-qubit gate

    def __repr__(self) -> str:
        gates = counted(len(self.operations), "gate")
        return f"GateBlock({self.qubits}, {gates} from operation {self.operations[0]} on)"

    @property
    def gamma(self) -> float:
        """γ of cutting the whole block, by the module's rule; at least 1."""
        if len(self.operations) == 1:
            return gate_cut(self.gates[0]).gamma
        return block_gamma(tuple(_inside(gate, self.qubits) for gate in self.gates))


def gate_blocks(
    operations: Sequence[Operation], parted: Mapping[int, Collection[int]] | None = None
) -> list[GateBlock]:
    """The blocks of a circuit, in the order of their first gates.

    `parted`: {operation index: qubits whose blocks end before it}, such as those that move.
    """
    blocks: list[GateBlock] = []
    last: dict[int, GateBlock] = {}  # the block of each qubit that may go on
    for index, operation in enumerate(operations):
        for qubit in (parted or {}).get(index, ()):
            last.pop(qubit, None)
        if len(operation.qubits) == 1:
            (qubit,) = operation.qubits
            if qubit in last:
                last[qubit].between.append(operation)
            continue
        a, b = operation.qubits
        block = last.get(a)
        if block is None or block is not last.get(b):
            block = last[a] = last[b] = GateBlock((a, b))
            blocks.append(block)
        block.operations.append(index)
        block.gates += [*block.between, operation]
        block.between.clear()
    return blocks


def _inside(operation: Operation, pair: tuple[int, int]) -> Operation:
    """The operation on qubits 0 and 1 in place of the pair."""
    return Operation(operation.name, tuple(map(pair.index, operation.qubits)), operation.angle)


@lru_cache(maxsize=1 << 14)
def block_gamma(gates: tuple[Operation, ...]) -> float:
    """γ of a block's gates, on qubits 0 and 1, by the module's rule; at least 1."""
    gammas = [1.0]
    product = np.eye(4, dtype=np.complex128)
    has_slots = False
    for gate in gates:
        if gate.angle is None or isinstance(gate.angle, float):
            product = _on_both(gate) @ product
            continue
        has_slots = True
        gammas += [gamma_of(product), gate_cut(gate).gamma]
        product = np.eye(4, dtype=np.complex128)
    found = math.prod([*gammas, gamma_of(product)])
    return min(found, 2.0 * _generic_rank(gates) - 1) if has_slots else found


def _generic_rank(gates: Sequence[Operation]) -> int:
    """The product's operator-Schmidt rank at generic angles of its slots, which is the largest."""
    slots = dict.fromkeys(slot for gate in gates for slot in slots_of(gate.angle))
    rng = np.random.default_rng(0)
    ranks = []
    for _ in range(N_GENERIC):
        values = {slot: rng.uniform(-math.pi, math.pi) for slot in slots}
        product = np.eye(4, dtype=np.complex128)
        for gate in gates:
            angle = with_slots(gate.angle, values.__getitem__)
            product = _on_both(Operation(gate.name, gate.qubits, angle)) @ product
        ranks.append(int(np.sum(operator_schmidt(product) > TOLERANCE)))
    return max(ranks)


def _on_both(gate: Operation) -> NDArray[np.complex128]:
    """The gate as a matrix on qubits 0 and 1, qubit 0 the most significant."""
    matrix = gate.gate.matrix(gate.angle if isinstance(gate.angle, float) else None)
    if len(gate.qubits) == 1:
        idle = np.eye(2)
        pair = (matrix, idle) if gate.qubits == (0,) else (idle, matrix)
        return np.kron(*pair).astype(np.complex128)
    if gate.qubits == (0, 1):
        return matrix
    return matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)
