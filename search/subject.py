"""What is looked for when items are compared: an item of the index, or a draft, as texts and as facts."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from imrsearch.schema.derive.patient import patient_age, patient_sex
from imrsearch.schema.derive.sameness import Treatment, main_drugs, treatment_of
from imrsearch.schema.drafts import Draft, named_in, once, requested_in
from imrsearch.schema.records import Item, Letter
from imrsearch.search.alike import Runs, runs_of

# A draft names many parts of the body; the most frequent ones tell what it is about.
MOST_BODY_PARTS = 3


class Subject(Struct, frozen=True, kw_only=True):
    """What is looked for.

    letter_id   of the item's own letter, which is left out of what is found, or of a draft that is a letter; or null
    texts       words by the field in which they are looked for; those of a draft in prose in several
    runs        of the rationale, or of all that a draft in prose says
    treatments  what is in dispute, as far as a heading or a request says it
    mentioned   drugs that a draft names without a word that they are requested
    """

    letter_id: str | None = None
    texts: dict[str, str]
    runs: Runs
    treatments: tuple[Treatment, ...] = ()
    mentioned: tuple[str, ...] = ()
    drug_classes: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    age: int | None = None
    sex: str | None = None


def subject_of_items(letter: Letter, items: Sequence[Item]) -> Subject:
    """Items of a letter: it is no answer itself, nor are its other items, which share its summary."""
    return Subject(
        letter_id=letter.letter_id,
        texts={
            "treatment": " ".join(item.disputed or item.treatment for item in items),
            "rationale": " ".join(item.rationale for item in items),
            "summary": letter.summary,
        },
        runs=runs_of(" ".join(item.rationale for item in items)),
        treatments=once(treatment for item in items if (treatment := treatment_of(item)).values),
        drug_classes=once(name for item in items for name in item.drug_classes),
        sections=sections_of(items),
        body_parts=once(part for item in items for part in item.body_parts),
        age=letter.patient_age,
        sex=letter.patient_sex,
    )


def subject_of_draft(draft: Draft) -> Subject:
    """A draft: as a letter where it reads as one, else by what its prose names."""
    if draft.letter:
        return subject_of_items(draft.letter, draft.letter.items)
    asked = requested_in(draft.text)
    named, requested = named_in(draft.text), named_in(asked)
    treatments = [Treatment("drug", (name,)) for name in main_drugs(requested.drugs)]
    treatments += [Treatment("subcategory", category) for category in requested.categories]
    return Subject(
        texts={"treatment": asked, "rationale": draft.text, "summary": draft.text},
        runs=runs_of(draft.text),
        treatments=tuple(treatments),
        mentioned=main_drugs(named.drugs),
        drug_classes=requested.drug_classes,
        body_parts=(requested.body_parts or named.body_parts)[:MOST_BODY_PARTS],
        age=patient_age(draft.text),
        sex=patient_sex(draft.text),
    )


def sections_of(items: Iterable[Item]) -> tuple[str, ...]:
    """The sections that the reviewer cites."""
    return once(citation.section for item in items for citation in item.imr_citations if citation.section)
