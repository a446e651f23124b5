"""`apply`: a function with a hand-written gradient as one node of torch's graph.

Small circuits cost calls, and autograd makes two of one. A `Handwritten` function computes without
a graph, keeps what its gradient needs on a tape and reads it backwards. That serves first
derivatives in reverse; for everything else (`torch.func`, forward mode, gradients of gradients) its
`forward`, written in differentiable operations, runs under torch's own graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd import forward_ad

__all__ = ["Handwritten", "Recomputed", "Tape", "apply", "pop"]

Tape = list[Tensor]  # pushed on by `forward`, popped off by `backward`


class Handwritten(Protocol):
    """A function of tensors in differentiable operations, and its gradient."""

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]: ...

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Tensor
    ) -> tuple[Tensor | None, ...]:
        """The gradient in each tensor; the conjugate convention of torch for complex ones.

        One that isn't `wanted` may be None.
        """
        ...


def apply(function: Handwritten, *tensors: Tensor) -> tuple[Tensor, ...]:
    """function(*tensors), differentiable in every way that torch knows."""
    if _is_transformed(tensors):
        return function.forward([], *tensors)
    return _Node.apply(function, *tensors)


def _is_transformed(tensors: tuple[Tensor, ...]) -> bool:
    transformed = torch._C._are_functorch_transforms_active()
    return transformed or any(forward_ad.unpack_dual(t).tangent is not None for t in tensors)


class Recomputed:
    """A function that keeps its arguments only, and is computed once more for its gradient."""

    def __init__(self, function: Callable[..., tuple[Tensor, ...]]) -> None:
        self.function = function

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


def pop(tape: Tape, count: int) -> list[Tensor]:
    """The last `count` tensors of the tape, in the order in which they were pushed."""
    items = tape[len(tape) - count :]
    del tape[len(tape) - count :]
    return items


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Handwritten, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.function, ctx.tape = function, []
        ctx.save_for_backward(*tensors)
        return function.forward(ctx.tape, *tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        tensors = ctx.saved_tensors
        if not torch.is_grad_enabled():
            if not ctx.tape:  # used up by an earlier backward that retained the graph
                ctx.function.forward(ctx.tape, *tensors)
            return None, *ctx.function.backward(ctx.tape, ctx.needs_input_grad[1:], *grads)
        # a gradient of this gradient may be asked for
        wanted = [t for t in tensors if t.requires_grad]
        outputs = ctx.function.forward([], *tensors)
        found = iter(
            torch.autograd.grad(outputs, wanted, grads, create_graph=True, allow_unused=True)
        )
        return None, *(next(found) if t.requires_grad else None for t in tensors)
