"""A letter's lines, cut into its parts."""

import re
import string
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from imrsearch.schema.records import Line

Lines = Sequence[Line]


class Opening(Struct, frozen=True):
    """How a line begins that opens a part of the letter.

    initials  the first character of such lines, in either case; most other lines cost no more than to look at it
    starts    likewise the first two characters; other lines cost no pattern
    pattern   the beginning itself, in any case
    """

    initials: frozenset[str]
    starts: frozenset[str]
    pattern: re.Pattern[str]

    def matches(self, texts: Sequence[str], places: Iterable[int]) -> Iterator[tuple[int, re.Match[str]]]:
        """The beginnings of such lines among the lines at these places, each with its place."""
        initials, starts, match = self.initials, self.starts, self.pattern.match
        for place in places:
            text = texts[place]
            # Beyond ASCII stand other letters that are "s" or "i" in another case, and other digits.
            if ((text[0] in initials and text[:2] in starts) or not text.isascii()) and (found := match(text)):
                yield place, found

    def match(self, text: str) -> re.Match[str] | None:
        """The beginning of the line, where it is such a line."""
        return self.pattern.match(text) if text[:2] in self.starts or not text.isascii() else None

    def cut_from(self, text: str) -> str:
        """The line without that beginning."""
        match = self.match(text)
        return text[match.end() :] if match else text


def opening(starts: str, *forms: str) -> Opening:
    """Lines that begin as one of the forms says; `starts` in lower case, 0 for any digit and what may follow it."""
    pairs = {first + second for start in starts.split() for first in cases(start[0]) for second in cases(start[1:])}
    return Opening(frozenset(pair[0] for pair in pairs), frozenset(pairs), re.compile("|".join(forms), re.IGNORECASE))


def cases(sign: str) -> Iterable[str]:
    """The letter in both cases; of 0 every digit, and of nothing what may follow a number."""
    return {"0": string.digits, "": f"{string.digits}){string.whitespace}"}.get(sign) or (sign, sign.upper())


# "CLINICAL CASE SUMMARY"; 2013: "Expert Reviewer Case Summary:", "Case Summary:".
SUMMARY_START = opening("cl ca ex", r"^(?:CLINICAL\s+CASE\s+SUMMARY|(?:Expert\s+Reviewer\s+)?Case\s+Summary)\s*:?\s*")
# "IMR ISSUES, DECISIONS AND RATIONALES", "DECISION(S) AND RATIONALE(S)", or the sentence that follows both.
# 2013's "INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE" stands before the reviewer and is not one.
ISSUES_START = opening(
    "im is de th",
    r"^(?:(?:(?:IMR\s+)?ISSUES,?\s+DECISIONS?\s+AND\s+RATIONALES?|(?:IMR\s+)?DECISION\(S\)\s+AND\s+RATIONALE\(S\))\s*:?\s*"
    r"|The\s+Final\s+Determination\s+was\s+based\s+on\s+decisions\s+for\b(?:.{0,300}?\bset\s+forth\s+below:)?\s*){1,4}",
)
# The end of "... for the disputed items/services set forth below:" on a line of its own.
ISSUES_OPENING_END = re.compile(r"^.{0,60}\bset\s+forth\s+below:$|^(?:forth\s+)?below:$")
# 2013: the list of records read, and the first treatment's own section.
DOCUMENTS_START = opening("do 0", r"^(?:Documents\s+Reviewed\s+for\s+Determination|\d+\)\s*Regarding\s+the\s+request)")
# "HOW THE IMR FINAL DETERMINATION WAS MADE"; 2013: "Medical Qualifications of the Expert Reviewer:".
REVIEWER_START = opening(
    "ho me",
    r"^(?:HOW\s+THE\s+IMR\s+FINAL\s+DETERMINATION\s+WAS\s+MADE|Medical\s+Qualifications\s+of\s+the)\b",
)
# What may follow the last rationale.
LETTER_END = opening(
    "di ma si cc ef",
    r"^(?:Disclaimer:\s*MAXIMUS\b|MAXIMUS\s+is\s+providing\s+an\s+independent\b|Sincerely,|cc:\s|Effect\s+of\s+the\s+Decision)",
)
# "Decision rationale: ..."; "The Physician Reviewer's decision rationale: ..."; "Rationale for the Decision:"
RATIONALE_START = opening(
    "th de ra",
    r"^(?:(?:The\s+\w+\s+Reviewer(?:'s|’s)\s+)?Decision\s+rationale|Rationale\s+for\s+the\s+Decision)\s*:\s*",
)
# "The expert reviewer developed the following clinical case summary based on a review of the case file,
# including all medical records:"; 2013: "Disclaimer: The following case summary was taken directly from the utilization
# review denial/modification dated August 30, 2013."
SUMMARY_OPENING = re.compile(
    r"^(?:(?:The\s+)?\w+\s+reviewer\s+developed\s+the\s+following\s+(?:clinical\s+)?case\s+summary.{0,120}?records:?\s*"
    r"|Disclaimer:\s*The\s+following\s+case\s+summary\s+was\s+taken\s+directly\s+from\b.{0,120}?(?:\d{4}|review)\.\s*)",
    re.IGNORECASE,
)
# The labels that begin a part of an item. Converters may run a whole item together on one line.
INNER_LABELS = (" Claims Administrator guideline:", " MAXIMUS guideline:", " Decision rationale:")
INNER_LABEL = re.compile(rf" (?=(?:{'|'.join(label[1:] for label in INNER_LABELS)}))")
# The line's end in "10-" + "20-16" and "flexion-" + "decreased"; but "short-" + "and long-term" keeps its space.
HYPHENATED = re.compile(r"-(?<=[^\W_]-)\n(?!(?:and|or|to)\b)(?=[^\W_])")


