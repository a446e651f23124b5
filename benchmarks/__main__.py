"""`python -m benchmarks [--quick] [NAME …]`: run, print tables, write JSON and a picture.

`--quick`: the instances that say so, some minutes in all; nothing is written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmarks import (
    calibration,
    circuits,
    cutting,
    paths,
    placement,
    relative,
    scaling,
    training_step,
)
from benchmarks.picture import scaling_figure
from benchmarks.timing import environment

HERE = Path(__file__).parent
RESULTS = HERE / "results"
Result = dict[str, Any]


def _training_rows(result: Result) -> list[list[str]]:
    instance = result["instance"]
    what = (
        f"{instance['cell']} {instance['n_qubits']}q d{instance['depth']} batch {instance['batch']}"
    )
    rows = []
    for name, seconds in result["seconds"].items():
        ratio = result["times_slower"].get(name)
        times = "" if ratio is None else f"{ratio:.3g} ×"
        rows.append([what, name, f"{seconds['median'] * 1e3:.2f}", times])
    return rows


def _scaling_rows(result: Result) -> list[list[str]]:
    instance = result["instance"]
    what = instance.get("name") or f"{instance['n_qpus']} QPUs"
    rows = []
    for name, seconds in result["seconds"].items():
        ours = name == "tnqlstm"
        rows.append(
            [
                f"{result['n_qubits']}, {what}",
                f"{len(instance['links'])} of {instance['depth']}",
                f"{name} ({result['method']})" if ours else name,
                f"{result['seconds_to_plan'] if ours else result['first_call'][name]:.2f}",
                f"{seconds['median'] * 1e3:.1f}",
                "" if ours else f"{result['times_slower'][name]:.2f} ×",
                f"{result['predicted_bytes'] / 2**20:.0f}" if ours else "",
                f"{(result['measured_bytes'] or 0) / 2**20:.0f}" if ours else "",
            ]
        )
    return rows


def _short(argument: object) -> str:
    """A long list of equal blocks as their number."""
    if isinstance(argument, list) and len(argument) > 4 and len(set(argument)) == 1:
        return f"[{argument[0]}] * {len(argument)}"
    return str(argument)


def _paths_rows(result: Result) -> list[list[str]]:
    return [
        [
            result["instance"]["name"],
            str(result["n_qubits"]),
            str(result["n_trees"]),
            f"{result['seconds_to_plan']:.2f}",
            f"{result['flops']:.3g}",
            f"{result['flops_of_search']:.3g}",
            f"{result['flops'] / result['flops_of_search']:.2f}",
            f"{result['flops_of_search_absorbed']:.3g}",
            f"{result['flops'] / result['flops_of_search_absorbed']:.2f}",
        ]
    ]


def _calibration_rows(result: Result) -> list[list[str]]:
    instance = result["instance"]
    arguments = ", ".join(map(_short, instance["arguments"]))
    ratio = result["predicted"] / result["seconds"]
    return [
        [
            f"{instance['ansatz']}({arguments})",
            str(instance["batch"]),
            result["kind"],
            f"{1e3 * result['seconds']:.2f}",
            f"{1e3 * result['predicted']:.2f}",
            f"{ratio:.2f}",
        ]
    ]


@dataclass(frozen=True)
class Benchmark:
    """How an instance is run, and the rows of a table that its result makes."""

    run: Callable[[dict[str, Any]], Result]
    header: list[str]
    rows: Callable[[Result], list[list[str]]]
    summary: Callable[[list[Result]], str] | None = None  # printed under the table


SCALING = Benchmark(
    scaling.run,
    [
        "qubits",
        "link layers",
        "by",
        "plan or compile s",
        "ms",
        "times ours",
        "predicted MiB",
        "measured MiB",
    ],
    _scaling_rows,
)
BENCHMARKS = {
    "training_step": Benchmark(
        training_step.run, ["model", "by", "ms a step", "times ours"], _training_rows
    ),
    "calibration": Benchmark(
        calibration.run,
        ["circuit", "batch", "way", "ms", "predicted ms", "ratio"],
        _calibration_rows,
    ),
    "irregular": Benchmark(relative.run, relative.HEADER, relative.rows),
    "growth": Benchmark(relative.run, relative.HEADER, relative.rows),
    "paths": Benchmark(
        paths.run,
        [
            "network",
            "qubits",
            "trees",
            "plan s",
            "flops",
            "of search",
            "ratio",
            "of search, absorbed",
            "ratio",
        ],
        _paths_rows,
    ),
    "circuits": Benchmark(circuits.run, circuits.HEADER, circuits.rows, circuits.summary),
    "cutting": Benchmark(cutting.run, cutting.HEADER, cutting.rows),
    "placement": Benchmark(placement.run, placement.HEADER, placement.rows),
    "centric": SCALING,
    "scaling": SCALING,
}


def table(header: list[str], rows: list[list[str]]) -> str:
    """The rows as a Markdown table with aligned columns."""
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def main(names: list[str]) -> None:
    quick, names = "--quick" in names, [name for name in names if name != "--quick"]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"error: unknown benchmark {unknown[0]!r}. Known: {', '.join(BENCHMARKS)}.")
    torch.set_num_threads(1)
    RESULTS.mkdir(exist_ok=True)
    for name in names or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        problem = json.loads((HERE / "instances" / f"{name}.json").read_text())
        instances = [each for each in problem["instances"] if each.get("quick") or not quick]
        if not instances:
            continue
        results = [benchmark.run(instance) for instance in tqdm(instances, desc=name)]
        rows = [row for result in results for row in benchmark.rows(result)]
        print(f"\n{problem['title']}\n\n{table(benchmark.header, rows)}\n")
        if benchmark.summary:
            print(f"{benchmark.summary(results)}\n")
        if quick:
            continue
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps({"environment": environment(), "results": results}, indent=1))
        print(f"written: {path}\n")
        if name == "calibration":
            for kind, rates in calibration.fitted_rates(results).items():
                print(f"fitted {kind}: seconds a call, flop, number = {rates}")
        if name == "scaling":
            scaling_figure(results).savefig(RESULTS / "scaling.png", dpi=110)
            print(f"picture: {RESULTS / 'scaling.png'}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
