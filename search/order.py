"""The order of hits: exact at every page border, with ties by date, then letter, then item.

The engine orders by one key and leaves ties in the order of its own numbering. So ties are fetched whole and ordered
here; where many items may share one key (no date), the engine's order by letter takes over.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import count, groupby
from typing import Any, NamedTuple

import tantivy
from msgspec import Struct

from imrsearch.schema.documents import PLACE
from imrsearch.schema.records import Letter
from imrsearch.search.compile import all_of, days_query, undated
from imrsearch.search.engine import Engine, Ranked, with_item
from imrsearch.search.language import Node, scores
from imrsearch.search.query import DATE, FIRST_DAY, LAST_DAY, UNDATED, Query, Sort

# Hits fetched beyond the page, so that its last tie is mostly whole at the first try.
SPARE = 20
# Of everything found so many are fetched at once: the engine begins anew for each page.
PAGE = 50_000
# Letters that are held for their other items.
KEPT_LETTERS = 500

# The score, 0 where the order is another, and the letter with that item only.
Scored = tuple[float, Letter]


class Row(Struct, frozen=True):
    """An item on its way into the order.

    key  what decides before letter and item do: rows with equal keys are tied
    """

    key: tuple[float, ...]
    address: tantivy.DocAddress
    score: float = 0.0


class Placed(NamedTuple):
    """An item of many.

    key     what the engine ordered it by
    place   of its letter in the letter file
    number  its place in the letter
    """

    key: Any
    day: int
    place: int
    number: int


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


def order_of(query: Query, tree: Node) -> Sort:
    """The order in which everything found is listed: newest first where nothing scores."""
    return query.sort if query.sort != "relevance" or scores(tree) else "newest"


def all_ranked(engine: Engine, found: tantivy.Query, *, query: Query, tree: Node) -> Iterator[Scored]:
    """Everything found, in the order of `ranked`; of however much that is a page, a tie and few letters are held."""
    letter = lru_cache(KEPT_LETTERS)(engine.letters.letter)
    order = order_of(query, tree)
    if order == "relevance":
        yield from untied(engine, partial(engine.best, found), letter=letter, scored=True)
        return
    dated = all_of((found, days_query(FIRST_DAY, LAST_DAY, engine=engine)))
    by_day = partial(engine.first, dated, by=DATE.name, downwards=order == "newest")
    yield from untied(engine, by_day, letter=letter)
    yield from untied(engine, partial(engine.first, undated(found, engine), by="letter_id"), letter=letter)


def untied(
    engine: Engine, fetch: Callable[..., list[Ranked]], *, letter: Callable[[int], Letter], scored: bool = False
) -> Iterator[Scored]:
    """What `fetch` gives page by page; items with equal keys newest first, then by letter and item.

    letter  the letter that lies at a place
    scored  keys are scores
    """
    held: list[Ranked] = []
    for offset in count(0, PAGE):
        fetched = fetch(PAGE, offset=offset)
        held += fetched
        ended = len(fetched) < PAGE
        # The items with the last key may go on in the next page.
        whole = len(held) if ended else bisect_left(held, True, key=lambda hit: hit[0] == held[-1][0])
        for key, alike in groupby(placed(engine, held[:whole]), key=lambda item: item.key):
            for item in without_ties(sorted(alike, key=lambda item: -item.day), letter=letter):
                yield key if scored else 0.0, with_item(letter(item.place), item.number)
        if ended:
            return
        del held[:whole]


def placed(engine: Engine, hits: Sequence[Ranked]) -> Iterator[Placed]:
    """The hits with what else decides their order, and where their letters lie."""
    addresses = [address for _, address in hits]
    days, places, numbers = (engine.values(name, addresses) for name in (DATE.name, PLACE, "item"))
    for (key, _), day, place, number in zip(hits, days, places, numbers, strict=True):
        yield Placed(key, day or UNDATED, place, number)


def without_ties(items: Iterable[Placed], *, letter: Callable[[int], Letter]) -> Iterator[Placed]:
    """The items of one key, by date; those of one day by letter and item."""
    for _, alike in groupby(items, key=lambda item: item.day):
        tied = list(alike)
        if len(tied) > 1:
            tied.sort(key=lambda item: (letter(item.place).letter_id, item.number))
        yield from tied


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
