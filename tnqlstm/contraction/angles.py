"""Where angles come from: gathering many gates' angles, cosines and sines in a few calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..circuit import ENCODINGS, InputSlot, Operation, WeightSlot
from ..circuit.slots import slots_of
from .arrays import Array, join
from .cache import Cache
from .modes import plain_tensor

__all__ = ["AngleTable", "ConstantBank", "is_data", "slot_kind"]


def is_data(op: Operation) -> bool:
    """Whether the gate's angle is read from the input vector."""
    return isinstance(op.angle, InputSlot)


def slot_kind(op: Operation) -> tuple[str, object]:
    """What two gates must share to be computed together: name, and where the angle comes from."""
    if isinstance(op.angle, InputSlot):
        return op.name, op.angle.encoding
    return op.name, WeightSlot if isinstance(op.angle, WeightSlot) else op.angle


@dataclass
class ConstantBank:
    """Constants in the precision and on the device where they're used, converted once for each.

    A constant may be a function that makes it, called when it's first used.
    """

    arrays: Mapping[str, NDArray[np.generic] | Callable[[], NDArray[np.generic]]]
    _cache: Cache[tuple[str, bool, object, object], Array] = field(default_factory=Cache)

    def get(self, name: str, like: Array, *, real: bool = True) -> Array:
        """The constant of the kind of `like`, in its precision (of real or complex numbers).

        Real if it's asked to be; integers keep their type.
        """
        shared = isinstance(like, np.ndarray)
        key = (name, real, like.dtype, None if shared else like.device)
        found = self._cache.get(key)
        if found is not None:
            return found
        array = self.array(name)
        values = np.array(array.real if real else array, order="C")
        fixed = array.dtype.kind in "iu"
        if shared:
            dtype = like.dtype if real else np.result_type(like.dtype, np.complex64)
            return self._cache.keep(key, values if fixed else values.astype(dtype))
        dtype = like.dtype if real else like.dtype.to_complex()
        made = plain_tensor(values, None if fixed else dtype, like.device)
        return self._cache.keep(key, made)

    def array(self, name: str) -> NDArray[np.generic]:
        """The constant itself."""
        made = self.arrays[name]
        return made() if callable(made) else made


class AngleTable:
    """The encoded inputs as one row a sample, and each slot's column in it.

    With the encodings e₀, e₁, … that the circuit uses, a row is e₀(x) followed by e₁(x) and so on,
    so that the angle of any gate is a column.
    """

    def __init__(self, operations: Sequence[Operation], n_inputs: int) -> None:
        slots = [slot for op in operations for slot in slots_of(op.angle)]
        used = [slot.encoding for slot in slots if isinstance(slot, InputSlot)]
        self.encodings = tuple(dict.fromkeys(used))
        self.n_inputs = n_inputs

    def column(self, slot: InputSlot | WeightSlot) -> int:
        """Column of the slot: in the encoded row for inputs, in the flat weights for weights."""
        if isinstance(slot, WeightSlot):
            return slot.index
        return self.encodings.index(slot.encoding) * self.n_inputs + slot.index

    def encode(self, inputs: Array, axis: int = -1) -> Array:
        """(batch, n_inputs) -> (batch, n_encodings · n_inputs), in radians; inputs along `axis`."""
        return join([ENCODINGS[name](inputs) for name in self.encodings] or [inputs], axis)
