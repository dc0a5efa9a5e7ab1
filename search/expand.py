"""Words that name a drug, a class or a treatment also find its other names; what was added or corrected is said."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import assert_never

from msgspec import structs

from imrsearch.schema.meaning import SHORTEST_TYPED, Meaning, longest_name, meaning_of, name_meant_by
from imrsearch.schema.vocabulary import JOINING_WORDS, WORD, folded
from imrsearch.search.language import (
    EDGES,
    All,
    AnyOf,
    Named,
    Near,
    Node,
    Not,
    Phrase,
    Prefix,
    Question,
    Within,
    Word,
)

# Names listed in a notice; the rest is counted.
LISTED = 6


def everywhere(_: str) -> bool:
    """Any word may be in the index, and any item may hold the name: nothing is known of it."""
    return True


def expand(
    question: Question, *, indexed: Callable[[str], bool] = everywhere, held: Callable[[str], bool] = everywhere
) -> Question:
    """The question with every name it holds unfolded: words outside quotes, negated ones too.

    indexed  some item or summary has the word; such a word is never a misspelt name
    held     some item's drug is what the name means, or of that class
    """
    read: dict[str, str] = {}
    tree = expanded(corrected(question.tree, partial(correction, indexed=indexed, held=held, read=read)))
    corrections = (correction_notice(typed, name) for typed, name in read.items())
    notices = (notice_of(named, left_out=left_out) for named, left_out in names_in(tree))
    said = dict.fromkeys((*corrections, *filter(None, notices)))
    return structs.replace(question, tree=tree, notices=(*question.notices, *said))


def corrected(node: Node, correct: Callable[[str], str]) -> Node:
    """The node with the text of each of its words corrected."""
    match node:
        case Word(text, place):
            return Word(correct(text), place)
        case Not(part):
            return Not(corrected(part, correct))
        case AnyOf(parts):
            return AnyOf(tuple(corrected(part, correct) for part in parts))
        case All(parts):
            return All(tuple(corrected(part, correct) for part in parts))
        case _:
            return node


def correction(text: str, *, indexed: Callable[[str], bool], held: Callable[[str], bool], read: dict[str, str]) -> str:
    """The text with misspelt names of drugs and classes as they are spelt; `read` keeps what was corrected."""

    def spelt(match: re.Match[str]) -> str:
        # Most words are in the index, and to look is quicker than to read the names.
        if len(match[0]) < SHORTEST_TYPED or indexed(match[0]):
            return match[0]
        name = name_meant_by(folded(match[0]), held=held)
        if name is None:
            return match[0]
        read[match[0]] = name
        return name

    return WORD.sub(spelt, text)


def expanded(node: Node) -> Node:
    """The node with names unfolded."""
    match node:
        case Word():
            return name_at((node,), 0)[0] or node
        case Not(part):
            return Not(expanded(part))
        case AnyOf(parts):
            return AnyOf(tuple(map(expanded, parts)))
        case All(parts):
            unfolded = tuple(unfold(parts))
            return unfolded[0] if len(unfolded) == 1 else All(unfolded)
        case Phrase() | Prefix() | Near() | Within() | Named():
            return node
        case _:
            assert_never(node)


def unfold(parts: Sequence[Node]) -> Iterator[Node]:
    """The parts in order; of words side by side the longest name first."""
    start = 0
    while start < len(parts):
        named, length = name_at(parts, start)
        part = parts[start]
        yield named or (part if isinstance(part, Word) else expanded(part))
        start += length


def name_at(parts: Sequence[Node], start: int) -> tuple[Named | None, int]:
    """The longest name that begins at `start`, and how many parts it is.

    The words of a class stand side by side: "topical" and "NSAIDs" apart are no topical NSAID.
    """
    words: list[Word] = []
    for part in parts[start : start + longest_name()]:
        if not isinstance(part, Word):
            break
        words.append(part)
    while words:
        typed = " ".join(word.text for word in words)
        # "norco and percocet": the word between two names is of neither.
        joins = JOINING_WORDS.intersection((folded(words[0].text), folded(words[-1].text)))
        if not joins and (meaning := meaning_of(typed)):
            together = meaning.field == "drug_class"
            return Named((Word(typed, words[0].place),) if together else tuple(words), meaning), len(words)
        words.pop()
    return None, 1


def names_in(node: Node, *, left_out: bool = False) -> Iterator[tuple[Named, bool]]:
    """Every name in the tree, and whether items that have it are left out."""
    match node:
        case Named():
            yield node, left_out
        case Not(part):
            yield from names_in(part, left_out=not left_out)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from names_in(part, left_out=left_out)
        case Word() | Phrase() | Prefix() | Near() | Within():
            return
        case _:
            assert_never(node)


def words_in(node: Node) -> Iterator[Word]:
    """Every word that stands by itself, negated ones too: those in which names are looked for."""
    match node:
        case Word():
            yield node
        case Not(part):
            yield from words_in(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from words_in(part)
        case _:
            return


def correction_notice(typed: str, name: str) -> str:
    """What a misspelt name was taken for."""
    return f"{typed}: read as {name}"


def notice_of(named: Named, *, left_out: bool) -> str:
    """What else is searched for, or left out, with a name; empty where it has no other name.

    Misspellings are searched for too, and not worth a word: `--explain` lists them.
    """
    asked = " ".join(word.text for word in named.words).strip(EDGES)
    meaning = named.meaning
    others = "; ".join(filter(None, (class_drugs(meaning), listed(meaning.names) or listed(meaning.misspelt))))
    return f"{asked}: also {'left out' if left_out else 'searched'} {others}" if others else ""


def class_drugs(meaning: Meaning) -> str:
    """The class and its drugs; empty where the name is none of a class."""
    if meaning.field != "drug_class":
        return ""
    drugs = f" ({listed(meaning.members)})" if meaning.members else ""
    return f"items whose drug is one of the {meaning.values[0]}{drugs}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
