"""What a module does beyond its own class's methods, which a shortcut past its call would miss."""

from __future__ import annotations

from torch import nn

__all__ = ["has_own", "is_hooked"]


def is_hooked(module: nn.Module) -> bool:
    """Whether a call runs hooks, the module's or those of all modules."""
    everywhere = nn.modules.module
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or everywhere._global_forward_hooks
        or everywhere._global_forward_pre_hooks
        or everywhere._global_backward_hooks
        or everywhere._global_backward_pre_hooks
    )


def has_own(module: nn.Module, base: type[nn.Module], *methods: str) -> bool:
    """Whether the object or its subclass replaces one of these methods of the base class."""
    kind, own = type(module), vars(module)
    for name in methods:
        if name in own or (kind is not base and getattr(kind, name) is not getattr(base, name)):
            return True
    return False
