"""`Forecaster`: fit, predict, score, with scikit-learn's conventions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ..errors import CheckpointError, DataError, TnqlstmError, UnknownNameError
from . import metrics
from .checkpoint import Checkpoint, load_checkpoint
from .config import ConfigError, ForecastConfig, check_count
from .folder import claiming
from .model import RecurrentForecast, build_model, forecast_windows, free_run
from .scaling import Scalers, fit_scalers
from .series import Series, as_series
from .training import History, Trainer, TrainingConfig
from .windows import make_windows

if TYPE_CHECKING:
    from ..circuit import Circuit
    from ..distribution import QPUNetwork

__all__ = ["Forecaster", "NotFittedError"]


RESUMABLE = ("epochs", "progress")  # parameters that a training may be resumed with, changed


class NotFittedError(TnqlstmError, AttributeError):
    """A forecaster that was asked for a result before it was fitted."""


class Forecaster:
    """Forecasts a series with a QLSTM, or an LSTM, and a linear head.

    Parameters
    ----------
    window
        Number of past points that a forecast sees.
    hidden_size, num_layers, cell, depth, n_qubits, scheme, network, ansatz, dropout
        As for `QLSTM`; `model="lstm"` takes hidden_size, num_layers and dropout only.
    model
        "qlstm" or "lstm".
    epochs, learning_rate, batch_size
        RMSprop on the mean squared error of the last step, as in the public QLSTM code.
    keep
        "best": after training the model has the weights of the epoch with the lowest training
        error; "last": those of the last epoch. `resume` goes on from the last epoch in both cases.
    scaling
        "train": target and inputs are mapped to [-1, 1] on the training part, so that the unit of
        the data doesn't matter; "whole-series": on the whole series, as published for series
        without inputs (leaks the test part); "none": unscaled, as published for NARMA.
    seed
        Fixes initial weights, shuffling and dropout. The global generator isn't moved.
    device, dtype
        Of the model; None: torch's defaults.
    progress
        Whether to show a progress bar.

    After `fit`: `model_`, `scalers_`, `history_` (a dict an epoch), `series_` (the training series)
    and `trainer_`. Parameters are checked by `fit`. Methods that need a fitted forecaster raise
    `NotFittedError`.

    >>> import tnqlstm
    >>> forecaster = tnqlstm.Forecaster(hidden_size=2, depth=1, epochs=1)
    >>> series = tnqlstm.datasets.damped_oscillator()
    >>> forecaster.fit(series.train).predict(horizon=20).shape
    (20,)
    """

    config_: ForecastConfig
    series_: Series
    test_series_: Series | None
    scalers_: Scalers
    trainer_: Trainer
    _model: RecurrentForecast

    def __init__(
        self,
        window: int = 4,
        hidden_size: int = 5,
        *,
        model: str = "qlstm",
        cell: str = "chen2024",
        depth: int | None = None,
        n_qubits: int | None = None,
        scheme: str = "centric",
        network: QPUNetwork | None = None,
        ansatz: Callable[[int], Circuit] | None = None,
        num_layers: int = 1,
        dropout: float = 0.0,
        epochs: int = 100,
        learning_rate: float = 0.01,
        batch_size: int = 10,
        keep: str = "best",
        scaling: str = "train",
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | str | None = None,
        progress: bool = False,
    ) -> None:
        self.window = window
        self.hidden_size = hidden_size
        self.model = model
        self.cell = cell
        self.depth = depth
        self.n_qubits = n_qubits
        self.scheme = scheme
        self.network = network
        self.ansatz = ansatz
        self.num_layers = num_layers
        self.dropout = dropout
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.keep = keep
        self.scaling = scaling
        self.seed = seed
        self.device = device
        self.dtype = dtype
        self.progress = progress

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's parameters. `deep` changes nothing: none of them is an estimator."""
        return {name: getattr(self, name) for name in _parameter_names()}

    def set_params(self, **params: Any) -> Forecaster:
        """Change parameters for the next `fit`, and return self. Raises `UnknownNameError`.

        A fitted forecaster predicts as it was fitted; `resume` takes over `epochs`.
        """
        for name in params:
            if name not in _parameter_names():
                raise UnknownNameError("parameter", name, _parameter_names())
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(
        self,
        X: Series | ArrayLike,
        y: ArrayLike | None = None,
        *,
        test: Series | ArrayLike | None = None,
        after_epoch: Callable[[Forecaster], None] | None = None,
    ) -> Forecaster:
        """Train on a series and return self.

        `X`: a `Series`, or values of shape (n,); with `y` of the same shape, `X` is the driving
        input and `y` the target. `test`: a series whose error goes into the history; never trained
        on. `after_epoch` is called with the forecaster after each epoch.

        Raises `DataError` for a series that can't be used, `DivergenceError` and, at Ctrl-C,
        `TrainingInterrupted`; after these two `resume` continues from the last full epoch.
        """
        self.start(X, y, test=test)
        return self._train(after_epoch)

    def start(
        self,
        X: Series | ArrayLike,
        y: ArrayLike | None = None,
        *,
        test: Series | ArrayLike | None = None,
    ) -> Forecaster:
        """What `fit` does before its first epoch: an untrained forecaster that `resume` trains."""
        held_out = None if test is None else as_series(test)
        self._prepare(self._config(), _given(X, y), held_out)
        return self

    def resume(
        self,
        epochs: int | None = None,
        *,
        after_epoch: Callable[[Forecaster], None] | None = None,
    ) -> Forecaster:
        """Continue an interrupted or loaded training, exactly as if it had never stopped.

        `epochs`: the total to reach, `self.epochs` if None; also extends a finished training.
        Raises `ConfigError` where more epochs are done already, or where a parameter other than
        `epochs` and `progress` was changed since `fit`.
        """
        self._check_fitted()
        self._check_unchanged()
        wanted = check_count("epochs", self.epochs if epochs is None else epochs)
        if wanted < self.trainer_.epoch:
            raise ConfigError(
                f"{self.trainer_.epoch} epochs are done already, more than the {wanted} wanted. "
                "Give a larger number, or fit again."
            )
        self.epochs = wanted
        self.config_ = self.config_.with_epochs(wanted)
        return self._train(after_epoch)

    def predict(
        self,
        X: Series | ArrayLike | None = None,
        *,
        horizon: int | None = None,
        inputs: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Forecasts in the data's units.

        With `horizon`: shape (horizon,), the points after `X` (after the training series if None),
        each forecast fed back as an input of the next. A series with driving inputs wants those of
        the horizon in `inputs`, shape (horizon,), and feeds nothing back.

        Without: one-step forecasts of the points of `X`, one for each that has `window` points
        before it: all n points of a part with enough history, as `series.test`, the last
        n − window of a plain array.
        """
        self._check_fitted()
        if X is None and horizon is None:
            raise DataError(
                "nothing to forecast. Give horizon=20 to continue the training series, or a series."
            )
        series = self.series_ if X is None else self._same_kind(as_series(X))
        if horizon is not None:
            return self._continue(series, horizon, inputs)
        if inputs is not None:
            raise DataError("inputs belong to a horizon. Give horizon too, or leave inputs out.")
        windows = make_windows(self.scalers_.apply(series), self.config_.window)
        scaled = forecast_windows(self.model_, windows.inputs)
        return self.scalers_.target.inverse(scaled[:, 0])

    def score(self, X: Series | ArrayLike, y: ArrayLike | None = None) -> float:
        """R² of the one-step forecasts of a series; 1 is perfect, 0 its own mean."""
        self._check_fitted()
        series = _given(X, y)
        forecasts = self.predict(series)
        return metrics.r2(series.values[-len(forecasts) :], forecasts)

    def save(self, path: str | Path) -> None:
        """Write options, training state and series into a new folder.

        Raises `CheckpointError` where the folder is in use.
        """
        self._check_fitted()
        with claiming(Path(path), self.checkpoint()):
            pass

    @classmethod
    def load(
        cls, path: str | Path, *, device: torch.device | str | None = None, progress: bool = False
    ) -> Forecaster:
        """The forecaster saved in a folder, by `save` or as a run; it can predict and resume.

        Raises `FileNotFoundError`, or `CheckpointError` for a folder that is corrupt or of another
        program.
        """
        checkpoint = load_checkpoint(path)
        options = {f.name: getattr(checkpoint.config, f.name) for f in fields(ForecastConfig)}
        forecaster = cls(**options, device=device, progress=progress)
        try:
            forecaster._prepare(checkpoint.config, checkpoint.train, checkpoint.test)
            forecaster.trainer_.load_state(checkpoint.state)
        except CheckpointError:
            raise
        except TnqlstmError as error:
            raise CheckpointError(
                f"{path} describes no model that can be built: {error}"
            ) from error
        return forecaster

    def checkpoint(self, made_by: str = "Forecaster.save") -> Checkpoint:
        """What `save` writes, as data."""
        self._check_fitted()
        return Checkpoint(
            self.config_, self.series_, self.test_series_, self.trainer_.state, made_by
        )

    @property
    def history_(self) -> History:
        """A dict an epoch: epoch, train_mse and test_mse (scaled units), seconds."""
        self._check_fitted()
        return self.trainer_.history

    @property
    def model_(self) -> RecurrentForecast:
        """The model, trained as far as the history says."""
        self._check_fitted()
        return self._model

    def _config(self) -> ForecastConfig:
        options = {f.name: getattr(self, f.name) for f in fields(ForecastConfig)}
        if options["dtype"] is None:
            options["dtype"] = torch.get_default_dtype()
        return ForecastConfig(**options)

    def _prepare(self, config: ForecastConfig, train: Series, test: Series | None) -> None:
        """Set everything that a fit starts with; nothing changes if one step of it fails."""
        scalers = fit_scalers(train, config.scaling)
        if test is not None and (test.inputs is None) != (train.inputs is None):
            raise DataError("training and test series must both have inputs, or neither.")
        windows = [
            None if part is None else make_windows(scalers.apply(part), config.window)
            for part in (train, test)
        ]
        assert windows[0] is not None
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            model = build_model(config, device=self.device)
            trainer = Trainer(
                model, windows[0], windows[1],
                TrainingConfig(config.learning_rate, config.batch_size, keep=config.keep),
            )  # fmt: skip
        self.config_ = config
        self._fitted_parameters = self.get_params()
        self.series_, self.test_series_ = train, test
        self.scalers_ = scalers
        self._model = model
        self.trainer_ = trainer

    def _check_unchanged(self) -> None:
        """Raise a `ConfigError` where a parameter isn't what the model was made with."""
        old = self._fitted_parameters
        changed = [
            f"{name} ({old[name]!r} to {new!r})"
            for name, new in self.get_params().items()
            if name not in RESUMABLE and new is not old[name] and new != old[name]
        ]
        if changed:
            raise ConfigError(
                f"a resumed training keeps the parameters that it began with, so "
                f"{', '.join(changed)} can't be changed. Set them back, or fit again."
            )

    def _train(self, after_epoch: Callable[[Forecaster], None] | None) -> Forecaster:
        self.trainer_.run(
            self.config_.epochs,
            progress=self.progress,
            after_epoch=None if after_epoch is None else lambda _: after_epoch(self),
        )
        return self

    def _continue(
        self, series: Series, horizon: int, inputs: ArrayLike | None
    ) -> NDArray[np.float64]:
        horizon = check_count("horizon", horizon)
        window, target = self.config_.window, self.scalers_.target
        whole = series.whole
        if series.stop < window:
            raise DataError(
                f"series {series.name!r} has {series.stop} points, a window of {window} needs as "
                "many. Give a longer series."
            )
        recent = slice(series.stop - window, series.stop)
        if whole.inputs is None:
            if inputs is not None:
                raise DataError(f"series {series.name!r} has no inputs, so the horizon takes none.")
            last = target.transform(whole.values[recent])
            return target.inverse(free_run(self.model_, last, horizon))
        given = None if inputs is None else as_series(inputs, "inputs of the horizon").values
        if given is None or len(given) != horizon:
            raise DataError(
                f"series {series.name!r} is driven by inputs: {horizon} of them wanted for this "
                f"horizon, got {0 if given is None else len(given)}. Give inputs=…."
            )
        # the point t is made of the inputs before t, so the last of the horizon's isn't seen
        driver = np.concatenate([whole.inputs[recent], given])
        past = np.arange(horizon)[:, None] + np.arange(window)
        scaled = self.scalers_.inputs.transform(driver[past])[:, :, None]
        return target.inverse(forecast_windows(self.model_, scaled)[:, 0])

    def _same_kind(self, series: Series) -> Series:
        if (series.inputs is None) == (self.series_.inputs is None):
            return series
        wanted = "no inputs" if self.series_.inputs is None else "driving inputs"
        raise DataError(
            f"this forecaster was fitted on a series with {wanted}; {series.name!r} is of the "
            "other kind. Give a Series made in the same way."
        )

    def _check_fitted(self) -> None:
        if not hasattr(self, "trainer_"):
            raise NotFittedError("this forecaster isn't fitted yet. Call fit(series) first.")

    def __repr__(self) -> str:
        defaults = {n: p.default for n, p in inspect.signature(Forecaster).parameters.items()}
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not defaults[name] and value != defaults[name]
        ]
        return f"Forecaster({', '.join(changed)})"


def _parameter_names() -> list[str]:
    return list(inspect.signature(Forecaster).parameters)


def _given(X: Series | ArrayLike, y: ArrayLike | None) -> Series:
    if y is None:
        return as_series(X)
    if isinstance(X, Series):
        raise DataError("a Series holds its target already. Give y with plain arrays only.")
    return Series("series", y, inputs=X)  # type: ignore[arg-type]
