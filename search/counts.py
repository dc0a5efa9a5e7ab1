"""How many letters a query finds, and how many of its items and letters hold each value: exact, or not told.

The engine counts at most BUCKETS distinct values in one request, and fails beyond. Then each facet is counted by
itself, and what does not fit then page after page, which is slow. Letters are counted by asking only for those with
several of the items: each of the others is an item by itself, and to name them all takes longest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter, itemgetter
from typing import Any

import tantivy
from msgspec import structs

from imrsearch.schema.documents import PLACE, value_term, words_field
from imrsearch.schema.errors import IndexFailure
from imrsearch.schema.fields import FIELD, Field
from imrsearch.search.compile import all_of, days_query, value_query
from imrsearch.search.engine import Engine
from imrsearch.search.order import Found
from imrsearch.search.query import FIRST_DAY, LAST_DAY, UNDATED
from imrsearch.search.results import FacetCount

# The engine counts at most so many distinct values at once.
BUCKETS = 65_000
# Among so many times as many items mostly no more letters have several of them; else the time is halved.
AT_ONCE = 3
# Letters are counted for facets whose items hold at most so many values together, or where that must be quick: the
# engine takes a millisecond for three to five thousand.
QUICK = 5_000
MOST_LETTERED = 150_000


def count_facets(
    engine: Engine, found: Mapping[str, tantivy.Query], *, letters: bool | None
) -> dict[str, list[FacetCount]]:
    """For each facet the values among the items that its query finds: by count, numbers in their order.

    letters  true: those of each value are counted however long that takes; null: as far as it is quick
    """
    alike: dict[int, list[str]] = {}
    for name, query in found.items():
        alike.setdefault(id(query), []).append(name)
    counted: dict[str, list[FacetCount]] = {}
    for names in alike.values():
        query = found[names[0]]
        counted |= count_together(engine, query, names=names)
        if letters is not False:
            together = {name: counted[name] for name in names}
            counted |= with_letters(engine, query, together, most=MOST_LETTERED if letters else QUICK)
    return {name: ordered(counted[name], name) for name in found}


def count_together(engine: Engine, query: tantivy.Query, *, names: Sequence[str]) -> dict[str, list[FacetCount]]:
    """Every value of several facets among the items of one query, in any order."""
    try:
        counted = engine.aggregate(query, {name: terms_of_field(name, BUCKETS) for name in names})
    except IndexFailure:
        # Too many values for one request. What really is broken fails again.
        return {name: count_values(engine, query, name=name) for name in names}
    return {
        name: count_values(engine, query, name=name)
        if counted[name]["sum_other_doc_count"]
        else [bucket_of(bucket) for bucket in counted[name]["buckets"]]
        for name in names
    }


def with_letters(
    engine: Engine, query: tantivy.Query, counted: Mapping[str, list[FacetCount]], *, most: int
) -> dict[str, list[FacetCount]]:
    """The counts with those of letters too, of the first facets that hold at most so many values together."""
    held = {name: sum(found.count for found in counts) for name, counts in counted.items()}
    groups: list[list[str]] = []
    left, room = most, 0
    for name in counted:
        if held[name] > left:
            continue
        if not groups or held[name] > room:
            groups.append([])
            room = BUCKETS
        groups[-1].append(name)
        left -= held[name]
        room -= held[name]
    lettered: dict[str, list[FacetCount]] = {}
    for names in groups:
        # There may be more values and letters in pairs than the engine counts.
        with suppress(IndexFailure):
            lettered |= letters_of_values(engine, query, {name: counted[name] for name in names})
    return lettered


def letters_of_values(
    engine: Engine, query: tantivy.Query, counted: Mapping[str, list[FacetCount]]
) -> dict[str, list[FacetCount]]:
    """The counts with how many letters the items of each value are from, of the facets that the engine counts whole."""
    several = {"letters": terms_of_field(PLACE, BUCKETS, least=2)}
    request = {name: terms_of_field(name, BUCKETS, least=2) | {"aggs": several} for name in counted}
    answered = engine.aggregate(query, request)
    lettered: dict[str, list[FacetCount]] = {}
    for name, counts in counted.items():
        buckets = answered[name]["buckets"]
        if any(part["sum_other_doc_count"] for part in (answered[name], *(bucket["letters"] for bucket in buckets))):
            continue
        # Of the items of a letter all but one count for no letter.
        more = {bucket_of(bucket).value: beyond_one(bucket["letters"]) for bucket in buckets}
        lettered[name] = [structs.replace(found, letters=found.count - more.get(found.value, 0)) for found in counts]
    return lettered


def beyond_one(letters: dict[str, Any]) -> int:
    """How many items there are beyond the first of each letter, of the letters with several."""
    counts: Iterable[int] = map(itemgetter("doc_count"), letters["buckets"])
    return sum(counts) - len(letters["buckets"])


def with_chosen(engine: Engine, counts: Sequence[FacetCount], *, name: str, chosen: Iterable[str]) -> list[FacetCount]:
    """The counts with the values that a filter asks for marked; those that nothing found has stand last, with 0."""
    if FIELD[name].kind == "number":
        # A range chooses no single value; "007" is 7.
        chosen = [str(int(value)) for value in chosen if value.isdecimal()]
    wanted = {value_term(value): value for value in chosen if value}
    marked = [
        structs.replace(found, chosen=True) if wanted and value_term(str(found.value)) in wanted else found
        for found in counts
    ]
    held = {value_term(str(found.value)) for found in marked if found.chosen is True}
    absent = (value for term, value in wanted.items() if term not in held)
    return ordered(
        [*marked, *(FacetCount(printed_value(engine, value, name=name), 0, 0, True) for value in absent)], name
    )


def printed_value(engine: Engine, value: str, *, name: str) -> str | int:
    """The value as the items that have it print it."""
    held = count_values(engine, value_query(FIELD[name], value, engine=engine), name=name)
    same = (found.value for found in held if value_term(str(found.value)) == value_term(value))
    return next(same, int(value) if FIELD[name].kind == "number" else value)


def count_values(engine: Engine, query: tantivy.Query, *, name: str) -> list[FacetCount]:
    """Every value of one field among the query's items, in any order."""
    found = engine.aggregate(query, {name: terms_of_field(name, BUCKETS)})[name]
    if not found["sum_other_doc_count"]:
        return [bucket_of(bucket) for bucket in found["buckets"]]
    return [
        FacetCount(bucket["key"][name], bucket["doc_count"]) for bucket in buckets_by_page(engine, query, name=name)
    ]


