"""The commands that place circuits on QPUs: `tnqlstm partition` and `tnqlstm cost-table`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import DataError
from .outputs import PICTURES, check_new_file, check_new_folder

if TYPE_CHECKING:
    from .circuit import Circuit
    from .distribution import Partition

__all__ = ["NETWORK_FILES", "NetworkSpec", "cost_table", "partition", "print_result"]

NetworkSpec = Annotated[
    str | None,
    typer.Option(
        help="QPU network, TOPOLOGY:QPUSxQUBITS: line:4x4 is 4 QPUs of 4 qubits in a line; "
        "ring, star, complete; line:3,3,2 with unequal QPUs; grid:2x2x4 has 2 rows, 2 columns; "
        "+2 at the end: 2 communication qubits each. Or a .json or .graphml file, as below."
    ),
]
NETWORK_FILES = """\b
A network file, as QPUNetwork.write makes it. communication_qubits and the
fidelity, rate (Bell pairs a second) and latency (seconds) may be left out:
  {"format": "tnqlstm-network", "version": 1,
   "nodes": [{"name": "a", "qubits": 4, "communication_qubits": 2},
             {"name": "b", "qubits": 3}],
   "links": [{"ends": ["a", "b"],
              "fidelity": 0.98, "rate": 1000, "latency": 1e-5}]}

GraphML has the same names as attributes of its nodes and edges."""
CircuitSpec = Annotated[
    str,
    typer.Argument(
        help="A .qasm file (OpenQASM 2 or 3), or an ansatz, NAME:QUBITSxDEPTH, such as "
        "ry_brickwork:16x3, chen2020:8x2 or modular:8,8,8x3 (block sizes)."
    ),
]
Seed = Annotated[int, typer.Option(help="Of the search.")]
Moves = Annotated[
    bool,
    typer.Option(
        "--moves", help="Let qubits go to other QPUs in the middle of the circuit; for ebits."
    ),
]
Effort = Annotated[
    float,
    typer.Option(
        min=0.001, max=1_000_000, help="Length of the search for ebits, 1 being the usual one."
    ),
]
TimeBudget = Annotated[
    float | None, typer.Option(min=0, help="Seconds after which a search starts nothing new.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def partition(
    circuit: CircuitSpec,
    network: NetworkSpec = None,
    cost: Annotated[
        str, typer.Option(help="What to make small: gates, ebits, bonds or shots.")
    ] = "gates",
    seed: Seed = 0,
    moves: Moves = False,
    effort: Effort = 1.0,
    time_budget: TimeBudget = None,
    as_json: AsJson = False,
    draw: Annotated[
        Path | None, typer.Option(help="Draw the network with its blocks: .png, .pdf or .svg.")
    ] = None,
    draw_circuit: Annotated[
        Path | None, typer.Option(help="Draw the circuit with blocks, cut gates and packets.")
    ] = None,
    programs: Annotated[
        Path | None,
        typer.Option(help="New folder for an OpenQASM 3 program of each QPU, QPU.qasm."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Place a circuit's qubits on QPUs.

    Few gates should cross the links: prints blocks, cut gates, e-bits and other costs.

    \b
    Examples:
      tnqlstm partition circuit.qasm --network line:4x4 --cost ebits
      tnqlstm partition ry_brickwork:16x3 --network line:4x4 --draw blocks.png
      tnqlstm partition chen2020:12x2 --network grid:2x2x4 --cost ebits --moves --json
    """
    from . import specs
    from .distribution import partition as place

    if network is None:
        raise DataError("a network wanted: --network line:4x4 is 4 QPUs of 4 qubits in a line.")
    _check_options([cost], moves, effort)
    _check_targets(draw, draw_circuit, programs)
    read = specs.parse_circuit(circuit)
    if draw_circuit is not None:
        _check_drawable(read)
    placed = place(
        read,
        specs.parse_network(network),
        cost,
        seed,
        may_move=moves,
        effort=effort,
        time_budget=time_budget,
        progress=not (quiet or as_json),
    )
    print_result(placed.summary() if as_json else placed.report())
    _write(placed, cost, draw, draw_circuit, programs)


