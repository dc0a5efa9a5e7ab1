"""The disputed items of generated letters: headings, guideline paragraphs and reasons."""

from dataclasses import dataclass
from functools import cache

from imrsearch.schema.vocabulary import drugs

from .draw import Draw, lists
from .truth import PARTIAL, Truth

UPHELD = 0.89
# How an item says its reasons: to the letter like the item above or like many other letters, or with one date changed.
AS_ABOVE, IN_STOCK, NEAR_TWIN = 0.05, 0.10, 0.26
PARTLY = 0.05


@dataclass(frozen=True)
class Topic:
    """One kind of treatment; `made/topics.toml` says what each part is."""

    name: str
    names: tuple[str, ...]
    headings: tuple[str, ...]
    strengths: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]
    acoem: tuple[str, ...]
    odg: tuple[str, ...]
    facts: tuple[str, ...]
    stock: tuple[str, ...]


# The chapters of 2004 by a word of the part of the body.
CHAPTERS = {
    "lumbar": "Low Back Complaints 2004",
    "knee": "Knee Complaints 2004",
    "shoulder": "Shoulder Complaints 2004",
    "cervical": "Neck and Upper Back Complaints 2004",
    "wrist": "Forearm, Wrist, and Hand Complaints 2004",
    "hand": "Forearm, Wrist, and Hand Complaints 2004",
    "elbow": "Elbow Complaints 2007",
    "ankle": "Ankle and Foot Complaints 2004",
    "foot": "Ankle and Foot Complaints 2004",
    "jaw": "Stress Related Conditions 2004",
}
GENERAL = ("General Approach to Initial Assessment and Documentation", "Initial Approaches to Treatment")
EVIDENCE = ("American Academy of Orthopaedic Surgeons", "Food and Drug Administration, label", "Cochrane Review")


@cache
def topics() -> tuple[tuple[Topic, ...], tuple[str, ...]]:
    """Every topic, and the name of one for each unit of weight: a choice among these falls by weight."""
    found, weighed = [], []
    for name, entry in lists("topics").items():
        known = [drug for drug in drugs() if drug.drug_class in entry.get("classes", ())]
        rest = [called for drug in known for called in (*drug.brands, *drug.ingredients) if len(drug.ingredients) == 1]
        parts = {
            part: tuple(entry.get(part, ())) for part in ("headings", "strengths", "acoem", "odg", "facts", "stock")
        }
        sections = tuple((section, pages) for section, pages in entry.get("sections", ()))
        found.append(Topic(name, tuple(dict.fromkeys((*entry["names"], *rest))), sections=sections, **parts))
        weighed += [name] * entry["weight"]
    return tuple(found), tuple(weighed)


@cache
def topic_named(name: str) -> Topic:
    return next(topic for topic in topics()[0] if topic.name == name)


def items_of(draw: Draw, number: int, *, year: int) -> list[Truth]:
    """NUMBER items; after an operation come the services that go with it."""
    items: list[Truth] = []
    topic = None
    for place in range(1, number + 1):
        with_services = topic is not None and topic.name in ("surgery", "services") and draw.chance(0.6)
        topic = topic_named("services" if with_services else draw.one(topics()[1]))
        items.append(item_of(draw, topic, place, year=year, above=items[-1] if items else None))
    return items


def item_of(draw: Draw, topic: Topic, place: int, *, year: int, above: Truth | None) -> Truth:
    outcome = "upheld" if draw.chance(UPHELD) else "overturned"
    draw["name"] = draw.common(topic.names)
    heading = heading_of(draw, topic)
    draw["treatment"] = heading["disputed"] if len(heading["disputed"]) < 80 else draw["name"]
    paragraphs = rationale(draw, topic, outcome, above)
    return {
        "item": place,
        **heading,
        "outcome": outcome,
        "ur_guideline": guideline(draw, topic, "The Claims Administrator", year),
        "imr_guideline": guideline(draw, topic, "The Expert Reviewer", year),
        "rationale": " ".join(paragraphs),
        "rationale_paragraphs": paragraphs,
        "own_line": draw.chance(0.02),
    }


def heading_of(draw: Draw, topic: Topic) -> Truth:
    """The heading and its parts; a few of those with a quantity were authorized in part."""
    if topic.strengths:
        draw["strength"] = draw.common(topic.strengths)
    text = draw.say(draw.common(topic.headings))
    draw.pop("strength", None)
    text = text[0].upper() + text[1:]
    head, hash, rest = text.partition("#")
    if hash and rest.isdigit() and int(rest) > 2 and draw.chance(PARTLY):
        granted = 1 + draw.below(int(rest) - 1)
        parts = {"requested": text, "authorized": f"{head}#{granted}", "disputed": f"{head}#{int(rest) - granted}"}
        return {"treatment": PARTIAL["portion"].format(**parts), **parts}
    text += draw.say(draw.one(lists("words")["suffix"]))
    return {"treatment": text, "requested": None, "authorized": None, "disputed": text}


