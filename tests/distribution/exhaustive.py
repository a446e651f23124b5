"""Brute force that placements and their costs are held to, written from the definitions.

Nothing here reads the package's tables: gates are the matrices of `tests.reference`, hops are
counted with Floyd and Warshall's recursion, smallest trees by trying all sets of QPUs, and the best
placement by trying them all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tnqlstm.circuit import Circuit, Operation
from tnqlstm.distribution import Partition, QPUNetwork
from tnqlstm.distribution.runs import RunGraph

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


def blocks(operations: Sequence[Operation]) -> list[list[int]]:
    """Gates on one pair of qubits with only one-qubit gates between: indices, those included.

    Found backwards, from each two-qubit gate to the last one that shares a qubit with it.
    """
    found: list[list[int]] = []
    block_of: dict[int, list[int]] = {}
    for index, op in enumerate(operations):
        if len(op.qubits) == 1:
            continue
        before = [
            k for k in range(index)
            if len(operations[k].qubits) == 2 and set(operations[k].qubits) & set(op.qubits)
        ]  # fmt: skip
        if before and set(operations[before[-1]].qubits) == set(op.qubits):
            block = block_of[before[-1]]
            block += [
                k for k in range(before[-1] + 1, index)
                if len(operations[k].qubits) == 1 and operations[k].qubits[0] in op.qubits
            ]  # fmt: skip
        else:
            block = []
            found.append(block)
        block.append(index)
        block_of[index] = block
    return found


def product(operations: Sequence[Operation], angle_of: Mapping[Any, float]) -> NDArray[Any]:
    """A block's unitary, its first two-qubit gate's qubits in order; slots read `angle_of`."""
    pair = next(op.qubits for op in operations if len(op.qubits) == 2)
    state = np.eye(4, dtype=complex).reshape(2, 2, 4)
    for op in operations:
        slot = not (op.angle is None or isinstance(op.angle, float))
        gate = reference.gate_matrix(op.name, angle_of[op.angle] if slot else op.angle)
        axes = [pair.index(q) for q in op.qubits]
        k = len(axes)
        moved = np.tensordot(gate.reshape((2,) * 2 * k), state, (range(k, 2 * k), axes))
        state = np.moveaxis(moved, range(k), axes)
    return state.reshape(4, 4)


def block_gamma(operations: Sequence[Operation]) -> float:
    """γ of the product; with slots at most Π γ of what is fixed and what isn't, and 2·rank − 1."""
    slots = {op.angle for op in operations if not isinstance(op.angle, float | None)}
    if not slots:
        return max(1.0, gamma(product(operations, {})))
    rng = np.random.default_rng(1)
    drawn = [product(operations, {s: rng.uniform(0, 6) for s in slots}) for _ in range(5)]
    largest = max(int(np.sum(schmidt_coefficients(u) > _CLOSE)) for u in drawn)
    bound, stretch = 1.0, []
    for op in [*operations, None]:
        if op is not None and isinstance(op.angle, float | None):
            stretch.append(op)
            continue
        if any(len(each.qubits) == 2 for each in stretch):
            bound *= max(1.0, gamma(product(stretch, {})))
        stretch = []
        if op is not None and len(op.qubits) == 2:
            bound *= worst_gamma(op)
    return min(bound, 2.0 * largest - 1)


def pair_weights(circuit: Circuit, cost: str) -> NDArray[np.float64]:
    """Cost between neighbouring QPUs of each pair of qubits' gates, symmetric, shape (n, n)."""
    operations = circuit.operations
    if cost == "shots":
        parts = [[operations[k] for k in block] for block in blocks(operations)]
        terms = [(ops[-1].qubits, 2 * math.log(block_gamma(ops))) for ops in parts]
    else:
        weigh = {"gates": lambda op: 1.0, "bonds": lambda op: math.log2(rank(op))}[cost]
        terms = [(op.qubits, weigh(op)) for op in operations if len(op.qubits) == 2]
    weights = np.zeros((circuit.n_qubits, circuit.n_qubits))
    for (a, b), weight in terms:
        weights[a, b] += weight
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


def fewest_links(network: QPUNetwork, sources: Iterable[int], wanted: Iterable[int]) -> int:
    """Links of a smallest forest that joins each wanted QPU to a source, by trying all node sets.

    QPUs are indices into `network.qpus`; at most about 8 of them.
    """
    near = hop_counts(network) == 1
    start, goal = frozenset(sources), frozenset(wanted)
    spare = [qpu for qpu in range(len(near)) if qpu not in start | goal]
    for n_more in range(len(spare) + 1):
        for more in itertools.combinations(spare, n_more):
            chosen = start | goal | set(more)
            reached, edge = set(start), set(start)
            while edge:
                edge = {b for a in edge for b in chosen if near[a, b]} - reached
                reached |= edge
            if reached == chosen:
                return len(chosen) - len(start)
    raise AssertionError("the network is connected")


