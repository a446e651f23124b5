"""OpenQASM as people write it: what Qiskit and the specifications take, beyond plain gate lists."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest

from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot

from .. import reference
from .qiskit_states import assert_read_as_by_qiskit, assert_same_state

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q;'
SPREAD = "".join(f"ry({0.4 + 0.9 * k}) q[{k}]; rz({1.4 + 0.7 * k}) q[{k}];" for k in range(3))


@pytest.mark.parametrize(
    "text",
    [
        "OPENQASM 2; include 'qelib1.inc'; qreg q[2]; h q[0]; cx q[0], q[1];",
        "OPENQASM 2.0; qreg q[2]; creg c[0]; U(0.1, 0.2, 0.3) q[1];",
        'include "qelib1.inc"; qreg q[1]; rx(2^0.5) q[0];',  # no header
        "qreg q[2]; U(0.1, 0.2, 0.3) q[1];",
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; rx(1,) q[0]; h q[0],; cx q[0], q[1],;',
        'OPENQASM 2.0; include "qelib1.inc"; gate g(a,) b, { rx(a) b; } qreg q[1]; g(1,) q[0],;',
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; rx(sin(1,)) q[0]; rx(1.) q[0];',
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; reset q; h q[0]; reset q[1]; x q[1];',
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; barrier; cx q[0], q[1];',
        'include "stdgates.inc"; qubit q; h q;',
        'OPENQASM 3; include "stdgates.inc"; h $3; cx $3, $1; rz(0.4) $1; barrier $1, $3;',
        f"{HEAD} reset q[0]; h q[0]; reset q[2];",
        f"{HEAD} {SPREAD} h q[0:1]; x q[{{0, 2}}]; s q[0:2:2]; cx q[0:1], q[1:2]; h q[2:0];",
        f"{HEAD} {SPREAD} x q[-1]; h q[1:1];",
        f"{HEAD} {SPREAD} let a = q[0:1]; h a; let b = a; cx q[2], b[1];",
        f"{HEAD} {SPREAD} cx q[0], q[1],; rx(0x1f) q[0]; ry(0b101) q[1]; rz(0o17) q[2];",
        f"{HEAD} @note this ; is text \nh q[0];\n@a.b {{\n@c\ncx q[0], q[1];",
        f"{HEAD} {SPREAD} delay[100ns] q[0]; h q; delay[20dt] q;",
        f"{HEAD} gate g(t) a {{ rx(t/2) a; }} g(1) q[0];",
        f"{HEAD} gphase(0.3); h q[0]; inv @ gphase(0.1);",
        f"{HEAD} {SPREAD} bit[2] c; c[0:1] = measure q[0:1];",
        f"{HEAD} {SPREAD} bit[2] c; measure q[{{0, 2}}] -> c;",
    ],
)
def test_as_qiskit_reads_it(text: str) -> None:
    assert_read_as_by_qiskit(text)


# what Qiskit's reader has no word for: text, and the same written out
WRITTEN_OUT = [
    ("#pragma x y z\nh q[0];", "h q[0];"),
    ("pragma braket result state_vector\nh q[0];", "h q[0];"),
    ("box { h q[0]; } box[10ns] { cx q[0], q[1]; }", "h q[0]; cx q[0], q[1];"),
    ('bit[2] b = "10"; bit c = "1"; bit d = 0; h q[0];', "h q[0];"),
    ("let a = q[1:2] ++ q[0]; h a[2]; x a[0];", "h q[0]; x q[1];"),
    ("for int i in [0:2] { h q[i]; }", "h q[0]; h q[1]; h q[2];"),
    ("for uint i in {2, 0,} rx(i) q[i];", "rx(2) q[2]; rx(0) q[0];"),
    ("for int i in [2:-1:1] { x q[i]; h q[i - 1]; }", "x q[2]; h q[1]; x q[1]; h q[0];"),
    ("for int i in [0:2:2] for int j in [i:1] cx q[j], q[j + 1];", "cx q[0], q[1]; cx q[1], q[2];"),
    ("for int i in [1:0] { h q; } x q[0];", "x q[0];"),
    ("for float[32] t in {0.5, -1} { ry(t) q[0]; }", "ry(0.5) q[0]; ry(-1) q[0];"),
    ("const int n = 3; for int i in [0:n/2] h q[i];", "h q[0]; h q[1];"),
    (
        "for int i in [0:1] { const float t = i / 2.0; rx(t) q[i]; } const float t = 7; rx(t) q;",
        "rx(0) q[0]; rx(0.5) q[1]; rx(7) q;",
    ),
    ("const int i = 2; for int i in [0:1] { x q[i]; } h q[i];", "x q[0]; x q[1]; h q[2];"),
    (
        "const float n = 2; gate g a { rx(n) a; } for int n in [0:1] { g q[n]; }",
        "rx(2) q[0]; rx(2) q[1];",
    ),
    ("for int i in [0:2] if (i % 2 == 0) { x q[i]; } else { h q[i]; }", "x q[0]; h q[1]; x q[2];"),
    ("if (true) h q[0]; else x q[0]; if (!(1 < 2) || false) { y q[0]; }", "h q[0];"),
    ("h q[-2:-1];", "h q[1]; h q[2];"),  # Qiskit's reader takes no qubits here
    ("let a = q[0:1]; let b = a[1]; cx q[2], b;", "cx q[2], q[1];"),
    ("for bit b in {0, 1} { rx(b) q[0]; }", "rx(0) q[0]; rx(1) q[0];"),
]


@pytest.mark.parametrize(("text", "same"), WRITTEN_OUT)
def test_as_written_out(text: str, same: str) -> None:
    assert Circuit.from_qasm(f"{HEAD} {text}") == Circuit.from_qasm(f"{HEAD} {same}")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("floor(2.7)", 2),
        ("floor(-2.5) + ceiling(2.1)", 0),
        ("mod(7, 4)", 3),
        ("mod(-7, 4)", -3),
        ("mod(7.5, 2)", 1.5),
        ("7 % 4 + 0.5", 3.5),
        ("pow(2, 3)", 8),
        ("pow(2, 0.5)", math.sqrt(2)),
        ("log(exp(2))", 2),
        ("popcount(13)", 3),
        ("0xff", 255),
        ("0B1_01", 5),
        ("0o17 / 5", 3),
        ("1 << 4 | 1", 17),
        ("(12 & 10) >> 1", 4),
        ("-~4", 5),
        ("float(3) / 2", 1.5),
        ("int(2.9) * 2", 4),
        ("int(-2.9)", -2),
        ("uint[8](7.2)", 7),
        ("bool(3) + 1", 2),
        ("angle(3*pi)", math.pi),
        ("float[32](0.1)", float(np.float32(0.1))),
        ("(1 < 2) + (2 <= 2) + (3 > 4) + (1 == 1.0) + (1 != 1)", 3),
        ("1e3/1_0", 100),
    ],
)
def test_expressions(expression: str, value: float) -> None:
    (operation,) = Circuit.from_qasm(f"{HEAD} rx({expression}) q[0];").operations
    assert operation.angle == pytest.approx(value, abs=1e-15, rel=1e-15)


def grid(value: float, width: int) -> float:
    """The nearest of 2**width angles in [0, 2π): OpenQASM 3's angle[width]."""
    return round(value / math.tau * 2**width) % 2**width * math.tau / 2**width


