"""A run: a training in a folder of its own, resumable, with its metrics and pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..outputs import figure_bytes
from . import metrics, plots
from .checkpoint import json_bytes
from .config import ConfigError, check_count
from .continuation import continuation
from .folder import Claim, check_free, claiming, resuming
from .forecaster import Forecaster
from .model import forecast_windows, link_costs, n_parameters
from .scaling import SCALINGS
from .series import Series
from .windows import Windows

__all__ = ["evaluate", "resume_run", "summary", "train_run"]


def train_run(
    forecaster: Forecaster, series: Series, folder: str | Path, *, made_by: str = "train"
) -> dict[str, Any]:
    """Train on `series.train`, watch `series.test`, and return the metrics (see `evaluate`).

    The folder gets config.json and checkpoint.safetensors before the first epoch, a new checkpoint
    after each, and at the end history.json, metrics.json, forecast.png, loss.png, free_run.png.

    Raises `CheckpointError` where the folder is in use, or no longer this run's because it was
    removed or made anew meanwhile; what `Forecaster.fit` raises otherwise. After
    `TrainingInterrupted` or `DivergenceError` the folder holds the last full epoch.
    """
    folder = Path(folder)
    check_free(folder)
    forecaster.start(series.train, test=series.test)
    with claiming(folder, forecaster.checkpoint(made_by)) as claim:
        return _finish(forecaster, claim)


def resume_run(
    folder: str | Path, epochs: int | None = None, *, progress: bool = False
) -> dict[str, Any]:
    """Continue a run exactly where its checkpoint stands, and return the metrics.

    `epochs`: the total to reach, the run's own if None. Raises `FileNotFoundError`,
    `CheckpointError`, and what `train_run` raises.
    """
    folder = Path(folder)
    with resuming(folder) as claim:
        forecaster = Forecaster.load(folder, progress=progress)
        if forecaster.test_series_ is None:
            raise CheckpointError(
                f"{str(folder)!r} is a saved forecaster without a test series, not a run. "
                "Use Forecaster.load and resume."
            )
        if epochs is not None:
            epochs = check_count("epochs", epochs)
            if epochs < forecaster.trainer_.epoch:
                raise ConfigError(
                    f"{str(folder)!r} already has {forecaster.trainer_.epoch} epochs, more than "
                    f"the {epochs} wanted. Give a larger number."
                )
            if epochs != forecaster.epochs:
                checkpoint = forecaster.checkpoint()
                config = checkpoint.config.with_epochs(epochs)
                claim.save_state(replace(checkpoint, config=config))
        return _finish(forecaster, claim, epochs)


def evaluate(forecaster: Forecaster) -> dict[str, Any]:
    """Sizes, costs on the links, errors of one-step forecasts and baselines, as JSON data.

    "train" and "test": mse, rmse, mae, nrmse in scaled units, and "test_in_data_units", where what
    is beyond float64 is None.
    "baselines": test MSE of the training mean and of persistence, scaled units.
    "cut_gates_per_step" and "ebits_per_step": over all VQCs, a time step.
    """
    config, trainer, target = forecaster.config_, forecaster.trainer_, forecaster.scalers_.target
    train, test = trainer.train, trainer.test
    if test is None:
        raise CheckpointError(
            "this forecaster has no test series to evaluate. Fit it with test=…, or use score."
        )
    costs = link_costs(forecaster.model_)
    truth, forecast = test.targets, forecast_windows(forecaster.model_, test.inputs)
    return {
        "dataset": forecaster.series_.name,
        "model": config.model,
        "parameters": n_parameters(forecaster.model_),
        "cut_gates_per_step": costs.n_cut_gates,
        "ebits_per_step": costs.n_ebits,
        "epochs": trainer.epoch,
        "kept_epoch": trainer.kept_epoch,
        "seconds": sum(record["seconds"] for record in trainer.history),
        "scaling": f"{config.scaling}: {SCALINGS[config.scaling]}",
        "train_windows": len(train),
        "test_windows": len(test),
        "train": _errors(forecaster, train),
        "test": metrics.all_errors(truth, forecast),
        "test_in_data_units": {
            name: error if math.isfinite(error) else None
            for name, error in metrics.all_errors(
                target.inverse(truth), target.inverse(forecast)
            ).items()
        },
        "baselines": metrics.baselines(train, test),
    }


def summary(result: dict[str, Any]) -> str:
    """The main figures of `evaluate` in lines of text."""
    links = f"{result['cut_gates_per_step']} cut gates, {result['ebits_per_step']} e-bits a step"
    rmse = result["test_in_data_units"]["rmse"]
    rows = {
        "data set": result["dataset"],
        "model": f"{result['model']}, {result['parameters']} parameters",
        "links": links,
        "epochs": f"{result['epochs']}; weights of epoch {result['kept_epoch']}",
        "train MSE": f"{result['train']['mse']:.3e}",
        "test MSE": f"{result['test']['mse']:.3e}",
        "persistence": f"{result['baselines']['persistence']:.3e} (test MSE of the last value)",
        "mean": f"{result['baselines']['mean']:.3e} (test MSE of the training mean)",
        "test RMSE": f"{math.inf if rmse is None else rmse:.3e} in the data's units",
        "seconds": f"{result['seconds']:.1f}",
    }
    lines = [f"{name:<12} {value}" for name, value in rows.items()]
    return "\n".join([*lines, f"MSE in scaled units ({result['scaling']})."])


def _finish(forecaster: Forecaster, claim: Claim, epochs: int | None = None) -> dict[str, Any]:
    """Train to the end, saving each epoch; then write history, metrics and pictures."""
    forecaster.resume(epochs, after_epoch=lambda f: claim.save_state(f.checkpoint()))
    result = evaluate(forecaster)
    train, test = forecaster.series_, forecaster.test_series_
    assert test is not None
    claim.write("history.json", json_bytes(forecaster.history_))
    claim.write("metrics.json", json_bytes(result))
    figures = {
        "loss.png": plots.loss_figure(
            forecaster.history_, result["baselines"], result["kept_epoch"]
        ),
        "forecast.png": plots.forecast_figure(
            train, test, forecaster.predict(train), forecaster.predict(test)
        ),
        "free_run.png": continuation(forecaster, len(test), "split").draw(),
    }
    for name, figure in figures.items():
        claim.write(name, figure_bytes(figure, Path(name).suffix))
    return result


def _errors(forecaster: Forecaster, windows: Windows) -> dict[str, float]:
    return metrics.all_errors(windows.targets, forecast_windows(forecaster.model_, windows.inputs))
