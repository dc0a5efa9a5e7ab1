"""Pages of lines, as every reader finds them, to the lines of one letter."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Line

Page = Sequence[Line]
# The shapes of a page's first and last lines, by their place on it.
Edges = dict[int, tuple[tuple[int, str], ...]]

# How the line-end hyphen, soft hyphen, no-break space and zero-width marks of PDF and HTML come out as plain text.
PLAIN = {
    0x00: None, 0x02: "-", 0xFFFE: "-", 0xAD: None, 0xA0: " ", 0x2007: " ", 0x202F: " ", 0x3000: " ",
    0x200B: None, 0x200C: None, 0x200D: None, 0x2060: None, 0xFEFF: None,
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl",
}  # fmt: skip
# The characters of PLAIN: few lines have one.
UNPLAIN = re.compile("[" + "".join(map(re.escape, map(chr, PLAIN))) + "]")
# A letter of 20 pages has some thousand.
MOST_LINES = 20_000
# How many lines at either end of a page may be running headers or footers.
EDGE = 2
# On so many pages the same line is a running one.
FEWEST_PAGES = 3
DIGITS = re.compile(r"\d+")
# "medically necessary." at the foot of two pages, or "MRI of the knee: Upheld" at the head, is no running line.
PROSE = re.compile(r"^[a-z]|[.,:;]$|guideline:|rationale:|:\s*(?:Upheld|Overturned)$")
# Running lines of the letters, also where a converter has lost the pages: "Final Letter of Determination   Form
# Effective 12.09.13   Page 3 of 7", "IMR Final Determination CM17-0019171", "Page 2 of 4". Before "Page" stand words
# with capitals only: "improvement, as noted on page 2 of 4" is a rationale's.
FOOTER = re.compile(
    r"^(?:(?i:(?:IMR\s+)?Final\s+(?:Letter\s+of\s+Determination|Determination(?:\s+Letter)?)\b"
    r"(?=.*(?:\bCM\d\d-\d|\bPage\b|\bForm\s+Effective\b|\d$)).{0,100}"
    r"|Form\s+Effective\s+[\d./]+.{0,60})"
    r"|(?:(?:[^\sa-z]\S{0,30}|of|for)\s){0,10}(?:Page|PAGE)\s?\|?\s?\d{1,3}\s+(?i:of)\s+\d{1,3})$"
)
# How those lines begin in any case, unless they hold a word for "page" and end in its number.
FOOTER_INITIALS = frozenset("FfIi\u0130\u0131")
# "page 2 of 4", a line of its own at a page's edge; elsewhere it may be the end of a sentence.
SMALL_FOOTER = re.compile(r"^page\s\d{1,3}\sof\s\d{1,3}$")
# "- 4 -", "Page | 2": only at the edge of a page, and only with that page's own number.
PAGE_NUMBER = re.compile(r"^(?:-\s*|Page\W{0,3})?(\d{1,3})(?:\s*-)?$", re.IGNORECASE)


def plain(text: str) -> str:
    """The text with single spaces, ordinary hyphens, no invisible characters, and each accent on its letter.

    Words are told apart at what is no letter: an accent by itself would split "naïve" in the index and in a snippet.
    """
    text = text.strip()
    if is_plain(text):
        return text
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(PLAIN) if UNPLAIN.search(text) else text)
    elif "\x02" in text or "\x00" in text:
        text = text.translate(PLAIN)
    return " ".join(text.split())


def is_plain(text: str) -> bool:
    """The text without space around it is plain as it is, as nearly every line is."""
    return text.isascii() and text.isprintable() and "  " not in text


def check_lines(count: int) -> None:
    """SourceError for more lines than a letter has."""
    if count > MOST_LINES:
        raise SourceError(f"more than {MOST_LINES:,} lines: not a letter")


def lines_of(pages: Sequence[Page]) -> tuple[Line, ...]:
    """The letter's lines in order: running headers and footers left out, no line empty.

    The gap above a page's first line is not known: a page may break inside a sentence or before a heading.
    """
    edges_of_pages = [edge_lines(page) for page in pages]
    running = running_lines(edges_of_pages)
    lines: list[Line] = []
    for number, (page, edges) in enumerate(zip(pages, edges_of_pages, strict=True), start=1):
        dropped = {
            place
            for place in (*footer_places(page), *edges)
            if is_running(page[place], edges.get(place, ()), running, number)
        }
        kept = list(page)
        for place in sorted(dropped, reverse=True):
            del kept[place]
        if kept and lines:
            kept[0] = replace(kept[0], gap=None)
        lines.extend(kept)
    return tuple(lines)


def edge_lines(page: Page) -> Edges:
    """For the places of a page's first and last lines: (place from the head or, negative, the foot; shape)."""
    found: Edges = {}
    for edge in (*range(EDGE), *range(-EDGE, 0)):
        place = edge if edge >= 0 else len(page) + edge
        if 0 <= place < len(page):
            found[place] = (*found.get(place, ()), (edge, DIGITS.sub("#", page[place].text)))
    return found


def running_lines(edges_of_pages: Sequence[Edges]) -> set[tuple[int, str]]:
    """Edges and shapes of the lines that stand at the same edge of every page but perhaps one: "Page # of #"."""
    if len(edges_of_pages) < FEWEST_PAGES:
        return set()
    seen = Counter(edge for page in edges_of_pages for edges in page.values() for edge in edges)
    fewest = max(FEWEST_PAGES, len(edges_of_pages) - 1)
    return {edge for edge, count in seen.items() if count >= fewest and not PROSE.search(edge[1])}


def footer_places(page: Page) -> list[int]:
    """Where lines have what every line of FOOTER has; nearly no other has it, and needs no pattern."""
    return [
        place
        for place, line in enumerate(page)
        if (text := line.text)[0] in FOOTER_INITIALS or (text[-1].isdecimal() and ("Page" in text or "PAGE" in text))
    ]


def is_running(line: Line, edges: Iterable[tuple[int, str]], running: set[tuple[int, str]], number: int) -> bool:
    """A header or footer of page `number`, not of the letter."""
    text = line.text
    if FOOTER.match(text):
        return True
    if not edges:
        return False
    if not running.isdisjoint(edges) or SMALL_FOOTER.match(text):
        return True
    match = PAGE_NUMBER.match(text)
    return bool(match and int(match.group(1)) == number)


def with_gaps(lines: Sequence[Line], distances: Sequence[float | None], usual: float | None) -> list[Line]:
    """Lines with `gap` set where the distance from the line above is well over the usual one.

    distances  from the line above, one a line, None where there is none or it is not below that line
    usual      distance inside a paragraph; None where it is not known, which leaves every gap unknown
    """
    if usual is None:
        return list(lines)
    gaps = gaps_of(distances, usual)
    return [Line(line.text, gap, line.bold) for line, gap in zip(lines, gaps, strict=True)]


def gaps_of(distances: Sequence[float | None], usual: float) -> list[bool | None]:
    """Whether each distance from the line above is well over the usual one; None where it is not known."""
    most = usual * 1.25
    return [None if distance is None else distance > most for distance in distances]


def usual_distance(distances: Sequence[float | None]) -> float | None:
    """The distance between the lines of a paragraph: the median of all, rounded to a tenth."""
    known = sorted(distance for distance in distances if distance)
    return round(known[(len(known) - 1) // 2], 1) if known else None
