"""Generated letters: the same from the same seed, like real ones in size and spread, and read as they were written."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import mean

import msgspec
import pytest

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from tests.corpus import FORMS, KINDS, case_of, document_of, letters
from tests.corpus.boilerplate import MARK
from tests.corpus.draw import Draw
from tests.corpus.generator import MOST, NUMBERS, fits, generated, letter_at
from tests.corpus.quicktext import quick_text
from tests.corpus.textkinds import plain_text
from tests.corpus.writing import KIND_SETS, write_letters
from tests.test_letters import check

ROOT = Path(__file__).parents[1]
REAL = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))
# "Therefore, the request for Norco #60 is not medically necessary." is everybody's.
VERDICT = re.compile(r"(is|are) (not )?medically necessary( at this time)?\.$")


@cache
def sample():
    return list(generated(400, seed=7))


@cache
def sampled_items():
    return [item for letter in sample() for item in letter["items"]]


def digest(letters) -> str:
    return hashlib.sha256(json.dumps(list(letters), sort_keys=True).encode()).hexdigest()[:16]


PRINT_DIGEST = """
import hashlib, json
from tests.corpus.generator import generated
print(hashlib.sha256(json.dumps(list(generated(50, seed=1)), sort_keys=True).encode()).hexdigest()[:16])
"""


def test_the_same_seed_gives_the_same_letters_in_any_process():
    wanted = digest(generated(50, seed=1))
    for hash_seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", PRINT_DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        assert told.stdout.strip() == wanted


def test_chance_is_the_same_on_every_python():
    """Only `random` of the generator is; its first numbers for a seed are part of the corpus."""
    draw = Draw(7, 23)
    assert [draw.below(1_000_000) for _ in range(4)] == [565667, 138391, 487215, 269262]
    assert draw.several("abcdefgh", 3) == ["a", "e", "h"]


def test_a_letter_needs_no_other():
    assert letter_at(23, seed=7) == sample()[23]
    assert list(generated(3, seed=7, start=20)) == sample()[20:23]
    assert letter_at(23, seed=8) != sample()[23]


def test_numbers_are_of_no_real_letter_and_of_one_only():
    ends = (0, NUMBERS - 200, NUMBERS, 2 * NUMBERS - 200, MOST - 200)
    numbers = [letter["case_number"] for start in ends for letter in generated(200, seed=7, start=start)]
    numbers += [letter["case_number"] for start in (NUMBERS, 2 * NUMBERS) for letter in generated(200, start=start)]
    same = [letter_at(5 + million * NUMBERS)["case_number"] for million in range(14)]
    assert all(re.fullmatch(r"CM\d\d-99\d{6}", number) for number in numbers)
    assert len(set(numbers[:1000])) == 1000
    assert len(set(same)) == 14
    with pytest.raises(ValueError, match="numbers"):
        letter_at(MOST)


@pytest.mark.parametrize(
    ("measure", "least", "most"),
    [
        pytest.param(lambda: mean(len(letter["items"]) for letter in sample()), 2.1, 2.6, id="items"),
        pytest.param(lambda: mean(len(letter["summary"]) for letter in sample()), 1_300, 1_600, id="summary"),
        pytest.param(lambda: mean(len(item["rationale"]) for item in sampled_items()), 750, 950, id="rationale"),
        pytest.param(lambda: mean(len(item["treatment"]) for item in sampled_items()), 45, 75, id="treatment"),
        pytest.param(lambda: mean(len(item["imr_guideline"]) for item in sampled_items()), 110, 170, id="guideline"),
        pytest.param(lambda: mean(item["outcome"] == "upheld" for item in sampled_items()), 0.86, 0.92, id="upheld"),
        pytest.param(lambda: mean(len(plain_of(letter)) for letter in sample()), 5_300, 6_300, id="raw-text"),
        pytest.param(lambda: shared(), 0.12, 0.22, id="shared-rationales"),
        pytest.param(lambda: len(words()), 2_500, 5_000, id="different-words"),
    ],
)
def test_letters_are_like_real_ones(measure, least, most):
    assert least <= measure() <= most


def plain_of(letter) -> str:
    return quick_text(document_of(letter, letter["form"]))


def shared() -> float:
    """The share of items whose rationale another item has, too."""
    counts = Counter(item["rationale"] for item in sampled_items())
    return sum(count for count in counts.values() if count > 1) / len(sampled_items())


def words() -> Counter[str]:
    texts = [letter["summary"] for letter in sample()] + [item["rationale"] for item in sampled_items()]
    return Counter(word for text in texts for word in re.findall(r"\w+", text.lower()))


def test_years_forms_and_wordings_vary():
    assert {letter["decision_date"][:4] for letter in sample()} == {str(year) for year in range(2013, 2027)}
    assert {letter["form"] for letter in sample()} == set(FORMS)
    paragraphs = " ".join(item["ur_guideline"] + " " + item["imr_guideline"] for item in sampled_items())
    for wording in (
        "Page(s): ",
        "Section(s): ",
        ", and ",
        "Non-MTUS Citation Official",
        "did not cite any",
        "outside of",
    ):
        assert wording in paragraphs
    assert any(item["requested"] for item in sampled_items())
    assert any(item["own_line"] for item in sampled_items())


def test_quick_text_equals_the_layout():
    for letter in (*letters().values(), *sample()[:20]):
        for form in (letter["form"], "table-footer"):
            document = document_of(letter, form)
            assert quick_text(document) == plain_text(document)


def cases_of(several, kinds, *, every_kind=False):
    """Each letter in every form that fits; the kinds take turns, or all of them."""
    for place, letter in enumerate(several):
        for turn, form in enumerate(form for form in FORMS if fits(letter["items"], form)):
            for kind in kinds if every_kind else (kinds[(place + turn) % len(kinds)],):
                yield case_of(letter, form, kind)


def test_letters_are_read_as_they_were_written(parse, plain):
    check(cases_of(generated(12, seed=31), tuple(KINDS)), parse, plain)


@pytest.mark.scale
@pytest.mark.parametrize("seed", range(20))
def test_letters_of_any_seed_are_read_as_they_were_written(seed, parse, plain):
    check(cases_of(generated(20, seed=1000 + seed), tuple(KINDS), every_kind=seed == 0), parse, plain)


@pytest.mark.parametrize("kind", KIND_SETS)
def test_files_are_written_with_their_truth(kind, tmp_path, parse, plain, read):
    from imrsearch.indexer.letter import parse_letter

    folder = write_letters(tmp_path / kind, 8, seed=2, kind=kind)
    truths = [json.loads(line) for line in (tmp_path / kind / "truth.jsonl").read_bytes().splitlines()]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {}
    for file in files:
        for raw in read(file.read_bytes(), file.name):
            letter = plain(parse_letter(raw))
            found[letter["letter_id"]] = [item["rationale"] for item in letter["items"]]
    assert found == {truth["letter_id"]: [item["rationale"] for item in truth["items"]] for truth in truths}
    assert len(truths) == 8
    assert len(files) == (1 if kind == "jsonl" else 8)


def test_several_folders_are_written_as_one_would_be(tmp_path):
    folder = write_letters(tmp_path / "many", 1_004, seed=2, jobs=2)
    assert [len(list(each.iterdir())) for each in sorted(folder.iterdir())] == [1_000, 4]
    truths = (tmp_path / "many" / "truth.jsonl").read_bytes().splitlines()
    assert len(truths) == 1_004
    last = letter_at(1_003, seed=2)
    assert msgspec.json.decode(truths[-1])["summary"] == last["summary"]
    opening = last["items"][0]["rationale"][:40]
    texts = [" ".join(path.read_text("utf-8").split()) for path in (folder / "00001").iterdir()]
    assert all(text.startswith(MARK) for text in texts)
    assert any(opening in text for text in texts)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real letters are not here")
def test_no_sentence_of_a_real_letter():
    real = " ".join((REAL / "expected.jsonl").read_text("utf-8").split())
    texts = [letter["summary"] for letter in sample()] + [item["rationale"] for item in sampled_items()]
    sentences = {sentence for text in texts for sentence in re.split(r"(?<=[.!?]) ", text)}
    copied = [sentence for sentence in sentences if len(sentence.split()) >= 6 and sentence in real]
    assert [sentence for sentence in copied if not VERDICT.search(sentence)] == []
