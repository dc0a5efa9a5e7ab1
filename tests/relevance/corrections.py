"""Words of the letters that are no drug's name: none may be read as a misspelt one."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from imrsearch.schema.errors import QueryError
from imrsearch.schema.meaning import meaning_of, name_meant_by
from imrsearch.schema.vocabulary import class_names, drug_names, treatment_names, words_of
from imrsearch.search.query import Query

from .collection import Collection

SHORTEST = 4
# An English list as many systems have it; possessives, names and what has a capital are left out.
ENGLISH = Path("/usr/share/dict/words")


def english() -> list[str]:
    """The lower-case words of the list that the vocabulary does not know; none where the list is not here."""
    words = ENGLISH.read_text("utf-8").split() if ENGLISH.is_file() else ()
    return [
        word for word in words if len(word) >= SHORTEST and word.isascii() and word.isalpha() and word.islower()
        and not meaning_of(word)
    ]  # fmt: skip


def corrected_english() -> list[str]:
    """Those of them that would be read as a name where no letter has the word."""
    return [word for word in english() if name_meant_by(word)]


def ordinary(collection: Collection) -> list[str]:
    """Every word of at least two letters' prose that the vocabulary does not know."""
    vocabulary = (*drug_names(), *class_names(), *treatment_names())
    known = {word for name in vocabulary for word in name.split()}
    seen: Counter[str] = Counter()
    for letter in collection.letters.values():
        prose = " ".join((letter.summary, *(item.rationale for item in letter.items)))
        seen.update(set(words_of(prose)))
    return sorted(
        word
        for word, letters in seen.items()
        if letters > 1 and len(word) >= SHORTEST and word.isalpha() and word not in known
    )


def corrected(collection: Collection, words: list[str]) -> Iterator[tuple[str, str]]:
    """The words whose notices name a drug or a class of drugs, with that notice."""
    for word in words:
        try:
            notices = collection.searcher.search(Query(text=word, limit=0)).notices
        except QueryError:
            continue
        for notice in notices:
            said = [said for said in words_of(notice) if said != word]
            if drug_names().find(said) or class_names().find(said):
                yield word, notice
                break
