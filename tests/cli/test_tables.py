"""A table that isn't understood is refused by the name of the option that reads it."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from tnqlstm.errors import DataError
from tnqlstm.forecasting import Series

from .calls import fail

WAVE = np.round(np.sin(np.arange(30) / 3), 3)


def table(cells: list[str], head: str = "height", tail: str = "") -> str:
    return "\n".join([head, *cells]) + f"\n{tail}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (table([f"{value}".replace(".", ",") for value in WAVE]), "--decimal ,"),
        (table([f'"{value + 1000:,.3f}"' for value in WAVE]), "--thousands ,"),
        (table([f"{value + 1000:,.3f}".replace(",", "'") for value in WAVE]), '--thousands "\'"'),
        (table([str(value) for value in WAVE], tail="# end\n"), "--comment '#'"),
        (table([str(value) for value in WAVE], "height\n(m)"), "--header 2"),
        (table([str(value) for value in WAVE], "höhe"), "--encoding latin-1"),
        (table([*map(str, WAVE), "", *map(str, WAVE)]), "--missing interpolate"),
        (table([*map(str, WAVE), "NA"]), "--missing drop"),
        (table([f"{i} {value}" for i, value in enumerate(WAVE)], "t height"), "--delimiter space"),
        (
            table([f"{30 - i},{value}" for i, value in enumerate(WAVE)], "time,height"),
            "--order sort",
        ),
    ],
)
def test_the_message_names_the_option(
    text: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it must be typed in a shell."""
    seen: list[Series] = []

    def look(_: object, series: Series, __: object) -> None:
        seen.append(series)
        raise DataError("seen")

    monkeypatch.setattr("tnqlstm.forecasting.runs.train_run", look)
    Path("t.csv").write_bytes(text.encode("latin-1"))
    named = "," in text.splitlines()[0]
    command = ["train", "t.csv", *(["--column", "1"] if named else []), "-o", "run"]
    assert wanted in fail(*command)
    column = ["--column", "1"] if wanted == "--delimiter space" else []
    assert "seen" in fail(*command, *shlex.split(wanted), *column)
    values = seen[0].values[:30] - (1000 if "thousands" in wanted else 0)
    assert np.allclose(values, WAVE[::-1] if "sort" in wanted else WAVE)
