"""Rates: Wilson's interval against published ones, and every count against a scan of the letters."""

import csv
import io
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from factories import citation, index_of, item, letter

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch.indexer.build import build_index
from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.sources import letter_files, read_letters
from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FACETS, FIELD, chunks_of
from imrsearch.search import families, stats, tables
from imrsearch.search.exports.characters import without_formula
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from imrsearch.search.stats import COUNTED_BY, Share, share_of, statistics, wilson
from tests.corpus.generator import generated
from tests.test_families import by_brute_force, circles_of, rationales_of

REAL = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))

OPIOIDS = citation("Opioids, criteria for use", pages=(76, 77))
LETTERS = (
    letter(
        "A1",
        item("Norco 10/325mg #60", drugs=("hydrocodone", "acetaminophen"), quantity=60, imr_citations=(OPIOIDS,)),
        item("Norco 10/325mg #90", drugs=("hydrocodone", "acetaminophen"), quantity=90, outcome="overturned"),
        item("Knee brace", outcome="modified", imr_citations=(citation("Bracing"), citation("BRACING"))),
        decision_date="2015-03-01",
    ),
    letter("B2", item("Norco #30", drugs=("hydrocodone",), quantity=30), decision_date="2017-03-01"),
    letter("C3", item("Knee x-ray", outcome=""), item("=Knee, \"MRI\"", outcome="overturned", category="=cmd()")),
)  # fmt: skip


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("stats") / "index"))


def rows_of(found) -> list[tuple]:
    return [
        (row.value, row.items, row.letters, row.upheld.count, row.overturned.count, row.other) for row in found.rows
    ]


# The first four: R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17
# (1998), 857-872, table I, method 3. Of 10 by hand: none has z²/(10+z²) as its upper end, half reaches z/(2√(10+z²)).
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0000, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0000),
    ],
)
def test_wilson_as_published(count, of, low, high):
    assert tuple(round(end, 4) for end in wilson(count, of)) == (low, high)


@pytest.mark.parametrize("of", [1, 2, 9, 10, 263, 4_500_000])
def test_both_shares_mirror_each_other(of):
    for count in {0, 1, of // 3, of}:
        low, high = wilson(count, of)
        mirrored = wilson(of - count, of)
        assert 0 <= low <= high <= 1
        assert low - 1e-12 <= count / of <= high + 1e-12
        assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-12)


def test_nothing_decided_has_no_share():
    assert share_of(0, 0) == Share(0, None, None, None)


# Counts.
def test_every_facet_and_every_number_can_be_counted_by():
    assert set(FACETS) <= set(COUNTED_BY)
    assert {"quantity", "age"} <= {field.name for field in COUNTED_BY}


def test_rows_and_total(searcher):
    found = statistics(searcher, Query(), by="drug")
    assert rows_of(found) == [("hydrocodone", 3, 2, 2, 1, 0), ("acetaminophen", 2, 1, 1, 1, 0)]
    assert (found.total.items, found.total.letters, found.total.upheld.count) == (6, 3, 2)
    assert (found.total.overturned.count, found.total.other, found.without) == (2, 2, 3)
    assert found.other_outcomes == {"modified": 1, "no outcome": 1}
    assert found.total.upheld == share_of(2, 4)
    assert all(row.few for row in (*found.rows, found.total))


def test_a_filter_narrows_its_own_field_too(searcher):
    found = statistics(searcher, Query(filters={"drug": ("acetaminophen",)}), by="drug")
    assert rows_of(found) == [("acetaminophen", 2, 1, 1, 1, 0), ("hydrocodone", 2, 1, 1, 1, 0)]
    assert found.filters == {"drug": ["acetaminophen"]}


def test_two_ways_of_writing_a_value_are_one_row(searcher):
    found = statistics(searcher, Query(), by="section")
    assert [(row[0].lower(), *row[1:]) for row in rows_of(found)] == [
        ("bracing", 1, 1, 0, 0, 1),
        ("opioids, criteria for use", 1, 1, 1, 0, 0),
    ]


def test_quantities_stand_in_their_order(searcher):
    found = statistics(searcher, Query(text="norco"), by="quantity")
    assert rows_of(found) == [(30, 1, 1, 1, 0, 0), (60, 1, 1, 1, 0, 0), (90, 1, 1, 0, 1, 0)]
    assert found.rung_size is None


