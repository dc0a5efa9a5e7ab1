"""The engine held against a plain scan that shares nothing with it.

Questions are made as trees, written as text for the product, and answered here by reading every item. The words' forms
and spellings are a table, not an analysis.
"""

import random
import time
from itertools import chain, product

import pytest
from factories import citation, index_of, item, letter

from imrsearch.schema.errors import QueryError
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

# Each way of writing, with the words that it stands for.
PIECES = {
    **{word: (word,) for word in "pain pains sleep sleeps sleeping week weeks knee knees nerve nerves stair".split()},
    "4": ("4",), "90": ("90",),
    "naïve": ("naive",), "Knee": ("knee",), "10/325mg": ("10", "/", "325", "mg"),
    "10/325 mg": ("10", "/", "325", "mg"), "5/325": ("5", "/", "325"), "10-325": ("10", "/", "325"),
    ".5mg": ("0.5", "mg"), "0.5 mg": ("0.5", "mg"), "10 mg": ("10", "mg"), "10mg": ("10", "mg"),
    "#90": ("#", "90"), "# 90": ("#", "90"), "Qty: 90": ("#", "90"), "quantity 90": ("quantity", "90"),
    "1/2": ("1", "/", "2"), "1-2": ("1", "2"), "5%": ("5", "%"), "5 percent": ("5", "%"),
    "1,000": ("1000",), "1000": ("1000",), "L4-5": ("l4", "l5"), "L4-L5": ("l4", "l5"), "L4/5": ("l4", "l5"),
    "L4–5": ("l4", "l5"), "L5": ("l5",), "C5-6": ("c5", "c6"),
}  # fmt: skip
# What asks for a count of 90.
COUNTS = ("#90", "# 90", "Qty: 90", "quantity 90")
# What is typed with a space and is one thing.
SPACED = ("10 mg", "10/325 mg", "0.5 mg", *COUNTS[1:])
# Words of one stem, by one of them.
STEM = {
    "pains": "pain", "sleeps": "sleep", "sleeping": "sleep", "weeks": "week", "knees": "knee", "nerves": "nerve",
}  # fmt: skip
WORDS = [piece for piece in PIECES if piece.isalpha()]
ONE_WORD = [piece for piece, words in PIECES.items() if len(words) == 1]
SEARCHED = ("treatment", "section", "imr_guideline", "rationale")
DAYS = ("2015-02-03", "2015-12-31", "2016-01-01", "2016-07-15", "2017-03-01")
PREFIXES = {"sle": ("sleep", "sleeps", "sleeping"), "nerv": ("nerve", "nerves"), "kne": ("knee", "knees"),
            "sleepi": ("sleeping",), "wee": ("week", "weeks"), "stairs": ()}  # fmt: skip


class Found:
    """An item as the scan knows it: every field as sentences of words."""

    def __init__(self, **known):
        self.__dict__.update(known)


def sentence(chance: random.Random, longest: int) -> list[str]:
    return [chance.choice(WORDS), *chance.choices(list(PIECES), k=chance.randrange(longest))]


def as_text(sentences: list[list[str]]) -> str:
    return " ".join(" ".join((pieces[0].capitalize(), *pieces[1:])) + "." for pieces in sentences)


def as_words(sentences: list[list[str]]) -> list[tuple[str, object]]:
    """Each word with the number of its sentence."""
    return [(word, number) for number, pieces in enumerate(sentences) for piece in pieces for word in PIECES[piece]]


