"""What is asked, as one value: a text, and what narrows, counts and orders its answer. Knows no engine."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Literal, get_args

from msgspec import Struct, structs

from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FACETS, FIELD, FIELDS, FILTERS, Field

Sort = Literal["relevance", "newest", "oldest"]

# "2016", "2016-12", "2016-12-30".
DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
# No whole number of ours has more digits.
LARGEST_NUMBER = 999_999_999
FILTER_NAMES = tuple(field.name for field in FILTERS)
# The date that `since` and `until` narrow and that hits are sorted by.
DATE = next(field for field in FIELDS if field.kind == "date")
UNDATED, FIRST_DAY, LAST_DAY = 0, 1, 99_991_231
# Rows of a table, and lines below each part of a tree, that a reader takes in at once.
MOST_ROWS, MOST_BELOW = 20, 10
# Where nobody says how many: items of each outcome, and levels of what reviewers cite.
SIMILAR, CONTRASTING, DEPTH = 5, 3, 2
DATE_HINT = "write 2016-12-30, 2016-12 or 2016"


class Query(Struct, frozen=True, kw_only=True):
    """A question with everything that narrows, counts and orders its answer.

    text     in the language of `search/language.py`; "" asks for everything
    filters  field name to values: OR within a field, AND between fields
    since    first day, month or year of the decision, inclusive: "2016", "2016-12", "2016-12-30"
    until    likewise the last: "2016" is to the end of 2016
    facets   names of the fields whose values are counted
    letters  true: those of each facet's value are counted however many there are; null: only where that is quick;
             false: none are, nor those of all items found
    snippets each hit has its passage; else it has none, which is quicker
    limit    how many hits; 0 counts only
    collapse of items with nearly the same rationale only the first in the order is a hit; limit and offset count these
    expand   names of drugs and treatments also find their other names, and misspelt ones are corrected
    widen    where no item has all the words, items whose letter's summary has them are found, else those with most
    """

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = {}
    since: str | None = None
    until: str | None = None
    facets: tuple[str, ...] = ()
    letters: bool | None = None
    snippets: bool = True
    sort: Sort = "relevance"
    limit: int = 10
    offset: int = 0
    collapse: bool = False
    expand: bool = True
    widen: bool = True


def checked(query: Query) -> Query:
    """The query with the fields' own names and clean texts; UsageError where it asks for what there is not."""
    if query.sort not in get_args(Sort):
        raise UsageError(f"there is no order {query.sort}", hint=f"one of: {', '.join(get_args(Sort))}")
    if query.limit < 0 or query.offset < 0:
        raise UsageError("limit and offset count from 0", hint="leave out the minus sign")
    filters = dict(
        clean_filter(field_of(name, FILTERS, use="filter"), values) for name, values in query.filters.items() if values
    )
    facets = dict.fromkeys(field_of(name, FACETS, use="facet").name for name in query.facets)
    asked = structs.replace(
        query,
        text=readable(query.text),
        filters=filters,
        facets=tuple(facets),
        since=query.since or None,
        until=query.until or None,
    )
    first, last = days_of(asked)
    if first > last:
        raise UsageError(f"since {asked.since} is after until {asked.until}", hint="exchange them")
    return asked


def clean_filter(field: Field, values: str | Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The field's own name and the values asked for; UsageError where the field cannot hold one."""
    cleaned = tuple(map(clean_value, one_or_more(values)))
    for value in cleaned:
        check_value(field, value)
    return field.name, cleaned


def check_value(field: Field, value: str) -> None:
    """UsageError where no item can hold the value: a number that is none, a day that is none."""
    if field.kind == "number" and not WHOLE_NUMBER.fullmatch(value):
        raise UsageError(f"{field.option} takes a whole number, not {value}", hint="write digits only")
    if field.kind == "date":
        date_span(value)


def field_of(name: str, fields: tuple[Field, ...], *, use: str) -> Field:
    """The field of that name among `fields`; UsageError names them all, the nearest first."""
    names = [field.name for field in fields]
    if (own := own_name(name)) in names:
        return FIELD[own]
    near = dict.fromkeys([*get_close_matches(own, names, cutoff=0.5), *names])
    raise UsageError(f"there is no {use} {name}", hint=f"one of: {', '.join(FIELD[other].option for other in near)}")


def own_name(typed: str) -> str:
    """A name as the contract writes it: "Drug-Class" is drug_class."""
    return typed.strip().lower().replace("-", "_")


def name_among(typed: str, names: Iterable[str], *, what: str) -> str:
    """The own name of what was typed; UsageError where it is none of these, which names the nearest."""
    own, names = own_name(typed), tuple(names)
    if own not in names:
        near = get_close_matches(own, names, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"one of: {', '.join(names)}"
        raise UsageError(f"there is no {what} {typed}", hint=hint)
    return own


def facet_names(given: str | None) -> tuple[str, ...]:
    """Names of the facets asked for, "outcome,year"; "all" names every one."""
    names = [name.strip() for name in (given or "").split(",") if name.strip()]
    every = [field.name for field in FACETS]
    return tuple(each for name in names for each in (every if name == "all" else [name]))


def one_or_more(values: str | Iterable[str]) -> tuple[str, ...]:
    """Several values, also where a caller gives one by itself."""
    return (values,) if isinstance(values, str) else tuple(values)


def clean_value(value: str) -> str:
    """Single spaces, and only characters that a text may hold."""
    return " ".join(readable(value).split())


def date_span(text: str) -> tuple[int, int]:
    """First and last day as the engine holds them: "2016-12" is (20161201, 20161231). UsageError for no date."""
    match = DAY.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{text} is not a date", hint=DATE_HINT)
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        date(year or 0, month or 1, day or 1)
    except ValueError as error:
        raise UsageError(f"{text} is not a date: {error}", hint=DATE_HINT) from error
    start = (year or 0) * 10_000
    return start + (month or 1) * 100 + (day or 1), start + (month or 12) * 100 + (day or 31)


def readable(text: str) -> str:
    """The text with what no text may hold (half characters from a badly encoded command line) as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def days_of(query: Query) -> tuple[int, int]:
    """The first and the last day that the query leaves."""
    first = date_span(query.since)[0] if query.since else FIRST_DAY
    last = date_span(query.until)[1] if query.until else LAST_DAY
    return first, last
