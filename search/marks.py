"""What in a text answers the question: word by word as the index has it, in characters of the text as it is stored.

The same reading marks the answer and proves what the engine cannot: words in one sentence, phrases near beginnings.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from msgspec import Struct

from imrsearch.schema.documents import places_in, terms_in
from imrsearch.schema.meaning import is_acronym
from imrsearch.search.language import (
    Named,
    Near,
    Node,
    Operand,
    Phrase,
    Prefix,
    Within,
    Word,
    searches_words_of,
    wanted_leaves,
)
from imrsearch.search.lexer import PREFIX, SHORTEST_PREFIX
from imrsearch.search.sentences import sentences_of
from imrsearch.search.widen import is_small

# No word is longer than this; what is, is no beginning of one.
LONGEST_PREFIX = 60
# Words of questions whose stems are kept ready.
KEPT = 4_096
# Between two values of a field the index leaves one place free, which no word has.
GAP = ("", -1, -1)


class Pattern(Struct, frozen=True):
    """Words that must stand side by side.

    terms    as the index has them
    exact    as they are written, not by their stems
    prefix   the only term is the beginning of a word
    written  several words as they are written, for a field that knows only of these where they stand
    """

    terms: tuple[str, ...]
    exact: bool = False
    prefix: bool = False
    written: tuple[str, ...] = ()


class Wanted(Struct, frozen=True):
    """Words that count as an answer.

    part    which part of the question they answer
    field   the only field in which they do, or null
    near    where they count only near others: both, and how near
    """

    pattern: Pattern
    part: int
    field: str | None = None
    near: Near | None = None


class Mark(Struct, frozen=True, order=True):
    """Characters of a text that answer a part of the question."""

    start: int
    end: int
    part: int


class TextWords:
    """The words of the values of a field, each with where it stands."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    @cached_property
    def stems(self) -> list[tuple[str, int, int]]:
        """Stem, first character and last of each word; GAP behind each value."""
        return [place for text in self.texts for place in (*places_in(text), GAP)]

    @cached_property
    def written(self) -> list[tuple[str, int, int]]:
        """Likewise of the words as they are written."""
        return [place for text in self.texts for place in (*places_in(text, exact=True), GAP)]

    @cached_property
    def stem_places(self) -> dict[str, list[int]]:
        """At which places each stem stands."""
        return places_by_term(self.stems)

    @cached_property
    def written_places(self) -> dict[str, list[int]]:
        """At which places each word stands as it is written."""
        return places_by_term(self.written)

    @cached_property
    def sentences(self) -> list[int]:
        """The number of the sentence that each word stands in."""
        # Both readings have the same words at the same places.
        words = iter(self.written if "written" in self.__dict__ else self.stems)
        numbers: list[int] = []
        first = 0
        for text in self.texts:
            starts = [start for start, _ in sentences_of(text)]
            for word in words:
                numbers.append(-1 if word is GAP else first + bisect_right(starts, word[1]))
                if word is GAP:
                    break
            first += len(starts) + 1
        return numbers

    def find(self, pattern: Pattern) -> list[tuple[int, int]]:
        """The first and the last place of the words wherever they stand, in order."""
        places = self.written_places if pattern.exact else self.stem_places
        if pattern.prefix:
            begun = (found for term, found in places.items() if term.startswith(pattern.terms[0]))
            return [(place, place) for place in sorted(place for found in begun for place in found)]
        words = self.written if pattern.exact else self.stems
        length = len(pattern.terms)
        return [
            (place, place + length - 1)
            for place in places.get(pattern.terms[0], ())
            if length == 1 or tuple(word[0] for word in words[place : place + length]) == pattern.terms
        ]

    def near(self, near: Near) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Where both parts stand near enough to each other."""
        first, second = self.find(pattern_of(near.first)), self.find(pattern_of(near.second))
        if near.distance is None:
            yield from self.together(first, second)
            return
        yield from pairs_within(first, second, near.distance)
        if not near.ordered:
            yield from ((one, other) for other, one in pairs_within(second, first, near.distance))

    def together(
        self, first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """The places in the same sentence that do not overlap; of each part at least every one is in a pair."""
        by_sentence: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for place in second:
            by_sentence[self.sentences[place[0]]].append(place)
        for one in first:
            for other in by_sentence.get(self.sentences[one[0]], ()):
                if one[1] < other[0] or other[1] < one[0]:
                    yield one, other


def places_by_term(words: Sequence[tuple[str, int, int]]) -> dict[str, list[int]]:
    """At which places each term stands."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(words):
        if word is not GAP:
            places[word[0]].append(place)
    return places


