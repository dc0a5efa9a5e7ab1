"""What a guideline paragraph cites: document, edition, section and pages."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

from imrsearch.schema.records import Citation

# "Decision based on MTUS Low Back Complaints 2004. Decision based on Non-MTUS Citation Official Disability ..."
# The first letter stands outside of what is read in any case, since a search for plain letters is many times faster.
BASIS = re.compile(r"[Dd](?<!\w[Dd])(?i:ecision\s+based\s+on\s+)")
# 2013: "The Expert Reviewer relied on the MTUS ...", "The Physician Reviewer based his/her decision on the ..."
BASIS_SENTENCE = re.compile(
    r"\b(?:based\s+(?:its|his/her|his|her|their)\s+decision\s+on|relied\s+(?:up)?on|also\s+cited|cited)\s+(?:the\s+)?"
    r"(?P<cited>.+?)(?=\sThe\s+(?:Claims|Expert|Physician)\b|$)",
    re.IGNORECASE | re.DOTALL,
)
# "did not cite any medical evidence", "did not base their decision on the MTUS",
# "based their decision on recommendation(s) outside of the MTUS Guidelines"
NO_CITATION = re.compile(
    r"^The\s+[^.]*?\b(?:did\s+not\s+(?:cite|base|rely)|outside\s+of\s+the\s+MTUS|no\s+(?:MTUS\s+)?guidelines?)\b[^.]*(?:\.\s*|$)",
    re.IGNORECASE,
)
# "Non-MTUS Citation Official Disability Guidelines"; a few letters leave out "Citation".
NON_MTUS = re.compile(r"^Non-\s?MTUS(?:\s+Citations?)?\s*:?\s*", re.IGNORECASE)
# "MTUS Low Back Complaints 2004", "CA MTUS: Acupuncture"
MTUS = re.compile(r"^(?:CA\s+|California\s+)?MTUS\b\s*[:,-]?\s*", re.IGNORECASE)
# 2013: "..., which is part of the MTUS", "..., which is not part of the MTUS"
PART_OF_MTUS = re.compile(
    r",?\s?(?:which|that)\s+(?:is|are)\s+(?P<negation>not\s+)?(?:a\s+)?part\s+of\s+(?:the\s+)?MTUS\b", re.IGNORECASE
)
# "..., Section(s): Special Studies, and Chronic Pain Medical Treatment 2016, Section(s): Facet blocks":
# a new document begins after ", and" where a year closes it.
NEXT_DOCUMENT = re.compile(r",?\sand\s+(?=[A-Z][A-Za-z ,&-]{3,80}?\s(?:19|20)\d{2}\b)")
# "Treatment 2016", "(2015)"; not the years of "updated 11/23/2016" and "2013-2014".
EDITION = re.compile(r"(?<![/\d.-])\(?((?:19|20)\d{2})\)?(?![/\d-])")
# "Chronic Pain Medical Treatment 2016 Guidelines, Section(s): ..." is the document without the last word, too.
EDITION_AND_AFTER = re.compile(EDITION.pattern + r"(?:\s+Guidelines)?")
# ", Section(s): Special Studies"
SECTIONS = re.compile(r"[Ssſ](?<!\w[Ssſ])(?i:ection\(?s?\)?\s*:\s*)")
# "Page(s): 24, 76-78", "pages 88 and 89", "pg. 607". Looked for only where its first characters stand.
PAGES = re.compile(
    r"(?=[,\sp]),?\s?\b(?:Page\(s\)|(?:pages?|pgs?|pp?)\b\.?)\s*:?\s*(?P<pages>\d{1,4}(?:\s*(?:-|–|to|,\s*and|,|&|and)\s*\d{1,4}\b(?!\.\d))*)",
    re.IGNORECASE,
)
# What every such text has, and few others.
PAGE_WORD = re.compile(r"[Pp](?<!\w[Pp])(?i:p|g|age|(?=[.:\s]))")
# "24", "76-78", "110-11"
PAGE_RANGE = re.compile(r"(\d{1,4})(?:\s*(?:-|–|to)\s*(\d{1,4}))?")
LONGEST_RANGE = 300
# The letters cite few guidelines in few words: every other paragraph of a hundred letters has been read before.
PARAGRAPHS_KEPT = 4_096
# Ten times the longest paragraph seen: each of its citations keeps words of it.
LONGEST_PARAGRAPH = 8_000
# "Chronic Pain Treatment Guidelines Benzodiazepines": the document ends at its own last word.
DOCUMENT = re.compile(
    r"^(?P<document>.*?(?:\bGuidelines?\b|\bComplaints\b|\bTreatment\s+Schedule\b|\(ACOEM\)|\bACOEM\b(?!\s+(?:Occupational|Practice|Guidelines)))"
    r"(?:,?\s+\(?\d(?:st|nd|rd|th)\s+ed(?:ition|\b\.?)\)?)?)[\s,:;.-]*(?P<section>.*)$",
    re.IGNORECASE | re.DOTALL,
)
# "8 C.C.R. 9792.20", which is no section of the document before it.
REGULATION = re.compile(r"^\(?\d+\s*C\.?\s?C\.?\s?R\b", re.IGNORECASE)
# "Official Disability Guidelines (ODG)", "ODG guidelines"
ODG = re.compile(r"\b(?:Official\s+Disability\s+Guidelines?(?:\s*\(ODG\))?|ODG\b(?:\s+guidelines?)?)", re.IGNORECASE)
# "ACOEM Occupational Medicine Practice Guidelines, 3rd ed."
ACOEM = re.compile(
    r"\b(?:American\s+College\s+of\s+Occupational\s+and\s+Environmental\s+Medicine(?:'s)?(?:\s*\(ACOEM\))?|ACOEM\b)"
    r"(?:\s+Occupational\s+Medicine)?(?:\s+Practice)?(?:\s+Guidelines?)?(?:,?\s*\(?\d(?:st|nd|rd|th)\s+ed(?:ition\b|\.|\b)\)?)?",
    re.IGNORECASE,
)
# "Other Medical Treatment Guidelines https://..."
OTHER = re.compile(
    r"\bOther\s+Medical\s+(?:Treatment\s+)?(?:Guidelines?|Evidence)(?:\s+or\s+Medical\s+Evidence)?\s*:?", re.IGNORECASE
)
FAMILIES = (("ODG", ODG, "Official Disability Guidelines"), ("ACOEM", ACOEM, None), ("other", OTHER, None))
# Where another citation begins: "; ODG, Low Back", ", Official Disability Guidelines", " and Other Medical ...", ", https://"
NEXT_CITATION = re.compile(
    r"[;,\s](?:(?<=[;,])\s+(?:and\s+)?|(?<=\s)and\s+)(?=Official\s+Disability|ODG\b(?!\s+Preface)|ACOEM\b|American\s+College\s+of\s+Occ|Other\s+Medical|https?://)",
    re.IGNORECASE,
)
# A PDF breaks names and addresses after a hyphen: "skilled- nursing-care", "Electro- diagnostic".
BROKEN_HYPHEN = re.compile(r"(?<=[^\W_])- (?=(?!and\b|or\b|to\b)[^\W_])")
# "Opioids, dosing"; not "Facet joint injections (lumbar, thoracic)".
SECTION_COMMA = re.compile(r",\s+(?![^()]{0,300}\))")
# "Weaning of Medications, and Opioids for chronic pain"
LAST_OF_LIST = re.compile(r"^and\s+(?=[A-Z])")
# "3.3.9 Opioids for Chronic Pain"
NUMBERED = re.compile(r"^\d+(?:\.\d+)*\.?\s+\D")
# "Page(s): 78, and Weaning of Medications Page(s): 124"
JOIN = re.compile(r"^and\s+", re.IGNORECASE)
EDGES = " \t,:;.-–/"


@lru_cache(PARAGRAPHS_KEPT)
def citations_in(paragraph: str) -> tuple[Citation, ...]:
    """Every citation of a guideline paragraph, in its order; none where it says that none was made."""
    text = paragraph[:LONGEST_PARAGRAPH]
    if "- " in text:
        text = BROKEN_HYPHEN.sub("-", text)
    head, *bases = BASIS.split(text)
    found: list[Citation] = []
    if not NO_CITATION.match(head):
        for sentence in BASIS_SENTENCE.finditer(head):
            found.extend(citations_of(sentence.group("cited")))
    for basis in bases:
        found.extend(citations_of(basis))
    return tuple(dict.fromkeys(found))


def citations_of(basis: str) -> Iterator[Citation]:
    """Citations of what one decision is based on: "MTUS Low Back Complaints 2004, Section(s): Special Studies." """
    basis = basis.strip()
    part = PART_OF_MTUS.search(basis) if "part" in basis.lower() else None
    if part:
        basis = PART_OF_MTUS.sub("", basis)
    basis = basis.rstrip(" .")
    if non := NON_MTUS.match(basis):
        yield from non_mtus_citations(basis[non.end() :])
        return
    mtus = MTUS.match(basis)
    if part.group("negation") if part else not mtus:
        yield from non_mtus_citations(basis)
    else:
        yield from mtus_citations(basis[mtus.end() :] if mtus else basis)


def mtus_citations(text: str) -> Iterator[Citation]:
    """DOCUMENT YEAR, Section(s): A, B, and DOCUMENT YEAR, Section(s): C; or DOCUMENT SECTION Page(s): N, N-N"""
    document = None
    for clause in clauses_of(text):
        for cited, pages in paged_clauses(clause):
            head, *tail = SECTIONS.split(cited, maxsplit=1) if ":" in cited else (cited,)
            if tail:
                document, edition = document_of(head)
                sections: list[str | None] = list(sections_of(tail[0]))
            else:
                document, edition, section = document_and_section(head, document)
                sections = [section]
            for section in sections or [None]:
                yield Citation("MTUS", document or "", edition, section, pages, clause.strip(EDGES))


def clauses_of(text: str) -> Iterator[str]:
    """One clause a document: "Forearm, Wrist, and Hand Complaints 2004" is one, for no year closes "Forearm, Wrist"."""
    start = 0
    for match in NEXT_DOCUMENT.finditer(text) if "and" in text else ():
        if EDITION.search(text, start, match.start()):
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def paged_clauses(clause: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The clause cut after each "Page(s): ...", with its pages; the last piece may have none."""
    start = 0
    for match in pages_in(clause):
        yield JOIN.sub("", clause[start : match.start()].strip(EDGES)), pages_of(match.group("pages"))
        start = match.end()
    rest = clause[start:].strip(EDGES)
    if rest or start == 0:
        yield rest, ()


