"""Outputs: checked first, whole or not there, with names of their own."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.errors import DataError
from tnqlstm.figures import new_figure
from tnqlstm.outputs import (
    check_new_file,
    check_new_folder,
    file_names,
    is_unfinished,
    write_atomically,
    write_figure,
    write_folder,
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def held(path: str = ".") -> list[str]:
    return sorted(entry.name for entry in Path(path).iterdir())


def test_free_places_pass() -> None:
    Path("empty").mkdir()
    check_new_file(Path("a.PNG"), (".png", ".pdf"))
    check_new_folder(Path("new"))
    check_new_folder(Path("empty"))
    assert held() == ["empty"]


def test_taken_places_do_not() -> None:
    write_atomically(Path("a.png"), b"old")
    write_folder(Path("full"), {"b.txt": "b"})
    with pytest.raises(DataError, match=r"'a\.png' is there already"):
        check_new_file(Path("a.png"), (".png",))
    with pytest.raises(
        DataError, match=r"can't write 'a\.txt'. Name a file ending in \.png, \.pdf"
    ):
        check_new_file(Path("a.txt"), (".png", ".pdf"))
    with pytest.raises(FileNotFoundError, match="no folder 'no'"):
        check_new_file(Path("no/a.png"), (".png",))
    with pytest.raises(DataError, match="'full' isn't empty"):
        check_new_folder(Path("full"))
    with pytest.raises(DataError, match=r"'a\.png' is a file"):
        check_new_folder(Path("a.png"))
    with pytest.raises(FileNotFoundError, match="no folder 'no'"):
        check_new_folder(Path("no/new"))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_is_written_whole(is_there: bool) -> None:
    if is_there:
        Path("out").mkdir()
    write_folder(Path("out"), {"a.qasm": "γ", "b.qasm": ""})
    assert held() == ["out"]
    assert held("out") == ["a.qasm", "b.qasm"]
    assert Path("out/a.qasm").read_text(encoding="utf-8") == "γ"


def test_a_folder_that_fails_leaves_nothing() -> None:
    with pytest.raises(OSError, match="no/b"):
        write_folder(Path("out"), {"a": "a", "no/b": "b"})
    assert held() == []


def test_a_file_that_fails_leaves_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(Path("a"), b"older")
    os.link("a", "link")
    write_atomically(Path("a"), b"old")
    assert Path("link").read_bytes() == b"older"  # renamed over, not written into
    Path("link").unlink()

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(Path("a"), b"new and longer")
    assert Path("a").read_bytes() == b"old"
    assert held() == ["a"]


def killed_within(write: Callable[[], None]) -> None:
    """Call it in a process that ends at its first fsync or text, without any cleaning up."""
    child = os.fork()
    if child == 0:
        os.fsync = Path.write_text = lambda *_, **__: os._exit(9)  # type: ignore[assignment,method-assign]
        write()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_what_a_killed_write_left_goes_with_the_next() -> None:
    write_atomically(Path("a"), b"old")
    killed_within(lambda: write_atomically(Path("a"), b"new"))
    killed_within(lambda: write_folder(Path("out"), {"b": "b"}))
    assert Path("a").read_bytes() == b"old"
    assert len(held()) == 3
    assert is_unfinished(held()[0], ["a"])
    write_atomically(Path("b"), b"another file's is let be")
    assert len(held()) == 4
    write_atomically(Path("a"), b"new")
    write_folder(Path("out"), {"b": "b"})
    assert held() == ["a", "b", "out"]


def test_a_write_that_goes_on_is_let_be() -> None:
    with open(".a.0123abcd", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        write_atomically(Path("a"), b"new")
        assert held() == [".a.0123abcd", "a"]
    write_atomically(Path("a"), b"newer")
    assert held() == ["a"]


def test_names_of_unfinished_files() -> None:
    assert is_unfinished(".a.png.12345", ["a.png"])  # as versions up to 0.1 named them
    for name in (".a.png", "a.png.12345", ".a.png.xyz", ".b.png.12345", ".a.png.12345.png"):
        assert not is_unfinished(name, ["a.png"])


def test_figures_are_written_by_suffix() -> None:
    figure = new_figure(2, 2)
    for suffix, start in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        write_figure(figure, Path(f"a.{suffix}"))
        assert Path(f"a.{suffix}").read_bytes().startswith(start)
    with pytest.raises(DataError, match=r"\.png, \.pdf or \.svg"):
        write_figure(figure, Path("a.bmp"))


@given(st.lists(st.text() | st.tuples(st.integers(), st.integers()), max_size=8))
def test_file_names_are_plain_and_all_different(labels: list[object]) -> None:
    names = file_names(labels, ".qasm")
    assert len({name.casefold() for name in names}) == len(labels)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.qasm", name) for name in names)


def test_file_names_of_usual_labels_are_the_labels() -> None:
    assert file_names(["qpu0", "qpu1", "A/b", "A b", (0, 1)], ".qasm") == [
        "qpu0.qasm", "qpu1.qasm", "A_b.qasm", "A_b_2.qasm", "0_1.qasm",
    ]  # fmt: skip
