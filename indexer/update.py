"""One run of `index`: what is taken, what is left alone, and what is published."""

import hashlib
import shutil
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path

import tantivy
from msgspec import Struct

from imrsearch.indexer.letter import missing_parts, parse_letter, stem_of
from imrsearch.indexer.sources import Unread
from imrsearch.schema.documents import (
    build_schema,
    fingerprint,
    register_analyzers,
    stored_letter,
    to_document,
    value_term,
)
from imrsearch.schema.engine import REBUILD_HINT, engine_errors
from imrsearch.schema.errors import IndexFailure, IndexMissing, LetterError, StaleIndex
from imrsearch.schema.fields import chunks_of
from imrsearch.schema.manifest import Manifest, read_manifest, write_manifest
from imrsearch.schema.records import Letter, RawLetter, Source

HEAP_BYTES = 200_000_000
THREADS = 2


class Problem(Struct, frozen=True):
    """A file, or a letter of it, that did not come into the index.

    path    as given, with the member of an archive
    reason  one sentence
    hint    what to do, or ""
    """

    path: str
    reason: str
    hint: str = ""


class IndexReport(Struct, frozen=True):
    """What one run of `index` did.

    read        letters that were read: added, replaced, unchanged and duplicates together
    replaced    letters whose earlier reading is gone
    unchanged   letters that the index holds just as they are
    duplicates  letters of which this run had read another file before; the first one counts
    failed      files and letters that `problems` names
    notes       parts that a letter lacks, unknown outcomes, duplicates
    letters     letters in the index now
    items       items in the index now
    """

    index: str
    generation: int
    read: int
    added: int
    replaced: int
    unchanged: int
    duplicates: int
    failed: int
    letters: int
    items: int
    seconds: float
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


