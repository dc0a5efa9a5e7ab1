"""The index that a program which stays open answers from: always its newest generation."""

from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock
from time import monotonic

from imrsearch.schema.errors import ImrSearchError
from imrsearch.search.searcher import Searcher

# Seconds for which nobody looks whether another generation was published.
FRESH = 1.0
# Pages of some 60 KB that are kept: whoever goes back, or loads a page again, has it at once.
PAGES_KEPT = 256


class Served:
    """An index folder, opened; raises IndexMissing, StaleIndex or IndexFailure where it cannot be.

    trouble  why the newest generation cannot be opened, and the one before answers still; or ""
    """

    def __init__(self, index_dir: Path) -> None:
        self.opened = Searcher.open(index_dir)
        self.looked = monotonic()
        self.looking = Lock()
        self.trouble = ""
        self.lock = Lock()
        self.pages: dict[tuple[int, Hashable], bytes] = {}

    @property
    def searcher(self) -> Searcher:
        """The newest generation, as it was at most FRESH seconds ago; the one before where that cannot be opened."""
        # While one request looks, the others do not wait.
        if monotonic() - self.looked > FRESH and self.looking.acquire(blocking=False):
            try:
                self.opened = self.opened.latest()
                self.trouble = ""
            except ImrSearchError as error:
                self.trouble = f"generation {self.opened.figures.generation} still answers: {error.message}"
            finally:
                self.looked = monotonic()
                self.looking.release()
        return self.opened

    def page(self, address: Hashable, make: Callable[[Searcher], bytes]) -> bytes:
        """The page of that address, which depends on nothing but the generation: made now, or kept since it was."""
        searcher = self.searcher
        key = (searcher.figures.generation, address)
        with self.lock:
            if kept := self.pages.pop(key, None):
                self.pages[key] = kept
                return kept
        made = make(searcher)
        with self.lock:
            self.pages[key] = made
            while len(self.pages) > PAGES_KEPT:
                # The one that was asked for longest ago.
                del self.pages[next(iter(self.pages))]
        return made
