"""Few communication qubits: a placement is found wherever trying them all finds one."""

from __future__ import annotations

import dataclasses
import pickle
import re

import numpy as np
import pytest

from tnqlstm.circuit import Circuit
from tnqlstm.distribution import Partition, QPUNetwork, partition
from tnqlstm.distribution.routes import UNREACHABLE
from tnqlstm.errors import PartitionError

from .. import reference
from . import exhaustive
from .test_programs import assert_same_state, together

ISSUE = Circuit(5, tuple(("CX", p) for p in ((0, 3), (2, 3), (1, 2), (2, 4), (0, 1), (0, 4))))


def random_case(seed: int) -> tuple[Circuit, QPUNetwork]:
    """4 or 5 qubits; 2 to 4 QPUs of none to three communication qubits, or as many as needed."""
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(2, 5)), int(rng.integers(4, 6))
    room = [2] * k
    room[0] += max(0, n - sum(room))
    choices = [[0, 1, 2, 3, None][i] for i in rng.choice(5, size=k, p=[0.1, 0.4, 0.3, 0.1, 0.1])]
    make = getattr(QPUNetwork, str(rng.choice(["line", "ring", "star", "complete"])))
    operations = []
    for _ in range(int(rng.integers(4, 10))):
        name = str(rng.choice(["CX", "CZ", "RZZ", "SWAP", "H", "RXX"]))
        qubits = tuple(rng.permutation(n)[: 1 if name == "H" else 2].tolist())
        operations.append((name, qubits, 0.3) if name[0] == "R" else (name, qubits))
    return Circuit(n, tuple(operations)), make(k, room, communication_qubits=choices)


def test_the_placements_that_were_refused() -> None:
    network = QPUNetwork.complete(3, qubits=2, communication_qubits=1)
    placed = partition(ISSUE, network, cost="ebits")
    assert max(placed.protocol.communication_qubits) == 1
    assert placed.n_ebits == exhaustive.fewest_within_limits(ISSUE, network) == 4


def test_every_placement_that_takes_one_copy_at_a_time_can_be_done() -> None:
    network = QPUNetwork.complete(3, qubits=2, communication_qubits=1)
    for where in exhaustive.placements(5, network.capacities):
        placed = Partition(ISSUE, network, tuple(network.qpus[i] for i in where))
        assert placed.error is None
        assert max(placed.protocol.communication_qubits) <= 1


@pytest.mark.parametrize(
    "seed", [2, 3, *(pytest.param(k, marks=pytest.mark.slow) for k in range(4, 40))]
)
def test_found_wherever_one_exists_and_with_as_few_e_bits(seed: int) -> None:
    circuit, network = random_case(seed)
    fewest = exhaustive.fewest_within_limits(circuit, network)
    if fewest is None:
        with pytest.raises(PartitionError, match="no placement was found"):
            partition(circuit, network, cost="ebits")
    else:
        assert partition(circuit, network, cost="ebits").n_ebits <= fewest


@pytest.mark.parametrize("seed", range(100, 120))
def test_eased_programs_give_the_circuits_state(seed: int) -> None:
    circuit, network = random_case(seed)
    try:
        placed = partition(circuit, network, cost="ebits", effort=0.05, n_random_starts=1)
    except PartitionError:
        assert exhaustive.fewest_within_limits(circuit, network) is None
        return
    limits = [9 if limit is None else limit for limit in network.communication_qubits]
    used = placed.protocol.communication_qubits
    assert all(use <= limit for use, limit in zip(used, limits, strict=True))
    wanted = reference.statevector(circuit, angles=[op.angle for op in circuit.operations])
    assert_same_state(together(placed, None, None, seed), wanted)


def test_copies_go_round_a_qpu_that_cant_pass_them_on() -> None:
    """qpu1 of the ring has one communication qubit: from qpu0 to qpu2 it's by way of qpu3."""
    network = QPUNetwork.ring(4, 1, communication_qubits=[1, 1, 1, 2])
    placed = Partition(Circuit(2, (("CX", (0, 1)),)), network, ("qpu0", "qpu2"))
    assert network.copy_route(0, 2) == (0, 3, 2)
    assert network.route("qpu0", "qpu2") == ("qpu0", "qpu1", "qpu2")
    assert placed.n_ebits == 2
    assert placed.protocol.communication_qubits == (1, 0, 1, 2)


def test_hops_of_copies() -> None:
    line = QPUNetwork.line(3, 1, communication_qubits=[1, 1, 0])
    far = UNREACHABLE
    assert line.copy_hops.tolist() == [[0, 1, far], [1, 0, far], [far, far, 0]]
    roomy = QPUNetwork.line(3, 1, communication_qubits=2)
    assert roomy.copy_hops is roomy.hop_matrix


@pytest.mark.parametrize("homes", [("qpu0", "qpu1"), ("qpu1", "qpu0")])
def test_a_swap_is_done_where_there_are_two_communication_qubits(homes: tuple[str, ...]) -> None:
    circuit = Circuit(2, (("H", (0,)), ("SWAP", (0, 1)), ("T", (1,)), ("ISWAP", (1, 0))))
    network = QPUNetwork.line(2, 1, communication_qubits=[1, 2])
    placed = Partition(circuit, network, homes)
    assert placed.n_ebits == 4
    assert placed.protocol.communication_qubits == (1, 2)
    assert {packet.target for packet in placed.packets} == {1}
    wanted = reference.statevector(circuit, angles=[None] * 4)
    assert_same_state(together(placed, None, None), wanted)


def test_the_error_says_what_would_help() -> None:
    circuit = Circuit(4, tuple(("CX", (a, b)) for a in range(4) for b in range(a)))
    network = QPUNetwork.line(2, 2, communication_qubits=[0, 1])
    with pytest.raises(PartitionError) as error:
        partition(circuit, network, cost="ebits")
    assert "Give qpu0 1 (it has 0), and one of" in str(error.value)
    helped = QPUNetwork.line(2, 2, communication_qubits=1)
    (promised,) = re.findall(r"one of (\d+) e-bits does", str(error.value))
    assert partition(circuit, helped, "ebits").n_ebits <= int(promised)
    placed = Partition(circuit, network, ("qpu0", "qpu0", "qpu1", "qpu1"))
    assert placed.error is not None
    with pytest.raises(PartitionError, match="takes more communication qubits on qpu0"):
        print(placed.n_ebits)
    assert str(pickle.loads(pickle.dumps(placed.error))) == str(placed.error)


def test_a_placement_that_fits_is_not_eased() -> None:
    network = QPUNetwork.complete(3, qubits=2, communication_qubits=9)
    placed = partition(ISSUE, network, cost="ebits")
    assert not placed.packing.alone
    free = dataclasses.replace(placed, network=QPUNetwork.complete(3, qubits=2))
    assert placed.packing.packets == free.packing.packets
