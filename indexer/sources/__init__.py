"""Files to letters as read: the only place that reads letters from disk."""

from imrsearch.indexer.sources.files import Unread, holding_of, letter_files, members_in, read_letters

__all__ = ["Unread", "holding_of", "letter_files", "members_in", "read_letters"]
