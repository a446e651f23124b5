"""The gates that texts may use without defining them.

Nothing is read from disk: `include "qelib1.inc"` and `include "stdgates.inc"` name these tables.
Gates beyond `GATES` are products, written here in OpenQASM.
"""

from __future__ import annotations

__all__ = [
    "BASES",
    "BUILT_IN",
    "CONTROLLED",
    "CONTROLLING",
    "INCLUDES",
    "NATIVE",
    "PRODUCTS",
    "WRITTEN",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# OpenQASM name -> the gate's name in `GATES`
NATIVE: dict[str, str] = {
    **{name.lower(): name for name in ("H", "X", "Y", "Z", "S", "SDG", "T", "TDG", "SX", "SXDG")},
    **{name.lower(): name for name in ("RX", "RY", "RZ", "P", "CX", "CY", "CZ", "CS", "SWAP")},
    **{name.lower(): name for name in ("ISWAP", "CP", "CRX", "CRY", "CRZ", "RXX", "RYY", "RZZ")},
    "id": "I",
    "u1": "P",
    "phase": "P",
    "CX": "CX",
    "cu1": "CP",
    "cphase": "CP",
}

# Up to a global phase, which no expectation value sees. u3 = P(φ) RY(θ) P(λ) after OpenQASM 2
# (arXiv 1707.03429, table 1); cu after stdgates.inc; ccz and its like by the parity phases of
# Barenco et al., Phys. Rev. A 52, 3457 (1995), section 7.1; rccx and rc3x (Toffolis up to relative
# phases) as in qelib1.inc, after Maslov, arXiv 1508.03273. Names with _ are for use in here only.
PRODUCTS = """
gate u0(gamma) q { id q; }
gate u2(phi, lambda) q { p(lambda) q; ry(pi/2) q; p(phi) q; }
gate u3(theta, phi, lambda) q { p(lambda) q; ry(theta) q; p(phi) q; }
gate u(theta, phi, lambda) q { p(lambda) q; ry(theta) q; p(phi) q; }
gate U(theta, phi, lambda) q { p(lambda) q; ry(theta) q; p(phi) q; }
gate cu3(theta, phi, lambda) c, t { cp(lambda) c, t; cry(theta) c, t; cp(phi) c, t; }
gate cu(theta, phi, lambda, gamma) c, t {
  p(gamma) c; cp(lambda) c, t; cry(theta) c, t; cp(phi) c, t;
}
gate rzx(theta) a, b { h b; rzz(theta) a, b; h b; }
gate dcx a, b { cx a, b; cx b, a; }
gate ch c, t { ry(-pi/4) t; cz c, t; ry(pi/4) t; }
gate csdg c, t { cp(-pi/2) c, t; }
gate _ci c, t { id t; }
gate _ct c, t { cp(pi/4) c, t; }
gate _ctdg c, t { cp(-pi/4) c, t; }
gate csx c, t { h t; cs c, t; h t; }
gate _csxdg c, t { h t; csdg c, t; h t; }
gate _ccp(theta) a, b, c {
  cp(theta/2) b, c; cx a, b; cp(-theta/2) b, c; cx a, b; cp(theta/2) a, c;
}
gate ccz a, b, c { cs b, c; cx a, b; csdg b, c; cx a, b; cs a, c; }
gate ccx a, b, c { h c; ccz a, b, c; h c; }
gate cswap a, b, c { cx c, b; ccx a, b, c; cx c, b; }
gate _c3p(theta) a, b, c, d {
  cp(theta/4) a, d; cx a, b; cp(-theta/4) b, d; cx a, b; cp(theta/4) b, d;
  cx b, c; cp(-theta/4) c, d; cx a, c; cp(theta/4) c, d;
  cx b, c; cp(-theta/4) c, d; cx a, c; cp(theta/4) c, d;
}
gate c3x a, b, c, d { h d; _c3p(pi) a, b, c, d; h d; }
gate c3sqrtx a, b, c, d { h d; _c3p(pi/2) a, b, c, d; h d; }
gate c4x a, b, c, d, e {
  h e; cs d, e; c3x a, b, c, d; csdg d, e; c3x a, b, c, d; _c3p(pi/2) a, b, c, e; h e;
}
gate rccx a, b, c {
  h c; t c; cx b, c; tdg c; cx a, c; t c; cx b, c; tdg c; h c;
}
gate rc3x a, b, c, d {
  h d; t d; cx c, d; tdg d; h d; cx a, d; t d; cx b, d; tdg d; cx a, d; t d; cx b, d; tdg d;
  h d; t d; cx c, d; tdg d; h d;
}
"""

BUILT_IN: dict[int, frozenset[str]] = {2: frozenset({"U", "CX"}), 3: frozenset({"U"})}

# What the include files hold after arXiv 1707.03429 and the OpenQASM 3 specification. The other
# names above come along with them, because tools write them without a definition; but these may be
# defined anew, the names listed here may not.
INCLUDES: dict[str, frozenset[str]] = {
    "qelib1.inc": _words(
        "u3 u2 u1 cx id x y z h s sdg t tdg rx ry rz cz cy ch ccx crz cu1 cu3",
    ),
    "stdgates.inc": _words(
        "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX phase "
        "cphase id u1 u2 u3",
    ),
}

# (gate, number of controls) -> the product or native gate that it is
CONTROLLED: dict[tuple[str, int], str] = {
    **{("X", n): name for n, name in enumerate(("cx", "ccx", "c3x", "c4x"), 1)},
    **{("P", n): name for n, name in enumerate(("cp", "_ccp", "_c3p"), 1)},
    ("Z", 2): "ccz",
    **{(name, 1): f"c{name.lower()}" for name in ("H", "Y", "Z", "S", "SDG", "SX", "SWAP")},
    **{(name, 1): f"c{name.lower()}" for name in ("RX", "RY", "RZ")},
    **{(name, 1): f"_c{name.lower()}" for name in ("I", "T", "TDG", "SXDG")},
}
# two-qubit gate of `GATES` -> the gate that it controls, once
BASES: dict[str, str] = {"CX": "X", "CY": "Y", "CZ": "Z", "CS": "S", "CP": "P"}
BASES |= {"CRX": "RX", "CRY": "RY", "CRZ": "RZ"}
# product -> the gate that it controls, and how often; for modifiers
CONTROLLING: dict[str, tuple[str, int]] = {
    **{product: (gate.lower(), n) for (gate, n), product in CONTROLLED.items() if gate != "I"},
    "c3sqrtx": ("sx", 3),
    "cu3": ("u3", 1),
}

# The definitions that a text carries for gates which its include file lacks. They are
# recognised by what they do, so that writing and reading is the identity.
_IN_BOTH: dict[str, str] = {
    "SXDG": "gate sxdg a { s a; h a; s a; }",
    "ISWAP": "gate iswap a, b { s a; s b; cz a, b; cx a, b; cx b, a; cx a, b; }",
    "RXX": "gate rxx(theta) a, b { h a; h b; cx a, b; rz(theta) b; cx a, b; h b; h a; }",
    "RYY": "gate ryy(theta) a, b { sdg a; sdg b; h a; h b; cx a, b; rz(theta) b; cx a, b; "
    "h b; h a; s b; s a; }",
    "RZZ": "gate rzz(theta) a, b { cx a, b; rz(theta) b; cx a, b; }",
}
WRITTEN: dict[int, dict[str, str]] = {
    2: _IN_BOTH
    | {
        "SX": "gate sx a { sdg a; h a; sdg a; }",
        "CS": "gate cs a, b { cu1(pi/2) a, b; }",
        "SWAP": "gate swap a, b { cx a, b; cx b, a; cx a, b; }",
        "CRX": "gate crx(theta) a, b { h b; crz(theta) a, b; h b; }",
        "CRY": "gate cry(theta) a, b { ry(theta/2) b; cx a, b; ry(-theta/2) b; cx a, b; }",
    },
    3: _IN_BOTH | {"CS": "gate cs a, b { cp(pi/2) a, b; }"},
}
