"""Documents to read and to paste from: Markdown, and Word."""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from imrsearch.schema.errors import UsageError
from imrsearch.search.citation import quotation
from imrsearch.search.exports.characters import clean
from imrsearch.search.listing import Head, Listed
from imrsearch.search.render import outcome_of

# All of a Word document is in memory until it is written.
MOST_ITEMS = 2_000
# What Markdown would take for markup within a line: "Norco *generic* <5mg>", "[sic]", "_x_", "&lt;" but no other "&".
MARKUP = re.compile(r"[\\`*_\[<~$]|&(?=#?\w+;)")
NOTE = "Prior determinations are examples, not authority."


def facts_of(listed: Listed) -> Iterator[tuple[str, str]]:
    """What stands below an item's citation, before the passage."""
    yield "Treatment", listed.item.treatment
    yield "Outcome", outcome_of(listed.item.outcome)[1]
    if listed.item.imr_guideline:
        yield "Guideline", listed.item.imr_guideline


def as_markdown(items: Iterable[Listed], head: Head) -> Iterator[str]:
    """A heading and the head, then for each item its citation, treatment, outcome, guideline and quoted passage."""
    yield f"# {escaped(head.title)}\n\n"
    yield from (f"- {name}: {escaped(value)}\n" for name, value in head.facts())
    yield f"\n{NOTE}\n"
    for listed in items:
        yield f"\n## {escaped(listed.citation)}\n\n"
        yield "".join(f"**{name}:** {escaped(value)}\n\n" for name, value in facts_of(listed))
        yield f"> {escaped(quotation(listed.passage, listed.citation))}\n"


def escaped(text: str) -> str:
    """The text so that Markdown shows it as it is."""
    return MARKUP.sub(r"\\\g<0>", clean(text))


def write_docx(items: Iterable[Listed], head: Head, stream: BinaryIO) -> None:
    """The same as a Word document."""
    from docx import Document

    if head.listed > MOST_ITEMS:
        raise UsageError(
            f"a Word document takes {MOST_ITEMS:,} items, not {head.listed:,}",
            hint=f"take --format csv, or --limit {MOST_ITEMS}",
        )
    document = Document()
    document.core_properties.author = "imrsearch"
    document.core_properties.title = clean(head.title)
    document.core_properties.comments = ""
    document.add_heading(clean(head.title), level=1)
    for name, value in head.facts():
        document.add_paragraph(clean(f"{name}: {value}"), style="List Bullet")
    document.add_paragraph(NOTE)
    # To add behind the last paragraph takes the longer the more there are, to insert before one does not.
    end = document.add_paragraph()
    heading, quote = document.styles["Heading 2"], document.styles["Quote"]
    for listed in items:
        end.insert_paragraph_before(clean(listed.citation), heading)
        for name, value in facts_of(listed):
            paragraph = end.insert_paragraph_before()
            paragraph.add_run(f"{name}: ").bold = True
            paragraph.add_run(clean(value))
        end.insert_paragraph_before(clean(quotation(listed.passage, listed.citation)), quote)
    document.save(stream)
