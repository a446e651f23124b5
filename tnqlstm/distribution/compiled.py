"""`compiled`: a function compiled by numba, its machine code kept on disk where that can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

__all__ = ["compiled"]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function, compiled at its first call.

    numba keeps the code beside the source, in the user's cache folder or in NUMBA_CACHE_DIR; where
    none of them can be written it raises `RuntimeError`, and every process compiles anew.
    """
    try:
        return njit(cache=True)(function)
    except RuntimeError:
        return njit(function)
