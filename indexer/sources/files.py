"""Paths to letters as read: which files there are, of what kind each is, and what is inside an archive."""

import glob
import hashlib
import lzma
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Literal

from msgspec import Struct

from imrsearch.indexer.sources.jsonl import jsonl_letters
from imrsearch.indexer.sources.text import decode, text_lines
from imrsearch.schema.errors import SourceError, UsageError
from imrsearch.schema.manifest import MANIFEST
from imrsearch.schema.records import Line, RawLetter, Source

# Bytes. A PDF of 20 pages has some 300 KB, and with scanned images some MB; its text has 60 KB.
LARGEST = {"pdf": 64_000_000, "html": 4_000_000, "text": 4_000_000}
# Of an archive's member, unpacked over packed; letters reach 10.
LARGEST_RATIO = 200
MOST_MEMBERS = 100_000
START = 65_536
ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
# `{"letter_id": "CM17-..."` or any object that begins a line.
JSON_START = re.compile(rb"^(?:\xef\xbb\xbf)?\s*\{\s*\"")
# `<html`, `<!DOCTYPE html`, `<?xml ...?><html`, or a page that begins with its first paragraph.
HTML_START = re.compile(
    r"^\ufeff?\s*(?:<\?xml|<!doctype|<!--|<(?:html|head|body|div|p|pre|table|h[1-6]|meta|span)\b)", re.IGNORECASE
)
HIDDEN = (".", "~$", "__MACOSX")


Known = Callable[[Source], bool]


def never_known(_: Source) -> bool:
    """Every letter is new."""
    return False


class Unread(Struct, frozen=True, tag=True):
    """A file, or a part of an archive, that is not a letter we can read.

    path    as given, with the member of an archive
    reason  one sentence
    hint    what to do, or ""
    """

    path: str
    reason: str
    hint: str = ""


def letter_files(paths: Iterable[str]) -> Iterator[Path]:
    """Every file that the paths name: files, folders with all below them, and globs; each once, sorted in a folder.

    A folder that cannot be opened is given itself, so that reading it says why. Raises UsageError for a path that
    names nothing, before any file.
    """
    named = [name for given in paths for name in named_by(given)]
    # A walk meets no file twice; only what is named within something else named needs to be remembered.
    overlapping = overlapping_among(named)
    seen: set[str] = set()
    for name in named:
        path = Path(name)
        for file in folder_files(path) if path.is_dir() else (path,):
            if name in overlapping:
                if str(file) in seen:
                    continue
                seen.add(str(file))
            yield file


def named_by(given: str) -> list[str]:
    """The file or folder of that name, else what the glob matches, sorted; UsageError where that is nothing."""
    path = Path(given).expanduser()
    if path.exists() or path.is_symlink():
        return [str(path)]
    if not (found := [str(Path(match)) for match in sorted(glob.glob(given, recursive=True))]):
        raise UsageError(
            f"no such file or folder: {given}", hint="check the path; quote a glob such as 'letters/*.pdf'"
        )
    return found


def overlapping_among(named: Sequence[str]) -> set[str]:
    """The names that stand twice, lie below another, or have another below them."""
    counted = Counter(named)
    found = {name for name, count in counted.items() if count > 1}
    for name in counted:
        if len(counted) > 1 and (above := [folder for folder in map(str, Path(name).parents) if folder in counted]):
            found.update((name, *above))
    return found


def folder_files(folder: Path) -> Iterator[Path]:
    """The folder's files and those of its folders, sorted, without hidden ones; no pipes, and no links to folders."""
    names: list[str] = []
    folders: set[str] = set()
    links: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.add(entry.name)
                elif not entry.is_file(follow_symlinks=False):
                    links.add(entry.name)
    except OSError:
        yield folder
        return
    if MANIFEST in names:
        # An index that lies among the letters is not read as letters.
        return
    names.sort()
    for name in names:
        path = folder / name
        if name.startswith(HIDDEN):
            continue
        if name in folders:
            yield from folder_files(path)
        elif name not in links or path.is_file() or not path.exists():
            yield path


def holding_of(path: Path) -> Literal["archive", "records", "pdf", "letter"]:
    """What the file seems to hold, told from its beginning: an archive, a letter a line, a PDF, or another letter."""
    try:
        with path.open("rb") as stream:
            start = stream.read(1024)
    except OSError:
        return "letter"
    if start.startswith(ARCHIVE):
        return "archive"
    if JSON_START.match(start):
        return "records"
    return "pdf" if b"%PDF-" in start else "letter"


