"""Who decided: specialties and states of licensure, from the block or from prose."""

import re
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from imrsearch.schema.records import Line

# "State(s) of Licensure: New Jersey, Michigan" and the next line's label; values may wrap. The first letter stands
# outside of what is read in any case, since a search for plain letters is many times faster.
LICENSURE = re.compile(r"[Ssſ](?i:tate\(?s?\)?\s+of\s+Licensure\s*:\s*(.*?)\s?(?=Certification|$))", re.DOTALL)
CERTIFICATION = re.compile(
    r"[Cc](?i:ertification\(?s?\)?\s*/\s*Special(?:ty|ties)\s*:\s*(.*?)\s?"
    r"(?=State\(?s?\)?\s+of\s+Licensure|He/she\b|The\s|$))",
    re.DOTALL,
)
# "... is Board Certified in Orthopedic Surgery, has a subspecialty in Hand Surgery and is licensed to practice in
# Texas." Bounded: a letter without headings is searched as a whole, and may say "is certified in" a thousand times.
PROSE = re.compile(
    r"\b(?:is|are)\s+(?:Board[\s-]Certified|certified|Licensed)\s+in\s+(?P<specialty>.{1,200}?)"
    r"(?:,?\s+(?:and\s+)?has\s+(?:a\s+)?subspecialt(?:y|ies)\s+in\s+(?P<subspecialty>.{1,200}?))?"
    r",?\s+and\s+is\s+licensed\s+to\s+practice\s+in\s+(?P<states>.{1,600}?)\.(?:\s|$)",
    re.IGNORECASE,
)
# "New Jersey, Michigan", "Iowa, and Ohio".
COMMA = re.compile(r"\s?,\s*(?:and\s+)?")
# "Texas and Ohio", too: only of states, since "Pain Medicine and Rehabilitation" is one specialty.
COMMA_OR_AND = re.compile(r"\s?,\s*(?:and\s+)?|\sand\s+")
# Characters in which the reviewer is looked for: six pages, for letters that lack the headings around him.
SEARCHED = 20_000
# Letters say the same of their reviewers but for the specialty and the states.
REVIEWERS_KEPT = 1_024


class Reviewer(Struct, frozen=True):
    """The expert reviewer, as far as the letter tells.

    licensure_states  as printed, in the letter's order
    specialties       likewise
    """

    licensure_states: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()


def parse_reviewer(lines: Sequence[Line]) -> Reviewer:
    """The reviewer in the first form that fits; nothing where none does."""
    return reviewer_of(" ".join([line.text for line in lines])[:SEARCHED])


@lru_cache(REVIEWERS_KEPT)
def reviewer_of(text: str) -> Reviewer:
    """The reviewer of this part of the letter, as one string."""
    return next((reviewer for form in REVIEWER_FORMS if (reviewer := form(text))), Reviewer())


def reviewer_block(text: str) -> Reviewer | None:
    """State(s) of Licensure: STATE, STATE  Certification(s)/Specialty: SPECIALTY, SPECIALTY"""
    states, specialties = LICENSURE.search(text), CERTIFICATION.search(text)
    if not (states or specialties):
        return None
    return Reviewer(
        licensure_states=split(states.group(1), COMMA) if states else (),
        specialties=split(specialties.group(1), COMMA) if specialties else (),
    )


def reviewer_prose(text: str) -> Reviewer | None:
    """... is Board Certified in SPECIALTY, has a subspecialty in SPECIALTY and is licensed to practice in STATE."""
    if not (match := PROSE.search(text)):
        return None
    specialties = split(match.group("specialty"), COMMA) + split(match.group("subspecialty") or "", COMMA)
    return Reviewer(licensure_states=split(match.group("states"), COMMA_OR_AND), specialties=specialties)


REVIEWER_FORMS = (reviewer_block, reviewer_prose)


def split(values: str, at: re.Pattern[str]) -> tuple[str, ...]:
    """Values of a list, none empty."""
    return tuple(value for value in at.split(values.strip(" .")) if value)
