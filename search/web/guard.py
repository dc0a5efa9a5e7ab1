"""What stands before every page: who may ask, how much and for how long, and the headers of every answer."""

import asyncio
import traceback
from dataclasses import dataclass
from pathlib import Path
from secrets import compare_digest
from urllib.parse import parse_qsl

from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request, cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from imrsearch.indexer.sources.drafts import LARGEST
from imrsearch.search.render import printable
from imrsearch.search.terminal import tell
from imrsearch.search.web.address import Address
from imrsearch.search.web.app import answer
from imrsearch.search.web.door import Door

SAFE = ("GET", "HEAD")
# The folder of everything that answers.
OURS = Path(__file__).resolve().parents[2]
COOKIE = "imrsearch"
# A page loads what is ours only, and nothing that stands in a text can run. A handler may be stricter, never less.
SECURE = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Without any referrer a browser sends our forms with the origin "null", which nobody can tell from a stranger's.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# What was asked may tell of a patient: no browser keeps a page. Our own files are kept, and asked for by their ETag.
PAGES = {"cache-control": "no-store"}
FILES = {"cache-control": "no-cache"}


@dataclass(frozen=True)
class Limits:
    """How much a request may be, and how long it may take.

    address      bytes of path and parameters: 4,000 characters of a question written as %F0%9F..., and its filters
    head         bytes of all headers
    body         bytes: the largest draft, and the form around it
    bodies       that are held at once
    at_once      requests that are answered or wait for it
    connections  open at once
    head_time    seconds from the connection, or the last answer, to the end of the next request's head
    body_time    seconds for the body
    answer_time  seconds until an answer begins
    stalled_time seconds in which whoever asked reads nothing of the answer
    """

    address: int = 64_000
    head: int = 32_000
    body: int = LARGEST + 100_000
    bodies: int = 4
    at_once: int = 100
    connections: int = 250
    head_time: float = 20.0
    body_time: float = 60.0
    answer_time: float = 30.0
    stalled_time: float = 30.0


LIMITS = Limits()


class Refusal(Struct, frozen=True):
    """Why a request is not answered.

    stranger  whether even the size of the index is not for whoever asks
    """

    status: int
    message: str
    hint: str = ""
    stranger: bool = False


class Reply:
    """An answer on its way: the headers of every answer are added, and what comes too late goes nowhere."""

    def __init__(self, path: str, to: Send) -> None:
        self.to = to
        self.headers = SECURED_FILES if path.startswith("/static/") else SECURED_PAGES
        self.begun = False
        self.late = False

    async def send(self, message: Message) -> None:
        """What the application sends."""
        if not self.late:
            await self.on(message)

    async def on(self, message: Message) -> None:
        """Send it, also where it is late."""
        if message["type"] == "http.response.start":
            self.begun = True
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            message["headers"] = given + [pair for pair in self.headers if pair[0] not in names]
        await self.to(message)


