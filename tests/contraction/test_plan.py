"""Plans: what they report, the labelled network, and that they are the same each time."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tests.reference import expectations, random_values, statevector
from tnqlstm.circuit import Circuit, InputSlot, WeightSlot
from tnqlstm.contraction import METHODS, plan_expectations
from tnqlstm.contraction.state_form import SIGNS_QUBITS
from tnqlstm.errors import CircuitError

from .one_sample import values_of

NETWORK = tnq.QPUNetwork.line(2, qubits=3)


def two_qpus() -> tuple[Circuit, tnq.Partition]:
    circuit = tnq.ansatz.ry_brickwork(6, 2)
    return circuit, tnq.partition(circuit, NETWORK)


def test_cut_bonds_have_the_schmidt_rank_of_their_gate() -> None:
    circuit = Circuit(
        2,
        (
            ("CX", (0, 1)),
            ("RZZ", (0, 1), WeightSlot(0)),
            ("SWAP", (1, 0)),
            ("CP", (0, 1), InputSlot(0)),
        ),
        n_inputs=1,
        weight_shape=(1,),
    )
    placed = tnq.Partition.from_blocks(
        circuit, tnq.QPUNetwork.line(2, qubits=1), {"qpu0": [0], "qpu1": [1]}
    )
    plan = plan_expectations(circuit, placed)
    assert [bond.bond_dim for bond in plan.cut_bonds] == [2, 2, 4, 2]
    assert [bond.superoperator_dim for bond in plan.cut_bonds] == [4, 4, 16, 4]
    network = plan.to_quimb(weights=[0.3], inputs=[0.7])
    assert [network.ind_size(bond.name) for bond in plan.cut_bonds] == [2, 2, 4, 2]


def test_labelled_network_is_the_state_and_only_cut_bonds_cross() -> None:
    circuit, placed = two_qpus()
    weights, inputs = random_values(np.random.default_rng(0), circuit)
    plan = plan_expectations(circuit, placed)
    network = plan.to_quimb(weights, inputs)
    outer = [f"k{q}" for q in range(6)]
    amplitudes = network.contract(all, output_inds=outer).data.reshape(-1)
    np.testing.assert_allclose(amplitudes, statevector(circuit, weights, inputs), atol=1e-13)
    cut = {bond.name for bond in plan.cut_bonds}
    assert len(cut) == placed.n_cut_gates == 2
    for index, tensors in network.ind_map.items():
        homes = {t for tid in tensors for t in network.tensor_map[tid].tags if t.startswith("QPU:")}
        assert (len(homes) == 2) == (index in cut)


def test_describe_reports_cost_by_place() -> None:
    circuit, placed = two_qpus()
    for method in METHODS:
        plan = plan_expectations(circuit, placed, method=method)
        cost = plan.cost()
        assert cost.traffic.across > 0
        assert set(cost.traffic.inside) == {"qpu0", "qpu1"}
        text = plan.describe()
        assert f"ContractionPlan: {method}" in text
        assert "qpu0 - qpu1: 2 × CX, dimension 2 (amplitudes), 4 (operators)" in text
        assert "inside qpu1" in text
        assert "across links" in text
        one_qpu = plan_expectations(circuit, method=method).cost()
        assert one_qpu.traffic.across == 0
        assert one_qpu.flops == pytest.approx(cost.flops)


def test_without_cut_gates_nothing_crosses() -> None:
    circuit = tnq.ansatz.modular([3, 3], 2, ())
    placed = tnq.partition(circuit, NETWORK)
    for method in METHODS:
        plan = plan_expectations(circuit, placed, method=method)
        crossing = plan.cost().traffic.across
        # the generating network's two halves are scalars, multiplied once
        assert crossing <= (0 if method != "generating" else 2 * 2)
        assert "cut bonds      none" in plan.describe()


def test_flops_count_the_multiplications_that_einsum_does() -> None:
    """The cones' figure against cotengra's own count for the same trees (2 flops each)."""
    circuit, placed = two_qpus()
    plan = plan_expectations(circuit, placed, method="cones")
    trees = plan.trees()
    groups = plan.evaluator.groups  # type: ignore[attr-defined]
    contraction = sum(
        2 * tree.contraction_cost() * len(group.networks)
        for tree, group in zip(trees, groups, strict=True)
    )
    making = sum(
        group.leaf_flops(k) * len(group.networks)
        for group in groups
        for k in range(len(group.leaves))
    )
    assert plan.flops == pytest.approx(contraction + making)
    with pytest.raises(CircuitError, match="no contraction tree"):
        plan_expectations(circuit, method="dense").trees()


def test_plans_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TNQLSTM_CACHE", "off")
    circuit = tnq.ansatz.modular([4] * 4, 3, {0, 2})
    first, second = (plan_expectations(circuit, method="cones") for _ in range(2))
    paths = [
        [group.program.path for group in plan.evaluator.groups]  # type: ignore[attr-defined]
        for plan in (first, second)
    ]
    assert paths[0] == paths[1]


def test_automatic_choice_is_the_cheapest_considered() -> None:
    small = plan_expectations(tnq.ansatz.ry_brickwork(6, 5))
    assert small.method == "dense"
    large = plan_expectations(tnq.ansatz.modular([8] * 4, 2, {0, 1}))
    assert large.method == "cones"
    assert large.considered[large.method].seconds == min(
        c.seconds for c in large.considered.values()
    )


def test_sixty_four_qubits_equal_the_reference_on_their_cones() -> None:
    """⟨Z⟩ at 64 qubits against statevectors of 16 qubits that hold their light cones."""
    circuit = tnq.ansatz.modular([8] * 8, 1, {0})
    weights, inputs = random_values(np.random.default_rng(3), circuit)
    values = values_of(plan_expectations(circuit), weights, inputs)
    window = tnq.ansatz.modular([4, 8, 4], 1, {0})
    cols = slice(20, 36)
    wanted = expectations(window, weights[:, cols], inputs[cols], range(5, 11))
    np.testing.assert_allclose(values[25:31], wanted, atol=1e-12)


def test_planning_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan_expectations(tnq.ansatz.ry_brickwork(5, 2), method="cones")


def test_planning_a_wide_circuit_makes_no_statevector() -> None:
    tracemalloc.start()
    plan = tnq.plan_expectations(tnq.ansatz.ry_brickwork(24, 3))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert plan.method == "cones"
    assert peak < 2**26  # 2^24 amplitudes are 128 MiB


def test_ways_agree_where_statevectors_are_read_qubit_by_qubit() -> None:
    circuit = tnq.ansatz.ry_brickwork(SIGNS_QUBITS + 1, 2)
    x = torch.randn(3, circuit.n_inputs, dtype=torch.float64)
    weights = torch.randn(circuit.weight_shape, dtype=torch.float64)
    found = []
    for method in ("dense", "cones"):
        vqc = tnq.VQC(circuit, method=method, dtype=torch.float64)
        vqc.load_state_dict({"weights": weights})
        values = vqc(x)
        values.square().sum().backward()
        found.append((values, vqc.weights.grad))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-12)
