"""Legs cut down to what can stand on them: smaller networks, the same values."""

from __future__ import annotations

import numpy as np
import pytest

import tnqlstm as tnq
from tests.reference import expectations, random_values
from tnqlstm.circuit import Circuit, InputSlot, WeightSlot
from tnqlstm.contraction import plan_expectations
from tnqlstm.contraction.angles import AngleTable
from tnqlstm.contraction.compression import compress, row_basis
from tnqlstm.contraction.cones import Cone, light_cone
from tnqlstm.contraction.sites import SiteBank

from .one_sample import values_of


def compressed(circuit: Circuit, qubit: int) -> tuple[Cone, Cone]:
    """The cone before and after."""
    bank = SiteBank(AngleTable(circuit.operations, circuit.n_inputs))
    cone = light_cone(circuit, [qubit], bank)
    after, _ = compress(cone, [bank.recipes[leaf.recipe].terms for leaf in cone.leaves])
    return cone, after


@pytest.mark.parametrize("seed", range(20))
def test_row_basis_rebuilds_the_rows_from_its_pivots(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 5))
    rows = rng.normal(size=(30, rank)) @ rng.normal(size=(rank, 4))
    basis, pivots = row_basis(rows)
    assert len(pivots) == rank == np.linalg.matrix_rank(rows)
    np.testing.assert_allclose(rows[:, pivots] @ basis, rows, atol=1e-12)
    np.testing.assert_allclose(basis[:, pivots], np.eye(rank), atol=1e-12)


def test_row_basis_keeps_what_is_small_but_not_rounding() -> None:
    rows = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1e-9, 0.0], [0.0, 1e-15, 0.0, 0.0]])
    assert row_basis(rows)[1] == [0, 2]


def test_a_cone_of_an_ry_circuit_loses_most_of_its_legs_width() -> None:
    """|0⟩ turned by H and RY has no Y: 3. A CX whose target nobody looks at: 2. Probed RY: 2."""
    before, after = compressed(tnq.ansatz.ry_brickwork(16, 3), 8)
    assert set(before.sizes.values()) == {4}
    sizes = list(after.sizes.values())
    assert set(sizes) == {2, 3, 4}
    assert sum(np.log2(sizes)) < 0.75 * 2 * len(sizes)


def test_a_cz_beside_its_probe_needs_no_bond() -> None:
    """Z commutes with CZ, so the other qubit drops out: the bond has one dimension."""
    circuit = Circuit(
        2, (("RY", (0,), WeightSlot(0)), ("CZ", (0, 1))), n_inputs=0, weight_shape=(1,)
    )
    _, after = compressed(circuit, 0)
    assert set(after.sizes.values()) == {1}


@pytest.mark.parametrize("angle", [1e-4, 1e-6, 1e-9])
def test_small_fixed_angles_are_not_taken_for_zero(angle: float) -> None:
    """A fixed RX by a tiny angle puts a tiny Y on a leg; its effect must not be lost."""
    operations = [("RX", (0,), angle), ("RX", (0,), WeightSlot(0)), ("CX", (0, 1))]
    operations += [("RY", (1,), InputSlot(0)), ("RZ", (0,), angle), ("CX", (1, 0))]
    operations += [("RX", (0,), WeightSlot(1)), ("RX", (1,), angle)]
    circuit = Circuit(2, tuple(operations), n_inputs=1, weight_shape=(2,))
    weights, inputs = random_values(np.random.default_rng(5), circuit)
    wanted = expectations(circuit, weights, inputs)
    for method in ("cones", "generating"):
        values = values_of(plan_expectations(circuit, method=method), weights, inputs)
        np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-14)
