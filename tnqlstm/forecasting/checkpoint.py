"""Checkpoints: a folder with `config.json` and `checkpoint.safetensors`.

`config.json` holds every option, what the data are and the run's id; it's written once. The
safetensors file holds the rest: the training state, the series themselves, and in its metadata the
history, the epochs to reach, the fingerprint of the config it belongs to and a digest of all this.
Each file is replaced in one step, so that an interrupted save leaves the one before.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as safetensors_tensors
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from .. import __version__
from ..errors import CheckpointError, TnqlstmError
from ..outputs import write_atomically
from .config import ForecastConfig
from .series import Series
from .training import TrainingState

__all__ = [
    "CONFIG_FILE",
    "STATE_FILE",
    "Checkpoint",
    "config_bytes",
    "is_untrained",
    "json_bytes",
    "load_checkpoint",
    "read_config",
    "save_state",
    "state_bytes",
    "write_json",
]

CONFIG_FILE = "config.json"
STATE_FILE = "checkpoint.safetensors"
FORMAT = "tnqlstm checkpoint"
VERSION = 1  # of config.json
STATE_VERSION = 2  # of the other; 1 is read, whose fingerprint is without the epochs
OTHER = "Give a folder that tnqlstm wrote, or train again into a new one."


@dataclass(frozen=True)
class Checkpoint:
    """A forecast as it was saved: options, series, training state, and who made it."""

    config: ForecastConfig
    train: Series
    test: Series | None
    state: TrainingState
    made_by: str = "Forecaster.save"


def config_bytes(checkpoint: Checkpoint) -> bytes:
    """A new `config.json`: options, what the series are, and an id that no other run has."""
    wholes = _wholes(checkpoint)
    parts = [
        None
        if part is None
        else {"series": wholes.index(part.whole), "start": part.start, "stop": part.stop}
        for part in (checkpoint.train, checkpoint.test)
    ]
    described = [
        {
            "name": whole.name,
            "source": whole.source,
            "time_label": whole.time_label,
            "value_label": whole.value_label,
        }
        for whole in wholes
    ]
    return json_bytes(
        {
            "format": FORMAT,
            "version": VERSION,
            "tnqlstm": __version__,
            "made_by": checkpoint.made_by,
            "run": secrets.token_hex(16),
            "options": checkpoint.config.to_json(),
            "data": {"series": described, "train": parts[0], "test": parts[1]},
        }
    )


def state_bytes(checkpoint: Checkpoint, config: bytes) -> bytes:
    """A `checkpoint.safetensors` that belongs to this content of `config.json`."""
    tensors = {f"state.{name}": tensor for name, tensor in checkpoint.state.tensors.items()}
    for index, whole in enumerate(_wholes(checkpoint)):
        for what in ("values", "inputs", "time"):
            array = getattr(whole, what)
            if array is not None:
                tensors[f"series.{index}.{what}"] = torch.from_numpy(array.copy())
    tensors = {name: tensor.cpu() for name, tensor in tensors.items()}
    metadata = {
        "format": FORMAT,
        "version": str(STATE_VERSION),
        "config": _fingerprint(json.loads(config)),
        "epochs": str(checkpoint.config.epochs),
        "history": json.dumps(checkpoint.state.history, allow_nan=False),
    }
    metadata["digest"] = _digest(tensors, metadata)
    return safetensors_bytes(tensors, metadata)


def save_state(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace `checkpoint.safetensors` in one step, for the `config.json` that is there."""
    config = (folder / CONFIG_FILE).read_bytes()
    write_atomically(folder / STATE_FILE, state_bytes(checkpoint, config))


def is_untrained(path: Path) -> bool:
    """Whether a file is a `checkpoint.safetensors` from before its first epoch."""
    try:
        _, metadata = _read_tensors(path)
        return bool(json.loads(metadata["history"]) == [])
    except (OSError, ValueError):
        return False


def load_checkpoint(folder: str | Path) -> Checkpoint:
    """What is saved in the folder.

    Raises `FileNotFoundError` where the folder or a file of it is missing, `CheckpointError` where
    one is corrupt, of another program or version, or doesn't belong to the other.
    """
    folder = Path(folder)
    data = read_config(folder)
    tensors, metadata = _read_tensors(folder / STATE_FILE)
    first_version = metadata["version"] == "1"
    if metadata["config"] != _fingerprint(data, without_epochs=first_version):
        raise CheckpointError(
            f"{folder / CONFIG_FILE} isn't the config that {STATE_FILE} was saved with: one of the "
            "two was changed or comes from another run. Put the original back."
        )
    try:
        config = ForecastConfig.from_json(data["options"])
        if not first_version:
            config = config.with_epochs(int(metadata["epochs"]))
        wholes = [
            _series(description, tensors, f"series.{index}.")
            for index, description in enumerate(data["data"]["series"])
        ]
        train, test = (
            None if part is None else _part(wholes[part["series"]], part["start"], part["stop"])
            for part in (data["data"]["train"], data["data"]["test"])
        )
        history = _json(metadata["history"])
        _check_names(tensors, len(wholes))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{folder / CONFIG_FILE} doesn't describe a forecast: {_told(error)}. {OTHER}"
        ) from error
    if train is None:
        raise CheckpointError(f"{folder / CONFIG_FILE} names no training series. {OTHER}")
    if data["options"]["scaling"] is None and train.inputs is not None:
        config = replace(config, scaling="none")  # what None meant until it meant "train"
    state = {k.removeprefix("state."): v for k, v in tensors.items() if k.startswith("state.")}
    return Checkpoint(config, train, test, TrainingState(state, history), str(data["made_by"]))


