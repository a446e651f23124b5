"""Numpy arrays and torch tensors under the same names.

Hand-written gradients make hundreds of small products, and a call of numpy takes less than half the
time of one of torch. On a CPU they run on arrays that share the tensors' memory; on other devices,
and where torch itself differentiates, the same code runs on tensors. What both know by one name is
written as a method or taken from autoray's namespace; the rest is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from autoray import get_namespace
from numpy.typing import NDArray
from torch import Tensor

from .modes import plain_tensor

__all__ = [
    "Array",
    "adjoint",
    "array_of",
    "can_share",
    "contiguous",
    "cos_sin",
    "empty",
    "get_namespace",
    "index_like",
    "join",
    "kron",
    "multiply",
    "permute",
    "scatter_add",
    "stack",
    "take",
    "tensor_of",
    "total",
    "zeros",
]

Array = Any  # of numpy or of torch
LONG = 1000
SHARED_DTYPES = (torch.float64, torch.float32, torch.complex128, torch.complex64)


def can_share(tensor: Tensor) -> bool:
    """Whether numpy can read the tensor's memory."""
    is_plain = type(tensor).__torch_dispatch__ is Tensor.__torch_dispatch__
    return is_plain and tensor.device.type == "cpu" and tensor.dtype in SHARED_DTYPES


def array_of(tensor: Tensor) -> NDArray[Any]:
    """The tensor's memory as an array."""
    return tensor.numpy(force=True)


def tensor_of(array: Array) -> Tensor:
    """The array's memory as a tensor."""
    return torch.from_numpy(array) if isinstance(array, np.ndarray) else array


def take(a: Array, index: Array, axis: int) -> Array:
    """The entries at an index along an axis."""
    return a.take(index, axis) if isinstance(a, np.ndarray) else a.index_select(axis, index)


def kron(a: Array, b: Array, axis: int, rank: int) -> Array:
    """Kronecker product of vectors (rank 1) or matrices (rank 2) whose first axis is `axis`."""
    lead, every = (slice(None),) * axis, slice(None)
    product = a[lead + (every, None) * rank] * b[lead + (None, every) * rank]
    shape = product.shape
    merged = [shape[k] * shape[k + 1] for k in range(axis, axis + 2 * rank, 2)]
    return product.reshape(*shape[:axis], *merged, *shape[axis + 2 * rank :])


def multiply(a: Array, b: Array) -> Array:
    """The product of two matrices, or of many and one or as many."""
    batched = isinstance(a, Tensor) and a.ndim == b.ndim == 3
    return torch.bmm(a, b) if batched else a @ b  # for `@` autograd would keep views too


def permute(a: Array, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""
    return a.transpose(axes) if isinstance(a, np.ndarray) else a.permute(axes)


def scatter_add(values: Array, index: Array, size: int) -> Array:
    """The sums of the rows of `values` whose index is 0, 1, … size − 1."""
    if isinstance(values, np.ndarray):  # numpy's own takes ten times as long
        return scatter_add(tensor_of(values), tensor_of(index), size).numpy()
    return values.new_zeros(size, *values.shape[1:]).index_add_(0, index, values)


def join(parts: Sequence[Array], axis: int = 0) -> Array:
    """The parts one after another."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):  # a namespace takes as long as the call
        return np.concatenate(parts, axis)
    return torch.cat(list(parts), axis)


def stack(parts: Sequence[Array], axis: int = 0) -> Array:
    """The parts along a new axis."""
    if not isinstance(parts[0], np.ndarray):
        return torch.stack(list(parts), axis)
    where = (slice(None),) * axis + (None,)
    return np.concatenate([part[where] for part in parts], axis)  # np.stack takes twice as long


def total(parts: Sequence[Array]) -> Array:
    """The sum of the parts."""
    found = parts[0]
    for part in parts[1:]:
        found = found + part
    return found


def cos_sin(a: Array) -> tuple[Array, Array]:
    if isinstance(a, np.ndarray):
        if a.size > LONG:  # torch's vectorised functions are three times as fast
            t = tensor_of(np.ascontiguousarray(a))
            return t.cos().numpy(), t.sin().numpy()
        return np.cos(a), np.sin(a)
    return a.cos(), a.sin()


def adjoint(a: Array) -> Array:
    return a.mT.conj()


def contiguous(a: Array) -> Array:
    return np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a.contiguous()


def empty(shape: tuple[int, ...], like: Array) -> Array:
    return np.empty(shape, like.dtype) if isinstance(like, np.ndarray) else like.new_empty(shape)


def index_like(index: NDArray[np.int64], like: Array) -> Array:
    """An index for arrays of this kind."""
    if isinstance(like, np.ndarray):
        return index
    return plain_tensor(index, None, like.device)


def zeros(shape: tuple[int, ...], like: Array) -> Array:
    if isinstance(like, np.ndarray):
        return np.zeros(shape, like.dtype)
    return like.new_zeros(shape)