class Update:
    """A run's open writer, the index as it was before, and what has been done so far."""

    def __init__(self, index_dir: Path, before: Manifest, *, rebuild: bool) -> None:
        self.index_dir = index_dir
        self.before = before
        self.engine = before.engine if before.engine and not rebuild else f"engine-{before.generation + 1}"
        with writing(index_dir):
            folder = index_dir / self.engine
            if self.engine != before.engine:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)
            self.index = tantivy.Index(build_schema(), path=str(folder))
            register_analyzers(self.index)
            self.writer = self.index.writer(HEAP_BYTES, THREADS)
        self.is_open = True
        self.searcher = self.index.searcher()
        # Letters that another parser or vocabulary read are read anew.
        self.rereads = before.reading != reading()
        self.seen: dict[str, Source] = {}
        self.counts = {"added": 0, "replaced": 0, "unchanged": 0, "duplicates": 0}
        self.items = self.searcher.num_docs
        self.letters = 0 if rebuild else letters_in(self.index, before)
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    @classmethod
    def of(cls, index_dir: Path, *, rebuild: bool) -> "Update":
        """Open the index for one run, or begin one; StaleIndex where it was built from other fields."""
        try:
            before = read_manifest(index_dir)
        except (IndexMissing, StaleIndex, IndexFailure) as error:
            if not (rebuild or isinstance(error, IndexMissing)):
                raise
            before = Manifest(fingerprint(), reading(), generation=0, engine="", built_at="", letters=0, items=0)
        if before.fingerprint != fingerprint() and not rebuild:
            raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=REBUILD_HINT)
        return cls(index_dir, before, rebuild=rebuild)

    def take(self, read: RawLetter | Unread, *, strict: bool) -> None:
        """Bring one letter, or what could not be read, into the run; with `strict` LetterError for the latter."""
        try:
            if isinstance(read, Unread):
                raise LetterError(read.reason, hint=read.hint)
            self.take_letter(read)
        except LetterError as error:
            path = read.path if isinstance(read, Unread) else read.source.path
            if strict:
                raise LetterError(f"{path}: {error.message}", hint=error.hint) from error
            self.problems.append(Problem(path, error.message, error.hint))

    def knows(self, source: Source) -> bool:
        """The index held the letter of that source before this run."""
        return self.held(source, stem_of(source)) is not None

    def held(self, source: Source, name: str) -> Letter | None:
        """The letter of the same bytes that the index held before this run, with one of its items.

        A letter without a case number goes by its name, so that under another one it is another letter.
        """
        if self.rereads:
            return None
        by_bytes = self.term("source", source.sha256)
        by_name = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, by_bytes), (tantivy.Occur.Must, self.term("letter_id", name))]
        )
        letter = self.first(by_name) or self.first(by_bytes)
        return letter if letter and (letter.case_number or letter.letter_id == name) else None

    def first(self, query: tantivy.Query) -> Letter | None:
        """The letter of the first item that the query finds in the index as it was, with that item."""
        with writing(self.index_dir):
            hits = self.searcher.search(query, 1, count=False).hits
            return stored_letter(self.searcher.doc(hits[0][1])) if hits else None

    def take_letter(self, raw: RawLetter) -> None:
        """Add the letter, replace its earlier reading, or find that nothing is to be done."""
        known = self.held(raw.source, raw.record.letter_id if raw.record else stem_of(raw.source))
        letter = known or parse_letter(raw)
        name = value_term(letter.letter_id)
        if first := self.seen.get(name):
            if letter.case_number is None and first.sha256 != raw.source.sha256:
                raise LetterError(
                    f"{first.path} was already read under the name {letter.letter_id}",
                    hint="give the file another name",
                )
            self.counts["duplicates"] += 1
            self.notes.append(f"{raw.source.path} is {letter.letter_id} again, already read from {first.path}")
            return
        self.seen[name] = raw.source
        if known:
            self.counts["unchanged"] += 1
            return
        self.put(letter)

    def put(self, letter: Letter) -> None:
        """Write the letter's items; those of its earlier reading go."""
        documents = documents_of(letter)
        self.check_name(letter)
        replaced = self.items_of(letter.letter_id)
        with writing(self.index_dir):
            if replaced:
                self.writer.delete_documents_by_term("letter_id", value_term(letter.letter_id))
            for document in documents:
                self.writer.add_json(document)
        self.counts["replaced" if replaced else "added"] += 1
        self.items += len(documents) - replaced
        self.letters += 0 if replaced else 1
        self.notes.extend(missing_parts(letter))

    def check_name(self, letter: Letter) -> None:
        """LetterError where another file, that is still there, gave its name to a letter without a case number."""
        if letter.case_number:
            return
        held = self.first(self.term("letter_id", letter.letter_id))
        if held and Path(held.source.path).is_file() and not same_file(held.source.path, letter.source.path):
            raise LetterError(
                f"{held.source.path} was already read under the name {letter.letter_id}",
                hint="give the file another name",
            )

    def items_of(self, letter_id: str) -> int:
        """How many items of the letter the index held before this run."""
        with writing(self.index_dir):
            found = self.searcher.search(self.term("letter_id", letter_id), 1)
            return int(found.count)  # type: ignore[attr-defined]

    def term(self, field: str, value: str) -> tantivy.Query:
        """Items with that value."""
        return tantivy.Query.term_query(self.index.schema, field, value_term(value), index_option="basic")

    def publish(self, started: float) -> IndexReport:
        """Commit what was taken and say so in the manifest; nothing is written where nothing changed."""
        manifest = self.before
        changed = bool(self.counts["added"] or self.counts["replaced"]) or not manifest.engine
        if changed:
            with writing(self.index_dir):
                self.writer.commit()
                self.close()
                self.index.reload()
                self.check_count()
                all_read_now = self.counts["added"] + self.counts["replaced"] == self.letters
                manifest = Manifest(
                    fingerprint=fingerprint(),
                    reading=reading() if all_read_now or not manifest.engine else manifest.reading,
                    generation=manifest.generation + 1,
                    engine=self.engine,
                    built_at=datetime.now(UTC).isoformat(timespec="seconds"),
                    letters=self.letters,
                    items=self.items,
                )
                write_manifest(self.index_dir, manifest)
        else:
            self.roll_back()
            if self.problems and self.engine != manifest.engine:
                self.notes.append("no letter could be read: the index is left as it was")
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

    def check_count(self) -> None:
        """IndexFailure where the engine holds another number of items than it was given: it drops some in silence."""
        held = self.index.searcher().num_docs
        if held != self.items:
            raise IndexFailure(
                f"the index at {self.index_dir} holds {held} items where {self.items} were written", hint=REBUILD_HINT
            )

    def roll_back(self) -> None:
        """Forget what was not committed, and let the next writer in."""
        if self.is_open:
            with writing(self.index_dir):
                self.writer.rollback()
                self.close()

    def close(self) -> None:
        """Let the next writer in; the engine's own writer cannot be used after this."""
        self.is_open = False
        self.writer.wait_merging_threads()


def documents_of(letter: Letter) -> list[str]:
    """The engine's documents of the letter; LetterError where a value of it cannot be indexed."""
    try:
        return [to_document(chunk) for chunk in chunks_of(letter)]
    except (TypeError, ValueError) as error:
        raise LetterError(f"{letter.letter_id} cannot be indexed: {error}") from error


def same_file(one: str, other: str) -> bool:
    """Both paths lead to the same place."""
    return Path(one).resolve() == Path(other).resolve()


def letters_in(index: tantivy.Index, manifest: Manifest) -> int:
    """How many letters the index holds: as the manifest says, or counted where a crash came between the two."""
    searcher = index.searcher()
    if searcher.num_docs == manifest.items:
        return manifest.letters
    terms = searcher.terms_with_prefix("letter_id", "")
    schema = index.schema
    present = (
        searcher.search(tantivy.Query.term_query(schema, "letter_id", term, index_option="basic"), 1)
        for term, _ in terms
    )
    return sum(1 for found in present if found.hits)


@cache
def reading() -> str:
    """16 hexadecimal digits that change when the parser or the vocabulary changes: then letters are read anew."""
    digest = hashlib.sha256()
    for package in (
        "imrsearch.indexer.letter",
        "imrsearch.indexer.sources",
        "imrsearch.schema.derive",
        "imrsearch.schema",
    ):
        folder = Path(next(iter(import_module(package).__path__)))
        for file in sorted((*folder.glob("*.py"), *folder.glob("vocab/*.toml"))):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def writing(index_dir: Path) -> AbstractContextManager[None]:
    """The engine's failures while the index at `index_dir` is written, as ours."""
    return engine_errors(f"the index at {index_dir} cannot be written")
