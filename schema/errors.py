"""Every error of ours: what went wrong, and what to do next.

ImrSearchError
├── LetterError        a letter, or a part of one, cannot be read
│   └── SourceError    a file cannot be opened as letters
├── QueryError         the question cannot be understood; shows the place
├── UsageError         an option or argument is wrong
│   ├── UnknownId      no letter or item has the id
│   └── SourceGone     the file of a letter is no longer there, or was changed
├── IndexMissing       there is no index at that folder
├── StaleIndex         the index was built from other fields or another engine
├── IndexBusy          another process is writing to the index
└── IndexFailure       the engine failed: disk full, damaged file
"""

import unicodedata
from typing import ClassVar

# Characters of a question that are shown around a mistake, and those of them before it at most.
SHOWN = 72
SHOWN_BEFORE = 48
# Control characters and half ones, line ends, marks that turn the direction of writing: none may reach a terminal.
UNSEEN = ("C", "Zl", "Zp")


def place_in(text: str, place: int) -> str:
    """The text around the place on one line, and below it a caret under the place.

    place  0-based character offset in the text, or its length
    """
    first = max(0, min(place - SHOWN_BEFORE, len(text) - SHOWN))
    before, after = ("…" if first else ""), ("…" if first + SHOWN < len(text) else "")
    shown = before + "".join(map(visible, text[first : first + SHOWN])) + after
    margin = sum(map(columns, shown[: len(before) + place - first]))
    return f"    {shown}\n    {' ' * margin}^"


def visible(character: str) -> str:
    """The character, or a sign for one that cannot be seen."""
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return chr(0x2421 if code == 0x7F else 0x2400 + code)
    return "\ufffd" if unicodedata.category(character).startswith(UNSEEN) else character


def columns(character: str) -> int:
    """How many columns of a terminal the character takes."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


# Said where something of ours broke while a draft may have been read.
REPORT_HINT = "please report it, without the draft"


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

    @property
    def shown(self) -> str:
        """Where in the question the mistake is; "" for an error that has no place there."""
        return ""


class LetterError(ImrSearchError):
    """A letter, or a part of one, is of a known form but broken."""

    exit_code = 4


class SourceError(LetterError):
    """A file cannot be opened as letters: damaged, encrypted, a scan, or of an unknown kind."""


class UsageError(ImrSearchError):
    """An option or argument is wrong."""


class UnknownId(UsageError):
    """No letter or item of the index has the id."""


class SourceGone(UsageError):
    """The file that a letter was read from is no longer there, or was changed, or holds other letters too."""


class QueryError(ImrSearchError):
    """The question cannot be understood.

    query  the question as asked
    place  0-based character offset of the mistake in `query`
    """

    def __init__(self, message: str, *, query: str, place: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.query = query
        self.place = place

    @property
    def shown(self) -> str:
        """The question on one line, and a caret under the mistake."""
        return place_in(self.query, self.place)


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
