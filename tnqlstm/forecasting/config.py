"""`ForecastConfig`: every choice that a forecast depends on, validated, and its JSON form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ..arguments import real, whole
from ..errors import TnqlstmError, look_up
from .descriptions import (
    RecordedAnsatz,
    circuit_from_json,
    circuit_to_json,
    network_from_json,
    network_to_json,
)
from .scaling import SCALINGS
from .training import KEEP

if TYPE_CHECKING:
    import torch

    from ..circuit import Circuit
    from ..distribution import QPUNetwork

__all__ = ["DTYPES", "MODELS", "ConfigError", "ForecastConfig"]

MODELS = {"qlstm": "LSTM whose gates are quantum circuits", "lstm": "classical LSTM"}
CIRCUIT_OPTIONS = ("cell", "depth", "n_qubits", "scheme", "network", "ansatz")
DTYPES = ("float32", "float64")
MOST_SEED = 2**63 - 1  # what torch's generators take


class ConfigError(TnqlstmError):
    """An option of a forecast that is out of range."""


@dataclass(frozen=True)
class ForecastConfig:
    """The options of `Forecaster`, which documents them. Raises `ConfigError`, `UnknownNameError`.

    Options of the model alone (cell, scheme, depth, …) are checked when it's built.
    """

    window: int = 4
    hidden_size: int = 5
    model: str = "qlstm"
    cell: str = "chen2024"
    depth: int | None = None
    n_qubits: int | None = None
    scheme: str = "centric"
    network: QPUNetwork | None = None
    ansatz: Callable[[int], Circuit] | None = None
    num_layers: int = 1
    dropout: float = 0.0
    epochs: int = 100
    learning_rate: float = 0.01
    batch_size: int = 10
    keep: str = "best"
    scaling: str = "train"
    seed: int = 0
    dtype: str | torch.dtype | None = None

    def __post_init__(self) -> None:
        for name in ("window", "hidden_size", "num_layers", "epochs", "batch_size"):
            object.__setattr__(self, name, check_count(name, getattr(self, name)))
        for name in ("depth", "n_qubits"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_count(name, getattr(self, name)))
        object.__setattr__(self, "seed", check_count("seed", self.seed, least=0))
        if self.seed > MOST_SEED:
            raise ConfigError(f"seed must be at most {MOST_SEED}, got {self.seed}.")
        look_up("model", self.model, MODELS)
        if self.model == "lstm":
            self._check_no_circuit()
        look_up("keep", self.keep, KEEP)
        if self.scaling is None:
            object.__setattr__(self, "scaling", "train")
        look_up("scaling", self.scaling, SCALINGS)
        for name in ("learning_rate", "dropout"):
            object.__setattr__(self, name, real(name, getattr(self, name), ConfigError))
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(
                f"learning_rate must be a positive number, got {self.learning_rate!r}."
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must be in [0, 1), got {self.dropout!r}.")
        if self.dtype is not None:
            name = str(self.dtype).removeprefix("torch.")
            if name not in DTYPES:
                raise ConfigError(f"dtype must be one of {', '.join(DTYPES)}, got {self.dtype!r}.")
            object.__setattr__(self, "dtype", name)
        if self.network is not None:
            from ..distribution.network_text import as_network

            object.__setattr__(self, "network", as_network(self.network))
        if self.ansatz is not None and not isinstance(self.ansatz, RecordedAnsatz):
            if not callable(self.ansatz):
                raise ConfigError(
                    f"ansatz must be a function of the number of qubits that returns a Circuit, "
                    f"got {self.ansatz!r}."
                )
            object.__setattr__(self, "ansatz", RecordedAnsatz(self.ansatz))

    def _check_no_circuit(self) -> None:
        given = [n for n in CIRCUIT_OPTIONS if getattr(self, n) != getattr(ForecastConfig, n)]
        if given:
            raise ConfigError(
                f"model 'lstm' has no circuits, so {', '.join(given)} mean nothing to it. "
                "Leave them out, or use model='qlstm'."
            )

    def with_epochs(self, epochs: int) -> ForecastConfig:
        """The same options but for the number of epochs."""
        return replace(self, epochs=epochs)

    def to_json(self) -> dict[str, Any]:
        """All options as JSON data. An ansatz is saved by the circuits it has returned so far."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.network is not None:
            data["network"] = network_to_json(self.network)
        if isinstance(self.ansatz, RecordedAnsatz):
            data["ansatz"] = [circuit_to_json(c) for c in self.ansatz.circuits.values()]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ForecastConfig:
        """The options that `to_json` described."""
        options = dict(data)
        if options["network"] is not None:
            options["network"] = network_from_json(options["network"])
        if options["ansatz"] is not None:
            circuits = [circuit_from_json(circuit) for circuit in options["ansatz"]]
            options["ansatz"] = RecordedAnsatz(None, {c.n_qubits: c for c in circuits})
        return cls(**options)


def check_count(name: str, value: object, least: int = 1) -> int:
    """The value as an int, see `arguments.whole`; raises `ConfigError`."""
    return whole(name, value, least, ConfigError)
