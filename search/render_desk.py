"""What `similar` and `contrast` print: JSON, CSV, plain lines, and two columns on a wide terminal."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, Struct, structs

from imrsearch.search.alike import Sentence, changed_in
from imrsearch.search.contrast import SIDES, Contrast, Pair, name_of
from imrsearch.search.render import OUTCOMES, counted, marked, outcome_of, printable, similar_line
from imrsearch.search.results import Span
from imrsearch.search.similar import About, Reason, Similar, SimilarHit
from imrsearch.search.tables import Cell, csv_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

# From so many columns on, two texts stand side by side.
WIDE = 100
# Characters of the first of several shared sentences.
QUIET = 36
# More ids than a reader wants to scroll past.
MOST_TWINS_NAMED = 20
# What is said of each shared thing.
SAID = {
    "text": "{}% of the text",
    "drug": "same drug: {}",
    "drug_class": "same drug class: {}",
    "subcategory": "same sub-category: {}",
    "section": "same section: {}",
    "body_part": "same body part: {}",
    "age": "near in age: {}",
    "words": "shared words: {}",
}
# Of an item that is shown.
COLUMNS = (
    "asked", "id", "letter_id", "item", "treatment", "outcome", "decision_date", "specialties", "drugs",
    "imr_guideline", "similarity", "why", "snippet", "similar",
)  # fmt: skip


class Section(Struct, frozen=True):
    """A stretch of one of two texts.

    alone   the sentences that the other text has not, each with its changed words
    shared  those behind them that it has
    """

    alone: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    shared: tuple[str, ...] = ()


class Beside(Struct, frozen=True):
    """Two items side by side, the upheld one on the left, as in the lists.

    sections  of both texts in step; none where one of the texts would only come again
    """

    pair: Pair
    left: str
    right: str
    sections: tuple[tuple[Section, Section], ...]


def as_json(answer: Similar | Contrast) -> str:
    """One object on one line, with what is for people left out."""
    if isinstance(answer, Similar):
        return msgspec.json.encode(structs.replace(answer, hits=for_programs(answer.hits))).decode()
    contract = structs.replace(
        answer,
        upheld=for_programs(answer.upheld),
        overturned=for_programs(answer.overturned),
        pairs=tuple(structs.replace(pair, sentences=UNSET) for pair in answer.pairs),
    )
    return msgspec.json.encode(contract).decode()


def for_programs(hits: Sequence[SimilarHit]) -> tuple[SimilarHit, ...]:
    """The hits as the contract has them."""
    return tuple(hit.contract for hit in hits)


def as_csv(*answers: Similar | Contrast) -> str:
    """A row for each item shown, with what was asked for: an id, a query or "a draft"; no cell is a formula."""
    return csv_text(COLUMNS, (row for answer in answers for row in rows_of(answer)))


def rows_of(answer: Similar | Contrast) -> Iterator[list[Cell]]:
    """The values of COLUMNS, the items of one outcome after those of the other."""
    groups = by_outcome(answer) if isinstance(answer, Similar) else sides_of(answer)
    about = answer.about
    asked = about.id or about.query or "a draft"
    for hits in groups.values():
        for hit in hits:
            specialties, drugs = ("; ".join(values) for values in (hit.specialties, hit.drugs))
            yield [
                asked, hit.id, hit.letter_id, hit.item, hit.treatment, hit.outcome, hit.decision_date, specialties,
                drugs, hit.imr_guideline, hit.similarity, why_line(hit.why), hit.snippet, hit.similar,
            ]  # fmt: skip


def similar_plain(found: Similar) -> str:
    """Lines for pipes: the outcomes one after the other, each hit as a search prints it, then why."""
    lines = [*about_lines(found.about), *(f"note: {printable(notice)}" for notice in found.notices)]
    for outcome, hits in by_outcome(found).items():
        lines += ["", group_title(outcome, hits)]
        for hit in hits:
            lines += [hit_line(hit), *(f"  {line}" for line in below_hit(hit))]
    return "\n".join(lines)


def by_outcome(found: Similar) -> dict[str, list[SimilarHit]]:
    """The hits of each outcome, in order."""
    return {outcome: [hit for hit in found.hits if hit.id in ids] for outcome, ids in found.outcomes.items()}


def group_title(outcome: str, hits: Sequence[SimilarHit]) -> str:
    """ "Overturned: the treatment is approved · 3 items"."""
    sign, words, _ = outcome_of(outcome)
    return f"{sign} {words} · {counted(len(hits), 'item') if hits else 'none'}"


def about_lines(about: About) -> Iterator[str]:
    """What was asked for; of a draft nothing that it says but its treatment."""
    if about.id:
        yield printable(f"{about.id} · {about.outcome} · {about.treatment}")
    elif about.draft:
        named = ", ".join(name_of(treatment) for treatment in about.treatments)
        yield f"a draft, read as {about.read_as}" + (f"; in dispute: {printable(named)}" if named else "")
    elif about.query is not None:
        yield f"query: {printable(about.query)}"


def hit_line(hit: SimilarHit) -> str:
    """Id, outcome, date and treatment between tabs."""
    return "\t".join(map(printable, (hit.id, hit.outcome, hit.decision_date or "no date", hit.treatment)))


def below_hit(hit: SimilarHit) -> Iterator[str]:
    """Why, the passage, and what is nearly the same."""
    if hit.why:
        yield why_line(hit.why)
    yield printable(hit.snippet)
    if similar := similar_line(hit):
        yield similar


def why_line(why: Sequence[Reason]) -> str:
    """ "same drug: tramadol; same section: Opioids; shared words: taper, weaning"."""
    return printable(
        "; ".join(
            SAID.get(reason.what, reason.what + ": {}").format(", ".join(map(str, reason.values))) for reason in why
        )
    )


def contrast_head(found: Contrast) -> list[str]:
    """The heading, the treatment with how many items of each outcome it has, what was asked for, and notices."""
    notices = (f"note: {printable(notice)}" for notice in found.notices)
    return [found.heading, *about_lines(found.about), *treatment_line(found), *notices]


def treatment_line(found: Contrast) -> Iterator[str]:
    """ "treatment: tramadol · 14 upheld, 3 overturned in all"; nothing where none was taken."""
    if found.treatment:
        counts = ", ".join(f"{found.counts[side]:,} {side}" for side in SIDES)
        yield f"treatment: {printable(name_of(found.treatment))} · {counts} in all"


def contrast_plain(found: Contrast) -> str:
    """Lines for pipes: both sides one after the other, then of each pair the sentences that only one of them has."""
    lines = contrast_head(found)
    for side, hits in sides_of(found).items():
        lines += ["", group_title(side, hits)]
        for hit in hits:
            lines += [hit_line(hit), *(f"  {line}" for line in below_hit(hit))]
    outcomes = outcomes_of(found)
    for pair in shown_pairs(found):
        lines += ["", pair_title(pair, outcomes, ids=(pair.here, pair.there))]
        if not is_told(pair, found):
            continue
        for id, sentences in ((pair.here, pair.only_here), (pair.there, pair.only_there)):
            lines.append(f"  only {item_title(id, outcomes)}:" + ("" if sentences else " nothing"))
            lines += [f"    {printable(sentence)}" for sentence in sentences]
    return "\n".join([*lines, *twins_line(found)])


def sides_of(found: Contrast) -> dict[str, Sequence[SimilarHit]]:
    """The hits of each outcome, in the order in which they are shown."""
    return {"upheld": found.upheld, "overturned": found.overturned}


def outcomes_of(found: Contrast) -> dict[str, str]:
    """The outcome of each item shown."""
    return {hit.id: hit.outcome for hit in (*found.upheld, *found.overturned)}


def shown_pairs(found: Contrast) -> list[Pair]:
    """The pairs of items that are shown."""
    shown = outcomes_of(found)
    return [pair for pair in found.pairs if pair.here in shown and pair.there in shown]


def twins_not_shown(found: Contrast) -> list[str]:
    """The ids of the near twins that are not among the items shown."""
    shown = outcomes_of(found)
    return [pair.there for pair in found.pairs if pair.there not in shown]


def twins_line(found: Contrast) -> Iterator[str]:
    """The near twins that are not shown, the first by their ids."""
    if others := twins_not_shown(found):
        more = f" and {len(others) - MOST_TWINS_NAMED} more; --json has them all" if others[MOST_TWINS_NAMED:] else ""
        yield ""
        yield f"near twins too, not shown: {printable(', '.join(others[:MOST_TWINS_NAMED]))}{more}"


def is_told(pair: Pair, found: Contrast) -> bool:
    """The sentences are shown: some are shared, or it is the first pair of its item; else its text would come again."""
    return bool(pair.shared) or pair is next(each for each in found.pairs if each.here == pair.here)


def pair_title(pair: Pair, outcomes: Mapping[str, str], *, ids: Sequence[str]) -> str:
    """Both ids in the order in which the texts stand, and how much of the text they share."""
    return f"{' | '.join(item_title(id, outcomes) for id in ids)} · {shared_line(pair)}"


def shared_line(pair: Pair) -> str:
    """ "5 shared sentences, 62% of the text"."""
    if not pair.shared:
        return "no shared sentence: all of both differs"
    return f"{counted(len(pair.shared), 'shared sentence')}, {round(100 * pair.similarity)}% of the text"


def item_title(id: str, outcomes: Mapping[str, str]) -> str:
    """ "CM17-0019171:2, upheld"."""
    return f"{printable(id)}, {outcomes[id]}"


def print_similar(found: Similar, console: "Console | None" = None) -> None:
    """Two columns on a wide terminal, one outcome each; else one below the other."""
    from rich.text import Text

    console = console or new_console()
    first, *notes = (*about_lines(found.about), *(f"note: {printable(notice)}" for notice in found.notices))
    console.print(Text(first, style="bold"))
    for note in notes:
        console.print(Text(note, style="italic"))
    groups = by_outcome(found)
    sides: dict[str, list[SimilarHit]] = {side: groups.pop(side) for side in SIDES if side in groups}
    print_groups(sides, console)
    print_groups(groups, console)


def print_contrast(found: Contrast, console: "Console | None" = None) -> None:
    """The nearest items of both sides, then the pairs: side by side on a wide terminal, shared sentences dim."""
    from rich.text import Text

    console = console or new_console()
    for place, line in enumerate(contrast_head(found)):
        console.print(Text(line, style="italic" if line.startswith("note: ") else "bold" if place == 0 else ""))
    print_groups(sides_of(found), console)
    outcomes = outcomes_of(found)
    for each in pairs_beside(found):
        ids = (each.left, each.right)
        console.print()
        console.print(Text(pair_title(each.pair, outcomes, ids=ids), style="bold"))
        if each.sections:
            texts, others = in_step(each.sections)
            name, other = (Text(item_title(id, outcomes), style="italic") for id in ids)
            print_beside([name, *texts], [other, *others], console)
    for line in twins_line(found):
        console.print(Text(line))


def new_console() -> "Console":
    """Standard output as a terminal."""
    from rich.console import Console

    return Console(highlight=False)


def print_groups(groups: Mapping[str, Sequence[SimilarHit]], console: "Console") -> None:
    """The hits of each outcome under its name."""
    from rich.text import Text

    columns: list[list[RenderableType]] = []
    for outcome, hits in groups.items():
        colour = OUTCOMES.get(outcome, ("", "", "yellow"))[2]
        title = Text(group_title(outcome, hits), style=f"bold {colour}")
        columns.append([title, *(hit_text(hit) for hit in hits)])
    if len(columns) == len(SIDES):
        console.print()
        print_beside(columns[0], columns[1], console, apart=True)
        return
    for column in columns:
        for block in column:
            console.print()
            console.print(block)


def print_beside(
    left: "Sequence[RenderableType]", right: "Sequence[RenderableType]", console: "Console", *, apart: bool = False
) -> None:
    """Two columns where there is room, else the left one above the right one.

    apart  an empty line below each row
    """
    from rich.table import Table

    if console.width < WIDE:
        for block in (*left, "", *right):
            console.print(block)
            if apart:
                console.print()
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, int(apart), 0), expand=True)
    for _ in SIDES:
        table.add_column(ratio=1)
    for row in zip_longest(left, right, fillvalue=""):
        table.add_row(*row)
    console.print(table)


def hit_text(hit: SimilarHit) -> "Text":
    """Heading; date and id; why; the passage with what was looked for marked."""
    text = marked(hit.treatment, hit.marks or (), style="bold")
    text.append(f"\n{printable(hit.decision_date or 'no date')} · {printable(hit.id)}\n", style="not bold")
    if hit.why:
        text.append(f"{why_line(hit.why)}\n", style="not bold italic")
    text.append_text(marked(hit.snippet, hit.highlights, style="not bold"))
    if similar := similar_line(hit):
        text.append(f"\n{similar}", style="not bold dim")
    return text


def pairs_beside(found: Contrast) -> Iterator[Beside]:
    """The pairs of items that are shown, each with both texts in step, so that what they share stands side by side."""
    outcomes = outcomes_of(found)
    for pair in shown_pairs(found):
        left, right = sorted((pair.here, pair.there), key=lambda name: outcomes[name] != "upheld")
        sections: Iterator[tuple[Section, Section]] = iter(())
        if pair.sentences and is_told(pair, found):
            told = dict(zip((pair.here, pair.there), pair.sentences, strict=True))
            both = (sections_of(told[left], told[right]), sections_of(told[right], told[left]))
            sections = zip_longest(*both, fillvalue=Section())
        yield Beside(pair, left, right, tuple(sections))


def sections_of(sentences: Sequence[Sentence], others: Sequence[Sentence]) -> list[Section]:
    """Sentences that only one item has, with their changed words, and the shared ones behind them."""
    alone = [sentence.text for sentence in others if not sentence.shared]
    sections: list[Section] = []
    own: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    for shared, run in groupby(sentences, key=lambda sentence: sentence.shared):
        texts = tuple(printable(sentence.text) for sentence in run)
        if shared:
            sections.append(Section(own, texts))
            own = ()
        else:
            own = tuple((text, changed_in(text, alone)) for text in texts)
    return [*sections, Section(own)]


def in_step(sections: Sequence[tuple[Section, Section]]) -> "tuple[list[Text], list[Text]]":
    """Both texts as rows: changed words underlined, shared sentences dim and shortened."""
    from rich.text import Text

    rows: tuple[list[Text], list[Text]] = ([], [])
    for both in sections:
        height = max(len(section.alone) for section in both)
        for column, section in zip(rows, both, strict=True):
            for sentence, changed in section.alone:
                column.append(Text(sentence))
                for start, end in changed:
                    column[-1].stylize("underline", start, end)
            column += [Text("")] * (height - len(section.alone))
            column += [Text(quietly(section.shared), style="dim")] if section.shared else []
    return rows


def quietly(shared: Sequence[str]) -> str:
    """The sentence, or of several how the first begins and how many there are."""
    return shared[0] if len(shared) == 1 else f"{shared[0][:QUIET]} … {len(shared)} sentences shared"
