"""`keep_freed_memory`: what arrays have freed stays with the process for the next call.

glibc gives large blocks back to the system when they're freed, and each page of the next one is a
fault: a third of a step at 1,024 qubits.
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache

__all__ = ["keep_freed_memory"]

KEPT = 2**28  # bytes at the heap's end that may stay free
LARGEST = 2**25  # a block that comes from the heap; glibc takes no more
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of malloc.h


@cache
def keep_freed_memory() -> None:
    """For the whole process, once; on systems with another C library nothing happens."""
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(TRIM_THRESHOLD, KEPT)
        library.mallopt(MMAP_THRESHOLD, LARGEST)
