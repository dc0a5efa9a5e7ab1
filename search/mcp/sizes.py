"""Answers that stay small: every text cleaned, long ones cut and named, and the whole within a limit."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from imrsearch.search.render import printable

# Values of any type that JSON has.
Json = Any
Record = dict[str, Json]

# Characters of an answer as JSON. No answer is longer.
LARGEST = 30_000
# Characters of each text of a hit, and of each value of a list; values of a list.
TEXT, VALUE, MANY = 800, 300, 20
# Characters of a text that is fetched by itself.
FETCHED = 4_000


def plain(record: object) -> Record:
    """A record as what its JSON holds."""
    made: Record = msgspec.json.decode(msgspec.json.encode(record))
    return made


def cut(record: Mapping[str, Json], *, text: int = TEXT, many: int = MANY, offset: int = 0) -> Record:
    """The record with every text cleaned, and long texts and lists cut; under `cut` the whole length of those.

    offset  of characters or values that are left out before
    """
    made: Record = {}
    lengths: dict[str, int] = {}
    for name, value in record.items():
        limit = text if isinstance(value, str) else many
        made[name] = clean(value[offset : offset + limit] if isinstance(value, str | list) else value)
        if isinstance(value, str | list) and len(value) > limit:
            lengths[name] = len(value)
    return made | ({"cut": lengths} if lengths else {})


def clean(value: Json, *, text: int | None = None) -> Json:
    """The value without control characters and signs that turn the direction of writing; texts within it cut short."""
    if isinstance(value, str):
        return printable(value) if text is None or len(value) <= text else printable(value[:text]) + "…"
    if isinstance(value, list):
        return [clean(each, text=VALUE) for each in value[:LARGEST]]
    if isinstance(value, dict):
        return {name: clean(each, text=VALUE) for name, each in value.items()}
    return value


def within_limit(make: Callable[[int], Record], sizes: Iterable[int]) -> Record:
    """The answer that is made of the first of the sizes with which it is no longer than LARGEST, else of the last."""
    made: Record = {}
    for size in sizes:
        made = make(size)
        if len(msgspec.json.encode(made).decode()) <= LARGEST:
            break
    return made