def some_items(chance: random.Random, letters: int):
    """Letters, and what the scan knows of each of their items."""
    made, known = [], []
    for number in range(letters):
        id, day, age = f"B{number:03}", chance.choice((None, *DAYS)), chance.choice((None, 30, 40, 60, 61))
        specialties = tuple(chance.sample(("Neurology", "Pain Management"), chance.randrange(3)))
        summary = [sentence(chance, 4)]
        items = []
        for place in range(1, chance.randrange(2, 4)):
            title = [sentence(chance, 4)]
            reasons = [sentence(chance, 7) for _ in range(chance.randrange(4))]
            basis = [sentence(chance, 4) for _ in range(chance.randrange(2))]
            sections = [[sentence(chance, 3)] for _ in range(chance.randrange(3))]
            pages = [tuple(chance.sample((24, 25, 26, 80), chance.randrange(3))) for _ in sections]
            quantity = chance.choice((None, 30, 90, 180))
            outcome = chance.choice(("upheld", "overturned"))
            printed = [as_text(each).rstrip(".") for each in sections]
            items.append(
                item(
                    as_text(title).rstrip("."), outcome=outcome, quantity=quantity, rationale=as_text(reasons),
                    imr_guideline=as_text(basis),
                    imr_citations=tuple(citation(name, pages=of) for name, of in zip(printed, pages, strict=True)),
                )
            )  # fmt: skip
            # The index keeps each section once.
            once = list(dict(zip(printed, sections, strict=True)).values())
            apart = [
                [("", None)] * bool(at) + [(word, (at, where)) for word, where in as_words(each)]
                for at, each in enumerate(once)
            ]
            fields = {"treatment": as_words(title), "rationale": as_words(reasons), "imr_guideline": as_words(basis)}
            fields |= {"section": list(chain.from_iterable(apart)), "summary": as_words(summary)}
            known.append(
                Found(
                    id=f"{id}:{place}", letter_id=id, fields=fields, outcome=outcome, specialty=specialties,
                    quantity=quantity, age=age, page=tuple(chain.from_iterable(pages)),
                    date=day and int(day.replace("-", "")),
                )
            )  # fmt: skip
        made.append(
            letter(id, *items, summary=as_text(summary), decision_date=day, patient_age=age, specialties=specialties)
        )
    return made, known


def places(words, node) -> list[tuple[int, int]]:
    """First and last place of a word, phrase or beginning in a field."""
    match node:
        case ("prefix", beginning):
            return [(at, at) for at, (word, _) in enumerate(words) if word in PREFIXES[beginning]]
        case (kind, *pieces):
            asked = [word for piece in pieces for word in PIECES[piece]]
            held = [word for word, _ in words]
            if kind == "word":
                asked, held = ([STEM.get(word, word) for word in each] for each in (asked, held))
            last = len(asked) - 1
            return [(at, at + last) for at in range(len(held)) if held[at : at + last + 1] == asked]


def loosened(node, *, inside: bool = False):
    """The tree with a word that may stand in the summary as "loose"; brackets in brackets of words only are one."""
    match node:
        case ("and", *parts):
            flat = list(flattened(parts))
            return ("and", *(("loose", part[1]) if is_loose(flat, at) else loosened(part, inside=True)
                             for at, part in enumerate(flat)))  # fmt: skip
        case ("or", *parts):
            return ("or", *(("loose", part[1]) if inside and is_loose(parts, at) else loosened(part, inside=inside)
                            for at, part in enumerate(parts)))  # fmt: skip
        case _:
            return node


def flattened(parts):
    for part in parts:
        yield from flattened(part[1:]) if part[0] == "and" else (part,)


def is_loose(parts, at: int) -> bool:
    """A word without a number, and none beside it; a count is a condition of its own."""
    near = [part for part in parts[max(at - 1, 0) : at + 2] if part[0] == "word" and part[1] not in COUNTS]
    return parts[at] in near and not any(character.isdigit() for part in near for character in part[1])


def in_item(node) -> bool:
    """What answers it has a word in the item itself."""
    match node:
        case ("and", *parts):
            return any(map(in_item, parts))
        case ("or", *parts):
            return all(map(in_item, parts))
        case ("word", piece) if piece in COUNTS:
            # The item's quantity may be all that answers it.
            return False
        case (kind, *_):
            return kind in ("word", "loose", "phrase", "prefix", "near")


