"""Plain text letters: encodings, and paragraphs from blank lines however they are used."""

from collections import Counter
from collections.abc import Sequence
from operator import sub

from imrsearch.indexer.sources.pages import check_lines, gaps_of, lines_of, plain
from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Line

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What pages declare that are in Windows-1252 all the same, as browsers know.
SAID_FOR_1252 = frozenset(("ascii", "us-ascii", "iso-8859-1", "latin-1", "latin1", "utf-8", "utf8"))
BROKEN = "\ufffd"
# Control characters that no text holds; tab, line ends and form feed do occur.
BINARY = bytes((*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)))
# Of these characters nearly every row is.
PRINTED = bytes(range(0x20, 0x7F))


def decode(content: bytes, declared: str | None = None) -> str:
    """Bytes to text: by byte order mark, declared encoding, UTF-8, UTF-16 without a mark, else Windows-1252."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    if looks_utf16(content):
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        damaged = content.decode("utf-8", errors="replace")
    broken = damaged.count(BROKEN)
    if sum(not char.isascii() for char in damaged) > 2 * broken:
        # Most characters beyond ASCII are whole: UTF-8 with a few bytes lost.
        return damaged
    try:
        return content.decode(
            "cp1252" if (declared or "").lower() in SAID_FOR_1252 else declared or "cp1252", "replace"
        )
    except (LookupError, UnicodeError):
        # A page may name an encoding that there is not, or one that is none for text.
        return content.decode("cp1252", errors="replace")


def looks_utf16(content: bytes) -> bool:
    """Every other byte of the start is zero, as in English UTF-16 without a byte order mark."""
    start = content[:512]
    return b"\0" in start and len(start) >= 4 and max(start[0::2].count(0), start[1::2].count(0)) > len(start) * 0.4


def text_lines(text: str) -> tuple[Line, ...]:
    """Lines of a plain text letter; SourceError where it is empty, no text at all or too long."""
    if not text.strip():
        raise SourceError("the file is empty")
    start = text[:4096].encode("latin-1", "replace")
    if len(start) - len(start.translate(None, BINARY)) > 8:
        raise SourceError("the file is not text, PDF, HTML, ZIP or JSONL", hint="imrsearch reads those kinds only")
    pages = text.split("\f")
    check_lines(len(pages))
    rows_of_pages = [page.splitlines() for page in pages]
    check_lines(sum(map(len, rows_of_pages)))
    return lines_of([page_lines(plain_rows(rows)) for rows in rows_of_pages])


def plain_rows(rows: Sequence[str]) -> list[str]:
    """The rows of a page, each as plain text."""
    page = "".join(rows)
    if page.isascii() and not page.encode().translate(None, PRINTED):
        # Of nearly every page this is all there is to do.
        return [plain(row) if "  " in row else row for row in map(str.strip, rows)]
    return list(map(plain, rows))


def page_lines(rows: Sequence[str]) -> list[Line]:
    """Lines of a page's rows, with a gap where more blank lines stand above than between most lines.

    A crawler's text may hold a blank line after every line; then only two or more begin a paragraph.
    """
    places = [place for place, words in enumerate(rows) if words]
    distances = [None, *map(sub, places[1:], places)]
    usual = usual_rows(distances)
    texts = filter(None, rows)
    return list(map(Line, texts) if usual is None else map(Line, texts, gaps_of(distances, usual)))


def usual_rows(distances: Sequence[int | None]) -> int | None:
    """The distance in rows between most lines: 1 or 2; None where no line has another distance."""
    counted = Counter(distances)
    del counted[None]
    if len(counted) < 2:
        return None
    return counted.most_common(1)[0][0]
