"""Small circuits as one matrix and a product state, with hand-written gradients.

A product encoding and a run of gates that read weights make |ψ⟩ = M(θ) |s(x)⟩. M is made once for
all samples and time steps, s(x) is a Kronecker product, ⟨Z_i⟩ a signed sum of |ψ|².

The gradient of M needs none of Kronecker products. With u the state behind a layer's one-qubit
gates U_q, and g its gradient, the gradient of U_q is C_q U_q, where C_q is g u† traced over all
other qubits, for the U_q are unitary.

Axes: component, copy, amplitude, sample. One-qubit gates have their entries first, (2, 2, qubit,
layer, component · copy), so that what is done to all of them runs along long rows. What computes
values pushes on a tape what its gradient pops.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray

from .angles import ConstantBank
from .arrays import (
    Array,
    adjoint,
    contiguous,
    get_namespace,
    join,
    kron,
    permute,
    scatter_add,
    stack,
    take,
)
from .cache import Cache
from .handwritten import Tape, pop
from .layers import GateRun

__all__ = ["LayeredRun", "MatrixRun", "StateRun"]

MOST_BANKS = 8  # numbers of copies for which constants are kept


def _times(a: Array, b: Array) -> Array:
    """Products of 2×2 matrices, entries first."""
    return a[:, :1] * b[:1] + a[:, 1:] * b[1:]


def _dagger(a: Array) -> Array:
    """The adjoints of 2×2 matrices, entries first."""
    return a.conj().swapaxes(0, 1)


def _inner(a: Array, b: Array) -> Array:
    """Re Σ a* b over the entries of 2×2 matrices, entries first but for the position."""
    if a.dtype != a.real.dtype:
        return (a.real * b.real + a.imag * b.imag).sum((1, 2))
    return (a * b).sum((1, 2))


class LayeredRun:
    """Gates that read weights, as layers of Kronecker products with monomials between them.

    A monomial is a permutation of the basis with factors. A layer's one-qubit gates are a
    Kronecker product A ⊗ B ⊗ … of `sizes` qubits each. While a side acts, its qubits are the first
    of the row index, so that all products are wide: rows are in the order (A, B, …), then (B, …, A)
    and so on, and the next monomial puts them back.
    """

    def __init__(self, run: GateRun, n_components: int, real: bool) -> None:
        self.n_components, self.real, self.sizes = n_components, real, run.sizes
        self.size = 2**run.n_qubits
        self.n_layers = sum(bool(layer.chains) for layer in run.layers)
        # position, …, qubit, layer, component
        self._one = {
            "index": run.constants.array("one_index").transpose(0, 3, 2, 1),
            "frequency": run.constants.array("one_frequency")[:, 0].transpose(0, 2, 1, 3),
            **{
                name: run.constants.array(f"one_{name}")[:, 0].transpose(0, 3, 4, 2, 1, 5)
                for name in "abc"
            },
        }
        self.length = len(self._one["index"])
        self.constants = ConstantBank({**self._monomials(run), **self._traces()})
        self._banks = Cache[tuple[int, int], ConstantBank](MOST_BANKS)

    @staticmethod
    def fits(run: GateRun) -> bool:
        has_local = any(layer.chains for layer in run.layers)
        return not run.data and has_local and all(layer.pair is None for layer in run.layers)

    def _monomials(self, run: GateRun) -> dict[str, NDArray[np.generic]]:
        """Rows and factors to apply before each one-qubit layer and after the last, and back."""
        arrays: dict[str, NDArray[np.generic]] = {}
        index = order = np.arange(self.size)
        for k, size in enumerate(self.sizes[:-1]):
            turn = index.reshape(2**size, -1).T.ravel()
            arrays[f"turn{k}"], arrays[f"unturn{k}"] = turn, np.argsort(turn)
            order = order[turn]
        back = np.argsort(order)  # back[i]: where row i is behind a layer
        source, factor, k = index, np.ones(self.size, dtype=np.complex128), 0
        for layer in [*run.layers, None]:
            if layer is not None and layer.moves:
                moved = layer.permutation()
                source, factor = source[moved], factor[moved]
            if layer is not None and layer.phases:
                factor = factor * layer.diagonal()[:, 0]
            if layer is None or layer.chains:
                rows = back[source] if k else source
                arrays[f"rows{k}"], arrays[f"undo{k}"] = rows, np.argsort(rows)
                arrays[f"factor{k}"] = factor[:, None]
                source, factor, k = index, np.ones(self.size, dtype=np.complex128), k + 1
        self.has_factor = [not np.all(arrays[f"factor{k}"] == 1) for k in range(k)]
        return arrays

    def _traces(self) -> dict[str, NDArray[np.generic]]:
        """For each side, C (d·d) -> C_q (2 · 2 · qubit), traced over the other qubits."""
        arrays: dict[str, NDArray[np.generic]] = {}
        for side, n in enumerate(self.sizes):
            basis = np.eye(4**n).reshape(4**n, *(2,) * (2 * n))
            traced = []
            for q in range(n):
                rest = [k for k in range(n) if k != q]
                letters = list(range(1, 2 * n + 1))
                for k in rest:
                    letters[n + k] = letters[k]
                out = [0, 1 + q, 1 + n + q]
                traced.append(np.einsum(basis, [0, *letters], out).reshape(4**n, 4))
            arrays[f"trace{side}"] = np.stack(traced, axis=2).reshape(4**n, -1)
        return arrays

    def _get(self, name: str, like: Array) -> Array:
        return self.constants.get(name, like, real=self.real)

    # -- one-qubit gates ------------------------------------------------------------------------

    def _bank(self, weights: Array) -> ConstantBank:
        """Each angle's place in the flat weights, and A, B, C for every copy."""
        copies, n_weights = weights.shape
        found = self._banks.get((copies, n_weights))
        if found is None:
            one, lead = self._one, self._one["index"].shape[:-1]
            places = one["index"][..., None] + np.arange(copies) * n_weights
            arrays = {"places": places.astype(np.int64).ravel()}
            every = (*lead, self.n_components * copies)
            arrays["frequency"] = np.broadcast_to(one["frequency"], every)
            for name in "abc":
                shape = (self.length, 2, 2, *every[1:])
                arrays[name] = np.broadcast_to(one[name], shape)
            found = self._banks.keep((copies, n_weights), ConstantBank(arrays))
        return found

    def _gates(self, tape: Tape, weights: Array) -> Array:
        """U_q, (2, 2, qubit, layer, component · copy)."""
        bank, xp = self._bank(weights), get_namespace(weights)
        frequency = bank.get("frequency", weights)
        angles = take(weights.reshape(-1), bank.get("places", weights), 0)
        phase = (angles.reshape(frequency.shape) * frequency)[:, None, None]
        cos, sin = xp.cos(phase), xp.sin(phase)
        a, b, c = (bank.get(name, weights, real=self.real) for name in "abc")
        factors = a + cos * b + sin * c
        products = [factors[0]]
        for k in range(1, self.length):
            products.append(_times(factors[k], products[-1]))
        tape += [weights, cos, sin, factors, *products]
        return products[-1]

    def _gates_back(self, tape: Tape, grad: Array) -> Array:
        weights, cos, sin, factors, *products = pop(tape, 4 + self.length)
        bank = self._bank(weights)
        grads = [grad]
        for k in range(self.length - 1, 0, -1):
            grads.append(_times(_dagger(factors[k]), grads[-1]))
            grads[-2] = _times(grads[-2], _dagger(products[k - 1]))
        joined = stack(grads[::-1])
        b, c = (bank.get(name, weights, real=self.real) for name in "bc")
        phase = _inner(joined, cos * c - sin * b) * bank.get("frequency", weights)
        size = weights.shape[0] * weights.shape[1]
        flat = scatter_add(phase.reshape(-1), bank.get("places", weights), size)
        return flat.reshape(weights.shape)

    def _sides(self, gates: Array) -> list[Array]:
        """A, B, … of each layer, (layer, component · copy, d, d)."""
        if len(set(self.sizes)) == 1:  # all at once
            shape = (2, 2, len(self.sizes), self.sizes[0], *gates.shape[3:])
            every = _kron_all(gates.reshape(shape).swapaxes(2, 3))
            return list(contiguous(_entries_last(every)))
        ends = np.cumsum(self.sizes)
        return [
            contiguous(_entries_last(_kron_all(gates[:, :, end - n : end])))
            for n, end in zip(self.sizes, ends, strict=True)
        ]

    def _gates_of(self, found: list[Array], gates: Array) -> Array:
        """The gradient in the gates, of g u† for each side, (layer, component · copy, d, d)."""
        parts = []
        for side, each in enumerate(found):
            lead = each.shape[:2]
            traced = each.reshape(lead[0] * lead[1], -1) @ self._get(f"trace{side}", gates)
            parts.append(traced.mT.reshape(2, 2, -1, *lead))
        return _times(join(parts, 2), gates)

    def _moved(self, k: int, state: Array) -> Array:
        """Monomial k on rows as they stand behind a layer."""
        moved = take(state, self._get(f"rows{k}", state), 1)
        return moved * self._get(f"factor{k}", state) if self.has_factor[k] else moved

    def _unmoved(self, k: int, grad: Array) -> Array:
        """The gradient of `_moved`."""
        if self.has_factor[k]:
            grad = grad * self._get(f"factor{k}", grad).conj()
        return take(grad, self._get(f"undo{k}", grad), 1)

    def _layers_back(
        self, tape: Tape, sides: Sequence[Array], grad: Array, *, first: bool
    ) -> tuple[list[Array], Array]:
        """For each side g t† of each layer, t what the tape has of it; the gradient before them.

        Without `first` the gradient isn't taken through the first layer.
        """
        inverses = [adjoint(side) for side in sides]
        found: list[list[Array]] = [[] for _ in sides]
        shape = grad.shape
        grad = self._unmoved(self.n_layers, grad)
        for k in range(self.n_layers - 1, -1, -1):
            through = first or k > 0
            for i in range(len(sides) - 1, -1, -1):
                wide = grad.reshape(shape[0], 2 ** self.sizes[i], -1)
                found[i].append(wide @ adjoint(tape.pop()))
                if through:
                    wide = inverses[i][k] @ wide
                if i:
                    turn = self._get(f"unturn{i - 1}", grad)
                    grad = take(wide.reshape(shape), turn, 1)
                elif through:
                    grad = self._unmoved(k, wide.reshape(shape))
        return [stack(each[::-1]) for each in found], grad


