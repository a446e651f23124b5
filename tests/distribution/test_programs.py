"""Programs of QPUs, run together: they do what the circuit does, for the e-bits that were said."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pennylane as qml
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, Operation, WeightSlot
from tnqlstm.distribution import Durations, Link, Move, Partition, QPUNetwork
from tnqlstm.errors import PartitionError, ShapeError

from .. import reference
from . import joined

seeds = st.integers(0, 10**6)


def hadamards_and_cz(rng: np.random.Generator, n_qubits: int, n_layers: int) -> Circuit:
    """Layers of H and CZ, whose copies can live on past many gates."""
    operations: list[Operation] = []
    for _ in range(n_layers):
        free = []
        for q in range(n_qubits):
            if rng.random() < 0.5:
                operations.append(Operation("H", (q,)))
            else:
                free.append(q)
        order = rng.permutation(free).tolist()
        operations += [
            Operation("CZ", (a, b)) for a, b in zip(order[::2], order[1::2], strict=False)
        ]
    return Circuit(n_qubits, tuple(operations))


def random_placed(seed: int, limit: int | None = None) -> tuple[Partition, Any, Any]:
    """A circuit that `partition` placed, on a network where copies pay, and values of its slots."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    if rng.random() < 0.5:
        circuit = hadamards_and_cz(rng, n, 12)
    else:
        circuit = reference.random_circuit(rng, n_qubits=n, n_gates=int(rng.integers(4, 30)))
    shape = str(rng.choice(["line", "ring", "star", "complete"]))
    k = int(rng.integers(2, 4))
    network = getattr(QPUNetwork, shape)(
        k, qubits=-(-n // k) + int(rng.integers(2)), communication_qubits=limit
    )
    placed = tnq.partition(
        circuit, network, cost="ebits", seed=seed, may_move=bool(rng.integers(2)), effort=0.2
    )
    return placed, *reference.random_values(rng, circuit)


def together(placed: Partition, weights: Any, inputs: Any, seed: int = 0) -> NDArray[np.complex128]:
    """The circuit's state from its programs, run together."""
    texts = {str(qpu): text for qpu, text in placed.programs(weights, inputs).items()}
    machine = joined.StateVector(joined.wires_of(texts), np.random.default_rng(seed))
    assert joined.run(texts, machine) == placed.n_ebits
    return machine.qubits(joined.held(texts))


def assert_same_state(found: NDArray[Any], wanted: NDArray[Any]) -> None:
    """Equal up to a phase."""
    assert abs(np.vdot(found, wanted)) == pytest.approx(1.0, abs=1e-9)
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-9)


class TestTheSameState:
    @settings(max_examples=60)
    @given(seed=seeds)
    def test_of_any_circuit(self, seed: int) -> None:
        placed, weights, inputs = random_placed(seed)
        angles = reference.operation_angles(placed.circuit, weights, inputs)
        wanted = reference.statevector(placed.circuit, angles=angles)
        assert_same_state(together(placed, weights, inputs, seed), wanted)

    @settings(max_examples=40)
    @given(seed=seeds, limit=st.sampled_from([2, 3]))
    def test_with_few_communication_qubits(self, seed: int, limit: int) -> None:
        placed, weights, inputs = random_placed(seed, limit)
        assert max(placed.protocol.communication_qubits) <= limit
        assert placed.n_ebits >= placed.packing.n_ebits
        angles = reference.operation_angles(placed.circuit, weights, inputs)
        wanted = reference.statevector(placed.circuit, angles=angles)
        assert_same_state(together(placed, weights, inputs, seed), wanted)

    @pytest.mark.parametrize(
        "operations",
        [
            [("H", (0,)), ("CX", (0, 2)), ("RZ", (0,), 0.4), ("X", (0,)), ("CX", (0, 3))],
            [("RY", (0,), 0.7), ("RXX", (0, 2), 0.3), ("CX", (1, 0)), ("RYY", (0, 3), 1.1)],
            [("H", (0,)), ("T", (0,)), ("SWAP", (0, 2)), ("CX", (0, 1)), ("ISWAP", (3, 1))],
            [("H", (0,)), ("RZZ", (0, 2), 0.0), ("RXX", (1, 3), np.pi), ("CP", (0, 3), 2 * np.pi)],
        ],
    )
    def test_by_another_simulator_for_all_outcomes(self, operations: list[Any]) -> None:
        """PennyLane defers the measurements, so that its mixed state has all outcomes in it."""
        circuit = Circuit(4, tuple(Operation(*op) for op in operations))
        placed = Partition(circuit, QPUNetwork.line(2, 2), ("qpu0", "qpu0", "qpu1", "qpu1"))
        texts = {str(qpu): text for qpu, text in placed.programs().items()}

        @qml.qnode(qml.device("default.qubit"), mcm_method="deferred")
        def node() -> Any:
            joined.run(texts, machine := joined.PennyLane())
            return qml.density_matrix([machine.label(wire) for wire in joined.held(texts)])

        wanted = reference.statevector(circuit, angles=[op.angle for op in circuit.operations])
        np.testing.assert_allclose(node(), np.outer(wanted, wanted.conj()), atol=1e-10)

    def test_slots_stay_inputs_of_the_programs(self) -> None:
        circuit = tnq.ansatz.ry_brickwork(4, 2)
        placed = tnq.partition(circuit, QPUNetwork.line(2, 2), cost="ebits")
        weights, inputs = np.random.default_rng(1).normal(size=(2, 4)), np.linspace(-1, 1, 4)
        given = placed.programs(weights, inputs)
        values = {f"w{k}": value for k, value in enumerate(weights.ravel())}
        values |= {f"x{k}": value for k, value in enumerate(inputs)}
        for qpu, text in placed.programs().items():
            declared = re.findall(r"^input float\[64\] (\w+);\n", text, re.MULTILINE)
            assert sorted(declared) == sorted(set(re.findall(r"\(([wx]\d+)\)", text)))
            text = re.sub(r"^input .*\n", "", text, flags=re.MULTILINE)
            for name in declared:
                text = text.replace(f"({name})", f"({float(values[name])!r})")
            assert text == given[qpu]


