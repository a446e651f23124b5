"""Statements of an OpenQASM text, one after the other, by an LALR grammar.

The parser is fed token by token and starts anew at each statement, so that memory follows the
longest statement and an error is found where it stands. Nothing recurses: parentheses nested a
hundred thousand deep cost a list of that length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from ...errors import QasmError
from . import syntax
from .syntax import Expression, Node, Operand, Statement, error_at

__all__ = ["MAX_CHARACTERS", "end_of", "statements"]

MAX_CHARACTERS = 2**25  # a million gates with angles of 17 digits fit
MAX_NESTING = 200_000  # open brackets

_GRAMMAR = r"""
start: header | include | qubits | bits | constant | input | gate | opaque | application
    | phase | barrier | measurement | empty

header: "OPENQASM" (FLOAT | INT) _SEMICOLON
include: "include" STRING _SEMICOLON
qubits: "qreg" NAME "[" expression "]" _SEMICOLON       -> old_qubits
    | "qubit" ["[" expression "]"] NAME _SEMICOLON
bits: "creg" NAME "[" expression "]" _SEMICOLON         -> old_bits
    | "bit" ["[" expression "]"] NAME ["=" "measure" operand] _SEMICOLON
constant: "const" type NAME "=" expression _SEMICOLON
input: "input" type NAME _SEMICOLON                     -> scalar_input
    | "input" "array" "[" type "," expression "]" NAME _SEMICOLON
type: TYPE ["[" expression "]"]
gate: "gate" NAME parameters names "{" (application | phase | barrier)* "}"
opaque: "opaque" NAME parameters names _SEMICOLON
parameters: ["(" [names] ")"]
names: NAME ("," NAME)*
application: [modifiers] NAME arguments operands _SEMICOLON
phase: [modifiers] GPHASE "(" expression ")" [operands] _SEMICOLON
modifiers: modifier+
modifier: (CTRL | NEGCTRL | INV | POW) ["(" expression ")"] "@"
arguments: ["(" [expressions] ")"]
expressions: expression ("," expression)*
barrier: "barrier" [operands] _SEMICOLON
measurement: "measure" operand ["->" operand] _SEMICOLON
    | operand "=" "measure" operand _SEMICOLON          -> assignment
operands: operand ("," operand)*
operand: NAME ["[" expression "]"]
empty: _SEMICOLON

?expression: product | expression (PLUS | MINUS) product         -> binary
?product: factor | product (STAR | SLASH) factor                 -> binary
?factor: power | MINUS factor                                    -> negative
    | PLUS factor                                                -> positive
?power: atom | atom POWER factor                                 -> binary
?atom: INT -> whole | FLOAT -> real | NAME -> name
    | NAME "[" expression "]"                                    -> index
    | NAME "(" expression ")"                                    -> call
    | "(" expression ")"

