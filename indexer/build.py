"""Letters into an index: one run, one writer, published in one step.

    files --tasks--> Task --workers--> Batch --take--> store, letter file, engine --publish--> manifest

`index` adds what is new to the published generation; a rebuild, and `reindex` from the letter store, make a new one.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from itertools import chain, islice
from pathlib import Path

from msgspec import Struct

from imrsearch.indexer.generation import Run, check_folder, last_generation, remove_old
from imrsearch.indexer.prepare import Batch, Block, Task, understood
from imrsearch.indexer.store import Store, segments_found
from imrsearch.indexer.tasks import read_now, tasks_of_files, tasks_of_store
from imrsearch.indexer.update import IndexReport, Machine, Update, reading
from imrsearch.indexer.workers import Setting, Workers
from imrsearch.indexer.writer import one_writer
from imrsearch.schema.documents import fingerprint
from imrsearch.schema.errors import ImrSearchError, IndexFailure, IndexMissing, LetterError, StaleIndex
from imrsearch.schema.letterfile import dictionary_of
from imrsearch.schema.manifest import Manifest, read_manifest

# Of the machine's memory the engine takes an eighth, within these bounds; it writes the more often the less it has.
LEAST_HEAP, MOST_HEAP = 100_000_000, 800_000_000
# So many tasks are done before other processes are worth their start.
HERE = 2
# The engine does not begin with less.
LEAST_HEAP_OF_A_CORE = 15_000_000
STALE_HINT = "run: imrsearch reindex"


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
    strict: bool = False,
    keep: int = 0,
    machine: Machine | None = None,
    progress: Progress = no_progress,
) -> IndexReport:
    """Bring the index at `index_dir` up to date with the letters in `files`.

    rebuild   leave nothing of the old index
    strict    stop at the first letter that cannot be read
    keep      so many generations before the new one stay
    progress  told how far the run has come

    Raises UsageError for a folder that holds something else, StaleIndex, IndexBusy or IndexFailure, and with
    `strict` LetterError; the index then stays as it was, and the same call goes on where this one stopped.
    """
    started = time.monotonic()
    check_folder(index_dir)
    with one_writer(index_dir):
        remove_old(index_dir, keep=keep)
        before = published(index_dir, anew=rebuild)
        scope = "rebuild" if rebuild else "add"
        update = update_of(index_dir, before, scope=scope, machine=machine)
        report = run(update, tasks_of_files(files), strict=strict, progress=progress, started=started)
        remove_old(index_dir, keep=keep)
        return report


def reindex(
    index_dir: Path, *, keep: int = 0, machine: Machine | None = None, progress: Progress = no_progress
) -> IndexReport:
    """Make the index at `index_dir` anew from its letter store: nothing is read from the letters' own files.

    Raises IndexMissing where there is no store, IndexBusy or IndexFailure; the index then stays as it was.
    """
    started = time.monotonic()
    check_folder(index_dir)
    store = Store(index_dir)
    with one_writer(index_dir):
        remove_old(index_dir, keep=keep)
        before = published(index_dir, anew=True)
        if not before.store:
            raise IndexMissing(
                f"there are no letters in the store at {index_dir}",
                hint=f"run: imrsearch index LETTERS --index {index_dir}",
            )
        update = update_of(index_dir, before, scope="reindex", machine=machine)
        tasks = tasks_of_store(store, before.store)
        report = run(update, tasks, strict=False, progress=progress, started=started)
        remove_old(index_dir, keep=keep)
        return report


def blocks_stored(index_dir: Path) -> int:
    """How many blocks the letter store has: what `reindex` goes through."""
    with suppress(ImrSearchError):
        return sum(1 for _ in Store(index_dir).blocks(published(index_dir, anew=True).store))
    return 0


def published(index_dir: Path, *, anew: bool) -> Manifest:
    """The manifest; where there is none, or with `anew` none that can be read, what takes its place.

    Raises StaleIndex where letters are to be added to an index of other fields, and IndexMissing where only the store
    is left of it.
    """
    try:
        before = read_manifest(index_dir)
    except (IndexMissing, StaleIndex, IndexFailure) as error:
        if not (anew or isinstance(error, IndexMissing)):
            raise
        generation = last_generation(index_dir, anew=anew)
        if generation and not anew:
            raise IndexMissing(
                f"there are letters in the store at {index_dir}, and no index of them",
                hint=f"run first: imrsearch reindex --index {index_dir}",
            ) from error
        store = segments_found(index_dir) if anew else ()
        return Manifest(fingerprint(), reading(), generation, "", built_at="", letters=0, items=0, store=store)
    if before.fingerprint != fingerprint() and not anew:
        raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=STALE_HINT)
    return before


def update_of(index_dir: Path, before: Manifest, *, scope: str, machine: Machine | None) -> Update:
    """The run, begun or gone on with."""
    run = Run(before.generation, scope, fingerprint(), reading())
    return Update(index_dir, before, run=run, machine=machine or this_machine())


def run(update: Update, tasks: Iterator[Task], *, strict: bool, progress: Progress, started: float) -> IndexReport:
    """Take every task and publish the outcome."""
    done = Done(0, 0, 0, 0)
    try:
        for batch in batches(update, tasks):
            update.take(batch, strict=strict)
            done = Done(done.files + batch.files, sum(update.counts.values()), update.written, len(update.problems))
            progress(done)
        return update.publish(started)
    except BaseException as error:
        # What was committed stays for the same command, but not where a letter stopped it.
        update.abandon(forget=isinstance(error, LetterError))
        raise


def batches(update: Update, tasks: Iterator[Task]) -> Iterator[Batch]:
    """What was made of each task: of the first ones here, of more than a few by a process for each core."""
    first = next(tasks, None)
    if first is None:
        return
    if update.needs_dictionary:
        read = read_now(first, Store(update.index_dir))
        update.begin_letters(dictionary_of(understood(read)))
        # What lies in the store stays there; all else is not read twice.
        first = first if isinstance(first, Block) else read
    engine = update.folder.name if update.held else ""
    setting = Setting(str(update.index_dir), engine, update.rereads, update.dictionary)
    here = setting.preparer()
    yield from map(here.prepare, chain([first], islice(tasks, HERE - 1)))
    if further := list(islice(tasks, 1)):
        with closing(Workers(setting, update.machine.cores)) as workers:
            yield from workers.prepare_all(chain(further, tasks))
