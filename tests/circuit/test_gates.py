"""Each gate is declared once; here its facts are held to its matrices and to other libraries."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import quimb.tensor as qtn
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import ENCODINGS, GATES
from tnqlstm.errors import CircuitError

from .. import reference
from . import pennylane_gates

ANGLES = (0.0, math.pi / 2, math.pi, -math.pi / 2, 2 * math.pi, 0.3, -1.7, 5.1)
GENERIC = 0.731  # no symmetry: facts about a gate are facts at this angle
assert_close = partial(np.testing.assert_allclose, rtol=0, atol=1e-14)

every_gate = pytest.mark.parametrize("name", list(GATES))
every_rotation = pytest.mark.parametrize(
    "name", [name for name, gate in GATES.items() if gate.is_parametrised]
)


def matrices(name: str) -> list[tuple[float | None, np.ndarray]]:
    gate = GATES[name]
    return [(t, gate.matrix(t)) for t in (ANGLES if gate.is_parametrised else (None,))]


def schmidt_rank(matrix: np.ndarray) -> int:
    """Operator-Schmidt rank between a gate's two qubits."""
    halves = matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    return int(np.sum(np.linalg.svd(halves, compute_uv=False) > 1e-12))


def test_the_table_and_the_reference_know_the_same_gates() -> None:
    assert set(GATES) == set(reference.FIXED_GATES) | set(reference.ANGLE_GATES)
    assert set(GATES) == set(pennylane_gates.OPERATORS)
    assert all(GATES[name].name == name for name in GATES)
    assert set(ENCODINGS) == set(reference.ENCODING_VALUES)


@every_gate
def test_unitary(name: str) -> None:
    for _, matrix in matrices(name):
        assert_close(matrix @ matrix.conj().T, np.eye(len(matrix)))
        assert matrix.shape == (2 ** GATES[name].n_qubits,) * 2


@every_gate
def test_equals_the_textbook_matrix(name: str) -> None:
    for angle, matrix in matrices(name):
        assert_close(matrix, reference.gate_matrix(name, angle))


@every_gate
def test_equals_pennylane(name: str) -> None:
    for angle, matrix in matrices(name):
        assert_close(matrix, pennylane_gates.matrix(name, angle))


@every_gate
def test_equals_the_quimb_gate_of_its_label(name: str) -> None:
    label = GATES[name].quimb
    if label is None:
        assert name not in qtn.circuit.ALL_GATES
        return
    for angle, matrix in matrices(name):
        params = () if angle is None else (angle,)
        array = np.asarray(qtn.Gate(label, params, range(GATES[name].n_qubits)).array)
        assert_close(matrix, array.reshape(matrix.shape))


@every_gate
def test_declared_facts(name: str) -> None:
    gate = GATES[name]
    parts = [part for part in (gate.constant, gate.cosine, gate.sine) if part is not None]
    matrix = gate.matrix(GENERIC if gate.is_parametrised else None)
    assert gate.real == (not np.any(np.imag(parts)))
    assert gate.diagonal == (not np.any(matrix - np.diag(np.diag(matrix))))
    assert gate.schmidt_rank == (schmidt_rank(matrix) if gate.n_qubits == 2 else 1)


@every_rotation
def test_periods_and_the_identity_at_zero(name: str) -> None:
    gate = GATES[name]
    turn = 2 * math.pi / gate.frequency
    np.testing.assert_array_equal(gate.matrix(0.0), np.eye(2**gate.n_qubits))
    assert_close(gate.matrix(GENERIC + turn), gate.matrix(GENERIC))


@every_rotation
@given(a=st.floats(-10, 10), b=st.floats(-10, 10))
def test_angles_add(name: str, a: float, b: float) -> None:
    gate = GATES[name]
    product = gate.matrix(a) @ gate.matrix(b)
    assert_close(product, gate.matrix(a + b))


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("S", "SDG", "I"),
        ("T", "TDG", "I"),
        ("SX", "SXDG", "I"),
        ("SX", "SX", "X"),
        ("T", "T", "S"),
        ("S", "S", "Z"),
        ("H", "H", "I"),
        ("CS", "CS", "CZ"),
    ],
)
def test_products(name: str, first: str, second: str) -> None:
    product = GATES[name].matrix() @ GATES[first].matrix()
    assert_close(product, GATES[second].matrix())


def test_the_first_qubit_controls() -> None:
    state = GATES["CX"].matrix() @ np.eye(4)[0b10]
    np.testing.assert_array_equal(state, np.eye(4)[0b11])


def test_matrices_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        GATES["H"].constant[0, 0] = 2
    with pytest.raises(AttributeError):
        GATES["H"].real = False


def test_a_rotation_without_its_angle_is_an_error() -> None:
    with pytest.raises(CircuitError, match="RY needs an angle"):
        GATES["RY"].matrix()


@pytest.mark.parametrize("name", list(ENCODINGS))
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, math.pi / 2, -3.7, 1e3])
def test_encodings(name: str, value: float) -> None:
    wanted = reference.ENCODING_VALUES[name](value)
    assert float(ENCODINGS[name](np.float64(value))) == pytest.approx(wanted, abs=1e-15)
