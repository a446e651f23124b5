"""`one_thread`: numpy's products on one thread for a while.

Waking threads takes longer than the small products of hand-written gradients.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_thread"]

_lock = threading.Lock()


@cache
def _libraries() -> list[Any]:
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


@contextmanager
def one_thread() -> Iterator[None]:
    """Who enters first gives the threads back; who is inside with it has them back early."""
    if not _lock.acquire(blocking=False):
        yield
        return
    try:
        before = [library.num_threads for library in _libraries()]
        try:
            for library in _libraries():
                library.set_num_threads(1)
            yield
        finally:
            for library, n_threads in zip(_libraries(), before, strict=True):
                library.set_num_threads(n_threads)
    finally:  # whatever was interrupted
        _lock.release()
