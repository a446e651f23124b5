"""`Forecaster`: scikit-learn's conventions, and forecasts that are what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from tnqlstm import QPUNetwork, datasets
from tnqlstm.errors import CheckpointError, DataError, PartitionError, UnknownNameError
from tnqlstm.forecasting import Forecaster, NotFittedError, Series, TrainingInterrupted, metrics
from tnqlstm.forecasting.config import ConfigError

Make = Callable[..., Forecaster]


def test_parameters_follow_the_conventions() -> None:
    network = QPUNetwork.line(2, qubits=3)
    forecaster = Forecaster(window=5, network=network, scheme="linked", dtype=torch.float64)
    parameters = forecaster.get_params()
    assert parameters["network"] is network
    assert parameters["dtype"] is torch.float64
    assert Forecaster(**parameters).get_params() == parameters  # what sklearn.base.clone does
    assert forecaster.set_params(window=6, seed=2) is forecaster
    assert (forecaster.window, forecaster.seed) == (6, 2)
    with pytest.raises(UnknownNameError, match="Did you mean 'hidden_size'"):
        forecaster.set_params(hidden=3, window=9)
    assert forecaster.window == 6
    assert not [name for name in vars(forecaster) if name.endswith("_")]
    assert repr(Forecaster(window=9)) == "Forecaster(window=9)"


def test_asking_before_fitting_is_an_error() -> None:
    forecaster = Forecaster()
    for ask in (
        lambda: forecaster.predict(horizon=3),
        lambda: forecaster.score([1.0]),
        lambda: forecaster.save("x"),
        lambda: forecaster.resume(),
        lambda: forecaster.history_,
    ):
        with pytest.raises(NotFittedError, match="Call fit"):
            ask()
    assert issubclass(NotFittedError, ValueError)
    assert not hasattr(forecaster, "model_")


@pytest.mark.parametrize("scheme", ["centric", "segment", "linked"])
@pytest.mark.parametrize("cell", ["chen2024", "chen2020", "linear"])
def test_every_cell_and_scheme_trains(series: Series, small: Make, scheme: str, cell: str) -> None:
    network = None if scheme == "centric" else QPUNetwork.line(2, qubits=2)
    forecaster = small(scheme=scheme, cell=cell, network=network, epochs=1)
    before = [p.clone() for p in forecaster.start(series.train).model_.parameters()]
    forecaster.fit(series.train)
    for name, weight in forecaster.model_.named_parameters():
        assert not torch.equal(weight, before.pop(0)), name
    assert forecaster.predict(horizon=3).shape == (3,)


def test_it_learns_a_wave(series: Series) -> None:
    forecaster = Forecaster(hidden_size=3, depth=2, epochs=25).fit(series.train)
    assert forecaster.score(series.test) > 0.5


def test_the_seed_decides(series: Series, small: Make) -> None:
    first, same, other = (
        small(seed=seed).fit(series.train).predict(horizon=4) for seed in (0, 0, 1)
    )
    assert_array_equal(first, same)
    assert np.abs(first - other).max() > 1e-6


def test_arrays_and_series_are_the_same(series: Series, small: Make) -> None:
    of_series = small().fit(series.train)
    of_array = small().fit(list(series.train.values))
    assert_array_equal(of_series.predict(horizon=3), of_array.predict(horizon=3))


def test_one_step_forecasts(series: Series, small: Make) -> None:
    forecaster = small().fit(series.train)
    forecasts = forecaster.predict(series.test)
    assert forecasts.shape == (20,)
    # a plain array has no past, so its first window gives no forecast
    assert_allclose(forecaster.predict(series.values)[-20:], forecasts, rtol=1e-5)
    assert forecaster.predict(series.values).shape == (57,)
    assert forecaster.score(series.test) == metrics.r2(series.test.values, forecasts)
    assert forecaster.score(series.values) == pytest.approx(
        metrics.r2(series.values[3:], forecaster.predict(series.values))
    )


def test_forecasts_are_those_of_the_model_on_scaled_windows(series: Series, small: Make) -> None:
    forecaster = small(dtype="float64").fit(series.train)
    low, high = series.train.values.min(), series.train.values.max()
    scaled = 2 * (series.values - low) / (high - low) - 1
    with torch.no_grad():
        out = forecaster.model_(torch.tensor(scaled[37:40][None, :, None]))
    wanted = (out.item() + 1) / 2 * (high - low) + low
    assert forecaster.predict(series.test)[0] == pytest.approx(wanted, rel=1e-10)


def test_free_running_feeds_each_forecast_back(series: Series, small: Make) -> None:
    forecaster = small(dtype="float64").fit(series.train)
    forecasts = forecaster.predict(horizon=6)
    known = list(series.train.values)
    for forecast in forecasts:
        last = Series("s", np.array([*known[-3:], 0.0]))
        assert forecast == pytest.approx(forecaster.predict(last)[0], rel=1e-9)
        known.append(forecast)
    assert_allclose(forecaster.predict(series.test, horizon=2), forecaster.predict(
        series, horizon=2
    ))  # fmt: skip


def test_driven_series_take_the_inputs_of_the_horizon(driven: Series, small: Make) -> None:
    forecaster = small().fit(driven.train)
    inputs = driven.test.inputs
    assert inputs is not None
    assert_allclose(
        forecaster.predict(horizon=20, inputs=inputs), forecaster.predict(driven.test), rtol=1e-5
    )
    split = len(driven.train)
    assert driven.inputs is not None
    pair = small().fit(driven.inputs[:split], driven.values[:split])
    assert_array_equal(pair.predict(driven.test), forecaster.predict(driven.test))
    with pytest.raises(DataError, match="3 of them wanted for this horizon, got 0"):
        forecaster.predict(horizon=3)
    with pytest.raises(DataError, match="driving inputs"):
        forecaster.predict(np.arange(9.0))
    with pytest.raises(DataError, match="holds its target"):
        forecaster.score(driven, [1.0])


@pytest.mark.parametrize(("unit", "offset"), [(2.0**20, 0), (2.0**-20, 0), (1.0, 1024.0)])
def test_a_driven_series_may_be_in_any_unit(
    driven: Series, small: Make, unit: float, offset: float
) -> None:
    """By default inputs and target are scaled, so forecasts follow the data's unit and offset."""
    assert driven.inputs is not None
    plain = small(dtype="float64").fit(driven.inputs, driven.values)
    inputs, values = driven.inputs * unit + offset, driven.values * unit + offset
    other = small(dtype="float64").fit(inputs, values)
    wanted = plain.predict(driven) * unit + offset
    assert_allclose(other.predict(Series("s", values, inputs=inputs)), wanted, rtol=1e-9)
    assert other.score(inputs, values) == pytest.approx(plain.score(driven), rel=1e-6)
    assert (plain.scalers_.inputs.transform(driven.inputs).min(), other.scaling) == (-1, "train")


