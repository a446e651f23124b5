"""The picture says what the circuit is: gates, angles, blocks and cut gates."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.circuit.drawing import draw_circuit
from tnqlstm.circuit.drawing_layout import in_units_of_pi, lay_out
from tnqlstm.errors import CircuitError
from tnqlstm.figures import BLOCK_COLOURS, CUT_COLOUR

from .. import reference

PITCH = 0.46


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def cut_lines(figure: Figure) -> list[Any]:
    """The vertical lines between wires that are drawn in the colour of cut gates."""
    lines = figure.axes[0].lines
    upright = [line for line in lines if np.ptp(line.get_xdata()) == 0]
    long = [line for line in upright if abs(np.ptp(line.get_ydata())) > PITCH / 2]
    return [line for line in long if to_hex(line.get_color()).upper() == CUT_COLOUR]


def bands(figure: Figure) -> list[str]:
    patches = [p for p in figure.axes[0].patches if isinstance(p, FancyBboxPatch)]
    colours = [to_hex(patch.get_facecolor()).upper() for patch in patches]
    return [colour for colour in colours if colour in BLOCK_COLOURS]


def test_cut_gates_and_bands_of_two_blocks() -> None:
    figure = ansatz.ry_brickwork(6, 5).draw({0: (0, 1, 2), 1: (3, 4, 5)})
    assert len(cut_lines(figure)) == 5
    assert bands(figure) == list(BLOCK_COLOURS[:2])
    assert {"QPU 0", "QPU 1"} <= set(texts(figure))
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "input $x$",
        "weight $\\theta$",
        "fixed",
        "cut gate, between QPUs",
    ]


def test_every_qubit_and_angle_is_written() -> None:
    operations = (
        Operation("RX", (0,), -math.pi / 2),
        Operation("RY", (1,), InputSlot(1, "arctan")),
        Operation("RZ", (1,), InputSlot(0, "arctan_square")),
        Operation("SDG", (2,)),
        Operation("CRX", (0, 2), WeightSlot(13)),
    )
    found = texts(Circuit(3, operations, 2, (14,)).draw(title="a title"))
    assert {"$q_{0}$", "$q_{1}$", "$q_{2}$", "RX", "−π/2", "S†", "a title"} <= set(found)
    assert {"arctan $x_{1}$", "arctan $x_{0}^2$", "$\\theta_{13}$"} <= set(found)


def test_without_blocks_nothing_is_cut() -> None:
    figure = ansatz.chen2020(4, 2).draw()
    assert cut_lines(figure) == []
    assert bands(figure) == []


def test_scattered_blocks_have_a_band_a_run() -> None:
    figure = ansatz.chen2020(4, 1).draw({"a": (0, 2), "b": (), "c": (3, 1)})
    assert bands(figure) == [BLOCK_COLOURS[0], BLOCK_COLOURS[2]] * 2
    assert len(cut_lines(figure)) == 4  # the ring of range 1; range 2 stays inside


def test_by_block_each_block_has_one_band() -> None:
    blocks = {"a": (3, 1), "b": (), "c": (0, 2)}
    figure = ansatz.chen2020(4, 1).draw(blocks, by_block=True)
    assert bands(figure) == [BLOCK_COLOURS[2], BLOCK_COLOURS[0]]  # by their first qubits
    assert len(cut_lines(figure)) == 4
    names = [t for t in figure.axes[0].texts if t.get_text().startswith("$q_")]
    names.sort(key=lambda text: -text.get_position()[1])
    assert [text.get_text() for text in names] == ["$q_{0}$", "$q_{2}$", "$q_{1}$", "$q_{3}$"]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_one_cut_line_for_each_gate_between_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng, n_qubits=int(rng.integers(2, 6)))
    home = rng.integers(3, size=circuit.n_qubits)
    blocks = {str(k): [int(q) for q in np.flatnonzero(home == k)] for k in range(3)}
    n_cut = sum(len(set(home[list(op.qubits)])) > 1 for op in circuit.operations)
    figure = draw_circuit(circuit, blocks, max_columns=7)
    assert len(cut_lines(figure)) == n_cut


@given(seed=st.integers(0, 10**6), max_columns=st.sampled_from(["auto", None, *range(1, 12)]))
def test_gates_keep_their_order_and_never_overlap(seed: int, max_columns: Any) -> None:
    rng = np.random.default_rng(seed)
    circuit = reference.random_circuit(rng)
    order = rng.permutation(circuit.n_qubits).tolist()
    rows = lay_out(circuit, max_columns, order)
    found = [(k, x, index) for k, row in enumerate(rows) for index, x in row.operations]
    assert sorted(index for _, _, index in found) == list(range(len(circuit.operations)))
    drawn = [(k, x, circuit.operations[index]) for k, x, index in found]
    for q in range(circuit.n_qubits):
        rank = order.index(q)
        spans = [(k, x, op, sorted(map(order.index, op.qubits))) for k, x, op in drawn]
        passing = [(k, x, op) for k, x, op, span in spans if span[0] <= rank <= span[-1]]
        places = [(k, x) for k, x, _ in passing]
        assert len(set(places)) == len(places)
        on_wire = [op for _, _, op in sorted(passing, key=lambda p: p[:2]) if q in op.qubits]
        assert on_wire == [op for op in circuit.operations if q in op.qubits]
    if isinstance(max_columns, int):
        assert all(len({x for _, x in row.operations}) <= max_columns for row in rows)
    assert all(0 < x < row.width for row in rows for _, x in row.operations)


def test_angles_fit_in_their_boxes() -> None:
    operations = [
        Operation("RX", (0,), InputSlot(10, "arctan_square")),
        Operation("RX", (0,), InputSlot(3, "arctan")),
        Operation("RX", (0,), WeightSlot(1234)),
        Operation("RX", (0,), -1.236 * math.pi),
        Operation("RX", (0,), -15 * math.pi / 16),
    ]
    figure = Circuit(1, tuple(operations), 11, (2000,)).draw()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [
        patch.get_window_extent(canvas.get_renderer())
        for patch in figure.axes[0].patches
        if isinstance(patch, FancyBboxPatch)
    ]
    labels = [
        text.get_window_extent(canvas.get_renderer())
        for text in figure.axes[0].texts
        if text.get_text() not in ("RX", "$q_{0}$")
    ]
    assert len(boxes) == len(labels) == 5
    for box, label in zip(boxes, labels, strict=True):
        assert box.x0 <= label.x0
        assert label.x1 <= box.x1


def test_long_circuits_fold() -> None:
    circuit = ansatz.chen2020(4, 4)
    long, folded = circuit.draw(max_columns=None), circuit.draw(max_columns=10)
    assert folded.get_figwidth() < long.get_figwidth() / 3
    assert folded.get_figheight() > 3 * long.get_figheight()
    assert texts(folded).count("$q_{0}$") > 3
    assert texts(long).count("$q_{0}$") == 1


def test_auto_is_not_much_higher_than_wide() -> None:
    rng = np.random.default_rng(1)
    pairs = [rng.choice(24, 2, replace=False).tolist() for _ in range(300)]
    circuit = Circuit(24, tuple(("CZ", pair) for pair in pairs))
    figure = circuit.draw()
    assert 1 < figure.get_figheight() / figure.get_figwidth() < 3
    assert circuit.draw(max_columns=26).get_figheight() > 5 * figure.get_figwidth() / 2


def test_saved_as_png_without_pyplot() -> None:
    from matplotlib import pyplot

    file = io.BytesIO()
    ansatz.modular([8] * 4, 2, [1]).draw({k: range(8 * k, 8 * k + 8) for k in range(4)}).savefig(
        file, format="png"
    )
    assert file.getvalue().startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []


def test_a_circuit_without_gates() -> None:
    assert texts(Circuit(2, ()).draw()) == ["$q_{0}$", "$q_{1}$"]


@pytest.mark.parametrize(
    ("angle", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (math.pi, "π"),
        (-math.pi, "−π"),
        (math.pi / 2, "π/2"),
        (-3 * math.pi / 4, "−3π/4"),
        (2 * math.pi, "2π"),
        (1.0, "0.318π"),
        (-1.0, "−0.318π"),
        (1e-3, "0.000318π"),
    ],
)
def test_angles_in_units_of_pi(angle: float, text: str) -> None:
    assert in_units_of_pi(angle) == text


class TestBadInput:
    circuit = ansatz.ry_brickwork(4, 1)

    @pytest.mark.parametrize(
        ("blocks", "message"),
        [
            ({0: (0, 1)}, "blocks cover 2 of 4 qubits; unassigned: 2, 3"),
            ({0: (0, 1, 2), 1: (2, 3)}, "qubit 2 is in the blocks QPU 0 and QPU 1"),
            ({0: (0, 1), 1: (2, 3, 4)}, "block 1 has qubit 4, outside a circuit of 4 qubits"),
            ({}, "blocks cover 0 of 4 qubits"),
        ],
    )
    def test_blocks(self, blocks: dict[Any, Any], message: str) -> None:
        with pytest.raises(CircuitError, match=message):
            self.circuit.draw(blocks)

    @pytest.mark.parametrize("columns", [0, -1, "all"])
    def test_columns(self, columns: Any) -> None:
        message = f"max_columns must be at least 1, got {columns!r}"
        with pytest.raises(CircuitError, match=message):
            self.circuit.draw(max_columns=columns)

    def test_too_large_a_picture(self) -> None:
        with pytest.raises(CircuitError, match="461 high; at most 400 a side"):
            ansatz.ry_brickwork(1000, 1).draw()
        with pytest.raises(CircuitError, match="inches wide and 10 high"):
            ansatz.ry_brickwork(20, 300).draw(max_columns=None)
