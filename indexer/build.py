"""Letters into an index: one run, one writer, published in one step.

    files --tasks--> Task --workers--> Batch --take--> store, letter file, engine --publish--> manifest

`index` adds what is new to the published generation; a rebuild, and `reindex` from the letter store, make a new one.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import chain, islice
from pathlib import Path

from msgspec import Struct

from imrsearch.indexer.generation import (
    Run,
    Scope,
    check_folder,
    last_generation,
    remove_old,
    stored_numbers,
    unfinished,
)
from imrsearch.indexer.prepare import Batch, Files, Members, Prepared, Task
from imrsearch.indexer.reading import reading
from imrsearch.indexer.report import IndexReport
from imrsearch.indexer.store import Store, segments_found
from imrsearch.indexer.tasks import tasks_of_files, tasks_of_store
from imrsearch.indexer.update import Machine, Update
from imrsearch.indexer.workers import Setting, Workers
from imrsearch.indexer.writer import one_writer
from imrsearch.schema.documents import fingerprint
from imrsearch.schema.errors import ImrSearchError, IndexFailure, IndexMissing, Interrupted, LetterError, StaleIndex
from imrsearch.schema.frames import digest_of
from imrsearch.schema.letterfile import dictionary_of
from imrsearch.schema.manifest import Manifest, read_manifest, reindex_hint

# Of the machine's memory the engine takes an eighth, within these bounds; it writes the more often the less it has.
LEAST_HEAP, MOST_HEAP = 100_000_000, 800_000_000
# So many tasks are prepared here: without more, other processes are not worth their start.
HERE = 2
# The engine does not begin with less.
LEAST_HEAP_OF_A_CORE = 15_000_000


class Done(Struct, frozen=True):
    """How far a run has come.

    files    read to their end, or blocks of the letter store
    letters  taken, known and read twice
    items    written
    failed   files and letters that could not be read
    """

    files: int
    letters: int
    items: int
    failed: int


Progress = Callable[[Done], None]


def no_progress(done: Done) -> None:
    """Say nothing."""


def this_machine(*, cores: int | None = None, memory: int | None = None) -> Machine:
    """All cores, and a share of the memory, unless given; memory in megabytes."""
    try:
        present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        usable = len(os.sched_getaffinity(0))
    except (AttributeError, OSError, ValueError):
        present, usable = 8 * LEAST_HEAP, os.cpu_count() or 1
    cores = cores or usable
    share = memory * 1_000_000 if memory else min(max(present // 8, LEAST_HEAP), MOST_HEAP)
    return Machine(cores, max(share, LEAST_HEAP_OF_A_CORE * cores))


def build_index(
    files: Iterable[Path],
    index_dir: Path,
    *,
    rebuild: bool = False,
    given: Sequence[str | Path] = (),
    strict: bool = False,
    keep: int = 0,
    machine: Machine | None = None,
    progress: Progress = no_progress,
) -> IndexReport:
    """Bring the index at `index_dir` up to date with the letters in `files`.

    rebuild   leave nothing of the old index
    given     the paths that the files were found by, unless `files` is a list: a rebuild that was stopped goes on with
              the same ones, and begins anew with others, or where none are known
    strict    stop at the first letter that cannot be read
    keep      so many generations before the new one stay
    progress  told how far the run has come

    Raises UsageError for a folder that holds something else, StaleIndex, IndexBusy or IndexFailure, and with
    `strict` LetterError; the index then stays as it was, and the same call goes on where this one stopped.
    """
    started = time.monotonic()
    scope: Scope = "rebuild" if rebuild else "add"
    names = given or (files if isinstance(files, Sequence) else ())
    with begun(index_dir, scope=scope, keep=keep) as before:
        run = Run(before.generation, scope, fingerprint(), reading(), digest_of_paths(names) if rebuild else "")
        update = Update(index_dir, before, run=run, machine=machine or this_machine())
        return run_of(update, tasks_of_files(files), strict=strict, progress=progress, started=started)


def reindex(
    index_dir: Path,
    *,
    skip_damaged: bool = False,
    keep: int = 0,
    machine: Machine | None = None,
    progress: Progress = no_progress,
) -> IndexReport:
    """Make the index at `index_dir` anew from its letter store: nothing is read from the letters' own files.

    skip_damaged  leave out letters that the store has lost

    Raises IndexMissing where there is no store, IndexBusy, or IndexFailure, also where a part of the store is damaged;
    the index then stays as it was.
    """
    started = time.monotonic()
    if not index_dir.exists():
        raise no_store(index_dir)
    store = Store(index_dir)
    with begun(index_dir, scope="reindex", keep=keep) as before:
        if not before.store:
            raise no_store(index_dir)
        if not skip_damaged:
            store.verify(before.store)
        run = Run(before.generation, "reindex", fingerprint(), reading())
        update = Update(index_dir, before, run=run, machine=machine or this_machine())
        tasks = tasks_of_store(store, before.store)
        return run_of(update, tasks, strict=False, progress=progress, started=started)


@contextmanager
def begun(index_dir: Path, *, scope: Scope, keep: int) -> Iterator[Manifest]:
    """Keep other writers out while a run works on what was published; before and after it goes what no one needs."""
    check_folder(index_dir)
    with one_writer(index_dir):
        remove_old(index_dir, keep=keep)
        yield published(index_dir, scope=scope)
        remove_old(index_dir, keep=keep)


def digest_of_paths(paths: Iterable[str | Path]) -> str:
    """What tells these paths from others, wherever they are named from; "" without any."""
    names = [os.fsencode(Path(path).absolute()) for path in paths]
    return digest_of(b"\0".join(names)).hex() if names else ""


def no_store(index_dir: Path) -> IndexMissing:
    """There is nothing that an index could be made of."""
    hint = f"run: imrsearch index LETTERS --index {index_dir}"
    return IndexMissing(f"there are no letters in the store at {index_dir}", hint=hint)


def blocks_stored(index_dir: Path) -> int:
    """How many blocks the letter store has: what `reindex` goes through."""
    with suppress(ImrSearchError):
        return sum(1 for _ in Store(index_dir).blocks(published(index_dir, scope="reindex").store))
    return 0


def published(index_dir: Path, *, scope: Scope) -> Manifest:
    """The manifest; where there is none, or none that can be read and all is made anew, what takes its place.

    Raises StaleIndex where letters are to be added to an index of other fields, and IndexMissing where only the store
    is left of it.
    """
    anew = scope != "add"
    try:
        before = read_manifest(index_dir)
    except (IndexMissing, StaleIndex, IndexFailure) as error:
        if not (anew or isinstance(error, IndexMissing)):
            raise
        if not anew and stored_numbers(index_dir) - unfinished(index_dir):
            raise IndexMissing(
                f"there are letters in the store at {index_dir}, and no index of them", hint=reindex_hint(index_dir)
            ) from error
        from_store = scope == "reindex"
        generation = last_generation(index_dir, from_store=from_store)
        store = segments_found(index_dir) if from_store else ()
        return Manifest(fingerprint(), reading(), generation, "", built_at="", letters=0, items=0, store=store)
    if before.fingerprint != fingerprint() and not anew:
        raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=reindex_hint(index_dir))
    return before


def run_of(update: Update, tasks: Iterator[Task], *, strict: bool, progress: Progress, started: float) -> IndexReport:
    """Take every task and publish the outcome."""
    done = Done(0, 0, 0, 0)
    try:
        for batch in batches(update, tasks):
            update.take(batch, strict=strict)
            done = Done(done.files + batch.files, sum(update.counts.values()), update.written, len(update.problems))
            progress(done)
        return update.publish(started)
    except BaseException as error:
        # What was taken stays for the same command, but not where a letter stopped it.
        stopped = isinstance(error, Interrupted | KeyboardInterrupt)
        update.abandon(forget=isinstance(error, LetterError), save=stopped)
        raise


def batches(update: Update, tasks: Iterator[Task]) -> Iterator[Batch]:
    """What was made of each task: by a process for each core, but of a few that cannot do harm here."""

    def setting() -> Setting:
        engine = update.folder.name if update.held else ""
        return Setting(str(update.index_dir), engine, update.rereads, update.dictionary)

    with closing(Workers(update.machine.cores)) as workers:
        workers.use(setting())
        here = setting().preparer()
        few = list(islice(tasks, HERE))
        # The processes that these need begin while the first letters are prepared here.
        others = list(islice(tasks, update.machine.cores))
        workers.start(len(others))
        first = list(workers.prepare_all(few) if any(map(is_risky, few)) else map(here.prepare, few))
        packed = next(filter(None, map(packed_in, first)), [])
        if update.needs_dictionary and packed:
            update.begin_letters(dictionary_of(packed))
            workers.use(setting())
            here = setting().preparer()
            first = [here.packed_anew(batch) for batch in first]
        yield from first
        yield from workers.prepare_all(chain(others, tasks))


def is_risky(task: Task) -> bool:
    """Preparing the task may end the process."""
    return isinstance(task, Members) or (isinstance(task, Files) and task.risky)


def packed_in(batch: Batch) -> list[bytes]:
    """The batch's letters, packed."""
    return [outcome.packed for outcome in batch.outcomes if isinstance(outcome, Prepared)]
