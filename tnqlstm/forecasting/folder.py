"""The run folder: claimed once, never overwritten, held by one process at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import CheckpointError, TnqlstmError
from .checkpoint import CONFIG_FILE, STATE_FILE, read_config

__all__ = ["RUN_FILES", "check_free", "check_own", "claim_folder", "discard_run", "holding"]

RUN_FILES = (
    CONFIG_FILE,
    STATE_FILE,
    "history.json",
    "metrics.json",
    "forecast.png",
    "free_run.png",
    "loss.png",
)


def claim_folder(folder: Path) -> Path:
    """Make an empty folder, or take one that is empty. Raises `CheckpointError` if it's in use."""
    check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_free(folder: Path) -> None:
    """Raise a `CheckpointError` unless the folder is empty or not there."""
    if folder.exists() and not folder.is_dir():
        raise CheckpointError(f"{str(folder)!r} is a file. Choose another output folder.")
    if (folder / CONFIG_FILE).exists():
        raise CheckpointError(
            f"the output folder {str(folder)!r} already holds a run, which is never overwritten. "
            f"Continue it (tnqlstm train --resume {folder}, or resume_run in Python), or choose "
            "another output folder."
        )
    held = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    if held:
        listed = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
        raise CheckpointError(
            f"the output folder {str(folder)!r} isn't empty ({listed}). "
            "Choose a new or an empty folder."
        )


def check_own(folder: Path, made_by: str) -> None:
    """Raise a `CheckpointError` unless the folder is free or holds only a run of `made_by`."""
    if not folder.exists():
        return
    names = {entry.name for entry in folder.iterdir()} if folder.is_dir() else {folder.name}
    own = names <= set(RUN_FILES)
    if own and names:
        try:
            own = read_config(folder)["made_by"] == made_by
        except (TnqlstmError, FileNotFoundError):
            own = False
    if not own:
        raise CheckpointError(
            f"{str(folder)!r} holds something that the {made_by} didn't make, so it isn't "
            "replaced. Move it away, or choose another output folder."
        )


def discard_run(folder: Path, made_by: str) -> None:
    """Delete the files of a run that `made_by` made; nothing if there is no such folder.

    Raises `CheckpointError` where the folder holds anything else, and deletes nothing then.
    """
    check_own(folder, made_by)
    if folder.exists():
        with holding(folder):
            for name in reversed(RUN_FILES):  # the config last: an interrupted one is still ours
                (folder / name).unlink(missing_ok=True)


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Keep other processes from writing into a run folder; the hold ends with the process.

    Raises `CheckpointError` while another process holds it. Windows has no such lock: nothing there
    keeps two processes apart.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise CheckpointError(
            f"another process is writing into {str(folder)!r}. Wait for it, or choose another "
            "output folder."
        ) from None
    try:
        yield
    finally:
        os.close(handle)
