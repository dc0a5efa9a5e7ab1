"""How many of the items found were upheld and overturned, for each value of a field.

Shares of published letters, not the odds of a decision: which denials are disputed, and on what records, differs.
"""

from collections.abc import Iterable
from itertools import groupby
from math import sqrt
from statistics import NormalDist

import tantivy
from msgspec import Struct, structs

from imrsearch.schema.documents import value_term
from imrsearch.schema.fields import FACETS, FIELD, FIELDS, Field
from imrsearch.schema.records import OVERTURNED, UPHELD
from imrsearch.search.compile import all_of, unscored, value_query
from imrsearch.search.counts import count_letters, count_values, ordered
from imrsearch.search.engine import Engine
from imrsearch.search.explain import Clock
from imrsearch.search.families import count_families, looked_at
from imrsearch.search.order import Found
from imrsearch.search.query import Query, checked, field_of
from imrsearch.search.results import SCHEMA_VERSION, IndexFigures
from imrsearch.search.searcher import WIDEN_HINT, Answer, Searcher

# By what can be counted: every facet, and every number, as the quantity.
COUNTED_BY = tuple(field for field in FIELDS if field in FACETS or field.kind == "number")
OUTCOME = FIELD["outcome"]
NO_OUTCOME = "no outcome"
MEANING = "shares of published letters found by the same words; not the odds of a decision"
# A share of fewer items is marked: its interval spans half of all that is possible.
FEW = 10
# Both ends of the interval leave out one in forty.
Z = NormalDist().inv_cdf(0.975)
# Amounts are prescribed in fives, tens and thirties.
RUNGS: tuple[int, ...] = (5, 10, 30, 60, 100, 300, *(10**power for power in range(3, 10)))


class Share(Struct, frozen=True):
    """How many items, and their part of those that were upheld or overturned; null where no item was.

    low, high  the ends of its 95% interval
    """

    count: int
    share: float | None
    low: float | None
    high: float | None


class Tally(Struct, frozen=True):
    """A value and how many of the items found have it."""

    value: str | int
    items: int
    upheld: int
    overturned: int


class Rate(Struct, frozen=True):
    """A value, the items and letters that have it, and what was decided of them.

    families  as many different rationales, those that are nearly the same being one; null where too many to count
    other     items with another outcome, or none: in no share
    few       fewer than FEW items were upheld or overturned
    """

    value: str | int
    items: int
    letters: int
    families: int | None
    upheld: Share
    overturned: Share
    other: int
    few: bool


class Counted(Struct, frozen=True, kw_only=True):
    """What was counted.

    query, query_as_run, filters, index, notices  as in Results
    total           all items found
    other_outcomes  their other outcomes, each with its items
    """

    schema_version: int = SCHEMA_VERSION
    meaning: str = MEANING
    query: str
    query_as_run: str
    filters: dict[str, list[str] | str]
    index: IndexFigures
    notices: tuple[str, ...]
    total: Rate
    other_outcomes: dict[str, int]


class Statistics(Counted, frozen=True, kw_only=True):
    """Outcomes by the values of a field; these keys are the JSON, after those of Counted.

    by         the field
    values     how many values or rungs there are; `rows` may hold fewer
    without    items that have no value of the field: in the total only
    rung_size  how many numbers a row may hold, "31..60", where they were too many for a row each; else null
    rows       numbers in their order, other values by items
    """

    by: str
    values: int
    without: int
    rung_size: int | None
    rows: tuple[Rate, ...]


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95% score interval of a share, `count` of `of`.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of the American
    Statistical Association 22 (1927), 209-212: (x + z²/2 ± z √(x(n-x)/n + z²/4)) / (n + z²), z = 1.96. It keeps
    within 0 and 1, and says something of 0 in 10.
    """
    centre, reach = count + Z * Z / 2, Z * sqrt(count * (of - count) / of + Z * Z / 4)
    return max(0.0, (centre - reach) / (of + Z * Z)), min(1.0, (centre + reach) / (of + Z * Z))


def share_of(count: int, of: int) -> Share:
    """The share with its interval, to the ten thousandth."""
    if not of:
        return Share(count, None, None, None)
    low, high = wilson(count, of)
    return Share(count, round(count / of, 4), round(low, 4), round(high, 4))


def statistics(searcher: Searcher, query: Query, *, by: str, limit: int = 0) -> Statistics:
    """Outcomes among the items that the query finds, by the values of a field.

    limit  at most so many rows, those with the most items; amounts are put together in rungs instead. 0: all
    """
    field = field_of(by, COUNTED_BY, use="field to count by")
    answer = answered(searcher, query)
    engine, found = searcher.engine, answer.found
    tallies = tallies_of(engine, found, field=field)
    rung_size = rung_size_of(tallies, field=field, limit=limit)
    if rung_size:
        tallies = rungs_of(tallies, rung_size)
    most = {tally.value for tally in sorted(tallies, key=lambda tally: -tally.items)[: limit or None]}
    return Statistics(
        **structs.asdict(counted_of(searcher, answer)),
        by=field.name,
        values=len(tallies),
        without=answer.results.total - engine.count(all_of((found, engine.having(field.name)))),
        rung_size=rung_size,
        rows=tuple(rate_of(engine, found, tally, field=field) for tally in tallies if tally.value in most),
    )


def answered(searcher: Searcher, query: Query) -> Answer:
    """The query's answer, without hits; where no item has all the words none is counted in its stead."""
    asked = structs.replace(query, limit=0, offset=0, facets=(), letters=False, widen=False)
    answer = searcher.answer(checked(asked), Clock())
    # What is only counted need not be scored.
    return structs.replace(answer, found=unscored(answer.found))


