"""Where an item's heading begins and ends among the lines, and what it says.

The end is plain: an outcome, with the first label of the item on the next line. The beginning is not:
headings run over as many as six lines, right under the last line of another item's rationale. Bold type
and gaps show it where the kind of file has them; else the way the line above ends.
"""

import re
from collections.abc import Collection, Container, Sequence

from msgspec import Struct
from msgspec.structs import replace

from imrsearch.indexer.letter.sections import prose
from imrsearch.schema.records import Line

Lines = Sequence[Line]

# Behind the LAST colon: "Klonopin 1mg #90: Upheld", "Associated surgical service: Cold therapy: Overturned".
OUTCOME = r"(?P<outcome>(?:Partially\s+)?(?:Upheld|Overturned)(?:\s+in\s+part)?|Withdrawn|Dismissed|Modified)"
OUTCOME_ALONE = re.compile(rf"^{OUTCOME}\s*\.?$", re.IGNORECASE)
# An outcome of an unknown word, which only the label below it gives away: "Norco #60: Remanded", "... : Denied in part"
WORD_ALONE = re.compile(r"^(?P<outcome>(?:[A-Z][a-z]+\s+)?[A-Z][A-Za-z-]*(?:ed|wn)(?:\s+in\s+part)?)\s*\.?$")
# "Upheld", "Withdrawn", "Overturned in part", "medically necessary and appropriate": few other lines end as these do.
LAST_LETTERS = frozenset("dnteDNTE")
# The label under every heading; a heading above it whose outcome cannot be read is still a heading.
FIRST_LABEL = re.compile(r"^Claims\s+Administrator(?:'s|’s)?\s+guidelines?\s*:", re.IGNORECASE)
UNKNOWN = "unknown"
# "MRI of the left knee Upheld"
HEADING_WITHOUT_COLON = re.compile(rf"^(?P<treatment>.+?)\s{OUTCOME}\s*\.?$", re.IGNORECASE)
# 2014: "1. Acupuncture two times a week is not medically necessary and appropriate."
HEADING_SENTENCE = re.compile(
    r"^(?:\d+\s*[.)]\s*)?(?P<treatment>.+?)\s(?:is|are)\s?(?P<negation>not)?\s?medically\s*necessary\s+and\s+appropriate\s*\.?$",
    re.IGNORECASE,
)
# The first letter stands outside of what is read in any case, since a search for plain letters is many times faster.
SENTENCE_END = re.compile(r"[Mm](?<!\w[Mm])(?i:edically\s*necessary\s+and\s+appropriate\s*\.?$)")
NUMBERED = re.compile(r"^\d{1,2}\s*[.)]\s+\D")
# A partly authorized heading holds whole sentences: its first ends in "was the original request."
PARTLY = re.compile(
    r"\b(?:of\s+the\s+original\s+request|The\s+original\s+request,|leaving\s+the\s+original\s+request)\b", re.IGNORECASE
)
FIRST_OF_PARTLY = re.compile(r"\b(?:was|were)\s+the\s+original\s+request", re.IGNORECASE)
# What may follow the full stop of a sentence.
CLOSING = "\"”’')]"
# More lines than any heading; the longest seen has seven.
MOST_LINES = 12
# How much shorter than the widest lines a full line may be in a proportional font, as a share.
RAGGED = 0.12


class Heading(Struct, frozen=True):
    """An item's heading at `lines[start:stop]`.

    treatment  as printed, without the outcome
    outcome    in lower case
    """

    start: int
    stop: int
    treatment: str
    outcome: str


def find_headings(lines: Lines, labels: Collection[int]) -> list[Heading]:
    """Every heading, in order. Bold type counts only where it is what headings are set in.

    labels  the places of the lines that begin a part of an item
    """
    known = [place for place, line in enumerate(lines) if line.bold is not None]
    if known and not any(
        lines[place].bold and place + 1 in labels and ":" in lines[place].text and in_outcome(lines[place].text)
        for place in known
    ):
        lines = [line if line.bold is None else replace(line, bold=None) for line in lines]
    found: list[Heading] = []
    width = full_width(lines)
    for place in places_of_ends(lines, labels):
        labelled = place + 1 in labels
        first = labelled and place not in labels and FIRST_LABEL.match(lines[place + 1].text)
        if first or is_end(lines[place], lines[place - 1] if place else None, labelled=labelled):
            floor = found[-1].stop if found else 0
            start = heading_start(lines, place, floor=floor, width=width, labels=labels)
            found.append(heading_at(lines, start, place + 1))
    return found


