"""Calls of the command line, in this process and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tnqlstm import about
from tnqlstm.cli import app

SMALL = ("--hidden-size", "2", "--depth", "1", "--quiet", "--window", "3")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def succeed(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def fail(*arguments: str) -> str:
    """The message of a call that must fail cleanly: one line, exit code 2, nothing on stdout."""
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def train_wave(folder: str = "run", *options: str) -> str:
    return succeed("train", "wave.csv", "--column", "height", "--epochs", "2", *SMALL, *options,
                   "--output", folder)  # fmt: skip


def python(
    program: str, *arguments: str | bytes, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own that finds the package where this one does."""
    root = str(Path(about.__file__).parents[1])
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        text=True, errors="surrogateescape", env={**os.environ, "PYTHONPATH": root}, **streams,
    )  # fmt: skip
