"""A distributed circuit carried out with copies of qubits, on a dense state, from the definitions.

Where a placement does a gate on a QPU, every qubit of it that lives elsewhere is copied there: the
state Σ a_k |k⟩ becomes Σ a_k |k⟩|k⟩ in the eigenbasis of the axis along which the gate acts on the
qubit. A copy lives until an operation disturbs that axis, or longer where the operation is
embedded. This module keeps account of axes and copies itself, with the matrices of
`tests.reference`; of the package it takes the placement only: the runs, and where they and their
gates are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tnqlstm.circuit import Circuit, Operation
from tnqlstm.distribution.runs import RunGraph

from .. import reference
from . import exhaustive

# columns: the eigenvectors of the axis, +1 first
BASES = {
    "X": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
    "Y": np.array([[1, 1], [1j, -1j]]) / math.sqrt(2),
    "Z": np.eye(2),
}
COPIED = reference.gate_matrix("CX")


def image(operation: Operation, qubit: int, axis: str) -> tuple[str, int, str] | None:
    """(axis, sign, partner's axis or "I") of U σ U† for the qubit's Pauli σ; None for no Pauli."""
    two = len(operation.qubits) == 2
    first = qubit == operation.qubits[0]
    before = exhaustive.PAULIS[axis]
    if two:
        before = np.kron(before, np.eye(2)) if first else np.kron(np.eye(2), before)
    moved = [u @ before @ u.conj().T for u in exhaustive.unitaries(operation)]
    for letter in "XYZ":
        for other in "IXYZ" if two else "I":
            after = exhaustive.PAULIS[letter]
            if two:
                pair = (after, exhaustive.PAULIS[other])
                after = np.kron(*(pair if first else pair[::-1]))
            for sign in (1, -1):
                if all(np.allclose(m, sign * after, rtol=0, atol=1e-9) for m in moved):
                    return letter, sign, other
    return None


@dataclass
class Line:
    """A run as it is now: its axis, and the labels of its copies by QPU."""

    run: int
    axis: str
    copies: dict[int, object] = field(default_factory=dict)


class Copies:
    """The joint state of qubits and copies while a placed circuit is carried out.

    `made` counts the copies, moves of qubits that no copy served, and twice the cut gates of rank
    4: the e-bits where all QPUs are linked.
    """

    def __init__(
        self, circuit: Circuit, graph: RunGraph, homes: tuple[int, ...], places: tuple[int, ...]
    ) -> None:
        self.circuit, self.graph, self.homes, self.places = circuit, graph, homes, places
        self.labels: list[object] = list(range(circuit.n_qubits))
        self.state = np.zeros((2,) * circuit.n_qubits, dtype=complex)
        self.state[(0,) * circuit.n_qubits] = 1
        self.lines: list[list[Line]] = [[] for _ in range(circuit.n_qubits)]
        self.current: list[int | None] = [None] * circuit.n_qubits
        self.held: list[set[int]] = [set() for _ in range(circuit.n_qubits)]
        self.edge_of = {op: e for e, edge in enumerate(graph.edges) for op in edge.operations}
        self.loners = {op: (a, b) for op, a, b in graph.loners}
        self.made = 0

    def run(self, angles: list[float | None]) -> NDArray[np.complex128]:
        """The final state of the qubits alone, shape (2**n_qubits,)."""
        for index, (operation, angle) in enumerate(
            zip(self.circuit.operations, angles, strict=True)
        ):
            self._begin_runs(index, operation)
            for qubit in operation.qubits:
                self._end_lines(index, operation, qubit)
            acted = self._where(index, operation)
            flips = [
                flip
                for side, qubit in enumerate(operation.qubits)
                for flip in self._carry(index, operation, side, qubit)
            ]
            self._apply(reference.gate_matrix(operation.name, angle), *acted)
            for matrix, labels in flips:
                self._apply(matrix, *labels)
        for qubit in range(self.circuit.n_qubits):
            for line in self.lines[qubit]:
                self._undo(qubit, line, list(line.copies))
        assert self.labels == list(range(self.circuit.n_qubits))
        return self.state.reshape(-1)

    def _begin_runs(self, index: int, operation: Operation) -> None:
        for qubit in operation.qubits:
            for number in self.graph.runs_of[qubit]:
                run = self.graph.runs[number]
                if run.start != index or not (index in self.edge_of or index in self.loners):
                    continue
                before = self.current[qubit]
                if before is not None and self.homes[before] != self.homes[number]:
                    self.made += self.homes[number] not in self.held[qubit]
                    for line in self.lines[qubit]:
                        self._undo(qubit, line, list(line.copies))
                    self.lines[qubit] = []
                self.current[qubit] = number
                kept = [line for line in self.lines[qubit] if line.run == run.previous]
                if kept:
                    (line,) = kept
                    assert line.axis == run.axis
                    line.run = number
                elif run.axis:
                    self.lines[qubit].append(Line(number, run.axis))
                held = [set(line.copies) for line in self.lines[qubit] if line.run == number]
                self.held[qubit] = set().union(*held)

    def _where(self, index: int, operation: Operation) -> list[object]:
        """The labels that the operation acts on: qubits, or copies where they live elsewhere."""
        if index in self.loners:
            a, b = self.loners[index]
            self.made += 2 * (self.homes[a] != self.homes[b])
        if index not in self.edge_of:
            return list(operation.qubits)
        place = self.places[self.edge_of[index]]
        return [self._at(qubit, self._run(index, side), place)
                for side, qubit in enumerate(operation.qubits)]  # fmt: skip

    def _run(self, index: int, side: int) -> int:
        edge = self.graph.edges[self.edge_of[index]]
        return (edge.first, edge.second)[side]

    def _at(self, qubit: int, run: int, qpu: int) -> object:
        """The qubit itself, or its copy on the QPU, made where there is none."""
        if self.homes[run] == qpu:
            return qubit
        (line,) = [line for line in self.lines[qubit] if line.run == run]
        if qpu not in line.copies:
            others = [other for other in self.lines[qubit] if other is not line]
            assert not any(other.copies for other in others), "copies along two axes at once"
            label = (qubit, qpu, self.made)
            self.labels.append(label)
            self.state = np.stack([self.state, np.zeros_like(self.state)], axis=-1)
            self._apply(_copying(line.axis), qubit, label)
            line.copies[qpu] = label
            self.held[qubit].add(qpu)
            self.made += 1
        return line.copies[qpu]

    def _undo(self, qubit: int, line: Line, qpus: list[int]) -> None:
        for qpu in qpus:
            label = line.copies.pop(qpu)
            self._apply(_copying(line.axis).conj().T, qubit, label)
            at = self.labels.index(label)
            np.testing.assert_allclose(np.take(self.state, 1, axis=at), 0, atol=1e-11)
            self.state = np.take(self.state, 0, axis=at)
            self.labels.pop(at)

    def _end_lines(self, index: int, operation: Operation, qubit: int) -> None:
        """End the copies that don't outlive the operation, before it makes other ones."""
        for line in list(self.lines[qubit]):
            to = image(operation, qubit, line.axis)
            if to is None or to[2] != "I":
                live = self._embedded(line) if to is not None and index in self.edge_of else set()
                self._undo(qubit, line, [qpu for qpu in line.copies if qpu not in live])
                if not line.copies:
                    self.lines[qubit].remove(line)

    def _carry(
        self, index: int, operation: Operation, side: int, qubit: int
    ) -> list[tuple[NDArray[Any], list[object]]]:
        """What copies of the qubit undergo beside the operation."""
        todo: list[tuple[NDArray[Any], list[object]]] = []
        for line in self.lines[qubit]:
            to = image(operation, qubit, line.axis)
            assert to is not None
            axis, sign, partner = to
            if partner == "I":
                if index in self.edge_of and line.run == self._run(index, side):
                    assert sign == 1, "the gate would flip the axis that it acts along"
                matrix = _mapping(line.axis, axis, sign)
                todo += [(matrix, [label]) for label in line.copies.values()]
            else:
                met = self._run(index, 1 - side)
                control = _controlled(partner, line.axis, axis, sign)
                for qpu, label in line.copies.items():
                    other = self._at(operation.qubits[1 - side], met, qpu)
                    todo.append((control, [other, label]))
            line.axis = axis
        return todo

    def _embedded(self, line: Line) -> set[int]:
        """QPUs where copies of the run live on into the next run of its chain."""
        nexts = [n for n, run in enumerate(self.graph.runs) if run.previous == line.run]
        if not nexts:
            return set()
        (number,) = nexts
        run = self.graph.runs[number]
        on_the_way = [r for r in self.graph.runs_of[run.qubit] if line.run <= r <= number]
        if len({self.homes[r] for r in on_the_way}) > 1:
            return set()
        live = set(line.copies)
        for edge, met in run.between:
            if self.places[edge] != self.homes[number]:
                return set()
            live &= {self.homes[met], *(self.places[e] for e in self.graph.runs[met].edges)}
        return live

    def _apply(self, matrix: NDArray[Any], *labels: object) -> None:
        axes = [self.labels.index(label) for label in labels]
        k = len(axes)
        gate = matrix.reshape((2,) * (2 * k))
        self.state = np.tensordot(gate, self.state, axes=(range(k, 2 * k), axes))
        self.state = np.moveaxis(self.state, range(k), axes)


def _copying(axis: str) -> NDArray[Any]:
    basis = BASES[axis]
    return np.kron(basis, basis) @ COPIED @ np.kron(basis.conj().T, np.eye(2))


def _mapping(before: str, after: str, sign: int) -> NDArray[Any]:
    """Eigenvectors of one axis to those of another, exchanged where the sign is negative."""
    order = [0, 1] if sign == 1 else [1, 0]
    return BASES[after][:, order] @ BASES[before].conj().T


def _controlled(partner: str, before: str, after: str, sign: int) -> NDArray[Any]:
    plus, minus = BASES[partner].T
    return np.kron(np.outer(plus, plus.conj()), _mapping(before, after, sign)) + np.kron(
        np.outer(minus, minus.conj()), _mapping(before, after, -sign)
    )
