"""Networks and circuits by a short text, as the command line takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .circuit import Circuit
from .circuit.ansatz import ANSATZE, modular
from .distribution import QPUNetwork
from .errors import CircuitError, NetworkError, UnknownNameError, look_up

__all__ = ["even_line", "parse_circuit", "parse_network"]

_TOPOLOGIES: dict[str, Callable[..., QPUNetwork]] = {
    "complete": QPUNetwork.complete,
    "grid": QPUNetwork.grid,
    "line": QPUNetwork.line,
    "ring": QPUNetwork.ring,
    "star": QPUNetwork.star,
}


def parse_network(text: str) -> QPUNetwork:
    """The network of "line:4x3" (4 QPUs of 3 qubits), "ring:3,3,2" (unequal) or "grid:2x3x4".

    Topologies: line, ring, star, complete; grid:ROWSxCOLUMNSxQUBITS. Links are ideal. Raises
    `UnknownNameError` for another topology, `NetworkError` for numbers that don't fit.
    """
    name, _, sizes = text.partition(":")
    make = look_up("topology", name, _TOPOLOGIES)
    if name == "grid":
        if shape := re.fullmatch(r"(\d+)x(\d+)x(\d+)", sizes):
            rows, cols, qubits = map(int, shape.groups())
            return make(rows, cols, qubits)
        raise NetworkError(
            f"network {text!r}: grid:ROWSxCOLUMNSxQUBITS wanted, such as grid:2x2x4."
        )
    if shape := re.fullmatch(r"(\d+)x(\d+)", sizes):
        return make(int(shape[1]), int(shape[2]))
    if re.fullmatch(r"\d+(,\d+)*", sizes):
        capacities = [int(size) for size in sizes.split(",")]
        return make(len(capacities), capacities)
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
    Raises `UnknownNameError` for another ansatz, `CircuitError` for numbers that don't fit and for
    an OpenQASM file where `Circuit` can't read one.
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
    from_qasm = getattr(Circuit, "from_qasm", None)
    if from_qasm is None:
        raise CircuitError(
            f"{path}: this version reads no OpenQASM yet. Give an ansatz, such as "
            "ry_brickwork:16x3."
        )
    return from_qasm(path.read_text(encoding="utf-8"))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]
