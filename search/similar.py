"""The items most like an item or a draft, a few of each outcome, and of each why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from imrsearch.schema.derive.sameness import Treatment, treatment_of
from imrsearch.schema.documents import terms_in
from imrsearch.schema.drafts import Draft
from imrsearch.schema.errors import UsageError
from imrsearch.schema.records import OUTCOMES, Item, Letter
from imrsearch.search.alike import Weights, common_runs, shared_share
from imrsearch.search.candidates import (
    Candidate,
    Telling,
    candidates_of,
    likeness_query,
    of_outcome,
    outside_of,
    telling_words,
)
from imrsearch.search.engine import Engine
from imrsearch.search.explain import Clock
from imrsearch.search.families import family_at
from imrsearch.search.marks import Pattern, Wanted
from imrsearch.search.query import SIMILAR
from imrsearch.search.results import SCHEMA_VERSION, Hit, IndexFigures
from imrsearch.search.searcher import Searcher, hit_of
from imrsearch.search.subject import Subject, sections_of, subject_of_draft, subject_of_items

# What is less similar shares no more than any two items do.
LEAST = 0.1
# Candidates of each outcome that are compared.
MOST_CANDIDATES = 50
# Outcomes that are shown; the letters' own other words follow the two.
MOST_OUTCOMES = 6
# What each likeness adds to the similarity; all together 1.
WORDS, RUNS, TREATMENT, SECTION, BODY_PART, AGE = 0.25, 0.25, 0.3, 0.1, 0.07, 0.03
# A drug of the same class is half the same treatment; one that a draft merely names a sixth.
SAME_CLASS, MENTIONED = 0.5, 0.17
# How many of the first candidates say which treatment a draft that names none may be about.
AGREEING = 30
# Ages so many years apart are alike.
AGE_BAND = 5
# Any two texts on one treatment share some runs.
LEAST_TEXT = 0.05
# Shared words that are told of a hit, of those that tell most.
MOST_SHARED_WORDS, WORDS_LOOKED_FOR = 5, 12


# An item with its similarity.
Ranked = tuple[float, Candidate]


class Reason(Struct, frozen=True):
    """What an item shares with what was asked for.

    what    "drug", "drug_class", "subcategory", "section", "body_part", "age", "sex", "text" or "words"
    values  what is shared, as the item has it; of the text how many of its five-word runs in a hundred
    """

    what: str
    values: tuple[str | int, ...]


class SimilarHit(Hit, frozen=True, kw_only=True):
    """One disputed item, as a search shows it, with what makes it similar.

    similarity  from 0 to 1
    why         what is shared, the weightiest first
    """

    similarity: float
    why: tuple[Reason, ...]


class About(Struct, frozen=True):
    """What was asked for: an item, with its treatment and outcome; a draft, by its kind and how it was read; a query.

    treatments  what is taken to be in dispute
    """

    id: str | None = None
    treatment: str | None = None
    outcome: str | None = None
    draft: str | None = None
    read_as: str | None = None
    query: str | None = None
    treatments: tuple[Treatment, ...] = ()


class Asked(Struct, frozen=True):
    """What is looked for, how it is told, and how it was read.

    own       the letter of the item asked for, with that item only; null where it is a draft
    siblings  how many other items that letter has
    """

    subject: Subject
    about: About
    notices: tuple[str, ...]
    own: Letter | None = None
    siblings: int = 0


class Similar(Struct, frozen=True, kw_only=True):
    """The items most like what was asked for.

    outcomes    ids of the hits of each outcome
    candidates  how many items were compared
    engine_ms   what of `took_ms` the engine took
    hits        of all outcomes, the most similar first
    """

    schema_version: int = SCHEMA_VERSION
    about: About
    index: IndexFigures
    candidates: int
    returned: int
    took_ms: float
    engine_ms: float
    notices: tuple[str, ...]
    outcomes: dict[str, tuple[str, ...]]
    hits: tuple[SimilarHit, ...]


def similar(searcher: Searcher, asked: str | Draft, *, limit: int = SIMILAR) -> Similar:
    """Up to `limit` items of each outcome that are most like an item, by its id, or a draft; one of each family."""
    if limit < 1:
        raise UsageError("limit counts from 1", hint="--limit 5")
    clock = Clock()
    sought = asked_for(searcher, asked)
    subject, notices = sought.subject, sought.notices
    if sought.siblings:
        notices += ("other items of its own letter are left out: they share its summary",)
    clock.lap("asked", subject)
    told = clock.lap("words", telling_words(subject, searcher.engine, items=searcher.manifest.items))
    found = found_by(searcher, subject, told, clock=clock)
    order = ranked(subject, found, searcher.engine)
    clock.lap("likeness", order)
    wanted = wanted_words(told)
    groups = {
        outcome: [
            similar_hit(subject, one, searcher.engine, told=told, wanted=wanted)
            for one in one_a_family(order, outcome, limit)
        ]
        for outcome in outcomes_of(searcher)
    }
    hits = sorted((hit for group in groups.values() for hit in group), key=lambda hit: (-hit.similarity, hit.id))
    clock.lap("hits", hits)
    return Similar(
        about=sought.about,
        index=searcher.figures,
        candidates=len(found),
        returned=len(hits),
        took_ms=clock.total_ms,
        engine_ms=clock.took_ms.get("engine", 0.0),
        notices=notices,
        outcomes={outcome: tuple(hit.id for hit in group) for outcome, group in groups.items()},
        hits=tuple(hits),
    )


def asked_for(searcher: Searcher, asked: str | Draft) -> Asked:
    """What is looked for, and sentences on how it was read."""
    if isinstance(asked, Draft):
        subject = subject_of_draft(asked)
        about = About(draft=asked.kind, read_as="letter" if asked.letter else "prose", treatments=subject.treatments)
        return Asked(subject, about, draft_notices(asked))
    shown = searcher.find(asked)
    item = shown.item or shown.letter.items[0]
    several = shown.item is None and len(shown.letter.items) > 1
    notices = (f"{item.id} is the first of the letter's {len(shown.letter.items)} items",) if several else ()
    subject = subject_of_items(shown.letter, (item,))
    about = About(id=item.id, treatment=item.treatment, outcome=item.outcome, treatments=subject.treatments)
    return Asked(subject, about, notices, structs.replace(shown.letter, items=(item,)), len(shown.letter.items) - 1)


def draft_notices(draft: Draft) -> tuple[str, ...]:
    """How a draft was read, without a word of it."""
    if draft.letter and len(draft.letter.items) > 1:
        return (f"the draft reads as a letter of {len(draft.letter.items)} items; they are looked for together",)
    return ()


def found_by(searcher: Searcher, subject: Subject, told: Telling, *, clock: Clock) -> list[Candidate]:
    """The candidates of every outcome, equally many of each where there are as many."""
    engine = searcher.engine
    query = likeness_query(subject, told, engine)
    if query is None:
        return []
    query = outside_of(query, subject.letter_id, engine)
    queries = [of_outcome(query, outcome, engine) for outcome in outcomes_of(searcher)]
    return candidates_of(queries, engine, most=MOST_CANDIDATES, clock=clock)


def outcomes_of(searcher: Searcher) -> tuple[str, ...]:
    """The outcomes that items of the index have."""
    held = [term for term, _ in searcher.engine.terms("outcome", "", limit=MOST_OUTCOMES)]
    return (*(name for name in OUTCOMES if name in held), *(name for name in sorted(held) if name not in OUTCOMES))


def ranked(subject: Subject, found: Sequence[Candidate], engine: Engine) -> list[Ranked]:
    """The candidates with their similarity, the most similar first."""
    weights = weights_of(subject, found, engine)
    agreed = agreement(found) if not subject.treatments else {}
    scored = []
    for one in found:
        item = one.item
        similarity = (
            WORDS * one.score
            + RUNS * weights.share(one.runs)
            + TREATMENT * treatment_share(subject, item, agreed)
            + SECTION * any(section in subject.sections for section in sections_of((item,)))
            + BODY_PART * any(part in subject.body_parts for part in item.body_parts)
            + AGE * same_age(subject, one)
        )
        if similarity >= LEAST:
            scored.append((round(similarity, 4), one))
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].item.id))


def weights_of(subject: Subject, found: Sequence[Candidate], engine: Engine) -> Weights:
    """What each run of the subject tells: little where many letters have the sentence, or many candidates the run."""
    common = common_runs(subject.texts.get("rationale", ""), engine.families.is_boilerplate)
    return Weights(subject.runs, (one.runs for one in found), common=common)


def agreement(found: Sequence[Candidate]) -> dict[tuple[str, str], float]:
    """For each treatment its share of the first candidates: a draft that names none may be about the most frequent."""
    first = sorted(found, key=lambda one: -one.score)[:AGREEING]
    held: dict[tuple[str, str], float] = defaultdict(float)
    for one in first:
        for key in keys_of(treatment_of(one.item)):
            held[key] += one.score
    whole = sum(one.score for one in first) or 1.0
    return {key: share / whole for key, share in held.items()}


def keys_of(treatment: Treatment) -> list[tuple[str, str]]:
    """What items are counted by: each drug, else all of the values."""
    if treatment.by == "drug":
        return [(treatment.by, name) for name in treatment.values]
    return [(treatment.by, " ".join(treatment.values))]


def treatment_share(subject: Subject, item: Item, agreed: Mapping[tuple[str, str], float]) -> float:
    """How much of the treatment is the same, from 0 to 1."""
    treatment = treatment_of(item)
    if not subject.treatments:
        likely = max((agreed.get(key, 0.0) for key in keys_of(treatment)), default=0.0)
        return max(likely, MENTIONED * any(name in subject.mentioned for name in item.drugs))
    share = max(overlap(one, treatment) for one in subject.treatments)
    return share or SAME_CLASS * any(name in subject.drug_classes for name in item.drug_classes)


def overlap(one: Treatment, other: Treatment) -> float:
    """What two treatments have in common, of all that they name; drugs one by one."""
    if one.by != other.by or not one.values:
        return 0.0
    if one.by != "drug":
        return float(one.values == other.values)
    return len({*one.values} & {*other.values}) / len({*one.values, *other.values})


def same_age(subject: Subject, one: Candidate) -> bool:
    """Both texts give an age, and those are near each other."""
    age = one.letter.patient_age
    return subject.age is not None and age is not None and abs(subject.age - age) <= AGE_BAND


def one_a_family(order: Iterable[Ranked], outcome: str, limit: int) -> list[Ranked]:
    """The first items of the outcome, of each family one."""
    firsts: list[Ranked] = []
    families: set[int] = set()
    for similarity, one in order:
        if one.item.outcome != outcome or one.family in families:
            continue
        if len(firsts) == limit:
            break
        firsts.append((similarity, one))
        if one.family:
            families.add(one.family)
    return firsts


def similar_hit(
    subject: Subject, found: Ranked, engine: Engine, *, told: Telling, wanted: Sequence[Wanted]
) -> SimilarHit:
    """What is shown of a candidate."""
    similarity, one = found
    hit = hit_of(one.letter, wanted, score=one.score, family=family_at(engine, one.row))
    return SimilarHit(**structs.asdict(hit), similarity=similarity, why=tuple(reasons(subject, one, told)))


def wanted_words(told: Telling) -> tuple[Wanted, ...]:
    """The words that are marked in a hit: those of the reasons that tell most."""
    first = list(told.words.get("rationale", {}))[:WORDS_LOOKED_FOR]
    return tuple(Wanted(Pattern((term,)), part) for part, term in enumerate(first))


def reasons(subject: Subject, one: Candidate, told: Telling) -> Iterator[Reason]:
    """What the item shares with the subject: only what both texts say."""
    item = one.item
    if (same := shared_share(subject.runs, one.runs)) >= LEAST_TEXT:
        yield Reason("text", (round(100 * same),))
    drugs = {name for treatment in subject.treatments if treatment.by == "drug" for name in treatment.values}
    both = [name for name in item.drugs if name in drugs or name in subject.mentioned]
    classes = [] if both else [name for name in item.drug_classes if name in subject.drug_classes]
    categories = [treatment.values for treatment in subject.treatments]
    shared: dict[str, Sequence[str]] = {
        "drug": both,
        "drug_class": classes,
        "subcategory": [item.subcategory or ""] if (item.category, item.subcategory) in categories else [],
        "section": [section for section in sections_of((item,)) if section in subject.sections],
        "body_part": [part for part in item.body_parts if part in subject.body_parts],
        "words": shared_words(one, told),
    }
    yield from (Reason(what, tuple(values)) for what, values in shared.items() if values)
    if same_age(subject, one) and one.letter.patient_age:
        yield Reason("age", (one.letter.patient_age,))


def shared_words(one: Candidate, told: Telling) -> list[str]:
    """The words that tell most of the subject and stand in the item's heading, its reasons or its summary too."""
    held = {term for text in (one.item.treatment, one.item.rationale, one.letter.summary) for term in terms_in(text)}
    return [word for term, word in told.spoken.items() if term in held][:MOST_SHARED_WORDS]
