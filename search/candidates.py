"""The items that may be like a subject: asked of the engine by the words that tell most, and by shared facts."""

import math
from collections import Counter
from collections.abc import Iterable

import tantivy
from msgspec import Struct

from imrsearch.schema.derive.sameness import COMPANIONS, Treatment, partners
from imrsearch.schema.documents import places_in, words_field
from imrsearch.schema.fields import FIELD
from imrsearch.schema.records import Item, Letter
from imrsearch.search.alike import Runs, runs_of
from imrsearch.search.compile import all_of, any_of, boosted, unscored, value_query, weighted
from imrsearch.search.engine import Engine
from imrsearch.search.explain import Clock
from imrsearch.search.subject import Subject

# How many words of a text are looked for in a field, those that tell most, and their weight there.
MOST_WORDS = {"treatment": 8, "rationale": 40, "summary": 30}
FIELD_WEIGHT = {"treatment": 1.5, "rationale": 1.0, "summary": 0.6}
# A word of so many letters or fewer tells nothing.
SHORT = 2
# Words that only hold sentences together, or that every letter has.
JOINING = frozenset(
    "about above after again all also although and any are because been before being below between both but can could"
    " did does during each either every for from had has have having her here hers him his how however if into its"
    " itself may might more most much must neither nor not of off once only other our out over own same shall she"
    " should since some such than that the their them then there therefore these they this those through thus too"
    " under until upon very was were what when where whether which while who whom whose why will with within without"
    " would yet you your year years old patient claimant employee worker injured injury date request requested"
    " requests medical medically necessary necessity recommended recommend guidelines guideline mtus".split()
)
# A rare word that tells as much as most; it has the plain weight.
USUAL_WORTH = 5.0
# The weight of shared facts, where some thirty shared words have 1 to 8 each.
SAME_TREATMENT, SAME_SECTION, SAME_BODY_PART, MENTIONED = 60.0, 15.0, 15.0, 8.0


class Candidate(Struct, frozen=True):
    """An item that may be like the subject.

    letter  with that item only
    score   the engine's, of the best one's: up to 1
    runs    of its rationale
    row     its number in the index
    family  the number of its family; 0 where it is like no other
    """

    letter: Letter
    score: float
    runs: Runs
    row: int
    family: int

    @property
    def item(self) -> Item:
        """The letter's one item."""
        return self.letter.items[0]


class Telling(Struct, frozen=True):
    """The words of a subject that tell most of it.

    words   for each field in which they are looked for their stems, each with how much it tells
    spoken  each stem as the subject writes it, the most telling first
    """

    words: dict[str, dict[str, float]]
    spoken: dict[str, str]


def telling_words(subject: Subject, engine: Engine, *, items: int) -> Telling:
    """The rarest words of the subject, the more often said the better."""
    told: dict[str, dict[str, float]] = {}
    standing = {text: places_in(text) for text in dict.fromkeys(subject.texts.values())}
    # Signs are indexed as words, too, and tell nothing.
    counted = {
        text: Counter(term for term, start, end in places if tells(text[start:end]))
        for text, places in standing.items()
    }
    for name, text in subject.texts.items():
        field = words_field(FIELD[name])
        counts = counted[text].items()
        worths = ((worth_of(engine.held(field, term), count, items=items), term) for term, count in counts)
        best = sorted(((worth, term) for worth, term in worths if worth), reverse=True)
        told[name] = {term: worth for worth, term in best[: MOST_WORDS[name]]}
    worth = {term: worth for words in told.values() for term, worth in words.items()}
    spoken = {
        term: text[start:end].lower()
        for text, places in standing.items()
        for term, start, end in places
        if term in worth
    }
    return Telling(told, {term: spoken[term] for term in sorted(spoken, key=lambda term: (-worth[term], term))})


def tells(word: str) -> bool:
    """The word is longer than a syllable, and not one that every text has."""
    return len(word) > SHORT and word.isalpha() and word.lower() not in JOINING


def worth_of(held: int, count: int, *, items: int) -> float:
    """What a word tells that so many of the items have, and that the text says so often; 0 where none has it."""
    return math.log(1 + items / held) * (1 + math.log(count)) if held else 0.0


def likeness_query(subject: Subject, told: Telling, engine: Engine) -> tantivy.Query | None:
    """The items that share words or facts with the subject, by how many and which; None where it has none."""
    asked = [
        boosted(engine.term(words_field(FIELD[name]), term), FIELD_WEIGHT[name] * worth / USUAL_WORTH)
        for name, words in told.words.items()
        for term, worth in words.items()
    ]
    asked += [weighted(treatment_query(one, engine), SAME_TREATMENT) for one in subject.treatments if one.values]
    facts = (("section", subject.sections, SAME_SECTION), ("body_part", subject.body_parts, SAME_BODY_PART),
             ("drug", subject.mentioned, MENTIONED))  # fmt: skip
    asked += [
        weighted(value_query(FIELD[name], value, engine=engine), weight) for name, values, weight in facts
        for value in values
    ]  # fmt: skip
    return any_of(asked) if asked else None


def treatment_query(treatment: Treatment, engine: Engine) -> tantivy.Query:
    """The items that dispute the treatment."""
    match treatment.by:
        case "drug":
            found = any_of(value_query(FIELD["drug"], name, engine=engine) for name in treatment.values)
            if not COMPANIONS.issuperset(treatment.values):
                return found
            # Tylenol alone is not what all combinations with acetaminophen are.
            others = [value_query(FIELD["drug"], name, engine=engine) for name in sorted(partners())]
            return found.and_must_not_match(*others)
        case "subcategory":
            named = zip(("category", "subcategory"), treatment.values, strict=True)
            return all_of(value_query(FIELD[name], value, engine=engine) for name, value in named)
        case _:
            field = words_field(FIELD["treatment"])
            return all_of(engine.term(field, term) for term in treatment.values)


def of_outcome(query: tantivy.Query, outcome: str, engine: Engine) -> tantivy.Query:
    """What the query finds, of one outcome."""
    return all_of((query, unscored(value_query(FIELD["outcome"], outcome, engine=engine))))


def outside_of(query: tantivy.Query, letter_id: str | None, engine: Engine) -> tantivy.Query:
    """What the query finds, without the items of that letter."""
    if letter_id is None:
        return query
    return query.and_must_not_match(value_query(FIELD["letter_id"], letter_id, engine=engine))


def candidate_of(letter: Letter, row: int, engine: Engine, *, score: float = 1.0) -> Candidate:
    """The letter's one item, of that row."""
    return Candidate(letter, score, runs_of(letter.items[0].rationale), row, engine.families.of(row))


def candidates_of(queries: Iterable[tantivy.Query], engine: Engine, *, most: int, clock: Clock) -> list[Candidate]:
    """The first items of each query, each item once, the best first."""
    scores: dict[tuple[int, int], float] = {}
    addresses = {}
    for query in queries:
        for score, address in engine.best(query, most):
            place = (address.segment_ord, address.doc)
            addresses[place] = address
            scores[place] = max(scores.get(place, 0.0), score)
    clock.lap("engine", scores)
    letters = clock.lap("letters", engine.letters(list(addresses.values())))
    rows = engine.rows(list(addresses.values()))
    best = max(scores.values(), default=0.0) or 1.0
    found = [
        candidate_of(letter, row, engine, score=scores[place] / best)
        for place, letter, row in zip(addresses, letters, rows, strict=True)
    ]
    return clock.lap("runs", sorted(found, key=lambda one: (-one.score, one.item.id)))
