"""Saved searches: a file that says what is asked, and beside it the ids found so far, by which new items are known.

weaning.toml  what is asked, in the names of the options; the user may edit it
weaning.seen  the id of every item that a run has found, one a line

Items are known by their ids: what is indexed again or anew keeps its id and is not new, and what is indexed for the
first time is new whenever it was decided. What was found once is never new again, also where it was gone for a while.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct, structs

from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import UsageError
from imrsearch.search.compile import all_of, unscored
from imrsearch.search.explain import Clock
from imrsearch.search.families import count_families
from imrsearch.search.marks import wanted_in
from imrsearch.search.order import found_by, ranked
from imrsearch.search.query import Query, Sort, checked
from imrsearch.search.record import given_in
from imrsearch.search.results import Results
from imrsearch.search.searcher import Answer, Searcher
from imrsearch.search.shelf import Shelf, read_lines, read_text, write_lines, write_text

# Ids kept of a search: two megabytes.
MOST_SEEN = 100_000
TOO_MANY = f"more than {MOST_SEEN:,} are not remembered"
SAVE_HINT = "imrsearch save NAME QUERY makes one; imrsearch search WORDS searches for words that are also commands"
LAST_RUN = "# last run "
# "Expected `bool`, got `str` - at `$.expand`", "Object contains unknown field `sinze`": the key.
WRONG_KEY = re.compile(r"(?:at `\$\.|unknown field `)(?P<key>\w+)")
# What is kept of a query besides its text and filters, where it is given.
KEPT = ("since", "until", "sort", "expand", "widen")
Values = str | int | tuple[str | int, ...]


class Saved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A search as its file says it; a number may stand without quotes."""

    query: str = ""
    since: str | int | None = None
    until: str | int | None = None
    sort: str = "relevance"
    expand: bool = True
    widen: bool = True
    filters: dict[str, Values] = {}


class Seen(Struct, frozen=True):
    """What was found so far.

    last_run  ISO time with zone; null before the first
    """

    last_run: str | None = None
    ids: frozenset[str] = frozenset()


class Run(Struct, frozen=True):
    """What a run found.

    ids  of all items found, also those that are not among the results; null where they are too many to be kept
    """

    answer: Answer
    ids: frozenset[str] | None

    @property
    def results(self) -> Results:
        """What is printed of it."""
        return self.answer.results


def searches_in(data_folder: Path) -> Shelf:
    """The saved searches of the user whose data folder that is."""
    return Shelf(data_folder / "searches", "saved search", ".toml")


def save(searches: Shelf, name: str, query: Query, *, replace: bool = False) -> None:
    """Save what the query asks; UsageError where the name is taken, unless that search is to be replaced."""
    query = checked(query)
    with searches.writing():
        path = searches.path(name)
        if path.exists() and not replace:
            hint = f"--replace saves this one instead; imrsearch run {name} runs the other"
            raise UsageError(f"there is a saved search {name} already", hint=hint)
        # What another search found says nothing of this one.
        seen_path(path).unlink(missing_ok=True)
        write_text(path, toml_of(query))


def toml_of(query: Query) -> str:
    """What the query asks as its file says it."""
    lines = [f"query = {quoted(query.text)}"]
    lines += [f"{name} = {quoted(value)}" for name, value in given_in(query, *KEPT).items()]
    if query.filters:
        lines += ["", "[filters]", *(f"{name} = {quoted(values)}" for name, values in query.filters.items())]
    return "\n".join(lines) + "\n"


