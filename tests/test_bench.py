"""The benchmarks: engines get the same letters, questions find something, and the page says what was measured."""

import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

import pytest
import tantivy

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch import Query, Searcher
from imrsearch.schema.letterfile import LetterFile
from tests.bench import __main__ as bench
from tests.bench import indexing, queries, report
from tests.bench.collection import Row
from tests.bench.indexing import BARE, FTS5, OURS, PDFIUM, STORE, knows
from tests.bench.process import Failed, python, run

KINDS = ("term", "and", "or", "phrase", "proximity", "filter", "facets", "snippets")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def measured(folder) -> report.Measurements:
    """A whole run over few letters, whose files stay in `folder`."""
    few = ("--seed", "3", "--rounds", "1", "--questions", "3", "--repeats", "2", "--pdf", "3")
    return bench.measure(folder, 150, bench.parser().parse_args(few))


@pytest.fixture
def table(folder, measured):
    opened = sqlite3.connect(folder / "indexes" / FTS5 / "items.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def searcher(folder, measured) -> Searcher:
    return Searcher.open(folder / "indexes" / OURS)


def test_every_engine_holds_the_same_items(folder, measured, searcher, table):
    found = searcher.search(Query(facets=("outcome",), limit=0))
    counted = dict(table.execute("select outcome, count(*) from items group by 1"))
    assert found.total == measured.collection.items == sum(counted.values())
    assert {count.value: count.count for count in found.facets["outcome"]} == counted
    assert table.execute("select count(*) from words").fetchone() == (found.total,)
    for name in (BARE, "tantivy, plain schema"):
        assert tantivy.Index.open(str(folder / "indexes" / name)).searcher().num_docs == found.total


def test_every_question_finds_something(measured, searcher, table):
    chosen = queries.questions(measured.collection, number=3)
    assert tuple(chosen) == KINDS
    for kind, several in chosen.items():
        assert len(several) == 3
        for each in several:
            assert searcher.search(each.query).total, (kind, each.query)
            assert queries.fts5_of(table, each)(), (kind, each.match)
    assert chosen == queries.questions(measured.collection, number=3)


def test_a_plain_index_is_the_smaller_one(measured):
    """As long as what is only stored is not indexed, too."""
    assert measured.indexing["tantivy, plain schema"].size < measured.indexing[BARE].size


def test_each_engine_is_timed_as_often_as_the_others(measured):
    for kind, times in measured.queries.items():
        assert tuple(times.seconds) == queries.WAYS
        for way, seconds in times.seconds.items():
            assert len(seconds) == 2 * (3 - times.refused), (kind, way)
            assert min(seconds) > 0, (kind, way)
        assert "snippets" in times.parts


def test_every_way_shows_the_same_number_of_items(folder, measured, searcher, table):
    letters = LetterFile(searcher.index_dir / searcher.manifest.engine)
    for several in queries.questions(measured.collection, number=2).values():
        for each in several:
            ways = queries.ways_of(searcher, each, letters=letters, table=table, parts={})
            shown = {way: ask() for way, ask in ways.items() if way != "fts5"}
            assert len(set(shown.values())) == 1, (each, shown)


def test_indexes_for_questions_are_made_once(tmp_path, monkeypatch):
    asked = bench.parser().parse_args(["--queries", str(tmp_path), "--seed", "4", "--questions", "1", "--repeats", "1"])
    first = bench.measure_queries(tmp_path / "few", 100, asked)
    monkeypatch.setattr(indexing, "run", None)
    again = bench.measure_queries(tmp_path / "few", 100, asked)
    assert again.collection == first.collection
    lines = list(report.section(again))
    assert any(line.startswith("| facets |") for line in lines)
    assert not any("indexing" in line or "bare Python" in line for line in lines)


def test_runs_tell_time_memory_and_size(measured):
    assert OURS in measured.indexing
    for name, each in measured.indexing.items():
        assert each.seconds > 0, name
        assert name in (PDFIUM, STORE) or each.size > 50_000, name
    assert measured.indexing[OURS].peak > 10_000_000
    assert measured.command["imrsearch search"] > measured.command["bare Python"] > 0


def test_the_section_has_every_figure(measured):
    cold = {"bare Python": 0.02, "Python and the libraries": 0.1, "imrsearch search": 0.2}
    lines = list(report.section(replace(measured, command=cold)))
    assert lines[0].startswith(f"## {measured.collection.items:,} items, ")
    assert "seed 3" in "\n".join(lines)
    for name in (*measured.indexing, *KINDS, *cold):
        row = next(line for line in lines if line.startswith(f"| {name} |"))
        assert re.search(r"\d", row.replace(name, "")), row
    assert "| imrsearch search | 200 | 10.0 | 2.0 |" in lines


def test_the_page_is_appended_to(measured, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("# Benchmarks\n", "utf-8")
    asked = []
    monkeypatch.setattr(bench, "measure", lambda folder, items, options: asked.append(items) or measured)
    bench.main(["--items", "7000,66000", "--page", str(page)])
    text = page.read_text("utf-8")
    assert asked == [7_000, 66_000]
    assert text.startswith("# Benchmarks\n\n## ")
    assert text.count("\n\n## ") == 2
    assert text.strip() in f"# Benchmarks\n\n{capsys.readouterr().out}"


def test_only_commands_of_the_help_are_known():
    assert knows("search")
    assert not knows("research")


def test_a_run_that_fails_says_so():
    with pytest.raises(Failed, match="no letters here"):
        run(python("-c", "raise SystemExit('no letters here')"))


def test_memory_counts_children_too():
    hold = "import time; block = bytearray(60_000_000); time.sleep(0.5)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    assert run(python("-c", child)).peak > 60_000_000


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        pytest.param([3.0, 1.0, 2.0], 0.5, 2.0, id="median"),
        pytest.param([*map(float, range(100))], 0.95, 95.0, id="p95"),
        pytest.param([7.0], 0.99, 7.0, id="one"),
    ],
)
def test_percentile(values, share, expected):
    assert report.percentile(values, share) == expected


def test_ratios_are_of_pairs():
    assert report.ratio([2.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == median([2.0, 3.0, 4.0])


def test_a_row_without_words_asks_nothing():
    row = Row("a:1", "Cane", "", "No. It is not.", "", "upheld", 2016, "", ())
    assert list(queries.asked_of(row, random=Random(1))) == []
