"""Items: where a heading begins and ends, what it says, and which paragraphs belong to it."""

import pytest

from imrsearch.indexer.letter import items as item_parts
from imrsearch.indexer.letter import missing_parts
from imrsearch.indexer.letter import sections as letter_parts
from imrsearch.indexer.letter.items import parse_items, parts_of
from imrsearch.indexer.letter.sections import Opening, prose, summary_text
from imrsearch.schema.errors import LetterError
from imrsearch.schema.records import Line

UNDER = """
Claims Administrator guideline: Decision based on MTUS Low Back Complaints 2004.
MAXIMUS guideline: Decision based on MTUS Low Back Complaints 2004.
Decision rationale: {reason}
"""


def item_text(heading, reason="A cane helps. It is not medically necessary."):
    return f"{heading}\n{UNDER.format(reason=reason).strip()}\n"


def letter(*items, title="IMR ISSUES, DECISIONS AND RATIONALES"):
    """A letter without header, its paragraphs apart by blank lines."""
    rows = "".join(items).replace("\nClaims", "\n\nClaims").replace("\nMAXIMUS", "\n\nMAXIMUS")
    rows = rows.replace("\nDecision rationale", "\n\nDecision rationale")
    return f"CLINICAL CASE SUMMARY\n\nThe patient is a 40 year old male.\n\n{title}\n\n{rows}".encode()


def lines(text):
    return [Line(row) for row in text.strip().splitlines() if row.strip()]


def read(text):
    return [(item.treatment, item.outcome) for item in parse_items(lines(text))]


@pytest.mark.parametrize(
    ("heading", "treatment", "outcome"),
    [
        pytest.param("Norco 10/325mg #140: Upheld", "Norco 10/325mg #140", "upheld", id="plain"),
        pytest.param("Norco 10/325mg #140:  Overturned", "Norco 10/325mg #140", "overturned", id="two-spaces"),
        pytest.param("Norco 10/325mg #140 : Upheld.", "Norco 10/325mg #140", "upheld", id="space-and-full-stop"),
        pytest.param("Norco 10/325mg #140:Upheld", "Norco 10/325mg #140", "upheld", id="no-space"),
        pytest.param(
            "Restoril 30mg, #30 with 2 refills: Upheld", "Restoril 30mg, #30 with 2 refills", "upheld", id="comma"
        ),
        pytest.param(
            "Associated surgical service: Cold therapy: 7 days: Overturned",
            "Associated surgical service: Cold therapy: 7 days",
            "overturned",
            id="colons-in-the-title",
        ),
        pytest.param(
            "Retrospective: Upheld: MRI of the knee: Overturned",
            "Retrospective: Upheld: MRI of the knee",
            "overturned",
            id="outcome-word-in-the-title",
        ),
        pytest.param("Cane:\nUpheld", "Cane", "upheld", id="outcome-alone"),
        pytest.param("Cane\n: Upheld", "Cane", "upheld", id="colon-on-the-next-line"),
        pytest.param("Cane Upheld", "Cane", "upheld", id="no-colon"),
        pytest.param("CANE: UPHELD", "CANE", "upheld", id="capitals"),
        pytest.param("Cane: Partially Overturned", "Cane", "partially overturned", id="in-part"),
        pytest.param("Cane: Withdrawn", "Cane", "withdrawn", id="withdrawn"),
        pytest.param("Cane: Remanded", "Cane", "remanded", id="unknown-word"),
        pytest.param("Cane: Denied in part", "Cane", "denied in part", id="unknown-words"),
        pytest.param("Cane for the left hand", "Cane for the left hand", "unknown", id="outcome-lost"),
        pytest.param("Cane for the left hand:", "Cane for the left hand", "unknown", id="outcome-lost-after-its-colon"),
        pytest.param(
            "1. Twelve sessions of therapy is not medically necessary and appropriate.",
            "Twelve sessions of therapy",
            "upheld",
            id="2014-not",
        ),
        pytest.param("2. Canes are medically necessary and appropriate.", "Canes", "overturned", id="2014-necessary"),
        pytest.param("3. A cane is notmedically necessary and appropriate.", "A cane", "upheld", id="2014-words-glued"),
        pytest.param(
            "Cervical epidural steroid injection at C5-6 under fluoroscopy with conscious sedation and a\n"
            "follow up visit: Upheld",
            "Cervical epidural steroid injection at C5-6 under fluoroscopy with conscious sedation and a follow up "
            "visit",
            "upheld",
            id="two-lines",
        ),
        pytest.param(
            "Physical therapy two times a week for six weeks for the left knee, low back, right hip and post-\n"
            "operative care: Upheld",
            "Physical therapy two times a week for six weeks for the left knee, low back, right hip and "
            "post-operative care",
            "upheld",
            id="hyphen-at-a-line's-end",
        ),
    ],
)
def test_heading(heading, treatment, outcome):
    assert read(item_text(heading)) == [(treatment, outcome)]