def places_of_ends(lines: Lines, labels: Collection[int]) -> list[int]:
    """Where a heading may end: at a colon, under one in bold, or above a label; few lines are any of these."""
    colons = [place for place, line in enumerate(lines) if ":" in line.text]
    under = [place + 1 for place in colons if lines[place].bold and place + 1 < len(lines)]
    return sorted({*colons, *under, *(place - 1 for place in labels if place)})


def is_end(line: Line, above: Line | None, *, labelled: bool) -> bool:
    """The line ends a heading: it ends in an outcome, and what follows or how it is set bears that out.

    labelled  the next line begins a part of an item
    """
    text = line.text
    last = text.rstrip(" .")[-1:]
    if last and last not in LAST_LETTERS:
        return False
    if labelled:
        treatment, _, word = text.rpartition(":")
        return bool(
            in_outcome(text)
            or (treatment and WORD_ALONE.match(word.lstrip()))
            or SENTENCE_END.search(f"{above.text} {text}" if above else text)
        )
    if ":" in text:
        return line.bold is not False and line.gap is not False and in_outcome(text)
    return above is not None and above.bold is True and above.text.endswith(":") and in_outcome(text)


def in_outcome(text: str) -> bool:
    """The text ends in an outcome, behind its last colon where it has one."""
    return bool(OUTCOME_ALONE.match(text.rpartition(":")[2].lstrip()))


def heading_start(lines: Lines, end: int, *, floor: int, width: float, labels: Container[int]) -> int:
    """Place of the heading's first line, given its last; never above `floor` or a label."""
    place = end
    while place > floor and end - place < MOST_LINES:
        if place - 1 in labels or starts_heading(lines, place, end, width=width):
            break
        place -= 1
    return place


def starts_heading(lines: Lines, place: int, end: int, *, width: float) -> bool:
    """`lines[place]` begins the heading that ends at `end`, as far as it and the line above tell."""
    line, above = lines[place], lines[place - 1]
    if line.text.startswith(":") or (OUTCOME_ALONE.match(line.text) and above.text.endswith(":")):
        return False
    room = ends_paragraph(above.text, line.text, width=width)
    # A page that breaks inside a heading leaves a gap before the rest of it.
    broken_here = line.text[:1].islower() and not room and not is_sentence(above.text)
    if line.bold is not None and above.bold is not None:
        return above.bold is not True or (bool(line.gap) and not broken_here)
    text = " ".join([each.text for each in lines[place : end + 1]])
    # Both speak of the "original" request, as nearly no heading does.
    if "original" in text.lower() and PARTLY.search(text) and not FIRST_OF_PARTLY.search(text):
        return False
    if line.gap:
        return not broken_here
    return bool(NUMBERED.match(line.text) or is_sentence(above.text)) or room


def is_sentence(text: str) -> bool:
    """The text ends as a sentence does."""
    return text.endswith(('"', "”")) or text.rstrip(CLOSING).endswith((".", "!", "?"))


def ends_paragraph(above: str, text: str, *, width: float) -> bool:
    """The line above was ended though the next word had room on it."""
    return len(above) + 1 + len(text.split(" ", 1)[0]) < width * (1 - RAGGED)


def full_width(lines: Lines) -> float:
    """Characters of a full line: the ninth decile of all line lengths; 0 where lines are whole paragraphs."""
    lengths = sorted([len(line.text) for line in lines])
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    return float(width) if width <= 200 else 0.0


def heading_at(lines: Lines, start: int, stop: int) -> Heading:
    """The heading's words and outcome, in the first form that fits; the outcome is "unknown" where none does."""
    text = prose([line.text for line in lines[start:stop]])
    treatment, _, word = text.rpartition(":")
    word = word.lstrip()
    if treatment and (match := OUTCOME_ALONE.match(word) or WORD_ALONE.match(word)):
        return Heading(start, stop, treatment.rstrip(), folded(match.group("outcome")))
    if match := HEADING_SENTENCE.match(text):
        return Heading(
            start, stop, match.group("treatment").rstrip(" ,"), "upheld" if match.group("negation") else "overturned"
        )
    if match := HEADING_WITHOUT_COLON.match(text):
        return Heading(start, stop, match.group("treatment").rstrip(" :"), folded(match.group("outcome")))
    return Heading(start, stop, text.rstrip(" :"), UNKNOWN)


def folded(outcome: str) -> str:
    """An outcome in lower case with single spaces."""
    return " ".join(outcome.lower().split())