TYPE.1: /(float|angle|int|uint)\b/
GPHASE: "gphase"
CTRL: "ctrl"
NEGCTRL: "negctrl"
INV: "inv"
POW: "pow"
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/"
POWER: "**" | "^"
_SEMICOLON: /;[;\s]*/
NAME: /[^\W\d]\w*/
FLOAT.2: /([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][+-]?[0-9]+)?|[0-9][0-9_]*[eE][+-]?[0-9]+/
INT: /[0-9][0-9_]*/
STRING: /"[^"\n]*"|'[^'\n]*'/
IGNORED: /([ \t\f\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/
%ignore IGNORED
"""

# words that are names in OpenQASM 2
_WORDS_OF_3 = frozenset(
    {"QUBIT", "BIT", "CONST", "INPUT", "ARRAY", "TYPE", "GPHASE", "CTRL", "NEGCTRL", "INV", "POW"}
)
_NO_CONTROL = "A circuit here has no control flow: unroll it, or decide before it's written"
_MOVE = "Qubits start in |0…0⟩ and are measured at the end only: use another qubit, or leave it out"
_VALUES = "Give numbers in place, as `const`, or as `input float`"
_UNSUPPORTED: dict[str, str] = {
    **dict.fromkeys(("if", "else", "for", "while", "switch", "break", "continue"), _NO_CONTROL),
    **dict.fromkeys(("def", "extern", "return", "end"), _NO_CONTROL),
    **dict.fromkeys(("cal", "defcal", "defcalgrammar"), "Leave calibrations out"),
    **dict.fromkeys(("delay", "box", "duration", "stretch"), "Leave timing out"),
    **dict.fromkeys(("float", "angle", "int", "uint", "bool", "complex", "array"), _VALUES),
    "let": "Name the qubits by their register",
    "output": "Results are expectation values: leave it out",
    "reset": _MOVE,
}
_OF_BOTH = frozenset({"if", "reset"})  # the rest are names in OpenQASM 2
_DESCRIPTIONS = {
    "_SEMICOLON": "';'",
    "NAME": "a name",
    "INT": "a whole number",
    "FLOAT": "a number",
    "STRING": "a file name in quotes",
    "TYPE": "float, angle, int or uint",
    "$END": "the end",
}


@v_args(inline=True)
class _Syntax(Transformer[Token, Any]):
    """What each rule yields; runs inside the parser, so that no tree is ever built."""

    start = empty = staticmethod(lambda *statement: statement[0] if statement else None)
    header, include = syntax.Header, syntax.Include
    operand, modifier = Operand, syntax.Modifier
    old_qubits = syntax.Qubits
    old_bits = syntax.Bits
    names = operands = expressions = modifiers = staticmethod(lambda *items: items)
    parameters = arguments = staticmethod(lambda items: items or ())
    measurement = syntax.Measurement

    def qubits(self, size: Expression | None, name: Token) -> Statement:
        return syntax.Qubits(name, size)

    def bits(self, size: Expression | None, name: Token, measured: Operand | None) -> Statement:
        return syntax.Bits(name, size, measured)

    def type(self, name: Token, width: Expression | None) -> Token:
        return name

    def constant(self, kind: Token, name: Token, value: Expression) -> Statement:
        return syntax.Constant(name, kind, value)

    def scalar_input(self, kind: Token, name: Token) -> Statement:
        return syntax.Input(name, kind, None)

    def input(self, kind: Token, length: Expression, name: Token) -> Statement:
        return syntax.Input(name, kind, length)

    def gate(self, name: Token, parameters: Any, qubits: Any, *body: Any) -> Statement:
        return syntax.GateDefinition(name, parameters, qubits, body)

    def opaque(self, name: Token, parameters: Any, qubits: Any) -> Statement:
        return syntax.GateDefinition(name, parameters, qubits, None)

    def application(self, modifiers: Any, name: Token, arguments: Any, operands: Any) -> Statement:
        return syntax.Application(modifiers or (), name, arguments, operands)

    def phase(self, modifiers: Any, token: Token, angle: Expression, operands: Any) -> Statement:
        return syntax.Phase(token, modifiers or (), angle, operands or ())

    def barrier(self, operands: Any) -> Statement:
        return syntax.Barrier(operands or ())

    def assignment(self, bits: Operand, qubits: Operand) -> Statement:
        return syntax.Measurement(qubits, bits)

    def whole(self, token: Token) -> int | float:
        value = self.real(token)
        return int(value) if value < 2**53 else value

    def real(self, token: Token) -> float:
        try:
            value = float(token)
        except ValueError:
            raise error_at(
                token, f"got {_shown(token)}, no number. A _ stands between two digits only."
            ) from None
        if value == float("inf"):
            raise error_at(token, f"{_shown(token)} is too large a number. Make it smaller.")
        return value

    def name(self, token: Token) -> Node:
        return Node("name", token, (), 1)

    def positive(self, sign: Token, value: Expression) -> Expression:
        return value

    def negative(self, sign: Token, value: Expression) -> Expression:
        return -value if isinstance(value, int | float) else _node("negative", sign, value)

    def binary(self, left: Expression, operator: Token, right: Expression) -> Node:
        return _node("**" if operator == "^" else str(operator), operator, left, right)

    def index(self, token: Token, index: Expression) -> Node:
        return _node("index", token, index)

    def call(self, token: Token, argument: Expression) -> Node:
        return _node("call", token, argument)


def _node(kind: str, token: Token, *operands: Expression) -> Node:
    below = sum(e.size if isinstance(e, Node) else 1 for e in operands)
    return Node(kind, token, operands, below + 1)


@cache
def _parser() -> Lark:
    return Lark(
        _GRAMMAR, parser="lalr", lexer="basic", transformer=_Syntax(), maybe_placeholders=True
    )


def statements(text: str) -> Iterator[Statement]:
    """The statements of an OpenQASM 2 or 3 text in order, the header first.

    Raises `QasmError` at the place where the text stops being OpenQASM of its version, or uses
    what a circuit here has no place for.
    """
    if len(text) > MAX_CHARACTERS:
        raise QasmError(
            f"a text of {len(text):,} characters; at most {MAX_CHARACTERS:,} wanted. Write gates "
            "that repeat as a gate definition.",
            1,
            1,
        )
    for part, version in _statement_tokens(text):
        yield _parse(part, version, text)


def _statement_tokens(text: str) -> Iterator[tuple[list[Token], int]]:
    """The tokens of each statement, with the version; the last one may lack its end."""
    part: list[Token] = []
    version = braces = nesting = 0
    starts = True
    try:
        for token in _parser().lex(text):
            part.append(token)
            kind = token.type
            if starts and version:
                _refuse_unsupported(token, version)
            starts = kind in ("_SEMICOLON", "LBRACE", "RBRACE")
            if kind in ("LPAR", "LSQB", "LBRACE"):
                nesting += 1
                braces += kind == "LBRACE"
                if nesting > MAX_NESTING:
                    raise error_at(token, f"more than {MAX_NESTING:,} open brackets. Close some.")
            elif kind in ("RPAR", "RSQB", "RBRACE"):
                nesting -= 1
                braces -= kind == "RBRACE"
            if starts and braces <= 0 and kind != "LBRACE":
                version = version or _version(part)
                yield part, version
                part, braces, nesting = [], 0, 0
    except UnexpectedCharacters as error:
        raise _unreadable(text, error) from None
    if part or not version:
        yield part, version or _version(part)


def _unreadable(text: str, error: UnexpectedCharacters) -> QasmError:
    at = error.pos_in_stream or 0
    message = f"got {text[at]!r}, which no OpenQASM text has here. Remove it."
    if text[at] in "\"'":
        message = "got a file name whose quote isn't closed on its line. Close it."
    elif text[at] == "$":
        message = "got a physical qubit. Declare qubits as a register, such as qubit[5] q;"
    return QasmError(message, error.line, error.column)


def _version(part: list[Token]) -> int:
    """2 or 3, from the first statement."""
    remedy = 'Begin with "OPENQASM 2.0;" or "OPENQASM 3.0;".'
    if not part:
        raise QasmError(f"got an empty text. {remedy}", 1, 1)
    if part[0].type != "OPENQASM":
        raise error_at(part[0], f"got {_shown(part[0])}, wanted the header. {remedy}")
    if len(part) < 2 or part[1].type not in ("INT", "FLOAT"):
        return 3  # the parser says what's wrong
    if not re.fullmatch(r"2\.0|3(\.[01])?", part[1]):
        raise error_at(part[1], f"OpenQASM of version {_shown(part[1])} isn't known. {remedy}")
    return int(part[1][0])


def _parse(part: list[Token], version: int, text: str) -> Statement:
    state = _parser().parse_interactive()
    try:
        for token in part:
            kind = token.type
            if kind in _WORDS_OF_3 and version == 2:
                token = Token.new_borrow_pos("NAME", token, token)
            elif kind == "POWER" and (token == "^") != (version == 2):
                wanted = "^" if version == 2 else "**"
                raise error_at(token, f"got {token}; OpenQASM {version} writes powers as {wanted}.")
            state.feed_token(token)
        return state.feed_eof(part[-1])
    except UnexpectedToken as error:
        raise _unexpected(error.token, state.accepts(), part, version, text) from None


def _refuse_unsupported(token: Token, version: int) -> None:
    remedy = _UNSUPPORTED.get(token)
    if remedy is not None and (version == 3 or token in _OF_BOTH):
        raise error_at(token, f"got {token.value!r}, which a circuit here can't hold. {remedy}.")


def _unexpected(
    token: Token, expected: set[str], part: list[Token], version: int, text: str
) -> QasmError:
    got, line, column = _shown(token), token.line or 1, token.column or 1
    if token.type == "$END":
        got, (line, column) = "the end of the text", end_of(text)
    elif token == "/" and text.startswith("/*", token.start_pos or 0):
        return QasmError("got a comment that isn't closed. Close it with */.", line, column)
    remedy = ""
    expected = expected - (_WORDS_OF_3 if version == 2 else set())
    if version == 2 and part[0] in ("qubit", "bit", "input", "const", "ctrl", "inv", "gphase"):
        return error_at(
            part[0],
            f"got {_shown(part[0])}, which is of OpenQASM 3. Change the header to OPENQASM 3.0;",
        )
    if token.type == "OPENQASM":
        remedy = " The header stands once, at the start."
    elif "_SEMICOLON" in expected:
        remedy = " Is a ; missing before it?"
    return QasmError(f"got {got}, wanted {_wanted(expected)}.{remedy}", line, column)


def _wanted(expected: set[str]) -> str:
    if "GATE" in expected:
        return "a statement"
    if expected & {"STAR", "PLUS"} and expected & {"_SEMICOLON", "RPAR", "RSQB", "COMMA"}:
        expected = expected - {"STAR", "PLUS", "MINUS", "SLASH", "POWER"} | {"OPERATOR"}
    elif {"INT", "NAME", "LPAR"} <= expected:
        expected = expected - {"INT", "FLOAT", "NAME", "LPAR", "PLUS", "MINUS"} | {"EXPRESSION"}
    patterns = {
        t.name: f"{t.pattern.value!r}" for t in _parser().terminals if t.pattern.type == "str"
    }
    names = {"OPERATOR": "an operator", "EXPRESSION": "a number or expression", **_DESCRIPTIONS}
    return " or ".join(sorted(names.get(kind) or patterns.get(kind, kind) for kind in expected))


def _shown(token: Token) -> str:
    if token.type == "_SEMICOLON":  # swallows the blanks and semicolons after it
        return "';'"
    return repr(token.value if len(token) <= 30 else f"{token[:30]}…")


def end_of(text: str) -> tuple[int, int]:
    """Line and column just after the last character that isn't blank."""
    text = text.rstrip()
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