def test_the_published_setting_of_narma_goes_by_its_name(small: Make) -> None:
    forecaster = small(epochs=1, scaling="none").fit(datasets.narma(2).train)
    assert_array_equal(forecaster.trainer_.train.targets[:, 0], datasets.narma(2).values[3:201])
    assert small(scaling=None)._config().scaling == "train"


def test_the_leaky_scaling_goes_by_its_name(small: Make) -> None:
    series = Series("ramp", np.arange(60.0))
    honest, leaky = (
        small(epochs=1, scaling=scaling).fit(series.train) for scaling in (None, "whole-series")
    )
    assert honest.scalers_.target.inverse(1.0) == 39
    assert leaky.scalers_.target.inverse(1.0) == 59


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"window": 0}, ConfigError, "window must be a whole number of at least 1, got 0"),
        ({"epochs": 2.5}, ConfigError, "epochs"),
        ({"batch_size": True}, ConfigError, "batch_size"),
        ({"seed": -1}, ConfigError, "seed"),
        ({"learning_rate": 0.0}, ConfigError, "learning_rate must be a positive number"),
        ({"learning_rate": float("nan")}, ConfigError, "learning_rate"),
        ({"dropout": 1.0}, ConfigError, "dropout"),
        ({"dtype": "float16"}, ConfigError, "float32, float64"),
        ({"ansatz": "ry"}, ConfigError, "ansatz must be a function"),
        ({"model": "gru"}, UnknownNameError, "unknown model 'gru'"),
        ({"scaling": "whole"}, UnknownNameError, "Did you mean 'whole-series'"),
        ({"keep": "first"}, UnknownNameError, "Known: best, last"),
        ({"cell": "chen2042"}, UnknownNameError, "Did you mean 'chen2024'"),
        ({"scheme": "linked"}, PartitionError, "needs a network"),
        ({"model": "lstm", "scheme": "linked"}, ConfigError, "scheme mean nothing"),
        ({"window": 40}, DataError, "40 points; a window of 40 needs at least 41"),
    ],
)
def test_bad_options_are_named_by_fit(
    series: Series, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        Forecaster(**options).fit(series.train)
    assert isinstance(caught.value, ValueError)


def test_a_failed_fit_keeps_the_one_before(series: Series, small: Make) -> None:
    forecaster = small().fit(series.train)
    before = forecaster.predict(horizon=3)
    with pytest.raises(DataError, match="constant"):
        forecaster.fit(np.ones(30))
    assert_array_equal(forecaster.predict(horizon=3), before)


def test_bad_requests(series: Series, small: Make) -> None:
    forecaster = small(epochs=1).fit(series.train)
    with pytest.raises(DataError, match="nothing to forecast"):
        forecaster.predict()
    with pytest.raises(ConfigError, match="horizon must be"):
        forecaster.predict(horizon=0)
    with pytest.raises(DataError, match="2 points, a window of 3 needs as many"):
        forecaster.predict([1.0, 2.0], horizon=2)
    with pytest.raises(DataError, match="takes none"):
        forecaster.predict(horizon=2, inputs=[1.0, 2.0])
    with pytest.raises(DataError, match="inputs belong to a horizon"):
        forecaster.predict(series.test, inputs=[1.0])
    with pytest.raises(DataError, match="index 1"):
        forecaster.predict([1.0, float("nan"), 2.0, 3.0, 4.0])
    with pytest.raises(DataError, match="both have inputs"):
        forecaster.fit(series.train, test=datasets.narma(2))


def test_saving_takes_a_free_folder_only(series: Series, small: Make, tmp_path: Any) -> None:
    forecaster = small(epochs=1).fit(series.train)
    forecaster.save(tmp_path / "new")
    with pytest.raises(CheckpointError, match="already holds a run"):
        forecaster.save(tmp_path / "new")
    with pytest.raises(CheckpointError, match="isn't empty"):
        forecaster.save(tmp_path)


def weights(forecaster: Forecaster) -> dict[str, torch.Tensor]:
    return forecaster.trainer_.state.tensors


def test_resume_takes_over_the_epochs(series: Series, small: Make) -> None:
    whole = small(epochs=4).fit(series.train)
    resumed = small(epochs=1).fit(series.train).set_params(epochs=4, progress=False).resume()
    assert [record["epoch"] for record in resumed.history_] == [1, 2, 3, 4]
    for name, tensor in weights(whole).items():
        assert torch.equal(tensor, weights(resumed)[name]), name
    assert resumed.config_.epochs == 4
    assert resumed.resume().history_ == resumed.resume(4).history_  # nothing left to do
    for fewer in (lambda: resumed.resume(3), lambda: resumed.set_params(epochs=2).resume()):
        with pytest.raises(ConfigError, match="4 epochs are done already"):
            fewer()


OTHERS: dict[str, Any] = {
    "window": 4, "hidden_size": 3, "model": "lstm", "cell": "linear", "depth": 2, "n_qubits": 3,
    "scheme": "linked", "network": QPUNetwork.line(2, qubits=2), "ansatz": lambda n: None,
    "num_layers": 2, "dropout": 0.5, "learning_rate": 0.1, "batch_size": 5, "keep": "last",
    "scaling": "none", "seed": 1, "device": "cpu", "dtype": "float64",
}  # fmt: skip


@pytest.fixture(scope="module")
def trained() -> Forecaster:
    return Forecaster(3, 2, depth=1, epochs=1).fit(np.sin(np.arange(40) / 3))


@pytest.mark.parametrize("name", sorted({*Forecaster().get_params()} - {"epochs", "progress"}))
def test_a_changed_parameter_is_for_the_next_fit(trained: Forecaster, name: str) -> None:
    """Until then forecasts are those of the model as it is, and a resumed training refuses it."""
    forecasts, before = trained.predict(horizon=3), trained.get_params()
    trained.set_params(**{name: OTHERS[name]})
    try:
        assert_array_equal(trained.predict(horizon=3), forecasts)
        with pytest.raises(ConfigError, match=rf"so {name} \(.* to .*\) can't be changed"):
            trained.resume(3)
        assert len(trained.history_) == 1
    finally:
        trained.set_params(**before)


def test_fitting_twice_is_fitting_once(series: Series, small: Make) -> None:
    once, twice = small().fit(series.train), small().fit(series.test).fit(series.train)
    assert_array_equal(once.predict(horizon=3), twice.predict(horizon=3))
    other = twice.set_params(epochs=3, seed=1).fit(series.train)
    assert len(other.history_) == 3


def test_an_interrupted_fit_can_be_resumed(series: Series, small: Make) -> None:
    def interrupt(forecaster: Forecaster) -> None:
        if len(forecaster.history_) == 2:
            raise KeyboardInterrupt

    whole = small(epochs=3).fit(series.train)
    forecaster = small(epochs=3)
    with pytest.raises(TrainingInterrupted):
        forecaster.fit(series.train, after_epoch=interrupt)
    assert len(forecaster.history_) == 2
    forecaster.resume()
    assert_array_equal(forecaster.predict(horizon=4), whole.predict(horizon=4))
