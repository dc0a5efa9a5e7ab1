"""Measure everything and append it to docs/benchmarks.md: python -m tests.bench --items 7000,66000.

Warm queries alone, of letters and indexes that are made once: python -m tests.bench --items 660000 --queries DIR."""

import argparse
import tempfile
from pathlib import Path

from . import command, indexing, queries, report
from .collection import Collection, collection_of, rows_of
from .process import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
# From so many items on one round is enough: it takes minutes.
LARGE = 50_000


def main(arguments: list[str] | None = None) -> None:
    asked = parser().parse_args(arguments)
    for items in map(int, asked.items.split(",")):
        if asked.queries:
            lines = list(report.section(measure_queries(asked.queries / f"{items}-{asked.seed}", items, asked)))
        else:
            with tempfile.TemporaryDirectory(dir=asked.work, prefix="bench-") as folder:
                lines = list(report.section(measure(Path(folder), items, asked)))
        print("\n".join(lines), flush=True)
        with asked.page.open("a", encoding="utf-8") as page:
            page.write("\n" + "\n".join(lines[:-1]) + "\n")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--items", default="7000", help="about how many items, several apart by commas")
    options.add_argument("--seed", type=int, default=1, help="of the letters and of the questions")
    options.add_argument("--rounds", type=int, default=3, help=f"of indexing; one only from {LARGE:,} items on")
    options.add_argument("--questions", type=int, default=40, help="of each kind")
    options.add_argument("--repeats", type=int, default=5, help="of each question, and of the cold command")
    options.add_argument("--pdf", type=int, default=300, help="letters that are also indexed from PDF")
    options.add_argument("--page", type=Path, default=PAGE, help="the page to append to")
    options.add_argument(
        "--queries",
        type=Path,
        metavar="DIR",
        help="measure warm queries only; letters and indexes stay in DIR, and the next run takes them from there",
    )
    options.add_argument("--work", type=Path, help="folder for letters and indexes, on the disk to be measured")
    return options


def measure(folder: Path, items: int, asked: argparse.Namespace) -> report.Measurements:
    """Everything for one number of items; letters and indexes stay in FOLDER."""
    rounds = 1 if items >= LARGE else asked.rounds
    collection = collection_of(folder / "letters", items=items, seed=asked.seed, pdf_letters=asked.pdf)
    indexes = folder / "indexes"
    indexes.mkdir()
    built = indexing.measure(collection, indexes, rounds=rounds)
    times = warm_queries(collection, indexes, asked)
    cold = command.measure(indexes / indexing.OURS, word="tramadol", repeats=asked.repeats)
    return report.Measurements(collection, built, times, cold, rounds=rounds)


def measure_queries(folder: Path, items: int, asked: argparse.Namespace) -> report.Measurements:
    """Warm queries for one number of items; what FOLDER has already is not made again."""
    collection = rows_of(folder / "letters", items=items, seed=asked.seed)
    indexes = folder / "indexes"
    indexes.mkdir(exist_ok=True)
    indexing.build(collection, indexes)
    return report.Measurements(collection, {}, warm_queries(collection, indexes, asked), {}, rounds=0)


def warm_queries(collection: Collection, indexes: Path, asked: argparse.Namespace) -> dict[str, queries.Times]:
    return queries.measure(
        collection,
        index=indexes / indexing.OURS,
        fts5=indexes / indexing.FTS5,
        number=asked.questions,
        repeats=asked.repeats,
    )


if __name__ == "__main__":
    main()
