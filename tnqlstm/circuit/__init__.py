"""What is computed: gates, circuits with input and weight slots, ansätze."""

from .circuit import Circuit
from .encoding import ENCODINGS
from .gates import GATES, Gate
from .operation import InputSlot, Operation, WeightSlot

__all__ = ["ENCODINGS", "GATES", "Circuit", "Gate", "InputSlot", "Operation", "WeightSlot"]
