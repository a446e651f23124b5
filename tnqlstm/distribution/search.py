"""`partition`: where each qubit of a circuit goes, so that a cost is small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import look_up
from .costs import COSTS
from .network import QPUNetwork
from .packed import PackedProblem, descend
from .packing import run_graph
from .pairwise import PairwiseProblem, refine
from .placed import Partition, check_room
from .starts import starts

__all__ = ["partition"]

Assignment = NDArray[np.int64]
_PACKED_TRIALS = 20_000  # changes tried on the packed cost, about 50 µs each on small circuits


def partition(
    circuit: Circuit,
    network: QPUNetwork,
    cost: str = "gates",
    seed: int = 0,
    *,
    n_random_starts: int | None = None,
) -> Partition:
    """A placement of the circuit's qubits on the network's QPUs with a small cost.

    Parameters
    ----------
    cost
        What to make small, weighted by hops: "gates" (cut gates), "ebits" (packed e-bits), "bonds"
        (log2 Schmidt ranks of the cut gates) or "shots" (2 ln γ of the cut gates).
    seed
        Of the random starts. The result is the same for the same arguments.
    n_random_starts
        Random starts beside the contiguous and the Fiedler ones; by default 64 up to 8 qubits,
        fewer for more, at least 4.

    Each start is refined (see `pairwise`) and the best result kept, the first of equals, so that
    contiguous blocks win a tie. Blocks may be smaller than their QPU's capacity, or empty. The
    search is a heuristic: it finds the optimum in small cases (tested up to 10 qubits), a good
    placement in large ones. For "ebits" the refinement works on the e-bits of each pair of qubits
    alone, then, while a fixed number of trials lasts, on the packed e-bits themselves.

    Raises `PartitionError` where the circuit doesn't fit, `UnknownNameError` for an unknown cost.
    Cost: 64 qubits on 8 QPUs take a fraction of a second, 1,000 qubits some seconds.
    """
    model = look_up("cost", cost, COSTS)
    n_qubits = circuit.n_qubits
    check_room(n_qubits, network)
    if len(network.qpus) == 1:
        return Partition(circuit, network, network.qpus * n_qubits)
    weights = model.pair_weights(circuit)
    problem = PairwiseProblem(weights, n_qubits, network)
    n_random = max(4, min(64, 512 // n_qubits)) if n_random_starts is None else n_random_starts
    found: dict[tuple[int, ...], Assignment] = {}
    for start in starts(weights, n_qubits, network, n_random, seed):
        refined = refine(problem, start)
        found.setdefault(tuple(refined.tolist()), refined)
        if model.gate_weight is None:  # the pair weights are a bound only: keep the start, too
            found.setdefault(tuple(start.tolist()), start)
        if problem.cost(refined) == 0.0:
            break
    ranked = sorted(found.values(), key=problem.cost)
    best = ranked[0] if model.gate_weight is not None else _least_packed(circuit, network, ranked)
    return Partition(circuit, network, tuple(network.qpus[i] for i in best))


def _least_packed(circuit: Circuit, network: QPUNetwork, candidates: list[Assignment]) -> list[int]:
    """The candidate with the fewest packed e-bits × hops, after refining them in turn."""
    graph = run_graph(circuit)
    problems = [PackedProblem(graph, network, candidate) for candidate in candidates]
    problems.sort(key=lambda problem: problem.cost)
    n_trials = _PACKED_TRIALS
    for problem in problems:
        n_trials = descend(problem, n_trials)
    return min(problems, key=lambda problem: problem.cost).assignment
