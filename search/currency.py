"""What to know of the editions that a reviewer cites: superseded since the decision, or at the time of it."""

from collections.abc import Iterator

from imrsearch.schema.editions import superseded
from imrsearch.schema.records import Citation, Item


def currency_notes(item: Item, decision_date: str | None) -> Iterator[str]:
    """A sentence on each superseded edition that the reviewer cites, with the source of its date."""
    notes = (currency_note(citation, decision_date) for citation in item.imr_citations)
    yield from dict.fromkeys(note for note in notes if note)


def currency_note(citation: Citation, decision_date: str | None) -> str | None:
    """Whether the edition was superseded at the time of the decision, or since then; null where nothing is known.

    Without a year the document may be a later edition of the same name: then only earlier letters are spoken of.
    """
    known = superseded(citation.document, citation.edition, citation.section)
    if not known or (known.edition is None and not (decision_date and decision_date < known.on)):
        return None
    name = " ".join(
        str(part) for part in (citation.document, citation.edition, known.section and f"({known.section})") if part
    )
    when = (
        "superseded"
        if not decision_date
        else "since superseded"
        if decision_date < known.on
        else "superseded at the time"
    )
    source = known.source
    applies = f" for {source.applies_to}" if source.applies_to else ""
    return (
        f"{name}: {when}, on {known.on}, by {known.by}, 8 CCR {known.regulation}{applies}; "
        f"source: {source.title}, {source.url}"
    )
