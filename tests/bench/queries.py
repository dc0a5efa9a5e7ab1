"""Warm questions by kind, asked of three engines by turns: ours, the bare engine, SQLite's FTS5.

bare   the query that ours compiled, by the engine alone: the first ten, and the letters of these read from their file
alone  the first ten through our API and how many items there are: no letters counted, no passages
equal  the same with the passages and what the kind names: what FTS5 is asked for
shown  the same with passages and three facets, whatever the kind
whole  the answer as it is by default, with the three facets: letters counted, too
fts5   how many rows, the first ten with snippets, and what the kind names; its stems and its nearness are not ours
"""

import gc
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

from msgspec import structs

from imrsearch import Query, Searcher
from imrsearch.schema.documents import PLACE
from imrsearch.schema.errors import QueryError
from imrsearch.schema.letterfile import LetterFile
from imrsearch.search.explain import Clock
from imrsearch.search.query import checked
from imrsearch.search.seek import seeker_of
from imrsearch.search.snippet import read_sentences
from tests.relevance.collection import STOPWORDS

from .collection import Collection, Row

FACETS = ("outcome", "year", "drug")
LIMIT = 10
WAYS = ("bare", "alone", "equal", "shown", "whole", "fts5")
Ways = dict[str, Callable[[], int]]
# How far apart two words may stand.
NEAR = 5
COLUMNS = "{heading guideline rationale}"
FOUND = "from words %s where words match ? %s"
JOINED = "join items on items.rowid = words.rowid"
# Snippets of the first ten only: asked for beside the rank, SQLite makes them of all.
SHOWN = f"""select items.id, items.outcome, heading, guideline, rationale, snippet(words, -1, '[', ']', '...', 40)
from words {JOINED} where words match ? and words.rowid in (%s)"""
COUNTS = (
    "select outcome, count(*) from items where rowid in (select rowid from words where words match ?) group by 1",
    "select year, count(*) from items where rowid in (select rowid from words where words match ?) group by 1",
    "select drug, count(*) from drugs where item in (select rowid from words where words match ?) group by 1",
)


@dataclass(frozen=True)
class Asked:
    """One question in both languages.

    match    what FTS5 matches
    more     its further conditions, with `values`
    """

    kind: str
    query: Query
    match: str
    more: str = ""
    values: tuple[str | int, ...] = ()


