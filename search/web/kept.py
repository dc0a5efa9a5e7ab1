"""Pages that are kept ready: whoever goes back, or loads a page again, has it at once."""

from collections.abc import Callable, Hashable
from threading import Lock

# Of some 60 KB each. One that is much larger is seldom asked for again: it repeats a long question in every link.
PAGES_KEPT, LARGEST_KEPT = 256, 250_000


class KeptPages:
    """The pages asked for last, in memory only."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.pages: dict[Hashable, bytes] = {}

    def page(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The page of that key, which holds all that the page depends on: kept, else made now."""
        with self.lock:
            if kept := self.pages.pop(key, None):
                self.pages[key] = kept
                return kept
        made = make()
        if len(made) > LARGEST_KEPT:
            return made
        with self.lock:
            self.pages[key] = made
            while len(self.pages) > PAGES_KEPT:
                # The one that was asked for longest ago.
                del self.pages[next(iter(self.pages))]
        return made
