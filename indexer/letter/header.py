"""A letter's case number, dates and priority: from the table, the notice's fields or its prose."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from imrsearch.schema.records import Line

# "CM17-0019171". What stands before is looked at last, since a search for plain letters is many times faster.
CASE_NUMBER = re.compile(r"CM(?<!\wCM)\d{2}-\d{5,8}\b")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# "10/20/2016", "8-28-01", "October 14, 2013"
DATE = r"(?:\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|[A-Z][a-z]{2,8}\.?\s+\d{1,2},?\s+\d{4})"
# Each of the two by itself: "02/08/2017", "8-28-01"; "October 14, 2013".
NUMERIC_DATE = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})$")
WORDED_DATE = re.compile(r"^([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})$")
# The table's labels. PDFs wrap "Application Received:", and the date may stand between its two words.
LABELS = {
    "case_number": r"(?:(?:MAXIMUS|IMR)\s+)?Case\s+Number",
    "assigned_date": r"Date\s+Assigned",
    "injury_date": r"Date\s+of\s+Injury",
    "decision_date": r"Decision\s+Date|Dated",
    "ur_denial_date": r"UR\s+Denial\s+Date|Date\s+of\s+UR\s+(?:Decision|Denial)",
    "priority": r"Priority",
    "application_date": r"(?:IMR\s+)?Application(?:\s+(?:Received|Date))?(?:\s+Date)?",
}
# Looked for only where the first character of one stands.
TOKEN = re.compile(
    r"(?=[A-Z\d])(?:"
    + "|".join(f"(?P<{name}>\\b(?:{label})\\s*:)" for name, label in LABELS.items() if name != "application_date")
    + f"|(?P<application_date>\\b(?:{LABELS['application_date']}(?:\\s*:|(?=\\s+{DATE}\\s*Received)|(?=\\s*$))))"
    + f"|(?P<value>{CASE_NUMBER.pattern}|\\b{DATE}|\\b(?:Standard|Regular|Expedited|Urgent)\\b))"
)
# "... was filed on 9/6/2013 disputing the Utilization Review Denial dated 8/30/2013. A Notice of Assignment and
# Request for Information was provided to the above parties on 9/23/2013."
PROSE_DATES = (
    ("application_date", re.compile(rf"Independent\s+Medical\s+Review\s+was\s+filed\s+on\s+({DATE})")),
    (
        "ur_denial_date",
        re.compile(rf"Utilization\s+Review\s+(?:Denial|Decision|Denial/Modification)\s+dated\s+({DATE})"),
    ),
    ("assigned_date", re.compile(rf"Notice\s+of\s+Assignment\b[^.]{{0,80}}?\bprovided\b[^.]{{0,60}}?\bon\s+({DATE})")),
)
# Letters share their days: ten years of them.
DATES_KEPT = 4_096
# With so many words before it, a date stands in prose and not in the table.
PROSE_WORDS = 3
# A line of so many words is a sentence's, and the table has ended above it; names and claim numbers have fewer.
SENTENCE_WORDS = 6
PRIORITY = re.compile(r"Priority(?<!\wPriority)\s*:\s*([A-Za-z]+)")


class Header(Struct, frozen=True):
    """What a letter says of its case; null where it does not say."""

    case_number: str | None = None
    priority: str | None = None
    decision_date: str | None = None
    assigned_date: str | None = None
    injury_date: str | None = None
    ur_denial_date: str | None = None
    application_date: str | None = None


def parse_header(lines: Sequence[Line]) -> Header:
    """The header from every form that it takes; where two give the same fact, the earlier form of HEADER_FORMS wins."""
    text = " \n".join([line.text for line in lines])
    found: dict[str, str] = {}
    for form in HEADER_FORMS:
        for name, value in form(text).items():
            found.setdefault(name, value)
    return Header(**found)


def header_table(text: str) -> dict[str, str]:
    """Case Number: CASE  Date Assigned: DATE  Date of Injury: DATE ... Priority: WORD  Application Received: DATE

    Converters print the table by rows (label, value, label, value), by columns (all labels, then all values) or mixed.
    So labels wait for values; where fewer values than labels follow, the last labels have them. The values of labels
    that we do not know ("Employee:") stand among them; the dates of sentences do not count.
    """
    found: dict[str, str] = {}
    labels: list[str] = []
    values: list[str] = []
    # Below a sentence no value follows until a label does.
    ended, most = False, PROSE_WORDS

    def settle() -> None:
        for name, value in zip(reversed(labels), reversed(values[: len(labels)]), strict=False):
            if (checked := CHECKS[name](value)) is not None:
                found.setdefault(name, checked)

    for before, token in tokens_of(text):
        if token.lastgroup != "value":
            if values:
                settle()
                labels, values = [], []
            labels.append(token.lastgroup or "")
            ended, most = False, PROSE_WORDS
        elif not (ended := ended or has_sentence(before)):
            if len(before.split()) < most or stands_alone(before, token):
                values.append(token.group())
            else:
                # What follows "therapy between 11-17-2012" on its line is no value either, but for a row of values.
                most = 1
    settle()
    return found


def tokens_of(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Each label and value of the table, with the text that parts it from the one before."""
    end = 0
    for token in TOKEN.finditer(text):
        yield text[end : token.start()], token
        end = token.end()


