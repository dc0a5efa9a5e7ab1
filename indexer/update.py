"""One run on an index: what is taken, what is left alone, and what is published."""

import time
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import tantivy
from msgspec import Struct

from imrsearch.indexer.families import write_families
from imrsearch.indexer.generation import RUN, Run, begin, check_merged, discard, engine_of, published_bytes, seals_of
from imrsearch.indexer.prepare import Batch, HeldLetters, Known, Outcome, Prepared
from imrsearch.indexer.report import IndexReport, Problem
from imrsearch.indexer.rows import RowWriter
from imrsearch.indexer.sources import Unread
from imrsearch.indexer.store import framed_block, segment_path
from imrsearch.schema.documents import (
    PLACE,
    ROW,
    build_schema,
    fingerprint,
    placed,
    register_analyzers,
    terms_in,
    value_term,
)
from imrsearch.schema.engine import engine_errors
from imrsearch.schema.errors import IndexFailure, LetterError
from imrsearch.schema.families import RECORD, ROWS
from imrsearch.schema.frames import FrameWriter, digest_of
from imrsearch.schema.letterfile import LETTERS, Kept, LetterFile, framed_dictionary, framed_letter
from imrsearch.schema.manifest import FileSeal, Manifest, reindex_hint, sync_folder, write_manifest
from imrsearch.schema.records import Letter

# Letters of a run that are looked up before it is published.
CANARIES = 3
# Sentences that a report holds; the rest is counted.
MOST_NOTES = 10_000


class Machine(Struct, frozen=True):
    """What a run may use of the machine.

    cores           processes that read letters, and threads of the engine
    heap            bytes that the engine fills before it writes a part of the index
    commit_items    items after which what was taken is safe from a crash
    commit_seconds  likewise seconds
    """

    cores: int
    heap: int
    commit_items: int = 100_000
    commit_seconds: float = 20.0


