"""The order of hits: exact at every page border, with ties by date, then letter, then item.

The engine orders by one key and leaves ties in the order of its own numbering. So ties are fetched whole and ordered
here; where many items may share one key (no date), the engine's order by letter takes over.
"""

from collections.abc import Iterable
from itertools import groupby

import tantivy
from msgspec import Struct

from imrsearch.search.compile import all_of, days_query, undated
from imrsearch.search.engine import Engine
from imrsearch.search.language import Node, scores
from imrsearch.search.query import DATE, FIRST_DAY, LAST_DAY, UNDATED, Query

# Hits fetched beyond the page, so that its last tie is mostly whole at the first try.
SPARE = 20


class Row(Struct, frozen=True):
    """An item on its way into the order.

    key  what decides before letter and item do: rows with equal keys are tied
    """

    key: tuple[float, ...]
    address: tantivy.DocAddress
    score: float = 0.0


def ranked(engine: Engine, found: tantivy.Query, *, query: Query, tree: Node, total: int) -> list[Row]:
    """The page of items that the query asks for. What holds only conditions has no relevance: newest first."""
    last = min(query.offset + query.limit, total)
    if query.offset >= last:
        return []
    if query.sort == "relevance" and scores(tree):
        rows = by_score(engine, found, last=last, total=total)
    elif query.sort == "oldest":
        dated = all_of((found, days_query(FIRST_DAY, LAST_DAY, engine=engine)))
        rows = by_date(engine, dated, last=last, sign=1)
        rows += by_letter(engine, undated(found, engine), last=last - len(rows), after=LAST_DAY)
    else:
        rows = by_date(engine, found, last=last, sign=-1)
    return page(engine, rows, first=query.offset, last=last)


def by_score(engine: Engine, found: tantivy.Query, *, last: int, total: int) -> list[Row]:
    """At least `last` rows by score, then date, newest first; the last tie is whole."""
    fetched = min(last + SPARE, total)
    hits = engine.best(found, fetched)
    while fetched < total and hits[-1][0] == hits[last - 1][0]:
        fetched = min(4 * fetched, total)
        hits = engine.best(found, fetched)
    dates = engine.values(DATE.name, [address for _, address in hits])
    rows = (
        Row((-score, -(date or UNDATED)), address, score) for (score, address), date in zip(hits, dates, strict=True)
    )
    return sorted(rows, key=lambda row: row.key)


def by_date(engine: Engine, found: tantivy.Query, *, last: int, sign: int) -> list[Row]:
    """The first `last` rows by date, upwards with sign 1 and downwards with -1; those of the last day in full order."""
    last = min(last, engine.count(found))
    if not last:
        return []
    hits = engine.first(found, last, by=DATE.name, downwards=sign < 0)
    last_day = hits[-1][0]
    rows = [Row((sign * day, 0), address) for day, address in hits if day != last_day]
    tied = all_of((found, days_query(last_day, last_day, engine=engine)))
    return rows + by_letter(engine, tied, last=last - len(rows), after=sign * last_day)


def by_letter(engine: Engine, found: tantivy.Query, *, last: int, after: int) -> list[Row]:
    """The first `last` rows by letter and item; each has a key of its own, behind `after`."""
    total = engine.count(found)
    last = min(last, total)
    if last <= 0:
        return []
    fetched = min(last + SPARE, total)
    hits = engine.first(found, fetched, by="letter_id")
    while fetched < total and hits[-1][0] == hits[last - 1][0]:
        fetched = min(4 * fetched, total)
        hits = engine.first(found, fetched, by="letter_id")
    items = engine.values("item", [address for _, address in hits])
    inorder = sorted(zip(hits, items, strict=True), key=lambda hit: (hit[0][0], hit[1]))
    return [Row((after, place), address) for place, ((_, address), _) in enumerate(inorder[:last], start=1)]


def page(engine: Engine, rows: Iterable[Row], *, first: int, last: int) -> list[Row]:
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


def letter_and_item(engine: Engine, row: Row) -> tuple[str, int]:
    """What decides between tied rows."""
    letter = engine.letter(row.address)
    return letter.letter_id, letter.items[0].item
