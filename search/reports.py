"""What commands print besides hits and letters: ingest reports, explanations, status and the field list."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from imrsearch.schema.fields import FIELDS, Field
from imrsearch.schema.records import Letter
from imrsearch.search.explain import Explanation, Part
from imrsearch.search.render import counted, lines_of, printable

if TYPE_CHECKING:
    from imrsearch.indexer.check import CheckReport
    from imrsearch.indexer.report import IndexReport
    from imrsearch.search.searcher import Searcher


# More notes than a reader wants to scroll past; what failed is always listed whole.
MOST_NOTES = 20


class Status(Struct, frozen=True):
    """An index as `imrsearch status` tells of it.

    bytes  of all files of the index and its letter store
    """

    index: str
    generation: int
    built_at: str
    letters: int
    items: int
    bytes: int
    fingerprint: str
    fields: tuple[str, ...]


def letter_json(letter: Letter) -> str:
    """The letter in the contract's names, on one line."""
    return msgspec.json.encode(letter).decode()


def report_json(report: "IndexReport") -> str:
    """The ingest report on one line."""
    return msgspec.json.encode(report).decode()


def report_text(report: "IndexReport") -> str:
    """The ingest report in words, what failed last."""
    done = ", ".join(
        f"{count:,} {word}"
        for count, word in (
            (report.added, "added"),
            (report.replaced, "replaced"),
            (report.unchanged, "unchanged"),
            (report.duplicates, "read twice"),
        )
        if count
    )
    lines = [
        f"read {counted(report.read, 'letter')}: {done or 'nothing new'} ({report.seconds:.1f} s)",
        f"the index at {report.index} holds {counted(report.items, 'item')} in {counted(report.letters, 'letter')}",
    ]
    lines += [f"note: {printable(note)}" for note in report.notes[:MOST_NOTES]]
    if len(report.notes) > MOST_NOTES:
        lines.append(f"note: and {len(report.notes) - MOST_NOTES:,} more; --json has them all")
    if report.problems:
        lines.append(f"{counted(report.failed, 'file')} could not be read:")
    lines += [
        f"  {problem.path}: {problem.reason}{f' ({problem.hint})' if problem.hint else ''}"
        for problem in report.problems
    ]
    return "\n".join(lines)


def check_json(report: "CheckReport") -> str:
    """What a check found, on one line."""
    return msgspec.json.encode(report).decode()


def check_text(report: "CheckReport") -> str:
    """What a check found, in words."""
    held = f"{counted(report.items, 'item')} in {counted(report.letters, 'letter')}, generation {report.generation}"
    lines = [
        f"the index at {report.index} holds {held}",
        f"looked at {counted(report.files, 'file')}, {report.bytes / 1e6:,.1f} MB: "
        + (f"{counted(len(report.findings), 'finding')}" if report.findings else "all as it was written"),
    ]
    lines += [f"  {found.path}: {printable(found.reason)}" for found in report.findings[:MOST_NOTES]]
    if len(report.findings) > MOST_NOTES:
        lines.append(f"  and {len(report.findings) - MOST_NOTES:,} more; --json has them all")
    lines += [f"hint: {hint}" for hint in dict.fromkeys(found.hint for found in report.findings)]
    return "\n".join(lines)


def explanation_plain(explanation: Explanation) -> str:
    """How the answer came about, in lines: what was understood and added, where the time went, one score in parts."""
    lists = {
        "understood as": explanation.tree,
        "filters": tuple(explanation.filters.values()),
        "read as text": tuple(line for notice in explanation.syntax for line in lines_of(notice)),
        "values": tuple(line for notice in explanation.readings for line in lines_of(notice)),
        "names": explanation.expansions,
        "left out": explanation.relaxed,
        f"time: {explanation.total_ms:.1f} ms": tuple(
            f"{spent:8.2f}  {step}" for step, spent in explanation.took_ms.items()
        ),
    }
    if explanation.id:
        score = tuple(score_lines(explanation.score)) if explanation.score else ("not found by the query",)
        lists[f"score of {explanation.id}"] = score
    blocks = (
        "\n".join((title, *(f"  {printable(line)}" for line in lines))) for title, lines in lists.items() if lines
    )
    return "\n\n".join(blocks)


def score_lines(part: Part, depth: int = 0) -> Iterator[str]:
    """A score, and below it what it is made of."""
    yield f"{'  ' * depth}{part.score:.4f}  {part.what}" + (f" = {part.formula}" if part.formula else "")
    for each in part.parts:
        yield from score_lines(each, depth + 1)


def status_of(folder: Path, searcher: "Searcher") -> Status:
    """What there is to tell of the opened index in `folder`."""
    manifest = searcher.manifest
    return Status(
        index=str(folder),
        generation=manifest.generation,
        built_at=manifest.built_at,
        letters=manifest.letters,
        items=manifest.items,
        bytes=sum(seal.bytes for seal in (*manifest.files, *manifest.store)),
        fingerprint=manifest.fingerprint,
        fields=tuple(field.name for field in FIELDS),
    )


def status_json(status: Status) -> str:
    """The status on one line."""
    return msgspec.json.encode(status).decode()


def status_text(status: Status) -> str:
    """The status, one fact a line."""
    age = datetime.now(UTC) - datetime.fromisoformat(status.built_at)
    return "\n".join(
        (
            f"index       {status.index}",
            f"letters     {status.letters:,}",
            f"items       {status.items:,}",
            f"built       {status.built_at}, {age_in_words(age.total_seconds())} ago",
            f"generation  {status.generation}",
            f"size        {status.bytes / 1e6:,.1f} MB",
            f"fields      {len(status.fields)} ({', '.join(status.fields)})",
        )
    )


def age_in_words(seconds: float) -> str:
    """ "3 days", "2 hours", "a moment"."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return counted(int(seconds // length), unit)
    return "a moment"


def uses_of(field: Field) -> str:
    """What can be done with a field, in words."""
    uses = (
        ("filter", field.filter),
        ("facet", field.facet),
        ("several values", field.many),
        (f"plain words, weight {field.boost:g}", field.boost),
    )
    return ", ".join(word for word, holds in uses if holds)


def fields_text() -> str:
    """The field list as a table."""
    rows = [(field.option, field.kind, field.help, uses_of(field)) for field in FIELDS]
    name, kind = (max(len(row[place]) for row in rows) for place in (0, 1))
    return "\n".join(f"{row[0]:{name}}  {row[1]:{kind}}  {row[2]}{f' [{row[3]}]' if row[3] else ''}" for row in rows)


def fields_json() -> str:
    """The field list, one field a line."""
    keys = ("name", "kind", "many", "facet", "filter", "boost", "help")
    return "\n".join(msgspec.json.encode({key: getattr(field, key) for key in keys}).decode() for field in FIELDS)
