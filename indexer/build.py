"""Letters into the index: added, replaced by letter, or left as they are, with one commit at the end."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from imrsearch.indexer.sources import read_letters
from imrsearch.indexer.update import IndexReport, Update
from imrsearch.schema.errors import UsageError
from imrsearch.schema.manifest import ENGINE, MANIFEST, next_generation, read_manifest, write_manifest

# What the engine keeps in its folder from its first moment on.
ENGINE_FILE = ".managed.json"
MANIFEST_FILE = re.compile(rf"{re.escape(MANIFEST)}(?:\.\d+)?")

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
    check_folder(index_dir)
    if rebuild:
        return rebuilt_index(files, index_dir, strict=strict, progress=progress)
    started = time.monotonic()
    update = Update.of(index_dir)
    try:
        for file in files:
            for read in read_letters(file, known=update.knows):
                update.take(read, strict=strict)
            progress(file)
        return update.publish(started)
    except BaseException:
        update.roll_back()
        raise


def rebuilt_index(files: Iterable[Path], index_dir: Path, *, strict: bool, progress: Progress) -> IndexReport:
    """A new index written beside the old one, whose place it takes once it is whole."""
    beside = index_dir.with_name(f"{index_dir.name}.new-{os.getpid()}")
    aside = index_dir.with_name(f"{index_dir.name}.old-{os.getpid()}")
    try:
        report = build_index(files, beside, strict=strict, progress=progress)
        generation = next_generation(index_dir)
        write_manifest(beside, msgspec.structs.replace(read_manifest(beside), generation=generation))
        if index_dir.exists():
            index_dir.rename(aside)
        beside.rename(index_dir)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
    return msgspec.structs.replace(report, index=str(index_dir), generation=generation)


def check_folder(index_dir: Path) -> None:
    """UsageError where `index_dir` is a file, or a folder that holds something other than an index."""
    if index_dir.is_file():
        raise UsageError(f"{index_dir} is a file", hint="name a folder for the index: --index DIR")
    if index_dir.is_dir() and not all(is_of_index(path) for path in index_dir.iterdir()):
        raise UsageError(f"{index_dir} holds other files", hint="name an empty or new folder: --index DIR")


def is_of_index(path: Path) -> bool:
    """The path is a part of an index: its manifest, one that was being written, or the engine's folder."""
    if path.name == ENGINE and path.is_dir():
        return not any(path.iterdir()) or (path / ENGINE_FILE).exists()
    return bool(MANIFEST_FILE.fullmatch(path.name))
