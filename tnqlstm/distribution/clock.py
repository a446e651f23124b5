"""`Clock`: the rounds of a long search, with a time budget and a progress bar."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["Clock"]

T = TypeVar("T")


class Clock:
    """Rounds until a time budget (seconds, None for none) is spent, shown as bars on request."""

    def __init__(self, time_budget: float | None = None, progress: bool = False) -> None:
        self.ends = None if time_budget is None else time.monotonic() + time_budget
        self.progress = progress

    def rounds(self, items: Iterable[T], label: str) -> Iterator[T]:
        """The items, one after another: the first always, no more once the time is over."""
        from tqdm import tqdm

        bar = tqdm(items, desc=label, disable=not self.progress, leave=False)
        for number, item in enumerate(bar):
            if number and self.ends is not None and time.monotonic() > self.ends:
                break
            yield item
        bar.close()
