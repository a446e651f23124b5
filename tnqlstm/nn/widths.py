"""How many qubits the VQCs of each layer have, known before a layer is made."""

from __future__ import annotations

from ..errors import look_up
from .cell import CELLS, LINEAR_QUBITS

__all__ = ["layer_qubits"]


def layer_qubits(
    cell: str, input_size: int, hidden_size: int, layer: int = 0, n_qubits: int | None = None
) -> int:
    """The qubits of each VQC in this layer, from 0, of a `QLSTM`.

    The first layer reads input_size + hidden_size numbers; a later one the output below it, which
    has hidden_size entries or, for `chen2020`, one a qubit. `linear` has n_qubits in all layers.
    Raises `UnknownNameError` for another cell.
    """
    definition = look_up("cell", cell, CELLS)
    if definition.mixes_linearly:
        return LINEAR_QUBITS if n_qubits is None else n_qubits
    if definition.has_readout:
        return input_size + (layer + 1) * hidden_size
    return (hidden_size if layer else input_size) + hidden_size
