"""Warm questions by kind, asked of three engines by turns: ours, the bare engine, SQLite's FTS5.

The bare engine runs the query that ours compiled, for the first ten only, and the letters of those are fetched: no
count, no facets, no snippets, no parsing. FTS5 is asked the same in its own words; its stems and its nearness are not
quite ours.
"""

import gc
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

from imrsearch import Query, Searcher
from imrsearch.schema.errors import QueryError
from imrsearch.search.compile import compile_query
from imrsearch.search.explain import Clock
from imrsearch.search.query import checked
from tests.relevance.collection import STOPWORDS

from .collection import Collection, Row

FACETS = ("outcome", "year", "drug")
LIMIT = 10
# How far apart two words may stand.
NEAR = 5
COLUMNS = "{heading guideline rationale}"
SHOWN = "items.id, items.outcome, heading, guideline, rationale"
FIRST = f"""select {SHOWN} from words join items on items.rowid = words.rowid
where words match ? %s order by words.rank limit {LIMIT}"""
WITH_SNIPPET = FIRST.replace(SHOWN, f"{SHOWN}, snippet(words, -1, '[', ']', '...', 40)")
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
    """Seconds of each question and round, by engine.

    parts    milliseconds of each part of ours, as `--explain` tells them
    refused  questions that ours declined to answer
    """

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    fts5: list[float] = field(default_factory=list)
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
    sql = (WITH_SNIPPET if asked.kind == "snippets" else FIRST) % asked.more

    def ask() -> int:
        found = table.execute(sql, (asked.match, *asked.values)).fetchall()
        if asked.kind == "facets":
            for counts in COUNTS:
                table.execute(counts, (asked.match,)).fetchall()
        return len(found)

    return ask


def ours_of(searcher: Searcher, asked: Asked, parts: dict[str, list[float]]) -> Callable[[], int]:
    """The question as `Searcher.search` takes it; how long each part took goes into PARTS."""

    def ask() -> int:
        clock = Clock()
        found = searcher.answer(checked(asked.query), clock)
        for name, milliseconds in clock.took_ms.items():
            parts.setdefault(name, []).append(milliseconds)
        return len(found.results.hits)

    return ask


def bare_of(searcher: Searcher, asked: Asked) -> Callable[[], int]:
    """The question as ours compiles it, for the engine alone."""
    question = searcher.question(checked(asked.query), Clock())
    compiled, engine = compile_query(question, searcher.engine), searcher.engine.searcher

    def ask() -> int:
        hits = engine.search(compiled, LIMIT, count=False).hits
        return len([searcher.engine.letter(address) for _, address in hits])

    return ask


def measure(collection: Collection, *, index: Path, fts5: Path, number: int, repeats: int) -> dict[str, Times]:
    """The times of each kind; a round before the first one warms all engines."""
    searcher = Searcher.open(index)
    table = sqlite3.connect(f"file:{fts5 / 'items.sqlite'}?mode=ro", uri=True)
    table.execute("pragma cache_size=-200000")
    times: dict[str, Times] = {}
    gc.disable()
    for kind, several in questions(collection, number=number).items():
        times[kind] = measured = Times()
        for asked in several:
            try:
                bare = bare_of(searcher, asked)
            except QueryError:
                measured.refused += 1
                continue
            rest = (bare, fts5_of(table, asked))
            for warm in (ours_of(searcher, asked, {}), *rest):
                warm()
            for _ in range(repeats):
                seconds = [timed(ask) for ask in (ours_of(searcher, asked, measured.parts), *rest)]
                for engine, second in zip((measured.ours, measured.bare, measured.fts5), seconds, strict=True):
                    engine.append(second)
    gc.enable()
    table.close()
    return times


def timed(ask: Callable[[], int]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started
