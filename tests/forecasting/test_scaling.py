"""Scaling over all of float64, and forecasts that are finite or an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tnqlstm.errors import DataError
from tnqlstm.forecasting import DivergenceError, Forecaster, Scaler, Series, metrics
from tnqlstm.forecasting.runs import evaluate, summary

Make = Callable[..., Forecaster]
WAVE = np.sin(np.arange(60) / 3)
LARGEST = np.finfo(np.float64).max

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(numbers, min_size=2, max_size=8))
def test_scaled_numbers_are_the_exact_ones(values: list[float]) -> None:
    """Against the formula in fractions, which neither overflow nor round."""
    try:
        scaler = Scaler.fit(values)
    except DataError:  # as good as constant, by the same formula
        steps = 1000 * Fraction(math.ulp(max(map(abs, values))))
        assert Fraction(max(values)) - Fraction(min(values)) < steps
        return
    low, high = Fraction(min(values)), Fraction(max(values))
    exact = [2 * (Fraction(value) - low) / (high - low) - 1 for value in values]
    scaled = scaler.transform(values)
    # the centre is rounded once, to half a step of the largest number: 1/1000 of the range at most
    step = math.ulp(max(map(abs, values))) / scaler.half_range
    assert_allclose(scaled, [float(value) for value in exact], rtol=0, atol=2 * step + 1e-15)
    back = scaler.inverse(np.clip(scaled, -0.999, 0.999))
    wanted = low + (high - low) * (Fraction(float(np.clip(scaled, -0.999, 0.999)[0])) + 1) / 2
    assert abs(Fraction(float(back[0])) - wanted) <= (high - low) * Fraction(2 * step + 1e-15)


def test_usual_numbers_scale_to_the_same_bits_as_ever() -> None:
    draw = np.random.default_rng(0)
    for size in (1e-3, 1.0, 1e6):
        values = draw.normal(size=50) * size + size
        low, high = values.min(), values.max()
        scaler = Scaler.fit(values)
        assert (scaler.centre, scaler.half_range) == ((low + high) / 2, (high - low) / 2)
        scaled = (values - scaler.centre) / scaler.half_range
        assert_array_equal(scaler.transform(values), scaled)
        assert_array_equal(scaler.inverse(scaled), scaled * scaler.half_range + scaler.centre)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2.0, 2.0], "constant at 2.0"),
        (1e16 + WAVE * 10, "float64 has steps of 2: rounding is most of it. Subtract the offset"),
        ([0.3, 0.1 + 0.2], "rounding is most of it"),
        (WAVE * 1e-322, "rounding is most of it"),
        (np.arange(3) + 2**60, "constant"),
    ],
)
def test_numbers_that_are_mostly_rounding_are_refused(values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Scaler.fit(values)


@pytest.mark.parametrize("factor", [2.0**-1040, 2.0**-300, 2.0**600, 2.0**1023])
def test_forecasts_do_not_depend_on_the_unit(small: Make, factor: float) -> None:
    """A power of two rounds nothing, so the forecasts are those of the wave, times the factor."""
    plain, other = small(epochs=1).fit(WAVE), small(epochs=1).fit(WAVE * factor)
    rtol = 1e-6 if factor < 1e-308 else 1e-14  # below 2**-1022 float64 itself has fewer digits
    assert_allclose(other.predict(horizon=4) / factor, plain.predict(horizon=4), rtol=rtol)
    assert other.score(WAVE * factor) == pytest.approx(plain.score(WAVE), rel=rtol, abs=rtol)


def test_a_series_over_all_of_float64(small: Make) -> None:
    signs = np.where(np.arange(60) % 2, 1.0, -1.0)
    plain, huge = (
        small(epochs=1).fit(series.train, test=series.test)
        for series in (Series("s", signs), Series("s", signs * LARGEST))
    )
    result = evaluate(huge)
    assert_allclose(huge.predict(horizon=5), plain.predict(horizon=5) * LARGEST)
    errors, wanted = result["test_in_data_units"], evaluate(plain)["test_in_data_units"]
    assert errors["nrmse"] == pytest.approx(wanted["nrmse"])
    assert wanted["rmse"] > 1  # so that beside LARGEST it's beyond float64, as its square
    assert (errors["rmse"], errors["mse"]) == (None, None)
    assert "test RMSE" in summary(result)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scaling", ["train", "none"])
@pytest.mark.parametrize("factor", [1e-320, 1e-50, 1.0, 1e39, 1e160, 1.7e308])
def test_forecasts_are_finite_or_an_error(
    small: Make, dtype: str, scaling: str, factor: float
) -> None:
    for fitted_on in (1.0, factor):
        try:
            forecaster = small(dtype=dtype, scaling=scaling, epochs=1).fit(WAVE * fitted_on)
        except (DataError, DivergenceError):
            assert scaling == "none"
            continue
        try:
            results = [forecaster.predict(horizon=3), forecaster.predict(WAVE * factor)]
            results.append(forecaster.score(WAVE * factor))
        except (DataError, DivergenceError):
            assert scaling == "none" or fitted_on != factor
            continue
        assert all(np.isfinite(result).all() for result in results)


def test_what_the_dtype_cannot_hold_is_told(small: Make) -> None:
    forecaster = small(epochs=1).fit(WAVE)
    with pytest.raises(DataError, match=r"reach 1e\+39 in scaled units, which float32 can't hold"):
        forecaster.predict(WAVE * 1e39)
    with pytest.raises(DataError, match="beyond float64 once it's scaled"):
        small(epochs=1).fit(WAVE * 1e-300).predict(WAVE * 1e300)
    with pytest.raises(DataError, match=r"are rounded by .* as float32. Use scaling='train'"):
        small(scaling="none").fit(WAVE + 1e9)
    with pytest.raises(DataError, match="beyond float64 in the data's"):
        Scaler.fit([-LARGEST, LARGEST]).inverse(1.5)


def test_errors_of_extreme_numbers() -> None:
    truth, forecast = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 4.0, 3.0, 2.0])
    for factor in (2.0**-1070, 2.0**-600, 2.0**600, 2.0**1021):
        a, b = truth * factor, forecast * factor
        assert metrics.rmse(a, b) == pytest.approx(
            5**0.5 * factor, rel=0.2 if factor < 1e-320 else 1e-14
        )
        assert metrics.mae(a, b) == pytest.approx(
            1.5 * factor, rel=0.2 if factor < 1e-320 else 1e-14
        )
        assert metrics.r2(a, b) == pytest.approx(1 - 5 / 3.5)
    assert metrics.mse(truth * 2.0**600, forecast * 2.0**600) == np.inf
