"""Results and letters for programs and for the eye: JSON, plain lines, and cards on a terminal."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, Struct, structs

from imrsearch.schema.fields import BELOW, FIELD
from imrsearch.schema.records import Citation, Item, Letter
from imrsearch.search.currency import currency_notes
from imrsearch.search.explain import Explanation
from imrsearch.search.results import FacetCount, Family, Hit, Results, Shown, Span

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# What an outcome means, its sign and its colour; a letter's own word stands as it is.
OUTCOMES = {
    "upheld": ("✗", "Upheld: the denial stands", "red"),
    "overturned": ("✓", "Overturned: the treatment is approved", "green"),
}
MARKED = "bold yellow"
# On a card a guideline paragraph without citations is cut at so many characters.
GUIDELINE_ON_CARD = 120
# More values of a facet than a reader wants to scroll past.
MOST_VALUES = 20
# Where the letters of a facet's value are too many to count.
NOT_COUNTED = "-"
# For sentences that are left out.
MORE = "…"
# A letter's text must not steer the terminal, nor turn the letters behind it around: control characters, ends of lines
# that are no line feeds, and marks that override the direction of writing.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
# What is printed elsewhere than among the facts of a letter or an item.
NOT_FACTS = {"letter_id", "summary", "items", "source", "id", "item", "treatment", "outcome"}
PARAGRAPHS = {
    "ur_guideline": "Claims administrator's guideline",
    "imr_guideline": "Reviewer's guideline",
    "rationale": "Decision rationale",
}


class Block(Struct, frozen=True):
    """Lines under a title.

    quiet  what of the one line many letters have
    """

    title: str
    lines: tuple[str, ...]
    quiet: tuple[Span, ...] = ()


def as_json(results: Results, explanation: Explanation | None = None) -> str:
    """The contract's one object, on one line; an explanation is a key more."""
    hits = tuple(hit.contract for hit in results.hits)
    facets = {
        name: [structs.replace(found, chosen=UNSET) for found in counts] for name, counts in results.facets.items()
    }
    contract = structs.replace(results, hits=hits, facets=facets, offset=UNSET, collapsed=UNSET)
    if explanation:
        return msgspec.json.encode(msgspec.to_builtins(contract) | {"explanation": explanation}).decode()
    return msgspec.json.encode(contract).decode()


def as_plain(results: Results) -> str:
    """Lines for pipes: of each hit first id, outcome, date and treatment between tabs, then indented lines."""
    lines = [counts_line(results), *notice_lines(results)]
    for hit in results.hits:
        first = (hit.id, hit.outcome, hit.decision_date or "no date", hit.treatment)
        lines += ["", "\t".join(map(printable, first))]
        cited = cited_line(hit) or hit.imr_guideline
        about = " · ".join(part for part in (cited, ", ".join(hit.specialties)) if part)
        similar = similar_line(hit) if results.collapsed else ""
        lines += [f"  {printable(line)}" for line in (about, hit.snippet, similar) if line]
    for name, counts in results.facets.items():
        shown = (
            f"  {printable(str(found.value))}\t{found.count}\t{NOT_COUNTED if found.letters is None else found.letters}"
            for found in shown_values(counts, name)
        )
        lines += ["", f"{FIELD[name].option}\titems\tletters", *shown, *(f"  {line}" for line in more_values(counts))]
    return "\n".join(lines)


