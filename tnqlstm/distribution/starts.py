"""Starting placements for the search: a sequence of qubits cut into blocks along the QPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .network import QPU, QPUNetwork
from .placed import check_room

__all__ = ["balanced_sizes", "contiguous_blocks", "fiedler_order", "starts"]

Assignment = NDArray[np.int64]
_DENSE_LAPLACIAN = 300  # qubits up to which the dense eigensolver is the quicker one


def contiguous_blocks(n_qubits: int, network: QPUNetwork) -> dict[QPU, tuple[int, ...]]:
    """{qpu: consecutive qubits} in the network's order, as even as the capacities allow.

    Raises `PartitionError` where the network holds fewer qubits.
    """
    check_room(n_qubits, network)
    sizes = balanced_sizes(n_qubits, network.capacities)
    ends = np.cumsum(sizes).tolist()
    return {
        qpu: tuple(range(end - size, end))
        for qpu, size, end in zip(network.qpus, sizes, ends, strict=True)
    }


def balanced_sizes(n_qubits: int, capacities: Sequence[int]) -> list[int]:
    """Block sizes that sum to `n_qubits`, as even as the capacities allow, larger ones first."""
    level = 0
    while sum(min(capacity, level + 1) for capacity in capacities) <= n_qubits and level < max(
        capacities
    ):
        level += 1
    sizes = [min(capacity, level) for capacity in capacities]
    left = n_qubits - sum(sizes)
    for i, capacity in enumerate(capacities):
        if left and capacity > level:
            sizes[i] += 1
            left -= 1
    return sizes


def fiedler_order(n_qubits: int, weights: Mapping[tuple[int, int], float]) -> list[int]:
    """Qubits sorted by the Fiedler vector of their interaction graph, component by component.

    Components come by their first qubit; so does the direction within each.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(n_qubits))
    graph.add_weighted_edges_from((a, b, w) for (a, b), w in weights.items() if w > 0)
    order: list[int] = []
    for component in sorted(nx.connected_components(graph), key=min):
        if len(component) < 3:
            order += sorted(component)
            continue
        part = sorted(component)
        vector = _fiedler_vector(nx.laplacian_matrix(graph, part))
        along = [part[i] for i in np.argsort(vector, kind="stable")]
        order += along if along[0] < along[-1] else along[::-1]
    return order


def _fiedler_vector(laplacian: Any) -> NDArray[np.float64]:
    """Eigenvector of the second smallest eigenvalue of a connected graph's Laplacian, shape (n,).

    Not networkx 3.6's `fiedler_vector`: its TraceMIN never returns where that eigenvalue is
    degenerate, as in `chen2020` on 6 qubits.
    """
    n = laplacian.shape[0]
    if n <= _DENSE_LAPLACIAN:
        return np.linalg.eigh(laplacian.toarray().astype(np.float64))[1][:, 1]
    from scipy.sparse.linalg import eigsh

    # shift-and-invert just below 0 makes the two smallest eigenvalues the largest, well separated
    shift = -1e-4 * float(laplacian.diagonal().mean())
    start = np.random.default_rng(0).standard_normal(n)
    values, vectors = eigsh(laplacian.astype(np.float64), k=2, sigma=shift, v0=start)
    return vectors[:, int(np.argmax(values))]


def starts(
    weights: Mapping[tuple[int, int], float],
    n_qubits: int,
    network: QPUNetwork,
    n_random: int,
    seed: int,
) -> Iterator[Assignment]:
    """Placements to refine, shape (n_qubits,) each, deterministic for a seed.

    Qubits in their own order and in Fiedler order, spread evenly over the QPUs or filling them one
    by one (so that QPUs may stay empty), then `n_random` placements of shuffled qubits.
    """
    capacities = network.capacities
    routes = _walks(network)
    for order in (list(range(n_qubits)), fiedler_order(n_qubits, weights)):
        yield _cut(order, balanced_sizes(n_qubits, capacities), range(len(capacities)))
        for walk in routes:
            yield _cut(order, _filled_sizes(n_qubits, [capacities[i] for i in walk]), walk)
    generator = np.random.default_rng(seed)
    slots = np.repeat(np.arange(len(capacities)), capacities)
    for _ in range(n_random):
        yield generator.permutation(slots)[:n_qubits].astype(np.int64)


def _walks(network: QPUNetwork) -> list[list[int]]:
    """Depth-first orders of the QPUs: from the first one, and from the largest one."""
    largest = int(np.argmax(network.capacities))
    roots = dict.fromkeys((0, largest))
    return [
        [network.index(qpu) for qpu in nx.dfs_preorder_nodes(network.graph, network.qpus[root])]
        for root in roots
    ]


def _filled_sizes(n_qubits: int, capacities: Sequence[int]) -> list[int]:
    sizes = []
    for capacity in capacities:
        sizes.append(min(capacity, n_qubits))
        n_qubits -= sizes[-1]
    return sizes


def _cut(order: Sequence[int], sizes: Sequence[int], qpus: Sequence[int]) -> Assignment:
    """Consecutive stretches of `order`, of these sizes, on these QPUs."""
    assignment = np.empty(len(order), dtype=np.int64)
    assignment[list(order)] = np.repeat(list(qpus), sizes)
    return assignment
