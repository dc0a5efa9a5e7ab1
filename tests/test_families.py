"""Families against brute force, however an index came about; boilerplate against counting; damage that is found."""

import io
import json
import os
import random
import re
import shutil
import sys
from array import array
from collections import Counter, defaultdict
from contextlib import suppress
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from msgspec import structs
from rich.console import Console

from imrsearch.indexer.build import build_index, reindex
from imrsearch.indexer.check import check_index
from imrsearch.indexer.families import LETTERS, OTHERS, SIGNS, write_anew
from imrsearch.indexer.likeness import likeness_of
from imrsearch.schema.errors import IndexFailure, UsageError
from imrsearch.schema.families import BAND, BANDS, FAMILIES, NUMBER, ROWS, Families, shingles_of, words_in
from imrsearch.schema.manifest import FileSeal, digest_of_file, read_manifest, write_manifest
from imrsearch.search import families, render
from imrsearch.search.cli import main
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus.generator import generated
from tests.factories import index_of, item, letter

REAL = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))
ALIKE = 0.85


def jaccard(one, other):
    """The share of 5-word shingles, by the plainest means."""
    first, second = runs_of_words(one), runs_of_words(other)
    return len(first & second) / len(first | second)


@cache
def runs_of_words(text):
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[start : start + 5]) for start in range(max(1, len(words) - 4))}


def circles_of(pairs):
    """Everything that hangs together by the pairs."""
    circle = {}
    for one, other in pairs:
        joined = circle.get(one, {one}) | circle.get(other, {other})
        circle.update(dict.fromkeys(joined, joined))
    return {frozenset(each) for each in circle.values()}


def by_brute_force(rationales):
    """Pairs of ids whose rationales are alike."""
    ids = defaultdict(list)
    for id, text in rationales.items():
        if text:
            ids[text].append(id)
    # Of texts that are the same one is compared.
    same = [pair for alike in ids.values() for pair in pairwise(alike)]
    pairs = [(ids[one][0], ids[other][0]) for one, other in combinations(ids, 2) if jaccard(one, other) >= ALIKE]
    return same + pairs


def families_in(index_dir):
    """The families of an index, each by its ids, in their order."""
    engine = Searcher.open(index_dir).engine
    return [[engine.item(row).id for row in engine.families.members(n)] for n in range(1, len(engine.families) + 1)]


def rationales_of(letters):
    return {each.id: each.rationale for one in letters for each in one.items}


def pairs_in(circles):
    return {pair for circle in circles for pair in combinations(sorted(circle), 2)}


def shares(found, truth):
    """Precision and recall of what was found."""
    return len(found & truth) / max(1, len(found)), len(found & truth) / max(1, len(truth))


def twins(text, number, *, changed, seed=0):
    """Copies of a text, in each of which so many words are others."""
    pick = random.Random(seed)
    copies = []
    for copy in range(number):
        words = text.split()
        for place in pick.sample(range(len(words)), changed):
            words[place] = f"w{copy}x{place}"
        copies.append(" ".join(words))
    return copies


def prose(number, *, seed):
    """So many words that stand in no other text."""
    return " ".join(f"S{seed}n{place}" for place in range(number))


def letters_with(rationales, *, outcome="upheld"):
    """A letter of one item for each rationale."""
    return [
        letter(id, item(rationale=text, outcome=outcome), case_number=id)
        for id, text in ((f"CM17-{place:07}", text) for place, text in enumerate(rationales, 1))
    ]


@pytest.mark.parametrize(
    ("text", "shingles"),
    [
        pytest.param("", [], id="none"),
        pytest.param("Not necessary.", ["not necessary"], id="fewer-words-than-a-shingle"),
        pytest.param("A, b c: d (E)", ["a b c d e"], id="one"),
        pytest.param("a b c d e f", ["a b c d e", "b c d e f"], id="two"),
    ],
)
def test_shingles(text, shingles):
    assert shingles_of(words_in(text)) == shingles