@pytest.mark.parametrize(
    ("limit", "size", "values"),
    [
        pytest.param(6, None, [5, 30, 60, 61, 90, 120], id="all-fit"),
        pytest.param(5, 30, ["1..30", 60, "61..90", 120], id="one-by-itself-stays"),
        pytest.param(3, 60, ["1..60", "61..120"], id="sixties"),
        pytest.param(1, 300, ["1..300"], id="one-row"),
    ],
)
def test_the_ladder_has_rungs_where_it_must(tmp_path, limit, size, values):
    quantities = (5, 30, 60, 61, 90, 120)
    letters = [letter(f"A{number}", item(quantity=number)) for number in quantities]
    found = statistics(Searcher.open(index_of(letters, tmp_path / "index")), Query(), by="quantity", limit=limit)
    assert (found.rung_size, [row.value for row in found.rows]) == (size, values)
    assert sum(row.items for row in found.rows) == sum(row.letters for row in found.rows) == len(quantities)


def test_a_rung_is_a_question(searcher):
    found = statistics(searcher, Query(), by="quantity", limit=2)
    assert [row.value for row in found.rows] == ["1..60", 90]
    assert searcher.search(Query(text="quantity:1..60")).total == found.rows[0].items


def test_labels_are_never_put_together(searcher):
    found = statistics(searcher, Query(), by="year", limit=1)
    assert rows_of(found) == [(2015, 3, 1, 1, 1, 1)]
    assert (found.values, found.rung_size) == (2, None)


def test_no_item_is_counted_in_the_stead_of_those_asked_for(searcher):
    found = statistics(searcher, Query(text="norco zebra"), by="drug")
    assert (found.total.items, found.total.letters, found.rows) == (0, 0, ())
    assert any("zebra" in notice for notice in found.notices)
    assert not any("widen" in notice for notice in found.notices)


def test_what_cannot_be_counted_by_is_told(searcher):
    with pytest.raises(UsageError, match="there is no field to count by treatment"):
        statistics(searcher, Query(), by="treatment")


# Against a scan.
def families_by_hand(letters) -> dict:
    """Of each item that is like another the least id of its family."""
    return {id: min(circle) for circle in circles_of(by_brute_force(rationales_of(letters))) for id in circle}


def scanned(letters, field, outcome: str | None, *, family_of: dict) -> dict:
    """Items, letters, families, upheld, overturned and other by value, from the letters alone."""
    rows: dict = defaultdict(lambda: [0, set(), set(), 0, 0, 0])
    for one in letters:
        for chunk in chunks_of(one):
            if outcome and chunk.outcome != outcome:
                continue
            value = getattr(chunk, field.name)
            values = value if field.many else () if value is None else (value,)
            for term in {value_term(str(each)) for each in values}:
                row = rows[term]
                row[0] += 1
                row[1].add(one.letter_id)
                row[2].add(family_of.get(chunk.id, chunk.id))
                row[{"upheld": 3, "overturned": 4}.get(chunk.outcome, 5)] += 1
    return {term: (items, len(held), len(alike), *rest) for term, (items, held, alike, *rest) in rows.items()}


def check_against_scan(searcher, letters, field, outcome=None, *, family_of):
    filters = {"outcome": (outcome,)} if outcome else {}
    found = statistics(searcher, Query(filters=filters), by=field.name)
    wanted = scanned(letters, field, outcome, family_of=family_of)
    families = {value_term(str(row.value)): row.families for row in found.rows}
    told = {value_term(str(row[0])): row[1:] for row in rows_of(found)}
    assert {term: (*row[:2], families[term], *row[2:]) for term, row in told.items()} == wanted
    counted = [chunk for one in letters for chunk in chunks_of(one) if not outcome or chunk.outcome == outcome]
    assert found.total.items == len(counted)
    assert found.total.letters == len({chunk.letter_id for chunk in counted})
    assert found.total.families == len({family_of.get(chunk.id, chunk.id) for chunk in counted})
    assert found.total.upheld.count == sum(chunk.outcome == "upheld" for chunk in counted)
    assert found.without == sum(getattr(chunk, field.name) in (None, ()) for chunk in counted)
    assert sum(found.other_outcomes.values()) == found.total.other


