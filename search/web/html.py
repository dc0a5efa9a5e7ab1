"""Values as HTML: every text is escaped and cleaned of what would steer a reader's eye, in this one place."""

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from imrsearch.search import render
from imrsearch.search.citation import citation_of
from imrsearch.search.results import Span
from imrsearch.search.served import Served
from imrsearch.search.web.address import Address, ways_from

FOLDER = Path(__file__).parent
BOXES_KEPT = 20_000


@cache
def environment() -> Environment:
    """The templates, with what they call."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"marked": marked, "as_typed": as_typed, "lines": lines, "number": "{:,}".format}
    made.globals |= {
        "outcome_of": render.outcome_of,
        "citation_of": citation_of,
        "cited": render.cited,
        "cited_line": render.cited_line,
        "counted": render.counted,
        "found_line": render.found_line,
        "item_path": item_path,
        "outcomes_of": render.outcomes_of,
        "similar_line": render.similar_line,
        "ticked": ticked,
        "ways_from": ways_from,
    }
    return made


def shown(value: object) -> object:
    """A text without control characters and marks that turn the direction of writing; other values as they are."""
    return render.printable(value) if type(value) is str else value


def as_typed(text: str) -> Markup:
    """The text with its line ends, each line cleaned."""
    return Markup("\n").join(map(render.printable, text.split("\n")))


def lines(text: str) -> Markup:
    """A sentence, and below it, character under character, the place that it speaks of."""
    said, _, place = text.partition("\n")
    shown = escape(render.printable(said))
    return shown + Markup('<code class="place">{}</code>').format(as_typed(place)) if place else shown


def item_path(id: str) -> str:
    """Where the item, or the letter, of that id is shown."""
    return str(Address(f"/items/{id}"))


def ticked(name: str, value: str, *, chosen: bool) -> Markup:
    """The box of a facet's value with the value."""
    # What is chosen may be as long as an address: only what stands in the index is kept.
    return box(name, value, chosen=True) if chosen else kept_box(name, value)


@lru_cache(BOXES_KEPT)
def kept_box(name: str, value: str) -> Markup:
    """A box that is not ticked: a page has a hundred of them, most of which the last one had."""
    return box(name, value, chosen=False)


def box(name: str, value: str, *, chosen: bool) -> Markup:
    """A box with its value."""
    # What a template made is escaped.
    return Markup(environment().get_template("box.html").render(name=name, value=value, chosen=chosen))  # noqa: S704


def marked(text: str, spans: Iterable[Span]) -> Markup:
    """The text, escaped, with the given characters in <mark>."""
    clean = render.printable(text)
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        parts += [escape(clean[end:start]), "<mark>", escape(clean[start:stop]), "</mark>"]
        end = stop
    # Each part is escaped, or a tag of ours.
    return Markup("".join((*parts, escape(clean[end:]))))  # noqa: S704


def page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """The template filled in, as an answer.

    values  for the template; `address` is the page's own, and the index the newest, unless they are given
    """
    values.setdefault("address", Address(request.url.path))
    served: Served = request.app.state.served
    values.setdefault("figures", served.opened.figures)
    values.setdefault("trouble", served.trouble)
    text = environment().get_template(template).render(values)
    return HTMLResponse(text, status_code=status)
