"""Letters into an index: one run, one writer, published in one step.

An index folder holds `manifest.json`, which names the engine's folder beside it. A run writes into that folder with one
commit at its end; a rebuild writes a new one, and the manifest that names it takes the old one's place by one rename.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from imrsearch.indexer.sources import read_letters
from imrsearch.indexer.update import IndexReport, Update
from imrsearch.schema.errors import IndexBusy, IndexFailure, IndexMissing, StaleIndex, UsageError
from imrsearch.schema.manifest import LOCK, MANIFEST, read_manifest

# What an index folder may hold: anything else is not ours, and the folder is left alone.
OURS = re.compile(rf"engine-\d+|{re.escape(LOCK)}|{re.escape(MANIFEST)}(?:\.\d+)?")

# What the engine keeps in its folder from its first moment on; without it a folder is somebody else's.
ENGINE_FILE = ".managed.json"

Progress = Callable[[Path], None]


def no_progress(file: Path) -> None:
    """Say nothing."""


def build_index(
    files: Iterable[Path],
    index_dir: Path,
    *,
    rebuild: bool = False,
    strict: bool = False,
    progress: Progress = no_progress,
) -> IndexReport:
    """Bring the index at `index_dir` up to date with the letters in `files`.

    rebuild   leave nothing of the old index: needed where it was built from other fields
    strict    stop at the first letter that cannot be read
    progress  called with each file when it is done

    Raises UsageError for a folder that holds something else, StaleIndex, IndexBusy or IndexFailure, and with
    `strict` LetterError; the index then stays as it was.
    """
    started = time.monotonic()
    check_folder(index_dir)
    with one_writer(index_dir):
        remove_leftovers(index_dir)
        update = Update.of(index_dir, rebuild=rebuild)
        try:
            for file in files:
                for read in read_letters(file, known=update.knows):
                    update.take(read, strict=strict)
                progress(file)
            report = update.publish(started)
        except BaseException:
            update.roll_back()
            raise
        finally:
            remove_leftovers(index_dir)
        return report


@contextmanager
def one_writer(index_dir: Path) -> Iterator[None]:
    """Keep other processes from writing; IndexBusy where one already does."""
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(index_dir / LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise IndexBusy(
            f"another process is writing to the index at {index_dir}", hint="wait for it to end, then run this again"
        ) from error
    except OSError as error:
        raise IndexFailure(
            f"the folder {index_dir} cannot be written: {error.strerror}", hint="name another folder: --index DIR"
        ) from error
    try:
        yield
    finally:
        lock.release()


def check_folder(index_dir: Path) -> None:
    """UsageError where `index_dir` is a file, or a folder that holds something other than an index."""
    if index_dir.is_file():
        raise UsageError(f"{index_dir} is a file", hint="name a folder for the index: --index DIR")
    with suppress(FileNotFoundError):
        foreign = [path.name for path in index_dir.iterdir() if not is_ours(path)]
        if foreign:
            raise UsageError(
                f"{index_dir} holds other files: {foreign[0]}", hint="name an empty or new folder: --index DIR"
            )


def is_ours(path: Path) -> bool:
    """The path is a part of an index."""
    if path.is_dir():
        return bool(OURS.fullmatch(path.name)) and (not any(path.iterdir()) or (path / ENGINE_FILE).exists())
    return bool(OURS.fullmatch(path.name))


def remove_leftovers(index_dir: Path) -> None:
    """Remove what the manifest does not name: engines of runs that did not end, and of generations before."""
    try:
        named = read_manifest(index_dir).engine
    except IndexMissing:
        named = ""
    except (StaleIndex, IndexFailure):
        return
    for path in index_dir.iterdir():
        if path.name.startswith("engine-") and path.name != named and (path / ENGINE_FILE).exists():
            shutil.rmtree(path, ignore_errors=True)
