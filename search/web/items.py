"""The page of an item, that of a letter, and a letter's source file."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import quote

from msgspec import Struct, structs
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from imrsearch.indexer.sources.original import is_there, original_of, text_of
from imrsearch.schema.errors import SourceGone
from imrsearch.schema.fields import FIELD, paths_of
from imrsearch.schema.records import Citation, Item, Letter
from imrsearch.search.citation import quotation
from imrsearch.search.compile import value_query
from imrsearch.search.currency import currency_notes
from imrsearch.search.export import pieces_of_file
from imrsearch.search.listing import Listed, Listing, head_of_items, listed_by_id
from imrsearch.search.marks import Wanted
from imrsearch.search.query import Query
from imrsearch.search.render import facts_of, shown_json
from imrsearch.search.results import Shown, Span
from imrsearch.search.searcher import Searcher
from imrsearch.search.seek import seeker_of
from imrsearch.search.served import Served
from imrsearch.search.snippet import marked_treatment, spans
from imrsearch.search.web.address import Address, address_of, switch
from imrsearch.search.web.html import page

SOURCE = "/source"
ITEM_ENDINGS, LETTER_ENDINGS = (".json", ".csv"), (".json", ".csv", SOURCE)
KNOWN = ("query", "specific")
# The filter that finds all items with a value of the attribute; and the field, where there is no filter.
FILTER_OF = {
    "drugs": "drug",
    "drug_classes": "drug_class",
    "category": "category",
    "subcategory": "subcategory",
    "body_parts": "body_part",
    "priority": "priority",
    "licensure_states": "state",
    "specialties": "specialty",
    "patient_sex": "sex",
}
FIELD_OF = {"strength": "strength", "quantity": "quantity", "patient_age": "age", "decision_date": "date"}
# What stands under the heading, not among the facts.
PARTS = ("requested", "authorized", "disputed")
# Pages of one citation that are linked one by one.
MOST_PAGES = 12
# Of a page of text that is no page of ours: nothing in it is loaded, and nothing runs.
ALONE = "default-src 'none'; sandbox"


class Fact(Struct, frozen=True):
    """A name, and its values as printed, each with the search that finds it; null where none does."""

    name: str
    values: tuple[tuple[str, Address | None], ...]


class Piece(Struct, frozen=True):
    """A part of a rationale.

    marks   what was asked for, in characters of the piece
    common  many letters have it
    """

    text: str
    marks: tuple[Span, ...]
    common: bool


class Cited(Struct, frozen=True):
    """A citation, and the searches that find all items in which the reviewer cites the same.

    found  how many items these are
    path   of the citation without its pages, or null
    pages  each with its search
    """

    citation: Citation
    found: int
    path: Address | None
    pages: tuple[tuple[int, Address], ...]


class File(Struct, frozen=True):
    """The file that a letter was read from, whether one stands there, and where it is opened."""

    name: str
    is_there: bool
    address: Address


class Reading(Struct, frozen=True, kw_only=True):
    """What is read of an item.

    marks       what of its heading was asked for
    parts       of a partly authorized heading
    shared      how many sentences of the rationale many letters have
    reviewer    what the reviewer cites; `administrator` what the claims administrator does
    superseded  sentences on editions that the reviewer cites
    """

    item: Item
    marks: tuple[Span, ...]
    parts: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    rationale: tuple[Piece, ...]
    shared: int
    reviewer: tuple[Cited, ...]
    administrator: tuple[Cited, ...]
    superseded: tuple[str, ...]


class View(Struct, frozen=True, kw_only=True):
    """What the pages of an item and of a letter show.

    asked     the page's address with the search from which the reader comes, and nothing else
    specific  sentences that many letters have are left out
    facts     of the letter
    readings  of the item, or of each of the letter's
    """

    shown: Shown
    asked: Address
    specific: bool
    facts: tuple[Fact, ...]
    readings: tuple[Reading, ...]
    file: File


def item(request: Request) -> Response:
    """An item in full, with its letter and what is like it."""
    searcher, id, ending = named(request, ITEM_ENDINGS)
    address = address_of(f"/items/{id}", request.query_params.multi_items(), known=KNOWN)
    shown = searcher.show(id)
    if shown.item is None:
        return RedirectResponse(str(address.at(f"/letters/{shown.letter.letter_id}{ending}")))
    if ending:
        return as_file(shown, searcher, ending=ending)
    wanted = wanted_of(searcher, address)
    listed = Listed(structs.replace(shown.letter, items=(shown.item,)), wanted=wanted)
    return page(
        request,
        "item.html",
        address=address,
        view=view_of(shown, searcher, wanted=wanted, address=address),
        title=f"{shown.item.id}: {shown.item.treatment}",
        quotation=quotation(listed.passage, listed.citation),
        citation=listed.citation,
    )


def letter(request: Request) -> Response:
    """A letter with all its items, or the file that it was read from."""
    searcher, id, ending = named(request, LETTER_ENDINGS)
    address = address_of(f"/letters/{id}", request.query_params.multi_items(), known=KNOWN)
    shown = searcher.show(id)
    if ending == SOURCE:
        return source_file(shown.letter)
    if shown.item is not None:
        return RedirectResponse(str(address.at(f"/items/{shown.item.id}{ending}")))
    if ending:
        return as_file(shown, searcher, ending=ending)
    view = view_of(shown, searcher, wanted=wanted_of(searcher, address), address=address)
    return page(request, "letter.html", address=address, view=view, title=f"Letter {shown.letter.letter_id}")


def named(request: Request, endings: Sequence[str]) -> tuple[Searcher, str, str]:
    """The index, the id in the path, and what ends the path behind it; an id may itself end so."""
    served: Served = request.app.state.served
    searcher, id = served.searcher, request.path_params["id"]
    held = any(searcher.first_with(FIELD[name], id) for name in ("id", "letter_id"))
    ending = next((ending for ending in endings if id.endswith(ending)), "") if not held else ""
    return searcher, id.removesuffix(ending), ending


def wanted_of(searcher: Searcher, address: Address) -> tuple[Wanted, ...]:
    """What is marked: what the search asked for from which the reader comes."""
    asked = address.value("query")
    return searcher.wanted(Query(text=asked)) if asked else ()


def view_of(shown: Shown, searcher: Searcher, *, wanted: tuple[Wanted, ...], address: Address) -> View:
    """What both pages show."""
    source, letter_id = shown.letter.source, shown.letter.letter_id
    items = (shown.item,) if shown.item else shown.letter.items
    return View(
        shown=shown,
        asked=address.at(address.path, only=("query",)),
        specific=switch(address, "specific", otherwise=False),
        facts=facts(shown.letter),
        readings=tuple(reading_of(each, shown, searcher, wanted) for each in items),
        file=File(PurePosixPath(source.path).name, is_there(source), Address(f"/letters/{letter_id}{SOURCE}")),
    )


def reading_of(item: Item, shown: Shown, searcher: Searcher, wanted: tuple[Wanted, ...]) -> Reading:
    """What is read of one item."""
    shared, told = shown.shared.get(item.id, ()), facts(item)
    marks = spans(seeker_of(wanted).marks(item.rationale, field="rationale")) if wanted else ()
    return Reading(
        item=item,
        marks=marked_treatment(item, wanted) if wanted else (),
        parts=tuple(fact for fact in told if fact.name in PARTS),
        facts=tuple(fact for fact in told if fact.name not in PARTS),
        rationale=tuple(pieces_of(item.rationale, shared=shared, marks=marks)),
        shared=len(shared),
        reviewer=tuple(cited_in(each, searcher) for each in item.imr_citations),
        administrator=tuple(cited_in(each, searcher) for each in item.ur_citations),
        superseded=tuple(currency_notes(item, shown.letter.decision_date)),
    )


def facts(record: Letter | Item) -> tuple[Fact, ...]:
    """What `show` tells of the record besides its texts, each value with the search that finds it."""
    return tuple(fact_of(record, *line.split(": ", 1)) for line in facts_of(record))


def fact_of(record: Letter | Item, name: str, words: str) -> Fact:
    """One of these facts; `words` are all its values together."""
    attribute = name.replace(" ", "_")
    value = getattr(record, attribute)
    if filter := FILTER_OF.get(attribute):
        values = value if isinstance(value, tuple) else (value,)
        return Fact(name, tuple((str(each), search_for(filter, str(each))) for each in values))
    field = FIELD_OF.get(attribute)
    return Fact(name, ((words, search_for("query", f'{field}:"{words}"') if field else None),))


def search_for(name: str, value: str) -> Address:
    """The search with one parameter."""
    return Address("/search", ((name, value),))


def pieces_of(text: str, *, shared: Sequence[Span], marks: Sequence[Span]) -> list[Piece]:
    """The text cut where sentences begin and end that many letters have; a mark may go on in the next piece."""
    places = [0, *(place for span in shared for place in span), len(text)]
    return [
        Piece(
            text[start:end],
            tuple((max(a, start) - start, min(b, end) - start) for a, b in marks if a < end and b > start),
            bool(number % 2),
        )
        for number, (start, end) in enumerate(pairwise(places))
        if start < end
    ]


def cited_in(citation: Citation, searcher: Searcher) -> Cited:
    """The citation with the searches for it."""
    whole = paths_of((structs.replace(citation, pages=()),))[-1:]
    found = searcher.engine.count(value_query(FIELD["citation"], whole[0], engine=searcher.engine)) if whole else 0
    if not found:
        return Cited(citation, 0, None, ())
    pages = (
        (number, search_for("citation", paths_of((structs.replace(citation, pages=(number,)),))[-1]))
        for number in citation.pages[:MOST_PAGES]
    )
    return Cited(citation, found, search_for("citation", whole[0]), tuple(pages))


def as_file(shown: Shown, searcher: Searcher, *, ending: str) -> Response:
    """The item, or the letter's items, for programs."""
    if ending == ".json":
        return Response(shown_json(shown), media_type="application/json")
    ids = [each.id for each in ((shown.item,) if shown.item else shown.letter.items)]
    listing = Listing(head_of_items("items shown", len(ids), searcher), listed_by_id(ids, searcher))
    content = b"".join(pieces_of_file(listing.items, listing.head, format="csv"))
    name = (shown.item.id if shown.item else shown.letter.letter_id).replace("/", "_").replace(":", "-")
    headers = {"content-disposition": disposition("attachment", f"{name}.csv")}
    return Response(content, media_type="text/csv", headers=headers)


