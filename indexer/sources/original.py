"""A letter's own bytes, from where it was read: only while they are what they were then."""

import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from imrsearch.indexer.sources.files import LARGEST, printable
from imrsearch.indexer.sources.html import page_text
from imrsearch.indexer.sources.text import decode
from imrsearch.schema.records import Source

UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)


def original_of(source: Source) -> bytes | None:
    """The bytes that the letter was read from; null where they are gone, changed, or a line among others."""
    try:
        found = (content for content in contents_at(source) if hashlib.sha256(content).hexdigest() == source.sha256)
        return next(found, None)
    except UNREADABLE:
        return None


def is_there(source: Source) -> bool:
    """The file, or the archive, that the letter was read from still stands there, whatever it holds by now."""
    return place_of(source) is not None


def text_of(content: bytes, kind: str) -> str:
    """The text of a letter that is no PDF, as its reader decodes it."""
    return page_text(content) if kind == "html" else decode(content)


def contents_at(source: Source) -> Iterator[bytes]:
    """What stands where the letter was read, each no longer than a letter of its kind may be."""
    place, most = place_of(source), LARGEST.get(source.kind)
    if place is None or most is None:
        return
    path, member = place
    if not member:
        with path.open("rb") as stream:
            yield stream.read(most + 1)
        return
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if printable(Path(entry.filename)) == member and entry.file_size <= most:
                with archive.open(entry) as packed:
                    yield packed.read(most + 1)


def place_of(source: Source) -> tuple[Path, str] | None:
    """The file, and the member of it or ""; null where there is none: "letters.zip/CM17-0000001.pdf"."""
    given = Path(source.path)
    for path in (given, *given.parents):
        if found := file_named(path):
            return found, "" if path == given else given.relative_to(path).as_posix()
    return None


def file_named(path: Path) -> Path | None:
    """The file of that name, which may be written with escapes."""
    try:
        if path.is_file():
            return path
        if "\\" in path.name:
            return next((other for other in path.parent.iterdir() if printable(other) == str(path)), None)
    except (OSError, ValueError):
        return None
    return None
