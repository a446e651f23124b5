"""Gate modifiers on any gate: controls, powers and inverses, with the phases that controls show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit import library
from qiskit.quantum_info import Operator
from scipy.linalg import fractional_matrix_power

from tnqlstm.circuit import GATES, Circuit, Operation, WeightSlot
from tnqlstm.circuit.qasm.controls import controlled
from tnqlstm.circuit.qasm.definitions import known_gates
from tnqlstm.errors import QasmError

from .. import reference
from ..reference import Complex
from .qiskit_states import assert_read_as_by_qiskit

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[7] q;'
SPREAD = "".join(f"ry({0.4 + 0.9 * k}) q[{k}]; rz({1.4 + 0.7 * k}) q[{k}];" for k in range(7))


def unitary(operations: tuple[Operation, ...], n_qubits: int) -> Complex:
    """The product of the operations' matrices, column by column of the identity."""
    matrix = np.eye(2**n_qubits, dtype=complex)
    for op in operations:
        gate = reference.gate_matrix(op.name, op.angle)
        tensor = matrix.reshape([2] * n_qubits + [-1])
        tensor = np.moveaxis(tensor, op.qubits, range(len(op.qubits)))
        shape = tensor.shape
        tensor = (gate @ tensor.reshape(len(gate), -1)).reshape(shape)
        matrix = np.moveaxis(tensor, range(len(op.qubits)), op.qubits).reshape(matrix.shape)
    return matrix


@pytest.mark.parametrize("name", [*GATES, "GPHASE"])
@pytest.mark.parametrize("n_controls", [1, 2, 3, 4, 5])
def test_controlled_gates_to_the_last_phase(name: str, n_controls: int) -> None:
    """Against the matrix that is the gate on |1…1⟩ and nothing elsewhere."""
    angle = 0.7 if name == "GPHASE" or GATES[name].is_parametrised else None
    if name == "GPHASE":
        bare, n_qubits = np.array([[np.exp(0.7j)]]), 0
    else:
        bare, n_qubits = reference.gate_matrix(name, angle), GATES[name].n_qubits
    controls = tuple(range(n_controls))
    qubits = tuple(range(n_controls, n_controls + n_qubits))
    steps = controlled((name, qubits, angle), controls)
    expected = np.eye(2 ** (n_controls + n_qubits), dtype=complex)
    expected[-len(bare) :, -len(bare) :] = bare
    found = unitary(tuple(Operation(*step) for step in steps), n_controls + n_qubits)
    np.testing.assert_allclose(found, expected, atol=1e-12)


GATES_OF_ONE = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "id"]
GATES_OF_ONE += ["rx(0.7)", "ry(-1.3)", "rz(2.1)", "p(0.7)", "u1(0.4)", "u2(0.4, 1.1)"]
GATES_OF_ONE += ["u3(0.4, 1.1, -2)", "U(0.4, 1.1, -2)", "phase(0.3)"]
GATES_OF_TWO = ["cx", "cy", "cz", "ch", "swap", "cp(0.7)", "crx(0.7)", "cry(-1)", "crz(2)"]
GATES_OF_TWO += ["cu(0.4, 1.1, -2, 0.3)", "cphase(0.6)", "CX"]


@pytest.mark.parametrize("modifier", ["ctrl", "ctrl(2)", "negctrl", "ctrl @ negctrl", "ctrl @ inv"])
@pytest.mark.parametrize("gate", [*GATES_OF_ONE, *GATES_OF_TWO, "ccx", "cswap"])
def test_controls_as_in_qiskit(modifier: str, gate: str) -> None:
    n_qubits = 1 if gate in GATES_OF_ONE else 2 if gate in GATES_OF_TWO else 3
    n_qubits += 2 if "2" in modifier or "ctrl @ neg" in modifier else 1
    qubits = ", ".join(f"q[{k}]" for k in (3, 0, 4, 1, 2, 5)[:n_qubits])
    assert_read_as_by_qiskit(f"{HEAD} {SPREAD} {modifier} @ {gate} {qubits};")


