"""`partition`: closed forms, the optimum where it can be found by trying everything, and laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import basic_entangler, chen2020, modular, ry_brickwork
from tnqlstm.distribution import COSTS, Partition, QPUNetwork, contiguous_blocks, partition
from tnqlstm.distribution.runs import run_graph
from tnqlstm.errors import PartitionError, UnknownNameError

from .. import reference
from . import exhaustive
from .circuits import qft

SHAPES = ("line", "ring", "star", "complete")
ANSATZE: dict[str, Callable[[int], Circuit]] = {
    "ry_brickwork": lambda n: ry_brickwork(n, 2),
    "chen2020": lambda n: chen2020(n, 2),
    "basic_entangler": lambda n: basic_entangler(n, 2),
    "modular": lambda n: modular([n // 2, n - n // 2] if n % 2 else [1, n - 3, 2], 3, [1, 2]),
}
# shapes that differ: two QPUs have one link, three in a ring are all linked
TOPOLOGIES = [(2, "line"), (3, "line"), (3, "star"), (3, "ring"), *((4, shape) for shape in SHAPES)]
every_ansatz = pytest.mark.parametrize("ansatz", list(ANSATZE))
every_topology = pytest.mark.parametrize(("k", "shape"), TOPOLOGIES)


def optimum(placed: Partition, cost: str) -> float:
    """The least cost of any placement, given that `placed` costs what the test found it to."""
    network = placed.network
    weights = exhaustive.pair_weights(placed.circuit, cost)
    hops = exhaustive.hop_counts(network)
    home = np.array(placed.assignment)
    own = float(np.sum(np.triu(weights) * hops[np.ix_(home, home)]))
    assert placed.cost(cost) == pytest.approx(own, abs=1e-9)
    return exhaustive.least_cost(weights, hops, network.capacities, at_most=own)


def capacities(n_qubits: int, n_qpus: int) -> Iterator[list[int]]:
    """Exact fits, even and uneven; then one qubit of room on each QPU; then two on the last."""
    even = [n_qubits // n_qpus + (i < n_qubits % n_qpus) for i in range(n_qpus)]
    yield even
    yield [1] * (n_qpus - 2) + [n_qubits - n_qpus, 2]
    yield [c + 1 for c in even]
    yield [*even[:-1], even[-1] + 2]


def case(text: str, network: QPUNetwork, cost: str = "gates") -> str:
    return f"{text}, {cost}: {network!r}, edges {list(network.graph.edges)}"


class TestClosedForms:
    """Contiguous blocks of equal size, L layers: the published and counted forms."""

    @staticmethod
    def place(circuit: Circuit, shape: str, n_qpus: int) -> Partition:
        network = getattr(QPUNetwork, shape)(n_qpus, circuit.n_qubits // n_qpus)
        return partition(circuit, network)

    sizes = pytest.mark.parametrize(
        ("n", "k"),
        [(4, 2), (6, 3), (8, 2), (8, 4), (12, 3), (16, 8), (32, 4), (48, 3), (64, 2), (64, 8)],
    )

    @sizes
    @pytest.mark.parametrize("shape", ["line", "ring", "complete"])
    def test_ry_brickwork(self, n: int, k: int, shape: str) -> None:
        placed = self.place(ry_brickwork(n, 3), shape, k)
        assert placed.n_cut_gates == placed.n_hops == 3 * (k - 1)

    @pytest.mark.parametrize("depth", [1, 2, 5])
    def test_every_layer_counts(self, depth: int) -> None:
        assert self.place(ry_brickwork(12, depth), "line", 3).n_hops == 2 * depth
        assert self.place(basic_entangler(12, depth), "line", 3).n_hops == 4 * depth
        assert self.place(chen2020(12, depth), "line", 3).n_hops == 12 * depth

    @sizes
    @pytest.mark.parametrize("shape", ["line", "ring", "complete"])
    def test_modular_cuts_its_links_only(self, n: int, k: int, shape: str) -> None:
        circuit = modular([n // k] * k, 4, [0, 2, 3])
        placed = self.place(circuit, shape, k)
        assert placed.n_cut_gates == placed.n_hops == 3 * (k - 1)

    @sizes
    def test_ring_of_cx(self, n: int, k: int) -> None:
        layers = 2
        circuit = basic_entangler(n, layers)
        for shape in ("ring", "complete"):
            placed = self.place(circuit, shape, k)
            assert placed.n_cut_gates == placed.n_hops == k * layers
        placed = self.place(circuit, "line", k)
        assert placed.n_hops == 2 * (k - 1) * layers

    @sizes
    def test_chen2020(self, n: int, k: int) -> None:
        """3kL, and 6(k − 1)L hops on a line, from contiguous blocks of at least 2.

        Two blocks of 2 have a better placement, every other qubit: 4 cut gates a layer.
        """
        layers = 2
        circuit = chen2020(n, layers)
        for shape in SHAPES:
            network = getattr(QPUNetwork, shape)(k, n // k)
            even = Partition.from_blocks(circuit, network, contiguous_blocks(n, network))
            assert even.n_cut_gates == 3 * k * layers
            placed = partition(circuit, network)
            if (n, k) == (4, 2):
                assert placed.n_hops == 4 * layers
            elif shape == "line":
                assert placed.n_hops == even.n_hops == 6 * (k - 1) * layers
            elif shape != "star":
                assert placed.n_cut_gates == placed.n_hops == 3 * k * layers

    @pytest.mark.parametrize(
        ("n", "k"),
        [(256, 8), *(pytest.param(1024, k, marks=pytest.mark.slow) for k in (4, 8, 16, 64))],
    )
    def test_up_to_1024_qubits(self, n: int, k: int) -> None:
        for circuit, cut, hops in (
            (basic_entangler(n, 2), 2 * k, 4 * (k - 1)),
            (chen2020(n, 2), 6 * k, 12 * (k - 1)),
            (ry_brickwork(n, 2), 2 * (k - 1), 2 * (k - 1)),
        ):
            assert self.place(circuit, "complete", k).n_cut_gates == cut
            assert self.place(circuit, "line", k).n_hops == hops

    @pytest.mark.parametrize("n", [16, 32])
    def test_fourier_transform(self, n: int) -> None:
        """n/2 − 1 and 3n/2 − 6 e-bits with a qubit to spare on each QPU (DISQCO, 2503.19082)."""
        for k, published in ((2, n // 2 - 1), (4, 3 * n // 2 - 6)):
            network = QPUNetwork.complete(k, n // k + 1)
            placed = partition(qft(n), network, "ebits", may_move=True, effort=0.1)
            assert placed.n_ebits <= published

    @pytest.mark.parametrize("n", [16, 32, 64])
    def test_rings_on_a_line_of_8(self, n: int) -> None:
        placed = self.place(basic_entangler(n, 3), "line", 8)
        assert placed.n_hops == 2 * 7 * 3
        assert placed.blocks == contiguous_blocks(n, placed.network)


class TestExhaustiveOptimum:
    @every_ansatz
    @every_topology
    def test_cut_gates(self, ansatz: str, k: int, shape: str) -> None:
        for n in range(max(k + 1, 4), 11):
            exact, *others = capacities(n, k)
            for sizes in (exact, others[n % 3]):
                self.check_cut_gates(ansatz, n, getattr(QPUNetwork, shape)(k, sizes))

    @pytest.mark.slow
    @every_ansatz
    @every_topology
    def test_cut_gates_with_all_capacities(self, ansatz: str, k: int, shape: str) -> None:
        for n in range(max(k + 1, 4), 11):
            for sizes in capacities(n, k):
                self.check_cut_gates(ansatz, n, getattr(QPUNetwork, shape)(k, sizes))

    @staticmethod
    def check_cut_gates(ansatz: str, n: int, network: QPUNetwork) -> None:
        placed = partition(ANSATZE[ansatz](n), network)
        best = optimum(placed, "gates")
        assert placed.n_hops == best, case(f"{ansatz} on {n} qubits", network)

    @every_ansatz
    @pytest.mark.parametrize("cost", ["bonds", "shots"])
    @pytest.mark.parametrize(("n", "k", "shape"), [(5, 2, "line"), (7, 3, "line"), (6, 4, "star")])
    def test_bonds_and_shots(self, ansatz: str, cost: str, n: int, k: int, shape: str) -> None:
        for sizes in capacities(n, k):
            network = getattr(QPUNetwork, shape)(k, sizes)
            placed = partition(ANSATZE[ansatz](n), network, cost=cost)
            best = optimum(placed, cost)
            what = case(f"{ansatz} on {n} qubits", network, cost)
            assert placed.cost(cost) == pytest.approx(best, abs=1e-9), what

    @every_ansatz
    @pytest.mark.parametrize(
        ("n", "k", "shape"),
        [(4, 2, "line"), (6, 2, "line"), (5, 3, "line"), (5, 3, "star"), (5, 3, "ring")],
    )
    def test_ebits(self, ansatz: str, n: int, k: int, shape: str) -> None:
        circuit = chen2020(n, 1) if ansatz == "chen2020" else ANSATZE[ansatz](n)
        for sizes in list(capacities(n, k))[:: 2 if k == 2 else 3]:
            network = getattr(QPUNetwork, shape)(k, sizes)
            placed = partition(circuit, network, cost="ebits")
            if k ** len(placed.runs.edges) > 20_000:
                continue
            best = exhaustive.least_ebits(placed.runs, network)
            assert placed.n_ebits == best, case(f"{ansatz} on {n} qubits", network, "ebits")

    @settings(max_examples=40)
    @given(seed=st.integers(0, 10**6), cost=st.sampled_from(["gates", "bonds", "shots"]))
    def test_random_circuits(self, seed: int, cost: str) -> None:
        circuit, network = random_case(seed, most_qubits=12)
        placed = partition(circuit, network, cost=cost)
        best = optimum(placed, cost)
        assert placed.cost(cost) == pytest.approx(best, abs=1e-9), case(f"{seed}", network, cost)

    @settings(max_examples=20)
    @given(seed=st.integers(0, 10**6))
    def test_ebits_of_random_circuits(self, seed: int) -> None:
        circuit, network = random_case(seed, most_qubits=5, gates_a_qubit=3)
        graph = run_graph(circuit)
        assume(len(network.qpus) ** len(graph.edges) < 5_000)
        placed = partition(circuit, network, cost="ebits")
        best = exhaustive.least_ebits(graph, network)
        assert placed.n_ebits == best, case(f"seed {seed}", network, "ebits")

    @given(seed=st.integers(0, 10**6))
    def test_the_brute_force_itself(self, seed: int) -> None:
        circuit, network = random_case(seed, most_qubits=5)
        weights = exhaustive.pair_weights(circuit, "gates")
        hops = exhaustive.hop_counts(network)
        costs = [
            float(np.sum(np.triu(weights) * hops[np.ix_(home, home)]))
            for home in map(list, exhaustive.placements(circuit.n_qubits, network.capacities))
        ]
        least = exhaustive.least_cost(weights, hops, network.capacities)
        assert least == min(costs)
        assert exhaustive.least_cost(weights, hops, network.capacities, at_most=max(costs)) == least


def random_case(seed: int, most_qubits: int, gates_a_qubit: int = 5) -> tuple[Circuit, QPUNetwork]:
    """A random circuit and a network of 2 to 4 unequal QPUs, with 0 to 2 qubits to spare."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most_qubits + 1))
    circuit = reference.random_circuit(
        rng, n_qubits=n, n_gates=int(rng.integers(n, gates_a_qubit * n))
    )
    k = int(rng.integers(2, min(4, n) + 1))
    extra = rng.multinomial(n - k + int(rng.integers(3)), np.ones(k) / k)
    shape = str(rng.choice(SHAPES))
    return circuit, getattr(QPUNetwork, shape)(k, [1 + int(e) for e in extra])