@pytest.mark.parametrize(
    ("declaration", "expression", "value"),
    [
        ("const angle a = 3*pi", "a", math.pi),
        ("const angle a = -pi/2", "a", 3 * math.pi / 2),
        ("const angle[8] a = pi/3", "a", grid(math.pi / 3, 8)),
        ("const angle[8] a = 6.2831", "a", 0.0),
        ("const angle[4] a = 1.0", "a", grid(1.0, 4)),
        ("const angle[1] a = 3", "a", math.pi),
        ("const angle[32] a = -1.3", "a", grid(math.tau - 1.3, 32)),
        ("const angle a = 3*pi/2", "2*a", math.pi),
        ("const angle a = 3*pi/2", "a + a", math.pi),
        ("const angle a = pi/2", "a - a - a", 3 * math.pi / 2),
        ("const angle a = pi/2", "-a", 3 * math.pi / 2),
        ("const angle[3] a = pi/4", "a/2", 0.0),  # whole steps only
        ("const angle[4] a = pi/4", "a/2", math.pi / 8),
        ("const angle a = pi/4", "a*0.5", math.pi / 8),
        ("const angle a = pi/6", "sin(a)", 0.5),
        ("const float[32] a = 0.1", "a", float(np.float32(0.1))),
        ("const float[16] a = 0.1", "a", float(np.float16(0.1))),
        ("const float[64] a = 0.1", "a", 0.1),
        ("const int[8] a = -128", "a", -128),
        ("const uint[8] a = 255", "a", 255),
        ("const uint a = 7/2", "a", 3),
        ("const int a = -7/2", "a", -3),
        ("const bool a = 2 > 1", "a*0.5", 0.5),
        ("const bool a = 7", "a + a", 2),
        ('const bit[4] a = "1010"', "a[0] + 2*a[1] + 4*a[2] + 8*a[3]", 10),
        ('const bit[4] a = "1010"', "int(a) / 4.0", 2.5),
        ("const bit a = 1", "a*0.5", 0.5),
    ],
)
def test_constants_have_the_type_that_they_declare(
    declaration: str, expression: str, value: float
) -> None:
    (operation,) = Circuit.from_qasm(f"{HEAD} {declaration}; rx({expression}) q[0];").operations
    assert operation.angle == pytest.approx(value, abs=1e-14)


