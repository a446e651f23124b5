"""Small circuits as one matrix and a product state, with hand-written gradients.

A product encoding and a run of gates that read weights make |ψ⟩ = M(θ) |s(x)⟩. M is made once for
all samples and time steps, s(x) is a Kronecker product, ⟨Z_i⟩ a signed sum of |ψ|².

The gradient of M needs none of Kronecker products. With u the state behind a layer's one-qubit
gates U_q, and g its gradient, the gradient of U_q is C_q U_q, where C_q is g u† traced over all
other qubits, for the U_q are unitary.

Axes: copy, component, amplitude, sample, as in `dense`. What computes values pushes on a tape what
its gradient pops.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .angles import ConstantBank
from .handwritten import Tape, pop
from .layers import GateRun, kron, kron_all

__all__ = ["LayeredRun", "MatrixRun", "StateRun"]


def _times(a: Tensor, b: Tensor) -> Tensor:
    """Products of 2×2 matrices; faster than `matmul` for many of them."""
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)


def _inner(a: Tensor, b: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Re Σ a* b over `dims`."""
    if a.is_complex():
        return (a.real * b.real + a.imag * b.imag).sum(dims)
    return (a * b).sum(dims)


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
        one = {name: run.constants.array(f"one_{name}") for name in ("index", "frequency", *"abc")}
        # position, layer, component, copy, qubit, 2, 2; the layer's axis first but for the position
        self.index = np.moveaxis(one["index"], 1, 2)
        arrays = {name: one[name][:, 0, ..., 0][:, :, None] for name in "abc"}
        arrays["frequency"] = one["frequency"][:, 0, ..., 0][:, :, None]
        self.constants = ConstantBank({**arrays, **self._monomials(run), **self._traces()})
        self._gathers: dict[tuple[int, int, torch.device], Tensor] = {}

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
        """For each side, C (d·d) -> C_q (qubit · 2 · 2), traced over the other qubits."""
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
            arrays[f"trace{side}"] = np.concatenate(traced, axis=1)
        return arrays

    def _get(self, name: str, like: Tensor) -> Tensor:
        return self.constants.get(name, like, real=self.real)

    # -- one-qubit gates ------------------------------------------------------------------------

    def _gather(self, weights: Tensor) -> Tensor:
        """The flat place of each angle, in the order position, layer, component, copy, qubit."""
        copies, n_weights = weights.shape
        key = (copies, n_weights, weights.device)
        if key not in self._gathers:
            offsets = np.arange(copies)[:, None] * n_weights
            places = np.asarray(self.index, dtype=np.int64)[:, :, :, None, :] + offsets
            self._gathers[key] = torch.as_tensor(places.ravel(), device=weights.device)
        return self._gathers[key]

    def _gates(self, tape: Tape, weights: Tensor) -> Tensor:
        """U_q, (layer, component · copy, qubit, 2, 2)."""
        frequency = self.constants.get("frequency", weights)
        angles = weights.reshape(-1).index_select(0, self._gather(weights))
        length, n_layers, _, n_qubits = frequency.shape
        phase = angles.reshape(length, n_layers, -1, n_qubits) * frequency
        cos, sin = phase.cos()[..., None, None], phase.sin()[..., None, None]
        a, b, c = (self._get(name, weights) for name in "abc")
        factors = a + cos * b + sin * c
        products = [factors[0]]
        for factor in factors[1:]:
            products.append(_times(factor, products[-1]))
        tape += [weights, cos, sin, factors, *products]
        return products[-1]

    def _gates_back(self, tape: Tape, grad: Tensor) -> Tensor:
        length = self.index.shape[0]
        weights, cos, sin, factors, *products = pop(tape, 4 + length)
        grads = [grad]
        for k in range(length - 1, 0, -1):
            grads.append(_times(factors[k].mH, grads[-1]))
            grads[-2] = _times(grads[-2], products[k - 1].mH)
        grads.reverse()
        joined = grads[0].unsqueeze(0) if length == 1 else torch.stack(grads)
        slopes = cos * self._get("c", weights) - sin * self._get("b", weights)
        phase = _inner(joined, slopes, (-2, -1)) * self.constants.get("frequency", weights)
        flat = weights.new_zeros(weights.numel())
        return flat.index_add_(0, self._gather(weights), phase.reshape(-1)).reshape(weights.shape)

    def _sides(self, gates: Tensor) -> list[Tensor]:
        """A, B, … of each layer, (layer, component · copy, d, d)."""
        if len(set(self.sizes)) == 1:
            split = gates.unflatten(2, (len(self.sizes), -1))
            return list(kron_all(split, axis=3, rank=2).unbind(2))
        return [kron_all(part, axis=2, rank=2) for part in gates.split(self.sizes, dim=2)]

    def _gates_of(self, found: list[Tensor], gates: Tensor) -> Tensor:
        """The gradient in the gates, of g u† for each side, (layer, component · copy, d, d)."""
        parts = [
            (each.flatten(2) @ self._get(f"trace{side}", gates)).unflatten(-1, (-1, 2, 2))
            for side, each in enumerate(found)
        ]
        return _times(parts[0] if len(parts) == 1 else torch.cat(parts, dim=2), gates)

    def _moved(self, k: int, state: Tensor) -> Tensor:
        """Monomial k on rows as they stand behind a layer."""
        moved = state.index_select(1, self._get(f"rows{k}", state))
        return moved * self._get(f"factor{k}", state) if self.has_factor[k] else moved

    def _unmoved(self, k: int, grad: Tensor) -> Tensor:
        """The gradient of `_moved`."""
        if self.has_factor[k]:
            grad = grad * self._get(f"factor{k}", grad).conj()
        return grad.index_select(1, self._get(f"undo{k}", grad))

    def _layers_back(
        self, tape: Tape, sides: Sequence[Tensor], grad: Tensor, *, first: bool
    ) -> tuple[list[Tensor], Tensor]:
        """For each side g t† of each layer, t what the tape has of it; the gradient before them.

        Without `first` the gradient isn't taken through the first layer.
        """
        inverses = [side.mH.unbind(0) for side in sides]
        found: list[list[Tensor]] = [[] for _ in sides]
        shape = grad.shape
        grad = self._unmoved(self.n_layers, grad)
        for k in range(self.n_layers - 1, -1, -1):
            through = first or k > 0
            for i in range(len(sides) - 1, -1, -1):
                wide = grad.reshape(shape[0], 2 ** self.sizes[i], -1)
                found[i].append(torch.bmm(wide, tape.pop().mH))
                if through:
                    wide = torch.bmm(inverses[i][k], wide)
                if i:
                    turn = self._get(f"unturn{i - 1}", grad)
                    grad = wide.reshape(shape).index_select(1, turn)
                elif through:
                    grad = self._unmoved(k, wide.reshape(shape))
        return [torch.stack(each[::-1]) for each in found], grad