class TestLaws:
    @given(seed=st.integers(0, 10**6), cost=st.sampled_from(list(COSTS)))
    def test_never_worse_than_contiguous_and_within_capacities(self, seed: int, cost: str) -> None:
        circuit, network = random_case(seed, most_qubits=12)
        placed = partition(circuit, network, cost=cost, n_random_starts=1, effort=0.1)
        blocks = contiguous_blocks(circuit.n_qubits, network)
        even = Partition.from_blocks(circuit, network, blocks)
        assert placed.cost(cost) <= even.cost(cost) + 1e-9
        assert all(len(b) <= network.capacity(qpu) for qpu, b in placed.blocks.items())
        assert sorted(q for b in placed.blocks.values() for q in b) == list(range(circuit.n_qubits))

    @given(seed=st.integers(0, 10**6), cost=st.sampled_from(list(COSTS)))
    def test_the_same_for_the_same_arguments(self, seed: int, cost: str) -> None:
        circuit, network = random_case(seed, most_qubits=10)
        first = partition(circuit, network, cost=cost, seed=seed, n_random_starts=3, effort=0.2)
        again = partition(circuit, network, cost=cost, seed=seed, n_random_starts=3, effort=0.2)
        assert first == again
        assert hash(first) == hash(again)

    @given(seed=st.integers(0, 10**6), cost=st.sampled_from(list(COSTS)))
    def test_more_room_never_costs_more(self, seed: int, cost: str) -> None:
        circuit, network = random_case(seed, most_qubits=6)
        graph = network.graph.copy()
        for qpu in graph:
            graph.nodes[qpu]["qubits"] += 1
        roomier = partition(circuit, QPUNetwork.from_networkx(graph), cost=cost)
        assert roomier.cost(cost) <= partition(circuit, network, cost=cost).cost(cost) + 1e-9

    @pytest.mark.parametrize(
        ("cost", "together"),
        [("gates", (0, 1)), ("bonds", (1, 2)), ("ebits", (1, 2)), ("shots", (0, 2))],
    )
    def test_each_cost_has_its_own_optimum(self, cost: str, together: tuple[int, int]) -> None:
        """Most gates between 0 and 1, largest γ between 0 and 2, largest rank between 1 and 2.

        The CX are blocks of their own, for weak gates part them; the SWAPs are one that cancels.
        """
        weak, strong, swaps = ("RZZ", (0, 1), 0.05), ("CX", (0, 2)), ("SWAP", (1, 2))
        circuit = Circuit(3, (weak, *[strong, weak] * 18, *[swaps] * 10))
        placed = partition(circuit, QPUNetwork.line(2, [1, 2]), cost=cost)
        assert placed.blocks["qpu1"] == together

    @pytest.mark.parametrize(("cost", "together"), [("gates", (0, 1)), ("ebits", (1, 2))])
    def test_gates_that_pack_weigh_little(self, cost: str, together: tuple[int, int]) -> None:
        packed = [("CX", (0, 1))] * 5
        interrupted = [("CX", (1, 2)), ("H", (1,)), ("H", (2,)), ("CX", (1, 2))]
        circuit = Circuit(3, (*packed, *interrupted))
        placed = partition(circuit, QPUNetwork.line(2, [1, 2]), cost=cost)
        assert placed.blocks["qpu1"] == together

    def test_a_spent_time_budget_still_gives_a_placement(self) -> None:
        circuit, network = chen2020(12, 3), QPUNetwork.line(3, 4)
        for cost in COSTS:
            placed = partition(circuit, network, cost=cost, time_budget=0.0)
            even = Partition.from_blocks(circuit, network, contiguous_blocks(12, network))
            assert placed.cost(cost) <= even.cost(cost) + 1e-9

    def test_progress_is_shown_on_request(self, capsys: pytest.CaptureFixture[str]) -> None:
        circuit, network = chen2020(6, 2), QPUNetwork.line(2, 3)
        quiet = partition(circuit, network, cost="ebits", effort=0.1)
        assert capsys.readouterr().err == ""
        shown = partition(circuit, network, cost="ebits", effort=0.1, progress=True)
        bars = capsys.readouterr().err
        assert "starts" in bars
        assert "annealing" in bars
        assert shown == quiet

    def test_moves_never_cost_more(self) -> None:
        circuit, network = chen2020(8, 2), QPUNetwork.line(2, 5)
        stay = partition(circuit, network, cost="ebits")
        move = partition(circuit, network, cost="ebits", may_move=True)
        assert move.n_ebits <= stay.n_ebits

    def test_ties_go_to_contiguous_blocks(self) -> None:
        network = QPUNetwork.complete(3, 4)
        placed = partition(basic_entangler(12, 1), network)
        assert placed.blocks == {"qpu0": (0, 1, 2, 3), "qpu1": (4, 5, 6, 7), "qpu2": (8, 9, 10, 11)}


