"""`StateForm`: all ⟨Z_i⟩ of a circuit from its states, with hand-written gradients.

What `DenseEvaluator` does by autograd, in few calls and without a graph, for circuits whose
components are a product encoding and one run of gates that read weights. An LSTM strings its steps
together (`nn.recurrence`); `Prepared` and `Values` are nodes of torch's graph for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .angles import ConstantBank
from .arrays import Array, adjoint, join, scatter_add, stack, take, total
from .handwritten import Tape, pop
from .matrix_form import LayeredRun, MatrixRun, StateRun
from .product_encoding import ProductEncoding

if TYPE_CHECKING:
    from .dense import ComponentGroup, DenseEvaluator

__all__ = ["Prepared", "StateForm", "Values", "signs"]

MOST_ROTATIONS = 4  # of a qubit's encoding: products of n cosines and sines are up to 3ⁿ
SIGNS_QUBITS = 14  # up to here one product with all signs reads every ⟨Z⟩
Parts = list[Array]  # what a group prepares, or what its gradient is made of


class StateForm:
    """The groups of components of a circuit, as states with hand-written gradients."""

    def __init__(self, evaluator: DenseEvaluator, observables: Sequence[int]) -> None:
        self.groups: list[_MatrixGroup | _LayeredGroup] = [
            (_MatrixGroup if group.has_matrix else _LayeredGroup)(group, evaluator, observables)
            for group in evaluator.groups
        ]
        self.n_parts = sum(group.run.n_parts for group in self.groups)
        rows = [row for group in self.groups for row in group.rows]
        columns = np.array([rows.index(q) for q in observables])
        self.in_order = np.array_equal(columns, np.arange(len(rows)))
        self.n_rows = len(rows)
        self.constants = ConstantBank({"columns": columns})

    @staticmethod
    def fits(groups: Sequence[ComponentGroup]) -> bool:
        return all(
            group.n_qubits <= SIGNS_QUBITS
            and len(group.run_members) == 1
            and group.encoding.data
            and group.encoding.length <= MOST_ROTATIONS
            and LayeredRun.fits(group.runs[0])
            for group in groups
        )

    def width(self, copies: int, n_samples: int) -> int:
        """Numbers in the states of the largest group."""
        return max(g.n_components * g.size for g in self.groups) * copies * n_samples

    def has_matrices_of(self, other: StateForm) -> bool:
        """Whether what's prepared are the matrices of `other`, a form of the same circuit."""
        return all(isinstance(group, _MatrixGroup) for group in self.groups) and (
            [group.qubits for group in self.groups] == [group.qubits for group in other.groups]
        )

    def prepare(self, tape: Tape, weights: Array) -> list[Parts]:
        """What each group makes of weights (copy, n)."""
        return [group.run.prepare(tape, weights) for group in self.groups]

    def prepare_back(self, tape: Tape, grads: Sequence[Parts]) -> Array:
        """The gradient in the weights."""
        pairs = reversed(list(zip(self.groups, grads, strict=True)))
        parts = [group.run.prepare_back(tape, grad) for group, grad in pairs]
        return total(parts)

    def split(self, tensors: Sequence[Array]) -> list[Parts]:
        """Arrays of all groups in a row as those of each."""
        left = iter(tensors)
        return [[next(left) for _ in range(group.run.n_parts)] for group in self.groups]

    def values(self, tape: Tape, prepared: Sequence[Parts], inputs: Array) -> Array:
        """⟨Z⟩, (copy, observable, sample), of inputs (n_inputs, sample)."""
        pairs = zip(self.groups, prepared, strict=True)
        parts = [group.values(tape, own, inputs) for group, own in pairs]
        joined = join(parts, 1)
        return joined if self.in_order else take(joined, self.constants.get("columns", inputs), 1)

    def values_back(
        self, tape: Tape, prepared: Sequence[Parts], grad: Array
    ) -> tuple[Array, list[Parts]]:
        """The gradient in the inputs, and what `gradients` makes the others of."""
        found = [
            group.values_back(tape, own, part)
            for group, own, part in self._backwards(prepared, grad)
        ]
        inputs = total([each for each, _ in found])
        return inputs, [factors for _, factors in reversed(found)]

    def factors(self, tape: Tape, prepared: Sequence[Parts], grad: Array) -> list[Parts]:
        """`values_back` without the gradient in the inputs."""
        pairs = self._backwards(prepared, grad)
        return [group.factors(tape, own, part) for group, own, part in pairs][::-1]

    def _backwards(
        self, prepared: Sequence[Parts], grad: Array
    ) -> Iterator[tuple[_MatrixGroup | _LayeredGroup, Parts, Array]]:
        """The groups from the last to the first, each with its part of the gradient."""
        if not self.in_order:
            columns = self.constants.get("columns", grad)
            grad = scatter_add(grad.swapaxes(0, 1), columns, self.n_rows).swapaxes(0, 1)
        end = self.n_rows
        for group, own in reversed(list(zip(self.groups, prepared, strict=True))):
            start = end - len(group.rows)
            yield group, own, grad[:, start:end]
            end = start

    def gradients(self, found: Sequence[list[Parts]]) -> list[Parts]:
        """The gradients in what was prepared, from one or more evaluations."""
        return [group.gradients([each[k] for each in found]) for k, group in enumerate(self.groups)]


