"""The model that the options of `tnqlstm train` describe: its size, checked first, and its QPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arguments import whole
from .errors import DataError, look_up
from .limits import MOST_TRAINED_GATES, MOST_WEIGHTS, check_size, n_gates

if TYPE_CHECKING:
    from .distribution import QPUNetwork

__all__ = ["check_model", "qpu_network"]

_SMALLER = "Take a smaller --hidden-size, or fewer --layers."
_OF_CIRCUITS = ("cell", "scheme", "qpus", "network", "depth", "qubits")


def check_model(
    ctx: Any, model: str, cell: str, hidden_size: int, layers: int, depth: int | None,
    qubits: int | None,
) -> None:  # fmt: skip
    """Raise a `DataError` for options without a meaning, a `SizeError` for a model too large.

    What else is wrong the library says when it makes the model.
    """
    hidden_size = whole("--hidden-size", hidden_size, 1, DataError)
    layers = whole("--layers", layers, 1, DataError)
    if model == "lstm":
        defaults = {parameter.name: parameter.default for parameter in ctx.command.params}
        given = [f"--{name}" for name in _OF_CIRCUITS if ctx.params[name] != defaults[name]]
        if given:
            raise DataError(
                f"--model lstm has no circuits, so {', '.join(given)} would mean nothing. "
                "Leave out what is of circuits, or take --model qlstm."
            )
        n_weights = 4 * hidden_size * (hidden_size + 3 + (layers - 1) * (2 * hidden_size + 2))
        check_size("this LSTM", n_weights, MOST_WEIGHTS, "weights", _SMALLER)
    elif model == "qlstm":
        _check_circuits(cell, hidden_size, layers, depth, qubits)


def _check_circuits(
    cell: str, hidden_size: int, layers: int, depth: int | None, qubits: int | None
) -> None:
    from .nn.cell import CELLS
    from .nn.widths import layer_qubits

    definition = look_up("cell", cell, CELLS)
    if qubits is not None and not definition.mixes_linearly:
        raise DataError(
            f"--qubits is an option of the cell linear; {cell} has as many qubits as its inputs, "
            "1 + --hidden-size. Leave it out, or take --cell linear."
        )
    first, later = (layer_qubits(cell, 1, hidden_size, layer, qubits) for layer in (0, 1))
    each = definition.depth if depth is None else depth
    gates = n_gates(definition.ansatz, first, each)
    gates += (layers - 1) * n_gates(definition.ansatz, later, each)
    remedy = f"{_SMALLER[:-1]}, or less --depth."
    check_size("the circuits of this QLSTM", gates, MOST_TRAINED_GATES, "gates", remedy)
    if definition.mixes_linearly:
        n_weights = layers * first * (2 * hidden_size + 1)
        check_size("this QLSTM", n_weights, MOST_WEIGHTS, "weights", _SMALLER)


def qpu_network(
    scheme: str, spec: str | None, qpus: int | None, cell: str, hidden_size: int, layers: int,
    qubits: int | None,
) -> QPUNetwork | None:  # fmt: skip
    """The network that was named, or as many QPUs in a line as just hold each layer's circuits."""
    if spec is None and qpus is None:
        if scheme in ("segment", "linked"):
            raise DataError(
                f"--scheme {scheme} needs QPUs. Give their number, such as --qpus 2, or a network, "
                "such as --network line:2x3."
            )
        return None
    from . import specs

    if spec is not None:
        if qpus is not None:
            raise DataError("--qpus and --network exclude each other. Give one of them.")
        return specs.parse_network(spec)
    from .nn.widths import layer_qubits

    assert qpus is not None
    widest = max(layer_qubits(cell, 1, hidden_size, k, qubits) for k in (0, layers - 1))
    return specs.even_line(qpus, widest)
