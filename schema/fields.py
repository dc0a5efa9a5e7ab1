"""The one list of indexed fields, and how a letter becomes one chunk an item.

Each attribute of `Chunk` is declared once: what it holds, how it is taken from a letter and an item,
whether it is counted as a facet, offered as a filter, or searched by plain words. The engine's schema,
the facets, the options, the query's `field:` names, docs/fields.md and the index fingerprint come from here.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Literal

import msgspec
from msgspec import Struct

from imrsearch.schema.derive.boilerplate import cited_words
from imrsearch.schema.derive.guidelines import guidelines_cited
from imrsearch.schema.records import Citation, Item, Letter
from imrsearch.schema.vocabulary import (
    canonical_body_part,
    canonical_drug,
    canonical_drug_class,
    canonical_outcome,
    canonical_sex,
    canonical_specialty,
    canonical_state,
)

Kind = Literal["keyword", "text", "number", "date"]
# Values are str, int, a tuple of either, or None: the one place where a field's type is open.
Extract = Callable[[Letter, Item], Any]
# Between the parts of a path: "MTUS > Chronic Pain Medical Treatment 2009 > Opioids > p. 76".
BELOW = " > "
# Every other item cites what one of the letters before it did.
CITATIONS_KEPT = 4_096


class Field(Struct, frozen=True, kw_only=True):
    """What the index knows of one attribute of `Chunk`.

    name       the attribute; with "-" for "_" also the option
    kind       keyword: exact values, case folded; text: words; number; date
    extract    (letter, item) to a value, a tuple of values, or None
    many       an item may hold several values
    facet      values can be counted
    filter     values can be asked for by an option of the same name
    words      a keyword whose words can be searched too
    boost      weight of a plain word that matches here; 0: only `field:word` searches it
    context    weight of a plain word that matches only here, while others match where there is a boost; 0: none
    aliases    other names of the field in a question
    spoken     words before a number that also mean this field: "page 24"
    canonical  what the user typed to the values an item must hold: "Klonopin" to ("clonazepam",)
    places     the index knows where its words stand by their stems; else several side by side are found as written only
    sorts      hits can be put in order by it, though it is no facet
    tree       values are paths, and each part of a path is a value of its own: "MTUS > Chronic Pain"
    help       one sentence for people
    """

    name: str = ""
    kind: Kind
    extract: Extract
    many: bool = False
    facet: bool = False
    filter: bool = False
    words: bool = False
    boost: float = 0.0
    context: float = 0.0
    aliases: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    places: bool = True
    sorts: bool = False
    tree: bool = False
    canonical: Callable[[str], tuple[str, ...]] | None = None
    help: str

    @property
    def option(self) -> str:
        """The field's name as the command line writes it: "drug-class"."""
        return self.name.replace("_", "-")


def keyword(extract: Extract, *, help: str, facet: bool = True, **settings: Any) -> Any:
    """Exact values: counted and filtered unless `facet=False`."""
    return Field(kind="keyword", extract=extract, facet=facet, filter=facet, help=help, **settings)


def text(extract: Extract, *, help: str, **settings: Any) -> Any:
    """Words with positions, stemmed."""
    return Field(kind="text", extract=extract, help=help, **settings)


def number(extract: Extract, *, help: str, facet: bool = False, **settings: Any) -> Any:
    """Whole numbers."""
    return Field(kind="number", extract=extract, facet=facet, filter=facet, help=help, **settings)


def date(extract: Extract, *, help: str, **settings: Any) -> Any:
    """A day: ISO in the record, 20170228 in the engine, 0 where it is not known, so that every item can be sorted."""
    return Field(kind="date", extract=extract, help=help, **settings)


def year_of(letter: Letter, item: Item) -> int | None:
    """2017 of "2017-02-28"."""
    return int(letter.decision_date[:4]) if letter.decision_date else None


