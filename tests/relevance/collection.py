"""Letters with an index of them, and what a question is made from: their words, rare phrases and near-twins."""

import math
import os
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from itertools import combinations
from pathlib import Path

from imrsearch.indexer.build import build_index
from imrsearch.indexer.sources import letter_files
from imrsearch.schema.records import Item, Letter
from imrsearch.schema.vocabulary import folded
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

DEMO = Path(__file__).parents[2] / "indexer" / "demo"
REAL = Path(os.environ.get("IMRSEARCH_LETTERS") or Path(__file__).parents[3] / "shared" / "letters")

# "Norco", "10/325mg", "#180", "L4-5", "0.5": what stands between spaces, without the punctuation around it.
WORD = re.compile(r"#?\w[\w./%'’&-]*")
SHINGLE = 5
TWIN = 0.85
STOPWORDS = frozenset(
    "a about above after all also an and any are as at be because been before being below between both but by can "
    "could did do does during each for from further had has have he her here his how if in into is it its may "
    "more most no nor not of off on once only or other our out over own same she should so some such than that "
    "the their them then there these they this those through to under until up very was we were what when where "
    "which while who whom why will with would you your one two three medically necessary request requested "
    "remaining original authorized patient employee worker guideline guidelines".split()
)


def words_of(text: str) -> list[str]:
    """The folded words of a text with the marks that belong to them: "norco", "10/325mg", "#180"."""
    return [word.rstrip(".'’-/&") for word in WORD.findall(folded(text))]


def content_words(text: str) -> list[str]:
    """The words that say something, each once."""
    return [word for word in dict.fromkeys(words_of(text)) if word and word not in STOPWORDS]


def sentences_of(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence]


def shingles_of(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of five words."""
    words = words_of(text)
    return frozenset(tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1))


def similarity(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Jaccard; nothing is like the empty set."""
    if not one or not other or min(len(one), len(other)) < TWIN * max(len(one), len(other)):
        return 0.0
    common = len(one & other)
    return common / (len(one) + len(other) - common)


class Collection:
    """The letters of an index, as the index holds them.

    searcher  the opened index
    letters   by id
    items     by id, in the order of letters
    """

    def __init__(self, name: str, searcher: Searcher) -> None:
        self.name = name
        self.searcher = searcher
        ids = dict.fromkeys(hit.letter_id for hit in searcher.search(Query(limit=100_000)).hits)
        self.letters: dict[str, Letter] = {id: searcher.show(id).letter for id in sorted(ids)}
        self.items: dict[str, Item] = {item.id: item for letter in self.letters.values() for item in letter.items}

    def letter_of(self, id: str) -> Letter:
        return self.letters[id.rpartition(":")[0]]

    def text_of(self, id: str) -> str:
        """Everything a plain engine is given of an item: one text."""
        item, letter = self.items[id], self.letter_of(id)
        return "\n".join(
            (item.treatment, item.imr_guideline, item.ur_guideline, item.rationale, ", ".join(letter.specialties))
        )

    @cached_property
    def rarity(self) -> dict[str, float]:
        """The inverse document frequency of each word of headings and rationales."""
        seen = Counter(
            word for item in self.items.values() for word in set(words_of(f"{item.treatment} {item.rationale}"))
        )
        return {word: math.log(len(self.items) / count) for word, count in seen.items()}

    @cached_property
    def same_treatment(self) -> dict[str, frozenset[str]]:
        """For each item those with the same words in the heading, itself among them."""
        by_words: dict[tuple[str, ...], list[str]] = {}
        for id, item in self.items.items():
            by_words.setdefault(tuple(words_of(item.disputed)), []).append(id)
        return {id: frozenset(alike) for alike in by_words.values() for id in alike}

    @cached_property
    def twins(self) -> dict[str, frozenset[str]]:
        """For each item those that say the same: heading or rationale; itself among them."""
        twins = {id: set(same) for id, same in self.same_treatment.items()}
        shingles = {id: shingles_of(item.rationale) for id, item in self.items.items()}
        for (one, ones), (other, others) in combinations(shingles.items(), 2):
            if similarity(ones, others) >= TWIN:
                twins[one].add(other)
                twins[other].add(one)
        return {id: frozenset(alike) for id, alike in twins.items()}

    def distinct(self, ids: Iterable[str]) -> list[str]:
        """The ids without those that have a twin before them."""
        kept: list[str] = []
        taken: set[str] = set()
        for id in ids:
            if id not in taken:
                kept.append(id)
                taken |= self.twins[id]
        return kept


def collection_of(name: str, folder: Path, *, index_dir: Path) -> Collection:
    """The letters in `folder`, indexed anew."""
    build_index(letter_files([str(folder)]), index_dir)
    return Collection(name, Searcher.open(index_dir))


def fictional(index_dir: Path) -> Collection:
    """The fictional letters that ship."""
    return collection_of("fictional letters", DEMO, index_dir=index_dir)


def real(index_dir: Path) -> Collection | None:
    """The state's own letters, where they lie; nothing of them is kept."""
    return collection_of("real letters", REAL, index_dir=index_dir) if REAL.is_dir() else None
