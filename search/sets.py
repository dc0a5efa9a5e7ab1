"""Sets: items that the user keeps together, each in a text file of one id a line.

    # for the hearing in May
    CM17-9900405:2     # the one on tapering
    CM17-0022410:1

What is added comes last, and every other line stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FIELD
from imrsearch.search.searcher import Searcher
from imrsearch.search.shelf import Shelf, read_lines, write_lines

# "CM17-9900405:2   # the one on tapering". A letter without a case number has the name of its file, which may hold
# spaces and "#": the id ends at the first number after a colon, and a second id must not follow.
LINE = re.compile(r"^(?P<id>(?!#)\S(?:(?!:\d+\s).)*:\d+)(?:\s+#.*)?")
MAKE_HINT = "imrsearch set add NAME ID... makes one"


class SetItem(Struct, frozen=True, kw_only=True):
    """An item of a set.

    indexed  the index has it; else the rest is null
    """

    id: str
    indexed: bool
    treatment: str | None = None
    outcome: str | None = None
    decision_date: str | None = None


def sets_in(data_folder: Path) -> Shelf:
    """The sets of the user whose data folder that is."""
    return Shelf(data_folder / "sets", "set", ".txt")


def ids_of(sets: Shelf, name: str) -> tuple[str, ...]:
    """The ids in a set, each once; UsageError where it is not there or damaged."""
    path = sets.there(name, hint=MAKE_HINT)
    return tuple(dict.fromkeys(id for id, _ in lines_of(path) if id))


def lines_of(path: Path) -> Iterator[tuple[str | None, str]]:
    """Every line with the id in it, null where it has none; UsageError where it has something else."""
    for number, line in enumerate(read_lines(path), start=1):
        if match := LINE.fullmatch(line.strip()):
            yield match["id"], line
        elif not line.strip() or line.lstrip().startswith("#"):
            yield None, line
        else:
            hint = f"edit {path}: one id a line, CM17-9900405:2, and # before a remark"
            raise UsageError(f"{path}, line {number}: {line.strip()!r} is no id of an item", hint=hint)


def add(sets: Shelf, name: str, ids: Sequence[str]) -> tuple[int, int]:
    """Put items into a set, which is made where it is not there: how many came to it, and how many it has now."""
    with sets.writing():
        path = sets.path(name)
        held = list(lines_of(path)) if path.exists() else []
        there = {id.lower() for id, _ in held if id}
        new = [id for id in dict.fromkeys(ids) if id.lower() not in there]
        if unfit := [id for id in new if not LINE.fullmatch(id)]:
            raise UsageError(f"{unfit[0]!r} cannot stand in a set", hint="its letter's file needs another name")
        if new:
            write_lines(path, [*(line for _, line in held), *new])
    return len(new), len(there) + len(new)


def remove(sets: Shelf, name: str, ids: Sequence[str]) -> tuple[int, int]:
    """Take items, or all items of a letter, out of a set: how many went, how many are left; UsageError for others."""
    with sets.writing():
        path = sets.there(name, hint=MAKE_HINT)
        held = list(lines_of(path))
        there = {id for id, _ in held if id}
        named: dict[str, set[str]] = {}
        for id in there:
            for each in (id, id.rpartition(":")[0]):
                named.setdefault(each.lower(), set()).add(id)
        going: set[str] = set()
        for given in ids:
            if given.lower() not in named:
                raise UsageError(f"{given} is not in the set {name}", hint=f"imrsearch set show {name} lists its items")
            going |= named[given.lower()]
        write_lines(path, [line for id, line in held if id not in going])
    return len(going), len(there - going)


def delete(sets: Shelf, name: str) -> None:
    """Take a set away, with all remarks in its file."""
    with sets.writing():
        sets.there(name, hint=MAKE_HINT).unlink()


def ids_named(searcher: Searcher, ids: Iterable[str]) -> Iterator[str]:
    """The ids as the index has them, those of all its items for a letter's; UsageError for what is not there."""
    for id in ids:
        shown = searcher.find(id)
        yield from (item.id for item in ([shown.item] if shown.item else shown.letter.items))


def is_indexed(searcher: Searcher, id: str) -> bool:
    """The index has the item."""
    return searcher.first_with(FIELD["id"], id) is not None


def set_items(searcher: Searcher, ids: Iterable[str]) -> Iterator[SetItem]:
    """What a set's items are about."""
    for id in ids:
        shown = searcher.find(id) if is_indexed(searcher, id) else None
        if shown and (item := shown.item):
            yield SetItem(
                id=id,
                indexed=True,
                treatment=item.treatment,
                outcome=item.outcome,
                decision_date=shown.letter.decision_date,
            )
        else:
            yield SetItem(id=id, indexed=False)
