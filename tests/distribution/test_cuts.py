"""What one cut gate costs: Schmidt rank, γ and Pauli axes, against closed forms and definitions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import GATES, InputSlot, Operation, WeightSlot
from tnqlstm.distribution import gate_cut, operator_schmidt

from .. import reference
from . import exhaustive

ANGLES = (0.0, math.pi / 2, math.pi, -math.pi / 2, 2 * math.pi, 3 * math.pi, 0.3, -1.7, 5.1)
FIXED_GAMMA = {
    **dict.fromkeys(("CX", "CY", "CZ"), 3.0),
    "CS": 1 + math.sqrt(2),
    **dict.fromkeys(("SWAP", "ISWAP"), 7.0),
}
ANGLE_GAMMA: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(("RXX", "RYY", "RZZ"), lambda t: 1 + 2 * abs(math.sin(t))),
    **dict.fromkeys(("CP", "CRX", "CRY", "CRZ"), lambda t: 1 + 2 * abs(math.sin(t / 2))),
}
SINGLE = [name for name, gate in GATES.items() if gate.n_qubits == 1]
every_rotation = pytest.mark.parametrize("name", list(ANGLE_GAMMA))


def operation(name: str, angle: float | InputSlot | WeightSlot | None = None) -> Operation:
    return Operation(name, tuple(range(GATES[name].n_qubits)), angle)


def test_every_gate_is_covered() -> None:
    assert {*SINGLE, *FIXED_GAMMA, *ANGLE_GAMMA} == set(GATES)


@pytest.mark.parametrize("name", list(FIXED_GAMMA))
def test_fixed_gates(name: str) -> None:
    cut = gate_cut(operation(name))
    matrix = reference.gate_matrix(name)
    assert cut.gamma == pytest.approx(FIXED_GAMMA[name], abs=1e-12)
    assert cut.gamma == pytest.approx(exhaustive.gamma(matrix), abs=1e-12)
    assert cut.schmidt_rank == (4 if name in ("SWAP", "ISWAP") else 2)


@every_rotation
@pytest.mark.parametrize("angle", ANGLES)
def test_rotations_at_an_angle(name: str, angle: float) -> None:
    cut = gate_cut(operation(name, angle))
    matrix = reference.gate_matrix(name, angle)
    assert cut.gamma == pytest.approx(ANGLE_GAMMA[name](angle), abs=1e-12)
    assert cut.gamma == pytest.approx(exhaustive.gamma(matrix), abs=1e-12)
    assert cut.schmidt_rank == np.linalg.matrix_rank(
        matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4), tol=1e-9
    )


@every_rotation
def test_rank_1_exactly_where_nothing_crosses(name: str) -> None:
    period = math.pi if name.startswith("R") else 2 * math.pi
    for multiple in (-2, -1, 0, 1, 2):
        assert gate_cut(operation(name, multiple * period)).schmidt_rank == 1
        assert gate_cut(operation(name, multiple * period + 1e-3)).schmidt_rank == 2


@every_rotation
@pytest.mark.parametrize("slot", [InputSlot(0), WeightSlot(0)])
def test_a_slot_counts_at_its_worst_angle(name: str, slot: InputSlot | WeightSlot) -> None:
    cut = gate_cut(operation(name, slot))
    assert cut.schmidt_rank == 2
    assert cut.gamma == pytest.approx(3.0, abs=1e-12)
    worst = max(ANGLE_GAMMA[name](t) for t in np.linspace(-7, 7, 2001))
    assert worst - 1e-12 <= cut.gamma <= worst + 1e-4


@pytest.mark.parametrize("name", SINGLE)
def test_single_qubit_gates_cost_nothing(name: str) -> None:
    angle = 0.4 if GATES[name].is_parametrised else None
    cut = gate_cut(operation(name, angle))
    assert (cut.schmidt_rank, cut.gamma, len(cut.axes)) == (1, 1.0, 1)


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("I", "XYZ"),
        ("X", "XYZ"),  # flips Y and Z
        ("Y", "XYZ"),
        ("Z", "XYZ"),
        ("H", "Y"),
        ("S", "Z"),
        ("SDG", "Z"),
        ("T", "Z"),
        ("TDG", "Z"),
        ("SX", "X"),
        ("SXDG", "X"),
    ],
)
def test_axes_of_single_qubit_gates(name: str, axes: str) -> None:
    assert gate_cut(operation(name)).axes == (axes,)


@pytest.mark.parametrize(
    ("name", "angle", "axes"),
    [
        ("RX", WeightSlot(0), "X"),
        ("RY", InputSlot(0), "Y"),
        ("RZ", 0.7, "Z"),
        ("P", WeightSlot(0), "Z"),
        ("RX", math.pi, "XYZ"),  # −iX
        ("RY", math.pi / 2, "Y"),
        ("RZ", 2 * math.pi, "XYZ"),
        ("P", math.pi, "XYZ"),
        ("RX", 0.0, "XYZ"),
    ],
)
def test_axes_of_rotations(name: str, angle: float | InputSlot | WeightSlot, axes: str) -> None:
    assert gate_cut(operation(name, angle)).axes == (axes,)


@pytest.mark.parametrize("name", list(exhaustive.GATE_AXES))
def test_a_gate_of_rank_2_acts_along_one_axis_a_qubit(name: str) -> None:
    angles = (*ANGLES, 1e-3, 1e-6, -1e-8, WeightSlot(0)) if name in ANGLE_GAMMA else (None,)
    cuts = [gate_cut(operation(name, angle)) for angle in angles]
    for cut in cuts:
        if cut.schmidt_rank == 2:
            assert cut.axes == tuple(exhaustive.GATE_AXES[name])


@pytest.mark.parametrize("name", ["SWAP", "ISWAP"])
def test_swaps_keep_no_axis(name: str) -> None:
    assert gate_cut(operation(name)).axes == ("", "")


def random_unitary(seed: int, size: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    return q * (np.diag(r) / abs(np.diag(r)))


@given(seed=st.integers(0, 10**6))
def test_schmidt_coefficients_of_any_unitary(seed: int) -> None:
    matrix = random_unitary(seed, 4)
    coefficients = operator_schmidt(matrix)
    assert np.all(np.diff(coefficients) <= 0)
    assert np.sum(coefficients**2) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(coefficients, exhaustive.schmidt_coefficients(matrix), atol=1e-12)


@given(seed=st.integers(0, 10**6))
def test_local_unitaries_change_nothing_and_cost_nothing(seed: int) -> None:
    local = np.kron(random_unitary(seed, 2), random_unitary(seed + 1, 2))
    matrix = random_unitary(seed + 2, 4)
    np.testing.assert_allclose(operator_schmidt(local), [1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(
        operator_schmidt(local @ matrix), operator_schmidt(matrix), atol=1e-12
    )
