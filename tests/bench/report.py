"""What was measured, as a section of docs/benchmarks.md."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from statistics import median

from .collection import Collection
from .indexing import BARE, OURS, PDF, PDFIUM, STORE, Measured
from .queries import WAYS, Times

MB = 1_000_000
# What each way can at best come to.
LIMITS = {
    OURS: BARE,
    STORE: BARE,
    PDF: PDFIUM,
}
# The ways in which a question is answered, as the page calls them.
NAMES = {
    "bare": "bare tantivy, top 10",
    "alone": "top 10 alone",
    "equal": "as FTS5",
    "shown": "with facets and snippets",
    "whole": "whole answer",
    "fts5": "FTS5",
}
RATIOS = {
    "alone / bare": ("alone", "bare"),
    "with facets and snippets / alone": ("shown", "alone"),
    "whole / alone": ("whole", "alone"),
    "FTS5 / as FTS5": ("fts5", "equal"),
}
PACKAGES = ("imrsearch", "tantivy", "msgspec", "pypdfium2")


@dataclass(frozen=True)
class Measurements:
    """All of one run: indexing by way, times by kind of question, seconds by command; what was left out is empty."""

    collection: Collection
    indexing: dict[str, Measured]
    queries: dict[str, Times]
    command: dict[str, float]
    rounds: int


def section(measured: Measurements) -> Iterator[str]:
    """The lines of one section."""
    collection = measured.collection
    yield f"## {collection.items:,} items, {date.today():%d %B %Y}"
    yield ""
    yield environment(collection, rounds=measured.rounds)
    yield ""
    if measured.indexing:
        yield from indexing_table(collection, measured.indexing)
        yield ""
    yield from query_table(measured.queries)
    yield ""
    yield from part_table(measured.queries)
    yield ""
    if measured.command:
        yield from command_table(measured.command)
        yield ""


def environment(collection: Collection, *, rounds: int) -> str:
    """Where and of what: what a reader needs to compare two sections."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{collection.letters:,} letters (seed {collection.seed}), {collection.items:,} items, "
        f"{collection.text_bytes / MB:.1f} MB of text; {cores} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}, SQLite {sqlite3.sqlite_version}"
        f"{f'; indexing {rounds} times' if rounds else ''}."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table whose first column is text, the others figures."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def indexing_table(collection: Collection, measured: dict[str, Measured]) -> Iterator[str]:
    rows = []
    for each in measured.values():
        of_text = collection.text_bytes * each.letters / collection.letters
        is_index = each.name not in (PDFIUM, STORE)
        limit = measured[LIMITS[each.name]] if each.name in LIMITS else None
        rows.append(
            (
                each.name,
                f"{each.seconds:.2f}",
                f"{each.letters / each.seconds:,.0f}",
                f"{each.items / each.seconds:,.0f}",
                f"{limit.seconds / each.seconds:.2f}" if limit else "-",
                f"{each.cpu:.2f}",
                f"{limit.cpu / each.cpu:.2f}" if limit else "-",
                f"{each.peak / MB:,.0f}",
                f"{each.size / of_text:.2f}" if is_index else "-",
                f"{each.store / of_text:.2f}" if each.store else "-",
            )
        )
    head = ("indexing", "seconds", "letters/s", "items/s", "of the limit", "CPU s", "of it by CPU", "peak MB")
    yield from table((*head, "size / text", "store / text"), rows)


def query_table(measured: dict[str, Times]) -> Iterator[str]:
    rows = []
    for kind, times in measured.items():
        seconds = times.seconds
        figures = [spread(each) if each else "-" for each in seconds.values()]
        ratios = [
            f"{ratio(seconds[one], seconds[other]):.1f}" if seconds[one] else "-" for one, other in RATIOS.values()
        ]
        rows.append((kind, *figures, *ratios, str(times.refused)))
    head = ("warm query, ms p50 / p95 / p99", *(NAMES[way] for way in WAYS))
    yield from table((*head, *RATIOS, "refused"), rows)


def part_table(measured: dict[str, Times]) -> Iterator[str]:
    """Where the time of ours goes."""
    names = list(dict.fromkeys(name for times in measured.values() for name in times.parts))
    rows = [
        (kind, *(f"{median(times.parts[name]):.2f}" if name in times.parts else "-" for name in names))
        for kind, times in measured.items()
    ]
    yield from table(("parts of imrsearch, median ms", *names), rows)


def spread(seconds: Sequence[float]) -> str:
    return " / ".join(f"{percentile(seconds, share) * 1000:.2f}" for share in (0.5, 0.95, 0.99))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios of pairs that were measured right after each other."""
    return median(a / b for a, b in zip(one, other, strict=True))


def command_table(measured: dict[str, float]) -> Iterator[str]:
    bare, libraries = measured["bare Python"], measured["Python and the libraries"]
    rows = [
        (name, f"{seconds * 1000:.0f}", f"{seconds / bare:.1f}", f"{seconds / libraries:.1f}")
        for name, seconds in measured.items()
    ]
    yield from table(("cold command", "ms", "of bare Python", "of Python and the libraries"), rows)
