"""Optional packages, loaded where they're used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["import_extra"]


def import_extra(package: str, extra: str) -> Any:
    """The package, or an `ImportError` that names the extra to install."""
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{package} is needed for this and can't be imported ({error}). Install it with "
            f"pip install 'tnqlstm[{extra}]'."
        ) from error
