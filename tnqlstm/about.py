"""What is installed here, and which names the package knows."""

from __future__ import annotations

import sys
from importlib.metadata import version

__all__ = ["LIBRARIES", "about"]

LIBRARIES = ("torch", "numpy", "scipy", "quimb", "cotengra", "networkx", "safetensors")


def about() -> dict[str, str]:
    """Versions, threads and devices, then the names that options take, by topic."""
    import torch

    from . import __version__
    from .circuit.ansatz import ANSATZE
    from .distribution import COSTS, LINK_MODELS
    from .forecasting.config import MODELS
    from .forecasting.datasets import DATASETS
    from .forecasting.scaling import SCALINGS
    from .nn import CELLS, SCHEMES

    return {
        "tnqlstm": __version__,
        "python": sys.version.split()[0],
        **{name: version(name) for name in LIBRARIES},
        "threads": f"{torch.get_num_threads()} (torch's default)",
        "devices": "cpu, cuda" if torch.cuda.is_available() else "cpu",
        "data sets": ", ".join(DATASETS) + ", narma-N for any N, or a CSV file",
        "models": ", ".join(MODELS),
        "cells": ", ".join(CELLS),
        "schemes": ", ".join(SCHEMES),
        "ansätze": ", ".join([*ANSATZE, "modular"]),
        "costs": ", ".join(COSTS),
        "links": ", ".join(LINK_MODELS),
        "scalings": ", ".join(SCALINGS),
    }
