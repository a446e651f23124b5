"""`as_one_gate`: a product of gates on two qubits that is one gate of `GATES`, by what it does.

Tools write RZZ as CX, RZ, CX, under names of their own; both CX would be paid for where the qubits
are on two QPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .gates import GATES
from .operation import Operation
from .slots import Angle, Slot, WeightSlot, slots_of, with_slots
from .synthesis import phase_between

__all__ = ["as_one_gate"]

_Part: TypeAlias = tuple[str, tuple[int, ...], Angle]  # a gate on qubits 0 and 1

_LONGEST = 40  # gates; the longest standard product of one gate has about a dozen
_TOLERANCE = 1e-10
_FACTORS = (1.0, 2.0, -1.0, -2.0)  # RZ(w/2) CX RZ(−w/2) CX is CRZ(w)
_QUARTERS = tuple(k * np.pi / 4 for k in range(-7, 8) if k)
_SAMPLES = np.random.default_rng(20).uniform(-9, 9, (3, 8))  # beyond one turn too


def as_one_gate(operations: Sequence[Operation]) -> Operation | None:
    """The gate that the operations are for all values of their slots, up to a phase, if any.

    Looked for where they are two or more gates on the same two qubits, among others.
    """
    if not sum(len(op.qubits) == 2 for op in operations) > 1 or len(operations) > _LONGEST:
        return None
    qubits = tuple(dict.fromkeys(q for op in operations for q in op.qubits))
    slots = list(dict.fromkeys(slot for op in operations for slot in slots_of(op.angle)))
    if len(qubits) != 2 or len(slots) > _SAMPLES.shape[1]:
        return None
    number = {slot: WeightSlot(k) for k, slot in enumerate(slots)}
    parts = tuple(
        (op.name, tuple(map(qubits.index, op.qubits)), with_slots(op.angle, number.__getitem__))
        for op in operations
    )
    found = _found(parts, len(slots))
    if found is None:
        return None
    name, places, angle = found

    def own(slot: Slot) -> Slot:
        return slots[slot.index]

    return Operation(name, tuple(qubits[place] for place in places), with_slots(angle, own))


@lru_cache(1000)
def _found(parts: tuple[_Part, ...], n_slots: int) -> _Part | None:
    samples = _SAMPLES[:, :n_slots] if n_slots else _SAMPLES[:1, :0]
    unitaries = [_product(parts, sample) for sample in samples]
    angles = [angle for _, _, angle in parts if angle is not None]
    sources = [factor * angle for angle in angles for factor in _FACTORS]
    candidates: list[_Part] = []
    for gate in GATES.values():
        if gate.n_qubits == 2:
            wanted = dict.fromkeys([*sources, *_QUARTERS] if gate.is_parametrised else [None])
            candidates += [(gate.name, p, a) for p in ((0, 1), (1, 0)) for a in wanted]
    for candidate in candidates:
        made = (_product((candidate,), sample) for sample in samples)
        pairs = zip(made, unitaries, strict=True)
        if all(phase_between(a, b, _TOLERANCE) is not None for a, b in pairs):
            return candidate
    return None


def _product(parts: Sequence[_Part], sample: NDArray[np.float64]) -> NDArray[Any]:
    total: NDArray[Any] = np.eye(4, dtype=np.complex128)
    for name, places, angle in parts:
        matrix: NDArray[Any] = GATES[name].matrix(
            with_slots(angle, lambda slot: float(sample[slot.index]))
        )
        if places == (1, 0):
            matrix = matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)
        elif len(places) == 1:
            sides = (matrix, np.eye(2)) if places == (0,) else (np.eye(2), matrix)
            matrix = np.kron(*sides)
        total = matrix @ total
    return total
