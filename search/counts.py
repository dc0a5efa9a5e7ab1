"""How many items and letters a query finds, and how many of them hold each value: exact, whatever the size."""

from typing import Any

import tantivy

from imrsearch.schema.fields import FIELD
from imrsearch.search.query import LAST_DAY, UNDATED, all_of, days_query
from imrsearch.search.results import FacetCount

# The engine counts at most so many distinct values at once.
BUCKETS = 65_000


def count_items(engine: tantivy.Searcher, query: tantivy.Query) -> int:
    """How many items the query finds."""
    return int(engine.search(query, 1).count)  # type: ignore[attr-defined]


def count_facets(engine: tantivy.Searcher, query: tantivy.Query, names: tuple[str, ...]) -> dict[str, list[FacetCount]]:
    """For each facet its values by count, numbers in their order."""
    if not names:
        return {}
    counted = engine.aggregate(query, {name: terms_of_field(name) for name in names})
    return {name: ordered([bucket_of(bucket) for bucket in counted[name]["buckets"]], name) for name in names}


def ordered(counts: list[FacetCount], name: str) -> list[FacetCount]:
    """Years and pages in order; other values the most frequent first, then by name."""
    if FIELD[name].kind == "number":
        return sorted(counts, key=lambda found: found.value)
    return sorted(counts, key=lambda found: (-found.count, str(found.value)))


# Buckets come from the engine as JSON: their keys are texts or numbers.
def bucket_of(bucket: dict[str, Any]) -> FacetCount:
    """A value and its count as the engine gives them."""
    key = bucket["key"]
    return FacetCount(int(key) if isinstance(key, float) else key, bucket["doc_count"])


def terms_of_field(name: str) -> dict[str, object]:
    """The request for a field's distinct values."""
    return {"terms": {"field": name, "size": BUCKETS}}


def count_letters(engine: tantivy.Searcher, query: tantivy.Query, schema: tantivy.Schema, *, total: int) -> int:
    """How many letters the query's items are from."""
    if total <= 1:
        return total
    return letters_between(engine, query, schema, days=(UNDATED, LAST_DAY), total=total)


def letters_between(
    engine: tantivy.Searcher, query: tantivy.Query, schema: tantivy.Schema, *, days: tuple[int, int], total: int
) -> int:
    """Distinct letters among the query's items: counted at once, else by halves of the time; a letter has one date."""
    first, last = days
    if total <= 3 * BUCKETS or first == last:
        found = engine.aggregate(query, {"letters": terms_of_field("letter_id")})["letters"]
        if not found["sum_other_doc_count"]:
            return len(found["buckets"])
    if first == last:
        return letters_by_page(engine, query)
    middle = (first + last) // 2
    letters = 0
    for half in ((first, middle), (middle + 1, last)):
        narrowed = all_of((query, days_query(*half, schema)))
        items = count_items(engine, narrowed)
        letters += letters_between(engine, narrowed, schema, days=half, total=items) if items else 0
    return letters


def letters_by_page(engine: tantivy.Searcher, query: tantivy.Query) -> int:
    """Distinct letters, listed page after page: slow, and only for more undated letters than the engine counts."""
    letters = 0
    after: dict[str, str] | None = None
    while True:
        pages: dict[str, object] = {"size": BUCKETS, "sources": [{"letter": {"terms": {"field": "letter_id"}}}]}
        if after:
            pages["after"] = after
        found = engine.aggregate(query, {"letters": {"composite": pages}})["letters"]
        letters += len(found["buckets"])
        after = found.get("after_key")
        if not after or not found["buckets"]:
            return letters
