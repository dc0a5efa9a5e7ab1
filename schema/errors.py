"""Every error of ours: what went wrong, and what to do next.

ImrSearchError
├── LetterError        a letter, or a part of one, cannot be read
│   └── SourceError    a file cannot be opened as letters
├── QueryError         the question cannot be understood; shows the place
├── UsageError         an option or argument is wrong
├── IndexMissing       there is no index at that folder
├── StaleIndex         the index was built from other fields or another engine
├── IndexBusy          another process is writing to the index
└── IndexFailure       the engine failed: disk full, damaged file
"""

from typing import ClassVar


class ImrSearchError(Exception):
    """Something went wrong that the user can act on.

    message    what is wrong, and where
    hint       what to do next, or ""
    exit_code  what the command line returns
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class LetterError(ImrSearchError):
    """A letter, or a part of one, is of a known form but broken."""

    exit_code = 4


class SourceError(LetterError):
    """A file cannot be opened as letters: damaged, encrypted, a scan, or of an unknown kind."""


class UsageError(ImrSearchError):
    """An option or argument is wrong."""


class QueryError(ImrSearchError):
    """The question cannot be understood.

    query  the question as asked
    place  0-based character offset of the mistake in `query`
    """

    def __init__(self, message: str, *, query: str, place: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.query = query
        self.place = place


class IndexMissing(ImrSearchError):
    """There is no index at that folder."""

    exit_code = 3


class StaleIndex(ImrSearchError):
    """The index was built from other fields or by another engine version."""

    exit_code = 3


class IndexBusy(ImrSearchError):
    """Another process is writing to the index."""

    exit_code = 3


class IndexFailure(ImrSearchError):
    """The engine failed while reading or writing the index."""

    exit_code = 3


class Interrupted(ImrSearchError):
    """The user stopped the run."""

    exit_code = 130