def guideline(draw: Draw, topic: Topic, who: str, year: int) -> str:
    """One paragraph in one of the wordings of the year."""
    chance = draw.random()
    if chance < 0.1 or (chance < 0.5 and topic.name == "services"):
        return f"{who} did not cite any medical evidence for its decision."
    if not (topic.sections or topic.acoem) or chance < 0.3:
        return outside(draw, topic, who)
    if year < 2014 and chance < 0.6:
        verb = "based its decision on" if who == "The Claims Administrator" else "relied on"
        section, pages = chapter_section(draw, topic)
        cited = f"Chronic Pain Medical Treatment Guidelines, {section}{paged(pages)}"
        return f"{who} {verb} the {cited}, which is part of the MTUS."
    basis = by_page(draw, topic) if year < 2016 and chance < 0.8 else by_section(draw, topic, year)
    text = f"Decision based on MTUS {basis}."
    return f"{text} Decision based on Non-MTUS Citation {non_mtus(draw, topic)}." if draw.chance(0.3) else text


def chapter_section(draw: Draw, topic: Topic) -> tuple[str, str]:
    """A section of the chronic pain guideline with its pages; any will do where the topic has none."""
    return draw.common(topic.sections or (("Introduction", "1"), ("Initiating Therapy", "77")))


def paged(pages: str) -> str:
    return f", page {pages}" if pages.isdigit() else f", pages {pages}" if pages else ""


def by_page(draw: Draw, topic: Topic) -> str:
    """Chronic Pain Treatment Guidelines SECTION, SECTION Page(s): N, N-N"""
    cited = draw.several(topic.sections, 1 + draw.below(2)) or [chapter_section(draw, topic)]
    names, pages = ", ".join(name for name, _ in cited), ", ".join(pages for _, pages in cited if pages)
    return f"Chronic Pain Treatment Guidelines {names}" + (f" Page(s): {pages}" if pages else "")


def by_section(draw: Draw, topic: Topic, year: int) -> str:
    """DOCUMENT YEAR, Section(s): SECTION, SECTION, and DOCUMENT YEAR, Section(s): SECTION"""
    parts = []
    if topic.acoem and (not topic.sections or draw.chance(0.6)):
        part = draw["part"].split()
        chapter = next((CHAPTERS[word] for word in part if word in CHAPTERS), f"{draw.one(GENERAL)} 2004")
        parts.append(f"{chapter}, Section(s): {draw.common(topic.acoem)}")
    if topic.sections and (not parts or draw.chance(0.3)):
        edition = 2016 if year > 2016 and draw.chance(0.4) else 2009
        sections = ", ".join(name for name, _ in draw.several(topic.sections, 1 + draw.below(3)))
        parts.append(f"Chronic Pain Medical Treatment {edition}, Section(s): {sections}")
    return ", and ".join(parts)


def outside(draw: Draw, topic: Topic, who: str) -> str:
    said = "did not base their decision on the MTUS"
    if draw.chance(0.7):
        said = "based their decision on recommendation(s) outside of the MTUS Guidelines"
    return f"{who} {said}. Decision based on Non-MTUS Citation {non_mtus(draw, topic)}."


def non_mtus(draw: Draw, topic: Topic) -> str:
    if draw.chance(0.12):
        return f"Other Medical Treatment Guideline or Medical Evidence: {draw.common(EVIDENCE)}, {draw['year']}"
    return f"Official Disability Guidelines (ODG) {draw.common(topic.odg)}"


def rationale(draw: Draw, topic: Topic, outcome: str, above: Truth | None) -> list[str]:
    """The reasons as paragraphs: shared with other items, with one date of its own, or composed."""
    chance = draw.random()
    if outcome == "upheld":
        if above and above["outcome"] == "upheld" and chance < AS_ABOVE:
            return list(above["rationale_paragraphs"])
        if chance < IN_STOCK or (topic.name == "services" and chance < 0.8):
            return [draw.common(topic.stock)]
        if chance < NEAR_TWIN:
            return [draw.say(" ".join((*topic.facts, draw.common(topic.stock), "The report of {date} was read.")))]
    lists_of = lists("sentences")
    facts = draw.several(topic.facts, 1 + draw.below(3))
    findings = draw.several(lists_of[outcome], 5 + draw.below(9))
    verdict = draw.say(draw.common(lists_of["verdict"][outcome]))
    if outcome == "overturned" and topic.name == "services":
        facts = facts[:1]
    said = [draw.slip(draw.say(sentence)) for sentence in (*facts, *findings)]
    if draw.chance(0.25):
        return [" ".join(said[: len(facts)]), " ".join((*said[len(facts) :], verdict))]
    return [" ".join((*said, verdict))]