def encoded(headers: dict[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    """As a message of an answer holds them."""
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


SECURED_PAGES = encoded(SECURE | PAGES)
SECURED_FILES = encoded(SECURE | FILES)


class Guard:
    """The application, behind a door."""

    def __init__(self, app: Starlette, door: Door, *, limits: Limits = LIMITS) -> None:
        self.app = app
        self.door = door
        self.limits = limits
        self.origins = door.origins
        self.trouble = ""
        self.asked = 0
        self.bodies = 0
        self.telling: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or let the application answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        scope["app"] = self.app
        reply = Reply(scope["path"], send)
        headers = headers_of(scope)
        refusal = self.stranger(scope, headers)
        if refusal is None and not self.is_known(headers):
            if self.knows(token_of(scope)):
                await self.let_in(scope)(scope, receive, reply.send)
                return
            refusal = UNKNOWN
        refusal = refusal or self.too_much(scope, headers)
        if refusal is not None:
            await self.refuse(scope, refusal, reply)
            return
        self.asked += 1
        try:
            await (self.ask if scope["method"] in SAFE else self.ask_with_body)(scope, receive, reply)
        finally:
            self.asked -= 1

    async def ask_with_body(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        """Read the body, in its time, and then ask."""
        if self.bodies >= self.limits.bodies:
            await self.refuse(scope, BUSY, reply)
            return
        self.bodies += 1
        try:
            try:
                async with asyncio.timeout(self.limits.body_time):
                    body = await self.read(headers_of(scope), receive)
            except TimeoutError:
                body = TOO_LATE
            if isinstance(body, Refusal):
                await self.refuse(scope, body, reply)
            else:
                await self.ask(scope, again(body, receive), reply)
        finally:
            self.bodies -= 1

    async def ask(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        """Let the application answer, in its time."""
        timer = asyncio.get_running_loop().call_later(self.limits.answer_time, self.give_up, scope, reply)
        try:
            await self.app(scope, receive, reply.send)
        except Exception as error:  # noqa: BLE001
            # It was answered as far as it could be. What was asked, and what stands in the error, is told to nobody.
            tell(f"error: unexpected {type(error).__name__} at {place_of(error)}")
            if not reply.begun:
                await self.refuse(scope, Refusal(500, f"unexpected {type(error).__name__}", stranger=True), reply)
        finally:
            timer.cancel()
        trouble = self.app.state.served.trouble
        if trouble != self.trouble:
            self.trouble = trouble
            tell(printable(f"note: {trouble or 'the newest generation answers again'}"))

    def give_up(self, scope: Scope, reply: Reply) -> None:
        """Say that it takes too long. The thread that works on it cannot be ended; it still counts as asked."""
        if not reply.begun:
            reply.late = True
            telling = asyncio.get_running_loop().create_task(self.refuse(scope, TOO_SLOW, reply))
            self.telling.add(telling)
            telling.add_done_callback(self.telling.discard)

    def stranger(self, scope: Scope, headers: dict[bytes, str]) -> Refusal | None:
        """Why the request comes from a page, or by a name, that is not ours."""
        host = headers.get(b"host", "")
        if "\n" in host or not host:
            # Missing, or named twice.
            return Refusal(400, "the request must name its host once", stranger=True)
        if host.lower() not in self.door.hosts:
            return Refusal(421, "nothing is served under this name", hint=ALLOW, stranger=True)
        site = headers.get(b"sec-fetch-site", "none")
        if scope["method"] in SAFE:
            # A link from elsewhere may lead here; a picture or a script of a page elsewhere may not.
            if site != "cross-site" or headers.get(b"sec-fetch-mode") == "navigate":
                return None
        elif site in ("same-origin", "none") and headers.get(b"origin") in (None, *self.origins):
            return None
        return Refusal(403, "only our own pages may ask this", stranger=True)

    def too_much(self, scope: Scope, headers: dict[bytes, str]) -> Refusal | None:
        """Why the request is larger than any that is meant, or one too many."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > self.limits.address:
            return Refusal(414, "the address is too long", hint="ask in fewer words; a draft is pasted into its page")
        if sum(map(len, headers)) + sum(map(len, headers.values())) > self.limits.head:
            return Refusal(431, "the request's headers are too large", hint="delete this address's cookies")
        if scope["method"] not in (*SAFE, "POST"):
            return Refusal(405, f"{scope['method'][:20]} is not answered", hint="GET, HEAD or POST")
        if self.asked >= self.limits.at_once:
            return BUSY
        return None

    def is_known(self, headers: dict[bytes, str]) -> bool:
        """Whether the request brings the token, in its cookie or as a program's authorization, or needs none."""
        if not self.door.token:
            return True
        kind, _, given = headers.get(b"authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.knows(given.strip()):
            return True
        return self.knows(cookie_parser(headers.get(b"cookie", "")).get(COOKIE, ""))

    def knows(self, token: str) -> bool:
        """Whether that is the token; how long it takes tells nothing of it."""
        return compare_digest(token.encode(), self.door.token.encode())

    def let_in(self, scope: Scope) -> Response:
        """Keep the token in a cookie, and lead to the same address without it."""
        asked = parse_qsl(scope["query_string"].decode("latin-1"))
        address = Address("/" + scope["path"].lstrip("/"), tuple(pair for pair in asked if pair[0] != "token"))
        answered = RedirectResponse(str(address), status_code=303)
        answered.set_cookie(COOKIE, self.door.token, httponly=True, samesite="strict")
        return answered

    async def read(self, headers: dict[bytes, str], receive: Receive) -> bytes | Refusal:
        """The body; of one that is too large the rest is thrown away, or its sender would not read the answer."""
        most = self.limits.body
        body = bytearray()
        size = 0
        declared = headers.get(b"content-length", "")
        if declared.isdigit() and int(declared) > most and b"expect" in headers:
            return TOO_LARGE
        while size <= 10 * most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return Refusal(400, "the request broke off")
            piece = message.get("body", b"")
            size += len(piece)
            if size <= most:
                body += piece
            else:
                body.clear()
            if not message.get("more_body", False):
                break
        return TOO_LARGE if size > most else bytes(body)

    async def refuse(self, scope: Scope, refusal: Refusal, reply: Reply) -> None:
        """Answer with the reason: a page, or a line where the asker is a stranger."""
        if refusal.stranger:
            hint = f"hint: {refusal.hint}\n" if refusal.hint else ""
            told: Response = PlainTextResponse(f"error: {refusal.message}\n{hint}", status_code=refusal.status)
        else:
            told = answer(Request(scope), refusal.status, refusal.message, hint=refusal.hint)
        if refusal.status == 401:
            told.headers["www-authenticate"] = "Bearer"
        if refusal.status == 405:
            told.headers["allow"] = "GET, HEAD, POST"
        if refusal.status == 503:
            told.headers["retry-after"] = "1"
        if scope["method"] not in SAFE:
            # What of the body was not read is not taken for the next request.
            told.headers["connection"] = "close"
        await told(scope, nothing, reply.on)


ALLOW = "open the address that imrsearch serve printed; --allow-host NAME adds a name of this machine"
UNKNOWN = Refusal(401, "this needs its token", hint="open the address that imrsearch serve printed", stranger=True)
TOO_LATE = Refusal(408, "the request did not come in time", hint="send it again")
BUSY = Refusal(503, "too much is asked at once", hint="ask again in a moment")
TOO_SLOW = Refusal(503, "the answer takes too long", hint="ask for less: more words, or a filter")
TOO_LARGE = Refusal(413, "the request is too large", hint=f"a draft has at most {LARGEST // 1_000_000} MB")


def token_of(scope: Scope) -> str:
    """The token in the address."""
    asked: list[tuple[str, str]] = parse_qsl(scope["query_string"].decode("latin-1"))
    return dict(asked).get("token", "")


def headers_of(scope: Scope) -> dict[bytes, str]:
    """The headers by their names; those that come again are joined by line ends, which no header holds."""
    headers: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]}\n{text}" if name in headers else text
    return headers


def again(body: bytes, receive: Receive) -> Receive:
    """What gives the body that was read, and then what comes after it."""
    unread = [body]

    async def given() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return given


async def nothing() -> Message:
    """What is received where nothing is read."""
    return {"type": "http.disconnect"}


def place_of(error: BaseException) -> str:
    """File and line where it happened: of ours, as far as one is known."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(OURS)]
    return " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in (ours or frames)[-1:])
