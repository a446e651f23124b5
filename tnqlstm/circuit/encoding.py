"""Encoding functions: how an input value becomes a gate's angle.

One definition serves numpy arrays and torch tensors (autoray dispatches), so that a drawing,
a quimb circuit and a differentiable contraction read the same number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autoray import do

__all__ = ["ENCODINGS", "ENCODING_DERIVATIVES"]

ENCODINGS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda value: value,
    "arctan": lambda value: do("arctan", value),
    # arctan(v²), the RZ angle of Chen, Yoo, Fang, arXiv 2009.01783, section III
    "arctan_square": lambda value: do("arctan", value * value),
}

# dθ/dx of each encoding
ENCODING_DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "identity": lambda value: value * 0 + 1,
    "arctan": lambda value: 1 / (1 + value * value),
    "arctan_square": lambda value: 2 * value / (1 + value**4),
}
