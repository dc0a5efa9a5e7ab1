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

from imrsearch.indexer.generation import published_bytes
from imrsearch.indexer.letter import missing_parts, parse_letter, stem_of
from imrsearch.indexer.likeness import Likeness, likeness_of
from imrsearch.indexer.sources import Unread, read_letters
from imrsearch.indexer.store import Store, packed_letters
from imrsearch.schema.documents import PLACE, register_analyzers, to_document, value_term
from imrsearch.schema.engine import REBUILD_HINT, engine_errors
from imrsearch.schema.errors import IndexFailure, LetterError
from imrsearch.schema.fields import chunks_of
from imrsearch.schema.letterfile import LETTERS, Kept, LetterFile, LetterPacker
from imrsearch.schema.manifest import read_manifest
from imrsearch.schema.records import Letter, RawLetter, Source


class Known(Struct, frozen=True, tag=True):
    """A letter that the index holds just as it is."""

    letter_id: str
    case_number: str | None
    source: Source


class Understood(Struct, frozen=True):
    """A letter that is to be prepared.

    source  where it was read now
    kept    where the store keeps it as it was read, or null where it is new
    """

    letter: Letter
    source: Source
    kept: Kept | None


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
                columns = [self.searcher.fast_field_values(field, addresses) for field in fields]
                if any(None in column for column in columns):
                    raise IndexFailure("the items cannot be read: some lack a number", hint=REBUILD_HINT)
                yield from zip(*columns, strict=True)

    def has_before(self, place: int) -> bool:
        """The index holds a letter that was written before that place."""
        everything, order = tantivy.Query.all_query(), tantivy.Order.Asc
        with engine_errors(FAILED):
            found = self.searcher.search(everything, 1, count=False, order_by_field=PLACE, order=order)
            return bool(found.hits) and int(found.hits[0][0]) < place

    def end_in_store(self, segment: int, *, start: int, end: int) -> int:
        """Where the last block of the store's file of that number ends that letters from `start` to `end` lie in."""
        file, last = self.letters.file, None
        # A letter file begins with its dictionary.
        place = start or file.end_of(0)
        while place < end:
            kept = self.letters.kept(place)
            if kept.segment == segment:
                last = kept.offset
            place = file.end_of(place)
        return 0 if last is None else self.store.segment(segment).end_of(last)

    def term(self, field: str, value: str) -> tantivy.Query:
        """Items with that value."""
        return tantivy.Query.term_query(self.index.schema, field, value_term(value), index_option="basic")


class Preparer:
    """What prepares letters for one run.

    held       the letters of the index as it was when the run began, or null where there was none
    reread_to  letters at places before this one were read by another parser: they are understood anew from the store
    packer     compresses letters
    """

    def __init__(self, index_dir: Path, *, held: HeldLetters | None, rereads: bool, dictionary: bytes) -> None:
        self.store = Store(index_dir)
        self.held = held
        # What the run wrote before it was stopped lies behind what was published.
        self.reread_to = published_bytes(read_manifest(index_dir), LETTERS) if rereads else 0
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
        read = [*unread, *found]
        outcomes = self.outcomes((each, None) for each in read)
        new = [
            each
            for each, outcome in zip(read, outcomes, strict=True)
            if isinstance(each, RawLetter) and isinstance(outcome, Prepared) and outcome.kept is None
        ]
        return Batch(outcomes, packed_letters(new) if new else b"", files)

    def batch_of_block(self, kept: Kept) -> Batch:
        """What was made of the letters of a block that came into the index, the last one first."""
        try:
            letters, taken = self.store.block(kept.segment, kept.offset)
        except IndexFailure as error:
            return Batch((Unread(f"store/{kept.segment}", error.message, error.hint),), b"", 1)
        numbers = [number for number, came in enumerate(taken) if came]
        found = ((letters[number], kept._replace(number=number)) for number in reversed(numbers))
        return Batch(self.outcomes(found), b"", 1)

    def outcomes(self, found: Iterable[tuple[RawLetter | Unread, Kept | None]]) -> tuple[Outcome, ...]:
        """What was made of each letter: that it is known, what the index takes of it, or why it takes nothing.

        Each step is done for all of them before the next one, and so finds what it needs in the processor's cache:
        step after step for each letter takes a fifth longer.
        """
        steps = [raw if isinstance(raw, Unread) else self.understood(raw, kept) for raw, kept in found]
        packed = [self.packer.pack(step.letter) if isinstance(step, Understood) else b"" for step in steps]
        return tuple(
            prepared(step, letter) if isinstance(step, Understood) else step
            for step, letter in zip(steps, packed, strict=True)
        )

    def understood(self, raw: RawLetter, kept: Kept | None) -> Understood | Known | Unread:
        """The letter, or that it is known, or why it is none."""
        name = raw.record.letter_id if raw.record else stem_of(raw.source)
        place = self.held.place(raw.source, name) if self.held else None
        if self.held is None or place is None:
            return understood(raw, kept)
        try:
            if place < self.reread_to:
                return understood(*self.held.raw(place, raw.source))
            letter = self.held.letter(place)
        except IndexFailure as error:
            return Unread(raw.source.path, error.message, error.hint)
        return Known(letter.letter_id, letter.case_number, raw.source)


def understood(raw: RawLetter, kept: Kept | None) -> Understood | Unread:
    """The letter that was read, or why it is none."""
    try:
        return Understood(parse_letter(raw), raw.source, kept)
    except LetterError as error:
        return Unread(raw.source.path, error.message, error.hint)


def prepared(step: Understood, packed: bytes) -> Prepared | Unread:
    """What the index takes of a letter, or why it takes nothing."""
    letter, source = step.letter, step.source
    try:
        return Prepared(
            letter.letter_id,
            letter.case_number,
            source,
            documents_of(letter),
            tuple(map(likeness_of, letter.items)),
            packed,
            tuple(missing_parts(letter)),
            step.kept,
        )
    except LetterError as error:
        return Unread(source.path, error.message, error.hint)


def documents_of(letter: Letter) -> tuple[str, ...]:
    """The engine's documents of the letter; LetterError where a value of it cannot be indexed."""
    try:
        return tuple(to_document(chunk) for chunk in chunks_of(letter))
    except (TypeError, ValueError) as error:
        raise LetterError(f"{letter.letter_id} cannot be indexed: {error}") from error