def test_bands_are_drawn_so_that_few_pairs_are_missed():
    missed = (1 - ALIKE**BAND) ** BANDS
    assert missed < 0.01
    assert len(likeness_of(item(rationale="a b c d e f")).bands) == BANDS * NUMBER


def test_rationales_of_generated_letters(tmp_path):
    letters = [
        letter(f"CM17-{place:07}", *(item(rationale=each["rationale"]) for each in truth["items"]))
        for place, truth in enumerate(generated(150, seed=3))
    ]
    truth = circles_of(by_brute_force(rationales_of(letters)))
    found = set(map(frozenset, families_in(index_of(letters, tmp_path / "index"))))
    assert len(truth) > 10
    assert min(*shares(found, truth), *shares(pairs_in(found), pairs_in(truth))) >= 0.98


@pytest.mark.parametrize("changed", range(6))
def test_rationales_at_every_distance(changed, tmp_path):
    """Five shingles go with each word."""
    texts = [text for seed in range(20) for text in twins(prose(200, seed=seed), 2, changed=changed, seed=seed)]
    letters = letters_with(texts)
    truth = by_brute_force(rationales_of(letters))
    found = {tuple(family) for family in families_in(index_of(letters, tmp_path / "index"))}
    assert found == set(truth)


@pytest.mark.parametrize("changed", [0, 10, 22, 27, 60])
def test_rationales_of_more_shingles_than_signs(changed, tmp_path):
    texts = twins(prose(3 * SIGNS, seed=1), 2, changed=changed)
    truth = by_brute_force(rationales_of(letters_with(texts)))
    found = [tuple(family) for family in families_in(index_of(letters_with(texts), tmp_path / "index"))]
    assert found == truth
    assert len(found) == (changed < 25)


@pytest.mark.parametrize("changed", [1, 2])
def test_many_rationales_of_one_pattern(changed, tmp_path):
    """More than are compared with each other: those of a family are found by their neighbours."""
    letters = letters_with(twins(prose(160, seed=1), 80, changed=changed) + twins(prose(60, seed=2), 40, changed=2))
    truth = circles_of(by_brute_force(rationales_of(letters)))
    found = set(map(frozenset, families_in(index_of(letters, tmp_path / "index"))))
    assert min(shares(pairs_in(found), pairs_in(truth))) >= 0.98


def test_alike_by_others_between_them(tmp_path):
    """A chain is one family, though its ends share little."""
    words = prose(100, seed=1).split()
    texts = [
        " ".join(f"c{place}" if place < 3 * step else word for place, word in enumerate(words)) for step in range(20)
    ]
    assert jaccard(texts[0], texts[-1]) < 0.6
    [family] = families_in(index_of(letters_with(texts), tmp_path / "index"))
    assert len(family) == 20


def test_items_without_reasons_are_alone(tmp_path):
    assert families_in(index_of(letters_with(["", "", "Not necessary.", "Not necessary."]), tmp_path / "index")) == [
        ["CM17-0000003:1", "CM17-0000004:1"]
    ]


def test_a_family_is_told_by_each_of_its_items(tmp_path):
    one, other = twins(prose(150, seed=1), 2, changed=1)
    letters = [
        letter("CM17-0000002", item(rationale="Something else."), item(rationale=one, outcome="overturned")),
        letter("CM16-0000009", item(rationale=other), item(rationale=other, outcome="modified")),
    ]
    searcher = Searcher.open(index_of(letters, tmp_path / "index"))
    held = searcher.engine.families
    ids = ["CM16-0000009:1", "CM16-0000009:2", "CM17-0000002:2"]
    for id in ids:
        assert [each.id for each in searcher.family(id)] == ids
        assert [each.id for each in searcher.show(id).alike] == [other for other in ids if other != id]
    assert [each.id for each in searcher.family("cm17-0000002:1")] == ["CM17-0000002:1"]
    assert held.outcomes(1) == {"upheld": 1, "overturned": 1, "other": 1}
    assert (held.count(range(4)), held.count([1, 2]), held.count([0]), held.count([]), held.total(4)) == (2, 1, 1, 0, 2)
    with pytest.raises(UsageError, match="is a letter"):
        searcher.family("CM17-0000002")
    with pytest.raises(UsageError, match="no letter or item"):
        searcher.family("CM17-0000003:1")


