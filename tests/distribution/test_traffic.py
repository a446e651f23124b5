"""What passes between QPUs and over links, against counts made from the definitions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import Circuit
from tnqlstm.distribution import Partition, QPUNetwork
from tnqlstm.distribution.traffic import LinkTraffic, link_traffic, pair_traffic

from .test_placed import random_placed
from .test_report import moved, ring_on_a_line

seeds = st.integers(0, 10**6)


def gates_between(placed: Partition, a: Any, b: Any) -> int:
    homes = (
        {placed.qpu_of[q] for q in op.qubits}
        for op in placed.circuit.operations
        if len(op.qubits) == 2
    )
    return sum(home == {a, b} for home in homes)


@given(seed=seeds)
def test_pairs(seed: int) -> None:
    placed = random_placed(seed)
    pairs = pair_traffic(placed)
    qpus = placed.network.qpus
    copies = Counter(
        frozenset((qpus[p.source], qpus[p.target]))
        for p in placed.packets
        for _ in range(2 if p.root is None else 1)
    )
    for pair in pairs:
        assert pair.n_cut_gates == gates_between(placed, pair.a, pair.b)
        assert pair.n_ebits == copies[frozenset((pair.a, pair.b))]
        assert pair.n_cut_gates + pair.n_ebits > 0
        assert pair.hops == placed.network.hops(pair.a, pair.b)
    assert sum(pair.n_cut_gates for pair in pairs) == placed.n_cut_gates
    assert sum(pair.n_ebits for pair in pairs) == placed.n_end_to_end_ebits


def test_links_carry_what_is_routed_over_them() -> None:
    assert link_traffic(ring_on_a_line()) == {
        ("qpu0", "qpu1"): LinkTraffic(4, 4),
        ("qpu1", "qpu2"): LinkTraffic(4, 4),
        ("qpu2", "qpu3"): LinkTraffic(0, 0),
    }


def test_packed_gates_share_their_e_bits() -> None:
    """Qubit 0 controls 3 gates on qpu1 and 2 on qpu2: one copy on each, the second by the first."""
    gates = [(0, 1)] * 3 + [(0, 2)] * 2
    circuit = Circuit(3, tuple(("CZ", pair) for pair in gates))
    placed = Partition(circuit, QPUNetwork.line(3, 1), ("qpu0", "qpu1", "qpu2"))
    assert link_traffic(placed) == {
        ("qpu0", "qpu1"): LinkTraffic(5, 1),
        ("qpu1", "qpu2"): LinkTraffic(2, 1),
    }


@given(seed=seeds)
def test_links_add_up(seed: int) -> None:
    placed = random_placed(seed)
    links = link_traffic(placed).values()
    assert sum(link.n_cut_gates for link in links) == placed.n_hops
    assert sum(link.n_ebits for link in links) == placed.n_ebits


def test_a_qubit_that_moved_is_where_it_went() -> None:
    (pair,) = pair_traffic(moved())
    assert (pair.n_cut_gates, pair.n_ebits) == (1, 1)
