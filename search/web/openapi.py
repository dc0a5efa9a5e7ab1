"""The JSON API told to programs: its calls and their parameters, and the OpenAPI document that is made of them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from imrsearch.indexer.sources.drafts import TOO_LARGE
from imrsearch.schema.drafts import Draft
from imrsearch.schema.fields import FACETS, FILTERS, Field
from imrsearch.search.language import MAX_LENGTH
from imrsearch.search.query import LARGEST_NUMBER, Sort
from imrsearch.search.searcher import Searcher
from imrsearch.search.web.address import MOST_HITS, SWITCHES, Address
from imrsearch.search.web.bodies import DRAFT_TYPES

# A schema is JSON whose shape its own keys tell: the one place for Any.
Schema = dict[str, Any]
Place = Literal["query", "path"]

OPENAPI = "3.1.0"
JSON = "application/json"
SCHEMAS = "#/components/schemas/"
# What a value holds that is not empty: a character that is neither white nor a control character.
SEEN = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
TEXT: Schema = {"type": "string", "pattern": SEEN}
DAY = r"^[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
# "name  what it holds" of a record's docstring, and a line that goes on with it.
ATTRIBUTE = re.compile(r"^(?P<names>\w+(?:, \w+)*) +(?P<text>.+)$")
INTRODUCTION = (
    "Search California Independent Medical Review letters by disputed item. Answers are those of the command line's"
    " --json. An address that leads nowhere is answered by 404, a method that a call does not take by 405. A parameter"
    " that a call does not have, one that holds nothing readable, and a second value where one is taken are errors."
    " Before it is read, a request may be refused by 401, 403, 408, 414, 421 or 431."
)
STATUSES = {
    200: "What was asked for.",
    400: "A parameter or the question cannot be understood.",
    404: "No letter or item has the id.",
    413: f"{TOO_LARGE[0].upper()}{TOO_LARGE[1:]}.",
    415: "The draft is of a kind that cannot be read.",
    500: "A fault of the program.",
    503: "The index cannot be read at the moment.",
}


class Parameter(Struct, frozen=True, kw_only=True):
    """What a call takes in its address.

    schema    of a value; of several values that of each
    many      several values, each by its own `name=value`
    together  several values in one, between commas
    example   one that is right for any index; null where there is none
    """

    name: str
    schema: Schema
    help: str
    place: Place = "query"
    required: bool = False
    many: bool = False
    together: bool = False
    example: str | int | None = None


class Asked(Struct, frozen=True):
    """What a call is asked.

    address  with its parameters, those of its path too
    draft    what the body holds; null where the call takes none
    """

    searcher: Searcher
    address: Address
    draft: Draft | None = None


class Call(Struct, frozen=True, kw_only=True):
    """A call of the API.

    answer      makes the JSON
    answers     what the JSON holds
    statuses    by which it may be answered besides 200, 400, 500 and 503
    with_draft  the body is a draft
    """

    path: str
    name: str
    help: str
    answer: Callable[[Asked], str]
    answers: type[Struct]
    parameters: tuple[Parameter, ...]
    statuses: tuple[int, ...] = ()
    with_draft: bool = False

    @property
    def method(self) -> str:
        """By which it is called."""
        return "post" if self.with_draft else "get"


class Failure(Struct, frozen=True, omit_defaults=True):
    """Why there is no answer.

    error  what is wrong
    hint   what to do about it
    place  the question, and below it a caret under the mistake
    """

    error: str
    hint: str = ""
    place: str = ""


def count_parameter(name: str, help: str, *, least: int = 0, most: int = LARGEST_NUMBER, default: int) -> Parameter:
    """A parameter that takes a whole number."""
    return Parameter(
        name=name, help=help, schema={"type": "integer", "minimum": least, "maximum": most, "default": default}
    )


def switch_parameter(name: str, help: str, *, default: str) -> Parameter:
    """A parameter that takes yes or no."""
    return Parameter(name=name, help=help, schema={"type": "string", "enum": [*SWITCHES], "default": default})


def filter_parameter(field: Field) -> Parameter:
    """The parameter that asks for values of the field."""
    number: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER}
    schema = number if field.kind == "number" else TEXT
    return Parameter(name=field.name, schema=schema, help=f"{field.help} Several values are alternatives.", many=True)


QUESTION = (
    Parameter(
        name="query",
        schema={"type": "string", "default": ""},
        help='Words, "phrases", field:value, OR, -word; nothing asks for every item. What stands behind the first'
        f" {MAX_LENGTH:,} characters is left out.",
        example="benzodiazepines",
    ),
    *map(filter_parameter, FILTERS),
    Parameter(
        name="since", schema={"type": "string", "pattern": DAY}, help="Decided on or after: 2016, 2016-07, 2016-07-01."
    ),
    Parameter(name="until", schema={"type": "string", "pattern": DAY}, help="Decided on or before."),
    switch_parameter("names", "Also search the other names of drugs, classes and treatments.", default="yes"),
)
WIDEN = switch_parameter(
    "widen", "Where no item has all the words, find those that have most, and say so.", default="yes"
)
OFFSET = count_parameter("offset", "How many to pass over first.", default=0)
LISTED = (
    Parameter(name="sort", schema={"enum": [*get_args(Sort)], "default": "relevance"}, help="The order of the hits."),
    count_parameter("limit", "How many hits; 0 counts only.", most=MOST_HITS, default=10),
    OFFSET,
    switch_parameter("collapse", "List one of the items with nearly the same reasons.", default="no"),
    switch_parameter("expand", "List every item, also those with nearly the same reasons.", default="yes"),
    Parameter(
        name="facets",
        schema={"enum": ["all", *(field.name for field in FACETS)]},
        help="Fields whose values are counted among all items found, between commas; or all.",
        together=True,
        example="outcome,year",
    ),
)


def document(calls: Sequence[Call]) -> Schema:
    """The OpenAPI document of the calls."""
    records: list[type[Struct]] = [*dict.fromkeys(call.answers for call in calls), Failure]
    paths: dict[str, Schema] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method] = operation(call)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "imrsearch",
            "version": version("imrsearch"),
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": schemas_of(records)},
    }


def operation(call: Call) -> Schema:
    """A call as the document has it."""
    statuses = sorted({200, 400, 500, 503, *call.statuses, *((413, 415) if call.with_draft else ())})
    told: Schema = {
        "operationId": call.name,
        "summary": call.help,
        "parameters": [told_parameter(parameter) for parameter in call.parameters],
        "responses": {
            str(status): {
                "description": STATUSES[status],
                "content": {JSON: {"schema": reference(call.answers if status == 200 else Failure)}},
            }
            for status in statuses
        },
    }
    if call.with_draft:
        content: Schema = {kind: {} for kind in DRAFT_TYPES}
        told["requestBody"] = {"description": "A draft. It is not kept.", "required": True, "content": content}
    return told


def told_parameter(parameter: Parameter) -> Schema:
    """A parameter as the document has it."""
    several = parameter.many or parameter.together
    told: Schema = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.help,
        "required": parameter.required,
        "schema": {"type": "array", "items": parameter.schema, "minItems": 1} if several else parameter.schema,
    }
    if several:
        told |= {"style": "form", "explode": parameter.many}
    if parameter.example is not None:
        told["example"] = str(parameter.example).split(",") if several else parameter.example
    return told


def reference(record: type[Struct]) -> Schema:
    """Where the document says what the record holds."""
    return {"$ref": f"{SCHEMAS}{record.__name__}"}


def schemas_of(records: Iterable[type[Struct]]) -> Schema:
    """What the records hold, and all that they are made of, by their names."""
    _, schemas = msgspec.json.schema_components(records, ref_template=SCHEMAS + "{name}")
    return {short(name): exact(schema) for name, schema in sorted(schemas.items())}


def short(name: str) -> str:
    """The name of a record: where two have the same it is "records.Source"."""
    return ".".join(name.split(".")[-2:])


def exact(schema: Schema) -> Schema:
    """A record's schema as its JSON is: each key is always there, but those of people only, and no other is."""
    if "properties" not in schema:
        return schema
    summary, told = described(schema.get("description", ""))
    required = schema.get("required", ())
    # An attribute that is left out of the JSON has no value by itself.
    kept = {name: each for name, each in schema["properties"].items() if name in required or "default" in each}
    properties = {
        name: renamed({key: value for key, value in each.items() if key != "default"})
        | ({"description": told[name]} if name in told else {})
        for name, each in kept.items()
    }
    return {
        "title": schema["title"],
        "description": summary,
        "type": "object",
        "properties": properties,
        "required": [*required] if schema["title"] == Failure.__name__ else [*properties],
        "additionalProperties": False,
    }


def renamed(schema: Any) -> Any:
    """The schema with the short names of the records that it refers to."""
    if isinstance(schema, Mapping):
        return {
            key: SCHEMAS + short(value.removeprefix(SCHEMAS)) if key == "$ref" else renamed(value)
            for key, value in schema.items()
        }
    return [*map(renamed, schema)] if isinstance(schema, list) else schema


def described(docstring: str) -> tuple[str, dict[str, str]]:
    """The first paragraph of a record's docstring, and what it says of each attribute."""
    summary, *rest = docstring.split("\n\n")
    told: dict[str, str] = {}
    names: list[str] = []
    margin = min((len(line) - len(line.lstrip()) for part in rest for line in part.split("\n")), default=0)
    for line in "\n".join(rest).split("\n"):
        match = ATTRIBUTE.match(line[margin:])
        if match:
            names = match["names"].split(", ")
            told |= dict.fromkeys(names, match["text"])
        else:
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
    return " ".join(summary.split()), told
