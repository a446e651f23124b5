"""OpenQASM in: states agree with Qiskit's own readers, parameters become slots."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Sequence

import numpy as np
import pytest

from tnqlstm import Circuit as PublicCircuit
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.circuit.qasm.library import INCLUDES
from tnqlstm.errors import UnknownNameError

from .. import reference
from .qiskit_states import assert_read_as_by_qiskit, assert_same_state

# gates of Qiskit's qelib1.inc and of stdgates.inc: name -> (angles, qubits)
SHAPES: dict[str, tuple[int, int]] = {
    **dict.fromkeys(["id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg"], (0, 1)),
    **dict.fromkeys(["u1", "p", "phase", "rx", "ry", "rz", "u0"], (1, 1)),
    **{"u2": (2, 1), "u3": (3, 1), "u": (3, 1), "U": (3, 1)},
    **dict.fromkeys(["cx", "CX", "cy", "cz", "ch", "swap", "csx"], (0, 2)),
    **dict.fromkeys(["crx", "cry", "crz", "cu1", "cp", "cphase", "rxx", "rzz"], (1, 2)),
    **{"cu3": (3, 2), "cu": (4, 2)},
    **dict.fromkeys(["ccx", "cswap", "rccx"], (0, 3)),
    **dict.fromkeys(["c3x", "c3sqrtx", "rc3x"], (0, 4)),
    "c4x": (0, 5),
}
ONLY_2 = {"u", "u0", "sxdg", "csx", "cu1", "cu3", "rxx", "rzz", "rccx", "c3x", "c3sqrtx"}
ONLY_2 |= {"rc3x", "c4x"}
ONLY_3 = {"phase", "cphase"}
ANGLES: tuple[Sequence[float], ...] = (
    (0.7, -1.3, 2.1, 0.4),
    (math.pi, 0.0, math.pi / 2, -math.pi),
    (-2.9, math.pi / 2, -0.3, 5.0),
)


def spread(n_qubits: int) -> str:
    """A state of no symmetry, so that no gate acts trivially."""
    return "\n".join(
        f"ry({0.4 + 0.9 * q}) q[{q}]; rz({1.4 + 0.7 * q}) q[{q}];" for q in range(n_qubits)
    )


def header(version: int) -> str:
    return {
        2: 'OPENQASM 2.0; include "qelib1.inc"; qreg q[5];',
        3: 'OPENQASM 3.0; include "stdgates.inc"; qubit[5] q;',
    }[version]


def test_every_gate_of_the_include_files_is_tested() -> None:
    assert INCLUDES["qelib1.inc"] <= SHAPES.keys() - ONLY_3
    assert INCLUDES["stdgates.inc"] <= SHAPES.keys() - ONLY_2


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("version", [2, 3])
def test_each_gate_is_that_of_qiskit(version: int, name: str) -> None:
    if name in {2: ONLY_3, 3: ONLY_2}[version] or name == "u0":  # Qiskit 2 has no u0 any more
        pytest.skip(f"no gate {name} in Qiskit's OpenQASM {version}")
    n_angles, n_qubits = SHAPES[name]
    qubits = ", ".join(f"q[{q}]" for q in (3, 0, 4, 1, 2)[:n_qubits])
    for values in ANGLES if n_angles else ANGLES[:1]:
        angles = f"({', '.join(map(repr, values[:n_angles]))})" if n_angles else ""
        text = f"{header(version)} {spread(5)} {name}{angles} {qubits};"
        circuit = assert_read_as_by_qiskit(text)
        assert all(len(op.qubits) <= 2 for op in circuit.operations)


MODIFIED = [
    "ctrl @ x q[0], q[1];",
    "ctrl(2) @ x q[0], q[1], q[2];",
    "ctrl @ ctrl @ x q[2], q[0], q[1];",
    "ctrl @ cx q[2], q[0], q[1];",
    "ctrl(3) @ x q[0], q[1], q[2], q[4];",
    "ctrl(2) @ ctrl(2) @ x q[0], q[1], q[2], q[4], q[3];",
    "negctrl @ x q[0], q[1];",
    "negctrl(2) @ x q[0], q[1], q[2];",
    "ctrl @ negctrl @ x q[3], q[1], q[2];",
    "negctrl @ ctrl @ z q[3], q[1], q[2];",
    *[f"ctrl @ {gate} q[3], q[1];" for gate in ["y", "z", "s", "sdg", "t", "tdg", "h", "sx", "id"]],
    *[f"ctrl @ {gate}(0.7) q[3], q[1];" for gate in ["rx", "ry", "rz", "p"]],
    "ctrl(2) @ p(0.7) q[3], q[1], q[0];",
    "ctrl(3) @ p(-1.7) q[3], q[1], q[0], q[2];",
    "ctrl @ cp(0.7) q[3], q[1], q[0];",
    "ctrl @ cz q[3], q[1], q[0];",
    "ctrl @ swap q[3], q[1], q[0];",
    "ctrl @ inv @ s q[0], q[1];",
    "ctrl @ inv @ sx q[0], q[1];",
    "ctrl @ pow(1/2.0) @ x q[0], q[1];",
    "inv @ ctrl @ rx(0.3) q[0], q[1];",
    *[f"inv @ {gate} q[1];" for gate in ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "id"]],
    *[f"inv @ {gate}(0.7) q[1];" for gate in ["rx", "ry", "rz", "p"]],
    "inv @ u3(0.1, 0.2, 0.3) q[1];",
    "inv @ cswap q[3], q[1], q[0];",
    "inv @ swap q[3], q[1];",
    "pow(2) @ s q[1];",
    "pow(3) @ h q[1];",
    "pow(0) @ y q[1];",
    "pow(-3) @ t q[1];",
    "pow(-2) @ swap q[1], q[2];",
    "pow(0.5) @ x q[1];",
    "pow(-0.5) @ x q[1];",
    "pow(0.5) @ z q[1];",
    "pow(0.3) @ rz(1.1) q[1];",
    "pow(-2.5) @ p(1.1) q[1];",
    "inv @ pow(2) @ sx q[1];",
]


@pytest.mark.parametrize("statement", MODIFIED)
def test_modifiers_are_those_of_qiskit(statement: str) -> None:
    assert_read_as_by_qiskit(f"{header(3)} {spread(5)} {statement}")


def test_modifiers_that_qiskit_reads_otherwise_or_not() -> None:
    """Against definitions: pow(1/2) of S is T, of CZ is CS; the inverse of ISWAP is its cube."""
    for one, other in [
        ("pow(0.5) @ s q[0];", "t q[0];"),
        ("pow(0.5) @ cz q[0], q[1];", "cp(pi/2) q[0], q[1];"),
        ("inv @ iswap q[0], q[1];", "iswap q[0], q[1];" * 3),
        ("inv @ cs q[0], q[1];", "cp(-pi/2) q[0], q[1];"),
        ("ctrl @ u1(0.3) q[0], q[1];", "cp(0.3) q[0], q[1];"),
        ("pow(1000000) @ rx(0.000001) q[0];", "rx(1.0) q[0];"),
    ]:
        states = [
            reference.statevector(Circuit.from_qasm(f"{header(3)} {spread(5)} {text}"))
            for text in (one, other)
        ]
        assert_same_state(*states)


@pytest.mark.parametrize(
    "text",
    [
        "qreg a[2]; creg c[2]; qreg b[3]; h a; cx a[1], b; barrier a, b[0]; x b; measure a -> c;",
        "gate g(a, b) p, q { rx(a/2+b) p; cx p, q; barrier p, q; } qreg a[2]; qreg b[2];"
        "h a; g(pi, -0.3) a, b; g(2^-1, sin(1)) b[0], a[1];",
        "gate one(t) a { ry(t) a; } gate two(u) a, b { one(-u) b; cx a, b; one(u*2) a; }"
        "gate three(v) a, b, c { two(v) a, b; two(v/3) c, a; } qreg q[3]; h q; three(0.4) "
        "q[2], q[0], q[1];",
        "gate swap a, b { cx b, a; } qreg q[2]; h q[0]; swap q[1], q[0];",
        "qreg q[1]; rx(-2^2) q[0]; ry(2*3-4/5) q[0]; rz(-(1-3)*-pi/7.5e0) q[0];",
        "qreg q[1]; rx(cos(1)+exp(.5)) q; ry(ln(3.)*sqrt(2)) q; rz(tan(0.3)-1e-1) q;",
        "qreg q[1]; rx(2^3^0.5) q; ry(1-2-3) q; rz(8/4/5) q; rx(--1) q;",
        "// comment \n qreg q[1]; // another {\n h q;;",
        "qreg qubit[2]; qreg input[1]; creg bit[2]; h qubit; cx qubit[1], input[0];",
        "qreg r[2]; U(0.1, 0.2, 0.3) r[0]; CX r[0], r[1];",
    ],
)
def test_programs_of_openqasm_2(text: str) -> None:
    assert_read_as_by_qiskit(f'OPENQASM 2.0; include "qelib1.inc"; {text}')


@pytest.mark.parametrize(
    "text",
    [
        "qubit[2] a; bit[2] c; qubit b; h a; cx a[0], b; c = measure a;",
        "qreg a[2]; creg c[2]; h a; cx a[0], a[1]; c[0] = measure a[0];",
        "gate g(a, b) p, q { rx(a/2+b) p; cx p, q; gphase(a); inv @ s q; } qubit[2] a; qubit[2] b;"
        "h a; g(π, -0.3) a, b; g(1/2.5, 0.2) b[0], a[1];",
        "gphase(0.3); qubit[2] q; /* several \n lines { */ h q; ry(.5) q[1];",
        "qubit[3] q; h q; x q[-1]; rx(τ/5) q[-3]; rz(euler) q[1]; ry(ℇ) q[0];",
        "qubit q; bit c; h q; rx(1_0.5) q; c = measure q;",
        "gate half a, b { ctrl @ s a, b; } gate back a, b { inv @ half a, b; h a; }"
        "qubit[2] q; h q; half q[0], q[1]; inv @ back q[1], q[0]; pow(2) @ back q[0], q[1];",
    ],
)
def test_programs_of_openqasm_3(text: str) -> None:
    assert_read_as_by_qiskit(f'OPENQASM 3.0; include "stdgates.inc"; {text}')


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("t*2", 2 * math.pi / 3),
        ("t/n", math.pi / 6),
        ("one/2", 0.5),  # a float, though written as 1
        ("6/n", 3.0),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**3**0.5", 2 ** (3**0.5)),
        ("-+1", -1.0),
        ("sin(t)+cos(0.1)*tan(0.2)", math.sin(math.pi / 3) + math.cos(0.1) * math.tan(0.2)),
        ("arcsin(0.1)-arccos(0.2)-arctan(5)", math.asin(0.1) - math.acos(0.2) - math.atan(5)),
        ("exp(ln(2))+sqrt(2.0)", math.exp(math.log(2)) + math.sqrt(2)),
        ("123456789012345678", 123456789012345678.0),
        ("1_000.5_0e-1", 100.05),
    ],
)
def test_expressions_of_openqasm_3(expression: str, value: float) -> None:
    """Against Python: Qiskit's reader has no constants, functions or powers."""
    text = f"""OPENQASM 3.0; include "stdgates.inc";
    const float[64] t = pi/3; const int n = 2; const float one = 1;
    qubit[n+1] q; rx({expression}) q[n];"""
    assert Circuit.from_qasm(text).operations == (Operation("RX", (2,), value),)


