"""The fictional letters as structured truth, in the contract's names."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

LETTERS = Path(__file__).parent / "letters"

DATES = ("decision_date", "assigned_date", "injury_date", "ur_denial_date", "application_date")

# The two wordings of a partly authorized heading. The printed heading ends in " is", then the colon.
PARTIAL = {
    "portion": (
        "{requested} was the original request. {authorized} was authorized by the Claims Administrator. "
        "The remaining IMR eligible portion of the original request, {disputed} is"
    ),
    "whole": (
        "{requested} was the original request. The Claims Administrator authorized {authorized}, "
        "leaving the original request IMR eligible. The original request, {disputed} is"
    ),
}

Truth = dict[str, Any]


def fold(text: str) -> str:
    """One line, single spaces."""
    return " ".join(text.split())


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text whose paragraphs stand apart by a blank line."""
    return [fold(part) for part in text.strip().split("\n\n")]


def treatment_of(item: Mapping[str, Any]) -> str:
    """The heading without its outcome."""
    if "treatment" in item:
        return fold(item["treatment"])
    parts = {name: fold(item.get(name, item["requested"])) for name in ("requested", "authorized", "disputed")}
    return PARTIAL[item.get("wording", "portion")].format(**parts)


def item_of(number: int, item: Mapping[str, Any]) -> Truth:
    """One item of the TOML in full: the contract's names, and how it is to be printed."""
    treatment = treatment_of(item)
    partial = "requested" in item
    return {
        "item": number,
        "treatment": treatment,
        "requested": fold(item["requested"]) if partial else None,
        "authorized": fold(item["authorized"]) if partial else None,
        "disputed": fold(item.get("disputed", item["requested"])) if partial else treatment,
        "outcome": item["outcome"],
        "ur_guideline": fold(item["ur_guideline"]),
        "imr_guideline": fold(item["imr_guideline"]),
        "rationale": " ".join(paragraphs(item["rationale"])),
        "rationale_paragraphs": paragraphs(item["rationale"]),
        "own_line": item.get("own_line", False),
    }


def letter_of(letter: Mapping[str, Any]) -> Truth:
    """One letter of the TOML in full."""
    dates = {name: letter[name].isoformat() if name in letter else None for name in DATES}
    return {
        "key": letter["key"],
        "form": letter["form"],
        "case_number": letter["case_number"],
        "priority": letter.get("priority", "standard"),
        **dates,
        "licensure_states": letter["licensure_states"],
        "specialties": letter["specialties"],
        "patient_age": letter["patient_age"],
        "patient_sex": letter["patient_sex"],
        "summary": " ".join(paragraphs(letter["summary"])),
        "summary_paragraphs": paragraphs(letter["summary"]),
        "documents": letter.get("documents", []),
        "breaks": letter.get("breaks", []),
        "items": [item_of(number, item) for number, item in enumerate(letter["items"], start=1)],
    }


@cache
def letters() -> dict[str, Truth]:
    """Every fictional letter by its key."""
    return {letter["key"]: letter for letter in read_letters()}


def read_letters(folder: Path = LETTERS) -> Iterator[Truth]:
    """The letters of all TOML files in FOLDER, in the files' order."""
    for path in sorted(folder.glob("*.toml")):
        for letter in tomllib.loads(path.read_text("utf-8"))["letter"]:
            yield letter_of(letter)


def slashed(day: str | None, *, padded: bool) -> str:
    """An ISO date as the letters print it: 01/05/2017, or 1/5/2017 in the notice of 2013."""
    if day is None:
        return ""
    value = date.fromisoformat(day)
    return f"{value:%m/%d/%Y}" if padded else f"{value.month}/{value.day}/{value.year}"
