"""Networks and circuits by a short text, as the command line takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .circuit import Circuit
from .circuit.ansatz import ANSATZE, modular
from .distribution import QPUNetwork
from .errors import CircuitError, NetworkError, QasmError, UnknownNameError, look_up

__all__ = ["even_line", "parse_circuit", "parse_network"]

_TOPOLOGIES: dict[str, Callable[..., QPUNetwork]] = {
    "complete": QPUNetwork.complete,
    "grid": QPUNetwork.grid,
    "line": QPUNetwork.line,
    "ring": QPUNetwork.ring,
    "small_world": QPUNetwork.small_world,
    "star": QPUNetwork.star,
}


def parse_network(text: str) -> QPUNetwork:
    """The network of a short text, or of a .json or .graphml file (see `QPUNetwork.read`).

    "line:4x3" is 4 QPUs of 3 qubits, "ring:3,3,2" has unequal ones; likewise star, complete and
    small_world (k = 4, p = 0.3, seed 0). "grid:2x3x4" has 2 rows, 3 columns and 4 qubits a QPU.
    "+2" at the end gives each QPU 2 communication qubits, "+2,2,1" as many each; without it there
    are as many as needed. Links are ideal. Raises `UnknownNameError` for another topology,
    `NetworkError` for numbers that don't fit, `FileNotFoundError` where there is no such file.
    """
    if text.lower().endswith((".json", ".graphml")):
        return QPUNetwork.read(text)
    name, _, sizes = text.partition(":")
    make = look_up("topology", name, _TOPOLOGIES)
    sizes, plus, spare = sizes.partition("+")
    if plus and not re.fullmatch(r"\d+(,\d+)*", spare):
        raise NetworkError(
            f"network {text!r}: the communication qubits of each QPU wanted after +, such as "
            f"{name}:{sizes}+2."
        )
    numbers = _numbers(spare) if plus else None
    each = numbers[0] if numbers is not None and len(numbers) == 1 else numbers
    if name == "grid":
        if shape := re.fullmatch(r"(\d+)x(\d+)x(\d+)", sizes):
            rows, cols, qubits = map(int, shape.groups())
            return make(rows, cols, qubits, communication_qubits=each)
        raise NetworkError(
            f"network {text!r}: grid:ROWSxCOLUMNSxQUBITS wanted, such as grid:2x2x4."
        )
    if shape := re.fullmatch(r"(\d+)x(\d+)", sizes):
        return make(int(shape[1]), int(shape[2]), communication_qubits=each)
    if re.fullmatch(r"\d+(,\d+)*", sizes):
        capacities = _numbers(sizes)
        return make(len(capacities), capacities, communication_qubits=each)
    raise NetworkError(
        f"network {text!r}: {name}:QPUSxQUBITS wanted, such as {name}:4x3, or the qubits of each "
        f"QPU, such as {name}:3,3,2."
    )


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
    `CircuitError` for numbers that don't fit, `QasmError` for a text that can't be read.
    """
    if text.endswith(".qasm"):
        return _read_qasm(Path(text))
    name, _, sizes = text.partition(":")
    if name not in ANSATZE and name != "modular":
        raise UnknownNameError("ansatz", name, [*ANSATZE, "modular"])
    if name == "modular":
        if shape := re.fullmatch(r"(\d+(?:,\d+)*)x(\d+)(?:@(\d+(?:,\d+)*))?", sizes):
            blocks, depth = _numbers(shape[1]), int(shape[2])
            return modular(blocks, depth, _numbers(shape[3]) if shape[3] else range(depth))
        raise CircuitError(
            f"circuit {text!r}: modular:BLOCK,BLOCK,…xDEPTH wanted, such as modular:8,8x3."
        )
    if shape := re.fullmatch(r"(\d+)x(\d+)", sizes):
        return ANSATZE[name](int(shape[1]), int(shape[2]))
    raise CircuitError(f"circuit {text!r}: {name}:QUBITSxDEPTH wanted, such as {name}:16x3.")


def _read_qasm(path: Path) -> Circuit:
    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}. Check the path.")
    try:
        return Circuit.from_qasm(path.read_bytes())
    except QasmError as error:
        raise QasmError(f"{path}: {error.message}", error.line, error.column) from None


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]
