"""Wrong OpenQASM: the error says what, and the line and column where."""

from __future__ import annotations

import pickle

import pytest

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.qasm import fast, making
from tnqlstm.circuit.qasm.budget import MAX_WORK, Budget
from tnqlstm.errors import CircuitError, QasmError

HEAD = {
    2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\n',
    3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\n',
}

# (text, line, column, part of the message); ^ in the text would be OpenQASM 2's power
WHOLE_TEXTS = [
    ("", 1, 1, "got an empty text"),
    (" \n// nothing\n", 1, 1, "got an empty text"),
    ("hello, world", 1, 1, "got 'hello', wanted the header"),
    ("circuit.qasm", 1, 1, "got 'circuit.qasm', which looks like a path"),
    ("  ~/my circuits/qft.qasm2\n", 1, 1, "Circuit.from_qasm(open(path).read())"),
    (b"C:\\circuits\\qft.QASM", 1, 1, "which looks like a path"),
    ("/tmp/circuit", 1, 1, "which looks like a path"),
    ("\n  h q;", 2, 3, "got 'h', wanted the header"),
    ("include stdgates.inc", 1, 1, "got 'include', wanted the header"),
    ("OPENQASM 4.0;", 1, 10, "OpenQASM of version '4.0' isn't known"),
    ("OPENQASM 2.1;", 1, 10, "version '2.1'"),
    ("OPENQASM 2.0", 1, 13, "got the end of the text, wanted ';'"),
    ("OPENQASM", 1, 9, "got the end of the text, wanted a number"),
    ("OPENQASM 3; OPENQASM 3;", 1, 13, "a second header"),
    ("OPENQASM 3;\n\n", 1, 12, "the text ends here and declares no qubits"),
    ('OPENQASM 3;\ninclude "/etc/passwd";', 2, 9, "No file is read from here"),
    ('OPENQASM 3;\ninclude "other.inc"', 2, 20, "got the end of the text"),
    ("OPENQASM 3;\nqubit[2] q;\nh q[0];", 3, 1, 'Add include "qelib1.inc"'),
    ('OPENQASM 3; gate h a { } include "stdgates.inc";', 1, 34, "which line 1 defines too"),
    ("\x00\x01", 1, 1, r"got '\x00'"),
    ("OPENQASM 2.0;\nqreg \x00q[2];", 2, 6, r"got '\x00'"),
    (b"OPENQASM 2.0;\n\xcf\x80 \xff\xfe", 2, 3, "got the byte 0xff, wanted text in UTF-8"),
    (b"\x7fELF\x02\x01", 1, 1, r"got '\x7f'"),
    ("OPENQASM 2.0; qreg q[1]; // ok\n/* open\n", 2, 1, "comment that isn't closed"),
    ("OPENQASM 2.0;\nqubit[3] q;", 2, 1, "Change the header to OPENQASM 3.0;"),
    ("(" * 2**26, 1, 1, "a text of 67,108,864 characters"),
    ("OPENQASM 2.0;U" + "(" * 2**20, 1, 200_016, "more than 200,000 open brackets"),
    ("OPENQASM 2.0;" + "(" * 2**20, 1, 14, "got '(', wanted a statement"),
]

