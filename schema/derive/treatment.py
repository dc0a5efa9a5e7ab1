"""Which drugs, treatments and parts of the body the words of a heading name."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from imrsearch.schema.vocabulary import (
    Drug,
    Found,
    Treatment,
    body_part_names,
    class_names,
    classes_of,
    drug_classes,
    drug_names,
    drugs,
    ordinary_words,
    treatment_names,
    treatments,
    words_of,
)

# "Lidocaine 5% patch", "Ketoprofen 20% in cream base 240g", "topical lotion".
TOPICAL_FORM = re.compile(
    r"\b(?:topical|transdermal|cream|creme|gel|ointment|lotion|patch|patches|pads?|roll-on|balm|salve)s?\b", re.I
)
# "in cream base", "compounded cream", "compounding medication". A base alone also names acids and skulls.
COMPOUNDED = re.compile(r"\b(?:compound(?:ed|ing)?|(?:cream|gel|ointment|lotion|lipoderm|PLO) base)\b", re.I)
# "Flurbiprofen 20%, Baclofen 5%": shares of a compound; one share alone is any cream's strength.
SHARE = re.compile(r"\d\s?%")
# "Norco 10/325mg", "Butrans 10 MCG".
DOSE = re.compile(r"\d\s?(?:mg|mcg|µg|meq)\b", re.I)
# "Foobarol 10mg #30", "Unknown cream", "compound medication": what only a prescription has.
PRESCRIPTION = re.compile(
    r"\d\s?(?:mg|mcg|µg|meq)\b|\b(?:medications?|creams?|ointments?|lotions?|tablets?|tabs?|capsules?|caps|suspension|prescriptions?|refills?)\b",
    re.I,
)
# "The request is for Foobarol 10mg #30.", "the request for Norco 10/325mg is not medically necessary".
REQUEST_FOR = re.compile(r"\brequest (?:is |was )?for (?P<asked>[^.;]{3,120}?)(?= is | was | are |[.;,]|$)", re.I)
# "6 sessions", "2 visits", "1 times 8", "3x4", "twice a week": a treatment given, not a thing delivered.
SESSIONS = re.compile(
    r"\b(?:sessions?|visits?|\d+ ?(?:x|times) ?\d|(?:times|x) (?:a|per) week|per week|a week|weekly)\b", re.I
)
# "L4-5", "C5-C6", "L5-S1", "T8-9": a letter for the part of the spine and a level. "T1" alone is also a kind of MRI.
LEVEL = re.compile(
    r"[CTLSctls](?<!\w.)(?:(?P<cervical>(?<=[Cc])[1-7])|(?P<thoracic>(?<=[Tt])1?\d ?[-/] ?(?:[Tt]?1?\d|[Ll]1))"
    r"|(?P<lumbar>(?<=[Ll])[1-6]|(?<=[Ss])1))(?!\d)"
)
SPINE = {"cervical": "cervical spine", "thoracic": "thoracic spine", "lumbar": "lumbar spine"}
PARTS_OF_SPINE = frozenset(SPINE.values())

# Classes whose drugs work through the skin for pain when given as a cream or patch; an opioid patch stays an opioid.
ANALGESIC_ON_SKIN = frozenset(
    {"NSAIDs", "COX-2 inhibitors", "muscle relaxants", "anti-epilepsy drugs", "local anesthetics", "NMDA antagonists"}
    | {"tricyclic antidepressants", "topical analgesics", "topical NSAIDs", "antidepressants"}
)
MIXED_FOR_SKIN = ANALGESIC_ON_SKIN | {"opioids", "corticosteroids"}
# Products that are injected by their nature: "Synvisc intra-articular injection" is about Synvisc.
ALWAYS_INJECTED = frozenset({"viscosupplements", "botulinum toxins"})
# What a prescription with a dose may mention before its drug: "Surgery 6/1: Norco 5/325mg #60".
INCIDENTAL = frozenset({"Surgery", "Evaluation & Management", "Psych Services", "DMEPOS", "Home Health", "Programs"})
# So many requests of a rationale are read; a letter says what was requested in the first few sentences or the last.
MOST_REQUESTS = 50
# A misspelling is looked for in words of at least this many letters.
SHORTEST_MISSPELT = 7
# Headings share their words: "evaluation", "unspecified".
WORDS_KEPT = 8_192
# Letters ask for the same again and again: "Norco 10/325mg #60".
HEADINGS_KEPT = 8_192


class Reading(Struct, frozen=True):
    """What a heading names.

    body_parts  in the heading's order, levels of the spine last
    named       a drug, a class of drugs or a treatment was recognised, not a mere "evaluation" or "injection"
    """

    drugs: tuple[str, ...] = ()
    drug_classes: tuple[str, ...] = ()
    category: str | None = None
    subcategory: str | None = None
    body_parts: tuple[str, ...] = ()
    named: bool = False


def once(values: Iterable[str]) -> tuple[str, ...]:
    """Each value once, in the order of its first appearance."""
    return tuple(dict.fromkeys(values))


@cache
def combinations() -> dict[frozenset[str], Drug]:
    """Products of several ingredients by the set of them."""
    return {frozenset(drug.ingredients): drug for drug in drugs() if drug.generic and len(drug.ingredients) > 1}


def joined(found: list[Drug]) -> list[Drug]:
    """Products, where ingredients named one by one make up one: hydrocodone and acetaminophen."""
    if len(found) < 2:
        return found
    whole = combinations().get(frozenset(name for drug in found for name in drug.ingredients))
    if whole:
        return [whole]
    products: list[Drug] = []
    for drug in found:
        above = products[-1:]
        both = combinations().get(frozenset(name for each in (*above, drug) for name in each.ingredients))
        if both and all(len(each.ingredients) == 1 for each in (*above, drug)):
            products[-1:] = [both]
        else:
            products.append(drug)
    return products


def is_compound(found: list[Drug], heading: str) -> bool:
    """Several ingredients mixed for the skin, or one in a base: not a manufactured product."""
    if any(MIXED_FOR_SKIN.isdisjoint(classes_of(drug.drug_class)) for drug in found):
        return False
    if COMPOUNDED.search(heading):
        return bool(TOPICAL_FORM.search(heading))
    shares = len(SHARE.findall(heading))
    return len(found) > 1 and shares > 1


def product_classes(found: list[Drug], heading: str) -> tuple[str, ...]:
    """Classes of the products as the heading gives them: a cream of an oral drug is a topical analgesic."""
    if is_compound(found, heading):
        return classes_of("topical compounds")
    names: list[str] = []
    topical = bool(TOPICAL_FORM.search(heading))
    for drug in joined(found):
        name = drug.drug_class
        if name in ANALGESIC_ON_SKIN and topical:
            name = "topical NSAIDs" if "NSAIDs" in classes_of(name) else "topical analgesics"
        names += classes_of(name)
    return once(names)


def state_class(names: tuple[str, ...]) -> str | None:
    """The state's label for the first product of these classes: its own, else that of a wider class."""
    known = drug_classes()
    if "topical compounds" in names:
        return known["topical compounds"].subcategory
    return next((known[name].subcategory for name in names if known[name].subcategory), None)


