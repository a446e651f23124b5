"""`synthesise` gives any unitary to rounding, near special ones too, its phase included."""

from __future__ import annotations

import cmath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import unitary_group

from tnqlstm.circuit import GATES
from tnqlstm.circuit.synthesis import Step, synthesise
from tnqlstm.errors import CircuitError

from .. import reference
from ..reference import Complex


def product(steps: list[Step], n_qubits: int) -> Complex:
    """The steps' matrix, by the reference's gates."""
    matrix: Complex = np.eye(2**n_qubits, dtype=complex).reshape((2,) * n_qubits + (-1,))
    for name, qubits, angle in steps:
        k = len(qubits)
        gate = reference.gate_matrix(name, angle).reshape((2,) * (2 * k))
        matrix = np.tensordot(gate, matrix, axes=(range(k, 2 * k), qubits))
        matrix = np.moveaxis(matrix, range(k), qubits)
    return matrix.reshape(2**n_qubits, -1)


def assert_exact(unitary: Complex) -> list[Step]:
    steps, phase = synthesise(unitary)
    n_qubits = len(unitary).bit_length() - 1
    made = cmath.exp(1j * phase) * product(steps, n_qubits)
    np.testing.assert_allclose(made, unitary, rtol=0, atol=5e-13)
    return steps


@given(st.integers(0, 10**6))
def test_unitaries_special_ones_and_their_neighbours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    kinds = {
        "any": lambda: unitary_group.rvs(2**n, random_state=rng),
        "gates": lambda: special(rng, n),
        "diagonal": lambda: np.diag(np.exp(1j * rng.choice([0, np.pi / 2, np.pi, 0.3], 2**n))),
        "permutation": lambda: np.eye(2**n)[rng.permutation(2**n)].astype(complex),
    }
    unitary = kinds[str(rng.choice(list(kinds)))]()
    assert_exact(unitary)
    hermitian = rng.normal(size=(2**n, 2**n))
    near = expm(1j * (hermitian + hermitian.T) * 10.0 ** -rng.integers(3, 14))
    assert_exact(near @ unitary)


def special(rng: np.random.Generator, n: int) -> Complex:
    steps: list[Step] = []
    for _ in range(4 * n):
        name = str(rng.choice(list(reference.FIXED_GATES)))
        k = GATES[name].n_qubits
        if k <= n:
            steps.append((name, tuple(int(q) for q in rng.permutation(n)[:k]), None))
    return product(steps, n)


def test_fixed_gates_are_themselves() -> None:
    for name, gate in GATES.items():
        if gate.is_parametrised:
            steps = assert_exact(reference.gate_matrix(name, 0.3))
            assert sum(len(qubits) == 2 for _, qubits, _ in steps) <= gate.n_qubits - 1
        else:
            qubits = tuple(range(gate.n_qubits))
            steps = assert_exact(1j * reference.gate_matrix(name))
            assert steps == ([] if name == "I" else [(name, qubits, None)])
    assert len(assert_exact(unitary_group.rvs(16, random_state=0))) < 400


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.diag([1, 2]), "that isn't"),
        (np.eye(3), r"shape \(3, 3\)"),
        (np.eye(1), r"shape \(1, 1\)"),
        (np.eye(128), r"shape \(128, 128\)"),
        (np.ones(4), r"shape \(4,\)"),
        (np.full((2, 2), np.nan), "that isn't"),
    ],
)
def test_refused(matrix: Complex, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        synthesise(matrix)
