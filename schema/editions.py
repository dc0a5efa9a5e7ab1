"""Which editions of guidelines were superseded, on what day and by which: facts of `vocab/editions.toml` only."""

from functools import cache

from msgspec import Struct

from imrsearch.schema.derive.guidelines import document_words
from imrsearch.schema.vocabulary import table, words_of


class Source(Struct, frozen=True):
    """Where a date is from.

    applies_to  what the later edition is for, as the source says; or empty
    """

    title: str
    url: str
    applies_to: str = ""


class Superseded(Struct, frozen=True):
    """An edition that another one followed.

    document    by the name that letters print: "Chronic Pain Medical Treatment"
    edition     its year; null for the document cited without one, of which no edition is in force any more
    section     the only section that another one followed, or null
    on          first day of the later edition: "2017-12-01"
    by          that edition
    regulation  section of Title 8, California Code of Regulations
    """

    document: str
    edition: int | None
    section: str | None
    on: str
    by: str
    regulation: str
    source: Source


@cache
def editions() -> dict[tuple[str, str], Superseded]:
    """Every superseded edition by the words of its name and year, and by those of its section, which may be empty."""
    held = table("editions")
    sources = {name: Source(**source) for name, source in held["sources"].items()}
    found: dict[tuple[str, str], Superseded] = {}
    for row in held["superseded"]:
        section = row.get("section")
        for edition in (row["edition"], *((None,) if row.get("without_year") else ())):
            found[key_of(row["document"], edition, section)] = Superseded(
                row["document"], edition, section, row["on"].isoformat(), row["by"], row["regulation"],
                sources[row["source"]],
            )  # fmt: skip
    return found


def key_of(document: str, edition: int | None, section: str | None) -> tuple[str, str]:
    """The name with its year, and the section, as they are compared."""
    return document_words(f"{document} {edition or ''}"), " ".join(words_of(section or ""))


def superseded(document: str, edition: int | None = None, section: str | None = None) -> Superseded | None:
    """What is known of the edition, or of this section of it; the year may stand in the document's name instead."""
    held = editions()
    return held.get(key_of(document, edition, None)) or held.get(key_of(document, edition, section))
