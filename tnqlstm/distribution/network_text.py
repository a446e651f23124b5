"""Networks by a short text, as the command line and every argument `network` take them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import networkx as nx

from ..errors import NetworkError, look_up
from ..limits import check_digits, check_network_size
from .network import QPUNetwork

__all__ = ["as_network", "parse_network"]

_TOPOLOGIES: dict[str, Callable[..., QPUNetwork]] = {
    "complete": QPUNetwork.complete,
    "grid": QPUNetwork.grid,
    "line": QPUNetwork.line,
    "ring": QPUNetwork.ring,
    "small_world": QPUNetwork.small_world,
    "star": QPUNetwork.star,
}


def as_network(source: Any) -> QPUNetwork:
    """The network that is meant: itself, a networkx graph, a text as of `parse_network`, or a file.

    networkx's node-link data is taken as a dict, too. Raises `NetworkError` for anything else, and
    what these raise.

    >>> as_network("line:2x3")
    QPUNetwork(qpu0: 3, qpu1: 3; 1 link)
    """
    if isinstance(source, QPUNetwork):
        return source
    if isinstance(source, nx.Graph):
        return QPUNetwork.from_networkx(source)
    if isinstance(source, str):
        return QPUNetwork.from_json(source) if "{" in source else parse_network(source)
    if isinstance(source, PathLike):
        return QPUNetwork.read(Path(source))
    if isinstance(source, Mapping):
        from .network_json import network_of_data

        return network_of_data(dict(source), "the network's data")
    raise NetworkError(
        f"a QPUNetwork wanted as network, got {type(source).__name__} {source!r:.60}. Give "
        'QPUNetwork.line(2, qubits=3), a text such as "line:2x3", a networkx graph or a file.'
    )


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
    check_digits("network", text, NetworkError)
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


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]
