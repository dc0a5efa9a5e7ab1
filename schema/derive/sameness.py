"""When two items dispute the same treatment: the one definition for what is compared."""

from functools import cache
from typing import Literal

from msgspec import Struct

from imrsearch.schema.derive.treatment import combinations
from imrsearch.schema.documents import terms_in
from imrsearch.schema.records import Item

# What combinations add to a drug: that Norco and Tylenol with codeine both hold acetaminophen makes them no one drug.
COMPANIONS = frozenset({"acetaminophen", "aspirin", "caffeine"})
# Words of a heading that say how much, how often, where or on what occasion, and not what.
INCIDENTAL = frozenset(
    "the of for and or to with without in on at a an by per as was is were original request requested retrospective"
    " retro right left bilateral both additional associated surgical service services post op pre postoperative"
    " preoperative times time x day days week weekly weeks month months twice once daily session sessions visit visits"
    " mg mcg ml gm tab tabs tablet tablets cap caps capsule capsules qty quantity count refill refills unit units"
    " one two three four five six seven eight nine ten twelve certified authorized remaining portion".split()
)

By = Literal["drug", "subcategory", "words"]


class Treatment(Struct, frozen=True):
    """What an item disputes, as far as it makes items comparable.

    by      what they are compared by: the drugs where the heading names any, else the state's sub-category, else the
            main words of the heading
    values  generic names; category and sub-category; or stems in alphabetical order
    """

    by: By
    values: tuple[str, ...]


@cache
def partners() -> frozenset[str]:
    """The drugs that some product combines with a companion."""
    mixed = (names for names in combinations() if names & COMPANIONS)
    return frozenset(name for names in mixed for name in names - COMPANIONS)


def main_drugs(drugs: tuple[str, ...]) -> tuple[str, ...]:
    """The drugs without what combinations add to them."""
    return tuple(name for name in drugs if name not in COMPANIONS) or drugs


def main_words(heading: str) -> tuple[str, ...]:
    """The stems of the heading's words that say what is asked for, in alphabetical order; no numbers."""
    words = (word for word in heading.lower().replace("/", " ").replace("-", " ").split())
    kept = " ".join(word for word in words if word.strip(".,;:()") not in INCIDENTAL)
    return tuple(sorted({term for term in terms_in(kept) if term.isalpha() and len(term) > 1}))


def treatment_of(item: Item) -> Treatment:
    """What the item disputes."""
    if item.drugs:
        return Treatment("drug", main_drugs(item.drugs))
    if item.category and item.subcategory:
        return Treatment("subcategory", (item.category, item.subcategory))
    return Treatment("words", main_words(item.disputed or item.treatment))


def same_treatment(one: Item, other: Item) -> bool:
    """Both name a drug in common, or are of one sub-category and name none, or else have the same main words."""
    first, second = treatment_of(one), treatment_of(other)
    if first.by != second.by or not first.values:
        return False
    return bool(set(first.values) & set(second.values)) if first.by == "drug" else first.values == second.values
