"""Truth to document: the letter forms, part by part.

A form names the wording of each part of a letter (header, reviewer, items), since real letters mix them.
`document_of` prints a letter in a form; `truth_of` says what a perfect parser reads from that print.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from . import boilerplate as words
from .truth import Truth, slashed


@dataclass(frozen=True)
class Run:
    """Words in one weight; `newline` forces them onto a line of their own."""

    text: str
    bold: bool = False
    newline: bool = False


@dataclass(frozen=True)
class Block:
    """One paragraph.

    role      mark, title, item, label, text, bullet
    gap       more space above than between lines
    new_page  starts a page
    """

    runs: tuple[Run, ...]
    role: str = "text"
    gap: bool = True
    centered: bool = False
    new_page: bool = False

    @property
    def text(self) -> str:
        return " ".join(run.text.strip() for run in self.runs)


@dataclass(frozen=True)
class Table:
    """Rows of cells, label and value by turns; an empty cell keeps its place."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FormDocument:
    """A letter in its form, before any file kind. Head and foot repeat on each page: "Page {page} of {pages}"."""

    title: str
    blocks: tuple[Block | Table, ...]
    head: str = ""
    foot: str = ""


@dataclass(frozen=True)
class Form:
    """The wording of each part of a letter."""

    header: Literal["table", "none", "notice"]
    reviewer: Literal["block", "joined", "prose"]
    items: Literal["headings", "sentences", "numbered"]
    colon: str = ": "
    head: str = ""
    foot: str = ""
    case_summary: str = "Expert Reviewer Case Summary:"
    summary_note: str = ""
    effect: str = ""


FOOT_2013 = (
    "Final Letter of Determination      Form Effective 5.16.13                                Page {page} of {pages}"
)

FORMS: dict[str, Form] = {
    "table": Form("table", "block", "headings"),
    "table-joined": Form("table", "joined", "headings"),
    "table-prose": Form("table", "prose", "headings"),
    "table-footer": Form(
        "table", "block", "headings", head="IMR Final Determination {case_number}", foot="Page {page} of {pages}"
    ),
    "bare": Form("none", "block", "headings"),
    "bare-joined": Form("none", "joined", "headings"),
    "bare-prose": Form("none", "prose", "headings", colon=":  "),
    "notice": Form("notice", "prose", "sentences", foot=FOOT_2013),
    "notice-disclaimer": Form(
        "notice",
        "prose",
        "sentences",
        foot=FOOT_2013,
        case_summary="Case Summary:",
        summary_note=words.SUMMARY_NOTE,
    ),
    "notice-effect": Form("notice", "prose", "sentences", foot=FOOT_2013, effect=words.EFFECT),
    "numbered": Form("table", "prose", "numbered"),
    "numbered-bare": Form("none", "prose", "numbered"),
}

SAYS = {"upheld": "is not", "overturned": "is"}


def document_of(letter: Truth, form_name: str) -> FormDocument:
    """The letter printed in the form."""
    form = FORMS[form_name]
    blocks = [*mark(), *HEADERS[form.header](letter), *BODIES[form.items](letter, form)]
    head = form.head.format(case_number=letter["case_number"])
    return FormDocument(f"{words.MARK}: {letter['case_number']}", tuple(blocks), head=head, foot=form.foot)


def truth_of(letter: Truth, form_name: str, *, letter_id: str = "") -> Truth:
    """What this form of the letter prints, in the contract's names; LETTER_ID where it prints no case number."""
    form = FORMS[form_name]
    printed = {name: letter[name] for name in HEADER_KEYS} if form.header != "none" else dict.fromkeys(HEADER_KEYS)
    if form.header == "notice":
        printed["priority"] = None
    name = printed["case_number"] or letter_id
    return {
        "letter_id": name,
        **printed,
        **{key: letter[key] for key in ("licensure_states", "specialties", "patient_age", "patient_sex", "summary")},
        "items": [{"id": f"{name}:{item['item']}", **item_truth(item, form)} for item in letter["items"]],
    }


HEADER_KEYS = (
    "case_number",
    "priority",
    "decision_date",
    "assigned_date",
    "injury_date",
    "ur_denial_date",
    "application_date",
)


def item_truth(item: Truth, form: Form) -> Truth:
    """What the form prints of an item."""
    plain = form.items != "headings"
    treatment = item["disputed"] if plain else item["treatment"]
    return {
        "item": item["item"],
        "treatment": treatment,
        "requested": None if plain else item["requested"],
        "authorized": None if plain else item["authorized"],
        "disputed": item["disputed"],
        "outcome": item["outcome"],
        "ur_guideline": guideline(item["ur_guideline"], form, "ur"),
        "imr_guideline": guideline(item["imr_guideline"], form, "imr"),
        "rationale": item["rationale"],
    }