Links = Callable[[Iterable[int], Iterable[int]], int]


def qubit_ebits(
    graph: RunGraph, qubit: int, homes: Sequence[int], places: Mapping[int, int], links: Links
) -> int:
    """E-bits of copies and moves of a qubit; `links`: how many join new QPUs to old ones.

    Each run is copied to every QPU that does gates of it; copies live on in a chain where all gates
    between are done at home and the other qubit is, or is copied, where the copy is; a qubit that
    goes elsewhere takes a copy over if there is one.
    """
    total = 0
    numbers = graph.runs_of[qubit]
    copies: dict[int, set[int]] = {}
    for before, number in zip((None, *numbers), numbers, strict=False):
        run, home = graph.runs[number], homes[number]
        kept: set[int] = set()
        if run.previous is not None and {home} == {
            homes[r] for r in numbers if run.previous <= r <= number
        }:
            kept |= copies[run.previous]
        for edge, met in run.between:
            there = {homes[met], *(places[e] for e in graph.runs[met].edges)}
            kept &= there if places[edge] == home else set()
        if before is not None and homes[before] != home:
            at_hand = {homes[before], *copies[before]}
            total += links(at_hand, {home}) if home not in at_hand else 0
        new = {places[edge] for edge in run.edges} - {home} - kept
        total += links({home, *kept}, new)
        copies[number] = kept | new
    return total


def _loner_ebits(graph: RunGraph, homes: Sequence[int], links: Links) -> int:
    """Two for each gate of rank 4 between neighbours."""
    return sum(2 * links({homes[a]}, {homes[b]} - {homes[a]}) for _, a, b in graph.loners)


def n_ebits(graph: RunGraph, homes: Sequence[int], places: Sequence[int], links: Links) -> int:
    """E-bits of runs and edges on these QPUs."""
    where = dict(enumerate(places))
    qubits = range(len(graph.runs_of))
    return _loner_ebits(graph, homes, links) + sum(
        qubit_ebits(graph, qubit, homes, where, links) for qubit in qubits
    )


def least_of_all_places(graph: RunGraph, homes: Sequence[int], n_qpus: int, links: Links) -> int:
    """The fewest e-bits of runs on these QPUs, of all n_qpus ** n_edges places of the edges.

    A qubit's e-bits depend on few edges, so there's a table for each, and their sum has it all.
    """
    n_edges = len(graph.edges)
    total = np.zeros((n_qpus,) * n_edges, dtype=np.int64)
    for qubit, numbers in enumerate(graph.runs_of):
        runs = [graph.runs[number] for number in numbers]
        met = [graph.runs[other] for run in runs for _, other in run.between]
        near = sorted({edge for run in (*runs, *met) for edge in run.edges})
        table = np.zeros((n_qpus,) * len(near), dtype=np.int64)
        for places in np.ndindex(table.shape):
            table[places] = qubit_ebits(
                graph, qubit, homes, dict(zip(near, places, strict=True)), links
            )
        total += table.reshape([n_qpus if edge in near else 1 for edge in range(n_edges)])
    return int(total.min()) + _loner_ebits(graph, homes, links)


def least_ebits(graph: RunGraph, network: QPUNetwork) -> int:
    """The fewest e-bits of all placements of qubits within the capacities, and of all edges."""

    @cache
    def counted(sources: frozenset[int], wanted: frozenset[int]) -> int:
        return fewest_links(network, sources, wanted)

    def links(sources: Iterable[int], wanted: Iterable[int]) -> int:
        return counted(frozenset(sources), frozenset(wanted))

    return min(
        least_of_all_places(
            graph, [where[run.qubit] for run in graph.runs], len(network.qpus), links
        )
        for where in placements(len(graph.runs_of), network.capacities)
    )


def all_linked(_: Iterable[int], wanted: Iterable[int]) -> int:
    """Links to new QPUs where every two are linked."""
    return len(set(wanted))


def fewest_within_limits(circuit: Circuit, network: QPUNetwork) -> int | None:
    """The fewest e-bits of all placements that do with the communication qubits; None without one.

    Each is packed as `Partition` packs it: it's the search over placements that this tries out.
    """
    found: int | None = None
    for where in placements(circuit.n_qubits, network.capacities):
        placed = Partition(circuit, network, tuple(network.qpus[i] for i in where))
        if placed.error is None and (found is None or placed.n_ebits < found):
            found = placed.n_ebits
    return found
