"""Circuits as plain data, for contestants that don't import tnqlstm."""

from __future__ import annotations

from typing import Any

from tnqlstm.circuit import Circuit, InputSlot, WeightSlot

__all__ = ["plain_operations"]


def plain_operations(circuit: Circuit) -> list[list[Any]]:
    """[name, qubits, angle] of each gate; the angle a number or none, or where it comes from.

    ["weight", index], or ["input", index, encoding].
    """
    operations: list[list[Any]] = []
    for op in circuit.operations:
        angle: Any = op.angle
        if isinstance(op.angle, InputSlot):
            angle = ["input", op.angle.index, op.angle.encoding]
        elif isinstance(op.angle, WeightSlot):
            angle = ["weight", op.angle.index]
        operations.append([op.name, list(op.qubits), angle])
    return operations
