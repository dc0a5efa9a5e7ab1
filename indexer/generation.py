"""The folders of an index's generations: how one begins, goes on, takes the place of the one before, and ends.

A run works in the folder of the next generation, which no reader looks at: a new one, or one that shares the files of
the published generation, which the engine never changes. `run.json` says what the run works on, so that the same
command goes on where a killed one stopped. The manifest that names the folder publishes it, by one rename.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from imrsearch.schema.errors import IndexFailure, IndexMissing, StaleIndex, UsageError
from imrsearch.schema.families import BOILERPLATE, FAMILIES, ROWS, SENTENCES
from imrsearch.schema.letterfile import LETTERS
from imrsearch.schema.manifest import (
    ENGINE_META,
    LOCK,
    MANIFEST,
    READERS,
    STORE,
    WRITER,
    FileSeal,
    Manifest,
    digest_of_file,
    read_manifest,
    reindex_hint,
    sync_file,
    sync_folder,
)
from imrsearch.schema.readers import without_readers

RUN = "run.json"
ENGINE = re.compile(r"engine-(\d+)")
# What an index folder may hold: anything else is not ours, and the folder is left alone.
OURS = re.compile(rf"engine-\d+|{STORE}|{WRITER}|{LOCK}|{re.escape(MANIFEST)}(?:\.new)?")
# What the engine keeps in its folder from its first moment on; without it a folder is somebody else's.
ENGINE_FILE = ".managed.json"
# These are written anew at each commit, or grow; all others are written once, or under a name that was given up.
REWRITTEN = (ENGINE_META, ENGINE_FILE, ROWS, SENTENCES)
# These each generation finds for itself, by those of the one before.
FOUND = (FAMILIES, BOILERPLATE)


Scope = Literal["add", "rebuild", "reindex"]


class Run(Struct, frozen=True):
    """What a run works on.

    base         the published generation that it began with; 0 where there was none
    scope        letters are added, or all made anew: from files, or from the letter store
    fingerprint  of the fields
    reading      of the parser and the vocabulary
    given        of the paths of a rebuild; "" where they are not known, and for other runs
    """

    base: int
    scope: Scope
    fingerprint: str
    reading: str
    given: str = ""


def engine_of(generation: int) -> str:
    """The name of the generation's folder."""
    return f"engine-{generation}"


def begin(index_dir: Path, before: Manifest, run: Run) -> bool:
    """Make the folder of the next generation, unless a run of the same kind left it: then go on with it, and say so."""
    folder = index_dir / engine_of(before.generation + 1)
    # A rebuild leaves nothing of other letters, so that it goes on only with the same paths.
    if run_in(folder) == run and (run.given or run.scope != "rebuild"):
        return True
    discard(index_dir, before)
    folder.mkdir(parents=True)
    if run.scope == "add" and before.engine:
        share(index_dir, before, folder)
    (folder / RUN).write_bytes(msgspec.json.encode(run))
    sync_file(folder / RUN)
    sync_folder(folder)
    sync_folder(index_dir)
    return False


def run_in(folder: Path) -> Run | None:
    """What the run that left the folder worked on."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((folder / RUN).read_bytes(), type=Run)
    return None


def discard(index_dir: Path, before: Manifest) -> None:
    """Remove what a run left of the next generation."""
    generation = before.generation + 1
    if generation not in [int(seal.name) for seal in before.store]:
        (index_dir / STORE / str(generation)).unlink(missing_ok=True)
    remove_engine(index_dir / engine_of(generation))


def remove_engine(folder: Path) -> None:
    """Remove an engine's folder; one that is half removed still tells whose it was, and that no run goes on with it."""
    with suppress(OSError):
        (folder / RUN).unlink(missing_ok=True)
        for path in entries_of(folder):
            if path.name != ENGINE_FILE:
                path.unlink()
        (folder / ENGINE_FILE).unlink(missing_ok=True)
        folder.rmdir()


def share(index_dir: Path, before: Manifest, folder: Path) -> None:
    """Give the files of the published generation a second name in the folder; the few that change are copied.

    Raises IndexFailure where one that is copied or read is not what was published: the next generation would hide it.
    """
    for seal in before.files:
        path, own = index_dir / before.engine / seal.name, folder / seal.name
        whole = path.exists()
        if whole and seal.name in FOUND:
            whole = digest_of_file(path) == seal.digest
        elif whole and (seal.name in REWRITTEN or not linked(path, own)):
            shutil.copy2(path, own)
            sync_file(own)
            whole = not seal.digest or digest_of_file(own) == seal.digest
        if not whole:
            raise not_as_published(path)


def linked(path: Path, other: Path) -> bool:
    """Whether the file could be given the other name, too."""
    try:
        os.link(path, other)
    except OSError:
        return False
    return True


def lasting(folder: Path) -> Iterator[Path]:
    """The files of an engine's folder that say something of the index."""
    return (path for path in entries_of(folder) if not is_passing(path.name) and path.name != RUN)


