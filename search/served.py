"""The index that a program which stays open answers from: always its newest generation."""

from pathlib import Path
from threading import Lock
from time import monotonic

from imrsearch.search.searcher import Searcher

# Seconds for which nobody looks whether another generation was published.
FRESH = 1.0


class Served:
    """An index folder, opened; raises IndexMissing, StaleIndex or IndexFailure where it cannot be."""

    def __init__(self, index_dir: Path) -> None:
        self.opened = Searcher.open(index_dir)
        self.looked = monotonic()
        self.lock = Lock()

    @property
    def searcher(self) -> Searcher:
        """The newest generation, as it was at most FRESH seconds ago."""
        with self.lock:
            if monotonic() - self.looked > FRESH:
                self.opened = self.opened.latest()
                self.looked = monotonic()
            return self.opened
