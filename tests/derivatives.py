"""Derivatives of higher order, by torch's graph and by `torch.func`, of functions to compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Scalar = Callable[..., Tensor]
TOLERANCE = 1e-10  # of the largest number


def by_graph(f: Scalar, point: Sequence[Tensor], direction: Sequence[Tensor], order: int) -> list:
    """The gradient of the derivative of order − 1 along a direction; order 2 is H v."""
    arguments = [t.detach().requires_grad_() for t in point]
    value, gradient = f(*arguments), tuple[Tensor, ...]()
    for k in range(order):
        gradient = gradients(value, arguments, create_graph=k + 1 < order)
        pairs = zip(gradient, direction, strict=True)
        value = torch.stack([(g * v).sum() for g, v in pairs]).sum()
    return list(gradient)


def gradients(value: Tensor, arguments: Sequence[Tensor], **options: bool) -> tuple[Tensor, ...]:
    """Zeros where the value doesn't depend on an argument."""
    if not value.requires_grad:
        return tuple(map(torch.zeros_like, arguments))
    return torch.autograd.grad(value, arguments, materialize_grads=True, **options)


def by_func(f: Scalar, point: Sequence[Tensor], direction: Sequence[Tensor], order: int) -> list:
    """The same by `torch.func`: forward mode but for the last derivative."""

    def along(g: Scalar) -> Scalar:
        return lambda *t: torch.func.jvp(g, t, tuple(direction))[1]

    for _ in range(order - 1):
        f = along(f)
    return list(torch.func.grad(f, tuple(range(len(point))))(*point))


def wanted_of(reference: Scalar, point: Sequence[Tensor], orders: int) -> list[list[Tensor]]:
    """What `check` compares with: by order, along the point's `direction`."""
    along = direction(point)
    return [by_func(reference, point, along, order) for order in range(1, orders + 1)]


def check(ours: Scalar, wanted: Sequence[list[Tensor]], point: Sequence[Tensor]) -> None:
    """Derivatives of every order, and the first beside a graph of itself."""
    arguments = [t.detach().requires_grad_() for t in point]
    value = ours(*arguments)
    plain = gradients(value, arguments, retain_graph=True)
    close(gradients(value, arguments, create_graph=True), plain)
    for order, each in enumerate(wanted, start=1):
        close(by_graph(ours, point, direction(point), order), each)


def direction(point: Sequence[Tensor]) -> list[Tensor]:
    """The same for each point of these shapes."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(t.shape, generator=generator, dtype=t.dtype) for t in point]


def close(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> None:
    scale = max(1.0, *(float(t.abs().max()) for t in wanted))
    torch.testing.assert_close(list(found), list(wanted), rtol=0, atol=TOLERANCE * scale)
