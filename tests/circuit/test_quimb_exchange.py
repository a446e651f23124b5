"""Exchange with quimb: states agree gate by gate, and circuits come back as they went."""

from __future__ import annotations

import math

import numpy as np
import pytest
import quimb as qu
import quimb.tensor as qtn
import torch
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import GATES, Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.errors import CircuitError, ShapeError

from .. import reference
from .qiskit_states import assert_same_state


def quimb_state(circuit: qtn.Circuit) -> np.ndarray:
    return np.asarray(circuit.to_dense()).ravel()


def fixed(circuit: Circuit, weights: np.ndarray, inputs: np.ndarray) -> Circuit:
    """The circuit with its slots replaced by their values, as `from_quimb` gives it."""
    angles = circuit.angles(weights, inputs)
    operations = [
        Operation(op.name, op.qubits, angle)
        for op, angle in zip(circuit.operations, angles, strict=True)
    ]
    return Circuit(circuit.n_qubits, tuple(operations))


@pytest.mark.parametrize("name", list(GATES))
@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.pi, 0.7, -2.9])
def test_each_gate_both_ways(name: str, angle: float) -> None:
    gate = GATES[name]
    value = angle if gate.is_parametrised else None
    for qubits in [(0,), (2,)] if gate.n_qubits == 1 else [(0, 1), (2, 0)]:
        circuit = Circuit(3, (*reference.spread(3), Operation(name, qubits, value)))
        out = circuit.to_quimb()
        np.testing.assert_allclose(quimb_state(out), reference.statevector(circuit), atol=1e-12)
        assert Circuit.from_quimb(out) == circuit


@given(seed=st.integers(0, 10**6))
def test_random_circuits_go_and_come_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng, n_gates=12)
    values = reference.random_values(rng, circuit)
    out = circuit.to_quimb(*values)
    expected = reference.statevector(circuit, *values)
    np.testing.assert_allclose(quimb_state(out), expected, atol=1e-12)
    assert Circuit.from_quimb(out) == fixed(circuit, *values)


def test_values_of_torch_tensors_cross_as_numbers() -> None:
    circuit = ansatz.chen2020(3, 2)
    rng = np.random.default_rng(0)
    weights, inputs = rng.normal(size=(2, 3, 3)), rng.normal(size=3)
    tensors = torch.tensor(weights, requires_grad=True), torch.tensor(inputs)
    state = quimb_state(circuit.to_quimb(*tensors))
    np.testing.assert_allclose(state, reference.statevector(circuit, weights, inputs), atol=1e-12)


def test_a_weight_changed_in_place_is_seen() -> None:
    """quimb 1.15 caches the gates of array parameters by identity; ours must not be caught."""
    circuit = Circuit(1, (Operation("RY", (0,), WeightSlot(0)),), 0, (1,))
    weights = torch.zeros(1, dtype=torch.float64)
    first = quimb_state(circuit.to_quimb(weights))
    with torch.no_grad():
        weights += math.pi
    second = quimb_state(circuit.to_quimb(weights))
    np.testing.assert_allclose(first, [1, 0], atol=1e-15)
    np.testing.assert_allclose(second, [0, 1], atol=1e-15)


PRODUCTS = [
    ("CNOT", (), (1, 0)),
    ("IS", (), (0, 1)),
    ("U1", (0.3,), (1,)),
    ("U2", (0.3, -1.1), (0,)),
    ("U3", (0.3, -1.1, 2.2), (1,)),
    ("CU1", (0.3,), (0, 1)),
    ("CU2", (0.3, -1.1), (1, 0)),
    ("CU3", (0.3, -1.1, 2.2), (0, 1)),
    ("X_1_2", (), (0,)),
    ("Y_1_2", (), (1,)),
    ("Z_1_2", (), (0,)),
    ("W_1_2", (), (1,)),
    ("HZ_1_2", (), (0,)),
    ("FSIM", (0.3, -1.1), (0, 1)),
    ("FS", (0.3, -1.1), (1, 0)),
]


@pytest.mark.parametrize(("label", "params", "qubits"), PRODUCTS)
def test_quimb_labels_without_a_gate_of_their_own(
    label: str, params: tuple[float, ...], qubits: tuple[int, ...]
) -> None:
    out = Circuit(2, tuple(reference.spread(2))).to_quimb()
    out.apply_gate(label, params=params, qubits=qubits)
    back = Circuit.from_quimb(out)
    np.testing.assert_allclose(reference.statevector(back), quimb_state(out), atol=1e-12)


