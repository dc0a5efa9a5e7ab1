"""The help: how to ask, the keys, and the addresses for programs."""

import re
from collections.abc import Iterator

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from imrsearch.schema.fields import FIELDS
from imrsearch.search.language import grammar
from imrsearch.search.web.address import address_of
from imrsearch.search.web.html import page

# "  klonopin OR xanax sleep        either side: klonopin, or both xanax and sleep"
EXAMPLE = re.compile(r"^  (?P<asked>\S.*\S)\s{2,}(?P<meaning>\S.*)$")


class Section(Struct, frozen=True):
    """A part of the help: texts, and runs of examples with their meanings."""

    title: str
    blocks: tuple[str | tuple[tuple[str, str], ...], ...]


def help_page(request: Request) -> Response:
    """How to ask, the keys, and the addresses for programs."""
    address = address_of("/help", request.query_params.multi_items(), known=("query",))
    title, *sections = sections_of(grammar())
    return page(request, "help.html", title="Help", address=address, first=title, sections=sections, fields=FIELDS)


def sections_of(text: str) -> Iterator[Section]:
    """The grammar's page cut at its headings: lines that stand alone and end in no mark."""
    title, blocks = "", list[str | tuple[tuple[str, str], ...]]()
    for block in text.strip().split("\n\n"):
        rows = block.splitlines()
        if len(rows) == 1 and not rows[0].startswith(" ") and rows[0][-1].isalpha():
            if title:
                yield Section(title, tuple(blocks))
            title, blocks = rows[0], []
        elif all(examples := [EXAMPLE.match(row) for row in rows]):
            blocks.append(tuple((example["asked"], example["meaning"]) for example in examples if example))
        else:
            blocks.append(" ".join(rows))
    yield Section(title, tuple(blocks))


ROUTES = [Route("/help", help_page)]
