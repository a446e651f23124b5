"""`partition`: where each qubit of a circuit goes, so that a cost is small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..arguments import real, whole
from ..circuit import Circuit, as_circuit
from ..errors import PartitionError, look_up
from .clock import Clock
from .costs import COSTS, Cost
from .easing import lacking
from .hypergraph import Hypergraph, hypergraph_blocks, of_pairs, of_runs
from .network import QPUNetwork
from .network_text import as_network
from .packing import MOST_QPUS, pack
from .placed import Move, Partition, check_room
from .runs import RunGraph, run_graph
from .starts import starts

if TYPE_CHECKING:
    from .pairwise import PairwiseProblem
    from .placement_state import State

__all__ = ["partition"]

Assignment = NDArray[np.int64]
Weights = Mapping[tuple[int, int], float]

MOST_HYPERGRAPH_STARTS = 8  # 10 to 30 ms each for some hundred gates
HYPERGRAPH_PINS = 100_000  # of all these starts together, some 5 s
MOST_LIMITED = 16  # states that are tried with the communication qubits that there are
MOST_STATES = 64  # and as long as none of them does
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
    network
        A `QPUNetwork`, or what `as_network` takes for one: a networkx graph, "line:2x3", a file.
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
    extra `partition` is installed (see `hypergraph`), and the best placements by the other costs.
    Each is refined (see `pairwise`) and the best result kept, the first of equals, so that
    contiguous blocks win a tie; for "ebits" the best few
    are then annealed on the packed e-bits themselves (see `packing`, `annealing`), where there are
    at most 62 QPUs. Blocks may be smaller than their QPU's capacity, or empty. The search is a
    heuristic: it finds the optimum in small cases (tested up to 12 qubits), a good placement in
    large ones.

    Raises `PartitionError` where the circuit doesn't fit, `UnknownNameError` for an unknown cost.
    Cost: 64 qubits on 8 QPUs take a fraction of a second; for "ebits" some 10 ms a gate on two
    qubits, at most about 15 s, and as much again the first time, when the annealing is compiled.
    """
    circuit, network = as_circuit(circuit), as_network(network)
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
    pairs = _PairSearch(circuit, network, n_random_starts, seed, clock)
    ranked = _candidates(pairs, model, graph)
    if graph is not None and len(network.qpus) <= MOST_QPUS:
        from .packed import least_packed  # it loads numba

        states = least_packed(
            graph, network, ranked, may_move=may_move, effort=effort, seed=seed, clock=clock
        )
        placed = _partition(circuit, network, graph, states[0])
        if not placed.is_limited:
            return placed
        found = (_partition(circuit, network, graph, state) for state in states)
        return _within_limits(found, [_plain(circuit, network, each) for each in ranked])
    return _plain(circuit, network, ranked[0])