@pytest.mark.parametrize(
    ("label", "params"),
    [
        *[(label, ()) for label in ("X", "Y", "Z")],
        *[(label, (0.3,)) for label in ("RX", "RY", "RZ", "PHASE", "U1")],
        ("U2", (0.3, 1.1)),
        ("U3", (0.3, 1.1, 2.0)),
    ],
)
def test_quimb_controls_become_controlled_gates(label: str, params: tuple[float, ...]) -> None:
    out = Circuit(3, tuple(reference.spread(3))).to_quimb()
    out.apply_gate(label, params=params, qubits=(0,), controls=(2,))
    back = Circuit.from_quimb(out)
    np.testing.assert_allclose(reference.statevector(back), quimb_state(out), atol=1e-12)


OTHERS: list[tuple[str, tuple[float, ...], int]] = [
    *[(label, (), 3) for label in ("CCX", "TOFFOLI", "CCY", "CCZ", "CSWAP", "FREDKIN")],
    *[(label, (0.3,), 2) for label in ("GIVENS", "XXPLUSYY", "XXMINUSYY")],
    ("FSIMG", (0.3, -1.1, 2.2, 0.4, 0.9), 2),
    ("SU4", tuple(np.linspace(-1, 2, 15)), 2),
]


@pytest.mark.parametrize(("label", "params", "n_qubits"), OTHERS)
def test_other_labels_are_what_their_matrices_are(
    label: str, params: tuple[float, ...], n_qubits: int
) -> None:
    if label.startswith("XX"):
        params = (*params, -0.7)
    out = Circuit(3, tuple(reference.spread(3))).to_quimb()
    out.apply_gate(label, *params, *range(n_qubits))
    assert_same_state(reference.statevector(Circuit.from_quimb(out)), quimb_state(out))


def test_raw_matrices_and_controls() -> None:
    out = Circuit(4, tuple(reference.spread(4))).to_quimb()
    out.apply_gate_raw(np.asarray(qu.rand_uni(2)), (1,))
    out.apply_gate_raw(np.asarray(qu.rand_uni(4)), (3, 1))
    out.apply_gate_raw(np.asarray(qu.rand_uni(8)), (2, 0, 3))
    out.apply_gate("X", qubits=(0,), controls=(1, 2))
    out.apply_gate("H", qubits=(2,), controls=(3,))
    out.apply_gate("RXX", params=(0.4,), qubits=(1, 2), controls=(3,))
    assert_same_state(reference.statevector(Circuit.from_quimb(out)), quimb_state(out))


def test_a_label_says_nothing_where_its_matrix_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    out = qtn.Circuit(1)
    out.apply_gate("Z", 0)
    monkeypatch.setattr(type(out.gates[0]), "array", property(lambda self: qu.pauli("X")))
    assert Circuit.from_quimb(out) == Circuit(1, (("X", (0,)),))


def test_an_initial_state_of_its_own_is_refused() -> None:
    for bits in ("01", "11"):
        out = qtn.Circuit(2, psi0=qtn.MPS_computational_state(bits))
        out.apply_gate("H", 0)
        out.apply_gate("SWAP", 0, 1)
        with pytest.raises(CircuitError, match="starts in a state of its own"):
            Circuit.from_quimb(out)
    zero = qtn.Circuit(2, psi0=qtn.MPS_computational_state("00"))
    for out in (zero, qtn.Circuit(2, gate_contract=True), qtn.CircuitMPS(2)):
        out.apply_gate("H", 0)
        out.apply_gate("CX", 0, 1)
        assert Circuit.from_quimb(out) == Circuit(2, (("H", (0,)), ("CX", (0, 1))))


def test_unknown_gates_are_listed() -> None:
    out = qtn.Circuit(8)
    out.apply_gate("H", 0)
    out.apply_gate_raw(np.diag([1.0, 2.0]), (1,))
    out.apply_gate("X", qubits=(0,), controls=(1, 2, 3, 4, 5, 6))
    with pytest.raises(CircuitError) as error:
        Circuit.from_quimb(out)
    for part in ("raw matrix on (1,)", "X on (0,) controlled by (1, 2, 3, 4, 5, 6)", "more than 6"):
        assert part in str(error.value)
    assert "H on" not in str(error.value)


def test_missing_or_misshapen_values_are_errors() -> None:
    slots = Operation("RX", (0,), InputSlot(0)), Operation("RY", (0,), WeightSlot(0))
    circuit = Circuit(1, slots, 1, (1,))
    with pytest.raises(ShapeError, match=r"weights of shape \(1,\) wanted, got none"):
        circuit.to_quimb(inputs=[0.1])
    with pytest.raises(ShapeError, match=r"inputs of shape \(1,\) wanted, got \(2,\)"):
        circuit.to_quimb([0.1], [0.1, 0.2])
