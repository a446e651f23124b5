"""`MatrixForm`: all ⟨Z_i⟩ of a small circuit, and their gradients, in few calls without a graph.

What `DenseEvaluator` does by autograd, with hand-written gradients, for circuits whose components
are a product encoding and one run of gates that read weights. An LSTM strings its steps together
(`nn.recurrence`); `PreparedMatrices` and `ValuesOfMatrices` are nodes of torch's graph for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .angles import ConstantBank
from .handwritten import Tape, pop
from .matrix_form import MatrixRun, ProductEncoding

if TYPE_CHECKING:
    from .dense import ComponentGroup, DenseEvaluator

__all__ = ["MatrixForm", "PreparedMatrices", "ValuesOfMatrices", "signs"]

Factors = tuple[Tensor, Tensor]  # grad of the states, the encoded states: the gradient of M is g s†


class MatrixForm:
    """The groups of components of a circuit in matrix form."""

    def __init__(self, evaluator: DenseEvaluator, observables: Sequence[int]) -> None:
        self.groups = [_GroupForm(group, evaluator, observables) for group in evaluator.groups]
        rows = [row for group in self.groups for row in group.rows]
        columns = np.array([rows.index(q) for q in observables])
        self.in_order = np.array_equal(columns, np.arange(len(rows)))
        self.n_rows = len(rows)
        self.constants = ConstantBank({"columns": columns})

    @staticmethod
    def fits(groups: Sequence[ComponentGroup]) -> bool:
        return all(
            group.has_matrix
            and group.encoding.data
            and len(group.runs) == 1
            and MatrixRun.fits(group.runs[0])
            for group in groups
        )

    def prepare(self, tape: Tape, weights: Tensor) -> list[Tensor]:
        """M of each group, (component, copy, D, D), of weights (copy, n)."""
        return [group.run.forward(tape, weights) for group in self.groups]

    def prepare_back(self, tape: Tape, grads: Sequence[Tensor]) -> Tensor:
        """The gradient in the weights."""
        pairs = reversed(list(zip(self.groups, grads, strict=True)))
        parts = [group.run.backward(tape, grad) for group, grad in pairs]
        return parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)

    def values(self, tape: Tape, matrices: Sequence[Tensor], inputs: Tensor) -> Tensor:
        """⟨Z⟩, (copy, observable, sample), of inputs (n_inputs, sample)."""
        pairs = zip(self.groups, matrices, strict=True)
        parts = [group.values(tape, matrix, inputs) for group, matrix in pairs]
        joined = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        if self.in_order:
            return joined
        return joined.index_select(1, self.constants.get("columns", inputs))

    def values_back(
        self, tape: Tape, matrices: Sequence[Tensor], grad: Tensor
    ) -> tuple[Tensor, list[Factors]]:
        """The gradient in the inputs, and the factors of each M's gradient."""
        if not self.in_order:
            total = grad.new_zeros(grad.shape[0], self.n_rows, grad.shape[2])
            grad = total.index_add_(1, self.constants.get("columns", grad), grad)
        parts = grad.split([len(group.rows) for group in self.groups], dim=1)
        found = [
            group.values_back(tape, matrix, part)
            for group, matrix, part in reversed(
                list(zip(self.groups, matrices, parts, strict=True))
            )
        ]
        inputs = [grad_inputs for grad_inputs, _ in found]
        factors = [factor for _, factor in reversed(found)]
        return inputs[0] if len(inputs) == 1 else torch.stack(inputs).sum(0), factors

    def matrix_gradients(self, factors: Sequence[list[Factors]]) -> list[Tensor]:
        """The gradient of each M from the factors of one or more evaluations."""
        return [
            group.matrix_gradient([each[k] for each in factors])
            for k, group in enumerate(self.groups)
        ]


