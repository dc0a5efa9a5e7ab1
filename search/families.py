"""Items with nearly the same rationale among those found: how many families they are of, and one hit for each."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

import tantivy
from msgspec import structs

from imrsearch.schema.records import Letter
from imrsearch.search.engine import Engine
from imrsearch.search.language import Node
from imrsearch.search.order import KEY, WIDER, Found, Keyed, Row, by_id, found_by, keyed_by, whole, with_tie
from imrsearch.search.query import Query
from imrsearch.search.results import Family, Span
from imrsearch.search.sentences import sentences_of

# Families are counted among so many items, or among so many where that need not be quick: a million take half a second.
QUICK = 5_000
MOST = 1_000_000
# Items that are looked at for each family that is to be shown, at first.
AHEAD = 3


def most_counted(letters: bool | None) -> int:
    """Among how many items families are counted at most."""
    return MOST if letters else QUICK


def looked_at(engine: Engine, found: Found, *, letters: bool | None) -> Found:
    """What is found, each item of it where families are counted by looking at each: then letters are, too.

    letters  as in `count_families`
    """
    if letters is False or found.total == engine.items:
        return found
    return whole(engine, found, most=most_counted(letters))


def count_families(engine: Engine, found: Found, *, letters: bool | None) -> int | None:
    """To how many families the items belong, one that is like no other being one; null where that is not asked for.

    letters  true: they are counted also where that takes a while; false: not at all
    """
    if letters is False:
        return None
    if found.total == engine.items:
        return engine.families.total(found.total)
    if found.total > most_counted(letters):
        return None
    return engine.families.count(engine.rows([address for _, address in whole(engine, found, most=MOST).best]))


def collapsed(engine: Engine, found: Found, *, query: Query, tree: Node) -> tuple[list[Row], bool]:
    """Of each family its first item in the order, those of the page, and whether there are more behind it."""
    wanted = query.offset + query.limit
    if query.offset >= found.total:
        return [], False
    number = min(AHEAD * (wanted + 1), found.total)
    while True:
        asked = structs.replace(query, offset=0, limit=number)
        if len(found.best) < number:
            found = found_by(engine, found.query, ordered=found.ordered, query=asked, tree=tree)
        if found.best:
            # What was fetched for a tie is not fetched again when more are looked at.
            found = with_tie(engine, found, last=number)
        inorder = keyed_by(engine, found, query=asked, tree=tree)
        firsts = list(islice(firsts_of(engine, inorder), wanted + 1))
        if len(firsts) > wanted or number >= found.total:
            return firsts[query.offset : wanted], len(firsts) > wanted
        number = min(WIDER * number, found.total)


def firsts_of(engine: Engine, inorder: Sequence[Keyed]) -> Iterator[Row]:
    """The items before which none of their family stands; of tied ones only those of other families are looked up."""
    numbers = iter(engine.rows([keyed.address for keyed in inorder]))
    seen: set[int] = set()
    for _, group in groupby(inorder, key=KEY):
        tied = [Row(next(numbers), keyed.score) for keyed in group]
        for row in by_id(engine, [row for row in tied if engine.families.of(row.number) not in seen]):
            family = engine.families.of(row.number)
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
