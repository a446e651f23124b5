"""The graph of a QPU network: which networkx graphs are one, and their attributes checked."""

from __future__ import annotations

import math
from collections.abc import Hashable
from numbers import Real
from typing import Any

import networkx as nx

from ..arguments import whole
from ..errors import NetworkError
from .link import LINK_FIGURES, Link

__all__ = ["QPU", "Position", "checked_graph"]

QPU = Hashable
Position = tuple[float, float]


def checked_graph(graph: nx.Graph) -> nx.Graph:
    """A frozen copy whose nodes all have `qubits` and `communication_qubits`, whose edges a `link`.

    Figures that an edge carries itself (fidelity, rate, latency) move into its link. Raises
    `NetworkError` for what isn't a network; `QPUNetwork` lists the conditions.
    """
    _check_shape(graph)
    graph = graph.copy()
    for qpu, data in graph.nodes(data=True):
        data["qubits"] = _capacity(qpu, data)
        data["communication_qubits"] = _communication_qubits(qpu, data)
        if "position" in data:
            data["position"] = _position(qpu, data["position"])
    for a, b, data in graph.edges(data=True):
        data["link"] = _link(a, b, data)
        for figure in LINK_FIGURES:
            data.pop(figure, None)
    return nx.freeze(graph)


def _check_shape(graph: nx.Graph) -> None:
    if graph.is_directed() or graph.is_multigraph():
        raise NetworkError(
            f"an undirected graph with one edge a link wanted, got {type(graph).__name__}. "
            "Convert it with networkx.Graph(graph)."
        )
    if not graph:
        raise NetworkError("a network needs at least one QPU, the graph has no nodes.")
    loops = [str(a) for a, _ in nx.selfloop_edges(graph)]
    if loops:
        raise NetworkError(f"QPUs linked to themselves: {', '.join(loops)}. Remove these edges.")
    parts = list(nx.connected_components(graph))
    if len(parts) > 1:
        listed = "; ".join(", ".join(str(qpu) for qpu in graph if qpu in part) for part in parts)
        raise NetworkError(
            f"the network has {len(parts)} parts with no link between them: {listed}. Link them, "
            "or make one network of each."
        )


def _capacity(qpu: QPU, data: dict[str, Any]) -> int:
    if "qubits" not in data:
        raise NetworkError(
            f"QPU {qpu} has no capacity. Give the node the attribute qubits, a whole number."
        )
    return whole(f"the capacity of QPU {qpu}", data["qubits"], 1, NetworkError)


def _communication_qubits(qpu: QPU, data: dict[str, Any]) -> int | None:
    number = data.get("communication_qubits")
    if number is None:
        return None
    what, remedy = f"communication_qubits of QPU {qpu}", "Or None for as many as needed."
    return whole(what, number, 0, NetworkError, remedy)


def _position(qpu: QPU, position: Any) -> Position:
    try:
        x, y = position
    except (TypeError, ValueError):
        x = y = None
    if not (_is_finite(x) and _is_finite(y)):
        raise NetworkError(
            f"QPU {qpu} has the position {position!r}; two finite numbers wanted, such as (0, 1)."
        )
    return float(x), float(y)


def _link(a: QPU, b: QPU, data: dict[str, Any]) -> Link:
    figures = {figure: data[figure] for figure in LINK_FIGURES if figure in data}
    if "link" not in data:
        try:
            return Link(**figures)
        except NetworkError as error:
            raise NetworkError(f"link {a} - {b}: {error}") from None
    link = data["link"]
    if not isinstance(link, Link):
        raise NetworkError(f"the link {a} - {b} is {link!r}; a Link wanted, such as Link.ideal().")
    if figures:
        raise NetworkError(
            f"the edge {a} - {b} has both a link and {', '.join(figures)} of its own. Keep one: "
            "the attribute link, or the figures."
        )
    return link


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
