"""The data sets: each a function of its parameters that returns a `Series`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import real, whole
from ..errors import DataError, UnknownNameError
from .csv_file import read_csv
from .series import Series

__all__ = [
    "DATASETS",
    "bessel",
    "damped_oscillator",
    "delayed_quantum_control",
    "load",
    "mackey_glass",
    "narma",
    "population_inversion",
    "read_csv",
    "sine",
]


def damped_oscillator() -> Series:
    """The angular velocity ω of a damped pendulum, 240 points.

    θ' = ω, ω' = −0.15 ω − 9.81 sin θ, (θ, ω)₀ = (0, 3), t = linspace(0, 20, 240). Integrated by
    `odeint` at its default tolerances, as in the public QLSTM code, so that the digits are those of
    the published series; they are within 1e-6 of the exact solution.
    """
    from scipy.integrate import odeint

    def slope(state: NDArray[np.float64], _: float) -> list[float]:
        angle, velocity = state
        return [velocity, -0.15 * velocity - 9.81 * np.sin(angle)]

    time = np.linspace(0, 20, 240)
    return Series(
        "damped oscillator",
        odeint(slope, [0.0, 3.0], time)[:, 1],
        source="θ' = ω, ω' = −0.15 ω − 9.81 sin θ, (θ, ω)₀ = (0, 3)",
        time=time,
        time_label="time (s)",
        value_label="angular velocity (rad/s)",
    )


def bessel() -> Series:
    """The Bessel function J₂(x), x = linspace(2, 100, 256)."""
    from scipy.special import jv

    x = np.linspace(2, 100, 256)
    return Series("Bessel", jv(2, x), source="J₂(x)", time=x, time_label="x", value_label="J₂(x)")


def delayed_quantum_control() -> Series:
    """Σₙ₌₀¹⁰ exp(−10 (x − 2n)²) · exp(−x/16), x = arange(−2, 20, 0.01): 2,200 points."""
    x = np.arange(-2, 20, 0.01)
    pulses = np.exp(-10 * (x - 2 * np.arange(11)[:, None]) ** 2).sum(axis=0)
    return Series(
        "delayed quantum control",
        pulses * np.exp(-x / 16),
        source="Σₙ exp(−10 (x − 2n)²) · exp(−x/16), n = 0 … 10",
        time=x,
        time_label="time",
        value_label="signal",
    )


def narma(order: int, period: float = 300, n_points: int = 300) -> Series:
    """A non-linear autoregressive moving average of a given order, driven by `inputs`.

    u_t = 0.1 [sin(2π·2.11 t/P) sin(2π·3.73 t/P) sin(2π·4.11 t/P) + 1] with P = `period` (300 in the
    public QLSTM code, 100 elsewhere); y₀ = 0.196. Order 2: y₊ = 0.4 y + 0.4 y·y₋₁ + 0.6 u³ + 0.1,
    with y₋₁ = y₀ at the start. Order n > 2: y₊ = 0.3 y + 0.05 y Σ_{j<n} y_{t−j} + 1.5 u_{t−n+1} u_t
    + 0.1, with zeros before t = 0. Raises `DataError` for parameters out of range.
    """
    order = whole("narma's order", order, 2, DataError)
    n_points = whole("n_points", n_points, 1, DataError)
    period = real("period", period, DataError)
    if not 0 < period < math.inf:
        raise DataError(f"narma wants a positive, finite period, got {period!r}.")
    steps = np.arange(n_points)
    waves = [np.sin(2 * np.pi * f * steps / period) for f in (2.11, 3.73, 4.11)]
    u = 0.1 * (waves[0] * waves[1] * waves[2] + 1)
    y = np.zeros(n_points)
    y[0] = 0.196
    for t in range(n_points - 1):
        if order == 2:
            y[t + 1] = 0.4 * y[t] + 0.4 * y[t] * y[max(t - 1, 0)] + 0.6 * u[t] ** 3 + 0.1
        else:
            recent = y[max(t - order + 1, 0) : t + 1].sum()
            delayed = u[t - order + 1] if t >= order - 1 else 0.0
            y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * recent + 1.5 * delayed * u[t] + 0.1
    return Series(
        f"NARMA-{order}", y, inputs=u, source=f"NARMA of order {order}, period {period:g}"
    )


def population_inversion() -> Series:
    """Collapse and revival of a two-level atom in a coherent field: 2,500 points.

    Σₙ Pₙ cos(2 g t √(n+1)), Pₙ Poisson with mean 40, g = 1, n ≤ 100, t = linspace(0, 200, 2500).
    """
    from scipy.stats import poisson

    photons = np.arange(101)
    time = np.linspace(0, 200, 2500)
    waves = np.cos(2 * time[:, None] * np.sqrt(photons + 1))
    return Series(
        "population inversion",
        waves @ poisson.pmf(photons, 40),
        source="Jaynes–Cummings model, coherent field of 40 photons, g = 1",
        time=time,
        time_label="time (1/g)",
        value_label="population inversion",
    )


def sine() -> Series:
    """sin(2π·0.2 t), t = linspace(0, 20, 240)."""
    time = np.linspace(0, 20, 240)
    values = np.sin(2 * np.pi * 0.2 * time)
    return Series("sine", values, source="sin(2π·0.2 t)", time=time, time_label="time")


def mackey_glass(n_points: int = 1000, discard: int = 118) -> Series:
    """The Mackey–Glass delay equation, sampled once a unit of time.

    x' = 0.2 x(t−17) / (1 + x(t−17)¹⁰) − 0.1 x. Our choice, after the chaotic benchmark of Jang
    (1993): x = 0 before t = 0, x(0) = 1.2, the first `discard` points left out. Solved interval by
    interval of length 17 (the method of steps) to a relative tolerance of 1e-10.
    """
    from scipy.integrate import solve_ivp

    delay = 17
    n_points = whole("n_points", n_points, 1, DataError)
    discard = whole("discard", discard, 0, DataError)
    values = [1.2]
    past: Callable[[float], NDArray[np.float64]] = lambda _: np.zeros(1)  # noqa: E731
    while len(values) < discard + n_points:
        start = len(values) - 1

        def slope(
            t: float,
            x: NDArray[np.float64],
            past: Callable[[float], NDArray[np.float64]] = past,
        ) -> NDArray[np.float64]:
            delayed = past(t - delay)
            return 0.2 * delayed / (1 + delayed**10) - 0.1 * x

        times = np.arange(start, start + delay + 1)
        solution = solve_ivp(
            slope, (start, start + delay), values[-1:], "DOP853", times,
            dense_output=True, rtol=1e-10, atol=1e-12,
        )  # fmt: skip
        values += solution.y[0, 1:].tolist()
        past = solution.sol
    kept = np.array(values[discard : discard + n_points])
    return Series(
        "Mackey–Glass",
        kept,
        source="x' = 0.2 x(t−17) / (1 + x(t−17)¹⁰) − 0.1 x, x(0) = 1.2",
        time=np.arange(discard, discard + n_points, dtype=np.float64),
        time_label="time",
    )


DATASETS: dict[str, Callable[[], Series]] = {
    "bessel": bessel,
    "damped-oscillator": damped_oscillator,
    "delayed-quantum-control": delayed_quantum_control,
    "mackey-glass": mackey_glass,
    "narma-10": partial(narma, 10),
    "narma-2": partial(narma, 2),
    "narma-5": partial(narma, 5),
    "population-inversion": population_inversion,
    "sine": sine,
}


def load(name: str, column: str | None = None, **options: Any) -> Series:
    """The data set of that name in `DATASETS` (or narma-N for any N), or a CSV file by its path.

    A name with a dot or a slash is a path. `options`: those of `read_csv`, for a file only. Raises
    `UnknownNameError` for other unknown names, `DataError` or `FileNotFoundError` for a file (see
    `read_csv`).
    """
    if "/" in name or "." in name or Path(name).is_file():
        return read_csv(name, column, **options)
    for option, value in {"column": column, **options}.items():
        if value is not None:
            raise DataError(
                f"{option} {value!r} belongs to a CSV file; {name!r} is a built-in data set."
            )
    if name in DATASETS:
        return DATASETS[name]()
    order = re.fullmatch(r"narma-(\d{1,9})", name)
    if order:
        return narma(int(order[1]))
    raise UnknownNameError("data set", name, DATASETS)
