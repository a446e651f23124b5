"""Parts that statements are made of: words, names, sizes, types, operands."""

from __future__ import annotations

from . import syntax
from .formulas import TYPES, read_expression, read_list, unexpected
from .syntax import Expression, Index, Operand, Type
from .tokens import Token, Tokens

__all__ = ["NO_CONTROL", "RESERVED", "UNSUPPORTED", "Parts"]

NO_CONTROL = (
    "A circuit here has no control flow but `for` and `if` on constants: unroll it, or decide "
    "before it's written"
)
_VALUES = "Give numbers in place, as `const`, or as `input float`"
UNSUPPORTED: dict[str, str] = {
    **dict.fromkeys(("while", "switch", "break", "continue"), NO_CONTROL),
    **dict.fromkeys(("def", "extern", "return", "end", "else"), NO_CONTROL),
    **dict.fromkeys(("cal", "defcal", "defcalgrammar"), "Leave calibrations out"),
    **dict.fromkeys(("duration", "stretch"), "Leave timing out"),
    **dict.fromkeys(("float", "angle", "int", "uint", "bool", "complex", "array"), _VALUES),
    "output": "Results are expectation values: leave it out",
}
_OF_BOTH = frozenset(
    ["OPENQASM", "include", "qreg", "creg", "gate", "opaque", "barrier", "measure", "reset", "if"]
)
_OF_3 = frozenset(
    ["qubit", "bit", "const", "input", "let", "for", "in", "box", "delay", "gphase", "pragma"]
)
RESERVED = {2: _OF_BOTH, 3: _OF_BOTH | _OF_3 | UNSUPPORTED.keys()}


class Parts:
    """Takes words from `tokens`, whose `version` says what they mean."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def _take(self, *kinds: str) -> Token:
        token = self.tokens.peek()
        if token.kind not in kinds:
            raise unexpected(token, self.tokens, *map(repr, kinds))
        return self.tokens.take()

    def _takes(self, kind: str) -> bool:
        """Whether the next token is of that kind; it's taken then."""
        if self.tokens.peek().kind == kind:
            self.tokens.take()
            return True
        return False

    def _name(self, *others: str) -> Token:
        token = self.tokens.peek()
        if token.kind != "NAME" or token in RESERVED[self.tokens.version]:
            raise unexpected(token, self.tokens, *others, "a name")
        return self.tokens.take()

    def _names(self, end: str, *others: str) -> tuple[Token, ...]:
        """Names up to `end`, which stays; a comma may end the list."""
        names = [self._name(*others)]
        while self.tokens.peek().kind != end:
            if not self._takes(","):
                raise unexpected(self.tokens.peek(), self.tokens, "','", repr(end))
            if self.tokens.peek().kind != end:
                names.append(self._name())
        return tuple(names)

    def _word(self, word: str) -> None:
        token = self.tokens.peek()
        if token != word:
            raise unexpected(token, self.tokens, repr(word))
        self.tokens.take()

    def _size(self) -> Expression | None:
        """What stands in square brackets, if there are any."""
        if not self._takes("["):
            return None
        size = read_expression(self.tokens, "]")
        self.tokens.take()
        return size

    def _type(self) -> Type:
        token = self.tokens.peek()
        if token not in TYPES:
            raise unexpected(token, self.tokens, "bit", "bool", "float", "angle", "int", "uint")
        self.tokens.take()
        return Type(token, self._size())

    def _operands(self, *others: str) -> tuple[Operand, ...]:
        """Operands up to the semicolon, which is taken; a comma may end the list."""
        operands = [self._operand(*others)]
        while not self._takes(";"):
            if not self._takes(","):
                raise unexpected(self.tokens.peek(), self.tokens, "','", "';'")
            if self.tokens.peek().kind != ";":
                operands.append(self._operand())
        return tuple(operands)

    def _operand(self, *others: str) -> Operand:
        if self.tokens.peek().kind == "PHYSICAL":
            return Operand(self.tokens.take(), None)
        name = self._name(*others)
        return Operand(name, self._index() if self.tokens.peek().kind == "[" else None)

    def _index(self) -> Index:
        self._take("[")
        if self.tokens.version == 3 and self._takes("{"):
            chosen = read_list(self.tokens, "}")
            self._take("]")
            return chosen
        return self._range("]")

    def _range(self, end: str) -> Index:
        """An expression, or two or three with colons between them; `end` is taken."""
        ends = (":", end) if self.tokens.version == 3 else (end,)
        parts: list[Expression | None] = []
        while True:
            at_end = self.tokens.peek().kind in ends and self.tokens.version == 3
            if at_end and (parts or self.tokens.peek().kind == ":"):
                parts.append(None)
            else:
                parts.append(read_expression(self.tokens, *ends))
            token = self.tokens.take()
            if token.kind == end:
                break
            if len(parts) == 3:
                raise unexpected(token, self.tokens, repr(end))
        first, *rest = parts
        if not rest:
            assert first is not None
            return first
        return syntax.Slice(first, rest[0] if len(rest) == 2 else None, rest[-1])
