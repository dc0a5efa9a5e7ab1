"""Any number of fictional letters, each from its seed and its place alone: letter 7 does not wait for letter 6."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from imrsearch.schema.vocabulary import table

from .draw import Draw, lists
from .reasons import items_of
from .truth import Truth

# Decisions of September 2013 to October 2026.
YEARS = range(2013, 2027)
FIRST_DAY, LAST_DAY = date(2013, 9, 1), date(2026, 10, 31)
# Real case numbers have seven digits; "CM16-99123456" has eight. A number comes again after a million letters, always
# in another year: so many letters have numbers of their own.
NUMBERS = 1_000_000
MOST = NUMBERS * len(YEARS)
# How many items a letter has: of 100 letters 45 have one.
ITEM_COUNTS = (1,) * 45 + (2,) * 22 + (3,) * 13 + (4,) * 8 + (5,) * 5 + (6,) * 3 + (7,) * 2 + (8,) + (9,)
# The forms of a year, the commonest first.
FORMS_OF = {
    2013: ("notice", "notice-disclaimer", "notice-effect"),
    2014: ("numbered", "bare", "numbered-bare", "bare-prose", "bare-joined", "table-prose"),
    2015: ("table", "bare", "table-prose", "bare-joined", "table-joined"),
}
# A page by hand has a span in every ninth long word, three of which "is not medically necessary and appropriate" holds.
LONG_WORD = re.compile(r"\b[A-Za-z]{8,}\b")
MOST_LONG_WORDS = 5
LATER_FORMS = ("table", "table-joined", "table-footer")
SPECIALTIES = (
    "Physical Medicine and Rehabilitation", "Anesthesiology", "Orthopedic Surgery", "Pain Management",
    "Occupational Medicine", "Chiropractic", "Family Practice", "Internal Medicine", "Psychiatry", "Neurology",
)  # fmt: skip
STATES = ("California", "Texas", "New York", "Florida", "Ohio", "New Jersey", "Pennsylvania", "Arizona", "Nevada")


def generated(number: int, *, seed: int = 0, start: int = 0) -> Iterator[Truth]:
    """NUMBER letters from place START on, one at a time."""
    return (letter_at(place, seed=seed) for place in range(start, start + number))


def letter_at(place: int, *, seed: int = 0) -> Truth:
    """The letter of that place, in the shape of `truth.letter_of`."""
    if not 0 <= place < MOST:
        raise ValueError(f"there are numbers for letters 0 to {MOST - 1}")
    draw = Draw(seed, place)
    decided = decision_day(draw, place, seed)
    days = days_before(draw, decided)
    sex = "female" if draw.chance(0.45) else "male"
    draw.update(
        decided=str(decided.year - 1),
        denial=hyphened(days["ur_denial_date"]),
        injury=hyphened(days["injury_date"]),
        He="She" if sex == "female" else "He",
        he="she" if sex == "female" else "he",
    )
    age = 21 + draw.below(48)
    summary = summary_of(draw, age=age, sex=sex)
    items = items_of(draw, draw.one(ITEM_COUNTS), year=decided.year)
    states = ["California", *draw.several(other_states(), draw.below(3))]
    return {
        "key": f"{seed}-{place}",
        "form": draw.common([form for form in FORMS_OF.get(decided.year, LATER_FORMS) if fits(items, form)]),
        "case_number": f"CM{decided:%y}-99{place % NUMBERS:06d}",
        "priority": "expedited" if draw.chance(0.02) else "standard",
        "decision_date": decided.isoformat(),
        **{name: day.isoformat() for name, day in days.items()},
        "licensure_states": states[draw.below(2) and len(states) > 1 :],
        "specialties": draw.several(specialties(), 1 + draw.chance(0.3)),
        "patient_age": age,
        "patient_sex": sex,
        "summary": " ".join(summary),
        "summary_paragraphs": summary,
        "documents": [draw["document"] for _ in range(3 + draw.below(5))] if decided.year == 2013 else [],
        "breaks": [len(items)] if draw.chance(0.03) else [],
        "items": items,
    }


def fits(items: Sequence[Truth], form: str) -> bool:
    """Whether the form prints the headings so that a reader can tell them for certain.

    A numbered heading over several lines, one of which markup has made short, looks like two paragraphs.
    """
    longest = max(len(LONG_WORD.findall(item["disputed"])) for item in items)
    return not form.startswith("numbered") or longest <= MOST_LONG_WORDS


def decision_day(draw: Draw, place: int, seed: int) -> date:
    """A day of the year that no other letter of the same number has."""
    first = (draw if place < NUMBERS else Draw(seed, place % NUMBERS)).below(len(YEARS))
    year = YEARS[(first + place // NUMBERS) % len(YEARS)]
    start, end = max(date(year, 1, 1), FIRST_DAY), min(date(year, 12, 31), LAST_DAY)
    return draw.day_after(start, least=0, most=(end - start).days)


def days_before(draw: Draw, decided: date) -> dict[str, date]:
    """The other dates of the letter."""
    assigned = draw.day_after(decided, least=-60, most=-12)
    application = draw.day_after(assigned, least=-30, most=-5)
    denial = draw.day_after(application, least=-30, most=-2)
    injury = draw.day_after(denial, least=-6_000, most=-120)
    return {
        "assigned_date": assigned,
        "injury_date": injury,
        "ur_denial_date": denial,
        "application_date": application,
    }


def hyphened(day: date) -> str:
    """8-3-2015, as the letters write days in prose."""
    return f"{day.month}-{day.day}-{day.year}"


def summary_of(draw: Draw, *, age: int, sex: str) -> list[str]:
    """The clinical summary in one to three paragraphs: who, then what happened and was found."""
    sentences = draw.several(lists("sentences")["summary"], 10 + draw.below(17))
    said = [draw.slip(draw.say(sentence)) for sentence in sentences]
    opening = f"The injured worker is a {age} year old {sex} {draw['job']}."
    size = 1 + len(said) // (1 + draw.below(3))
    parts = [said[start : start + size] for start in range(0, len(said), size)]
    return [" ".join((opening, *parts[0])), *(" ".join(part) for part in parts[1:])]


@cache
def specialties() -> tuple[str, ...]:
    """The names of the vocabulary, the common ones first."""
    return tuple(dict.fromkeys((*SPECIALTIES, *(name for name in table("specialties") if "," not in name))))


@cache
def other_states() -> tuple[str, ...]:
    names = [name for name in table("states").values() if isinstance(name, str) and name != "California"]
    return tuple(dict.fromkeys((*STATES[1:], *names)))
