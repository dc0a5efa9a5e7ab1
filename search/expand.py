"""Words that name a drug or a class also find its other names; what was added is said."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from msgspec import structs

from imrsearch.schema.vocabulary import Meaning, longest_name, meaning_of
from imrsearch.search.language import EDGES, All, AnyOf, Named, Node, Not, Phrase, Question, Within, Word

# Names listed in a notice; the rest is counted.
LISTED = 6


def expand(question: Question) -> Question:
    """The question with every name it holds unfolded: words outside quotes, negated ones too."""
    tree = expanded(question.tree)
    notices = (notice_of(named, left_out=left_out) for named, left_out in names_in(tree))
    return structs.replace(question, tree=tree, notices=(*question.notices, *dict.fromkeys(filter(None, notices))))


def expanded(node: Node) -> Node:
    """The node with names unfolded."""
    match node:
        case Word():
            return name_at((node,), 0) or node
        case Not(part):
            return Not(expanded(part))
        case AnyOf(parts):
            return AnyOf(tuple(map(expanded, parts)))
        case All(parts):
            unfolded = tuple(unfold(parts))
            return unfolded[0] if len(unfolded) == 1 else All(unfolded)
        case Phrase() | Within() | Named():
            return node
        case _:
            assert_never(node)


def unfold(parts: Sequence[Node]) -> Iterator[Node]:
    """The parts in order; of words side by side the longest name first."""
    start = 0
    while start < len(parts):
        named = name_at(parts, start)
        part = parts[start]
        yield named or (part if isinstance(part, Word) else expanded(part))
        start += len(named.words) if named else 1


def name_at(parts: Sequence[Node], start: int) -> Named | None:
    """The longest name that begins at `start`."""
    words: list[Word] = []
    for part in parts[start : start + longest_name()]:
        if not isinstance(part, Word):
            break
        words.append(part)
    while words:
        meaning = meaning_of(" ".join(word.text for word in words))
        if meaning:
            return Named(tuple(words), meaning)
        words.pop()
    return None


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
        case Word() | Phrase() | Within():
            return
        case _:
            assert_never(node)


def notice_of(named: Named, *, left_out: bool) -> str:
    """What else is searched for, or left out, with a name; empty where it has no other name."""
    asked = " ".join(word.text for word in named.words).strip(EDGES)
    others = listed(named.meaning.names) if named.meaning.field == "drug" else class_drugs(named.meaning)
    return f"{asked}: also {'left out' if left_out else 'searched'} {others}" if others else ""


def class_drugs(meaning: Meaning) -> str:
    """The class and its drugs."""
    drugs = f" ({listed(meaning.names)})" if meaning.names else ""
    return f"items whose drug is one of the {meaning.values[0]}{drugs}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
