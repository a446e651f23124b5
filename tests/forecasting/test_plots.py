"""Pictures: what is drawn is what was given, and legends stay off the data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from tnqlstm.errors import DataError, UnknownNameError
from tnqlstm.forecasting import Forecaster, Series, plots
from tnqlstm.forecasting.continuation import continuation

Make = Callable[..., Forecaster]
HISTORY = [
    {"epoch": e, "train_mse": 0.1 / e, "test_mse": 0.2 / e, "seconds": 1.0} for e in (1, 2, 3)
]


def line(axes: Axes, label: str) -> np.ndarray:
    found = [item for item in axes.get_lines() if item.get_label() == label]
    assert len(found) == 1, label
    return np.array(found[0].get_xydata())


def assert_readable(figure: Figure) -> None:
    """Every y axis is labelled, every bottom one has its x label, and no legend covers data."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_ylabel()
        legend = axes.get_legend()
        if legend is not None:
            assert legend.get_window_extent().y0 >= axes.get_window_extent().y1 - 1
    assert figure.axes[-1].get_xlabel()


def test_loss_figure_draws_the_history() -> None:
    figure = plots.loss_figure(HISTORY, {"persistence": 0.05}, kept_epoch=2)
    axes = figure.axes[0]
    assert_allclose(line(axes, "train"), [[1, 0.1], [2, 0.05], [3, 0.1 / 3]])
    assert_allclose(line(axes, "test"), [[1, 0.2], [2, 0.1], [3, 0.2 / 3]])
    assert_allclose(line(axes, "kept: epoch 2")[:, 0], 2)
    assert axes.get_yscale() == "log"
    assert [text.get_text().strip() for text in axes.texts] == ["persistence"]
    assert_readable(figure)
    with pytest.raises(DataError, match="no epoch"):
        plots.loss_figure([])


def test_forecast_figure_marks_the_split(series: Series) -> None:
    train, test = np.arange(37.0), np.arange(20.0)
    figure = plots.forecast_figure(series.train, series.test, train, test)
    top, bottom = figure.axes
    assert series.time is not None
    assert_allclose(line(top, "forecast, training part").T, [series.time[3:40], train])
    assert_allclose(line(top, "forecast, test part").T, [series.time[40:], test])
    errors = [item for item in bottom.get_lines() if len(np.array(item.get_xydata())) == 20]
    assert_allclose(np.array(errors[0].get_ydata()), test - series.test.values)
    splits = [item for item in top.get_lines() if item.get_linestyle() == ":"]
    assert_allclose(np.array(splits[0].get_xdata()), (series.time[39] + series.time[40]) / 2)
    assert bottom.get_xlabel() == "time (s)"
    assert_readable(figure)
    assert_readable(plots.forecast_figure(series.train, None, train))


def drawn_over(axes: Axes, start: float, stop: float) -> set[tuple[str, str]]:
    """Colour and style of each line that has a stroke all the way from `start` to `stop`."""
    found = set()
    for item in axes.get_lines():
        x = np.array(item.get_xdata(), dtype=float)
        if len(x) > 1 and x.min() <= start and x.max() >= stop and np.ptp(x) > 0:
            found.add((str(item.get_color()), str(item.get_linestyle())))
    return found


def test_no_line_has_a_gap_at_the_split(series: Series) -> None:
    train, test = np.arange(37.0), np.arange(20.0)
    assert series.time is not None
    top, bottom = plots.forecast_figure(series.train, series.test, train, test).axes
    split = series.time[39], series.time[40]
    assert {(plots.TRUTH, "-"), (plots.TEST, "-")} <= drawn_over(top, *split)
    assert (plots.TEST, "-") in drawn_over(bottom, *split)
    assert_allclose(line(top, "truth").T, [series.time, series.values])
    (axes,) = plots.free_run_figure(series.train, series.test, test).axes
    assert {(plots.TRUTH, "-"), (plots.TEST, "--")} <= drawn_over(axes, *split)
    joints = [np.array(item.get_xydata()) for item in axes.get_lines()]
    assert any(
        len(j) == 2 and np.allclose(j, [[split[0], series.values[39]], [split[1], test[0]]])
        for j in joints
    )


def test_parts_of_two_series_are_not_joined(series: Series) -> None:
    other = Series("later", np.ones(20), time=np.arange(100.0, 120.0))
    top, _ = plots.forecast_figure(series.train, other, np.ones(37), np.ones(20)).axes
    assert not drawn_over(top, 30.0, 90.0)