class _Group:
    """Components of one structure; how their gates are done is for subclasses."""

    def __init__(
        self, group: ComponentGroup, evaluator: DenseEvaluator, observables: Sequence[int]
    ) -> None:
        self.n_components = n_components = len(group.members)
        self.qubits = [member.qubits for member in group.members]
        self.real, self.size = group.real, 2**group.n_qubits
        self.encoding = ProductEncoding(group.encoding, evaluator.table, n_components, group.real)
        # local qubits that some component observes, and the circuit's qubit of each row
        seen = set(observables)
        local = [
            q for q in range(group.n_qubits) if any(m.qubits[q] in seen for m in group.members)
        ]
        self.rows = [member.qubits[q] for member in group.members for q in local]
        self.n_local = len(local)
        read = signs(group.n_qubits)[local]
        self.constants = ConstantBank({"signs": read, "slopes": 2 * read.T})

    def _read_out(self, states: Array) -> Array:
        """(copy, component · row, sample) of states (component, copy, D, sample)."""
        probabilities = states.real * states.real
        if not self.real:
            probabilities = probabilities + states.imag * states.imag
        z = self.constants.get("signs", probabilities) @ probabilities
        return z.swapaxes(0, 1).reshape(states.shape[1], -1, states.shape[3])

    def _read_out_back(self, states: Array, grad: Array) -> Array:
        """The gradient in the states."""
        n_components, copies, _, samples = states.shape
        grad = grad.reshape(copies, n_components, self.n_local, samples).swapaxes(0, 1)
        slopes = self.constants.get("slopes", grad) @ grad
        return slopes * states

    def values_back(self, tape: Tape, prepared: Parts, grad: Array) -> tuple[Array, Parts]:
        """The gradient in the inputs, and what `gradients` makes the others of."""
        behind, factors = self._states_back(tape, prepared, grad)
        return self.encoding.backward(tape, self._encoded_back(prepared, behind)), factors

    def factors(self, tape: Tape, prepared: Parts, grad: Array) -> Parts:
        """`values_back` without the gradient in the inputs."""
        _, factors = self._states_back(tape, prepared, grad)
        self.encoding.skip(tape)
        return factors

    def _states_back(self, tape: Tape, prepared: Parts, grad: Array) -> tuple[Array, Parts]:
        """What `_encoded_back` takes, and the factors."""
        raise NotImplementedError

    def _encoded_back(self, prepared: Parts, behind: Array) -> Array:
        """The gradient in the encoded states."""
        raise NotImplementedError


