"""The disputed items: their headings, outcomes, guideline paragraphs and rationales."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from imrsearch.indexer.letter.headings import Heading, find_headings
from imrsearch.indexer.letter.sections import RATIONALE_START, first, opening, prose
from imrsearch.schema.records import Line

Lines = Sequence[Line]
Labels = Mapping[int, re.Match[str]]

# The label words are dropped; the sentences that stand in their place in 2013 and 2014 are kept.
# "Claims Administrator guideline: Decision based on ..."; "The Claims Administrator based its decision on ..."
UR_START = (
    r"^(?:Claims\s+Administrator(?:'s|’s)?\s+guidelines?\s*:\s*"
    r"|(?=The\s+Claims\s+Administrator\s+(?:based|did\s+not|cited|found)\b))"
)
# "MAXIMUS guideline: ..."; "The Physician Reviewer based his/her decision on ..."; "The Expert Reviewer relied on ..."
IMR_START = (
    r"^(?:(?:MAXIMUS|IMR|Expert\s+Reviewer(?:'s|’s)?)\s+guidelines?\s*:\s*"
    r"|(?=The\s+(?:Expert|Physician)\s+Reviewer\s+(?:based|relied|found|stated|did\s+not|also|cited)\b))"
)
# 2013: "Section of the Medical Treatment Utilization Schedule Relied Upon by the Expert Reviewer to Make His/Her
# Decision"
RELIED_UPON = opening("se me", r"^(?:Section|Medical\s+Treatment\s+Guideline).{0,80}\bRelied\s+Upon\b")
RELIED_UPON_REST = opening(
    "ex re to ma",
    r"^(?:(?:Expert\s+)?Reviewer\s+)?(?:to\s+)?Make\s+His/Her\s+Decision\s*:?\s*$",
)
# The 2013 sentences of both guidelines share one paragraph: "The Claims Administrator ... The Expert Reviewer ..."
REVIEWER_SENTENCE = re.compile(r"(?<=[.)”\"])\s*(?=The\s+(?:Expert|Physician)\s+Reviewer\s)")
# What begins a part of an item, and which.
LABEL = opening(
    "cl th ma im ex de ra se me",
    rf"(?P<ur>{UR_START})",
    rf"(?P<imr>{IMR_START})",
    rf"(?P<rationale>{RATIONALE_START.pattern.pattern})",
    RELIED_UPON.pattern.pattern,
)
# "1) Regarding the request for a TENS unit:"
REGARDING = opening("0", r"^(\d{1,3})\s*\)\s*Regarding\s+the\s+requests?\s+for\s+")
# "2) MAXIMUS Federal Services, Inc. has determined the request for a TENS unit is notmedically necessary and
# appropriate." Bounded, since the whole letter is searched; for plain letters first, which is many times faster.
DETERMINED = re.compile(
    r"[Mm](?i:AXIMUS\s+Federal\s+Services,?\s+Inc\.?,?\s+has\s+determined\s+(?:that\s+)?the\s+requests?\s+for\s+(?P<treatment>.{1,2000}?)\s"
    r"(?:is|are)\s?(?P<negation>not)?\s?medically\s*necessary\s+and\s+appropriate)"
)  # fmt: skip
# The "2) " before it, within so many characters.
NUMBER_BEFORE = re.compile(r"(\d{1,3})\s?\)\s?$")
LONGEST_NUMBER = 6
# "Non- MTUS", "H- wave", "Follow- up", "2- 4"
COMPOUND = re.compile(
    r"-(?:(?<=\b[A-Z]-)|(?<=\bNon-)|(?<=\bPre-)|(?<=\bPost-)|(?<=\bAnti-)|(?<=\bFollow-)|(?<=\d-)) (?=\w)",
    re.IGNORECASE,
)
# Atomic: each part of the sentence is where it first may be, so that a heading of many such sentences is read once.
# Norco #60 was the original request. Norco #25 was authorized by the Claims Administrator.
# The remaining IMR eligible portion of the original request, Norco #35 is
PARTLY_FORMS = (
    re.compile(
        r"^(?>(?P<requested>.+?),?\s(?:was|were)\s+the\s+original\s+requests?\.?\s+)"
        r"(?>(?P<authorized>.+?)\s(?:was|were)\s+authorized\b)(?>.*?\.\s+The\s+remaining\b)"
        r"(?>.*?\b(?:request|portion)(?:\s+of\s+the\s+original\s+request)?,\s*)(?P<disputed>.+?)(?:\s(?:is|are))?$",
        re.IGNORECASE,
    ),
    # The Claims Administrator authorized 1 month, leaving the original request IMR eligible. The original request, X is
    re.compile(
        r"^(?>(?P<requested>.+?),?\s(?:was|were)\s+the\s+original\s+requests?\.?\s+)"
        r"(?>The\s+Claims\s+Administrator\s+authorized\s+(?P<authorized>.+?),\s+leaving\b)"
        r"(?>.*?\.\s+The\s+original\s+request,\s*)(?P<disputed>.+?)(?:\s(?:is|are))?$",
        re.IGNORECASE,
    ),
)


class HeadedItem(Struct, frozen=True):
    """An item as printed: heading without outcome, outcome in lower case, the three paragraphs."""

    treatment: str
    outcome: str
    ur_guideline: str = ""
    imr_guideline: str = ""
    rationale: str = ""


def parse_items(lines: Lines) -> tuple[HeadedItem, ...]:
    """The letter's items in the first form that yields any."""
    return next((items for form in ITEM_FORMS if (items := form(lines))), ())


