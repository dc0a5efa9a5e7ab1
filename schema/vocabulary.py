"""What the words of a heading or a question name: drugs, classes, treatments, parts of the body, specialties.

The tables stand in `vocab/*.toml` and are read when first asked for. A name is compared by its folded words:
lower case, without accents, split at everything that is neither letter nor digit.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import permutations
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

# "Depo-Medrol 40mg/ml" to depo, medrol, 40mg, ml.
WORD = re.compile(r"[^\W_]+")
# The characters of ASCII, with a space for each that is in no word: most texts have no others, and need no pattern.
SPACED = "".join(sign if sign.isalnum() else " " for sign in map(chr, range(128)))
# "Tylenol with codeine", "bupropion and naltrexone": words that only join names.
JOINING_WORDS = frozenset({"and", "with"})
# Forms of the words that the letters use for a decision and for a patient's sex.
OUTCOME_FORMS = {"uphold": "upheld", "upholds": "upheld", "overturn": "overturned", "overturns": "overturned"}
SEX_FORMS = {"f": "female", "woman": "female", "women": "female", "m": "male", "man": "male", "men": "male"}

# Letters print some hundred specialties.
SPECIALTIES_KEPT = 1_024

Value = TypeVar("Value")


def folded(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def words_of(text: str) -> list[str]:
    """The folded words of a text."""
    return text.lower().translate(SPACED).split() if text.isascii() else WORD.findall(folded(text))


class Found(Struct, Generic[Value], frozen=True):
    """A name found among words: `words[start:stop]` names `value`."""

    start: int
    stop: int
    value: Value


class Names(Generic[Value]):
    """Names of one or more words, each with what it names; found in running words, the longest first."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.lengths: dict[str, tuple[int, ...]] = {}

    def add(self, name: str, value: Value) -> None:
        """Let `name` stand for `value`, unless it already names something."""
        words = words_of(name)
        if self.values.setdefault(" ".join(words), value) is value:
            known = self.lengths.get(words[0], ())
            if len(words) not in known:
                self.lengths[words[0]] = tuple(sorted((*known, len(words)), reverse=True))

    def get(self, words: list[str]) -> Value | None:
        """What these words name, all of them together; a plural is as good as its singular."""
        name = " ".join(words)
        forms = (name, name.removesuffix("s"), name.removesuffix("es"))
        return next((self.values[form] for form in forms if form in self.values), None)

    def find(self, words: list[str]) -> list[Found[Value]]:
        """Every name among the words from left to right; none overlaps another."""
        lengths = self.lengths
        found: list[Found[Value]] = []
        stop = 0
        for start in [place for place, word in enumerate(words) if word in lengths]:
            if start < stop:
                continue
            for length in lengths[words[start]]:
                value = self.values.get(" ".join(words[start : start + length]))
                if value is not None and start + length <= len(words):
                    stop = start + length
                    found.append(Found(start, stop, value))
                    break
        return found

    def add_plurals(self) -> None:
        """Let the plural of every name stand for the same."""
        for name in [name for name in self.values if not name.endswith("s")]:
            self.add(f"{name}s", self.values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)