class TestEmbedding:
    def test_a_copy_lives_on_past_an_embedded_gate(self) -> None:
        """CX from the copy's QPU onto the root flips both; one e-bit instead of two for the CZs."""
        operations = [Operation("RY", (q,), 0.3 + q) for q in range(4)]
        operations += [Operation("CZ", (0, 2)), Operation("CX", (3, 0)), Operation("CX", (3, 1))]
        operations += [Operation("CZ", (0, 2)), Operation("RX", (2,), 0.4), Operation("CZ", (0, 2))]
        circuit = Circuit(4, tuple(operations))
        placed = Partition(circuit, QPUNetwork.line(2, 2), ("qpu0", "qpu0", "qpu1", "qpu1"))
        assert placed.n_ebits == 2  # qubit 3 to qpu0, and qubit 0 to qpu1, once
        angles = [op.angle for op in circuit.operations]
        assert_same_state(
            together(placed, None, None), reference.statevector(circuit, angles=angles)
        )


class TestMoves:
    def test_a_qubit_goes_where_its_gates_are(self) -> None:
        pairs = [(0, 1)] * 3 + [(0, 2)] * 3
        operations = [Operation("RY", (q,), 0.2 + q) for q in range(4)]
        for a, b in pairs:
            operations += [
                Operation("CX", (a, b)),
                Operation("RY", (a,), 0.7),
                Operation("CX", (b, a)),
            ]
        circuit = Circuit(4, tuple(operations))
        network = QPUNetwork.line(2, 3)
        stays = Partition(circuit, network, ("qpu0", "qpu0", "qpu1", "qpu1"))
        behind = 4 + 3 * 3
        moves = Partition(circuit, network, stays.qpu_of, (Move(0, behind, "qpu1"),))
        assert stays.n_ebits == 4
        assert moves.n_ebits == 1
        assert moves.n_cut_gates == 0
        angles = [op.angle for op in operations]
        assert_same_state(
            together(moves, None, None), reference.statevector(circuit, angles=angles)
        )

    def test_a_copy_that_is_there_takes_over_for_nothing(self) -> None:
        circuit = Circuit(
            3, (("H", (0,)), ("CX", (0, 1)), ("H", (0,)), ("CX", (0, 2)), ("CX", (2, 0)))
        )
        network = QPUNetwork.line(2, [1, 3])
        placed = Partition(circuit, network, ("qpu0", "qpu1", "qpu1"), (Move(0, 2, "qpu1"),))
        assert placed.n_ebits == 1
        angles = [None] * 5
        assert_same_state(
            together(placed, None, None), reference.statevector(circuit, angles=angles)
        )

    def test_out_of_place(self) -> None:
        circuit = Circuit(2, (("CX", (0, 1)), ("CX", (0, 1))))
        network = QPUNetwork.line(2, [1, 2])
        with pytest.raises(PartitionError, match="qubit 0 may move before operations 2"):
            Partition(circuit, network, ("qpu0", "qpu1"), (Move(0, 1, "qpu1"),))
        with pytest.raises(PartitionError, match="qpu0 would hold 2 qubits, its capacity is 1"):
            Partition(circuit, network, ("qpu0", "qpu1"), (Move(1, 2, "qpu0"),))


