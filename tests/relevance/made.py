"""Topics made from the letters themselves. No person judged them: what is right follows from how each is made."""

import math
import random
import re
from collections.abc import Iterable, Iterator, Sequence

from imrsearch.schema.records import Item
from imrsearch.schema.vocabulary import Drug, class_names, drug_names, drugs, ordinary_words

from .collection import STOPWORDS, Collection, content_words, sentences_of, words_of
from .measures import Topic

EVERYTHING = 1000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHORTEST_NAME, LONG_NAME = 5, 7
EDITS = 2
# A word that so many items use tells little by itself; so many of them are asked for.
SHARED = 3


def right(ids: Iterable[str]) -> dict[str, int]:
    return dict.fromkeys(ids, 1)


def known_items(collection: Collection) -> Iterator[Topic]:
    """The heading, a rare phrase of the reasons, and the section cited or else the specialty."""
    for place, id in enumerate(collection.distinct(collection.items)):
        item, letter = collection.items[id], collection.letter_of(id)
        heading = " ".join(content_words(item.disputed)[:6])
        phrase = rare_phrase(collection, item, choose=place)
        section = next((citation.section for citation in item.imr_citations if citation.section), "")
        facts = typed = section
        if not section and letter.specialties:
            facts, typed = letter.specialties[0], f'specialty:"{letter.specialties[0]}"'
        yield Topic(
            name=id,
            group=letter.letter_id,
            texts=(f"{heading} {phrase} {' '.join(content_words(facts)[:3])}",),
            typed=(f"{heading} {phrase} {typed if typed != section else ' '.join(content_words(facts)[:3])}",),
            right=right(collection.twins[id]),
            depth=20,
        )


def rare_phrase(collection: Collection, item: Item, *, choose: int) -> str:
    """Two or three words side by side, one of the five rarest such of the reasons; "" where there is none."""
    phrases: dict[str, float] = {}
    for sentence in sentences_of(item.rationale):
        words = words_of(sentence)
        runs = (words[start : start + length] for length in (2, 3) for start in range(len(words) - length + 1))
        for run in runs:
            if not any(word in STOPWORDS or not word.isalpha() for word in run):
                phrases[" ".join(run)] = sum(collection.rarity[word] for word in run) / len(run)
    rarest = sorted(phrases, key=lambda phrase: (-phrases[phrase], phrase))[:5]
    return rarest[choose % len(rarest)] if rarest else ""


def vague_items(collection: Collection) -> Iterator[Topic]:
    """Two words of the heading and three of the reasons that other items use as well: how people remember a letter."""
    common = math.log(len(collection.items) / SHARED)
    for id in collection.distinct(collection.items):
        item, letter = collection.items[id], collection.letter_of(id)
        heading = content_words(item.disputed)[:2]
        reasons = [word for word in content_words(item.rationale) if word.isalpha() and word not in heading]
        shared = [word for word in reasons if collection.rarity[word] <= common]
        if len(shared) >= SHARED:
            told = sorted(shared, key=lambda word: collection.rarity[word])[-SHARED:]
            yield Topic(
                name=id,
                group=letter.letter_id,
                texts=(" ".join((*heading, *told)),),
                right=right(collection.twins[id]),
                wrong=frozenset(item.id for item in letter.items) - collection.twins[id],
                depth=50,
            )


def held_drugs(collection: Collection) -> Iterator[tuple[Drug, list[str]]]:
    """Each product of the vocabulary that some item disputes, with the items that dispute its ingredients."""
    for drug in drugs():
        held = [id for id, item in collection.items.items() if set(item.drugs) == set(drug.ingredients)]
        if held and drug.generic:
            yield drug, held


def brand_and_generic(collection: Collection) -> Iterator[Topic]:
    """A brand and its generic name should find the same items of that drug."""
    for drug, held in held_drugs(collection):
        generic = "/".join(drug.ingredients)
        for brand in drug.brands:
            yield Topic(
                name=f"{brand} = {generic}",
                group=generic,
                texts=(generic, brand),
                right=right(held),
                depth=EVERYTHING,
            )


def classes(collection: Collection) -> Iterator[Topic]:
    """The items whose drug is of the class, or whose text names it by any word of ours for it."""
    texts = {id: " " + " ".join(words_of(collection.text_of(id))) + " " for id in collection.items}
    by_class: dict[str, list[str]] = {}
    for name in class_names():
        by_class.setdefault(class_names().values[name].name, []).append(" ".join(words_of(name)))
    for name, spelled in by_class.items():
        of_class = {id for id, item in collection.items.items() if name in item.drug_classes}
        named = {id for id, text in texts.items() if any(f" {word} " in text for word in spelled)}
        if of_class:
            yield Topic(name=name, group=name, texts=(name,), right=right(of_class | named))


