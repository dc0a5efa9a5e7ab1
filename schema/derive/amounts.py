"""Strength and quantity, from the figures of a heading."""

import re
from functools import lru_cache

# All read a heading in lower case, and first look at the character that they may begin with, since at most places
# they cannot.
# "325", "7.5", ".5". Possessive: a run of digits is read in one way only.
FIGURE = r"(?:\d{1,9}+(?:\.\d{1,9}+)?+|\.\d{1,9}+)"
# "10/325mg", "7.5-325 MG", ".5mg", "50mcg/hr", "5%", "10mg/325mg", "100mg/5ml", "1,000 units". No product has more
# than a few ingredients; without an end, "1 / 1 / 1 / ..." takes the square of its length.
STRENGTH = re.compile(
    rf"(?=[\d.])(?<![\w.,/#-])(?P<figures>(?:\d{{1,9}}+(?:,\d{{1,9}}+){{0,3}}+)?+(?:\.\d{{1,9}}+)?+(?<=\d)"
    rf"(?:(?:\s?mg)?\s?[/-]\s?{FIGURE}){{0,5}})\s?"
    r"(?P<unit>mg|mgs|milligrams?|mcg|micrograms?|ug|µg|μg|meq|units?|iu|%|gm?)(?![a-z])"
    rf"(?P<per>\s?/\s?(?:{FIGURE}\s?)?(?:hours?|hrs?|h|ml|mls|gm?|actuation)\b)?",
)
# "10", then "325", of "10mg/325"; "1,000" is one.
ONE_FIGURE = re.compile(r"\d[\d.,]{0,40}(?<=\d)|\.\d{1,9}")
# The end of "/hr", "/ hour", "/hours", "/h".
HOUR = re.compile(r"(?:hours?|hrs?|h)$")
UNITS = {
    "mgs": "mg", "milligram": "mg", "milligrams": "mg", "microgram": "mcg", "micrograms": "mcg",
    "ug": "mcg", "µg": "mcg", "μg": "mcg", "unit": "units", "gm": "g",
}  # fmt: skip
# From here on, grams are what the tube holds: "240g".
WHOLE_TUBE = 5.0

NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "twenty": 20, "twenty four": 24, "thirty": 30,
}  # fmt: skip
NUMBER = rf"(?P<n>\d{{1,3}}|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True)).replace(' ', '[- ]')})"
# "#90", "QTY: 2", "qty 30", "quantity of 60", "count 30". "Tylenol #3" is a name.
PRINTED = re.compile(
    r"(?=[#qct])(?:#\s?(?!(?<=tylenol #)[34]\b)|\b(?:qty|quantity|count|total of)\b[.:]?\s?(?:of\s|#\s?)?)"
    r"(?P<n>\d{1,4}(?:,\d{3})?)\b(?![.\-/]\d)",
)
# "90 tablets", "2 boxes", "60 capsules". "1 tab orally" and "2 tablets daily" say how to take it.
DISPENSED = re.compile(
    r"(?=\d)(?<![\d.\-/#])(?P<n>\d{1,4})\s"
    r"(?:tablets?|tabs?|capsules?|caps?|pills?|patches|boxes|box|tubes?|bottles?|vials?|syringes?|count|ct)\b"
    r"(?!\s(?:po|p\.o|by|orally|every|daily|per|a|once|twice|three|at|q|bid|tid|qd|qhs|in|as|prn|to)\b)",
)
# "take 1 tab", "apply 2 patches": how to take it.
TAKEN = re.compile(r"\b(?:take|takes|taking|apply|use|inject)\s(?:up to\s)?$")
# What only some headings count, and the next two patterns need.
SESSION_WORDS = ("session", "visit", "treatment", "appointment")
# "12 sessions", "Eight physical therapy sessions", "6 visits"; not "3 visits per week", not the range "12-18 sessions".
SESSIONS = re.compile(
    rf"(?=[\dotfsen])(?<![\d.\-/])(?<!to )\b{NUMBER}(?:\s?\(\d{{1,4}}\))?\s"
    r"(?:(?!(?:weeks?|days?|months?|times?|to|and|or|for|of|in)\b)[a-z/]+\s){0,4}?"
    r"(?:sessions?|visits?|treatments?|appointments?)\b(?!,? (?:per|a|each|every|weekly|/) ?(?:week|month|day)?)",
)
# "Physical Therapy sessions, 12", "visits x 6", "sessions: 8".
SESSIONS_THEN = re.compile(
    rf"(?=[svt])\b(?:sessions?|visits?|treatments?)(?:,|:| x| times)\s?{NUMBER}\b"
    r"(?! (?:times?|weeks?|days?|months?|x)\b)(?![-/x])",
)
# "times 12", "x 12", "x12"; not "2 times 6", "x 6 weeks", "two times a week times six weeks".
TIMES = re.compile(
    rf"(?=[xt])(?<!\d )(?<!\d)\b(?:x|times)\s?{NUMBER}\b"
    r"(?! ?(?:weeks?|wks?|days?|months?|mos?|years?|hours?|a week|per)\b)(?![-/x])(?! ?x)",
)
# "3 times a week for 4 weeks (12)", "(8 sessions)".
TOTAL = re.compile(r"\((?:total )?(?P<n>\d{1,3})\)")
# After a number at the heading's start, words of measure: "3 phase bone scan", "7 day rental", "12 lead", "2 to 3".
MEASURES = (
    "times? weeks? days? months? years? hours? hrs? minutes? views? phase lead points? levels? part steps? panel drug"
    " inch lb mg mcg ml d t tesla wheel wheeled x in to or and refills? visits? sessions? tablets? tabs? capsules?"
    " prescriptions?"
)
# "1 knee scooter", "2 leg wraps", "Prospective request for 1 MRI": counted things.
COUNTED = re.compile(
    rf"^(?:[a-z ]+ request for |associated surgical services?: )?{NUMBER}\s"
    rf"(?!(?:{MEASURES.replace(' ', '|')})\b)[a-z]",
)
# "60 Norflex 100mg" counts tablets; "1 Norco 10/325mg" and "Four Actiq 400mcg" count prescriptions.
FEWEST_COUNTED = 5
# Letters ask for the same again and again: "Norco 10/325mg #60".
HEADINGS_KEPT = 8_192


