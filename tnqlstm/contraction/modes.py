"""Modes of torch that stop at the door of a contraction.

`torch.compile` would trace hundreds of small calls one by one, autocast would round in the middle,
and a tensor that is made in inference mode or under a transform serves nobody after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import ShapeError

__all__ = [
    "check_precision",
    "is_autocast",
    "is_dispatched",
    "own_precision",
    "plain_tensor",
    "untraced",
    "without_saving_hooks",
]

P = ParamSpec("P")
R = TypeVar("R")
AS_IT_IS = nullcontext()
PRECISIONS = (torch.float32, torch.float64)


def untraced(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which `torch.compile` calls as it stands, between its graphs.

    Whole graphs (`fullgraph=True`) are refused, as for `nn.LSTM`. `torch.compiler.disable` takes a
    second to load, so it waits for a compiler.
    """

    @wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> R:
        if torch.compiler.is_dynamo_compiling():
            return torch.compiler.disable(function)(*args, **options)
        return function(*args, **options)

    return call


def own_precision(weights: Tensor) -> AbstractContextManager[Any]:
    """Inside, autocast leaves products on their device in the precision that they have."""
    if is_autocast(weights):
        return torch.autocast(weights.device.type, enabled=False)
    return AS_IT_IS


def is_autocast(weights: Tensor) -> bool:
    """Whether autocast is on where they are."""
    if not torch._C._is_any_autocast_enabled():
        return False
    kind = weights.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def is_dispatched() -> bool:
    """Whether someone follows torch's calls one by one, as `make_fx` does; numpy's it can't see."""
    return torch._C._len_torch_dispatch_stack() > 0


@contextmanager
def without_saving_hooks() -> Iterator[None]:
    """Inside, tensors are saved for gradients as they are.

    `torch.func` refuses to run where hooks pack them, in `save_on_cpu` and checkpoints.
    """
    hooks = []
    while (top := torch._C._autograd._top_saved_tensors_default_hooks(True)) is not None:
        hooks.append(top)
        torch._C._autograd._pop_saved_tensors_default_hooks()
    try:
        yield
    finally:
        for pack, unpack in reversed(hooks):
            torch._C._autograd._push_saved_tensors_default_hooks(pack, unpack)


def check_precision(weights: Tensor) -> None:
    """Raise `ShapeError` for weights that aren't float32 or float64."""
    if weights.dtype not in PRECISIONS:
        raise ShapeError(
            f"the weights are {weights.dtype}, torch.float32 or torch.float64 wanted: others are "
            "too coarse for the angles of a circuit. Convert the module by .float() or .double() "
            "and its inputs likewise; under autocast it keeps its own precision."
        )


def plain_tensor(array: NDArray[Any], dtype: torch.dtype | None, device: Any) -> Tensor:
    """A tensor to keep: not of the inference mode, transform or trace in which it may be made."""
    with (
        torch.inference_mode(False),
        torch._C._DisableFuncTorch(),
        torch._C._DisableTorchDispatch(),
    ):
        return torch.as_tensor(array, dtype=dtype, device=device)
