"""The product state that an encoding makes, with a hand-written gradient.

Axes: component, amplitude, sample; inputs are (input, sample), so that rows are wide. `forward`
pushes on a tape what `backward` pops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..circuit.encoding import ENCODING_DERIVATIVES
from .angles import AngleTable, ConstantBank
from .arrays import Array, get_namespace, join, kron, scatter_add, stack, take, total
from .handwritten import Tape, pop
from .layers import ProductState

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
                "terms": vectors,
                "slopes": _slopes(parts, self.length, terms.shape[2])[:, None],
                "columns": columns,
            }
        )

    def forward(self, tape: Tape, inputs: Array) -> Array:
        xp = get_namespace(inputs)
        angles = self.table.encode(inputs, axis=0)
        if not self.in_order:
            angles = take(angles, self.constants.get("columns", inputs), 0)
        phase = angles.reshape(*self.index.shape, -1) * self.constants.get("frequency", inputs)
        functions = [xp.cos(phase), xp.sin(phase)]
        if self.has_fixed:
            functions.append(xp.ones_like(phase))
        each = stack(functions, 3)  # position, component, qubit, function, sample
        product = each[0]
        for k in range(1, self.length):
            outer = product[:, :, :, None] * each[k][:, :, None]
            product = outer.reshape(*outer.shape[:2], -1, outer.shape[-1])
        terms = self.constants.get("terms", inputs, real=self.real)
        tape += [inputs, product]
        return self._kron(tape, terms @ (product if self.real else product + 0j))

    def skip(self, tape: Tape) -> None:
        """Leave out the gradient."""
        n_parts = sum(divmod(self.n_qubits, 2))
        pop(tape, 2 + 2 * (n_parts - 1) + 1)

    def backward(self, tape: Tape, grad: Array) -> Array:
        """The gradient in the inputs."""
        grad = self._kron_back(tape, grad)
        inputs, products = pop(tape, 2)
        if not self.real:
            grad = join([grad.real, grad.imag], 2)
        slopes = self.constants.get("slopes", inputs) @ products
        phases = get_namespace(grad).einsum("cqrn,pcqrn->pcqn", grad, slopes)
        angles = (phases * self.constants.get("frequency", inputs)).reshape(-1, inputs.shape[1])
        n_columns = len(self.table.encodings) * len(inputs)
        if not self.in_order:
            angles = scatter_add(angles, self.constants.get("columns", inputs), n_columns)
        by_encoding = zip(self.table.encodings, angles.reshape(-1, *inputs.shape), strict=True)
        return total([each * ENCODING_DERIVATIVES[name](inputs) for name, each in by_encoding])

    def _kron(self, tape: Tape, vectors: Array) -> Array:
        """(component, qubit, 2, sample) -> (component, 2**qubits, sample), pairs first."""
        n = self.n_qubits - self.n_qubits % 2
        pairs = kron(vectors[:, 0:n:2], vectors[:, 1:n:2], axis=2, rank=1)
        parts = [pairs[:, k] for k in range(n // 2)]
        if self.n_qubits % 2:
            parts.append(vectors[:, -1])
        product = parts.pop()
        while parts:
            part = parts.pop()
            tape += [part, product]
            product = kron(part, product, axis=1, rank=1)
        tape.append(vectors)
        return product

    def _kron_back(self, tape: Tape, grad: Array) -> Array:
        (vectors,) = pop(tape, 1)
        einsum = get_namespace(grad).einsum
        n_pairs, odd = divmod(self.n_qubits, 2)
        grads = []
        for _ in range(n_pairs + odd - 1):
            part, product = pop(tape, 2)
            split = grad.reshape(len(grad), part.shape[1], -1, grad.shape[-1])
            grads.append(einsum("cabn,cbn->can", split, product.conj()))
            grad = einsum("cabn,can->cbn", split, part.conj())
        grads.append(grad)
        ends = [grads.pop()[:, None]] if odd else []
        if n_pairs:
            joint = stack(grads, 1).reshape(len(grad), n_pairs, 2, 2, -1)
            first, second = (vectors[:, k : 2 * n_pairs : 2].conj() for k in (0, 1))
            both = [
                einsum("cqabn,cqbn->cqan", joint, second),
                einsum("cqabn,cqan->cqbn", joint, first),
            ]
            ends.insert(0, stack(both, 2).reshape(len(grad), 2 * n_pairs, 2, -1))
        return join(ends, 1)


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
