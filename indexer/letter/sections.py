"""A letter's lines, cut into its parts."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from imrsearch.schema.records import Line

Lines = Sequence[Line]

# "CLINICAL CASE SUMMARY"; 2013: "Expert Reviewer Case Summary:", "Case Summary:".
SUMMARY_START = re.compile(
    r"^(?:CLINICAL\s+CASE\s+SUMMARY|(?:Expert\s+Reviewer\s+)?Case\s+Summary)\s*:?\s*", re.IGNORECASE
)
# "IMR ISSUES, DECISIONS AND RATIONALES", "DECISION(S) AND RATIONALE(S)", or the sentence that follows both.
# 2013's "INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE" stands before the reviewer and is not one.
ISSUES_START = re.compile(
    r"^(?:(?:(?:IMR\s+)?ISSUES,?\s+DECISIONS?\s+AND\s+RATIONALES?|(?:IMR\s+)?DECISION\(S\)\s+AND\s+RATIONALE\(S\))\s*:?\s*"
    r"|The\s+Final\s+Determination\s+was\s+based\s+on\s+decisions\s+for\b(?:.{0,300}?\bset\s+forth\s+below:)?\s*){1,4}",
    re.IGNORECASE,
)
# The end of "... for the disputed items/services set forth below:" on a line of its own.
ISSUES_OPENING_END = re.compile(r"^.{0,60}\bset\s+forth\s+below:$|^(?:forth\s+)?below:$")
# 2013: the list of records read, and the first treatment's own section.
DOCUMENTS_START = re.compile(
    r"^(?:Documents\s+Reviewed\s+for\s+Determination|\d+\)\s*Regarding\s+the\s+request)", re.IGNORECASE
)
# "HOW THE IMR FINAL DETERMINATION WAS MADE"; 2013: "Medical Qualifications of the Expert Reviewer:".
REVIEWER_START = re.compile(
    r"^(?:HOW\s+THE\s+IMR\s+FINAL\s+DETERMINATION\s+WAS\s+MADE|Medical\s+Qualifications\s+of\s+the)\b", re.IGNORECASE
)
# What may follow the last rationale.
LETTER_END = re.compile(
    r"^(?:Disclaimer:\s*MAXIMUS\b|MAXIMUS\s+is\s+providing\s+an\s+independent\b|Sincerely,|cc:\s|Effect\s+of\s+the\s+Decision)",
    re.IGNORECASE,
)
# "Decision rationale: ..."; "The Physician Reviewer's decision rationale: ..."; "Rationale for the Decision:"
RATIONALE_START = re.compile(
    r"^(?:(?:The\s+\w+\s+Reviewer(?:'s|’s)\s+)?Decision\s+rationale|Rationale\s+for\s+the\s+Decision)\s*:\s*",
    re.IGNORECASE,
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
INNER_LABEL = re.compile(r"\s(?=(?:Claims Administrator guideline|MAXIMUS guideline|Decision rationale):)")
# "10-" + "20-16", "flexion-" + "decreased"; but "short-" + "and long-term" keeps its space.
HYPHENATED = re.compile(r"[^\W_]-$")
CONTINUES = re.compile(r"^(?!(?:and|or|to)\b)[^\W_]")


class Sections(Struct, frozen=True):
    """The parts of a letter; they overlap where a form leaves the border open, and any may be empty."""

    header: Lines
    reviewer: Lines
    summary: Lines
    issues: Lines


def split_sections(lines: Lines) -> Sections:
    """Header, reviewer, summary and decisions, each by its heading; a missing heading costs that part only."""
    lines = without_end(labels_apart(lines))
    reviewer = first(lines, REVIEWER_START) or 0
    summary = first(lines, SUMMARY_START, start=reviewer)
    issues = first(lines, ISSUES_START, start=summary or reviewer)
    documents = first(lines, DOCUMENTS_START, start=summary or reviewer)
    summary_end = min((place for place in (issues, documents) if place is not None), default=len(lines))
    summary_lines: Lines = ()
    if summary is not None:
        opening = replace(lines[summary], text=SUMMARY_START.sub("", lines[summary].text))
        summary_lines = [opening, *lines[summary + 1 : summary_end]]
    return Sections(
        header=lines[: reviewer or summary or issues or 40],
        reviewer=lines[reviewer : summary if summary is not None else issues],
        summary=summary_lines,
        issues=without_heading(lines[issues:]) if issues is not None else lines,
    )


def labels_apart(lines: Lines) -> list[Line]:
    """Lines with each label of an item at a line's start."""
    found: list[Line] = []
    for line in lines:
        head, *rest = INNER_LABEL.split(line.text)
        found.append(line if not rest else replace(line, text=head))
        found.extend(Line(text) for text in rest)
    return found


def without_end(lines: Lines) -> Lines:
    """The lines before what follows the last rationale; the notices of 2013 close once before the decisions, too."""
    last = max((place for place, line in enumerate(lines) if RATIONALE_START.match(line.text)), default=len(lines))
    return lines[: first(lines, LETTER_END, start=last)]


def first(lines: Lines, start_of: re.Pattern[str], *, start: int = 0) -> int | None:
    """Place of the first line from `start` on that begins as `start_of` says."""
    return next((place for place in range(start, len(lines)) if start_of.match(lines[place].text)), None)


def without_heading(lines: Lines) -> Lines:
    """The decisions without their section's heading and the sentence under it, which may run over lines."""
    for place, line in enumerate(lines):
        rest = ISSUES_START.sub("", line.text)
        if rest and not ISSUES_OPENING_END.match(rest):
            return [replace(line, text=rest), *lines[place + 1 :]]
    return ()


def summary_text(lines: Lines) -> str:
    """The clinical case summary as one string, without the sentence that opens it."""
    return SUMMARY_OPENING.sub("", prose(line.text for line in lines if line.text))


def prose(texts: Iterable[str]) -> str:
    """Lines as running text: a hyphen at a line's end joins, any other line end is a space."""
    pieces: list[str] = []
    for text in texts:
        if pieces and not (HYPHENATED.search(pieces[-1]) and CONTINUES.match(text)):
            pieces.append(" ")
        pieces.append(text)
    return "".join(pieces)