def pages_in(text: str) -> Iterator[re.Match[str]]:
    """Every "Page(s): ..." of the text."""
    return PAGES.finditer(text) if PAGE_WORD.search(text) else iter(())


def edition_in(text: str) -> re.Match[str] | None:
    """The first year of the text."""
    return EDITION.search(text) if "20" in text or "19" in text else None


def document_of(text: str) -> tuple[str, int | None]:
    """Name and year of "Chronic Pain Medical Treatment 2016"."""
    year = edition_in(text)
    name = (EDITION_AND_AFTER.sub("", text) if year else text).strip(EDGES)
    return " ".join(name.split()), int(year.group(1)) if year else None


def document_and_section(text: str, before: str | None) -> tuple[str, int | None, str | None]:
    """Document, edition and section of "Chronic Pain Treatment Guidelines Benzodiazepines".

    Where only a section stands, the document is that of the citation before.
    """
    year = edition_in(text)
    if year:
        name, section = text[: year.start()], text[year.end() :]
    elif match := DOCUMENT.match(text):
        name, section = match.group("document"), match.group("section")
    else:
        name, section = (before, text) if before else (text, "")
    section = section.strip(EDGES)
    if REGULATION.match(section):
        section = ""
    return name.strip(EDGES), int(year.group(1)) if year else None, mended(section) or None


