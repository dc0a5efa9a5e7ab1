import re

import pytest

from imrsearch.schema import vocabulary
from imrsearch.schema.meaning import longest_name, meaning_of, terms
from imrsearch.schema.vocabulary import (
    canonical_body_part,
    canonical_drug,
    canonical_drug_class,
    canonical_outcome,
    canonical_sex,
    canonical_specialty,
    canonical_state,
    words_of,
)


@pytest.mark.parametrize(
    ("typed", "ingredients"),
    [
        pytest.param("clonazepam", ("clonazepam",), id="generic"),
        pytest.param("KLONOPIN", ("clonazepam",), id="brand-any-case"),
        pytest.param("Klonipin", ("clonazepam",), id="misspelling-seen"),
        pytest.param("Norco", ("hydrocodone", "acetaminophen"), id="two-ingredients"),
        pytest.param("acetaminophen/hydrocodone", ("hydrocodone", "acetaminophen"), id="other-order"),
        pytest.param("hydrocodone-APAP", ("hydrocodone", "acetaminophen"), id="abbreviated"),
        pytest.param("Tylenol with codeine", ("acetaminophen", "codeine"), id="joining-word"),
        pytest.param("Tylenol #3", ("acetaminophen", "codeine"), id="number-in-name"),
        pytest.param("depo medrol", ("methylprednisolone",), id="hyphen-as-space"),
        pytest.param("Deprizine", ("ranitidine",), id="kit"),
        pytest.param("Terocin patch", ("lidocaine", "menthol"), id="patch-unlike-lotion"),
        pytest.param("Lidoderm patches", ("lidocaine",), id="brand-and-form"),
        pytest.param(" Foobarol ", ("foobarol",), id="unknown-as-typed"),
    ],
)
def test_canonical_drug(typed, ingredients):
    assert canonical_drug(typed) == ingredients


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        pytest.param("Pain Medicine", "Pain Management", id="alias"),
        pytest.param("Physical Medicine and Rehabilitation", "Physical Medicine & Rehabilitation", id="and"),
        pytest.param("PM&R", "Physical Medicine & Rehabilitation", id="abbreviation"),
        pytest.param("Orthopaedic Surgery", "Orthopedic Surgery", id="british"),
        pytest.param("family medicine", "Family Practice", id="lower-case"),
        pytest.param("Chiropractor", "Chiropractic", id="person"),
        pytest.param("Preventive Medicine", "Preventive Medicine", id="not-merged-with-occupational"),
        pytest.param("  Aerospace   Medicine ", "Aerospace Medicine", id="unknown-folded"),
    ],
)
def test_canonical_specialty(printed, canonical):
    assert canonical_specialty(printed) == canonical


@pytest.mark.parametrize(
    ("words", "field", "values"),
    [
        pytest.param("klonopin", "drug", ("clonazepam",), id="brand"),
        pytest.param("hydrocodone/acetaminophen", "drug", ("hydrocodone", "acetaminophen"), id="combination"),
        pytest.param("muscle relaxants", "drug_class", ("muscle relaxants",), id="class"),
        pytest.param("muscle-relaxant", "drug_class", ("muscle relaxants",), id="class-singular-hyphen"),
        pytest.param("Benzodiazépine", "drug_class", ("benzodiazepines",), id="accent"),
        pytest.param("PPI", "drug_class", ("proton pump inhibitors",), id="class-abbreviation"),
        pytest.param("AEDs", "drug_class", ("anti-epilepsy drugs",), id="class-abbreviation-plural"),
    ],
)
def test_meaning(words, field, values):
    meaning = meaning_of(words)
    assert meaning is not None
    assert (meaning.field, meaning.values) == (field, values)


@pytest.mark.parametrize(
    "words",
    ["patient", "pain", "back", "topical", "MS", "PT", "patch", "cream", "supplement", "vitamin", "injection"],
)
def test_ordinary_and_ambiguous_words_mean_nothing(words):
    assert meaning_of(words) is None


