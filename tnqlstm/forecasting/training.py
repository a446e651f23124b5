"""`Trainer`: the training loop, whose state can be saved and continued exactly.

The unit of state is the epoch. An epoch that is cut short, by Ctrl-C or a loss that isn't finite,
is undone: weights, optimiser and random state go back to the end of the last full epoch, so that a
resumed run repeats the epoch bit by bit and ends where an uninterrupted one does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from ..errors import DataError, look_up
from .metrics import mse
from .model import DivergenceError, dtype_name, forecast_windows, model_tensor
from .training_state import History, TrainingState, check_state
from .windows import Windows

__all__ = [
    "KEEP",
    "DivergenceError",
    "History",
    "Trainer",
    "TrainingConfig",
    "TrainingInterrupted",
    "TrainingState",
]

# RMSprop at a constant rate jumps from epoch to epoch, so the last one may be a bad one
KEEP = {
    "best": "the weights of the epoch with the lowest training error; the test part has no say",
    "last": "the weights of the last epoch, as published",
}


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the state at the end of the last full epoch is kept."""

    def __init__(self, epoch: int, epochs: int) -> None:
        super().__init__(f"stopped after epoch {epoch} of {epochs}; this state is kept.")
        self.epoch = epoch
        self.epochs = epochs


@dataclass(frozen=True)
class TrainingConfig:
    """RMSprop on the mean squared error of the last step, as in the public QLSTM code.

    `keep`, a key of `KEEP`: whose weights the model has when training ends or pauses.
    """

    learning_rate: float = 0.01
    batch_size: int = 10
    alpha: float = 0.99
    eps: float = 1e-8
    keep: str = "best"

    def __post_init__(self) -> None:
        look_up("keep", self.keep, KEEP)