# statements on line 4, after `HEAD`
STATEMENTS_OF_2 = [
    ("h q[3];", 3, "index 3 of 'q', which has size 3. Give one of 0 to 2."),
    ("h q[-1];", 3, "index -1 of 'q'"),
    ("h q[1.5];", 3, "the index of 'q' must be a whole number, got 1.5"),
    ("h q[99999999999999999999999];", 3, "must be a whole number, got 1e+23"),
    ("h r[0];", 3, "no qubits are called 'r'. Declared so far: q."),
    ("cx q[0], q[0];", 10, "the same qubit of 'q' twice"),
    ("cx q, q[0];", 7, "the same qubit of 'q' twice"),
    ("qreg r[2]; cx q, r;", 18, "registers of different sizes, 3 and 2"),
    ("qreg q[2];", 6, "'q' is declared on line 3 already"),
    ("creg q[2];", 6, "'q' is declared on line 3 already"),
    ("gate g a { } gate g b { }", 19, "'g' is declared on line 4 already"),
    ("gate h a { }", 6, "gate 'h' is known from the include file"),
    ("qreg r[-1];", 6, "the size of 'r' is -1. Give at least 0."),
    ("qreg r[1e9];", 6, "1,000,000,003 qubits; at most 100,000"),
    ("foo q[0];", 1, "no gate 'foo' is defined. Define it with `gate`"),
    ("_ct q[0], q[1];", 1, "no gate '_ct' is defined. Define it with `gate`"),
    ("rx q[0];", 1, "gate 'rx' takes 1 angle, got 0"),
    ("rx() q[0];", 1, "gate 'rx' takes 1 angle, got 0"),
    ("u3(1, 2) q[0];", 1, "gate 'u3' takes 3 angles, got 2"),
    ("h(0.5) q[0];", 1, "gate 'h' takes 0 angles, got 1"),
    ("cx q[0];", 1, "gate 'cx' acts on 2 qubits, got 1"),
    ("h q[0], q[1];", 1, "gate 'h' acts on 1 qubit, got 2"),
    ("rx(foo) q[0];", 4, "no number is called 'foo'"),
    ("rx(foo(1)) q[0];", 4, "no function 'foo'. Known: sin, cos"),
    ("rx(1/0) q[0];", 5, "/ of 1 and 0 is no finite real number"),
    ("rx(ln(0)) q[0];", 4, "ln(0) is no finite real number"),
    ("rx(arcsin(2)) q[0];", 4, "arcsin(2) is no finite real number"),
    ("rx(sqrt(-1)) q[0];", 4, "sqrt(-1) is no finite real number"),
    ("rx((-8)^(1/3)) q[0];", 8, "is no finite real number"),
    ("rx(exp(1000)) q[0];", 4, "exp(1000) is no finite real number"),
    ("rx(9^9^9^9) q[0];", 7, "is no finite real number"),
    ("rx(1e999) q[0];", 4, "too large a number"),
    ("rx(1_) q[0];", 4, "got '1_', no number. A _ stands between two digits"),
    ("rx(1__0) q[0];", 4, "got '1__0', no number"),
    ("rx(1_.5) q[0];", 4, "got '1_.5', no number"),
    ("rx(\u0663) q[0];", 4, "got '\u0663', which no OpenQASM text has here"),
    ("h q[" + "9" * 400 + "];", 5, "is too large a number"),
    ("rx(1e308*10) q[0];", 9, "is no finite real number"),
    ("rx(2**3) q[0];", 5, "OpenQASM 2 writes powers as ^"),
    ("rx(q[0]) q[0];", 4, "no number is called 'q'"),
    ("rx(pi[0]) q[0];", 4, "'pi' is no array"),
    ("rx(1,,) q[0];", 6, "got ',', wanted a number or expression"),
    ("rx(,) q[0];", 4, "got ',', wanted a number or expression"),
    ("h q[0],,;", 8, "got ',', wanted a name"),
    ("rx((1) q[0];", 8, "got 'q', wanted ')'"),
    ("rx(1 2) q[0];", 6, "got '2', wanted ')' or ',' or an operator"),
    ("h q[0]", 7, "got the end of the text, wanted ',' or ';'"),
    ("h q[0]\nh q[1];", (5, 1), "got 'h', wanted ',' or ';'. Is a ; missing before it?"),
    ("h q[0", 6, "got the end of the text, wanted ']' or an operator"),
    ("h 5;", 3, "got '5', wanted '(' or '=' or '[' or a name"),
    ("h;", 2, "got ';', wanted '(' or '=' or '[' or a name"),
    ("}", 1, "got '}', wanted a statement"),
    ("h q[0]; }", 9, "got '}', wanted a statement"),
    ("qreg = 5;", 6, "got '=', wanted a name"),
    ('include "qelib1.inc;', 9, "quote isn't closed"),
    ("h $0;", 3, "both physical qubits and registers, $0 and q"),
    ("h $;", 3, "got '$' without a number"),
    ("rx(0x10) q[0];", 5, "got 'x10', wanted"),
    ("rx(mod(1, 2)) q[0];", 4, "no function 'mod'"),
    ("rx(1%2) q[0];", 5, "got '%', wanted"),
    ("@note\nh q[0];", 1, "got '@', wanted a statement"),
    ("h q[0:1];", 6, "got ':', wanted ']' or an operator"),
    ("let a = q;", 1, "got 'let', which is of OpenQASM 3. Change the header"),
    ("ctrl @ x q[0], q[1];", 1, "got 'ctrl', which is of OpenQASM 3"),
    ("qubit r;", 1, "got 'qubit', which is of OpenQASM 3"),
    ("for int i in [0:2] { h q[i]; }", 1, "got 'for', which is of OpenQASM 3"),
    ("#pragma x", 1, "got '#'"),
    ("gate g a { g a; }", 12, "gate 'g' is made of itself"),
    ("gate swap a, b { swap b, a; }", 18, "gate 'swap' is made of itself"),
    ("gate f a { g a; } gate g a { f a; }", 12, "no gate 'g' is defined"),
    ("gate g a { h b; }", 14, "'b' is no qubit of gate 'g'. Its qubits are a"),
    ("gate g a { h a[0]; }", 14, "'a' is no qubit of gate 'g'"),
    ("gate g a { h q[0]; }", 14, "'q' is no qubit of gate 'g'"),
    ("gate g a, b { cx a, a; }", 21, "two operands called 'a'"),
    ("gate g a, a { }", 11, "two qubits called 'a'"),
    ("gate g(t, t) a { }", 11, "two parameters called 't'"),
    ("gate g(t) a { rx(u) a; }", 18, "gate 'g' has no parameter 'u'"),
    ("gate g(t) a { rx(1/t) a; }\ng(0) q;", (4, 19), "/ of 1 and 0 is no finite real"),
    ("gate g a { measure a; }", 12, "got 'measure', wanted"),
    ("gate g a { gate h b { } }", 12, "got 'gate', wanted"),
    ("gate g { }", 8, "got '{', wanted '(' or a name"),
    ("gate g a { h a;", 16, "got the end of the text"),
    ("opaque o a;\no q[0];", (5, 1), "gate 'o' is opaque"),
    ("gate g a { o a; }", 12, "no gate 'o' is defined"),
    ("measure q -> c;", 14, "no bits are called 'c'"),
    ("creg c[2]; measure q -> c;", 25, "3 qubits measured into 2 bits"),
    ("creg c[2]; measure q[0] -> c[2];", 28, "index 2 of 'c'"),
    ("creg c[3]; measure q -> c; h q[0];", 30, "a gate on a qubit after its measurement"),
    ("creg c[3]; measure q[1] -> c[1]; h q[0]; cx q[0], q[1];", 45, "after its measurement"),
    ("h q[0]; reset q[0];", 9, "got 'reset' of a qubit that has been used"),
    ("cx q[1], q[2]; reset q;", 16, "got 'reset' of a qubit that has been used"),
    ("creg c[1]; measure q[0] -> c[0]; reset q[0];", 34, "got 'reset'"),
    ("reset r;", 7, "no qubits are called 'r'"),
    ("creg c[1]; if (c==1) x q[0];", 12, "got 'if', which a circuit here can't hold. A circuit"),
    ("input float x;", 1, "got 'input', which is of OpenQASM 3. Change the header"),
    ("rx(pi/2)) q[0];", 9, "got ')', wanted a name"),
]
STATEMENTS_OF_3 = [
    ("for int i in [0:2] { h q[i + 1]; }", 24, "index 3 of 'q', which has size 3"),
    ("for int i in [0:2] { h q[i]; }\nh q[i];", (5, 5), "no number is called 'i'"),
    ("for int i in [0:1] { const int j = i; } rx(j) q;", 44, "no number is called 'j'"),
    ("for int i in [0:0:2] { h q; }", 1, "a range with the step 0"),
    ("for int i in [0:] { h q; }", 14, "a range without both ends"),
    ("for int i in [0:2.5] { h q; }", 1, "the range of the loop must be a whole number"),
    ("for int i in q { h q; }", 14, "got 'q', wanted '[' or '{'"),
    ("for uint i in {-1} { h q; }", 10, "'i' is -1, but uint holds 0 to"),
    ("for int[3] i in [0:9] { x q[0]; }", 12, "'i' is 4, but int[3] holds -4 to 3"),
    ("for int pi in [0:1] { h q; }", 9, "'pi' is a constant of OpenQASM"),
    ("for i in [0:2] { h q[i]; }", 5, "got 'i', wanted angle or bit or bool or float"),
    ("for int i in [0:2] { qubit r; }", 22, "got 'qubit' inside a block"),
    ("for int i in [0:2] { h q[i];", 29, "got the end of the text, wanted '}'"),
    ("for int i in [0:1000000000] h q;", 1, "too much to expand"),
    ("for int i in [0:1e15] h q;", 1, "too much to expand"),
    ("for int i in [0:2] " * 51 + "h q[0];", 970, "more than 50 blocks"),
    ("while (true) { h q; }", 1, "got 'while'"),
    ("bit c; c = measure q[0]; if (c) { h q[1]; }", 26, "got 'if' on 'c', which is no constant"),
    ('bit[2] c = "10"; if (c[0] == 1) h q;', 18, "got 'if' on 'c', which is no constant"),
    ("if (1 / 0) h q;", 7, "/ of 1 and 0 is no finite real number"),
    ("else h q;", 1, "got 'else'"),
    ("def f(qubit a) { h a; }", 1, "got 'def'"),
    ("@ h q[0];", 1, "got '@', wanted a statement"),
    ("extern f(int) -> int;", 1, "got 'extern'"),
    ("h q[1]; reset q;", 9, "Qubits start in |0…0⟩"),
    ("let q = q[0:1];", 5, "'q' is declared on line 3 already"),
    ("let a = r;", 9, "no qubits are called 'r'"),
    ("let a = q[0:1]; cx a[0], q[0];", 26, "the same qubit of 'q' twice"),
    ("let a = q[0:1]; h a[2];", 19, "index 2 of 'a', which has size 2"),
    ('bit[2] c = "101";', 12, "3 values for the 2 bits of 'c'"),
    ('bit[2] c = "12";', 12, 'got "12", wanted bits'),
    ("float a = 1;", 1, "Give numbers in place, as `const`"),
    ("gate g a { for int i in [0:2] { h a; } }", 12, "got 'for'"),
    ("duration d = 10ns;", 1, "Leave timing out"),
    ("h q[0:3];", 3, "index 3 of 'q', which has size 3"),
    ("h q[0:0:2];", 3, "the range of 'q' has the step 0"),
    ("h q[{0, 5}];", 3, "index 5 of 'q'"),
    ("cx q[{0, 1}], q[{1, 1}];", 15, "the same qubit of 'q' twice"),
    ("cx q[{0, 1}], q;", 15, "registers of different sizes, 2 and 3"),
    ("cx q[0:1], q[1];", 12, "the same qubit of 'q' twice"),
    ("#pragma braket unitary([[0, 1], [1, 0]]) q[0]", 1, "which changes the state"),
    ("#define x", 1, "got '#', wanted a statement"),
    ("h q[-4];", 3, "index -4 of 'q'"),
    ("qubit p; h p[0];", 12, "Leave the index out"),
    ("const float pi = 3;", 13, "'pi' is a constant of OpenQASM"),
    ("const int n = 2.5;", 11, "must be a whole number, got 2.5"),
    ("const float a = b;", 17, "no number is called 'b'"),
    ("input int n;", 7, "a parameter of type 'int'"),
    ("input float n; qubit[n] r;", 22, "no number is called 'n'"),
    ("input float n; const float m = n;", 32, "no number is called 'n'"),
    ("input float t; gate g a { rx(t) a; }", 30, "gate 'g' has no parameter 't'"),
    ("input array[float, 2] w; rx(w) q;", 29, "'w' has 2 elements. Choose one: w[0]"),
    ("input array[float, 2] w; rx(w[2]) q;", 29, "index 2 of 'w', which has 2 elements"),
    ("input array[float, 2] w; rx(w[w[0]]) q;", 29, "index a parameter of 'w'"),
    ("input float t; rx(arctan(t)) q;", 19, "arctan of a parameter"),
    ("input float x; rx(arctan(arctan(x))) q;", 19, "arctan of a parameter"),
    ("input float x; rx(arctan(x**3)) q;", 19, "arctan of a parameter"),
    ("input float t; rx(sin(t)) q;", 19, "sin of a parameter. An angle may be a sum of products"),
    ("input float t; rx(1/t) q;", 20, "/ of a parameter"),
    ("input float t; rx(t/0) q;", 20, "/ of a parameter"),
    ("input float t; rx(2**t) q;", 20, "** of a parameter"),
    ("input float t; rx(t**0.5) q;", 20, "the exponent must be a whole number from 0 to 16"),
    ("input float t; rx(t**17) q;", 20, "the exponent must be a whole number from 0 to 16"),
    ("input float t; rx(t < 1) q;", 21, "< of a parameter"),
    ("input float t; rx(floor(t)) q;", 19, "floor of a parameter"),
    ("input float x; input float t; rx(t*x) q;", 35, "mixes weights (w) and inputs (x)"),
    ("input float t; rx(1e308*t*1e308) q;", 26, "Give finite numbers"),
    ("input float t; gate g(a) b { rx(1e308*a*1e308) b; } g(t) q;", 40, "Give finite numbers"),
    ("input float t; pow(1e300) @ rx(1e300*t) q[0];", 29, "Give finite numbers"),
    ("input float t; if (t > 0) h q;", 16, "got 'if' on 't', which is no constant"),
    ("input float t; pow(0.5) @ u3(t, 0, 0) q[0];", 16, "pow(0.5) of a product of 3 gates with"),
    ("input float x0; input float x1; rx(arctan(x0*x1)) q;", 36, "arctan of a parameter"),
    ("input float t; pow(t) @ rx(1) q;", 16, "pow of a parameter"),
    ("input float t; ctrl(t) @ rx(1) q;", 21, "no number is called 't'"),
    ("rx(1/2) q;", 5, "write 1.0/2 for a fraction"),
    ("rx(2^3) q;", 5, "OpenQASM 3 writes powers as **"),
    ("rx(1 << 2000) q;", 6, "<< of 1 and 2000 is no finite real number"),
    ("rx(1 << -1) q;", 6, "<< of 1 and -1 is no finite real number"),
    ("rx(1.5 & 1) q;", 8, "& of 1.5 and 1 is no finite real number"),
    ("rx(mod(1, 0)) q;", 4, "mod(1 and 0) is no finite real number"),
    ("rx(mod(1)) q;", 4, "function 'mod' takes 2 numbers, got 1"),
    ("rx(sin(1, 2)) q;", 4, "function 'sin' takes 1 number, got 2"),
    ("rx(pow(9, 999)) q;", 4, "pow(9 and 999) is no finite real number"),
    ("rx(0b12) q;", 7, "got '2', wanted"),
    ("rx(0x) q;", 5, "got 'x', wanted"),
    ("rx(0x1__0) q;", 4, "got '0x1__0', no number. A _ stands between two digits"),
    ("h $0;", 3, "both physical qubits and registers, $0 and q"),
    ("ctrl @ gphase q[0];", 15, "got 'q', wanted '('"),
    ("gphase(1, 2);", 1, "gphase takes 1 angle"),
    ("gphase(1) q[0];", 1, "gate 'gphase' acts on 0 qubits, got 1"),
    ("pow(0.5) @ iswap q[0], q[0];", 24, "the same qubit"),
    ("gate g a, b { cx a, b; h a; } pow(0.5) @ g q[0], q[1];", 31, "of 2 gates on several qubits"),
    (
        "qubit[20] r; ctrl(15) @ x " + ", ".join(f"r[{k}]" for k in range(16)) + ";",
        25,
        "15 controls",
    ),
    ("ctrl @ x q[0];", 8, "gate 'x' acts on 1 qubit and 1 control, got 1"),
    ("ctrl(0) @ x q[0];", 1, "0 controls"),
    ("ctrl(1.5) @ x q[0];", 1, "the number of controls must be a whole number"),
    ("inv(2) @ x q[0];", 1, "inv takes no number"),
    ("pow @ x q[0];", 1, "pow wants a number"),
    ("gphase(foo);", 8, "no number is called 'foo'"),
    ("pow(1e300) @ h q[0];", 1, "too much to expand"),
    ("pow(1e308) @ rx(1e308) q[0];", 14, "an angle beyond the range of floats"),
    ("pow(0) @ foo q[0];", 10, "no gate 'foo'"),
    ("ctrl x q[0];", 6, "got 'x', wanted '(' or '@'"),
    ("qubit[2 r;", 9, "got 'r', wanted ']' or an operator"),
]


