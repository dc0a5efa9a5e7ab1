"""How alike two texts are, by runs of five words, and sentence by sentence what stands in one of them only."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain

from msgspec import Struct

from imrsearch.schema.vocabulary import WORD, folded, words_of
from imrsearch.search.results import Span
from imrsearch.search.sentences import sentences_of

# Words of a run. Shorter ones are shared by texts that have nothing to do with each other.
RUN = 5
# From here on two texts are versions of one, and from there on copies with a word or a date changed.
NEAR_TWIN = 0.5
FAMILY = 0.85
# A sentence that shares so many of its words with another one is that sentence with words changed.
NEARLY_EQUAL = 0.6

Runs = frozenset[int]
# Of each sentence its folded words, and the sentence.
Said = list[tuple[tuple[str, ...], str]]


def runs_of(text: str) -> Runs:
    """Every run of five words, as a number that stands for it; of a shorter text, all of it."""
    words = words_of(text)
    if len(words) < RUN:
        return frozenset((hash(tuple(words)),)) if words else frozenset()
    return frozenset(map(hash, zip(*(words[start:] for start in range(RUN)), strict=False)))


def shared_share(one: Runs, other: Runs) -> float:
    """The runs that both have, of all that one of them has: 1 for the same text, 0 for two empty ones."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


class Weights:
    """What each run of some texts tells: the more of them have it, the less."""

    def __init__(self, texts: Iterable[Runs]) -> None:
        held = Counter(chain.from_iterable(texts))
        self.worth = {run: 1.0 / count for run, count in held.items()}

    def of(self, runs: Runs) -> float:
        """What runs of these texts tell together."""
        return sum(map(self.worth.__getitem__, runs))

    def share(self, one: Runs, other: Runs, *, worth_of_one: float) -> float:
        """Like `shared_share`, with what many of the texts say counting less."""
        both = one & other
        if not both:
            return 0.0
        shared = self.of(both)
        return shared / (worth_of_one + self.of(other) - shared)


class Sentence(Struct, frozen=True):
    """A sentence of one of two texts.

    shared   the other text has it too
    changed  characters of the words that a nearly equal sentence of the other text has not
    """

    text: str
    shared: bool
    changed: tuple[Span, ...] = ()


def compared(one: str, other: str) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """The sentences of both texts in their order; one with a changed word stands in one text only, like any other.

    Case, spaces and signs do not tell sentences apart. A sentence that one text has twice and the other once is shared
    once.
    """
    first, second = said_in(one), said_in(other)
    left, right = Counter(words for words, _ in first), Counter(words for words, _ in second)
    own, others = alone_in(first, right), alone_in(second, left)
    return tuple(marked_against(first, own, [second[place][0] for place in others])), tuple(
        marked_against(second, others, [first[place][0] for place in own])
    )


def said_in(text: str) -> Said:
    """The folded words of each sentence, and the sentence."""
    sentences = (text[start:end] for start, end in sentences_of(text))
    return [(words, sentence) for sentence in sentences if (words := tuple(words_of(sentence)))]


def alone_in(said: Said, other: Mapping[tuple[str, ...], int]) -> list[int]:
    """The places of the sentences that the other text has not, or not as often."""
    left = Counter(other)
    alone = []
    for place, (words, _) in enumerate(said):
        if left[words] > 0:
            left[words] -= 1
        else:
            alone.append(place)
    return alone


def marked_against(said: Said, alone: Collection[int], others: Sequence[tuple[str, ...]]) -> Iterator[Sentence]:
    """The sentences, with what is changed in those that nearly stand in the other text too."""
    for place, (words, sentence) in enumerate(said):
        if place not in alone:
            yield Sentence(sentence, shared=True)
            continue
        nearest = max(others, key=lambda other: kept_share(words, other), default=())
        near = kept_share(words, nearest) >= NEARLY_EQUAL
        yield Sentence(sentence, shared=False, changed=changed_words(sentence, nearest) if near else ())


def kept_share(words: Sequence[str], other: Sequence[str]) -> float:
    """The words that both sentences have, of the longer one's."""
    return (Counter(words) & Counter(other)).total() / max(len(words), len(other), 1)


def changed_words(sentence: str, other: Sequence[str]) -> tuple[Span, ...]:
    """The characters of the sentence's words that the other one has not at their place."""
    found = [(match.start(), match.end()) for match in WORD.finditer(sentence)]
    words = [folded(sentence[start:end]) for start, end in found]
    matcher = SequenceMatcher(None, words, list(other), autojunk=False)
    return tuple(
        (found[start][0], found[end - 1][1])
        for what, start, end, _, _ in matcher.get_opcodes()
        if what in ("replace", "delete")
    )
