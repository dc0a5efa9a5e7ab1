"""From a letter as read to a letter as understood."""

from collections.abc import Iterator
from pathlib import PurePath

from msgspec.structs import replace

from imrsearch.indexer.letter.citations import citations_in
from imrsearch.indexer.letter.header import parse_header
from imrsearch.indexer.letter.items import HeadedItem, parse_items, parts_of
from imrsearch.indexer.letter.reviewer import parse_reviewer
from imrsearch.indexer.letter.sections import split_sections, summary_text
from imrsearch.schema.derive import derive_item, patient_age, patient_sex
from imrsearch.schema.errors import LetterError
from imrsearch.schema.records import OUTCOMES, Item, Letter, RawLetter, Source


def parse_letter(raw: RawLetter) -> Letter:
    """The letter that was read, with all that is derived from it; LetterError where it decides nothing."""
    try:
        return letter_of(raw)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # A form that nobody has seen must cost its letter, not the run.
        raise LetterError(
            f"the letter could not be understood ({type(error).__name__}: {error})",
            hint="please report it as a fault of imrsearch",
        ) from error


def letter_of(raw: RawLetter) -> Letter:
    """The letter with its derived parts."""
    letter = raw.record or letter_of_lines(raw)
    if not letter.items:
        raise LetterError("no disputed item was found", hint="check that it is an IMR final determination letter")
    return replace(
        letter,
        patient_age=patient_age(letter.summary),
        patient_sex=patient_sex(letter.summary),
        items=tuple(completed(item) for item in letter.items),
    )


def letter_of_lines(raw: RawLetter) -> Letter:
    """The parts of the letter as it prints them."""
    sections = split_sections(raw.lines)
    header = parse_header(sections.header)
    reviewer = parse_reviewer(sections.reviewer)
    letter_id = header.case_number or stem_of(raw.source)
    return Letter(
        letter_id=letter_id,
        case_number=header.case_number,
        priority=header.priority,
        decision_date=header.decision_date,
        assigned_date=header.assigned_date,
        injury_date=header.injury_date,
        ur_denial_date=header.ur_denial_date,
        application_date=header.application_date,
        licensure_states=reviewer.licensure_states,
        specialties=reviewer.specialties,
        patient_age=None,
        patient_sex=None,
        summary=summary_text(sections.summary),
        items=tuple(
            item_of(headed, letter_id, place) for place, headed in enumerate(parse_items(sections.issues), start=1)
        ),
        source=raw.source,
    )


def stem_of(source: Source) -> str:
    """The name of a letter that prints no case number: its file's, without the ending."""
    return PurePath(source.path).stem


def item_of(headed: HeadedItem, letter_id: str, place: int) -> Item:
    """The item as its record, before anything is derived from it."""
    return Item(
        id=f"{letter_id}:{place}",
        item=place,
        treatment=headed.treatment,
        requested=None,
        authorized=None,
        disputed=headed.treatment,
        outcome=headed.outcome,
        ur_guideline=headed.ur_guideline,
        imr_guideline=headed.imr_guideline,
        rationale=headed.rationale,
    )


def completed(item: Item) -> Item:
    """The item with its heading's parts, its citations and what is derived from them."""
    requested, authorized, disputed = parts_of(item.treatment)
    return derive_item(
        replace(
            item,
            requested=requested,
            authorized=authorized,
            disputed=disputed,
            ur_citations=citations_in(item.ur_guideline),
            imr_citations=citations_in(item.imr_guideline),
        )
    )


def missing_parts(letter: Letter) -> Iterator[str]:
    """One sentence for each part that a letter should have and this one does not, and for each unknown outcome."""
    if not letter.summary:
        yield f"{letter.letter_id} has no clinical summary"
    if not letter.specialties:
        yield f"{letter.letter_id} has no reviewer's specialty"
    for item in letter.items:
        if item.outcome not in OUTCOMES:
            yield f'{item.id} has the unknown outcome "{item.outcome}", kept as it is'
        if not item.rationale:
            yield f"{item.id} has no rationale"
