"""The text of a file: plain or gzip, in the encoding that its first bytes or the caller name."""

from __future__ import annotations

import codecs
import gzip
import io
import stat
import zlib
from pathlib import Path

from ..errors import DataError

__all__ = ["read_text"]

MAX_BYTES = 2**30  # after unpacking; what's larger is no series but an accident, or a trap
_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP = b"\x1f\x8b"
_OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive or an Excel file",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"PAR1": "a Parquet file",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy file",
}


def read_text(path: Path, encoding: str | None = None) -> str:
    """The text of a file, without a byte order mark; line ends as they are.

    `encoding`: a codec of Python's; None: that of the byte order mark (UTF-8, -16, -32), UTF-8
    where there is none. Raises `FileNotFoundError`; `DataError`, with the option that helps, for
    what isn't a plain file, isn't text, or unpacks to more than 1 GiB.
    """
    if encoding is not None:
        _check_encoding(encoding)
    data = _bytes(path)
    for start, what in _OTHER_FORMATS.items():
        if data.startswith(start):
            raise DataError(f"{path} is {what}. Save the table as a text file: CSV, or CSV in .gz.")
    mark = next((name for bom, name in _MARKS if data.startswith(bom)), None)
    try:
        text = data.decode(encoding or mark or "utf-8").removeprefix("\ufeff")
    except UnicodeError as error:  # a codec of Chinese may raise the base class
        raise DataError(_undecoded(path, encoding or mark, data, error)) from None
    if "\0" in text:
        raise DataError(
            f"{path} holds bytes of 0: it isn't text in {encoding or 'UTF-8'}. "
            "encoding='utf-16-le' or encoding='utf-16-be' reads UTF-16 without a byte order mark."
        )
    return text


def _bytes(path: Path) -> bytes:
    """The content of a regular file, unpacked."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise FileNotFoundError(
            f"no file {str(path)!r} ({error.strerror}). Check the path, or name a built-in data "
            "set."
        ) from None
    except ValueError as error:  # a path with a null byte
        raise DataError(f"no file can be named {str(path)!r}: {error}.") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise DataError(f"{path} is {kind}, not a text file. Save the data in a file first.")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if data.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is a gzip file, truncated or corrupt: {error}.") from None
    if len(data) > MAX_BYTES:
        raise DataError(
            f"{path} holds more than {MAX_BYTES / 2**30:g} GiB of text. Cut out the column, or the "
            "part of the rows, that's to be forecast."
        )
    return data


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except (LookupError, TypeError, ValueError):
        raise DataError(
            f"unknown encoding {encoding!r}. Known are utf-8, utf-16, latin-1, cp1252 and the "
            "others that Python names."
        ) from None


def _undecoded(path: Path, encoding: str | None, data: bytes, error: UnicodeError) -> str:
    start = getattr(error, "start", 0)
    line = data.count(b"\n", 0, start) + 1
    if encoding is not None:
        return f"{path}, line {line}: not {encoding}: {error}. Name another encoding."
    return (
        f"{path}, line {line}: byte 0x{data[start]:02x} isn't UTF-8. Name the file's encoding: "
        "encoding='latin-1' or encoding='cp1252' reads Western European text, encoding='utf-16-le' "
        "what Windows calls Unicode."
    )
