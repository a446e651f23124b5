"""The generators meet the published digits, and laws where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad, solve_ivp

from tnqlstm.errors import DataError, UnknownNameError
from tnqlstm.forecasting import datasets


def test_driving_input_of_narma_has_the_published_digits() -> None:
    u = datasets.narma(2).inputs
    assert u is not None
    wanted = [0.1, 0.10002964, 0.1002353, 0.10078393, 0.10182481]
    assert_allclose(u[:5], wanted, rtol=0, atol=0.5e-8)


@pytest.mark.parametrize(
    ("order", "start", "last"),
    [
        (2, {0: 0.196, 1: 0.1943664, 2: 0.19358542, 3: 0.19308901}, 0.1917027719),
        (
            5,
            {0: 0.196, 1: 0.1607208, 2: 0.15108286, 3: 0.14916088, 4: 0.14964793, 5: 0.1662035},
            0.1689620253,
        ),
        (10, {5: 0.15092977}, 0.1850236716),
    ],
)
def test_narma_has_the_published_digits(order: int, start: dict[int, float], last: float) -> None:
    y = datasets.narma(order).values
    assert len(y) == 300
    for index, value in start.items():
        assert y[index] == pytest.approx(value, rel=0, abs=0.5e-8)
    assert y[299] == pytest.approx(last, rel=0, abs=0.5e-10)


def test_narma_takes_the_other_period() -> None:
    steps = np.arange(300)
    waves = [np.sin(2 * np.pi * f * steps / 100) for f in (2.11, 3.73, 4.11)]
    assert_allclose(datasets.narma(5, period=100).inputs, 0.1 * (np.prod(waves, axis=0) + 1))


@pytest.mark.parametrize("arguments", [{"order": 1}, {"order": 2, "period": 0}])
def test_narma_out_of_range_is_an_error(arguments: dict[str, int]) -> None:
    with pytest.raises(DataError, match=r"order must be .* at least 2|positive, finite period"):
        datasets.narma(**arguments)


def test_oscillator_has_the_published_digits() -> None:
    values = datasets.damped_oscillator().values
    wanted = [3, 2.86149389, 2.53699663, 2.06313998]
    assert len(values) == 240
    assert_allclose(values[:4], wanted, rtol=0, atol=0.5e-8)
    scaled = 2 * (values - values.min()) / (values.max() - values.min()) - 1
    assert_allclose(scaled[:4], [1, 0.951899, 0.839206, 0.674644], rtol=0, atol=0.5e-6)


def test_oscillator_is_near_the_exact_solution() -> None:
    exact = solve_ivp(
        lambda _, y: [y[1], -0.15 * y[1] - 9.81 * np.sin(y[0])],
        (0, 20), [0, 3], "DOP853", np.linspace(0, 20, 240), rtol=1e-11, atol=1e-12,
    )  # fmt: skip
    assert_allclose(datasets.damped_oscillator().values, exact.y[1], atol=2e-6)


def test_bessel_solves_its_differential_equation() -> None:
    series = datasets.bessel()
    x, y = series.time, series.values
    assert x is not None
    assert (x[0], x[-1], len(y)) == (2.0, 100.0, 256)
    # J₂(x) = (1/π) ∫ cos(2τ − x sin τ) dτ over [0, π]
    for index in (0, 100, 255):
        integral = quad(lambda tau, x=x[index]: np.cos(2 * tau - x * np.sin(tau)), 0, np.pi)[0]
        assert y[index] == pytest.approx(integral / np.pi, abs=1e-10)


def test_delayed_quantum_control_is_a_damped_train_of_pulses() -> None:
    series = datasets.delayed_quantum_control()
    x, y = series.time, series.values
    assert x is not None
    assert len(y) == 2200
    for index in (0, 200, 333, 1200, 2199):
        direct = sum(np.exp(-10 * (x[index] - 2 * n) ** 2) for n in range(11))
        assert y[index] == pytest.approx(direct * np.exp(-x[index] / 16), rel=1e-12)
    assert y[200] == pytest.approx(1.0, abs=1e-12)  # the pulse n = 0 at x = 0


def test_sine_has_its_period() -> None:
    series = datasets.sine()
    assert_allclose(series.values, np.sin(0.4 * np.pi * np.linspace(0, 20, 240)), atol=1e-15)


def test_population_inversion_collapses_and_revives() -> None:
    series = datasets.population_inversion()
    time, values = series.time, series.values
    assert time is not None
    assert len(values) == 2500
    assert values[0] == pytest.approx(1.0, abs=1e-12)
    assert np.abs(values[(time > 5) & (time < 15)]).max() < 0.02  # collapsed
    revival = 2 * np.pi * np.sqrt(40)  # first revival near 2π√n̄/g
    assert np.abs(values[np.abs(time - revival) < 3]).max() > 0.3


def test_mackey_glass_follows_the_method_of_steps() -> None:
    x = datasets.mackey_glass(n_points=40, discard=0).values
    assert_allclose(x[:18], 1.2 * np.exp(-0.1 * np.arange(18)), rtol=1e-8)
    past = lambda t: 1.2 * np.exp(-0.1 * (t - 17))  # noqa: E731
    for t in (20, 30, 34):  # variation of constants on the second interval
        gain = quad(
            lambda s, t=t: np.exp(-0.1 * (t - s)) * 0.2 * past(s) / (1 + past(s) ** 10), 17, t
        )
        assert x[t] == pytest.approx(x[17] * np.exp(-0.1 * (t - 17)) + gain[0], rel=1e-8)


def test_mackey_glass_leaves_out_the_start() -> None:
    assert len(datasets.mackey_glass()) >= 500
    longer = datasets.mackey_glass(n_points=30, discard=0).values
    assert_allclose(datasets.mackey_glass(n_points=20, discard=10).values, longer[10:])
    with pytest.raises(DataError, match="n_points must be a whole number of at least 1"):
        datasets.mackey_glass(n_points=0)


@pytest.mark.parametrize("name", sorted(datasets.DATASETS))
def test_every_data_set_is_the_same_each_time_and_says_what_it_is(name: str) -> None:
    first, second = datasets.load(name), datasets.load(name)
    assert_allclose(first.values, second.values, rtol=0, atol=0)
    assert first.source
    assert not first.values.flags.writeable
    assert (first.inputs is not None) == name.startswith("narma")


def test_names_are_looked_up() -> None:
    assert_allclose(datasets.load("narma-7").values, datasets.narma(7).values)
    with pytest.raises(UnknownNameError, match="Did you mean 'damped-oscillator'"):
        datasets.load("damped-oscilator")
    with pytest.raises(DataError, match="belongs to a CSV file"):
        datasets.load("sine", column="y")
    with pytest.raises(FileNotFoundError, match="missing"):
        datasets.load("missing/file")
