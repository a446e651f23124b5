"""The product state that an encoding makes, with a hand-written gradient.

Axes: component, amplitude, sample; inputs are (input, sample), so that rows are wide. `forward`
pushes on a tape what `backward` pops.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..circuit.encoding import ENCODING_DERIVATIVES
from .angles import AngleTable, ConstantBank
from .handwritten import Tape, pop
from .layers import ProductState, kron

__all__ = ["ProductEncoding"]


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
