"""Expressions as they're written: operators by precedence, into postfix order.

The stack of open operators is our own, so that brackets nested a hundred thousand deep cost a list
of that length.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...errors import QasmError
from .syntax import Expression, Formula, Hole, Item, Type
from .tokens import Token, Tokens, end_of, error_at, number_of, shown

__all__ = ["MAX_NESTING", "TYPES", "read_expression", "read_list", "unexpected"]

MAX_NESTING = 200_000  # open brackets

TYPES = frozenset({"float", "angle", "int", "uint", "bool", "bit"})

_LEVELS_OF_3 = ("||", "&&", "|", "&", "== !=", "< <= > >=", "<< >>", "+ -", "* / %")
_PRECEDENCE = {
    3: {sign: level for level, signs in enumerate(_LEVELS_OF_3, 1) for sign in signs.split()},
    2: {"+": 1, "-": 1, "*": 2, "/": 2},
}
_PREFIX = 20
_POWER = 30  # above prefixes: -2**2 is -(2**2)
_PREFIXES = {"-": "negative", "!": "not", "~": "complement"}
_OPENS = 0  # the precedence of what a bracket opens
_NUMBERS = frozenset({"INT", "FLOAT", "BASED"})


class _Open(NamedTuple):
    """An operator that waits for its last operand, or a bracket for its end."""

    precedence: int
    item: Item | None  # None for plain brackets
    closing: str = ""


def read_list(tokens: Tokens, closing: str) -> tuple[Expression, ...]:
    """Expressions up to the closing bracket, which is taken; a comma may end the list."""
    found: list[Expression] = []
    while True:
        if found and tokens.peek().kind == closing:
            tokens.take()
            return tuple(found)
        found.append(read_expression(tokens, ",", closing))
        if tokens.take().kind == closing:
            return tuple(found)


def read_expression(tokens: Tokens, *ends: str) -> Expression:
    """The expression up to one of `ends`, which stays the next token."""
    precedence = _PRECEDENCE[tokens.version]
    power = "**" if tokens.version == 3 else "^"
    out: list[Any] = []
    waiting: list[_Open] = []
    depth = 0
    wants_operand = True
    while True:
        token = tokens.peek()
        kind = token.kind
        if wants_operand:
            if kind in _NUMBERS:
                out.append(_literal(tokens))
                wants_operand = False
            elif kind == "NAME":
                opened = _read_name(tokens, out)
                wants_operand = opened is not None
                if opened is not None:
                    waiting.append(opened)
                    depth += 1
            elif kind == "(":
                tokens.take()
                waiting.append(_Open(_OPENS, None, ")"))
                depth += 1
            elif kind in _PREFIXES and (kind == "-" or tokens.version == 3):
                waiting.append(_Open(_PREFIX, Item(_PREFIXES[kind], tokens.take(), 1)))
            elif kind == "+":
                tokens.take()
            elif kind == ")" and out and _ends_arguments(waiting, tokens):
                wants_operand = False  # a comma before the bracket
            else:
                raise unexpected(token, tokens, "a number or expression")
            if depth > MAX_NESTING:
                raise error_at(token, f"more than {MAX_NESTING:,} open brackets. Close some.")
            continue
        if kind == power:
            waiting.append(_Open(_POWER, Item("**", tokens.take(), 2)))
            wants_operand = True
        elif kind in precedence:
            level = precedence[kind]
            while waiting and waiting[-1].precedence >= level:
                _close_operator(waiting.pop(), out)
            waiting.append(_Open(level, Item(kind, tokens.take(), 2)))
            wants_operand = True
        elif kind in ("**", "^"):
            raise error_at(
                token, f"got {token}; OpenQASM {tokens.version} writes powers as {power}."
            )
        else:
            while waiting and waiting[-1].precedence != _OPENS:
                _close_operator(waiting.pop(), out)
            if not waiting:
                if kind in ends:
                    break
                raise unexpected(token, tokens, *map(repr, ends), "an operator")
            opened = waiting[-1]
            is_call = opened.item is not None and opened.item.kind == "call"
            if kind == opened.closing:
                tokens.take()
                waiting.pop()
                depth -= 1
                if opened.item is not None:
                    out.append(opened.item)
            elif kind == "," and is_call and opened.item is not None:
                tokens.take()
                item = opened.item._replace(n_operands=opened.item.n_operands + 1)
                waiting[-1] = opened._replace(item=item)
                wants_operand = True
            else:
                also = ("','",) if is_call or "," in ends else ()
                raise unexpected(token, tokens, repr(opened.closing), *also, "an operator")
    return out[0] if len(out) == 1 and isinstance(out[0], int | float) else Formula(tuple(out))


def _literal(tokens: Tokens) -> int | float | Hole:
    token = tokens.take()
    if tokens.literals is None:
        return number_of(token)
    tokens.literals.append(token)
    return Hole(len(tokens.literals) - 1)


def _read_name(tokens: Tokens, out: list[Any]) -> _Open | None:
    """Take a name, and the bracket after it, if any."""
    name = tokens.take()
    follows = tokens.peek().kind
    if tokens.version == 3 and name in TYPES:
        return _Open(_OPENS, Item("cast", name, 1, _read_cast(name, tokens)), ")")
    if follows == "(":
        tokens.take()
        return _Open(_OPENS, Item("call", name, 1), ")")
    if follows == "[":
        tokens.take()
        out.append(Item("array", name, 0))
        return _Open(_OPENS, Item("index", name, 2), "]")
    out.append(Item("name", name, 0))
    return None


def _read_cast(name: Token, tokens: Tokens) -> Type:
    width = None
    if tokens.peek().kind == "[":
        tokens.take()
        width = _read_width(tokens)
    if tokens.peek().kind != "(":
        raise unexpected(tokens.peek(), tokens, "'('")
    tokens.take()
    return Type(name, width)


def _read_width(tokens: Tokens) -> int | float:
    """The width in a cast: digits, as nothing nests here."""
    if tokens.peek().kind != "INT":
        raise unexpected(tokens.peek(), tokens, "a whole number")
    width = number_of(tokens.take())
    if tokens.peek().kind != "]":
        raise unexpected(tokens.peek(), tokens, "']'")
    tokens.take()
    return width


def _ends_arguments(waiting: list[_Open], tokens: Tokens) -> bool:
    """Whether the bracket after a comma ends a call's arguments; the count is set right then."""
    opened = waiting[-1] if waiting else None
    if opened is None or opened.item is None or opened.item.kind != "call":
        return False
    if opened.item.n_operands < 2:
        return False
    item = opened.item._replace(n_operands=opened.item.n_operands - 1)
    waiting[-1] = opened._replace(item=item)
    return True


def _close_operator(opened: _Open, out: list[Any]) -> None:
    item = opened.item
    assert item is not None
    if item.kind == "negative" and isinstance(out[-1], int | float):
        out[-1] = -out[-1]
    else:
        out.append(item)


def unexpected(token: Token, tokens: Tokens, *wanted: str) -> QasmError:
    """The error for a token where only those of `wanted` may stand."""
    got, (line, column) = shown(token), (token.line, token.column)
    if token.kind == "END":
        got, (line, column) = "the end of the text", end_of(tokens.text)
    elif token == "/" and tokens.text.startswith("/*", token.at):
        return error_at(token, "got a comment that isn't closed. Close it with */.")
    remedy = ""
    before = tokens.text[max(0, token.at - 200) : token.at]
    if token == "OPENQASM":
        remedy = " The header stands once, at the start."
    elif "';'" in wanted and token.kind == "NAME" and "\n" in before[len(before.rstrip()) :]:
        remedy = " Is a ; missing before it?"
    return QasmError(f"got {got}, wanted {' or '.join(sorted(wanted))}.{remedy}", line, column)
