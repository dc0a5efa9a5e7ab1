"""Saved searches: their files, and what is new while the index changes."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterable

import pytest
from msgspec import structs

from imrsearch.indexer.build import build_index, reindex
from imrsearch.schema.errors import UsageError
from imrsearch.search import saved
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus import case_of, letters

ASKED = [
    Query(text="klonopin OR norco"),
    Query(text="norco weaning zebra"),
    Query(text="therapy", filters={"outcome": ("upheld",)}),
    Query(text="therapy", sort="oldest"),
    Query(since="2014", until="2017"),
    Query(sort="newest"),
    Query(text="zzzqqq"),
]


@pytest.fixture
def searches(tmp_path):
    return saved.searches_in(tmp_path)


@pytest.fixture(scope="module")
def searcher(index_dir):
    return Searcher.open(index_dir)


def file_of(searches, name):
    return searches.folder / f"{name}.toml"


@pytest.mark.parametrize(
    "query",
    [
        *ASKED,
        Query(text='"4 weeks" -"a \\ \' b" /5 x\ny\x7f\x00🦴', expand=False, widen=False),
        Query(filters={"drug_class": ("opioids", 'say "x"'), "year": ("2016",)}, since="2016-07"),
    ],
    ids=str,
)
def test_what_is_saved_is_what_is_asked(searches, query):
    saved.save(searches, "x", query)
    assert saved.load(searches, "x") == query


def test_the_file_has_the_contracts_names_and_only_what_is_given(searches):
    filters = {"drug-class": ("opioids", "PPI")}
    saved.save(searches, "x", Query(text="weaning", filters=filters, since="2016", widen=False, sort="newest"))
    first, filters = file_of(searches, "x").read_text().split("\n\n")
    assert first.splitlines() == ['query = "weaning"', 'since = "2016"', 'sort = "newest"', "widen = false"]
    assert filters == '[filters]\ndrug_class = ["opioids","PPI"]\n'


def test_it_can_be_edited(searches):
    saved.save(searches, "x", Query(text="weaning"))
    edited = '# mine\nsince = 2016\nquery = "opioids"\n[filters]\nyear = [2016, 2017]\ndrug-class = "opioids"\n'
    file_of(searches, "x").write_text(edited)
    filters = {"year": ("2016", "2017"), "drug_class": ("opioids",)}
    assert saved.load(searches, "x") == Query(text="opioids", since="2016", filters=filters)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('query = "a"\nsince = \n', "line 2", id="no-value"),
        pytest.param('query = "a"\n\nexpand = "yes"\n', "line 3", id="no-truth-value"),
        pytest.param('query = "a"\nsinze = "2016"\n', "line 2", id="no-such-key"),
        pytest.param("# x\nsince = 2016-07-01\n", "line 2", id="a-day-without-quotes"),
        pytest.param('[filters]\ncolour = ["red"]\n', "there is no filter colour", id="no-such-filter"),
        pytest.param("\n[filters]\nyear = [true]\n", "line 2", id="no-such-value"),
        pytest.param('sort = "best"\n', "there is no order best", id="no-such-order"),
        pytest.param('since = "soon"\n', "soon is not a date", id="no-date"),
        pytest.param(b'query = "\xff"\n', "line 1", id="no-text"),
        pytest.param("<html>", "line 1", id="something-else"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(searches, text, said):
    saved.save(searches, "x", Query(text="a"))
    file_of(searches, "x").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as raised:
        saved.load(searches, "x")
    assert str(file_of(searches, "x")) in raised.value.message
    assert said in raised.value.message
    assert raised.value.hint


def test_a_name_that_is_taken(searches):
    saved.save(searches, "x", Query(text="a"))
    saved.remember(searches, "x", ["A:1"])
    with pytest.raises(UsageError, match="there is a saved search X already"):
        saved.save(searches, "X", Query(text="b"))
    assert saved.load(searches, "x").text == "a"
    saved.save(searches, "X", Query(text="b"), replace=True)
    assert saved.load(searches, "x").text == "b"
    assert searches.names() == ["x"]
    assert saved.seen_by(searches, "x") == saved.Seen()


@pytest.mark.parametrize(
    "query", [Query(since="soon"), Query(filters={"colour": ("red",)}), Query(since="2017", until="2016")]
)
def test_what_cannot_be_asked_is_not_saved(searches, query):
    with pytest.raises(UsageError):
        saved.save(searches, "x", query)
    assert searches.names() == []


def test_what_was_found_is_remembered(searches):
    saved.save(searches, "x", Query())
    assert saved.seen_by(searches, "x") == saved.Seen()
    saved.remember(searches, "x", ["B:1", "A:1"])
    saved.remember(searches, "x", ["C:1"])
    seen = saved.seen_by(searches, "x")
    assert seen.ids == {"A:1", "B:1", "C:1"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", seen.last_run)
    saved.delete(searches, "x")
    assert {path.name for path in searches.folder.iterdir()} == {"lock"}


REMEMBER = """
import sys
from pathlib import Path
from imrsearch.search import saved
searches = saved.searches_in(Path(sys.argv[1]))
for number in range(20): saved.remember(searches, "x", [f"{sys.argv[2]}:{number}"])
"""


def test_two_processes_remember_both(searches, tmp_path):
    saved.save(searches, "x", Query())
    running = [subprocess.Popen([sys.executable, "-c", REMEMBER, str(tmp_path), writer]) for writer in "AB"]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert saved.seen_by(searches, "x").ids == {f"{writer}:{number}" for writer in "AB" for number in range(20)}


@pytest.mark.parametrize("query", ASKED, ids=str)
def test_new_is_what_the_search_finds_without_what_was_seen(searcher, query):
    """In the same order, with the same passages."""
    found = searcher.search(structs.replace(query, limit=1000)).hits
    assert saved.run(searcher, query).ids == {hit.id for hit in found}
    for share in (0, 0.5, 0.9, 1):
        seen = frozenset(hit.id for hit in found if random.Random(hit.id).random() < share)
        expected = [hit for hit in found if hit.id not in seen]
        ran = saved.run_new(searcher, query, saved.Seen(None, seen), limit=None)
        assert [structs.replace(hit, score=0) for hit in ran.results.hits] == [
            structs.replace(hit, score=0) for hit in expected
        ]
        assert [hit.score for hit in ran.results.hits] == pytest.approx([hit.score for hit in expected], rel=1e-5)
        assert (ran.results.total, ran.results.total_letters) == (
            len(expected),
            len({hit.letter_id for hit in expected}),
        )
        assert not ran.results.truncated
        assert ran.ids == {hit.id for hit in found}
        families = {hit.family or hit.id for hit in expected}
        assert ran.results.total_families == len(families)
        some = saved.run_new(searcher, query, saved.Seen(None, seen), limit=1).results
        assert (some.returned, some.truncated) == (min(1, len(expected)), len(expected) > 1)


def test_more_than_is_remembered(searcher, monkeypatch):
    monkeypatch.setattr(saved, "MOST_SEEN", 5)
    ran = saved.run(searcher, Query())
    assert ran.ids is None
    assert "cannot tell what is new" in ran.results.notices[-1]
    with pytest.raises(UsageError, match="items: more than"):
        saved.run_new(searcher, Query(), saved.Seen(), limit=None)


def test_of_too_many_the_last_ones_are_kept(searches, monkeypatch):
    saved.save(searches, "x", Query())
    monkeypatch.setattr(saved, "MOST_SEEN", 3)
    saved.remember(searches, "x", ["A:1", "A:2"])
    saved.remember(searches, "x", ["B:1", "B:2"])
    assert saved.seen_by(searches, "x").ids == {"B:1", "B:2"}


# What is new while the index changes.
def write(folder, names: Iterable[str], *, ending: bytes = b"") -> list:
    """The fictional letters of those names as text files."""
    folder.mkdir(exist_ok=True)
    files = []
    for name in names:
        case = case_of(letters()[name], letters()[name]["form"], "text")
        (folder / f"{name}.txt").write_bytes(case.content + ending)
        files.append(folder / f"{name}.txt")
    return files


@pytest.mark.parametrize("query", [Query(), Query(text="medically necessary", sort="oldest")], ids=str)
def test_new_over_the_states_of_an_index(searches, tmp_path, query):
    index = tmp_path / "index"
    saved.save(searches, "x", query)

    def new() -> set[str]:
        ran = saved.run_new(Searcher.open(index), query, saved.seen_by(searches, "x"), limit=None)
        saved.remember(searches, "x", ran.ids)
        return {hit.id for hit in ran.results.hits}

    def found() -> set[str]:
        return {hit.id for hit in Searcher.open(index).search(structs.replace(query, limit=1000)).hits}

    names = sorted(letters(), key=lambda name: letters()[name]["decision_date"] or "", reverse=True)
    later, earlier, last = names[:8], names[8:14], names[14:20]
    build_index(write(tmp_path / "a", later), index)
    first = new()
    assert first == found() != set()
    assert new() == set()
    # Decided before all others, indexed after them.
    build_index(write(tmp_path / "b", earlier), index)
    second = new()
    assert second == found() - first != set()
    assert new() == set()
    # Made anew from the store, and from the files; letters whose bytes changed and nothing else.
    reindex(index)
    assert new() == set()
    build_index(write(tmp_path / "a", later, ending=b"\n\n"), index)
    assert new() == set()
    # Gone for a while.
    build_index(write(tmp_path / "b", earlier), index, rebuild=True)
    assert new() == set()
    build_index([*write(tmp_path / "a", later), *write(tmp_path / "c", last)], index)
    assert new() == found() - first - second != set()


def test_a_letter_that_says_something_else_now_is_new(searches, tmp_path):
    index = tmp_path / "index"
    [file] = write(tmp_path / "a", ["xanax-ambien"])
    query = Query(text="zebrafish")
    saved.save(searches, "x", query)
    build_index([file], index)
    assert saved.run_new(Searcher.open(index), query, saved.Seen(), limit=None).results.total == 0
    file.write_bytes(file.read_bytes().replace(b"Xanax", b"Zebrafish Xanax"))
    build_index([file], index)
    assert saved.run_new(Searcher.open(index), query, saved.Seen(), limit=None).results.total > 0


# The command line.
@pytest.fixture
def imr(run, index_dir, monkeypatch):
    monkeypatch.setenv("IMRSEARCH_INDEX", str(index_dir))
    return run


def test_save_run_new(imr, tmp_path):
    done = imr("--outcome", "upheld", "save", "weaning", "norco", "-zebra", "--since=2013", "--no-widen")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "data/imrsearch/searches/weaning.toml").read_text().startswith('query = "norco -zebra"\n')
    asked = ("search", "--since", "2013", "--no-widen", "--outcome", "upheld", "norco -zebra")
    assert imr("run", "weaning") == imr(*asked)
    ran, searched = (json.loads(imr(*given, "--json", "--limit", "1").out) for given in (("run", "weaning"), asked))
    assert ran | {"took_ms": 0} == searched | {"took_ms": 0}
    done = imr("new", "weaning")
    assert (done.code, done.err) == (1, "")
    assert re.search(r"note: 0 new of \d+ found; last run 20", done.out)


def test_the_first_new_is_everything(imr):
    imr("save", "all")
    first = json.loads(imr("--json", "new", "all").out)
    assert first["returned"] == first["total"] == first["index"]["items"]
    assert list(first) == list(json.loads(imr("", "--json").out))
    assert first["notices"][-1].endswith("not run before")
    assert json.loads(imr("new", "--json", "all").out)["total"] == 0


def test_what_is_not_printed_counts_as_found_too(imr):
    imr("save", "all")
    assert json.loads(imr("run", "all", "--limit", "0", "--json").out)["returned"] == 0
    assert imr("new", "all").code == 1


def test_nothing_is_remembered_where_nothing_was_printed(imr, monkeypatch):
    imr("save", "all")

    def fail(*_, **__):
        raise OSError("no terminal")

    with monkeypatch.context() as broken:
        broken.setattr("imrsearch.search.cli_sets.print_answer", fail)
        assert imr("new", "all").code == 70
    assert imr("new", "all").code == 0


def test_saved_searches_are_listed(imr, tmp_path):
    assert imr("saved", "list").code == 1
    imr("save", "b", "low back", "--drug", "norco", "--drug", "soma", "--sort", "newest")
    imr("save", "a", "--no-expand", "--", "--x")
    imr("run", "b")
    imr("save", "c", "\x1b[31m norco")
    a, b, c = (line.split("\t") for line in imr("saved", "list").out.splitlines())
    assert a == ["a", "--no-expand -- --x", "not run"]
    assert b[:2] == ["b", "'low back' --drug norco --drug soma --sort newest"]
    assert c[1] == "' [31m norco'"
    imr("saved", "remove", "c")
    listed = [json.loads(line) for line in imr("saved", "list", "--json").out.splitlines()]
    assert listed[0] == {"name": "a", "query": "--x", "expand": False, "filters": {}, "last_run": None}
    assert (listed[1]["filters"], listed[1]["last_run"]) == ({"drug": ["norco", "soma"]}, b[2])
    (tmp_path / "data/imrsearch/searches/a.toml").write_text("?")
    done = imr("saved", "list")
    assert (done.code, done.out.count("\n")) == (2, 1)
    assert "a.toml" in done.err
    assert imr("saved", "remove", "A").code == 0
    assert imr("saved", "list").code == 0


@pytest.mark.parametrize("command", [["run", "none"], ["new", "none"], ["saved", "remove", "none"]])
def test_a_search_that_is_not_there(imr, command):
    imr("save", "some", "x")
    done = imr(*command)
    assert (done.code, done.out) == (2, "")
    assert "error: there is no saved search none\nhint: one of: some; " in done.err


def test_a_name_is_saved_once(imr):
    imr("save", "x", "a")
    done = imr("save", "x", "b")
    assert done.code == 2
    assert "--replace" in done.err
    assert imr("save", "x", "b", "--replace").code == 0


def test_the_values_of_an_index_need_no_index_to_be_saved(run):
    assert run("save", "x", "a", "--drug", "norco").code == 0
    assert run("run", "x").code == 3