class StateRun(LayeredRun):
    """A run that is applied to states: its layers are prepared, then multiplied with them."""

    @property
    def n_parts(self) -> int:
        """Arrays that are prepared."""
        return len(self.sizes)

    def prepare(self, tape: Tape, weights: Array) -> list[Array]:
        """A, B, … of each layer, (layer, component · copy, d, d), of weights (copy, n)."""
        gates = self._gates(tape, weights)
        sides = self._sides(gates)
        tape += [gates, *sides]
        return sides

    def prepare_back(self, tape: Tape, grads: Sequence[Array]) -> Array:
        """The gradient in the weights, (copy, n)."""
        gates, *sides = pop(tape, 1 + len(self.sizes))
        traced = [grad @ adjoint(side) for grad, side in zip(grads, sides, strict=True)]
        return self._gates_back(tape, self._gates_of(traced, gates))

    def apply(self, tape: Tape, sides: Sequence[Array], state: Array) -> Array:
        """The run on states (component · copy, D, sample)."""
        shape = state.shape
        for k in range(self.n_layers):
            state = self._moved(k, state)
            for i, side in enumerate(sides):
                if i:
                    state = take(state, self._get(f"turn{i - 1}", state), 1)
                wide = state.reshape(shape[0], 2 ** self.sizes[i], -1)
                tape.append(wide)
                state = (side[k] @ wide).reshape(shape)
        return self._moved(self.n_layers, state)

    def apply_back(
        self, tape: Tape, sides: Sequence[Array], grad: Array
    ) -> tuple[list[Array], Array]:
        """The gradients in the sides and in the states."""
        return self._layers_back(tape, sides, grad, first=True)