def known_misspellings(collection: Collection) -> Iterator[Topic]:
    """Misspellings that the vocabulary lists, against the name that they mean."""
    for drug, held in held_drugs(collection):
        clean = drug.ingredients[0] if len(drug.ingredients) == 1 else "/".join(drug.ingredients)
        for misspelt in drug.misspellings:
            yield misspelling(clean, misspelt, held=held)


def misspelt_long(collection: Collection) -> Iterator[Topic]:
    """One letter left out, added or exchanged in each name of seven letters or more."""
    return random_misspellings(collection, range(LONG_NAME, 100))


def misspelt_short(collection: Collection) -> Iterator[Topic]:
    """Likewise in shorter names, where one letter may make another word."""
    return random_misspellings(collection, range(SHORTEST_NAME, LONG_NAME))


def random_misspellings(collection: Collection, lengths: range) -> Iterator[Topic]:
    chance = random.Random(1)
    for drug, held in held_drugs(collection):
        for name in dict.fromkeys(word.lower() for word in (*drug.ingredients, *drug.brands)):
            if name.isalpha() and len(name) in lengths and name in drug_names():
                for _ in range(EDITS):
                    yield misspelling(name, edited(name, chance), held=held)


def misspelling(clean: str, misspelt: str, *, held: Sequence[str]) -> Topic:
    return Topic(name=f"{misspelt} for {clean}", group=clean, texts=(clean, misspelt), right=right(held))


def edited(name: str, chance: random.Random) -> str:
    """The name with one mistake that makes no other known word."""
    while True:
        at, letter = chance.randrange(1, len(name)), chance.choice(LETTERS)
        added, exchanged = name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :]
        left_out = name[:at] + name[at + 1 :]
        word = chance.choice((added, exchanged, left_out))
        if word != name and drug_names().get([word]) is None and word not in ordinary_words():
            return word


def masked(collection: Collection) -> Iterator[Topic]:
    """The two longest sentences of the reasons without the heading's words and the names of its drugs."""
    for id in collection.distinct(collection.items):
        item = collection.items[id]
        hidden = {stem(word) for word in words_of(item.treatment)}
        for drug in drugs():
            if set(drug.ingredients) <= set(item.drugs):
                hidden |= {stem(word) for name in drug.names for word in words_of(name)}
        sentences = sorted(sentences_of(item.rationale), key=len, reverse=True)[:2]
        words = [word for sentence in sentences for word in words_of(sentence) if stem(word) not in hidden]
        if len(words) >= SHORTEST_NAME:
            yield Topic(
                name=id,
                group=collection.letter_of(id).letter_id,
                texts=(" ".join(words),),
                right=right(collection.twins[id]),
                depth=50,
            )


def stem(word: str) -> str:
    """Enough of a word to hide its other forms."""
    return word if any(character.isdigit() for character in word) else re.sub(r"(?:ing|ed|es|s)$", "", word)


def siblings(collection: Collection) -> Iterator[Topic]:
    """The fewest rare words of a heading, three at least, that no other heading of the letter has all of."""
    for letter in collection.letters.values():
        headings = {item.id: set(words_of(item.treatment)) for item in letter.items}
        for item in letter.items:
            others = headings.keys() - collection.same_treatment[item.id]
            asked = telling_words(collection, item, others=[headings[id] for id in others])
            if others and asked:
                yield Topic(
                    name=item.id,
                    group=letter.letter_id,
                    texts=(" ".join(asked),),
                    right=right(headings.keys() - others),
                    wrong=frozenset(others),
                    depth=EVERYTHING,
                )


def telling_words(collection: Collection, item: Item, *, others: Sequence[set[str]]) -> list[str]:
    """The words in the heading's order; none where another heading of the letter has every word of this one."""
    words = content_words(item.disputed)
    rarest = sorted(words, key=lambda word: -collection.rarity.get(word, 0.0))
    for number in range(min(3, len(rarest)), len(rarest) + 1):
        chosen = set(rarest[:number])
        if chosen and not any(chosen <= other for other in others):
            return [word for word in words if word in chosen]
    return []