def items_headed(lines: Lines) -> tuple[HeadedItem, ...]:
    """TREATMENT: Upheld / Claims Administrator guideline: ... / MAXIMUS guideline: ... / Decision rationale: ..."""
    texts = [line.text for line in lines]
    labels = labels_among(texts)
    headings = find_headings(lines, labels)
    ends = [*(heading.start for heading in headings), len(lines)][1:]
    return tuple(
        item_under(heading, texts, labels=labels, stop=end) for heading, end in zip(headings, ends, strict=True)
    )


def items_determined(lines: Lines) -> tuple[HeadedItem, ...]:
    """2013: N) MAXIMUS Federal Services, Inc. has determined the request for TREATMENT is not medically necessary ...

    The sentences stand twice; the reasons follow under "N) Regarding the request for TREATMENT".
    """
    determined: dict[tuple[str, str], Heading] = {}
    text = prose([line.text for line in lines])
    for match in DETERMINED.finditer(text):
        before = NUMBER_BEFORE.search(text, max(0, match.start() - LONGEST_NUMBER), match.start())
        number, treatment = before.group(1) if before else "", match["treatment"]
        heading = Heading(0, 0, treatment, "upheld" if match["negation"] else "overturned")
        determined.setdefault((number, "" if number else treatment), heading)
    reasons = reasons_by_number(lines)
    items = []
    for place, ((number, _), heading) in enumerate(determined.items(), start=1):
        under = [line.text for line in reasons.get(number or str(place), ())]
        items.append(item_under(heading, under, labels=labels_among(under), stop=len(under)))
    return tuple(items)


ITEM_FORMS = (items_headed, items_determined)


def reasons_by_number(lines: Lines) -> dict[str, Lines]:
    """The lines under each "N) Regarding the request for ...", by N; the heading's own lines are left out."""
    starts = [(place, match.group(1)) for place, line in enumerate(lines) if (match := REGARDING.match(line.text))]
    ends = [*(place for place, _ in starts), len(lines)][1:]
    found: dict[str, Lines] = {}
    for (start, number), end in zip(starts, ends, strict=True):
        under = lines[start + 1 : end]
        body = first([line.text for line in under], LABEL)
        found.setdefault(number, under[body:] if body is not None else ())
    return found


def labels_among(texts: Sequence[str]) -> Labels:
    """The lines that begin a part of an item, by their place."""
    return dict(LABEL.matches(texts, range(len(texts))))


def item_under(heading: Heading, texts: Sequence[str], *, labels: Labels, stop: int) -> HeadedItem:
    """The item of a heading and the lines under it, up to `stop`; a part whose label is missing is empty."""
    parts: dict[str, list[str]] = {"ur": [], "imr": [], "rationale": [], "": []}
    part = ""
    starts = [place for place in range(heading.stop, stop) if place in labels]
    for start, end in pairwise((*starts, stop)):
        text = texts[start]
        if part != "rationale" and (begun := labels[start].lastgroup):
            part, text = begun, text[labels[start].end() :]
        words = [text, *texts[start + 1 : end]]
        if RELIED_UPON.match(text):
            del words[0]
        if part != "rationale":
            words = [text for text in words if not RELIED_UPON_REST.match(text)]
        parts[part] += filter(None, words)
    ur, imr = one_string(parts["ur"]), one_string(parts["imr"])
    if not imr and len(both := REVIEWER_SENTENCE.split(ur, maxsplit=1)) == 2:
        ur, imr = both
    return HeadedItem(heading.treatment, heading.outcome, ur, imr, prose(parts["rationale"]))


def one_string(texts: Iterable[str]) -> str:
    """Lines as one string, a space for each line's end.

    A hyphen at a line's end keeps that space, since in the name of a guideline it may be the page's own
    ("Electro-" / "diagnostic"), except after a part that never stands alone ("Non-" / "MTUS", "H-" / "wave").
    """
    text = " ".join(texts)
    return (COMPOUND.sub("-", text) if "- " in text else text).strip()


def parts_of(treatment: str) -> tuple[str | None, str | None, str]:
    """Requested, authorized and disputed part of a partly authorized heading; else (None, None, the treatment)."""
    # Both forms speak of the "original" request, as nearly no heading does.
    for form in PARTLY_FORMS if "nal" in treatment.lower() else ():
        if match := form.match(treatment):
            return match.group("requested"), match.group("authorized"), match.group("disputed")
    return None, None, treatment