def cited(*attributes: str) -> Extract:
    """Distinct values of the reviewer's citations, in their order; several attributes are joined by a space."""
    return lambda letter, item: values_cited(item.imr_citations, attributes)


@lru_cache(CITATIONS_KEPT)
def values_cited(citations: tuple[Citation, ...], attributes: tuple[str, ...]) -> tuple[str, ...]:
    """Distinct values of the citations' attributes."""
    found = (
        " ".join(str(part) for name in attributes if (part := getattr(citation, name)) is not None)
        for citation in citations
    )
    return tuple(dict.fromkeys(value for value in found if value))


def citation_paths(letter: Letter, item: Item) -> tuple[str, ...]:
    """Each citation of the reviewer's, from its guideline down to its page, by way of document and section."""
    return paths_of(item.imr_citations)


@lru_cache(CITATIONS_KEPT)
def paths_of(citations: tuple[Citation, ...]) -> tuple[str, ...]:
    """Each citation as the path to each of its pages, and every beginning of it."""
    paths: dict[str, None] = {}
    for citation in citations:
        document = " ".join(str(part) for part in (citation.document, citation.edition) if part)
        path = ""
        for part in (citation.guideline, document, citation.section):
            if part:
                level = " ".join(part.replace(BELOW.strip(), " ").split())
                path = f"{path}{BELOW}{level}" if path else level
                paths[path] = None
        paths.update(dict.fromkeys(f"{path}{BELOW}p. {page}" if path else f"p. {page}" for page in citation.pages))
    return tuple(paths)


