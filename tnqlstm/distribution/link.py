"""`Link`: what a connection between two QPUs does to the gates that cross it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import look_up

__all__ = ["LINK_MODELS", "Link"]

LINK_MODELS = {
    "ideal": "perfect Bell pairs: one e-bit and two classical bits a telegate, two e-bits a SWAP",
}


@dataclass(frozen=True)
class Link:
    """The model of one link, by its name in `LINK_MODELS`. Raises `UnknownNameError` for others."""

    model: str = "ideal"

    def __post_init__(self) -> None:
        look_up("link model", self.model, LINK_MODELS)

    @classmethod
    def ideal(cls) -> Link:
        """Perfect Bell pairs: crossing gates are exact."""
        return cls("ideal")
