"""What is computed: gates, circuits with input and weight slots, ansätze."""

from .circuit import Circuit
from .encoding import ENCODINGS
from .gates import GATES, Gate
from .operation import Operation
from .slots import InputSlot, Polynomial, WeightSlot
from .taking import as_circuit

__all__ = [
    "ENCODINGS",
    "GATES",
    "Circuit",
    "Gate",
    "InputSlot",
    "Operation",
    "Polynomial",
    "WeightSlot",
    "as_circuit",
]