def quoted(value: object) -> str:
    """The value as TOML writes it: as JSON does, but for one character."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007F")


def load(searches: Shelf, name: str) -> Query:
    """What a saved search asks; UsageError where it is not there or damaged."""
    path = searches.there(name, hint=SAVE_HINT)
    text = read_text(path)
    hint = f"edit {path}: texts and days stand in quotes; or delete it and save the search again"
    try:
        saved = msgspec.toml.decode(text, type=Saved)
        filters = {name: texts_of(values) for name, values in saved.filters.items()}
        return checked(
            Query(
                text=saved.query,
                filters=filters,
                since=text_of(saved.since),
                until=text_of(saved.until),
                sort=cast("Sort", saved.sort),
                expand=saved.expand,
                widen=saved.widen,
            )
        )
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path}{line_of(str(error), text)}: {error}", hint=hint) from error
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", hint=f"{error.hint}; {hint}") from error


def text_of(value: str | int | None) -> str | None:
    """The value as it is typed."""
    return None if value is None else str(value)


def texts_of(values: Values) -> tuple[str, ...]:
    """The values as they are typed, also one that stands by itself."""
    return tuple(map(str, values if isinstance(values, tuple) else (values,)))


def line_of(said: str, text: str) -> str:
    """The line of the key that the decoder complains of; empty where it names the line itself."""
    if match := WRONG_KEY.search(said):
        for number, line in enumerate(text.splitlines(), start=1):
            if re.match(rf"\s*\[?\s*{match['key']}\b", line):
                return f", line {number}"
    return ""


def delete(searches: Shelf, name: str) -> None:
    """Take a saved search away, with what it found."""
    with searches.writing():
        path = searches.there(name, hint=SAVE_HINT)
        path.unlink()
        seen_path(path).unlink(missing_ok=True)


def seen_path(path: Path) -> Path:
    """Where the ids found by the search in that file are kept."""
    return path.with_suffix(".seen")


def seen_by(searches: Shelf, name: str) -> Seen:
    """What a saved search found so far."""
    path = seen_path(searches.there(name, hint=SAVE_HINT))
    if not path.exists():
        return Seen()
    lines = read_lines(path)
    runs = [line.removeprefix(LAST_RUN) for line in lines if line.startswith(LAST_RUN)]
    return Seen(runs[-1] if runs else None, frozenset(line for line in lines if line and not line.startswith("#")))


def remember(searches: Shelf, name: str, ids: Collection[str]) -> None:
    """Keep what a run found, with what was found before."""
    with searches.writing():
        before = seen_by(searches, name).ids
        seen = before.union(ids)
        kept = sorted(seen if len(seen) <= MOST_SEEN else ids)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        path = seen_path(searches.there(name, hint=SAVE_HINT))
        write_lines(path, (f"{LAST_RUN}{now}", *kept))


def run(searcher: Searcher, query: Query) -> Run:
    """What a saved search finds."""
    answer = searcher.answer(checked(query), Clock())
    ids = ids_found(searcher, answer)
    if ids is None:
        return Run(noticed(answer, answer.results, f"{TOO_MANY}: imrsearch new cannot tell what is new"), None)
    return Run(answer, ids)


def run_new(searcher: Searcher, query: Query, seen: Seen, *, limit: int | None) -> Run:
    """What a saved search finds and did not find before: all of it where there is no limit."""
    query = checked(structs.replace(query, limit=0, letters=False))
    answer = searcher.answer(query, Clock())
    ids = ids_found(searcher, answer)
    if ids is None:
        raise UsageError(f"the search finds {answer.results.total:,} items: {TOO_MANY}", hint="narrow it by a filter")
    new = ids - seen.ids
    last_run = f"last run {seen.last_run}" if seen.last_run else "not run before"
    query = structs.replace(query, limit=len(new) if limit is None else limit)
    results = only(searcher, query, answer=answer, ids=new)
    return Run(noticed(answer, results, f"{len(new):,} new of {answer.results.total:,} found; {last_run}"), ids)


def noticed(answer: Answer, results: Results, notice: str) -> Answer:
    """The answer with these results, which have something more to say of the question."""
    return structs.replace(answer, results=structs.replace(results, notices=(*results.notices, notice)))


def ids_found(searcher: Searcher, answer: Answer) -> frozenset[str] | None:
    """The id of every item found; null where these are too many to be kept."""
    total = answer.results.total
    if total > MOST_SEEN:
        return None
    # The engine gives a text only of what it puts in order; it takes no 0.
    hits = searcher.engine.first(answer.found, max(total, 1), by="letter_id")
    items = searcher.engine.values("item", [address for _, address in hits])
    return frozenset(f"{letter_id}:{item}" for (letter_id, _), item in zip(hits, items, strict=True))


def only(searcher: Searcher, query: Query, *, answer: Answer, ids: Collection[str]) -> Results:
    """The answer with no other items than those, which are among those found."""
    found = all_of((answer.found, unscored(searcher.engine.one_of("id", [value_term(id) for id in ids]))))
    clock = Clock()
    wanted = wanted_in(searcher.question(query, clock).tree)
    tree = answer.question.tree
    counted = clock.lap("search", found_by(searcher.engine, found, ordered=found, query=query, tree=tree))
    families = clock.lap("families", count_families(searcher.engine, counted, letters=True))
    rows = clock.lap("rank", ranked(searcher.engine, counted, query=query, tree=tree))
    hits = searcher.hits(rows, wanted, clock=clock)
    return structs.replace(
        answer.results,
        total=len(ids),
        total_letters=len({id.rpartition(":")[0] for id in ids}),
        total_families=families,
        returned=len(hits),
        truncated=len(ids) > len(hits),
        took_ms=round(answer.results.took_ms + clock.total_ms, 2),
        hits=hits,
    )