def error_of(text: str | bytes) -> QasmError:
    with pytest.raises(QasmError) as caught:
        Circuit.from_qasm(text)
    error = caught.value
    assert str(error).startswith(f"line {error.line}, column {error.column}: ")
    return error


@pytest.mark.parametrize(
    ("text", "line", "column", "message"), WHOLE_TEXTS, ids=[repr(c[0][:40]) for c in WHOLE_TEXTS]
)
def test_whole_texts(text: str | bytes, line: int, column: int, message: str) -> None:
    error = error_of(text)
    assert (error.line, error.column) == (line, column)
    assert message in error.message


@pytest.mark.parametrize(
    ("version", "text", "place", "message"),
    [(2, *case) for case in STATEMENTS_OF_2] + [(3, *case) for case in STATEMENTS_OF_3],
    ids=[f"2 {case[0]}" for case in STATEMENTS_OF_2] + [f"3 {case[0]}" for case in STATEMENTS_OF_3],
)
def test_statements(version: int, text: str, place: int | tuple[int, int], message: str) -> None:
    error = error_of(HEAD[version] + text)
    assert (error.line, error.column) == (place if isinstance(place, tuple) else (4, place))
    assert message in error.message


DOUBLING = "gate g0 a {{ {} }}" + "".join(
    f"gate g{k} a {{{{ g{k - 1} a; g{k - 1} a; }}}}" for k in range(1, 41)
)