def has_sentence(text: str) -> bool:
    """A line of the text is a sentence's."""
    return len(text.split()) >= SENTENCE_WORDS and any(len(line.split()) >= SENTENCE_WORDS for line in text.split("\n"))


def stands_alone(before: str, value: re.Match[str]) -> bool:
    """The value is a line of its own, and no label that we do not know stands between it and those that we do."""
    above, newline, words = before.rpartition("\n")
    if not newline or ":" in above or words.strip():
        return False
    following = TOKEN.search(value.string, value.end())
    after = value.string[value.end() : following.start() if following else None]
    return not after.partition("\n")[0].strip()


def header_prose(text: str) -> dict[str, str]:
    """An application for Independent Medical Review was filed on DATE disputing the ... Denial dated DATE."""
    matches = ((name, pattern.search(text)) for name, pattern in PROSE_DATES)
    dates = {name: iso_date(match.group(1)) for name, match in matches if match}
    return {name: value for name, value in dates.items() if value}


def header_words(text: str) -> dict[str, str]:
    """A case number anywhere, and a priority in a word of its own: "Priority: Concurrent"."""
    found = {}
    if case := CASE_NUMBER.search(text):
        found["case_number"] = case.group()
    if (priority := PRIORITY.search(text)) and priority.group(1).lower() not in ("application", "date", "decision"):
        found["priority"] = priority.group(1).lower()
    return found


HEADER_FORMS = (header_table, header_prose, header_words)


@lru_cache(DATES_KEPT)
def iso_date(text: str) -> str | None:
    """ "02/08/2017" or "October 14, 2013" as an ISO date; None for what is no day. Two-digit years end in 2029."""
    if numeric := NUMERIC_DATE.match(text):
        month, day, year = (int(part) for part in numeric.groups())
        year += 0 if year > 99 else 2000 if year < 30 else 1900
    elif (worded := WORDED_DATE.match(text)) and worded.group(1).lower() in MONTHS:
        month, day, year = MONTHS.index(worded.group(1).lower()) + 1, int(worded.group(2)), int(worded.group(3))
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def case_number(text: str) -> str | None:
    """The text where it is a case number."""
    return text if CASE_NUMBER.fullmatch(text) else None


def priority(text: str) -> str | None:
    """The text in lower case where it is a word."""
    return text.lower() if text.isalpha() else None


CHECKS: dict[str, Callable[[str], str | None]] = {
    **dict.fromkeys(LABELS, iso_date),
    "case_number": case_number,
    "priority": priority,
}