def one_edit_apart(word: str, name: str) -> bool:
    """One letter added, left out, replaced, or two neighbours swapped."""
    if len(word) > len(name):
        word, name = name, word
    start = next((i for i, letter in enumerate(word) if letter != name[i]), len(word))
    if len(word) < len(name):
        return word[start:] == name[start + 1 :]
    swapped = word[start + 1 : start + 2] + word[start : start + 1] == name[start : start + 2]
    return word[start + 1 :] == name[start + 1 :] or (swapped and word[start + 2 :] == name[start + 2 :])


@cache
def names_by_initial() -> dict[str, tuple[str, ...]]:
    """Names of one word, long enough to be told from ordinary words when misspelt, by their first letter."""
    known = {" ".join(words_of(name)) for drug in drugs() for name in (*drug.ingredients, *drug.brands)}
    names = sorted(
        name for name in known if len(name) >= SHORTEST_MISSPELT and name.isalpha() and name in drug_names().values
    )
    return {initial: tuple(name for name in names if name[0] == initial) for initial in {name[0] for name in names}}


def misspelt_drugs(words: list[str]) -> Iterator[Found[Drug]]:
    """Drugs whose name a word is one edit away from: "Omeprazolle"."""
    for place, word in enumerate(words):
        if len(word) >= SHORTEST_MISSPELT and (drug := drug_misspelt(word)):
            yield Found(place, place + 1, drug)