class Sections(Struct, frozen=True):
    """The parts of a letter; they overlap where a form leaves the border open, and any may be empty."""

    header: Lines
    reviewer: Lines
    summary: Lines
    issues: Lines


def split_sections(lines: Lines) -> Sections:
    """Header, reviewer, summary and decisions, each by its heading; a missing heading costs that part only."""
    lines = labels_apart(lines)
    texts = [line.text for line in lines]
    end = end_of(texts)
    lines, texts = lines[:end], texts[:end]
    reviewer = first(texts, REVIEWER_START) or 0
    summary = first(texts, SUMMARY_START, start=reviewer)
    issues = first(texts, ISSUES_START, start=summary or reviewer)
    # Above the decisions' heading, "1) Regarding the request ..." is a sentence of the summary.
    summary_end = issues if issues is not None else first(texts, DOCUMENTS_START, start=summary or reviewer)
    summary_lines: Lines = ()
    if summary is not None:
        opening = replace(lines[summary], text=SUMMARY_START.cut_from(lines[summary].text))
        summary_lines = [opening, *lines[summary + 1 : summary_end]]
    return Sections(
        header=lines[: reviewer or summary or issues or 40],
        reviewer=lines[reviewer : summary if summary is not None else issues],
        summary=summary_lines,
        issues=without_heading(lines[issues:]) if issues is not None else lines,
    )


def labels_apart(lines: Lines) -> Lines:
    """Lines with each label of an item at a line's start."""
    # Every such label ends in these two.
    labelled = "\n".join([line.text for line in lines if "e:" in line.text])
    if not any(label in labelled for label in INNER_LABELS):
        return lines
    found: list[Line] = []
    for line in lines:
        first, *others = INNER_LABEL.split(line.text)
        found += (replace(line, text=first), *map(Line, others)) if others else (line,)
    return found


def end_of(texts: Sequence[str]) -> int | None:
    """Where what follows the last rationale begins; the notices of 2013 close once before the decisions, too."""
    rationales = RATIONALE_START.matches(texts, reversed(range(len(texts))))
    last = next((place for place, _ in rationales), len(texts))
    return first(texts, LETTER_END, start=last)


def first(texts: Sequence[str], start_of: Opening, *, start: int = 0) -> int | None:
    """Place of the first line from `start` on that begins as `start_of` says."""
    return next((place for place, _ in start_of.matches(texts, range(start, len(texts)))), None)


def without_heading(lines: Lines) -> Lines:
    """The decisions without their section's heading and the sentence under it, which may run over lines."""
    for place, line in enumerate(lines):
        rest = ISSUES_START.cut_from(line.text)
        if rest and not ISSUES_OPENING_END.match(rest):
            return [replace(line, text=rest), *lines[place + 1 :]]
    return ()


def summary_text(lines: Lines) -> str:
    """The clinical case summary as one string, without the sentence that opens it."""
    text = prose(line.text for line in lines if line.text)
    match = SUMMARY_OPENING.match(text)
    return text[match.end() :] if match else text


def prose(texts: Iterable[str]) -> str:
    """Lines as running text: a hyphen at a line's end joins, any other line end is a space."""
    text = "\n".join(texts)
    return (HYPHENATED.sub("-", text) if "-\n" in text else text).replace("\n", " ")
