"""A QPU network as GraphML, by networkx's reader and writer.

Node data: `name` (text or an integer; where there is none the node's id is its name), `qubits`,
`communication_qubits` (absent: as many as needed), `x` and `y` (the position, both or neither).
Edge data: `model`, `fidelity`, `rate` (absent: infinite) and `latency`, each absent where it is an
ideal link's. Other data is kept as attributes of the graph, and not written again. The graph must
be undirected and the only one of its file. A file with a document type declaration is refused, for
it could name other files or grow without bound.
"""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import networkx as nx

from ..errors import NetworkError, TnqlstmError
from .link import LINK_FIGURES, Link
from .network import QPUNetwork
from .network_json import saved_name

__all__ = ["graphml_bytes", "network_of_graphml"]

# what networkx's reader raises for data that isn't GraphML, next to its own errors
_READER_ERRORS = (
    nx.NetworkXException,
    ArithmeticError,
    AttributeError,
    LookupError,
    ParseError,
    TypeError,
    ValueError,
)


def graphml_bytes(network: QPUNetwork) -> bytes:
    """The network as a GraphML file. Raises `NetworkError` as `network_to_json_text` does."""
    graph = nx.Graph()
    for index, (qpu, data) in enumerate(network.graph.nodes(data=True)):
        node = {"name": saved_name(qpu), "qubits": data["qubits"]}
        if data["communication_qubits"] is not None:
            node["communication_qubits"] = data["communication_qubits"]
        if "position" in data:
            node["x"], node["y"] = data["position"]
        graph.add_node(f"n{index}", **node)
    for a, b in network.links:
        link = network.link(a, b)
        figures = {"fidelity": link.fidelity, "rate": link.rate, "latency": link.latency}
        if math.isinf(link.rate):
            del figures["rate"]
        ends = f"n{network.index(a)}", f"n{network.index(b)}"
        graph.add_edge(*ends, model=link.model, **figures)
    file = BytesIO()
    nx.write_graphml_xml(graph, file)
    return file.getvalue()


def network_of_graphml(content: bytes, source: str) -> QPUNetwork:
    """The network of a GraphML file's content; `source` names it in errors.

    Raises `NetworkError` that says what it isn't, for anything else.
    """
    _check_xml(content, source)
    try:
        read = nx.read_graphml(BytesIO(content))
    except _READER_ERRORS as error:
        raise NetworkError(
            f"{source} isn't GraphML that networkx reads: {type(error).__name__} {error}. Write "
            "it again with network.write(path) or networkx.write_graphml."
        ) from None
    try:
        return QPUNetwork(_as_network(read))
    except TnqlstmError as error:
        raise NetworkError(f"{source}: {error}") from None


def _check_xml(content: bytes, source: str) -> None:
    """Well-formed, without declarations, with one graph; else a `NetworkError`."""
    graphs = 0

    def on_doctype(*_: Any) -> None:
        raise NetworkError(
            f"{source}, line {parser.CurrentLineNumber}: a document type declaration, which isn't "
            "read. Remove it: GraphML needs none."
        )

    def on_element(name: str, _: Any) -> None:
        nonlocal graphs
        graphs += name.rpartition(":")[2] == "graph"

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_element
    try:
        parser.Parse(content, True)
    except NetworkError:
        raise
    except expat.ExpatError as error:
        raise NetworkError(
            f"{source}, line {error.lineno}, column {error.offset + 1}: "
            f"{expat.ErrorString(error.code)}. The file is truncated or isn't XML."
        ) from None
    except (LookupError, ValueError) as error:  # an encoding that Python doesn't know
        raise NetworkError(f"{source} isn't readable XML: {error}. Save it as UTF-8.") from None
    if graphs != 1:
        raise NetworkError(f"{source} holds {graphs} graphs; one graph of GraphML wanted.")


def _as_network(read: nx.Graph) -> nx.Graph:
    """The same graph with names, positions and links as `QPUNetwork` wants them."""
    for entries, default in ((read.nodes, "node_default"), (read.edges, "edge_default")):
        for *_, data in entries(data=True):
            data |= {**read.graph.get(default, {}), **data}  # defaults that the file's keys give
    names: dict[Any, Any] = {node: data.pop("name", node) for node, data in read.nodes(data=True)}
    seen: set[Any] = set()
    for node, name in names.items():
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise NetworkError(f"node {node} has the name {name!r}; text or an integer wanted.")
        if name in seen:
            raise NetworkError(f"two nodes have the name {name!r}. Rename one.")
        seen.add(name)
    for _, data in read.nodes(data=True):
        if "x" in data or "y" in data:
            data["position"] = (data.pop("x", None), data.pop("y", None))
    for a, b, data in read.edges(data=True):
        options = {key: data.pop(key) for key in ("model", *LINK_FIGURES) if key in data}
        try:
            data["link"] = Link(**options)
        except TnqlstmError as error:
            raise NetworkError(f"link {names[a]} - {names[b]}: {error}") from None
    return nx.relabel_nodes(read, names)
