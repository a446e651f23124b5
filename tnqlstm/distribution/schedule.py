"""`schedule`: when each step of a protocol is taken, and how long the whole takes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise

from .protocol import Apply, EBit, Measure, Protocol

__all__ = ["Durations", "Schedule", "schedule"]


@dataclass(frozen=True)
class Durations:
    """Seconds that local steps take. Our choice: those of superconducting processors today."""

    one_qubit: float = 3e-8
    two_qubit: float = 1e-7
    measurement: float = 1e-6


@dataclass(frozen=True)
class Schedule:
    """Steps as soon as can be: each when its qubits, its link and its bits are there.

    depth
        Layers of steps, of whatever kind, on the longest chain.
    ebit_depth
        Bell pairs on the chain with most of them.
    seconds
        From the first step to the end of the last one.
    starts
        Seconds at which each of the protocol's steps begins.
    link_seconds
        Seconds that each link is busy with Bell pairs, in the order of `network.links`.
    """

    depth: int
    ebit_depth: int
    seconds: float
    starts: tuple[float, ...] = field(repr=False)
    link_seconds: tuple[float, ...] = field(repr=False)


class _Clock:
    """When each qubit, link and bit is free again, and the chain of steps that led there."""

    def __init__(self) -> None:
        self.ready: dict[Hashable, tuple[float, int, int]] = {}
        self.end, self.depth, self.ebits = 0.0, 0, 0

    def take(self, used: list[Hashable], length: float, n_ebits: int) -> float:
        """Begin a step of so many seconds as soon as can be; when that is."""
        chains = [self.ready.get(each, (0.0, 0, 0)) for each in used]
        start, depth, ebits = (max(values) for values in zip(*chains, strict=True))
        after = (start + length, depth + 1, ebits + n_ebits)
        self.ready.update(dict.fromkeys(used, after))
        self.end, self.depth = max(self.end, after[0]), max(self.depth, after[1])
        self.ebits = max(self.ebits, after[2])
        return start

    def delay(self, thing: Hashable, seconds: float) -> None:
        ready, depth, ebits = self.ready[thing]
        self.ready[thing] = (ready + seconds, depth, ebits)


def schedule(protocol: Protocol, durations: Durations) -> Schedule:
    """The `Schedule` of a protocol.

    A Bell pair takes the link's latency and 1/rate, and a link makes one after another; a message
    takes the latencies on its way. Pairs aren't made before their communication qubits are free.
    """
    network = protocol.network
    clock = _Clock()
    starts = []
    link_seconds = dict.fromkeys(map(frozenset, network.links), 0.0)
    for step in protocol.steps:
        used: list[Hashable]
        if isinstance(step, EBit):
            ends = [network.qpus[ref.qpu] for ref in step.ends]
            link = network.link(*ends)
            used, length = [*step.ends, frozenset(ends)], link.latency + 1 / link.rate
            link_seconds[frozenset(ends)] += length
        elif isinstance(step, Apply):
            used = [*step.refs]
            length = durations.two_qubit if len(step.refs) == 2 else durations.one_qubit
        elif isinstance(step, Measure):
            used, length = [step.ref, step.bit], durations.measurement
        else:
            used, length = [step.ref, step.bit], durations.one_qubit
            source = protocol.measured_on[step.bit]
            route = network.route(network.qpus[source], network.qpus[step.ref.qpu])
            clock.delay(step.bit, sum(network.link(a, b).latency for a, b in pairwise(route)))
        starts.append(clock.take(used, length, int(isinstance(step, EBit))))
    return Schedule(
        clock.depth, clock.ebits, clock.end, tuple(starts), tuple(link_seconds.values())
    )
