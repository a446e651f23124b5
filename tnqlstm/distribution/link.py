"""`Link`: a connection between two QPUs, what it does to crossing gates and how fast it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..arguments import real
from ..errors import NetworkError, look_up

__all__ = ["LINK_FIGURES", "LINK_MODELS", "Link"]

LINK_MODELS = {
    "ideal": "perfect Bell pairs: one e-bit and two classical bits a telegate, two e-bits a SWAP",
}
LINK_FIGURES = ("fidelity", "rate", "latency")


@dataclass(frozen=True)
class Link:
    """The model of one link, by its name in `LINK_MODELS`, and the link's figures.

    `fidelity`: of a shared Bell pair, in (0, 1]. Any measured value is taken; pairs of 1/2 and
    less carry no entanglement, which is for a noisy model to say, not for this description.
    `rate`: Bell pairs a second, positive; `inf` where pairs are there whenever they're wanted.
    `latency`: seconds that a request for a Bell pair, or a classical message, takes one way;
    finite, at least 0.

    The figures are for schedules and reports. They don't change what is simulated: under "ideal",
    the only model so far, crossing gates are exact whatever the fidelity.

    Raises `UnknownNameError` for another model, `NetworkError` for a figure out of its range.
    """

    model: str = "ideal"
    fidelity: float = 1.0
    rate: float = math.inf
    latency: float = 0.0

    def __post_init__(self) -> None:
        look_up("link model", self.model, LINK_MODELS)
        for name in LINK_FIGURES:
            object.__setattr__(
                self, name, real(f"a link's {name}", getattr(self, name), NetworkError)
            )
        if not 0 < self.fidelity <= 1:
            raise NetworkError(
                f"a link's fidelity is {self.fidelity!r}; a number above 0 and at most 1 wanted, "
                "1 for perfect Bell pairs."
            )
        if not self.rate > 0:
            raise NetworkError(
                f"a link's rate is {self.rate!r}; a positive number of Bell pairs a second wanted, "
                "infinite (leave it out) where pairs are always at hand."
            )
        if not 0 <= self.latency < math.inf:
            raise NetworkError(
                f"a link's latency is {self.latency!r}; a finite number of seconds wanted, at "
                "least 0."
            )

    @classmethod
    def ideal(cls) -> Link:
        """Perfect Bell pairs, at once and without limit: crossing gates are exact."""
        return cls("ideal")
