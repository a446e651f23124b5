"""CSV files: what is read, by which option, and what each bad file is told."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tnqlstm.errors import DataError, UnknownNameError
from tnqlstm.forecasting.datasets import read_csv

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "data.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_one_column_needs_no_name(write: Write) -> None:
    assert read_csv(write("1\n2.5\n-3e2\n\n\n")).values.tolist() == [1, 2.5, -300]
    series = read_csv(write("load\n1\n2\n"))
    assert (series.values.tolist(), series.value_label, series.name) == ([1, 2], "load", "data")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("column", ["units", 1, "1"])
def test_a_column_by_name_or_index(write: Write, delimiter: str, column: str | int) -> None:
    text = "\ufeffday,units,price\n2020-01-01,3,9\n2020-01-02,4,8\n".replace(",", delimiter)
    assert read_csv(write(text), column).values.tolist() == [3, 4]


def test_dates_without_a_header_lose_no_row(write: Write) -> None:
    assert read_csv(write("2020-01-01,3\n2020-01-02,4\n"), 1).values.tolist() == [3, 4]
    with pytest.raises(DataError, match="line 1: 'NA' where a number is wanted"):
        read_csv(write("2020-01-01,NA\n2020-01-02,4\n"), 1)


def test_a_header_of_numbers_is_found_by_name(write: Write) -> None:
    assert read_csv(write("country,2019\nA,3\nB,4\n"), "2019").values.tolist() == [3, 4]
    assert read_csv(write("2019\n3\n4\n"), header=1).values.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a\n1\nx\n3\n", None, "line 3: 'x' isn't a finite number"),
        ("a\n1\nnan\n", None, "line 3: 'nan'"),
        ("a\n1\n2\n\ninf\n", None, "line 5: 'inf'"),
        ("1\n1e400\n", None, "line 2: '1e400' isn't a finite number"),
        ("a,b\n1,2\n3\n", "b", "line 3: 1 cells"),
        ("a,b\n1,2\n3,4,5\n", "b", "line 3: 3 cells, 2 wanted, split at comma. decimal=','"),
        ("a,b\n1,\n", "b", "line 2: ''"),
        ("a,b\n1,2\n", None, "2 columns: a, b"),
        ("1,5\n2,5\n", None, "decimal=',' if the comma is a decimal mark"),
        ("1,2\n3,4\n", "b", "no header"),
        ("a,b\n1,2\n", 2, "no column 2"),
        ("a,a\n1,2\n", "a", "2 columns named 'a'. Give column by its index: 0, 1"),
        ("", None, "no rows"),
        ("a\n", None, "no rows"),
        ("a\n\n\n", None, "no rows"),
        ("# only\n# comments\n", None, "no rows"),
    ],
)
def test_bad_files_are_told_where(
    write: Write, text: str, column: str | int | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_csv(write(text), column)


def test_an_unknown_column_gets_the_close_matches(write: Write) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'units'"):
        read_csv(write("day,units\n1,2\n"), "unit")
    with pytest.raises(UnknownNameError, match=r"column of .* -1"):
        read_csv(write("day,units\n1,2\n"), -1)


@pytest.mark.parametrize(
    ("text", "column", "line"),
    [
        ('1.0\n2.0\n""\n4.0\n', None, 3),
        ("1.0\n2.0\n\n4.0\n", None, 3),
        ("y\n1.0\n2.0\nNA\n4.0\n", None, 4),
        ("t,y\n0,1.0\n1,2.0\n,\n3,4.0\n", "y", 4),
        ("t,y\n0,1.0\n1,2.0\n2,\n3,4.0\n,\n,\n", "y", 4),
        ("t;y\r\n0;1.0\r\n\r\n1;2.0\r\n2;null\r\n3;4.0\r\n\r\n", "y", 5),
    ],
)
def test_a_missing_number_never_drops_its_row(
    write: Write, text: str, column: str | None, line: int
) -> None:
    path = write(text)
    with pytest.raises(DataError, match=f"line {line}: .* 1 of 4 are missing.*missing='interpol"):
        read_csv(path, column)
    if not column:  # without a time the points are numbered, so that the gap is halfway
        assert read_csv(path, missing="interpolate").values.tolist() == [1, 2, 3, 4]
    assert read_csv(path, column, missing="drop").values.tolist() == [1, 2, 4]


def test_what_is_missing_is_interpolated_in_time(write: Write) -> None:
    path = write("t,y\n0,1\n1,\n4,5\n")
    assert read_csv(path, "y", time="t", missing="interpolate").values.tolist() == [1, 2, 5]
    with pytest.raises(DataError, match="an end"):
        read_csv(write("1\n2\nNA\n"), missing="interpolate")
    with pytest.raises(UnknownNameError, match="Known: drop, interpolate, refuse"):
        read_csv(path, "y", missing="ignore")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('20.1\n"20.5\n20.7\n20.9\n', "line 2: a quote that isn't closed"),
        ('20.1\n"20.5\n20.7"\n20.9\n', "lines 2 to 3: one quoted cell"),
        ('20.1\n"20.5\n"20.7\n', "line 2: a quote"),
        ('20.1\n20.5"\n20.7\n', "line 2: '20.5\"' isn't a finite number"),
        ('y,note\n1,"x\n2,y"\n3,z\n', "lines 2 to 3: one quoted cell"),
        ('y,note\n1,"x\n2",y\n3,z\n', "line 2: 3 cells"),
    ],
)
def test_a_stray_quote_fuses_no_rows(write: Write, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_csv(write(text), 0)


def test_line_breaks_within_a_note_are_read(write: Write) -> None:
    text = 'y,note\n1,"two\nlines"\n2,"a ""quote"", a comma"\nx,\n'
    with pytest.raises(DataError, match="line 5: 'x'"):
        read_csv(write(text), "y")
    assert read_csv(write(text.replace("x", "3")), "y").values.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        ("1,5;2,5\n3,5;4,5\n", {"decimal": ","}, [1.5, 3.5]),
        ("y\n1,5\n2,5\n", {"decimal": ","}, [1.5, 2.5]),
        ('y\n"1,234"\n"2,345,678.5"\n', {"thousands": ","}, [1234, 2345678.5]),
        ("y;z\n1.234,5;0\n2.345;0\n", {"decimal": ",", "thousands": "."}, [1234.5, 2345]),
        ("y\n1\u202f234\n2 345,5\n", {"decimal": ",", "thousands": " "}, [1234, 2345.5]),
        ("y\n1'234.5\n", {"thousands": "'"}, [1234.5]),
        ('y\n"12,34,567"\n', {"thousands": ","}, [1234567]),
        ("1\n# a pause\n2 # odd\n", {"comment": "#"}, [1, 2]),
        ("y\n1\n% a pause\n2\n", {"comment": "%"}, [1, 2]),
        ("y z\n1  3\n 2 4\n", {"delimiter": "space"}, [1, 2]),
        ("y;z\n1,5;3\n", {"delimiter": ";", "decimal": ","}, [1.5]),
        ("y,z\n(V),(s)\n1,0\n2,1\n", {"header": 2}, [1, 2]),
        ("Station 7\n\ny;z\n1;2\n", {"header": 2}, [1]),
    ],
)
def test_options_read_what_the_error_says(
    write: Write, text: str, options: dict[str, Any], wanted: list[float]
) -> None:
    """Without the options the file is refused, and the message names one of them."""
    path = write(text)
    with pytest.raises(DataError) as caught:
        read_csv(path, 0)
    assert any(f"{name}=" in str(caught.value) for name in options)
    assert read_csv(path, 0, **options).values.tolist() == wanted


@pytest.mark.parametrize(
    "text",
    [
        "# t, y\n# s, V\n1,7\n2,8\n",  # numpy.savetxt
        'sep=;\n"t";"y"\n1;7\n2;8\n',  # Excel
        "t\ty\r\n1\t7\r\n2\t8\r\n\r\n",
        "t;y\r1;7\r2;8\r",
        '"t","y"\n"1", "7"\n"2", "8"\n,\n,\n',
        "t,y,\n1,7,\n2,8,\n",
        "t,y\n1,7,\n2,8,,\n",
        ",y\n0,7\n1,8\n",  # pandas, with its index
    ],
)
def test_usual_files_need_no_option(write: Write, text: str) -> None:
    assert read_csv(write(text), 1).values.tolist() == [7, 8]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_say_the_encoding(write: Write, encoding: str) -> None:
    assert read_csv(write("größe\n1\n2\n", encoding), "größe").values.tolist() == [1, 2]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_named(write: Write, encoding: str) -> None:
    path = write("größe\n1\n2\n", encoding)
    with pytest.raises(DataError, match="encoding='"):
        read_csv(path)
    assert read_csv(path, encoding=encoding).value_label == "größe"
    with pytest.raises(DataError, match=r"encoding=.utf-16-le. or|byte 0x.. is"):
        read_csv(write("y\n1\n2\n", "utf-16-le"))


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"y\r\n1\r\n2\r\n"))
    assert read_csv(path).values.tolist() == [1, 2]
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(DataError, match="gzip file, truncated or corrupt"):
        read_csv(path)


DESCENDING = "date,y\n2020-01-03,3\n2020-01-02,2\n2020-01-01,1\n"


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["2020-01-03", "2020-01-02", "2020-01-01"], "line 3: '2020-01-02' comes after '2020-01"),
        (["2020-01-01", "2020-01-03", "2020-01-02"], "line 4: '2020-01-02' comes after"),
        (["2020-01-01", "2020-01-01", "2020-01-02"], "line 3: '2020-01-01' comes twice, in line 2"),
        (["31.01.2020", "30.01.2020", "29.01.2020"], "line 3: '30.01.2020' comes after"),
        (["12/31/2020", "12/30/2020", "12/29/2020"], "line 3: '12/30/2020' comes after"),
        (["31/12/2020", "30/12/2020", "29/12/2020"], "line 3: '30/12/2020' comes after"),
        (["2", "1.5", "1"], "line 3: '1.5' comes after '2'"),
    ],
)
def test_rows_out_of_order_are_refused_by_their_dates(
    write: Write, dates: list[str], message: str
) -> None:
    path = write("date,y\n" + "".join(f"{date},{i}\n" for i, date in enumerate(dates)))
    with pytest.raises(DataError, match=message):
        read_csv(path, "y")
    assert read_csv(path, "y", order="keep").values.tolist() == [0, 1, 2]


def test_rows_are_sorted_where_that_is_asked_for(write: Write) -> None:
    series = read_csv(write(DESCENDING), "y", order="sort")
    assert series.values.tolist() == [1, 2, 3]
    assert series.time is not None
    assert series.time.tolist() == [0, 1, 2]
    assert series.time_label == "date (days since 2020-01-01)"
    with pytest.raises(DataError, match="by which column"):
        read_csv(write("a,b\n2,3\n1,4\n"), "b", order="sort")
    by_name = read_csv(write("a,b\n2,3\n1,4\n"), "b", time="a", order="sort")
    assert by_name.values.tolist() == [4, 3]


def test_times_are_taken_where_they_are_named(write: Write) -> None:
    text = "when,y\n2020-01-01 00:00,1\n2020-01-01T06:00,2\n2020-01-02T18:00,3\n"
    series = read_csv(write(text), "y", time="when")
    assert series.time is not None
    assert series.time.tolist() == [0, 0.25, 1.75]
    with pytest.raises(DataError, match="line 3: 'soon' is no time"):
        read_csv(write("t,y\n0,1\nsoon,2\n"), "y", time="t")
    with pytest.raises(DataError, match="line 2: '01/02/2020' is no time"):  # January or February
        read_csv(write("t,y\n01/02/2020,1\n02/02/2020,2\n"), "y", time="t")


@pytest.mark.parametrize(
    "text",
    [
        "date,hour,y\n2020-01-01,1,3\n2020-01-01,2,4\n",
        "date,clock,y\n2020-01-01,00:30,3\n2020-01-01,01:00,4\n",
        "year,month,y\n2020,12,3\n2020,1,4\n",
        "country,value,y\nB,2,3\nA,1,4\n",
    ],
)
def test_columns_that_order_the_rows_together_or_not_at_all(write: Write, text: str) -> None:
    assert read_csv(write(text), "y").values.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decimal": ";"}, "decimal must be"),
        ({"thousands": "x"}, "thousands must be"),
        ({"thousands": "."}, "both '.'"),
        ({"delimiter": ",,"}, "delimiter must be"),
        ({"delimiter": "."}, "can't be both"),
        ({"comment": " "}, "comment must be"),
        ({"header": -1}, "header must be"),
        ({"encoding": "klingon"}, "unknown encoding 'klingon'"),
        ({"encoding": "base64"}, "unknown encoding 'base64'"),
        ({"order": "random"}, "unknown order"),
    ],
)
def test_bad_options_are_named(write: Write, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_csv(write("y\n1\n"), **options)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match="a folder, not a text file"):
        read_csv(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", "/dev/zero"):
        with pytest.raises(DataError, match="a pipe or a device"):
            read_csv(path)
    for content, message in (
        (b"\xff\x00\x81", "UTF-8"),
        (b"PK\x03\x04rest", "Excel"),
        (b"y\n" + b"9" * 200_000, "line 2: a cell of more than 131,072 characters"),
        (b'y\n"' + b"9" * 200_000, "line 2: a cell of more than"),
        (b"y\n1\0\n", "bytes of 0"),
    ):
        (tmp_path / "binary.csv").write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_csv(tmp_path / "binary.csv")


def test_what_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tnqlstm.forecasting.text_file.MAX_BYTES", 1000)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"0" * 2000))
    with pytest.raises(DataError, match="GiB of text"):
        read_csv(tmp_path / "bomb.csv.gz")


@pytest.mark.parametrize(
    "dates",
    [
        ["Jan 30, 2020", "Jan 29, 2020"],
        ["01-Mar-2020", "28-Feb-2020"],
        ["1 March 2020", "28 February 2020"],
        ["Mar 2020", "Feb 2020"],
        ["30.01.2020 10:00", "30.01.2020 09:30:00"],
        ["1/30/2020 1:00 PM", "1/30/2020 11:00 AM"],
        ["03/02/2020", "02/02/2020"],  # in both readings
    ],
)
def test_dates_as_exports_write_them_order_rows(write: Write, dates: list[str]) -> None:
    first, second = dates
    text = '"Date";"Price"\n"{}";1\n"{}";2\n'
    assert read_csv(write(text.format(second, first)), "Price").values.tolist() == [1, 2]
    with pytest.raises(DataError, match=r"line 3: .* comes after"):
        read_csv(write(text.format(first, second)), "Price")


def test_dates_that_increase_in_one_reading_are_in_order(write: Write) -> None:
    text = "date,x\n03/02/2020,1\n01/05/2020,2\n"  # 3 February and 1 May, or 2 March and 5 January
    assert read_csv(write(text), "x").values.tolist() == [1, 2]


def test_months_by_name_and_hours_are_times(write: Write) -> None:
    text = 'when,x\n"Jan 30, 2020",1\n"Feb 1, 2020 6:00 pm",2\n'
    assert read_csv(write(text), "x", time="when").time.tolist() == [0, 2.75]
    for cell in ("Foo 30, 2020", "Feb 30, 2020", "30 Feb 1, 2020", "Jan 1, 2020 25:00"):
        with pytest.raises(DataError, match="is no time"):
            read_csv(write(text.replace("Feb 1, 2020 6:00 pm", cell)), "x", time="when")


def test_day_and_month_that_can_be_either_are_said_to_be(write: Write) -> None:
    with pytest.raises(DataError, match=r"line 2: .* day and month can be either"):
        read_csv(write("t,x\n01/02/2020,1\n02/02/2020,2\n"), "x", time="t")


def test_commas_in_quoted_numbers_are_marks_beside_commas_that_delimit(write: Write) -> None:
    text = write('a,b\n1,"1,500"\n2,"2,250"\n')
    for delimiter in (None, ",", "comma"):
        assert read_csv(text, "b", decimal=",", delimiter=delimiter).values.tolist() == [1.5, 2.25]
        read = read_csv(text, "b", thousands=",", delimiter=delimiter)
        assert read.values.tolist() == [1500, 2250]
    late = write("a,b\n" + "1,950\n" * 60 + '2,"1,050"\n')
    assert read_csv(late, "b", thousands=",").values[-1] == 1050
    with pytest.raises(DataError, match=r"line 2: 3 cells, 2 wanted.* stand in quotes"):
        read_csv(write("a,b\n1,2,5\n"), "b", decimal=",", delimiter=",")


def test_one_column_of_commas_has_no_delimiter(write: Write) -> None:
    assert read_csv(write("1,5\n2,5\n"), decimal=",").values.tolist() == [1.5, 2.5]
    assert read_csv(write('b\n"1,500"\n900\n'), thousands=",").values.tolist() == [1500, 900]
