"""The record of a search says all that decides its answer, and its command gives the same answer again."""

import json
import shlex
from importlib.metadata import version

import pytest

from imrsearch.schema.manifest import read_manifest
from imrsearch.search import families
from imrsearch.search.query import Query
from imrsearch.search.record import arguments_of, record_of, record_text
from imrsearch.search.searcher import Searcher

ASKED = [
    pytest.param(["klonopin"], id="word"),
    pytest.param([], id="everything"),
    pytest.param(["norco", "-weaning", "--since", "2013"], id="words"),
    pytest.param(["--outcome", "upheld", "--outcome", "overturned", "--drug-class", "opioid"], id="filters"),
    pytest.param(["therapy", "--sort", "oldest", "--limit", "3", "--offset", "2", "--until", "2017"], id="order"),
    pytest.param(["norco weaning zebra", "--no-expand"], id="widened"),
    pytest.param(["norco zebra", "--no-widen"], id="not-widened"),
    pytest.param(['"4 weeks" (klonopin OR "it\'s") $HOME `x` \\ *'], id="what-a-shell-reads"),
    pytest.param(["--", "--outcome"], id="like-an-option"),
    pytest.param(["--", "-n5"], id="like-a-short-option"),
    pytest.param(["-zebra"], id="only-excluded"),
    pytest.param(["search", "status"], id="like-a-command"),
    pytest.param(["service", "--collapse"], id="collapsed"),
    pytest.param(["two\nlines 🦴"], id="two-lines"),
]
KEYS = (
    "made_at command query query_as_run names corrections notices filters filters_run since until sort expand widen "
    "collapse limit offset items letters families index version engine"
).split()


@pytest.fixture(scope="module")
def searcher(index_dir):
    return Searcher.open(index_dir)


def ids(done):
    return [hit["id"] for hit in json.loads(done.out)["hits"]]


@pytest.mark.parametrize("asked", ASKED)
def test_the_command_gives_the_same_list_and_the_same_record(run, index_dir, asked):
    options = ["--index", index_dir, "--json"]
    answer, recorded = run(*options, *asked), run("--record", *options, *asked)
    found, record = json.loads(answer.out), json.loads(recorded.out)
    assert list(record) == KEYS
    assert recorded.code == answer.code
    repeat = shlex.split(record["command"])[1:]
    command, *rest = repeat
    again = run(command, "--json", *rest)
    assert ids(again) == ids(answer)
    assert json.loads(again.out) | {"took_ms": 0} == found | {"took_ms": 0}
    totals = ("total", "total_letters", "total_families")
    assert [record[name] for name in ("items", "letters", "families")] == [found[name] for name in totals]
    assert (record["query"], record["query_as_run"]) == (found["query"], found["query_as_run"])
    assert json.loads(run(command, "--record", "--json", *rest).out) | {"made_at": ""} == record | {"made_at": ""}


@pytest.mark.parametrize("option", [[], ["--expand"], ["--collapse"]], ids=str)
def test_the_command_lists_what_the_search_lists(run, index_dir, option):
    """In print one item of a family, with JSON every item, where nothing is said."""
    asked = ["surgical", "service", "--index", index_dir, *option]
    listed = [line for line in run(*asked).out.splitlines() if "\t" in line]
    record = run("--record", *asked).out
    command = shlex.split(record.rpartition("repeat")[2])
    assert [line for line in run(*command[1:]).out.splitlines() if "\t" in line] == listed
    assert ("every item" in record) is (option == ["--expand"])


def test_what_is_in_it(searcher, index_dir):
    query = Query(text="norcoo brace", filters={"body-part": ("low back",)}, since="2014", until="2018", sort="newest")
    record = record_of(searcher, query)
    manifest = read_manifest(index_dir)
    assert record.corrections == ("norcoo: read as norco",)
    assert record.filters == {"body_part": ("low back",)}
    assert record.filters_run == {"body_part": 'body_part:"lumbar spine"'}
    assert (record.since, record.until, record.sort) == ("2014", "2018", "newest")
    assert (record.index.generation, record.index.letters) == (manifest.generation, manifest.letters)
    assert (record.index.items, record.index.reading) == (manifest.items, manifest.reading)
    assert record.index.reading
    assert (record.version, record.engine) == (version("imrsearch"), f"tantivy {version('tantivy')}")


def test_families_of_many_items_are_in_it(searcher, monkeypatch):
    found = searcher.search(Query(text="therapy"))
    monkeypatch.setattr(families, "QUICK", 1)
    assert searcher.search(Query(text="therapy")).total_families is None
    record = record_of(searcher, Query(text="therapy", facets=("drug",)))
    assert (record.items, record.families) == (found.total, found.total_families)
    monkeypatch.setattr(families, "MOST", 1)
    assert record_of(searcher, Query(text="therapy")).families is None


def test_every_name_that_was_added_is_in_it(searcher):
    """A notice lists some of them; the record lists all that the query as run holds."""
    record = record_of(searcher, Query(text="benzodiazepines"))
    [named] = record.names
    assert (named.typed, named.field, named.values) == ("benzodiazepines", "drug_class", ("benzodiazepines",))
    assert {"clonazepam", "diazepam", "alprazolam"} <= set(named.members)
    [named] = record_of(searcher, Query(text="klonopin")).names
    assert all(name in record_of(searcher, Query(text="klonopin")).query_as_run for name in named.names)
    assert record_of(searcher, Query(text="klonopin", expand=False)).names == ()


def test_in_print(searcher):
    text = record_text(record_of(searcher, Query(text="klonopin zebra\x1b[31m", filters={"outcome": ("upheld", "x")})))
    assert "\x1b" not in text
    lines = {line[:14].strip(): line[14:] for line in text.splitlines()}
    assert lines["query"].startswith("klonopin zebra")
    assert lines["filters"] == "outcome: upheld or x"
    assert lines["options"] == "names on, widen on, every item"
    assert lines["repeat"].startswith("imrsearch search ")
    assert 'no item has "zebra' in text


@pytest.mark.parametrize(
    ("text", "as_run"), [("", "everything"), (" ", "everything"), ("#", "nothing"), ("-x", "NOT x")]
)
def test_what_ran_in_print(searcher, text, as_run):
    assert f"\nas run        {as_run}\n" in record_text(record_of(searcher, Query(text=text)))


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        pytest.param(Query(), [], id="nothing"),
        pytest.param(Query(text="a b"), ["a b"], id="words"),
        pytest.param(Query(text="-a"), ["--", "-a"], id="hyphen"),
        pytest.param(
            Query(filters={"drug_class": ("x", "-y")}), ["--drug-class", "x", "--drug-class", "-y"], id="filters"
        ),
        pytest.param(
            Query(sort="newest", limit=0, offset=3), ["--sort", "newest", "--limit", "0", "--offset", "3"], id="page"
        ),
        pytest.param(Query(text="a", expand=False, widen=False), ["a", "--no-expand", "--no-widen"], id="switches"),
    ],
)
def test_what_must_be_given(query, arguments):
    assert arguments_of(query) == arguments
