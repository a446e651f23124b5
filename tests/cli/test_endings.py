"""How a command ends when its streams are closed or full, and at Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tnqlstm import __version__
from tnqlstm.forecasting import Forecaster, datasets
from tnqlstm.forecasting.runs import evaluate

from .calls import python

MAIN = "from tnqlstm.cli import main; main()"
PLACE = ("partition", "ry_brickwork:2x1", "--network", "line:1x2")
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


def closing(*descriptors: int) -> Callable[[], None]:
    """What a child does before it begins: `2>&-` of a shell."""

    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close


@pytest.mark.parametrize("closed", [(0,), (2,), (0, 1, 2)])
def test_closed_streams_lead_nowhere(closed: tuple[int, ...]) -> None:
    # programs are files, which must not get the number of a closed stream
    done = python(MAIN, *PLACE, "--programs", "p", preexec_fn=closing(*closed))
    assert (done.returncode, done.stderr) == (0, "" if 2 in closed else "1 programs: p\n")
    assert ("2 qubits on 1 of 1 QPU" in done.stdout) == (1 not in closed)
    assert Path("p/qpu0.qasm").read_text().startswith("OPENQASM 3")
    refused = python(MAIN, "partition", "none.qasm", *PLACE[2:], preexec_fn=closing(*closed))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 0 if 2 in closed else 1)


@needs_full
def test_a_full_disk_under_stdout_is_told() -> None:
    with FULL.open("w") as full:
        done = python(MAIN, *PLACE, stdout=full)
        assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")
        helped = python(MAIN, "--version", stdout=full)
        assert helped.returncode == 2
        assert "Traceback" not in helped.stderr


@needs_full
def test_what_stderr_does_not_take_does_not_stop_the_work() -> None:
    with FULL.open("w") as full:
        done = python(
            "import sys\n"
            "from tqdm import tqdm\n"
            "from tnqlstm.cli_ending import as_a_process\n"
            "with as_a_process():\n"
            "    assert sum(tqdm(range(3))) == 3\n"
            "    sys.stderr.write('a line\\n')\n"
            "    print('done')\n"
            "    sys.exit()\n",
            stderr=full,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "done\n")


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no pipes of Unix")
def test_a_closed_pipe_ends_the_command_silently() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = python(MAIN, *PLACE, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, "")


def test_a_path_that_is_not_utf_8() -> None:
    folder = Path(os.fsdecode(b"run\xff"))
    Path("wave.csv").rename(f"wave-{folder}.csv")
    series = datasets.read_csv(f"wave-{folder}.csv", 1)
    forecaster = Forecaster(1, 1, depth=1, epochs=1).fit(series.train, test=series.test)
    forecaster.save(folder)
    shown = python(MAIN, "evaluate", b"run\xff", "--json")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert json.loads(shown.stdout) == evaluate(forecaster)
    missing = python(MAIN, "partition", b"\xff.qasm", *PLACE[2:])
    assert (missing.returncode, missing.stderr) == (
        2, "error: no file '\\udcff.qasm'. Check the path.\n"
    )  # fmt: skip
    written = python(MAIN, *PLACE, "--programs", b"\xff")
    assert (written.returncode, Path(os.fsdecode(b"\xff")).is_dir()) == (0, True)


INTERRUPTED = (
    "import os, signal\n"
    "import tnqlstm.cli, tnqlstm.specs\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job may ignore it\n"
    "def ctrl_c(*_):\n"
    "    os.kill(os.getpid(), signal.SIGINT)\n"
    "tnqlstm.specs.parse_circuit = ctrl_c\n"
)


def test_ctrl_c() -> None:
    done = python(f"{INTERRUPTED}tnqlstm.cli.main()", *PLACE)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\ninterrupted\n")


def test_a_second_ctrl_c_ends_at_once() -> None:
    program = f"{INTERRUPTED}tnqlstm.cli.say = ctrl_c\ntnqlstm.cli.main()"
    done = python(program, *PLACE)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_of_which_a_library_makes_another_error() -> None:
    program = (
        f"{INTERRUPTED}"
        "def imported(*_):\n"
        "    try:\n"
        "        ctrl_c()\n"
        "    except KeyboardInterrupt:\n"
        "        raise ImportError('initialization failed')\n"
        "tnqlstm.specs.parse_circuit = imported\n"
        "tnqlstm.cli.main()"
    )
    done = python(program, *PLACE)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_that_was_ignored_before_stays_so() -> None:
    program = (
        f"{INTERRUPTED}"
        "from tnqlstm.circuit.ansatz import ry_brickwork\n"
        "tnqlstm.specs.parse_circuit = lambda _: ctrl_c() or ry_brickwork(2, 1)\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "tnqlstm.cli.main()"
    )
    assert python(program, *PLACE).returncode == 0


def test_ctrl_c_while_the_command_line_loads() -> None:
    program = (
        "import os, signal, sys\n"
        "from tnqlstm.__main__ import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'tnqlstm.cli':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "main()"
    )
    done = python(program, *PLACE)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "tnqlstm", "--version"]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert (done.returncode, done.stdout) == (0, f"tnqlstm {__version__}\n")