class TestSpecialCircuits:
    def test_one_qpu(self) -> None:
        placed = partition(chen2020(5, 1), QPUNetwork.line(1, 7), cost="ebits")
        assert placed.blocks == {"qpu0": (0, 1, 2, 3, 4)}
        assert placed.n_cut_gates == placed.n_ebits == 0

    @pytest.mark.parametrize("cost", list(COSTS))
    def test_without_two_qubit_gates(self, cost: str) -> None:
        placed = partition(Circuit(5, (("H", (0,)),)), QPUNetwork.ring(3, 2), cost=cost)
        assert placed.cost(cost) == 0
        assert max(map(len, placed.blocks.values())) <= 2

    @pytest.mark.parametrize("cost", list(COSTS))
    def test_isolated_qubits_go_where_there_is_room(self, cost: str) -> None:
        circuit = Circuit(6, tuple(("CX", pair) for pair in ((0, 5), (5, 3), (3, 0))))
        placed = partition(circuit, QPUNetwork.line(2, 3), cost=cost)
        assert set(placed.blocks.values()) == {(0, 3, 5), (1, 2, 4)}
        assert placed.cost(cost) == 0

    @pytest.mark.parametrize("cost", list(COSTS))
    def test_spare_qpus_stay_empty(self, cost: str) -> None:
        placed = partition(chen2020(4, 1), QPUNetwork.star(4, [1, 2, 4, 1]), cost=cost)
        assert placed.blocks == {"qpu0": (), "qpu1": (), "qpu2": (0, 1, 2, 3), "qpu3": ()}

    def test_a_single_qubit(self) -> None:
        placed = partition(ry_brickwork(1, 2), QPUNetwork.line(2, 1))
        assert placed.n_cut_gates == 0
        assert sorted(placed.blocks.values()) == [(), (0,)]

    @pytest.mark.parametrize("cost", list(COSTS))
    def test_independent_parts_are_told_apart(self, cost: str) -> None:
        part = chen2020(3, 1)
        shuffled = [0, 4, 2, 1, 3, 5]
        circuit = Circuit(
            6,
            tuple(
                (op.name, tuple(shuffled[q + first] for q in op.qubits))
                for first in (0, 3)
                for op in part.two_qubit_operations
            ),
        )
        placed = partition(circuit, QPUNetwork.line(2, 3), cost=cost)
        assert set(placed.blocks.values()) == {(0, 2, 4), (1, 3, 5)}


