"""Statements of an OpenQASM text, one after the other.

A parser for each kind of statement, chosen by its first word; what follows a word is checked where
it stands, so that an error points there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from ...errors import QasmError
from . import syntax
from .declarations import Declarations
from .formulas import read_expression, read_list, unexpected
from .parts import NO_CONTROL, RESERVED, UNSUPPORTED
from .patterns import CALL_IN_BODY, NAME, NUMBER
from .syntax import Expression, Modifier, Operand, Statement
from .tokens import Token, Tokens, error_at, make_token, shown

__all__ = ["MAX_CHARACTERS", "NO_CONTROL", "ONLY_3", "Parser", "check_length", "of_3"]

MAX_CHARACTERS = 2**25  # a million gates with angles of 17 digits fit
MAX_BLOCKS = 50  # one inside the other

ONLY_3 = frozenset(
    ["qubit", "bit", "input", "const", "ctrl", "negctrl", "inv", "gphase", "let", "for"]
)
_MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})
_GLOBAL = frozenset({"include", "qreg", "creg", "gate", "opaque", "qubit", "bit", "input", "let"})
_ANNOTATION = re.compile(r"@[^\W\d][^\n]*+")
_PRAGMA = re.compile(r"#?pragma\b[^\n]*+")
_UNSAFE_PRAGMA = re.compile(r"#?pragma\s+braket\s+(unitary|noise)\b")


def check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise QasmError(
            f"a text of {len(text):,} characters; at most {MAX_CHARACTERS:,} wanted. Write gates "
            "that repeat as a gate definition.",
            1,
            1,
        )


def of_3(word: Token) -> QasmError:
    return error_at(
        word, f"got {shown(word)}, which is of OpenQASM 3. Change the header to OPENQASM 3.0;"
    )


class Parser(Declarations):
    """Reads statements from `tokens`, whose `version` the header decides."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self.depth = 0
        self._kinds: dict[str, Callable[[Token], Statement]] = {
            "include": self.read_include,
            "qreg": self.read_old_qubits,
            "creg": self.read_old_bits,
            "gate": self._gate,
            "opaque": self._gate,
            "barrier": self._barrier,
            "measure": self._measurement,
            "reset": self._reset,
        }
        self._kinds_of_3: dict[str, Callable[[Token], Statement]] = {
            "qubit": self.read_qubits,
            "bit": self.read_bits,
            "const": self.read_constant,
            "input": self.read_input,
            "let": self.read_alias,
            "for": self._loop,
            "if": self._branch,
            "box": self._box,
            "delay": self._delay,
            "nop": self._barrier,
        }

    # statements

    def header(self) -> syntax.Header | None:
        """The header, if there is one; the version is 2 or 3 from here on."""
        token = self.tokens.peek()
        if token.kind == "END":
            raise QasmError(
                'got an empty text. Begin with "OPENQASM 2.0;" or "OPENQASM 3.0;".', 1, 1
            )
        if token != "OPENQASM":
            return None
        self.tokens.take()
        version = self.tokens.peek()
        if version.kind not in ("INT", "FLOAT"):
            raise unexpected(version, self.tokens, "a number")
        if not re.fullmatch(r"2(\.0)?|3(\.\d)?", version):
            raise error_at(
                version,
                f"OpenQASM of version {shown(version)} isn't known. Begin with "
                '"OPENQASM 2.0;" or "OPENQASM 3.0;".',
            )
        self.tokens.take()
        self.tokens.version = int(version[0])
        self._take(";")
        return syntax.Header(version)

    def statement(self) -> Statement:
        """The next statement; None for an empty one, and for what says nothing of states."""
        token = self.tokens.peek()
        version = self.tokens.version
        if token.kind == ";":
            self.tokens.take()
            return None
        if version == 3 and (token.kind in ("@", "#") or token == "pragma"):
            self._annotation(token)
            return None
        if token.kind != "NAME":
            raise unexpected(token, self.tokens, "a statement")
        known = self._kinds.get(token) or (version == 3 and self._kinds_of_3.get(token))
        if known:
            if self.depth and token in _GLOBAL:
                raise error_at(
                    token, f"got {str(token)!r} inside a block. Put it before, outside of blocks."
                )
            return known(self.tokens.take())
        self._refuse(token)
        try:
            return self._application()
        except QasmError:
            if version == 2 and token in ONLY_3:
                raise of_3(token) from None
            raise

    def _refuse(self, token: Token) -> None:
        """`QasmError` for words that a circuit here has no place for."""
        version = self.tokens.version
        if version == 3 and token in UNSUPPORTED:
            raise error_at(
                token,
                f"got {str(token)!r}, which a circuit here can't hold. {UNSUPPORTED[token]}.",
            )
        if version == 2 and token == "if":
            raise error_at(token, f"got 'if', which a circuit here can't hold. {NO_CONTROL}.")
        if token == "OPENQASM":
            raise error_at(token, "a second header. The header stands once, at the start.")

    def _annotation(self, token: Token) -> None:
        """Annotations and pragmas end with their line."""
        text = self.tokens.text
        pragma = _PRAGMA.match(text, token.at)
        if pragma and _UNSAFE_PRAGMA.match(text, token.at):
            raise error_at(
                token, f"got {pragma[0][:40]!r}, which changes the state. Write gates for it."
            )
        line = pragma or _ANNOTATION.match(text, token.at)
        if line is None:
            raise unexpected(token, self.tokens, "a statement")
        self.tokens.go_to(line.end())

    def _gate(self, word: Token) -> Statement:
        name = self._name()
        parameters: tuple[Token, ...] = ()
        others = ["'('"]
        if self._takes("("):
            others = []
            if self.tokens.peek().kind != ")":
                parameters = self._names(")")
            self.tokens.take()
        if word == "opaque":
            qubits = self._names(";", *others)
            self.tokens.take()
            return syntax.GateDefinition(name, parameters, qubits, None)
        qubits = self._names("{", *others)
        self.tokens.take()
        body: list[syntax.Application | syntax.Phase | syntax.Barrier] = []
        while not self._takes("}"):
            part = self._call_in_body() or self._part_of_gate()
            if part is not None:
                body.append(part)
        return syntax.GateDefinition(name, parameters, qubits, tuple(body))

    def _call_in_body(self) -> syntax.Application | None:
        """A gate call without modifiers, by one regular expression; None for everything else."""
        tokens = self.tokens
        start = tokens.peek()
        match = CALL_IN_BODY.match(tokens.text, start.at)
        if match is None or start in RESERVED[tokens.version] or start == "nop":
            return None
        if tokens.version == 3 and (start in _MODIFIERS or RESERVED[3] & {*match[3].split()}):
            return None
        tokens.count(3, start)
        arguments: tuple[Expression, ...] = ()
        if match[2] is not None:
            if NUMBER.fullmatch(match[2]) and "e" not in match[2]:
                arguments = (float(match[2]),)
            else:
                tokens.go_to(match.start(2))
                arguments = () if tokens.peek().kind == ")" else read_list(tokens, ")")
        operands = tuple(
            [
                Operand(make_token(found[0], "NAME", tokens.text, found.start()), None)
                for found in NAME.finditer(tokens.text, match.start(3), match.end(3))
            ]
        )
        tokens.go_to(match.end())
        return syntax.Application((), start, arguments, operands)

    def _part_of_gate(self) -> syntax.Application | syntax.Phase | syntax.Barrier | None:
        token = self.tokens.peek()
        if token in ("barrier", "nop", "delay") or token.kind == ";":
            part = self.statement()
        else:
            if self.tokens.version == 3 and token in ("for", "if"):
                raise error_at(
                    token, f"got {str(token)!r} in a gate's body. Write its gates out there."
                )
            self._refuse(token)
            if token.kind != "NAME" or token in RESERVED[self.tokens.version] - {"gphase"}:
                raise unexpected(token, self.tokens, "'}'", "a gate")
            part = self._application()
        if part is None or isinstance(part, syntax.Application | syntax.Phase | syntax.Barrier):
            return part
        raise error_at(token, f"got {shown(token)} in a gate's body. Put gates there only.")

    def read_modifiers(self) -> tuple[Modifier, ...]:
        found: list[Modifier] = []
        while self.tokens.version == 3 and self.tokens.peek() in _MODIFIERS:
            kind = self.tokens.take()
            number = None
            opens = self._takes("(")
            if opens:
                number = read_expression(self.tokens, ")")
                self.tokens.take()
            if not self._takes("@"):
                token = self.tokens.peek()
                raise unexpected(token, self.tokens, *([] if opens else ["'('"]), "'@'")
            found.append(Modifier(kind, number))
        return tuple(found)

    def _application(self) -> Statement:
        modifiers = self.read_modifiers()
        name = self.tokens.peek()
        if self.tokens.version == 3 and name == "gphase":
            return self._phase(modifiers, self.tokens.take())
        name = self._name()
        arguments: tuple[Expression, ...] = ()
        follows = self.tokens.peek()
        if follows.kind == "(":
            self.tokens.take()
            if not self._takes(")"):
                arguments = read_list(self.tokens, ")")
            others: tuple[str, ...] = ()
        elif follows.kind in ("[", "=") and not modifiers:
            return self._assignment(name)
        else:
            others = ("'('", "'='", "'['") if not modifiers else ("'('",)
        return syntax.Application(modifiers, name, arguments, self._operands(*others))

    def _phase(self, modifiers: tuple[Modifier, ...], token: Token) -> Statement:
        self._take("(")
        (angle, *more) = read_list(self.tokens, ")")
        if more:
            raise error_at(token, "gphase takes 1 angle. Give just one in brackets.")
        operands: tuple[Operand, ...] = ()
        if not self._takes(";"):
            operands = self._operands("';'")
        return syntax.Phase(token, modifiers, angle, operands)

    def _assignment(self, name: Token) -> Statement:
        bits = Operand(name, self._index() if self.tokens.peek().kind == "[" else None)
        self._take("=")
        self._word("measure")
        qubits = self._operand()
        self._take(";")
        return syntax.Measurement(qubits, bits)

    def _barrier(self, _: Token) -> Statement:
        return syntax.Barrier(() if self._takes(";") else self._operands("';'"))

    def _delay(self, word: Token) -> Statement:
        self._take("[")
        while not self._takes("]"):
            token = self.tokens.peek()
            if token.kind in (";", "END", "{", "}"):
                raise unexpected(token, self.tokens, "']'")
            self.tokens.take()
        return self._barrier(word)

    def _measurement(self, _: Token) -> Statement:
        qubits = self._operand()
        bits = self._operand() if self._takes("->") else None
        if not self._takes(";"):
            raise unexpected(self.tokens.peek(), self.tokens, *([] if bits else ["'->'"]), "';'")
        return syntax.Measurement(qubits, bits)

    def _reset(self, word: Token) -> Statement:
        operand = self._operand()
        self._take(";")
        return syntax.Reset(word, operand)

    # blocks

    def _block(self, word: Token) -> syntax.Block:
        """Statements in braces, or one without."""
        self.depth += 1
        if self.depth > MAX_BLOCKS:
            raise error_at(
                self.tokens.peek(), f"more than {MAX_BLOCKS} blocks inside each other. Use fewer."
            )
        found: list[Statement] = []
        ends = [self.tokens.n_taken]
        if self._takes("{"):
            while not self._takes("}"):
                if self.tokens.peek().kind == "END":
                    raise unexpected(self.tokens.peek(), self.tokens, "'}'", "a statement")
                found.append(self.statement())
                ends.append(self.tokens.n_taken)
        else:
            found.append(self.statement())
            ends.append(self.tokens.n_taken)
        self.depth -= 1
        sizes = [end - start for start, end in pairwise(ends)]
        kept = [(part, n) for part, n in zip(found, sizes, strict=True) if part is not None]
        return syntax.Block(word, tuple(p for p, _ in kept), tuple(n for _, n in kept))

    def _box(self, word: Token) -> Statement:
        if self._takes("["):
            while not self._takes("]"):
                token = self.tokens.peek()
                if token.kind in (";", "END", "{", "}"):
                    raise unexpected(token, self.tokens, "']'")
                self.tokens.take()
        if self.tokens.peek().kind != "{":
            raise unexpected(self.tokens.peek(), self.tokens, "'['", "'{'")
        return self._block(word)

    def _loop(self, word: Token) -> Statement:
        kind = self._type()
        name = self._name()
        self._word("in")
        values: syntax.Slice | tuple[Expression, ...]
        token = self.tokens.peek()
        if self._takes("{"):
            values = read_list(self.tokens, "}")
        elif self._takes("["):
            found = self._range("]")
            if not isinstance(found, syntax.Slice) or found.start is None or found.stop is None:
                raise error_at(token, "a range without both ends. Write it as [0:3] or [0:2:8].")
            values = found
        else:
            raise unexpected(token, self.tokens, "'['", "'{'")
        return syntax.Loop(word, name, kind, values, self._block(word))

    def _branch(self, word: Token) -> Statement:
        self._take("(")
        condition = read_expression(self.tokens, ")")
        self.tokens.take()
        body = self._block(word)
        otherwise = syntax.Block(word, (), ())
        if self.tokens.peek() == "else":
            self.tokens.take()
            otherwise = self._block(word)
        return syntax.Branch(word, condition, body, otherwise)
