"""Networks and circuits by a short text, as the command line takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .circuit import Circuit
from .circuit.ansatz import ANSATZE, modular
from .distribution import QPUNetwork
from .distribution.network_text import parse_network
from .errors import CircuitError, NetworkError, QasmError, UnknownNameError
from .limits import MOST_GATES, check_digits, check_size, n_gates

__all__ = ["even_line", "parse_circuit", "parse_network"]


def even_line(n_qpus: int, n_qubits: int) -> QPUNetwork:
    """QPUs in a line that just hold `n_qubits`, as evenly as possible, the larger ones first."""
    if not 1 <= n_qpus <= n_qubits:
        raise NetworkError(
            f"{n_qpus} QPUs for circuits of {n_qubits} qubits; 1 to {n_qubits} QPUs wanted."
        )
    share, rest = divmod(n_qubits, n_qpus)
    return QPUNetwork.line(n_qpus, qubits=[share + (i < rest) for i in range(n_qpus)])


def parse_circuit(text: str) -> Circuit:
    """The circuit of "ry_brickwork:16x3" (16 qubits, depth 3) or "modular:8,8x3" (two blocks of 8).

    A modular circuit has links in each layer, or in those named after @, as in "modular:8,8x3@0,2".
    A name that ends in .qasm is an OpenQASM file. Raises `UnknownNameError` for another ansatz,
    `CircuitError` for numbers that don't fit, `SizeError` for what takes too long to make,
    `QasmError` for a text that can't be read.
    """
    if text.endswith(".qasm"):
        return _read_qasm(Path(text))
    name, _, sizes = text.partition(":")
    if name not in ANSATZE and name != "modular":
        raise UnknownNameError("ansatz", name, [*ANSATZE, "modular"])
    check_digits("circuit", text, CircuitError)
    if name == "modular":
        if shape := re.fullmatch(r"(\d+(?:,\d+)*)x(\d+)(?:@(\d+(?:,\d+)*))?", sizes):
            blocks, depth = _numbers(shape[1]), int(shape[2])
            _check_gates(text, lambda n, layers: modular([n], layers, ()), sum(blocks), depth)
            return modular(blocks, depth, _numbers(shape[3]) if shape[3] else range(depth))
        raise CircuitError(
            f"circuit {text!r}: modular:BLOCK,BLOCK,…xDEPTH wanted, such as modular:8,8x3."
        )
    if shape := re.fullmatch(r"(\d+)x(\d+)", sizes):
        _check_gates(text, ANSATZE[name], int(shape[1]), int(shape[2]))
        return ANSATZE[name](int(shape[1]), int(shape[2]))
    raise CircuitError(f"circuit {text!r}: {name}:QUBITSxDEPTH wanted, such as {name}:16x3.")


def _read_qasm(path: Path) -> Circuit:
    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}. Check the path.")
    try:
        return Circuit.from_qasm(path.read_bytes())
    except QasmError as error:
        raise QasmError(f"{path}: {error.message}", error.line, error.column) from None


def _check_gates(
    text: str, ansatz: Callable[[int, int], Circuit], n_qubits: int, depth: int
) -> None:
    remedy = "Take fewer qubits or layers."
    gates = n_gates(ansatz, n_qubits, depth)
    check_size(f"circuit {text!r}", gates, MOST_GATES, "gates", remedy)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]