@pytest.mark.parametrize(("innermost", "n_gates"), [("h a;", 1), ("", 0), ("rx(1) a; h a;", 2)])
def test_forty_levels_of_doubling_are_refused_at_once(innermost: str, n_gates: int) -> None:
    text = f"{HEAD[2]}{DOUBLING.format(innermost)}\ng40 q;"
    error = error_of(text)
    assert (error.line, error.column) == (5, 1)
    assert "too much to expand" in error.message or "more than 1,000,000 gates" in error.message
    few = Circuit.from_qasm(text.replace("g40 q", "g3 q[0]"))
    assert len(few.operations) == 8 * n_gates


@pytest.mark.parametrize(
    "text",
    [
        "qubit[90000] r; gate g a {" + "h a;" * 1000 + "} g r;",
        "gate e a { } gate g a {" + "e a;" * 5000 + "} gate f a { h a;" + "g a;" * 1000 + "} f q;",
        "gate g(t) a { rx(" + "t+" * 10_000 + "t) a; } for int k in [0:999] g(k) q[0];",
        "qubit[90000] r; gate e a { } for int k in [0:99999] e r;",
        "qubit[90000] r; for int k in [0:99999] barrier r[0:89999];",
        "qubit[90000] r; bit[90000] c; for int k in [0:99999] c = measure r;",
        "for int i in [0:999] for int j in [0:999] for int k in [0:999] barrier q;",
        "for int i in [0:1000] for int j in [0:100000] h q[0];",
        "gate g a { pow(1000) @ x a; } gate f a { pow(1000) @ g a; } gate e a {"
        + "pow(0) @ f a;" * 100
        + "} e q;",
        "gate g a { inv @ h a; } pow(1e7) @ g q[0];",
        "gate e a { } pow(1e18) @ e q;",
        "input array[float, 1000000] a; input float b;",
        "gate g a { }" + "".join(f"input array[float, 400000] a{k};" for k in range(3)),
    ],
)
def test_more_than_fits_is_refused(text: str) -> None:
    message = error_of(HEAD[3] + text).message
    assert "too much to expand" in message or "more than 1,000,000" in message


