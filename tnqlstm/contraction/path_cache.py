"""Contraction paths on disk, so that a network is searched once and not once a session.

One JSON file for each network, named by a digest of all that the search depends on; it holds a
digest of the path, too. Files are written beside their place and moved there, which is atomic, so
several processes may write at once. A file that can't be read, doesn't hold a path of the network,
or isn't as a search wrote it, is ignored and written anew: any order contracts a network, but
another than the searched one may need more memory than there is.

They are in `$TNQLSTM_CACHE`, by default `tnqlstm` in the user's cache folder; `TNQLSTM_CACHE=off`
keeps none.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from .tensor_network import ContractionPath

__all__ = ["cache_folder", "cached_path"]

FORMAT = 1  # to be raised when the same problem gets another search


def cache_folder() -> Path | None:
    """Where paths are kept; None where nowhere."""
    named = os.environ.get("TNQLSTM_CACHE")
    if named is not None:
        return None if named in ("", "off") else Path(named)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tnqlstm"
    except RuntimeError:  # there is no home
        return None


def cached_path(
    problem: object, n_leaves: int, search: Callable[[], ContractionPath]
) -> ContractionPath:
    """The path kept for a problem, anything that JSON can write, or else what `search` finds."""
    folder = cache_folder()
    if folder is None:
        return search()
    text = json.dumps([FORMAT, problem], separators=(",", ":"))
    file = folder / f"path-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    path = _read(file, n_leaves)
    if path is None:
        path = search()
        _write(file, path)
    return path


def _read(file: Path, n_leaves: int) -> ContractionPath | None:
    """The path in a file, if it's one that contracts so many leaves to one."""
    try:
        kept = json.loads(file.read_bytes())
        path = [(a, b) for a, b in kept["path"]]
        if kept["digest"] != _digest(file, path):
            return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    left = set(range(n_leaves))
    for k, pair in enumerate(path):
        if not all(type(node) is int for node in pair) or pair[0] == pair[1]:
            return None
        if not left.issuperset(pair):
            return None
        left -= set(pair)
        left.add(n_leaves + k)
    return path if len(left) == 1 else None


def _digest(file: Path, path: ContractionPath) -> str:
    """Of a path in the file of its network."""
    return hashlib.sha256(f"{file.name} {json.dumps(path)}".encode()).hexdigest()[:32]


def _write(file: Path, path: ContractionPath) -> None:
    """Put the path into its file; a folder that can't be written to is no error."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w") as stream:
                kept = {"path": path, "digest": _digest(file, path)}
                json.dump(kept, stream, separators=(",", ":"))
            os.replace(name, file)
        except BaseException:
            os.unlink(name)
            raise
    except OSError:
        pass
