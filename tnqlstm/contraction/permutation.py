"""Permuting the basis states, with a backward that permutes back.

torch's own backward of `index_select` adds into zeros; a permutation needs no adding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["permute_basis"]


class _PermuteBasis(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(state: Tensor, permutation: Tensor, inverse: Tensor) -> Tensor:
        return state.index_select(-2, permutation)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        _, permutation, inverse = inputs
        ctx.save_for_backward(permutation, inverse)
        ctx.save_for_forward(permutation, inverse)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        permutation, inverse = ctx.saved_tensors
        return permute_basis(grad, inverse, permutation), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        permutation, inverse = ctx.saved_tensors
        return permute_basis(tangent, permutation, inverse)


def permute_basis(state: Tensor, permutation: Tensor, inverse: Tensor) -> Tensor:
    """state[..., permutation, :], differentiable any number of times; `inverse` undoes it."""
    return _PermuteBasis.apply(state, permutation, inverse)