class MatrixRun(LayeredRun):
    """A run multiplied out as a matrix, of two sides at most."""

    n_parts = 1

    def prepare(self, tape: Tape, weights: Array) -> list[Array]:
        """M, (component, copy, D, D), of weights (copy, n)."""
        gates = self._gates(tape, weights)
        sides = self._sides(gates)
        tape += [gates, *sides]
        state = self._columns(reduce(partial(kron, axis=1, rank=2), [side[0] for side in sides]))
        shape = state.shape
        for k in range(self.n_layers):
            if k > 0:
                state = self._moved(k, state)
            for i, side in enumerate(sides):
                if i:
                    state = take(state, self._get(f"turn{i - 1}", state), 1)
                wide = state.reshape(shape[0], 2 ** self.sizes[i], -1)
                if k > 0:
                    wide = side[k] @ wide
                    state = wide.reshape(shape)
                tape.append(wide)
        state = self._moved(self.n_layers, state)
        return [state.reshape(self.n_components, -1, self.size, self.size)]

    def prepare_back(self, tape: Tape, grads: Sequence[Array]) -> Array:
        """The gradient in the weights, (copy, n)."""
        states = pop(tape, len(self.sizes) * self.n_layers)
        gates, *sides = pop(tape, 1 + len(self.sizes))
        grad = grads[0].reshape(-1, self.size, self.size)
        found, _ = self._layers_back(states, sides, grad, first=False)
        return self._gates_back(tape, self._gates_of(found, gates))

    def _columns(self, matrix: Array) -> Array:
        """The first monomial, on the columns of the first layer."""
        if self.has_factor[0]:
            matrix = matrix * self._get("factor0", matrix).mT
        return take(matrix, self._get("undo0", matrix), 2)


def _kron_all(gates: Array) -> Array:
    """(2, 2, qubit, …) -> (2ⁿ, 2ⁿ, …)."""
    each = [gates[:, :, q] for q in range(gates.shape[2])]
    return reduce(partial(kron, axis=0, rank=2), each)


def _entries_last(gates: Array) -> Array:
    """(d, d, …) -> (…, d, d)."""
    return permute(gates, (*range(2, gates.ndim), 0, 1))
