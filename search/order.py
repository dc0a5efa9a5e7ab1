"""The order of hits: exact at every page border, with ties by date, then letter, then item.

The engine orders by one key and leaves ties in the order of its own numbering. So ties are fetched whole and ordered
here; where many items may share one key (no date), the engine's order by letter takes over.
"""

from collections.abc import Iterable
from itertools import groupby

import tantivy
from msgspec import Struct

from imrsearch.schema.documents import letter_of
from imrsearch.search.counts import count_items
from imrsearch.search.language import Node
from imrsearch.search.query import DATE, FIRST_DAY, LAST_DAY, UNDATED, Query, all_of, days_query, scores

# Hits fetched beyond the page, so that its last tie is mostly whole at the first try.
SPARE = 20


class Row(Struct, frozen=True):
    """An item on its way into the order.

    key  what decides before letter and item do: rows with equal keys are tied
    """

    key: tuple[float, ...]
    address: tantivy.DocAddress
    score: float = 0.0


def ranked(
    engine: tantivy.Searcher, found: tantivy.Query, schema: tantivy.Schema, *, query: Query, tree: Node, total: int
) -> list[Row]:
    """The page of items that the query asks for. What holds only conditions has no relevance: newest first."""
    last = min(query.offset + query.limit, total)
    if query.offset >= last:
        return []
    if query.sort == "relevance" and scores(tree):
        rows = by_score(engine, found, last, total=total)
    elif query.sort == "oldest":
        rows = by_date(engine, all_of((found, days_query(FIRST_DAY, LAST_DAY, schema))), schema, last, sign=1)
        undated = all_of((found, days_query(UNDATED, UNDATED, schema)))
        rows += by_letter(engine, undated, last - len(rows), after=LAST_DAY)
    else:
        rows = by_date(engine, found, schema, last, sign=-1)
    return page(engine, rows, query.offset, last)


def by_score(engine: tantivy.Searcher, found: tantivy.Query, last: int, *, total: int) -> list[Row]:
    """At least `last` rows by score, then date, newest first; the last tie is whole."""
    fetched = min(last + SPARE, total)
    hits = engine.search(found, fetched, count=False).hits
    while fetched < total and hits[-1][0] == hits[last - 1][0]:
        fetched = min(4 * fetched, total)
        hits = engine.search(found, fetched, count=False).hits
    dates = engine.fast_field_values(DATE.name, [address for _, address in hits])
    rows = (
        Row((-score, -(date or UNDATED)), address, score) for (score, address), date in zip(hits, dates, strict=True)
    )
    return sorted(rows, key=lambda row: row.key)


def by_date(
    engine: tantivy.Searcher, found: tantivy.Query, schema: tantivy.Schema, last: int, *, sign: int
) -> list[Row]:
    """The first `last` rows by date, upwards with sign 1 and downwards with -1; those of the last day in full order."""
    last = min(last, count_items(engine, found))
    if not last:
        return []
    order = tantivy.Order.Asc if sign > 0 else tantivy.Order.Desc
    hits = engine.search(found, last, count=False, order_by_field=DATE.name, order=order).hits
    last_day = hits[-1][0]
    rows = [Row((sign * day, 0), address) for day, address in hits if day != last_day]
    tied = all_of((found, days_query(last_day, last_day, schema)))
    return rows + by_letter(engine, tied, last - len(rows), after=sign * last_day)


def by_letter(engine: tantivy.Searcher, found: tantivy.Query, last: int, *, after: int) -> list[Row]:
    """The first `last` rows by letter and item; each has a key of its own, behind `after`."""
    total = count_items(engine, found)
    last = min(last, total)
    if last <= 0:
        return []
    fetched = min(last + SPARE, total)
    hits = letters_in_order(engine, found, fetched)
    while fetched < total and hits[-1][0] == hits[last - 1][0]:
        fetched = min(4 * fetched, total)
        hits = letters_in_order(engine, found, fetched)
    items = engine.fast_field_values("item", [address for _, address in hits])
    inorder = sorted(zip(hits, items, strict=True), key=lambda hit: (hit[0][0], hit[1]))
    return [Row((after, place), address) for place, ((_, address), _) in enumerate(inorder[:last], start=1)]


def letters_in_order(
    engine: tantivy.Searcher, found: tantivy.Query, fetched: int
) -> list[tuple[str, tantivy.DocAddress]]:
    """Each item's letter_id and address, by letter."""
    order = tantivy.Order.Asc
    return engine.search(found, fetched, count=False, order_by_field="letter_id", order=order).hits


def page(engine: tantivy.Searcher, rows: Iterable[Row], first: int, last: int) -> list[Row]:
    """Rows `first` to `last`, tied ones by letter and item; only ties that reach into the page are looked up."""
    chosen: list[Row] = []
    place = 0
    for _, group in groupby(rows, key=lambda row: row.key):
        tied = list(group)
        if place < last and place + len(tied) > first:
            if len(tied) > 1:
                tied.sort(key=lambda row: letter_and_item(engine, row))
            chosen += tied[max(first - place, 0) : last - place]
        place += len(tied)
    return chosen


def letter_and_item(engine: tantivy.Searcher, row: Row) -> tuple[str, int]:
    """What decides between tied rows."""
    letter = letter_of(engine.doc(row.address))
    return letter.letter_id, letter.items[0].item