@pytest.mark.parametrize("outcome", [None, "overturned"])
@pytest.mark.parametrize("field", COUNTED_BY, ids=lambda field: field.name)
def test_fictional_letters_counted_by_hand(index_dir, fictional, field, outcome):
    check_against_scan(Searcher.open(index_dir), fictional, field, outcome, family_of=families_by_hand(fictional))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Generated letters, many items of which are alike, an index of them, and their families."""
    given = ("treatment", "outcome", "rationale")
    letters = [
        letter(
            f"CM17-{place:07}",
            *(
                item(drugs=tuple(each["treatment"].lower().split()[:2]), **{name: each[name] for name in given})
                for each in truth["items"]
            ),
            specialties=truth["specialties"],
            decision_date=truth["decision_date"],
        )
        for place, truth in enumerate(generated(150, seed=3))
    ]
    index = index_of(letters, tmp_path_factory.mktemp("made") / "index", segments=3)
    return Searcher.open(index), letters, families_by_hand(letters)


@pytest.mark.parametrize("outcome", [None, "overturned"])
@pytest.mark.parametrize("name", ["drug", "specialty", "year"])
def test_generated_letters_counted_by_hand(made, name, outcome):
    searcher, letters, family_of = made
    assert len(set(family_of.values())) > 10
    check_against_scan(searcher, letters, FIELD[name], outcome, family_of=family_of)


def test_families_that_are_too_many_to_count_are_not_told(searcher, monkeypatch):
    monkeypatch.setattr(families, "MOST", 2)
    found = statistics(searcher, Query(text="norco"), by="drug")
    assert [(row.items, row.families) for row in (*found.rows, found.total)] == [(3, None), (2, 2), (3, None)]
    head, *lines = tables.statistics_plain(found).splitlines()
    assert head == "3 items in 2 letters, by drug"
    rows = [line.split() for line in lines if line.startswith(("drug ", "hydrocodone ", "acetaminophen "))]
    assert [row[3] for row in rows] == ["families", "-", "2"]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The real letters, and an index of them."""
    if not REAL.is_dir():
        pytest.skip("the real letters are not here")
    files = list(letter_files([str(REAL / "pdf"), str(REAL / "txt")]))
    folder = tmp_path_factory.mktemp("real") / "index"
    build_index(files, folder)
    letters = [parse_letter(raw) for path in files for raw in read_letters(path)]
    return Searcher.open(folder), letters, families_by_hand(letters)


@pytest.mark.parametrize("field", COUNTED_BY, ids=lambda field: field.name)
def test_real_letters_counted_by_hand(real, field):
    searcher, letters, family_of = real
    check_against_scan(searcher, letters, field, family_of=family_of)


# In print.
def test_a_table_says_what_was_counted(searcher):
    found = statistics(searcher, Query(text="norco", filters={"drug": ("hydrocodone",)}, since="2015"), by="quantity")
    lines = tables.statistics_plain(found).splitlines()
    assert lines[:2] == ["3 items in 2 letters, by quantity", stats.MEANING]
    assert lines[2].startswith("query as run: ")
    assert lines[3:5] == ["filters: drug: hydrocodone; since: 2015", "index: generation 1, 6 items in 3 letters"]
    assert lines[6:11] == [
        "quantity   items  letters  families            upheld        overturned",
        "30             1        1         1  1  100% (21-100)  0      0% (0-79) *####################",
        "60             1        1         1  1  100% (21-100)  0      0% (0-79) *####################",
        "90             1        1         1  0      0% (0-79)  1  100% (21-100) *oooooooooooooooooooo",
        "all found      3        2         3  2    67% (21-94)  1     33% (6-79) *#############ooooooo",
    ]


def test_other_outcomes_are_told(searcher):
    printed = tables.statistics_plain(statistics(searcher, Query(), by="category"))
    assert "neither upheld nor overturned: modified 1, no outcome 1" in printed


@pytest.mark.parametrize(
    ("levels", "items"),
    [(tables.LEVELS_OF_LINE, "█ ▃"), (tables.PLAIN_LEVELS, "8 3")],
)
def test_a_line_of_years_has_gaps(searcher, levels, items):
    printed = tables.statistics_plain(statistics(searcher, Query(), by="year"), levels=levels)
    assert f"items       2015 {items} 2017  highest 3" in printed.splitlines()


