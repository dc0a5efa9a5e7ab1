"""The draft page: similar and contrasting items for a text of the reader's own, which stays in memory.

Nothing of a draft stands in an address, a header, a file or an error. Its bytes are taken from the request as they
come: what reads forms elsewhere writes large ones to disk.
"""

import re
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from imrsearch.indexer.sources.drafts import LARGEST, read_draft
from imrsearch.schema.drafts import Draft, saying_nothing_of
from imrsearch.schema.errors import LetterError, UsageError
from imrsearch.search import render_desk
from imrsearch.search.contrast import Contrast, contrast
from imrsearch.search.query import CONTRASTING, SIMILAR
from imrsearch.search.served import Served
from imrsearch.search.similar import Similar, similar
from imrsearch.search.web.address import address_of, number
from imrsearch.search.web.bodies import body_of
from imrsearch.search.web.desk import MOST
from imrsearch.search.web.html import page
from imrsearch.search.web.suffixes import suffix_of

# What a form adds to a draft.
LARGEST_FORM, MOST_FIELDS = 10_000, 20
# "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk", and of each part
# "Content-Disposition: form-data; name="file"; filename="draft.pdf"": its name, not that of the file.
BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
NAME = re.compile(rb'[;\s]name="([^"]*)"', re.IGNORECASE)
FORM_HINT = "send it as draft=TEXT or file=FILE of a form, or by itself as text/plain"


class Given(Struct, frozen=True):
    """What was sent: the text as typed, or the content of a file."""

    typed: str = ""
    file: bytes = b""

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Given"


async def draft(request: Request) -> Response:
    """A form for a draft, and what is like the draft that was sent."""
    address = address_of("/draft", request.query_params.multi_items(), known=("limit",))
    limit = number(address, "limit", otherwise=0)
    if request.method != "POST":
        return page(request, "draft.html", title="Draft", address=address, typed="", error=None, answers=None)
    with saying_nothing_of(b""):
        body = await body_of(request, most=LARGEST + LARGEST_FORM)
        return await run_in_threadpool(answered, request, body, limit=limit)


def answered(request: Request, body: bytes, *, limit: int) -> Response:
    """What is like the draft, or on the page why it cannot be read."""
    given, suffix = Given(), suffix_of(request)
    try:
        given = given_in(body, request.headers.get("content-type", ""))
        read = read_draft(given.file or given.typed.encode())
        answers = compared(request, read, limit=limit)
    except (UsageError, LetterError) as error:
        if suffix:
            raise
        return page(request, "draft.html", status=400, title="Draft", typed=given.typed, error=error, answers=None)
    if suffix == ".json":
        told = {name: msgspec.Raw(render_desk.as_json(answer).encode()) for name, answer in answers.items()}
        return Response(msgspec.json.encode(told) + b"\n", media_type="application/json")
    if suffix == ".csv":
        return Response(render_desk.as_csv(*answers.values()) + "\n", media_type="text/csv")
    return page(request, "draft.html", title="Draft", typed=given.typed, error=None, answers=answers, desk=render_desk)


def compared(request: Request, read: Draft, *, limit: int) -> dict[str, Similar | Contrast]:
    """The items most like the draft, and the nearest of both outcomes."""
    served: Served = request.app.state.served
    searcher = served.searcher
    return {
        "similar": similar(searcher, read, limit=min(limit, MOST) or SIMILAR),
        "contrast": contrast(searcher, read, limit=min(limit, MOST) or CONTRASTING),
    }


def given_in(body: bytes, content_type: str) -> Given:
    """The draft of a form, or the body itself; UsageError where a form holds none, or two."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        fields = parts_of(body, content_type)
    elif kind == "application/x-www-form-urlencoded":
        if body.count(b"&") > MOST_FIELDS:
            raise UsageError("the form has too many fields", hint=FORM_HINT)
        sent = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True)
        fields = {name: values[-1].encode() for name, values in sent.items()}
    else:
        fields = {"file": body}
    if not fields.keys() & {"draft", "file"}:
        raise UsageError("the form holds no draft", hint=FORM_HINT)
    given = Given(fields.get("draft", b"").decode("utf-8", "replace").replace("\r\n", "\n"), fields.get("file", b""))
    if given.file and given.typed.strip():
        raise UsageError("a text and a file were given", hint="empty the text, or choose no file")
    return given


def parts_of(body: bytes, content_type: str) -> dict[str, bytes]:
    """The parts of a form by their names."""
    boundary = BOUNDARY.search(content_type)
    if not boundary:
        return {}
    parts: dict[str, bytes] = {}
    _, *between = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode("latin-1", "replace"), MOST_FIELDS)
    for part in between:
        head, _, content = part.partition(b"\r\n\r\n")
        if name := NAME.search(head):
            parts[name[1].decode("utf-8", "replace")] = content
    return parts


ROUTES = [
    Route(f"/draft{suffix}", draft, methods=methods)
    for suffix, methods in ((".json", ["POST"]), (".csv", ["POST"]), ("", ["GET", "POST"]))
]
