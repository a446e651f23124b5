"""Regular expressions of statements that most texts are made of.

All repeats are possessive, so that no text makes a search start over; what doesn't match goes by
the grammar.
"""

from __future__ import annotations

import re

__all__ = ["CALL", "CALL_IN_BODY", "ELEMENT", "LITERAL", "MEASUREMENT", "NAME", "NUMBER", "NUMBERS"]

_B = r"[ \t\f\r\n]*+"
_NAME = r"[^\W\d]\w*+"
_QUBIT = rf"(?:{_NAME}{_B}\[{_B}[0-9]++{_B}\]|\$[0-9]++)"
_PLAIN = r"(?:[^()/;\"'@{}]++|/(?![/*]))*+"  # no comment, and no brackets
_ARGUMENTS = rf"(?:\(({_PLAIN}(?:\({_PLAIN}\){_PLAIN})*+)\){_B})?+"
_N = r"(?:[0-9]++\.[0-9]*+|\.[0-9]++|[0-9]++)(?:[eE][+-]?[0-9]++)?+"

NAME = re.compile(_NAME)
# a gate's modifiers, its name, its angles and its qubits
CALL = re.compile(
    rf"((?:(?:ctrl|negctrl|inv|pow)\b{_B}(?:\([^()/;\"'@{{}}]*+\){_B})?+@{_B})*+)"
    rf"({_NAME}){_B}{_ARGUMENTS}({_QUBIT}{_B}(?:,{_B}{_QUBIT}{_B})*+);"
)
# the same without modifiers, on qubits by their names
CALL_IN_BODY = re.compile(rf"({_NAME}){_B}{_ARGUMENTS}({_NAME}{_B}(?:,{_B}{_NAME}{_B})*+);")
# the qubit and the bit, or the bit and the qubit
MEASUREMENT = re.compile(
    rf"(?:measure\b{_B}({_QUBIT}){_B}->{_B}({_QUBIT})"
    rf"|({_QUBIT}){_B}={_B}measure\b{_B}({_QUBIT})){_B};"
)
ELEMENT = re.compile(rf"({_NAME}){_B}\[{_B}([0-9]++){_B}\]")
NUMBER = re.compile(_N)
NUMBERS = re.compile(rf" *+-?{_N}(?: *+, *+-?{_N})*+ *+")
# a literal that's no part of another word
LITERAL = re.compile(rf"(?<![\w.$])({_N})(?![\w.])")
