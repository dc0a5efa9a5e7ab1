"""An opened index: one generation of it, and its letters and items by their ids."""

import os
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Self
from weakref import finalize

import tantivy
from msgspec import structs

from imrsearch.schema.documents import fingerprint, register_analyzers, value_term
from imrsearch.schema.engine import REBUILD_HINT, engine_errors
from imrsearch.schema.errors import IndexFailure, StaleIndex, UnknownId, UsageError
from imrsearch.schema.families import Families
from imrsearch.schema.fields import FIELD, Field
from imrsearch.schema.letterfile import LetterFile
from imrsearch.schema.manifest import Manifest, read_manifest
from imrsearch.schema.readers import begin_reading
from imrsearch.schema.records import Item, Letter
from imrsearch.search.compile import value_query
from imrsearch.search.engine import Engine
from imrsearch.search.families import boilerplate_of, families_of
from imrsearch.search.results import IndexFigures, Shown

# How many ids are named that begin like one that is not there.
NEAREST = 3
# Items of a family that are named beside one of them.
MOST_ALIKE = 20
# Letters shown lately that are kept ready.
LETTERS_KEPT = 256


class Opened:
    """An index as it was when it was opened.

    manifest  what the index says of itself
    """

    def __init__(self, engine: Engine, manifest: Manifest) -> None:
        self.manifest = manifest
        self.engine = engine
        self.index_dir: Path | None = None

    @classmethod
    def open(cls, index_dir: Path) -> Self:
        """Open the index at `index_dir`; raises IndexMissing, StaleIndex or IndexFailure."""
        while True:
            manifest = read_manifest(index_dir)
            if manifest.fingerprint != fingerprint():
                raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=REBUILD_HINT)
            try:
                return cls.opened(index_dir, manifest)
            except IndexFailure:
                # Another generation took its place between the two.
                if read_manifest(index_dir).generation == manifest.generation:
                    raise

    @classmethod
    def opened(cls, index_dir: Path, manifest: Manifest) -> Self:
        """The generation that the manifest names; it stays as long as it is read."""
        what = f"the index at {index_dir} cannot be opened"
        folder = index_dir / manifest.engine
        with engine_errors(what):
            reader = begin_reading(folder)
            if reader is None:
                raise IndexFailure(f"{what}: {manifest.engine} is missing", hint=REBUILD_HINT)
            try:
                index = tantivy.Index.open(str(folder))
                register_analyzers(index)
                letter_at = lru_cache(LETTERS_KEPT)(LetterFile(folder).letter)
                engine = Engine(index.searcher(), index.schema, letter_at, Families(folder))
                searcher = cls(engine, manifest)
            except BaseException:
                os.close(reader)
                raise
        searcher.index_dir = index_dir
        # While it is open, the generation is not removed.
        finalize(searcher, os.close, reader)
        return searcher

    @property
    def figures(self) -> IndexFigures:
        """Generation and size of the index."""
        return IndexFigures(self.manifest.generation, self.manifest.letters, self.manifest.items)

    def latest(self) -> Self:
        """This searcher, or where another generation was published since, one of that."""
        # One that was removed and made anew may have the same number.
        if self.index_dir is None or read_manifest(self.index_dir) == self.manifest:
            return self
        return type(self).open(self.index_dir)

    def find(self, id: str) -> Shown:
        """The item or letter of that id by itself; UnknownId names ids that begin like it."""
        address = self.first_with(FIELD["id"], id)
        if address is None:
            return Shown(self.letter(id) if self.first_with(FIELD["letter_id"], id) else self.without_item(id))
        return Shown(self.engine.whole_letter(address), self.engine.letter(address).items[0])

    def show(self, id: str) -> Shown:
        """The item or letter of that id, with its family and the sentences that many letters have; else as `find`."""
        found = self.find(id)
        shared = boilerplate_of(self.engine, found.letter)
        address = self.first_with(FIELD["id"], found.item.id) if found.item else None
        if address is None:
            return structs.replace(found, shared=shared)
        (family,) = families_of(self.engine, [address])
        others = (other for other in self.alike(address, most=MOST_ALIKE + 1) if other != found.item)
        return structs.replace(found, family=family, alike=tuple(islice(others, MOST_ALIKE)), shared=shared)

    def letter(self, letter_id: str) -> Letter:
        """The letter with all its items; UnknownId names ids that begin like it."""
        if address := self.first_with(FIELD["letter_id"], letter_id):
            return self.engine.whole_letter(address)
        near = self.ids_like(letter_id)
        hint = f"ids that begin alike: {', '.join(near)}" if near else "the id stands in each hit: CM17-9900405:2"
        raise UnknownId(f"no letter or item has the id {letter_id}", hint=hint)

    def without_item(self, id: str) -> Letter:
        """UnknownId for the id of an item that its letter does not have, and for any other that is not there."""
        letter_id, _, _ = id.rpartition(":")
        if letter_id and self.first_with(FIELD["letter_id"], letter_id):
            letter = self.letter(letter_id)
            held = ", ".join(item.id for item in letter.items)
            raise UnknownId(f"the letter {letter.letter_id} has no item {id}", hint=f"it has {held}")
        return self.letter(id)

    def family(self, id: str) -> tuple[Item, ...]:
        """The item of that id and all that have nearly its rationale, by their ids; UsageError where there is none."""
        address = self.first_with(FIELD["id"], id)
        if address is None:
            self.letter(id)
            raise UsageError(f"{id} is a letter", hint=f"name an item of it: {id}:1")
        return tuple(self.alike(address))

    def alike(self, address: tantivy.DocAddress, *, most: int | None = None) -> Iterator[Item]:
        """The items of the item's family by their ids, itself included, at most so many."""
        (row,) = self.engine.rows([address])
        number = self.engine.families.of(row)
        return map(self.engine.item, self.engine.families.members(number)[:most] if number else (row,))

    def first_with(self, field: Field, value: str) -> tantivy.DocAddress | None:
        """The first item that holds the value."""
        hits = self.engine.best(value_query(field, value.strip(), engine=self.engine), 1)
        return hits[0][1] if hits else None

    def ids_like(self, id: str) -> list[str]:
        """Up to three ids of letters that share the longest beginning with `id`."""
        field = FIELD["letter_id"]
        for end in range(len(id), 2, -1):
            terms = self.engine.terms(field.name, value_term(id[:end]), limit=NEAREST)
            if terms:
                found = (self.first_with(field, term) for term, _ in terms)
                return [self.engine.whole_letter(address).letter_id for address in found if address]
        return []
