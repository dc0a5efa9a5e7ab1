"""How an answer came about: the question as understood, where the time went, and one score in its parts."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from math import isclose
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from imrsearch.search.language import EDGES, All, AnyOf, Named, Node, Not, Word, written

Value = TypeVar("Value")

# The engine names a term so: `Term(field=3, type=Str, "klonopin")`.
TERM = re.compile(r"Term=Term\(field=(\d+), type=\w+, (.*)\)")
# "Boost x3 of ...".
BOOST = re.compile(r"Boost x(\S+) of")
# Scores are the engine's 32-bit numbers.
PRECISION = 1e-4
# What the tree's leaves are to people; the other kinds are called what they are.
KINDS = {"within": "field", "prefix": "words beginning"}
# Filters and values say nothing of how well an item fits.
CONDITION = "conditions only"


class Clock:
    """Milliseconds of each step of a search; a step may be taken several times."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self.last = time.perf_counter()

    def lap(self, step: str, value: Value) -> Value:
        """The value, whose making took the time since the last step."""
        now = time.perf_counter()
        self.steps[step] = self.steps.get(step, 0.0) + (now - self.last) * 1000
        self.last = now
        return value

    @property
    def total_ms(self) -> float:
        """All steps together."""
        return round(sum(self.steps.values()), 2)

    @property
    def took_ms(self) -> dict[str, float]:
        """The steps in the order of the search."""
        return {step: round(spent, 3) for step, spent in self.steps.items()}


class Part(Struct, frozen=True, omit_defaults=True):
    """A score, or a part of one.

    what     "treatment:klonopin, weight 3"
    formula  how the engine came to it
    """

    score: float
    what: str
    formula: str = ""
    parts: tuple["Part", ...] = ()


class Explanation(Struct, frozen=True, kw_only=True):
    """How an answer came about.

    tree        the question as it ran, a line a node, set in by two spaces a level
    syntax      what was noticed in reading the text
    readings    values read as others
    expansions  names that are also searched, and corrected ones
    relaxed     what was left out, as no item has all that was asked for
    filters     each filter as it ran
    took_ms     milliseconds of each step, in order
    id          the item whose score is explained; null where there is none
    score       null where the item is not found by the question
    """

    query_as_run: str
    tree: tuple[str, ...]
    syntax: tuple[str, ...]
    readings: tuple[str, ...]
    expansions: tuple[str, ...]
    relaxed: tuple[str, ...]
    filters: dict[str, str]
    took_ms: dict[str, float]
    total_ms: float
    id: str | None
    score: Part | None


def tree_lines(node: Node, depth: int = 0, *, inside: bool = False) -> Iterator[str]:
    """The tree in words; a loose word is said to be so `inside` what must all be found."""
    margin = "  " * depth
    below: tuple[Node, ...] = ()
    match node:
        case All(parts) | AnyOf(parts):
            both = ("all of", "everything") if isinstance(node, All) else ("any of", "nothing")
            yield margin + both[not parts]
            below = parts
        case Not(part):
            yield f"{margin}not"
            below = (part,)
        case Named(words, meaning):
            yield f"{margin}name {' '.join(word.text for word in words).strip(EDGES)}"
            if meaning.values:
                yield f"{margin}  {meaning.field.replace('_', '-')}: {' and '.join(meaning.values)}"
            if meaning.spelled:
                yield f"{margin}  also {', '.join(meaning.spelled)}"
        case _:
            kind = type(node).__name__.lower()
            loose = ", the summary counts too" if inside and isinstance(node, Word) and node.loose else ""
            yield f"{margin}{KINDS.get(kind, kind)} {written(node)}{loose}"
    for part in below:
        yield from tree_lines(part, depth + 1, inside=inside or isinstance(node, All))


# What the engine tells of a score is JSON, nested as its queries are.
def part_of(told: Mapping[str, Any], names: Mapping[int, str]) -> Part:
    """The engine's account of a score in our words; `names` are the fields' by the engine's numbers."""
    score, what = told["value"], str(told["description"])
    if what.startswith("TermQuery"):
        return Part(score, term_of(told.get("context") or (), names), formula_of(told["details"]))
    # The engine looks for beginnings with an automaton.
    if what == "AutomatonScorer":
        return Part(score, "one of several words")
    if what == "Const":
        return Part(score, "a fixed weight" if score else CONDITION)
    told_parts = (part_of(each, names) for each in told.get("details") or ())
    parts = tuple(part for part in told_parts if part.score)
    if len(parts) == 1 and (boost := BOOST.match(what)):
        return msgspec.structs.replace(parts[0], score=score, what=f"{parts[0].what}, weight {boost[1]}")
    if len(parts) == 1:
        return msgspec.structs.replace(parts[0], score=score)
    if not parts:
        return Part(score, CONDITION if not score else what.rstrip(" ."))
    return Part(score, joined(score, parts) if what.startswith("BooleanClause") else what.rstrip(" ."), "", parts)


def joined(score: float, parts: tuple[Part, ...]) -> str:
    """How the parts make the score: the engine tells the same of a sum and of a choice."""
    scores = [part.score for part in parts]
    rest = sum(scores) - max(scores, default=0.0)
    if isclose(score, sum(scores), rel_tol=PRECISION, abs_tol=PRECISION):
        return "the sum of"
    share = (score - max(scores)) / rest if rest else 0.0
    return f"the best of these, and {share:.2g} of the others" if share > PRECISION else "the best of these"


def term_of(context: Iterable[str], names: Mapping[int, str]) -> str:
    """ "treatment:klonopin"; the engine does not tell the words of a phrase."""
    for line in context:
        if match := TERM.search(line):
            return f"{names.get(int(match[1]), f'field {match[1]}')}:{match[2].strip(chr(34))}"
    return "words side by side"


def formula_of(details: list[dict[str, Any]]) -> str:
    """BM25 in numbers: how rare the term is, times how often it stands in a text of that length."""
    factors = {each["description"].partition(",")[0].partition(" ")[0]: each for each in details}
    known = {
        inner["description"].partition(",")[0]: inner["value"]
        for each in details
        for inner in each.get("details") or ()
    }
    rare = f"idf {factors['idf']['value']:.4g}" if "idf" in factors else ""
    if "n" in known:
        rare += f" (in {known['n']:,.0f} of {known['N']:,.0f} items)"
    often = f"tf {factors['freq']['value']:.4g}" if "freq" in factors else ""
    if "freq" in known:
        often += f" ({known['freq']:g} among about {known['dl']:g} words, the mean is {known['avgdl']:.4g})"
    constant = f"{factors['(K1+1)']['value']:g}" if "(K1+1)" in factors else ""
    return " × ".join(filter(None, (constant, rare, often)))
