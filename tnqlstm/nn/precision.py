"""The precision of a module's weights: its inputs have it, and so have its values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils._pytree import tree_map

from ..contraction.modes import check_precision, is_autocast, own_precision, untraced
from ..errors import ShapeError

__all__ = ["by_itself", "cast", "check_dtype"]

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=nn.Module)


def by_itself(forward: Callable[Concatenate[M, P], R]) -> Callable[Concatenate[M, P], R]:
    """A module's `forward`, outside `torch.compile`, and under autocast in its own precision."""

    @untraced
    @wraps(forward)
    def call(self: M, *args: P.args, **options: P.kwargs) -> R:
        if not torch._C._is_any_autocast_enabled():  # a search for weights takes 20 µs
            return forward(self, *args, **options)
        weights = next(self.parameters(), None)
        if weights is None or not is_autocast(weights):
            return forward(self, *args, **options)
        args, options = tree_map(partial(cast, weights), (args, options))
        with own_precision(weights):
            return forward(self, *args, **options)

    return call


def cast(weights: Tensor, value: Any) -> Any:
    """The value, where autocast is on and it's of real numbers, in the weights' precision."""
    numbers = value.data if isinstance(value, PackedSequence) else value
    is_real = isinstance(numbers, Tensor) and numbers.is_floating_point()
    return value.to(weights.dtype) if is_real and is_autocast(weights) else value


def check_dtype(inputs: Tensor, weights: Tensor) -> None:
    """Raise `ShapeError` where inputs and weights differ in precision, or have too little."""
    check_precision(weights)
    if inputs.dtype != weights.dtype:
        raise ShapeError(
            f"inputs are {inputs.dtype}, the weights {weights.dtype}. Convert one with .to()."
        )