def matches(found: Found, node, *, free: bool = False) -> bool:
    """Whether the item is an answer, by reading it; `free`: another part is in the item, loose words need not be."""
    match node:
        case ("and", *parts):
            firm = [part for part in parts if part[0] != "loose" and in_item(part)]
            held = next((part for part in firm if part[0] not in ("and", "or")), next(iter(firm), None))
            others = free or held is not None
            return all(
                matches(found, part, free=free or (part is not held and (others or part[0] == "loose")))
                for part in parts
            ) and (others or not (own := [part for part in parts if part[0] == "loose"])
                   or any(matches(found, part) for part in own))  # fmt: skip
        case ("or", *parts):
            return any(matches(found, part, free=free) for part in parts)
        case ("loose", piece):
            return any(places(found.fields[name], ("word", piece)) for name in (*SEARCHED, *["summary"] * free))
        case ("not", part):
            return not matches(found, part)
        case ("value", "outcome", value):
            return found.outcome == value
        case ("value", "specialty", value):
            return value in found.specialty
        case ("range", name, _, first, last):
            held = getattr(found, name)
            return any(
                first <= each <= last for each in (held if isinstance(held, tuple) else (held,)) if each is not None
            )
        case ("word", piece) if piece in COUNTS:
            counts = [("phrase", count) for count in COUNTS]
            return found.quantity == 90 or any(
                places(found.fields[name], count) for name in SEARCHED for count in counts
            )
        case ("within", name, part):
            return bool(places(found.fields[name], part))
        case ("near", sign, first, second):
            return any(is_near(found.fields[name], sign, first, second) for name in SEARCHED)
        case _:
            return any(places(found.fields[name], node) for name in SEARCHED)


def is_near(words, sign: str, first, second) -> bool:
    for one, other in product(places(words, first), places(words, second)):
        ahead, behind = other[0] - one[1], one[0] - other[1]
        if sign == "/s":
            if words[one[0]][1] == words[other[0]][1] and (ahead > 0 or behind > 0):
                return True
        elif 0 < ahead <= int(sign[1:]) or (sign[0] == "/" and 0 < behind <= int(sign[1:])):
            return True
    return False


def some_operand(chance: random.Random, *, spaced=SPACED):
    kind = chance.random()
    if kind < 0.6:
        return ("word", chance.choice([piece for piece in PIECES if " " not in piece or piece in spaced]))
    if kind < 0.85:
        return ("phrase", *chance.choices(list(PIECES), k=chance.randrange(1, 3)))
    return ("prefix", chance.choice(list(PREFIXES)))


RANGES = (
    ("range", "date", "date:2015..2016", 20150101, 20161231), ("range", "date", "date:2016-07..", 20160701, 99999999),
    ("range", "date", "decision_date:<2016", 1, 20151231), ("range", "date", "date:..2015-02-03", 1, 20150203),
    ("range", "quantity", "quantity:>=90", 90, 10**9), ("range", "quantity", "quantity:>90", 91, 10**9),
    ("range", "age", "age:40..60", 40, 60), ("range", "age", "age:<=40", 0, 40),
    ("range", "page", "page:24..25", 24, 25),
    ("range", "page", "page:26", 26, 26),
)  # fmt: skip


def some_leaf(chance: random.Random):
    kind = chance.random()
    if kind < 0.5:
        return some_operand(chance)
    if kind < 0.7:
        sign = chance.choice(("/1", "/2", "/5", "/50", "+1", "+3", "/s"))
        return ("near", sign, some_operand(chance), some_operand(chance))
    if kind < 0.8:
        return chance.choice((("value", "outcome", "upheld"), ("value", "specialty", "Neurology")))
    if kind < 0.9:
        return ("within", chance.choice((*SEARCHED, "summary")), some_operand(chance, spaced=()))
    return chance.choice(RANGES)


def some_tree(chance: random.Random, deep: int = 0):
    if deep == 3 or chance.random() < 0.35:
        return some_leaf(chance)
    if chance.random() < 0.15:
        return ("not", some_tree(chance, deep + 1))
    parts = [some_tree(chance, deep + 1) for _ in range(chance.randrange(2, 4))]
    return (chance.choice(("and", "or")), *parts)


def written(node) -> str:
    """The tree as a person would type it."""
    match node:
        case ("and", *parts):
            return " ".join(f"({written(part)})" if part[0] in ("and", "or") else written(part) for part in parts)
        case ("or", *parts):
            return " OR ".join(f"({written(part)})" if part[0] == "or" else written(part) for part in parts)
        case ("not", part):
            return f"NOT ({written(part)})" if part[0] in ("and", "or", "not") else f"NOT {written(part)}"
        case ("word", piece):
            return piece
        case ("phrase", *pieces):
            return f'"{" ".join(pieces)}"'
        case ("prefix", beginning):
            return f"{beginning}*"
        case ("value", name, value):
            return f"{name}:{value}"
        case ("range", _, text, _, _):
            return text
        case ("within", name, part):
            return f"{name}:{written(part)}"
        case ("near", sign, first, second):
            return f"{written(first)} {sign} {written(second)}"


