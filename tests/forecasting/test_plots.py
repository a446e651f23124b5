"""Pictures: what is drawn is what was given, and legends stay off the data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

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
