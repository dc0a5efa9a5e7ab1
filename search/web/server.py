"""The server: one process, a few threads, and connections that are ended where nothing comes or goes."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import cast

import anyio.to_thread
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from imrsearch.schema.errors import UsageError
from imrsearch.search.terminal import tell
from imrsearch.search.web.guard import SECURED_PAGES, Guard

# More of them take turns at one lock only, and each answer waits for the others.
THREADS = 4
# How many of the next ports are tried for the hint.
NEXT_PORTS = 20
# Seconds that answers under way have when the server is to end.
LAST_SECONDS = 2


def serve(guard: Guard, listening: socket.socket, *, begun: Callable[[], None]) -> None:
    """Answer what comes to the socket until the process is told to end; `begun` is called when it is answered."""
    Server(config_of(guard), begun=begun).run(sockets=[listening])


def config_of(guard: Guard) -> uvicorn.Config:
    """How the server works."""
    return uvicorn.Config(
        guard,
        http=Connection,
        interface="asgi3",
        ws="none",
        lifespan="off",
        # Nothing is logged: neither what was asked nor who asked.
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=LAST_SECONDS,
    )


def listening_at(host: str, port: int) -> socket.socket:
    """The address, taken; UsageError where it cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is taken", hint=free_port(host, port)) from error
        if error.errno == errno.EACCES:
            hint = "ports from 1024 on are for everybody: --port 8765"
            raise UsageError(f"port {port} is not for this user", hint=hint) from error
        hint = "--host takes an address of this machine; without it the page is for this machine only"
        raise UsageError(f"{host} cannot be served: {error.strerror}", hint=hint) from error


def free_port(host: str, port: int) -> str:
    """Which port to take instead."""
    for other in range(port + 1, min(port + NEXT_PORTS, 65_535)):
        try:
            socket.create_server((host, other)).close()
        except OSError:
            continue
        return f"perhaps imrsearch is served there already; else: --port {other}"
    return "--port PORT takes another one"


class Server(uvicorn.Server):
    """A server that says when it listens, and looks after its connections."""

    def __init__(self, config: uvicorn.Config, *, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self.begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, by few threads."""
        asyncio.get_running_loop().set_exception_handler(told_by_name)
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await super().startup(sockets)
        self.begun()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: end what waits too long."""
        now = asyncio.get_running_loop().time()
        for connection in [*self.server_state.connections]:
            if isinstance(connection, Connection):
                connection.look(now)
        return await super().on_tick(counter)


def told_by_name(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """A fault outside of any request, without its words: what was asked may stand in them."""
    tell(f"error: unexpected {type(context.get('exception')).__name__} of the server")


class Connection(HttpToolsProtocol):
    """A connection; between requests it counts the bytes and the seconds of the next request's head.

    idle_since  when it was opened, or its last answer ended
    head        bytes that came since then
    unread      of the answer, which the other side left unread when last looked
    stuck_since when that last grew less
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count; one connection too many is ended."""
        super().connection_made(transport)
        # Head and body go apart; else the body waits up to 40 ms until the other side says that it has the head.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.limits = cast("Guard", self.config.app).limits
        self.idle_since = self.stuck_since = self.loop.time()
        self.head = self.unread = 0
        if len(self.connections) > self.limits.connections:
            self.end_with(503, "There are too many connections.")

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Read on, as far as a head may go."""
        super().data_received(data)
        if self.is_idle() and not self.transport.is_closing():
            self.head += len(data)
            if self.head > self.limits.address + self.limits.head:
                self.end_with(431, "The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """The head has come."""
        self.head = 0
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """The answer has gone; the next request may come."""
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def look(self, now: float) -> None:
        """End the connection where the next request does not come, or the answer is not read."""
        unread = self.transport.get_write_buffer_size()
        if unread < self.unread or not unread:
            self.stuck_since = now
        self.unread = unread
        if now - self.stuck_since > self.limits.stalled_time:
            self.transport.abort()
        elif self.is_idle() and now - self.idle_since > self.limits.head_time:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP."""
        self.end_with(400, msg)

    def end_with(self, status: int, message: str) -> None:
        """Answer what is no request of a page, with the headers of every answer, and end the connection."""
        body = f"error: {message}\n".encode()
        headers = (
            *SECURED_PAGES,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        )
        self.transport.write(STATUS_LINE[status] + b"".join(b"%s: %s\r\n" % pair for pair in headers) + b"\r\n" + body)
        self.transport.close()
