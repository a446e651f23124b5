"""What is computed: gates, circuits with input and weight slots, ansätze."""

from .circuit import Circuit, InputSlot, Operation, WeightSlot
from .encoding import ENCODINGS
from .gates import GATES, Gate

__all__ = ["ENCODINGS", "GATES", "Circuit", "Gate", "InputSlot", "Operation", "WeightSlot"]
