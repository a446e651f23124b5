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
from .modes import is_dispatched, own_precision
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
    if _is_transformed(tensors) or is_dispatched():
        return function.forward(Discarded(), *tensors)
    return _Node.apply(function, *tensors)


def _is_transformed(tensors: tuple[Tensor, ...]) -> bool:
    transformed = torch._C._are_functorch_transforms_active()
    return transformed or any(forward_ad.unpack_dual(t).tangent is not None for t in tensors)


def _are_batched(grads: tuple[Tensor, ...]) -> bool:
    """Whether they stand for many, under a transform or by `is_grads_batched`."""
    is_many = torch._C._functorch.is_legacy_batchedtensor
    return torch._C._are_functorch_transforms_active() or any(map(is_many, grads))


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
        most = math.inf if torch.get_num_threads() == 1 else WIDE
        ctx.function = function
        ctx.in_numpy = function.width(*tensors) < most and all(map(can_share, tensors))
        ctx.save_for_backward(*tensors)
        tape: Tape = []
        outputs = _forward(ctx, tape, tensors)
        ctx.tapes = [tape]
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        tensors = ctx.saved_tensors
        with own_precision(tensors[0]):
            if torch.is_grad_enabled() or _are_batched(grads) or is_dispatched():
                wanted = ctx.needs_input_grad[1:]
                return None, *_differentiable(ctx.function, wanted, tensors, grads)
            # The first backward takes the tape, in one step that no other thread can share, and
            # frees it as it goes; one that finds none (the graph was retained) makes its own.
            try:
                tape = ctx.tapes.pop()
            except IndexError:
                tape = []
                _forward(ctx, tape, tensors)
            return None, *_backward(ctx, tape, grads)


def _differentiable(
    function: Handwritten,
    wanted: Sequence[bool],
    tensors: Sequence[Tensor],
    grads: Sequence[Tensor],
) -> tuple[Tensor | None, ...]:
    """The gradient by torch's own graph, for a gradient of it or a batch of them.

    Each argument is an alias, so that none is differentiated through another: they may depend on
    each other, or be the same.
    """
    with torch.enable_grad():
        aliases = [t.view_as(t) if w else t.detach() for t, w in zip(tensors, wanted, strict=True)]
        outputs = function.forward(Discarded(), *aliases)
    pairs = [(out, grad) for out, grad in zip(outputs, grads, strict=True) if out.requires_grad]
    if not pairs:  # what an argument has no effect on
        return (None,) * len(tensors)
    reached, cotangents = zip(*pairs, strict=True)
    needed = [alias for alias, w in zip(aliases, wanted, strict=True) if w]
    again = torch.is_grad_enabled()
    found = torch.autograd.grad(reached, needed, cotangents, create_graph=again, allow_unused=True)
    each = iter(found)
    return tuple(next(each) if w else None for w in wanted)


def _forward(ctx: Any, tape: Tape, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if not ctx.in_numpy:
        # aliases: an output that is on the tape would hold the node, and the node holds the tape
        return tuple(made.detach() for made in ctx.function.forward(tape, *tensors))
    with one_thread(), np.errstate(all="ignore"):  # nan and inf pass as they do in torch
        made = ctx.function.forward(tape, *map(array_of, tensors))
    return tuple(map(tensor_of, made))


def _backward(ctx: Any, tape: Tape, grads: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    wanted = ctx.needs_input_grad[1:]
    if not ctx.in_numpy:
        return ctx.function.backward(tape, wanted, *grads)
    with one_thread(), np.errstate(all="ignore"):
        found = ctx.function.backward(tape, wanted, *map(array_of, grads))
    return tuple(None if each is None else tensor_of(each) for each in found)
