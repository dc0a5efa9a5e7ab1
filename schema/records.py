"""What parsing yields: a letter, its items and their citations. These structs are also the JSON.

The order of the attributes is the order of the keys that `imrsearch parse --json` prints.
Dates are ISO strings (`2017-02-28`) or null; texts have single spaces.
"""

from typing import Final

from msgspec import Struct

# What reviewers decide of a denial; a letter may use another word.
UPHELD: Final = "upheld"
OVERTURNED: Final = "overturned"
OUTCOMES: Final = (UPHELD, OVERTURNED)


class Source(Struct, frozen=True):
    """Where a letter was read.

    path    as given; a member of an archive as `letters.zip/CM17-0000001.pdf`
    kind    "pdf", "html", "text" or "jsonl"
    sha256  of the letter's own bytes, hexadecimal
    """

    path: str
    kind: str
    sha256: str


class Citation(Struct, frozen=True):
    """One guideline, document and section that a decision rests on.

    guideline  "MTUS", "ACOEM", "ODG" or "other"
    document   as printed, without the year: "Chronic Pain Medical Treatment"
    edition    year, or null where none is printed
    section    as printed: "Opioids, criteria for use"; null where none is printed
    pages      ranges expanded: "24, 76-78" is [24, 76, 77, 78]
    text       the words cited, as printed
    """

    guideline: str
    document: str
    edition: int | None = None
    section: str | None = None
    pages: tuple[int, ...] = ()
    text: str = ""


class Item(Struct, frozen=True):
    """One disputed item and its decision.

    id             "CM17-0019171:2": letter_id and item
    item           1-based place in the letter
    treatment      the heading as printed, without the outcome: "Norco 10/325mg #180"
    requested      of a partly authorized heading, what was first asked for; else null
    authorized     of a partly authorized heading, what was granted; else null
    disputed       what the outcome is about; the treatment itself unless partly authorized
    outcome        "upheld", "overturned", or the letter's own word in lower case
    ur_guideline   the "Claims Administrator guideline" paragraph
    imr_guideline  the "MAXIMUS guideline" paragraph
    rationale      the "Decision rationale" paragraphs
    drugs          generic names, in the heading's order
    category       of the state's own list of request categories, or null
    subcategory    likewise
    strength       "10/325mg", "0.5mg", "20%", or null
    quantity       how many units, visits or sessions are in dispute, or null
    """

    id: str
    item: int
    treatment: str
    requested: str | None
    authorized: str | None
    disputed: str
    outcome: str
    ur_guideline: str = ""
    imr_guideline: str = ""
    ur_citations: tuple[Citation, ...] = ()
    imr_citations: tuple[Citation, ...] = ()
    rationale: str = ""
    drugs: tuple[str, ...] = ()
    drug_classes: tuple[str, ...] = ()
    category: str | None = None
    subcategory: str | None = None
    body_parts: tuple[str, ...] = ()
    strength: str | None = None
    quantity: int | None = None


class Letter(Struct, frozen=True):
    """One Independent Medical Review final determination.

    letter_id         the case number, else the file's stem
    priority          "standard", "expedited", or the letter's own word in lower case; or null
    licensure_states  as printed, split at commas
    specialties       as printed, split at commas; the facets hold the canonical names
    patient_age       years, as the summary says
    patient_sex       "female", "male" or null
    summary           the clinical case summary, which all items share
    """

    letter_id: str
    case_number: str | None
    priority: str | None
    decision_date: str | None
    assigned_date: str | None
    injury_date: str | None
    ur_denial_date: str | None
    application_date: str | None
    licensure_states: tuple[str, ...]
    specialties: tuple[str, ...]
    patient_age: int | None
    patient_sex: str | None
    summary: str
    items: tuple[Item, ...]
    source: Source


class Line(Struct, frozen=True):
    """One line of a letter as a reader found it.

    text  without white space at its ends
    gap   more space above than between the lines of a paragraph; null where the kind cannot tell
    bold  set in bold at its start; null where the kind cannot tell
    """

    text: str
    gap: bool | None = None
    bold: bool | None = None


class RawLetter(Struct, frozen=True):
    """A letter as read and not yet understood.

    lines   in reading order, none empty
    record  what a JSONL line held, for letters that were parsed before; then `lines` is empty
    """

    source: Source
    lines: tuple[Line, ...]
    record: Letter | None = None
