"""The letters that all engines are built from: as files, as the engine's documents, and as rows of a table."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.sources import Unread, read_letters
from imrsearch.schema.documents import exact_field, has_words, to_document, words_field
from imrsearch.schema.fields import FIELDS, Chunk, chunks_of
from tests.corpus.writing import write_letters

# Items of a generated letter, on the mean.
ITEMS_A_LETTER = 2.4
ROWS = "rows.jsonl"


class Row(msgspec.Struct, frozen=True, array_like=True):
    """An item as the table of SQLite holds it: four texts, then what is filtered and counted."""

    id: str
    heading: str
    guideline: str
    rationale: str
    summary: str
    outcome: str
    year: int | None
    specialty: str
    drugs: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """Letters on disk.

    text_dir  as text files; pdf_dir: the first `pdf_letters` of them as PDF
    documents  one JSON document a line, for an index with our schema; plain: for one without our second fields
    rows       likewise for SQLite
    """

    folder: Path
    seed: int
    letters: int
    items: int
    pdf_letters: int
    text_bytes: int

    @property
    def text_dir(self) -> Path:
        return self.folder / "text" / "letters"

    @property
    def pdf_dir(self) -> Path:
        return self.folder / "pdf" / "letters"

    @property
    def documents(self) -> Path:
        return self.folder / "documents.jsonl"

    @property
    def plain(self) -> Path:
        return self.folder / "plain.jsonl"

    @property
    def rows(self) -> Path:
        return self.folder / ROWS

    def some_rows(self, number: int, *, random: Random) -> list[Row]:
        """NUMBER rows from all over the collection."""
        wanted = set(random.sample(range(self.items), min(number, self.items)))
        with self.rows.open("rb") as lines:
            chosen = [line for place, line in enumerate(lines) if place in wanted]
        return [msgspec.json.decode(line, type=Row) for line in chosen]


def collection_of(folder: Path, *, items: int, seed: int, pdf_letters: int) -> Collection:
    """About so many ITEMS of generated letters, written and prepared for each engine."""
    letters = max(1, round(items / ITEMS_A_LETTER))
    pdf_letters = min(pdf_letters, letters)
    text_dir = write_letters(folder / "text", letters, seed=seed, kind="text")
    write_letters(folder / "pdf", pdf_letters, seed=seed, kind="pdf")
    count = 0
    names = ("documents.jsonl", "plain.jsonl", ROWS)
    with (
        (folder / names[0]).open("wb") as documents,
        (folder / names[1]).open("wb") as plains,
        (folder / names[2]).open("wb") as rows,
        ProcessPoolExecutor(os.cpu_count()) as pool,
    ):
        for prepared in pool.map(prepare, in_parts(sorted(text_dir.rglob("*.txt")))):
            for document, plain, row in prepared:
                documents.write(document)
                plains.write(plain)
                rows.write(row)
                count += 1
    size = sum(path.stat().st_size for path in text_dir.rglob("*.txt"))
    return Collection(folder, seed, letters, count, pdf_letters, size)


def rows_of(folder: Path, *, items: int, seed: int) -> Collection:
    """The same letters with their rows only; those that FOLDER has already are taken as they are."""
    whole = folder / "collection.json"
    if not whole.exists():
        letters = max(1, round(items / ITEMS_A_LETTER))
        text_dir = write_letters(folder / "text", letters, seed=seed, kind="text")
        paths = sorted(text_dir.rglob("*.txt"))
        count = 0
        with (folder / ROWS).open("wb") as lines, ProcessPoolExecutor(os.cpu_count()) as pool:
            for rows in pool.map(rows_in, in_parts(paths)):
                lines.writelines(rows)
                count += len(rows)
        size = sum(path.stat().st_size for path in paths)
        figures = {"seed": seed, "letters": letters, "items": count, "pdf_letters": 0, "text_bytes": size}
        whole.write_bytes(msgspec.json.encode(figures))
    return Collection(folder, **msgspec.json.decode(whole.read_bytes()))


def rows_in(paths: list[Path]) -> list[bytes]:
    """Each item of the letters as a row, each a line."""
    return [msgspec.json.encode(row_of(chunk)) + b"\n" for chunk in chunks_in(paths)]


def chunks_in(paths: list[Path]) -> Iterator[Chunk]:
    """Each item of the letters."""
    for path in paths:
        for raw in read_letters(path):
            if isinstance(raw, Unread):
                raise TypeError(f"{path}: {raw.reason}")
            yield from chunks_of(parse_letter(raw))


def in_parts(paths: list[Path]) -> Iterator[list[Path]]:
    rest = iter(paths)
    while part := list(islice(rest, 250)):
        yield part


def prepare(paths: list[Path]) -> list[tuple[bytes, bytes, bytes]]:
    """Each item of the letters as document, plain document and row, each a line."""
    found = []
    for chunk in chunks_in(paths):
        document = to_document(chunk)
        row = msgspec.json.encode(row_of(chunk))
        found.append((document.encode() + b"\n", msgspec.json.encode(plain_of(document)) + b"\n", row + b"\n"))
    return found


def plain_of(document: str) -> dict[str, Any]:
    """The document without the fields that hold words a second time."""
    doubled = {name for field in FIELDS if has_words(field) for name in (words_field(field), exact_field(field))}
    held: dict[str, Any] = msgspec.json.decode(document)
    return {name: value for name, value in held.items() if name in FIELD_NAMES or name not in doubled}


FIELD_NAMES = {field.name for field in FIELDS}


def row_of(chunk: Chunk) -> Row:
    return Row(
        id=chunk.id,
        heading=chunk.treatment,
        guideline=f"{chunk.imr_guideline} {chunk.ur_guideline}",
        rationale=chunk.rationale,
        summary=chunk.summary,
        outcome=chunk.outcome,
        year=chunk.year,
        specialty=next(iter(chunk.specialty), ""),
        drugs=chunk.drug,
    )
