"""`Cache`: what is made once for each key, and can be made again."""

from __future__ import annotations

import math
from typing import TypeVar

__all__ = ["Cache"]

K = TypeVar("K")
V = TypeVar("V")


class Cache(dict[K, V]):
    """Values by key, all dropped where a further one would be more than `most`.

    Threads may share it: two that miss a key both make the value, and each has one of them. Copies
    and pickles are empty, so that a model's have its weights and structure only.
    """

    def __init__(self, most: float = math.inf) -> None:
        super().__init__()
        self.most = most

    def keep(self, key: K, value: V) -> V:
        """The value, which is there from now on."""
        if len(self) >= self.most:
            self.clear()
        self[key] = value
        return value

    def __reduce__(self) -> tuple[type[Cache[K, V]], tuple[float]]:
        return type(self), (self.most,)
