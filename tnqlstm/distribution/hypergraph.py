"""Starting placements by hypergraph partitioning, where the extra `partition` is installed.

A run and the gates along it are a hyperedge that joins the run's qubit to these gates; a run whose
hyperedge lies in λ blocks takes λ − 1 copies (Andrés-Martínez and Heunen, arXiv 1811.10972). Qubits
weigh 1, gates nothing, and no block outweighs its QPU. Where not all QPUs are linked the hyperedges
are mapped onto the network: each costs a smallest tree that joins its blocks. mtkahypar (MIT
licence; Gottesbüren, Heuer, Maas, Sanders, Schlag) does it in some 20 ms for a few hundred gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .network import QPUNetwork
from .runs import RunGraph

__all__ = [
    "Hypergraph",
    "has_partitioner",
    "hypergraph_blocks",
    "joined_links",
    "of_pairs",
    "of_runs",
]

Assignment = NDArray[np.int64]
_MOST_WEIGHT = 1_000_000  # of a hyperedge: weights become whole numbers
_MOST_MAPPED = 64  # QPUs; smallest trees are tabulated
# mtkahypar 1.7 ends the process, or says it met an invalid pin, in some mappings onto more blocks
# than there are weights; none was seen from two qubits a QPU on
_LEAST_QUBITS_A_QPU = 2


class Hypergraph(NamedTuple):
    """Hyperedges over nodes; the first `n_qubits` are qubits, the others weigh nothing."""

    n_qubits: int
    n_nodes: int
    hyperedges: tuple[tuple[int, ...], ...]
    weights: tuple[int, ...]


def has_partitioner() -> bool:
    """Whether mtkahypar, the extra `partition`, is installed."""
    return find_spec("mtkahypar") is not None


def of_runs(graph: RunGraph) -> Hypergraph:
    """A hyperedge for each run with gates, and one of weight 2 for each gate of rank 4."""
    n_qubits = len(graph.runs_of)
    runs = [(run.qubit, *(n_qubits + edge for edge in run.edges)) for run in graph.runs]
    runs = [hyperedge for hyperedge in runs if len(hyperedge) > 1]
    pairs = [(graph.runs[a].qubit, graph.runs[b].qubit) for _, a, b in graph.loners]
    weights = (1,) * len(runs) + (2,) * len(pairs)
    return Hypergraph(n_qubits, n_qubits + len(graph.edges), (*runs, *pairs), weights)


def of_pairs(weights: Mapping[tuple[int, int], float], n_qubits: int) -> Hypergraph:
    """A hyperedge for each pair of qubits with a weight, scaled to whole numbers."""
    pairs = {pair: weight for pair, weight in weights.items() if weight > 0}
    largest = max(pairs.values(), default=1.0)
    whole = all(weight == round(weight) for weight in pairs.values()) and largest <= _MOST_WEIGHT
    scale = 1.0 if whole else 1000 / largest
    scaled = tuple(max(1, round(weight * scale)) for weight in pairs.values())
    return Hypergraph(n_qubits, n_qubits, tuple(pairs), scaled)


def hypergraph_blocks(
    hypergraph: Hypergraph, network: QPUNetwork, n_starts: int, seed: int
) -> Iterator[Assignment]:
    """At most `n_starts` times the QPU of each node, shape (n_nodes,), within the capacities.

    mtkahypar's own result is the same whatever its seed, so nodes and hyperedges are shuffled; the
    same for the same arguments. None where it isn't installed or nothing is joined, nor, where QPUs
    are missing links, for more than 64 QPUs or fewer than 2 qubits a QPU.
    """
    if not has_partitioner() or not hypergraph.hyperedges:
        return
    capacities = np.array(network.capacities)
    linked = bool(np.all(network.hop_matrix <= 1))
    if not linked and (
        len(capacities) > _MOST_MAPPED
        or hypergraph.n_qubits < _LEAST_QUBITS_A_QPU * len(capacities)
    ):
        return
    rng = np.random.default_rng(seed)
    for _ in range(n_starts):
        names = rng.permutation(hypergraph.n_nodes)
        order = rng.permutation(len(hypergraph.hyperedges))
        found = _partitioned(hypergraph, names, order, network, linked)[names]
        held = np.bincount(found[: hypergraph.n_qubits], minlength=len(capacities))
        if np.all(held <= capacities):
            yield found


def joined_links(hypergraph: Hypergraph, network: QPUNetwork, blocks: Assignment) -> int:
    """Links that join the blocks of each hyperedge, by weight: Σ (λ − 1) where all are linked."""
    return sum(
        weight * network.steiner_size(frozenset(blocks[list(hyperedge)].tolist()))
        for hyperedge, weight in zip(hypergraph.hyperedges, hypergraph.weights, strict=True)
    )


@cache
def _initialised() -> Any:
    import mtkahypar

    return mtkahypar.initialize(1, False)


def _partitioned(
    hypergraph: Hypergraph,
    names: NDArray[np.int64],
    order: NDArray[np.int64],
    network: QPUNetwork,
    linked: bool,
) -> Assignment:
    """The block of each node, by its new name."""
    import mtkahypar

    library = _initialised()
    context = library.context_from_preset(mtkahypar.PresetType.DETERMINISTIC_QUALITY)
    n_qpus = len(network.qpus)
    if linked:
        context.set_partitioning_parameters(n_qpus, 0.0, mtkahypar.Objective.KM1)
    else:
        context.set_mapping_parameters(n_qpus, 0.0)
    context.set_individual_target_block_weights(list(network.capacities))
    context.logging = False
    node_weights = np.zeros(hypergraph.n_nodes, dtype=np.int64)
    node_weights[names[: hypergraph.n_qubits]] = 1
    made = library.create_hypergraph(
        context,
        hypergraph.n_nodes,
        len(order),
        [names[list(hypergraph.hyperedges[i])].tolist() for i in order],
        node_weights.tolist(),
        [hypergraph.weights[i] for i in order],
    )
    if linked:
        return np.array(made.partition(context).get_partition(), dtype=np.int64)
    links = [(network.index(a), network.index(b)) for a, b in network.links]
    target = library.create_target_graph(context, n_qpus, len(links), links, [1] * len(links))
    return np.array(made.map_onto_graph(target, context).get_partition(), dtype=np.int64)
