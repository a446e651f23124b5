"""Marks in a circuit's picture: numbers at gates, lines along wires, arrivals."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.drawing import draw_circuit
from tnqlstm.circuit.drawing_layout import PITCH, make_sheet
from tnqlstm.circuit.drawing_marks import _LANE, Arrival, Marks, Thread, _lanes
from tnqlstm.figures import BLOCK_COLOURS, BLOCK_SHARE, CUT_COLOUR

CIRCUIT = Circuit(
    4,
    (
        ("CX", (0, 2)),
        ("H", (1,)),
        ("CX", (0, 3)),
        ("RY", (2,), 0.5),
        ("CZ", (1, 2)),
        ("CX", (0, 3)),
    ),
)
BLOCKS = {"a": (0, 1), "b": (2, 3), "c": ()}


def marked(figure: Figure, gid: str) -> list[Any]:
    axes = figure.axes[0]
    return [a for a in (*axes.texts, *axes.lines, *axes.patches) if a.get_gid() == gid]


def test_numbers_stand_at_their_gates_and_lines_join_them() -> None:
    marks = Marks(frozenset((0, 2, 4, 5)), (Thread(0, (0, 2), 0, 2), Thread(2, (4,), 4, 4)))
    figure = draw_circuit(CIRCUIT, BLOCKS, marks=marks)
    sheet = make_sheet(CIRCUIT, "auto", has_blocks=True, least_width=7.0)
    x = {index: spot for index, (_, spot) in sheet.spots.items()}
    wires = sheet.wires[0]
    numbers = [(t.get_text(), *t.get_position()) for t in marked(figure, "number")]
    assert numbers == [
        ("1", x[0], wires[0] - PITCH / 2),
        ("1", x[2], wires[0] - PITCH / 2),
        ("2", x[4], wires[2] + PITCH / 2),
    ]
    first, second = marked(figure, "thread")
    assert first.get_xdata()[0] < x[0] < x[2] < first.get_xdata()[1] < x[5]
    assert second.get_xdata()[0] < x[4] < second.get_xdata()[1]
    assert abs(first.get_ydata()[0] - wires[0]) < PITCH / 4
    assert abs(second.get_ydata()[0] - wires[2]) < PITCH / 4
    assert first.get_color() != second.get_color()


def test_cut_gates_are_those_of_the_marks() -> None:
    figure = draw_circuit(CIRCUIT, BLOCKS, marks=Marks(frozenset((4,))))
    lines = [
        line for line in figure.axes[0].lines if to_hex(line.get_color()).upper() == CUT_COLOUR
    ]
    assert len([line for line in lines if abs(np.ptp(line.get_ydata())) > PITCH / 2]) == 1


def test_two_numbers_at_one_place_stand_side_by_side() -> None:
    circuit = Circuit(2, (("CX", (0, 1)),))
    marks = Marks(frozenset((0,)), (Thread(0, (0,), 0, 0), Thread(1, (0,), 0, 0)))
    one, two = marked(draw_circuit(circuit, marks=marks), "number")
    assert one.get_position()[1] == two.get_position()[1]
    assert two.get_position()[0] > one.get_position()[0] + 0.1


def test_a_thread_goes_through_all_rows() -> None:
    marks = Marks(frozenset(), (Thread(0, (0, 5), 0, 5),))
    figure = draw_circuit(CIRCUIT, max_columns=2, marks=marks)
    lines = marked(figure, "thread")
    assert len(lines) == 3
    assert len({line.get_ydata()[0] for line in lines}) == 3


def test_a_thread_without_operations_still_has_its_number() -> None:
    marks = Marks(frozenset(), (Thread(0, (), 2, 2),))
    figure = draw_circuit(CIRCUIT, marks=marks)
    assert [text.get_text() for text in marked(figure, "number")] == ["1"]


@given(
    threads=st.lists(
        st.tuples(st.sampled_from([None, 0, 1]), st.integers(0, 30), st.integers(0, 9)),
        max_size=20,
    )
)
def test_threads_on_one_wire_never_overlap(threads: list[Any]) -> None:
    made = [Thread(q, (), start, start + n) for q, start, n in sorted(threads, key=lambda t: t[1])]
    lanes = _lanes(made)
    for k, (one, lane) in enumerate(zip(made, lanes, strict=True)):
        for other, other_lane in zip(made[:k], lanes[:k], strict=True):
            if one.qubit == other.qubit and lane == other_lane:
                assert other.end < one.start
        # as few as are needed at the time
        at_once = sum(t.qubit == one.qubit and t.end >= one.start for t in made[: k + 1])
        assert lane < at_once


def test_lanes_are_either_side_of_the_wire() -> None:
    threads = tuple(Thread(0, (0,), 0, 5) for _ in range(3))
    lines = marked(draw_circuit(CIRCUIT, marks=Marks(frozenset(), threads)), "thread")
    wire = make_sheet(CIRCUIT, "auto", least_width=7.0).wires[0][0]
    shifts = [line.get_ydata()[0] - wire for line in lines]
    assert np.allclose(shifts, [_LANE, -_LANE, 2 * _LANE])


def test_an_arrival_has_a_wedge_a_name_and_the_colour_of_its_block() -> None:
    marks = Marks(frozenset(), (), (Arrival(0, 2, "c"), Arrival(0, 5, "b")))
    figure = draw_circuit(CIRCUIT, BLOCKS, marks=marks)
    sheet = make_sheet(CIRCUIT, "auto", has_blocks=True, least_width=7.0)
    late, early = marked(figure, "arrival")
    for wedge, behind, before in ((early, 0, 2), (late, 2, 5)):  # gates on qubit 0
        x = wedge.get_xy()[:, 0]
        assert sheet.spots[behind][1] < min(x) < max(x) < sheet.spots[before][1]
        assert min(x) < sheet.spots[behind][1] + 0.4
    colours = [to_hex(wedge.get_facecolor()).upper() for wedge in (early, late)]
    assert colours == [BLOCK_COLOURS[2], BLOCK_COLOURS[1]]
    strips = [p for p in figure.axes[0].patches if p.get_alpha() == BLOCK_SHARE]
    ends = [sorted(p.get_xy()[:, 0])[:: len(p.get_xy()) - 1] for p in strips if hasattr(p, "get_xy")
            and np.ndim(p.get_xy()) == 2]  # fmt: skip
    (late_left, late_right), (early_left, early_right) = ends
    assert early_left < early_right == late_left < late_right
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert "the qubit moves" in [text.get_text() for text in legend.get_texts()]
    assert {"b", "c"} <= {text.get_text() for text in figure.axes[0].texts}
