"""What is searched instead where no item has all the words: summaries, then most of the words. Knows no engine.

A letter's summary may have the words that its items do not. Else any of the words may be the one too many, so that
items with any of the largest number of them are shown, and the score puts those with the rarest words first: to leave
out the rarest word would leave out the one that says most.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from msgspec import structs

from imrsearch.schema.fields import CONTEXTS
from imrsearch.search.context import is_loose, loosened
from imrsearch.search.language import EDGES, All, AnyOf, Named, Node, Question, Within, Word, nears_in, scores, written

# From so many words combinations are made; of a longer question those in fewest items are dropped first.
MOST_COMBINED = 7
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# They stand between words that say something.
SMALL_WORDS = frozenset(
    "a about an and are as at be been by does for from had has have if in into is it its no not of on or so that the "
    "their there this to was were what when which who will with".split()
)

# How many items a node finds.
Count = Callable[[Node], int]


def widened(question: Question, *, anywhere: Count, left: Count) -> Question | None:
    """The question with fewer of its words, or null where that finds nothing, or where only the filters do not.

    anywhere  items in the whole index
    left      those that the filters and days leave
    """
    # To look for nearness in many choices of words takes too long.
    if not isinstance(question.tree, All | Word) or any(nears_in(question.tree)) or anywhere(question.tree):
        return None
    if (elsewhere := in_summaries(question.tree)) and left(elsewhere):
        notice = f"no item has {said(question.tree)}; showing items whose letter has it in its summary"
        return structs.replace(question, tree=elsewhere, notices=(*question.notices, notice))
    if isinstance(question.tree, Word):
        return None
    parts = {written(part): part for part in question.tree.parts}.values()
    asked = [part for part in parts if isinstance(part, Word | Named)]
    kept = [part for part in parts if part not in asked]
    # "or", "the": what joins words is dropped first, and is none of those that are counted.
    asked = [part for part in asked if not is_small(part)] or asked
    names = [part for part in asked if is_name(part)]
    found = {part: count for part in asked if (count := anywhere(part))}
    # A name of a drug or treatment is dropped only where no choice of the other words helps.
    for firm in (names, []) if names and all(name in found for name in names) else ([],):
        loose = [part for part in asked if part in found and part not in firm]
        loose = sorted(sorted(loose, key=lambda part: -found[part])[:MOST_COMBINED], key=asked.index)
        for number in range(min(len(loose), len(asked) - len(firm) - 1), -1, -1):
            # A drug or treatment alone still answers, or what is not dropped; of other words half must be there.
            if not firm and not (number == 0 and any(map(scores, kept))) and (2 * number < len(asked) or not number):
                break
            choices = [choice for choice in combinations(loose, number) if left(together((*kept, *firm, *choice)))]
            if choices:
                notice = notice_of(asked, number + len(firm))
                tree = together((*kept, *firm, *either(choices)))
                return structs.replace(question, tree=tree, notices=(*question.notices, notice))
    return None


def in_summaries(tree: All | Word) -> Node | None:
    """The tree where plain words may all be in the summary; null where it has none."""
    group = loosened(tree if isinstance(tree, All) else All((tree,)))
    if not any(map(is_loose, group.parts)):
        return None
    return together([AnyOf((part, *contexts_of(part))) if is_loose(part) else part for part in group.parts])


def contexts_of(word: Node) -> Iterator[Within]:
    """The word in each field that tells of the patient."""
    if isinstance(word, Word):
        yield from (Within(name, word.text.strip(EDGES), place=word.place) for name in CONTEXTS)


def is_small(part: Node) -> bool:
    """A word that says nothing by itself."""
    return isinstance(part, Word) and part.text.strip(EDGES).lower() in SMALL_WORDS


def is_name(part: Node) -> bool:
    """A drug, a class of drugs or a treatment; not a mere abbreviation."""
    return isinstance(part, Named) and part.meaning.field != "abbreviation"


def together(parts: Sequence[Node]) -> Node:
    """Items that every part finds."""
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def either(choices: Sequence[tuple[Node, ...]]) -> Iterator[Node]:
    """Items that have every part of one of the choices."""
    if len(choices) == 1:
        yield from choices[0]
    else:
        yield AnyOf(tuple(map(together, choices)))


def notice_of(asked: Sequence[Word | Named], number: int) -> str:
    """What was relaxed."""
    words = said(All(tuple(asked)))
    if not number:
        return f"no item has {words} as well; showing items without"
    return f"no item has {words}; showing items with {in_words(number)} of the {in_words(len(asked))}"


def said(tree: All | Word) -> str:
    """The words of the question as typed: "x", or all of "x y"."""
    parts = tree.parts if isinstance(tree, All) else (tree,)
    asked = [part for part in parts if isinstance(part, Word | Named)]
    words = [word.text.strip(EDGES) for part in asked for word in (part.words if isinstance(part, Named) else (part,))]
    return f'{"all of " if len(words) > 1 else ""}"{" ".join(words)}"'


def in_words(number: int) -> str:
    """ "two" of 2."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)
