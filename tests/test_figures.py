"""Figures show themselves in Jupyter, with or without pyplot."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

import tnqlstm as tnq
from tnqlstm.figures import BLOCK_COLOURS, BLOCK_SHARE, CUT_COLOUR


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


def lab(rgb: Any) -> Any:
    """CIELAB of sRGB colours, white D65, from the definition."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]]
    xyz = linear @ np.array(to_xyz) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def test_sixteen_blocks_are_told_apart_as_pale_as_they_are() -> None:
    """2.3 is a just noticeable difference; no band may be within four of them of another."""
    colours = np.array([to_rgb(colour) for colour in BLOCK_COLOURS])
    assert len(colours) == 16
    pale = lab(1 - BLOCK_SHARE * (1 - np.vstack([colours, np.ones(3)])))
    apart = np.linalg.norm(pale[:, None] - pale, axis=-1) + 99 * np.eye(17)
    assert apart.min() > 4 * 2.3
    from_cut = np.linalg.norm(lab(colours) - lab(np.array(to_rgb(CUT_COLOUR))), axis=-1)
    assert from_cut.min() > 30
