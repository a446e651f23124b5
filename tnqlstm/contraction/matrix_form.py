"""Small circuits as one matrix and a product state, with hand-written gradients.

A product encoding and a run of gates that read weights make |ψ⟩ = M(θ) |s(x)⟩. M is made once for
all samples and time steps, s(x) is a Kronecker product, ⟨Z_i⟩ a signed sum of |ψ|².

The gradient of M needs none of Kronecker products. With u the state behind a layer's one-qubit
gates U_q, and g its gradient, the gradient of U_q is C_q U_q, where C_q is g u† traced over all
other qubits, for the U_q are unitary.

Axes: copy, component, amplitude, sample, as in `dense`; inputs are (input, sample), so that rows
are wide. Every `forward` pushes on a tape what its `backward` pops.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..circuit.encoding import ENCODING_DERIVATIVES
from .angles import AngleTable, ConstantBank
from .handwritten import Tape, pop
from .layers import GateRun, ProductState, kron, kron_all

__all__ = ["LayeredRun", "MatrixRun", "ProductEncoding", "StateRun"]


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


class StateRun(LayeredRun):
    """A run that is applied to states: its layers are prepared, then multiplied with them."""

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
        inverses = [side.mH.unbind(0) for side in sides]
        found: list[list[Tensor]] = [[] for _ in sides]
        shape = grad.shape
        grad = self._unmoved(self.n_layers, grad)
        for k in range(self.n_layers - 1, -1, -1):
            for i in range(len(sides) - 1, -1, -1):
                wide = grad.reshape(shape[0], 2 ** self.sizes[i], -1)
                found[i].append(torch.bmm(wide, tape.pop().mH))
                grad = torch.bmm(inverses[i][k], wide).reshape(shape)
                if i:
                    grad = grad.index_select(1, self._get(f"unturn{i - 1}", grad))
            grad = self._unmoved(k, grad)
        return [torch.stack(each[::-1]) for each in found], grad


class MatrixRun(LayeredRun):
    """A run multiplied out: weights (copy, n) -> (component, copy, D, D), of two sides at most."""

    def forward(self, tape: Tape, weights: Tensor) -> Tensor:
        gates = self._gates(tape, weights)
        sides = self._sides(gates)
        batch, two = gates.shape[1], len(sides) == 2
        tape += [gates, *sides]
        factors = [side.unbind(0) for side in sides]
        firsts = [side[0] for side in factors]
        state = self._columns(kron(firsts[0], firsts[1], axis=1, rank=2) if two else firsts[0])
        tape.append(state)
        if two:
            turn = self._get("turn0", weights)
            state = state.index_select(1, turn)
            tape.append(state)
        for k in range(1, self.n_layers):
            wide = self._moved(k, state).reshape(batch, firsts[0].shape[1], -1)
            state = torch.bmm(factors[0][k], wide).reshape(state.shape)
            tape.append(state)
            if two:
                wide = state.index_select(1, turn).reshape(batch, firsts[1].shape[1], -1)
                state = torch.bmm(factors[1][k], wide).reshape(state.shape)
                tape.append(state)
        return self._moved(self.n_layers, state).reshape(
            self.n_components, -1, self.size, self.size
        )

    def backward(self, tape: Tape, grad: Tensor) -> Tensor:
        """The gradient in the weights, (copy, n)."""
        count = len(self.sizes)
        states = pop(tape, count * self.n_layers)
        gates, *sides = pop(tape, 1 + count)
        batch, inverses = gates.shape[1], [side.mH.unbind(0) for side in sides]
        sizes = [2**size for size in self.sizes]
        traced: list[list[Tensor]] = [[] for _ in sides]
        grad = self._unmoved(self.n_layers, grad.reshape(batch, self.size, self.size))
        for k in range(self.n_layers - 1, -1, -1):
            if count == 2:
                wide, u = (each.view(batch, sizes[1], -1) for each in (grad, states.pop()))
                traced[1].append(torch.bmm(wide, u.mH))
                if k > 0:
                    wide = torch.bmm(inverses[1][k], wide)
                grad = wide.view(grad.shape).index_select(1, self._get("unturn0", gates))
            wide, u = (each.view(batch, sizes[0], -1) for each in (grad, states.pop()))
            traced[0].append(torch.bmm(wide, u.mH))
            if k > 0:
                grad = self._unmoved(k, torch.bmm(inverses[0][k], wide).view(grad.shape))
        found = [torch.stack(each[::-1]) for each in traced]
        return self._gates_back(tape, self._gates_of(found, gates))

    def _columns(self, matrix: Tensor) -> Tensor:
        """The first monomial, on the columns of the first layer."""
        if self.has_factor[0]:
            matrix = matrix * self._get("factor0", matrix).mT
        return matrix.index_select(2, self._get("undo0", matrix))


class ProductEncoding:
    """One-qubit gates on |0…0⟩ that read inputs: (n_inputs, sample) -> (component, D, sample).

    A qubit's vector is a fixed array times the products of the cosines and sines of its angles.
    """

    def __init__(
        self, encoding: ProductState, table: AngleTable, n_components: int, real: bool
    ) -> None:
        self.real, self.table = real, table
        one = {
            name: encoding.constants.array(f"one_{name}") for name in ("index", "frequency", *"abc")
        }
        self.index = one["index"][:, :, 0]  # position, component, qubit
        self.length, _, self.n_qubits = self.index.shape
        a, b, c = (one[name][:, 0, 0, ..., 0] for name in "abc")  # position, qubit, 2, 2
        self.has_fixed = bool(np.any(a))
        terms = np.stack([b, c, a] if self.has_fixed else [b, c], axis=2)
        vectors = np.zeros((self.n_qubits, 1, 2), dtype=np.complex128)
        vectors[..., 0] = 1.0  # |0⟩
        for each in terms:  # qubit, function, 2, 2
            made = np.einsum("qfij,qtj->qtfi", each, vectors)
            vectors = made.reshape(self.n_qubits, -1, 2)
        vectors = vectors.transpose(0, 2, 1)
        parts = np.concatenate([vectors.real] if real else [vectors.real, vectors.imag], axis=1)
        columns = self.index.ravel()
        self.in_order = np.array_equal(columns, np.arange(len(table.encodings) * table.n_inputs))
        self.constants = ConstantBank(
            {
                "frequency": one["frequency"][:, :, 0],
                "terms": parts,
                "slopes": _slopes(parts, self.length, terms.shape[2])[:, None],
                "columns": columns,
            }
        )

    def forward(self, tape: Tape, inputs: Tensor) -> Tensor:
        angles = self.table.encode(inputs, axis=0)
        if not self.in_order:
            angles = angles.index_select(0, self.constants.get("columns", inputs))
        phase = angles.reshape(*self.index.shape, -1) * self.constants.get("frequency", inputs)
        cos, sin = phase.cos(), phase.sin()
        fixed = [torch.ones_like(cos)] if self.has_fixed else []
        first, *others = torch.stack([cos, sin, *fixed], dim=3).unbind(0)
        for each in others:  # component, qubit, term, sample
            first = (first.unsqueeze(3) * each.unsqueeze(2)).flatten(2, 3)
        vectors = self.constants.get("terms", inputs) @ first
        tape += [inputs, first]
        return self._kron(tape, vectors if self.real else torch.complex(*vectors.chunk(2, dim=2)))

    def skip(self, tape: Tape) -> None:
        """Leave out the gradient."""
        n_parts = sum(divmod(self.n_qubits, 2))
        pop(tape, 2 + 2 * (n_parts - 1) + 1)

    def backward(self, tape: Tape, grad: Tensor) -> Tensor:
        """The gradient in the inputs."""
        grad = self._kron_back(tape, grad)
        inputs, products = pop(tape, 2)
        if not self.real:
            grad = torch.cat([grad.real, grad.imag], dim=2)
        phases = (grad * (self.constants.get("slopes", inputs) @ products)).sum(3)
        angles = (phases * self.constants.get("frequency", inputs)).flatten(0, 2)
        if not self.in_order:
            total = angles.new_zeros(len(self.table.encodings) * len(inputs), angles.shape[-1])
            angles = total.index_add_(0, self.constants.get("columns", inputs), angles)
        slopes_of = [ENCODING_DERIVATIVES[name](inputs) for name in self.table.encodings]
        if len(slopes_of) == 1:
            return angles * slopes_of[0]
        return (angles.unflatten(0, (len(slopes_of), -1)) * torch.stack(slopes_of)).sum(0)

    def _kron(self, tape: Tape, vectors: Tensor) -> Tensor:
        """(component, qubit, 2, sample) -> (component, 2**qubits, sample), pairs first."""
        parts = list(self._pairs(vectors).unbind(1))
        if self.n_qubits % 2:
            parts.append(vectors[:, -1])
        product = parts.pop()
        for part in reversed(parts):
            tape += [part, product]
            product = kron(part, product, axis=1, rank=1)
        tape.append(vectors)
        return product

    def _pairs(self, vectors: Tensor) -> Tensor:
        n = self.n_qubits // 2
        split = vectors[:, : 2 * n].unflatten(1, (n, 2))
        first, second = split.unbind(2)
        return kron(first, second, axis=2, rank=1)

    def _kron_back(self, tape: Tape, grad: Tensor) -> Tensor:
        (vectors,) = pop(tape, 1)
        n_pairs, odd = divmod(self.n_qubits, 2)
        grads = []
        for _ in range(n_pairs + odd - 1):
            part, product = pop(tape, 2)
            split = grad.unflatten(1, (part.shape[1], -1))
            grads.append((split * product.conj().unsqueeze(1)).sum(2))
            grad = (split * part.conj().unsqueeze(2)).sum(1)
        grads.append(grad)
        ends = [grads.pop().unsqueeze(1)] if odd else []
        if n_pairs:
            joint = torch.stack(grads, 1).unflatten(2, (2, 2))
            split = vectors[:, : 2 * n_pairs].unflatten(1, (n_pairs, 2)).conj()
            first, second = split.unbind(2)
            both = [(joint * second.unsqueeze(2)).sum(3), (joint * first.unsqueeze(3)).sum(2)]
            ends.insert(0, torch.stack(both, 2).flatten(1, 2))
        return ends[0] if len(ends) == 1 else torch.cat(ends, 1)


def _slopes(terms: NDArray[np.float64], length: int, n_functions: int) -> NDArray[np.float64]:
    """Terms of the derivative in each angle, (position, qubit, row, term).

    cos' = -sin and sin' = cos, so that it's the same functions with other arrays.
    """
    turn = np.zeros((n_functions, n_functions))
    turn[0, 1], turn[1, 0] = -1.0, 1.0
    found = []
    for k in range(length):
        whole = np.kron(np.eye(n_functions**k), turn)
        found.append(terms @ np.kron(whole, np.eye(n_functions ** (length - 1 - k))))
    return np.stack(found)