# Boilerplate.
@pytest.mark.parametrize(
    ("letters", "copies", "marked"),
    [
        pytest.param(LETTERS, 0, True, id="enough-letters"),
        pytest.param(LETTERS - 1, 0, False, id="a-letter-too-few"),
        pytest.param(1, 2 * LETTERS, False, id="copies-are-one"),
        pytest.param(OTHERS, LETTERS, True, id="copies-and-others"),
    ],
)
def test_boilerplate(letters, copies, marked, tmp_path):
    sentence = "Opioids are to be tapered slowly."
    texts = [f"{prose(30, seed=seed)}. {sentence} {prose(30, seed=seed + 50)}." for seed in range(letters)]
    held = Searcher.open(index_of(letters_with(texts + texts[:1] * copies), tmp_path / "index")).engine.families
    assert held.is_boilerplate(sentence) is marked
    assert held.is_boilerplate("opioids are to be TAPERED, slowly") is marked
    assert not held.is_boilerplate(prose(30, seed=0))
    assert not held.is_boilerplate("")


def test_a_sentence_of_few_words_is_not_told(tmp_path):
    texts = [f"{prose(30, seed=seed)}. Not necessary today. {prose(30, seed=seed + 50)}." for seed in range(9)]
    held = Searcher.open(index_of(letters_with(texts), tmp_path / "index")).engine.families
    assert not held.is_boilerplate("Not necessary today.")


# However the index came about.
def written(folder, letters):
    """The letters as a file for `imrsearch index`, one a line."""
    path = folder / f"{len(list(folder.iterdir()))}.jsonl"
    path.write_bytes(b"".join(json.dumps(structs.asdict(one) | plain_parts(one)).encode() + b"\n" for one in letters))
    return path


def plain_parts(one):
    """A letter's parts that JSON has no types for."""
    return {"items": [structs.asdict(each) for each in one.items], "source": structs.asdict(one.source)}


def told(index_dir):
    """Families and boilerplate."""
    return families_in(index_dir), Searcher.open(index_dir).engine.families.boilerplate.tolist()


@pytest.fixture(scope="module")
def letters():
    """Letters in families, the members of which lie far from each other."""
    texts = [
        f"{text}. They should take less of it."
        for seed in range(12)
        for text in twins(prose(150, seed=seed), 8, changed=1)
    ]
    return letters_with(random.Random(1).sample(texts, len(texts)))


@pytest.mark.parametrize("first", [1, 50, 95])
def test_letters_that_come_later(first, letters, tmp_path):
    (tmp_path / "letters").mkdir()
    parts = [written(tmp_path / "letters", some) for some in (letters[:first], letters[first:])]
    build_index(parts, tmp_path / "whole")
    for part in parts:
        build_index([part], tmp_path / "index")
    assert told(tmp_path / "index") == told(tmp_path / "whole")
    assert len(told(tmp_path / "whole")[0]) > 5
    assert check_index(tmp_path / "index").findings == ()
    reindex(tmp_path / "index")
    assert told(tmp_path / "index") == told(tmp_path / "whole")


def test_letters_that_are_replaced(tmp_path):
    """Who held a family together goes: what is left of it is two."""
    words = prose(100, seed=1).split()
    texts = [
        " ".join(f"c{place}" if place < 3 * step else word for place, word in enumerate(words)) for step in range(5)
    ]
    letters = letters_with(texts)
    (tmp_path / "letters").mkdir()
    build_index([written(tmp_path / "letters", letters)], tmp_path / "index")
    assert len(families_in(tmp_path / "index")) == 1
    [again] = letters_with([prose(50, seed=9)])
    again = structs.replace(letters[2], items=(structs.replace(again.items[0], id=letters[2].items[0].id),))
    build_index([written(tmp_path / "letters", [again])], tmp_path / "index")
    ids = [one.items[0].id for one in letters]
    assert families_in(tmp_path / "index") == [ids[:2], ids[3:]]
    assert check_index(tmp_path / "index").findings == ()
    back = structs.replace(letters[2], summary="Read again.")
    build_index([written(tmp_path / "letters", [back])], tmp_path / "index")
    assert families_in(tmp_path / "index") == [ids]


