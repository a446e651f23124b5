"""Gates on one state in place, compiled with numba: forward, and undone for gradients.

A block is a 4×4 matrix on two qubits, or a 2×2 one, in the corner, on one. Basis states count as
everywhere: the first qubit is the most significant bit, of a block's index as of a state's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..distribution.compiled import compiled

__all__ = ["apply_blocks", "undo_blocks"]

State = NDArray[np.complex128]
Bits = NDArray[np.int64]  # the bits of each block's qubits, (block, 2); −1 for a second that isn't
Matrices = NDArray[np.complex128]  # (block, 4, 4)


@compiled
def _on_one(state: State, bit: int, u: Matrices) -> None:
    a, b, c, d = u[0, 0], u[0, 1], u[1, 0], u[1, 1]
    one, below = 1 << bit, (1 << bit) - 1
    diagonal = b == 0 and c == 0
    for i in range(state.size // 2):
        k = ((i & ~below) << 1) | (i & below)
        x, y = state[k], state[k | one]
        if diagonal:
            state[k], state[k | one] = a * x, d * y
        else:
            state[k], state[k | one] = a * x + b * y, c * x + d * y


@compiled
def _on_two(state: State, first: int, second: int, u: Matrices) -> None:
    f, s = 1 << first, 1 << second
    low, high = min(f, s) - 1, max(f, s) - 1
    n = state.size // 4
    off = 0.0  # whether it's diagonal, and whether it's the identity where a qubit is 0
    for i in range(4):
        for j in range(4):
            if i != j:
                off += abs(u[i, j])
    by_first = u[0, 0] == 1 and u[1, 1] == 1
    by_second = u[0, 0] == 1 and u[2, 2] == 1
    for j in range(4):
        by_first = by_first and (j == 0 or (u[0, j] == 0 and u[j, 0] == 0))
        by_first = by_first and (j == 1 or (u[1, j] == 0 and u[j, 1] == 0))
        by_second = by_second and (j == 0 or (u[0, j] == 0 and u[j, 0] == 0))
        by_second = by_second and (j == 2 or (u[2, j] == 0 and u[j, 2] == 0))
    if off == 0:
        for i in range(n):
            k = ((i & ~low) << 1) | (i & low)
            k = ((k & ~high) << 1) | (k & high)
            if not by_first:
                if not by_second:
                    state[k] *= u[0, 0]
                state[k | s] *= u[1, 1]
            if not by_second:
                state[k | f] *= u[2, 2]
            state[k | f | s] *= u[3, 3]
    elif by_first or by_second:
        r = 2 if by_first else 1
        a, b, c, d = u[r, r], u[r, 3], u[3, r], u[3, 3]
        control, target = (f, s) if by_first else (s, f)
        for i in range(n):
            k = ((i & ~low) << 1) | (i & low)
            k = ((k & ~high) << 1) | (k & high) | control
            x, y = state[k], state[k | target]
            state[k], state[k | target] = a * x + b * y, c * x + d * y
    else:
        for i in range(n):
            k = ((i & ~low) << 1) | (i & low)
            k = ((k & ~high) << 1) | (k & high)
            w, x, y, z = state[k], state[k | s], state[k | f], state[k | f | s]
            state[k] = u[0, 0] * w + u[0, 1] * x + u[0, 2] * y + u[0, 3] * z
            state[k | s] = u[1, 0] * w + u[1, 1] * x + u[1, 2] * y + u[1, 3] * z
            state[k | f] = u[2, 0] * w + u[2, 1] * x + u[2, 2] * y + u[2, 3] * z
            state[k | f | s] = u[3, 0] * w + u[3, 1] * x + u[3, 2] * y + u[3, 3] * z


@compiled
def apply_blocks(state: State, bits: Bits, matrices: Matrices) -> None:
    """The blocks one after another, in place."""
    for b in range(len(bits)):
        if bits[b, 1] < 0:
            _on_one(state, bits[b, 0], matrices[b])
        else:
            _on_two(state, bits[b, 0], bits[b, 1], matrices[b])


@compiled
def _overlaps(behind: State, before: State, first: int, second: int, found: Matrices) -> None:
    """found[i, j] = Σ behind[i]* before[j] over the other qubits."""
    if second < 0:
        one, below = 1 << first, (1 << first) - 1
        for i in range(before.size // 2):
            k = ((i & ~below) << 1) | (i & below)
            x, y = before[k], before[k | one]
            v, w = behind[k].conjugate(), behind[k | one].conjugate()
            found[0, 0] += v * x
            found[0, 1] += v * y
            found[1, 0] += w * x
            found[1, 1] += w * y
        return
    f, s = 1 << first, 1 << second
    low, high = min(f, s) - 1, max(f, s) - 1
    for i in range(before.size // 4):
        k = ((i & ~low) << 1) | (i & low)
        k = ((k & ~high) << 1) | (k & high)
        w, x, y, z = before[k], before[k | s], before[k | f], before[k | f | s]
        for row in range(4):
            at = k | (f if row & 2 else 0) | (s if row & 1 else 0)
            left = behind[at].conjugate()
            found[row, 0] += left * w
            found[row, 1] += left * x
            found[row, 2] += left * y
            found[row, 3] += left * z


@compiled
def undo_blocks(
    state: State, gradient: State, bits: Bits, inverses: Matrices, wanted: Bits, found: Matrices
) -> None:
    """From the last block to the first: undo it on the state, and pull the gradient through.

    `found`, zeros, becomes Σ g* ψ of each block that is `wanted`: g behind it, ψ before it.
    """
    for b in range(len(bits) - 1, -1, -1):
        first, second = bits[b, 0], bits[b, 1]
        if second < 0:
            _on_one(state, first, inverses[b])
        else:
            _on_two(state, first, second, inverses[b])
        if wanted[b]:
            _overlaps(gradient, state, first, second, found[b])
        if second < 0:
            _on_one(gradient, first, inverses[b])
        else:
            _on_two(gradient, first, second, inverses[b])
