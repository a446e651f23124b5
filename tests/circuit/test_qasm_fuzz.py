"""Anything at all as OpenQASM: a circuit or a `QasmError`, soon."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.qasm import fast, grammar
from tnqlstm.errors import QasmError

from .. import reference

PROGRAMS = [
    """OPENQASM 2.0;
include "qelib1.inc";
// a comment
gate pair(theta, phi) a, b { rx(theta/2) a; cx a, b; u3(phi, -theta, pi) b; barrier a, b; }
gate twice(t) a, b { pair(t, 0.5) a, b; pair(-t, 2^0.5) b, a; }
opaque unknown(t) a;
qreg q[3];
qreg r[2];
creg c[3];
h q;
twice(sin(0.3)*2) q[0], r[1];
ccx q[0], q[1], q[2];
cu3(0.1, 0.2, 0.3) q[0], r[0];
measure q -> c;
""",
    """OPENQASM 3.0;
include "stdgates.inc";
/* a longer
   comment */
const int n = 2;
const float[64] angle_of = π / 4;
input float[64] theta;
input array[float[64], 3] w;
input angle x0;
qubit[n + 1] q;
bit[3] c;
gate g(a) b, c { inv @ s b; ctrl @ x b, c; pow(2) @ rx(a * 2) c; gphase(a); }
g(angle_of) q[0], q[1];
negctrl @ ctrl @ x q[0], q[1], q[2];
rz(arctan(x0 * x0)) q[-1];
cp(w[2]) q[0], q[2];
ry(theta) q;
pow(0.5) @ z q[0];
c = measure q;
""",
    """include "stdgates.inc";
#pragma of no meaning
const angle[8] a = pi / 3;
qubit[4] q;
let r = q[0:2] ++ q[3];
reset q[2];
bit[2] b = "10";
@an.annotation
for int i in [0:2:2] { ctrl @ U(a, 0x1f, mod(i, 2)) r[i], r[{3}]; if (i > 1) { h q; } }
pow(0.5) @ cx q[0], q[1],;
delay[10ns] q[1];
ctrl @ gphase(pi) q[0];
input float w; rz(2*w + 1) q[0];
""",
    """OPENQASM 3;
