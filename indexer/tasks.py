"""What there is to read, cut into tasks of a size that cores can share."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from imrsearch.indexer.prepare import Block, Files, Letters, Task
from imrsearch.indexer.sources import Unread, holds_many, read_letters
from imrsearch.indexer.store import Store
from imrsearch.schema.manifest import FileSeal
from imrsearch.schema.records import RawLetter

# Letters in a task, and in a block of the store.
TOGETHER = 32


def tasks_of_files(files: Iterable[Path]) -> Iterator[Task]:
    """Files of one letter in groups; what holds many letters is read here, a group of letters at a time."""
    single: list[str] = []
    for file in files:
        if holds_many(file):
            if single:
                yield Files(tuple(single))
                single = []
            yield from letters_of(file)
            continue
        single.append(str(file))
        if len(single) == TOGETHER:
            yield Files(tuple(single))
            single = []
    if single:
        yield Files(tuple(single))


def letters_of(file: Path) -> Iterator[Letters]:
    """The letters of a file that holds many."""
    found = read_letters(file)
    while group := list(islice(found, TOGETHER)):
        yield letters_task(group)
    yield Letters(files=1)


def letters_task(found: Sequence[RawLetter | Unread], *, files: int = 0) -> Letters:
    """A task of what was read."""
    return Letters(
        tuple(read for read in found if isinstance(read, RawLetter)),
        tuple(read for read in found if isinstance(read, Unread)),
        files,
    )


def read_now(task: Task, store: Store) -> Letters:
    """The task's letters, read."""
    match task:
        case Files(paths):
            return letters_task([read for path in paths for read in read_letters(Path(path))], files=len(paths))
        case Letters():
            return task
        case Block(kept):
            return Letters(store.block(kept.segment, kept.offset)[0], files=1)


def tasks_of_store(store: Store, seals: Sequence[FileSeal]) -> Iterator[Task]:
    """Every block of the store, the newest first: of a letter that was read twice the newer reading counts."""
    return map(Block, store.blocks(seals))
