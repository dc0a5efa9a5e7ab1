"""The fictional letters: structured truth, printed in every form and packed in every kind of file.

    truth --forms--> FormDocument --kinds--> bytes

`cases()` yields what a reader and a parser are tested with; `python -m tests.corpus` writes the demo letters that
ship with the product. `generator.generated` makes any number of further truths from a seed, and
`python -m tests.corpus write DIR` their files. `render` takes any truth in the shape of `truth.letter_of`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .forms import FORMS, FormDocument, document_of, truth_of
from .kinds import KINDS, bytes_of
from .truth import Truth, letters

__all__ = [
    "FORMS",
    "KINDS",
    "Case",
    "FormDocument",
    "Truth",
    "bytes_of",
    "can_say",
    "case_of",
    "cases",
    "document_of",
    "file_name",
    "letters",
    "render",
    "truth_of",
]


@dataclass(frozen=True)
class Case:
    """One letter as a file, and what a perfect reader finds in it.

    id        "ativan-lexapro/table/pdf": letter, form, kind
    filename  its stem is the letter_id where the form prints no case number
    truth     the contract's record without source, citations and derived values
    """

    id: str
    content: bytes
    filename: str
    truth: Truth
    form: str
    kind: str


def render(letter: Truth, form: str, kind: str) -> bytes:
    """Any letter in any form as a file of any kind."""
    return bytes_of(document_of(letter, form), kind)


def file_name(letter: Truth, form: str, kind: str) -> str:
    """The case number if the form prints it, else a name made from the letter's key."""
    stem = letter["case_number"] if FORMS[form].header != "none" else f"fictional-{letter['key']}"
    return stem + KINDS[kind].suffix


def case_of(letter: Truth, form: str, kind: str) -> Case:
    filename = file_name(letter, form, kind)
    return Case(
        id=f"{letter['key']}/{form}/{kind}",
        content=render(letter, form, kind),
        filename=filename,
        truth=truth_of(letter, form, letter_id=filename.rsplit(".", 1)[0]),
        form=form,
        kind=kind,
    )


def cases(*, forms: Iterable[str] | None = None, kinds: Iterable[str] = tuple(KINDS)) -> Iterator[Case]:
    """Each letter in its own form, or in each of FORMS that can say its outcomes, as each of KINDS."""
    kinds = tuple(kinds)
    chosen = None if forms is None else tuple(forms)
    for letter in letters().values():
        for form in (letter["form"],) if chosen is None else chosen:
            if can_say(letter, form):
                yield from (case_of(letter, form, kind) for kind in kinds)


def can_say(letter: Truth, form: str) -> bool:
    """Whether the form has words for all outcomes of the letter: a sentence of 2013 knows two."""
    known = {item["outcome"] for item in letter["items"]} <= {"upheld", "overturned"}
    return known or FORMS[form].items == "headings"
