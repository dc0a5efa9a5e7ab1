"""The values of one facet among what a question finds, a page at a time."""

from msgspec import UNSET, Struct, structs

from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FACETS
from imrsearch.search.explain import Clock
from imrsearch.search.query import Query, checked
from imrsearch.search.results import SCHEMA_VERSION, FacetCount, IndexFigures
from imrsearch.search.searcher import Searcher


class FacetValues(Struct, frozen=True, kw_only=True):
    """The values of one facet, and how many of the items found have each.

    name           the field
    query          as asked
    query_as_run   as understood
    filters        as asked, with `since` and `until`; a filter of the facet itself does not narrow its values
    total          items found
    total_letters  letters in which they were found
    total_values   how many values there are, of those in which `contains` stands
    returned       how many of them are in `values`
    truncated      there are more behind them
    values         the most frequent first, numbers in their order
    """

    schema_version: int = SCHEMA_VERSION
    name: str
    query: str
    query_as_run: str
    filters: dict[str, list[str] | str]
    index: IndexFigures
    total: int
    total_letters: int | None
    total_values: int
    returned: int
    truncated: bool
    took_ms: float
    notices: tuple[str, ...]
    values: tuple[FacetCount, ...]


def facet_values(searcher: Searcher, query: Query, *, contains: str = "") -> FacetValues:
    """The values of the query's one facet that hold those letters; its limit and offset count values."""
    clock = Clock()
    query = checked(query)
    if len(query.facets) != 1:
        raise UsageError("one facet is asked for at a time", hint=f"one of: {', '.join(each.name for each in FACETS)}")
    results = searcher.answer(structs.replace(query, limit=0, offset=0, letters=True), clock).results
    (name,) = query.facets
    wanted = value_term(contains)
    held = [found for found in results.facets[name] if wanted in value_term(str(found.value))]
    shown = held[query.offset : query.offset + query.limit]
    return FacetValues(
        name=name,
        query=results.query,
        query_as_run=results.query_as_run,
        filters=results.filters,
        index=results.index,
        total=results.total,
        total_letters=results.total_letters,
        total_values=len(held),
        returned=len(shown),
        truncated=len(held) > query.offset + len(shown),
        took_ms=clock.lap("facets", clock).total_ms,
        notices=results.notices,
        values=tuple(structs.replace(found, chosen=UNSET) for found in shown),
    )
