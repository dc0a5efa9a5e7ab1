"""A draft: the text of somebody's own, for which letters are looked for. It is kept in memory only."""

import os
import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

from msgspec import Struct

from imrsearch.schema.derive.treatment import MOST_REQUESTS, REQUEST_FOR
from imrsearch.schema.errors import REPORT_HINT, ImrSearchError
from imrsearch.schema.records import Letter
from imrsearch.schema.vocabulary import Names, body_part_names, drug_names, treatment_names, words_of

Value = TypeVar("Value")

# "Request: Klonopin 1mg #60, 2 refills.", "Requested treatment: MRI of the knee", "In dispute: 6 sessions of therapy",
# "The provider is requesting authorization of an MRI". The lines of a draft are joined: the next label ends it, too.
ASKED_FOR = re.compile(
    r"\b(?:(?:requests?|requested(?: (?:treatment|item|service|medication)s?)?"
    r"|disputed (?:treatment|item)s?|in dispute):"
    r"|(?:physician|provider|surgeon|doctor) (?:is |now )?request(?:s|ed|ing)(?: authorization (?:of|for))?)"
    r" (?P<asked>(?:[^.;]|\.(?=\d)){3,120}?)(?= is | was | are | [A-Z]\w+:|[.;](?!\d)|$)",
    re.I,
)


class Draft(Struct, frozen=True):
    """A draft as read.

    kind    "text", "html", "pdf" or "docx"
    text    single spaces
    letter  the draft as a letter, where it reads as one; else null
    """

    kind: str
    text: str
    letter: Letter | None = None

    def __repr__(self) -> str:
        """Nothing of the text: what is printed by mistake must not hold it."""
        return f"Draft({self.kind}, {len(self.text)} characters)"


@contextmanager
def saying_nothing_of(draft: Draft | bytes | None) -> Iterator[None]:
    """Whatever goes wrong with a draft is told without its message, which may quote the draft."""
    try:
        yield
    except ImrSearchError:
        raise
    except Exception as error:
        if draft is None:
            raise
        if os.environ.get("IMRSEARCH_DEBUG"):
            # Lines of the program only.
            traceback.print_tb(error.__traceback__)
        message = f"the draft could not be compared ({type(error).__name__})"
        raise ImrSearchError(message, hint=REPORT_HINT) from None


class Named(Struct, frozen=True):
    """What a text names by the exact names of the vocabulary, each the most often named first.

    categories  category and sub-category of each treatment
    """

    drugs: tuple[str, ...] = ()
    drug_classes: tuple[str, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    body_parts: tuple[str, ...] = ()


def named_in(text: str) -> Named:
    """Drugs, treatments and parts of the body that the text names; nothing is guessed from a misspelling."""
    words = words_of(text)
    drugs = found_in(drug_names(), words)
    treatments = [one for one in found_in(treatment_names(), words) if one.decides != "alone" and one.subcategory]
    return Named(
        drugs=once(name for drug in drugs for name in drug.ingredients),
        drug_classes=once(drug.drug_class for drug in drugs),
        categories=once((one.category, one.subcategory or "") for one in treatments),
        body_parts=once(part for part in found_in(body_part_names(), words) if part),
    )


def requested_in(text: str) -> str:
    """What the text says is requested: of "the request for Norco 10/325mg is not medically necessary" the drug."""
    found = chain(REQUEST_FOR.finditer(text), ASKED_FOR.finditer(text))
    return ". ".join(match["asked"] for match in islice(found, MOST_REQUESTS))


def found_in(names: Names[Value], words: list[str]) -> list[Value]:
    """What the names among the words stand for, the most frequent first, then in their order."""
    return [value for value, _ in Counter(one.value for one in names.find(words)).most_common()]


def once(values: Iterable[Value]) -> tuple[Value, ...]:
    """Each value once, in its order."""
    return tuple(dict.fromkeys(values))