# Who is said to decide, in the forms that say it in a sentence of their own.
SPEAKERS = {
    ("sentences", "ur"): "The Claims Administrator based its decision on the ",
    ("sentences", "imr"): "The Expert Reviewer relied on the ",
    ("numbered", "ur"): "The Claims Administrator based its decision on the ",
    ("numbered", "imr"): "The Physician Reviewer based his/her decision on the ",
}


def guideline(text: str, form: Form, side: str) -> str:
    """The guideline paragraph in the form's words: "Decision based on X" becomes "The Expert Reviewer relied on X"."""
    if form.items == "headings":
        return text
    if text.startswith("Decision based on "):
        text = SPEAKERS[form.items, side] + text.removeprefix("Decision based on ")
    reviewer = "The Physician Reviewer" if form.items == "numbered" else "The Expert Reviewer"
    return text.replace("The Expert Reviewer", reviewer).replace("The Physician Reviewer", reviewer)


def bold(text: str, role: str, **kwargs: Any) -> Block:
    return Block((Run(text, bold=True),), role, **kwargs)


def plain(text: str, role: str = "text", **kwargs: Any) -> Block:
    return Block((Run(text),), role, **kwargs)


def labelled(label: str, text: str) -> Block:
    """A paragraph that begins with a label in bold."""
    return Block((Run(label, bold=True), Run(text)), "label")


def mark() -> Iterator[Block]:
    yield bold(words.MARK, "mark", centered=True)
    yield plain(words.MARK_NOTE, "mark", gap=False, centered=True)


def title(text: str) -> Block:
    return bold(text, "title", centered=True)


def no_header(letter: Truth) -> Iterator[Block | Table]:
    yield from ()


def table_header(letter: Truth) -> Iterator[Block | Table]:
    """The table; "Application Received" wraps and its date stands beside the first half of the label."""
    days = {name: slashed(letter[name], padded=True) for name in HEADER_KEYS if name.endswith("_date")}
    yield Table(
        (
            ("Case Number:", letter["case_number"], "", ""),
            ("Date Assigned:", days["assigned_date"], "Date of Injury:", days["injury_date"]),
            ("Decision Date:", days["decision_date"], "UR Denial Date:", days["ur_denial_date"]),
            ("Priority:", letter["priority"].capitalize(), "Application", days["application_date"]),
            ("", "", "Received:", ""),
        )
    )


def notice_header(letter: Truth) -> Iterator[Block | Table]:
    """The first page of the 2013 notice: fields, outcome sentences, what the decision means."""
    days = {name: slashed(letter[name], padded=False) for name in HEADER_KEYS if name.endswith("_date")}
    yield title("MAXIMUS FEDERAL SERVICES, INC.")
    yield bold("Independent Medical Review", "mark", gap=False, centered=True)
    yield title("Notice of Independent Medical Review Determination")
    yield bold(f"Dated: {days['decision_date']}", "text")
    yield Table(
        (
            ("Employee:", "Fictional Person"),
            ("Claim Number:", "FICTION-000"),
            ("Date of UR Decision:", days["ur_denial_date"]),
            ("Date of Injury:", days["injury_date"]),
            ("IMR Application Received:", days["application_date"]),
            ("MAXIMUS Case Number:", letter["case_number"]),
        )
    )
    yield from outcome_sentences(letter)
    yield plain("Dear Fictional Person:")
    yield from map(plain, words.NOTICE_BODY)
    yield plain("Sincerely,")
    yield plain("Medical Director (fictional)", gap=False)
    yield plain("cc: nobody", gap=False)
    yield Block(
        (Run("INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE", bold=True),), "title", centered=True, new_page=True
    )
    yield plain(words.FILED.format(**days))
    yield from outcome_sentences(letter)


def outcome_sentences(letter: Truth) -> Iterator[Block]:
    """N) MAXIMUS Federal Services, Inc. has determined the request for TREATMENT is not medically necessary ..."""
    for item in letter["items"]:
        yield Block(
            (
                Run(f"{item['item']}) MAXIMUS Federal Services, Inc. has determined the request for "),
                Run(f"{item['disputed']} ", bold=True),
                Run(f"{says(item)} medically necessary and appropriate."),
            )
        )


def says(item: Truth) -> str:
    if item["outcome"] not in SAYS:
        raise ValueError(f"no sentence of 2013 says {item['outcome']!r}")
    return SAYS[item["outcome"]]


def headings_body(letter: Truth, form: Form) -> Iterator[Block | Table]:
    """The form of 2014-2018."""
    yield title("HOW THE IMR FINAL DETERMINATION WAS MADE")
    yield from reviewer(letter, form)
    yield title("CLINICAL CASE SUMMARY")
    yield plain(words.SUMMARY_LEAD, gap=False)
    yield from map(plain, letter["summary_paragraphs"])
    yield title("IMR ISSUES, DECISIONS AND RATIONALES")
    yield plain(words.ITEMS_LEAD, gap=False)
    for item in letter["items"]:
        heading = Run(item["treatment"] + form.colon, bold=True)
        outcome = Run(item["outcome"].capitalize(), bold=not item["own_line"], newline=item["own_line"])
        yield Block((heading, outcome), "item", new_page=item["item"] in letter["breaks"])
        yield labelled("Claims Administrator guideline: ", item["ur_guideline"])
        yield labelled("MAXIMUS guideline: ", item["imr_guideline"])
        first, *rest = item["rationale_paragraphs"]
        yield labelled("Decision rationale: ", first)
        yield from map(plain, rest)


