"""Which guidelines both sides cite, and which editions were superseded: facts with their sources only."""

from datetime import date

import pytest
from factories import citation, item

from imrsearch.schema.derive.guidelines import document_words, guidelines_cited
from imrsearch.schema.editions import editions, superseded
from imrsearch.schema.vocabulary import table
from imrsearch.search.currency import currency_note, currency_notes

PAIN = citation()
PAIN_2016 = citation("Weaning", edition=2016, pages=(7,))
PAIN_UNDATED = citation(document="Chronic Pain Treatment Guidelines", edition=None)
LOW_BACK = citation(document="Low Back Complaints", edition=2004)
ODG = citation("Pain", guideline="ODG", document="Official Disability Guidelines", edition=None)
ODG_KNEE = citation("Knee", guideline="ODG", document="Official Disability Guidelines", edition=2015)
ACOEM = citation(guideline="ACOEM", document="ACOEM Guidelines", edition=None)
ACOEM_3RD = citation(
    guideline="ACOEM", document="ACOEM Occupational Medicine Practice Guidelines, 3rd ed", edition=None
)
ARTICLE = citation(guideline="other", document="https://example.org/one", edition=None)
OTHER_ARTICLE = citation(guideline="other", document="https://example.org/two", edition=None)


@pytest.mark.parametrize(
    ("reviewer", "administrator", "cited"),
    [
        pytest.param((), (), "neither", id="neither"),
        pytest.param((PAIN,), (), "reviewer only", id="administrator-cites-none"),
        pytest.param((), (PAIN,), "claims administrator only", id="reviewer-cites-none"),
        pytest.param((PAIN,), (PAIN,), "same", id="same"),
        pytest.param((PAIN,), (PAIN_2016,), "same", id="edition-section-and-page-aside"),
        pytest.param((PAIN_2016,), (PAIN_UNDATED,), "same", id="two-names-of-one-document"),
        pytest.param((ODG,), (ODG_KNEE,), "same", id="odg-is-one-document"),
        pytest.param((ACOEM,), (ACOEM_3RD,), "same", id="acoem-is-one-document"),
        pytest.param((PAIN, PAIN_2016), (PAIN,), "same", id="cited-twice"),
        pytest.param((PAIN, ODG), (ODG, PAIN), "same", id="in-another-order"),
        pytest.param((PAIN, ODG), (ODG,), "partly the same", id="one-of-two"),
        pytest.param((PAIN, ODG), (ODG, LOW_BACK), "partly the same", id="one-of-three"),
        pytest.param((PAIN,), (LOW_BACK,), "different", id="two-documents-of-one-guideline"),
        pytest.param((PAIN,), (ODG,), "different", id="two-guidelines"),
        pytest.param((ARTICLE,), (OTHER_ARTICLE,), "different", id="two-articles"),
    ],
)
def test_guidelines_cited(reviewer, administrator, cited):
    assert guidelines_cited(item(imr_citations=reviewer, ur_citations=administrator)) == cited


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Chronic Pain Medical Treatment Guidelines", "chronic pain treatment"),
        ("The MTUS: Low-Back Complaints", "mtus low back complaints"),
        ("", ""),
    ],
)
def test_document_words(name, words):
    assert document_words(name) == words


# The table.
@pytest.mark.parametrize("row", table("editions")["superseded"], ids=lambda row: f"{row['document']} {row['edition']}")
def test_a_row_names_its_day_its_successor_and_its_source(row):
    assert isinstance(row["on"], date)
    assert row["edition"] < row["on"].year + 1
    assert row["by"]
    assert row["regulation"].startswith("9792.2")
    source = table("editions")["sources"][row["source"]]
    assert source["title"]
    assert source["url"].startswith("https://")
    known = superseded(row["document"], row["edition"], row.get("section"))
    assert known is not None
    assert (known.on, known.by, known.source.url) == (row["on"].isoformat(), row["by"], source["url"])


def test_no_row_hides_another():
    rows = table("editions")["superseded"]
    assert len(editions()) == len(rows) + sum(row.get("without_year", False) for row in rows)


def test_every_source_is_used():
    held = table("editions")
    assert {row["source"] for row in held["superseded"]} == held["sources"].keys()


@pytest.mark.parametrize(
    ("cited", "on"),
    [
        pytest.param(("Chronic Pain Medical Treatment", 2009, "Opioids"), "2016-07-28", id="edition"),
        pytest.param(("Chronic Pain Medical Treatment", 2016, None), "2017-12-01", id="next-edition"),
        pytest.param(("Chronic Pain Medical Treatment 2016", None, None), "2017-12-01", id="year-in-the-name"),
        pytest.param(("CHRONIC PAIN TREATMENT GUIDELINES", None, None), "2017-12-01", id="without-year"),
        pytest.param(("General Approaches", 2004, "Initial approaches to treatment"), "2017-12-01", id="one-section"),
        pytest.param(("General Approaches", 2004, "Prevention"), None, id="another-section"),
        pytest.param(("General Approaches", 2004, None), None, id="the-document-of-one-section"),
        pytest.param(("Opioid Treatment", None, None), None, id="no-year-and-not-said"),
        pytest.param(("Acupuncture Treatment", 2007, None), None, id="no-source-found"),
        pytest.param(("Chronic Pain Medical Treatment", 2010, None), None, id="no-such-edition"),
        pytest.param(("", None, None), None, id="no-document"),
    ],
)
def test_superseded(cited, on):
    known = superseded(*cited)
    assert (known and known.on) == on


# What people are told.
@pytest.mark.parametrize(
    ("cited", "decided", "told"),
    [
        pytest.param(PAIN, "2016-07-27", "since superseded, on 2016-07-28", id="day-before"),
        pytest.param(PAIN, "2016-07-28", "superseded at the time, on 2016-07-28", id="that-day"),
        pytest.param(PAIN, None, "superseded, on 2016-07-28", id="undated"),
        pytest.param(PAIN_2016, "2017-02-01", "since superseded, on 2017-12-01", id="later-edition"),
        pytest.param(PAIN_UNDATED, "2014-05-01", "since superseded, on 2017-12-01", id="no-year"),
        pytest.param(PAIN_UNDATED, "2019-05-01", None, id="no-year-and-later"),
        pytest.param(PAIN_UNDATED, None, None, id="no-year-no-day"),
        pytest.param(ODG, "2014-05-01", None, id="not-of-the-table"),
    ],
)
def test_currency_note(cited, decided, told):
    note = currency_note(cited, decided)
    name = " ".join(str(part) for part in (cited.document, cited.edition) if part)
    assert (note and note.partition(", by ")[0]) == (told and f"{name}: {told}")


def test_a_note_names_its_source():
    [note] = currency_notes(item(imr_citations=(PAIN, citation("Weaning"), ODG)), "2016-12-30")
    assert "by Chronic Pain Medical Treatment Guidelines (2016), 8 CCR 9792.24.2" in note
    assert "for treatment requests made on or after 2016-07-29; source: DIR release 2016-78" in note
    assert "https://" in note


def test_a_note_on_one_section_names_it():
    cited = citation("Initial Approaches to Treatment", document="General Approaches", edition=2004)
    assert str(currency_note(cited, "2018-01-01")).startswith(
        "General Approaches 2004 (Initial Approaches to Treatment): superseded at the time"
    )