def nears(node) -> int:
    return (node[0] == "near") + sum(nears(part) for part in node if isinstance(part, tuple))


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    made, known = some_items(random.Random(3), 60)
    return Searcher.open(index_of(made, tmp_path_factory.mktemp("scanned") / "index")), known


def runs(seeds: int, *, quick: int, number: int):
    """A run of few questions for every day, and so many of `number` questions each."""
    return [(0, quick), *(pytest.param(seed, number, marks=pytest.mark.scale) for seed in range(seeds))]


@pytest.mark.parametrize(("seed", "number"), runs(4, quick=150, number=500))
def test_the_engine_finds_what_a_scan_finds(scanned, seed, number):
    searcher, known = scanned
    chance = random.Random(seed)
    some = asked = 0
    while asked < number:
        tree = some_tree(chance)
        if nears(tree) > 6:
            continue
        asked += 1
        filters = chance.choice(({}, {}, {"outcome": ("overturned",)}, {"specialty": ("Neurology", "Pain Management")}))
        kept = [
            each
            for each in known
            if filters.get("outcome", (each.outcome,)) == (each.outcome,)
            and (not filters.get("specialty") or set(filters["specialty"]) & set(each.specialty))
        ]
        wanted = [each for each in kept if matches(each, loosened(tree))]
        query = Query(
            text=written(tree), filters=filters, limit=1000, facets=("specialty", "year"), expand=False, widen=False
        )
        results = searcher.search(query)
        assert {hit.id for hit in results.hits} == {each.id for each in wanted}, (query, results.query_as_run)
        assert (results.total, results.returned) == (len(wanted), len(wanted))
        assert results.total_letters == len({each.letter_id for each in wanted})
        assert {one.value: one.count for one in results.facets["year"]} == {
            year: count
            for year in (2015, 2016, 2017)
            if (count := sum((each.date or 0) // 10_000 == year for each in wanted))
        }
        if "specialty" not in filters:
            held = {name: sum(name in each.specialty for each in wanted) for name in ("Neurology", "Pain Management")}
            counted = {one.value: one.count for one in results.facets["specialty"]}
            assert counted == {name: count for name, count in held.items() if count}
        some += 0 < len(wanted) < len(kept)
    assert some > 0.3 * number


HOSTILE = (
    *"()[]{}\"“”'-+/*!?:;,.#&~^|<>=@$%éßﬁ漢😀½²", "\\", "--", "..", "\t", "\n", "\0", "\x1b", "\u202e", "\ufeff",
    "\ud800",
    "OR", "AND", "NOT", "/5", "w/3", "+2", "/s", "/0", "/99", "pain", "sleep*", "sle!", "ab*", "L4-5", "10/325mg", ".5",
    "outcome:", "date:", "age:", "page", "24", "24-26", "date:2015..", "age:>", "age:..", "quantity:>=", "x:y", "id:",
    '"knee pain"', 'rationale:"', "rationale:sle*", "drug:kl*", "specialty:neu*", "e\u0301",
    "a" * 300, "(" * 50, '"' * 9, "norco", "TENS",
)  # fmt: skip


@pytest.mark.parametrize(("seed", "number"), runs(20, quick=300, number=500))
def test_whatever_is_typed_ends_in_an_answer_or_a_query_error(scanned, seed, number):
    searcher, _ = scanned
    chance = random.Random(seed)
    slowest = 0.0
    for place in range(number):
        pieces = chance.choices(HOSTILE, k=chance.choice((1, 3, 8, 20, 90) if place % 20 else (600,)))
        text = chance.choice(("", " ", " ")).join(pieces)
        started = time.perf_counter()
        try:
            results = searcher.search(Query(text=text, limit=3, facets=("outcome",)))
        except QueryError:
            pass
        else:
            assert all(0 <= start < end <= len(hit.snippet) for hit in results.hits for start, end in hit.highlights)
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 2
