"""Whatever an option is given, a command does its work or says in one message what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tnqlstm.cli import app

from .calls import call

HUGE = "1" + 30 * "0"
VALUES = ("0", "-1", "2.5", "1e400", HUGE, f"-{HUGE}", "nan", "-inf", "", " ", "٣", "1,2,3",
          "[1]", "\x00", "--", "9" * 5000)  # fmt: skip

COMMANDS = {
    "train": ("train", "wave.csv", "--column", "1", "--epochs", "1", "--hidden-size", "1",
              "--depth", "1", "-q", "-o", "r"),
    "evaluate": ("evaluate", "run"),
    "forecast": ("forecast", "run", "--horizon", "3"),
    "partition": ("partition", "ry_brickwork:2x1", "--network", "line:2x1", "-q"),
    "cost-table": ("cost-table", "ry_brickwork:2x1", "--qpus", "2", "--cost", "gates", "-q"),
}  # fmt: skip
NOT_TRIED = {
    "--epochs",  # a huge number of epochs is trained until Ctrl-C
    "--threads",  # of the whole process
}


def options() -> list[tuple[str, str]]:
    """Each option of each command that takes a value."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return [
        (name, parameter.opts[0])
        for name in COMMANDS
        for parameter in commands[name].params
        if parameter.opts[0].startswith("--")
        and not getattr(parameter, "is_flag", False)
        and parameter.opts[0] not in NOT_TRIED
    ]


@pytest.mark.parametrize(("command", "option"), options())
@pytest.mark.usefixtures("run")
def test_any_value(command: str, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tnqlstm.forecasting.runs._finish", lambda *_: {})
    monkeypatch.setattr("tnqlstm.forecasting.runs.summary", lambda _: "")
    for value in VALUES:
        result = call(*COMMANDS[command], option, value)
        assert result.exit_code in (0, 2), (value, result.output)
        assert isinstance(result.exception, SystemExit | None), (value, result.exception)
        assert len(result.stderr) < 1000, value
        if result.exit_code == 2:
            assert result.stderr.lower().count("error: ") == 1, (value, result.stderr)
        for entry in Path().iterdir():  # what the last value made
            if entry.name not in ("wave.csv", "run"):
                entry.rename(f"../{entry.name or 'x'}.{VALUES.index(value)}.{option}")


def test_every_option_is_tried() -> None:
    tried = options()
    assert len(tried) > 40
    assert {command for command, _ in tried} == {*COMMANDS} - {"evaluate"}