def print_cards(results: Results, console: "Console | None" = None) -> None:
    """Cards for a terminal, then the facets."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(highlight=False)
    console.print(Text(counts_line(results), style="bold"))
    for notice in notice_lines(results):
        console.print(Text(notice, style="italic"))
    for hit in results.hits:
        print_card(hit, console)
        if results.collapsed and (similar := similar_line(hit)):
            console.print(Text(f"  {similar}", style="italic"))
    if results.truncated and results.returned:
        console.print()
        console.print(Text(f"--offset {(results.offset or 0) + results.returned} for more", style="italic"))
    for name in results.facets:
        console.print()
        console.print(facet_table(results, name))


def found_line(items: int, letters: int | None, *, families: int | None = None) -> str:
    """ "57 items in 31 letters, 40 families": what was counted; families where some items are of the same one."""
    line = counted(items, "item") + ("" if letters is None else f" in {counted(letters, 'letter')}")
    return line if families in (None, items) else f"{line}, {families_of(families)}"


def counts_line(results: Results) -> str:
    """ "3 items in 3 letters", "10 of 57 items in 31 letters", "11-20 of 57 items …", and what narrowed them.

    Of families, where some items found are of the same one: "10 of 20 families, 57 items in 31 letters".
    """
    families, before, listed = results.total_families, results.offset or 0, results.total
    found = found_line(results.total, results.total_letters, families=None if results.collapsed else families)
    if results.collapsed and families is not None and families != results.total:
        listed, found = families, f"{families_of(families)}, {found}"
    if results.returned and before:
        found = f"{before + 1:,}-{before + results.returned:,} of {found}"
    elif 0 < results.returned < listed:
        found = f"{results.returned:,} of {found}"
    narrowed = (
        f"{name.replace('_', '-')}: {asked if isinstance(asked, str) else ' or '.join(asked)}"
        for name, asked in results.filters.items()
    )
    return printable(" · ".join((found, *narrowed)))


def families_of(number: int) -> str:
    """ "1 family", "20 families"."""
    return f"{number:,} " + ("family" if number == 1 else "families")


def similar_line(hit: Hit) -> str:
    """ "and 14 similar", with their outcomes where some were upheld and some overturned; empty where there is none."""
    if not hit.similar or not hit.family_outcomes:
        return ""
    family = Family(hit.family or hit.id, hit.similar + 1, hit.family_outcomes)
    return f"and {hit.similar:,} similar" + (f": both outcomes, {outcomes_of(family)}" if family.is_mixed else "")


def outcomes_of(family: Family) -> str:
    """ "14 upheld, 1 overturned"."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in family.outcomes.items())


def notice_lines(results: Results) -> list[str]:
    """What the search has to say of the question; below some a line of it, and a caret under the place."""
    return [line for notice in results.notices for line in lines_of(f"note: {notice}")]


def lines_of(notice: str) -> Iterator[str]:
    """The notice line by line: what it quotes holds no line end."""
    return map(printable, notice.split("\n"))


def print_card(hit: Hit, console: "Console") -> None:
    """Heading; outcome in words, citation, specialty, date, id; the passage, with what was asked for marked."""
    from rich.padding import Padding
    from rich.text import Text

    sign, words, colour = outcome_of(hit.outcome)
    guideline = cited_line(hit) or shortened(hit.imr_guideline)
    facts = (guideline, ", ".join(hit.specialties), hit.decision_date or "no date", hit.id)
    second = Text(f"{sign} {words}", style=f"bold {colour}")
    second.append("".join(f" · {printable(fact)}" for fact in facts if fact), style="not bold default")
    console.print()
    console.print(marked(hit.treatment, hit.marks or (), style="bold"))
    console.print(second)
    console.print(Padding(marked(hit.snippet, hit.highlights), (0, 0, 0, 2)))


def marked(text: str, highlights: Iterable[Span], *, style: str = "") -> "Text":
    """The text with the given characters marked."""
    from rich.text import Text

    shown = Text(printable(text), style=style)
    for start, end in highlights:
        shown.stylize(MARKED, start, end)
    return shown


