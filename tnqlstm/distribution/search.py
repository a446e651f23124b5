"""`partition`: where each qubit of a circuit goes, so that a cost is small."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..arguments import real, whole
from ..circuit import Circuit, as_circuit
from ..errors import PartitionError, look_up
from .clock import Clock
from .costs import COSTS, Cost
from .hypergraph import hypergraph_blocks, of_pairs, of_runs
from .network import QPUNetwork
from .packing import MOST_QPUS
from .placed import Move, Partition, check_room
from .runs import RunGraph, run_graph
from .starts import starts

if TYPE_CHECKING:
    from .placement_state import State

__all__ = ["partition"]

Assignment = NDArray[np.int64]

MOST_HYPERGRAPH_STARTS = 8  # 10 to 30 ms each for some hundred gates
HYPERGRAPH_PINS = 100_000  # of all these starts together, some 5 s
MOST_LIMITED = 16  # placements that are tried with the communication qubits that there are
MOST_EFFORT = 1_000_000  # weeks
MAPPING = 4  # mapping onto a network takes so many times as long


def partition(
    circuit: Circuit,
    network: QPUNetwork,
    cost: str = "gates",
    seed: int = 0,
    *,
    n_random_starts: int | None = None,
    may_move: bool = False,
    effort: float = 1.0,
    time_budget: float | None = None,
    progress: bool = False,
) -> Partition:
    """A placement of the circuit's qubits on the network's QPUs with a small cost.

    Parameters
    ----------
    circuit
        A `Circuit`, or what `circuit.as_circuit` takes for one, such as Qiskit's.
    cost
        What to make small: "gates" (cut gates), "ebits" (packed e-bits), "bonds" (log2 Schmidt
        ranks of the cut gates) or "shots" (2 ln γ of the cut blocks of gates, see `gate_blocks`),
        on every link they cross.
    seed
        Of the random starts and of annealing. The result is the same for the same arguments, as
        long as no time budget cuts it short.
    n_random_starts
        Random starts beside the contiguous and the Fiedler ones; by default 64 up to 8 qubits,
        fewer for more, at least 4.
    may_move
        For "ebits": whether a qubit may go to another QPU in the middle of the circuit, by
        teleportation (one e-bit a link, or none where a copy of it is already there).
    effort
        For "ebits": steps of annealing, as a multiple of the usual number.
    time_budget
        Seconds after which no new round of the search is begun.
    progress
        Whether to show a bar.

    Starts are contiguous, Fiedler and random ones, and those of a hypergraph partitioner where the
    extra `partition` is installed (see `hypergraph`). Each is refined (see `pairwise`) and the best
    result kept, the first of equals, so that contiguous blocks win a tie; for "ebits" the best few
    are then annealed on the packed e-bits themselves (see `packing`, `annealing`), where there are
    at most 62 QPUs. Blocks may be smaller than their QPU's capacity, or empty. The search is a
    heuristic: it finds the optimum in small cases (tested up to 12 qubits), a good placement in
    large ones.

    Raises `PartitionError` where the circuit doesn't fit, `UnknownNameError` for an unknown cost.
    Cost: 64 qubits on 8 QPUs take a fraction of a second; for "ebits" some 10 ms a gate on two
    qubits, at most about 15 s, and as much again the first time, when the annealing is compiled.
    """
    circuit = as_circuit(circuit)
    model = look_up("cost", cost, COSTS)
    check_room(circuit.n_qubits, network)
    seed = whole("seed", seed, 0, PartitionError)
    effort = real("effort", effort, PartitionError)
    if not 0 < effort <= MOST_EFFORT:
        raise PartitionError(
            f"effort must be a positive, finite number of at most {MOST_EFFORT:,}, got {effort!r}."
        )
    if time_budget is not None and not real("time_budget", time_budget, PartitionError) >= 0:
        raise PartitionError(f"time_budget must be a number of at least 0, got {time_budget!r}.")
    if n_random_starts is None:
        n_random_starts = max(4, min(64, 512 // circuit.n_qubits))
    n_random_starts = whole("n_random_starts", n_random_starts, 0, PartitionError)
    if len(network.qpus) == 1:
        return Partition(circuit, network, network.qpus * circuit.n_qubits)
    clock = Clock(time_budget, progress)
    graph = run_graph(circuit) if model.terms is None else None
    ranked = _candidates(circuit, network, model, graph, n_random_starts, seed, clock)
    if graph is not None and len(network.qpus) <= MOST_QPUS:
        from .packed import least_packed  # it loads numba

        states = least_packed(
            graph, network, ranked, may_move=may_move, effort=effort, seed=seed, clock=clock
        )
        is_limited = any(limit is not None for limit in network.communication_qubits)
        states = states[: MOST_LIMITED if is_limited else 1]
        found = [_partition(circuit, network, graph, state) for state in states]
        return _within_limits(found) if is_limited else found[0]
    return Partition(
        circuit, network, tuple(network.qpus[i] for i in ranked[0][: circuit.n_qubits])
    )


def _candidates(
    circuit: Circuit,
    network: QPUNetwork,
    model: Cost,
    graph: RunGraph | None,
    n_random: int,
    seed: int,
    clock: Clock,
) -> list[Assignment]:
    """Placements, the cheapest by pairs of qubits first, the first of equals before the others.

    For e-bits, which need the run graph, some say where each of its edges is, too, after the
    qubits.
    """
    from .pairwise import PairwiseProblem, refine  # it loads numba

    weights = model.pair_weights(circuit)
    problem = PairwiseProblem(weights, circuit.n_qubits, network)
    found: dict[tuple[int, ...], Assignment] = {}
    hypergraph = of_pairs(weights, circuit.n_qubits) if graph is None else of_runs(graph)
    n_pins = sum(map(len, hypergraph.hyperedges)) or 1
    if np.any(network.hop_matrix > 1):
        n_pins *= MAPPING
    n_hypergraph = max(1, min(MOST_HYPERGRAPH_STARTS, HYPERGRAPH_PINS // n_pins))
    for start in clock.rounds(
        chain(
            starts(weights, circuit.n_qubits, network, n_random, seed),
            hypergraph_blocks(hypergraph, network, n_hypergraph, seed),
        ),
        "starts",
    ):
        refined = refine(problem, start[: circuit.n_qubits])
        found.setdefault(tuple(refined.tolist()), refined)
        if graph is not None:  # e-bits aren't a sum over pairs: keep the start, too
            found.setdefault(tuple(start.tolist()), start)
        if problem.cost(refined) == 0.0:
            break
    return sorted(found.values(), key=problem.cost)


def _within_limits(found: Sequence[Partition]) -> Partition:
    """The fewest e-bits with the communication qubits that there are, of a few; the cheapest first.

    Copies that must be made twice for want of them count twice. Raises `PartitionError` where no
    placement does with so few.
    """
    best: Partition | None = None
    error: PartitionError | None = None
    for placed in found:
        if best is not None and best.n_ebits <= placed.packing.n_ebits:
            break  # those that follow take as many at least
        try:
            if best is None or placed.n_ebits < best.n_ebits:
                best = placed
        except PartitionError as each:
            error = error or each
    if best is None:
        assert error is not None
        raise error
    return best


def _partition(circuit: Circuit, network: QPUNetwork, graph: RunGraph, state: State) -> Partition:
    """The state as a partition; a qubit moves where one of its runs is elsewhere than the last."""
    qpus = [network.qpus[i] for i in state.home]
    moves = [
        Move(graph.runs[after].qubit, graph.ends[before], qpus[after])
        for runs in graph.runs_of
        for before, after in pairwise(runs)
        if qpus[before] != qpus[after]
    ]
    return Partition(
        circuit,
        network,
        tuple(qpus[runs[0]] for runs in graph.runs_of),
        tuple(sorted(moves, key=lambda move: move.operation)),
        tuple(state.place.tolist()),
    )
