"""Files that hold a QPU network: which kind by the suffix, replaced in one step, never too large.

`network_json` and `network_graphml` say what is in them.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import NetworkError
from ..outputs import write_atomically
from .network import QPUNetwork
from .network_graphml import graphml_bytes, network_of_graphml
from .network_json import network_of_json, network_to_json_text

__all__ = ["from_json", "json_text", "read", "read_graphml", "write", "write_graphml"]

MOST_BYTES = 1 << 26  # some 400,000 links, far more than placements can use


def read(path: str | Path) -> QPUNetwork:
    """The network of a .json or .graphml file."""
    return from_json(Path(path)) if _suffix(path) == ".json" else read_graphml(path)


def write(network: QPUNetwork, path: str | Path) -> None:
    """Write a .json or .graphml file."""
    if _suffix(path) == ".json":
        json_text(network, path)
    else:
        write_graphml(network, path)


def from_json(source: str | Path) -> QPUNetwork:
    """The network of JSON text, a string that begins with a brace, or else of this file."""
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return network_of_json(source, "the JSON text")
    return network_of_json(_read_bytes(Path(source)), str(source))


def json_text(network: QPUNetwork, path: str | Path | None = None) -> str:
    """The network as JSON text, also written to `path` if there is one."""
    text = network_to_json_text(network)
    if path is not None:
        _write(Path(path), text.encode())
    return text


def read_graphml(path: str | Path) -> QPUNetwork:
    """The network of a GraphML file."""
    return network_of_graphml(_read_bytes(Path(path)), str(path))


def write_graphml(network: QPUNetwork, path: str | Path) -> None:
    """Write a GraphML file."""
    _write(Path(path), graphml_bytes(network))


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".graphml"):
        raise NetworkError(
            f"{str(path)!r} is no network file by its suffix; a .json or .graphml file wanted."
        )
    return suffix


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}. Check the path.")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise NetworkError(
            f"{path} has more than {MOST_BYTES >> 20} MiB, which no network file needs. "
            "Give the file of a network."
        )
    return content


def _write(path: Path, content: bytes) -> None:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(path.parent)!r} to write {path.name!r} into.")
    write_atomically(path, content)
