"""The nearest upheld and the nearest overturned items of one treatment, and the sentences that tell them apart."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, structs

from imrsearch.schema.derive.sameness import Treatment, treatment_of
from imrsearch.schema.drafts import Draft
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FIELD
from imrsearch.schema.records import OUTCOMES, Item, Letter
from imrsearch.search.alike import NEAR_TWIN, Sentence, compared, shared_share
from imrsearch.search.candidates import (
    Candidate,
    Telling,
    candidate_of,
    candidates_of,
    likeness_query,
    of_outcome,
    telling_words,
    treatment_query,
)
from imrsearch.search.compile import all_of, any_of, unscored
from imrsearch.search.engine import Engine
from imrsearch.search.explain import Clock
from imrsearch.search.marks import Wanted, wanted_in
from imrsearch.search.query import CONTRASTING, Query, checked
from imrsearch.search.results import SCHEMA_VERSION, IndexFigures
from imrsearch.search.searcher import Searcher
from imrsearch.search.similar import (
    AGREEING,
    About,
    Ranked,
    SimilarHit,
    asked_for,
    one_a_family,
    similar_hit,
    treatment_share,
    wanted_words,
    weights_of,
)
from imrsearch.search.subject import Subject

Side = Literal["upheld", "overturned"]
SIDES: tuple[Side, Side] = OUTCOMES
HEADING = "differences in text, not causes"
# Items of each side that are compared: of the treatment, and whatever their treatment.
MOST_CANDIDATES = 30
# Where so many of them are near twins there may be more: sentences that close hundreds of letters.
MANY_TWINS, MOST_TWINS = 20, 500
# The first hits of a query that say which treatment it is about.
BEST_HITS = 50
# What counts besides the text where two items are near: the treatment, and the words that tell most.
TEXT, TREATMENT, WORDS = 0.6, 0.25, 0.15
# A word that can only be an id that is not there.
LIKE_AN_ID = re.compile(r"CM\d\d-\d{5,8}(?::\d+)?", re.IGNORECASE)


class Pair(Struct, frozen=True, kw_only=True):
    """Two items of opposite outcomes, and the sentences of their rationales.

    here            id of the item asked for, else of the overturned one
    there           id of the other
    similarity      the five-word runs that both rationales have, of all that one of them has
    same_treatment  else only the texts are near twins
    shared          the sentences that both have, as `here` has them
    sentences       of both in their order; for people, not in the JSON
    """

    here: str
    there: str
    similarity: float
    same_treatment: bool
    shared: tuple[str, ...]
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    sentences: tuple[tuple[Sentence, ...], tuple[Sentence, ...]] | UnsetType = UNSET


class Contrast(Struct, frozen=True, kw_only=True):
    """The nearest items of both outcomes for one treatment, and how their reasons differ.

    heading     what the differences are, and what they are not
    treatment   the one that was taken; null where nothing says which
    counts      how many items of the treatment have each outcome, in all
    left_aside  how many of the best hits of a query, or of the items nearest to a draft, are of other treatments
    engine_ms   what of `took_ms` the engine took
    upheld      the nearest items, the item asked for first; `overturned` likewise
    pairs       of items shown, and the near twins behind them: the item asked for, or each overturned one, against
                its nearest
    """

    schema_version: int = SCHEMA_VERSION
    heading: str = HEADING
    about: About
    treatment: Treatment | None
    index: IndexFigures
    counts: dict[str, int]
    left_aside: int
    took_ms: float
    engine_ms: float
    notices: tuple[str, ...]
    upheld: tuple[SimilarHit, ...]
    overturned: tuple[SimilarHit, ...]
    pairs: tuple[Pair, ...]


class Found(Struct, frozen=True, kw_only=True):
    """The items to choose from.

    own      the item asked for, or null
    order    with how near each is, the nearest first
    wanted   what is marked in them
    """

    about: About
    subject: Subject
    told: Telling
    treatment: Treatment | None
    left_aside: int = 0
    own: Candidate | None = None
    order: list[Ranked]
    wanted: Sequence[Wanted]
    notices: tuple[str, ...] = ()


def contrast(searcher: Searcher, asked: str | Draft, *, limit: int = CONTRASTING) -> Contrast:
    """Up to `limit` items of each outcome nearest to an item, by its id, to a draft, or to what a query finds."""
    if limit < 1:
        raise UsageError("limit counts from 1", hint="--limit 3")
    if isinstance(asked, str) and not asked.strip():
        raise UsageError("nothing was asked for", hint="name an item or words: imrsearch contrast norco weaning")
    clock = Clock()
    if isinstance(asked, Draft) or is_id(searcher, asked):
        found = near_item(searcher, asked, clock)
    else:
        found = found_by_query(searcher, asked, clock)
    clock.lap("likeness", found)
    sides = {side: shown_on(side, found, limit) for side in SIDES}
    counts = clock.lap("engine", counts_of(searcher, found.treatment))
    pairs = tuple(pairs_of(found, sides))
    clock.lap("pairs", pairs)
    hits = {side: tuple(hit_on(found, one, searcher.engine) for one in ones) for side, ones in sides.items()}
    clock.lap("hits", hits)
    return Contrast(
        about=found.about,
        treatment=found.treatment,
        index=searcher.figures,
        counts=counts,
        left_aside=found.left_aside,
        took_ms=clock.total_ms,
        engine_ms=clock.took_ms.get("engine", 0.0),
        notices=(*found.notices, *fewer(hits)),
        upheld=hits["upheld"],
        overturned=hits["overturned"],
        pairs=pairs,
    )


def is_id(searcher: Searcher, asked: str) -> bool:
    """It is the id of an item or a letter; UsageError where it can only be an id and there is none such."""
    word = asked.strip()
    if not word or " " in word:
        return False
    if any(searcher.first_with(FIELD[name], word) for name in ("id", "letter_id")):
        return True
    if LIKE_AN_ID.fullmatch(word):
        searcher.find(word)
    return False


def near_item(searcher: Searcher, asked: str | Draft, clock: Clock) -> Found:
    """What is near an item or a draft. Items of the same letter count: only the item itself is no answer."""
    engine = searcher.engine
    sought = asked_for(searcher, asked)
    subject, about, notices = sought.subject, sought.about, sought.notices
    own = own_candidate(searcher, sought.own) if sought.own else None
    told = clock.lap("words", telling_words(subject, engine, items=searcher.manifest.items))
    by_text = likeness_query(structs.replace(subject, treatments=(), sections=(), body_parts=()), told, engine)
    by_all = likeness_query(subject, told, engine)
    if by_text is None or by_all is None:
        return Found(about=about, subject=subject, told=told, treatment=None, order=[], wanted=(), notices=notices)
    queries = [of_outcome(by_text, side, engine) for side in SIDES]
    nearest = [] if subject.treatments else candidates_of(queries, engine, most=MOST_CANDIDATES, clock=clock)
    treatment, left_aside, notice = treatment_taken(subject, nearest[:AGREEING])
    if treatment:
        subject = structs.replace(subject, treatments=(treatment,))
        same = unscored(treatment_query(treatment, engine))
        queries += [of_outcome(all_of((by_all, same)), side, engine) for side in SIDES]
    candidates = candidates_of(queries, engine, most=MOST_CANDIDATES, clock=clock)
    if own and sum(is_opposite_twin(own, one) for one in candidates) >= MANY_TWINS:
        others = [of_outcome(by_text, side, engine) for side in SIDES if side != own.item.outcome]
        known = {one.item.id for one in candidates}
        further = candidates_of(others, engine, most=MOST_TWINS, clock=clock)
        candidates += [one for one in further if one.item.id not in known]
    order = by_nearness(subject, [one for one in candidates if one.item.id != about.id], engine)
    return Found(
        about=about, subject=subject, told=told, treatment=treatment, left_aside=left_aside, own=own, order=order,
        wanted=wanted_words(told), notices=(*notices, *filter(None, [notice])),
    )  # fmt: skip


def treatment_taken(subject: Subject, nearest: Sequence[Candidate]) -> tuple[Treatment | None, int, str]:
    """The first treatment in dispute, else that of most of the nearest items; how many are of others; a notice."""
    if not subject.treatments:
        treatment, left_aside = most_shared([one.item for one in nearest])
        if treatment is None:
            return None, left_aside, "nothing says what is requested"
        shared = f"{len(nearest) - left_aside} of the {len(nearest)} nearest items"
        return (
            treatment,
            left_aside,
            f"nothing says what is requested; treatment taken: {name_of(treatment)}, as {shared}",
        )
    treatment = subject.treatments[0]
    several = len(subject.treatments)
    return treatment, 0, f"treatment taken: {name_of(treatment)}, the first of {several}" if several > 1 else ""


def own_candidate(searcher: Searcher, letter: Letter) -> Candidate:
    """The item asked for, with what the index knows of it."""
    [address] = filter(None, [searcher.first_with(FIELD["id"], letter.items[0].id)])
    [row] = searcher.engine.rows([address])
    return candidate_of(letter, row, searcher.engine)


def by_nearness(subject: Subject, candidates: Sequence[Candidate], engine: Engine) -> list[Ranked]:
    """The candidates of the treatment, or of a near one: first the near twins, then by text, treatment and words.

    Near twins of other treatments stay, too: whether a heading names the same treatment may be seen otherwise.
    """
    weights = weights_of(subject, candidates, engine)
    scored = []
    for one in candidates:
        treated = treatment_share(subject, one.item, {}) if subject.treatments else 1.0
        twin = shared_share(subject.runs, one.runs)
        if not treated and twin < NEAR_TWIN:
            continue
        text = weights.share(one.runs)
        nearness = round(TEXT * text + TREATMENT * treated + WORDS * one.score, 4)
        scored.append((-twin if twin >= NEAR_TWIN else 0.0, -nearness, one.item.id, one))
    return [(-nearness, one) for _, nearness, _, one in sorted(scored, key=lambda each: each[:3])]


def found_by_query(searcher: Searcher, text: str, clock: Clock) -> Found:
    """What a query finds of the treatment that most of its best hits share."""
    engine = searcher.engine
    query = checked(Query(text=text, limit=0, letters=False))
    answer = clock.lap("engine", searcher.answer(query, Clock()))
    best = engine.best(answer.found, BEST_HITS) if answer.results.total else []
    items = [letter.items[0] for letter in engine.letters([address for _, address in best])]
    clock.lap("letters", items)
    treatment, left_aside = most_shared(items)
    about = About(query=text, treatments=(treatment,) if treatment else ())
    subject = Subject(texts={}, runs=frozenset(), treatments=about.treatments)
    candidates: list[Candidate] = []
    notices = answer.results.notices
    if treatment and treatment.values:
        same = unscored(treatment_query(treatment, engine))
        # What the query finds comes first; where that is too little, other items of the treatment follow.
        queries = [of_outcome(all_of((any_of((answer.found, same)), same)), side, engine) for side in SIDES]
        candidates = candidates_of(queries, engine, most=MOST_CANDIDATES, clock=clock)
        shared = f"{len(items) - left_aside} of the {len(items)} best hits"
        aside = f"; {left_aside} of other treatments left aside" if left_aside else ""
        notices += (f"treatment taken: {name_of(treatment)}, shared by {shared}{aside}",)
    return Found(
        about=about, subject=subject, told=Telling({}, {}), treatment=treatment, left_aside=left_aside,
        order=[(round(one.score, 4), one) for one in candidates], wanted=wanted_in(answer.question.tree),
        notices=notices,
    )  # fmt: skip


def most_shared(items: Sequence[Item]) -> tuple[Treatment | None, int]:
    """The treatment that most of the items dispute, of several the first, and how many items dispute others."""
    held: Counter[Treatment] = Counter()
    for item in items:
        treatment = treatment_of(item)
        held.update(Treatment("drug", (name,)) for name in treatment.values if treatment.by == "drug")
        if treatment.by != "drug" and treatment.values:
            held[treatment] += 1
    if not held:
        return None, len(items)
    [(treatment, count)] = held.most_common(1)
    return treatment, len(items) - count


def name_of(treatment: Treatment | None) -> str:
    """The treatment for people: "tramadol", "Imaging / Radiology", the main words of a heading."""
    if treatment is None:
        return "none"
    return treatment.values[-1] if treatment.by == "subcategory" else ", ".join(treatment.values)


def counts_of(searcher: Searcher, treatment: Treatment | None) -> dict[str, int]:
    """How many items of the treatment have each outcome."""
    if not treatment or not treatment.values:
        return dict.fromkeys(SIDES, 0)
    asked = unscored(treatment_query(treatment, searcher.engine))
    return {side: searcher.engine.count(of_outcome(asked, side, searcher.engine)) for side in SIDES}


def shown_on(side: Side, found: Found, limit: int) -> list[Ranked]:
    """The nearest items of one outcome, one of each family; the item asked for stands first on its side."""
    treated = [(near, one) for near, one in found.order if is_treated(found, one)]
    if found.own and found.own.item.outcome == side:
        # Near twins come first where they were decided otherwise.
        treated.sort(key=lambda each: -each[0])
    own = [(1.0, found.own)] if found.own else []
    return one_a_family([*own, *treated], side, limit)


def is_treated(found: Found, one: Candidate) -> bool:
    """The item disputes the treatment, or a drug of its class."""
    return not found.subject.treatments or treatment_share(found.subject, one.item, {}) > 0


def hit_on(found: Found, one: Ranked, engine: Engine) -> SimilarHit:
    """What is shown of an item; the one asked for has nothing in common with itself to tell."""
    hit = similar_hit(found.subject, one, engine, told=found.told, wanted=found.wanted)
    return structs.replace(hit, why=()) if hit.id == found.about.id else hit


def pairs_of(found: Found, sides: Mapping[Side, Sequence[Ranked]]) -> Iterator[Pair]:
    """The item asked for against each of the other outcome, shown or near twin; each overturned against its nearest."""
    upheld, overturned = ([one for _, one in sides[side]] for side in SIDES)
    done: set[str] = set()
    if found.own:
        own = found.own
        shown = [one for one in (*overturned, *upheld) if one.item.outcome != own.item.outcome]
        twins = (one for _, one in found.order if is_opposite_twin(own, one))
        others = {one.item.id: one for one in (*shown, *twins)}
        for other in others.values():
            yield pair_of(own, other, same_treatment=is_treated(found, other))
            done.update((own.item.id, other.item.id))
    for one in overturned:
        if upheld and one.item.id not in done:
            nearest = max(upheld, key=lambda other: shared_share(one.runs, other.runs))
            yield pair_of(one, nearest, same_treatment=True)


def is_opposite_twin(one: Candidate, other: Candidate) -> bool:
    """The two have different outcomes, and rationales that are versions of one."""
    return one.item.outcome != other.item.outcome and shared_share(one.runs, other.runs) >= NEAR_TWIN


def pair_of(here: Candidate, there: Candidate, *, same_treatment: bool) -> Pair:
    """Two items, sentence by sentence."""
    ours, theirs = compared(here.item.rationale, there.item.rationale)
    return Pair(
        here=here.item.id,
        there=there.item.id,
        similarity=round(shared_share(here.runs, there.runs), 4),
        same_treatment=same_treatment,
        shared=tuple(each.text for each in ours if each.shared),
        only_here=tuple(each.text for each in ours if not each.shared),
        only_there=tuple(each.text for each in theirs if not each.shared),
        sentences=(ours, theirs),
    )


def fewer(hits: Mapping[Side, Sequence[SimilarHit]]) -> Iterator[str]:
    """A sentence on each side that has fewer items than the other."""
    most = max(len(hits[side]) for side in SIDES)
    for side in SIDES:
        if len(hits[side]) < most:
            yield f"fewer {side} items than of the other outcome: {len(hits[side]) or 'none'} beside {most}"
    if not most:
        yield "no upheld and no overturned item of the treatment was found"