@pytest.mark.parametrize(
    "text",
    [
        "gate g a { gphase(0.3); x a; } ctrl @ g q[0], q[1];",
        "gate g(t) a, b { gphase(-t/2); u3(t, 0.1, 0.2) a; cx a, b; }"
        "ctrl @ g(0.7) q[0], q[2], q[1];",
        "gate g(t) a { gphase(t); } gate f(t) a, b { ctrl @ g(t) a, b; h b; } f(0.7) q[0], q[1];",
        "gate g a, b { h a; cx a, b; } ctrl(2) @ g q[0], q[2], q[1], q[3];",
        "gate g a, b { h a; cx a, b; t b; } ctrl @ inv @ g q[0], q[1], q[3];",
        "gate g a, b { h a; cx a, b; t b; } pow(2) @ ctrl @ g q[0], q[1], q[3];",
        "gate my_rz(t) a { p(t) a; } ctrl @ my_rz(0.7) q[0], q[1];",
        "gate my_z a { rz(pi) a; } ctrl @ my_z q[0], q[1];",
        "gate twice a { h a; h a; } ctrl @ twice q[0], q[1];",
        "ctrl @ gphase(0.4) q[0];",
        "negctrl @ gphase(0.4) q[0];",
        "ctrl(3) @ gphase(0.4) q[0], q[2], q[1];",
        "ctrl @ pow(0.5) @ gphase(0.4) q[0];",
        "inv @ gphase(0.4); pow(2) @ gphase(0.4);",
        "ctrl(4) @ x q[0], q[1], q[2], q[3], q[4];",
        "ctrl(5) @ h q[0], q[1], q[2], q[3], q[4], q[5];",
        "negctrl(2) @ ctrl(3) @ rx(0.7) q[0], q[1], q[2], q[3], q[4], q[6];",
        "ctrl @ pow(2) @ s q[0], q[1];",
        "ctrl @ ctrl @ pow(0.5) @ x q[0], q[1], q[2];",
    ],
)
def test_modified_programs_as_in_qiskit(text: str) -> None:
    assert_read_as_by_qiskit(f"{HEAD} {SPREAD} {text}")


PRODUCTS = {"U": library.UGate, "u": library.UGate, "u2": library.U2Gate, "u3": library.U3Gate}
PRODUCTS |= {"cu3": library.CU3Gate, "cu": library.CUGate, "rzx": library.RZXGate}
PRODUCTS |= {"dcx": library.DCXGate, "ch": library.CHGate, "csdg": library.CSdgGate}
PRODUCTS |= {"csx": library.CSXGate, "ccz": library.CCZGate, "ccx": library.CCXGate}
PRODUCTS |= {"cswap": library.CSwapGate, "c3x": library.C3XGate, "c3sqrtx": library.C3SXGate}
PRODUCTS |= {"rccx": library.RCCXGate, "rc3x": library.RC3XGate, "c4x": library.C4XGate}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_the_library_are_exact(name: str) -> None:
    """Under a control a phase shows: each product, controlled, is Qiskit's gate, controlled."""
    rule = known_gates()[name]
    n_qubits, angles = rule.n_qubits, [0.7, -1.3, 2.1, 0.4][: rule.n_parameters]
    call = f"{name}({', '.join(map(str, angles))})" if angles else name
    qubits = ", ".join(f"q[{k}]" for k in range(n_qubits + 1))
    found = unitary(Circuit.from_qasm(f"{HEAD} ctrl @ {call} {qubits};").operations, 7)
    bare = np.asarray(Operator(PRODUCTS[name](*angles)).reverse_qargs().data)
    expected = np.eye(2 ** (n_qubits + 1), dtype=complex)
    expected[len(bare) :, len(bare) :] = bare
    expected = np.kron(expected, np.eye(2 ** (6 - n_qubits)))
    assert abs(abs(np.vdot(expected, found)) / len(found) - 1) < 1e-12


ROOTS = [*GATES_OF_ONE, *GATES_OF_TWO, "ccx", "cswap"]