@dataclass
class Times:
    """The processor's seconds of each question and round, by the ways in which it is answered.

    parts    milliseconds of each part of the whole answer, as `--explain` tells them
    refused  questions that ours declined to answer
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    parts: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0


def words_of(row: Row) -> list[str]:
    """The words of the rationale in order, with a blank where one is no word to ask for."""
    words = [word.strip(".,;:()").lower() for word in row.rationale.split()]
    return [
        word if len(word) > 3 and word.isascii() and word.isalpha() and word not in STOPWORDS else "" for word in words
    ]


def quoted(*words: str, between: str) -> str:
    joined = between.join(f'"{word}"' for word in words)
    return f"{COLUMNS} : ({joined})"


def asked_of(row: Row, *, random: Random) -> Iterator[Asked]:
    """One question of each kind, in the words of one item, so that each finds something."""
    words = words_of(row)
    said = sorted({word for word in words if word})
    pairs = [(one, other) for one, other in pairwise(words) if one and other and one != other]
    apart = [
        (one, other) for one, other in zip(words, words[NEAR - 1 :], strict=False) if one and other and one != other
    ]
    if len(said) < 3 or not pairs or not apart or not row.year:
        return
    one, other, third = random.sample(said, 3)
    term = quoted(one, between="")
    filters: dict[str, tuple[str, ...]] = {"outcome": (row.outcome,), "year": (str(row.year),)}
    yield Asked("term", Query(text=one), term)
    yield Asked("and", Query(text=f"{one} {other} {third}"), quoted(one, other, third, between=" AND "))
    yield Asked("or", Query(text=f"{one} OR {other}"), quoted(one, other, between=" OR "))
    first, second = random.choice(pairs)
    yield Asked("phrase", Query(text=f'"{first} {second}"'), f'{COLUMNS} : "{first} {second}"')
    first, second = random.choice(apart)
    near = f'{COLUMNS} : NEAR("{first}" "{second}", {NEAR})'
    yield Asked("proximity", Query(text=f"{first} /{NEAR} {second}"), near)
    narrowed = "and items.outcome = ? and items.year = ?"
    yield Asked("filter", Query(text=one, filters=filters), term, narrowed, (row.outcome, row.year))
    yield Asked("facets", Query(text=one, facets=FACETS), term)
    yield Asked("snippets", Query(text=f"{one} {other}"), quoted(one, other, between=" AND "))


def questions(collection: Collection, *, number: int) -> dict[str, list[Asked]]:
    """About NUMBER questions of each kind, the same for the same collection."""
    random = Random(collection.seed)
    found: dict[str, list[Asked]] = {}
    for row in collection.some_rows(2 * number, random=random):
        for asked in asked_of(row, random=random):
            found.setdefault(asked.kind, []).append(asked)
    return {kind: several[:number] for kind, several in found.items()}


def fts5_of(table: sqlite3.Connection, asked: Asked) -> Callable[[], int]:
    """The question for FTS5."""
    found = FOUND % (JOINED if asked.more else "", asked.more)
    values = (asked.match, *asked.values)

    def ask() -> int:
        table.execute(f"select count(*) {found}", values).fetchone()
        first = table.execute(f"select words.rowid {found} order by words.rank limit {LIMIT}", values).fetchall()
        shown = SHOWN % ",".join(str(rowid) for (rowid,) in first)
        rows = table.execute(shown, (asked.match,)).fetchall()
        if asked.kind == "facets":
            for counts in COUNTS:
                table.execute(counts, (asked.match,)).fetchall()
        return len(rows)

    return ask


def ours_of(searcher: Searcher, query: Query, parts: dict[str, list[float]] | None = None) -> Callable[[], int]:
    """The question as `Searcher.search` takes it; how long each part took goes into PARTS."""

    def ask() -> int:
        clock = Clock()
        found = searcher.answer(checked(query), clock)
        for name, milliseconds in clock.took_ms.items() if parts is not None else ():
            parts.setdefault(name, []).append(milliseconds)
        return len(found.results.hits)

    return ask


def bare_of(searcher: Searcher, asked: Asked, *, letters: LetterFile) -> Callable[[], int]:
    """The question as ours compiles it, for the engine alone."""
    compiled, engine = searcher.answer(checked(asked.query), Clock()).found, searcher.engine.searcher

    def ask() -> int:
        found = [address for _, address in engine.search(compiled, LIMIT, count=False).hits]
        return len([letters.letter(place) for place in engine.fast_field_values(PLACE, found)])

    return ask


def ways_of(
    searcher: Searcher, asked: Asked, *, letters: LetterFile, table: sqlite3.Connection, parts: dict[str, list[float]]
) -> Ways:
    """Each way to answer the question."""
    alone = structs.replace(asked.query, facets=(), letters=False, snippets=False)
    return {
        "bare": bare_of(searcher, asked, letters=letters),
        "alone": ours_of(searcher, alone),
        "equal": ours_of(searcher, structs.replace(asked.query, letters=False)),
        "shown": ours_of(searcher, structs.replace(asked.query, facets=FACETS, letters=False)),
        "whole": ours_of(searcher, structs.replace(asked.query, facets=FACETS), parts),
        "fts5": fts5_of(table, asked),
    }


def measure(collection: Collection, *, index: Path, fts5: Path, number: int, repeats: int) -> dict[str, Times]:
    """The times of each kind: round after round all questions, so that none is asked twice in a row of one engine.

    A round before the first one warms all engines. Each way begins as often as the others.
    """
    searcher = Searcher.open(index)
    letters = LetterFile(index / searcher.manifest.engine)
    table = sqlite3.connect(f"file:{fts5 / 'items.sqlite'}?mode=ro", uri=True)
    table.execute("pragma cache_size=-200000")
    times: dict[str, Times] = {}
    gc.disable()
    for kind, several in questions(collection, number=number).items():
        times[kind] = measured = Times()
        answered: list[Ways] = []
        for asked in several:
            try:
                answered.append(ways_of(searcher, asked, letters=letters, table=table, parts=measured.parts))
            except QueryError:
                measured.refused += 1
        for repeat in range(repeats + 1):
            for turn, ways in enumerate(answered, start=repeat):
                for way in (*WAYS[turn % len(WAYS) :], *WAYS[: turn % len(WAYS)]):
                    forget(searcher)
                    seconds = timed(ways[way])
                    if repeat:
                        measured.seconds[way].append(seconds)
    gc.enable()
    table.close()
    return times


def forget(searcher: Searcher) -> None:
    """Let nothing be ready that was made for the same question: letters, sentences and marks. Words stay known."""
    searcher.engine.letter_at.cache_clear()
    read_sentences.cache_clear()
    seeker_of.cache_clear()


def timed(ask: Callable[[], int]) -> float:
    """The processor's seconds, which a busy machine hardly changes: each engine answers in the thread that asks."""
    started = time.thread_time()
    ask()
    return time.thread_time() - started
