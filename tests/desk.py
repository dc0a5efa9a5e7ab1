"""What `similar` and `contrast` find, and how long they take: python -m tests.desk [INDEX] [--sample N].

Without INDEX: the real letters where they lie, and 1,000 generated ones. The tables stand in docs/desk.md.
"""

import argparse
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from imrsearch.indexer.build import build_index
from imrsearch.schema.derive.sameness import same_treatment
from imrsearch.schema.documents import PLACE, terms_in
from imrsearch.schema.drafts import Draft
from imrsearch.schema.records import Item, Letter
from imrsearch.schema.vocabulary import drugs
from imrsearch.search.alike import NEAR_TWIN, runs_of, shared_share
from imrsearch.search.compile import everything
from imrsearch.search.contrast import SIDES, contrast
from imrsearch.search.engine import Engine
from imrsearch.search.searcher import Searcher
from imrsearch.search.similar import similar
from tests.corpus.writing import write_letters
from tests.relevance.collection import REAL

TOP = 10
GENERATED = 1_000
MOST_TIMED = 200
# Items that any item is compared with for the share by chance.
MOST_CHANCE = 3_000
# Letters at most of which every item is compared with every other.
MOST_COMPARED = 3_000


def letters_of(searcher: Searcher) -> list[Letter]:
    """Every letter of the index."""
    engine = searcher.engine
    addresses = [address for _, address in engine.best(everything(), searcher.manifest.items)]
    return [engine.letter_at(place) for place in sorted(set(engine.values(PLACE, addresses)))]


def wilson(found: int, number: int) -> tuple[float, float]:
    """The 95% interval of a share."""
    if not number:
        return 0.0, 1.0
    z, share = 1.96, found / number
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / (1 + z * z / number)
    return middle - half, middle + half


@cache
def names_of(drug: str) -> frozenset[str]:
    """The stems of every name of the products that hold the drug."""
    return frozenset(
        term for one in drugs() if drug in one.ingredients for name in one.names for term in terms_in(name)
    )


def masked(summary: str, item: Item) -> str:
    """The summary without the words of the item's heading, and without any name of its drugs."""
    hidden = {*terms_in(item.treatment)}.union(*map(names_of, item.drugs))
    return " ".join(word for word in summary.split() if hidden.isdisjoint(terms_in(word)))


def shares(searcher: Searcher, letters: Sequence[Letter], sample: Iterable[tuple[Letter, Item]]) -> dict[str, float]:
    """Among the ten most similar to a masked summary: how many dispute the same treatment, against chance.

    chance  of any item of another letter
    """
    items = [(letter.letter_id, item) for letter in letters for item in letter.items]
    items = random.Random(2).sample(items, min(MOST_CHANCE, len(items)))
    found = number = asked = 0
    chance = 0.0
    for letter, item in sample:
        draft = Draft("text", masked(letter.summary, item))
        # The draft's own letter is no answer: enough hits are asked for to leave it out.
        hits = [hit for hit in similar(searcher, draft, limit=TOP).hits if hit.letter_id != letter.letter_id][:TOP]
        others = [other for id, other in items if id != letter.letter_id]
        asked += 1
        number += len(hits)
        found += sum(same_treatment(item, item_of(searcher, hit.id)) for hit in hits)
        chance += sum(same_treatment(item, other) for other in others) / len(others)
    low, high = wilson(found, number)
    return {"asked": asked, "hits": number, "share": found / number, "low": low, "high": high, "chance": chance / asked}


def item_of(searcher: Searcher, id: str) -> Item:
    item = searcher.show(id).item
    assert item
    return item


def twins_of(letters: Sequence[Letter]) -> list[tuple[Item, Item]]:
    """Every two items of the same treatment and opposite outcomes with near twins of rationales, by comparing all."""
    items = [(item, runs_of(item.rationale)) for letter in letters for item in letter.items]
    sides = {side: [(item, runs) for item, runs in items if item.outcome == side] for side in SIDES}
    return [
        (upheld, overturned)
        for overturned, runs in sides["overturned"]
        for upheld, others in sides["upheld"]
        if same_treatment(upheld, overturned) and shared_share(runs, others) >= NEAR_TWIN
    ]


