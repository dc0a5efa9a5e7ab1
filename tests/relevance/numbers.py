"""Doses, quantities and levels: written in two ways they find the same items, and never an item without the number.

What holds a number is decided here by reading the text, not by the product's own normaliser.
"""

import re
from collections.abc import Iterator

from .collection import Collection
from .made import EVERYTHING, right
from .measures import Topic

# "10/325mg", ".5 mg", "7.5mg", "10mcg/hr". Not the "325mg" of "10/325mg".
DOSE = re.compile(r"(?<![\w./-])((?:\d*\.)?\d+(?:/(?:\d*\.)?\d+)*)\s?(mg|mcg|ml|gm|grams)(?!\w)", re.IGNORECASE)
# "10/325" of "10/325mg" and of "10/325 tablets". Not the day of "8/14/15".
SLASHED = re.compile(r"(?<![\w./-])(\d+(?:\.\d+)?/\d+(?:\.\d+)?)(?![\d/])")
# "L4-5", "L4-L5", "C5-6". "L5-S1" has only one way to be written.
LEVEL = re.compile(r"\b([CTL])(\d{1,2})\s?-\s?\1?(\d{1,2})\b", re.IGNORECASE)
QUANTITY = re.compile(r"#\s?(\d+)\b")
NUMBER = re.compile(r"(?<![\w.,/])(\d+)(?![\d/]|[.,]\d)")

# A number in one writing: ("dose", "10/325 mg").
Fact = tuple[str, str]


def facts_of(text: str) -> set[Fact]:
    """Every number that the text holds, each in one writing."""
    doses = {("dose", f"{with_zero(number)} {unit.lower()}") for number, unit in DOSE.findall(text)}
    slashed = {("slash", number) for number in SLASHED.findall(text)}
    levels = {("level", f"{part.upper()}{first}-{second}") for part, first, second in LEVEL.findall(text)}
    quantities = {("quantity", number) for number in (*QUANTITY.findall(text), *NUMBER.findall(text))}
    return doses | slashed | levels | quantities


def with_zero(number: str) -> str:
    """ ".5" as "0.5"."""
    return f"0{number}" if number.startswith(".") else number


def writings(fact: Fact) -> tuple[str, ...]:
    """The ways to write the number; the first is its own."""
    kind, value = fact
    if kind == "dose":
        number, unit = value.split(" ")
        forms = [f"{number} {unit}", f"{number}{unit}"]
        return (*forms, *(form[1:] for form in forms if form.startswith("0.")))
    if kind == "level":
        first, second = value.split("-")
        return (value, f"{first}-{first[0]}{second}")
    return (f"#{value}", f"# {value}") if kind == "quantity" else (value,)


def numbers(collection: Collection) -> Iterator[Topic]:
    """Each number of a heading in all its writings. Wrong is an item that has it nowhere, not in its letter either."""
    everywhere = {
        id: facts_of(f"{collection.text_of(id)}\n{collection.letter_of(id).summary}") for id in collection.items
    }
    headings = {id: heading_facts(item.treatment) for id, item in collection.items.items()}
    for fact in sorted(set().union(*headings.values())):
        kind, value = fact
        yield Topic(
            name=f"{kind} {value}",
            group=f"{kind} {value}",
            texts=writings(fact),
            right=right(id for id, facts in headings.items() if fact in facts),
            wrong=frozenset(id for id, facts in everywhere.items() if fact not in facts),
            depth=EVERYTHING,
        )


def heading_facts(heading: str) -> set[Fact]:
    """The numbers that a heading gives as dose, quantity or level; not every bare number is one."""
    bare = set(NUMBER.findall(heading)) - set(QUANTITY.findall(heading))
    return facts_of(heading) - {("quantity", number) for number in bare}


def rewritten(collection: Collection) -> Iterator[Topic]:
    """The numbers that can be written in more than one way."""
    return (topic for topic in numbers(collection) if len(topic.texts) > 1)
