"""What `QLSTM` and `QLSTMCell` check of their arguments, and how they show them."""

from __future__ import annotations

from typing import Any

from ..distribution import QPUNetwork
from ..errors import ShapeError

__all__ = ["check_bias", "flag", "name_of", "sketch"]


def flag(name: str, value: Any) -> bool:
    """The value as a bool; raises `ShapeError` unless it is one."""
    if type(value).__name__ not in ("bool", "bool_") and value not in (0, 1):
        raise ShapeError(
            f"{name} must be True or False, got {value!r}. The order is nn.LSTM's; cell, depth and "
            "what else is of ours goes by name."
        )
    return bool(value)


def check_bias(value: Any) -> None:
    """Raise `ShapeError` for bias=False."""
    if not flag("bias", value):
        raise ShapeError(
            "bias=False isn't possible: the gates are circuits, which have no bias to leave out, "
            "and the Linear layers of the cell 'linear' have theirs as published. Leave bias out."
        )


def name_of(function: Any) -> str:
    """What a function or a callable object is called."""
    return str(getattr(function, "__name__", type(function).__name__))


def sketch(network: QPUNetwork) -> str:
    """A network in a few words, such as "2 QPUs × 3 qubits"."""
    n_qpus, sizes = len(network.qpus), set(network.capacities)
    qpus = f"{n_qpus} QPU{'' if n_qpus == 1 else 's'}"
    if len(sizes) == 1:
        return f"{qpus} × {sizes.pop()} qubits"
    return f"{qpus} of {min(sizes)} to {max(sizes)} qubits"
