"""Words of an OpenQASM text, one after the other, each with its place.

Where a token stands is an offset; line and column are counted when an error asks for them.
"""

from __future__ import annotations

import re

from ...errors import QasmError

__all__ = [
    "BLANKS",
    "Token",
    "Tokens",
    "end_of",
    "error_at",
    "make_token",
    "number_of",
    "shown",
    "too_long",
]

# Blanks and comments. All that repeats is possessive: no text makes the search start over.
_BLANKS = r"(?:[ \t\f\r\n]++|//[^\n]*+|/\*(?:[^*]++|\*++(?!/))*+\*++/)*+"
BLANKS = re.compile(_BLANKS)
_TOKEN = re.compile(
    rf"""{_BLANKS}(?:
    (?P<NAME>[^\W\d]\w*+)
    |(?P<DURATION>(?:[0-9][0-9_]*+\.?[0-9_]*+|\.[0-9]++)[ ]?(?:dt|ns|us|µs|μs|ms|s)\b)
    |(?P<BASED>0[xX][0-9a-fA-F_]++|0[bB][01_]++|0[oO][0-7_]++)
    |(?P<FLOAT>(?:[0-9][0-9_]*+\.[0-9_]*+|\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9]++)?+
        |[0-9][0-9_]*+[eE][+-]?[0-9]++)
    |(?P<INT>[0-9][0-9_]*+)
    |(?P<PHYSICAL>\$[0-9]++)
    |(?P<STRING>"[^"\n]*+"|'[^'\n]*+')
    |(?P<SIGN>->|\+\+|\*\*|==|!=|<=|>=|<<|>>|&&|\|\||[\[\](){{}};,=@:+\-*/^%<>!~&|#])
    |(?P<END>\Z)
    |(?P<OTHER>[\s\S])
    )""",
    re.VERBOSE,
)
_OF_3 = frozenset({"DURATION", "BASED"})


class Token(str):
    """A word with its kind and place; signs are their own kind."""

    __slots__ = ("at", "kind", "text")

    kind: str
    text: str  # the whole text that it stands in
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self)

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    @property
    def column(self) -> int:
        return self.at - self.text.rfind("\n", 0, self.at)


def make_token(word: str, kind: str, text: str, at: int) -> Token:
    token = Token(word)
    token.kind = kind
    token.text = text
    token.at = at
    return token


class Tokens:
    """The tokens of a text from an offset on; `at` is where the next one is looked for."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at
        self.version = 3
        self.n_taken = 0
        self.most = 10**6  # to be taken
        self.literals: list[Token] | None = None  # where a list, formulas get holes for these
        self._next: Token | None = None

    def peek(self) -> Token:
        """The next token, which stays the next one."""
        return self._next or self._read()

    def take(self) -> Token:
        token = self._next or self._read()
        self.n_taken += 1
        if self.n_taken > self.most:
            raise too_long(token)
        self._next = None
        self.at = token.end
        return token

    def count(self, n_tokens: int, token: Token) -> None:
        """Count tokens that are taken in another way."""
        self.n_taken += n_tokens
        if self.n_taken > self.most:
            raise too_long(token)

    def go_to(self, at: int) -> None:
        self.at, self._next = at, None

    def _read(self) -> Token:
        match = _TOKEN.match(self.text, self.at)
        assert match is not None  # OTHER takes what nothing else does
        kind = match.lastgroup or ""
        word = match[kind]
        if kind == "SIGN":
            kind = word
        elif kind in _OF_3 and self.version == 2:
            word, kind = word[:1], "INT"  # and a name after it, as the grammar of OpenQASM 2 has it
        token = self._next = make_token(word, kind, self.text, match.start(match.lastindex or 0))
        if kind == "OTHER":
            raise _unreadable(token)
        return token


def _unreadable(token: Token) -> QasmError:
    message = f"got {str(token)!r}, which no OpenQASM text has here. Remove it."
    if token in "\"'":
        message = "got text in quotes whose quote isn't closed on its line. Close it."
    elif token == "$":
        message = "got '$' without a number. Physical qubits are $0, $1, …"
    return error_at(token, message)


def error_at(token: Token, message: str) -> QasmError:
    """The error with this message at the token's place."""
    return QasmError(message, token.line, token.column)


def too_long(token: Token) -> QasmError:
    return error_at(
        token,
        "too much text for the gates that it makes. Leave out what isn't used, and give long "
        "expressions as numbers.",
    )


def number_of(token: Token) -> int | float:
    """The value of a literal; whole numbers beyond 2⁵³ are floats."""
    if token.kind == "BASED":
        try:
            value: int | float = int(token, 0)
        except ValueError:
            raise _no_number(token) from None
        value = value if value < 2**53 else float(value) if value < 2**1000 else float("inf")
    else:
        try:
            value = float(token)
        except ValueError:
            raise _no_number(token) from None
        if token.kind == "INT" and value < 2**53:
            value = int(value)
    if value == float("inf"):
        raise error_at(token, f"{shown(token)} is too large a number. Make it smaller.")
    return value


def _no_number(token: Token) -> QasmError:
    return error_at(token, f"got {shown(token)}, no number. A _ stands between two digits only.")


def shown(token: Token) -> str:
    """The token in quotes, shortened where it's long."""
    return repr(str(token) if len(token) <= 30 else f"{token[:30]}…")


def end_of(text: str) -> tuple[int, int]:
    """Line and column just after the last character that isn't blank."""
    text = text.rstrip()
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