def source_file(letter: Letter) -> Response:
    """The file that the letter was read from: a PDF as it is, all else as plain text; SourceGone where it is not."""
    source, name = letter.source, PurePosixPath(letter.source.path).name
    if source.kind == "jsonl":
        message = f"{letter.letter_id} was read from a line of {source.path}: it has no file of its own"
        raise SourceGone(message, hint="the letter's own page has an address for programs, which ends in .json")
    content = original_of(source)
    if content is None:
        raise SourceGone(
            f"the file of {letter.letter_id} is no longer at {source.path}, or was changed",
            hint="the letter's page shows what was read of it; a path that is not whole is looked for from the folder"
            " in which imrsearch was started",
        )
    headers = {"x-content-type-options": "nosniff"}
    if source.kind == "pdf":
        headers["content-disposition"] = disposition("inline", name)
        return Response(content, media_type="application/pdf", headers=headers)
    # Kept under a name that no program takes for a page.
    headers["content-disposition"] = disposition("inline", name if name.endswith(".txt") else f"{name}.txt")
    headers["content-security-policy"] = ALONE
    text = text_of(content, source.kind).encode("utf-8", "replace")
    return Response(text, media_type="text/plain", headers=headers)


def disposition(how: str, name: str) -> str:
    """The header that names a file: plain characters only, and the whole name as RFC 6266 writes it."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-()") else "_" for char in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


class AnyText(PathConvertor):
    """An id in a path: any text, also one with a slash or a line end."""

    regex = "(?s:.*)"


register_url_convertor("any", AnyText())
ROUTES = [Route("/items/{id:any}", item), Route("/letters/{id:any}", letter)]
