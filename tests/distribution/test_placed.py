"""`Partition`: what it refuses, and that its figures are those of the definitions."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.ansatz import chen2020, ry_brickwork
from tnqlstm.distribution import COSTS, Partition, QPUNetwork
from tnqlstm.errors import PartitionError, UnknownNameError

from .. import reference
from . import exhaustive

NETWORK = QPUNetwork.line(3, 2)
CIRCUIT = ry_brickwork(5, 1)
seeds = st.integers(0, 10**6)


def random_placed(seed: int, shape: str | None = None) -> Partition:
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    circuit = reference.random_circuit(rng, n_qubits=n)
    chosen = shape or str(rng.choice(["line", "ring", "star", "complete"]))
    network = getattr(QPUNetwork, chosen)(k, n)
    return Partition(circuit, network, tuple(rng.choice(network.qpus, size=n).tolist()))


class TestFromBlocks:
    def test_blocks_come_back_sorted_with_every_qpu(self) -> None:
        placed = Partition.from_blocks(
            CIRCUIT, QPUNetwork.line(4, 3), {"qpu2": {4, 1}, "qpu0": [3, 0, 2]}
        )
        assert placed.blocks == {"qpu0": (0, 2, 3), "qpu1": (), "qpu2": (1, 4), "qpu3": ()}
        assert list(placed.blocks) == ["qpu0", "qpu1", "qpu2", "qpu3"]
        assert placed.qpu_of == ("qpu0", "qpu2", "qpu0", "qpu0", "qpu2")
        assert placed.assignment == (0, 2, 0, 0, 2)

    @given(seed=seeds)
    def test_round_trip(self, seed: int) -> None:
        placed = random_placed(seed)
        again = Partition.from_blocks(placed.circuit, placed.network, placed.blocks)
        assert again == placed
        assert hash(again) == hash(placed)

    def test_missing(self) -> None:
        with pytest.raises(
            PartitionError,
            match=r"blocks cover 3 of 5 qubits; unassigned: 1, 4\. Add them to blocks",
        ):
            Partition.from_blocks(CIRCUIT, NETWORK, {"qpu0": [0, 2], "qpu1": [3]})

    def test_many_missing_are_counted(self) -> None:
        with pytest.raises(PartitionError, match=r"0 of 20 qubits; .*10, 11 and 8 more"):
            Partition.from_blocks(ry_brickwork(20, 1), QPUNetwork.line(2, 10), {})

    @pytest.mark.parametrize(
        ("blocks", "where"),
        [
            ({"qpu0": [0, 1], "qpu1": [1, 2], "qpu2": [3, 4]}, "1 on qpu0 and qpu1"),
            ({"qpu0": [0, 0], "qpu1": [1, 2], "qpu2": [3, 4]}, "0 on qpu0 and qpu0"),
        ],
    )
    def test_twice(self, blocks: dict[str, list[int]], where: str) -> None:
        with pytest.raises(PartitionError, match=rf"more than one place: {where}\. Keep one"):
            Partition.from_blocks(CIRCUIT, NETWORK, blocks)

    @pytest.mark.parametrize("qubit", [5, -1, 1.5, "0", None])
    def test_foreign(self, qubit: Any) -> None:
        blocks = {"qpu0": [0, 1], "qpu1": [2, 3], "qpu2": [4, qubit]}
        message = rf"name qubits {qubit}; the circuit's are 0 to 4|whole number, got {qubit!r}"
        with pytest.raises(PartitionError, match=message):
            Partition.from_blocks(CIRCUIT, NETWORK, blocks)

    def test_over_capacity(self) -> None:
        with pytest.raises(
            PartitionError,
            match=r"qpu1 holds 3 qubits, its capacity is 2\. Move qubits away or raise",
        ):
            Partition.from_blocks(CIRCUIT, NETWORK, {"qpu0": [0, 1], "qpu1": [2, 3, 4]})

    def test_every_overfull_qpu_is_named(self) -> None:
        with pytest.raises(PartitionError, match=r"qpu0 holds 2 .* is 1; qpu2 holds 3 .* is 1"):
            Partition.from_blocks(
                CIRCUIT, QPUNetwork.line(3, 1), {"qpu0": [0, 1], "qpu2": [2, 3, 4]}
            )

    def test_unknown_qpu_names_the_close_ones(self) -> None:
        with pytest.raises(
            UnknownNameError, match=r"unknown QPU 'qpu9'. Did you mean .*'qpu0'.*Known: "
        ):
            Partition.from_blocks(CIRCUIT, NETWORK, {"qpu0": [0, 1], "qpu9": [2, 3]})


class TestConstructor:
    @pytest.mark.parametrize("n", [0, 4, 6])
    def test_one_qpu_for_each_qubit(self, n: int) -> None:
        with pytest.raises(
            PartitionError, match=f"for {n} qubits, the circuit has 5. Name one for"
        ):
            Partition(CIRCUIT, QPUNetwork.line(2, 9), ("qpu0",) * n)

    def test_capacities_and_names_hold_here_too(self) -> None:
        with pytest.raises(PartitionError, match="qpu0 holds 5 qubits, its capacity is 2"):
            Partition(CIRCUIT, NETWORK, ("qpu0",) * 5)
        with pytest.raises(UnknownNameError, match="unknown QPU 'qpu'"):
            Partition(CIRCUIT, NETWORK, ("qpu0", "qpu", "qpu1", "qpu1", "qpu2"))

    @pytest.mark.parametrize("places", [(0,) * 5, (), (0, 1, 2, 9)])
    def test_places_of_another_circuit_or_network(self, places: tuple[int, ...]) -> None:
        qpus = ("qpu0", "qpu0", "qpu1", "qpu1", "qpu2")
        with pytest.raises(PartitionError, match="4 indices of 3 QPUs wanted"):
            print(Partition(CIRCUIT, NETWORK, qpus, places=places).n_ebits)

    def test_frozen(self) -> None:
        placed = Partition(CIRCUIT, NETWORK, ["qpu0", "qpu0", "qpu1", "qpu1", "qpu2"])
        assert isinstance(placed.qpu_of, tuple)
        with pytest.raises(dataclasses.FrozenInstanceError):
            placed.qpu_of = ()  # type: ignore[misc]
        placed.blocks["qpu0"] = ()  # a copy
        assert placed.blocks["qpu0"] == (0, 1)


class TestFigures:
    @given(seed=seeds)
    def test_from_the_definitions(self, seed: int) -> None:
        placed = random_placed(seed)
        hops = exhaustive.hop_counts(placed.network)
        cut = {
            index: op
            for index, op in enumerate(placed.circuit.operations)
            if len(op.qubits) == 2 and len({placed.qpu_of[q] for q in op.qubits}) == 2
        }
        assert placed.cut_operations == tuple(cut)
        assert placed.n_cut_gates == len(cut)
        crossed = {i: hops[tuple(placed.assignment[q] for q in op.qubits)] for i, op in cut.items()}
        assert placed.n_hops == sum(crossed.values())
        assert placed.log2_cut_bond == sum(math.log2(exhaustive.rank(op)) for op in cut.values())
        operations = placed.circuit.operations
        parts = [[operations[k] for k in block] for block in exhaustive.blocks(operations)]
        cut_parts = [ops for ops in parts if len({placed.qpu_of[q] for q in ops[-1].qubits}) == 2]
        overhead = math.prod(exhaustive.block_gamma(ops) ** 2 for ops in cut_parts)
        assert placed.sampling_overhead == pytest.approx(overhead, rel=1e-9)
        assert placed.log_sampling_overhead == pytest.approx(math.log(overhead), abs=1e-9)

    @given(seed=seeds)
    def test_bounds(self, seed: int) -> None:
        placed = random_placed(seed)
        swaps = sum(
            placed.circuit.operations[i].name in ("SWAP", "ISWAP") for i in placed.cut_operations
        )
        assert placed.n_cut_gates <= placed.n_hops
        assert placed.n_end_to_end_ebits <= placed.n_ebits
        assert placed.n_end_to_end_ebits <= placed.n_cut_gates + swaps
        assert placed.n_end_to_end_ebits <= placed.log2_cut_bond
        if not swaps:
            assert placed.n_ebits <= placed.n_hops
        assert placed.sampling_overhead >= 1

    @given(seed=seeds)
    def test_costs_are_the_figures_where_hops_say_so(self, seed: int) -> None:
        placed = random_placed(seed)
        assert placed.cost("gates") == placed.n_hops
        assert placed.cost("ebits") == placed.n_ebits
        near = random_placed(seed, shape="complete")
        assert near.n_hops == near.n_cut_gates
        assert near.n_ebits == near.n_end_to_end_ebits
        assert near.cost("bonds") == near.log2_cut_bond
        assert near.cost("shots") == pytest.approx(near.log_sampling_overhead, abs=1e-9)

    @given(seed=seeds)
    def test_relabelling_qpus_that_are_all_linked_changes_nothing(self, seed: int) -> None:
        placed = random_placed(seed, shape="complete")
        names = placed.network.qpus
        other = dict(
            zip(names, np.random.default_rng(seed).permutation(names).tolist(), strict=True)
        )
        renamed = Partition(
            placed.circuit, placed.network, tuple(other[qpu] for qpu in placed.qpu_of)
        )
        assert renamed.cut_operations == placed.cut_operations
        for cost in COSTS:
            assert renamed.cost(cost) == placed.cost(cost)

    @given(seed=seeds)
    def test_mirrored_lines_cost_the_same(self, seed: int) -> None:
        placed = random_placed(seed, shape="line")
        last = len(placed.network.qpus) - 1
        mirrored = Partition(
            placed.circuit, placed.network, tuple(f"qpu{last - i}" for i in placed.assignment)
        )
        assert [mirrored.cost(cost) for cost in COSTS] == [placed.cost(cost) for cost in COSTS]

    def test_hops_weigh_every_cost(self) -> None:
        circuit = Circuit(2, (("CX", (0, 1)), ("SWAP", (1, 0)), ("RZZ", (0, 1), math.pi / 6)))
        placed = Partition(circuit, QPUNetwork.line(4, 1), ("qpu0", "qpu3"))
        assert placed.n_cut_gates == 3
        assert placed.cost("gates") == placed.n_hops == 9
        assert placed.cost("ebits") == placed.n_ebits == 3 * (1 + 2 + 1)
        assert placed.log2_cut_bond == 1 + 2 + 1
        assert placed.cost("bonds") == 12
        # one block, of γ 7 as its SWAP has alone: all four Schmidt coefficients are 1/2
        assert placed.sampling_overhead == pytest.approx(7**2)
        assert placed.cost("shots") == pytest.approx(3 * 2 * math.log(7))

    def test_nine_shots_a_cx(self) -> None:
        placed = Partition.from_blocks(
            ry_brickwork(4, 3), QPUNetwork.line(2, 2), {"qpu0": (0, 1), "qpu1": (2, 3)}
        )
        assert placed.sampling_overhead == pytest.approx(9**3)

    def test_past_the_range_of_a_float(self) -> None:
        circuit = Circuit(3, (("CX", (0, 1)), ("CX", (0, 2))) * 400)
        placed = Partition(circuit, QPUNetwork.line(2, 2), ("qpu0", "qpu1", "qpu0"))
        assert placed.sampling_overhead == math.inf
        assert placed.log_sampling_overhead == pytest.approx(400 * math.log(9))

    def test_everything_on_one_qpu_costs_nothing(self) -> None:
        placed = Partition(chen2020(4, 2), QPUNetwork.star(3, 4), ("qpu1",) * 4)
        assert placed.cut_operations == placed.packets == ()
        assert [placed.cost(cost) for cost in COSTS] == [0, 0, 0, 0]
        assert placed.sampling_overhead == 1
