"""How alike two texts are, by runs of five words, and sentence by sentence what stands in one of them only."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from itertools import chain

from msgspec import Struct

from imrsearch.schema.families import SHINGLE
from imrsearch.schema.vocabulary import WORD, folded, words_of
from imrsearch.search.results import Span
from imrsearch.search.sentences import sentences_of

# From here on two texts are versions of one.
NEAR_TWIN = 0.4
# What a run of a sentence that many letters have tells, where one of another sentence tells 1.
COMMON = 0.1
# A sentence that shares so many of its words with another one is that sentence with words changed.
NEARLY_EQUAL = 0.6

Runs = frozenset[int]
# Of each sentence its folded words, and the sentence.
Said = list[tuple[tuple[str, ...], str]]


def runs_of(text: str) -> Runs:
    """Every run of five words, as a number that stands for it; of a shorter text, all of it."""
    words = words_of(text)
    if len(words) < SHINGLE:
        return frozenset((hash(tuple(words)),)) if words else frozenset()
    return frozenset(map(hash, zip(*(words[start:] for start in range(SHINGLE)), strict=False)))


def shared_share(one: Runs, other: Runs) -> float:
    """The runs that both have, of all that one of them has: 1 for the same text, 0 for two empty ones."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def common_runs(text: str, is_common: Callable[[str], bool]) -> Runs:
    """The runs of the text's sentences that many letters have."""
    sentences = (text[start:end] for start, end in sentences_of(text))
    return frozenset(chain.from_iterable(runs_of(sentence) for sentence in sentences if is_common(sentence)))


class Weights:
    """What each run of one text tells: the more of the other texts have it, the less.

    common  runs of sentences that many letters have
    """

    def __init__(self, own: Runs, texts: Iterable[Runs], *, common: Runs = frozenset()) -> None:
        held = Counter(chain(own, *(own & runs for runs in texts)))
        self.own = own
        self.worth = {run: (COMMON if run in common else 1.0) / count for run, count in held.items()}
        self.whole = sum(self.worth.values())

    def share(self, other: Runs) -> float:
        """Like `shared_share` of the one text and the other, with what many of the texts say counting less."""
        both = self.own & other
        if not both:
            return 0.0
        return sum(map(self.worth.__getitem__, both)) / (self.whole + len(other) - len(both))


class Sentence(Struct, frozen=True):
    """A sentence of one of two texts.

    shared  the other text has it too
    """

    text: str
    shared: bool


def compared(one: str, other: str) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """The sentences of both texts in their order; one with a changed word stands in one text only, like any other.

    Case, spaces and signs do not tell sentences apart. A sentence that one text has twice and the other once is shared
    once.
    """
    first, second = said_in(one), said_in(other)
    return told_against(first, second), told_against(second, first)


def said_in(text: str) -> Said:
    """The folded words of each sentence, and the sentence."""
    sentences = (text[start:end] for start, end in sentences_of(text))
    return [(words, sentence) for sentence in sentences if (words := tuple(words_of(sentence)))]


def told_against(said: Said, other: Said) -> tuple[Sentence, ...]:
    """The sentences, each with whether the other text has it, and as often."""
    left = Counter(words for words, _ in other)
    told = []
    for words, sentence in said:
        left[words] -= 1
        told.append(Sentence(sentence, shared=left[words] >= 0))
    return tuple(told)


def changed_in(sentence: str, others: Iterable[str]) -> tuple[Span, ...]:
    """The characters of the words that the sentence nearest to it has not at their place; none where none is near."""
    words = words_of(sentence)
    nearest = max(map(words_of, others), key=lambda other: kept_share(words, other), default=[])
    return changed_words(sentence, nearest) if kept_share(words, nearest) >= NEARLY_EQUAL else ()


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