def non_mtus_citations(text: str) -> Iterator[Citation]:
    """ODG, ACOEM and other sources, each from where its name begins."""
    for piece in NEXT_CITATION.split(text):
        cited = piece.strip(EDGES)
        if cited:
            yield non_mtus_citation(cited)


def non_mtus_citation(text: str) -> Citation:
    """One citation: the family's own name, then its chapter and topic as the section."""
    pages = tuple(page for match in pages_in(text) for page in pages_of(match.group("pages")))
    year = edition_in(text)
    edition = int(year.group(1)) if year else None
    for guideline, name, document in FAMILIES:
        if match := name.search(text):
            rest = EDITION.sub("", PAGES.sub("", text[: match.start()] + text[match.end() :]), count=1)
            section = mended(" ".join(rest.split()).strip(EDGES))
            return Citation(guideline, document or match.group().strip(EDGES), edition, section or None, pages, text)
    return Citation("other", text, edition, None, pages, text)


def sections_of(text: str) -> Iterator[str]:
    """Section names of a list whose names hold commas themselves: "Opioids, criteria for use, Opioids, dosing".

    A name goes on after a comma in lower case, inside parentheses, and where the table of such names says so;
    after a numbered section only a number begins the next.
    """
    name = ""
    for piece in SECTION_COMMA.split(text.strip(EDGES)):
        if name and continues(name, piece):
            name = f"{name}, {piece}"
        else:
            if name:
                yield mended(name)
            name = LAST_OF_LIST.sub("", piece)
    if name:
        yield mended(name)