def test_the_paragraphs_of_an_item():
    [item] = parse_items(lines(item_text("Cane: Upheld", "One.\n\nTwo.\nThree.")))
    assert item.ur_guideline == item.imr_guideline == "Decision based on MTUS Low Back Complaints 2004."
    assert item.rationale == "One. Two. Three."


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_item_whose_outcome_is_lost_is_not_swallowed(place, parse):
    """Its words would otherwise join the rationale of the item before it."""
    headings = ["Cane: Upheld", "Norco 10/325mg #60: Overturned", "MRI of the left knee: Upheld"]
    headings[place] = headings[place].rpartition(":")[0]
    read = parse(letter(*(item_text(heading) + "\n" for heading in headings)))
    assert [item.treatment for item in read.items] == ["Cane", "Norco 10/325mg #60", "MRI of the left knee"]
    expected = ["upheld", "overturned", "upheld"]
    expected[place] = "unknown"
    assert [item.outcome for item in read.items] == expected
    assert {item.rationale for item in read.items} == {"A cane helps. It is not medically necessary."}
    assert any("unknown outcome" in note for note in missing_parts(read))


def test_an_outcome_of_an_unknown_word_is_kept_and_reported(parse):
    read = parse(letter(item_text("Cane: Remanded")))
    assert read.items[0].outcome == "remanded"
    assert any('the unknown outcome "remanded"' in note for note in missing_parts(read))


def test_a_heading_right_under_a_rationale():
    """Without gaps, bold type or a full stop, a line that was ended early is all that shows it."""
    text = item_text(
        "Cane: Upheld", "The cane helps him to walk from the bed to the window and back again each day\nas he says"
    )
    assert read(text + item_text("Norco 10/325mg #60: Upheld")) == [
        ("Cane", "upheld"),
        ("Norco 10/325mg #60", "upheld"),
    ]


def test_a_heading_under_bold_type():
    heading = [Line("Cold therapy for seven", bold=True), Line("days: Upheld", bold=True)]
    under = [Line(row, bold=True) for row in UNDER.format(reason="It cools.").strip().splitlines()]
    after = [Line("He may rest", bold=False)]
    found = parse_items([*heading, *under, *after, *heading, *under])
    assert [item.treatment for item in found] == ["Cold therapy for seven days"] * 2
    assert [item.rationale for item in found] == ["It cools. He may rest", "It cools."]


def test_an_outcome_in_plain_type_under_a_bold_heading():
    heading = [Line("Cold therapy for seven days:", bold=True), Line("Upheld", bold=False)]
    under = [Line(row, bold=True) for row in UNDER.format(reason="It cools.").strip().splitlines()]
    whole = [Line("Cane: Upheld", bold=True), *under, Line("He may rest.", bold=False)]
    found = parse_items([*whole, *heading, *under])
    assert [(item.treatment, item.outcome) for item in found] == [
        ("Cane", "upheld"),
        ("Cold therapy for seven days", "upheld"),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("The prior decision was: Upheld", id="ends-like-a-heading"),
        pytest.param("The denial of the cane is upheld.", id="says-so"),
        pytest.param("Claims Administrator guideline was read.", id="begins-like-a-label"),
        pytest.param("As the guideline says: canes help.", id="colon"),
    ],
)
def test_a_sentence_of_a_rationale_is_no_heading(sentence):
    rows = lines(item_text("Cane: Upheld", "A cane helps."))
    rows += [Line(sentence, gap=False, bold=False), Line("So it is.", gap=False, bold=False)]
    assert [item.treatment for item in parse_items(rows)] == ["Cane"]


