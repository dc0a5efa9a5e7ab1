"""What words of a question mean: a drug, a class of drugs, or a treatment or term that has other names."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from msgspec import Struct

from imrsearch.schema.derive.treatment import one_edit_apart
from imrsearch.schema.vocabulary import (
    Drug,
    DrugClass,
    Names,
    body_part_names,
    class_names,
    classes_of,
    drug_classes,
    drug_named,
    drug_names,
    drugs,
    folded,
    ordinary_words,
    table,
    treatment_names,
    words_of,
)

# Names of fewer letters are one letter away from too many words; a typed word may lack one of them.
SHORTEST_MISSPELT = 5
SHORTEST_TYPED = 4
# In so short a word the first letter is more likely right than the others.
SHORT = 6

Kind = Literal["treatment", "abbreviation"]


class Term(Struct, frozen=True):
    """Names that mean the same, none of them a drug or a class.

    field     "treatment", or "abbreviation" for a condition, a measure or a spelling
    names     the full one first
    includes  names of kinds of it: they are found with it, and do not find it
    """

    field: Kind
    names: tuple[str, ...]
    includes: tuple[str, ...] = ()


class Meaning(Struct, frozen=True):
    """What a word or run of words names in the vocabulary.

    field     "drug" or "drug_class": the keyword field that holds the values; "treatment" or "abbreviation"
    values    canonical values, all of which an item must hold: ("hydrocodone", "acetaminophen"); none where no field
              has any
    names     the other names as printed, the asked one left out: of a drug its brands and generic names
    misspelt  known misspellings of any of them
    members   of a class the generic names of its drugs, which its value finds
    """

    field: Literal["drug", "drug_class"] | Kind
    values: tuple[str, ...]
    names: tuple[str, ...]
    misspelt: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def spelled(self) -> tuple[str, ...]:
        """The names that are searched for in the text."""
        return (*self.names, *self.misspelt)


def other_names(asked: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names without the asked one, each once."""
    left_out = words_of(asked)
    return tuple({" ".join(words_of(name)): name for name in names if words_of(name) != left_out}.values())


def names_of_class(name: str) -> Iterator[str]:
    """Names of the class's own drugs; of forms that share their generic name with others, the brands."""
    for drug in drugs():
        if name in classes_of(drug.drug_class):
            if not drug.generic:
                yield from drug.brands
            elif len(drug.ingredients) == 1:
                yield drug.ingredients[0]


def meaning_of_class(asked: str, drug_class: DrugClass) -> Meaning:
    """What the name of a class means; "opioid medication" is found with "opioid", and plurals with their singular."""
    singular = {name: f" {' '.join(words_of(name))}".removesuffix("s") for name in (asked, drug_class.name)}
    singular |= {name: f" {' '.join(words_of(name))}".removesuffix("s") for name in drug_class.aliases}
    keys = dict.fromkeys(singular.values())
    shortest = [key for key in keys if not any(other != key and f"{other} " in f"{key} " for other in keys)]
    names = {singular[name]: name for name in reversed(singular) if singular[name] in shortest}
    names.pop(singular[asked], None)
    return Meaning(
        "drug_class",
        (drug_class.name,),
        tuple(reversed(names.values())),
        other_names(asked, drug_class.misspellings),
        other_names(asked, names_of_class(drug_class.name)),
    )


def meaning_of_drug(asked: str, drug: Drug) -> Meaning:
    """What the name of a drug means: every product with its ingredients."""
    same = [other for other in drugs() if set(other.ingredients) == set(drug.ingredients)]
    misspelt = [name for product in same for name in product.misspellings]
    names = (name for product in same for name in product.names if name not in product.misspellings)
    return Meaning("drug", drug.ingredients, other_names(asked, names), other_names(asked, misspelt))


@cache
def terms() -> Names[Term]:
    """Every treatment and other term that has several names."""
    names: Names[Term] = Names()
    for field in get_args(Kind):
        for full, entry in table("abbreviations")[field].items():
            term = Term(field, (full, *entry["names"]), tuple(entry.get("includes", ())))
            for name in term.names:
                names.add(name, term)
    return names


