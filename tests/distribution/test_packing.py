"""Packing: what one e-bit can serve, how few are enough, and that the packets really do the job."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, WeightSlot
from tnqlstm.distribution import Packet, Partition, QPUNetwork
from tnqlstm.distribution.packing import Packing, cover_places, pack
from tnqlstm.distribution.runs import run_graph

from .. import reference
from . import exhaustive
from .circuits import qft
from .copies import Copies

PAIR = QPUNetwork.line(2, 2)


def on_two_qpus(*operations: tuple[Any, ...]) -> Partition:
    """Qubits 0 and 1 on qpu0, 2 and 3 on qpu1."""
    circuit = Circuit(4, operations, weight_shape=(8,))
    return Partition(circuit, PAIR, ("qpu0", "qpu0", "qpu1", "qpu1"))


def said(packet: Packet) -> tuple[object, ...]:
    return (
        packet.operations,
        packet.root,
        packet.axis,
        packet.source,
        packet.target,
        packet.links,
    )


def one_each(network: QPUNetwork, *operations: tuple[Any, ...]) -> Partition:
    """A qubit on each QPU, in their order."""
    return Partition(Circuit(len(network.qpus), operations), network, network.qpus)


class TestSharing:
    def test_one_control_one_ebit(self) -> None:
        placed = on_two_qpus(("CX", (0, 2)), ("CX", (0, 3)), ("CX", (0, 2)))
        assert [said(p) for p in placed.packets] == [((0, 1, 2), 0, "Z", 0, 1, ((0, 1),))]
        assert placed.n_ebits == 1

    def test_one_target_one_ebit(self) -> None:
        placed = on_two_qpus(("CX", (0, 2)), ("CX", (1, 2)))
        assert [said(p) for p in placed.packets] == [((0, 1), 2, "X", 1, 0, ((1, 0),))]

    @pytest.mark.parametrize("name", ["T", "RX", "RY"])
    def test_a_gate_that_disturbs_the_control_splits(self, name: str) -> None:
        """T disturbs the axis after H only: H alone is followed, see below."""
        middle: tuple[Any, ...] = (name, (0,), WeightSlot(0))
        if name == "T":
            middle = ("T", (0,))
            placed = on_two_qpus(("CX", (0, 2)), ("H", (0,)), middle, ("H", (0,)), ("CX", (0, 3)))
        else:
            placed = on_two_qpus(("CX", (0, 2)), middle, ("CX", (0, 3)))
        assert [len(p.operations) for p in placed.packets] == [1, 1]
        assert placed.n_ebits == 2

    @pytest.mark.parametrize(
        "middle",
        [
            ("RZ", (0,), WeightSlot(0)),
            ("T", (0,)),
            ("P", (0,), 0.3),
            ("Z", (0,)),
            ("X", (0,)),  # the copy is flipped, too
            ("Y", (0,)),
            ("RX", (0,), math.pi),
            ("RY", (0,), 0.0),
            ("CX", (0, 1)),
            ("CZ", (1, 0)),
            ("RZZ", (0, 1), WeightSlot(0)),
            ("H", (1,)),
            ("SWAP", (1, 1 + 1)),  # elsewhere; a cut gate of its own
        ],
    )
    def test_a_gate_that_commutes_or_flips_does_not(self, middle: tuple[Any, ...]) -> None:
        placed = on_two_qpus(("CZ", (0, 3)), middle, ("CX", (0, 3)))
        assert (0, 2) in [p.operations for p in placed.packets]

    @pytest.mark.parametrize(
        ("turns", "gate"),
        [
            (("H",), ("CX", (2, 0))),  # Z becomes X
            (("H", "S"), ("CY", (2, 0))),  # and then Y
            (("SX",), ("CY", (2, 0))),
            (("H", "T", "H"), None),  # T disturbs X
            (("H", "Z", "H"), ("CX", (0, 2))),  # Z flips X: back to −Z
            (("S", "SX", "SX"), ("CZ", (0, 2))),
        ],
    )
    def test_gates_that_turn_the_axis_are_followed(
        self, turns: tuple[str, ...], gate: tuple[Any, ...] | None
    ) -> None:
        last = gate or ("CX", (0, 2))
        placed = on_two_qpus(
            ("CX", (0, 2)), ("CX", (0, 3)), *((name, (0,)) for name in turns), last, ("T", (0,))
        )
        assert placed.n_ebits == (1 if gate else 2)

    def test_the_other_end_can_be_disturbed(self) -> None:
        placed = on_two_qpus(("CX", (0, 2)), ("H", (2,)), ("RY", (2,), 0.3), ("CX", (0, 2)))
        assert [p.operations for p in placed.packets] == [(0, 3)]

    def test_cz_packs_from_either_side(self) -> None:
        left = on_two_qpus(("CZ", (0, 2)), ("H", (2,)), ("T", (2,)), ("CZ", (0, 2)))
        right = on_two_qpus(("CZ", (0, 2)), ("H", (0,)), ("T", (0,)), ("CZ", (0, 2)))
        assert [(p.root, p.source, p.operations) for p in left.packets] == [(0, 0, (0, 3))]
        assert [(p.root, p.source, p.operations) for p in right.packets] == [(2, 1, (0, 3))]

    def test_cz_and_controls_share_whichever_way_round(self) -> None:
        placed = on_two_qpus(
            ("CZ", (2, 0)),
            ("CP", (0, 3), 0.2),
            ("CRY", (0, 2), WeightSlot(0)),
            ("RZZ", (3, 0), 0.4),
        )
        assert [(p.root, p.operations) for p in placed.packets] == [(0, (0, 1, 2, 3))]

    def test_gates_along_other_axes_do_not_share(self) -> None:
        assert on_two_qpus(("CX", (0, 2)), ("CX", (2, 0))).n_ebits == 2
        assert on_two_qpus(("RXX", (0, 2), 0.3), ("RZZ", (0, 3), 0.3)).n_ebits == 2
        assert on_two_qpus(("RYY", (0, 2), 0.3), ("RYY", (0, 3), 0.3)).n_ebits == 1

    def test_hops_weigh_each_ebit(self) -> None:
        circuit = Circuit(2, (("CX", (0, 1)), ("CX", (0, 1)), ("SWAP", (0, 1))))
        placed = Partition(circuit, QPUNetwork.line(5, 1), ("qpu0", "qpu4"))
        assert placed.n_end_to_end_ebits == 3
        assert placed.n_ebits == 12
        assert placed.n_hops == 12

    @pytest.mark.parametrize("name", ["SWAP", "ISWAP"])
    def test_swaps_take_two_each_and_disturb(self, name: str) -> None:
        placed = on_two_qpus(("CX", (0, 2)), (name, (0, 2)), ("CX", (0, 2)), (name, (2, 0)))
        assert placed.n_ebits == 1 + 2 + 1 + 2
        assert said(placed.packets[1]) == ((1,), None, "", 0, 1, ((0, 1), (1, 0)))

    def test_gates_that_do_nothing_across_are_free(self) -> None:
        placed = on_two_qpus(
            ("RZZ", (0, 2), 0.0), ("CP", (0, 3), 2 * math.pi), ("RXX", (1, 2), math.pi)
        )
        assert placed.n_cut_gates == 3
        assert placed.packets == ()
        assert placed.n_ebits == 0

    def test_local_gates_take_none(self) -> None:
        assert on_two_qpus(("CX", (0, 1)), ("SWAP", (2, 3))).packets == ()


class TestEmbedding:
    def test_a_copy_outlives_a_gate_whose_other_qubit_is_there(self) -> None:
        """CX from 2 to 0 flips qubit 0 and, under the same control, its copy."""
        placed = on_two_qpus(
            ("CZ", (0, 2)),
            ("RX", (2,), 0.3),
            ("CX", (2, 0)),
            ("RX", (2,), 0.3),
            ("CZ", (0, 3)),
            ("CZ", (0, 2)),
        )
        # a copy of 0 for all CZ, one of 2 for the CX
        assert [(p.root, p.operations) for p in placed.packets] == [(0, (0, 4, 5)), (2, (2,))]

    def test_but_not_one_whose_other_qubit_is_not(self) -> None:
        placed = on_two_qpus(("CZ", (0, 2)), ("CX", (1, 0)), ("CZ", (0, 3)))
        assert placed.n_ebits == 2

    def test_nor_one_with_a_gate_that_disturbs_beside_it(self) -> None:
        placed = on_two_qpus(
            ("CZ", (0, 2)), ("CX", (2, 0)), ("RY", (0,), 0.3), ("CZ", (0, 3)), ("CZ", (0, 2))
        )
        graph = placed.packing.graph
        assert [run.previous for run in graph.runs if run.qubit == 0] == [None, None, None]


class TestSeveralQPUs:
    def test_one_control_for_two_qpus_on_a_line(self) -> None:
        placed = one_each(QPUNetwork.line(3, 1), ("CX", (0, 1)), ("CX", (0, 2)))
        assert placed.n_end_to_end_ebits == 2
        assert placed.n_ebits == 2  # the copy on qpu1 is copied on to qpu2
        assert placed.packets[1].links == ((1, 2),)

    @pytest.mark.parametrize("k", [3, 5, 8])
    def test_one_control_for_all_takes_a_spanning_tree(self, k: int) -> None:
        gates = [("CZ", (0, q)) for q in range(1, k)]
        for shape in ("line", "ring", "star", "complete"):
            network = getattr(QPUNetwork, shape)(k, 1)
            assert one_each(network, *gates).n_ebits == k - 1

    def test_a_third_qpu_can_do_the_gate(self) -> None:
        """Qubits 0 and 1 are copied to qpu2 anyway, so their own gate is done there, too."""
        gates = [("CZ", (a, q)) for a in (0, 1) for q in (2, 3)]
        disturbed = [("RX", (q,), 0.3) for q in (2, 3)]
        circuit = Circuit(4, (*gates, ("CZ", (0, 1)), *disturbed, *gates))
        network = QPUNetwork.complete(3, 2)
        placed = Partition(circuit, network, ("qpu0", "qpu1", "qpu2", "qpu2"))
        assert placed.n_ebits == 2
        assert [p.operations for p in placed.packets] == [
            (0, 1, 4, 7, 8),
            (2, 3, 4, 9, 10),
        ]


class TestFourierTransform:
    def test_16_qubits_on_2_qpus_in_at_most_9(self) -> None:
        placed = tnq.partition(qft(16), QPUNetwork.line(2, 8), cost="ebits")
        assert placed.n_ebits <= 9

    @pytest.mark.parametrize("n", [4, 8, 16, 24])
    def test_half_and_half_takes_one_ebit_a_control(self, n: int) -> None:
        network = QPUNetwork.line(2, n // 2)
        blocks = {"qpu0": range(n // 2), "qpu1": range(n // 2, n)}
        placed = Partition.from_blocks(qft(n), network, blocks)
        assert placed.n_cut_gates == (n // 2) ** 2
        assert placed.n_ebits == n // 2


seeds = st.integers(0, 10**6)
COPYING_GATES = ("CX", "CX", "CY", "CZ", "CP", "RXX", "H", "S", "X", "T")


def copying_circuit(seed: int, n_qubits: int, n_gates: int) -> Circuit:
    """Gates that copies often outlive."""
    rng = np.random.default_rng(seed)
    operations: list[tuple[Any, ...]] = []
    for name in rng.choice(COPYING_GATES, size=n_gates):
        two = name in COPYING_GATES[:6]
        qubits = tuple(rng.permutation(n_qubits)[: 2 if two else 1].tolist())
        angle = (0.7,) if name in ("CP", "RXX") else ()
        operations.append((str(name), qubits, *angle))
    return Circuit(n_qubits, tuple(operations))


def random_circuit(rng: np.random.Generator) -> Circuit:
    """Any gates, or gates that copies often outlive."""
    n = int(rng.integers(2, 5))
    if rng.random() < 0.5:
        return reference.random_circuit(rng, n_qubits=n, n_gates=int(rng.integers(4, 16)))
    return copying_circuit(int(rng.integers(2**32)), n, 14)


def random_homes(rng: np.random.Generator, circuit: Circuit, n_qpus: int) -> tuple[int, ...]:
    """The QPU of each run: of whole qubits in half of the cases, of each run on its own."""
    graph = run_graph(circuit)
    where = rng.integers(n_qpus, size=circuit.n_qubits)
    strays = 0.3 if rng.random() < 0.5 else 0.0
    return tuple(
        int(rng.integers(n_qpus) if rng.random() < strays else where[run.qubit])
        for run in graph.runs
    )


def random_packing(seed: int, network: QPUNetwork | None = None) -> tuple[Circuit, Packing]:
    """Runs anywhere; edges mostly, but not always, where one of their runs is."""
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    graph = run_graph(circuit)
    network = network or QPUNetwork.complete(int(rng.integers(2, 5)), 4)
    k = len(network.qpus)
    homes = random_homes(rng, circuit, k)
    places = tuple(
        int(rng.choice([homes[edge.first], homes[edge.second], rng.integers(k)], p=[0.4, 0.4, 0.2]))
        for edge in graph.edges
    )
    return circuit, Packing(graph, network, homes, places)


def check_by_simulation(circuit: Circuit, packing: Packing, seed: int) -> None:
    weights, inputs = reference.random_values(np.random.default_rng(seed), circuit)
    angles = reference.operation_angles(circuit, weights, inputs)
    copies = Copies(circuit, packing.graph, packing.homes, packing.places)
    state = copies.run(angles)
    wanted = reference.statevector(circuit, angles=angles)
    np.testing.assert_allclose(state, wanted, rtol=0, atol=1e-10)
    assert packing.n_ebits == copies.made


class TestAnyPlacement:
    """Costs and states of placements at random, far from good ones."""

    @settings(max_examples=150)
    @given(seed=seeds)
    def test_copies_do_the_job_and_are_as_many_as_said(self, seed: int) -> None:
        circuit, packing = random_packing(seed)
        check_by_simulation(circuit, packing, seed)

    @given(seed=seeds)
    def test_found_packings_do_the_job(self, seed: int) -> None:
        """Annealed ones embed far more gates than random ones."""
        rng = np.random.default_rng(seed)
        circuit = random_circuit(rng)
        network = QPUNetwork.complete(3, 4)
        found = pack(run_graph(circuit), network, random_homes(rng, circuit, 3))
        check_by_simulation(circuit, found, seed)

    @settings(max_examples=100)
    @given(seed=seeds)
    def test_as_many_as_the_definition_says(self, seed: int) -> None:
        shape = ("line", "ring", "star", "complete")[seed % 4]
        network = getattr(QPUNetwork, shape)(2 + seed % 5, 4)
        _, packing = random_packing(seed, network)

        def links(sources: Any, wanted: Any) -> int:
            return exhaustive.fewest_links(network, sources, wanted)

        wanted = exhaustive.n_ebits(packing.graph, packing.homes, packing.places, links)
        if shape == "ring":  # from several copies the nearest first: two ways round may be as near
            assert wanted <= packing.n_ebits
        else:
            assert wanted == packing.n_ebits

    @given(seed=seeds)
    def test_packets_say_what_they_do(self, seed: int) -> None:
        circuit, packing = random_packing(seed, QPUNetwork.line(4, 4))
        graph, homes = packing.graph, packing.homes
        edge_of = {op: e for e, edge in enumerate(graph.edges) for op in edge.operations}
        served: dict[int, int] = {}
        for packet in packing.packets:
            assert list(packet.operations) == sorted(packet.operations)
            assert all(packing.network.hop_matrix[link] == 1 for link in packet.links)
            assert packet.n_ebits == len(packet.links) > 0
            for op in packet.operations:
                assert packet.root is None or packet.root in circuit.operations[op].qubits
                if packet.root is not None:
                    assert packet.target == packing.places[edge_of[op]]
                served[op] = served.get(op, 0) + 1
        for op, e in edge_of.items():
            away = [
                homes[r] != packing.places[e] for r in (graph.edges[e].first, graph.edges[e].second)
            ]
            assert served.get(op, 0) == sum(away)
        for op, a, b in graph.loners:
            assert served.get(op, 0) == (homes[a] != homes[b])


class TestFewest:
    @settings(max_examples=60)
    @given(seed=seeds)
    def test_covers_are_optimal_between_two_qpus_without_chains(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        circuit = random_circuit(rng)
        graph = run_graph(circuit)
        assume(len(graph.edges) < 12 and all(run.previous is None for run in graph.runs))
        where = rng.integers(2, size=circuit.n_qubits)
        homes = [int(where[run.qubit]) for run in graph.runs]
        best = exhaustive.least_of_all_places(graph, homes, 2, exhaustive.all_linked)
        places = tuple(cover_places(graph, homes))
        assert Packing(graph, QPUNetwork.line(2, 4), tuple(homes), places).n_ebits == best

    @settings(max_examples=40)
    @given(seed=seeds)
    def test_pack_finds_the_fewest_of_all_places(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        circuit = random_circuit(rng)
        graph, k = run_graph(circuit), int(rng.integers(2, 4))
        assume(k ** len(graph.edges) < 30_000)
        homes = random_homes(rng, circuit, k)
        found = pack(graph, QPUNetwork.complete(k, 4), homes)
        best = exhaustive.least_of_all_places(graph, homes, k, exhaustive.all_linked)
        assert found.n_ebits == best
