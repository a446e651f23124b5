"""Brute force that placements and their costs are held to, written from the definitions.

Nothing here reads the package's tables: gates are the matrices of `tests.reference`, hops are
counted with Floyd and Warshall's recursion, the best placement is found by trying them all, and the
fewest packets by branching on every cut gate.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tnqlstm.circuit import Circuit, Operation
from tnqlstm.distribution import QPUNetwork

from .. import reference

PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}
# the Pauli axis along which a gate acts on its first and on its second qubit
GATE_AXES = {
    **dict.fromkeys(("CX", "CRX"), "ZX"),
    **dict.fromkeys(("CY", "CRY"), "ZY"),
    **dict.fromkeys(("CZ", "CS", "CP", "CRZ", "RZZ"), "ZZ"),
    "RXX": "XX",
    "RYY": "YY",
}
GENERIC_ANGLES = (0.37, 1.1, 2.9)  # a fact that holds at all of them holds at any angle
_CLOSE = 1e-9


def schmidt_coefficients(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Normalised operator-Schmidt coefficients, from the gate's 4 × 4 table of Pauli amplitudes."""
    table = [
        [np.trace(np.kron(a, b) @ matrix) / 4 for b in PAULIS.values()] for a in PAULIS.values()
    ]
    return np.linalg.svd(np.array(table), compute_uv=False)


def gamma(matrix: NDArray[Any]) -> float:
    return 2 * schmidt_coefficients(matrix).sum() ** 2 - 1


def unitaries(operation: Operation) -> list[NDArray[Any]]:
    """The gate at its angle; at several where a slot gives it."""
    angle = operation.angle
    angles = (angle,) if angle is None or isinstance(angle, float) else GENERIC_ANGLES
    return [reference.gate_matrix(operation.name, value) for value in angles]


def rank(operation: Operation) -> int:
    return max(int(np.sum(schmidt_coefficients(u) > _CLOSE)) for u in unitaries(operation))


def worst_gamma(operation: Operation) -> float:
    """γ at the fixed angle, or the largest of a whole period."""
    if operation.angle is None or isinstance(operation.angle, float):
        return gamma(unitaries(operation)[0])
    angles = np.arange(48) * math.pi / 12
    return max(gamma(reference.gate_matrix(operation.name, t)) for t in angles)


def pair_weights(circuit: Circuit, cost: str) -> NDArray[np.float64]:
    """Cost between neighbouring QPUs of each pair of qubits' gates, symmetric, shape (n, n)."""
    weigh = {
        "gates": lambda op: 1.0,
        "bonds": lambda op: math.log2(rank(op)),
        "shots": lambda op: 2 * math.log(max(1.0, worst_gamma(op))),
    }[cost]
    weights = np.zeros((circuit.n_qubits, circuit.n_qubits))
    for op in circuit.operations:
        if len(op.qubits) == 2:
            a, b = op.qubits
            weights[a, b] += weigh(op)
            weights[b, a] = weights[a, b]
    return weights


def hop_counts(network: QPUNetwork) -> NDArray[np.float64]:
    """Links between each two QPUs, in the order of `network.qpus`."""
    names = list(network.graph.nodes)
    hops = np.full((len(names), len(names)), np.inf)
    np.fill_diagonal(hops, 0)
    for a, b in network.graph.edges:
        i, j = names.index(a), names.index(b)
        hops[i, j] = hops[j, i] = 1
    for k in range(len(names)):
        hops = np.minimum(hops, hops[:, k, None] + hops[None, k])
    return hops


