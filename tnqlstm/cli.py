"""The command line: `tnqlstm train|evaluate|forecast|partition|cost-table|info|demo`.

Nothing heavy is imported here: each command imports what it needs, so that help answers at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .cli_ending import INTERRUPTED, REFUSED, as_a_process, message_of, say
from .cli_partition import NETWORK_FILES, NetworkSpec, cost_table, partition, print_result
from .cli_words import in_options
from .errors import DataError
from .outputs import PICTURES, check_new_file, write_atomically, write_figure

__all__ = ["app", "main"]


class Commands(TyperGroup):
    """The one place where errors become a message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            say(f"\ninterrupted: {interrupt}".removesuffix(": "))
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            message = message_of(error)
            if message is None:
                raise
            command = self.commands[ctx.invoked_subcommand]
            options = [(str(p.name), p.opts[0]) for p in command.params if p.opts[0][:2] == "--"]
            say(f"error: {in_options(message, options)}")
            raise typer.Exit(REFUSED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

RunFolder = Annotated[Path, typer.Argument(help="Folder that `tnqlstm train` wrote.")]


def main() -> None:
    """Run the command line as a whole process."""
    with as_a_process():
        app(prog_name="tnqlstm")


def _print_version(wanted: bool) -> None:
    if wanted:
        from . import __version__

        typer.echo(f"tnqlstm {__version__}")
        raise typer.Exit


@app.callback()
def tnqlstm(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Train and study distributed quantum LSTMs: LSTMs whose gates are quantum circuits that are
    spread over several small quantum processors (QPUs).

    \b
    A first run, in under a minute:
      tnqlstm train damped-oscillator --scheme segment --qpus 2 --output runs/first
      tnqlstm evaluate runs/first
      tnqlstm forecast runs/first --horizon 40 --output future.png

    `tnqlstm COMMAND --help` says more about each command, `tnqlstm info` lists data sets and cells.
    """


@app.command(epilog=NETWORK_FILES)
def train(
    ctx: typer.Context,
    dataset: Annotated[
        str | None,
        typer.Argument(help="A data set of `tnqlstm info`, or the path of a CSV file."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New folder for this run.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Continue the run in this folder, exactly where it stopped.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Epochs in total.  [default: 100, or the run's own]")
    ] = None,
    model: Annotated[str, typer.Option(help="qlstm or lstm.")] = "qlstm",
    cell: Annotated[str, typer.Option(help="chen2024, chen2020 or linear.")] = "chen2024",
    scheme: Annotated[
        str,
        typer.Option(
            help="centric (all qubits on one QPU), segment (a circuit on each QPU, no quantum "
            "link) or linked (one circuit over all QPUs)."
        ),
    ] = "centric",
    qpus: Annotated[
        int | None, typer.Option(help="Number of QPUs, in a line, just large enough.")
    ] = None,
    network: NetworkSpec = None,
    hidden_size: Annotated[int, typer.Option(help="Width of the hidden state.")] = 5,
    depth: Annotated[
        int | None, typer.Option(help="Trainable layers.  [default: the cell's own]")
    ] = None,
    qubits: Annotated[
        int | None, typer.Option(help="Qubits of each circuit; the cell `linear` only.")
    ] = None,
    layers: Annotated[int, typer.Option(help="Recurrent layers.")] = 1,
    window: Annotated[int, typer.Option(help="Past points that a forecast sees.")] = 4,
    learning_rate: Annotated[float, typer.Option(help="Of RMSprop.")] = 0.01,
    batch_size: Annotated[int, typer.Option(help="Windows in an optimiser step.")] = 10,
    keep: Annotated[
        str, typer.Option(help="Weights to keep: best (lowest training error) or last.")
    ] = "best",
    scaling: Annotated[
        str,
        typer.Option(
            help="train, whole-series (published; leaks the test part) or none (published for "
            "NARMA)."
        ),
    ] = "train",
    seed: Annotated[int, typer.Option(help="Of weights, shuffling and dropout.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    column: Annotated[
        str | None, typer.Option(help="Column of the CSV file, by name or index from 0.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="Column of times, numbers or dates.  [default: points are numbered]"),
    ] = None,
    missing: Annotated[
        str | None,
        typer.Option(help="Missing numbers: refuse, drop or interpolate.  [default: refuse]"),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            help="Rows whose times don't increase: check (refuse), sort or keep.  [default: check]"
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            help="Between the cells: a character, or tab, space, comma, semicolon, bar.  "
            "[default: found out]"
        ),
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark: . or ,  [default: .]")] = None,
    thousands: Annotated[
        str | None, typer.Option(help="Separator of thousands: . , ' _ or space.  [default: none]")
    ] = None,
    comment: Annotated[
        str | None, typer.Option(help="What comments begin with.  [default: # above the table]")
    ] = None,
    header: Annotated[
        int | None,
        typer.Option(help="Rows of names and units above the numbers.  [default: found out]"),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="Such as latin-1.  [default: byte order mark, or UTF-8]"),
    ] = None,
    threads: Annotated[
        int,
        typer.Option(min=1, max=1024, help="CPU threads; small circuits gain nothing from more."),
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Train a model on a series.

    The first 67 % of the points are for training, the rest for the test. --time to --encoding tell
    how a CSV file is read; a file that isn't understood without them is refused by its line.
    The output folder gets config.json, checkpoint.safetensors (after each epoch), history.json,
    metrics.json and pictures: forecast.png, loss.png, free_run.png. Ctrl-C keeps the last full
    epoch.

    \b
    Examples:
      tnqlstm train damped-oscillator --scheme segment --qpus 2 --epochs 30 --output runs/first
      tnqlstm train narma-5 --scheme linked --network ring:3x2 -o runs/narma
      tnqlstm train sales.csv --column units --window 12 -o runs/sales
      tnqlstm train verkauf.csv --column Umsatz --decimal , --encoding latin-1 -o runs/verkauf
      tnqlstm train --resume runs/first --epochs 60
    """
    from .forecasting.runs import resume_run, summary, train_run

    _set_threads(threads)
    folder = resume if resume is not None else output
    with _resumable(folder):
        if resume is not None:
            _only(ctx, "resume", "epochs", "threads", "quiet")
            result = resume_run(resume, epochs, progress=not quiet)
        else:
            if dataset is None or output is None:
                raise DataError(
                    "a data set and --output FOLDER wanted, or --resume FOLDER. "
                    "Try `tnqlstm train --help`."
                )
            from .cli_model import check_model, qpu_network
            from .forecasting.datasets import load
            from .forecasting.forecaster import Forecaster

            check_model(ctx, model, cell, hidden_size, layers, depth, qubits)

            forecaster = Forecaster(
                window,
                hidden_size,
                model=model,
                cell=cell,
                depth=depth,
                n_qubits=qubits,
                scheme=scheme,
                network=qpu_network(scheme, network, qpus, cell, hidden_size, layers, qubits),
                num_layers=layers,
                epochs=100 if epochs is None else epochs,
                learning_rate=learning_rate,
                batch_size=batch_size,
                keep=keep,
                scaling=scaling,
                seed=seed,
                dtype=dtype,
                progress=not quiet,
            )
            table = {
                "time": time, "missing": missing, "order": order, "delimiter": delimiter,
                "decimal": decimal, "thousands": thousands, "comment": comment, "header": header,
                "encoding": encoding,
            }  # fmt: skip
            given = {name: value for name, value in table.items() if value is not None}
            result = train_run(forecaster, load(dataset, column, **given), output)
    typer.echo(summary(result))
    typer.echo(f"results and pictures: {folder}")


@contextmanager
def _resumable(folder: Path | None) -> Iterator[None]:
    """Say how to go on where training in `folder` is interrupted."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if folder is None or not (folder / "config.json").exists():
            raise
        say(f"\ninterrupted: {interrupt}\ncontinue with: tnqlstm train --resume {folder}")
        raise typer.Exit(INTERRUPTED) from None


@app.command()
def evaluate(
    run: RunFolder,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """Print the errors of a run.

    They are those of one-step forecasts, computed from the checkpoint, beside the baselines.

    \b
    Example:
      tnqlstm evaluate runs/first --json
    """
    from .forecasting.forecaster import Forecaster
    from .forecasting.runs import evaluate as evaluate_forecaster
    from .forecasting.runs import summary

    _set_threads(1)
    result = evaluate_forecaster(Forecaster.load(run))
    print_result(result if as_json else summary(result))


@app.command()
def forecast(
    run: RunFolder,
    horizon: Annotated[int, typer.Option(help="Number of points to forecast.")] = 20,
    start: Annotated[
        str,
        typer.Option(
            help="end (after the last known point) or split (after the training part, beside what "
            "came then)."
        ),
    ] = "end",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a .csv, or a picture: .png, .pdf or .svg."),
    ] = None,
) -> None:
    """Forecast many points in a row.

    Each is fed back as an input of the next. Without --output, prints CSV.

    \b
    Examples:
      tnqlstm forecast runs/first --horizon 40
      tnqlstm forecast runs/first --horizon 79 --start split --output free_run.png
    """
    from .forecasting.continuation import continuation
    from .forecasting.forecaster import Forecaster
    from .limits import MOST_POINTS, check_size

    _set_threads(1)
    if output is not None:
        check_new_file(output, (".csv", *PICTURES))
    check_size("this forecast", horizon, MOST_POINTS, "points", "Take a smaller --horizon.")
    result = continuation(Forecaster.load(run), horizon, start)
    if output is None:
        typer.echo(result.to_csv(), nl=False)
        return
    if output.suffix.lower() == ".csv":
        write_atomically(output, result.to_csv().encode())
    else:
        write_figure(result.draw(), output)
    typer.echo(f"{horizon} points: {output}")


app.command(epilog=NETWORK_FILES)(partition)
app.command("cost-table")(cost_table)


@app.command()
def info() -> None:
    """Print versions, threads and known names.

    The names are those of data sets, models, cells, schemes, ansätze, costs, links and scalings.
    """
    from .about import about

    for name, value in about().items():
        typer.echo(f"{name:<12} {value}")


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path(
        "runs/demo"
    ),
    epochs: Annotated[int, typer.Option(min=1, help="Of each model.")] = 100,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")] = False,
) -> None:
    """Compare three QLSTMs and an LSTM.

    Trains each on the damped oscillator, in about a minute together, and prints a table. A second
    demo replaces the results of the first.
    """
    from .forecasting.demo import NOTES, results_table, run_demo

    _set_threads(1)
    announce = None if quiet else say
    results = run_demo(output, epochs, progress=not quiet, announce=announce)
    typer.echo(f"\n{results_table(results)}\n\n{NOTES}\nResults and pictures: {output}")


def _only(ctx: typer.Context, *allowed: str) -> None:
    """Raise a `DataError` where an option was given that `--resume` can't change."""
    given = [
        name
        for name in ctx.params
        if name not in allowed
        and (source := ctx.get_parameter_source(name)) is not None
        and source.name == "COMMANDLINE"
    ]
    if given:
        listed = ", ".join(name if name == "dataset" else f"--{name}" for name in given)
        raise DataError(
            f"a resumed run keeps its own options, so {listed.replace('_', '-')} can't be changed. "
            "Leave out all but --epochs, or start a new run."
        )


def _set_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