def counted_of(searcher: Searcher, answer: Answer) -> Counted:
    """What was counted, and all of it in one row."""
    results, engine, found = answer.results, searcher.engine, answer.found
    outcomes = {str(one.value): one.count for one in count_values(engine, found, name=OUTCOME.name)}
    tally = Tally("all found", results.total, outcomes.pop(UPHELD, 0), outcomes.pop(OVERTURNED, 0))
    if missing := tally.items - tally.upheld - tally.overturned - sum(outcomes.values()):
        outcomes[NO_OUTCOME] = missing
    return Counted(
        query=results.query,
        query_as_run=results.query_as_run,
        filters=results.filters,
        index=results.index,
        notices=tuple(notice for notice in results.notices if notice != WIDEN_HINT),
        total=counted_rate(engine, Found(found, found, results.total), tally),
        other_outcomes=outcomes,
    )


def tallies_of(engine: Engine, found: tantivy.Query, *, field: Field) -> list[Tally]:
    """Each value of the field among the items found; ways of writing it that one filter finds are one value."""
    name = field.name
    counts = count_values(engine, found, name=name)
    decided = {
        outcome: {
            one.value: one.count
            for one in count_values(engine, narrowed(engine, found, OUTCOME, outcome), name=name)
        }
        for outcome in (UPHELD, OVERTURNED)
    }  # fmt: skip
    tallies: list[Tally] = []
    counts = sorted(ordered(counts, name), key=lambda one: value_term(str(one.value)))
    for _, alike in groupby(counts, key=lambda one: value_term(str(one.value))):
        first, *others = alike
        if others:
            # An item may hold several of them.
            tallies.append(tally_of(engine, narrowed(engine, found, field, first.value), value=first.value))
        else:
            upheld, overturned = (decided[outcome].get(first.value, 0) for outcome in (UPHELD, OVERTURNED))
            tallies.append(Tally(first.value, first.count, upheld, overturned))
    if field.kind == "number":
        return sorted(tallies, key=lambda tally: tally.value)
    return sorted(tallies, key=lambda tally: (-tally.items, str(tally.value)))


def narrowed(engine: Engine, found: tantivy.Query, field: Field, value: str | int) -> tantivy.Query:
    """Those of the items found that have the value: the items of a row."""
    return all_of((found, value_query(field, str(value), engine=engine)))


def tally_of(engine: Engine, found: tantivy.Query, *, value: str | int) -> Tally:
    """The items found, as a row of their own."""
    upheld, overturned = (engine.count(narrowed(engine, found, OUTCOME, word)) for word in (UPHELD, OVERTURNED))
    return Tally(value, engine.count(found), upheld, overturned)


def rung_size_of(tallies: list[Tally], *, field: Field, limit: int) -> int | None:
    """How many numbers to put together so that the rows fit; null where they do, or are no amounts."""
    if field.kind != "number" or field.facet or not 0 < limit < len(tallies):
        return None
    numbers = [int(tally.value) for tally in tallies]
    fitting = (size for size in RUNGS if len({(number - 1) // size for number in numbers}) <= limit)
    return next(fitting, RUNGS[-1])


def rungs_of(tallies: Iterable[Tally], size: int) -> list[Tally]:
    """The rows of so many numbers put together; "31..60" is also how a question asks for them. One by itself stays."""
    rungs: list[Tally] = []
    for rung, members in groupby(tallies, key=lambda tally: (int(tally.value) - 1) // size):
        held = list(members)
        value = f"{max(rung * size + 1, 0)}..{(rung + 1) * size}" if len(held) > 1 else held[0].value
        items, upheld, overturned = (
            sum(counts) for counts in zip(*((one.items, one.upheld, one.overturned) for one in held), strict=True)
        )
        rungs.append(Tally(value, items, upheld, overturned))
    return rungs


def rate_of(engine: Engine, found: tantivy.Query, tally: Tally, *, field: Field) -> Rate:
    """The row of a value, with its letters and families."""
    if tally.items == 1:
        return rate(tally, letters=1, families=1)
    items = narrowed(engine, found, field, tally.value)
    return counted_rate(engine, Found(items, items, tally.items), tally)


def counted_rate(engine: Engine, found: Found, tally: Tally) -> Rate:
    """The row of what is found: letters and families are counted by looking at each item, once."""
    found = looked_at(engine, found, letters=True)
    return rate(tally, letters=count_letters(engine, found), families=count_families(engine, found, letters=True))


def rate(tally: Tally, *, letters: int, families: int | None) -> Rate:
    """The row with its shares."""
    decided = tally.upheld + tally.overturned
    return Rate(
        tally.value,
        tally.items,
        letters,
        families,
        share_of(tally.upheld, decided),
        share_of(tally.overturned, decided),
        tally.items - decided,
        decided < FEW,
    )