def count_pairs(
    engine: Engine, query: tantivy.Query, *, name: str, by: str
) -> dict[str | int, tuple[int, dict[str | int, int]]]:
    """For each value of one field how many of the query's items have it, and with it each value of another."""
    request = {name: terms_of_field(name, BUCKETS) | {"aggs": {by: terms_of_field(by, BUCKETS)}}}
    counted = engine.aggregate(query, request)[name]["buckets"]
    return {
        bucket_of(each).value: (
            each["doc_count"],
            {one.value: one.count for one in map(bucket_of, each[by]["buckets"])},
        )
        for each in counted
    }


def count_having(engine: Engine, field: Field) -> int:
    """How many items have a value of the field."""
    match field.kind:
        case "text":
            return engine.count(engine.beginning(words_field(field), ""))
        case "date":
            return engine.count(days_query(FIRST_DAY, LAST_DAY, engine=engine))
        case _:
            return engine.count(engine.having(field.name))


def ordered(counts: list[FacetCount], name: str) -> list[FacetCount]:
    """Years and pages in order; other values the most frequent first, then by name."""
    if FIELD[name].kind == "number":
        return sorted(counts, key=lambda found: found.value)
    return sorted(sorted(counts, key=attrgetter("value")), key=attrgetter("count"), reverse=True)


# Buckets come from the engine as JSON: their keys are texts or numbers.
def bucket_of(bucket: dict[str, Any]) -> FacetCount:
    """A value and its count as the engine gives them."""
    key = bucket["key"]
    return FacetCount(int(key) if isinstance(key, float) else key, bucket["doc_count"])


def terms_of_field(name: str, size: int, *, least: int = 1) -> dict[str, object]:
    """The request for the most frequent of a field's distinct values, each held by at least so many items."""
    return {"terms": {"field": name, "size": size, "min_doc_count": least}}


def count_letters(engine: Engine, found: Found) -> int:
    """How many letters the items found are from."""
    if found.total <= 1:
        return found.total
    if len(found.best) == found.total:
        return len(set(engine.values(PLACE, [address for _, address in found.best])))
    if found.total <= AT_ONCE * BUCKETS:
        return letters_between(engine, found.query, days=(UNDATED, LAST_DAY), total=found.total)
    # A letter has one date.
    years = {int(each.value): each.count for each in count_values(engine, found.query, name="year")}
    return sum(
        letters_between(engine, in_days(engine, found.query, days), days=days, total=items)
        for days, items in spans_of_years(years, undated=found.total - sum(years.values()))
    )


def spans_of_years(years: Mapping[int, int], *, undated: int) -> Iterator[tuple[tuple[int, int], int]]:
    """The first and last day of years side by side that have few enough items together, and how many those are."""
    first, last, held = UNDATED, UNDATED, undated
    for year, items in sorted(years.items()):
        if held and held + items > AT_ONCE * BUCKETS:
            yield (first, last), held
            first, held = year * 10_000, 0
        last, held = year * 10_000 + 9_999, held + items
    yield (first, last), held


def in_days(engine: Engine, query: tantivy.Query, days: tuple[int, int]) -> tantivy.Query:
    """The query's items from the first to the last day."""
    return all_of((query, days_query(*days, engine=engine)))


def letters_between(engine: Engine, query: tantivy.Query, *, days: tuple[int, int], total: int) -> int:
    """Distinct letters among the query's items, all of these days: counted at once, else by halves of the time.

    total  how many items those are
    """
    first, last = days
    if total <= AT_ONCE * BUCKETS or first == last:
        found = engine.aggregate(query, {"letters": terms_of_field(PLACE, BUCKETS, least=2)})["letters"]
        if not found["sum_other_doc_count"]:
            return total - beyond_one(found)
    if first == last:
        return sum(1 for _ in buckets_by_page(engine, query, name=PLACE))
    middle = (first + last) // 2
    letters = 0
    for half in ((first, middle), (middle + 1, last)):
        narrowed = in_days(engine, query, half)
        items = engine.count(narrowed)
        letters += letters_between(engine, narrowed, days=half, total=items) if items else 0
    return letters


def buckets_by_page(engine: Engine, query: tantivy.Query, *, name: str) -> Iterator[dict[str, Any]]:
    """Every distinct value of the field with its count, page after page; each key is {name: value}."""
    after: dict[str, Any] | None = None
    while True:
        pages: dict[str, object] = {"size": BUCKETS, "sources": [{name: {"terms": {"field": name}}}]}
        if after:
            pages["after"] = after
        found = engine.aggregate(query, {"values": {"composite": pages}})["values"]
        yield from found["buckets"]
        after = found.get("after_key")
        if not after or not found["buckets"]:
            return
