"""What a question is narrowed by and what was added to it, each with the address that is without it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from imrsearch.schema.fields import FIELD
from imrsearch.search.advice import NEAREST, nearest_word
from imrsearch.search.enough import left_without
from imrsearch.search.expand import correction, correction_notice, names_in, notice_of, words_in
from imrsearch.search.language import EDGES, Named, Question, Word, parse
from imrsearch.search.lexer import PLURAL
from imrsearch.search.query import FILTER_NAMES, Query
from imrsearch.search.searcher import Answer, Searcher
from imrsearch.search.web.address import Address, switch

DAYS = ("since", "until")
# Said of a switch that is off.
OFF = {"names": "other names: not searched", "widen": "all words: none left out"}
QUOTES = '"“”'
UNQUOTED = str.maketrans(dict.fromkeys(QUOTES, " "))


class Chip(Struct, frozen=True):
    """Something that changes what is found.

    text     what it is
    action   what its link does
    without  the same page without it; null where it cannot be left out
    added    an expansion or a correction, not asked for
    """

    text: str
    action: str
    without: Address | None
    added: bool = False


class Offer(Struct, frozen=True):
    """How many items there are without a filter.

    text     what is left out
    items    how many there are then
    without  the page of those
    """

    text: str
    items: int
    without: Address


def chips_of(searcher: Searcher, address: Address, query: Query, answer: Answer) -> tuple[Chip, ...]:
    """A chip for each filter, day and switch, then for each name that was corrected or unfolded."""
    return (*filter_chips(address), *(name_chips(searcher, address, query, answer.question) if query.expand else ()))


def filter_chips(address: Address) -> Iterator[Chip]:
    """What the address asks for besides the question's own words, in its order."""
    for name, value in dict.fromkeys(address.parameters):
        if name in FILTER_NAMES or name in DAYS:
            text = f"{label_of(name)}: {value}"
            yield Chip(text, f"Remove {text}", address.without(name, value))
    for name, off in OFF.items():
        if not switch(address, name, otherwise=True):
            yield Chip(off, f"Remove {off}", address.without(name))


def label_of(name: str) -> str:
    """A parameter in words: "drug class"."""
    return name.replace("_", " ")


def name_chips(searcher: Searcher, address: Address, query: Query, question: Question) -> Iterator[Chip]:
    """Each correction, and each name of the question as it ran that finds other names too."""
    typed = tuple(words_in(parse(query.text, held=searcher.held).tree))
    text = without_open_quotes(query.text, typed)
    for word in typed:
        read: dict[str, str] = {}
        correction(word.text, indexed=searcher.is_indexed, held=searcher.is_held, read=read)
        for misspelt, name in read.items():
            yield added_chip(correction_notice(misspelt, name), address, as_typed(text, (word,)))
    for named, left_out in names_in(question.tree):
        if notice := notice_of(named, left_out=left_out):
            yield added_chip(notice, address, as_typed(text, words_of(named, typed)))


def added_chip(text: str, address: Address, query: str | None) -> Chip:
    """The chip of what was added; without it that query is asked."""
    without = None if query is None else address.setting("query", query)
    return Chip(text, f"Only as typed: {text}", without, added=True)


def words_of(named: Named, typed: Sequence[Word]) -> Sequence[Word]:
    """The words of the question that the name was read from; those of a class were joined to one."""
    length = sum(word.text.count(" ") + 1 for word in named.words)
    first = next((at for at, word in enumerate(typed) if word.place == named.words[0].place), len(typed))
    return typed[first : first + length]


def without_open_quotes(text: str, typed: Sequence[Word]) -> str:
    """The question, as long as it was, without quotes that none closes: one more quote would."""
    for word in typed:
        if word.text[0] in QUOTES:
            text = f"{text[: word.place]} {text[word.place + 1 :]}"
    return text


def as_typed(text: str, words: Sequence[Word]) -> str | None:
    """The question with the words between quotes, in which no name is looked for; null where they are not in it."""
    for word in reversed(words):
        end = word.place + len(word.text)
        core = word.text.translate(UNQUOTED)
        if text[word.place : end].translate(UNQUOTED) != core:
            return None
        plural = PLURAL.match(text, end)
        text = f'{text[: word.place]}"{core.strip(EDGES + " ")}"{text[plural.end() if plural else end :]}'
    return text.strip() if words else None


def offers_of(searcher: Searcher, address: Address, query: Query, question: Question) -> Iterator[Offer]:
    """What is found without each filter, and last without all of them, where something is."""
    left = dict(left_without(searcher, query, question))
    every = left.pop("", 0)
    for name, items in left.items():
        if items:
            asked = " or ".join(address.values(name))
            yield Offer(f"{label_of(name)}: {asked}", items, address.without(name))
    if every and len(left) > 1:
        kept = (name for name, _ in address.parameters if name not in (*FIELD, *DAYS))
        yield Offer("all filters", every, address.at(address.path, only=kept).without("offset"))


def respelt(searcher: Searcher, query: Query, notices: Sequence[str]) -> str | None:
    """The question with the nearest word in place of each that no item has; null where no notice names one."""
    if not any(NEAREST in notice for notice in notices):
        return None
    text = query.text
    for word in reversed(tuple(words_in(parse(query.text, held=searcher.held).tree))):
        typed = word.text.strip(EDGES)
        # "treatmnt:mri" misspells a field, for which the nearest word is none.
        if ":" in typed:
            continue
        at = text.find(typed, word.place)
        if at >= 0 and not searcher.is_indexed(typed) and (near := nearest_word(word, searcher.engine)):
            text = f"{text[:at]}{near}{text[at + len(typed) :]}"
    return text if text != query.text else None
