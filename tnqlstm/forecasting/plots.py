"""Pictures of a forecast, as matplotlib figures that need no display and no pyplot.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; styles differ too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..figures import new_figure
from ..figures_axes import write_out_numbers
from .drawn_unit import in_a_drawn_unit
from .metrics import rmse
from .series import Series
from .training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "comparison_figure",
    "forecast_figure",
    "free_run_figure",
    "loss_figure",
    "time_after",
]

TRUTH, TRAIN, TEST = "#222222", "#0072B2", "#D55E00"
MODELS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 3)))
QUIET = "#767676"


def loss_figure(
    history: History,
    baselines: Mapping[str, float] | None = None,
    kept_epoch: int | None = None,
) -> Figure:
    """MSE at the end of each epoch on a log axis.

    `baselines`, name: test MSE, are thin lines; the epoch whose weights are kept is marked.
    """
    if not history:
        raise DataError("no epoch to draw. Train for at least one.")
    from matplotlib.ticker import MaxNLocator

    figure = _figure(7.0, 4.0)
    axes = figure.add_subplot()
    epochs = [record["epoch"] for record in history]
    marker = "o" if len(history) == 1 else None
    axes.plot(epochs, [r["train_mse"] for r in history], color=TRAIN, label="train", marker=marker)
    if history[0]["test_mse"] is not None:
        tests = [record["test_mse"] for record in history]
        axes.plot(epochs, tests, "--", color=TEST, label="test", marker=marker)
    if kept_epoch:
        axes.axvline(kept_epoch, color=QUIET, lw=1.0, ls="-.", label=f"kept: epoch {kept_epoch}")
    axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("mean squared error, scaled units")
    _baseline_lines(axes, baselines or {})
    _legend_above(axes)
    return figure


@in_a_drawn_unit
def forecast_figure(
    train: Series,
    test: Series | None,
    train_forecasts: NDArray[np.float64],
    test_forecasts: NDArray[np.float64] | None = None,
) -> Figure:
    """Truth against one-step forecasts, the split marked, with the errors in a panel below.

    Forecasts are in the data's units and belong to the last points of their series.
    """
    figure = _figure(9.0, 5.0)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _truth_line(top, train, test)
    end: tuple[float, float, float] | None = None
    for part, forecasts, colour, label in (
        (train, train_forecasts, TRAIN, "forecast, training part"),
        (test, test_forecasts, TEST, "forecast, test part"),
    ):
        if part is None or forecasts is None:
            continue
        time, values = _last(part, len(forecasts))
        errors = forecasts - values
        top.plot(time, forecasts, color=colour, lw=1.2, label=label)
        bottom.plot(time, errors, color=colour, lw=1.0)
        if end is not None and _follows(train, test):
            top.plot([end[0], time[0]], [end[1], forecasts[0]], color=colour, lw=1.2)
            bottom.plot([end[0], time[0]], [end[2], errors[0]], color=colour, lw=1.0)
        end = time[-1], forecasts[-1], errors[-1]
    for axes in (top, bottom):
        if test is not None:
            _mark_split(axes, train, test)
    bottom.axhline(0, color=QUIET, lw=0.8)
    top.set_ylabel(train.value_label)
    bottom.set_ylabel("error")
    bottom.set_xlabel(train.time_label)
    _legend_above(top)
    for axis in (top.yaxis, bottom.yaxis, bottom.xaxis):
        write_out_numbers(axis)
    figure.align_ylabels()
    return figure


@in_a_drawn_unit
def free_run_figure(
    history: Series, truth: Series | None, forecasts: NDArray[np.float64], fed_back: bool = True
) -> Figure:
    """A forecast of many steps from the end of `history`, against the truth where it's known.

    `forecasts`: shape (horizon,), in the data's units. `fed_back`: whether each was an input of the
    next, or the inputs were given. As much of the history is drawn as half the horizon, at least
    20 points.
    """
    figure = _figure(9.0, 3.8)
    axes = figure.add_subplot()
    shown = min(len(history), max(len(forecasts) // 2, 20))
    axes.plot(*_last(history, shown), color=QUIET, lw=1.6, label="known")
    time = time_after(history, len(forecasts))
    last_time, last_value = _time(history)[-1], history.values[-1]
    if truth is not None:
        _truth_line(axes, history.part(len(history) - 1, len(history)), truth)
        known = min(len(truth), len(forecasts))
        error = rmse(truth.values[:known], forecasts[:known])
        axes.set_title(f"RMSE over {known} steps: {error:.3g}", fontsize=10, loc="right")
    label = "free-running forecast" if fed_back else "forecast from given inputs"
    axes.plot(time, forecasts, "--", color=TEST, lw=1.4, label=label,
              marker="o" if len(forecasts) < 3 else None)  # fmt: skip
    axes.plot([last_time, time[0]], [last_value, forecasts[0]], "--", color=TEST, lw=1.4)
    axes.axvline((last_time + time[0]) / 2, color=QUIET, lw=1.0, ls=":")
    axes.set_xlabel(history.time_label)
    axes.set_ylabel(history.value_label)
    _legend_above(axes)
    for axis in (axes.xaxis, axes.yaxis):
        write_out_numbers(axis)
    return figure


@in_a_drawn_unit
def comparison_figure(
    test: Series,
    forecasts: Mapping[str, NDArray[np.float64]],
    histories: Mapping[str, History],
    baselines: Mapping[str, float] | None = None,
) -> Figure:
    """Several models by name: errors of their one-step test forecasts, and test MSE by epoch.

    `forecasts`: the last points of `test`, in the data's units.
    """
    figure = _figure(10.0, 7.0)
    top, middle, bottom = figure.subplots(3, 1, height_ratios=(2, 2, 3))
    top.plot(*_time_and_values(test), color=TRUTH, lw=3.0, alpha=0.3, label="truth")
    for number, (name, forecast) in enumerate(forecasts.items()):
        look = {
            "color": MODELS[number % len(MODELS)],
            "ls": STYLES[number % len(STYLES)],
            "lw": 1.3,
        }
        time, values = _last(test, len(forecast))
        top.plot(time, forecast, **look, label=name)
        middle.plot(time, forecast - values, **look)
        epochs = [record["epoch"] for record in histories[name]]
        bottom.plot(epochs, [record["test_mse"] for record in histories[name]], **look)
    middle.axhline(0, color=QUIET, lw=0.8)
    middle.sharex(top)
    top.tick_params(labelbottom=False)
    middle.set_xlabel(test.time_label)
    top.set_ylabel(_folded(test.value_label))
    middle.set_ylabel("forecast\n− truth")
    bottom.set_yscale("log")
    bottom.set_xlabel("epoch")
    bottom.set_ylabel("test MSE, scaled units")
    _baseline_lines(bottom, baselines or {})
    _legend_above(top)
    for axis in (top.yaxis, middle.yaxis, middle.xaxis):
        write_out_numbers(axis)
    figure.align_ylabels()
    return figure


def time_after(series: Series, count: int) -> NDArray[np.float64]:
    """The `count` times after a series, at the spacing of the whole it belongs to."""
    whole = _time(series.whole)
    spacing = (whole[-1] - whole[0]) / (len(whole) - 1) if len(whole) > 1 else 1.0
    return _time(series)[-1] + spacing * np.arange(1, count + 1)


def _figure(width: float, height: float) -> Figure:
    return new_figure(width, height, layout="constrained")


def _baseline_lines(axes: Axes, baselines: Mapping[str, float]) -> None:
    """Horizontal lines with their names at the right end, outside the data."""
    for name, value in baselines.items():
        axes.axhline(value, color=QUIET, lw=0.9, ls=":")
        axes.annotate(
            f" {name}", (1, value), xycoords=("axes fraction", "data"), va="center",
            fontsize=9, color=QUIET, annotation_clip=False,
        )  # fmt: skip


def _follows(first: Series, second: Series | None) -> bool:
    """Whether the second part begins where the first one ends."""
    return second is not None and second.whole is first.whole and second.start == first.stop


def _truth_line(axes: Axes, first: Series, second: Series | None) -> None:
    """One line for both parts where one follows the other, else a line for each."""
    parts = [part for part in (first, second) if part is not None]
    if _follows(first, second):
        parts = [first.whole.part(first.start, parts[-1].stop)]
    for part in parts:
        axes.plot(*_time_and_values(part), color=TRUTH, lw=2.6, alpha=0.35,
                  label="truth" if part is parts[0] else None)  # fmt: skip


def _mark_split(axes: Axes, train: Series, test: Series) -> None:
    border = (_time(train)[-1] + _time(test)[0]) / 2
    axes.axvline(border, color=QUIET, lw=1.0, ls=":")
    axes.axvspan(border, _time(test)[-1], color=TEST, alpha=0.06, lw=0)


def _legend_above(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    columns = 3 if max(map(len, labels)) > 25 else 5
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(labels), columns),
        frameon=False, borderaxespad=0.2, fontsize=9,
    )  # fmt: skip


def _time(series: Series) -> NDArray[np.float64]:
    assert series.time is not None
    return series.time


def _time_and_values(series: Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _time(series), series.values


def _last(series: Series, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _time(series)[-count:], series.values[-count:]


def _folded(label: str) -> str:
    return label.replace(" (", "\n(")
