"""OpenQASM 2 and 3 in and out."""

from .expansion import product
from .reader import is_input_name, read_qasm
from .writer import definitions, statement, write_qasm

__all__ = ["definitions", "is_input_name", "product", "read_qasm", "statement", "write_qasm"]
