"""A QPU network as JSON.

    {"format": "tnqlstm-network",
     "version": 1,
     "nodes": [{"name": "qpu0", "qubits": 4, "communication_qubits": 2, "position": [0.0, 0.0]},
               {"name": "qpu1", "qubits": 4}],
     "links": [{"ends": ["qpu0", "qpu1"], "model": "ideal",
                "fidelity": 0.98, "rate": 1000.0, "latency": 1e-05}]}

A name is text or an integer. `communication_qubits` is null, or left out, for as many as needed;
`rate` is null for infinite. `position` may be left out, and so may the model and each figure of a
link, which are then an ideal link's. Nothing else may be there: a misspelt key is an error.

What `json.dumps(networkx.node_link_data(graph))` gives is read, too: its nodes and edges carry the
attributes that `QPUNetwork` reads of a graph.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Hashable
from numbers import Integral
from typing import Any, NoReturn

import networkx as nx

from ..errors import NetworkError, TnqlstmError
from .link import LINK_FIGURES, Link
from .network import QPU, QPUNetwork

__all__ = ["network_of_data", "network_of_json", "network_to_json_text", "saved_name"]

FORMAT, VERSION = "tnqlstm-network", 1
_TOP_KEYS = ("format", "version", "nodes", "links")
_NODE_KEYS = ("name", "qubits", "communication_qubits", "position")
_LINK_KEYS = ("ends", "model", *LINK_FIGURES)


def network_to_json_text(network: QPUNetwork) -> str:
    """The network in the format above, one line for each node and link.

    Raises `NetworkError` for a name that is neither text nor an integer.
    """
    nodes = [_node_data(qpu, data) for qpu, data in network.graph.nodes(data=True)]
    links = [_link_data(a, b, network.link(a, b)) for a, b in network.links]
    lines = [
        "{",
        f'  "format": "{FORMAT}",',
        f'  "version": {VERSION},',
        f'  "nodes": [{_rows(nodes)}],',
        f'  "links": [{_rows(links)}]',
        "}",
    ]
    return "\n".join(lines) + "\n"


def network_of_json(content: str | bytes, source: str) -> QPUNetwork:
    """The network that JSON in the format above describes; `source` names it in errors.

    Raises `NetworkError` that says where and what, for anything else.
    """
    return network_of_data(_parse(content, source), source)


def network_of_data(data: Any, source: str) -> QPUNetwork:
    """The network of the data of such a text, or of networkx's `node_link_data`."""
    try:
        return _network_of_node_link(data) if _is_node_link(data) else _network(data)
    except TnqlstmError as error:
        raise NetworkError(f"{source}: {error}") from None


def saved_name(qpu: QPU) -> str | int:
    """The name, where files keep it. Raises `NetworkError` for other ones."""
    if isinstance(qpu, Integral) and not isinstance(qpu, bool):
        return int(qpu)
    if isinstance(qpu, str) and qpu.isprintable():
        return qpu
    raise NetworkError(
        f"the QPU name {qpu!r} can't be saved; printable text or an integer wanted. Rename the "
        "QPUs, such as by networkx.relabel_nodes(graph, str)."
    )


def _node_data(qpu: QPU, data: dict[str, Any]) -> dict[str, Any]:
    node = {
        "name": saved_name(qpu),
        "qubits": data["qubits"],
        "communication_qubits": data["communication_qubits"],
    }
    return {**node, "position": data["position"]} if "position" in data else node


def _link_data(a: QPU, b: QPU, link: Link) -> dict[str, Any]:
    return {
        "ends": [saved_name(a), saved_name(b)],
        "model": link.model,
        "fidelity": link.fidelity,
        "rate": link.rate if math.isfinite(link.rate) else None,
        "latency": link.latency,
    }


def _rows(entries: list[dict[str, Any]]) -> str:
    rows = [f"\n    {json.dumps(e, ensure_ascii=False, allow_nan=False)}" for e in entries]
    return ",".join(rows) + ("\n  " if rows else "")


def _parse(content: str | bytes, source: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise NetworkError(f"{source}: {constant} isn't JSON; a number or null wanted.")

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) < len(pairs):
            name, _ = next(item for item in Counter(n for n, _ in pairs).items() if item[1] > 1)
            raise NetworkError(f"{source}: the key {_shown(name)} is there twice. Keep one.")
        return data

    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return json.loads(text, parse_constant=refuse, object_pairs_hook=distinct)
    except json.JSONDecodeError as error:
        raise NetworkError(
            f"{source}, line {error.lineno}, column {error.colno}: {error.msg}. The file is "
            "truncated or isn't JSON; write it again with network.write(path)."
        ) from None
    except UnicodeDecodeError as error:
        raise NetworkError(f"{source} isn't text in UTF-8: {error}. Give a JSON file.") from None
    except RecursionError:
        raise NetworkError(f"{source} is nested too deeply for a network file.") from None
    except NetworkError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise NetworkError(f"{source}: {error}. No number of a network is that long.") from None