include "stdgates.inc";
h $3; cx $3, $1; rz(0.25) $1;
box { x $0; }
""",
    Circuit.to_qasm(reference.random_circuit(np.random.default_rng(3))),
]


def words(text: str) -> list[str]:
    return text.split()


WORDS = [
    *words("OPENQASM include qreg creg qubit bit gate opaque measure barrier input const array"),
    *words("float int angle ctrl inv pow negctrl gphase if for while def reset let x x0 q q r c"),
    *words('in else box delay bool uint #pragma @a ++ : $0 $1 0x1f 0b1 "10" true % << && !'),
    *words("h cx rx u3 ccx swap pi sin arctan 0 1 2 3 2.0 3.0 1e9 1e-3 99999999999999999999"),
    *words('; ; ; , ( ) [ ] { } @ -> = + - * / ** ^ == "qelib1.inc" "stdgates.inc" // /* */'),
    "\n",
]
EXPRESSION_WORDS = words(
    "1 2 0 0.5 1e300 pi x - + * / ^ ** ( ) sin( exp( ln( q n 1_ .5 2._e3 _ 0x1 arctan( x*x w[ ] w "
    "mod( , pow( % << & ! == angle( int( floor( -w 2*w true"
)
SOON = settings(
    max_examples=150,
    deadline=timedelta(seconds=5),
    suppress_health_check=[HealthCheck.too_slow],
)


def read(text: str | bytes) -> Circuit | QasmError:
    """The circuit, or the error, which points into the text; anything else goes up."""
    try:
        return Circuit.from_qasm(text)
    except QasmError as caught:
        error = caught
    lines = text.count(b"\n" if isinstance(text, bytes) else "\n") + 1
    assert 1 <= error.line <= lines
    assert error.column >= 1
    return error


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_programs_are_right(text: str) -> None:
    assert Circuit.from_qasm(text).operations


@SOON
@given(st.binary(max_size=300))
def test_bytes(data: bytes) -> None:
    assert isinstance(read(data), QasmError)


@SOON
@given(st.text(max_size=300))
def test_text(text: str) -> None:
    assert isinstance(read(text), QasmError)


@SOON
@given(head=st.sampled_from(["OPENQASM 2.0;", "OPENQASM 3;"]), data=st.binary(max_size=200))
def test_bytes_after_a_header(head: str, data: bytes) -> None:
    read(head.encode() + data)


@SOON
@given(program=st.sampled_from(PROGRAMS), data=st.data())
def test_truncated_programs(program: str, data: st.DataObject) -> None:
    read(program[: data.draw(st.integers(0, len(program)))])
    read(program.encode()[: data.draw(st.integers(0, len(program.encode())))])


@SOON
@given(program=st.sampled_from(PROGRAMS), seed=st.integers(0, 10**9), n_changes=st.integers(1, 6))
def test_changed_characters(program: str, seed: int, n_changes: int) -> None:
    rng = random.Random(seed)
    for _ in range(n_changes):
        at = rng.randrange(len(program))
        new = rng.choice(["", chr(rng.randrange(0x250)), rng.choice(program), program[at] * 3])
        program = program[:at] + new + program[at + 1 :]
    read(program)


@SOON
@given(program=st.sampled_from(PROGRAMS), seed=st.integers(0, 10**9), n_changes=st.integers(1, 6))
def test_changed_words(program: str, seed: int, n_changes: int) -> None:
    rng = random.Random(seed)
    words = program.split(" ")
    for _ in range(n_changes):
        at = rng.randrange(len(words))
        change = rng.randrange(4)
        if change == 0:
            words[at] = rng.choice(WORDS)
        elif change == 1:
            words.insert(at, rng.choice(words))
        elif change == 2:
            del words[at]
        else:
            other = rng.randrange(len(words))
            words[at], words[other] = words[other], words[at]
    read(" ".join(words))


@SOON
@given(program=st.sampled_from(PROGRAMS), seed=st.integers(0, 10**9))
def test_shuffled_lines(program: str, seed: int) -> None:
    head, *lines = program.splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    read(head + "".join(lines))


@SOON
@given(
    head=st.sampled_from(
        ["OPENQASM 2.0; qreg q[4];", 'OPENQASM 3; include "stdgates.inc"; qubit[4] q;', ""]
    ),
    words=st.lists(st.sampled_from(WORDS), max_size=40),
)
def test_word_salad(head: str, words: list[str]) -> None:
    read(f"{head} {' '.join(words)}")


@SOON
@given(
    head=st.sampled_from(
        [
            "OPENQASM 2.0; qreg q[2];",
            "OPENQASM 3; input float x; input array[float, 3] w; qubit[2] q;",
        ]
    ),
    words=st.lists(
        st.sampled_from(EXPRESSION_WORDS),
        min_size=1,
        max_size=12,
    ),
)
def test_expression_salad(head: str, words: list[str]) -> None:
    read(f"{head} U({' '.join(words)}, 0, 0) q[0];")


def operations_or_place(text: str) -> object:
    found = read(text)
    if isinstance(found, QasmError):
        return found.message, found.line, found.column
    return found, [repr(op.angle) for op in found.operations]


@SOON
@given(program=st.sampled_from(PROGRAMS), seed=st.integers(0, 10**9), n_changes=st.integers(0, 4))
def test_the_short_way_reads_as_the_grammar_does(program: str, seed: int, n_changes: int) -> None:
    """Operations, or the error and its place, without the regular expressions for common calls."""
    rng = random.Random(seed)
    heads = ["h {}", "cx {}, {}", "rz(-{:.3f}/2) {}", "u3(pi*{:.2f}, 1, -.5) {}", "g(0.3) {}, {}"]
    heads += [
        "ccx {},{}, {}",
        "rx(w[{:.0f}]) {}",
        "crz( 2*{:.1f} ) {} , {}",
        "barrier {}, {}",
        "x {}",
        "ctrl @ rx({:.2f}) {}, {}",
        "inv @ s {}",
        "negctrl @ pow(2) @ g(1) {}, {}",
    ]
    for _ in range(rng.randrange(8)):
        call = rng.choice(heads)
        values = [rng.random() * 3] if ":" in call else []
        qubits = [rng.choice(["q[0]", "q[1]", "q [2]", "q", "q[7]", "r[0]", "$1"]) for _ in "123"]
        program += call.format(*values, *qubits) + rng.choice([";", " ;", ";\n", "", " // ;\n;"])
    for _ in range(n_changes):
        at = rng.randrange(len(program))
        program = program[:at] + rng.choice(["", rng.choice(program)]) + program[at + 1 :]
    quick = operations_or_place(program)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast.Calls, "read", lambda self, at: None)
        patch.setattr(grammar.Parser, "_call_in_body", lambda self: None)
        slow = operations_or_place(program)
    assert quick == slow


@SOON
@given(
    unit=st.sampled_from(
        [*"([{}])-;,@ \n/\"'x0.", "/*", "//", "gate g a {", "rx(", "ctrl @ ", "1+"]
    ),
    head=st.sampled_from(["", "OPENQASM 2.0;", "OPENQASM 3; qubit q; ", "OPENQASM 3; qubit q; U("]),
    n=st.sampled_from([10, 1_000, 10_000]),
)
def test_the_same_again_and_again(head: str, unit: str, n: int) -> None:
    read(head + unit * n)
