"""Files to what an index takes of their letters: the work that every core can share.

    files, or letters of an archive, or a block of the store --prepare--> Batch

Nothing here writes. Letters that the index holds already are told by their own bytes, and not read again.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import tantivy
from msgspec import Struct, structs

from imrsearch.indexer.letter import missing_parts, parse_letter, stem_of
from imrsearch.indexer.likeness import Likeness, likeness_of
from imrsearch.indexer.sources import Unread, read_letters
from imrsearch.indexer.store import Store, packed_letters
from imrsearch.schema.documents import PLACE, register_analyzers, to_document, value_term
from imrsearch.schema.engine import engine_errors
from imrsearch.schema.errors import IndexFailure, LetterError
from imrsearch.schema.fields import chunks_of
from imrsearch.schema.letterfile import Kept, LetterFile, LetterPacker
from imrsearch.schema.records import Letter, RawLetter, Source


class Known(Struct, frozen=True, tag=True):
    """A letter that the index holds just as it is."""

    letter_id: str
    case_number: str | None
    source: Source


class Prepared(Struct, frozen=True, tag=True):
    """A letter, ready to be written.

    documents   of the engine, as JSON, without their place in the letter file
    likenesses  of each what its rationale is recognised by
    packed      the letter, compressed
    notes       what the letter lacks
    kept        where the store keeps it as it was read, or null where it is new
    """

    letter_id: str
    case_number: str | None
    source: Source
    documents: tuple[str, ...]
    likenesses: tuple[Likeness, ...]
    packed: bytes
    notes: tuple[str, ...]
    kept: Kept | None = None


Outcome = Prepared | Known | Unread
FAILED = "the index could not be searched"
# Items whose values are taken from the engine at once.
AT_ONCE = 50_000


class Files(Struct, frozen=True, tag=True):
    """Files to be read.

    risky  some are PDFs, which are read by a library that may end the process
    """

    paths: tuple[str, ...]
    risky: bool = False


class Members(Struct, frozen=True, tag=True):
    """Some members of an archive: from one up to another, counted from 0; `last`: the archive ends with them."""

    path: str
    start: int
    stop: int
    last: bool = True


class Letters(Struct, frozen=True, tag=True):
    """Letters that were read and not yet understood, and what could not be read.

    files  how many files end with them
    """

    letters: tuple[RawLetter, ...] = ()
    unread: tuple[Unread, ...] = ()
    files: int = 0


class Block(Struct, frozen=True, tag=True):
    """A block of the letter store."""

    kept: Kept


Task = Files | Members | Letters | Block


class Batch(Struct, frozen=True):
    """What was made of a task.

    outcomes  in the task's order
    raws      the new letters as they were read, in that order, compressed together; b"" without any
    files     how many files of the task are done
    """

    outcomes: tuple[Outcome, ...]
    raws: bytes
    files: int = 0


class HeldLetters:
    """The letters of a published index, by the bytes that they were read from."""

    def __init__(self, index_dir: Path, engine: str) -> None:
        self.store = Store(index_dir)
        folder = index_dir / engine
        with engine_errors(f"the index at {index_dir} cannot be opened"):
            self.index = tantivy.Index.open(str(folder))
            register_analyzers(self.index)
            self.searcher = self.index.searcher()
        self.letters = LetterFile(folder)
        # Asked before a letter is read, and again when it is.
        self.place = lru_cache(64)(self.find)

    def find(self, source: Source, name: str) -> int | None:
        """Where the letter of the same bytes lies, best under the same name.

        A letter without a case number goes by its name, so that under another one it is another letter.
        """
        by_bytes = self.term("source", source.sha256)
        place = self.first(by_bytes)
        if place is None:
            return None
        try:
            letter = self.letter(place)
        except IndexFailure:
            # What cannot be opened is read anew, and takes its own place.
            return None
        if letter.case_number or letter.letter_id == name:
            return place
        both = [(tantivy.Occur.Must, query) for query in (by_bytes, self.term("letter_id", name))]
        return self.first(tantivy.Query.boolean_query(both))

    def named(self, letter_id: str) -> Letter | None:
        """The letter of that id; null also where it cannot be opened."""
        place = self.first(self.term("letter_id", letter_id))
        with suppress(IndexFailure):
            return None if place is None else self.letter(place)
        return None

    def items_of(self, letter_id: str) -> int:
        """How many items the letter of that id has."""
        with engine_errors(FAILED):
            return int(self.searcher.search(self.term("letter_id", letter_id), 1).count)  # type: ignore[attr-defined]

    def letter(self, place: int) -> Letter:
        """The letter at that place."""
        return self.letters.letter(place)

    def raw(self, place: int, source: Source) -> tuple[RawLetter, Kept]:
        """That letter as it was read, as if from `source`, and where the store keeps it."""
        kept = self.letters.kept(place)
        return structs.replace(self.store.letter(kept), source=source), kept

    def first(self, query: tantivy.Query) -> int | None:
        """The place of the letter of the first item that the query finds."""
        with engine_errors(FAILED):
            hits = self.searcher.search(query, 1, count=False).hits
            if not hits:
                return None
            (place,) = self.searcher.fast_field_values(PLACE, [hits[0][1]])
            return place if isinstance(place, int) else None

    def last(self, field: str) -> int | None:
        """The highest value of a field: that of the letter or the item that was written last."""
        with engine_errors(FAILED):
            found = self.searcher.search(tantivy.Query.all_query(), 1, count=False, order_by_field=field)
            return int(found.hits[0][0]) if found.hits else None

    def each(self, *fields: str) -> Iterator[tuple[Any, ...]]:
        """The numbers that every item has in the fields."""
        with engine_errors("the items cannot be read"):
            if not self.searcher.num_docs:
                return
            hits = self.searcher.search(tantivy.Query.all_query(), self.searcher.num_docs, count=False).hits
            for start in range(0, len(hits), AT_ONCE):
                addresses = [address for _, address in hits[start : start + AT_ONCE]]
                yield from zip(*(self.searcher.fast_field_values(field, addresses) for field in fields), strict=True)

    def term(self, field: str, value: str) -> tantivy.Query:
        """Items with that value."""
        return tantivy.Query.term_query(self.index.schema, field, value_term(value), index_option="basic")


class Preparer:
    """What prepares letters for one run.

    held     the letters of the index as it was when the run began, or null where there was none
    rereads  letters that the index holds were read by another parser: they are understood anew from the store
    packer   compresses letters
    """

    def __init__(self, index_dir: Path, *, held: HeldLetters | None, rereads: bool, dictionary: bytes) -> None:
        self.store = Store(index_dir)
        self.held = held
        self.rereads = rereads
        self.packer = LetterPacker(dictionary)

    def prepare(self, task: Task) -> Batch:
        """What the index takes of the task's letters, and what could not be read."""
        match task:
            case Files(paths):
                several = (read_letters(Path(path), known=self.knows) for path in paths)
                return self.batch(chain.from_iterable(several), files=len(paths))
            case Members(path, start, stop, last):
                found = read_letters(Path(path), known=self.knows, members=range(start, stop))
                return self.batch(found, files=int(last))
            case Letters(letters, unread, files):
                return self.batch(letters, files=files, unread=unread)
            case Block(kept):
                return self.batch_of_block(kept)

    def packed_anew(self, batch: Batch) -> Batch:
        """The batch, whose letters were packed without a dictionary, with this one's."""
        outcomes = (
            structs.replace(outcome, packed=self.packer.packed_anew(outcome.packed))
            if isinstance(outcome, Prepared)
            else outcome
            for outcome in batch.outcomes
        )
        return structs.replace(batch, outcomes=tuple(outcomes))

    def knows(self, source: Source) -> bool:
        """The letter of that source need not be read."""
        return self.held is not None and self.held.place(source, stem_of(source)) is not None

    def batch(self, found: Iterable[RawLetter | Unread], *, files: int = 0, unread: tuple[Unread, ...] = ()) -> Batch:
        """What was made of letters, the new ones with what the store keeps of them."""
        new: list[RawLetter] = []
        outcomes: list[Outcome] = list(unread)
        for read in found:
            if isinstance(read, Unread):
                outcomes.append(read)
                continue
            outcome = self.outcome(read)
            if isinstance(outcome, Prepared) and outcome.kept is None:
                new.append(read)
            outcomes.append(outcome)
        return Batch(tuple(outcomes), packed_letters(new) if new else b"", files)

    def batch_of_block(self, kept: Kept) -> Batch:
        """What was made of the letters of a block that came into the index, the last one first."""
        try:
            letters, taken = self.store.block(kept.segment, kept.offset)
        except IndexFailure as error:
            return Batch((Unread(f"store/{kept.segment}", error.message, error.hint),), b"", 1)
        numbers = [number for number, came in enumerate(taken) if came]
        return Batch(
            tuple(self.outcome(letters[number], kept._replace(number=number)) for number in reversed(numbers)), b"", 1
        )

    def outcome(self, raw: RawLetter, kept: Kept | None = None) -> Outcome:
        """What was made of a letter: that it is known, what the index takes of it, or why it takes nothing."""
        name = raw.record.letter_id if raw.record else stem_of(raw.source)
        place = self.held.place(raw.source, name) if self.held else None
        if self.held is None or place is None:
            return self.prepared(raw, kept)
        try:
            if self.rereads:
                return self.prepared(*self.held.raw(place, raw.source))
            letter = self.held.letter(place)
        except IndexFailure as error:
            return Unread(raw.source.path, error.message, error.hint)
        return Known(letter.letter_id, letter.case_number, raw.source)

    def prepared(self, raw: RawLetter, kept: Kept | None) -> Prepared | Unread:
        """What the index takes of a letter that is not known, or why it takes nothing."""
        try:
            letter = parse_letter(raw)
            return Prepared(
                letter.letter_id,
                letter.case_number,
                raw.source,
                documents_of(letter),
                tuple(map(likeness_of, letter.items)),
                self.packer.pack(letter),
                tuple(missing_parts(letter)),
                kept,
            )
        except LetterError as error:
            return Unread(raw.source.path, error.message, error.hint)


def documents_of(letter: Letter) -> tuple[str, ...]:
    """The engine's documents of the letter; LetterError where a value of it cannot be indexed."""
    try:
        return tuple(to_document(chunk) for chunk in chunks_of(letter))
    except (TypeError, ValueError) as error:
        raise LetterError(f"{letter.letter_id} cannot be indexed: {error}") from error
