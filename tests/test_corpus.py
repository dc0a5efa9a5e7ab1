"""The fictional letters: marked as such, varied enough, written the same way twice, and up to date where they ship."""

import io
import json
import os
import re
from pathlib import Path

import pytest

pytest.importorskip("reportlab")
pikepdf = pytest.importorskip("pikepdf")

from tests.corpus import FORMS, KINDS, bytes_of, case_of, cases, document_of, letters, render, truth_of  # noqa: E402
from tests.corpus.boilerplate import MARK  # noqa: E402
from tests.corpus.demo import FOLDER, demo_files, demo_keys, same_content, write_demo  # noqa: E402
from tests.corpus.layout import pages_of  # noqa: E402
from tests.corpus.pdfkind import same_pages  # noqa: E402

REAL = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))
# "The request is not medically necessary." is everybody's.
VERDICT = re.compile(r"(The|This) request( for [^.]{1,30})? is (not )?medically necessary( and appropriate)?\.$")
ITEMS = [item for letter in letters().values() for item in letter["items"]]


@pytest.fixture(scope="module")
def written() -> dict[str, bytes]:
    return demo_files()


def test_demo_is_up_to_date(written):
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert committed.keys() == written.keys(), "run: python -m tests.corpus"
    stale = [name for name in written if not same_content(name, committed[name], written[name])]
    assert stale == [], "run: python -m tests.corpus"


def test_writing_twice_changes_nothing(tmp_path):
    write_demo(tmp_path)
    assert write_demo(tmp_path) == []


def test_writing_again_mends_removes_and_adds(tmp_path):
    write_demo(tmp_path)
    (tmp_path / "CM17-9900407.txt").write_text("torn", "utf-8")
    (tmp_path / "CM17-9900404.pdf").unlink()
    (tmp_path / "stranger.txt").write_text("no letter", "utf-8")
    assert sorted(write_demo(tmp_path)) == ["CM17-9900404.pdf", "CM17-9900407.txt", "stranger.txt"]


def test_demo_is_small_and_varied(written):
    assert sum(map(len, written.values())) < 600_000
    assert len(demo_keys()) == len(set(demo_keys())) >= 30
    assert {letters()[key]["form"] for key in demo_keys()} == set(FORMS)


def test_demo_has_every_kind():
    import tomllib

    from tests.corpus.demo import PLAN

    plan = tomllib.loads(PLAN.read_text("utf-8"))
    assert set(plan["files"].values()) | set(plan["archive"]["files"].values()) == set(KINDS)


@pytest.mark.parametrize("key", letters())
def test_letter_is_marked_fictional(key):
    letter = letters()[key]
    assert re.fullmatch(r"CM1\d-99\d{5}", letter["case_number"])
    for form in FORMS:
        if form in {"table", letter["form"]}:
            document = document_of(letter, form)
            assert document.blocks[0].text == MARK
            assert document.title.startswith(MARK)


def test_files_are_marked_fictional(written):
    assert b"FICTIONAL" in written["README.txt"]
    assert all(json.loads(line)["note"] == MARK for line in written["parsed-letters.jsonl"].splitlines())
    for name, content in written.items():
        if name.endswith(".pdf"):
            with pikepdf.open(io.BytesIO(content), password="") as pdf:
                assert str(pdf.docinfo["/Title"]).startswith(MARK)
        elif not name.endswith(".zip") and name != "README.txt":
            assert MARK in content.replace(b"\0", b"").replace(b"&#160;", b" ").decode("utf-8", "replace"), name


