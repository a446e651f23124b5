"""A picture of a cost table: a panel for each figure, a line for each cost that was made small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures import new_figure
from .cost_table import FIGURES, CostTable
from .costs import COSTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_cost_table"]

_INK, _QUIET = "#222222", "#b8b8b8"
# colour and marker of each cost in `COSTS`, so that equal values can be told apart
_STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"))
_PANELS = ("n_hops", "n_ebits", "log2_cut_bond", "log2_shots")


def draw_cost_table(table: CostTable) -> Figure:
    """Cut gates × hops, e-bits, log2 cut bond and log2 γ² against the number of QPUs.

    Markers are hollow and shrink from cost to cost, so that lines on top of each other show.
    """
    figure = new_figure(9.0, 5.4, layout="constrained")
    costs = list(dict.fromkeys(row.cost for row in table.rows))
    for axes, name in zip(figure.subplots(2, 2).flat, _PANELS, strict=True):
        for k, cost in enumerate(costs):
            points = sorted(
                (row.n_qpus, getattr(row, name)) for row in table.rows if row.cost == cost
            )
            colour, marker = _STYLES[list(COSTS).index(cost) % len(_STYLES)]
            axes.plot(
                *zip(*points, strict=True), color=colour, marker=marker, mfc="none", mew=1.6,
                markersize=11 - 2.2 * k, lw=2.4 - 0.5 * k, label=cost, clip_on=False, zorder=3,
            )  # fmt: skip
        _dress(axes, FIGURES[name], sorted({row.n_qpus for row in table.rows}))
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(costs), frameon=False,
        title="made small", fontsize=9, title_fontsize=9, labelcolor=_INK,
    )  # fmt: skip
    figure.suptitle(f"{table.n_qubits} qubits on QPUs ({table.topology})", fontsize=11, color=_INK)
    return figure


def _dress(axes: Axes, title: str, n_qpus: list[int]) -> None:
    axes.set_title(title, fontsize=10, color=_INK, loc="left")
    if len(n_qpus) <= 12:
        axes.set_xticks(n_qpus)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("QPUs", fontsize=9, color=_INK)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.grid(axis="y", color=_QUIET, lw=0.5, alpha=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_QUIET)