def pairs_within(
    first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]], distance: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The pairs of which the second begins at most `distance` words behind the end of the first."""
    starts = [start for start, _ in second]
    for one in first:
        for place in range(bisect_left(starts, one[1] + 1), bisect_right(starts, one[1] + distance)):
            yield one, second[place]


def pattern_of(asked: Operand | Within) -> Pattern:
    """What of a word, phrase, beginning or field's words must stand side by side; perhaps nothing."""
    text = unicodedata.normalize("NFC", asked.text)
    match asked:
        case Word():
            return stems_of(text)
        case Phrase():
            return Pattern(terms_in(text, exact=True), exact=True)
        case Prefix():
            return beginning_of(text)
        case Within(quoted=True):
            return Pattern(terms_in(text, exact=True), exact=True)
        case Within():
            match = PREFIX.fullmatch(text)
            return beginning_of(match[1]) if match and len(match[1]) >= SHORTEST_PREFIX else stems_of(text)


@lru_cache(KEPT)
def stems_of(text: str) -> Pattern:
    """The words of the text by their stems."""
    terms = terms_in(text)
    return Pattern(terms, written=terms_in(text, exact=True) if len(terms) > 1 else ())


@lru_cache(KEPT)
def patterns_of_name(name: str) -> tuple[Pattern, ...]:
    """The name by its stems; of an acronym as it is written, where its stem is another word: TENS is no ten."""
    text = unicodedata.normalize("NFC", name)
    stems, letters = terms_in(text), terms_in(text, exact=True)
    if stems == letters or len(letters) != 1 or not is_acronym(letters[0]):
        return (Pattern(stems),)
    return (Pattern(letters, exact=True), Pattern((f"{letters[0]}s",), exact=True))


def beginning_of(text: str) -> Pattern:
    """The pattern of words that begin so."""
    terms = terms_in(text, exact=True)
    return Pattern(terms, exact=True, prefix=len(terms) == 1 and len(terms[0]) <= LONGEST_PREFIX)


def wanted_in(tree: Node) -> tuple[Wanted, ...]:
    """What the question wants found, without what it excludes; small words only where it has no others."""
    leaves = [*wanted_leaves(tree)]
    return tuple(
        Wanted(pattern, part, field, near)
        for part, leaf in enumerate([leaf for leaf in leaves if not is_small(leaf)] or leaves)
        for pattern, field, near in dict.fromkeys(answers_to(leaf))
        if pattern.terms
    )


def answers_to(leaf: Node) -> Iterator[tuple[Pattern, str | None, Near | None]]:
    """Each form in which the leaf may stand in a text, the one field where it may, and what must be near."""
    match leaf:
        case Near(first, second):
            if pattern_of(second).terms:
                yield pattern_of(first), None, leaf
        case Within(field, whole=whole):
            if searches_words_of(field) and not whole:
                yield pattern_of(leaf), field, None
        case Named(words, meaning):
            names = (*(word.text for word in words), *meaning.spelled)
            yield from ((pattern, None, None) for name in names for pattern in patterns_of_name(name))
        case Word() | Phrase() | Prefix():
            yield pattern_of(leaf), None, None
        case _:
            return


def marks_in(text: str, wanted: Iterable[Wanted], *, field: str) -> list[Mark]:
    """Where the field's text answers the question."""
    words = TextWords((text,))
    found: list[Mark] = []
    for want in wanted:
        if want.field not in (None, field):
            continue
        if want.near:
            places = sorted({place for pair in words.near(want.near) for place in pair})
        else:
            places = words.find(want.pattern)
        # Both readings have the same words at the same places.
        spots = words.written if want.pattern.exact else words.stems
        found += (Mark(spots[first][1], spots[last][2], want.part) for first, last in places)
    return sorted(found)
