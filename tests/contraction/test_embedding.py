"""Small light cones as special cases of larger ones."""

from __future__ import annotations

import numpy as np
import pytest

import tnqlstm as tnq
from tests.reference import expectations, random_circuit, random_values
from tnqlstm.circuit import Circuit, WeightSlot
from tnqlstm.contraction import plan_expectations
from tnqlstm.contraction.angles import AngleTable
from tnqlstm.contraction.cones import Cone, light_cone
from tnqlstm.contraction.embedding import Wires, embed, fill_all
from tnqlstm.contraction.sites import SiteBank

from .one_sample import values_of


def cone_of(circuit: Circuit, qubit: int) -> Cone:
    return light_cone(circuit, [qubit], SiteBank(AngleTable(circuit.operations, circuit.n_inputs)))


def wires_of(circuit: Circuit, qubit: int) -> Wires:
    return Wires(cone_of(circuit, qubit), circuit)


def n_kinds(circuit: Circuit) -> int:
    """How many different cones there are."""
    bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
    return len({light_cone(circuit, [q], bank).key for q in range(circuit.n_qubits)})


@pytest.mark.parametrize("n_qubits", [16, 32, 64])
def test_a_line_of_any_length_has_two_trees(n_qubits: int) -> None:
    """One for even and odd qubits alike, and one for an end that doesn't fit in."""
    circuit = tnq.ansatz.modular([8] * (n_qubits // 8), 3, {0, 1, 2})
    assert len(plan_expectations(circuit, method="cones").trees()) == 2


def test_blocks_of_unequal_size_share_trees() -> None:
    circuit = tnq.ansatz.modular([3, 6, 5, 4, 7, 5], 3, {0, 2})
    n_trees = len(plan_expectations(circuit, method="cones").trees())
    assert 2 * n_trees < n_kinds(circuit)


def test_a_cone_is_a_special_case_of_itself() -> None:
    wires = wires_of(tnq.ansatz.ry_brickwork(12, 3), 6)
    assert embed(wires, wires) == fill_all(wires.cone)


def test_an_end_is_a_special_case_of_the_middle_and_not_the_other_way_round() -> None:
    circuit = tnq.ansatz.ry_brickwork(12, 2)
    end, middle = wires_of(circuit, 0), wires_of(circuit, 6)
    fills = embed(end, middle)
    assert fills is not None
    used = [fill.leaf for fill in fills if fill.leaf is not None]
    assert sorted(used) == list(range(len(end.cone.leaves)))
    assert embed(middle, end) is None


def test_gates_of_another_kind_may_stand_on_the_same_legs() -> None:
    """The two ends of a CX: other arrays, the same network."""
    circuit = Circuit(
        4,
        (
            ("RY", (0,), WeightSlot(0)),
            ("CX", (0, 1)),
            ("RY", (3,), WeightSlot(1)),
            ("CX", (2, 3)),
            ("RX", (1,), WeightSlot(2)),
            ("RX", (2,), WeightSlot(3)),
        ),
        weight_shape=(4,),
    )
    assert embed(wires_of(circuit, 1), wires_of(circuit, 2)) is not None


def test_a_wider_leg_is_no_special_case() -> None:
    """A SWAP's bond of 16 doesn't fit on a CX's of 4."""
    ops = (
        ("CX", (0, 1)),
        ("RY", (1,), WeightSlot(0)),
        ("SWAP", (2, 3)),
        ("RY", (3,), WeightSlot(1)),
    )
    circuit = Circuit(4, ops, weight_shape=(2,))
    assert embed(wires_of(circuit, 1), wires_of(circuit, 3)) is not None
    assert embed(wires_of(circuit, 3), wires_of(circuit, 1)) is None


def sparse_circuit(seed: int) -> Circuit:
    """Random, on 4 to 9 qubits, with cones that differ from qubit to qubit."""
    rng = np.random.default_rng(seed)
    return random_circuit(rng, n_qubits=int(rng.integers(4, 10)), n_gates=24)


@pytest.mark.parametrize("seed", range(30))
def test_joined_cones_keep_their_values(seed: int) -> None:
    circuit = sparse_circuit(seed)
    weights, inputs = random_values(np.random.default_rng(seed), circuit)
    values = values_of(plan_expectations(circuit, method="cones"), weights, inputs)
    np.testing.assert_allclose(values, expectations(circuit, weights, inputs), atol=1e-12)


def test_embeddings_are_found_in_random_circuits() -> None:
    """So that the test above tests something."""
    saved = 0
    for seed in range(30):
        circuit = sparse_circuit(seed)
        saved += n_kinds(circuit) - len(plan_expectations(circuit, method="cones").trees())
    assert saved > 5
