"""Time and memory against qubits, from `results/scaling.json`; peers where they were measured."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

__all__ = ["scaling_figure"]

STYLES = {
    "tnqlstm": ("#D55E00", "o-"),
    "TensorCircuit-NG": ("#0072B2", "s--"),
    "TensorCircuit-NG, states": ("#56B4E9", "s--"),
    "lightning adjoint": ("#009E73", "^--"),
    "quimb CircuitMPS, values of one sample": ("#CC79A7", "d:"),
}


def scaling_figure(results: list[dict[str, Any]]) -> Figure:
    """Instances with links in every layer: seconds of each contestant, and our memory in MiB."""
    every = [r for r in results if len(r["instance"]["links"]) == r["instance"]["depth"]]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    time, memory = figure.subplots(1, 2)
    for name, (colour, style) in STYLES.items():
        measured = [r for r in every if name in r["seconds"]]
        medians = [1e3 * r["seconds"][name]["median"] for r in measured]
        if measured:
            at = [r["n_qubits"] for r in measured]
            time.plot(at, medians, style, color=colour, label=name, ms=5)
    time.set_ylabel("ms, values and gradient")
    qubits = [r["n_qubits"] for r in every]
    predicted = [r["predicted_bytes"] / 2**20 for r in every]
    colour = STYLES["tnqlstm"][0]
    memory.plot(qubits, predicted, "o-", color=colour, ms=5, label="predicted")
    known = [r for r in every if r["measured_bytes"]]
    measured = [r["measured_bytes"] / 2**20 for r in known]
    memory.plot([r["n_qubits"] for r in known], measured, "x:", color=colour, label="measured")
    memory.set_ylabel("MiB, tnqlstm")
    memory.legend(fontsize=8)
    for axes in (time, memory):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("qubits, 8 a QPU, batch of 10")
        axes.set_xticks(qubits, [str(q) for q in qubits])
        axes.grid(alpha=0.3)
    time.legend(fontsize=8)
    return figure
