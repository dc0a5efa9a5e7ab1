"""The order of hits: exact at every page border, with ties by date, then letter, then item.

The engine orders by one key and leaves ties in the order of its own numbering. So ties are fetched whole and ordered
here; where many items may share one key (no date), the engine's order by letter takes over.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter, itemgetter

import tantivy
from msgspec import Struct, structs

from imrsearch.search.compile import all_of, days_query, undated, unscored
from imrsearch.search.engine import Engine, Ranked
from imrsearch.search.language import All, Node, scores
from imrsearch.search.query import DATE, FIRST_DAY, LAST_DAY, UNDATED, Query

# Hits fetched beyond the page, so that its last tie is mostly whole at the first try.
SPARE = 50
# So many are fetched where several words must be found: to find so few items again takes longer than to fetch them.
FEW = 1_000
# How many times as many are fetched where a tie is not whole: to find items again takes longer than to fetch more.
WIDER = 16
# Of so few, where all are shown, the days are in the letters, which are read anyway.
SHORT_PAGE = 20
# By it items are put in order, and in groups of tied ones.
KEY = attrgetter("key")


class Keyed(Struct, frozen=True):
    """An item on its way into the order.

    key  what decides before day, letter and item do, as far as that is needed: items with equal keys are tied
    """

    key: tuple[float, ...]
    address: tantivy.DocAddress
    score: float = 0.0


class Row(Struct, frozen=True):
    """An item in its place, by its row."""

    number: int
    score: float


class Found(Struct, frozen=True):
    """What a question finds.

    query    in the engine's terms, as far as it decides what is found
    ordered  the same with what only changes the order
    total    how many items
    best     the first of them by score with their scores, where the score decides, or all of them in any order
    """

    query: tantivy.Query
    ordered: tantivy.Query
    total: int
    best: Sequence[Ranked] = ()


def found_by(engine: Engine, found: tantivy.Query, *, ordered: tantivy.Query, query: Query, tree: Node) -> Found:
    """How many items there are and, where the score decides, the first of them: one pass does for both."""
    if not is_scored(query, tree) or not query.limit:
        return Found(found, ordered, engine.count(found))
    fetched = query.offset + query.limit + SPARE
    if query.letters is not False and isinstance(tree, All):
        fetched = max(fetched, FEW)
    return Found(found, ordered, *engine.counted(ordered, max(min(fetched, engine.items), 1)))


def is_scored(query: Query, tree: Node) -> bool:
    """The score decides the order: what holds only conditions has no relevance, and the newest come first."""
    return query.sort == "relevance" and scores(tree)


def whole(engine: Engine, found: Found, *, most: int) -> Found:
    """The same with every item in `best`, in any order, where they are at most so many."""
    if len(found.best) >= found.total or found.total > most:
        return found
    return structs.replace(found, best=engine.best(unscored(found.query), found.total))


def ranked(engine: Engine, found: Found, *, query: Query, tree: Node) -> list[Row]:
    """The page of items that the query asks for."""
    last = min(query.offset + query.limit, found.total)
    if query.offset >= last:
        return []
    return page(engine, keyed_by(engine, found, query=query, tree=tree), first=query.offset, last=last)


def keyed_by(engine: Engine, found: Found, *, query: Query, tree: Node) -> list[Keyed]:
    """The items up to the end of the page, by their keys; the last tie is whole."""
    last = min(query.offset + query.limit, found.total)
    if is_scored(query, tree):
        return by_score(engine, found, first=query.offset, last=last)
    if query.sort != "oldest":
        return by_date(engine, found.query, last=last, sign=-1)
    dated = all_of((found.query, days_query(FIRST_DAY, LAST_DAY, engine=engine)))
    keyed = by_date(engine, dated, last=min(last, engine.count(dated)), sign=1)
    return keyed + by_letter(engine, undated(found.query, engine), last=last - len(keyed), after=LAST_DAY)


def by_score(engine: Engine, found: Found, *, first: int, last: int) -> list[Keyed]:
    """At least `last` items by score, then date, newest first; the last tie is whole.

    Without the date where a short first page shows all of them: then `by_id` puts it in.
    """
    hits = with_tie(engine, found, last=last).best
    least = hits[last - 1][0]
    above = bisect_left(hits, -least, key=lambda hit: -hit[0])
    hits = hits[: bisect_right(hits, -least, lo=above, key=lambda hit: -hit[0])]
    if not first and len(hits) == last <= SHORT_PAGE:
        return [Keyed((-score,), address, score) for score, address in hits]
    dates = [date or UNDATED for date in engine.values(DATE.name, [address for _, address in hits])]
    # There may be thousands of the least score, of which few have the days that are shown.
    farthest = sorted(dates[above:], reverse=True)[last - above - 1]
    keyed = [
        Keyed((-score, -date), address, score)
        for (score, address), date in zip(hits, dates, strict=True)
        if score > least or date >= farthest
    ]
    return sorted(keyed, key=KEY)


def with_tie(engine: Engine, found: Found, *, last: int) -> Found:
    """The same with all items in `best` whose score is that of the one that stands last; so many are in it already."""
    hits = found.best
    while len(hits) < found.total and hits[-1][0] == hits[last - 1][0]:
        hits = engine.best(found.ordered, min(WIDER * len(hits), found.total))
    return structs.replace(found, best=hits)


def by_date(engine: Engine, found: tantivy.Query, *, last: int, sign: int) -> list[Keyed]:
    """The first `last` items by date, upwards with sign 1, downwards with -1; those of the last day in full order."""
    if not last:
        return []
    hits = engine.first(found, last, by=DATE.name, downwards=sign < 0)
    last_day = hits[-1][0]
    keyed = [Keyed((sign * day, 0), address) for day, address in hits if day != last_day]
    tied = all_of((found, days_query(last_day, last_day, engine=engine)))
    return keyed + by_letter(engine, tied, last=last - len(keyed), after=sign * last_day)


def by_letter(engine: Engine, found: tantivy.Query, *, last: int, after: int) -> list[Keyed]:
    """The first `last` items by letter and item; each has a key of its own, behind `after`."""
    total = engine.count(found)
    last = min(last, total)
    if last <= 0:
        return []
    fetched = min(last + SPARE, total)
    hits = engine.first(found, fetched, by="letter_id")
    while fetched < total and hits[-1][0] == hits[last - 1][0]:
        fetched = min(WIDER * fetched, total)
        hits = engine.first(found, fetched, by="letter_id")
    items = engine.values("item", [address for _, address in hits])
    inorder = sorted(zip(hits, items, strict=True), key=lambda hit: (hit[0][0], hit[1]))
    return [Keyed((after, place), address) for place, ((_, address), _) in enumerate(inorder[:last], start=1)]


def page(engine: Engine, inorder: Sequence[Keyed], *, first: int, last: int) -> list[Row]:
    """Items `first` to `last`, tied ones in full order; only ties that reach into the page are looked up."""
    begin = bisect_left(inorder, inorder[first].key, key=KEY)
    near = inorder[begin : bisect_right(inorder, inorder[last - 1].key, lo=first, key=KEY)]
    numbers = iter(engine.rows([keyed.address for keyed in near]))
    rows: list[Row] = []
    for _, group in groupby(near, key=KEY):
        rows += by_id(engine, [Row(next(numbers), keyed.score) for keyed in group])
    return rows[first - begin : last - begin]


def by_id(engine: Engine, rows: Sequence[Row]) -> Sequence[Row]:
    """Tied items, the newest first, those of one day by letter, then item."""
    if len(rows) < 2:
        return rows
    tied = []
    for row in rows:
        place, item = engine.families.rows.where(row.number)
        letter = engine.letter_at(place)
        tied.append((letter.letter_id, item, letter.decision_date or "", row))
    tied.sort(key=itemgetter(0, 1))
    return [row for *_, row in sorted(tied, key=itemgetter(2), reverse=True)]
