"""Pages that are kept ready: whoever goes back, or loads a page again, has it at once."""

from collections.abc import Callable
from threading import Lock

from imrsearch.schema.manifest import Manifest
from imrsearch.search.searcher import Searcher
from imrsearch.search.web.address import Address

# Of some 60 KB each.
PAGES_KEPT = 256


class KeptPages:
    """The pages asked for last, in memory only."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.pages: dict[tuple[Manifest, Address], bytes] = {}

    def page(self, address: Address, searcher: Searcher, make: Callable[[], bytes]) -> bytes:
        """The page of that address, which depends on nothing but the generation: kept, else made now."""
        key = (searcher.manifest, address)
        with self.lock:
            if kept := self.pages.pop(key, None):
                self.pages[key] = kept
                return kept
        made = make()
        with self.lock:
            self.pages[key] = made
            while len(self.pages) > PAGES_KEPT:
                # The one that was asked for longest ago.
                del self.pages[next(iter(self.pages))]
        return made