X, Y, W, V = InputSlot(0), InputSlot(1), WeightSlot(0), WeightSlot(1)


@pytest.mark.parametrize(
    ("expression", "angle"),
    [
        ("-w", -W),
        ("w/2", W / 2),
        ("2*w[0]", 2 * WeightSlot(0)),
        ("pi - x", math.pi - X),
        ("2*(pi - x)*(pi - x1)", 2 * (math.pi - X) * (math.pi - Y)),
        ("0.5*w + v - 1", 0.5 * W + V - 1),
        ("x**2", X * X),
        ("x*x*x1", X * X * Y),
        ("pow(x, 2) + x", X * X + X),
        ("w + w - w", W),
        ("w - w + 0.25", 0.25),
        ("arctan(x)*2 - arctan(x*x)", 2 * InputSlot(0, "arctan") - InputSlot(0, "arctan_square")),
        ("arctan(x**2 + 0)", InputSlot(0, "arctan_square")),
        ("float(w) / 2", W / 2),
        ("+w", W),
    ],
)
def test_sums_and_products_of_parameters(expression: str, angle: object) -> None:
    arrays = "[0]" in expression
    declared = "input array[float, 2] w;" if arrays else "input float w; input float v;"
    text = f"{HEAD} {declared} input float x; input float x1; rz({expression}) q[1];"
    circuit = Circuit.from_qasm(text)
    assert circuit.operations == (Operation("RZ", (1,), angle),)
    back = Circuit.from_qasm(circuit.to_qasm())
    assert back.operations == circuit.operations


def test_parameters_go_through_definitions() -> None:
    text = f"""{HEAD} input float w; input float x;
    gate g(t, s) a, b {{ rx(2*t) a; cp(t/2 - s) a, b; u3(t, -t, t*t) b; }}
    g(w/2, 0.25) q[0], q[1]; g(x, -x) q[1], q[2];"""
    circuit = Circuit.from_qasm(text)
    assert circuit.operations[0] == Operation("RX", (0,), W)
    assert circuit.operations[1] == Operation("CP", (0, 1), W / 4 - 0.25)
    assert circuit.operations[6] == Operation("CP", (1, 2), 1.5 * X)
    weights, inputs = np.array([0.7]), np.array([-1.2])
    plain = text.replace("input float w;", "const float w = 0.7;")
    plain = plain.replace("input float x;", "const float x = -1.2;")
    expected = reference.statevector(Circuit.from_qasm(plain))
    assert_same_state(reference.statevector(circuit.with_values(weights, inputs)), expected)


def test_a_path_in_place_of_the_text(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "circuit.qasm"
    path.write_text("OPENQASM 3; qubit q;")
    for source in (path, path.open()):
        with pytest.raises(TypeError, match=r"Circuit.from_qasm\(open\(path\).read\(\)\)"):
            Circuit.from_qasm(source)
    with pytest.raises(ValueError, match="looks like a path, wanted the text"):
        Circuit.from_qasm(str(path))
