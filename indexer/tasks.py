"""What there is to read, cut into tasks of a size that cores can share."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from imrsearch.indexer.prepare import Block, Files, Letters, Members, Task
from imrsearch.indexer.sources import Unread, holding_of, members_in, read_letters
from imrsearch.indexer.store import Store
from imrsearch.schema.manifest import FileSeal
from imrsearch.schema.records import RawLetter

# Letters in a task, and in a block of the store. Of an archive more: its list of members is read anew for each task.
TOGETHER = 32
MEMBERS_TOGETHER = 256


def tasks_of_files(files: Iterable[Path]) -> Iterator[Task]:
    """Files of one letter in groups, an archive's members in groups, and the letters of a file with one a line."""
    single: list[str] = []
    risky = False
    for file in files:
        holding = holding_of(file)
        if holding in ("archive", "records") or len(single) == TOGETHER:
            if single:
                yield Files(tuple(single), risky)
            single, risky = [], False
        if holding == "archive":
            yield from members_of(file)
        elif holding == "records":
            yield from letters_of(file)
        else:
            single.append(str(file))
            risky = risky or holding == "pdf"
    if single:
        yield Files(tuple(single), risky)


def members_of(file: Path) -> Iterator[Task]:
    """The members of an archive; one that is damaged is read as a file, which says so."""
    number = members_in(file)
    if not number:
        yield Files((str(file),))
    for start in range(0, number, MEMBERS_TOGETHER):
        stop = min(start + MEMBERS_TOGETHER, number)
        yield Members(str(file), start, stop, last=stop == number)


def letters_of(file: Path) -> Iterator[Letters]:
    """The letters of a file with one a line."""
    found = read_letters(file)
    while group := list(islice(found, TOGETHER)):
        yield letters_task(group)
    yield Letters(files=1)


def letters_task(found: Sequence[RawLetter | Unread]) -> Letters:
    """A task of what was read."""
    return Letters(
        tuple(read for read in found if isinstance(read, RawLetter)),
        tuple(read for read in found if isinstance(read, Unread)),
    )


def tasks_of_store(store: Store, seals: Sequence[FileSeal]) -> Iterator[Task]:
    """Every block of the store, the newest first: of a letter that was read twice the newer reading counts."""
    return map(Block, store.blocks(seals))
