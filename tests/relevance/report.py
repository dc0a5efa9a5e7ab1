"""The sets of topics with their scores, and the tables of them."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from . import made, measures, numbers, shipped
from .collection import Collection
from .corrections import corrected, corrected_english, english, ordinary
from .engines import Engine
from .measures import Mean, Score, Topic, mean_of


class Row(Struct, frozen=True):
    """One line of the table: which topics, and what a ranking is worth for each.

    floor  what issue B asks of us, or null
    """

    name: str
    topics: Callable[[Collection], Iterable[Topic]]
    score: Score
    floor: float | None = None


ROWS = (
    Row("known item: in first 10", made.known_items, measures.success, 0.99),
    Row("known item: reciprocal rank", made.known_items, measures.reciprocal_rank, 0.95),
    Row("vague item: in first 10", made.vague_items, measures.success),
    Row("vague item: reciprocal rank", made.vague_items, measures.reciprocal_rank),
    Row("vague item: above siblings", made.vague_items, measures.above_siblings),
    Row("brand = generic: overlap", made.brand_and_generic, measures.overlap, 0.99),
    Row("class: precision at 10", made.classes, measures.precision, 0.98),
    Row("class: first 10 filled", made.classes, measures.first_ten_filled),
    Row("misspelling known: top 10 kept", made.known_misspellings, measures.kept, 0.97),
    Row("misspelt 7+ letters: top 10 kept", made.misspelt_long, measures.kept, 0.97),
    Row("misspelt 5-6 letters: same", made.misspelt_short, measures.kept, 0.97),
    Row("number rewritten: same items", numbers.rewritten, measures.same_items, 0.98),
    Row("number: headings found", numbers.numbers, measures.recall, 0.98),
    Row("number: nothing without it", numbers.numbers, measures.nothing_wrong, 0.98),
    Row("masked treatment: in first 10", made.masked, measures.success),
    Row("masked treatment: recip. rank", made.masked, measures.reciprocal_rank),
    Row("sibling: above the others", made.siblings, measures.above_siblings),
)
JUDGED = Row("shipped topics: nDCG at 10", shipped.topics, measures.ndcg)


class Scored(Struct, frozen=True):
    """A topic and what it came to with one engine."""

    topic: Topic
    texts: tuple[str, ...]
    score: float


def score_all(engine: Engine, topics: Iterable[Topic], score: Score) -> list[Scored]:
    """Each topic asked and scored. Plain engines are asked the plain words."""
    scored = []
    for topic in topics:
        texts = topic.typed if topic.typed and engine.name == "imrsearch" else topic.texts
        rankings = [engine.rank(text, topic.depth) for text in texts]
        scored.append(Scored(topic, texts, score(topic, rankings)))
    return scored


def mean(scored: Iterable[Scored]) -> Mean:
    several = list(scored)
    return mean_of([one.score for one in several], [one.topic.group for one in several])


def table(collection: Collection, engines: list[Engine], rows: Iterable[Row], *, verbose: bool) -> Iterator[str]:
    """The lines of the collection's table; with `verbose` also every topic that is not answered in full."""
    yield f"{collection.name}: {len(collection.letters)} letters, {len(collection.items)} items"
    yield f"{'':32}{'n':>5}  {'asked':>5}" + "".join(f"  {engine.name:<18}" for engine in engines)
    for row in rows:
        topics = list(row.topics(collection))
        if not topics:
            continue
        results = [score_all(engine, topics, row.score) for engine in engines]
        cells = "".join(f"  {cell(mean(scored)):<18}" for scored in results)
        floor = f"{row.floor:.2f}" if row.floor else "-"
        yield f"{row.name:<32}{len(topics):>5}  {floor:>5}{cells}".rstrip()
        if verbose:
            yield from (f"      {one.score:.2f}  {one.topic.name}: {' | '.join(one.texts)}" for one in weak(results[0]))
    words = ordinary(collection)
    wrong = list(corrected(collection, words))
    yield f"{'ordinary word read as a drug':<32}{len(words):>5}  0.001  {len(wrong) / len(words):.4f}"
    if verbose:
        yield from (f"      {word}: {notice}" for word, notice in wrong)
    if listed := english():
        read = corrected_english()
        yield f"{'English word read as a drug':<32}{len(listed):>5}  0.001  {len(read) / len(listed):.4f}"
        if verbose:
            yield from (f"      {word}" for word in read)


def weak(scored: Iterable[Scored]) -> list[Scored]:
    """The topics below full marks, the weakest first."""
    return sorted((one for one in scored if one.score < 1), key=lambda one: one.score)


def cell(mean: Mean) -> str:
    return f"{mean.value:.3f} [{mean.low:.2f}, {mean.high:.2f}]"
