"""Ranges of numbers and days: `2015..2016`, `2016-07..`, `..40`, `>=90`."""

import re

from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import Field
from imrsearch.search.query import FIRST_DAY, LARGEST_NUMBER, LAST_DAY, check_value, date_span

# "2015..2016", "2016-07..", "..2015": no bound has so many characters.
SPAN = re.compile(r"([^.<>=]{0,40})\.\.([^.<>=]{0,40})")
COMPARED = re.compile(r"([<>]=?)([^.<>=]+)")
HINT = "write 24..26, 24.. or >=24"


def is_range(text: str) -> bool:
    """The text has a range's form."""
    return ".." in text or text.startswith(("<", ">"))


def ends_of(field: Field, text: str) -> tuple[int, int]:
    """The first and the last value of a range as the engine holds them; UsageError for no range of the field."""
    if field.kind not in ("number", "date"):
        raise UsageError(f"{field.option} has no ranges", hint="numbers and dates have")
    if (match := SPAN.fullmatch(text)) and any(match.groups()):
        first = values_of(field, match[1])[0] if match[1] else lowest(field)
        last = values_of(field, match[2])[1] if match[2] else highest(field)
    elif match := COMPARED.fullmatch(text):
        low, high = values_of(field, match[2])
        first, last = {
            ">=": (low, highest(field)),
            ">": (high + 1, highest(field)),
            "<=": (lowest(field), high),
            "<": (lowest(field), low - 1),
        }[match[1]]
    else:
        raise UsageError(f"{text} is not a range", hint=HINT)
    if first > last:
        raise UsageError(f"{text} is a range without values", hint=HINT)
    return first, last


def values_of(field: Field, text: str) -> tuple[int, int]:
    """The first and last value that the text stands for: a day, month or year; a number is both."""
    if field.kind == "date":
        return date_span(text)
    check_value(field, text)
    return int(text), int(text)


def lowest(field: Field) -> int:
    """The least value; of dates the first known one."""
    return FIRST_DAY if field.kind == "date" else 0


def highest(field: Field) -> int:
    """The greatest value."""
    return LAST_DAY if field.kind == "date" else LARGEST_NUMBER


def check_asked(field: Field, text: str) -> None:
    """UsageError where the text is neither a value nor a range of the field."""
    if is_range(text) and field.kind in ("number", "date"):
        ends_of(field, text)
    else:
        check_value(field, text)
