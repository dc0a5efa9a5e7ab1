"""What each tool is asked: its arguments by the contract's names, as records and as JSON schemas."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FACETS, FILTERS
from imrsearch.search.query import FILTER_NAMES, Query, Sort, name_among
from imrsearch.search.results import FOR_PEOPLE, Hit
from imrsearch.search.similar import SimilarHit

Arguments = TypeVar("Arguments", bound=Struct)
# A JSON schema, whose values are of any type.
Schema = dict[str, Any]
# One value or several.
Values = str | int | tuple[str | int, ...]
Names = str | tuple[str, ...]

FACET_NAMES = tuple(field.name for field in FACETS)
HIT_FIELDS = tuple(name for name in Hit.__struct_fields__ if name not in FOR_PEOPLE)
SIMILAR_FIELDS = tuple(name for name in SimilarHit.__struct_fields__ if name not in FOR_PEOPLE)
SHOWN = ("id", "treatment", "outcome", "decision_date", "imr_guideline", "snippet", "similar", "family_outcomes")
SHOWN_SIMILAR = ("id", "treatment", "outcome", "decision_date", "similarity", "why", "snippet", "similar")
# Longer than any file's name, which an id may be.
LONGEST_ID = 300
ID_HELP = "An item, CM17-9900405:2, or a letter, CM17-9900405."


def fields_help(names: Iterable[str], shown: Iterable[str]) -> str:
    """What `fields` chooses from."""
    return f"Keys of each hit, of: {', '.join(names)}. Without it: {', '.join(shown)}."


class Asking(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A question; the tools that take one also take every filter."""

    query: Annotated[
        str,
        Meta(
            description='Words, "a phrase", AND OR NOT, field:value, word*, "one two"~5; empty for all that the filters'
            " leave, newest first."
        ),
    ] = ""
    since: Annotated[str | int | None, Meta(description="First decision date: 2016, 2016-12 or 2016-12-30.")] = None
    until: Annotated[str | int | None, Meta(description="Last decision date, likewise.")] = None


class Searching(Asking, kw_only=True, frozen=True):
    """What `search` is asked."""

    sort: Annotated[str, Meta(description="relevance, newest or oldest.")] = "relevance"
    limit: Annotated[int, Meta(ge=1, le=25, description="How many hits.")] = 10
    offset: Annotated[int, Meta(ge=0, le=1_000_000, description="Hits that are left out before.")] = 0
    collapse: Annotated[
        bool, Meta(description="Of items with nearly the same reasons only the first; its `similar` counts the others.")
    ] = True
    fields: Annotated[Names, Meta(description=fields_help(HIT_FIELDS, SHOWN))] = SHOWN


class Counting(Asking, kw_only=True, frozen=True):
    """What `facets` is asked."""

    facets: Annotated[Names, Meta(description=f"Which to count, of: {', '.join(FACET_NAMES)}.")]
    limit: Annotated[int, Meta(ge=1, le=50, description="How many values of each facet.")] = 20
    contains: Annotated[str, Meta(description="Only values with this text in them.")] = ""


class Fetching(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What `fetch` is asked."""

    id: Annotated[str, Meta(max_length=LONGEST_ID, description=ID_HELP)]
    fields: Annotated[Names, Meta(description="Keys of the record; without it nearly all.")] = ()
    offset: Annotated[
        int, Meta(ge=0, le=100_000_000, description="Goes on in a text or list that was cut; name it alone in fields.")
    ] = 0


class Comparing(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What `similar` is asked; a draft is never shown."""

    id: Annotated[str, Meta(max_length=LONGEST_ID, description=ID_HELP + " This or a draft.")] = ""
    draft: Annotated[str, Meta(description="The text of a draft, kept in memory only. This or an id.")] = ""
    limit: Annotated[int, Meta(ge=1, le=10, description="How many items of each outcome.")] = 3
    fields: Annotated[Names, Meta(description=fields_help(SIMILAR_FIELDS, SHOWN_SIMILAR))] = SHOWN_SIMILAR


class Verifying(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What `verify_quote` is asked."""

    id: Annotated[str, Meta(max_length=LONGEST_ID, description="The item that is quoted: CM17-9900405:2.")]
    quote: Annotated[str, Meta(description="The sentence, two words at least, without quotation marks of your own.")]


def with_filters(kind: type[Arguments]) -> type[Arguments]:
    """The arguments with one for each filter of the field list."""
    filters = [(field.name, Annotated[Values, Meta(description=field.help)], ()) for field in FILTERS]
    made = msgspec.defstruct(
        kind.__name__, filters, bases=(kind,), kw_only=True, frozen=True, forbid_unknown_fields=True
    )
    return cast("type[Arguments]", made)


def read(arguments: Mapping[str, object], kind: type[Arguments]) -> Arguments:
    """The arguments by their own names; UsageError for one that is unknown, missing or of the wrong type."""
    names = kind.__struct_fields__
    named = [(name_among(name, names, what="argument"), value) for name, value in arguments.items()]
    given = {name: value for name, value in named if value is not None}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        # What was given stands nowhere in the message.
        told, _, place = str(error).partition(" - at `$.")
        message = f"{place.rstrip('`')}: {told}" if place else told
        raise UsageError(message.replace("Object missing required field", "missing argument")) from None


def names_of(given: Names, known: Iterable[str], *, what: str) -> tuple[str, ...]:
    """Names, also those in one text between commas; UsageError for one that is unknown."""
    parts = given.split(",") if isinstance(given, str) else given
    known = tuple(known)
    return tuple(dict.fromkeys(name_among(part, known, what=what) for part in parts if part.strip()))


def query_of(asked: Asking, **settings: Any) -> Query:
    """The question as the value that every door makes."""
    filters = {name: texts_of(values) for name in FILTER_NAMES if (values := getattr(asked, name, ()))}
    since, until = (None if day is None else str(day) for day in (asked.since, asked.until))
    return Query(text=asked.query, filters=filters, since=since, until=until, **settings)


def sort_of(asked: Searching) -> Sort:
    """The order; `checked` refuses one that there is not."""
    return cast("Sort", asked.sort)


def texts_of(values: Values) -> tuple[str, ...]:
    """One value or several as texts."""
    return tuple(map(str, values)) if isinstance(values, tuple) else (str(values),)


def schema_of(kind: type[Struct], names: Iterable[str] | None = None) -> Schema:
    """The JSON schema of a record, in one piece; of those keys only, and none required, where names are given."""
    whole = msgspec.json.schema(kind)
    made: Schema = inlined(whole["$defs"][kind.__name__], whole["$defs"])
    if names is None:
        return made
    return {"type": "object", "properties": {name: made["properties"][name] for name in names}}


def inlined(schema: Any, parts: Schema) -> Any:
    """The schema with its parts in place of what refers to them, without titles and what is for programmers."""
    if isinstance(schema, list):
        return [inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if ref := schema.get("$ref"):
        return inlined(parts[ref.rpartition("/")[2]], parts)
    programmers = {"title", *(("description",) if "properties" in schema else ())}
    return {name: inlined(each, parts) for name, each in schema.items() if name not in programmers}
