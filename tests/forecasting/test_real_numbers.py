"""What isn't a series of finite real numbers is refused, wherever it comes in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tnqlstm.errors import DataError
from tnqlstm.forecasting import Forecaster, Series, make_series, metrics

REFUSED: dict[str, tuple[Any, str]] = {
    "masked": (np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1]), "1 values .* nan at index 2"),
    "masked integers": (np.ma.array([1, 2], mask=[1, 0]), "nan at index 0"),
    "complex": ([1 + 1j, 2], "got complex numbers. Give .real"),
    "complex tensor": (torch.ones(3) * 1j, "complex"),
    "complex object": (np.array([1.0, np.complex128(2j)], dtype=object), "complex .* at index 1"),
    "dates": (np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), "got dates"),
    "durations": (np.array([1, 2], dtype="m8[s]"), "got durations"),
    "a date among numbers": ([1.0, np.datetime64("2020-01-01")], "dates at index 1"),
    "truth values": ([True, False], "truth values"),
    "a truth value": (np.array([1.0, True], dtype=object), "truth values at index 1"),
    "text": (["1", "2"], "got text"),
    "bytes": (np.array([b"1", b"2"]), "got bytes"),
    "text among numbers": (np.array([1.0, "2"], dtype=object), "text at index 1"),
    "none": ([1.0, None, 3.0], "nan at index 1"),
    "infinite": ([1.0, 2.0, -np.inf], "-inf at index 2"),
    "ragged": ([1.0, [2.0, 3.0]], "real numbers"),
    "ragged objects": (np.array([[1.0], [2.0, 3.0]], dtype=object), "index 0: one number wanted"),
    "two dimensions": (np.ones((3, 1)), r"shape \(3, 1\). Choose one column"),
    "no dimension": (5.0, r"shape \(\)"),
    "empty": ([], r"shape \(0,\)"),
    "a generator": (count(), "got a count"),
    "a set": ({1.0, 2.0}, "got a set"),
    "a tensor with gradient": (torch.ones(3, requires_grad=True), "gradient, which is lost"),
    "too large for float64": ([1, 10**400], "index 1: int too large"),
    "too large longdouble": (np.array([1, 10], dtype=np.longdouble) ** 4000, "inf at index 1"),
    "pandas nan": (pd.Series([1.0, np.nan]), "nan at index 1"),
    "pandas NA": (pd.Series([1, None], dtype="Int64"), "nan at index 1"),
    "pandas NaT": (pd.Series([1.0, pd.NaT], dtype=object), "nan at index 1"),
    "pandas dates": (pd.Series(pd.date_range("2020", periods=3)), "got dates"),
    "pandas text": (pd.Series(["1", "2"]), "text"),
    "a data frame": (pd.DataFrame({"a": [1.0, 2.0]}), "Choose one column"),
    "descending dates": (
        pd.Series([1.0, 2.0], index=pd.to_datetime(["2020-01-02", "2020-01-01"])),
        "index of dates that don't increase",
    ),
    "dates twice": (
        pd.Series([1.0, 2.0], index=pd.to_datetime(["2020-01-01", "2020-01-01"])),
        "index of dates that don't increase",
    ),
}
TAKEN: dict[str, Any] = {
    "a list": [1, 2.0, 3],
    "integers": np.array([1, 2, 3], dtype=np.uint8),
    "half precision": np.array([1, 2, 3], dtype=np.float16),
    "a mask without masked": np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 0]),
    "bfloat16": torch.tensor([1, 2, 3], dtype=torch.bfloat16),
    "a detached tensor": torch.tensor([1.0, 2.0, 3.0], requires_grad=True).detach(),
    "a negated view": torch.tensor([-1j, -2j, -3j]).conj().imag,
    "decimals": [Decimal(1), Fraction(2), np.float32(3)],
    "a pandas column": pd.DataFrame({"a": [1.0, 2.0, 3.0]})["a"],
    "pandas integers": pd.Series([1, 2, 3], dtype="Int64"),
    "ascending dates": pd.Series([1.0, 2, 3], index=pd.date_range("2020", periods=3)),
    "a range": range(1, 4),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_every_entry(fitted: Forecaster, values: Any, message: str) -> None:
    entries: dict[str, Callable[[], object]] = {
        "Series": lambda: Series("s", values),
        "inputs": lambda: Series("s", np.ones(3), inputs=values),
        "time": lambda: Series("s", np.ones(3), time=values),
        "fit": lambda: Forecaster().fit(values),
        "fit's test": lambda: Forecaster().fit([1.0, 2.0, 3.0], test=values),
        "fit's y": lambda: Forecaster().fit(np.ones(3), values),
        "predict": lambda: fitted.predict(values),
        "predict's horizon": lambda: fitted.predict(values, horizon=2),
        "score": lambda: fitted.score(values),
    }
    for name, entry in entries.items():
        with pytest.raises(DataError, match=message):
            pytest.fail(f"{name} took {entry()!r}")


@pytest.mark.parametrize("values", TAKEN.values(), ids=TAKEN)
def test_it_is_taken(values: Any) -> None:
    assert Series("s", values).values.tolist() == [1, 2, 3]


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    wave = np.sin(np.arange(30) / 3)
    return Forecaster(1, 2, model="lstm", epochs=1).fit(wave)


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ([0.0, 2.0, 1.0], "time of series 's' must increase; at index 2 1.0 comes after 2.0"),
        ([3.0, 2.0, 1.0], "at index 1 2.0 comes after 3.0"),
        ([0.0, 1.0, 1.0], "at index 2 1.0 comes twice"),
        (np.array([0, 1, 2]) + 2**62, "at index 1 .* comes twice"),  # in float64
    ],
)
def test_times_must_increase(time: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Series("s", [1.0, 2.0, 3.0], time=time)


def test_make_series_follows_the_named_rule() -> None:
    values, time = np.ma.array([3.0, 9.0, 1.0, 4.0], mask=[0, 1, 0, 0]), [2.0, 1.0, 0.0, 4.0]
    with pytest.raises(DataError, match="nan at index 1"):
        make_series("s", values)
    with pytest.raises(DataError, match="comes after"):
        make_series("s", values, time=time, missing="drop")
    dropped = make_series("s", values, time=time, missing="drop", order="sort")
    assert (dropped.values.tolist(), list(dropped.time)) == ([1, 3, 4], [0, 2, 4])
    line = make_series("s", values, time=time, missing="interpolate", order="sort")
    assert (line.values.tolist(), list(line.time)) == ([1, 2, 3, 4], [0, 1, 2, 4])
    kept = make_series("s", values, time=time, missing="drop", order="keep")
    assert (kept.values.tolist(), list(kept.time)) == ([3, 1, 4], [0, 1, 2])
    driven = make_series("s", [1.0, 2.0, 3.0], inputs=[5.0, None, 7.0], missing="interpolate")
    assert list(driven.inputs) == [5, 6, 7]
    with pytest.raises(DataError, match="missing at index 2, an end"):
        make_series("s", [1.0, 2.0, None], missing="interpolate")
    with pytest.raises(DataError, match="no times to sort by"):
        make_series("s", [1.0, 2.0], order="sort")
    with pytest.raises(DataError, match=r"2 values, 3 time\. As many"):
        make_series("s", [1.0, 2.0], time=[0.0, 1.0, 2.0])
    with pytest.raises(DataError, match="inf at index 0"):
        make_series("s", [np.inf, 2.0], missing="drop")
    with pytest.raises(DataError, match="at least one"):
        make_series("s", [None, None], missing="drop")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "nan at index 1"),
        ([1.0, 2j], "complex"),
        ([1.0, np.nan], "nan at index 1"),
    ],
)
def test_errors_are_of_real_numbers(values: Any, message: str) -> None:
    for pair in (([1.0, 2.0], values), (values, [1.0, 2.0])):
        with pytest.raises(DataError, match=message):
            metrics.mse(*pair)