@lru_cache(WORDS_KEPT)
def drug_misspelt(word: str) -> Drug | None:
    """The first drug whose name the word is one edit away from."""
    if not word.isalpha() or word in ordinary_words():
        return None
    for name in names_by_initial().get(word[0], ()):
        if abs(len(name) - len(word)) <= 1 and one_edit_apart(word, name):
            return drug_names().values[name]
    return None


def inside(one: Found[Drug], others: list[Found[Treatment]]) -> bool:
    """The name is only a part of a longer one: "lithium" in "lithium level"."""
    return any(o.start <= one.start and one.stop <= o.stop and o.stop - o.start > one.stop - one.start for o in others)


def deciding(found: list[Found[Treatment]], products: list[Found[Drug]], *, dosed: bool) -> Treatment | None:
    """The treatment that gives the heading its category; null where a drug does, or nothing."""
    always = [one.value for one in found if one.value.decides == "always"]
    if always:
        return always[0]
    first = [one for one in found if one.value.decides == "first"]
    if products:
        if {one.value.drug_class for one in products} & ALWAYS_INJECTED:
            first = [one for one in first if one.value.category != "Injection"]
        injected = [one.value for one in first if one.value.category == "Injection"]
        if injected:
            return injected[0]
        first = [
            one for one in first if one.start < products[0].start and not (dosed and one.value.category in INCIDENTAL)
        ]
        return first[0].value if first else None
    if not first:
        return found[0].value if found else None
    arthroscopic = [one.value for one in first if one.value.subcategory == "Arthroscopic Surgery"]
    if first[0].value.subcategory == "Non-arthroscopic Surgery" and arthroscopic:
        return arthroscopic[0]
    return first[0].value


@lru_cache(HEADINGS_KEPT)
def read_heading(heading: str) -> Reading:
    """Drugs, classes, category and parts of the body of a heading."""
    words = words_of(heading)
    parts = body_parts_of(heading, words)
    found = treatment_names().find(words)
    products = [one for one in drug_names().find(words) if not inside(one, found)]
    firm = any(one.value.decides != "alone" for one in found)
    if not products and not firm:
        products = list(misspelt_drugs(words))
    generic = once([name for one in products for name in one.value.ingredients])
    classes = product_classes([one.value for one in products], heading) if products else ()
    treatment = deciding(found, products, dosed=bool(found and products and DOSE.search(heading)))
    if treatment is not None and treatment.in_sessions and SESSIONS.search(heading):
        treatment = treatments()[treatment.in_sessions]
    if treatment is not None and (firm or products):
        return Reading(generic, classes, treatment.category, treatment.subcategory, parts, named=True)
    if products:
        given = any(one.value.name == "injection" for one in found) and not set(classes) & ALWAYS_INJECTED
        subcategory = "Injection" if given else state_class(classes)
        return Reading(generic, classes, "Pharmaceuticals", subcategory, parts, named=True)
    return replace(read_loosely(heading, words, treatment), body_parts=parts)


def read_loosely(heading: str, words: list[str], treatment: Treatment | None) -> Reading:
    """A heading that names no drug and no treatment of its own: a class, a mere "evaluation", a prescription."""
    named = [one.value.name for one in class_names().find(words)]
    if named:
        classes = once([name for found in named for name in classes_of(found)])
        return Reading((), classes, "Pharmaceuticals", state_class(classes), named=True)
    if PRESCRIPTION.search(heading):
        return Reading(category="Pharmaceuticals")
    if treatment is not None:
        return Reading(category=treatment.category, subcategory=treatment.subcategory)
    return Reading()


def read_request(rationale: str) -> Reading | None:
    """The first request in the rationale that names a drug; drugs merely mentioned there are not in dispute."""
    for request in islice(REQUEST_FOR.finditer(rationale), MOST_REQUESTS):
        reading = read_heading(request["asked"])
        if reading.drugs:
            return reading
    return None


def body_parts_of(heading: str, words: list[str]) -> tuple[str, ...]:
    """Parts of the body in the heading's order, levels of the spine last."""
    named = [one.value for one in body_part_names().find(words) if one.value]
    levels = [SPINE[level.lastgroup] for level in LEVEL.finditer(heading) if level.lastgroup]
    parts = once(named + levels)
    if "spine" in parts and not PARTS_OF_SPINE.isdisjoint(parts):
        return tuple(part for part in parts if part != "spine")
    return parts