def members_in(path: Path) -> int:
    """How many members an archive has; 0 where it cannot be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            return len(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return 0


def read_letters(
    path: Path, *, known: Known = never_known, members: range | None = None
) -> Iterator[RawLetter | Unread]:
    """Each letter of a file, and each part of it that cannot be read; raises nothing for a bad file.

    known    told where a letter was found, says that it need not be read: it is given without its lines
    members  of an archive only these, counted from 0
    """
    name = printable(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(START)
            if start.startswith(ARCHIVE):
                stream.seek(0)
                yield from archive_letters(stream, name, known, chosen=members)
            elif JSON_START.match(start):
                stream.seek(0)
                yield from record_letters(stream, name)
            else:
                yield read_one(start, stream, path=name, known=known)
    except OSError as error:
        yield Unread(name, f"cannot be opened: {error.strerror or error}")


def printable(path: Path) -> str:
    """The path as text that any terminal or JSON holds: line ends, and bytes that are no text, as escapes."""
    text = os.fsencode(path).decode("utf-8", errors="backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def record_letters(stream: BinaryIO, path: str) -> Iterator[RawLetter | Unread]:
    """Letters of a JSONL stream."""
    for found in jsonl_letters(stream, path):
        yield Unread(path, found.message, found.hint) if isinstance(found, SourceError) else found


def read_one(start: bytes, stream: IO[bytes], *, path: str, known: Known) -> RawLetter | Unread:
    """The one letter of a PDF, HTML or text stream, whose start was read."""
    try:
        kind = kind_of(start)
        content = start if len(start) < START else start + stream.read(LARGEST[kind] + 1 - len(start))
        if len(content) > LARGEST[kind]:
            raise SourceError(f"larger than {LARGEST[kind] // 1_000_000} MB: not a letter")
        source = Source(path, kind, hashlib.sha256(content).hexdigest())
        return RawLetter(source, () if known(source) else lines_of_content(content, source.kind))
    except SourceError as error:
        return Unread(path, error.message, error.hint)


def kind_of(content: bytes) -> str:
    """ "pdf", "html" or "text", told from the content."""
    if b"%PDF-" in content[:1024]:
        return "pdf"
    return "html" if HTML_START.match(decode(content[:1024])) else "text"


def lines_of_content(content: bytes, kind: str) -> tuple[Line, ...]:
    """The lines of a letter; each reader is imported when first needed."""
    if kind == "pdf":
        from imrsearch.indexer.sources.pdf import pdf_lines

        return pdf_lines(content)
    if kind == "html":
        from imrsearch.indexer.sources.html import html_lines

        return html_lines(content)
    return text_lines(decode(content))


def archive_letters(
    stream: BinaryIO, path: str, known: Known, *, chosen: range | None = None
) -> Iterator[RawLetter | Unread]:
    """Letters of a ZIP, or of its chosen members, each read in memory and none written to disk."""
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            members = [member for member in entries if not member.is_dir()]
            if not members:
                yield Unread(path, "the ZIP is empty")
            if any(member.filename == "word/document.xml" for member in members):
                yield Unread(path, "a Word document", "save it as PDF or plain text")
                return
            if len(members) > MOST_MEMBERS:
                yield Unread(path, f"the archive has {len(members):,} members", "split it")
                return
            for member in entries[chosen.start : chosen.stop] if chosen else members:
                if not member.is_dir() and not PurePosixPath(member.filename).name.startswith(HIDDEN):
                    yield from member_letters(archive, member, f"{path}/{printable(Path(member.filename))}", known)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield Unread(path, f"the ZIP is damaged: {error}", "download or pack it again")


def member_letters(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, known: Known
) -> Iterator[RawLetter | Unread]:
    """Letters of one member; one that is unsafe, locked, damaged or out of proportion is given as unread."""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        yield Unread(path, "the member's name points outside the archive", "pack the archive again")
    elif member.flag_bits & 1:
        yield Unread(path, "the member needs a password", "unpack it first")
    elif member.file_size > max(LARGEST.values()) or member.file_size > LARGEST_RATIO * max(member.compress_size, 1000):
        yield Unread(path, f"unpacks to {member.file_size:,} bytes: not a letter")
    else:
        try:
            with archive.open(member) as stream:
                start = stream.read(START)
                if start.startswith(b"PK\x03\x04"):
                    yield Unread(path, "an archive inside an archive", "unpack it first")
                    return
                if not JSON_START.match(start):
                    yield read_one(start, stream, path=path, known=known)
                    return
            with archive.open(member) as stream:
                yield from record_letters(stream, path)  # type: ignore[arg-type]
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            EOFError,
            NotImplementedError,
            OSError,
            RuntimeError,
        ) as error:
            yield Unread(path, f"the member is damaged: {error}", "download or pack it again")
