"""Letters that were parsed before: what `imrsearch parse --json` prints, read back."""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import PurePath
from typing import BinaryIO

import msgspec
from msgspec import Struct

from imrsearch.indexer.sources.pages import plain
from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Item, Letter, RawLetter, Source

# A letter is well under 1 MB; a longer line is no letter.
LONGEST_LINE = 16_000_000


class ItemRecord(Struct, frozen=True):
    """An item as a JSONL line may give it: the derived keys and the citations are made anew from the words."""

    treatment: str
    outcome: str
    item: int | None = None
    ur_guideline: str | None = None
    imr_guideline: str | None = None
    rationale: str | None = None


class LetterRecord(Struct, frozen=True):
    """A letter as a JSONL line may give it: a key that is missing is not known."""

    items: list[ItemRecord]
    letter_id: str | None = None
    case_number: str | None = None
    priority: str | None = None
    decision_date: str | None = None
    assigned_date: str | None = None
    injury_date: str | None = None
    ur_denial_date: str | None = None
    application_date: str | None = None
    licensure_states: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    summary: str | None = None


DATES = ("decision_date", "assigned_date", "injury_date", "ur_denial_date", "application_date")
LONGEST_VALUE = 200
MOST_ERRORS = 20
HINT = "each line holds what `imrsearch parse --json` prints"
DECODER = msgspec.json.Decoder(LetterRecord)


def jsonl_letters(stream: BinaryIO, path: str) -> Iterator[RawLetter | SourceError]:
    """One letter a line, read one by one; a line that is no letter is given as its error.

    A file whose first line is not whole is one letter over many lines, as other programs print it. After MOST_ERRORS
    bad lines the rest of them are counted only.
    """
    number = bad = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1 and not is_whole(line):
            line += stream.read(LONGEST_LINE)
        if not line.strip():
            continue
        found = letter_or_error(line, path, number)
        bad += isinstance(found, SourceError)
        if bad <= MOST_ERRORS or isinstance(found, RawLetter):
            yield found
    if bad > MOST_ERRORS:
        yield SourceError(f"{bad - MOST_ERRORS:,} more lines are not letters", hint=HINT)


def letter_or_error(line: bytes, path: str, number: int) -> RawLetter | SourceError:
    """The letter of line `number`, or why it is none."""
    if len(line) > LONGEST_LINE:
        return SourceError(f"line {number} is longer than {LONGEST_LINE:,} bytes: not a letter")
    source = Source(path=path, kind="jsonl", sha256=hashlib.sha256(line.strip()).hexdigest())
    try:
        record = DECODER.decode(line.removeprefix(b"\xef\xbb\xbf"))
        return RawLetter(source=source, lines=(), record=letter_of(record, source, number))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return SourceError(f"line {number} is not a letter: {error}", hint=HINT)
    except SourceError as error:
        return SourceError(f"line {number} is not a letter: {error.message}", hint=error.hint)


def is_whole(line: bytes) -> bool:
    """The line is an object by itself; one that only begins an object ends in a bracket or a comma."""
    return not line.rstrip().endswith((b"{", b"[", b","))


def letter_of(record: LetterRecord, source: Source, number: int) -> Letter:
    """The letter of a line; without an id it is named after the file and the line. SourceError for what is no value."""
    letter_id = record.letter_id or record.case_number or f"{PurePath(source.path).stem}-{number}"
    for value in (letter_id, *record.licensure_states, *record.specialties, *(item.outcome for item in record.items)):
        check_value(value)
    items = tuple(
        Item(
            id=f"{letter_id}:{place}", item=place, treatment=plain(item.treatment), requested=None, authorized=None,
            disputed=plain(item.treatment), outcome=item.outcome.strip().lower(),
            ur_guideline=plain(item.ur_guideline or ""), imr_guideline=plain(item.imr_guideline or ""),
            rationale=plain(item.rationale or ""),
        )
        for place, item in enumerate(record.items, start=1)
    )  # fmt: skip
    dates = {name: iso_day(name, getattr(record, name)) for name in DATES}
    return Letter(
        letter_id=letter_id, case_number=record.case_number, priority=record.priority, **dates,
        licensure_states=record.licensure_states, specialties=record.specialties, patient_age=None, patient_sex=None,
        summary=plain(record.summary or ""), items=items, source=source,
    )  # fmt: skip


def check_value(value: str) -> None:
    """SourceError for a value that is too long or holds what cannot be printed."""
    if not value.strip() or len(value) > LONGEST_VALUE or not value.isprintable():
        raise SourceError(
            f"{value[:40]!r} is not a value", hint="ids, states, specialties and outcomes are short texts"
        )


def iso_day(name: str, value: str | None) -> str | None:
    """The day where it is an ISO date; SourceError where it is not."""
    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError as error:
        raise SourceError(
            f"{name} is not a date: {value[:40] if value else value}", hint="write it as 2017-02-28"
        ) from error