def test_case_numbers_and_keys_are_unique():
    numbers = [letter["case_number"] for letter in letters().values()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_renders_as_every_kind(form, kind):
    letter = letters()["klonopin-norco-colace"]
    once = render(letter, form, kind)
    pages_of.cache_clear()
    twice = render(letter, form, kind)
    assert once == twice or (kind.startswith("pdf") and same_pages(once, twice))
    assert len(truth_of(letter, form)["items"]) == 3


def test_cases_cover_letters_and_kinds():
    ids = [case.id for case in cases(kinds=("text", "html-tika"))]
    assert len(ids) == len(set(ids)) == 2 * len(letters())


def test_cases_leave_out_forms_that_cannot_say_an_outcome():
    ids = [case.id for case in cases(forms=("notice", "table"), kinds=("text",))]
    assert "home-health-bed-withdrawn/table/text" in ids
    assert "home-health-bed-withdrawn/notice/text" not in ids
    with pytest.raises(ValueError, match="withdrawn"):
        document_of(letters()["home-health-bed-withdrawn"], "notice")


def test_a_form_without_header_prints_no_case_number():
    case = case_of(letters()["klonopin-norco-colace"], "bare", "text")
    assert case.truth["case_number"] is case.truth["priority"] is case.truth["decision_date"] is None
    assert case.truth["letter_id"] == case.filename.removesuffix(".txt") == "fictional-klonopin-norco-colace"
    assert b"CM14" not in case.content


def test_the_notice_prints_dates_but_no_priority():
    truth = truth_of(letters()["notice-lumbar-esi"], "notice")
    assert truth["priority"] is None
    assert truth["decision_date"] == "2013-12-02"
    assert truth["assigned_date"] == "2013-11-05"


@pytest.mark.parametrize("kind", ["pdf", "pdf-tight"])
def test_pdf_is_encrypted_with_an_empty_password(kind):
    content = bytes_of(document_of(letters()["fusion-with-services"], "table"), kind)
    with pikepdf.open(io.BytesIO(content), password="") as pdf:
        assert pdf.is_encrypted
        assert pdf.encryption.stream_method is pikepdf.models.EncryptionMethod.aes
        assert len(pdf.pages) >= 3


# The traps that readers and parsers are tested with.


def test_items_are_many_and_mostly_upheld():
    outcomes = [item["outcome"] for item in ITEMS]
    assert len(ITEMS) >= 75
    assert 0.65 <= outcomes.count("upheld") / len(outcomes) <= 0.85
    assert set(outcomes) == {"upheld", "overturned", "withdrawn"}
    assert max(len(letter["items"]) for letter in letters().values()) == 8


def words_in(rationale: str) -> set[str]:
    return set(re.findall(r"4 weeks|\w+", rationale.lower()))


def test_the_query_of_the_readme_has_both_outcomes():
    shipped = [item for key in demo_keys() for item in letters()[key]["items"]]
    found = [
        item for item in shipped if "benzodiazepines" in item["rationale"].lower() and "4 weeks" in item["rationale"]
    ]
    assert sum(item["outcome"] == "upheld" for item in found) >= 4
    assert sum(item["outcome"] == "overturned" for item in found) >= 1


def test_headings_hold_colons_run_long_and_leave_the_outcome_alone():
    assert any(": " in item["treatment"] for item in ITEMS)
    assert max(len(item["treatment"]) for item in ITEMS) > 500
    assert any(item["own_line"] for item in ITEMS)
    assert {bool(item["requested"]) and item["requested"] == item["disputed"] for item in ITEMS} == {True, False}


def test_lines_break_inside_dates():
    lines = [
        line.text
        for key in demo_keys()
        for page in pages_of(document_of(letters()[key], letters()[key]["form"]))
        for line in page
    ]
    assert any(re.search(r"\d-$", line) for line in lines)


def test_pages_break_inside_a_sentence_and_before_a_heading():
    document = document_of(letters()["fusion-with-services"], "table")
    tops = [page[0] for page in pages_of(document)[1:]]
    assert any(line.role == "item" for line in tops)
    assert any(line.role in {"text", "label"} and not line.gap for line in tops)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real letters are not here")
def test_no_sentence_of_a_real_letter():
    real = " ".join((REAL / "expected.jsonl").read_text("utf-8").split())
    real += " ".join(" ".join(path.read_text("utf-8").split()) for path in sorted((REAL / "txt").glob("*.txt")))
    texts = [letter["summary"] for letter in letters().values()] + [item["rationale"] for item in ITEMS]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?]) ", text)]
    copied = [sentence for sentence in sentences if len(sentence.split()) >= 6 and sentence in real]
    assert [sentence for sentence in copied if not VERDICT.match(sentence)] == []
