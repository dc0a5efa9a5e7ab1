"""Letters and indexes for tests: each call states only what the test is about. All of it is fiction."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tantivy
from msgspec import structs

from imrsearch.indexer.families import write_families
from imrsearch.indexer.likeness import likeness_of
from imrsearch.indexer.rows import RowWriter
from imrsearch.schema.documents import build_schema, fingerprint, placed, register_analyzers, to_document
from imrsearch.schema.fields import chunks_of
from imrsearch.schema.frames import FrameWriter
from imrsearch.schema.letterfile import LETTERS, Kept, LetterPacker, framed_dictionary, framed_letter
from imrsearch.schema.manifest import Manifest, write_manifest
from imrsearch.schema.records import Citation, Item, Letter, Source


def citation(section: str | None = None, **settings: Any) -> Citation:
    """A citation of the chronic pain guideline."""
    given = {"guideline": "MTUS", "document": "Chronic Pain Medical Treatment", "edition": 2009}
    return Citation(**(given | {"section": section} | settings))


def item(treatment: str = "Back brace", **settings: Any) -> Item:
    """An upheld item; its id and place are given by its letter."""
    given = {"id": "", "item": 0, "treatment": treatment, "disputed": treatment, "outcome": "upheld"}
    return Item(**(dict.fromkeys(("requested", "authorized")) | given | settings))


def letter(letter_id: str = "CM17-0000001", *items: Item, **settings: Any) -> Letter:
    """A letter of one item, unless several are given."""
    numbered = tuple(
        structs.replace(one, id=f"{letter_id}:{place}", item=place) for place, one in enumerate(items or (item(),), 1)
    )
    given: dict[str, Any] = dict.fromkeys(field for field in Letter.__struct_fields__)
    given |= {"letter_id": letter_id, "licensure_states": (), "specialties": (), "summary": "", "items": numbered}
    given |= {"source": Source(f"{letter_id}.txt", "text", letter_id)}
    return Letter(**(given | settings))


def index_of(letters: Iterable[Letter], index_dir: Path, *, segments: int = 1) -> Path:
    """A real index of the letters in `index_dir`, without a store; the items in turn in each of so many parts of it."""
    engine = index_dir / "engine-1"
    engine.mkdir(parents=True)
    index = tantivy.Index(build_schema(), path=str(engine))
    register_analyzers(index)
    writer = index.writer(heap_size=20_000_000, num_threads=1)
    packer = LetterPacker(b"")
    documents: list[str] = []
    held = 0
    letter_file, rows = FrameWriter(engine / LETTERS), RowWriter(engine)
    letter_file.add(framed_dictionary(b""))
    for one in letters:
        place = letter_file.add(framed_letter(packer.pack(one), Kept(1, 0, 0)))
        for chunk, each in zip(chunks_of(one), one.items, strict=True):
            row = rows.add(likeness_of(each), place)
            documents.append(placed(to_document(chunk), place, row))
        held += 1
    letter_file.close()
    rows.close()
    write_families(engine, range(len(documents)))
    for part in range(segments):
        for document in documents[part::segments]:
            writer.add_json(document)
        writer.commit()
    writer.wait_merging_threads()
    write_manifest(
        index_dir, Manifest(fingerprint(), "", 1, "engine-1", "2020-01-01T00:00:00+00:00", held, len(documents))
    )
    return index_dir