def test_a_generation_before_keeps_its_families(letters, tmp_path):
    (tmp_path / "letters").mkdir()
    build_index([written(tmp_path / "letters", letters[:50])], tmp_path / "index")
    searcher = Searcher.open(tmp_path / "index")
    said = [searcher.engine.families.members(number) for number in range(1, len(searcher.engine.families) + 1)]
    old = Families(searcher.engine.families.engine_dir)
    sealed = {name: digest_of_file(old.engine_dir / name) for name in (ROWS, FAMILIES)}
    build_index([written(tmp_path / "letters", letters[50:])], tmp_path / "index")
    assert {name: digest_of_file(old.engine_dir / name) for name in (ROWS, FAMILIES)} == sealed
    assert [old.members(number) for number in range(1, len(old) + 1)] == said


# Damage.
@pytest.fixture(scope="module")
def sound(letters, tmp_path_factory):
    """An index of the letters; for tests that copy it."""
    folder = tmp_path_factory.mktemp("sound")
    build_index([written(folder, letters)], folder / "index")
    return folder / "index"


@pytest.fixture
def damaged(sound, tmp_path):
    """A copy of it that may be damaged."""
    return shutil.copytree(sound, tmp_path / "index")


def sealed_anew(index_dir, name):
    """Let the manifest say that the changed file is as it was published."""
    manifest = read_manifest(index_dir)
    path = index_dir / manifest.engine / name
    seal = FileSeal(name, path.stat().st_size, digest_of_file(path))
    files = tuple(seal if each.name == name else each for each in manifest.files)
    write_manifest(index_dir, structs.replace(manifest, files=files))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param(FAMILIES, -1, id="a-member"),
        pytest.param(FAMILIES, 3, id="a-family"),
        pytest.param(FAMILIES, "an outcome", id="an-outcome"),
        pytest.param(ROWS, 0, id="a-place"),
    ],
)
def test_what_does_not_agree_is_found(name, place, damaged):
    path = damaged / "engine-1" / name
    numbers = array("I", path.read_bytes())
    # Behind the head stand the family of each row and where each family begins.
    place = 3 + numbers[0] + numbers[1] + 1 if place == "an outcome" else place
    numbers[place] = 0 if numbers[place] else 1
    write_anew(path, (numbers,))
    sealed_anew(damaged, name)
    assert any(found.path.endswith(name) for found in check_index(damaged).findings)


def test_a_row_is_told_whole_and_in_part_alike(index_dir):
    rows = Searcher.open(index_dir).engine.families.rows
    assert [rows.where(number) for number in range(len(rows))] == [
        (known.place, known.item) for known in map(rows.row, range(len(rows)))
    ]
    for number in (-1, len(rows)):
        with pytest.raises(IndexFailure):
            rows.where(number)


@pytest.mark.parametrize("kept", [0, 3, 4, 8, 200])
@pytest.mark.parametrize("name", [FAMILIES, ROWS])
def test_files_that_are_cut_are_failures_of_the_index(name, kept, damaged):
    engine = damaged / "engine-1"
    content = (engine / name).read_bytes()
    (engine / name).unlink()
    (engine / name).write_bytes(content[:kept])
    families = Families(engine)
    with pytest.raises(IndexFailure):
        _ = [families.rows.row(row) for number in range(1, 10) for row in families.members(number)]


@pytest.mark.parametrize("place", range(0, 800, 37))
@pytest.mark.parametrize("name", [FAMILIES, ROWS, "*.fast"])
def test_a_search_in_damaged_families_fails_as_one_of_ours(name, place, damaged):
    path = next((damaged / "engine-1").glob(name))
    content = bytearray(path.read_bytes())
    content[place] ^= 0x81
    path.unlink()
    path.write_bytes(content)
    with suppress(IndexFailure):
        assert Searcher.open(damaged).search(Query(collapse=True, limit=100)).hits


