"""Indexing: whole runs of the command beside the bare engines, by turns."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from imrsearch.schema.manifest import STORE as STORED

from .collection import Collection
from .process import Ended, python, run

IMRSEARCH = ("-m", "imrsearch")
OURS, STORE, PDF = "imrsearch, from text", "imrsearch, from the store", "imrsearch, from PDF"
BARE, FTS5, PDFIUM = "tantivy, the same documents", "SQLite FTS5", "pypdfium2 alone"


@dataclass(frozen=True)
class Way:
    """One way from letters to an index.

    run    fills the folder that it is given, new each time
    share  of the letters that it takes: PDF runs take fewer
    inner  the seconds that count, and those of processors, are what the process prints
    """

    name: str
    run: Callable[[Path], Ended]
    letters: int
    items: int
    inner: bool = False


@dataclass(frozen=True)
class Measured:
    """Medians of the runs of one way.

    size   bytes of the index, 0 where that is none
    store  bytes of the letters as they were read, 0 where they are not kept
    """

    name: str
    letters: int
    items: int
    seconds: float
    cpu: float
    peak: int
    size: int
    store: int


def ways_of(collection: Collection, index: Path) -> list[Way]:
    """Every way, ours first; INDEX stays where the run from text leaves it."""
    all_letters, all_items = collection.letters, collection.items
    pdf_items = round(all_items * collection.pdf_letters / all_letters)

    def command(*arguments: str | Path) -> Callable[[Path], Ended]:
        return lambda folder: run(python(*IMRSEARCH, *arguments, "--index", folder))

    def bare(engine: str, source: Path) -> Callable[[Path], Ended]:
        return lambda folder: run(python("-m", "tests.bench.engines", engine, source, folder))

    ways = [Way(OURS, command("index", collection.text_dir), all_letters, all_items)]
    if knows("reindex"):
        ways.append(
            Way(
                STORE,
                lambda folder: run(python(*IMRSEARCH, "reindex", "--index", index)),
                all_letters,
                all_items,
            )
        )
    return [
        *ways,
        Way(BARE, bare("tantivy", collection.documents), all_letters, all_items, inner=True),
        Way("tantivy, plain schema", bare("plain", collection.plain), all_letters, all_items, inner=True),
        Way(FTS5, bare("fts5", collection.rows), all_letters, all_items, inner=True),
        Way(PDF, command("index", collection.pdf_dir), collection.pdf_letters, pdf_items),
        Way(PDFIUM, bare("pdfium", collection.pdf_dir), collection.pdf_letters, pdf_items, inner=True),
    ]


def knows(command: str) -> bool:
    """The command line lists the command in its help."""
    return bool(re.search(rf"^\W*{command}\s", run(python(*IMRSEARCH, "--help")).output, re.MULTILINE))


def measure(collection: Collection, work: Path, *, rounds: int) -> dict[str, Measured]:
    """ROUNDS times every way, one after the other; the last index of each stays in WORK for the queries."""
    index = work / OURS
    ways = ways_of(collection, index)
    ended: dict[str, list[tuple[float, float, int]]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            folder = work / way.name
            shutil.rmtree(folder, ignore_errors=True)
            done = way.run(folder)
            seconds, cpu = map(float, done.output.split()) if way.inner else (done.seconds, done.cpu)
            ended[way.name].append((seconds, cpu, done.peak))
    return {
        way.name: Measured(
            way.name,
            way.letters,
            way.items,
            seconds=median(seconds for seconds, _, _ in ended[way.name]),
            cpu=median(cpu for _, cpu, _ in ended[way.name]),
            peak=int(median(peak for _, _, peak in ended[way.name])),
            size=size_of(work / way.name) - size_of(work / way.name / STORED),
            store=size_of(work / way.name / STORED),
        )
        for way in ways
    }


def build(collection: Collection, work: Path) -> None:
    """The two indexes that questions are asked of, once; those that WORK has already stay."""
    commands = {
        OURS: (*IMRSEARCH, "index", collection.text_dir, "--index"),
        FTS5: ("-m", "tests.bench.engines", "fts5", collection.rows),
    }
    for name, arguments in commands.items():
        if not (work / name).exists():
            begun = work / f"{name}, begun"
            shutil.rmtree(begun, ignore_errors=True)
            run(python(*arguments, begun))
            begun.rename(work / name)


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
