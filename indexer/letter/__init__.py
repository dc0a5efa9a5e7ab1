"""Lines to letters: each part of a letter has its own forms, tried in order."""

from imrsearch.indexer.letter.parse import missing_parts, parse_letter, stem_of

__all__ = ["missing_parts", "parse_letter", "stem_of"]