def facet_table(results: Results, name: str) -> "Table":
    """A facet's values, and the items and letters that have them."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="italic")
    table.add_column(FIELD[name].option)
    for counted_by in ("items", "letters"):
        table.add_column(counted_by, justify="right")
    counts = results.facets[name]
    shown = shown_values(counts, name)
    values = {str(found.value) for found in shown}
    for found in shown:
        style = MARKED if found.chosen is True else ""
        value = in_tree(str(found.value), values) if FIELD[name].tree else str(found.value)
        letters = NOT_COUNTED if found.letters is None else f"{found.letters:,}"
        table.add_row(Text(printable(value), style=style), f"{found.count:,}", letters)
    for line in more_values(counts):
        table.add_row(Text(line, style="italic"))
    return table


def shown_values(counts: Sequence[FacetCount], name: str) -> list[FacetCount]:
    """The first values, and all that a filter asks for; paths below what they lead on from."""
    shown = [found for place, found in enumerate(counts) if place < MOST_VALUES or found.chosen is True]
    if not FIELD[name].tree:
        return shown
    # What a path leads on from is never rarer than the path: it stands before it, and is shown where the path is.
    held = {str(found.value): found.count for found in shown}
    return sorted(shown, key=lambda found: [(-held.get(path, 0), path) for path in beginnings(str(found.value))])


def beginnings(path: str) -> list[str]:
    """ "a > b > c" is "a", "a > b", "a > b > c"."""
    return list(accumulate(path.split(BELOW), lambda above, part: f"{above}{BELOW}{part}"))


def in_tree(path: str, shown: Container[str]) -> str:
    """The path's last part, set in by the parts above it; the whole path where those are not shown."""
    *above, _ = beginnings(path)
    if not all(each in shown for each in above):
        return path
    return "  " * len(above) + path.rpartition(BELOW)[2]


def more_values(counts: Sequence[FacetCount]) -> Iterator[str]:
    """How many values of a facet are not printed."""
    if more := sum(found.chosen is not True for found in counts[MOST_VALUES:]):
        yield f"and {counted(more, 'more value')}; --json has them all"


def outcome_of(outcome: str) -> tuple[str, str, str]:
    """Sign, words and colour of an outcome."""
    return OUTCOMES.get(outcome, ("•", printable(outcome).capitalize() or "No outcome", "yellow"))


def cited_line(hit: Hit) -> str:
    """The first citation with its section or page as cited, and how many more there are; or empty."""
    citations = hit.citations or ()
    if not citations:
        return ""
    more = f" (+{len(citations) - 1})" if len(citations) > 1 else ""
    return cited(citations[0]) + more


def cited(citation: Citation) -> str:
    """ "MTUS Chronic Pain Medical Treatment 2009, Opioids, p. 76-78"."""
    known = citation.guideline != "other" and not citation.document.startswith(citation.guideline)
    name = (citation.guideline if known else "", citation.document, str(citation.edition or ""))
    parts = [" ".join(part for part in name if part)]
    if citation.section:
        parts.append(citation.section)
    if citation.pages:
        parts.append(f"p. {page_ranges(citation.pages)}")
    return ", ".join(part for part in parts if part)


def page_ranges(pages: Sequence[int]) -> str:
    """(24, 76, 77, 78) is "24, 76-78"."""
    ranges: list[list[int]] = []
    for page in sorted(set(pages)):
        if ranges and page == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], page]
        else:
            ranges.append([page])
    return ", ".join("-".join(map(str, pair)) for pair in ranges)


def shortened(text: str) -> str:
    """At most GUIDELINE_ON_CARD characters, cut between words."""
    if len(text) <= GUIDELINE_ON_CARD:
        return text
    return text[:GUIDELINE_ON_CARD].rpartition(" ")[0] + " …"


def printable(text: str) -> str:
    """The text without control characters, at its own length."""
    return CONTROL.sub(" ", text)


def counted(number: int, thing: str) -> str:
    """ "1 item", "2,000 items"."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def shown_json(shown: Shown) -> str:
    """A letter as `parse --json` prints it; an item with its letter's header, its siblings and more; on one line."""
    if shown.item is None:
        return msgspec.json.encode(shown.letter).decode()
    header = {name: value for name, value in structs.asdict(shown.letter).items() if name != "items"}
    siblings = [{"id": other.id, "treatment": other.treatment, "outcome": other.outcome} for other in shown.siblings]
    notes = list(currency_notes(shown.item, shown.letter.decision_date))
    told = {"item": shown.item, "letter": header, "siblings": siblings, "superseded_editions": notes}
    shared = shown.shared.get(shown.item.id, ())
    return msgspec.json.encode(told | {"family": shown.family, "boilerplate": shared}).decode()