@lru_cache(maxsize=4096)
def meaning_of(words: str) -> Meaning | None:
    """What the words name, all together: a drug, a class, a term, or nothing that the vocabulary knows."""
    drug = drug_named(words)
    if drug is not None:
        return meaning_of_drug(words, drug)
    drug_class = class_names().get(words_of(words))
    if drug_class is not None:
        return meaning_of_class(words, drug_class)
    term = terms().get(words_of(words))
    if term is not None:
        return Meaning(term.field, (), other_names(words, (*term.names, *term.includes)))
    return None


def places_of_names(words: list[str]) -> set[int]:
    """Where among folded words the name of a drug, a class or a treatment stands."""
    tables: tuple[Names[Any], ...] = (drug_names(), class_names(), treatment_names(), terms())
    found = {place for names in tables for one in names.find(words) for place in range(one.start, one.stop)}
    return found | {place for place, word in enumerate(words) if any(names.get([word]) for names in tables)}


@cache
def acronyms() -> frozenset[str]:
    """The folded names that are capitals only: "tens" of "TENS"."""
    classes = (name for drug_class in drug_classes().values() for name in drug_class.aliases)
    entries = (entry for field in get_args(Kind) for entry in table("abbreviations")[field].values())
    known = (*classes, *(name for entry in entries for name in entry["names"]))
    return frozenset(name.lower() for name in known if name.isalpha() and name.isupper())


def is_acronym(word: str) -> bool:
    """The word is capitals only in the vocabulary, or the plural of such."""
    name = folded(word)
    return name in acronyms() or name.removesuffix("s") in acronyms()


@cache
def longest_name() -> int:
    """How many words the longest name has that means something."""
    return max(name.count(" ") + 1 for names in (drug_names(), class_names(), terms()) for name in names)


@cache
def known_words() -> frozenset[str]:
    """Ordinary words, and words that stand in some name of the vocabulary; none is misspelt."""
    tables = (drug_names(), class_names(), terms(), treatment_names(), body_part_names())
    return ordinary_words().union(word for names in tables for name in names for word in name.split())


@cache
def names_by_length() -> dict[int, tuple[str, ...]]:
    """Well-spelt names of one word, of drugs and of classes, by how many letters they have."""
    of_drugs = {name for drug in drugs() for name in (*drug.ingredients, *drug.brands)}
    known = {" ".join(words_of(name)) for name in (*of_drugs, *class_names())}
    names = sorted(name for name in known if name.isalpha() and (drug_names().get([name]) or class_names().get([name])))
    return {length: tuple(name for name in names if len(name) == length) for length in set(map(len, names))}


@lru_cache(maxsize=4096)
def names_near(word: str) -> tuple[str, ...]:
    """The names of drugs and classes that a folded word is a letter away from, or two neighbours exchanged.

    None of an ordinary word, and none of a word that is itself a part of some name.
    """
    if len(word) < SHORTEST_TYPED or not word.isalpha() or word in known_words() or meaning_of(word):
        return ()
    lengths = range(max(len(word) - 1, SHORTEST_MISSPELT), len(word) + 2)
    near = [name for n in lengths for name in names_by_length().get(n, ()) if one_edit_apart(word, name)]
    # A plural is no second name: "benzodiazepins" is near "benzodiazepine" and its plural.
    distinct = [name for name in near if name.removesuffix("s") not in near or not name.endswith("s")]
    alike = [name for name in distinct if name[0] == word[0]]
    return tuple(alike if alike and len(word) <= SHORT else distinct)


def name_meant_by(word: str, *, held: Callable[[str], bool] | None = None) -> str | None:
    """The one name of a drug or class that a folded word may mean: "hydrocodne" means "hydrocodone".

    held  items hold what the name means: of several names near, the only such one is meant
    """
    near = names_near(word)
    if len(near) > 1 and held:
        near = tuple(filter(held, near))
    values = {meaning.values for name in near if (meaning := meaning_of(name))}
    return near[0] if len(values) == 1 else None