def found_by_contrast(searcher: Searcher, one: Item, other: Item) -> bool:
    """`contrast` on one of them sets it against the other one."""
    return any({pair.here, pair.there} == {one.id, other.id} for pair in contrast(searcher, one.id).pairs)


class Spent:
    """Milliseconds of processor time within calls of the engine."""

    def __init__(self) -> None:
        self.ms = 0.0

    def watch(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, with its time added."""

        def watched(*args: Any, **settings: Any) -> Any:
            start = time.process_time()
            try:
                return call(*args, **settings)
            finally:
                self.ms += (time.process_time() - start) * 1000

        return watched


def timed(searcher: Searcher, ids: Sequence[str]) -> Iterator[str]:
    """A line on each command: milliseconds of processor time, the engine's and what is beyond it, once warm."""
    spent = Spent()
    watched = {name: getattr(Engine, name) for name in ("best", "count", "held")}
    try:
        for name, call in watched.items():
            setattr(Engine, name, spent.watch(call))
        for name, ask in (("similar", similar), ("contrast", contrast)):
            ask(searcher, ids[0])
            engine, ours = [], []
            for id in ids:
                before, start = spent.ms, time.process_time()
                ask(searcher, id)
                whole = (time.process_time() - start) * 1000
                engine.append(spent.ms - before)
                ours.append(whole - engine[-1])
            yield f"{name:9}engine {figures(engine)}, ours {figures(ours)}"
    finally:
        for name, call in watched.items():
            setattr(Engine, name, call)


def figures(times: Sequence[float]) -> str:
    """ "p50 12.1 ms, p95 20.3 ms"."""
    return f"p50 {median(times):.1f} ms, p95 {quantiles(times, n=20)[18]:.1f} ms"


def report(title: str, searcher: Searcher, *, sample: int) -> None:
    letters = letters_of(searcher)
    items = [(letter, item) for letter in letters for item in letter.items]
    print(f"{title}: {len(letters):,} letters, {len(items):,} items")
    chosen = random.Random(1).sample(items, min(sample, len(items)))
    for line in timed(searcher, [item.id for _, item in chosen[:MOST_TIMED]]):
        print(f"  {line}", flush=True)
    row = shares(searcher, letters, [pair for pair in chosen if pair[0].summary])
    between = f"{row['low']:.1%} to {row['high']:.1%}"
    print(
        f"  similar, masked summaries: {row['share']:.1%} of {row['hits']:,} hits ({between})"
        f" dispute the same treatment, any item {row['chance']:.1%}: {row['share'] / row['chance']:.1f} times"
    )
    if len(letters) <= MOST_COMPARED:
        twins = twins_of(letters)
        sides = [(one, other) for pair in twins for one, other in (pair, pair[::-1])]
        found = sum(found_by_contrast(searcher, one, other) for one, other in sides)
        print(
            f"  contrast, near twins of opposite outcomes: {len(twins)} pairs, found from {found} of {len(sides)} sides"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.desk", description=__doc__)
    parser.add_argument("index", nargs="?", type=Path, help="the folder of an index")
    parser.add_argument("--sample", type=int, default=1_000, help="how many items are asked for")
    asked = parser.parse_args()
    if asked.index:
        report(str(asked.index), Searcher.open(asked.index), sample=asked.sample)
        return
    with tempfile.TemporaryDirectory() as folder:
        if REAL.is_dir():
            build_index([REAL / "expected.jsonl", *sorted((REAL / "txt").iterdir())], Path(folder) / "real")
            report("real letters", Searcher.open(Path(folder) / "real"), sample=asked.sample)
        written = write_letters(Path(folder) / "letters", GENERATED, seed=1, kind="text")
        build_index(sorted(written.rglob("*.txt")), Path(folder) / "generated")
        report("generated letters", Searcher.open(Path(folder) / "generated"), sample=asked.sample)


if __name__ == "__main__":
    main()
