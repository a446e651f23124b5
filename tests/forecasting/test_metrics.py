"""Metrics against their definitions and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.errors import DataError
from tnqlstm.forecasting import metrics

pairs = st.lists(
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=20
).filter(lambda pairs: np.std([a for a, _ in pairs]) > 1e-3)


def test_values_by_hand() -> None:
    truth, forecast = [1.0, 2.0, 3.0, 6.0], [1.0, 4.0, 3.0, 2.0]
    assert metrics.mse(truth, forecast) == 5.0
    assert metrics.rmse(truth, forecast) == pytest.approx(5**0.5)
    assert metrics.mae(truth, forecast) == 1.5
    assert metrics.nrmse(truth, forecast) == pytest.approx((5 / 3.5) ** 0.5)  # variance 3.5
    assert metrics.r2(truth, forecast) == pytest.approx(1 - 5 / 3.5)


@given(pairs)
def test_laws(pairs: list[tuple[float, float]]) -> None:
    truth, forecast = np.array(pairs).T
    errors = metrics.all_errors(truth, forecast)
    assert errors["mae"] <= errors["rmse"] * (1 + 1e-12)
    assert errors["rmse"] ** 2 == pytest.approx(errors["mse"])
    assert metrics.r2(truth, forecast) == pytest.approx(1 - errors["nrmse"] ** 2)
    assert metrics.mse(truth, truth) == 0
    assert metrics.r2(truth, truth) == 1
    assert metrics.nrmse(truth, np.full_like(truth, truth.mean())) == pytest.approx(1)
    scaled = metrics.all_errors(3 * truth + 1, 3 * forecast + 1)
    assert scaled["nrmse"] == pytest.approx(errors["nrmse"], rel=1e-6)
    assert scaled["mae"] == pytest.approx(3 * errors["mae"])


def test_bad_input() -> None:
    with pytest.raises(DataError, match=r"shape \(2,\) against a forecast of shape \(3,\)"):
        metrics.mse([1, 2], [1, 2, 3])
    with pytest.raises(DataError, match="at least one number"):
        metrics.mae([], [])
    for relative in (metrics.nrmse, metrics.r2):
        with pytest.raises(DataError, match="constant"):
            relative([1, 1], [1, 2])
