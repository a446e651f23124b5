"""Definitions that are a gate of `GATES`: read as that gate, whatever they're called."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.circuit import Parameter
from qiskit.circuit.library import qaoa_ansatz
from qiskit.quantum_info import SparsePauliOp

from tnqlstm.circuit import Circuit, Operation, WeightSlot

from .. import reference
from .qiskit_states import assert_read_as_by_qiskit, assert_same_state, qiskit_state

HEADS = {
    2: 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2];',
    3: 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q;',
}
# our name, Qiskit's method, number of parameters
TWO_QUBIT_GATES = [("RXX", "rxx", 1), ("RYY", "ryy", 1), ("RZZ", "rzz", 1), ("ISWAP", "iswap", 0)]
TWO_QUBIT_GATES += [("CS", "cs", 0), ("CRX", "crx", 1), ("CRY", "cry", 1), ("CP", "cp", 1)]


def names(text: str) -> list[str]:
    return [operation.name for operation in Circuit.from_qasm(text).operations]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("name", "method", "n_angles"), TWO_QUBIT_GATES)
def test_gates_that_qiskit_defines_in_its_texts(
    version: int, name: str, method: str, n_angles: int
) -> None:
    exported = QuantumCircuit(3)
    exported.ry(0.7, 2)
    exported.h(0)
    getattr(exported, method)(*[-0.7][:n_angles], 2, 0)
    exported.rx(0.3, 2)
    text = qasm2.dumps(exported) if version == 2 else qasm3.dumps(exported)
    circuit = Circuit.from_qasm(text)
    assert circuit.operations[2] == Operation(name, (2, 0), -0.7 if n_angles else None)
    assert len(circuit.operations) == 4
    assert_same_state(reference.statevector(circuit), qiskit_state(exported))


def test_parameters_go_through_as_slots() -> None:
    exported = QuantumCircuit(2)
    for method in ("rzz", "rxx", "ryy"):
        getattr(exported, method)(Parameter(method), 0, 1)
    circuit = Circuit.from_qasm(qasm3.dumps(exported))
    assert [op.name for op in circuit.operations] == ["RZZ", "RXX", "RYY"]
    assert {op.angle for op in circuit.operations} == {WeightSlot(0), WeightSlot(1), WeightSlot(2)}


def test_one_gate_an_edge_in_a_qaoa_circuit_of_qiskit() -> None:
    """Qiskit writes each e^{-iγZZ} of the cost as one rzz, and defines rzz by two CX."""
    edges = [(k, (k + 1) % 6) for k in range(6)] + [(0, 3)]
    cost = SparsePauliOp.from_sparse_list([("ZZ", list(edge), 1.0) for edge in edges], 6)
    ansatz = qaoa_ansatz(cost, reps=1).assign_parameters([0.3, 0.8])
    circuit = Circuit.from_qasm(qasm3.dumps(ansatz.decompose(["PauliEvolution"], reps=2)))
    assert [op.name for op in circuit.two_qubit_operations] == ["RZZ"] * len(edges)
    assert_same_state(reference.statevector(circuit), qiskit_state(ansatz))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("body", "operation"),
    [
        ("u a, b { cx b, a; rz(v) a; cx b, a; }", Operation("RZZ", (0, 1), 0.3)),
        ("u a, b { cx b, a; rz(0.8) a; cx b, a; }", Operation("RZZ", (0, 1), 0.8)),
        ("rzz a, b { h b; cx a, b; h b; }", Operation("CZ", (0, 1))),
        ("rx a, b { h a; h b; cx a, b; h a; h b; }", Operation("CX", (1, 0))),
        ("u a, b { cx a, b; cx b, a; cx a, b; }", Operation("SWAP", (0, 1))),
        (
            "u a, b { rz(v/2) a; rz(v/2) b; cx a, b; rz(-v/2) b; cx a, b; }",
            Operation("CP", (0, 1), 0.3),
        ),
        ("u a, b { t a; t b; cx a, b; tdg b; cx a, b; s a; sdg a; }", Operation("CS", (0, 1))),
        (
            "u a, b { tdg a; cx a, b; t b; cx a, b; tdg b; }",
            Operation("CP", (0, 1), -math.pi / 2),
        ),
    ],
)
def test_the_body_says_which_gate_it_is(version: int, body: str, operation: Operation) -> None:
    name, rest = body.split(" ", 1)
    text = f"{HEADS[version]} gate my_{name}(v) {rest} my_{name}(0.3) q[0], q[1];"
    assert Circuit.from_qasm(text).operations == (operation,)
    text = text.replace(f"my_{name}(0.3)", f"ry(0.4) q[0]; ry(1) q[1]; rz(2) q[0]; my_{name}(0.3)")
    assert_read_as_by_qiskit(text)


@pytest.mark.parametrize(
    "body",
    [
        "cx a, b; rz(2*theta) b; cx a, b;",
        "cx a, b; rz(theta) b; cx b, a;",
        "cx a, b; rz(theta+1.0e-6) b; cx a, b;",
        "cx a, b; rz(theta*theta) b; cx a, b;",
        "rz(theta) a; rz(theta) b;",
        "cx a, b; rz(theta*cos(theta-0.3)) b; cx a, b;",
    ],
)
def test_a_user_s_own_rzz_keeps_its_meaning(body: str) -> None:
    text = f"{HEADS[2]} gate rzz(theta) a, b {{ {body} }} ry(0.4) q[0]; rx(1) q[1]; "
    circuit = assert_read_as_by_qiskit(text + "rzz(0.3) q[0], q[1];")
    assert "RZZ" not in [op.name for op in circuit.operations]


def test_functions_that_bend_are_taken_as_written() -> None:
    """t up to 100 and less after it is t wherever a sample would look."""
    bend = "floor(t/100)*(100-t)"
    head = HEADS[3]
    text = f"{head} gate g(t) a, b {{ cx a, b; rz(t + {bend}) b; cx a, b; }} g(0.5) q[0], q[1];"
    assert names(text) == ["CX", "RZ", "CX"]


@pytest.mark.parametrize("name", ["rzx", "csx", "ch"])
def test_products_that_are_shorter_than_qiskit_s(name: str) -> None:
    """rzx is read as H, RZZ, H, which is one cut gate, not as H, CX, RZ, CX, H."""
    exported = QuantumCircuit(2)
    exported.ry(0.7, 0)
    exported.rx(0.4, 1)
    getattr(exported, name)(*([0.3] if name == "rzx" else []), 1, 0)
    circuit = Circuit.from_qasm(qasm3.dumps(exported))
    assert len(circuit.two_qubit_operations) == 1
    assert_same_state(reference.statevector(circuit), qiskit_state(exported))


def test_the_specification_s_own_definitions() -> None:
    """Gates of stdgates.inc written into the text, whose U has the phase that gphase undoes."""
    inlined = """OPENQASM 3.0;
    gate p(λ) a { ctrl @ gphase(λ) a; }
    gate x a { U(π, 0, π) a; gphase(-π/2); }
    gate h a { U(π/2, 0, π) a; gphase(-π/4); }
    gate rx(θ) a { U(θ, -π/2, π/2) a; gphase(-θ/2); }
    gate ry(θ) a { U(θ, 0, 0) a; gphase(-θ/2); }
    gate z a { p(π) a; }
    gate s a { pow(0.5) @ z a; }
    gate sx a { pow(0.5) @ x a; }
    gate cx a, b { ctrl @ x a, b; }
    gate crx(θ) a, b { ctrl @ rx(θ) a, b; }
    gate cry(θ) a, b { ctrl @ ry(θ) a, b; }
    gate cz a, b { ctrl @ z a, b; }
    gate ch a, b { ctrl @ h a, b; }
    gate ccx a, b, c { ctrl @ ctrl @ x a, b, c; }
    gate CX a, b { ctrl @ U(π, 0, π) a, b; }
    """
    calls = "h q[0]; rx(0.4) q[1]; ry(0.3) q[2]; cx q[0], q[1]; crx(0.7) q[1], q[2]; s q[0];"
    calls += "cry(-1) q[2], q[0]; ch q[0], q[1]; sx q[2]; cz q[1], q[2]; ccx q[0], q[2], q[1];"
    calls += "CX q[2], q[1];"
    plain = Circuit.from_qasm(f'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; {calls}')
    assert Circuit.from_qasm(f"{inlined} qubit[3] q; {calls}") == plain


def test_among_thousands_of_definitions() -> None:
    """Tools write one definition a gate, all with the same body."""
    bodies = "".join(
        f"gate rzz_{k}(t) a, b {{ cx a, b; rz(t) b; cx a, b; }} rzz_{k}(0.3) q[0], q[1];"
        for k in range(1_500)
    )
    assert names(f"{HEADS[3]} {bodies}") == ["RZZ"] * 1_500


def test_what_does_nothing_stays_as_written() -> None:
    assert names(f"{HEADS[2]} gate g a {{ h a; h a; }} g q[1];") == ["H", "H"]


@given(st.integers(0, 10**6))
def test_random_definitions_keep_their_meaning(seed: int) -> None:
    """Short products of few gates, many of which are a gate: the state is that of the body."""
    rng = np.random.default_rng(seed)
    gates = ["h {}", "s {}", "x {}", "t {}", "rz({}) {}", "ry({}) {}", "cx {}, {}", "cz {}, {}"]
    lines = []
    for _ in range(rng.integers(1, 6)):
        a, b = rng.permutation(["a", "b"])
        angle = rng.choice(["t", "-t", "t/2", "0.5", "pi/2"])
        gate = str(rng.choice(gates))
        lines.append(gate.format(angle, a) if "(" in gate else gate.format(a, b))
    body = "".join(f"{line}; " for line in lines)
    calls = body.replace("-t", "-1.3").replace("t/2", "1.3/2").replace("(t)", "(1.3)")
    calls = calls.replace(" a", " q[0]").replace(" b", " q[1]")
    spread = "ry(0.4) q[0]; rz(1.4) q[0]; ry(1.3) q[1]; rz(2.1) q[1];"
    whole = Circuit.from_qasm(f"{HEADS[2]} gate g(t) a, b {{ {body} }} {spread} g(1.3) q[0], q[1];")
    plain = Circuit.from_qasm(f"{HEADS[2]} {spread} {calls}")
    assert_same_state(reference.statevector(whole), reference.statevector(plain))