class _GroupForm:
    """Components of one structure in matrix form."""

    def __init__(
        self, group: ComponentGroup, evaluator: DenseEvaluator, observables: Sequence[int]
    ) -> None:
        n_components = len(group.members)
        self.real, self.size = group.real, 2**group.n_qubits
        self.run = MatrixRun(group.runs[0], n_components, group.real)
        self.encoding = ProductEncoding(group.encoding, evaluator.table, n_components, group.real)
        # local qubits that some component observes, and the circuit's qubit of each row
        seen = set(observables)
        local = [
            q for q in range(group.n_qubits) if any(m.qubits[q] in seen for m in group.members)
        ]
        self.rows = [member.qubits[q] for member in group.members for q in local]
        self.n_local = len(local)
        self.constants = ConstantBank({"signs": signs(group.n_qubits)[local]})

    def values(self, tape: Tape, matrix: Tensor, inputs: Tensor) -> Tensor:
        """(copy, component · row, sample)."""
        encoded = self.encoding.forward(tape, inputs)
        copies, samples = matrix.shape[1], inputs.shape[1]
        states = (matrix.view(len(matrix), -1, self.size) @ encoded).view(
            len(matrix), copies, self.size, samples
        )
        tape += [encoded, states]
        probabilities = states * states if self.real else states.real**2 + states.imag**2
        z = self.constants.get("signs", inputs) @ probabilities
        return z.transpose(0, 1).reshape(copies, -1, samples)

    def values_back(self, tape: Tape, matrix: Tensor, grad: Tensor) -> tuple[Tensor, Factors]:
        encoded, states = pop(tape, 2)
        n_components, copies, samples = len(matrix), matrix.shape[1], encoded.shape[-1]
        grad = grad.reshape(copies, n_components, self.n_local, samples).transpose(0, 1)
        twice = self.constants.get("signs", grad).mT @ grad
        behind = (twice * states).mul_(2).view(n_components, -1, samples)
        before = matrix.view(n_components, -1, self.size).mH @ behind
        return self.encoding.backward(tape, before), (behind, encoded)

    def matrix_gradient(self, factors: Sequence[Factors]) -> Tensor:
        behind, encoded = (
            parts[0] if len(parts) == 1 else torch.cat(parts, -1)
            for parts in (list(group) for group in zip(*factors, strict=True))
        )
        grad = behind @ encoded.mH
        return grad.view(len(grad), -1, self.size, self.size)


def signs(n_qubits: int) -> NDArray[np.float64]:
    """⟨Z_q⟩ as a signed sum of probabilities, (qubit, 2**n)."""
    bits = (np.arange(2**n_qubits) >> np.arange(n_qubits)[::-1, None]) & 1
    return np.asarray(1 - 2 * bits, dtype=np.float64)


class PreparedMatrices:
    """weights (copy, n) -> M of each group, as a `Handwritten` function."""

    def __init__(self, form: MatrixForm, groups: Sequence[ComponentGroup]) -> None:
        self.form, self.groups = form, groups

    def plain(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        (weights,) = tensors
        made = [group.prepare(weights)[0] for group in self.groups]
        return tuple(matrix for matrix in made if matrix is not None)

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]:
        (weights,) = tensors
        return tuple(self.form.prepare(tape, weights))

    def backward(self, tape: Tape, wanted: Sequence[bool], *grads: Tensor) -> tuple[Tensor, ...]:
        return (self.form.prepare_back(tape, grads),)


class ValuesOfMatrices:
    """(inputs (sample, n_inputs), M…) -> ⟨Z⟩ (copy, sample, observable), as a `Handwritten`."""

    def __init__(self, form: MatrixForm, evaluator: DenseEvaluator) -> None:
        self.form, self.evaluator = form, evaluator

    def plain(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        inputs, *matrices = tensors
        return (self.evaluator.from_matrices(matrices, inputs),)

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]:
        inputs, *matrices = tensors
        values = self.form.values(tape, matrices, inputs.t())
        tape += matrices
        return (values.transpose(1, 2),)

    def backward(self, tape: Tape, wanted: Sequence[bool], *grads: Tensor) -> tuple[Tensor, ...]:
        matrices = pop(tape, len(self.form.groups))
        inputs, factors = self.form.values_back(tape, matrices, grads[0].transpose(1, 2))
        return (inputs.t(), *self.form.matrix_gradients([factors]))
