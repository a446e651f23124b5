"""Where angles come from: gathering many gates' angles, cosines and sines in a few calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..circuit import ENCODINGS, InputSlot, Operation, WeightSlot

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
    """Numpy constants as torch tensors, converted once per dtype and device.

    A constant may be a function that makes it, called when it's first used.
    """

    arrays: Mapping[str, NDArray[np.generic] | Callable[[], NDArray[np.generic]]]
    _cache: dict[tuple[str, bool, torch.dtype, torch.device], Tensor] = field(default_factory=dict)

    def get(self, name: str, like: Tensor, *, real: bool = True) -> Tensor:
        """The constant in the precision and on the device of `like` (real), complex if not `real`.

        Integer arrays keep their type.
        """
        key = (name, real, like.dtype, like.device)
        if key not in self._cache:
            array = self.array(name)
            wanted = like.dtype if real else like.dtype.to_complex()
            dtype = None if array.dtype.kind in "iu" else wanted
            values = array.real if real and np.iscomplexobj(array) else array
            self._cache[key] = torch.as_tensor(
                np.ascontiguousarray(values), dtype=dtype, device=like.device
            )
        return self._cache[key]

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
        used = [op.angle.encoding for op in operations if isinstance(op.angle, InputSlot)]
        self.encodings = tuple(dict.fromkeys(used))
        self.n_inputs = n_inputs

    def column(self, slot: InputSlot | WeightSlot) -> int:
        """Column of the slot: in the encoded row for inputs, in the flat weights for weights."""
        if isinstance(slot, WeightSlot):
            return slot.index
        return self.encodings.index(slot.encoding) * self.n_inputs + slot.index

    def encode(self, inputs: Tensor, axis: int = -1) -> Tensor:
        """(batch, n_inputs) -> (batch, n_encodings · n_inputs), in radians; inputs along `axis`."""
        encoded = [ENCODINGS[name](inputs) for name in self.encodings]
        return encoded[0] if len(encoded) == 1 else torch.cat(encoded or [inputs], dim=axis)
