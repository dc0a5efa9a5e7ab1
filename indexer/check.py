"""Whether an index is what was published: every file by its digest, every letter and item by being opened."""

import os
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from msgspec import Struct

from imrsearch.indexer.prepare import HeldLetters
from imrsearch.indexer.store import segment_path, segments_found
from imrsearch.schema.documents import PLACE, ROW, fingerprint
from imrsearch.schema.errors import ImrSearchError, IndexFailure, IndexMissing, StaleIndex
from imrsearch.schema.families import FAMILIES, ROWS, Families, Rows
from imrsearch.schema.frames import FrameFile
from imrsearch.schema.letterfile import LETTERS
from imrsearch.schema.manifest import MANIFEST, STORE, FileSeal, Manifest, digest_of_file, read_manifest
from imrsearch.schema.readers import begin_reading

REINDEX = "imrsearch reindex makes the index anew from the letter store"
RESTORE = "put the file back from a backup; imrsearch reindex --skip-damaged leaves out what it lost"
STALE = "imrsearch reindex makes an index of this version's fields"


class Finding(Struct, frozen=True):
    """Something that is not as it was published.

    path    in the index folder
    reason  one sentence
    hint    how to repair it
    """

    path: str
    reason: str
    hint: str


class CheckReport(Struct, frozen=True):
    """What a check looked at and found.

    files   of the index and its store
    bytes   of these
    """

    index: str
    generation: int
    files: int
    bytes: int
    letters: int
    items: int
    findings: tuple[Finding, ...]


def check_index(index_dir: Path) -> CheckReport:
    """Look at every file, letter and item of the index; raises IndexMissing where there is none."""
    try:
        manifest = read_manifest(index_dir)
    except IndexMissing:
        raise
    except ImrSearchError as error:
        found = [Finding(MANIFEST, error.message, REINDEX), *findings_in_store(index_dir, segments_found(index_dir))]
        return CheckReport(str(index_dir), 0, 0, 0, 0, 0, tuple(found))
    reader = begin_reading(index_dir / manifest.engine)
    try:
        return report_of(index_dir, manifest)
    finally:
        if reader is not None:
            os.close(reader)


def report_of(index_dir: Path, manifest: Manifest) -> CheckReport:
    """What there is to tell of the index that the manifest names."""
    return CheckReport(
        index=str(index_dir),
        generation=manifest.generation,
        files=len(manifest.files) + len(manifest.store),
        bytes=sum(seal.bytes for seal in (*manifest.files, *manifest.store)),
        letters=manifest.letters,
        items=manifest.items,
        findings=tuple(findings_of(index_dir, manifest)),
    )


def findings_of(index_dir: Path, manifest: Manifest) -> Iterator[Finding]:
    """What is not as the manifest says; items are opened where their files are whole."""
    damaged = False
    for seal in manifest.files:
        path = index_dir / manifest.engine / seal.name
        for reason in problems_of(path, seal):
            damaged = True
            yield Finding(f"{manifest.engine}/{seal.name}", reason, REINDEX)
    yield from findings_in_store(index_dir, manifest.store)
    if manifest.fingerprint != fingerprint():
        yield Finding(MANIFEST, "the index was built from other fields, or by another engine", STALE)
    elif not damaged:
        try:
            yield from findings_in_items(index_dir, manifest)
            yield from findings_in_families(index_dir, manifest)
        except (IndexFailure, StaleIndex) as error:
            yield Finding(manifest.engine, error.message, REINDEX)


def findings_in_store(index_dir: Path, seals: tuple[FileSeal, ...]) -> Iterator[Finding]:
    """What of the letter store is not as it was written."""
    for seal in seals:
        for reason in problems_of(segment_path(index_dir, int(seal.name)), seal):
            yield Finding(f"{STORE}/{seal.name}", reason, RESTORE)


def problems_of(path: Path, seal: FileSeal) -> Iterator[str]:
    """What is wrong with a file: it is missing, of another length, or some byte is not as it was."""
    try:
        size = path.stat().st_size
        if size < seal.bytes or (seal.digest and size != seal.bytes):
            yield f"it has {size:,} bytes where {seal.bytes:,} were written"
        elif seal.digest and digest_of_file(path) != seal.digest:
            yield "its content is not what was written"
        elif not seal.digest:
            FrameFile(path).verify(end=seal.bytes)
    except FileNotFoundError:
        yield "it is missing"
    except OSError as error:
        yield f"it cannot be read: {error.strerror}"
    except IndexFailure as error:
        yield error.message.removeprefix(f"{path} ")


def findings_in_items(index_dir: Path, manifest: Manifest) -> Iterator[Finding]:
    """Items that cannot be opened, numbers that are not the manifest's, and letters that the store has lost."""
    held = HeldLetters(index_dir, manifest.engine)
    blocks = {
        int(seal.name): frozenset(FrameFile(segment_path(index_dir, int(seal.name))).places(end=seal.bytes))
        for seal in manifest.store
        if segment_path(index_dir, int(seal.name)).exists()
    }
    items = letters = 0
    for place, group in groupby(sorted(held.each(PLACE, "item")), key=itemgetter(0)):
        letters += 1
        letter = held.letter(place)
        ids = {item.item: item.id for item in letter.items}
        for _, number in group:
            items += 1
            if number not in ids or held.first(held.term("id", ids[number])) != place:
                name = ids.get(number, f"item {number} of {letter.letter_id}")
                yield Finding(f"{manifest.engine}/{LETTERS}", f"{name} cannot be opened", REINDEX)
        if manifest.store and held.letters.kept(place).offset not in blocks.get(held.letters.kept(place).segment, ()):
            yield Finding(STORE, f"{letter.letter_id} is not in the store", RESTORE)
    if (letters, items) != (manifest.letters, manifest.items):
        counted = f"{letters:,} letters and {items:,} items"
        said = f"it holds {counted} where the manifest says {manifest.letters:,} and {manifest.items:,}"
        yield Finding(manifest.engine, said, REINDEX)


def findings_in_families(index_dir: Path, manifest: Manifest) -> Iterator[Finding]:
    """Items whose rows tell of others, and families that are not made of rows of items."""
    folder = index_dir / manifest.engine
    families = Families(folder)
    held = {row: (place, item) for row, place, item in HeldLetters(index_dir, manifest.engine).each(ROW, PLACE, "item")}
    if len(held) != manifest.items or not all(is_row_of(families.rows, row, item) for row, item in held.items()):
        yield Finding(f"{manifest.engine}/{ROWS}", "its rows are not those of the items", REINDEX)
    family_of, _, _, members = families.parts
    found = {row: number for number in range(1, len(families) + 1) for row in families.members(number)}
    in_families = {row: number for row, number in enumerate(family_of) if number}
    told = all(families.outcomes(number) == outcomes_in(families, number) for number in range(1, len(families) + 1))
    if found != in_families or len(found) != len(members) or not found.keys() <= held.keys() or not told:
        yield Finding(f"{manifest.engine}/{FAMILIES}", "its families are not made of the items", REINDEX)


def outcomes_in(families: Families, family: int) -> Counter[str]:
    """How many rows of a family have each outcome."""
    return Counter(families.rows.row(row).outcome for row in families.members(family))


def is_row_of(rows: Rows, number: int, item: tuple[int, int]) -> bool:
    """There is such a row, and it is that of the item, told by the place of its letter and its number there."""
    return number < len(rows) and rows.row(number)[:2] == item
