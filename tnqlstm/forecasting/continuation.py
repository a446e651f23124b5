"""What comes after a series: many forecasts in a row, as a table or a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, look_up
from . import plots
from .config import check_count
from .forecaster import Forecaster
from .series import Series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STARTS", "Continuation", "continuation"]

STARTS = {
    "end": "after the last known point",
    "split": "after the training part, beside what came then",
}


@dataclass(frozen=True, eq=False)
class Continuation:
    """Forecasts of the points after `known`, shape (horizon,), in the data's units.

    `truth`: the points after `known` where there are any. `fed_back`: whether each forecast was an
    input of the next, or driving inputs were given.
    """

    known: Series
    truth: Series | None
    forecasts: NDArray[np.float64]
    fed_back: bool

    @property
    def time(self) -> NDArray[np.float64]:
        """The time of each forecast, shape (horizon,)."""
        return plots.time_after(self.known, len(self.forecasts))

    def to_csv(self) -> str:
        """Lines of time, forecast and, as far as it's known, truth, under a header."""
        truth = [] if self.truth is None else [repr(float(v)) for v in self.truth.values]
        lines = ["time,forecast,truth" if truth else "time,forecast"]
        for step, (time, forecast) in enumerate(zip(self.time, self.forecasts, strict=True)):
            cells = [repr(float(time)), repr(float(forecast))]
            if truth:
                cells.append(truth[step] if step < len(truth) else "")
            lines.append(",".join(cells))
        return "\n".join(lines) + "\n"

    def draw(self) -> Figure:
        """The end of the known part, the forecasts, and the truth where it's known."""
        return plots.free_run_figure(self.known, self.truth, self.forecasts, self.fed_back)


def continuation(forecaster: Forecaster, horizon: int, start: str = "end") -> Continuation:
    """`horizon` forecasts from one of `STARTS`, each fed back as an input of the next.

    A series with driving inputs takes those it has and feeds nothing back, so it can't be continued
    beyond its end. Raises `DataError` there, `UnknownNameError` for another start.
    """
    look_up("start", start, STARTS)
    check_count("horizon", horizon)
    whole = forecaster.series_.whole
    known = forecaster.series_ if start == "split" else whole
    remaining = len(whole) - known.stop
    truth = whole.part(known.stop, min(known.stop + horizon, len(whole))) if remaining else None
    if whole.inputs is None:
        forecasts = forecaster.predict(known, horizon=horizon)
        return Continuation(known, truth, forecasts, fed_back=True)
    if horizon > remaining:
        raise DataError(
            f"series {whole.name!r} is driven by inputs, and {remaining} of them are known from "
            f"there on; {horizon} wanted. Start at the split (--start split), with a horizon of at "
            f"most {len(whole) - forecaster.series_.stop}, or give the inputs in Python: "
            "Forecaster.load(…).predict(series, horizon=…, inputs=…)."
        )
    given = whole.inputs[known.stop : known.stop + horizon]
    forecasts = forecaster.predict(known, horizon=horizon, inputs=given)
    return Continuation(known, truth, forecasts, fed_back=False)