@pytest.mark.parametrize(
    ("scale", "label", "unit"),
    [
        (1.0, "flow", 1.0),
        (0.004, "flow", 1.0),
        (3e12, "flow, 10¹²", 1e12),
        (2e-9, "flow, 10⁻⁹", 1e-9),
        (-500.0, "flow", 1.0),
        (2.5e6, "flow, 10⁶", 1e6),
    ],
)
def test_large_and_small_numbers_have_their_power_in_the_label(
    scale: float, label: str, unit: float
) -> None:
    series = Series("s", scale * np.linspace(0, 1, 60), value_label="flow")
    figures = [
        plots.forecast_figure(
            series.train, series.test, series.train.values[3:], series.test.values
        ),
        plots.free_run_figure(series.train.part(0, 40), series.test, series.test.values),
    ]
    for figure in figures:
        figure.draw_without_rendering()
        assert figure.axes[0].get_ylabel() == label
        assert figure.axes[0].yaxis.get_offset_text().get_text() == ""
        assert_readable(figure)
        for text in figure.axes[0].get_yticklabels():
            written = float(text.get_text().replace("−", "-").replace(",", ""))
            assert_allclose(written * unit, text.get_position()[1], rtol=1e-9, atol=1e-9 * unit)


def test_numbers_that_are_nearly_equal_are_written_out() -> None:
    values = 1e9 + 50 * np.sin(np.arange(60.0))
    series = Series("s", values, time=1.6e9 + 86400 * np.arange(60.0), time_label="s")
    figure = plots.free_run_figure(series.train, series.test, series.test.values)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert "1,000,000,000" in labels
    assert len({*labels}) == len(labels)
    assert axes.get_ylabel() == "value"
    assert axes.get_xlabel() == "s, 10⁹"
    along = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in pairwise(along))


@pytest.mark.parametrize("start", ["end", "split"])
def test_a_continuation_is_drawn_and_written(series: Series, small: Make, start: str) -> None:
    forecaster = small(epochs=1).fit(series.train)
    result = continuation(forecaster, 8, start)
    known = series if start == "end" else series.train
    assert_allclose(result.forecasts, forecaster.predict(known, horizon=8))
    first = (60 if start == "end" else 40) / 2
    assert_allclose(result.time, first + np.arange(8) / 2)
    axes = result.draw().axes[0]
    assert_allclose(line(axes, "free-running forecast").T, [result.time, result.forecasts])
    assert_readable(result.draw())
    rows = [row.split(",") for row in result.to_csv().splitlines()]
    assert rows[0] == ["time", "forecast", "truth"][: 2 if start == "end" else 3]
    assert_allclose(np.array(rows[1:], dtype=float)[:, 1], result.forecasts, rtol=0)
    if start == "split":
        assert_allclose(np.array(rows[1:], dtype=float)[:, 2], series.test.values[:8], rtol=0)
        longer = continuation(forecaster, 25, start)
        assert longer.to_csv().splitlines()[-1].endswith(",")


def test_a_driven_series_is_continued_as_far_as_its_inputs_go(driven: Series, small: Make) -> None:
    forecaster = small(epochs=1).fit(driven.train)
    result = continuation(forecaster, 20, "split")
    assert_allclose(result.forecasts, forecaster.predict(driven.test), rtol=1e-5)
    assert line(result.draw().axes[0], "forecast from given inputs").shape == (20, 2)
    for horizon, start in ((21, "split"), (1, "end")):
        with pytest.raises(DataError, match="driven by inputs"):
            continuation(forecaster, horizon, start)
    with pytest.raises(UnknownNameError, match="unknown start 'middle'"):
        continuation(forecaster, 1, "middle")


def test_comparison_figure_has_every_model(series: Series) -> None:
    forecasts = {"one": np.zeros(20), "two": np.ones(20)}
    histories = {"one": HISTORY, "two": HISTORY}
    figure = plots.comparison_figure(series.test, forecasts, histories, {"mean": 0.1})
    for name, forecast in forecasts.items():
        assert_allclose(line(figure.axes[0], name)[:, 1], forecast)
    styles = {
        (item.get_color(), str(item.get_linestyle()))
        for item in figure.axes[2].get_lines()
        if len(np.array(item.get_xdata())) == 3
    }
    assert len(styles) == 2
    assert_readable(figure)


def test_pictures_need_no_pyplot_and_forecasting_no_matplotlib() -> None:
    program = (
        "import sys, tnqlstm.forecasting.runs, tnqlstm.forecasting.plots as plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        f"plots.loss_figure({HISTORY!r})\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("size", [1e-310, 1e200, 1.7e308])
def test_numbers_at_the_ends_of_float64_are_drawn(size: float) -> None:
    signs = Series("s", np.where(np.arange(30) % 2, size, -size), value_label="height")
    train, test = signs.train, signs.test
    figures = [
        plots.forecast_figure(train, test, train.values[3:], test.values),
        plots.free_run_figure(train, test, test.values),
        plots.comparison_figure(test, {"a": test.values}, {"a": HISTORY}),
    ]
    for figure in figures:
        assert_readable(figure)
        axes = figure.axes[0]
        unit = 1e20 if size > 1e300 else 1.0
        drawn = np.abs(np.concatenate([np.asarray(item.get_xydata()) for item in axes.lines]))[:, 1]
        assert any(np.isclose(drawn, size / unit, rtol=1e-3, atol=0))
        assert ("in units of 1e+20" in axes.get_ylabel()) == (unit > 1)
