"""CSV files: what is read, and what each bad file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tnqlstm.errors import DataError, UnknownNameError
from tnqlstm.forecasting.datasets import read_csv


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(text: str, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_one_column_needs_no_name(write) -> None:  # type: ignore[no-untyped-def]
    assert read_csv(write("1\n2.5\n\n-3e2\n")).values.tolist() == [1, 2.5, -300]
    series = read_csv(write("load\n1\n2\n"))
    assert (series.values.tolist(), series.value_label, series.name) == ([1, 2], "load", "data")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("column", ["units", 1, "1"])
def test_a_column_by_name_or_index(write, delimiter: str, column: str | int) -> None:  # type: ignore[no-untyped-def]
    text = "\ufeffday,units,price\n2020-01-01,3,9\n2020-01-02,4,8\n".replace(",", delimiter)
    assert read_csv(write(text), column).values.tolist() == [3, 4]


def test_dates_without_a_header_lose_no_row(write) -> None:  # type: ignore[no-untyped-def]
    assert read_csv(write("2020-01-01,3\n2020-01-02,4\n"), 1).values.tolist() == [3, 4]


def test_a_header_of_numbers_is_found_by_name(write) -> None:  # type: ignore[no-untyped-def]
    assert read_csv(write("country,2019\nA,3\nB,4\n"), "2019").values.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a\n1\nx\n3\n", None, "line 3: 'x' isn't a finite number"),
        ("a\n1\nnan\n", None, "line 3: 'nan'"),
        ("a\n1\n2\n\ninf\n", None, "line 5: 'inf'"),
        ("a,b\n1,2\n3\n", "b", "line 3: 1 cells"),
        ("a,b\n1,\n", "b", "line 2: ''"),
        ("a,b\n1,2\n", None, "2 columns: a, b"),
        ("1,2\n3,4\n", "b", "no header"),
        ("a,b\n1,2\n", 2, "no column 2"),
        ("", None, "no rows"),
        ("a\n", None, "no rows"),
    ],
)
def test_bad_files_are_told_where(write, text: str, column: str | int | None, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=message):
        read_csv(write(text), column)


def test_an_unknown_column_gets_the_close_matches(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownNameError, match="Did you mean 'units'"):
        read_csv(write("day,units\n1,2\n"), "unit")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match="text file"):
        read_csv(tmp_path)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DataError, match="UTF-8"):
        read_csv(tmp_path / "binary.csv")
