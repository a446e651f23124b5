"""What all pictures share: figures that show in Jupyter without pyplot, and the blocks' colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BLOCK_COLOURS", "BLOCK_SHARE", "CUT_COLOUR", "new_figure"]

# Okabe and Ito's palette, which colour-blind readers can tell apart; its vermilion is kept for
# cut gates alone, and its orange, which comes near to it, is left out. The ten behind them are each
# as far from all before as can be (CIELAB, as pale as bands are, without glaring ones).
BLOCK_COLOURS = (
    *("#56B4E9", "#F0E442", "#009E73", "#CC79A7", "#0072B2", "#999999", "#4B6900", "#870069"),
    *("#692D00", "#F0B469", "#3C2D87", "#A5E196", "#00F0FF", "#87000F", "#0F4B2D", "#A596FF"),
)
BLOCK_SHARE = 0.4  # of the block's colour in bands and boxes, the rest white
CUT_COLOUR = "#D55E00"


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """A white matplotlib `Figure`, sizes in inches, that needs no display and no pyplot.

    Jupyter shows it as a picture; matplotlib's own only once pyplot has been imported.
    """
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=self.dpi)
            return buffer.getvalue()

    return ShownFigure(figsize=(width, height), facecolor="white", **options)
