"""The qubits of each layer are those that the layers have."""

from __future__ import annotations

import pytest

from tnqlstm.errors import UnknownNameError
from tnqlstm.nn import QLSTM, QLSTMCell
from tnqlstm.nn.widths import layer_qubits


@pytest.mark.parametrize("cell", ["chen2024", "linear"])
def test_those_of_a_stack(cell: str) -> None:
    model = QLSTM(2, 3, 3, cell=cell, depth=1)
    made = [layer.circuit.n_qubits for layer in model.cells]
    assert [layer_qubits(cell, 2, 3, k) for k in range(3)] == made
    assert made == ([5, 6, 6] if cell == "chen2024" else [4, 4, 4])
    assert layer_qubits("linear", 2, 3, 1, 7) == 7


def test_those_of_chen2020_which_puts_out_one_number_a_qubit() -> None:
    width, made = 2, []
    for _ in range(3):
        layer = QLSTMCell(width, 3, cell="chen2020", depth=1)
        made.append(layer.circuit.n_qubits)
        width = layer.output_size
    assert [layer_qubits("chen2020", 2, 3, k) for k in range(3)] == made == [5, 8, 11]


def test_an_unknown_cell() -> None:
    with pytest.raises(UnknownNameError, match="chen2024"):
        layer_qubits("chen2023", 1, 1)
