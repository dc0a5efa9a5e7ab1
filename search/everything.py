"""Everything that a question finds, in the order of its pages, however much it is.

A page of hits is fetched at a time, and held as far as its last key may go on in the next one.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import count, groupby
from typing import Any, NamedTuple

import tantivy

from imrsearch.schema.documents import PLACE
from imrsearch.schema.records import Letter
from imrsearch.search.compile import all_of, days_query, undated
from imrsearch.search.engine import Engine, Ranked, with_item
from imrsearch.search.language import Node, scores
from imrsearch.search.query import DATE, FIRST_DAY, LAST_DAY, UNDATED, Query, Sort

# So many are fetched at once: the engine begins anew for each page.
PAGE = 50_000
# Letters that are held for their other items.
KEPT_LETTERS = 500

# The score, 0 where the order is another, and the letter with that item only.
Scored = tuple[float, Letter]


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


def order_of(query: Query, tree: Node) -> Sort:
    """The order in which everything found is listed: newest first where nothing scores."""
    return query.sort if query.sort != "relevance" or scores(tree) else "newest"


def all_ranked(engine: Engine, found: tantivy.Query, *, query: Query, tree: Node) -> Iterator[Scored]:
    """Everything found, as `order.ranked` has it; of however much that is a page, a tie and few letters are held."""
    letter = lru_cache(KEPT_LETTERS)(engine.letter_at)
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
