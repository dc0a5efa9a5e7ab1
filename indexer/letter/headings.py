"""Where an item's heading begins and ends among the lines, and what it says.

The end is plain: an outcome, with the first label of the item on the next line. The beginning is not:
headings run over as many as six lines, right under the last line of another item's rationale. Bold type
and gaps show it where the kind of file has them; else the way the line above ends.
"""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from imrsearch.indexer.letter.sections import prose
from imrsearch.schema.records import Line

Lines = Sequence[Line]

# "Klonopin 1mg #90: Upheld", "Associated surgical service: Cold therapy: Overturned". Split at the LAST colon.
OUTCOME = r"(?P<outcome>(?:Partially\s+)?(?:Upheld|Overturned)(?:\s+in\s+part)?|Withdrawn|Dismissed|Modified)"
HEADING_WITH_OUTCOME = re.compile(rf"^(?P<treatment>.*?)\s?:\s*{OUTCOME}\s*\.?$", re.IGNORECASE)
# An outcome of an unknown word, which only the label below it gives away: "Norco #60: Remanded", "... : Denied in part"
HEADING_WITH_WORD = re.compile(
    r"^(?P<treatment>.*\S)\s*:\s*(?P<outcome>(?:[A-Z][a-z]+\s+)?[A-Z][A-Za-z-]*(?:ed|wn)(?:\s+in\s+part)?)\s*\.?$"
)
# The label under every heading; a heading above it whose outcome cannot be read is still a heading.
FIRST_LABEL = re.compile(r"^Claims\s+Administrator(?:'s|’s)?\s+guidelines?\s*:", re.IGNORECASE)
UNKNOWN = "unknown"
# "Upheld", "Withdrawn", "Overturned in part", "medically necessary and appropriate": few other lines end as these do.
LAST_LETTERS = frozenset("dnteDNTE")
# The colon may be lost or stand on the line above.
OUTCOME_ALONE = re.compile(rf"^{OUTCOME}\s*\.?$", re.IGNORECASE)
# "MRI of the left knee Upheld"
HEADING_WITHOUT_COLON = re.compile(rf"^(?P<treatment>.+?)\s{OUTCOME}\s*\.?$", re.IGNORECASE)
# 2014: "1. Acupuncture two times a week is not medically necessary and appropriate."
HEADING_SENTENCE = re.compile(
    r"^(?:\d+\s*[.)]\s*)?(?P<treatment>.+?)\s(?:is|are)\s?(?P<negation>not)?\s?medically\s*necessary\s+and\s+appropriate\s*\.?$",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"\bmedically\s*necessary\s+and\s+appropriate\s*\.?$", re.IGNORECASE)
NUMBERED = re.compile(r"^\d{1,2}\s*[.)]\s+\D")
# A partly authorized heading holds whole sentences: its first ends in "was the original request."
PARTLY = re.compile(
    r"\b(?:of\s+the\s+original\s+request|The\s+original\s+request,|leaving\s+the\s+original\s+request)\b", re.IGNORECASE
)
FIRST_OF_PARTLY = re.compile(r"\b(?:was|were)\s+the\s+original\s+request", re.IGNORECASE)
SENTENCE_ENDED = re.compile(r"[.!?][\"”’')\]]*$|[\"”]$")
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


def find_headings(lines: Lines, labels: Sequence[bool]) -> list[Heading]:
    """Every heading, in order. Bold type counts only where it is what headings are set in.

    labels  which of the lines begin a part of an item
    """
    labelled = [*labels, False][1:]
    known = [place for place, line in enumerate(lines) if line.bold is not None]
    if known and not any(
        lines[place].bold and labelled[place] and HEADING_WITH_OUTCOME.match(lines[place].text) for place in known
    ):
        lines = [line if line.bold is None else replace(line, bold=None) for line in lines]
    found: list[Heading] = []
    width = full_width(lines)
    colons = [":" in line.text for line in lines]
    for place, line in enumerate(lines):
        # Nearly no line ends a heading, and these few tests tell it of most.
        if not (labelled[place] or colons[place] or (place and colons[place - 1])):
            continue
        above = lines[place - 1] if place else None
        first = labelled[place] and not labels[place] and bool(FIRST_LABEL.match(lines[place + 1].text))
        if not is_end(line, above, labelled=labelled[place], first=first):
            continue
        floor = found[-1].stop if found else 0
        start = heading_start(lines, place, floor=floor, width=width, labels=labels)
        found.append(heading_at(lines, start, place + 1))
    return found


def is_end(line: Line, above: Line | None, *, labelled: bool, first: bool) -> bool:
    """The line ends a heading: it ends in an outcome, and what follows or how it is set bears that out.

    labelled  the next line begins a part of an item
    first     that part is the first of every item
    """
    last = line.text.rstrip(" .")[-1:]
    if not first and last and last not in LAST_LETTERS:
        return False
    if labelled:
        forms = (HEADING_WITH_OUTCOME, HEADING_WITH_WORD) if ":" in line.text else (OUTCOME_ALONE,)
        sentence = f"{above.text} {line.text}" if above else line.text
        return first or any(form.match(line.text) for form in forms) or bool(SENTENCE_END.search(sentence))
    if ":" in line.text:
        return line.bold is not False and line.gap is not False and bool(HEADING_WITH_OUTCOME.match(line.text))
    return (
        above is not None and above.bold is True and above.text.endswith(":") and bool(OUTCOME_ALONE.match(line.text))
    )


def heading_start(lines: Lines, end: int, *, floor: int, width: float, labels: Sequence[bool]) -> int:
    """Place of the heading's first line, given its last; never above `floor` or a label."""
    place = end
    while place > floor and end - place < MOST_LINES:
        if labels[place - 1] or starts_heading(lines, place, end, width=width):
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
    broken_here = line.text[:1].islower() and not room and not SENTENCE_ENDED.search(above.text)
    if line.bold is not None and above.bold is not None:
        return above.bold is not True or (bool(line.gap) and not broken_here)
    text = " ".join(each.text for each in lines[place : end + 1])
    if PARTLY.search(text) and not FIRST_OF_PARTLY.search(text):
        return False
    if line.gap:
        return not broken_here
    return bool(NUMBERED.match(line.text) or SENTENCE_ENDED.search(above.text)) or room


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
    text = prose(line.text for line in lines[start:stop])
    for form in (HEADING_WITH_OUTCOME, HEADING_WITH_WORD):
        if (match := form.match(text)) and match.group("treatment"):
            return Heading(start, stop, match.group("treatment"), folded(match.group("outcome")))
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
