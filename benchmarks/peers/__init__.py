"""Other simulators, each used as its documentation says is fastest, in a process of their own.

They live in `.venv-peers` (`make peers`), since some need other builds of what we use. Nothing here
imports tnqlstm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def encodings(arctan: Callable[[Any], Any]) -> dict[str, Callable[[Any], Any]]:
    """How an input becomes an angle, by name, in the arrays that `arctan` is for."""
    return {
        "identity": lambda v: v,
        "arctan": arctan,
        "arctan_square": lambda v: arctan(v * v),
    }
