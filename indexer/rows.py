"""The rows of a run: what is written of each item for its family to be found, before the index is published."""

import os
from pathlib import Path

from imrsearch.indexer.likeness import Likeness
from imrsearch.schema.errors import IndexFailure
from imrsearch.schema.families import NUMBER, RECORD, ROWS, SENTENCES, Rows
from imrsearch.schema.frames import damage_hint


class RowWriter:
    """The files `rows` and `sentences` of a generation that is written: what was there stays, more comes behind it.

    number     rows so far: the next one's number
    sentences  digests of sentences so far
    """

    def __init__(self, engine_dir: Path, *, keep: int = 0) -> None:
        """Open or make the files, which no other generation shares; all but the first `keep` rows go.

        Raises IndexFailure where they do not hold so much.
        """
        self.number = keep
        cut(engine_dir / ROWS, keep * RECORD.size)
        self.sentences = Rows(engine_dir).row(keep - 1).sentences if keep else 0
        cut(engine_dir / SENTENCES, self.sentences * NUMBER)
        self.rows = (engine_dir / ROWS).open("ab")
        self.digests = (engine_dir / SENTENCES).open("ab")

    def add(self, likeness: Likeness, place: int) -> int:
        """Write the row of an item whose letter lies at `place`, and say its number."""
        self.sentences += len(likeness.sentences) // NUMBER
        self.digests.write(likeness.sentences)
        known = likeness.item, likeness.shingles, likeness.outcome
        self.rows.write(RECORD.pack(place, likeness.bands, self.sentences, *known))
        self.number += 1
        return self.number - 1

    def sync(self) -> None:
        """Put everything on the disk."""
        for stream in (self.digests, self.rows):
            stream.flush()
            os.fsync(stream.fileno())

    def close(self) -> None:
        """End writing; what was not synced may be lost."""
        try:
            self.digests.close()
        finally:
            self.rows.close()


def cut(path: Path, size: int) -> None:
    """Make the file, or cut it at byte `size`; IndexFailure where it is shorter."""
    path.touch()
    if path.stat().st_size < size:
        raise IndexFailure(f"{path} is cut off", hint=damage_hint(path))
    os.truncate(path, size)
