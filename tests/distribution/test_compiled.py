"""Compiling where nothing can be kept on disk."""

from __future__ import annotations

from typing import Any

import pytest

from tnqlstm.distribution import compiled as module


def twice(number: int) -> int:
    return 2 * number


def test_without_a_folder_for_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = module.njit
    asked: list[dict[str, Any]] = []

    def njit(*functions: Any, **options: Any) -> Any:
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return kept(*functions, **options)

    monkeypatch.setattr(module, "njit", njit)
    assert module.compiled(twice)(21) == 42
    assert asked == [{"cache": True}, {}]
