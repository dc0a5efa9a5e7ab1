"""Which parser and vocabulary read letters: what they read by another one is read anew."""

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path


@cache
def reading() -> str:
    """16 hexadecimal digits that change when the parser or the vocabulary changes: then letters are read anew."""
    digest = hashlib.sha256()
    for package in (
        "imrsearch.indexer.letter",
        "imrsearch.indexer.sources",
        "imrsearch.schema.derive",
        "imrsearch.schema",
    ):
        folder = Path(next(iter(import_module(package).__path__)))
        for file in sorted((*folder.glob("*.py"), *folder.glob("vocab/*.toml"))):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
