"""Which guidelines reviewer and claims administrator cite, each against the other."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from imrsearch.schema.records import Citation, Item
from imrsearch.schema.vocabulary import words_of

Cited = Literal["same", "partly the same", "different", "reviewer only", "claims administrator only", "neither"]

# "Chronic Pain Treatment Guidelines", "Chronic Pain Medical Treatment": one document under the state's own two names.
SAYING_NOTHING = frozenset({"the", "guideline", "guidelines", "medical"})
# Of these the letters name the publication in many ways, and never two of them: "ACOEM Guidelines", "ACOEM
# Occupational Medicine Practice Guidelines, 3rd ed".
ONE_DOCUMENT = frozenset({"ACOEM", "ODG"})
# Most letters cite the same few dozen documents.
DOCUMENTS_KEPT = 1_024


@lru_cache(DOCUMENTS_KEPT)
def document_words(document: str) -> str:
    """The words of a document's name that tell it from others, folded: "chronic pain treatment"."""
    return " ".join(word for word in words_of(document) if word not in SAYING_NOTHING)


def documents_of(citations: Iterable[Citation]) -> frozenset[tuple[str, str]]:
    """The guideline and document of each citation, whatever its edition, section and page."""
    return frozenset(
        (cited.guideline, "" if cited.guideline in ONE_DOCUMENT else document_words(cited.document))
        for cited in citations
    )


def guidelines_cited(item: Item) -> Cited:
    """Whether reviewer and claims administrator cite the same documents, or who cites none."""
    reviewer, administrator = documents_of(item.imr_citations), documents_of(item.ur_citations)
    if not reviewer or not administrator:
        return "reviewer only" if reviewer else "claims administrator only" if administrator else "neither"
    if reviewer == administrator:
        return "same"
    return "partly the same" if reviewer & administrator else "different"