def seals_of(folder: Path, before: Manifest) -> tuple[FileSeal, ...]:
    """Every file of a generation's folder with its length and digest, after the engine has written its last.

    What it shares with the generation before keeps the seal that it has there, so that damage since then is found.
    """
    published = folder.parent / before.engine
    shared = {seal.name: seal for seal in before.files if seal.name != LETTERS and (published / seal.name).exists()}
    return tuple(
        shared[path.name] if path.name in shared and path.samefile(published / path.name) else sealed(path)
        for path in lasting(folder)
    )


def sealed(path: Path) -> FileSeal:
    """The file with its length and digest; its frames have their own."""
    return FileSeal(path.name, path.stat().st_size, "" if path.name == LETTERS else digest_of_file(path))


def check_merged(folder: Path, before: Manifest) -> None:
    """IndexFailure where the engine made new files of published ones that were damaged: nothing would tell of it."""
    published = folder.parent / before.engine
    for seal in before.files:
        if not (folder / seal.name).exists() and sealed(published / seal.name) != seal:
            raise not_as_published(published / seal.name)


def not_as_published(path: Path) -> IndexFailure:
    """Nothing can be added to an index with such a file."""
    return IndexFailure(f"{path} is not what was published", hint=reindex_hint(path.parent.parent))


def published_bytes(manifest: Manifest, name: str) -> int:
    """How much of the engine folder's file of that name is published."""
    return next((seal.bytes for seal in manifest.files if seal.name == name), 0)


def last_generation(index_dir: Path, *, from_store: bool) -> int:
    """The highest number that a generation has, where no manifest tells; 0 where there is none.

    The generation of a run that has not ended is no generation yet; but where all is made from the store, its part of
    the store is.
    """
    finished = engines_in(index_dir).keys() - unfinished(index_dir)
    stored = stored_numbers(index_dir)
    return max(finished | (stored if from_store else stored - unfinished(index_dir)), default=0)


def engines_in(index_dir: Path) -> dict[int, Path]:
    """The folder of each generation, by its number."""
    return {int(match[1]): path for path in entries_of(index_dir) if (match := ENGINE.fullmatch(path.name))}


def unfinished(index_dir: Path) -> set[int]:
    """The generations that runs began and have not published."""
    return {number for number, path in engines_in(index_dir).items() if (path / RUN).exists()}


def stored_numbers(index_dir: Path) -> set[int]:
    """The generations that wrote something into the letter store."""
    files = (path for path in entries_of(index_dir / STORE) if path.name.isdecimal())
    return {int(path.name) for path in files if path.stat().st_size}


def entries_of(folder: Path) -> Iterator[Path]:
    """What the folder holds; nothing where there is none."""
    with suppress(FileNotFoundError):
        yield from sorted(folder.iterdir())


def check_folder(index_dir: Path) -> None:
    """UsageError where `index_dir` is a file, or a folder that holds something other than an index."""
    if index_dir.is_file():
        raise UsageError(f"{index_dir} is a file", hint="name a folder for the index: --index DIR")
    foreign = [path.name for path in entries_of(index_dir) if not is_ours(path)]
    if foreign:
        raise UsageError(
            f"{index_dir} holds other files: {foreign[0]}", hint="name an empty or new folder: --index DIR"
        )


def is_ours(path: Path) -> bool:
    """The path is a part of an index."""
    if not OURS.fullmatch(path.name):
        return False
    if path.name == STORE:
        return path.is_dir() and all(inner.name.isdecimal() and inner.is_file() for inner in path.iterdir())
    if path.is_dir():
        return is_engine(path)
    return not path.name.startswith("engine-")


def is_engine(path: Path) -> bool:
    """The folder holds an engine, or what a run, or a reader that came too late, left of one."""
    names = [inner.name for inner in entries_of(path)]
    return not {ENGINE_FILE, RUN, ENGINE_META}.isdisjoint(names) or all(map(is_passing, names))


def is_passing(name: str) -> bool:
    """The file says nothing of the index: a lock, or a reader's hold."""
    return name.endswith(".lock") or name == READERS


def remove_old(index_dir: Path, *, keep: int = 0) -> None:
    """Remove generations before the published one that no reader has open, but `keep` of them; and what the store lost.

    The folder of a run that has not ended stays for the next run.
    """
    try:
        manifest = read_manifest(index_dir)
    except (IndexMissing, StaleIndex, IndexFailure):
        return
    engines = sorted(engines_in(index_dir).items())
    older = [path for number, path in engines if number < manifest.generation and is_engine(path)]
    for path in older[: max(0, len(older) - keep)]:
        with without_readers(path) as unread:
            if unread:
                remove_engine(path)
    listed = {seal.name for seal in manifest.store}
    for path in entries_of(index_dir / STORE):
        if path.name.isdecimal() and path.name not in listed and int(path.name) <= manifest.generation:
            path.unlink(missing_ok=True)
