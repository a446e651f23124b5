"""`apply`: a function with a hand-written gradient as one node of torch's graph.

Small circuits cost calls, and autograd makes two of one. A `Handwritten` function computes without
a graph, keeps what its gradient needs on a tape and reads it backwards; on a CPU it does so in
numpy (see `arrays`), unless the arrays are wide and torch has several threads for them. That serves
first derivatives in reverse; for everything else (`torch.func`, forward mode, gradients of
gradients) its `forward`, written in differentiable operations, runs under torch's own graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad

from .arrays import Array, array_of, can_share, tensor_of
from .freed_memory import keep_freed_memory
from .one_thread import one_thread

__all__ = ["Discarded", "Handwritten", "Recomputed", "Tape", "apply", "pop"]

WIDE = 2**16  # numbers in an array from which several threads of torch gain more than short calls
Tape = list[Array]  # pushed on by `forward`, popped off by `backward`


class Discarded(list[Array]):
    """The tape of a function that torch differentiates itself."""


class Handwritten(Protocol):
    """A function of arrays or tensors in differentiable operations, and its gradient."""

    def width(self, *tensors: Tensor) -> float:
        """Numbers in the larger arrays, roughly."""
        ...

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]: ...

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        """The gradient in each argument; the conjugate convention of torch for complex ones.

        One that isn't `wanted` may be None.
        """
        ...


def apply(function: Handwritten, *tensors: Tensor) -> tuple[Tensor, ...]:
    """function(*tensors), differentiable in every way that torch knows."""
    if _is_transformed(tensors):
        return function.forward(Discarded(), *tensors)
    return _Node.apply(function, *tensors)


def _is_transformed(tensors: tuple[Tensor, ...]) -> bool:
    transformed = torch._C._are_functorch_transforms_active()
    return transformed or any(forward_ad.unpack_dual(t).tangent is not None for t in tensors)


class Recomputed:
    """A function that keeps its arguments only, and is computed once more for its gradient."""

    def __init__(self, function: Callable[..., tuple[Tensor, ...]]) -> None:
        self.function = function

    def width(self, *tensors: Tensor) -> float:
        return math.inf  # it takes tensors

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]:
        tape += tensors
        return self.function(*tensors)

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Tensor
    ) -> tuple[Tensor | None, ...]:
        tensors = [t.detach().requires_grad_(w) for t, w in zip(tape, wanted, strict=True)]
        tape.clear()
        with torch.enable_grad():
            values = self.function(*tensors)
        needed = [t for t in tensors if t.requires_grad]
        found = iter(torch.autograd.grad(values, needed, grads, allow_unused=True))
        return tuple(next(found) if t.requires_grad else None for t in tensors)


def pop(tape: Tape, count: int) -> list[Array]:
    """The last `count` entries of the tape, in the order in which they were pushed."""
    items = tape[len(tape) - count :]
    del tape[len(tape) - count :]
    return items


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Handwritten, *tensors: Tensor) -> tuple[Tensor, ...]:
        keep_freed_memory()
        ctx.function, ctx.tape = function, []
        most = math.inf if torch.get_num_threads() == 1 else WIDE
        ctx.in_numpy = function.width(*tensors) < most and all(map(can_share, tensors))
        ctx.save_for_backward(*tensors)
        return _forward(ctx, tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        tensors = ctx.saved_tensors
        if not torch.is_grad_enabled():
            if not ctx.tape:  # used up by an earlier backward that retained the graph
                _forward(ctx, tensors)
            return None, *_backward(ctx, grads)
        # a gradient of this gradient may be asked for
        wanted = [t for t in tensors if t.requires_grad]
        outputs = ctx.function.forward(Discarded(), *tensors)
        found = iter(
            torch.autograd.grad(outputs, wanted, grads, create_graph=True, allow_unused=True)
        )
        return None, *(next(found) if t.requires_grad else None for t in tensors)


def _forward(ctx: Any, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if not ctx.in_numpy:
        return ctx.function.forward(ctx.tape, *tensors)
    with one_thread(), np.errstate(all="ignore"):  # nan and inf pass as they do in torch
        made = ctx.function.forward(ctx.tape, *map(array_of, tensors))
    return tuple(map(tensor_of, made))


def _backward(ctx: Any, grads: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    wanted = ctx.needs_input_grad[1:]
    if not ctx.in_numpy:
        return ctx.function.backward(ctx.tape, wanted, *grads)
    with one_thread(), np.errstate(all="ignore"):
        found = ctx.function.backward(ctx.tape, wanted, *map(array_of, grads))
    return tuple(None if each is None else tensor_of(each) for each in found)
