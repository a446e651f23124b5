"""Networks and circuits by a short text, as the command line takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .circuit import Circuit
from .circuit.ansatz import ANSATZE, modular
from .distribution import QPUNetwork
from .errors import CircuitError, NetworkError, QasmError, TnqlstmError, UnknownNameError, look_up
from .limits import MOST_GATES, check_network_size, check_size, n_gates

__all__ = ["even_line", "parse_circuit", "parse_network"]

_MOST_DIGITS = 9
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
    `NetworkError` for numbers that don't fit, `SizeError` for what takes too long to make,
    `FileNotFoundError` where there is no such file.
    """
    if text.lower().endswith((".json", ".graphml")):
        network = QPUNetwork.read(text)
        check_network_size(f"network {text!r}", "read", len(network.qpus))
        return network
    name, _, sizes = text.partition(":")
    make = look_up("topology", name, _TOPOLOGIES)
    _check_digits("network", text, NetworkError)
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
            check_network_size(f"network {text!r}", name, rows * cols)
            return make(rows, cols, qubits, communication_qubits=each)
        raise NetworkError(
            f"network {text!r}: grid:ROWSxCOLUMNSxQUBITS wanted, such as grid:2x2x4."
        )
    if shape := re.fullmatch(r"(\d+)x(\d+)", sizes):
        check_network_size(f"network {text!r}", name, int(shape[1]))
        return make(int(shape[1]), int(shape[2]), communication_qubits=each)
    if re.fullmatch(r"\d+(,\d+)*", sizes):
        capacities = _numbers(sizes)
        check_network_size(f"a network of {len(capacities):,} QPUs", name, len(capacities))
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
    `CircuitError` for numbers that don't fit, `SizeError` for what takes too long to make,
    `QasmError` for a text that can't be read.
    """
    if text.endswith(".qasm"):
        return _read_qasm(Path(text))
    name, _, sizes = text.partition(":")
    if name not in ANSATZE and name != "modular":
        raise UnknownNameError("ansatz", name, [*ANSATZE, "modular"])
    _check_digits("circuit", text, CircuitError)
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


def _check_digits(what: str, text: str, error: type[TnqlstmError]) -> None:
    """Raise where a number is longer than any size that's of use."""
    if long := re.search(rf"\d{{{_MOST_DIGITS + 1},}}", text):
        shown = long[0] if len(long[0]) <= 40 else f"{long[0][:40]}…"
        head = text if len(text) <= 60 else f"{text[:60]}…"
        raise error(
            f"{what} {head!r}: the number {shown} has {len(long[0])} digits; "
            f"at most {_MOST_DIGITS} wanted."
        )


def _check_gates(
    text: str, ansatz: Callable[[int, int], Circuit], n_qubits: int, depth: int
) -> None:
    remedy = "Take fewer qubits or layers."
    gates = n_gates(ansatz, n_qubits, depth)
    check_size(f"circuit {text!r}", gates, MOST_GATES, "gates", remedy)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]