def _network(data: Any) -> QPUNetwork:
    _check_keys("the network", data, _TOP_KEYS, _TOP_KEYS)
    if data["format"] != FORMAT:
        raise NetworkError(f"the format is {_shown(data['format'])}; {FORMAT!r} wanted.")
    if data["version"] != VERSION or isinstance(data["version"], bool):
        raise NetworkError(
            f"the version is {_shown(data['version'])}; this tnqlstm reads version {VERSION}. Use "
            "the tnqlstm that wrote it."
        )
    graph = nx.Graph()
    for index, node in enumerate(_listed("nodes", data["nodes"])):
        _add_node(graph, f"node {index}", node)
    for index, link in enumerate(_listed("links", data["links"])):
        _add_link(graph, f"link {index}", link)
    return QPUNetwork(graph)


def _is_node_link(data: Any) -> bool:
    """Whether these are the data of networkx's `node_link_data`, whose nodes have ids."""
    return isinstance(data, dict) and "format" not in data and {"directed", "nodes"} <= set(data)


def _network_of_node_link(data: dict[str, Any]) -> QPUNetwork:
    """Nodes carry the attributes that `QPUNetwork` reads, and edges the figures of their links."""
    if data["directed"] or data.get("multigraph"):
        raise NetworkError(
            "the graph is directed or a multigraph; an undirected one with one edge a link wanted. "
            "Convert it with networkx.Graph(graph) before node_link_data."
        )
    key = next((key for key in ("edges", "links") if key in data), "edges")
    _check_keys("the node-link data", data, tuple(data), ("nodes", key))
    graph = nx.Graph()
    for index, node in enumerate(_listed("nodes", data["nodes"])):
        _check_keys(f"node {index}", node, tuple(node), ("id",))
        name = _node_name(node["id"])
        if name in graph:
            raise NetworkError(f"node {index} has the id {_shown(name)} of an earlier one.")
        graph.add_node(name, **{k: value for k, value in node.items() if k != "id"})
    for index, edge in enumerate(_listed(key, data[key])):
        what = f"edge {index}"
        _check_keys(what, edge, tuple(edge), ("source", "target"))
        ends = [_node_name(edge[end]) for end in ("source", "target")]
        _check_ends(graph, what, ends)
        options = {k: v for k, v in edge.items() if k not in ("source", "target")}
        if options.get("rate", 0) is None:
            del options["rate"]
        graph.add_edge(*ends, **options)
    return QPUNetwork(graph)


def _node_name(name: Any) -> Any:
    """An id as networkx makes it of JSON: a list is a tuple."""
    return tuple(map(_node_name, name)) if isinstance(name, list) else name


def _add_node(graph: nx.Graph, what: str, node: Any) -> None:
    _check_keys(what, node, _NODE_KEYS, ("name", "qubits"))
    name = _name(what, node["name"])
    if name in graph:
        raise NetworkError(f"{what} has the name {_shown(name)} of an earlier one. Rename one.")
    graph.add_node(name, **{key: value for key, value in node.items() if key != "name"})


def _add_link(graph: nx.Graph, what: str, link: Any) -> None:
    _check_keys(what, link, _LINK_KEYS, ("ends",))
    ends = link["ends"]
    if not isinstance(ends, list) or len(ends) != 2:
        raise NetworkError(f"{what} has the ends {_shown(ends)}; a list of two names wanted.")
    _check_ends(graph, what, [_name(what, end) for end in ends])
    options = {key: value for key, value in link.items() if key != "ends"}
    if options.get("rate") == math.inf:
        raise NetworkError(f"{what} has a rate past the range of a float; null means infinite.")
    if options.get("rate", 0) is None:
        del options["rate"]
    try:
        graph.add_edge(*ends, link=Link(**options))
    except TnqlstmError as error:
        raise NetworkError(f"{what}, {ends[0]} - {ends[1]}: {error}") from None


def _check_ends(graph: nx.Graph, what: str, ends: list[Any]) -> None:
    for end in ends:
        if not isinstance(end, Hashable) or end not in graph:
            known = ", ".join(_shown(name) for name in list(graph)[:12])
            raise NetworkError(
                f"{what} ends at {_shown(end)}, which no node is named. Names: {known}"
                f"{', …' if len(graph) > 12 else ''}. Correct the end, or add the node."
            )
    if graph.has_edge(*ends):
        raise NetworkError(f"{what} joins {ends[0]!r} and {ends[1]!r} as an earlier one. Keep one.")


def _name(what: str, name: Any) -> str | int:
    if isinstance(name, bool) or not isinstance(name, str | int):
        raise NetworkError(f"{what} has the name {_shown(name)}; text or an integer wanted.")
    return name


def _listed(what: str, entries: Any) -> list[Any]:
    if not isinstance(entries, list):
        raise NetworkError(f"{what} is {_shown(entries)}; a list wanted.")
    return entries


def _check_keys(what: str, data: Any, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    if not isinstance(data, dict):
        raise NetworkError(f"{what} is {_shown(data)}; an object with {', '.join(known)} wanted.")
    missing = [key for key in needed if key not in data]
    if missing:
        raise NetworkError(f"{what} has no {' and no '.join(missing)}. Add what is missing.")
    foreign = [key for key in data if key not in known]
    if foreign:
        raise NetworkError(
            f"{what} has the unknown key {_shown(foreign[0])}; known: {', '.join(known)}."
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
