"""What a guideline paragraph cites, form by form and trap by trap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imrsearch.indexer.letter.citations import citations_in, pages_of

# (guideline, document, edition, section, pages)
PAIN = "Chronic Pain Medical Treatment"
PAIN_GUIDELINES = "Chronic Pain Treatment Guidelines"
ODG = "Official Disability Guidelines"


def cited(paragraph):
    return [(one.guideline, one.document, one.edition, one.section, list(one.pages)) for one in citations_in(paragraph)]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        pytest.param(
            "Decision based on MTUS Chronic Pain Treatment Guidelines Benzodiazepines Page(s): 24.",
            [("MTUS", PAIN_GUIDELINES, None, "Benzodiazepines", [24])],
            id="page",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Treatment Guidelines Opioids Page(s): 24, 76-78.",
            [("MTUS", PAIN_GUIDELINES, None, "Opioids", [24, 76, 77, 78])],
            id="pages-and-range",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Treatment Guidelines Opioids Page(s): 78, 86, and 87.",
            [("MTUS", PAIN_GUIDELINES, None, "Opioids", [78, 86, 87])],
            id="pages-with-and",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Treatment Guidelines Topical analgesics Page(s): 110-11.",
            [("MTUS", PAIN_GUIDELINES, None, "Topical analgesics", [110, 111])],
            id="short-range",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Treatment Guidelines Opioids, criteria for use Page(s): 76-80, 88, "
            "89.",
            [("MTUS", PAIN_GUIDELINES, None, "Opioids, criteria for use", [76, 77, 78, 79, 80, 88, 89])],
            id="comma-in-section-before-pages",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Treatment Guidelines Opioids Page(s): 78, and Weaning of Medications "
            "Page(s): 124.",
            [
                ("MTUS", PAIN_GUIDELINES, None, "Opioids", [78]),
                ("MTUS", PAIN_GUIDELINES, None, "Weaning of Medications", [124]),
            ],
            id="two-sections-with-pages",
        ),
        pytest.param(
            "Decision based on MTUS ACOEM Page(s): 303.", [("MTUS", "ACOEM", None, None, [303])], id="acoem-in-the-mtus"
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Medical Treatment 2009, Section(s): Benzodiazepines.",
            [("MTUS", PAIN, 2009, "Benzodiazepines", [])],
            id="section",
        ),
        pytest.param(
            "Decision based on MTUS Low Back Complaints 2004.",
            [("MTUS", "Low Back Complaints", 2004, None, [])],
            id="document-only",
        ),
        pytest.param(
            "Decision based on MTUS Low Back Complaints 2004, Section(s): Initial Care, Physical Methods.",
            [
                ("MTUS", "Low Back Complaints", 2004, "Initial Care", []),
                ("MTUS", "Low Back Complaints", 2004, "Physical Methods", []),
            ],
            id="two-sections",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Medical Treatment 2009, Section(s): Opioids, criteria for use, "
            "Opioids, specific drug list.",
            [
                ("MTUS", PAIN, 2009, "Opioids, criteria for use", []),
                ("MTUS", PAIN, 2009, "Opioids, specific drug list", []),
            ],
            id="commas-in-section-names",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Medical Treatment 2016, Section(s): NSAIDs, GI symptoms & "
            "cardiovascular risk, Medications for chronic pain.",
            [
                ("MTUS", PAIN, 2016, "NSAIDs, GI symptoms & cardiovascular risk", []),
                ("MTUS", PAIN, 2016, "Medications for chronic pain", []),
            ],
            id="comma-before-a-capital-in-a-section-name",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Medical Treatment 2009, Section(s): NSAIDs (non-steroidal "
            "anti-inflammatory drugs, oral), Naproxen.",
            [
                ("MTUS", PAIN, 2009, "NSAIDs (non-steroidal anti-inflammatory drugs, oral)", []),
                ("MTUS", PAIN, 2009, "Naproxen", []),
            ],
            id="comma-in-parentheses",
        ),
        pytest.param(
            "Decision based on MTUS Low Back Complaints 2004, Section(s): Special Studies, and Chronic Pain Medical "
            "Treatment 2016, Section(s): Facet blocks.",
            [
                ("MTUS", "Low Back Complaints", 2004, "Special Studies", []),
                ("MTUS", PAIN, 2016, "Facet blocks", []),
            ],
            id="two-documents",
        ),
        pytest.param(
            "Decision based on MTUS Neck and Upper Back Complaints 2004, Section(s): Special Studies.",
            [("MTUS", "Neck and Upper Back Complaints", 2004, "Special Studies", [])],
            id="and-in-a-document-name",
        ),
        pytest.param(
            "Decision based on MTUS Forearm, Wrist, and Hand Complaints 2004, Section(s): Initial Care.",
            [("MTUS", "Forearm, Wrist, and Hand Complaints", 2004, "Initial Care", [])],
            id="comma-and-in-a-document-name",
        ),
        pytest.param(
            "Decision based on MTUS Shoulder Complaints 2004, Section(s): Summary, and Forearm, Wrist, and Hand "
            "Complaints 2004, Section(s): Initial Care.",
            [
                ("MTUS", "Shoulder Complaints", 2004, "Summary", []),
                ("MTUS", "Forearm, Wrist, and Hand Complaints", 2004, "Initial Care", []),
            ],
            id="comma-and-in-the-second-document-name",
        ),
        pytest.param(
            "Decision based on MTUS General Approaches 2004, Section(s): Cornerstones of Disability Prevention and "
            "Management.",
            [
                (
                    "MTUS",
                    "General Approaches",
                    2004,
                    "Cornerstones of Disability Prevention and Management",
                    [],
                )
            ],
            id="and-in-a-section-name",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Medical Treatment 2009, Section(s): Topical Analgesics. Decision "
            "based "
            "on Non-MTUS Citation Official Disability Guidelines (ODG), Pain, Compound drugs.",
            [("MTUS", PAIN, 2009, "Topical Analgesics", []), ("ODG", ODG, None, "Pain, Compound drugs", [])],
            id="mtus-then-other",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG) Knee, Bracing.",
            [("ODG", ODG, None, "Knee, Bracing", [])],
            id="odg-in-parentheses",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Official Disability Guidelines, Knee, Bracing.",
            [("ODG", ODG, None, "Knee, Bracing", [])],
            id="odg-without-parentheses",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation ODG, Low Back, Discography.",
            [("ODG", ODG, None, "Low Back, Discography", [])],
            id="odg-by-letters-only",
        ),
        pytest.param(
            "Decision based on Non- MTUS Citation ODG Pain.", [("ODG", ODG, None, "Pain", [])], id="broken-non-mtus"
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG) Low Back - Lumbar & Thoracic "
            "(Acute "
            "& Chronic), Facet joint radiofrequency neurotomy.",
            [
                (
                    "ODG",
                    ODG,
                    None,
                    "Low Back - Lumbar & Thoracic (Acute & Chronic), Facet joint radiofrequency neurotomy",
                    [],
                )
            ],
            id="odg-chapter-and-topic",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), Pain; ACOEM Guidelines, 3rd "
            "ed., "
            "Opioids.",
            [("ODG", ODG, None, "Pain", []), ("ACOEM", "ACOEM Guidelines, 3rd ed", None, "Opioids", [])],
            id="two-families",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation ACOEM Occupational Medicine Practice Guidelines, 3rd ed., Low Back "
            "Disorders, pg. 607.",
            [("ACOEM", "ACOEM Occupational Medicine Practice Guidelines, 3rd ed", None, "Low Back Disorders", [607])],
            id="acoem-with-a-page",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation https://www.example.org/clinical-trials/2016/brace.html.",
            [("other", "https://www.example.org/clinical-trials/2016/brace.html", None, None, [])],
            id="url",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Official Disability Guidelines, Knee, https://www.example.org/knee.",
            [
                ("ODG", ODG, None, "Knee", []),
                ("other", "https://www.example.org/knee", None, None, []),
            ],
            id="url-after-a-guideline",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), Pain (updated 10/20/2016), "
            "Ambien.",
            [("ODG", ODG, None, "Pain (updated 10/20/2016), Ambien", [])],
            id="year-in-a-date-is-no-edition",
        ),
        pytest.param(
            "Decision based on Non-MTUS Citation Other Medical Treatment Guideline or Medical Evidence: Journal of "
            "Canes, "
            "2011.",
            [
                (
                    "other",
                    "Other Medical Treatment Guideline or Medical Evidence",
                    2011,
                    "Journal of Canes",
                    [],
                )
            ],
            id="other-evidence",
        ),
        pytest.param(
            "The Claims Administrator did not cite any medical evidence for its decision.", [], id="none-cited"
        ),
        pytest.param("The Claims Administrator did not base their decision on the MTUS.", [], id="not-on-the-mtus"),
        pytest.param(
            "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines.",
            [],
            id="outside-of-the-mtus",
        ),
        pytest.param(
            "The Expert Reviewer did not base their decision on the MTUS. Decision based on Non-MTUS Citation ODG, "
            "Pain.",
            [("ODG", ODG, None, "Pain", [])],
            id="not-on-the-mtus-but-on-another",
        ),
        pytest.param(
            "The Claims Administrator based their decision on recommendation(s) outside of the MTUS Guidelines. "
            "Decision "
            "based on Non-MTUS Citation Official Disability Guidelines (ODG), Pain, Opioid-induced constipation "
            "treatment.",
            [("ODG", ODG, None, "Pain, Opioid-induced constipation treatment", [])],
            id="outside-then-another",
        ),
        pytest.param(
            "The Claims Administrator based its decision on the Chronic Pain Medical Treatment Guidelines (2009), "
            "Cyclobenzaprine, page 41, which are part of the MTUS.",
            [("MTUS", "Chronic Pain Medical Treatment Guidelines", 2009, "Cyclobenzaprine", [41])],
            id="2013-part-of-the-mtus",
        ),
        pytest.param(
            "The Expert Reviewer relied on the Chronic Pain Medical Treatment Guidelines, Muscle relaxants, pages "
            "63-64, "
            "which are part of the MTUS.",
            [("MTUS", "Chronic Pain Medical Treatment Guidelines", None, "Muscle relaxants", [63, 64])],
            id="2013-relied-on",
        ),
        pytest.param(
            "The Physician Reviewer based his/her decision on the Postsurgical Treatment Guidelines, Knee, pages "
            "24-25, "
            "which are part of the MTUS.",
            [("MTUS", "Postsurgical Treatment Guidelines", None, "Knee", [24, 25])],
            id="2014-his-her",
        ),
        pytest.param(
            "The Claims Administrator based its decision on the Official Disability Guidelines (ODG), Low Back "
            "Chapter, "
            "which is not part of the MTUS.",
            [("ODG", ODG, None, "Low Back Chapter", [])],
            id="2013-not-part-of-the-mtus",
        ),
        pytest.param(
            "The Expert Reviewer found the guidelines used by the Claims Administrator relevant to the employee's "
            "clinical "
            "circumstance.",
            [],
            id="2013-found-relevant",
        ),
        pytest.param("", [], id="empty"),
        pytest.param("Decision based on .", [], id="nothing-after-the-words"),
        pytest.param(
            "Decision based on MTUS Low Back Complaints 2004. Decision based on MTUS Low Back Complaints 2004.",
            [("MTUS", "Low Back Complaints", 2004, None, [])],
            id="the-same-twice",
        ),
        pytest.param(
            "Decision based on MTUS Chronic Pain Medical Treatment 2009, Section(s): Electro- diagnostic testing "
            "(EMG/NCS).",
            [("MTUS", PAIN, 2009, "Electrodiagnostic testing (EMG/NCS)", [])],
            id="name-broken-at-a-line's-end",
        ),
        pytest.param(
            "DECISION BASED ON MTUS Low Back Complaints 2004, Sections: Summary.",
            [("MTUS", "Low Back Complaints", 2004, "Summary", [])],
            id="capitals-and-another-plural",
        ),
    ],
)
def test_citations(paragraph, expected):
    assert cited(paragraph) == expected


@pytest.mark.parametrize(
    "paragraph",
    [
        "The Claims Administrator did not base their decision on the MTUS.",
        "The Claims Administrator did not base its decision on the MTUS. Decision based on Non-MTUS Citation ODG, "
        "Knee.",
        "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines.",
        "The Physician Reviewer did not rely on the MTUS.",
        "The Claims Administrator did not cite any medical evidence for its decision.",
    ],
)
def test_what_is_denied_is_no_mtus_citation(paragraph):
    assert all(one.guideline != "MTUS" for one in citations_in(paragraph))


def test_the_words_cited_are_kept():
    [one] = citations_in("Decision based on MTUS Low Back Complaints 2004, Section(s): Summary.")
    assert one.text == "Low Back Complaints 2004, Section(s): Summary"


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        pytest.param("24", [24], id="one"),
        pytest.param("24, 76-78", [24, 76, 77, 78], id="range"),
        pytest.param("110-11", [110, 111], id="short-end"),
        pytest.param("98-9", [98, 99], id="one-digit-end"),
        pytest.param("88 and 89", [88, 89], id="and"),
        pytest.param("76–78", [76, 77, 78], id="en-dash"),
        pytest.param("76 to 78", [76, 77, 78], id="to"),
        pytest.param("80-76", [80, 76], id="backwards"),
        pytest.param("1-9999", [1, 9999], id="a-range-too-long-to-be-one"),
        pytest.param("24, 24-25", [24, 25], id="each-once"),
    ],
)
def test_pages(text, pages):
    assert list(pages_of(text)) == pages


@pytest.mark.property
@given(st.text(st.sampled_from("MTUS Section(s):, Page(s) 2004-12. and Non-Citation ODG"), max_size=200))
def test_any_paragraph_is_read(text):
    for one in citations_in(f"Decision based on {text}"):
        assert one.guideline in ("MTUS", "ACOEM", "ODG", "other")
        assert one.section != ""
        assert len(one.pages) == len(set(one.pages))
