"""The run folder: claimed once, never overwritten, held by one process at a time.

A folder holds a run from the moment that its `config.json` is there, which is written last. What a
killed process leaves before that, or within a write, is no run: the next one takes the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckpointError, TnqlstmError
from ..outputs import is_unfinished, remove_unfinished, write_atomically
from .checkpoint import (
    CONFIG_FILE,
    STATE_FILE,
    Checkpoint,
    config_bytes,
    is_untrained,
    read_config,
    state_bytes,
)

__all__ = [
    "RUN_FILES",
    "Claim",
    "check_free",
    "check_own",
    "claim_folder",
    "claiming",
    "discard_run",
    "holding",
    "resuming",
]

RUN_FILES = (
    CONFIG_FILE,
    STATE_FILE,
    "history.json",
    "metrics.json",
    "forecast.png",
    "free_run.png",
    "loss.png",
)


@dataclass
class Claim:
    """A folder that is this run's alone, for as long as it's held.

    `folder`: a descriptor of it (None on Windows, which has none). `config`: the run's own
    `config.json`, which it signs; None until it's written.
    """

    path: Path
    folder: int | None
    config: bytes | None = None

    def write(self, name: str, content: bytes) -> None:
        """Replace a file of the folder in one step.

        Raises `CheckpointError`, and leaves all as it is, where the path or its config is no longer
        what this run claimed. A folder that another run has made at the path is never written into:
        files are placed by descriptor.
        """
        self.check()
        try:
            write_atomically(self.path / name, content, folder=self.folder, check=self.check)
        except FileNotFoundError:  # removed between the two checks
            self.check()
            raise

    def save_state(self, checkpoint: Checkpoint) -> None:
        """Replace `checkpoint.safetensors`, which is signed with this run's config."""
        assert self.config is not None
        self.write(STATE_FILE, state_bytes(checkpoint, self.config))

    def check(self) -> None:
        """Raise a `CheckpointError` unless folder and config are those that this run claimed."""
        try:
            here = self.folder is None or os.path.samestat(
                os.stat(self.path), os.fstat(self.folder)
            )
        except OSError:
            here = False
        if not here or self._found_config() != self.config:
            raise CheckpointError(
                f"{str(self.path)!r} is no longer this run's folder: it, or its {CONFIG_FILE}, was "
                "removed, moved or made anew since. Nothing more is written there. Start again "
                "with another output folder; in Python, the forecaster can still be saved."
            )

    def _found_config(self) -> bytes | None:
        place = self.path / CONFIG_FILE if self.folder is None else CONFIG_FILE
        try:
            handle = os.open(place, os.O_RDONLY, dir_fd=self.folder)
        except FileNotFoundError:
            return None
        with open(handle, "rb") as file:
            return file.read()


@contextmanager
def claiming(path: Path, checkpoint: Checkpoint) -> Iterator[Claim]:
    """Claim a free folder for a run, and write its config and the state it begins with.

    Raises `CheckpointError` where the folder is in use. Nothing is left there if this fails.
    """
    is_new = not path.exists()
    claim_folder(path)
    with holding(path) as folder:
        check_free(path)  # another run may have come first
        _remove_left(path)
        claim, config = Claim(path, folder), config_bytes(checkpoint)
        try:
            claim.write(STATE_FILE, state_bytes(checkpoint, config))
            claim.write(CONFIG_FILE, config)
        except BaseException:
            with suppress(OSError):
                os.unlink(path / STATE_FILE if folder is None else STATE_FILE, dir_fd=folder)
            with suppress(OSError):
                if is_new:
                    path.rmdir()
            raise
        claim.config = config
        yield claim


@contextmanager
def resuming(path: Path) -> Iterator[Claim]:
    """Claim a folder that holds a run. Raises `FileNotFoundError` and `CheckpointError`."""
    read_config(path)
    with holding(path) as folder:
        for name in RUN_FILES:
            remove_unfinished(path, name)
        yield Claim(path, folder, (path / CONFIG_FILE).read_bytes())


def claim_folder(folder: Path) -> Path:
    """Make an empty folder, or take one that is free. Raises `CheckpointError` if it's in use."""
    check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_free(folder: Path) -> None:
    """Raise a `CheckpointError` unless the folder isn't there, or holds nothing.

    What a process that was killed before its first epoch has left there is nothing.
    """
    if folder.exists() and not folder.is_dir():
        raise CheckpointError(f"{str(folder)!r} is a file. Choose another output folder.")
    held = _held(folder)
    if not held or _is_left(folder, held):
        return
    if CONFIG_FILE in held:
        raise CheckpointError(
            f"the output folder {str(folder)!r} already holds a run, which is never overwritten. "
            f"Continue it (tnqlstm train --resume {folder}, or resume_run in Python), or choose "
            "another output folder."
        )
    listed = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
    raise CheckpointError(
        f"the output folder {str(folder)!r} isn't empty ({listed}). "
        "Choose a new or an empty folder."
    )


def check_own(folder: Path, made_by: str) -> None:
    """Raise a `CheckpointError` unless the folder is free or holds only a run of `made_by`."""
    if not folder.exists():
        return
    held = _held(folder) if folder.is_dir() else [folder.name]
    own = set(held) <= set(RUN_FILES)
    if own and held and not _is_left(folder, held):
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
                remove_unfinished(folder, name)


@contextmanager
def holding(folder: Path) -> Iterator[int | None]:
    """Keep other processes from writing into a run folder, of which this is a descriptor.

    The hold ends with the process. Raises `CheckpointError` while another process holds it. Windows
    has no such lock: nothing there keeps two processes apart, and the descriptor is None.
    """
    try:
        import fcntl
    except ImportError:
        yield None
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
        yield handle
    finally:
        os.close(handle)


def _held(folder: Path) -> list[str]:
    """The names in a folder, but for unfinished writes of a run's files; [] if it isn't there."""
    names = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    return [name for name in names if not is_unfinished(name, RUN_FILES)]


def _is_left(folder: Path, held: list[str]) -> bool:
    """Whether all that a folder holds was left by a process killed before its first epoch."""
    if held == [STATE_FILE]:
        return is_untrained(folder / STATE_FILE)
    if held == [CONFIG_FILE]:  # as versions up to 0.1 wrote it first
        with suppress(TnqlstmError, OSError):
            return bool(read_config(folder))
    return False


def _remove_left(folder: Path) -> None:
    for name in RUN_FILES:
        remove_unfinished(folder, name)
    for name in (CONFIG_FILE, STATE_FILE):
        (folder / name).unlink(missing_ok=True)