class TestCommunicationQubits:
    def test_too_few_for_a_gate(self) -> None:
        circuit = Circuit(2, (("CX", (0, 1)),))
        network = QPUNetwork.line(3, 1, communication_qubits=1)
        placed = Partition(circuit, network, ("qpu0", "qpu2"))
        with pytest.raises(PartitionError, match="communication qubits on qpu1 at once than its 1"):
            placed.programs()

    def test_copies_are_made_again(self) -> None:
        """Two controls take turns: with one communication qubit each turn is a copy."""
        gates = [("CX", (q, 2)) if k % 2 else ("CX", (q, 3)) for k in range(2) for q in (0, 1)]
        between = [("RY", (2,), 0.3), ("RY", (3,), 0.4)]
        operations = [*gates[:2], *between, *gates[2:], *between, *gates[:2]]
        circuit = Circuit(4, tuple(Operation(*op) for op in operations))
        homes = ("qpu0", "qpu0", "qpu1", "qpu1")
        free = Partition(circuit, QPUNetwork.line(2, 2), homes)
        tight = Partition(circuit, QPUNetwork.line(2, 2, communication_qubits=1), homes)
        assert free.n_ebits == 2
        assert free.protocol.communication_qubits == (1, 2)
        assert tight.n_ebits == 6
        assert tight.protocol.communication_qubits == (1, 1)


class TestSchedule:
    def test_closed_form_of_one_telegate(self) -> None:
        """Bell pair, CX, measurement, message, X, the gate, H, measurement, message, Z."""
        link = Link(rate=1e4, latency=2e-5)
        circuit = Circuit(2, (("CX", (0, 1)),))
        placed = Partition(circuit, QPUNetwork.line(2, 1, link=link), ("qpu0", "qpu1"))
        times = Durations(one_qubit=1e-6, two_qubit=2e-6, measurement=5e-6)
        found = placed.schedule(times)
        wanted = (2e-5 + 1e-4) + 2e-6 + 5e-6 + 2e-5 + 1e-6 + 2e-6 + 1e-6 + 5e-6 + 2e-5 + 1e-6
        assert found.seconds == pytest.approx(wanted)
        assert found.depth == 8
        assert found.ebit_depth == 1
        assert found.link_seconds == pytest.approx((1.2e-4,))

    def test_a_link_makes_one_pair_after_another(self) -> None:
        link = Link(rate=1e3)
        circuit = Circuit(4, (("CX", (0, 2)), ("CX", (1, 3))))
        network = QPUNetwork.line(2, 2, link=link)
        placed = Partition(circuit, network, ("qpu0", "qpu0", "qpu1", "qpu1"))
        assert placed.schedule().ebit_depth == 2
        assert 2e-3 < placed.schedule().seconds < 2.1e-3

    def test_without_cut_gates_it_is_the_circuits_depth(self) -> None:
        circuit = tnq.ansatz.ry_brickwork(6, 3)
        placed = Partition(circuit, QPUNetwork.line(1, 6), ("qpu0",) * 6)
        assert placed.schedule().depth == circuit.depth


def test_values_of_another_shape() -> None:
    placed = tnq.partition(tnq.ansatz.ry_brickwork(4, 2), QPUNetwork.line(2, 2))
    with pytest.raises(ShapeError, match="weights of shape"):
        placed.programs(weights=np.zeros(3))


def test_slots_are_placed_for_any_angle() -> None:
    """At an angle of 0 the gate does nothing, and the programs are the same."""
    circuit = Circuit(2, (("H", (0,)), ("RZZ", (0, 1), WeightSlot(0))), weight_shape=(1,))
    placed = Partition(circuit, QPUNetwork.line(2, 1), ("qpu0", "qpu1"))
    for angle in (0.0, 0.3, np.pi):
        wanted = reference.statevector(circuit, angles=[None, angle])
        assert_same_state(together(placed, [angle], None), wanted)
