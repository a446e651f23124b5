"""What tests of the command line share: a folder with a short CSV file, and a run in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from .calls import train_wave


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is trained once, and copied by `run`."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        set_up(folder, patch)
        train_wave("run")
    return folder / "run"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(tmp_path, monkeypatch)


@pytest.fixture
def run(_here: None, first_run: Path) -> None:
    """A finished run in the folder `run`."""
    shutil.copytree(first_run, "run")


def set_up(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Go to a folder with a short CSV file; let torch's threads be."""
    patch.chdir(folder)
    patch.setattr(torch, "set_num_threads", lambda _: None)
    t = np.arange(40)
    rows = [f"{a},{b:.6f}" for a, b in zip(t, np.sin(t / 3), strict=True)]
    Path("wave.csv").write_text("\n".join(["day,height", *rows]) + "\n")