class TestBadInput:
    def test_too_small_says_what_is_missing(self) -> None:
        message = (
            r"the circuit has 9 qubits, the network holds 7 \(qpu0: 3, qpu1: 4\)\. "
            r"2 qubits too few: raise a capacity or add a QPU"
        )
        network = QPUNetwork.line(2, [3, 4])
        with pytest.raises(PartitionError, match=message):
            partition(ry_brickwork(9, 1), network)
        with pytest.raises(PartitionError, match=message):
            contiguous_blocks(9, network)

    def test_one_too_few(self) -> None:
        with pytest.raises(PartitionError, match="1 qubit too few"):
            partition(ry_brickwork(5, 1), QPUNetwork.line(2, 2), cost="ebits")

    @pytest.mark.parametrize(
        ("cost", "near"), [("ebit", "ebits"), ("shot", "shots"), ("gate", "gates")]
    )
    def test_unknown_cost_names_the_close_one(self, cost: str, near: str) -> None:
        placed = partition(ry_brickwork(4, 1), QPUNetwork.line(2, 2))
        message = (
            f"unknown cost '{cost}'. Did you mean .*'{near}'.*Known: bonds, ebits, gates, shots"
        )
        with pytest.raises(UnknownNameError, match=message):
            partition(placed.circuit, placed.network, cost=cost)
        with pytest.raises(UnknownNameError, match=message):
            placed.cost(cost)

    @pytest.mark.parametrize("cost", [None, 3, ["gates"]])
    def test_cost_that_is_no_name(self, cost: Any) -> None:
        with pytest.raises(UnknownNameError, match="unknown cost"):
            partition(ry_brickwork(4, 1), QPUNetwork.line(2, 2), cost=cost)


