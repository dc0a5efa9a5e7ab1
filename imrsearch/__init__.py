"""Full-text search over California Independent Medical Review letters, by disputed item.

from imrsearch import Query, Searcher

results = Searcher.open("index").search(Query(text="klonopin", filters={"outcome": ("upheld",)}))
for hit in results.hits:
    print(hit.id, hit.outcome, hit.treatment)
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imrsearch.indexer.build import build_index
    from imrsearch.indexer.letter import parse_letter
    from imrsearch.indexer.report import IndexReport
    from imrsearch.indexer.sources import letter_files, read_letters
    from imrsearch.schema.errors import ImrSearchError
    from imrsearch.schema.records import Citation, Item, Letter
    from imrsearch.search.query import Query
    from imrsearch.search.results import Hit, Results
    from imrsearch.search.searcher import Searcher

__all__ = [
    "Citation",
    "Hit",
    "ImrSearchError",
    "IndexReport",
    "Item",
    "Letter",
    "Query",
    "Results",
    "Searcher",
    "build_index",
    "letter_files",
    "parse_letter",
    "read_letters",
]

# Where each public name lives; it is imported when first asked for, so that `import imrsearch` costs nothing.
HOMES = {
    "Citation": "schema.records",
    "Hit": "search.results",
    "ImrSearchError": "schema.errors",
    "IndexReport": "indexer.report",
    "Item": "schema.records",
    "Letter": "schema.records",
    "Query": "search.query",
    "Results": "search.results",
    "Searcher": "search.searcher",
    "build_index": "indexer.build",
    "letter_files": "indexer.sources",
    "parse_letter": "indexer.letter",
    "read_letters": "indexer.sources",
}

# A checkout without the links schema, indexer and search (an archive, some Windows clones) still imports.
if not Path(__file__).with_name("schema").is_dir():
    __path__.append(str(Path(__file__).parent.parent))


def __getattr__(name: str) -> object:
    """The public name, imported from its home."""
    if name not in HOMES:
        raise AttributeError(f"module 'imrsearch' has no attribute {name!r}")
    return getattr(import_module(f"imrsearch.{HOMES[name]}"), name)
