"""Determinations as reference managers read them: BibTeX and RIS."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from imrsearch.search.citation import MONTHS, quoted, title_of
from imrsearch.search.exports.characters import clean
from imrsearch.search.listing import Head, Listed
from imrsearch.search.render import outcome_of

# The state's rules call it the final determination of the division's administrative director: 8 CCR 9792.10.7(a).
AUTHOR = "California Division of Workers' Compensation"
SERIES = "Independent Medical Review"
# In a key only these: "CM16-0241231:1"; of a file's name "letter (2)" the others as numbers.
NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9:.-]")
# Braces are counted even behind a backslash, so they are named.
ESCAPES = {character: f"\\{character}" for character in "$&#_%"} | {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
TEX = str.maketrans(ESCAPES)
# An @ begins an entry even within a comment.
IN_COMMENT = str.maketrans({"{": "(", "}": ")", "@": "(at)"})


def as_bibtex(items: Iterable[Listed], head: Head) -> Iterator[str]:
    """A comment for the head, then one entry an item."""
    facts = "".join(f"  {name}: {clean(value)}\n".translate(IN_COMMENT) for name, value in head.facts())
    yield f"@comment{{\n{facts}}}\n"
    for listed in items:
        fields = "".join(f"  {name} = {value},\n" for name, value in bibtex_fields(listed))
        yield f"\n@misc{{{key_of(listed.item.id)},\n{fields}}}\n"


def bibtex_fields(listed: Listed) -> Iterator[tuple[str, str]]:
    """Names and values of an entry."""
    yield "author", f"{{{{{AUTHOR}}}}}"
    yield "title", f"{{{{{tex(title_of(listed.letter, listed.item))}}}}}"
    yield "howpublished", f"{{{SERIES}}}"
    if decided := listed.letter.decision_date:
        day = date.fromisoformat(decided)
        yield "year", f"{{{day.year}}}"
        yield "month", MONTHS[day.month - 1][:3].lower()
        yield "day", f"{{{day.day}}}"
    else:
        yield "note", "{n.d.}"
    yield "keywords", f"{{{tex(', '.join((listed.item.outcome, *listed.item.drugs)))}}}"
    yield "annote", f"{{{tex(about(listed))}}}"
    yield "abstract", f"{{{tex(quoted(listed.passage))}}}"


def about(listed: Listed) -> str:
    """Treatment and outcome."""
    return f"{listed.item.treatment}. {outcome_of(listed.item.outcome)[1]}"


def tex(text: str) -> str:
    """The text as TeX prints it, in even braces."""
    return clean(text).translate(TEX)


def key_of(id: str) -> str:
    """The item's id as a key."""
    return NOT_IN_A_KEY.sub(lambda match: f"-{ord(match[0]):x}", id)


def as_ris(items: Iterable[Listed], head: Head) -> Iterator[str]:
    """A record of the list, since RIS knows no comments, then one record an item."""
    notes = [("N1", f"{name}: {value}") for name, value in head.facts()]
    yield record([("TY", "GEN"), ("TI", f"imrsearch, {head.title}"), *notes])
    for listed in items:
        yield record(ris_fields(listed))


def ris_fields(listed: Listed) -> Iterator[tuple[str, str]]:
    """Tags and values of a record."""
    yield "TY", "CASE"
    yield "ID", listed.item.id
    yield "AU", AUTHOR
    yield "TI", title_of(listed.letter, listed.item)
    yield "T2", SERIES
    if decided := listed.letter.decision_date:
        yield "PY", decided[:4]
        yield "DA", f"{decided.replace('-', '/')}/"
    yield "M1", listed.letter.letter_id
    for word in (listed.item.outcome, *listed.item.drugs):
        yield "KW", word
    yield "N1", about(listed)
    yield "AB", quoted(listed.passage)


def record(fields: Iterable[tuple[str, str]]) -> str:
    """One record, with a line for each field; the format wants these line ends."""
    return "".join(f"{tag}  - {clean(value)}\r\n" for tag, value in (*fields, ("ER", "")))