class Trainer:
    """Trains a model on windows, one epoch after another.

    Outside `run` the model has the weights to keep, and `state` is where training goes on.
    Shuffling and dropout draw from the trainer's own random state, which starts as torch's global
    one is when the trainer is made; after that the global generator is neither read nor moved.

    Raises `DataError` for windows that the model's dtype can't hold, or can't tell apart.
    """

    def __init__(
        self,
        model: nn.Module,
        train: Windows,
        test: Windows | None = None,
        config: TrainingConfig | None = None,
    ) -> None:
        self.model = model
        self.train = train
        self.test = test
        self.config = config or TrainingConfig()
        weight = next(model.parameters())
        self._device = weight.device
        self._inputs = _told_apart("inputs", train.inputs, weight)
        self._targets = _told_apart("targets", train.targets, weight)
        self._optimizer = torch.optim.RMSprop(
            model.parameters(),
            lr=self.config.learning_rate,
            alpha=self.config.alpha,
            eps=self.config.eps,
        )
        self._random = _random_state(self._device)
        self._state = self._capture(history=[])

    @property
    def state(self) -> TrainingState:
        """The state at the end of the last full epoch."""
        return self._state

    @property
    def history(self) -> History:
        """A dict for each full epoch (see `TrainingState`)."""
        return self._state.history

    @property
    def epoch(self) -> int:
        """Number of full epochs so far."""
        return len(self.history)

    @property
    def kept_epoch(self) -> int:
        """The epoch, from 1, whose weights the model has outside `run`; 0 before the first."""
        if self.config.keep == "last" or not self.history:
            return self.epoch
        errors = [record["train_mse"] for record in self.history]
        return 1 + errors.index(min(errors))

    def run(
        self,
        epochs: int,
        *,
        progress: bool = False,
        after_epoch: Callable[[Trainer], None] | None = None,
    ) -> History:
        """Train until `epochs` full epochs are done, and return the history.

        `after_epoch` is called with the trainer after each, to save it for instance. Raises
        `TrainingInterrupted` at Ctrl-C, `DivergenceError` where a loss isn't finite; in both cases
        `state` is that at the end of the last full epoch.
        """
        todo = max(epochs - self.epoch, 0)
        bar = tqdm(total=todo * self._n_batches, unit="batch", disable=not progress)
        try:
            self._restore()
            while self.epoch < epochs:
                bar.set_description(f"epoch {self.epoch + 1}/{epochs}", refresh=False)
                self._run_epoch(bar)
                if after_epoch is not None:
                    after_epoch(self)
        except KeyboardInterrupt:
            raise TrainingInterrupted(self.epoch, epochs) from None
        finally:
            bar.close()
            self._show_kept()
        return self.history

    def load_state(self, state: TrainingState) -> None:
        """Go back, or on, to a state. Raises `CheckpointError` where it can't be this trainer's."""
        check_state(
            state,
            self.model,
            keeps_best=self.config.keep == "best",
            has_test=self.test is not None,
            n_batches=self._n_batches,
        )
        self._state = state
        self._show_kept()

    @property
    def _n_batches(self) -> int:
        return math.ceil(len(self.train) / self.config.batch_size)

    def _run_epoch(self, bar: Any) -> None:
        """One epoch; only its last line changes `state`."""
        started = perf_counter()
        with self._own_random():
            self.model.train()
            order = torch.randperm(len(self.train)).to(self._device)
            for chosen in order.split(min(self.config.batch_size, len(order))):
                self._step(chosen)
                bar.update()
        errors = self._errors()
        shown = {name: f"{error:.2e}" for name, error in errors.items() if error is not None}
        bar.set_postfix(shown, refresh=False)
        record = {"epoch": self.epoch + 1, **errors, "seconds": perf_counter() - started}
        self._state = self._capture([*self.history, record])

    def _capture(self, history: History) -> TrainingState:
        """A copy of weights, optimiser and random state; the best weights as of this history."""
        model = self.model.state_dict()
        tensors = {f"model.{k}": v for k, v in model.items()}
        for index, slots in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{k}": v for k, v in slots.items()}
        tensors |= {f"random.{k}": v for k, v in self._random.items()}
        if self.config.keep == "best" and history:
            errors = [record["train_mse"] for record in history]
            is_best = errors.index(min(errors)) == len(errors) - 1
            best = model if is_best else self._state.group("best")
            tensors |= {f"best.{k}": v for k, v in best.items()}
        return TrainingState(
            {k: v.detach().clone().contiguous() for k, v in tensors.items()}, history
        )

    def _restore(self) -> None:
        """Put weights, optimiser and random state where `state` says."""
        self.model.load_state_dict(self._state.group("model"))
        slots: dict[int, dict[str, Tensor]] = {}
        for name, tensor in self._state.group("optimizer").items():
            index, _, slot = name.partition(".")
            slots.setdefault(int(index), {})[slot] = tensor.clone()
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": slots, "param_groups": groups})
        self._random = self._state.group("random")

    def _show_kept(self) -> None:
        self.model.load_state_dict(self._state.group("best") or self._state.group("model"))

    def _step(self, chosen: Tensor) -> None:
        self._optimizer.zero_grad()
        forecast = self.model(self._inputs[chosen])
        loss = nn.functional.mse_loss(forecast, self._targets[chosen])
        if not math.isfinite(loss.item()):
            raise self._diverged("loss", loss.item())
        loss.backward()
        self._optimizer.step()

    def _errors(self) -> dict[str, float | None]:
        errors: dict[str, float | None] = {"train_mse": None, "test_mse": None}
        for name, windows in (("train_mse", self.train), ("test_mse", self.test)):
            if windows is not None:
                try:
                    error = mse(windows.targets, forecast_windows(self.model, windows.inputs))
                except DivergenceError:
                    error = math.nan
                if not math.isfinite(error):
                    raise self._diverged(name, error)
                errors[name] = error
        return errors

    def _diverged(self, what: str, value: float) -> DivergenceError:
        return DivergenceError(
            f"{what} is {value} in epoch {self.epoch + 1}; a finite number wanted. The state after "
            f"epoch {self.epoch} is kept. Lower learning_rate (now {self.config.learning_rate:g}), "
            "look for outliers in the series, or scale it (scaling='train')."
        )

    @contextmanager
    def _own_random(self) -> Iterator[None]:
        """Draw from this trainer's random state, and keep it only if the block comes to its end."""
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.set_rng_state(self._random["cpu"])
            if devices and "cuda" in self._random:  # not so if it was saved on a CPU
                torch.cuda.set_rng_state(self._random["cuda"], self._device)
            yield
            self._random = _random_state(self._device)


def _told_apart(what: str, numbers: NDArray[np.float64], weight: Tensor) -> Tensor:
    """The numbers in a weight's dtype, whose rounding must be small beside their range."""
    tensor = model_tensor(what, numbers, weight)
    rounding = np.abs(tensor.double().cpu().numpy() - numbers).max()
    with np.errstate(over="ignore"):
        spread = numbers.max() - numbers.min()
    if rounding > 1e-3 * (spread or abs(numbers.flat[0])):
        raise DataError(
            f"the {what}, {numbers.min():.10g} to {numbers.max():.10g}, are rounded by "
            f"{rounding:.3g} as {dtype_name(weight)}. Use scaling='train', or dtype='float64'."
        )
    return tensor


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state