class _MatrixGroup(_Group):
    """Small components, whose run of gates is a matrix M."""

    def __init__(
        self, group: ComponentGroup, evaluator: DenseEvaluator, observables: Sequence[int]
    ) -> None:
        super().__init__(group, evaluator, observables)
        self.run = MatrixRun(group.runs[0], self.n_components, group.real)

    def values(self, tape: Tape, prepared: Parts, inputs: Array) -> Array:
        """(copy, component · row, sample)."""
        (matrix,) = prepared
        encoded = self.encoding.forward(tape, inputs)
        copies, samples = matrix.shape[1], inputs.shape[1]
        product = matrix.reshape(len(matrix), -1, self.size) @ encoded
        states = product.reshape(len(matrix), copies, self.size, samples)
        tape += [encoded, states]
        return self._read_out(states)

    def _states_back(self, tape: Tape, prepared: Parts, grad: Array) -> tuple[Array, Parts]:
        """The gradient g behind M, and the factors g and s of M's own, g s†."""
        encoded, states = pop(tape, 2)
        behind = self._read_out_back(states, grad).reshape(len(states), -1, encoded.shape[-1])
        return behind, [behind, encoded]

    def _encoded_back(self, prepared: Parts, behind: Array) -> Array:
        (matrix,) = prepared
        return adjoint(matrix.reshape(len(matrix), -1, self.size)) @ behind

    def gradients(self, found: Sequence[Parts]) -> Parts:
        behind, encoded = (join(parts, -1) for parts in zip(*found, strict=True))
        grad = behind @ adjoint(encoded)
        return [grad.reshape(len(grad), -1, self.size, self.size)]


class _LayeredGroup(_Group):
    """Larger components, whose gates are applied layer by layer."""

    def __init__(
        self, group: ComponentGroup, evaluator: DenseEvaluator, observables: Sequence[int]
    ) -> None:
        super().__init__(group, evaluator, observables)
        self.run = StateRun(group.runs[0], self.n_components, group.real)

    def values(self, tape: Tape, prepared: Parts, inputs: Array) -> Array:
        """(copy, component · row, sample)."""
        encoded = self.encoding.forward(tape, inputs)
        copies = prepared[0].shape[1] // self.n_components
        shape = (self.n_components, copies, self.size, inputs.shape[1])
        states = stack([encoded] * copies, 1).reshape(-1, *shape[2:])
        states = self.run.apply(tape, prepared, states).reshape(shape)
        tape.append(states)
        return self._read_out(states)

    def _states_back(self, tape: Tape, prepared: Parts, grad: Array) -> tuple[Array, Parts]:
        """The gradient in the states before the layers, and in the sides."""
        (states,) = pop(tape, 1)
        behind = self._read_out_back(states, grad)
        behind = behind.reshape(-1, *behind.shape[2:])
        found, before = self.run.apply_back(tape, prepared, behind)
        return before.reshape(states.shape), found

    def _encoded_back(self, prepared: Parts, behind: Array) -> Array:
        return behind.sum(1)

    def gradients(self, found: Sequence[Parts]) -> Parts:
        return [total(parts) for parts in zip(*found, strict=True)]


def signs(n_qubits: int) -> NDArray[np.float64]:
    """⟨Z_q⟩ as a signed sum of probabilities, (qubit, 2**n)."""
    bits = (np.arange(2**n_qubits) >> np.arange(n_qubits)[::-1, None]) & 1
    return np.asarray(1 - 2 * bits, dtype=np.float64)


@dataclass(frozen=True)
class Prepared:
    """weights (copy, n) -> what the groups prepare, in a row, as a `Handwritten` function."""

    form: StateForm

    def width(self, *tensors: Tensor) -> float:
        return 0.0  # a matrix has seven qubits at most

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        (weights,) = arrays
        return tuple(part for parts in self.form.prepare(tape, weights) for part in parts)

    def backward(self, tape: Tape, wanted: Sequence[bool], *grads: Array) -> tuple[Array, ...]:
        return (self.form.prepare_back(tape, self.form.split(grads)),)


@dataclass(frozen=True)
class Values:
    """(inputs (sample, n_inputs), prepared…) -> ⟨Z⟩ (copy, sample, observable), `Handwritten`."""

    form: StateForm
    copies: int

    def width(self, *tensors: Tensor) -> float:
        return self.form.width(self.copies, len(tensors[0]))

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        inputs, *prepared = arrays
        values = self.form.values(tape, self.form.split(prepared), inputs.T)
        tape += prepared
        return (values.mT,)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        prepared = self.form.split(pop(tape, self.form.n_parts))
        values = grads[0].mT
        inputs: Array | None = None
        if wanted[0]:
            inputs, found = self.form.values_back(tape, prepared, values)
            inputs = inputs.T
        else:
            found = self.form.factors(tape, prepared, values)
        return inputs, *(part for own in self.form.gradients([found]) for part in own)
