"""Fictional letters to compare: near twins of opposite outcomes, families, and items that only share a treatment."""

from collections.abc import Sequence

from msgspec import structs

from imrsearch.schema.derive import derive_item
from imrsearch.schema.records import Item, Letter
from tests.factories import citation, item, letter

# What the rationales of a treatment have in common; none of it is from a letter.
GROUND = {
    "Zorbital brace": (
        "The guideline of the valley allows a brace for weak joints.",
        "It wants a trial of four weeks before any purchase.",
        "The brace is worn by day and left off at night.",
        "A diary of the wearer is to be kept for each week.",
    ),
    "Norco 10/325mg #60": (
        "Opioids are for severe pain that nothing else relieves.",
        "The lowest dose that works is to be used.",
        "A pain contract and yearly urine screens are wanted.",
        "Function is to be measured at every visit.",
    ),
    "MRI of the left knee": (
        "A scan of the knee is for a locked joint or a torn ligament.",
        "Plain films come first where there was no fall.",
        "The surgeon is to say what the scan would change.",
        "A second scan within a year needs new findings.",
    ),
}
# How the two outcomes end, three sentences each.
ENDS = {
    "upheld": (
        "The {n} notes of this worker show no trial at all.",
        "Nobody wrote down what was gained in case {n}.",
        "So this request {n} is not medically necessary.",
    ),
    "overturned": (
        "The {n} records hold a trial that went well.",
        "Gains were measured twice in case {n}.",
        "So this request {n} is medically necessary.",
    ),
}


def reasoned(heading: str, outcome: str, reasons: Sequence[str], **settings: object) -> Item:
    """An item with its derived facts, its rationale the sentences."""
    return derive_item(item(heading, outcome=outcome, rationale=" ".join(reasons), **settings))


def twins(heading: str, number: int) -> tuple[Item, Item]:
    """An upheld and an overturned item whose rationales differ by three sentences on each side."""
    own = f"The worker of case {number} pulled cart {number} up hill {number} for {number} days."
    return tuple(  # type: ignore[return-value]
        reasoned(heading, outcome, (*GROUND[heading], own, *(end.format(n=number) for end in ENDS[outcome])))
        for outcome in ("upheld", "overturned")
    )


def precedents() -> list[Letter]:
    """Three letters a treatment with twins in letters of their own, copies of one item, and a letter of two items."""
    found: list[Letter] = []
    for place, heading in enumerate(GROUND):
        for number in range(1, 4):
            for side, one in enumerate(twins(heading, 10 * place + number)):
                found.append(letter(f"CM17-00{place}{number}{side}00", one, summary=summary(place, number)))
    for copy in range(3):
        same = reasoned(
            "Norco 5/325mg #30", "upheld", ("Copied words say why it was asked for.", *GROUND["Norco 10/325mg #60"])
        )
        found.append(letter(f"CM17-009000{copy}", same, summary="A baker with a sore wrist."))
    siblings = (
        reasoned("Zorbital brace", "upheld", ("A cook of 40 years wants it.", "It was had once before this year.")),
        reasoned("Ultram 50mg #90", "upheld", ("Nothing was said of function.",), imr_citations=(citation("Opioids"),)),
    )
    found.append(letter("CM17-0080000", *siblings, summary="A cook with burns on both hands.", patient_age=40))
    return [structs.replace(one, decision_date="2017-02-01") for one in found]


def summary(place: int, number: int) -> str:
    """Of each letter its own."""
    trades = ("roofer", "baker", "driver")
    joint = ("ankle", "wrist", "knee")[place]
    return f"A {trades[place]} of {30 + number} fell in the yard. The {joint} swelled and hurt."
