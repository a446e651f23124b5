"""What a partition sends between QPUs and over links: cut gates and e-bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .network import QPU
from .protocol import EBit

if TYPE_CHECKING:
    from .placed import Partition

__all__ = ["LinkTraffic", "PairTraffic", "link_traffic", "pair_traffic"]


@dataclass(frozen=True)
class PairTraffic:
    """What passes between two QPUs: `n_ebits` are end to end, whatever the route."""

    a: QPU
    b: QPU
    hops: int
    n_cut_gates: int
    n_ebits: int


def pair_traffic(placed: Partition) -> tuple[PairTraffic, ...]:
    """The traffic of each pair of QPUs with cut gates or copies, in the network's order."""
    gates = Counter(tuple(sorted(pair)) for pair in placed.cut_pairs.values())
    ebits: Counter[tuple[int, ...]] = Counter()
    for packet in placed.packets:
        pair = tuple(sorted((packet.source, packet.target)))
        ebits[pair] += packet.n_end_to_end_ebits
    qpus, hops = placed.network.qpus, placed.network.hop_matrix
    return tuple(
        PairTraffic(qpus[a], qpus[b], int(hops[a, b]), gates[a, b], ebits[a, b])
        for a, b in sorted(gates | ebits)
    )


@dataclass(frozen=True)
class LinkTraffic:
    """What passes over one link: the cut gates routed over it, and its Bell pairs."""

    n_cut_gates: int = 0
    n_ebits: int = 0


def link_traffic(placed: Partition) -> dict[tuple[QPU, QPU], LinkTraffic]:
    """The traffic of every link of the network, in the order of the graph's edges.

    Cut gates are routed over one shortest path; they add up to `placed.n_hops`, e-bits to
    `placed.n_ebits`.
    """
    network, qpus = placed.network, placed.network.qpus
    gates: Counter[frozenset[QPU]] = Counter()
    for pair in pair_traffic(placed):
        for link in pairwise(network.route(pair.a, pair.b)):
            gates[frozenset(link)] += pair.n_cut_gates
    ebits = Counter(frozenset((qpus[a], qpus[b])) for a, b in _bell_pairs(placed))
    return {
        (a, b): LinkTraffic(gates[frozenset((a, b))], ebits[frozenset((a, b))])
        for a, b in network.links
    }


def _bell_pairs(placed: Partition) -> Iterator[tuple[int, int]]:
    """The ends of each Bell pair, as indices of QPUs.

    Where communication qubits are limited, these are the protocol's, as for `placed.n_ebits`:
    copies may be made more than once.
    """
    if placed.n_ebits == placed.packing.n_ebits:
        for packet in placed.packets:
            yield from packet.links
        return
    for step in placed.protocol.steps:
        if isinstance(step, EBit):
            yield step.ends[0].qpu, step.ends[1].qpu