@pytest.mark.parametrize(
    ("encoding", "levels"),
    [
        ("utf-8", tables.LEVELS_OF_LINE),
        ("latin-1", tables.PLAIN_LEVELS),
        (None, tables.PLAIN_LEVELS),
        ("no such", tables.PLAIN_LEVELS),
    ],
)
def test_a_stream_shows_levels_that_it_can(encoding, levels):
    assert tables.levels_for(encoding) == levels


@pytest.mark.parametrize(
    ("upheld", "overturned", "printed"),
    [
        (1_000_000, 1, "#" * 19 + "o"),
        (1, 1_000_000, "#" + "o" * 19),
        (5, 0, "#" * 20),
        (0, 0, ""),
    ],
)
def test_a_bar_hides_nothing(upheld, overturned, printed):
    row = stats.rate(stats.Tally("x", upheld + overturned, upheld, overturned), letters=1, families=1)
    assert tables.bar(row, 20) == printed


@pytest.mark.parametrize("width", [60, 80, 84, 90, 100, 200])
def test_a_bar_takes_what_the_line_has_left(searcher, width):
    lines = tables.statistics_plain(statistics(searcher, Query(), by="drug"), width=width).splitlines()[4:8]
    bars = [len(line.rpartition("*")[2]) for line in lines[1:]]
    left = width - len(lines[0]) - 2
    assert bars == [min(left, tables.LONGEST_BAR) if left >= tables.LEAST_BAR else 0] * 3


# Numbers of a state's whole archive: each row is as wide as it may get.
def test_a_table_with_short_names_fits_a_screen():
    names = ("cyclobenzaprine", "hydrocodone")
    tallies = [stats.Tally(name, 9_876, 7_890, 1_986) for name in names]
    rows = [(tally.value, stats.rate(tally, letters=8_765, families=7_654)) for tally in tallies]
    total = stats.rate(stats.Tally("all found", 67_989, 60_400, 7_589), letters=28_934, families=48_895)
    assert max(map(len, tables.table("drug", rows, total, width=100))) <= 100


@pytest.mark.parametrize(
    ("count", "of", "printed"),
    [
        pytest.param(81, 263, "31% (26-37)", id="wide"),
        pytest.param(3_220, 3_593, "90% (89-91)", id="ends-that-differ"),
        pytest.param(123_456, 1_000_000, "12.3% (12.3-12.4)", id="ends-that-would-be-one"),
        pytest.param(0, 0, "-", id="none"),
    ],
)
def test_an_interval_in_print(count, of, printed):
    assert tables.percent(share_of(count, of)) == printed


def test_csv_holds_numbers_and_no_formula(searcher):
    query = Query(text='knee OR "=1+1"', filters={"outcome": ("modified", "overturned")})
    head, *rows = csv.reader(io.StringIO(tables.statistics_csv(statistics(searcher, query, by="category"))))
    assert head == ["by", "value", *tables.RATE_COLUMNS, *tables.ASKED_COLUMNS]
    by_value = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    assert by_value.keys() == {"'=cmd()", "all found"}
    assert by_value["'=cmd()"]["items"] == by_value["'=cmd()"]["families"] == "1"
    assert float(by_value["all found"]["overturned_share"]) == 1
    assert by_value["all found"]["filters"] == "outcome: modified or overturned"
    assert by_value["all found"]["other"] == "1"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@A1", "'@A1"),
        ("\t=1", "' =1"),
        ("\x1b[2J", " [2J"),
        (" =1", "' =1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text, cell):
    assert without_formula(text) == cell


def test_json_keys(searcher):
    printed = json.loads(tables.as_json(statistics(searcher, Query(), by="year")))
    assert (
        list(printed)
        == (
            "schema_version meaning query query_as_run filters index notices total other_outcomes by values without "
            "rung_size rows"
        ).split()
    )
    assert list(printed["rows"][0]) == "value items letters families upheld overturned other few".split()
    assert list(printed["total"]["upheld"]) == "count share low high".split()


def test_the_fields_of_the_answer_are_known(searcher):
    assert FIELD[statistics(searcher, Query(), by="drug-class").by].option == "drug-class"
