"""The training loop: it learns, repeats bit by bit, and survives interruptions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tnqlstm.errors import CheckpointError, UnknownNameError
from tnqlstm.forecasting import (
    DivergenceError,
    Series,
    Trainer,
    TrainingConfig,
    TrainingInterrupted,
    make_windows,
)
from tnqlstm.forecasting.model import RecurrentForecast, forecast_windows
from tnqlstm.nn import ClassicalLSTM


def make_trainer(series: Series, seed: int = 0, dropout: float = 0.0, **options: Any) -> Trainer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = 2 if dropout else 1
        model = RecurrentForecast(ClassicalLSTM(1, 3, layers, dropout=dropout))
        train, test = (make_windows(part, 3) for part in (series.train, series.test))
        return Trainer(model, train, test, TrainingConfig(**options))


def contents(trainer: Trainer) -> dict[str, Any]:
    """Everything that must agree bit by bit: all tensors, and the history but for the seconds."""
    records = [{k: v for k, v in r.items() if k != "seconds"} for r in trainer.history]
    return {
        "history": records,
        **{name: tensor.tolist() for name, tensor in trainer.state.tensors.items()},
        **{f"shown.{name}": t.tolist() for name, t in trainer.model.state_dict().items()},
    }


class Stop:
    """An optimiser step that raises at its n-th call, with a weight already torn."""

    def __init__(self, at: int, error: BaseException) -> None:
        self.calls, self.at, self.error = 0, at, error
        self.original = torch.optim.RMSprop.step

    def __call__(self, optimizer: torch.optim.RMSprop, *args: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            with torch.no_grad():
                optimizer.param_groups[0]["params"][0].fill_(7.0)
            raise self.error
        return self.original(optimizer, *args)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.optim.RMSprop, "step", lambda *args: self(*args))


def test_it_learns_and_every_weight_moves(series: Series) -> None:
    trainer = make_trainer(series)
    before = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    history = trainer.run(30)
    assert history[-1]["train_mse"] < 0.2 * history[0]["train_mse"]
    for name, weight in trainer.model.state_dict().items():
        assert (weight != before[name]).all(), name


def test_an_epoch_is_the_published_recipe(series: Series) -> None:
    trainer = make_trainer(series, keep="last")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = RecurrentForecast(ClassicalLSTM(1, 3))
        optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01, alpha=0.99, eps=1e-8)
        windows = make_windows(series.train, 3)
        x = torch.tensor(windows.inputs, dtype=torch.float32)
        y = torch.tensor(windows.targets, dtype=torch.float32)
        order = torch.randperm(len(x))
        for start in range(0, len(x), 10):
            chosen = order[start : start + 10]
            optimizer.zero_grad()
            ((model(x[chosen]) - y[chosen]) ** 2).mean().backward()
            optimizer.step()
    trainer.run(1)
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(trainer.model.state_dict()[name], weight, rtol=1e-6, atol=1e-7)


def test_the_history_says_what_the_model_does(series: Series) -> None:
    trainer = make_trainer(series, keep="last")
    record = trainer.run(3)[-1]
    assert [r["epoch"] for r in trainer.history] == [1, 2, 3]
    for name, windows in (("train_mse", trainer.train), ("test_mse", trainer.test)):
        assert windows is not None
        forecast = forecast_windows(trainer.model, windows.inputs)
        assert record[name] == np.mean((forecast - windows.targets) ** 2)
    assert record["seconds"] > 0


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_the_seed_decides_and_the_global_generator_is_left_alone(
    series: Series, dropout: float
) -> None:
    first, second, other = (make_trainer(series, seed, dropout) for seed in (0, 0, 1))
    torch.manual_seed(11)
    first.run(3)
    expected = torch.rand(1)
    torch.manual_seed(99)
    second.run(3)
    other.run(3)
    assert contents(first) == contents(second)
    assert contents(first) != contents(other)
    torch.manual_seed(11)
    assert torch.rand(1) == expected


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_resuming_is_exact(series: Series, keep: str, dropout: float) -> None:
    whole = make_trainer(series, dropout=dropout, keep=keep)
    whole.run(7)
    parts = make_trainer(series, dropout=dropout, keep=keep)
    parts.run(2)
    parts.run(3)
    other = make_trainer(series, seed=5, dropout=dropout, keep=keep)
    other.load_state(parts.state)
    other.run(7)
    assert contents(other) == contents(whole)


def test_dropout_acts_in_training_even_if_the_model_was_set_to_evaluate(series: Series) -> None:
    first, second = (make_trainer(series, dropout=0.4) for _ in range(2))
    second.model.eval()
    first.run(2)
    second.run(2)
    assert contents(first) == contents(second)


@pytest.mark.parametrize("at", [1, 2, 5, 8, 11])
def test_ctrl_c_loses_nothing(series: Series, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    whole = make_trainer(series)
    whole.run(4)
    trainer = make_trainer(series)
    with monkeypatch.context() as patch:
        Stop(at, KeyboardInterrupt()).install(patch)
        with pytest.raises(TrainingInterrupted) as caught:
            trainer.run(4)
    n_full = (at - 1) // 4  # four batches an epoch
    assert (caught.value.epoch, caught.value.epochs, trainer.epoch) == (n_full, 4, n_full)
    assert f"epoch {n_full} of 4" in str(caught.value)
    reached = make_trainer(series)
    reached.run(n_full)
    assert contents(trainer) == contents(reached)
    trainer.run(4)
    assert contents(trainer) == contents(whole)


def test_ctrl_c_while_saving_keeps_the_finished_epoch(series: Series) -> None:
    def interrupt(trainer: Trainer) -> None:
        if trainer.epoch == 2:
            raise KeyboardInterrupt

    trainer = make_trainer(series)
    with pytest.raises(TrainingInterrupted):
        trainer.run(4, after_epoch=interrupt)
    assert trainer.epoch == 2


class Exploding(nn.Module):
    """Finite for a number of training steps, then not."""

    output_size = 1

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.left = steps

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        self.left -= self.training
        factor = self.weight if self.left >= 0 else self.weight * math.nan
        return x * factor, None


def test_a_loss_that_is_not_finite_stops_at_the_last_good_epoch(series: Series) -> None:
    model = RecurrentForecast(Exploding(steps=9))
    trainer = Trainer(model, make_windows(series.train, 3))
    with pytest.raises(DivergenceError, match=r"loss is nan in epoch 3.*after epoch 2 is kept"):
        trainer.run(5)
    assert trainer.epoch == 2
    assert all(torch.isfinite(t).all() for t in model.state_dict().values())
    assert trainer.history[-1]["test_mse"] is None


def test_weights_that_explode_in_the_last_batch_are_seen(series: Series) -> None:
    with pytest.raises(DivergenceError, match="Lower learning_rate"):
        make_trainer(series, learning_rate=1e38).run(5)


def test_the_best_epoch_is_kept_by_training_error_alone(series: Series) -> None:
    trainer = make_trainer(series, learning_rate=0.3)
    states = []
    trainer.run(12, after_epoch=lambda t: states.append([w.clone() for w in t.model.parameters()]))
    errors = [record["train_mse"] for record in trainer.history]
    best = int(np.argmin(errors))
    assert best != 11, "the case must have its best epoch before the last"
    assert trainer.kept_epoch == best + 1
    for weight, kept in zip(trainer.model.parameters(), states[best], strict=True):
        assert torch.equal(weight, kept)
    last = make_trainer(series, learning_rate=0.3, keep="last")
    last.run(12)
    assert last.kept_epoch == 12
    for weight, kept in zip(last.model.parameters(), states[11], strict=True):
        assert torch.equal(weight, kept)


def test_a_state_of_another_model_is_refused(series: Series) -> None:
    trainer = make_trainer(series)
    before = contents(trainer)
    windows = make_windows(series.train, 3)
    other = Trainer(RecurrentForecast(ClassicalLSTM(1, 4)), windows)
    with pytest.raises(CheckpointError, match=r"head\.weight: \(1, 4\) instead of \(1, 3\)"):
        trainer.load_state(other.state)
    assert contents(trainer) == before


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'best'"):
        TrainingConfig(keep="bes")
