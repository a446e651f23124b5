"""How a command ends: one line on stderr and an exit code, whatever its streams and Ctrl-C do.

Exit codes: 0 done; 2 bad input, or a file that can't be read or written; 130 Ctrl-C; and as any
Unix program, by SIGPIPE (141 in a shell) where the reader of a pipe has gone.
"""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from .errors import TnqlstmError

__all__ = ["INTERRUPTED", "REFUSED", "as_a_process", "message_of", "say"]

REFUSED, INTERRUPTED = 2, 130


def message_of(error: BaseException) -> str | None:
    """What a user should read of an error, in one line; None for a bug, which has a traceback."""
    message = _message(error)
    return message and re.sub(r"\S{500,}", lambda m: f"{m[0][:60]}…{m[0][-20:]}", message)


def _message(error: BaseException) -> str | None:
    if isinstance(error, TnqlstmError):
        return str(error)
    if isinstance(error, OSError):
        if error.strerror is None:
            return str(error)
        place = "" if error.filename is None else f": {os.fspath(error.filename)!r}"
        return f"{error.strerror}{place}"
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return "not enough memory. Choose smaller sizes, or use a machine with more."
    return None


def say(message: str) -> None:
    """Write a line to stderr, or nowhere if that can't be written."""
    with suppress(OSError):
        typer.echo(message, err=True)


@contextmanager
def as_a_process() -> Iterator[None]:
    """Streams and signals for a command that is a whole process.

    Whatever bytes a path has can be printed. A stream that is closed leads nowhere, as does what
    stderr doesn't take: it has messages and progress bars only, and the work goes on. The first
    Ctrl-C is a `KeyboardInterrupt`, the second ends the process at once.
    """
    _open_closed_streams()
    _write_any_path()
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    listens = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # nohup and a shell's jobs
    if listens:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    except SystemExit as end:
        sys.exit(_flushed(end.code))
    except BaseException as error:
        if signal.getsignal(signal.SIGINT) is _leave:
            sys.exit(INTERRUPTED)  # a library made another error of the KeyboardInterrupt
        message = message_of(error)
        if message is None:
            raise
        say(f"error: {message}")
        sys.exit(_flushed(REFUSED))
    finally:
        if listens:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(_: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _leave)
    raise KeyboardInterrupt


def _leave(_: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


class _Tolerant(io.FileIO):
    """A file whose writes never fail: what it can't take is lost."""

    def write(self, content: object) -> int:
        try:
            return super().write(content)  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(content).cast("B"))  # type: ignore[arg-type]


def _open_closed_streams() -> None:
    """Lead closed descriptors nowhere, before a file of the command's own gets their numbers."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _write_any_path() -> None:
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        utf8 = out.encoding.lower().replace("-", "") == "utf8"
        out.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(_Tolerant(2, "w", closefd=False)),
            encoding=sys.stderr.encoding, errors="backslashreplace", line_buffering=True,
        )  # fmt: skip


def _flushed(code: str | int | None) -> str | int | None:
    """The exit code, once all of stdout is written; `REFUSED` where it can't be."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes once more at its end
        if code in (0, None):
            say(f"error: can't write the result: {error.strerror}")
            return REFUSED
    return code