def number_of(printed: str) -> int:
    """12 of "12" or "twelve"."""
    word = printed.replace("-", " ")
    return NUMBER_WORDS.get(word) or int(printed.replace(",", ""))


def plain(figure: str) -> str:
    """One figure without commas and idle zeros, with a leading zero: ".5", "0.50" to "0.5"."""
    whole, point, rest = figure.replace(",", "").partition(".")
    rest = rest.rstrip("0")
    return f"{whole or 0}{point if rest else ''}{rest}"


@lru_cache(HEADINGS_KEPT)
def strength_of(heading: str) -> str | None:
    """The strength of the one product in the heading: "7.5/325mg" of "7.5-325 MG"; null for none or several."""
    found: dict[str, None] = {}
    for match in STRENGTH.finditer(heading.lower()):
        unit = UNITS.get(match["unit"], match["unit"])
        figures = [plain(figure) for figure in ONE_FIGURE.findall(match["figures"])]
        if unit == "g" and float(figures[-1]) >= WHOLE_TUBE:
            continue
        per = HOUR.sub("hr", "".join(match["per"].split())).replace("mls", "ml") if match["per"] else ""
        found["/".join(figures) + unit + per] = None
    return next(iter(found)) if len(found) == 1 else None


def one_or_sum(counts: list[int], heading: str) -> int | None:
    """The count that all agree on; parts joined by "and" make a total; null where they contradict."""
    if len(set(counts)) <= 1:
        return counts[0] if counts else None
    return sum(counts) if " and " in heading else None


@lru_cache(HEADINGS_KEPT)
def quantity_of(heading: str, *, drug: bool) -> int | None:
    """How many units, visits or sessions; null unless the total is printed."""
    text = heading.lower()
    printed = [number_of(match["n"]) for match in PRINTED.finditer(text)]
    if printed:
        return printed[0] if len(set(printed)) == 1 else None
    if drug:
        counts = [
            number_of(match["n"]) for match in DISPENSED.finditer(text) if not TAKEN.search(text, 0, match.start())
        ]
        if counts:
            return counts[0] if len(set(counts)) == 1 else None
        match = COUNTED.search(text)
        return int(match["n"]) if match and match["n"].isdigit() and int(match["n"]) >= FEWEST_COUNTED else None
    in_sessions = any(word in text for word in SESSION_WORDS)
    counts = [number_of(match["n"]) for match in SESSIONS.finditer(text)] if in_sessions else []
    if counts:
        return one_or_sum(counts, text)
    for form in (SESSIONS_THEN, TOTAL, TIMES, COUNTED) if in_sessions else (TOTAL, TIMES, COUNTED):
        match = form.search(text)
        if match:
            return number_of(match["n"])
    return None
