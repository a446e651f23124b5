"""Paths on disk: found again, never trusted blindly, safe with several writers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import tnqlstm as tnq
from tnqlstm.contraction import path_cache, tree
from tnqlstm.contraction.path_cache import cache_folder, cached_path

PATH = [(0, 2), (1, 3)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TNQLSTM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def never(*_: object) -> list[tuple[int, int]]:
    raise AssertionError("searched again")


def test_a_path_is_searched_once(folder: Path) -> None:
    assert cached_path("a", 3, lambda: PATH) == PATH
    assert cached_path("a", 3, never) == PATH
    assert cached_path("b", 3, lambda: [(0, 1), (2, 3)]) == [(0, 1), (2, 3)]
    (first, _) = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    assert json.loads(first.read_text())["path"] == [[0, 2], [1, 3]]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\x80\x04\x95 not json",
        b"[]",
        b"null",
        b'{"path": 3}',
        b'{"path": [[0, 1]]}',
        b'{"path": [[0, 2], [1, 9]]}',
        b'{"path": [[0, 0], [1, 3]]}',
        b'{"path": [[0, 2], [0, 3]]}',
        b'{"path": [["0", "2"], [1, 3]]}',
        b'{"path": [[0.0, 2.0], [1, 3]]}',
        b'{"path": [[0, 2, 1], [1, 3]]}',
        b'{"path": [[[], []], [1, 3]]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_written_anew(folder: Path, damage: bytes) -> None:
    cached_path("a", 3, lambda: PATH)
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert cached_path("a", 3, lambda: PATH) == PATH
    assert cached_path("a", 3, never) == PATH


def test_a_path_that_no_search_found_is_searched_anew(folder: Path) -> None:
    """It contracts the network, but another order may take more memory than the budget has."""
    cached_path("a", 3, lambda: PATH)
    cached_path("b", 3, lambda: [(0, 1), (2, 3)])
    first, second = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    kept = json.loads(first.read_text())
    other = json.loads(second.read_text())
    for changed in ({"path": [[0, 1], [2, 3]]}, {**kept, "path": [[0, 1], [2, 3]]}, other):
        first.write_text(json.dumps(changed))
        assert cached_path("a", 3, lambda: PATH) == PATH
        assert cached_path("a", 3, never) == PATH


def test_a_plan_needs_no_more_memory_for_a_changed_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the leaves taken one after another, the kept path would be over the budget."""
    circuit = tnq.ansatz.ry_brickwork(6, 2)
    options = {"method": "generating", "observables": range(6)}
    needed = tnq.VQC(circuit, **options).plan.cost(1, 1).bytes
    for file in folder.iterdir():
        kept = json.loads(file.read_text())
        n = len(kept["path"]) + 1
        kept["path"] = [(0, 1), *((n + k - 1, k + 1) for k in range(1, n - 1))][: n - 1]
        file.write_text(json.dumps(kept))
    again = tnq.VQC(circuit, **options, max_memory=2 * needed)
    assert again.plan.cost(1, 1).bytes == needed


def test_nothing_is_kept_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("off", ""):
        monkeypatch.setenv("TNQLSTM_CACHE", value)
        assert cache_folder() is None
        assert cached_path("a", 3, lambda: PATH) == PATH


def test_a_folder_that_cannot_be_written_to_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TNQLSTM_CACHE", str(tmp_path / "file" / "cache"))
    assert cached_path("a", 3, lambda: PATH) == PATH


def test_an_interrupted_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(path_cache.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached_path("a", 3, lambda: PATH)
    assert list(folder.iterdir()) == []


WRITER = """
import sys
from tnqlstm.contraction import path_cache
n = 400
path = [(0, 1), *((n + k - 1, k + 1) for k in range(1, n - 1))]
file = path_cache.cache_folder() / "path-shared.json"
for _ in range(300):
    path_cache._write(file, path)
    assert path_cache._read(file, n) == path
"""


def test_several_processes_write_and_read_at_once(folder: Path) -> None:
    """No reader ever sees half a file."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER], env=os.environ.copy()) for _ in range(4)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    assert [file.name for file in folder.iterdir()] == ["path-shared.json"]


def test_a_plan_comes_back_from_the_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values, and nothing is searched."""
    circuit = tnq.ansatz.modular([8] * 4, 3, {0, 1, 2})
    torch.manual_seed(0)
    x, values = torch.randn(2, 32), []
    for search in (tree._search, never):
        monkeypatch.setattr(tree, "_search", search)
        vqc = tnq.VQC(circuit, method="cones")
        torch.nn.init.constant_(vqc.weights, 0.3)
        values.append(vqc(x))
    assert len(list(folder.iterdir())) == len(vqc.plan.trees())
    assert torch.equal(*values)