def test_reasons_are_found_by_the_number_of_their_request():
    text = """
    1) MAXIMUS Federal Services, Inc. has determined the request for a cane is not medically necessary and
    appropriate.
    2) MAXIMUS Federal Services, Inc. has determined the request for Norco 5/325mg #30 is medically necessary
    and appropriate.
    1) MAXIMUS Federal Services, Inc. has determined the request for a cane is not medically necessary and
    appropriate.
    2) Regarding the request for Norco 5/325mg #30:
    Medical Treatment Guideline(s) Relied Upon by the Expert Reviewer to Make His/Her Decision
    The Claims Administrator based its decision on the ACOEM Guidelines. The Expert Reviewer relied on the ODG.
    Rationale for the Decision:
    Norco helps.
    1) Regarding the request for a cane:
    Medical Treatment Guideline(s) Relied Upon by the Expert Reviewer to Make His/Her Decision
    The Claims Administrator did not cite any medical evidence. The Expert Reviewer relied on the MTUS.
    Rationale for the Decision:
    No cane.
    """
    rows = [Line(row.strip()) for row in text.strip().splitlines()]
    found = parse_items(rows)
    assert [(item.treatment, item.outcome, item.rationale) for item in found] == [
        ("a cane", "upheld", "No cane."),
        ("Norco 5/325mg #30", "overturned", "Norco helps."),
    ]
    assert found[1].ur_guideline == "The Claims Administrator based its decision on the ACOEM Guidelines."
    assert found[1].imr_guideline == "The Expert Reviewer relied on the ODG."


@pytest.mark.parametrize(
    ("treatment", "requested", "authorized", "disputed"),
    [
        pytest.param(
            "Norco 10/325mg #60 was the original request. Norco 10/325mg #25 was authorized by the Claims "
            "Administrator. "
            "The remaining IMR eligible portion of the original request, Norco 10/325mg #35 is",
            "Norco 10/325mg #60",
            "Norco 10/325mg #25",
            "Norco 10/325mg #35",
            id="portion",
        ),
        pytest.param(
            "TENS unit was the original request. The Claims Administrator authorized 1 month rental, leaving the "
            "original "
            "request IMR eligible. The original request, TENS unit is",
            "TENS unit",
            "1 month rental",
            "TENS unit",
            id="whole",
        ),
        pytest.param(
            "Therapy 2 x 6 was the original request. Therapy 2 x 3 was authorized by the Claims Administrator. The "
            "remaining "
            "IMR eligible portion of the original request, Therapy 2 x 3",
            "Therapy 2 x 6",
            "Therapy 2 x 3",
            "Therapy 2 x 3",
            id="without-is",
        ),
        pytest.param(
            "Canes were the original requests. One cane was authorized by the Claims Administrator. The remaining IMR "
            "eligible portion of the original request, two canes are",
            "Canes",
            "One cane",
            "two canes",
            id="plural",
        ),
        pytest.param("Norco 10/325mg #60", None, None, "Norco 10/325mg #60", id="not-partly"),
        pytest.param("Original request for a cane", None, None, "Original request for a cane", id="the-words-alone"),
    ],
)
def test_partly_authorized(treatment, requested, authorized, disputed):
    assert parts_of(treatment) == (requested, authorized, disputed)


def test_a_partly_authorized_heading_is_one_heading():
    heading = (
        "Norco 10/325mg #60 was the original request. Norco 10/325mg #25 was authorized by the\n"
        "Claims Administrator. The remaining IMR eligible portion of the original request, Norco\n"
        "10/325mg #35 is: Upheld"
    )
    text = item_text("Cane: Upheld") + item_text(heading)
    found = read(text)
    assert [outcome for _, outcome in found] == ["upheld", "upheld"]
    assert parts_of(found[1][0]) == ("Norco 10/325mg #60", "Norco 10/325mg #25", "Norco 10/325mg #35")


@pytest.mark.parametrize(
    ("missing", "lost"),
    [
        pytest.param("Claims Administrator guideline: ", "ur_guideline", id="ur"),
        pytest.param("MAXIMUS guideline: ", "imr_guideline", id="imr"),
        pytest.param("Decision rationale: ", "rationale", id="rationale"),
    ],
)
def test_a_missing_label_costs_its_part_only(missing, lost, parse):
    rows = [row for row in item_text("Cane: Upheld").splitlines() if not row.startswith(missing)]
    [item] = parse(letter("\n".join(rows))).items
    assert (item.treatment, item.outcome) == ("Cane", "upheld")
    parts = {name: getattr(item, name) for name in ("ur_guideline", "imr_guideline", "rationale")}
    assert [name for name, text in parts.items() if not text] == [lost]