def continues(name: str, piece: str) -> bool:
    """`piece`, after a comma, belongs to the section name that has begun."""
    if NUMBERED.match(name):
        return not NUMBERED.match(piece)
    known = False
    if len(name) + len(piece) < longest_section():
        together = f"{name}, {piece}".lower()
        known = any(each == together or each.startswith(f"{together},") for each in section_table()["commas"])
    return known or ((piece[:1].islower() or piece.startswith("&")) and not LAST_OF_LIST.match(piece))


def mended(section: str) -> str:
    """The section name, with a known name that a line's end had broken made whole."""
    section = section.strip(EDGES)
    section += ")" if section.count("(") > section.count(")") else ""
    return section_table()["broken"].get(section.lower(), section)


def pages_of(text: str) -> tuple[int, ...]:
    """ "24, 76-78" as (24, 76, 77, 78); "110-11" as (110, 111)."""
    found: list[int] = []
    for match in PAGE_RANGE.finditer(text):
        start, last = match.group(1), match.group(2) or match.group(1)
        end = int(start[: -len(last)] + last) if len(last) < len(start) else int(last)
        found.extend(range(int(start), end + 1) if 0 <= end - int(start) <= LONGEST_RANGE else (int(start), end))
    return tuple(dict.fromkeys(found))


@cache
def longest_section() -> int:
    """Characters of the longest section name that holds a comma before a capital."""
    return max(map(len, section_table()["commas"]))


@cache
def section_table() -> dict[str, dict[str, str]]:
    """Section names that hold a comma before a capital, and broken names with their whole ones; keys in lower case."""
    table = tomllib.loads(resources.files("imrsearch.schema").joinpath("vocab", "sections.toml").read_text("utf-8"))
    return {
        "commas": {name.lower(): name for name in table["commas"]},
        "broken": {broken.lower(): name for broken, name in table["broken"].items()},
    }