class Update:
    """A run's open writer, the index as it was before, and what has been done so far."""

    def __init__(self, index_dir: Path, before: Manifest, *, run: Run, machine: Machine) -> None:
        self.index_dir = index_dir
        self.before = before
        self.run = run
        self.machine = machine
        self.generation = before.generation + 1
        self.folder = index_dir / engine_of(self.generation)
        self.adds = run.scope == "add" and bool(before.engine)
        # Bytes of letters that the run found, and leaves as they are.
        self.published = published_bytes(before, LETTERS) if self.adds else 0
        with writing(index_dir):
            self.resumed = begin(index_dir, before, run)
            try:
                self.open_files()
            except IndexFailure:
                if not self.resumed:
                    raise
                # What a power cut left of a run cannot be gone on with.
                discard(index_dir, before)
                self.resumed = begin(index_dir, before, run)
                self.open_files()
            sync_folder(self.segment.path.parent)
        self.is_open = True
        self.items = self.index.searcher().num_docs
        self.letters = letters_in(self.index) if self.resumed else before.letters if self.adds else 0
        self.dictionary = LetterFile(self.folder).dictionary if self.letter_file.size else b""
        self.committed = self.resumed
        self.committed_at = time.monotonic()
        self.uncommitted = self.written = 0
        # Of every letter of the run, in little room: the path, and of a letter that goes by its file's name its bytes.
        self.seen: dict[bytes, str] = {}
        self.nameless: dict[bytes, str] = {}
        self.canaries: list[str] = []
        self.counts = {"added": 0, "replaced": 0, "unchanged": 0, "duplicates": 0}
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.noted = 0

    def open_files(self) -> None:
        """Open the folder's engine and the files beside it for writing; IndexFailure where that cannot be."""
        with writing(self.index_dir):
            self.index = tantivy.Index(build_schema(), path=str(self.folder))
            register_analyzers(self.index)
            self.held = HeldLetters(self.index_dir, self.folder.name) if self.index.searcher().num_docs else None
            letters, segment, rows = self.ends()
            self.rows = RowWriter(self.folder, keep=rows)
            self.letter_file = FrameWriter(self.folder / LETTERS, keep=letters)
            self.segment = FrameWriter(segment_path(self.index_dir, self.generation), keep=segment)
            self.writer = self.index.writer(self.machine.heap, self.machine.cores)

    def ends(self) -> tuple[int, int, int]:
        """How much the engine knows of: of the letter file, of the run's own part of the store, and how many rows."""
        place = self.held.last(PLACE) if self.held and self.resumed else None
        if self.held is None or place is None or place < self.published:
            return self.published, 0, published_bytes(self.before, ROWS) // RECORD.size if self.adds else 0
        end = self.held.letters.file.end_of(place)
        segment = self.held.end_in_store(self.generation, start=self.published, end=end)
        return end, segment, (self.held.last(ROW) or 0) + 1

    @property
    def rereads(self) -> bool:
        """Letters that were published were read by another parser or vocabulary: they are understood anew."""
        return self.adds and self.before.reading != self.run.reading

    @property
    def needs_dictionary(self) -> bool:
        """Nothing was written yet that letters are like."""
        return not self.letter_file.size

    def begin_letters(self, dictionary: bytes) -> None:
        """Write what the run's letters are compressed with, before the first one."""
        self.dictionary = dictionary
        self.letter_file.add(framed_dictionary(dictionary))

    def take(self, batch: Batch, *, strict: bool) -> None:
        """Bring what was prepared into the run; with `strict` LetterError for the first letter that cannot be read."""
        accepted = [outcome for outcome in batch.outcomes if self.accept(outcome, strict=strict)]
        kept: dict[int, Kept] = {}
        new = [outcome for outcome in batch.outcomes if isinstance(outcome, Prepared) and outcome.kept is None]
        with writing(self.index_dir):
            chosen = {id(outcome) for outcome in accepted}
            if any(id(outcome) in chosen for outcome in new):
                offset = self.segment.add(framed_block(batch.raws, [id(outcome) in chosen for outcome in new]))
                kept = {id(outcome): Kept(self.generation, offset, number) for number, outcome in enumerate(new)}
            if accepted and self.needs_dictionary:
                # What came first could not be read.
                self.begin_letters(b"")
            for outcome in accepted:
                if isinstance(outcome, Prepared):
                    self.put(outcome, outcome.kept or kept[id(outcome)])
            late = time.monotonic() - self.committed_at > self.machine.commit_seconds
            if self.uncommitted >= self.machine.commit_items or (late and self.uncommitted):
                self.commit()

    def accept(self, outcome: Outcome, *, strict: bool) -> bool:
        """Whether the letter is to be written; what is said of it otherwise."""
        try:
            if isinstance(outcome, Unread):
                raise LetterError(outcome.reason, hint=outcome.hint)
            return self.is_first(outcome) and self.is_new(outcome)
        except LetterError as error:
            path = outcome.path if isinstance(outcome, Unread) else outcome.source.path
            if strict:
                raise LetterError(f"{path}: {error.message}", hint=error.hint) from error
            self.problems.append(Problem(path, error.message, error.hint))
            return False

    def is_first(self, outcome: Prepared | Known) -> bool:
        """No other file of this run gave the letter; LetterError where another letter has its name."""
        name, source = name_digest(outcome.letter_id), outcome.source
        first = self.seen.get(name)
        if first is None:
            self.seen[name] = source.path
            if outcome.case_number is None:
                self.nameless[name] = source.sha256
            return True
        if self.run.scope == "reindex":
            # An earlier reading of the same letter.
            return False
        if outcome.case_number is None and self.nameless.get(name) != source.sha256:
            raise LetterError(
                f"{first} was already read under the name {outcome.letter_id}", hint="give the file another name"
            )
        self.counts["duplicates"] += 1
        self.note(f"{source.path} is {outcome.letter_id} again, already read from {first}")
        return False

    def is_new(self, outcome: Prepared | Known) -> bool:
        """The letter is not in the index as it is; LetterError where another file, still there, has its name."""
        if isinstance(outcome, Known):
            self.counts["unchanged"] += 1
            return False
        held = self.held.named(outcome.letter_id) if self.held and not outcome.case_number else None
        if held and Path(held.source.path).is_file() and not same_file(held.source.path, outcome.source.path):
            del self.seen[name_digest(outcome.letter_id)]
            raise LetterError(
                f"{held.source.path} was already read under the name {outcome.letter_id}",
                hint="give the file another name",
            )
        return True

    def put(self, letter: Prepared, kept: Kept) -> None:
        """Write the letter and its items; those of its earlier reading go."""
        place = self.letter_file.add(framed_letter(letter.packed, kept))
        replaced = self.held.items_of(letter.letter_id) if self.held else 0
        if replaced:
            self.writer.delete_documents_by_term("letter_id", value_term(letter.letter_id))
        for document, likeness in zip(letter.documents, letter.likenesses, strict=True):
            self.writer.add_json(placed(document, place, self.rows.add(likeness, place)))
        self.counts["replaced" if replaced else "added"] += 1
        self.items += len(letter.documents) - replaced
        self.letters += 0 if replaced else 1
        self.uncommitted += len(letter.documents)
        self.written += len(letter.documents)
        for note in letter.notes:
            self.note(note)
        if len(self.canaries) < CANARIES:
            self.canaries.append(letter.letter_id)
        else:
            self.canaries[-1] = letter.letter_id

    def note(self, sentence: str) -> None:
        """Keep a sentence for the report, as long as there are not too many."""
        self.noted += 1
        if self.noted <= MOST_NOTES:
            self.notes.append(sentence)

    def commit(self) -> None:
        """Put what was taken on the disk, so that a crash does not lose it: first what the documents speak of."""
        self.segment.sync()
        self.letter_file.sync()
        self.rows.sync()
        self.writer.commit()
        self.committed = True
        self.committed_at = time.monotonic()
        self.uncommitted = 0

    @property
    def changed(self) -> bool:
        """There is something to publish."""
        return bool(self.counts["added"] or self.counts["replaced"] or self.resumed) or not self.adds

    def publish(self, started: float) -> IndexReport:
        """Verify what was taken, and say in the manifest that it is the index; nothing where nothing changed."""
        manifest = self.before
        if self.problems and not self.items and manifest.engine:
            self.abandon(forget=True)
            self.note("no letter could be read: the index is left as it was")
        elif self.changed:
            with writing(self.index_dir):
                if self.needs_dictionary:
                    self.begin_letters(b"")
                self.commit()
                try:
                    self.find_families()
                    self.writer.garbage_collect_files()
                    self.close()
                    held = HeldLetters(self.index_dir, self.folder.name)
                    self.verify(held)
                except IndexFailure:
                    # What lost something must not be gone on with.
                    self.abandon(forget=True)
                    raise
                manifest = self.manifest(held)
                write_manifest(self.index_dir, manifest)
                (self.folder / RUN).unlink(missing_ok=True)
        else:
            self.abandon(forget=True)
        self.note_left()
        return IndexReport(
            index=str(self.index_dir),
            generation=manifest.generation,
            read=sum(self.counts.values()),
            **self.counts,
            failed=len(self.problems),
            letters=manifest.letters,
            items=manifest.items,
            seconds=round(time.monotonic() - started, 3),
            problems=tuple(self.problems),
            notes=tuple(self.notes),
        )

    def note_left(self) -> None:
        """Tell of letters that a stopped rebuild read and this one did not meet again, and what is not told."""
        left = self.letters - len(self.seen) if self.resumed and self.run.scope == "rebuild" else 0
        if left:
            self.note(f"{left:,} letters were read before this rebuild was stopped, and are not in the files any more")
        if self.noted > len(self.notes):
            self.notes.append(f"and {self.noted - len(self.notes):,} more")

    def manifest(self, held: HeldLetters) -> Manifest:
        """The index as it is published."""
        before = self.before
        still = self.rereads and held.has_before(self.published)
        own = FileSeal(str(self.generation), self.segment.size)
        store = () if self.run.scope == "rebuild" else before.store
        return Manifest(
            fingerprint=fingerprint(),
            reading=before.reading if still else self.run.reading,
            generation=self.generation,
            engine=self.folder.name,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            letters=self.letters,
            items=self.items,
            files=seals_of(self.folder, before),
            store=(*store, own) if own.bytes else store,
        )

    def verify(self, held: HeldLetters) -> None:
        """IndexFailure where the engine does not hold what it was given: it drops some in silence."""
        if held.searcher.num_docs != self.items:
            raise IndexFailure(
                f"the index at {self.index_dir} holds {held.searcher.num_docs} items where {self.items} were written",
                hint=reindex_hint(self.index_dir),
            )
        if self.adds:
            check_merged(self.folder, self.before)
        for letter_id in self.canaries:
            letter = held.named(letter_id)
            if letter is None or letter.letter_id != letter_id or not found_by_words(held, letter):
                raise IndexFailure(f"{letter_id} was written but is not found", hint=reindex_hint(self.index_dir))

    def find_families(self) -> None:
        """Write the families of the items: only now all are known, and the engine may still be merging its parts."""
        held = HeldLetters(self.index_dir, self.folder.name)
        before = self.index_dir / self.before.engine if self.adds else None
        write_families(self.folder, (row for (row,) in held.each(ROW)), before=before)

    def abandon(self, *, forget: bool, save: bool = False) -> None:
        """Let the next writer in.

        forget  nothing stays for the next run
        save    what was not committed is not lost
        """
        if self.is_open:
            # Why the run ends is told by another failure.
            with suppress(IndexFailure), writing(self.index_dir):
                # What was taken before Ctrl-C is not taken again. What was not committed the engine forgets without
                # being rolled back, which would leave threads that still write into the folder.
                if save and self.uncommitted:
                    self.commit()
                self.close()
        if forget or not self.committed:
            discard(self.index_dir, self.before)

    def close(self) -> None:
        """Let the next writer in; the engine's own writer cannot be used after this."""
        self.is_open = False
        with closing(self.letter_file), closing(self.segment), closing(self.rows):
            self.writer.wait_merging_threads()
            self.index.reload()
        if not self.segment.size:
            self.segment.path.unlink(missing_ok=True)