class Drug(Struct, frozen=True):
    """One product, or several with the same ingredients and use.

    ingredients    generic names, in the usual order
    drug_class     its class by the plain name: "benzodiazepines"
    generic        the ingredients alone, as a name, mean this product
    brands         brand names as printed
    misspellings   seen in letters, or likely
    abbreviations  "APAP"
    """

    ingredients: tuple[str, ...]
    drug_class: str
    generic: bool
    brands: tuple[str, ...] = ()
    misspellings: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the product, the generic one first."""
        generic = ("/".join(self.ingredients),) if self.generic else ()
        return (*generic, *self.brands, *self.abbreviations, *self.misspellings)


class DrugClass(Struct, frozen=True):
    """A class of drugs.

    name          plain plural: "muscle relaxants"
    within        the wider classes: ("antidepressants",) of "SSRIs"
    subcategory   of the state's own list, or null
    aliases       singulars, abbreviations, variants
    misspellings  seen in letters, or likely
    """

    name: str
    within: tuple[str, ...]
    subcategory: str | None
    aliases: tuple[str, ...]
    misspellings: tuple[str, ...] = ()


class Treatment(Struct, frozen=True):
    """A treatment other than a drug, by the state's own list of request categories.

    decides      "always": the heading's category is this one, whatever stands before it; "alone": only if the
                 heading names nothing else; "first": if it stands first
    in_sessions  the treatment that the name means where the heading counts sessions, or null
    """

    name: str
    category: str
    subcategory: str | None
    decides: Literal["always", "first", "alone"]
    in_sessions: str | None


@cache
def table(name: str) -> dict[str, Any]:
    """The vocabulary file of that name; its values are of any type that TOML knows."""
    # Both are slow to import, and most commands ask for no table.
    import tomllib
    from importlib import resources

    return tomllib.loads(resources.files(__package__).joinpath("vocab", f"{name}.toml").read_text(encoding="utf-8"))


@cache
def drugs() -> tuple[Drug, ...]:
    """Every product of the vocabulary."""
    return tuple(
        Drug(
            ingredients=tuple(entry.get("ingredients") or key.split(" + ")),
            drug_class=entry["class"],
            generic="ingredients" not in entry,
            brands=tuple(entry.get("brands", ())),
            misspellings=tuple(entry.get("misspellings", ())),
            abbreviations=tuple(entry.get("abbreviations", ())),
        )
        for key, entry in table("drugs").items()
    )


@cache
def drug_classes() -> dict[str, DrugClass]:
    """Every class of drugs by its plain name."""
    return {
        name: DrugClass(
            name,
            tuple(entry.get("within", ())),
            entry.get("subcategory"),
            tuple(entry.get("aliases", ())),
            tuple(entry.get("misspellings", ())),
        )
        for name, entry in table("drug_classes").items()
    }


def orders_of(drug: Drug, synonyms: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """The ingredients of a combination in every order, abbreviated and not: "oxycodone APAP"."""
    if len(drug.ingredients) > 3:
        yield " ".join(drug.ingredients)
        return
    for order in permutations(drug.ingredients):
        yield " ".join(order)
        yield " ".join(synonyms.get(name, (name,))[0] for name in order)


@cache
def drug_names() -> Names[Drug]:
    """Every name of every product."""
    names: Names[Drug] = Names()
    for drug in drugs():
        for name in drug.names:
            names.add(name, drug)
    short = {drug.ingredients[0]: drug.abbreviations for drug in drugs() if len(drug.ingredients) == 1}
    synonyms = {name: abbreviations for name, abbreviations in short.items() if abbreviations}
    for drug in drugs():
        if drug.generic and len(drug.ingredients) > 1:
            for name in orders_of(drug, synonyms):
                names.add(name, drug)
    return names


@cache
def class_names() -> Names[DrugClass]:
    """Every name of every class of drugs."""
    names: Names[DrugClass] = Names()
    for drug_class in drug_classes().values():
        for name in (drug_class.name, *drug_class.aliases, *drug_class.misspellings):
            names.add(name, drug_class)
    names.add_plurals()
    return names


def drug_named(typed: str) -> Drug | None:
    """The product of that name, all words together."""
    words = words_of(typed)
    names = drug_names()
    return names.get(words) or names.get([word for word in words if word not in JOINING_WORDS])


def canonical_drug(typed: str) -> tuple[str, ...]:
    """Generic names of what was typed: "Norco" to ("hydrocodone", "acetaminophen"); the unknown as it is."""
    drug = drug_named(typed)
    return drug.ingredients if drug else (typed.strip().lower(),)


def canonical_drug_class(typed: str) -> tuple[str, ...]:
    """The class's plain name: "PPI" to ("proton pump inhibitors",); the unknown as it is."""
    drug_class = class_names().get(words_of(typed))
    return (drug_class.name if drug_class else typed,)


def classes_of(name: str) -> tuple[str, ...]:
    """A class after the wider ones it is in: ("antidepressants", "SSRIs")."""
    return (*drug_classes()[name].within, name)


@cache
def ordinary_words() -> frozenset[str]:
    """Words of everyday English that are one letter away from a drug's name."""
    return frozenset(table("ordinary_words")["words"])


@cache
def treatments() -> dict[str, Treatment]:
    """Every treatment other than drugs by its plain name."""
    return {
        name: Treatment(
            name, entry["category"], entry.get("subcategory"), entry.get("decides", "first"), entry.get("in_sessions")
        )
        for name, entry in table("treatments").items()
    }


@cache
def treatment_names() -> Names[Treatment]:
    """Every name of every treatment, in the singular and the plural."""
    names: Names[Treatment] = Names()
    for name, treatment in treatments().items():
        for alias in (name, *table("treatments")[name].get("aliases", ())):
            names.add(alias, treatment)
    names.add_plurals()
    return names


@cache
def body_part_names() -> Names[str]:
    """Canonical part of the body by every name of it; "" for phrases that name none."""
    names: Names[str] = Names()
    for part, entry in table("body_parts").items():
        if part == "ignored":
            for phrase in entry:
                names.add(phrase, "")
        else:
            for name in (part, *entry["aliases"]):
                names.add(name, part)
    return names


def canonical_body_part(typed: str) -> tuple[str, ...]:
    """Every part of the body that is named, whatever its side: "right knee" to ("knee",); the unknown as it is."""
    parts = dict.fromkeys(found.value for found in body_part_names().find(words_of(typed)) if found.value)
    return tuple(parts) or (typed,)


def canonical_state(typed: str) -> tuple[str, ...]:
    """The state's name: "CA" to ("California",); all else as it is."""
    return (table("states").get(typed.upper(), typed),)


def canonical_outcome(typed: str) -> tuple[str, ...]:
    """The letters' word for a decision: "overturn" to ("overturned",); all else as it is."""
    return (OUTCOME_FORMS.get(folded(typed), typed),)


def canonical_sex(typed: str) -> tuple[str, ...]:
    """ "F" to ("female",); all else as it is."""
    return (SEX_FORMS.get(folded(typed), typed),)


@cache
def specialty_names() -> dict[str, str]:
    """Canonical specialty by every folded name of it."""
    names: dict[str, str] = {}
    for canonical, entry in table("specialties").items():
        for name in (canonical, *entry.get("aliases", ())):
            names[specialty_key(name)] = canonical
    return names


def specialty_key(printed: str) -> str:
    """The words that tell specialties apart: "Physical Medicine & Rehabilitation" with or without "and"."""
    return " ".join(word for word in words_of(printed) if word != "and")


@lru_cache(SPECIALTIES_KEPT)
def canonical_specialty(printed: str) -> str:
    """The state's name of a specialty, else as printed: "Orthopaedic Surgery" to "Orthopedic Surgery"."""
    return specialty_names().get(specialty_key(printed)) or " ".join(printed.split())