def cost_table(
    circuit: CircuitSpec,
    qpus: Annotated[str, typer.Option(help="Numbers of QPUs.")] = "2,3,4",
    topology: Annotated[str, typer.Option(help="line, ring, star or complete.")] = "line",
    cost: Annotated[
        str, typer.Option(help="What to make small, a row for each: gates, ebits, bonds, shots.")
    ] = "gates,ebits",
    spare: Annotated[
        int,
        typer.Option(min=0, max=10**9, help="Room on each QPU beyond an even share of the qubits."),
    ] = 0,
    seed: Seed = 0,
    moves: Moves = False,
    effort: Effort = 1.0,
    time_budget: TimeBudget = None,
    as_json: AsJson = False,
    draw: Annotated[
        Path | None, typer.Option(help="Draw the costs against QPUs: .png, .pdf or .svg.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Compare what a circuit costs on 2, 3, 4, … QPUs.

    Places it on each number of QPUs, for each cost, and prints a table in Markdown.

    \b
    Examples:
      tnqlstm cost-table circuit.qasm --qpus 2,3,4,6 --topology ring
      tnqlstm cost-table ry_brickwork:32x4 --qpus 2,4,8 --cost ebits --draw costs.png
    """
    from . import specs
    from .distribution.cost_table import cost_table as tabulate
    from .limits import check_network_size

    costs = cost.split(",")
    _check_options(costs, moves, effort)
    _check_targets(draw)
    counts = _counts(qpus)
    for count in counts:
        check_network_size(f"{topology} of {count:,} QPUs", topology, count)
    table = tabulate(
        specs.parse_circuit(circuit),
        counts,
        topology,
        costs,
        seed,
        spare=spare,
        may_move=moves,
        effort=effort,
        time_budget=time_budget,
        progress=not (quiet or as_json),
    )
    print_result(table.summary() if as_json else str(table))
    if draw is not None:
        from .outputs import write_figure

        write_figure(table.draw(), draw)
        typer.echo(f"picture: {draw}", err=True)


def print_result(result: dict[str, Any] | str) -> None:
    """Print a text, or data as JSON; bytes of a path that aren't UTF-8 become escapes there."""
    if isinstance(result, str):
        typer.echo(result)
    else:
        text = json.dumps(result, indent=2, ensure_ascii=False)
        typer.echo(text.encode(errors="backslashreplace").decode())


def _counts(text: str) -> list[int]:
    if not re.fullmatch(r"\d{1,9}(,\d{1,9})*", text):
        raise DataError(f"--qpus {text!r}: numbers with commas between wanted, such as 2,3,4.")
    return [int(number) for number in text.split(",")]


def _check_options(costs: list[str], moves: bool, effort: float) -> None:
    """Raise a `DataError` for options that would have no effect."""
    given = ["--moves"] * moves + ["--effort"] * (effort != 1.0)
    if given and "ebits" not in costs:
        raise DataError(
            f"{' and '.join(given)} tell how to search for few e-bits. Add --cost ebits."
        )


def _check_targets(
    draw: Path | None, draw_circuit: Path | None = None, programs: Path | None = None
) -> None:
    """Raise where an output can't be written, before a search begins."""
    pictures = [path for path in (draw, draw_circuit) if path is not None]
    for path in pictures:
        check_new_file(path, PICTURES)
    if len({path.absolute() for path in pictures}) < len(pictures):
        raise DataError(f"--draw and --draw-circuit both name {str(draw)!r}. Name two files.")
    if programs is not None:
        check_new_folder(programs)


def _check_drawable(circuit: Circuit) -> None:
    from .circuit.drawing_layout import make_sheet

    make_sheet(circuit, "auto", has_blocks=True)


def _write(
    placed: Partition,
    cost: str,
    draw: Path | None,
    draw_circuit: Path | None,
    programs: Path | None,
) -> None:
    """The outputs that were asked for, each whole or not at all."""
    from .outputs import file_names, write_figure, write_folder

    if draw is not None:
        write_figure(placed.draw(traffic="ebits" if cost == "ebits" else "gates"), draw)
        typer.echo(f"picture: {draw}", err=True)
    if draw_circuit is not None:
        write_figure(placed.draw_circuit(), draw_circuit)
        typer.echo(f"picture of the circuit: {draw_circuit}", err=True)
    if programs is not None:
        texts = placed.programs()
        names = file_names(list(texts), ".qasm")
        write_folder(programs, dict(zip(names, texts.values(), strict=True)))
        typer.echo(f"{len(texts)} programs: {programs}", err=True)