def found_by_words(held: HeldLetters, letter: Letter) -> bool:
    """The letter's first item is found by a word of its treatment."""
    terms = terms_in(letter.items[0].treatment)
    if not terms:
        return True
    word = tantivy.Query.term_query(held.index.schema, "treatment", terms[0])
    both = [(tantivy.Occur.Must, query) for query in (word, held.term("id", letter.items[0].id))]
    return bool(held.searcher.search(tantivy.Query.boolean_query(both), 1).hits)


def name_digest(letter_id: str) -> bytes:
    """8 bytes that tell the letter's name from others."""
    return digest_of(value_term(letter_id).encode())


def same_file(one: str, other: str) -> bool:
    """Both paths lead to the same place."""
    return Path(one).resolve() == Path(other).resolve()


def letters_in(index: tantivy.Index) -> int:
    """How many letters the index holds: counted, since no manifest says it."""
    searcher = index.searcher()
    schema = index.schema
    present = (
        searcher.search(tantivy.Query.term_query(schema, "letter_id", term, index_option="basic"), 1)
        for term, _ in searcher.terms_with_prefix("letter_id", "")
    )
    return sum(1 for found in present if found.hits)


def writing(index_dir: Path) -> AbstractContextManager[None]:
    """The engine's failures while the index at `index_dir` is written, as ours."""
    return engine_errors(f"the index at {index_dir} cannot be written")