def test_registers_are_numbered_in_order_of_declaration() -> None:
    circuit = Circuit.from_qasm(
        'OPENQASM 2.0; include "qelib1.inc"; qreg b[2]; qreg a[2]; cx a[0], b[1]; x a;'
    )
    assert circuit == Circuit(4, (("CX", (2, 1)), ("X", (2,)), ("X", (3,))))


def test_a_definition_that_stands_in_for_a_gate_of_ours_is_taken_as_written() -> None:
    """Only what to_qasm itself writes is read as the gate; another rzz is what its body says."""
    own = "gate rzz(theta) a, b { cx a, b; rz(theta) b; cx a, b; }"
    other = "gate rzz(theta) a, b { cx a, b; rz(2*theta) b; cx a, b; }"
    tail = "qreg q[2]; rzz(0.3) q[0], q[1];"
    names = []
    for definition in (own, other, ""):
        text = f'OPENQASM 2.0; include "qelib1.inc"; {definition} {tail}'
        names.append([op.name for op in Circuit.from_qasm(text).operations])
    assert names == [["RZZ"], ["CX", "RZ", "CX"], ["RZZ"]]
    # the same words about another rz
    text = (
        f"OPENQASM 2.0; gate rz(t) a {{ U(t, 0, 0) a; }} gate cx a, b {{ CX a, b; }} {own} {tail}"
    )
    assert [op.name for op in Circuit.from_qasm(text).operations].count("RZZ") == 0


