"""The topics that ship: questions on the fictional letters, with the authors' own grades."""

from collections.abc import Iterator
from pathlib import Path

from .collection import Collection
from .measures import Topic

FOLDER = Path(__file__).parent


def rows_of(name: str, separator: str | None) -> Iterator[list[str]]:
    """The rows of a file, comments left out."""
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split(separator)


def qrels() -> dict[str, dict[str, int]]:
    """For each topic the items with their grade: 2 answers the question, 1 helps, 0 was read and does not."""
    grades: dict[str, dict[str, int]] = {}
    for topic, _, chunk_id, grade in rows_of("qrels.txt", None):
        grades.setdefault(topic, {})[chunk_id] = int(grade)
    return grades


def topics(collection: Collection) -> Iterator[Topic]:
    """The topics in the file's order; none where the letters are not the fictional ones."""
    graded = qrels()
    for name, text in rows_of("topics.tsv", "\t"):
        if graded[name].keys() <= collection.items.keys():
            yield Topic(name=name, group=name, texts=(text,), right=graded[name])
