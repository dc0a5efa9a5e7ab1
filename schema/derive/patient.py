"""The patient's age and sex, from the first sentences of the clinical case summary."""

import re

YOUNGEST, OLDEST = 14, 110
# How far into the summary the patient is introduced.
OPENING = 600

# "62 year old male", "47-year-old female", "57 y/o F", "59 yo man", "60-years-old".
AGE = re.compile(r"(?<![\d.])(?P<age>\d{2,3})[\s-]{0,2}(?:years?|yrs?\.?|y)[\s./-]{0,2}(?:old\b|o\b|of age\b)", re.I)
# "aged 45", "age 45", "age of 45".
AGED = re.compile(r"\b(?:aged?|age of)[\s:,]{1,2}(?P<age>\d{2,3})\b", re.I)
# "female", "man", "gentleman", "57 y/o F". "Male" and "man" are no part of "female" and "woman" at a word's start.
SEX = re.compile(
    r"\b(?:(?P<female>females?|wom[ae]n|lady)|(?P<male>males?|man|gentleman))\b"
    r"|(?:old|y/?o)\s(?:(?P<f>F)|(?P<m>M))(?![\w'])"
)
PRONOUN = re.compile(r"\b(?:(?P<female>she|her|hers|herself)|(?P<male>he|him|his|himself))\b", re.I)


def patient_age(summary: str) -> int | None:
    """The first age in years that a worker can have."""
    for form in (AGE, AGED):
        for match in form.finditer(summary):
            if YOUNGEST <= int(match["age"]) <= OLDEST:
                return int(match["age"])
    return None


def patient_sex(summary: str) -> str | None:
    """The sex, "female" or "male", by the word that introduces the patient, else by pronouns that all agree."""
    opening = summary[:OPENING]
    age = AGE.search(opening)
    match = SEX.search(opening, age.start() if age else 0) or SEX.search(opening)
    if match:
        return "female" if match["female"] or match["f"] else "male"
    sexes = {match.lastgroup for match in PRONOUN.finditer(opening)}
    return sexes.pop() if len(sexes) == 1 else None
