"""Words near each other in the engine's terms, exact by their positions.

The engine's own slop is neither "within so many words" nor ordered: it is how far a word may stand from its place in a
phrase, to either side. So for two words the place is the middle of the distances asked for, which makes it exact; for
phrases each distance is a phrase with a hole. What no phrase can say (one sentence, a quoted phrase near a word,
beginnings) is read from the items that have both.
"""

from collections.abc import Iterator, Mapping, Sequence

import tantivy

from imrsearch.schema.documents import exact_field, value_term, words_field
from imrsearch.schema.errors import QueryError
from imrsearch.schema.fields import FIELD, Field
from imrsearch.search.engine import Engine
from imrsearch.search.language import Near, written
from imrsearch.search.marks import TextWords, pattern_of
from imrsearch.search.seek import needle_of
from imrsearch.search.sentences import sentences_of

# So many items are read one by one at most.
MOST_READ = 4_000
# In so many items one distance between two phrases is tried in about a quarter of a second.
MOST_TRIED = 100_000
FEWER = "add a filter or another word, or ask for a number of words between two words: a /10 b"


def phrases_query(field: Field, *, near: Near, engine: Engine) -> tantivy.Query:
    """Both patterns in the field at each distance that is near enough."""
    first, second = pattern_of(near.first), pattern_of(near.second)
    name = exact_field(field) if first.exact else words_field(field)
    orders = [(first.terms, second.terms)]
    if not near.ordered:
        orders.append((second.terms, first.terms))
    if len(first.terms) + len(second.terms) > 2:
        check_work(near, [engine.words(name, pattern.terms) for pattern in (first, second)], engine=engine)
    phrases = [
        engine.apart(name, list(holed(before, after, distance=middle)), slop=slop)
        for before, after in dict.fromkeys(orders)
        for middle, slop in distances(near.distance or 0, words=len(before) + len(after))
    ]
    return phrases[0] if len(phrases) == 1 else tantivy.Query.disjunction_max_query(phrases)


def check_work(near: Near, parts: Sequence[tantivy.Query], *, engine: Engine) -> None:
    """QueryError where too many items have both parts to try every distance in each."""
    both = tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts])
    distance = near.distance or 0
    if (found := engine.count(both)) * distance > MOST_TRIED:
        raise QueryError(
            f"{found:,} items have both phrases, too many to look {distance} words far in each",
            query=written(near),
            place=len(written(near.first)) + 1,
            hint="ask for fewer words between the two, for more words in quotes, or for two words: a /50 b",
        )


def distances(farthest: int, *, words: int) -> Iterator[tuple[int, int]]:
    """The distances from 1 to the farthest: each as one in the middle and how many there are to either side."""
    if words > 2:
        # With more than two words the engine adds up how far each stands from its place.
        yield from ((distance, 0) for distance in range(1, farthest + 1))
        return
    if beside := (farthest - 1) // 2:
        yield 1 + beside, beside
    yield from ((distance, 0) for distance in range(2 * beside + 1 + (beside > 0), farthest + 1))


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
            if item.id not in ids and any(True for words in parts_of(texts, near) for _ in words.near(near)):
                ids[item.id] = None
    return engine.one_of("id", [value_term(id) for id in ids]) if ids else tantivy.Query.empty_query()


def parts_of(texts: Sequence[str], near: Near) -> Iterator[TextWords]:
    """The texts together; of two words in one sentence only the sentences that may hold both: most texts have none."""
    patterns = (pattern_of(near.first), pattern_of(near.second))
    if near.distance is not None or any(len(pattern.terms) > 1 for pattern in patterns):
        yield TextWords(texts)
        return
    needles = [needle_of(pattern.terms[0], exact=pattern.exact) for pattern in patterns]
    for text in texts:
        for start, end in sentences_of(text):
            sentence = text[start:end]
            lower = sentence.lower()
            if not sentence.isascii() or all(needle in lower for needle in needles):
                yield TextWords((sentence,))
