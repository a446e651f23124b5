"""Packing: what one e-bit can serve, how few are enough, and that the packets really do the job."""

from __future__ import annotations

import itertools
import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, Operation, WeightSlot
from tnqlstm.distribution import Packet, Partition, QPUNetwork
from tnqlstm.distribution.packing import maximum_matching, minimum_vertex_cover

from .. import reference
from . import exhaustive

PAIR = QPUNetwork.line(2, 2)


def on_two_qpus(*operations: tuple[Any, ...]) -> Partition:
    """Qubits 0 and 1 on qpu0, 2 and 3 on qpu1."""
    circuit = Circuit(4, operations, weight_shape=(8,))
    return Partition(circuit, PAIR, ("qpu0", "qpu0", "qpu1", "qpu1"))


def qft(n_qubits: int) -> Circuit:
    """The quantum Fourier transform without its final swaps."""
    operations: list[Operation] = []
    for q in range(n_qubits):
        operations.append(Operation("H", (q,)))
        for later in range(q + 1, n_qubits):
            angle = math.pi / 2 ** (later - q)
            operations.append(Operation("CP", (later, q), angle))
    return Circuit(n_qubits, tuple(operations))


class TestSharing:
    def test_one_control_one_ebit(self) -> None:
        placed = on_two_qpus(("CX", (0, 2)), ("CX", (0, 3)), ("CX", (0, 2)))
        assert placed.packets == (Packet((0, 1, 2), 0, 1, 0, "Z", 1),)
        assert placed.n_ebits == 1

    def test_one_target_one_ebit(self) -> None:
        placed = on_two_qpus(("CX", (0, 2)), ("CX", (1, 2)))
        assert placed.packets == (Packet((0, 1), 1, 0, 2, "X", 1),)

    @pytest.mark.parametrize("name", ["H", "SX", "RX", "RY"])
    def test_a_gate_that_disturbs_the_control_splits(self, name: str) -> None:
        middle = (name, (0,)) if name in ("H", "SX") else (name, (0,), WeightSlot(0))
        placed = on_two_qpus(("CX", (0, 2)), middle, ("CX", (0, 3)))
        assert [p.operations for p in placed.packets] == [(0,), (2,)]
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

    def test_the_other_end_can_be_disturbed(self) -> None:
        placed = on_two_qpus(("CX", (0, 2)), ("H", (2,)), ("RY", (2,), 0.3), ("CX", (0, 2)))
        assert [p.operations for p in placed.packets] == [(0, 3)]

    def test_cz_packs_from_either_side(self) -> None:
        left = on_two_qpus(("CZ", (0, 2)), ("H", (2,)), ("CZ", (0, 2)))
        right = on_two_qpus(("CZ", (0, 2)), ("H", (0,)), ("CZ", (0, 2)))
        assert [(p.root, p.source, p.operations) for p in left.packets] == [(0, 0, (0, 2))]
        assert [(p.root, p.source, p.operations) for p in right.packets] == [(2, 1, (0, 2))]

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

    def test_the_same_control_to_two_qpus_takes_two(self) -> None:
        circuit = Circuit(3, (("CX", (0, 1)), ("CX", (0, 2))))
        placed = Partition(circuit, QPUNetwork.line(3, 1), ("qpu0", "qpu1", "qpu2"))
        assert placed.n_end_to_end_ebits == 2
        assert placed.n_ebits == 3  # the second goes over two links

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
        assert placed.packets[1] == Packet((1,), 0, 1, None, "", 2)

    def test_gates_that_do_nothing_across_are_free(self) -> None:
        placed = on_two_qpus(
            ("RZZ", (0, 2), 0.0), ("CP", (0, 3), 2 * math.pi), ("RXX", (1, 2), math.pi)
        )
        assert placed.n_cut_gates == 3
        assert placed.packets == ()
        assert placed.n_ebits == 0

    def test_local_gates_take_none(self) -> None:
        assert on_two_qpus(("CX", (0, 1)), ("SWAP", (2, 3))).packets == ()


