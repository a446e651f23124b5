"""qiskit-addon-cutting's automated search for gate and wire cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qiskit import QuantumCircuit
from qiskit_addon_cutting.automated_cut_finding import (
    DeviceConstraints,
    OptimizationParameters,
    find_cuts,
)


def overhead(
    operations: list[list[Any]], n_qubits: int, room: int, wires: bool
) -> Callable[[], float]:
    """A step that returns the sampling overhead of the cuts found for QPUs of `room` qubits."""
    circuit = QuantumCircuit(n_qubits)
    for name, qubits, angle in operations:
        arguments = [] if angle is None else [angle]
        getattr(circuit, name.lower())(*arguments, *qubits)
    options = OptimizationParameters(seed=0, gate_lo=True, wire_lo=wires)
    constraints = DeviceConstraints(qubits_per_subcircuit=room)

    def step() -> float:
        return float(find_cuts(circuit, options, constraints)[1]["sampling_overhead"])

    return step
