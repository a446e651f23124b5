"""`TrainingState`: all that the next epoch depends on, and whether it can be a trainer's own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import CheckpointError

__all__ = ["History", "TrainingState", "check_state"]

History = list[dict[str, Any]]
RECORD = ("epoch", "train_mse", "test_mse", "seconds")
GROUPS = ("model", "optimizer", "random", "best")


@dataclass(frozen=True)
class TrainingState:
    """All that the next epoch depends on; not to be changed.

    `tensors`: "model.*", "optimizer.*", "random.*" and, where the best weights are kept, "best.*".
    `history`: a dict an epoch with `epoch` (from 1), `train_mse` and `test_mse` (at its end, scaled
    units; `test_mse` None without test windows) and `seconds`.
    """

    tensors: dict[str, Tensor]
    history: History

    def group(self, name: str) -> dict[str, Tensor]:
        """The tensors of one group, without its name."""
        prefix = f"{name}."
        return {k[len(prefix) :]: v for k, v in self.tensors.items() if k.startswith(prefix)}


def check_state(
    state: TrainingState, model: nn.Module, *, keeps_best: bool, has_test: bool, n_batches: int
) -> None:
    """Raise a `CheckpointError` unless training of this model by RMSprop can have led to the state.

    Names, shapes and dtypes are the model's, numbers are finite, the optimiser has taken
    `n_batches` steps an epoch, and the history has a record of each epoch.
    """
    _check_history(state.history, has_test)
    foreign = [name for name in state.tensors if name.partition(".")[0] not in GROUPS]
    if foreign:
        raise CheckpointError(f"the state holds {', '.join(sorted(foreign)[:4])}, no part of one.")
    weights = model.state_dict()
    _check_group("the state is another model's", state.group("model"), weights)
    best = weights if keeps_best and state.history else {}
    _check_group("the best weights are another model's", state.group("best"), best)
    n_steps = n_batches * len(state.history)
    slots: dict[str, Tensor] = {}
    if n_steps:
        for index, weight in enumerate(model.parameters()):
            if weight.requires_grad:
                step, average = torch.tensor(1.0), weight.detach()
                slots |= {f"{index}.step": step, f"{index}.square_avg": average}
    _check_group("the optimiser's state is another one's", state.group("optimizer"), slots)
    for name, tensor in state.group("optimizer").items():
        right = tensor == n_steps if name.endswith("step") else tensor >= 0
        if not bool(right.all()):
            raise CheckpointError(
                f"the optimiser's state has {name} that {n_steps} steps can't have led to. "
                "Use the checkpoint as it was saved."
            )
    _check_random(state.group("random"))


def _check_group(what: str, got: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Names, shapes and dtypes must be the same, and all numbers finite."""
    kinds = [
        {name: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in group.items()}
        for group in (got, wanted)
    ]
    wrong = [
        f"{name}: {_difference(kinds[0].get(name), kinds[1].get(name))}"
        for name in sorted(kinds[0].keys() | kinds[1].keys())
        if kinds[0].get(name) != kinds[1].get(name)
    ]
    if wrong:
        raise CheckpointError(f"{what}: {_listed(wrong)}. Use the options it was saved with.")
    wrong = [name for name, tensor in got.items() if not bool(torch.isfinite(tensor).all())]
    if wrong:
        raise CheckpointError(
            f"numbers that aren't finite in {_listed(wrong)}. Use the checkpoint as it was saved."
        )


def _difference(got: tuple[Any, str] | None, wanted: tuple[Any, str] | None) -> str:
    if got is None or wanted is None:
        return f"{got[0] if got else 'missing'} instead of {wanted[0] if wanted else 'nothing'}"
    which = 0 if got[0] != wanted[0] else 1
    return f"{got[which]} instead of {wanted[which]}"


def _check_random(got: dict[str, Tensor]) -> None:
    try:
        torch.Generator().set_state(got["cpu"])
    except (KeyError, RuntimeError, TypeError) as error:
        raise CheckpointError(f"the random state is none of torch's: {error}.") from None
    if foreign := got.keys() - {"cpu", "cuda"}:
        raise CheckpointError(f"the random state holds {_listed(sorted(foreign))}, no part of one.")


def _check_history(history: Any, has_test: bool) -> None:
    if not isinstance(history, list):
        raise CheckpointError(f"the history is {type(history).__name__}, a list wanted.")
    for epoch, record in enumerate(history, start=1):
        errors = ["train_mse", "seconds"] + (["test_mse"] if has_test else [])
        if (
            not isinstance(record, dict)
            or set(record) != set(RECORD)
            or record["epoch"] != epoch
            or not all(_is_error(record[name]) for name in errors)
            or (record["test_mse"] is None) == has_test
        ):
            raise CheckpointError(
                f"the history's record {epoch} is {record!r:.120}; epoch {epoch} with finite "
                f"{' and '.join(errors)} wanted. Use the checkpoint as it was saved."
            )


def _is_error(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return "; ".join(names[:4]) + ("; …" if len(names) > 4 else "")