def test_names_leave_out_the_asked_one_and_other_products():
    names = meaning_of("tramadol").names
    assert {"Ultram", "Ultram ER", "Synapryn"} <= set(names)
    assert not {"tramadol", "Ultracet"} & set(names)
    assert "clonazepam" in meaning_of("Klonipin").names
    assert "Klonipin" not in meaning_of("klonipin").names


def test_misspellings_come_last():
    for words in ("clonazepam", "norco", "tramadol"):
        names = meaning_of(words).names
        wrong = {name for drug in vocabulary.drugs() for name in drug.misspellings}
        assert [name in wrong for name in names] == sorted(name in wrong for name in names)


@pytest.mark.parametrize(
    ("canonical", "typed", "values"),
    [
        pytest.param(canonical_body_part, "left knee", ("knee",), id="side"),
        pytest.param(canonical_body_part, "Low Back", ("lumbar spine",), id="body-part"),
        pytest.param(canonical_body_part, "knee scooter", ("knee scooter",), id="no-body-part"),
        pytest.param(canonical_drug_class, "narcotics", ("opioids",), id="class"),
        pytest.param(canonical_drug_class, "soap", ("soap",), id="no-class"),
        pytest.param(canonical_state, "ny", ("New York",), id="state"),
        pytest.param(canonical_state, "New York", ("New York",), id="state-in-full"),
        pytest.param(canonical_outcome, "Overturn", ("overturned",), id="outcome"),
        pytest.param(canonical_sex, "F", ("female",), id="sex"),
        pytest.param(canonical_sex, "other", ("other",), id="other-sex"),
    ],
)
def test_other_canonical_values(canonical, typed, values):
    assert canonical(typed) == values


def test_states_are_all_there():
    states = vocabulary.table("states")
    assert len(states) == len(set(states.values())) == 51
    assert all(re.fullmatch("[A-Z]{2}", code) for code in states)


def test_names_of_a_class_are_its_own_drugs():
    assert {"hydrocodone", "oxycodone", "tramadol"} <= set(meaning_of("opioids").members)
    assert "acetaminophen" not in meaning_of("opioids").members
    assert "diclofenac" not in meaning_of("topical analgesics").members
    assert "Flector" in meaning_of("topical analgesics").members
    assert "sertraline" in meaning_of("antidepressants").members


def test_longest_name():
    names = [*vocabulary.drug_names(), *vocabulary.class_names(), *terms()]
    assert longest_name() == max(len(words_of(name)) for name in names)


def test_every_drug_has_a_known_class():
    assert {drug.drug_class for drug in vocabulary.drugs()} <= set(vocabulary.drug_classes())


def test_wider_classes_are_known():
    known = vocabulary.drug_classes()
    assert {wider for drug_class in known.values() for wider in drug_class.within} <= set(known)


def test_categories_are_the_states():
    categories = vocabulary.table("request_categories")
    for treatment in vocabulary.treatments().values():
        subcategories = categories[treatment.category]["subcategories"]
        assert treatment.subcategory in subcategories if treatment.subcategory else not subcategories, treatment.name
        assert treatment.in_sessions is None or treatment.in_sessions in vocabulary.treatments()
    labels = categories["Pharmaceuticals"]["subcategories"]
    for drug_class in vocabulary.drug_classes().values():
        assert drug_class.subcategory is None or drug_class.subcategory in labels


def test_a_name_stands_for_one_product():
    seen: dict[str, frozenset[str]] = {}
    for drug in vocabulary.drugs():
        for name in drug.names:
            key = " ".join(words_of(name))
            assert seen.setdefault(key, frozenset(drug.ingredients)) == frozenset(drug.ingredients), name


@pytest.mark.parametrize(
    "name",
    ["drugs", "drug_classes", "treatments", "abbreviations", "specialties", "body_parts", "ordinary_words", "states"],
)
def test_files_say_where_they_come_from(name):
    folder = vocabulary.__file__.rpartition("/")[0]
    with open(f"{folder}/vocab/{name}.toml", encoding="utf-8") as file:
        head = file.read(1200)
    assert head.startswith("# Source: ")
    assert re.search(r"^# Date: .*Licence: ", head, re.M)
