"""Windows and scaling, and with them the published baselines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tnqlstm.errors import DataError, UnknownNameError
from tnqlstm.forecasting import Scaler, Series, datasets, make_windows
from tnqlstm.forecasting.metrics import baselines
from tnqlstm.forecasting.scaling import fit_scalers


@given(st.integers(1, 8), st.integers(9, 60))
def test_each_window_is_what_comes_before_its_target(window: int, n_points: int) -> None:
    values = np.arange(n_points) ** 2.0
    series = Series("s", values)
    windows = make_windows(series, window)
    assert len(windows) == n_points - window
    for x, y, previous, position in zip(
        windows.inputs, windows.targets, windows.previous, windows.positions, strict=True
    ):
        assert_array_equal(x[:, 0], values[position - window : position])
        assert y[0] == values[position]
        assert previous[0] == values[position - 1]


@given(st.integers(1, 8), st.integers(20, 60))
def test_the_parts_have_the_windows_of_the_whole(window: int, n_points: int) -> None:
    series = Series("s", np.arange(n_points) ** 2.0)
    whole, train, test = (make_windows(s, window) for s in (series, series.train, series.test))
    assert_array_equal(np.concatenate([train.inputs, test.inputs]), whole.inputs)
    assert_array_equal(np.concatenate([train.targets, test.targets]), whole.targets)
    assert len(test) == len(series.test)


def test_no_training_window_sees_the_test_part() -> None:
    series = Series("s", np.arange(50.0))
    train = make_windows(series.train, 4)
    assert max(train.inputs.max(), train.targets.max()) < series.test.values.min()


def test_driven_series_are_forecast_from_their_inputs() -> None:
    series = datasets.narma(5)
    windows = make_windows(series, 4)
    assert_array_equal(windows.inputs[0, :, 0], series.inputs[:4])  # type: ignore[index]
    assert windows.targets[0, 0] == series.values[4]


@pytest.mark.parametrize(("n_points", "window"), [(4, 4), (3, 4), (1, 1)])
def test_too_short_a_series_is_told_what_it_needs(n_points: int, window: int) -> None:
    with pytest.raises(DataError, match=rf"{n_points} points; a window of {window} needs at least"):
        make_windows(Series("s", np.arange(float(n_points))), window)


@pytest.mark.parametrize("window", [0, -1, 2.5, True])
def test_a_window_is_a_positive_integer(window: int) -> None:
    with pytest.raises(DataError, match="window must be"):
        make_windows(Series("s", np.arange(9.0)), window)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30, unique=True))
def test_scaling_maps_onto_the_interval_and_back(values: list[float]) -> None:
    array = np.array(values)
    scaler = Scaler.fit(array)
    scaled = scaler.transform(array)
    assert_allclose([scaled.min(), scaled.max()], [-1, 1], atol=1e-6)
    assert_allclose(scaler.inverse(scaled), array, atol=1e-9 * np.abs(array).max())


def test_the_scaler_is_fitted_on_the_training_part() -> None:
    series = Series("s", np.arange(100.0))
    scaled = fit_scalers(series.train).apply(series.test)
    assert scaled.values.min() > 1
    leaky = fit_scalers(series.train, "whole-series").apply(series.test)
    assert leaky.values.max() == 1
    assert_array_equal(fit_scalers(series.train, "none").apply(series).values, series.values)


def test_driven_series_are_scaled_unless_told() -> None:
    series = datasets.narma(2)
    assert_array_equal(fit_scalers(series.train, "none").apply(series).values, series.values)
    scaled = fit_scalers(series.train).apply(series.train)
    assert scaled.inputs is not None
    for array in (scaled.values, scaled.inputs):
        assert_allclose([array.min(), array.max()], [-1, 1])


def test_scaling_errors() -> None:
    flat = Series("flat", np.ones(20))
    with pytest.raises(DataError, match=r"constant at 1\.0"):
        fit_scalers(flat.train)
    with pytest.raises(UnknownNameError, match="Did you mean 'train'"):
        fit_scalers(flat, "trian")


@pytest.mark.parametrize(
    ("name", "scaling", "mean", "persistence"),
    [
        ("damped-oscillator", "whole-series", "4.69e-02", "3.22e-03"),
        ("bessel", "whole-series", "2.39e-02", "3.59e-03"),
        ("delayed-quantum-control", "whole-series", "9.64e-02", "9.96e-05"),
        ("narma-5", "none", "1.30e-04", "3.8e-06"),
        ("narma-10", "none", "1.15e-04", "2.4e-06"),
    ],
)
def test_the_published_baselines(name: str, scaling: str, mean: str, persistence: str) -> None:
    series = datasets.load(name)
    scalers = fit_scalers(series.train, scaling)
    train = make_windows(scalers.apply(series.train), 4)
    test = make_windows(scalers.apply(series.test), 4, drop_last=True)
    result = baselines(train, test)
    assert f"{result['mean']:.2e}" == mean
    digits = 2 if len(persistence) == 8 else 1
    assert f"{result['persistence']:.{digits}e}" == persistence
