"""The usual shapes of a QPU network: which QPUs are linked, and where a drawing puts them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx

from ..arguments import real, whole
from ..errors import NetworkError
from .link import Link
from .network_graph import Position

__all__ = [
    "Layout",
    "complete",
    "erdos_renyi",
    "grid",
    "line",
    "qpu_graph",
    "ring",
    "small_world",
    "star",
]

_MOST_DRAWS = 100


@dataclass(frozen=True)
class Layout:
    """Links between QPUs 0, 1, …, and the position of each."""

    edges: tuple[tuple[int, int], ...]
    positions: tuple[Position, ...]


def line(n_qpus: int) -> Layout:
    """0 - 1 - 2 - … from left to right."""
    n_qpus = _count("n_qpus", n_qpus)
    return Layout(_steps(n_qpus), tuple((float(i), 0.0) for i in range(n_qpus)))


def ring(n_qpus: int) -> Layout:
    """A line whose ends are linked; of 2 QPUs, one link."""
    n_qpus = _count("n_qpus", n_qpus)
    back = ((0, n_qpus - 1),) if n_qpus > 2 else ()
    return Layout(_steps(n_qpus) + back, _circle(n_qpus))


def star(n_qpus: int) -> Layout:
    """0 in the middle, linked to each other one."""
    n_qpus = _count("n_qpus", n_qpus)
    return Layout(tuple((0, i) for i in range(1, n_qpus)), ((0.0, 0.0), *_circle(n_qpus - 1)))


def complete(n_qpus: int) -> Layout:
    """Each linked to each other one."""
    n_qpus = _count("n_qpus", n_qpus)
    edges = ((i, j) for i in range(n_qpus) for j in range(i + 1, n_qpus))
    return Layout(tuple(edges), _circle(n_qpus))


def grid(rows: int, cols: int) -> Layout:
    """Numbered row by row."""
    rows, cols = _count("rows", rows), _count("cols", cols)
    across = tuple((i, i + 1) for i in range(rows * cols) if (i + 1) % cols)
    down = tuple((i, i + cols) for i in range((rows - 1) * cols))
    positions = ((float(i % cols), -float(i // cols)) for i in range(rows * cols))
    return Layout(across + down, tuple(positions))


def small_world(n_qpus: int, k: int, p: float, seed: int) -> Layout:
    """Watts and Strogatz's graph, drawn until it is connected."""
    n_qpus, k = _count("n_qpus", n_qpus), whole("k", k, error=NetworkError)
    p, seed = _probability(p), whole("seed", seed, error=NetworkError)
    if not 2 <= k <= n_qpus:
        raise NetworkError(
            f"a small world links each QPU to its k nearest ones, 2 ≤ k ≤ n_qpus, got k={k!r} and "
            f"n_qpus={n_qpus}. Change k, or use a line or complete network."
        )
    try:
        graph = nx.connected_watts_strogatz_graph(n_qpus, k, p, tries=_MOST_DRAWS, seed=seed)
    except nx.NetworkXError:
        raise _never_connected(f"small worlds of n_qpus={n_qpus}, k={k}, p={p}", "k") from None
    return _drawn(graph)


def erdos_renyi(n_qpus: int, p: float, seed: int) -> Layout:
    """Each pair linked with probability p, drawn until it is connected."""
    n_qpus, p = _count("n_qpus", n_qpus), _probability(p)
    seed = whole("seed", seed, error=NetworkError)
    source = random.Random(seed)
    for _ in range(_MOST_DRAWS):
        graph = nx.gnp_random_graph(n_qpus, p, seed=source)
        if nx.is_connected(graph):
            return _drawn(graph)
    raise _never_connected(f"random graphs of n_qpus={n_qpus}, p={p}", "p")


def qpu_graph(
    layout: Layout,
    qubits: int | Sequence[int],
    communication_qubits: int | Sequence[int | None] | None,
    link: Link | None,
) -> nx.Graph:
    """A graph of qpu0, qpu1, … with these numbers of qubits, one for all or one for each.

    Raises `NetworkError` where a list isn't as long as the layout.
    """
    n_qpus = len(layout.positions)
    capacities = _one_each("capacities", qubits, n_qpus)
    communication = _one_each("numbers of communication qubits", communication_qubits, n_qpus)
    graph = nx.Graph()
    for i, position in enumerate(layout.positions):
        graph.add_node(
            f"qpu{i}",
            qubits=capacities[i],
            communication_qubits=communication[i],
            position=position,
        )
    own = Link.ideal() if link is None else link
    graph.add_edges_from((f"qpu{a}", f"qpu{b}", {"link": own}) for a, b in layout.edges)
    return graph


def _one_each(what: str, numbers: Any, n_qpus: int) -> list[Any]:
    is_one = isinstance(numbers, str) or getattr(numbers, "ndim", None) == 0
    is_list = isinstance(numbers, Iterable) and not is_one
    each = list(numbers) if is_list else [numbers] * n_qpus
    if len(each) != n_qpus:
        raise NetworkError(
            f"{len(each)} {what} for {n_qpus} QPUs: {each}. "
            f"Give one number for all, or {n_qpus} numbers."
        )
    return each


def _steps(n_qpus: int) -> tuple[tuple[int, int], ...]:
    return tuple((i, i + 1) for i in range(n_qpus - 1))


def _circle(n_qpus: int) -> tuple[Position, ...]:
    """Evenly spaced positions, clockwise from the top."""
    angles = [2 * math.pi * i / n_qpus for i in range(n_qpus)]
    return tuple((math.sin(angle), math.cos(angle)) for angle in angles)


def _drawn(graph: nx.Graph) -> Layout:
    edges = sorted((min(a, b), max(a, b)) for a, b in graph.edges)
    return Layout(tuple(edges), _circle(len(graph)))


def _count(what: str, count: int) -> int:
    return whole(what, count, 1, NetworkError, "A network has at least one QPU.")


def _probability(p: float) -> float:
    value = real("the probability p", p, NetworkError)
    if not 0 <= value <= 1:
        raise NetworkError(f"a probability p from 0 to 1 wanted, got p={p!r}.")
    return value


def _never_connected(what: str, raised: str) -> NetworkError:
    return NetworkError(
        f"{_MOST_DRAWS} {what} were drawn and none is connected. Raise {raised}, or change seed."
    )
