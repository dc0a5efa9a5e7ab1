"""The record of a search: what was asked of what, when and by which program, so that others can repeat it."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, structs

from imrsearch.schema.fields import FIELD
from imrsearch.search.expand import names_in, notice_of
from imrsearch.search.explain import Clock
from imrsearch.search.query import Query, checked
from imrsearch.search.render import counted, found_line, printable
from imrsearch.search.searcher import Searcher


class NameSearched(Struct, frozen=True):
    """A name in the query, and what else was searched for because of it.

    typed    as in the query, corrected
    field    what holds the values: "drug", "drug_class"; "treatment" or "abbreviation" where none does
    values   as the index has them; all of them must be in an item
    members  of a class the drugs whose items have its value
    names    other names and known misspellings that were looked for in the text
    """

    typed: str
    field: str
    values: tuple[str, ...]
    members: tuple[str, ...]
    names: tuple[str, ...]


class IndexSearched(Struct, frozen=True, kw_only=True):
    """The index that was searched.

    reading      of the parser and the vocabulary that read the letters, 16 hexadecimal digits
    fingerprint  of the fields and their analysis, likewise
    """

    generation: int
    letters: int
    items: int
    folder: str
    built_at: str
    reading: str
    fingerprint: str


class Record(Struct, frozen=True, kw_only=True):
    """A search that others can repeat.

    made_at       ISO time with zone
    command       what repeats it
    query         as typed
    query_as_run  as understood
    names         what was searched for besides what was typed
    corrections   misspelt names and how they were read
    notices       what else the answer said: of values read as others, of words that were left out
    filters       each filter as typed
    filters_run   each with the values as the index has them
    expand        names were added
    collapse      of each family one item is listed
    items         found
    letters       in which they were found
    families      as many different rationales, those that are nearly the same being one; null where too many to count
    engine        with its version
    """

    made_at: str
    command: str
    query: str
    query_as_run: str
    names: tuple[NameSearched, ...]
    corrections: tuple[str, ...]
    notices: tuple[str, ...]
    filters: dict[str, tuple[str, ...]]
    filters_run: dict[str, str]
    since: str | None
    until: str | None
    sort: str
    expand: bool
    widen: bool
    collapse: bool
    limit: int
    offset: int
    items: int
    letters: int | None
    families: int | None
    index: IndexSearched
    version: str
    engine: str


def record_of(searcher: Searcher, query: Query) -> Record:
    """The search, run and recorded; families are counted also where that takes a while."""
    # Slow to import, and no other search asks for it.
    from importlib.metadata import version

    query = checked(query)
    results = searcher.answer(structs.replace(query, letters=True, facets=()), Clock()).results
    explained = searcher.explain(query)
    named = list(names_in(searcher.question(query, Clock()).tree))
    added = {notice_of(name, left_out=left_out) for name, left_out in named}
    typed = {" ".join(word.text for word in name.words): name.meaning for name, _ in named}
    index = index_of(searcher)
    return Record(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command_of(query, index=index.folder),
        query=query.text,
        query_as_run=results.query_as_run,
        names=tuple(
            NameSearched(name, meaning.field, meaning.values, meaning.members, meaning.spelled)
            for name, meaning in typed.items()
        ),
        corrections=tuple(line for line in explained.expansions if line not in added),
        notices=tuple(line for line in results.notices if line not in {*added, *explained.expansions}),
        filters=dict(query.filters),
        filters_run=explained.filters,
        since=query.since,
        until=query.until,
        sort=query.sort,
        expand=query.expand,
        widen=query.widen,
        collapse=query.collapse,
        limit=query.limit,
        offset=query.offset,
        items=results.total,
        letters=results.total_letters,
        families=results.total_families,
        index=index,
        version=version("imrsearch"),
        engine=f"tantivy {version('tantivy')}",
    )


def command_of(query: Query, *, index: str) -> str:
    """What gives the same list again."""
    # Said either way: what is listed where neither is given depends on --json.
    every = "--collapse" if query.collapse else "--expand"
    return shlex.join(("imrsearch", "search", every, *arguments_of(query, index=index)))


def index_of(searcher: Searcher) -> IndexSearched:
    """The index that the searcher has opened."""
    manifest = searcher.manifest
    return IndexSearched(
        generation=manifest.generation,
        letters=manifest.letters,
        items=manifest.items,
        folder=str(searcher.index_dir.absolute()) if searcher.index_dir else "",
        built_at=manifest.built_at,
        reading=manifest.reading,
        fingerprint=manifest.fingerprint,
    )


def record_json(record: Record) -> str:
    """The record on one line."""
    return msgspec.json.encode(record).decode()


def record_text(record: Record) -> str:
    """The record for a methods section, one fact a line."""
    return "\n".join(f"{name:13} {printable(line)}".rstrip() for name, line in facts_of(record))


def facts_of(record: Record) -> Iterator[tuple[str, str]]:
    """What the record says, each with its name; a name stands once before several lines."""
    days = (f"{name} {day}" for name, day in (("since", record.since), ("until", record.until)) if day)
    switches = (f"{name} {'on' if on else 'off'}" for name, on in (("names", record.expand), ("widen", record.widen)))
    families = "one item of each family" if record.collapse else "every item"
    index = record.index
    lists = {
        "query": (record.query,),
        "as run": (record.query_as_run or ("nothing" if record.query.strip() else "everything"),),
        "names added": tuple(f"{named.typed}: {name_line(named)}" for named in record.names),
        "corrected": record.corrections,
        "noticed": tuple(line for notice in record.notices for line in notice.split("\n")),
        "filters": tuple(f"{FIELD[name].option}: {' or '.join(values)}" for name, values in record.filters.items()),
        "filters run": tuple(record.filters_run.values()),
        "decided": tuple(days),
        "order": (record.sort,),
        "options": (", ".join((*switches, families)),),
        "found": (found_line(record.items, record.letters, families=record.families),),
        "listed": (f"{counted(record.limit, 'hit')} at most, from hit {record.offset + 1:,} on",),
        "searched": (f"{counted(index.items, 'item')} in {counted(index.letters, 'letter')}",),
        "index": (f"{index.folder}, generation {index.generation}, built {index.built_at}",),
        "program": (f"imrsearch {record.version}, {record.engine}",),
        "read by": (f"parser {index.reading}, fields {index.fingerprint}",),
        "searched on": (record.made_at,),
        "repeat": (record.command,),
    }
    for name, lines in lists.items():
        for place, line in enumerate(lines):
            yield ("" if place else name), line


def name_line(named: NameSearched) -> str:
    """ "drug clonazepam; klonopin, klonipin", "drug-class statins (atorvastatin, simvastatin); statin"."""
    values = f"{FIELD[named.field].option} {' and '.join(named.values)}" if named.values else ""
    members = f" ({', '.join(named.members)})" if named.members else ""
    return "; ".join(filter(None, (values + members, ", ".join(named.names))))


def given_in(query: Query, *names: str) -> dict[str, object]:
    """Those of the query's attributes that are not as they are in a plain query."""
    plain = Query()
    return {name: value for name in names if (value := getattr(query, name)) != getattr(plain, name)}


def arguments_of(query: Query, *, index: str | None = None) -> list[str]:
    """What `imrsearch search` is given to ask the query, and no more than that."""
    given: list[str] = []
    for name, values in query.filters.items():
        given += [part for value in values for part in (f"--{FIELD[name].option}", value)]
    for name, value in given_in(query, "since", "until", "sort", "limit", "offset").items():
        given += [f"--{name}", str(value)]
    given += [f"--no-{name}" for name in given_in(query, "expand", "widen")]
    given += ["--index", index] if index else []
    if query.text.startswith("-"):
        return [*given, "--", query.text]
    return [query.text, *given] if query.text else given