class StateRun(LayeredRun):
    """A run that is applied to states: its layers are prepared, then multiplied with them."""

    @property
    def n_parts(self) -> int:
        """Tensors that are prepared."""
        return len(self.sizes)

    def prepare(self, tape: Tape, weights: Tensor) -> list[Tensor]:
        """A, B, … of each layer, (layer, component · copy, d, d), of weights (copy, n)."""
        gates = self._gates(tape, weights)
        sides = self._sides(gates)
        tape += [gates, *sides]
        return sides

    def prepare_back(self, tape: Tape, grads: Sequence[Tensor]) -> Tensor:
        """The gradient in the weights, (copy, n)."""
        gates, *sides = pop(tape, 1 + len(self.sizes))
        traced = [grad @ side.mH for grad, side in zip(grads, sides, strict=True)]
        return self._gates_back(tape, self._gates_of(traced, gates))

    def apply(self, tape: Tape, sides: Sequence[Tensor], state: Tensor) -> Tensor:
        """The run on states (component · copy, D, sample)."""
        layers = [side.unbind(0) for side in sides]
        shape = state.shape
        for k in range(self.n_layers):
            state = self._moved(k, state)
            for i, layer in enumerate(layers):
                if i:
                    state = state.index_select(1, self._get(f"turn{i - 1}", state))
                wide = state.reshape(shape[0], 2 ** self.sizes[i], -1)
                tape.append(wide)
                state = torch.bmm(layer[k], wide).reshape(shape)
        return self._moved(self.n_layers, state)

    def apply_back(
        self, tape: Tape, sides: Sequence[Tensor], grad: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """The gradients in the sides and in the states."""
        return self._layers_back(tape, sides, grad, first=True)


class MatrixRun(LayeredRun):
    """A run multiplied out as a matrix, of two sides at most."""

    n_parts = 1

    def prepare(self, tape: Tape, weights: Tensor) -> list[Tensor]:
        """M, (component, copy, D, D), of weights (copy, n)."""
        gates = self._gates(tape, weights)
        sides = self._sides(gates)
        tape += [gates, *sides]
        layers = [side.unbind(0) for side in sides]
        first = [layer[0] for layer in layers]
        state = self._columns(
            first[0] if len(first) == 1 else kron(first[0], first[1], axis=1, rank=2)
        )
        shape = state.shape
        for k in range(self.n_layers):
            if k > 0:
                state = self._moved(k, state)
            for i, layer in enumerate(layers):
                if i:
                    state = state.index_select(1, self._get(f"turn{i - 1}", state))
                wide = state.reshape(shape[0], 2 ** self.sizes[i], -1)
                if k > 0:
                    wide = torch.bmm(layer[k], wide)
                    state = wide.reshape(shape)
                tape.append(wide)
        state = self._moved(self.n_layers, state)
        return [state.reshape(self.n_components, -1, self.size, self.size)]

    def prepare_back(self, tape: Tape, grads: Sequence[Tensor]) -> Tensor:
        """The gradient in the weights, (copy, n)."""
        states = pop(tape, len(self.sizes) * self.n_layers)
        gates, *sides = pop(tape, 1 + len(self.sizes))
        grad = grads[0].reshape(-1, self.size, self.size)
        found, _ = self._layers_back(states, sides, grad, first=False)
        return self._gates_back(tape, self._gates_of(found, gates))

    def _columns(self, matrix: Tensor) -> Tensor:
        """The first monomial, on the columns of the first layer."""
        if self.has_factor[0]:
            matrix = matrix * self._get("factor0", matrix).mT
        return matrix.index_select(2, self._get("undo0", matrix))
