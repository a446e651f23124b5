"""`Series`: validated, immutable, and split in time order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tnqlstm.errors import DataError
from tnqlstm.forecasting import Series, datasets


@given(st.integers(2, 3000))
def test_the_parts_are_the_whole_in_order(n_points: int) -> None:
    series = Series("s", np.arange(n_points))
    train, test = series.train, series.test
    assert_array_equal(np.concatenate([train.values, test.values]), series.values)
    assert_array_equal(np.concatenate([train.time, test.time]), series.time)
    assert abs(len(train) - 0.67 * n_points) <= 0.5 + 1e-9
    assert train.whole is test.whole is series
    assert (train.start, train.stop, test.start, test.stop) == (
        0,
        len(train),
        len(train),
        n_points,
    )


def test_the_border_is_that_of_the_published_windows() -> None:
    # the first 67 % of the N − window − 1 windows of the public code, window 4, end at this target
    for name in ("damped-oscillator", "bessel", "delayed-quantum-control", "narma-5"):
        series = datasets.load(name)
        assert len(series.train) == 4 + int(0.67 * (len(series) - 4 - 1))


def test_parts_of_parts_remember_the_whole() -> None:
    series = Series("s", np.arange(100), inputs=np.arange(100) * 2)
    part = series.test.part(3, 9)
    assert part.whole is series
    assert part.start == 70
    assert_array_equal(part.inputs, series.inputs[70:76])  # type: ignore[index]
    assert repr(part) == "Series('s', points 70 to 75 of 100)"
    assert repr(series) == "Series('s', 100 points)"


def test_values_are_a_read_only_copy() -> None:
    values = np.ones(4)
    series = Series("s", values)
    values[0] = 5
    assert series.values[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, float("nan"), 4, float("inf")], "2 values .* the first is nan at index 2"),
        ([[1, 2]], r"shape \(1, 2\)"),
        ([], r"shape \(0,\)"),
        (["a"], "real numbers"),
        ([1j], "real numbers"),
    ],
)  # fmt: skip
def test_bad_values_are_an_error(values: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Series("s", values)  # type: ignore[arg-type]


def test_bad_inputs_and_parts_are_an_error() -> None:
    with pytest.raises(DataError, match="3 numbers for 2 values"):
        Series("s", np.ones(2), inputs=np.ones(3))
    with pytest.raises(DataError, match="inputs of series 's' has 1 values"):
        Series("s", np.ones(2), inputs=np.array([1, np.nan]))
    with pytest.raises(DataError, match="at least 2 points"):
        _ = Series("s", np.ones(1)).train
    with pytest.raises(DataError, match="part 1 to 5"):
        Series("s", np.ones(4)).part(1, 5)