@pytest.mark.parametrize(
    "text",
    [
        "gate g a, b {" + "cx a, b; u3(1, 2, 3) a;" * 20_000 + "}",
        "".join(f"gate g{k} a {{ h a; }}" for k in range(20_000)),
        "rx(" + "1+" * 100_000 + "1) q[0];",
        "rx(" + "-" * 100_000 + "1) q[0];",
        "cx " + "q[0], " * 100_000 + "q[1];",
        "".join(f"const int c{k} = {k};" for k in range(20_000)),
        "barrier q[0];" * 100_000,
        "bit[3] c;" + "c[0] = measure q[0];" * 50_000,
        "gate e a { }" + "e q[0];" * 100_000,
        "@a\n" * 50_000,
        "inv @ " * 50_000 + "h q[0];",
        "input array[float, 300] w;"
        + ("rx(" + "+".join(f"w[{k}]" for k in range(300)) + ") q;") * 9,
        "input array[float, 300] w; gate g(t) a {"
        + "inv @ rx(t) a;" * 1_000
        + "} g("
        + "+".join(f"w[{k}]" for k in range(300))
        + ") q[0];",
    ],
    ids=lambda text: text[:30],
)
def test_long_texts_that_make_no_gates_are_given_up(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work is counted, so that none of them is read to its end."""
    monkeypatch.setattr(making, "Budget", lambda: Budget(MAX_WORK / 20))
    error = error_of(HEAD[3] + text)
    assert "too much" in error.message or "inside" in error.message
    assert error.line > 4 or error.column < len(text)


def test_comments_of_any_length_are_skipped() -> None:
    for comment in ("/**/" * 10**6, "//\n" * 10**6, "/*" + "*" * 10**7 + "*/", " \n" * 10**7):
        assert len(Circuit.from_qasm(f"{HEAD[3]}{comment}h q;").operations) == 3
    for comment in ("/* " * 10**6, "/*" + "*" * 10**7):
        assert "comment that isn't closed" in error_of(HEAD[3] + comment).message


def test_broadcasts_count_as_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (making, fast):
        monkeypatch.setattr(module, "MAX_OPERATIONS", 12)
    assert len(Circuit.from_qasm(HEAD[2] + "h q;" * 4).operations) == 12
    error = error_of(HEAD[2] + "h q;" * 5)
    assert (error.line, error.column) == (4, 17)
    assert "more than 12 gates" in error.message


def test_errors_are_circuit_errors_and_can_be_pickled() -> None:
    error = error_of("OPENQASM 2.0;\nqreg q[x];")
    assert isinstance(error, CircuitError)
    assert isinstance(error, ValueError)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.line, copy.column) == (str(error), error.line, error.column)


def test_long_words_are_shortened() -> None:
    assert len(error_of("a" * 10**6).message) < 200
