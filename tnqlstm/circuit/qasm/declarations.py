"""Declarations as they're written: includes, registers, aliases, constants, parameters."""

from __future__ import annotations

from . import syntax
from .formulas import read_expression, unexpected
from .parts import Parts
from .syntax import Expression, Statement
from .tokens import Token

__all__ = ["Declarations"]


class Declarations(Parts):
    """A method for each kind of declaration, its first word taken."""

    def read_include(self, _: Token) -> Statement:
        file = self.tokens.peek()
        if file.kind != "STRING":
            raise unexpected(file, self.tokens, "a file name in quotes")
        self.tokens.take()
        self._take(";")
        return syntax.Include(file)

    def read_old_register(self) -> tuple[Token, Expression | None]:
        name = self._name()
        if self.tokens.peek().kind != "[" and self.tokens.version == 2:
            raise unexpected(self.tokens.peek(), self.tokens, "'['")
        size = self._size()
        self._take(";")
        return name, size

    def read_old_qubits(self, _: Token) -> Statement:
        return syntax.Qubits(*self.read_old_register())

    def read_old_bits(self, _: Token) -> Statement:
        return syntax.Bits(*self.read_old_register())

    def read_qubits(self, _: Token) -> Statement:
        size = self._size()
        name = self._name()
        self._take(";")
        return syntax.Qubits(name, size)

    def read_bits(self, _: Token) -> Statement:
        size = self._size()
        name = self._name()
        measured = literal = None
        if self._takes("="):
            if self.tokens.peek().kind == "STRING":
                literal = self.tokens.take()
            elif self.tokens.peek().kind in ("INT", "BASED") or self.tokens.peek() in (
                "true",
                "false",
            ):
                self.tokens.take()
            else:
                self._word("measure")
                measured = self._operand()
        self._take(";")
        return syntax.Bits(name, size, measured, literal)

    def read_alias(self, _: Token) -> Statement:
        name = self._name()
        self._take("=")
        operands = [self._operand()]
        while self._takes("++"):
            operands.append(self._operand())
        self._take(";")
        return syntax.Alias(name, tuple(operands))

    def read_constant(self, _: Token) -> Statement:
        kind = self._type()
        name = self._name()
        self._take("=")
        value: Expression | Token
        if self.tokens.peek().kind == "STRING":
            value = self.tokens.take()
        else:
            value = read_expression(self.tokens, ";")
        self._take(";")
        return syntax.Constant(name, kind, value)

    def read_input(self, _: Token) -> Statement:
        length = None
        if self.tokens.peek() == "array":
            self.tokens.take()
            self._take("[")
            kind = self._type()
            self._take(",")
            length = read_expression(self.tokens, "]")
            self.tokens.take()
        else:
            kind = self._type()
        name = self._name()
        self._take(";")
        return syntax.Input(name, kind.token, length)
