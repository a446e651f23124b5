"""A short series and a small forecaster that trains in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tnqlstm.forecasting import Forecaster, Series


@pytest.fixture
def series() -> Series:
    """60 points of a damped wave: 40 to train on (four batches of 10 an epoch), 20 to test."""
    t = np.arange(60)
    return Series("wave", np.exp(-t / 40) * np.sin(t / 3), time=t / 2, time_label="time (s)")


@pytest.fixture
def driven() -> Series:
    """A series with driving inputs, y_t = u_{t−1}²."""
    u = np.sin(np.arange(60) / 3)
    return Series("driven", np.roll(u**2, 1), inputs=u)


@pytest.fixture
def small() -> Callable[..., Forecaster]:
    """A forecaster with a QLSTM of 3 qubits and one layer; options as given."""

    def make(**options: Any) -> Forecaster:
        options = {"window": 3, "epochs": 2, **options}
        if options.get("model") != "lstm":
            options = {"depth": 1, **options}
        return Forecaster(hidden_size=2, **options)

    return make
