"""Print the tables: python -m tests.relevance [--verbose] [--half tune|held] [fictional|real]."""

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from .collection import REAL, Collection, fictional, real
from .engines import engines_of
from .measures import Topic
from .report import JUDGED, ROWS, Row, table


def half_of(group: str) -> str:
    """Letters are split for good by their id: tune on one half, believe the other."""
    return "tune" if hashlib.sha256(group.encode()).digest()[0] % 2 else "held"


def only(row: Row, half: str) -> Row:
    """The row with the topics of one half."""

    def topics(collection: Collection) -> Iterator[Topic]:
        return (topic for topic in row.topics(collection) if half_of(topic.group) == half)

    return structs.replace(row, topics=topics)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.relevance", description=__doc__)
    parser.add_argument("collection", nargs="?", choices=("fictional", "real"), help="one of the two only")
    parser.add_argument("--half", choices=("tune", "held"), help="one half of the letters only")
    parser.add_argument("--verbose", action="store_true", help="list every topic that is not answered in full")
    asked = parser.parse_args()
    rows = [only(row, asked.half) if asked.half else row for row in (*ROWS, JUDGED)]
    with tempfile.TemporaryDirectory() as folder:
        for make in (fictional, real):
            if asked.collection in (None, make.__name__):
                show(make(Path(folder) / make.__name__), rows, verbose=asked.verbose)


def show(collection: Collection | None, rows: list[Row], *, verbose: bool) -> None:
    """Print one table as it grows."""
    if collection is None:
        print(f"real letters: none at {REAL}; set IMRSEARCH_LETTERS\n")
        return
    engines = engines_of(collection)
    if not any(engine.name == "bm25s" for engine in engines):
        print("bm25s is not installed: its column is left out")
    for line in table(collection, engines, rows, verbose=verbose):
        print(line, flush=True)
    print()


main()