def shown_plain(shown: Shown, *, specific: bool = False) -> str:
    """An item or a letter in full as plain lines; specific: without the sentences that many letters have."""
    return "\n\n".join("\n".join((block.title, *block.lines)) for block in blocks_of(shown, specific=specific))


def letter_plain(letter: Letter) -> str:
    """A letter in full as plain lines."""
    return shown_plain(Shown(letter))


def print_shown(shown: Shown, console: "Console | None" = None, *, specific: bool = False) -> None:
    """An item or a letter in full on a terminal; sentences that many letters have are dim, or left out."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(highlight=False)
    for place, block in enumerate(blocks_of(shown, specific=specific)):
        if place:
            console.print()
        console.print(Text(block.title, style="bold"))
        for line in block.lines:
            text = Text(line)
            for start, end in block.quiet:
                text.stylize("dim", start, end)
            console.print(text)


def blocks_of(shown: Shown, *, specific: bool) -> Iterator[Block]:
    """What there is to show, in its order."""
    letter = shown.letter
    if shown.item:
        yield from item_blocks(shown.item, shown, specific=specific)
    yield Block(
        f"Letter {printable(letter.letter_id)}", (*facts_of(letter), f"source: {printable(letter.source.path)}")
    )
    if letter.summary:
        yield Block("Clinical case summary", (printable(letter.summary),))
    if shown.item is None:
        for item in letter.items:
            yield from item_blocks(item, shown, specific=specific)
    elif shown.siblings:
        yield Block("Other items of this letter", tuple(map(sibling_line, shown.siblings)))
    if shown.alike and shown.family:
        more = f", the first {len(shown.alike)}" if len(shown.alike) < shown.family.items - 1 else ""
        yield Block(f"Items with nearly the same reasons{more}", tuple(map(sibling_line, shown.alike)))


def item_blocks(item: Item, shown: Shown, *, specific: bool) -> Iterator[Block]:
    """An item in full."""
    sign, words, _ = outcome_of(item.outcome)
    facts = (printable(item.id), f"{sign} {words}", *facts_of(item))
    if family := shown.family:
        facts = (*facts, f"family: {printable(family.id)}, {counted(family.items, 'item')} ({outcomes_of(family)})")
    yield Block(printable(item.treatment), facts)
    for name, title in PARAGRAPHS.items():
        paragraph: str = getattr(item, name)
        shared = shown.shared.get(item.id, ()) if name == "rationale" else ()
        if paragraph and shared and specific:
            yield Block(title, without(paragraph, shared))
        elif paragraph:
            yield Block(title, (printable(paragraph),), shared)
    if item.imr_citations:
        yield Block("Reviewer's citations", tuple(printable(cited(citation)) for citation in item.imr_citations))
    if notes := tuple(currency_notes(item, shown.letter.decision_date)):
        yield Block("Superseded editions", notes)


def without(text: str, left_out: Sequence[Span]) -> tuple[str, ...]:
    """The text with "…" for each stretch of sentences that many letters have, and how many these are."""
    ends = [0, *(place for span in left_out for place in span), len(text)]
    kept = (text[start:end].strip() for start, end in zip(ends[::2], ends[1::2], strict=True))
    shown = f" {MORE} ".join(part for part in kept if part)
    told = f"({counted(len(left_out), 'sentence')} that many letters have left out)"
    return (printable(shown), told) if shown else (told,)


def facts_of(record: Letter | Item) -> Iterator[str]:
    """What a record holds besides its texts, a line a fact; what it lacks is left out."""
    for name, value in structs.asdict(record).items():
        if name in NOT_FACTS or name in PARAGRAPHS or name.endswith("_citations") or value in (None, "", ()):
            continue
        if name == "disputed" and isinstance(record, Item) and value == record.treatment:
            continue
        words = ", ".join(value) if isinstance(value, tuple) else str(value)
        yield f"{name.replace('_', ' ')}: {printable(words)}"


def sibling_line(item: Item) -> str:
    """Id, outcome and treatment of an item."""
    return "\t".join(map(printable, (item.id, item.outcome, item.treatment)))
