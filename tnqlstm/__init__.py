"""Distributed quantum LSTMs with tensor networks: place, contract, train.

Names load when they're first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> the module that defines it; a module itself where the value is ""
_HOME = {
    "ansatz": "circuit.ansatz",
    "datasets": "forecasting.datasets",
    "Circuit": "circuit",
    "InputSlot": "circuit",
    "Operation": "circuit",
    "Polynomial": "circuit",
    "WeightSlot": "circuit",
    "Link": "distribution",
    "Partition": "distribution",
    "QPUNetwork": "distribution",
    "cost_table": "distribution",
    "partition": "distribution",
    "ContractionPlan": "contraction",
    "plan_expectations": "contraction",
    "ClassicalLSTM": "nn",
    "QLSTM": "nn",
    "QLSTMCell": "nn",
    "VQC": "nn",
    "Forecaster": "forecasting",
}

__all__ = [*_HOME, "__version__"]

if TYPE_CHECKING:
    from .circuit import Circuit, InputSlot, Operation, Polynomial, WeightSlot, ansatz
    from .contraction import ContractionPlan, plan_expectations
    from .distribution import Link, Partition, QPUNetwork, cost_table, partition
    from .forecasting import Forecaster, datasets
    from .nn import QLSTM, VQC, ClassicalLSTM, QLSTMCell


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_HOME[name]}", __name__)
    value = module if module.__name__.endswith(f".{name}") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
