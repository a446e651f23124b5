"""Use: data sets, windows, training, checkpoints, `Forecaster`, pictures.

Names load when they're first used: data sets need no torch, and nothing but a picture matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# public name -> the module that defines it; a module itself where the value is ""
_HOME = {
    "datasets": "",
    "metrics": "",
    "plots": "",
    "Forecaster": "forecaster",
    "NotFittedError": "forecaster",
    "RecurrentForecast": "model",
    "Scaler": "scaling",
    "Series": "series",
    "make_series": "tidy",
    "Trainer": "training",
    "TrainingConfig": "training",
    "TrainingInterrupted": "training",
    "DivergenceError": "training",
    "Windows": "windows",
    "make_windows": "windows",
    "resume_run": "runs",
    "train_run": "runs",
}

__all__ = [
    "DivergenceError",
    "Forecaster",
    "NotFittedError",
    "RecurrentForecast",
    "Scaler",
    "Series",
    "Trainer",
    "TrainingConfig",
    "TrainingInterrupted",
    "Windows",
    "datasets",
    "make_series",
    "make_windows",
    "metrics",
    "plots",
    "resume_run",
    "train_run",
]

if TYPE_CHECKING:
    from . import datasets, metrics, plots
    from .forecaster import Forecaster, NotFittedError
    from .model import RecurrentForecast
    from .runs import resume_run, train_run
    from .scaling import Scaler
    from .series import Series
    from .tidy import make_series
    from .training import DivergenceError, Trainer, TrainingConfig, TrainingInterrupted
    from .windows import Windows, make_windows


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_HOME[name] or name}", __name__)
    value = getattr(module, name) if _HOME[name] else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
