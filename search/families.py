"""Items with nearly the same rationale among those found: how many families they are of, and one hit for each."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import tantivy
from msgspec import Struct

from imrsearch.schema.records import Letter
from imrsearch.schema.sentences import sentences_of
from imrsearch.search.engine import Engine
from imrsearch.search.order import Row
from imrsearch.search.results import Family, Span

# Families are counted among so many items, or among so many where that need not be quick: a million take half a second.
QUICK = 50_000
MOST = 1_000_000
# Items that are looked at for each family that is to be shown, at first.
AHEAD = 3


class Collapsed(Struct, frozen=True):
    """The first item of each family on the page, and whether there are more families behind."""

    rows: list[Row]
    more: bool


def count_families(engine: Engine, found: tantivy.Query, *, total: int, items: int, quick: bool) -> int | None:
    """To how many families the items belong, one that is like no other being one; null where they are too many.

    total  how many items are found
    items  how many there are
    quick  only where that is quick
    """
    if total == items:
        return engine.families.total(items)
    if total > (QUICK if quick else MOST):
        return None
    return engine.families.count(engine.rows([address for _, address in engine.best(found, total)])) if total else 0


def collapsed(
    engine: Engine, ranked: Callable[[int], Sequence[Row]], *, offset: int, limit: int, total: int
) -> Collapsed:
    """Of each family its first item in the order, from one family up to another.

    ranked  the first so many items in the order
    """
    wanted = offset + limit
    fetched = min(AHEAD * (wanted + 1), total)
    while True:
        rows = ranked(fetched)
        firsts = list(firsts_of(engine, rows))
        if len(firsts) > wanted or fetched >= total:
            return Collapsed(firsts[offset:wanted], len(firsts) > wanted)
        fetched = min(4 * fetched, total)


def firsts_of(engine: Engine, rows: Sequence[Row]) -> Iterator[Row]:
    """The items before which none of their family stands."""
    if not rows:
        return
    seen: set[int] = set()
    for row, number in zip(rows, engine.rows([row.address for row in rows]), strict=True):
        family = engine.families.of(number)
        if family not in seen:
            yield row
        if family:
            seen.add(family)


def families_of(engine: Engine, addresses: Sequence[tantivy.DocAddress]) -> list[Family | None]:
    """The family of each item; null where it is like no other."""
    return [family_at(engine, row) for row in engine.rows(addresses)] if addresses else []


def family_at(engine: Engine, row: int) -> Family | None:
    """The family of a row."""
    number = engine.families.of(row)
    if not number:
        return None
    members = engine.families.members(number)
    return Family(engine.item(members[0]).id, len(members), engine.families.outcomes(number))


def boilerplate_of(engine: Engine, letter: Letter) -> dict[str, tuple[Span, ...]]:
    """Of each item the sentences of its rationale that many letters have."""
    return {item.id: tuple(shared_in(engine, item.rationale)) for item in letter.items}


def shared_in(engine: Engine, text: str) -> Iterable[Span]:
    """The sentences that many letters have."""
    return (span for span in sentences_of(text) if engine.families.is_boilerplate(text[slice(*span)]))
