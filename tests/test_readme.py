"""The README's Python blocks run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tnqlstm import ansatz

README = Path(__file__).parent.parent / "README.md"


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_ten_lines_run(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in blocks()[0].splitlines() if line.strip()]
    assert len(lines) == 10
    names: dict[str, object] = {}
    exec(blocks()[0], names)
    assert len(names["future"]) == 20  # type: ignore[arg-type]
    assert "cut gates" in capsys.readouterr().out


def test_placing_any_circuit_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = ansatz.basic_entangler(8, 2).to_qasm(version=3)
    Path("circuit.qasm").write_text(text)
    names: dict[str, object] = {}
    exec(blocks()[1], names)
    assert all("OPENQASM 3" in each for each in names["programs"].values())  # type: ignore[attr-defined]
    assert "e-bits" in capsys.readouterr().out


def test_circuits_of_others_run() -> None:
    names: dict[str, object] = {}
    exec(blocks()[2], names)
    assert names["y"].shape == (32, 4)  # type: ignore[attr-defined]


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!http)([^)]+)\)", README.read_text())
    assert targets
    for target in targets:
        assert (README.parent / target).exists(), target
