"""Words of every letter's guideline paragraphs are shown and not searched."""

import pytest
from factories import index_of, item, letter

from imrsearch.schema.derive.boilerplate import cited_words
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

SHOWN = "Decision based on MTUS Ankle Complaints 2004, Section(s): Casts. Decision based on Non-MTUS Citation ODG."


@pytest.mark.parametrize(
    ("paragraph", "words"),
    [
        pytest.param(SHOWN, "MTUS Ankle Complaints 2004, Casts. ODG.", id="both-kinds"),
        pytest.param(
            "Decision based on MTUS Chronic Pain, Opioids Page(s): 24, 76-78.",
            "MTUS Chronic Pain, Opioids 24, 76-78.",
            id="pages",
        ),
        pytest.param("The Claims Administrator did not cite any medical evidence for its decision.", "", id="nothing"),
        pytest.param("The Expert Reviewer did not cite any medical evidence for its decision.", "", id="reviewer"),
        pytest.param(
            "The Claims Administrator based their decision on recommendation(s) outside of the MTUS Guidelines. "
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), Pain.",
            "Official Disability Guidelines (ODG), Pain.",
            id="outside-of-the-mtus",
        ),
        pytest.param(
            "The Claims Administrator did not base their decision on the MTUS. Decision based on Non-MTUS Lancet.",
            "Lancet.",
            id="not-on-the-mtus",
        ),
        pytest.param("A decision based on tests.", "A decision based on tests.", id="prose"),
        pytest.param("MTUS Opioids", "MTUS Opioids", id="none"),
        pytest.param("", "", id="empty"),
    ],
)
def test_cited_words(paragraph, words):
    assert cited_words(paragraph) == words


def test_boilerplate_is_shown_and_not_searched(tmp_path):
    held = letter("B1", item("Cast", imr_guideline=SHOWN, ur_guideline=SHOWN, rationale="It healed."))
    searcher = Searcher.open(index_of([held], tmp_path / "index"))
    [hit] = searcher.search(Query(text="casts mtus")).hits
    assert hit.imr_guideline == SHOWN
    for text in ("citation", "decision", "based"):
        assert searcher.search(Query(text=text)).total == 0
