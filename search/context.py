"""Which words of a question may stand in the letter's summary, where the item itself has another one. Knows no engine.

A summary tells of the patient, and all items of the letter share it. So it may supply what goes with a treatment ("low
back", "insomnia"), and never the treatment: names of drugs and treatments, numbers, and the words beside a number ("4
weeks") must match in the item itself. Quotes and NOT look at the item only.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import structs

from imrsearch.schema.meaning import places_of_names
from imrsearch.schema.vocabulary import words_of
from imrsearch.search.language import All, AnyOf, Named, Near, Node, Phrase, Prefix, Question, Word


def with_context(question: Question) -> Question:
    """The question in which words that may stand in the summary are loose."""
    tree = question.tree
    return structs.replace(question, tree=loosened(tree) if isinstance(tree, All | AnyOf) else tree)


def loosened(group: All | AnyOf, *, inside: bool = False) -> All | AnyOf:
    """The group with its words loose, of alternatives only those `inside` a group that must all be found."""
    inside = inside or isinstance(group, All)
    parts: list[Node] = []
    for are_words, run in groupby(group.parts, key=lambda part: isinstance(part, Word)):
        if are_words and inside:
            parts += loosened_words([part for part in run if isinstance(part, Word)])
        else:
            parts += (loosened(part, inside=inside) if isinstance(part, All | AnyOf) else part for part in run)
    return structs.replace(group, parts=tuple(parts))


def loosened_words(words: Sequence[Word]) -> Iterator[Word]:
    """Words side by side; those that say what must be in the item stay as they are."""
    numbers = [any(character.isdigit() for character in word.text) for word in words]
    numbered = {place for place in range(len(words)) if any(numbers[max(place - 1, 0) : place + 2])}
    owners = [(owner, word) for owner, typed in enumerate(words) for word in words_of(typed.text)]
    # The tables of names are slow to read the first time.
    named = places_of_names([word for _, word in owners]) if len(numbered) < len(words) else ()
    firm = numbered.union(owners[place][0] for place in named)
    for place, word in enumerate(words):
        yield word if place in firm else structs.replace(word, loose=True)


def is_loose(node: Node) -> bool:
    """A word that may stand in the summary."""
    return isinstance(node, Word) and node.loose


def is_in_item(node: Node) -> bool:
    """What the node finds by itself has a word of it in the item, not only a value or what it lacks."""
    match node:
        case Word() | Named() | Phrase() | Prefix() | Near():
            return True
        case All(parts):
            return any(map(is_in_item, parts))
        case AnyOf(parts):
            return bool(parts) and all(map(is_in_item, parts))
        case _:
            return False


def anchor_of(parts: Iterable[Node]) -> Node | None:
    """The part, if there is one, that must be in the item, so that loose words may be in the summary."""
    firm = [part for part in parts if is_in_item(part) and not is_loose(part)]
    return next((part for part in firm if not isinstance(part, All | AnyOf)), firm[0] if firm else None)