def read_config(folder: Path) -> dict[str, Any]:
    """The contents of the folder's `config.json`, checked for format and version only."""
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise FileNotFoundError(f"no {CONFIG_FILE} in {str(folder)!r}. {OTHER}")
    try:
        data = _json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} isn't JSON: {error}. {OTHER}") from None
    except RecursionError:
        raise CheckpointError(f"{path} is nested too deeply for a config. {OTHER}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise CheckpointError(f"{path} is of another program. {OTHER}")
    if data.get("version") != VERSION:
        raise CheckpointError(
            f"{path} has version {data.get('version')!r}, this tnqlstm {__version__} reads version "
            f"{VERSION}. Use the tnqlstm that wrote it ({data.get('tnqlstm', 'unknown')})."
        )
    if not isinstance(data.get("options"), dict) or "made_by" not in data:
        raise CheckpointError(f"{path} lacks its options. {OTHER}")
    return data


def write_json(path: Path, data: Any) -> None:
    """Replace a file by this data as JSON, in one step."""
    write_atomically(path, json_bytes(data))


def json_bytes(data: Any) -> bytes:
    """The data as JSON, as it's written into files."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace") + b"\n"


def _json(text: str) -> Any:
    """The data in a JSON text, which has no NaN and no infinity."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number of JSON")

    return json.loads(text, parse_constant=refuse)


def _read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path.name} in {str(path.parent)!r}: nothing was trained there, or it was "
            f"removed. {OTHER}"
        )
    try:
        content = path.read_bytes()  # safetensors opens no path that isn't UTF-8
        tensors = safetensors_tensors(content)
        header = content[8 : 8 + int.from_bytes(content[:8], "little")]
        metadata = json.loads(header).get("__metadata__") or {}
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is truncated or corrupt: {error}. {OTHER}") from None
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} is a safetensors file of another program. {OTHER}")
    if metadata.get("version") not in ("1", str(STATE_VERSION)):
        raise CheckpointError(
            f"{path} has version {metadata.get('version')!r}; versions 1 to {STATE_VERSION} are "
            f"read. {OTHER}"
        )
    epochs = {"epochs"} if metadata["version"] != "1" else set()
    if not {"config", "digest", "history"} | epochs <= metadata.keys():
        raise CheckpointError(f"{path} lacks parts of its metadata. {OTHER}")
    if metadata["digest"] != _digest(tensors, metadata):
        raise CheckpointError(f"{path} is corrupt: its contents aren't the saved ones. {OTHER}")
    return tensors, metadata


def _wholes(checkpoint: Checkpoint) -> list[Series]:
    """The distinct series that the training and test parts were cut from."""
    wholes = [checkpoint.train.whole]
    if checkpoint.test is not None and checkpoint.test.whole is not wholes[0]:
        wholes.append(checkpoint.test.whole)
    return wholes


def _series(description: dict[str, Any], tensors: dict[str, Tensor], prefix: str) -> Series:
    arrays: dict[str, Any] = {
        what: tensors[prefix + what].numpy()
        for what in ("values", "inputs", "time")
        if prefix + what in tensors
    }
    return Series(**description, **arrays)


def _part(whole: Series, start: int, stop: int) -> Series:
    return whole if (start, stop) == (0, len(whole)) else whole.part(start, stop)


def _check_names(tensors: dict[str, Tensor], n_series: int) -> None:
    series = {
        f"series.{i}.{what}" for i in range(n_series) for what in ("values", "inputs", "time")
    }
    foreign = sorted(n for n in tensors if not n.startswith("state.") and n not in series)
    if foreign:
        raise CheckpointError(f"{STATE_FILE} holds {', '.join(foreign[:5])}, of another program")


def _fingerprint(data: dict[str, Any], without_epochs: bool = False) -> str:
    """SHA-256 of a config. In version 1 without its epochs, which an extended run changed there."""
    options = {k: v for k, v in data["options"].items() if k != "epochs" or not without_epochs}
    text = json.dumps({**data, "options": options}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """SHA-256 over config, epochs, history and the names, dtypes, shapes and bytes of tensors."""
    signed = [metadata[key] for key in ("config", "epochs", "history") if key in metadata]
    digest = hashlib.sha256(" ".join(signed).encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name].numpy())
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, TnqlstmError) else f"{type(error).__name__} {error}"
