"""The engines beside ours, each fed what was prepared for it: python -m tests.bench.engines ENGINE SOURCE FOLDER.

Prints the seconds that feeding and committing took, and the processors' seconds: starting Python does not count
against the engine.
"""

import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import tantivy

from imrsearch.schema.documents import build_schema, has_words, register_analyzers
from imrsearch.schema.fields import FIELDS

from .collection import Row
from .process import cpu_seconds

THREADS = 2
A_BATCH = 1_000

TABLES = """
create virtual table words using fts5(heading, guideline, rationale, summary, tokenize='porter unicode61');
create table items(id text, outcome text, year integer, specialty text);
create table drugs(item integer, drug text);
"""
INDEXES = """
create index by_outcome on items(outcome);
create index by_year on items(year);
create index by_specialty on items(specialty);
create index by_item on drugs(item);
"""


def heap() -> int:
    """The bytes that `imrsearch index` gives the engine on this machine."""
    from imrsearch.indexer.build import this_machine

    return this_machine().heap


def plain_schema() -> tantivy.Schema:
    """Each field once, its words by the engine's own English analyzer."""
    builder = tantivy.SchemaBuilder()
    for field in FIELDS:
        if field.kind in ("number", "date"):
            builder.add_integer_field(field.name, indexed=True, fast=True)
        elif has_words(field):
            builder.add_text_field(field.name, tokenizer_name="en_stem")
        else:
            builder.add_text_field(field.name, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def fill_tantivy(schema: tantivy.Schema, source: Path, folder: Path) -> None:
    """The documents, one a line, in one commit."""
    folder.mkdir()
    index = tantivy.Index(schema, path=str(folder))
    register_analyzers(index)
    writer = index.writer(heap(), THREADS)
    with source.open("r", encoding="utf-8") as lines:
        for line in lines:
            writer.add_json(line)
    writer.commit()
    writer.wait_merging_threads()


def with_ours(source: Path, folder: Path) -> None:
    fill_tantivy(build_schema(), source, folder)


def with_plain(source: Path, folder: Path) -> None:
    fill_tantivy(plain_schema(), source, folder)


def with_fts5(source: Path, folder: Path) -> None:
    """The rows in one transaction; the indexes of the columns that are filtered at its end."""
    folder.mkdir()
    table = sqlite3.connect(folder / "items.sqlite")
    table.executescript("pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-200000;" + TABLES)
    decode = msgspec.json.Decoder(Row).decode
    with source.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            row = decode(line)
            texts = (number, row.heading, row.guideline, row.rationale, row.summary)
            table.execute("insert into words(rowid, heading, guideline, rationale, summary) values (?,?,?,?,?)", texts)
            table.execute("insert into items values (?,?,?,?)", (row.id, row.outcome, row.year, row.specialty))
            table.executemany("insert into drugs values (?,?)", ((number, drug) for drug in row.drugs))
    table.executescript(INDEXES + "insert into words(words) values('optimize');")
    table.commit()
    table.close()


def only_extract(source: Path, folder: Path) -> None:
    """The text of each PDF of SOURCE, and nothing more, on all cores."""
    paths = sorted(map(str, source.rglob("*.pdf")))
    with ProcessPoolExecutor() as pool:
        folder.mkdir()
        (folder / "characters").write_text(str(sum(pool.map(extract, paths, chunksize=10))))


def extract(path: str) -> int:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    length = sum(len(page.get_textpage().get_text_range()) for page in document)
    document.close()
    return length


ENGINES: dict[str, Callable[[Path, Path], None]] = {
    "tantivy": with_ours,
    "plain": with_plain,
    "fts5": with_fts5,
    "pdfium": only_extract,
}

if __name__ == "__main__":
    fill, source, folder = ENGINES[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    everyone = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    started, used = time.perf_counter(), cpu_seconds(*everyone)
    fill(source, folder)
    print(time.perf_counter() - started, cpu_seconds(*everyone) - used)
