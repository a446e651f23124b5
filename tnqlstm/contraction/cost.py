"""What a way of computing costs, before it's run: flops, memory, calls, and where."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..distribution.network import QPU

__all__ = ["Cost", "Rates", "Traffic", "available_memory", "peak_bytes", "readable_bytes"]

NOMINAL_BATCH = 10  # samples that plans are made for
BYTES_PER_NUMBER = 8


@dataclass(frozen=True)
class Rates:
    """Seconds that a call, a flop and a number held take, values and gradient together.

    Fitted by `python -m benchmarks calibration` on one core of a 2-core machine, eager torch in
    float64. They rank ways; the clock of another machine is another.
    """

    name: str
    call: float
    flop: float
    number: float

    def seconds(self, n_calls: float, flops: float, size: float) -> float:
        return self.call * n_calls + self.flop * flops + self.number * size


STATES = Rates("states", 6e-6, 0.03e-9, 2.3e-9)  # with hand-written gradients
STATES_BY_AUTOGRAD = Rates("states by autograd", 120e-6, 0.46e-9, 0.0)
GATEWISE = Rates("states gate by gate", 600e-6, 0.3e-9, 0.0)
CONES = Rates("cones", 7e-6, 0.02e-9, 3.6e-9)
GENERATING = Rates("generating", 60e-6, 0.26e-9, 2.3e-9)


@dataclass
class Traffic:
    """Flops of contractions whose operands live on one QPU, and of those that join several.

    `idle`: of operands that stand for no gate (see `embedding`).
    """

    inside: dict[QPU, float] = field(default_factory=dict)
    across: float = 0.0
    idle: float = 0.0

    @property
    def total(self) -> float:
        return sum(self.inside.values()) + self.across + self.idle

    def add(self, flops: float, qpus: Iterable[QPU]) -> None:
        where = list(qpus)
        if not where:
            self.idle += flops
        elif len(where) == 1:
            self.inside[where[0]] = self.inside.get(where[0], 0.0) + flops
        else:
            self.across += flops


@dataclass(frozen=True)
class Cost:
    """One evaluation: floating-point operations, numbers held at once, and torch calls.

    `size` counts all that a backward pass needs, `largest` the biggest single tensor, both in real
    numbers of the working precision.
    """

    flops: float
    size: float
    largest: float
    n_calls: int
    traffic: Traffic
    rates: Rates

    @classmethod
    def of_slices(cls, each: Sequence[Cost], counts: Sequence[int]) -> Cost:
        """Of so many slices of each, one in memory at a time; the backward pass computes again."""
        traffic = Traffic()
        for cost, count in zip(each, counts, strict=True):
            for qpu, flops in cost.traffic.inside.items():
                traffic.add(count * flops, {qpu})
            traffic.across += count * cost.traffic.across
            traffic.idle += count * cost.traffic.idle
        return cls(
            traffic.total,
            max(cost.size for cost in each),
            max(cost.largest for cost in each),
            sum(count * cost.n_calls for cost, count in zip(each, counts, strict=True)),
            traffic,
            each[0].rates,
        )

    @property
    def log2_size(self) -> float:
        return math.log2(max(self.size, 1.0))

    @property
    def seconds(self) -> float:
        """The cost model's estimate for value and gradient; it ranks, it doesn't promise."""
        return self.rates.seconds(self.n_calls, self.flops, self.size)

    @property
    def bytes(self) -> float:
        return BYTES_PER_NUMBER * self.size


def available_memory() -> int:
    """Bytes of main memory that could be used now (Linux), else all there is, else 8 GiB."""
    import os

    try:
        with open("/proc/meminfo") as meminfo:
            for line in meminfo:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30


def peak_bytes(function: Callable[[], object]) -> int | None:
    """Most main memory that the process takes while the function runs, beyond what it had before.

    By Linux's high-water mark; None elsewhere. What the allocator had to spare isn't seen, so a
    second run of the same reads low.
    """
    try:
        with open("/proc/self/clear_refs", "w") as marks:
            marks.write("5")  # sets the high-water mark to what is held now
        before = _held_bytes("VmHWM")
        function()
        return _held_bytes("VmHWM") - before
    except OSError:
        return None


def _held_bytes(name: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    raise OSError(f"no {name} in /proc/self/status")


def readable_bytes(value: float) -> str:
    """With a unit, from B to GiB; beyond a million of these as a power of two."""
    if value >= 2**50:
        return f"2^{math.log2(value):.0f} bytes"
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} GiB"
