"""The state (h, c) of a cell or a stack of them, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..errors import ShapeError

__all__ = ["State", "check_state", "told"]

State = tuple[Tensor, Tensor]


def check_state(hx: Any, h_shape: Sequence[int], c_shape: Sequence[int], input: Tensor) -> State:
    """h and c of a pair, a tuple or list, of the same dtype and device as the input.

    Raises `ShapeError` for anything else.
    """
    if not isinstance(hx, tuple | list) or [isinstance(part, Tensor) for part in hx] != [True] * 2:
        raise ShapeError(
            f"the state must be a pair (h, c) of tensors of shapes {tuple(h_shape)} and "
            f"{tuple(c_shape)}, got {told(hx)}."
        )
    h, c = hx
    for name, part, wanted in (("h", h, tuple(h_shape)), ("c", c, tuple(c_shape))):
        if part.shape != wanted:
            raise ShapeError(f"{name} of shape {wanted} wanted, got {tuple(part.shape)}.")
        if part.dtype != input.dtype:
            raise ShapeError(
                f"{name} is {part.dtype}, the input {input.dtype}. Convert one with .to()."
            )
        if part.device != input.device:
            raise ShapeError(
                f"{name} is on {part.device}, the input on {input.device}. Move one with .to()."
            )
    return h, c


def told(value: Any) -> str:
    """What a value is, in a few words."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"{len(value)} entries: " + ", ".join(type(each).__name__ for each in value)
    return type(value).__name__
