"""Blocks of gates on one pair: their γ against published formulas and the definition."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.distribution import Move, Partition, QPUNetwork, partition
from tnqlstm.distribution.gate_blocks import gate_blocks

from . import exhaustive

PAIR = QPUNetwork.line(2, 1)
W = WeightSlot
# γ² as published for qiskit-addon-cutting's gates (its explanation of sampling overhead)
PUBLISHED: dict[str, tuple[int, Callable[[float], float]]] = {
    "XXPlusYYGate": (1, lambda t: 1 + 4 * abs(math.sin(t / 2)) + 2 * math.sin(t / 2) ** 2),
    "XXMinusYYGate": (1, lambda t: 1 + 4 * abs(math.sin(t / 2)) + 2 * math.sin(t / 2) ** 2),
    "RZXGate": (1, lambda t: 1 + 2 * abs(math.sin(t))),
    "DCXGate": (0, lambda _: 7.0),
    "ECRGate": (0, lambda _: 3.0),
    "CHGate": (0, lambda _: 3.0),
    "CSXGate": (0, lambda _: 1 + math.sqrt(2)),
    "iSwapGate": (0, lambda _: 7.0),
    "SwapGate": (0, lambda _: 7.0),
}


def gamma(*operations: Any, n_slots: int = 0) -> float:
    circuit = Circuit(2, operations, n_slots, (n_slots,))
    return math.sqrt(Partition(circuit, PAIR, ("qpu0", "qpu1")).sampling_overhead)


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_published_overheads_of_gates_that_come_as_several(name: str) -> None:
    library = pytest.importorskip("qiskit.circuit.library")
    from qiskit import QuantumCircuit

    n_angles, wanted = PUBLISHED[name]
    for angle in (0.1, 1.0, math.pi / 2, 2.9) if n_angles else (0.0,):
        source = QuantumCircuit(2)
        source.append(getattr(library, name)(*[angle] * n_angles), [0, 1])
        placed = Partition(Circuit.from_qiskit(source), PAIR, ("qpu0", "qpu1"))
        assert placed.sampling_overhead == pytest.approx(wanted(angle) ** 2, rel=1e-9)


def test_xx_and_yy() -> None:
    found = gamma(("RXX", (0, 1), 0.05), ("RYY", (0, 1), 0.05))
    assert found == pytest.approx(1.2049, abs=1e-4)


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        ([("CX", (0, 1)), ("CX", (0, 1))], 1),
        ([("CX", (0, 1)), ("CX", (1, 0)), ("CX", (0, 1))], 7),  # a SWAP
        ([("CZ", (0, 1)), ("H", (1,)), ("CZ", (0, 1)), ("H", (1,))], 3),
        ([("RZZ", (0, 1), 0.3), ("RZZ", (1, 0), 0.4)], 1 + 2 * math.sin(0.7)),
        ([("RZZ", (0, 1), W(0)), ("RZZ", (1, 0), W(1))], 3),
        ([("RZZ", (0, 1), InputSlot(0)), ("CP", (0, 1), W(0)), ("CZ", (0, 1))], 3),
        ([("CX", (0, 1)), ("RZ", (1,), W(0)), ("CX", (0, 1))], 3),
        ([("CX", (0, 1)), ("RX", (0,), W(0)), ("RZ", (1,), W(1)), ("CX", (0, 1))], 7),
        ([("RXX", (0, 1), W(0)), ("RYY", (0, 1), W(1))], 7),
        ([("RXX", (0, 1), W(0)), ("RXX", (0, 1), W(0) * -1.0)], 1),
        ([("RZZ", (0, 1), W(0)), ("CX", (0, 1)), ("CX", (0, 1))], 3),
        ([("CS", (0, 1)), ("RX", (0,), W(0)), ("RX", (1,), W(1))], 1 + math.sqrt(2)),
    ],
)
def test_blocks_by_hand(operations: list[Any], wanted: float) -> None:
    assert gamma(*operations, n_slots=2) == pytest.approx(wanted, abs=1e-9)


def test_what_ends_a_block() -> None:
    cx, alone = ("CX", (0, 1)), ("H", (2,))
    operations = Circuit(3, (cx, alone, ("H", (0,)), cx, ("CZ", (1, 2)), cx)).operations
    assert [block.operations for block in gate_blocks(operations)] == [[0, 3], [4], [5]]
    assert [block.operations for block in gate_blocks(operations, {3: (1,)})] == [
        [0], [3], [4], [5],
    ]  # fmt: skip


def test_a_move_ends_a_block() -> None:
    circuit = Circuit(2, (("CX", (0, 1)),) * 4)
    network = QPUNetwork.line(3, 1)
    stays = Partition(circuit, network, ("qpu0", "qpu1"))
    assert stays.sampling_overhead == pytest.approx(1)
    for move in [Move(0, operation, "qpu2") for operation in range(1, 4)]:
        try:
            moved = Partition(circuit, network, ("qpu0", "qpu1"), (move,))
        except ValueError:
            continue  # no run ends there
        assert moved.sampling_overhead == pytest.approx(16)


names = st.sampled_from(["H", "T", "RX", "RZ", "CX", "CZ", "RZZ", "RXX", "CP", "SWAP", "CRY"])


@st.composite
def operations(draw: st.DrawFn, slots: bool) -> list[Operation]:
    found = []
    for number in range(draw(st.integers(1, 7))):
        name = draw(names)
        one = name in ("H", "T", "RX", "RZ")
        qubits = draw(st.sampled_from([(0,), (1,)] if one else [(0, 1), (1, 0)]))
        angle: Any = None
        if name[0] == "R" or name in ("CP", "CRY"):
            angle = draw(st.sampled_from([0.0, 0.3, math.pi / 2, math.pi, -1.1]))
            angle = W(number % 3) if slots and draw(st.booleans()) else angle
        found.append(Operation(name, qubits, angle))
    return found


@given(ops=operations(slots=False))
def test_fixed_blocks_have_the_products_gamma(ops: list[Operation]) -> None:
    blocks = gate_blocks(ops)
    assert len(blocks) == (len(exhaustive.blocks(ops)) > 0)
    for block, indices in zip(blocks, exhaustive.blocks(ops), strict=True):
        parts = [ops[k] for k in indices]
        assert block.gamma == pytest.approx(exhaustive.block_gamma(parts), abs=1e-9)
        one_by_one = math.prod(exhaustive.gamma(u) for op in parts if len(op.qubits) == 2
                               for u in exhaustive.unitaries(op))  # fmt: skip
        assert block.gamma <= one_by_one + 1e-9


@given(ops=operations(slots=True), seed=st.integers(0, 10**6))
def test_whatever_the_slots_are_a_block_costs_no_more(ops: list[Operation], seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = {W(k): rng.choice([0, math.pi / 2, math.pi, rng.uniform(-7, 7)]) for k in range(3)}
    for block, indices in zip(gate_blocks(ops), exhaustive.blocks(ops), strict=True):
        parts = [ops[k] for k in indices]
        assert block.gamma == pytest.approx(exhaustive.block_gamma(parts), abs=1e-9)
        assert exhaustive.gamma(exhaustive.product(parts, values)) <= block.gamma + 1e-9


def test_shots_are_those_of_blocks_in_the_search_too() -> None:
    """Ten CX that cancel cost nothing; one CX costs 9: the pair of the ten is cut."""
    circuit = Circuit(3, (*[("CX", (0, 1))] * 10, ("CX", (1, 2))))
    placed = partition(circuit, QPUNetwork.line(2, 2), cost="shots")
    assert placed.sampling_overhead == pytest.approx(1)
    assert placed.cost("shots") == pytest.approx(0)
    assert partition(circuit, QPUNetwork.line(2, 2)).n_cut_gates == 1
