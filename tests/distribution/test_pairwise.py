"""`refine` on its own: from one start, without the other starts of `partition` to hide behind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import chen2020, ry_brickwork
from tnqlstm.distribution import QPUNetwork
from tnqlstm.distribution.pairwise import PairwiseProblem, refine

from . import exhaustive

Weights = NDArray[np.float64]


def problem_of(weights: Weights, network: QPUNetwork) -> PairwiseProblem:
    n = len(weights)
    pairs = {(a, b): weights[a, b] for a in range(n) for b in range(a + 1, n)}
    return PairwiseProblem(pairs, n, network)


def random_start(seed: int, n_qubits: int, network: QPUNetwork) -> NDArray[np.int64]:
    slots = np.repeat(np.arange(len(network.qpus)), network.capacities)
    return np.random.default_rng(seed).permutation(slots)[:n_qubits]


@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from(["line", "ring", "star", "complete"]),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    n_spare=st.integers(0, 3),
)
def test_no_move_and_no_swap_is_left(seed: int, shape: str, sizes: list[int], n_spare: int) -> None:
    network = getattr(QPUNetwork, shape)(len(sizes), sizes)
    n = max(1, network.n_qubits - n_spare)
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(0, 4, (n, n)) * (rng.random((n, n)) < 0.5), 1).astype(float)
    weights += weights.T
    hops = exhaustive.hop_counts(network)

    def cost(home: NDArray[np.int64]) -> float:
        return float(np.sum(np.triu(weights) * hops[np.ix_(home, home)]))

    start = random_start(seed, n, network)
    kept = start.copy()
    problem = problem_of(weights, network)
    found = refine(problem, start)
    least = cost(found)
    assert np.array_equal(start, kept)
    assert problem.cost(found) == pytest.approx(least)
    assert least <= cost(start)
    loads = np.bincount(found, minlength=len(sizes))
    assert np.all(loads <= sizes)
    for qubit in range(n):
        for qpu in np.flatnonzero(loads < sizes):
            moved = found.copy()
            moved[qubit] = qpu
            assert cost(moved) >= least
        for other in range(qubit):
            swapped = found.copy()
            swapped[[qubit, other]] = found[[other, qubit]]
            assert cost(swapped) >= least


@pytest.mark.parametrize(
    ("circuit", "n_qpus", "least"),
    [(ry_brickwork, 2, 1), (chen2020, 3, 9)],
)
@pytest.mark.parametrize("seed", range(12))
def test_any_start_gets_there(
    circuit: Callable[[int, int], Circuit], n_qpus: int, least: int, seed: int
) -> None:
    """A chain and a ring with second neighbours, where swaps alone or moves alone get stuck."""
    n = 8 * n_qpus
    network = QPUNetwork.complete(n_qpus, 8)
    problem = problem_of(exhaustive.pair_weights(circuit(n, 1), "gates"), network)
    assert problem.cost(refine(problem, random_start(seed, n, network))) == least


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (1, 3, 0, 2), (3, 0, 2, 1)])
def test_blocks_change_places(order: tuple[int, ...]) -> None:
    """A chain of 4 tight blocks on a line of 4 full QPUs, the blocks in a wrong order."""
    n = 20
    weights = np.kron(np.eye(4), 10 * (1 - np.eye(5)))
    for last in (4, 9, 14):
        weights[last, last + 1] = weights[last + 1, last] = 1
    network = QPUNetwork.line(4, 5)
    problem = problem_of(weights, network)
    found = refine(problem, np.repeat(order, 5))
    assert problem.cost(found) == 3
    assert len(set(found)) == 4
    assert len(found) == n
