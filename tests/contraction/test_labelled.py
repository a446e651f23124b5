"""Labelled networks of placements whose qubits move: the wires across links are bonds."""

from __future__ import annotations

import numpy as np
import pytest

from tnqlstm.circuit import Circuit, Operation
from tnqlstm.contraction.labelled import cut_bonds, to_quimb
from tnqlstm.distribution import Move, Partition, QPUNetwork

from .. import reference


def moving() -> Partition:
    """Qubit 0 meets qubit 1 on qpu0, then qubit 2 on qpu1."""
    operations = [Operation("RY", (q,), 0.3 + q) for q in range(3)]
    operations += [Operation("CX", (0, 1)), Operation("RY", (0,), 0.4), Operation("CZ", (1, 2))]
    operations += [Operation("CX", (0, 2)), Operation("RX", (2,), 0.7), Operation("CX", (2, 0))]
    circuit = Circuit(3, tuple(operations))
    network = QPUNetwork.line(2, 2)
    return Partition(circuit, network, ("qpu0", "qpu0", "qpu1"), (Move(0, 4, "qpu1"),))


def test_a_move_is_a_bond_of_dimension_2() -> None:
    bonds = cut_bonds(moving())
    assert [(bond.gate, bond.qubits, bond.bond_dim) for bond in bonds] == [
        ("move", (0, 0), 2),
        ("CZ", (1, 2), 2),
    ]
    assert [bond.superoperator_dim for bond in bonds] == [4, 4]
    assert moving().log2_cut_bond == 2
    assert moving().sampling_overhead == pytest.approx(16 * 9)


def test_the_network_falls_apart_at_its_bonds() -> None:
    placed = moving()
    network = to_quimb(placed.circuit, placed)
    angles = [op.angle for op in placed.circuit.operations]
    wanted = reference.statevector(placed.circuit, angles=angles)
    np.testing.assert_allclose(network.to_dense().ravel(), wanted, atol=1e-12)
    assert {"cut0", "cut1"} <= set(network.ind_map)
    for index, ends in network.ind_map.items():
        qpus = {tag for end in ends for tag in network.tensor_map[end].tags if "QPU:" in tag}
        assert (len(qpus) == 2) == index.startswith("cut")
