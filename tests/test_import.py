"""Importing is cheap: heavy libraries load when they're used."""

from __future__ import annotations

import subprocess
import sys

import tnqlstm

LATE = ("quimb", "cotengra", "matplotlib", "numba", "scipy", "pennylane")


def loaded_after(code: str, names: tuple[str, ...]) -> set[str]:
    """Those of `names` that a fresh interpreter has loaded after running the code."""
    script = f"{code}\nimport sys\nprint(*(n for n in {names!r} if n in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_the_package_alone_loads_nothing() -> None:
    assert loaded_after("import tnqlstm", (*LATE, "torch", "numpy", "networkx")) == set()


def test_a_model_loads_torch_but_not_what_only_pictures_and_paths_need() -> None:
    code = "import torch, tnqlstm\ntnqlstm.QLSTM(1, 2, depth=1)(torch.zeros(1, 2, 1))"
    assert loaded_after(code, (*LATE, "torch")) <= {"torch", "scipy"}


def test_every_public_name_is_there() -> None:
    for name in tnqlstm.__all__:
        assert getattr(tnqlstm, name) is not None
    assert set(dir(tnqlstm)) == set(tnqlstm.__all__)
