"""A list of items written in any format, whole or not at all."""

import contextlib
import os
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO

from imrsearch.schema.errors import UsageError
from imrsearch.search.exports.pages import as_markdown, write_docx
from imrsearch.search.exports.references import as_bibtex, as_ris
from imrsearch.search.exports.tables import as_csv, as_jsonl, as_tsv, write_xlsx
from imrsearch.search.listing import Head, Listed

TEXTS: dict[str, Callable[[Iterable[Listed], Head], Iterator[str]]] = {
    "csv": as_csv,
    "tsv": as_tsv,
    "jsonl": as_jsonl,
    "markdown": as_markdown,
    "bibtex": as_bibtex,
    "ris": as_ris,
}
BINARIES: dict[str, Callable[[Iterable[Listed], Head, BinaryIO], None]] = {"xlsx": write_xlsx, "docx": write_docx}
FORMATS = (*TEXTS, *BINARIES)
# Formats of files by how their names end, where that is not the format's own name.
ENDINGS = {"md": "markdown", "bib": "bibtex"}
# Spreadsheets read these as UTF-8 only where a mark at the beginning says so.
MARKED = ("csv", "tsv")
# Texts that are sent together.
TOGETHER = 200


def format_of(given: str | None, output: Path | None) -> str:
    """The format asked for, else what the file's name ends in; UsageError where that is none."""
    ending = output.suffix.lower().removeprefix(".") if output else ""
    name = given.lower() if given else ENDINGS.get(ending, ending)
    if name not in FORMATS:
        what = f"there is no format {given}" if given else f"the format of {output} is not known"
        raise UsageError(what, hint=f"--format is one of: {', '.join(FORMATS)}; --json prints JSON")
    return name


def write_items(items: Iterable[Listed], head: Head, *, format: str, stream: BinaryIO) -> None:
    """Write the items one after another, the head first; `format` is one of FORMATS."""
    if write := BINARIES.get(format):
        # An archive goes back and forth in its file, which a pipe cannot do.
        with TemporaryFile() as archive:
            write(items, head, archive)
            archive.seek(0)
            copyfileobj(archive, stream)
        return
    for text in TEXTS[format](items, head):
        stream.write(text.encode("utf-8", "replace"))


def pieces_of_file(items: Iterable[Listed], head: Head, *, format: str) -> Iterator[bytes]:
    """A file of the items piece by piece, as `write_file` writes it; `format` is one of TEXTS."""
    if format in MARKED:
        yield BOM_UTF8
    texts = TEXTS[format](items, head)
    while some := "".join(islice(texts, TOGETHER)):
        yield some.encode("utf-8", "replace")


def write_file(items: Iterable[Listed], head: Head, *, format: str, output: Path, force: bool = False) -> None:
    """Write the items to a file, which is there when it is whole; UsageError where there is one already."""
    with new_file(output, force=force) as stream:
        if format in MARKED:
            stream.write(BOM_UTF8)
        write_items(items, head, format=format, stream=stream)


def check_output(output: Path, *, force: bool = False) -> None:
    """UsageError where no file may be written."""
    with file_errors(output):
        taken, is_file = output.exists(), output.is_file()
    if taken and not is_file:
        raise UsageError(f"{output} is not a file", hint="name a file, or leave out --output")
    if taken and not force:
        raise UsageError(f"{output} exists", hint="name another file, or write over it: --force")


@contextlib.contextmanager
def new_file(output: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write; it takes its name when all is written, and goes where something fails."""
    check_output(output, force=force)
    with file_errors(output):
        # What a link names is replaced, not the link.
        output = output.resolve()
        beside = output.with_name(f".{output.name}.{os.getpid()}.new")
        try:
            with beside.open("wb") as stream:
                yield stream
            check_output(output, force=force)
            beside.replace(output)
        finally:
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def file_errors(output: Path) -> Iterator[None]:
    """Whatever the system has against the file, as a UsageError."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}", hint="name another file") from error