PARAMETERS = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
input float[64] x1;
input array[float[64], 3] w;
input angle[32] x0;
input float y;
qubit[2] q;
rx(theta) q[0];
ry(arctan(x1)) q[0];
rz(arctan(x0*x0)) q[1];
rz(arctan(x1**2)) q[1];
cp(w[2]) q[0], q[1];
u3(w[0], x1, 0.5) q[1];
gate g(a) b { rx(a) b; rz(arctan(a*a)) b; }
g(x0) q[0];
rx(y) q[1];
"""


def test_parameters_become_slots_in_order_of_declaration() -> None:
    operations = (
        ("RX", (0,), WeightSlot(0)),
        ("RY", (0,), InputSlot(0, "arctan")),
        ("RZ", (1,), InputSlot(1, "arctan_square")),
        ("RZ", (1,), InputSlot(0, "arctan_square")),
        ("CP", (0, 1), WeightSlot(3)),
        ("P", (1,), 0.5),
        ("RY", (1,), WeightSlot(1)),
        ("P", (1,), InputSlot(0)),
        ("RX", (0,), InputSlot(1)),
        ("RZ", (0,), InputSlot(1, "arctan_square")),
        ("RX", (1,), WeightSlot(4)),
    )
    assert Circuit.from_qasm(PARAMETERS) == Circuit(2, operations, 2, (5,))


def test_qiskits_vector_x_is_inputs_once_written_as_text() -> None:
    from qiskit import QuantumCircuit, qasm3
    from qiskit.circuit import ParameterVector

    source = QuantumCircuit(1)
    for parameter in [*ParameterVector("x", 11), *ParameterVector("w", 2)]:
        source.rx(parameter, 0)
        source.ry(0.1, 0)
    assert Circuit.from_qasm(qasm3.dumps(source)) == Circuit.from_qiskit(source)


def test_inputs_can_be_named() -> None:
    text = """OPENQASM 3; include "stdgates.inc"; input float x0; input float[64] u; qubit q;
    rx(u) q; ry(x0) q;"""
    circuit = Circuit.from_qasm(text, inputs=["u"])
    operations = (("RX", (0,), InputSlot(0)), ("RY", (0,), WeightSlot(0)))
    assert circuit == Circuit(1, operations, 1, (1,))
    assert Circuit.from_qasm(text, inputs="u") == circuit
    with pytest.raises(UnknownNameError, match=r"unknown parameter 'v'.* Known: u, x0"):
        Circuit.from_qasm(text, inputs=["v"])


def test_bytes_and_a_byte_order_mark() -> None:
    text = 'OPENQASM 3; include "stdgates.inc"; qubit q; rx(π) q;'
    expected = Circuit(1, (Operation("RX", (0,), math.pi),))
    for source in (text, text.encode(), "\ufeff" + text, ("\ufeff" + text).encode()):
        assert Circuit.from_qasm(source) == expected
    with pytest.raises(TypeError, match="str or bytes wanted, got int"):
        Circuit.from_qasm(3)


def test_nothing_is_read_from_disk(tmp_path, monkeypatch) -> None:
    (tmp_path / "qelib1.inc").write_text("gate h a { x a; }")
    monkeypatch.chdir(tmp_path)
    text = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; h q[0];'
    assert Circuit.from_qasm(text) == Circuit(1, (("H", (0,)),))


def test_depth_costs_no_recursion() -> None:
    """Parentheses, minus signs, powers and nested definitions, thousands deep, in a small stack."""
    deep, less = 100_000, 5_000
    head = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1];'
    cases = [
        ("(" * deep + "0.5" + ")" * deep, 0.5),
        ("-" * deep + "0.5", 0.5),
        ("1^" * less + "2", 1),
        ("1+" * less + "0.5", less + 0.5),
        ("1-(" * less + "0.5" + ")" * less, 0.5),
        ("sin(" * less + "0" + ")" * less, 0),
    ]
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(200 + len(inspect.stack()))
        for text, value in cases:
            assert Circuit.from_qasm(f"{head} rx({text}) q[0];").operations[0].angle == value
    finally:
        sys.setrecursionlimit(limit)
    chain = "gate g0 a { h a; }" + "".join(
        f"gate g{k} a {{ g{k - 1} a; }}" for k in range(1, 5_000)
    )
    assert Circuit.from_qasm(f"{head} {chain} g4999 q;").operations == (Operation("H", (0,)),)


def test_public_name() -> None:
    assert PublicCircuit.from_qasm("OPENQASM 3; qubit[2] q;") == Circuit(2, ())


def test_values_of_a_read_circuit_are_those_of_the_text() -> None:
    circuit = Circuit.from_qasm(PARAMETERS)
    weights, inputs = np.arange(1.0, 6.0), np.array([0.3, -0.7])
    values = {"theta": 1.0, "x1": 0.3, "x0": -0.7, "y": 5.0}
    text = PARAMETERS.replace("input array[float[64], 3] w;", "")
    for k in range(3):
        text = text.replace(f"w[{k}]", str(2.0 + k))
    for name, value in values.items():
        kind = "angle[32]" if name == "x0" else "float" if name == "y" else "float[64]"
        text = text.replace(f"input {kind} {name};", f"const float[64] {name} = {value};")
    expected = reference.statevector(Circuit.from_qasm(text))
    assert_same_state(reference.statevector(circuit, weights, inputs), expected)
