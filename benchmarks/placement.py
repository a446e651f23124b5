"""Packed e-bits of the circuits that papers on distributed circuits compare, ours and others'.

The figures of pytket-dqc (Andrés-Martínez, Forrer, Mills, Wu, Henaut, Yamamoto, Murao, Duncan,
arXiv 2305.14148) and DISQCO (Burt, Chen, Leung, arXiv 2503.19082) are published means over circuits
made in the same way, not over the same circuits. The hypergraph partitioner runs here: mtkahypar,
gates placed with the qubits, one e-bit for each further block of a run.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, Operation
from tnqlstm.distribution import QPUNetwork
from tnqlstm.distribution.hypergraph import (
    has_partitioner,
    hypergraph_blocks,
    joined_links,
    of_runs,
)
from tnqlstm.distribution.runs import run_graph

__all__ = ["HEADER", "rows", "run"]

HEADER = [
    "circuits",
    "network",
    "ours",
    "s",
    "ours, a spare qubit each, moves",
    "s",
    "hypergraph partitioner, best of 8",
    "published: partitioner",
    "published: best",
]
N_PARTITIONS = 8


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Mean e-bits and seconds over the instance's seeds, and of a hypergraph partitioner."""
    circuits = [make_circuit(instance, seed) for seed in range(instance["seeds"])]
    network, roomier = (make_network(instance, spare) for spare in (0, 1))
    ours = [_placed(circuit, network, seed) for seed, circuit in enumerate(circuits)]
    moved = [_placed(c, roomier, seed, may_move=True) for seed, c in enumerate(circuits)]
    return {
        "instance": instance,
        "n_edges": [len(run_graph(circuit).edges) for circuit in circuits],
        "ebits": [n for n, _ in ours],
        "seconds": [s for _, s in ours],
        "ebits_with_moves": [n for n, _ in moved],
        "seconds_with_moves": [s for _, s in moved],
        "ebits_of_partitioner": [
            _partitioner_ebits(circuit, network) for circuit in circuits if has_partitioner()
        ],
    }


def rows(result: dict[str, Any]) -> list[list[str]]:
    instance = result["instance"]
    published = instance.get("published", {})
    return [
        [
            f"{instance['name']}, {instance['n_qubits']} qubits",
            instance["network"],
            _mean(result["ebits"]),
            _mean(result["seconds"]),
            _mean(result["ebits_with_moves"]),
            _mean(result["seconds_with_moves"]),
            _mean(result["ebits_of_partitioner"]),
            str(published.get("partitioner", "")),
            str(published.get("best", "")),
        ]
    ]


def _mean(values: list[float]) -> str:
    return f"{statistics.mean(values):.1f}" if values else ""


def _placed(
    circuit: Circuit, network: QPUNetwork, seed: int, *, may_move: bool = False
) -> tuple[int, float]:
    start = time.perf_counter()
    placed = tnq.partition(circuit, network, cost="ebits", seed=seed, may_move=may_move)
    return placed.n_ebits, time.perf_counter() - start


def _partitioner_ebits(circuit: Circuit, network: QPUNetwork) -> int:
    hypergraph = of_runs(run_graph(circuit))
    found = hypergraph_blocks(hypergraph, network, N_PARTITIONS, seed=0)
    return min(joined_links(hypergraph, network, blocks) for blocks in found)


def make_network(instance: dict[str, Any], spare: int = 0) -> QPUNetwork:
    """`network`: "complete", "line" or "small world"; `qubits`: of each QPU, and the spare ones."""
    qubits = [n + spare for n in instance["qubits"]]
    if instance["network"] != "small world":
        return getattr(QPUNetwork, instance["network"])(len(qubits), qubits)
    graph = nx.connected_watts_strogatz_graph(len(qubits), 2, 0.5, seed=0)
    nx.set_node_attributes(graph, dict(enumerate(qubits)), "qubits")
    return QPUNetwork.from_networkx(graph)


def make_circuit(instance: dict[str, Any], seed: int) -> Circuit:
    """A circuit of the instance's `family`, with its further arguments."""
    rng = np.random.default_rng(seed)
    return FAMILIES[instance["family"]](rng, instance["n_qubits"], *instance["arguments"])


def cz_fraction(rng: np.random.Generator, n_qubits: int, fraction: float) -> Circuit:
    """n layers of H, or of CZ between random pairs of a share of the qubits.

    Source: Sundaram, Gupta, Ramakrishnan, "Efficient distribution of quantum circuits" (DISC 2021).
    """
    operations: list[Operation] = []
    for _ in range(n_qubits):
        joins = rng.random(n_qubits) < fraction
        operations += [Operation("H", (int(q),)) for q in np.flatnonzero(~joins)]
        operations += [Operation("CZ", pair) for pair in _pairs(rng, joins)]
    return Circuit(n_qubits, tuple(operations))


def cp_fraction(rng: np.random.Generator, n_qubits: int, fraction: float) -> Circuit:
    """The same with random rotations for H and controlled phases of random angles for CZ."""
    operations: list[Operation] = []
    for _ in range(n_qubits):
        joins = rng.random(n_qubits) < fraction
        for qubit in np.flatnonzero(~joins):
            for name in ("RZ", "RY", "RZ"):
                operations.append(Operation(name, (int(qubit),), _angle(rng)))
        operations += [Operation("CP", pair, _angle(rng)) for pair in _pairs(rng, joins)]
    return Circuit(n_qubits, tuple(operations))


def pauli_gadgets(rng: np.random.Generator, n_qubits: int, n_gadgets: int) -> Circuit:
    """exp(−iθP/2) of random Pauli strings, each with its CX ladder in a random order of qubits."""
    operations: list[Operation] = []
    for _ in range(n_gadgets):
        letters = rng.integers(4, size=n_qubits)
        order = [int(q) for q in rng.permutation(n_qubits) if letters[q]]
        if not order:
            continue
        turns = [(q, "H" if letters[q] == 1 else "SX") for q in order if letters[q] < 3]
        back = {"H": "H", "SX": "SXDG"}
        ladder = [Operation("CX", pair) for pair in pairwise(order)]
        operations += [Operation(name, (q,)) for q, name in turns]
        operations += [*ladder, Operation("RZ", (order[-1],), _angle(rng)), *ladder[::-1]]
        operations += [Operation(back[name], (q,)) for q, name in turns]
    return Circuit(n_qubits, tuple(operations))


def qft(rng: np.random.Generator, n_qubits: int) -> Circuit:
    """The quantum Fourier transform without its final swaps."""
    operations: list[Operation] = []
    for q in range(n_qubits):
        operations.append(Operation("H", (q,)))
        for later in range(q + 1, n_qubits):
            operations.append(Operation("CP", (later, q), math.pi / 2 ** (later - q)))
    return Circuit(n_qubits, tuple(operations))


FAMILIES: dict[str, Callable[..., Circuit]] = {
    "cz_fraction": cz_fraction,
    "cp_fraction": cp_fraction,
    "pauli_gadgets": pauli_gadgets,
    "qft": qft,
}


def _angle(rng: np.random.Generator) -> float:
    return float(rng.uniform(0, 2 * math.pi))


def _pairs(rng: np.random.Generator, joins: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """The joining qubits in random pairs; one may be left over."""
    qubits = [int(q) for q in rng.permutation(np.flatnonzero(joins))]
    return list(zip(qubits[::2], qubits[1::2], strict=False))
