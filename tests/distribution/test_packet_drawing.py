"""The picture of a placed circuit: cut gates, packets and moves, read back from it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

import tnqlstm as tnq
from tnqlstm.circuit import Circuit
from tnqlstm.circuit.drawing_layout import PITCH
from tnqlstm.distribution import Partition, QPUNetwork
from tnqlstm.distribution.packet_drawing import draw_packets
from tnqlstm.figures import CUT_COLOUR
from tnqlstm.outputs import figure_bytes

from .test_placed import random_placed
from .test_report import moved


def marked(figure: Any, gid: str) -> list[Any]:
    axes = figure.axes[0]
    return [a for a in (*axes.texts, *axes.lines, *axes.patches) if a.get_gid() == gid]


def cut_lines(figure: Any) -> list[Any]:
    lines = [line for line in figure.axes[0].lines if np.ptp(line.get_xdata()) == 0]
    long = [line for line in lines if abs(np.ptp(line.get_ydata())) > PITCH / 2]
    return [line for line in long if to_hex(line.get_color()).upper() == CUT_COLOUR]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=12)
def test_every_gate_has_the_numbers_of_its_packets(seed: int) -> None:
    placed = random_placed(seed)
    figure = draw_packets(placed, max_columns=None)
    numbers = Counter(text.get_text() for text in marked(figure, "number"))
    wanted = Counter(
        {str(k): len(p.operations) or 1 for k, p in enumerate(placed.packets, start=1)}
    )
    assert numbers == wanted
    assert len(cut_lines(figure)) == placed.n_cut_gates
    assert len(marked(figure, "thread")) == sum(p.root is not None for p in placed.packets)


def test_gates_that_share_an_e_bit_share_a_number_and_a_line() -> None:
    """Qubit 0 controls gates on 1 and 2 (one copy), then, after RX, on 1 again (another)."""
    circuit = Circuit(3, (("CX", (0, 1)), ("CX", (0, 2)), ("RX", (0,), 0.5), ("CX", (0, 1))))
    placed = Partition.from_blocks(circuit, QPUNetwork.line(2, 2), {"qpu0": [0], "qpu1": [1, 2]})
    figure = draw_packets(placed)
    first, second = marked(figure, "thread")
    numbers = marked(figure, "number")
    assert [text.get_text() for text in numbers] == ["1", "1", "2"]
    assert all(first.get_xdata()[0] < t.get_position()[0] < first.get_xdata()[1]
               for t in numbers[:2])  # fmt: skip
    assert first.get_xdata()[1] < second.get_xdata()[0]
    assert len({to_hex(text.get_bbox_patch().get_facecolor()) for text in numbers}) == 2


def test_wires_stand_by_block_unless_told_otherwise() -> None:
    placed = Partition(
        Circuit(4, (("CZ", (0, 1)), ("CZ", (2, 3)))),
        QPUNetwork.line(2, 2),
        ("qpu1", "qpu0", "qpu1", "qpu0"),
    )
    for by_block, order in ((True, "0213"), (False, "0123")):
        axes = draw_packets(placed, by_block=by_block).axes[0]
        names = [text for text in axes.texts if text.get_text().startswith("$q_")]
        names.sort(key=lambda text: -text.get_position()[1])
        assert "".join(text.get_text()[4] for text in names) == order


def test_moves() -> None:
    placed = moved()
    figure = draw_packets(placed, title="a move")
    (wedge,) = marked(figure, "arrival")
    (line,) = marked(figure, "thread")
    assert max(line.get_xdata()) < max(wedge.get_xy()[:, 0])  # the copy is there, then it's used
    assert len(cut_lines(figure)) == 1
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"a move", "qpu1"} <= set(texts)


def test_a_partition_without_packets() -> None:
    placed = tnq.partition(tnq.ansatz.ry_brickwork(3, 1), QPUNetwork.line(1, 3))
    assert marked(draw_packets(placed), "number") == []


def test_twenty_qubits_wrap_into_panels_with_legible_numbers() -> None:
    circuit, network = tnq.ansatz.chen2020(20, 4), QPUNetwork.line(4, 5)
    blocks = {f"qpu{k}": range(5 * k, 5 * k + 5) for k in range(4)}
    figure = Partition.from_blocks(circuit, network, blocks).draw_circuit()
    assert len(figure_bytes(figure, ".png")) < 2**21
    width, height = figure.get_size_inches()
    assert 12 < width < 20
    assert height < 2.5 * width
    assert sum(text.get_text() == "$q_{0}$" for text in figure.axes[0].texts) == 4  # panels
    numbers = marked(figure, "number")
    assert min(text.get_fontsize() for text in numbers) >= 8
    boxes = [text.get_window_extent() for text in numbers]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
