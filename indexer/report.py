"""What one run did, as the caller is told."""

from msgspec import Struct


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
    """What one run of `index` or `reindex` did.

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