@pytest.mark.skipif(not REAL.is_dir(), reason="the real letters are not here")
def test_real_letters(tmp_path):
    records = [json.loads(line) for line in (REAL / "expected.jsonl").read_text("utf-8").splitlines()]
    letters = [
        letter(
            one["case_number"], *(item(rationale=each["rationale"], outcome=each["outcome"]) for each in one["items"])
        )
        for one in records
    ]
    truth = circles_of(by_brute_force(rationales_of(letters)))
    found = set(map(frozenset, families_in(index_of(letters, tmp_path / "index"))))
    assert found == truth
    assert Counter(map(len, found))[2] > 5


# What users see.
SHARED = "Opioids are to be tapered slowly. "


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Two families, one with both outcomes, and items that are alone; "reasons" is in all of them, best in the last."""
    one, other = (twins(prose(150, seed=seed), 8, changed=1, seed=seed) for seed in (1, 2))
    alone = [f"{prose(20, seed=seed)}. {SHARED}Not alike, reasons {'reasons ' * seed}." for seed in range(10, 16)]
    texts = [*(f"{text} reasons" for text in one + other), *alone]
    letters = [
        letter(
            id,
            item("Norco", rationale=text, outcome="overturned" if place == 3 else "upheld"),
            decision_date=f"2017-01-{place:02}",
        )
        for id, text, place in ((f"CM17-{place:07}", text, place) for place, text in enumerate(texts, 1))
    ]
    return Searcher.open(index_of(letters, tmp_path_factory.mktemp("searched") / "index"))


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 3, 5, 30])
def test_a_page_has_one_item_of_each_family(sort, limit, searched):
    every = searched.search(Query(text="reasons", sort=sort, limit=99)).hits
    firsts = [
        hit
        for place, hit in enumerate(every)
        if hit.family is None or hit.family not in {h.family for h in every[:place]}
    ]
    assert (len(every), len(firsts)) == (22, 8)
    for offset in range(0, 10, limit):
        results = searched.search(Query(text="reasons", sort=sort, limit=limit, offset=offset, collapse=True))
        assert [hit.id for hit in results.hits] == [hit.id for hit in firsts[offset : offset + limit]]
        assert (results.total, results.total_families) == (22, 8)
        assert results.truncated is (offset + limit < 8)


def test_a_page_looks_up_few_letters_of_a_family_whose_items_are_tied(tmp_path):
    copied = item("Norco", rationale=prose(60, seed=1))
    tied = [letter(f"CM17-{n:07}", copied, decision_date=f"2017-{n % 12 + 1:02}-01") for n in range(300)]
    other = letter("CM16-0000001", item("Norco", rationale=prose(60, seed=2)), decision_date="2016-01-01")
    searcher = Searcher.open(index_of([*tied, other], tmp_path / "index"))
    results = searcher.search(Query(text="norco", collapse=True, letters=False))
    assert {hit.letter_id: hit.similar for hit in results.hits} == {"CM17-0000011": 299, "CM16-0000001": 0}
    assert searcher.engine.letter_at.cache_info().misses < 40


def test_what_a_hit_says_of_its_family(searched):
    [hit] = searched.search(Query(text='id:"CM17-0000005:1"')).hits
    assert (hit.family, hit.similar, hit.family_outcomes) == ("CM17-0000001:1", 7, {"upheld": 7, "overturned": 1})
    [alone] = searched.search(Query(text='id:"CM17-0000017:1"')).hits
    assert (alone.family, alone.similar, alone.family_outcomes) == (None, 0, None)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        pytest.param(Query(), "10 of 22 items in 22 letters, 8 families", id="items"),
        pytest.param(Query(collapse=True), "8 families, 22 items in 22 letters", id="all-families"),
        pytest.param(Query(collapse=True, limit=3), "3 of 8 families, 22 items in 22 letters", id="some-families"),
        pytest.param(
            Query(collapse=True, limit=3, offset=6), "7-8 of 8 families, 22 items in 22 letters", id="last-families"
        ),
        pytest.param(
            Query(collapse=True, since="2017-01-17"), "6 items in 6 letters · since: 2017-01-17", id="each-alone"
        ),
        pytest.param(
            Query(collapse=True, until="2017-01-08"),
            "1 family, 8 items in 8 letters · until: 2017-01-08",
            id="one-family",
        ),
    ],
)
def test_totals_by_items_letters_and_families(query, line, searched):
    assert render.counts_line(searched.search(query)) == line


def test_families_are_counted_as_far_as_that_is_quick(searched, monkeypatch):
    asked = Query(text="reasons", until="2017-01-21")
    assert searched.search(asked).total_families == 7
    monkeypatch.setattr(families, "QUICK", 5)
    assert searched.search(asked).total_families is None
    assert searched.search(structs.replace(asked, letters=True)).total_families == 7
    assert searched.search(structs.replace(asked, letters=False)).total_families is None
    assert render.counts_line(searched.search(structs.replace(asked, collapse=True))).startswith("7 of 21 items in 21")


def test_in_print(searched):
    results = searched.search(Query(sort="oldest", collapse=True))
    lines = render.as_plain(results).splitlines()
    assert "  and 7 similar: both outcomes, 7 upheld, 1 overturned" in lines
    assert "  and 7 similar" in lines
    assert len([line for line in lines if "similar" in line]) == 2
    out = io.StringIO()
    render.print_cards(results, Console(file=out, width=400))
    assert "\n  and 7 similar: both outcomes, 7 upheld, 1 overturned\n" in out.getvalue()
    assert "similar" not in render.as_plain(searched.search(Query(sort="oldest", limit=3)))
    assert json.loads(render.as_json(results))["total_families"] == 8


def test_an_item_tells_of_its_family_and_its_boilerplate(searched):
    shown = searched.show("CM17-0000003:1")
    assert "family: CM17-0000001:1, 8 items (7 upheld, 1 overturned)" in render.shown_plain(shown).splitlines()
    given = json.loads(render.shown_json(shown))
    assert given["family"] == {"id": "CM17-0000001:1", "items": 8, "outcomes": {"upheld": 7, "overturned": 1}}
    alone = searched.show("CM17-0000017:1")
    given = json.loads(render.shown_json(alone))
    [[start, end]] = given["boilerplate"]
    assert (given["family"], alone.item.rationale[start:end]) == (None, SHARED.strip())
    plain, specific = (render.shown_plain(alone, specific=specific) for specific in (False, True))
    assert SHARED.strip() in plain
    assert SHARED.strip() not in specific
    assert ". … Not alike" in specific
    assert "(1 sentence that many letters have left out)" in specific
    out = io.StringIO()
    render.print_shown(alone, Console(file=out, width=400, force_terminal=True, color_system="standard"))
    assert f"\x1b[2m{SHARED.strip()}\x1b[0m" in out.getvalue()


@pytest.mark.parametrize(
    ("given", "collapsed", "names"),
    [
        pytest.param([], True, True, id="text"),
        pytest.param(["--expand"], False, True, id="every-item"),
        pytest.param(["--no-expand"], True, False, id="names-as-given"),
        pytest.param(["--json"], False, True, id="programs"),
        pytest.param(["--json", "--collapse"], True, True, id="programs-that-ask"),
    ],
)
def test_the_options(given, collapsed, names, tmp_path, capsys, monkeypatch):
    texts = twins(prose(150, seed=1), 3, changed=1)
    letters = [
        letter(f"CM17-{place:07}", item("Klonopin", drugs=("clonazepam",), rationale=text))
        for place, text in enumerate(texts)
    ]
    index = index_of(letters, tmp_path / "index")
    monkeypatch.setattr(sys, "argv", ["imrsearch", "klonopin", "--index", str(index), *given])
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr().out
    ids = set(re.findall(r"CM17-\d{7}:1", printed))
    assert len(ids) == (1 if collapsed else 3)
    assert ("clonazepam" in printed.replace('"drugs":["clonazepam"]', "")) is names