class TestFourierTransform:
    def test_16_qubits_on_2_qpus_in_at_most_9(self) -> None:
        placed = tnq.partition(qft(16), QPUNetwork.line(2, 8), cost="ebits")
        assert placed.n_ebits <= 9
        assert placed.n_ebits == exhaustive.Packer(
            placed.circuit, exhaustive.hop_counts(placed.network)
        ).cost(placed.assignment)

    @pytest.mark.parametrize("n", [4, 8, 16, 24])
    def test_half_and_half_takes_one_ebit_a_control(self, n: int) -> None:
        network = QPUNetwork.line(2, n // 2)
        blocks = {"qpu0": range(n // 2), "qpu1": range(n // 2, n)}
        placed = Partition.from_blocks(qft(n), network, blocks)
        assert placed.n_cut_gates == (n // 2) ** 2
        assert placed.n_ebits == n // 2


seeds = st.integers(0, 10**6)


def random_placed(seed: int) -> tuple[Partition, NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    circuit = reference.random_circuit(rng, n_qubits=n, n_gates=int(rng.integers(4, 16)))
    shape = str(rng.choice(["line", "ring", "star", "complete"]))
    network = getattr(QPUNetwork, shape)(int(rng.integers(2, 5)), qubits=n)
    placed = Partition(circuit, network, tuple(rng.choice(network.qpus, size=n).tolist()))
    return placed, *reference.random_values(rng, circuit)


class TestAnyCircuit:
    @settings(max_examples=150)
    @given(seed=seeds)
    def test_as_few_as_brute_force(self, seed: int) -> None:
        placed, _, _ = random_placed(seed)
        hops = exhaustive.hop_counts(placed.network)
        assert placed.n_ebits == exhaustive.Packer(placed.circuit, hops).cost(placed.assignment)

    @given(seed=seeds)
    def test_every_crossing_gate_is_served_once(self, seed: int) -> None:
        placed, _, _ = random_placed(seed)
        operations = placed.circuit.operations
        served = list(itertools.chain.from_iterable(p.operations for p in placed.packets))
        crossing = [i for i in placed.cut_operations if exhaustive.rank(operations[i]) > 1]
        assert sorted(served) == crossing
        for packet in placed.packets:
            for index in packet.operations:
                homes = {placed.assignment[q] for q in operations[index].qubits}
                assert homes == {packet.source, packet.target}
                assert packet.root is None or packet.root in operations[index].qubits
            if packet.root is not None:
                assert placed.assignment[packet.root] == packet.source
                assert packet.n_ebits == 1

    @settings(max_examples=100)
    @given(seed=seeds)
    def test_the_protocol_gives_the_same_state(self, seed: int) -> None:
        """Gates done on copies of the roots, each on one QPU, with one copy a packet."""
        placed, weights, inputs = random_placed(seed)
        angles = reference.operation_angles(placed.circuit, weights, inputs)
        wanted = reference.statevector(placed.circuit, angles=angles)
        state = run_with_copies(placed, angles)
        np.testing.assert_allclose(state[:, 0], wanted, atol=1e-12)
        np.testing.assert_allclose(state[:, 1:], 0, atol=1e-12)


# takes the eigenbasis of Z to that of the axis
_BASIS = {
    "X": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
    "Y": np.array([[1, 1], [1j, -1j]]) / math.sqrt(2),
    "Z": np.eye(2),
}


def run_with_copies(placed: Partition, angles: list[float | None]) -> NDArray[np.complex128]:
    """The state when every packet's gates act on a copy of its root, shape (2**n, 2**copies).

    A copy is made before a packet's first gate, Σ a_k |k⟩ → Σ a_k |k⟩|k⟩ in the eigenbasis of its
    axis, and undone after its last one; the copies must then be |0⟩ again. A gate that flips the
    axis flips the copy. Gates of rank 1 or 4 act directly.
    """
    circuit = placed.circuit
    packets = [packet for packet in placed.packets if packet.root is not None]
    n = circuit.n_qubits
    home = [*placed.assignment, *(packet.target for packet in packets)]
    state = np.zeros((2,) * (n + len(packets)), dtype=complex)
    state[(0,) * state.ndim] = 1

    def apply(matrix: NDArray[Any], *qubits: int) -> None:
        nonlocal state
        k = len(qubits)
        gate = matrix.reshape((2,) * (2 * k))
        state = np.tensordot(gate, state, axes=(range(k, 2 * k), qubits))
        state = np.moveaxis(state, range(k), qubits)

    def copy(packet: Packet, ancilla: int, *, undo: bool) -> None:
        basis = _BASIS[packet.axis]
        make = np.kron(basis, basis) @ reference.gate_matrix("CX")
        make = make @ np.kron(basis.conj().T, np.eye(2))
        apply(make.conj().T if undo else make, packet.root, ancilla)

    for index, (op, angle) in enumerate(zip(circuit.operations, angles, strict=True)):
        qubits = list(op.qubits)
        for ancilla, packet in enumerate(packets, start=n):
            first, last = packet.operations[0], packet.operations[-1]
            if first == index:
                copy(packet, ancilla, undo=False)
            if index in packet.operations:
                qubits[qubits.index(packet.root)] = ancilla
            elif first < index < last and packet.root in op.qubits:
                sign = exhaustive.keeps(op, packet.root, packet.axis)
                assert sign, "the copied axis is disturbed"
                if sign < 0:
                    flip = exhaustive.PAULIS["Z" if packet.axis == "X" else "X"]
                    apply(flip, ancilla)
        if qubits != list(op.qubits):
            assert len({home[q] for q in qubits}) == 1
        apply(reference.gate_matrix(op.name, angle), *qubits)
        for ancilla, packet in enumerate(packets, start=n):
            if packet.operations[-1] == index:
                copy(packet, ancilla, undo=True)
    return state.reshape(2**n, -1)


bipartite_edges = st.lists(
    st.tuples(st.integers(0, 4), st.integers(10, 14)), min_size=0, max_size=14
)


class TestVertexCover:
    @settings(max_examples=150)
    @given(edges=bipartite_edges)
    def test_smallest_of_all_covers(self, edges: list[tuple[int, int]]) -> None:
        cover = minimum_vertex_cover(edges)
        assert all(u in cover or v in cover for u, v in edges)
        vertices = sorted({vertex for edge in edges for vertex in edge})
        smallest = next(
            size
            for size in range(len(vertices) + 1)
            for chosen in itertools.combinations(vertices, size)
            if all(u in chosen or v in chosen for u, v in edges)
        )
        assert len(cover) == smallest

    @given(seed=seeds)
    def test_matching_as_large_as_networkx_finds(self, seed: int) -> None:
        graph = nx.bipartite.random_graph(40, 50, 0.05, seed=seed)
        neighbours = {u: sorted(graph[u]) for u in range(40) if graph[u]}
        match = maximum_matching(neighbours)
        assert all(
            left in neighbours and right in neighbours[left] for right, left in match.items()
        )
        assert len(set(match.values())) == len(match)
        assert len(match) == nx.bipartite.hopcroft_karp_matching(graph, range(40)).__len__() // 2
        assert len(minimum_vertex_cover(graph.edges)) == len(match)