class TestContiguousBlocks:
    @pytest.mark.parametrize(
        ("n", "sizes", "wanted"),
        [
            (6, [3, 3], [3, 3]),
            (7, [4, 4, 4], [3, 2, 2]),
            (8, [2, 8, 8], [2, 3, 3]),
            (9, [2, 8, 8], [2, 4, 3]),
            (2, [5, 5, 5], [1, 1, 0]),
            (12, [2, 3, 8], [2, 3, 7]),
            (13, [2, 3, 8], [2, 3, 8]),
        ],
    )
    def test_as_even_as_capacities_allow(self, n: int, sizes: list[int], wanted: list[int]) -> None:
        blocks = contiguous_blocks(n, QPUNetwork.line(len(sizes), sizes))
        assert [len(block) for block in blocks.values()] == wanted

    @given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=7), data=st.data())
    def test_laws(self, sizes: Sequence[int], data: st.DataObject) -> None:
        n = data.draw(st.integers(1, sum(sizes)))
        network = QPUNetwork.line(len(sizes), sizes)
        blocks = contiguous_blocks(n, network)
        assert tuple(blocks) == network.qpus
        assert [q for block in blocks.values() for q in block] == list(range(n))
        lengths = [len(block) for block in blocks.values()]
        assert all(length <= size for length, size in zip(lengths, sizes, strict=True))
        with_room = [m for m, size in zip(lengths, sizes, strict=True) if m < size]
        assert max(lengths) <= min(with_room, default=max(lengths)) + 1  # no move evens it out


def test_public_names_are_the_ones_here() -> None:
    assert tnq.partition is partition
    assert tnq.Partition is Partition


class TestAgainstOtherCosts:
    """No cost is left dearer than the placement that was found for another one has it."""

    @settings(max_examples=15)
    @given(seed=st.integers(0, 10**6))
    def test_of_random_circuits(self, seed: int) -> None:
        circuit, network = random_case(seed, most_qubits=10)
        found = {
            cost: partition(circuit, network, cost, n_random_starts=2, effort=0.05)
            for cost in COSTS
        }
        for cost, placed in found.items():
            for other in found.values():
                assert placed.cost(cost) <= other.cost(cost) + 1e-9

    def test_e_bits_of_a_fourier_transform(self) -> None:
        circuit, network = qft(32), QPUNetwork.line(4, 8)
        gates = partition(circuit, network, "gates", n_random_starts=1)
        ebits = partition(circuit, network, "ebits", n_random_starts=1, effort=0.01)
        assert ebits.n_ebits <= gates.n_ebits
