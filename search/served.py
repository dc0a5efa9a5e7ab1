"""The index that a program which stays open answers from: always its newest generation."""

from pathlib import Path
from threading import Lock
from time import monotonic

from imrsearch.schema.errors import ImrSearchError
from imrsearch.search.searcher import Searcher

# Seconds for which nobody looks whether another generation was published.
FRESH = 1.0


class Served:
    """An index folder, opened; raises IndexMissing, StaleIndex or IndexFailure where it cannot be.

    trouble  why the newest generation cannot be opened, and the one before answers still; or ""
    """

    def __init__(self, index_dir: Path) -> None:
        self.opened = whole(Searcher.open(index_dir))
        self.looked = monotonic()
        self.looking = Lock()
        self.trouble = ""

    @property
    def searcher(self) -> Searcher:
        """The newest generation, as it was at most FRESH seconds ago; the one before where that cannot be opened."""
        # While one request looks, the others do not wait.
        if monotonic() - self.looked > FRESH and self.looking.acquire(blocking=False):
            try:
                self.opened = whole(self.opened.latest())
                self.trouble = ""
            except ImrSearchError as error:
                self.trouble = f"generation {self.opened.figures.generation} still answers: {error.message}"
            finally:
                self.looked = monotonic()
                self.looking.release()
        return self.opened


def whole(searcher: Searcher) -> Searcher:
    """The searcher with every file open, so that it answers on when its folder is gone."""
    searcher.engine.families.open()
    return searcher
