"""Files to letters as read: the only place that reads letters from disk."""

from imrsearch.indexer.sources.files import Unread, holds_many, letter_files, read_letters

__all__ = ["Unread", "holds_many", "letter_files", "read_letters"]