@dataclass(frozen=True)
class _PairSearch:
    """What a search by pairs of qubits is given, whatever their weights."""

    circuit: Circuit
    network: QPUNetwork
    n_random: int
    seed: int
    clock: Clock

    def problem(self, weights: Weights, hops: NDArray[np.int64] | None = None) -> PairwiseProblem:
        from .pairwise import PairwiseProblem  # it loads numba

        return PairwiseProblem(weights, self.circuit.n_qubits, self.network, hops)

    def starts(self, weights: Weights, hypergraph: Hypergraph) -> Iterator[Assignment]:
        """The starts that `partition` names, the cheap ones first."""
        n_pins = sum(map(len, hypergraph.hyperedges)) or 1
        if np.any(self.network.hop_matrix > 1):
            n_pins *= MAPPING
        n_hypergraph = max(1, min(MOST_HYPERGRAPH_STARTS, HYPERGRAPH_PINS // n_pins))
        n_qubits = self.circuit.n_qubits
        return chain(
            starts(weights, n_qubits, self.network, self.n_random, self.seed),
            hypergraph_blocks(hypergraph, self.network, n_hypergraph, self.seed),
        )

    def best(self, weights: Weights) -> Assignment:
        """The cheapest placement by these weights, the first of equals."""
        from .pairwise import refine

        problem = self.problem(weights)
        found = []
        for start in self.clock.rounds(
            self.starts(weights, of_pairs(weights, self.circuit.n_qubits)), "starts"
        ):
            found.append(refine(problem, start))
            if problem.cost(found[-1]) == 0.0:
                break
        return min(found, key=problem.cost)


def _candidates(search: _PairSearch, model: Cost, graph: RunGraph | None) -> list[Assignment]:
    """Placements, the cheapest by pairs of qubits first, the first of equals before the others.

    For e-bits, which need the run graph, some say where each of its edges is, too, after the
    qubits. The best ones by the other costs are among them, or what refining makes of them, so that
    no cost is left dearer than another cost's placement has it.
    """
    from .pairwise import refine

    n_qubits = search.circuit.n_qubits
    weights = model.pair_weights(search.circuit)
    hops = None if graph is None else search.network.copy_hops
    problem = search.problem(weights, hops)
    hypergraph = of_pairs(weights, n_qubits) if graph is None else of_runs(graph)
    found: dict[tuple[int, ...], Assignment] = {}
    for start in search.clock.rounds(search.starts(weights, hypergraph), "starts"):
        refined = refine(problem, start[:n_qubits])
        found.setdefault(tuple(refined.tolist()), refined)
        if graph is not None:  # e-bits aren't a sum over pairs: keep the start, too
            found.setdefault(tuple(start.tolist()), start)
        if problem.cost(refined) == 0.0:
            break
    else:
        for rival in search.clock.rounds(_rivals(search, model, weights), "other costs"):
            refined = refine(problem, rival)
            found.setdefault(tuple(refined.tolist()), refined)
            if graph is not None:
                homes = [int(rival[run.qubit]) for run in graph.runs]
                places = pack(graph, search.network, homes).places
                found[tuple(rival.tolist())] = np.array([*rival, *places], dtype=np.int64)
    return sorted(found.values(), key=lambda each: problem.cost(each[:n_qubits]))


def _rivals(search: _PairSearch, model: Cost, weights: Weights) -> Iterator[Assignment]:
    """The best placements by the other costs that are sums over pairs, but for equal problems."""
    known = [_relative(weights)] if model.terms is not None else []
    for other in COSTS.values():
        if other is not model and other.terms is not None:
            theirs = other.pair_weights(search.circuit)
            if _relative(theirs) not in known:
                known.append(_relative(theirs))
                yield search.best(theirs)


def _relative(weights: Weights) -> dict[tuple[int, int], float]:
    """The weights as shares of the largest: what decides which placement is the cheapest."""
    largest = max(weights.values(), default=0.0) or 1.0
    return {pair: round(weight / largest, 9) for pair, weight in weights.items() if weight}


def _within_limits(found: Iterable[Partition], others: Iterable[Partition]) -> Partition:
    """The fewest e-bits with the communication qubits that there are; `found`: the cheapest first.

    Copies that must be made twice for want of them count twice. `others` are tried, too. Raises
    `PartitionError` where no placement does with so few.
    """
    best: Partition | None = None
    first: Partition | None = None
    tried: set[object] = set()
    for number, placed in enumerate(chain(islice(found, MOST_STATES), others)):
        key = placed.qpu_of, placed.moves, placed.places
        if key in tried:
            continue
        tried.add(key)
        first = first or placed
        if best is not None and number >= MOST_LIMITED and placed.places is not None:
            continue
        if placed.error is None and (best is None or placed.n_ebits < best.n_ebits):
            best = placed
    if best is None:
        assert first is not None
        raise PartitionError(lacking(first))
    return best


def _plain(circuit: Circuit, network: QPUNetwork, assignment: Assignment) -> Partition:
    """The placement of qubits that stay where they are."""
    return Partition(
        circuit, network, tuple(network.qpus[i] for i in assignment[: circuit.n_qubits])
    )


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
