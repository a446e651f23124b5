"""Files that a command writes: checked before the work starts, written whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "PICTURES",
    "check_new_file",
    "check_new_folder",
    "figure_bytes",
    "file_names",
    "is_unfinished",
    "remove_unfinished",
    "write_atomically",
    "write_figure",
    "write_folder",
]

PICTURES = (".png", ".pdf", ".svg")
_DOTS_AN_INCH = 150
_LARGE, _DOTS_AN_INCH_LARGE = 16.0, 100  # inches from which on so many dots are enough


def check_new_file(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise `DataError` where no file can be written, `FileNotFoundError` without its folder.

    Nothing may be there yet, and the name must end in one of the suffixes.
    """
    if path.suffix.lower() not in suffixes:
        raise DataError(f"can't write {str(path)!r}. Name a file ending in {', '.join(suffixes)}.")
    if path.exists():
        raise DataError(f"{str(path)!r} is there already. Choose another file, or remove it.")
    _check_parent(path)


def check_new_folder(path: Path) -> None:
    """Raise `DataError` where no folder can be made, `FileNotFoundError` without the one around it.

    The folder may be there if it is empty.
    """
    if path.exists() and not path.is_dir():
        raise DataError(f"{str(path)!r} is a file. Choose another folder.")
    if path.is_dir() and any(path.iterdir()):
        raise DataError(f"the folder {str(path)!r} isn't empty. Choose a new or an empty one.")
    _check_parent(path)


def _check_parent(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no folder {str(path.parent)!r} to write {path.name!r} into.")


def write_atomically(
    path: Path,
    content: bytes,
    *,
    folder: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Replace a file in one step: the old content or the new one, whatever happens in between.

    What killed writes of this file left beside it is removed. `folder`: a descriptor of the folder,
    to write into even if the path leads elsewhere by now. `check` is called when all is written,
    and stops the replacement by raising.
    """
    if folder is None:
        remove_unfinished(path.parent, path.name)
    target = str(path) if folder is None else path.name
    name = _unfinished_name(path.name)
    temporary = str(path.with_name(name)) if folder is None else name
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666, dir_fd=folder)
    try:
        with open(handle, "wb") as file:
            _lock(handle)
            file.write(content)
            file.flush()
            os.fsync(handle)
            if os.name == "nt":  # which renames no open file
                file.close()
            check()
            os.replace(temporary, target, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def is_unfinished(name: str, of: Iterable[str]) -> bool:
    """Whether a name is that of an unfinished write of one of these files or folders."""
    match = re.fullmatch(r"\.(.+)\.[0-9a-f]+", name, flags=re.DOTALL)
    return match is not None and match[1] in set(of)


def remove_unfinished(folder: Path, name: str) -> None:
    """Remove what killed writes of this file or folder left; one that goes on is let be."""
    try:
        left = [entry for entry in folder.iterdir() if is_unfinished(entry.name, [name])]
    except OSError:
        return
    for entry in left:
        with suppress(OSError):
            handle = os.open(entry, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            try:
                if not _lock(handle):
                    continue
                if entry.is_dir():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
            finally:
                os.close(handle)


def _unfinished_name(name: str) -> str:
    return f".{name}.{secrets.token_hex(4)}"


def _lock(handle: int) -> bool:
    """Hold a file or folder until its descriptor is closed; False where another process does.

    True where there are no locks (Windows): an open file can't be removed there.
    """
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the path's suffix, one of `PICTURES`.

    Replaces the file. Raises `DataError` for another suffix.
    """
    if path.suffix.lower() not in PICTURES:
        raise DataError(f"can't draw into {str(path)!r}. Name a .png, .pdf or .svg file.")
    write_atomically(path, figure_bytes(figure, path.suffix))


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """A figure in the format of a suffix, one of `PICTURES`."""
    buffer = io.BytesIO()
    is_large = max(figure.get_size_inches()) > _LARGE
    dots = _DOTS_AN_INCH_LARGE if is_large else _DOTS_AN_INCH
    figure.savefig(buffer, format=suffix.lstrip(".").lower(), dpi=dots)
    return buffer.getvalue()


def write_folder(path: Path, texts: Mapping[str, str]) -> None:
    """Make a folder of text files, {file name: text}, in one step; an empty one is replaced."""
    path = path.absolute()
    remove_unfinished(path.parent, path.name)
    temporary = path.with_name(_unfinished_name(path.name))
    temporary.mkdir()
    try:
        with _holding(temporary):
            for name, text in texts.items():
                (temporary / name).write_text(text, encoding="utf-8")
            if path.is_dir():
                path.rmdir()
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _holding(folder: Path) -> Iterator[None]:
    """Keep `remove_unfinished` of other processes away from a folder, where there are locks."""
    if os.name == "nt":  # which opens no folders
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def file_names(labels: list[object], suffix: str) -> list[str]:
    """A file name for each label, all different: other letters than A-Z, 0-9, . and - become _."""
    names: list[str] = []
    for label in labels:
        stem = re.sub(r"[^A-Za-z0-9.-]+", "_", str(label)).strip("._-") or "unnamed"
        taken = {name.casefold() for name in names}
        number, name = 2, f"{stem}{suffix}"
        while name.casefold() in taken:
            number, name = number + 1, f"{stem}_{number}{suffix}"
        names.append(name)
    return names