@pytest.mark.parametrize("title", ["IMR ISSUES, DECISIONS AND RATIONALES", "DECISION(S) AND RATIONALE(S)", "Cut off"])
def test_titles_of_the_decisions(title, parse):
    assert [item.treatment for item in parse(letter(item_text("Cane: Upheld"), title=title)).items] == ["Cane"]


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("", id="no-decisions"),
        pytest.param("IMR ISSUES, DECISIONS AND RATIONALES", id="nothing-under-the-title"),
    ],
)
def test_a_letter_without_items_says_so(title, parse):
    with pytest.raises(LetterError, match="no disputed item"):
        parse(f"CLINICAL CASE SUMMARY\nThe patient walks.\n{title}\n".encode())


def test_what_follows_the_last_rationale_is_left_out(parse):
    for end in (
        "Sincerely,\nA Doctor",
        "cc: Department",
        "Disclaimer: MAXIMUS is no clinic.",
        "Effect of the Decision: none",
    ):
        read = parse(letter(item_text("Cane: Upheld", "A cane helps."), f"\n{end}\n"))
        assert read.items[0].rationale == "A cane helps.", end


def test_ids_count_from_one(parse):
    read = parse(letter(item_text("Cane: Upheld") + "\n", item_text("Brace: Upheld")), "some name.txt")
    assert [(item.id, item.item) for item in read.items] == [("some name:1", 1), ("some name:2", 2)]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        pytest.param(["on 10-", "20-16 he fell"], "on 10-20-16 he fell", id="date"),
        pytest.param(["flexion-", "extension"], "flexion-extension", id="word"),
        pytest.param(["short-", "and long-term"], "short- and long-term", id="and"),
        pytest.param(["pain -", "worse"], "pain - worse", id="dash"),
        pytest.param(["pain", "worse"], "pain worse", id="space"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_running_text(rows, text):
    assert prose(rows) == text


def test_the_sentence_that_opens_a_summary_is_left_out():
    rows = [
        "The expert reviewer developed the following clinical case summary based on a review of the",
        "case file, including all medical records:",
        "The patient walks.",
    ]
    assert summary_text([Line(row) for row in rows]) == "The patient walks."


BEGINNINGS = """
CLINICAL CASE SUMMARY|Case Summary:|Expert Reviewer Case Summary:|IMR ISSUES, DECISIONS AND RATIONALES
ISSUES, DECISIONS AND RATIONALES|IMR DECISION(S) AND RATIONALE(S)|DECISION(S) AND RATIONALE(S)
The Final Determination was based on decisions for the disputed items/services set forth below:
Documents Reviewed for Determination|1) Regarding the request for a cane:|12 ) Regarding the request for a cane:
Medical Qualifications of the Expert Reviewer:|HOW THE IMR FINAL DETERMINATION WAS MADE|Disclaimer: MAXIMUS
MAXIMUS is providing an independent|Sincerely,|cc: Department|Effect of the Decision|Decision rationale: It helps.
The Expert Reviewer's decision rationale: It helps.|Rationale for the Decision:|Claims Administrator guideline: None
The Claims Administrator cited|MAXIMUS guideline: None|IMR guideline: None|Expert Reviewer guideline: None
The Physician Reviewer relied|Section of the Medical Treatment Utilization Schedule Relied Upon
Medical Treatment Guideline Relied Upon|Expert Reviewer to Make His/Her Decision|Reviewer to Make His/Her Decision
to Make His/Her Decision|Make His/Her Decision
"""
OPENINGS = {
    f"{module.__name__}.{name}": value
    for module in (letter_parts, item_parts)
    for name, value in vars(module).items()
    if isinstance(value, Opening)
}


@pytest.mark.parametrize("name", OPENINGS)
def test_a_beginning_is_known_by_its_first_two_characters(name):
    """The quick look at a line never hides what the pattern finds, in any case and with letters beyond ASCII."""
    opening, found = OPENINGS[name], 0
    for line in BEGINNINGS.strip().replace("\n", "|").split("|"):
        for text in (
            line,
            line.lower(),
            line.upper(),
            line.swapcase(),
            line.replace("S", "\u017f"),
            f"\u0661{line[1:]}",
        ):
            assert bool(opening.match(text)) == bool(opening.pattern.match(text)), text
            found += bool(opening.match(text))
    assert found
