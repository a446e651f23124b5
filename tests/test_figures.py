"""Figures show themselves in Jupyter, with or without pyplot."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import tnqlstm as tnq


def test_a_figure_is_its_own_picture() -> None:
    figure: Any = tnq.QPUNetwork.line(2, qubits=3).draw()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_fresh_kernel_shows_a_drawing_as_a_picture() -> None:
    code = (
        "from IPython.core.formatters import DisplayFormatter\n"
        "import tnqlstm as tnq\n"
        "data, _ = DisplayFormatter().format(tnq.ansatz.ry_brickwork(4, 1).draw())\n"
        "assert 'image/png' in data, data"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