def least_cost(
    weights: NDArray[np.float64],
    hops: NDArray[np.float64],
    capacities: Sequence[int],
    at_most: float = math.inf,
) -> float:
    """The least Σ weight · hops of all placements within the capacities.

    Placements are built qubit by qubit, all of them at once. Those whose first qubits cost more
    than `at_most` are left out, for costs only grow: where some placement costs `at_most` the
    result is the optimum of them all. Infinite where none does.
    """
    n, k = len(weights), len(hops)
    placed = np.zeros((1, 0), dtype=np.int64)
    costs = np.zeros(1)
    for qubit in range(n):
        near = np.flatnonzero(weights[qubit, :qubit])
        grown, grown_costs = [], []
        for qpu in range(k):
            rises = hops[qpu][placed[:, near]] @ weights[qubit, near]
            fits = (placed == qpu).sum(axis=1) < capacities[qpu]
            fits &= costs + rises <= at_most + _CLOSE
            column = np.full((int(fits.sum()), 1), qpu)
            grown.append(np.hstack([placed[fits], column]))
            grown_costs.append((costs + rises)[fits])
        placed, costs = np.vstack(grown), np.concatenate(grown_costs)
    return float(costs.min(initial=math.inf))


def placements(n_qubits: int, capacities: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every assignment of qubits to QPUs within the capacities."""
    for assignment in itertools.product(range(len(capacities)), repeat=n_qubits):
        if all(assignment.count(i) <= c for i, c in enumerate(capacities)):
            yield assignment


def keeps(operation: Operation, qubit: int, axis: str) -> int:
    """1 where the gate commutes with the Pauli on this qubit, -1 where it flips it, else 0."""
    pauli = PAULIS[axis]
    if len(operation.qubits) == 2:
        pauli = (
            np.kron(pauli, np.eye(2)) if qubit == operation.qubits[0] else np.kron(np.eye(2), pauli)
        )
    for sign in (1, -1):
        if all(
            np.allclose(u @ pauli, sign * pauli @ u, rtol=0, atol=_CLOSE)
            for u in unitaries(operation)
        ):
            return sign
    return 0


Run = tuple[int, str, int]


class Packer:
    """The fewest packed e-bits × hops of any placement of one circuit."""

    def __init__(self, circuit: Circuit, hops: NDArray[np.float64]) -> None:
        self.hops = hops
        self.gates: list[tuple[Run, Run]] = []
        self.swaps: list[tuple[int, ...]] = []
        for index, op in enumerate(circuit.operations):
            if len(op.qubits) == 2 and rank(op) == 2:
                a, b = (
                    self._run(circuit, index, q, axis)
                    for q, axis in zip(op.qubits, GATE_AXES[op.name], strict=True)
                )
                self.gates.append((a, b))
            elif len(op.qubits) == 2 and rank(op) == 4:
                self.swaps.append(op.qubits)

    @staticmethod
    def _run(circuit: Circuit, index: int, qubit: int, axis: str) -> Run:
        """A stretch of the qubit's time: how often its axis was disturbed before."""
        before = (op for op in circuit.operations[:index] if qubit in op.qubits)
        return qubit, axis, sum(keeps(op, qubit, axis) == 0 for op in before)

    def cost(self, assignment: Sequence[int]) -> float:
        total = sum(2 * self.hops[assignment[a], assignment[b]] for a, b in self.swaps)
        between: dict[frozenset[int], set[tuple[Run, Run]]] = {}
        for a, b in self.gates:
            qpus = frozenset((assignment[a[0]], assignment[b[0]]))
            if len(qpus) == 2:
                between.setdefault(qpus, set()).add((a, b))
        for qpus, gates in between.items():
            total += _fewest_copies(frozenset(gates)) * self.hops[tuple(qpus)]
        return total

    def least_cost(self, n_qubits: int, capacities: Sequence[int]) -> float:
        return min(map(self.cost, placements(n_qubits, capacities)))


@cache
def _fewest_copies(gates: frozenset[tuple[Run, Run]]) -> int:
    """Every gate needs one of its runs copied: try the one, try the other."""
    if not gates:
        return 0
    ends = [run for gate in gates for run in gate]
    often = max(sorted(set(ends)), key=ends.count)
    if ends.count(often) == 1:
        return len(gates)  # no two gates share a run
    rest = frozenset(gate for gate in gates if often not in gate)
    others = {run for gate in gates if often in gate for run in gate} - {often}
    uncovered = frozenset(gate for gate in gates if not others & set(gate))
    return min(1 + _fewest_copies(rest), len(others) + _fewest_copies(uncovered))
