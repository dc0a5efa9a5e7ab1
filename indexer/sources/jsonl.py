"""Letters that were parsed before: what `imrsearch parse --json` prints, read back."""

import hashlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO

import msgspec
from msgspec import Struct

from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Item, Letter, RawLetter, Source

# A letter is well under 1 MB; a longer line is no letter.
LONGEST_LINE = 16_000_000


class ItemRecord(Struct):
    """An item as a JSONL line may give it: the derived keys and the citations are made anew from the words."""

    treatment: str
    outcome: str
    item: int | None = None
    ur_guideline: str | None = None
    imr_guideline: str | None = None
    rationale: str | None = None


class LetterRecord(Struct):
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


DECODER = msgspec.json.Decoder(LetterRecord)


def jsonl_letters(stream: BinaryIO, path: str) -> Iterator[RawLetter | SourceError]:
    """One letter a line, read one by one; a line that is no letter is given as its error.

    A file whose first line is not whole is one letter over many lines, as other programs print it.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1 and not is_whole(line):
            line += stream.read(LONGEST_LINE)
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            yield SourceError(f"line {number} is longer than {LONGEST_LINE:,} bytes: not a letter")
            return
        source = Source(path=path, kind="jsonl", sha256=hashlib.sha256(line.strip()).hexdigest())
        try:
            record = DECODER.decode(line.removeprefix(b"\xef\xbb\xbf"))
            yield RawLetter(source=source, lines=(), record=letter_of(record, source, number))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield SourceError(
                f"line {number} is not a letter: {error}", hint="each line holds what `imrsearch parse --json` prints"
            )


def is_whole(line: bytes) -> bool:
    """The line is an object by itself; one that only begins an object ends in a bracket or a comma."""
    return not line.rstrip().endswith((b"{", b"[", b","))


def letter_of(record: LetterRecord, source: Source, number: int) -> Letter:
    """The letter of a line; without an id it is named after the file and the line."""
    letter_id = record.letter_id or record.case_number or f"{PurePath(source.path).stem}-{number}"
    items = tuple(
        Item(
            id=f"{letter_id}:{place}", item=place, treatment=item.treatment, requested=None, authorized=None,
            disputed=item.treatment, outcome=item.outcome.strip().lower(), ur_guideline=item.ur_guideline or "",
            imr_guideline=item.imr_guideline or "", rationale=item.rationale or "",
        )
        for place, item in enumerate(record.items, start=1)
    )  # fmt: skip
    return Letter(
        letter_id=letter_id, case_number=record.case_number, priority=record.priority,
        decision_date=record.decision_date, assigned_date=record.assigned_date, injury_date=record.injury_date,
        ur_denial_date=record.ur_denial_date, application_date=record.application_date,
        licensure_states=record.licensure_states, specialties=record.specialties, patient_age=None, patient_sex=None,
        summary=record.summary or "", items=items, source=source,
    )  # fmt: skip