@pytest.mark.parametrize("exponent", [0.5, -0.5, 1 / 3, 1.7])
@pytest.mark.parametrize("gate", [gate for gate in ROOTS if not gate.startswith("cu(")])
def test_roots_are_principal(gate: str, exponent: float) -> None:
    """Against scipy's fractional power, whose branch is the principal one too."""
    n_qubits = 1 if gate in GATES_OF_ONE else 2 if gate in GATES_OF_TWO else 3
    qubits = ", ".join(f"q[{k}]" for k in range(n_qubits))
    head = f'OPENQASM 3.0; include "stdgates.inc"; qubit[{n_qubits + 1}] q;'
    # controlled, so that the phase of the root shows
    with_control = ", ".join(f"q[{k}]" for k in range(n_qubits + 1))
    bare = unitary(Circuit.from_qasm(f"{head} {gate} {qubits};").operations, n_qubits + 1)
    bare = bare[::2, ::2]  # the last qubit is idle
    eigenvalues = np.linalg.eigvals(bare)
    if np.any(abs(eigenvalues + 1) < 1e-9):  # scipy may take either side of the cut
        bare = bare * np.exp(-1e-9j)
    text = f"{head} ctrl @ pow({exponent!r}) @ {gate} {with_control};"
    found = unitary(Circuit.from_qasm(text).operations, n_qubits + 1)
    expected = np.eye(len(found), dtype=complex)
    expected[len(bare) :, len(bare) :] = fractional_matrix_power(bare, exponent)
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("text", ["pow(0.5) @ cx q[0], q[1];", "pow(0.5) @ swap q[0], q[1];"])
def test_roots_as_in_qiskit(text: str) -> None:
    assert_read_as_by_qiskit(f"{HEAD} {SPREAD} {text}")


def test_powers_of_rotations_multiply_the_angle() -> None:
    """As in Qiskit, also where half of the angle is beyond π."""
    circuit = Circuit.from_qasm(f"{HEAD} pow(0.5) @ rx(7) q[0]; inv @ pow(3) @ crz(-2) q[1], q[0];")
    assert circuit.operations == (Operation("RX", (0,), 3.5), Operation("CRZ", (1, 0), 6.0))


@given(seed=st.integers(0, 10**6))
def test_powers_and_inverses_of_own_gates_on_one_qubit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gates = ["h a", "s a", "t a", "x a", "sx a", f"rx({rng.normal()}) a", f"rz({rng.normal()}) a"]
    body = "".join(f"{rng.choice(gates)}; " for _ in range(rng.integers(1, 6)))
    exponent = float(rng.choice([0.5, 0.25, -0.5, 1.5]))
    head = f"{HEAD} gate g a {{ {body} gphase(0.2); }}"
    whole = Circuit.from_qasm(f"{head} ctrl @ g q[0], q[1];")
    root = Circuit.from_qasm(f"{head} ctrl @ pow({exponent}) @ g q[0], q[1];")
    matrix = unitary(tuple(Operation(o.name, o.qubits, o.angle) for o in whole.operations), 2)
    assert max(max(op.qubits) for op in whole.operations) <= 1
    values, vectors = np.linalg.eig(matrix[2:, 2:])
    found = unitary(root.operations, 2)[2:, 2:]
    # of each eigenvector: the eigenvalue's power, on the principal branch (either one at -1)
    for value, vector in zip(values, vectors.T, strict=True):
        options = [np.exp(1j * exponent * (np.angle(value) + turn)) for turn in (0, 2 * np.pi)]
        options = options if abs(value + 1) < 1e-9 else options[:1]
        assert min(np.abs(found @ vector - option * vector).max() for option in options) < 1e-6


def test_parameters_go_through_modifiers() -> None:
    text = """OPENQASM 3.0; include "stdgates.inc"; input float t; qubit[3] q;
    inv @ rx(t) q[0]; pow(2) @ ry(t) q[1]; ctrl @ rx(t) q[0], q[1]; ctrl(2) @ p(t) q[0], q[1], q[2];
    inv @ cp(2*t) q[1], q[2]; ctrl @ u3(t, 0.1, 0.2) q[0], q[2]; pow(-0.5) @ rzz(t) q[0], q[1];
    ctrl @ gphase(t) q[0]; ctrl(2) @ ry(t) q[2], q[1], q[0];"""
    circuit = Circuit.from_qasm(text)
    t = WeightSlot(0)
    assert circuit.operations[:3] == (
        Operation("RX", (0,), -t),
        Operation("RY", (1,), 2 * t),
        Operation("CRX", (0, 1), t),
    )
    value = 0.83
    plain = Circuit.from_qasm(text.replace("input float t;", f"const float t = {value};"))
    found = reference.statevector(circuit.with_values([value]))
    np.testing.assert_allclose(found, reference.statevector(plain), atol=1e-12)


def test_what_has_no_root_or_control_here_says_so() -> None:
    with pytest.raises(QasmError, match="of a product of 2 gates on several qubits"):
        Circuit.from_qasm(f"{HEAD} gate g a, b {{ cx a, b; h a; }} pow(0.5) @ g q[0], q[1];")
    with pytest.raises(QasmError, match="'o' is opaque"):
        Circuit.from_qasm(f"{HEAD} opaque o a; ctrl @ o q[0], q[1];")