class Chunk(Struct, frozen=True):
    """One disputed item as the index holds it: what one hit is."""

    id: str = keyword(lambda letter, item: item.id, facet=False, help="Letter and item: CM17-0019171:2.")
    letter_id: str = keyword(
        lambda letter, item: letter.letter_id, facet=False, sorts=True, help="Case number, or the file's stem."
    )
    item: int = number(lambda letter, item: item.item, help="Place of the item in its letter, from 1.")
    treatment: str = text(
        lambda letter, item: item.treatment, boost=3.0, help="The disputed treatment as its heading prints it."
    )
    outcome: str = keyword(
        lambda letter, item: item.outcome,
        canonical=canonical_outcome,
        help="What the reviewer decided of the denial: upheld or overturned.",
    )
    drug: tuple[str, ...] = keyword(
        lambda letter, item: item.drugs,
        many=True,
        words=True,
        boost=2.0,
        canonical=canonical_drug,
        help="Generic names of the drugs in dispute; brand names and known misspellings are understood.",
    )
    drug_class: tuple[str, ...] = keyword(
        lambda letter, item: item.drug_classes,
        many=True,
        canonical=canonical_drug_class,
        help="Classes of those drugs; opioid, PPI or benzos are understood.",
    )
    strength: str | None = keyword(
        lambda letter, item: item.strength, facet=False, help="Strength as the heading gives it: 10/325mg."
    )
    quantity: int | None = number(
        lambda letter, item: item.quantity,
        spoken=("quantity", "qty"),
        help="Units, visits or sessions in dispute.",
    )
    category: str | None = keyword(
        lambda letter, item: item.category, help="Request category, of the state's own list."
    )
    subcategory: str | None = keyword(
        lambda letter, item: item.subcategory, help="Sub-category or drug class, of the state's own list."
    )
    body_part: tuple[str, ...] = keyword(
        lambda letter, item: item.body_parts,
        many=True,
        canonical=canonical_body_part,
        help="Parts of the body that the treatment is for; low back or right knee are understood.",
    )
    guideline: tuple[str, ...] = keyword(
        cited("guideline"), many=True, help="Guideline the reviewer cites: MTUS, ACOEM, ODG or other."
    )
    document: tuple[str, ...] = keyword(
        cited("document", "edition"),
        many=True,
        words=True,
        help="Document and edition the reviewer cites, by its whole name; document:word in a query finds its words.",
    )
    section: tuple[str, ...] = keyword(
        cited("section"),
        many=True,
        words=True,
        boost=1.5,
        help="Section the reviewer cites, by its whole name; section:word in a query finds its words.",
    )
    page: tuple[int, ...] = number(
        lambda letter, item: tuple(sorted({page for citation in item.imr_citations for page in citation.pages})),
        many=True,
        facet=True,
        spoken=("page", "pages", "p", "pg", "pgs", "pp"),
        help="Page the reviewer cites, where the letter prints one.",
    )
    citation: tuple[str, ...] = keyword(
        citation_paths,
        many=True,
        tree=True,
        help="Guideline > document and edition > section > page that the reviewer cites, or how such a path begins.",
    )
    guidelines_cited: str = keyword(
        lambda letter, item: guidelines_cited(item),
        help="Whether reviewer and claims administrator cite the same documents, of whatever edition: same, partly the "
        "same, different, reviewer only, claims administrator only, neither.",
    )
    imr_guideline: str = text(
        lambda letter, item: cited_words(item.imr_guideline),
        boost=1.0,
        help="What the reviewer's decision is based on.",
    )
    ur_guideline: str = text(
        lambda letter, item: cited_words(item.ur_guideline),
        boost=0.5,
        help="What the claims administrator's denial was based on.",
    )
    rationale: str = text(lambda letter, item: item.rationale, boost=1.0, help="The reviewer's reasons.")
    summary: str = text(
        lambda letter, item: letter.summary,
        places=False,
        context=0.1,
        help="Clinical case summary, shared by all items of a letter.",
    )
    specialty: tuple[str, ...] = keyword(
        lambda letter, item: tuple(dict.fromkeys(canonical_specialty(printed) for printed in letter.specialties)),
        many=True,
        canonical=lambda typed: (canonical_specialty(typed),),
        help="The reviewer's specialty, by its canonical name.",
    )
    state: tuple[str, ...] = keyword(
        lambda letter, item: letter.licensure_states,
        many=True,
        canonical=canonical_state,
        help="State of the reviewer's licence, also by its two letters.",
    )
    year: int | None = number(year_of, facet=True, help="Year of the decision.")
    decision_date: str | None = date(
        lambda letter, item: letter.decision_date, aliases=("date",), help="Day of the decision."
    )
    priority: str | None = keyword(lambda letter, item: letter.priority, help="Standard or expedited.")
    age: int | None = number(lambda letter, item: letter.patient_age, help="The patient's age in years.")
    sex: str | None = keyword(
        lambda letter, item: letter.patient_sex, canonical=canonical_sex, help="The patient's sex: female or male."
    )
    source: str = keyword(
        lambda letter, item: letter.source.sha256, facet=False, help="Digest of the letter's own bytes."
    )


FIELDS: tuple[Field, ...] = tuple(
    msgspec.structs.replace(declared.default, name=declared.name) for declared in msgspec.structs.fields(Chunk)
)
# In the order of Chunk, which is made by place.
EXTRACTS: tuple[Extract, ...] = tuple(field.extract for field in FIELDS)
FIELD: dict[str, Field] = {field.name: field for field in FIELDS}
# Each field by every name that a question may use for it, and by each word that is spoken before its number.
NAMED: dict[str, Field] = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
SPOKEN: dict[str, Field] = {word: field for field in FIELDS for word in field.spoken}
FACETS: tuple[Field, ...] = tuple(field for field in FIELDS if field.facet)
FILTERS: tuple[Field, ...] = tuple(field for field in FIELDS if field.filter)
BOOSTS: dict[str, float] = {field.name: field.boost for field in FIELDS if field.boost}
CONTEXTS: dict[str, float] = {field.name: field.context for field in FIELDS if field.context}


def chunks_of(letter: Letter) -> Iterator[Chunk]:
    """One chunk for each item of the letter, in the letter's order."""
    for item in letter.items:
        yield Chunk(*[extract(letter, item) for extract in EXTRACTS])
