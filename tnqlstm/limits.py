"""The sizes that a command takes on, checked before its work starts.

They are the command line's: past them a command runs for hours or out of memory, which a slip of
the finger shouldn't do. Python takes any size.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .circuit import Circuit
from .errors import TnqlstmError

__all__ = [
    "MOST_DIGITS",
    "MOST_GATES",
    "MOST_LINKS",
    "MOST_POINTS",
    "MOST_QPUS",
    "MOST_TRAINED_GATES",
    "MOST_WEIGHTS",
    "SizeError",
    "check_digits",
    "check_network_size",
    "check_size",
    "n_gates",
    "n_links",
]

MOST_GATES = 1_000_000  # some ten seconds to make, as many as an OpenQASM file may have
MOST_TRAINED_GATES = 100_000  # about a minute of planning
MOST_LINKS = 400_000  # as many as fit into a network file
MOST_QPUS = 1_000  # all routes between them take some twenty seconds
MOST_WEIGHTS = 100_000_000  # some 2 GB with what RMSprop keeps and a checkpoint
MOST_DIGITS = 9  # of a number in a text
MOST_POINTS = 1_000_000  # of a forecast, some ten minutes


class SizeError(TnqlstmError):
    """A size past what a command takes on."""


def check_size(what: str, number: int, most: int, unit: str, remedy: str) -> None:
    """Raise a `SizeError` where `what` would need more than `most` of a unit."""
    if number > most:
        raise SizeError(
            f"{what} would need {_shown(number)} {unit}; at most {most:,} wanted. {remedy}"
        )


def n_gates(ansatz: Callable[[int, int], Circuit], n_qubits: int, depth: int) -> int:
    """The number of gates of an ansatz of any size, from three qubits on; nothing large is made.

    It grows linearly in qubits and in depth, so that four small circuits tell.
    """
    a, b, c, d = (len(ansatz(n, k).operations) for n in (8, 9) for k in (1, 2))
    by_qubit, by_layer, by_both = c - a, b - a, d - c - b + a
    return a + (n_qubits - 8) * (by_qubit + (depth - 1) * by_both) + (depth - 1) * by_layer


def check_network_size(what: str, topology: str, n_qpus: int) -> None:
    """Raise a `SizeError` for a network of too many QPUs, or links between them."""
    remedy = "Take fewer QPUs."
    check_size(what, n_qpus, MOST_QPUS, "QPUs", remedy)
    check_size(what, n_links(topology, n_qpus), MOST_LINKS, "links", remedy)


def n_links(topology: str, n_qpus: int) -> int:
    """The number of links between so many QPUs; of a grid and a small world, the most."""
    return n_qpus * (n_qpus - 1) // 2 if topology == "complete" else 2 * n_qpus


def check_digits(what: str, text: str, error: type[TnqlstmError]) -> None:
    """Raise where a number is longer than any size that's of use."""
    if long := re.search(rf"\d{{{MOST_DIGITS + 1},}}", text):
        shown = long[0] if len(long[0]) <= 40 else f"{long[0][:40]}…"
        head = text if len(text) <= 60 else f"{text[:60]}…"
        raise error(
            f"{what} {head!r}: the number {shown} has {len(long[0])} digits; "
            f"at most {MOST_DIGITS} wanted."
        )


def _shown(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"about 10^{len(str(number)) - 1}"
