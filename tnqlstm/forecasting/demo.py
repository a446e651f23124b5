"""The demonstration: three QLSTMs and an LSTM on the damped oscillator, side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..outputs import is_unfinished, write_figure
from . import plots
from .checkpoint import write_json
from .datasets import damped_oscillator
from .folder import check_own, discard_run
from .forecaster import Forecaster
from .runs import train_run

__all__ = ["MADE_BY", "NOTES", "demo_forecasters", "results_table", "run_demo"]

MADE_BY = "demo"
NOTES = """\
Cut gates and packed e-bits are per time step, over all four circuits. MSE is in units scaled to
[-1, 1] on the training part; each model has the weights of its epoch with the lowest training MSE.
The links are ideal, so the linked QLSTM computes the same function as the centric one: both start
from the same seed, and any difference between their rows is rounding."""
LABELS = {
    "segment": "segment QLSTM, 2 QPUs × 3 qubits",
    "linked": "linked QLSTM, 2 QPUs × 3 qubits",
    "centric": "centric QLSTM, 6 qubits",
    "lstm": "LSTM",
    "persistence": "persistence (last value)",
    "mean": "mean of the training part",
}
PICTURE, RESULTS = "comparison.png", "results.json"


def demo_forecasters(epochs: int = 100, progress: bool = False) -> dict[str, Forecaster]:
    """The untrained models of the demonstration by name (see `LABELS`).

    The LSTM is as wide as makes its number of parameters nearest to a QLSTM's.
    """
    from ..distribution import QPUNetwork
    from ..nn import QLSTM, ClassicalLSTM
    from .model import n_parameters

    network = QPUNetwork.line(2, qubits=3)
    options: dict[str, Any] = {"epochs": epochs, "progress": progress}
    width = ClassicalLSTM.like(n_parameters(QLSTM(1, 5)), input_size=1).hidden_size
    return {
        "segment": Forecaster(hidden_size=5, scheme="segment", network=network, **options),
        "linked": Forecaster(hidden_size=5, scheme="linked", network=network, **options),
        "centric": Forecaster(hidden_size=5, scheme="centric", **options),
        "lstm": Forecaster(hidden_size=width, model="lstm", **options),
    }


def run_demo(
    folder: str | Path,
    epochs: int = 100,
    *,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Train the models of `demo_forecasters` into folders of their own; return metrics by name.

    Beside them: comparison.png and results.json. The demo's own earlier results are replaced;
    raises `CheckpointError`, and changes nothing, where the folder holds anything else. `announce`
    is called with the label of each model before its training.
    """
    folder = Path(folder)
    forecasters = demo_forecasters(epochs, progress)
    _check_folder(folder, set(forecasters))
    series = damped_oscillator()
    results = {}
    for name, forecaster in forecasters.items():
        if announce is not None:
            announce(LABELS[name])
        discard_run(folder / name, MADE_BY)
        results[name] = train_run(forecaster, series, folder / name, made_by=MADE_BY)
    write_json(folder / RESULTS, results)
    figure = plots.comparison_figure(
        series.test,
        {LABELS[name]: f.predict(series.test) for name, f in forecasters.items()},
        {LABELS[name]: f.history_ for name, f in forecasters.items()},
        next(iter(results.values()))["baselines"],
    )
    write_figure(figure, folder / PICTURE)
    return results


def results_table(results: dict[str, dict[str, Any]]) -> str:
    """The metrics of several runs on the same data as a table in plain text."""
    baselines = next(iter(results.values()))["baselines"]
    rows = [
        (
            LABELS.get(name, name),
            str(r["parameters"]),
            str(r["cut_gates_per_step"]),
            str(r["ebits_per_step"]),
            f"{r['train']['mse']:.2e}",
            f"{r['test']['mse']:.2e}",
            f"{r['test']['mse'] / baselines['persistence']:.3f}",
            f"{r['seconds']:.1f}",
        )
        for name, r in results.items()
    ]
    rows += [
        (
            LABELS[name],
            "",
            "",
            "",
            "",
            f"{error:.2e}",
            f"{error / baselines['persistence']:.3f}",
            "",
        )
        for name, error in sorted(baselines.items(), reverse=True)
    ]
    header = (
        "model", "parameters", "cut gates", "e-bits", "train MSE", "test MSE", "/persistence",
        "seconds",
    )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _check_folder(folder: Path, names: set[str]) -> None:
    if not folder.exists():
        return
    held = {entry.name for entry in folder.iterdir()} if folder.is_dir() else {folder.name}
    files = {PICTURE, RESULTS}
    foreign = sorted(n for n in held - names - files if not is_unfinished(n, files))
    if foreign:
        raise CheckpointError(
            f"{str(folder)!r} holds {', '.join(foreign[:5])}, which the demo didn't make. "
            "Choose another output folder."
        )
    for name in names:
        check_own(folder / name, MADE_BY)