def reviewer(letter: Truth, form: Form) -> Iterator[Block]:
    """How the reviewer was chosen, and the credentials in a block or within the prose."""
    if form.reviewer == "prose":
        yield plain(f"{words.SENT} {credentials(letter, 'The expert reviewer')} {words.CHOSEN}", gap=False)
        return
    comma = "," if form.reviewer == "joined" else ", "
    yield plain(f"{words.SENT} {words.CHOSEN}", gap=False)
    yield plain("The Expert Reviewer has the following credentials:")
    yield plain(f"State(s) of Licensure: {comma.join(letter['licensure_states'])}", gap=False)
    yield plain(f"Certification(s)/Specialty: {comma.join(letter['specialties'])}", gap=False)


def credentials(letter: Truth, who: str) -> str:
    """WHO is Board Certified in X, has a subspecialty in Y and is licensed to practice in Z and W."""
    board, *further = letter["specialties"]
    *states, last = letter["licensure_states"]
    place = f"{', '.join(states)} and {last}" if states else last
    subspecialty = f", has a subspecialty in {', '.join(further)}" if further else ""
    return f"{who} is Board Certified in {board}{subspecialty} and is licensed to practice in {place}."


def sentences_body(letter: Truth, form: Form) -> Iterator[Block | Table]:
    """The pages of the 2013 notice after its outcome sentences."""
    yield bold("Medical Qualifications of the Expert Reviewer:", "label")
    yield plain(f"{words.NO_TIES} {credentials(letter, 'The physician reviewer')} {words.CHOSEN}", gap=False)
    yield bold(form.case_summary, "label")
    if form.summary_note:
        day = slashed(letter["ur_denial_date"], padded=False)
        yield plain(form.summary_note.format(ur_denial_date=day), gap=False)
    for number, text in enumerate(letter["summary_paragraphs"]):
        yield plain(text, gap=bool(number or form.summary_note))
    yield bold("Documents Reviewed for Determination:", "label")
    yield plain(words.DOCUMENTS_LEAD, gap=False)
    for number, text in enumerate(letter["documents"]):
        yield plain(f"• {text}", "bullet", gap=not number)
    for item in letter["items"]:
        yield from sentence_item(item, form, new_page=item["item"] in letter["breaks"])
    if form.effect:
        yield bold("Effect of the Decision:", "label")
        yield plain(form.effect, gap=False)
    yield Block((Run("Disclaimer: ", bold=True), Run(words.DISCLAIMER)), "label")


def sentence_item(item: Truth, form: Form, *, new_page: bool) -> Iterator[Block]:
    """N) Regarding the request for TREATMENT: guidelines and rationale under labels of their own."""
    yield Block(
        (Run(f"{item['item']}) Regarding the request for {item['disputed']}:", bold=True),), "item", new_page=new_page
    )
    yield bold(words.RELIED_UPON, "label")
    sides = ((item["ur_guideline"], "ur"), (item["imr_guideline"], "imr"))
    yield plain(" ".join(guideline(text, form, side) for text, side in sides), gap=False)
    yield bold("Rationale for the Decision:", "label")
    for number, text in enumerate(item["rationale_paragraphs"]):
        yield plain(text, gap=bool(number))


def numbered_body(letter: Truth, form: Form) -> Iterator[Block | Table]:
    """The form of early 2014: N. TREATMENT is not medically necessary and appropriate."""
    yield title("HOW THE IMR FINAL DETERMINATION WAS MADE")
    yield plain(f"{words.SENT} {credentials(letter, 'The Expert Reviewer')} {words.CHOSEN}", gap=False)
    yield title("CLINICAL CASE SUMMARY")
    yield plain(words.SUMMARY_LEAD, gap=False)
    yield from map(plain, letter["summary_paragraphs"])
    yield title("DECISION(S) AND RATIONALE(S)")
    yield plain(words.ITEMS_LEAD, gap=False)
    for item in letter["items"]:
        heading = f"{item['item']}. {item['disputed']} {says(item)} medically necessary and appropriate."
        yield bold(heading, "item", new_page=item["item"] in letter["breaks"])
        yield plain(guideline(item["ur_guideline"], form, "ur"))
        yield plain(guideline(item["imr_guideline"], form, "imr"))
        first, *rest = item["rationale_paragraphs"]
        yield labelled("The Physician Reviewer's decision rationale: ", first)
        yield from map(plain, rest)


HEADERS = {"none": no_header, "table": table_header, "notice": notice_header}
BODIES = {"headings": headings_body, "sentences": sentences_body, "numbered": numbered_body}
