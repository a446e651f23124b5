"""What names stand for: constants, parameters and gates, and where each was declared."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from .definitions import Definition, Recognised, Scope, define, known_gates
from .expression import CONSTANTS, Value
from .library import BUILT_IN, INCLUDES
from .recognition import recognise
from .syntax import GateDefinition
from .tokens import Token, error_at

__all__ = ["Environment"]

MAX_RECOGNISED = 1_000  # different definitions; comparing one with all gates takes some 0.3 ms


class Environment:
    """The names declared so far in a text of that version.

    `values` holds constants and parameters, `scope.constants` constants alone. What's declared in
    a block ends with it.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.scope = Scope(version, {}, dict(CONSTANTS[version]))
        self.values: dict[str, Value] = dict(CONSTANTS[version])
        self._declared: dict[str, Token] = {}
        self._included: set[str] = set()  # gates that can't be defined anew
        self._files: set[str] = set()
        self._recognised: dict[Hashable, Recognised | None] = {}
        self._blocks: list[_Block] = []
        for name in BUILT_IN[version]:
            self.scope.gates[name] = known_gates()[name]
            self._included.add(name)

    def declare(self, name: Token) -> None:
        """Note the name; `QasmError` where it's taken."""
        declared = self._blocks[-1].declared if self._blocks else self._declared
        first = declared.setdefault(name, name)
        if first is not name:
            raise error_at(
                name, f"{str(name)!r} is declared on line {first.line} already. Rename one."
            )
        if name in CONSTANTS[3] and self.version == 3:
            raise error_at(name, f"{str(name)!r} is a constant of OpenQASM. Rename it.")

    def set_constant(self, name: Token, value: Value) -> None:
        """Give a declared name its value."""
        if self._blocks and name not in self._blocks[-1].outer:
            outer = self.scope.constants.get(name), self.values.get(name)
            self._blocks[-1].outer[name] = outer
        self.scope.constants[name] = self.values[name] = value

    def open_block(self) -> None:
        self._blocks.append(_Block())

    def close_block(self) -> None:
        for name, outer in self._blocks.pop().outer.items():
            for table, value in zip((self.scope.constants, self.values), outer, strict=True):
                if value is None:
                    table.pop(name, None)
                else:
                    table[name] = value

    def include(self, file: Token) -> None:
        """Make the gates of an include file known."""
        name = file[1:-1]
        if name in self._files:
            return
        if name not in INCLUDES:
            raise error_at(
                file,
                f"include of {name[:60]!r}. No file is read from here; known are "
                f"{' and '.join(INCLUDES)}. Put the gate definitions into the text.",
            )
        for gate in INCLUDES[name]:
            if gate in self._declared and gate in self.scope.gates:
                first = self._declared[gate].line
                raise error_at(
                    file,
                    f"{name} defines gate {gate!r}, which line {first} defines too. Remove one.",
                )
        self._files.add(name)
        self._included |= INCLUDES[name]
        for gate, rule in known_gates().items():
            if not gate.startswith("_"):
                self.scope.gates.setdefault(gate, rule)

    def define_gate(self, statement: GateDefinition) -> None:
        name = statement.name
        if name in self._included:
            raise error_at(
                name, f"gate {str(name)!r} is known from the include file. Rename this one."
            )
        self.declare(name)
        self.scope.gates.pop(name, None)
        definition = define(statement, self.scope)
        self.scope.gates[name] = replace(definition, known=self._known(definition))

    def _known(self, definition: Definition) -> Recognised | None:
        """The gate that the definition is; equal bodies are looked at once."""
        calls = definition.calls or ()
        if any(call.modifiers for call in calls):
            key: Hashable = definition
        else:
            body = tuple((call.gate, call.arguments, call.places) for call in calls)
            key = definition.parameters, definition.n_qubits, body
        if key not in self._recognised:
            if len(self._recognised) >= MAX_RECOGNISED:
                return None
            self._recognised[key] = recognise(definition)
        return self._recognised[key]


class _Block:
    def __init__(self) -> None:
        self.declared: dict[str, Token] = {}
        self.outer: dict[str, tuple[Value | None, Value | None]] = {}  # what names meant outside
