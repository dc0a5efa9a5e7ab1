"""Words near each other in the engine's terms, exact by their positions.

The engine's own slop is neither "within so many words" nor ordered. So each distance is a phrase with a hole; and what
no such phrase can say (one sentence, a quoted phrase near a word, beginnings) is read from the items that have both.
"""

from collections.abc import Iterator, Mapping, Sequence

import tantivy

from imrsearch.schema.documents import exact_field, value_term, words_field
from imrsearch.schema.errors import QueryError
from imrsearch.schema.fields import FIELD, Field
from imrsearch.search.engine import Engine
from imrsearch.search.language import Near, written
from imrsearch.search.marks import TextWords, pattern_of

# So many items are read one by one at most.
MOST_READ = 4_000
FEWER = "add a filter or another word, or ask for a number of words between two words: a /10 b"


def phrases_query(field: Field, *, near: Near, engine: Engine) -> tantivy.Query:
    """Both patterns in the field at each distance that is near enough."""
    first, second = pattern_of(near.first), pattern_of(near.second)
    name = exact_field(field) if first.exact else words_field(field)
    orders = [(first.terms, second.terms)]
    if not near.ordered:
        orders.append((second.terms, first.terms))
    phrases = [
        engine.apart(name, list(holed(before, after, distance=distance)))
        for before, after in dict.fromkeys(orders)
        for distance in range(1, (near.distance or 0) + 1)
    ]
    return phrases[0] if len(phrases) == 1 else tantivy.Query.disjunction_max_query(phrases)


def holed(before: Sequence[str], after: Sequence[str], *, distance: int) -> Iterator[tuple[int, str]]:
    """The terms with their places: those of `after` begin `distance` places behind the end of `before`."""
    yield from enumerate(before)
    yield from enumerate(after, start=len(before) - 1 + distance)


def is_phrase(near: Near) -> bool:
    """The engine can find it by positions of one field."""
    first, second = pattern_of(near.first), pattern_of(near.second)
    return near.distance is not None and first.exact == second.exact and not (first.prefix or second.prefix)


def read_query(near: Near, both: Mapping[str, tantivy.Query], *, engine: Engine) -> tantivy.Query:
    """The items in which a field has both near enough, by reading that field in each item that has both in it.

    both  by the field's name, the items that have both in it
    """
    counts = {name: engine.count(query) for name, query in both.items()}
    if (total := sum(counts.values())) > MOST_READ:
        raise QueryError(
            f"{total:,} texts have both parts, too many to read each",
            query=written(near),
            place=len(written(near.first)) + 1,
            hint=FEWER,
        )
    ids: dict[str, None] = {}
    for name, count in counts.items():
        for _, address in engine.best(both[name], count) if count else ():
            letter = engine.letter(address)
            item = letter.items[0]
            value = FIELD[name].extract(letter, item)
            texts = value if isinstance(value, tuple) else (value,)
            if item.id not in ids and any(True for _ in TextWords(texts).near(near)):
                ids[item.id] = None
    return engine.one_of("id", [value_term(id) for id in ids]) if ids else tantivy.Query.empty_query()
