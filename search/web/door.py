"""Where the pages are served, and who is let in."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import quote

from msgspec import Struct

from imrsearch.schema.errors import UsageError

# Names of the loopback addresses: no other machine can be meant by them.
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104
# What stands in an address, a cookie and a header as it is.
TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,}")
# A name or an address, without a port.
NAME = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


class Door(Struct, frozen=True):
    """Where the pages are served, and to whom.

    host   as an address names it, and with `port` where it listens
    names  by which else it is reached
    token  what must be known to be let in; "" where only this machine reaches it, and it asks for none
    """

    host: str
    port: int
    names: tuple[str, ...] = LOOPBACK
    token: str = ""

    @property
    def address(self) -> str:
        """What is opened in a browser."""
        return f"http://{self.host}:{self.port}" + (f"/?token={quote(self.token)}" if self.token else "")

    @property
    def hosts(self) -> frozenset[str]:
        """As a Host header names them."""
        names = (self.host, *self.names)
        return frozenset((*(f"{name}:{self.port}" for name in names), *(names if self.port == 80 else ())))

    @property
    def origins(self) -> frozenset[str]:
        """As an Origin header names them."""
        return frozenset(f"http://{host}" for host in self.hosts)


def door_of(host: str, port: int, *, allowed: Iterable[str] = (), token: str = "") -> Door:
    """The door at that address; UsageError where others could come in by a name that nobody gave, or by no token."""
    names = [in_address(name) for name in allowed]
    if is_loopback(host):
        if names:
            raise UsageError("--allow-host is for an address that others reach", hint="give --host ADDRESS, too")
    else:
        if host in EVERY_ADDRESS and not names:
            hint = "add --allow-host NAME: the name or address that others type"
            raise UsageError(f"{host} stands for every address of this machine", hint=hint)
        if not token:
            raise UsageError("an address that others reach needs a token", hint="set IMRSEARCH_TOKEN")
    if token and not TOKEN.fullmatch(token):
        hint = "16 letters, digits, points, hyphens or more; without it one is made where one is needed"
        raise UsageError("IMRSEARCH_TOKEN is no token", hint=hint)
    if wrong := next((name for name in names if not NAME.fullmatch(name)), ""):
        raise UsageError(f"{wrong} is no name of a machine", hint="--allow-host clinic.example, without a port")
    return Door(names[0] if host in EVERY_ADDRESS else in_address(host), port, (*LOOPBACK, *names), token)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def in_address(host: str) -> str:
    """The host as an address names it: an IPv6 address in brackets."""
    return (f"[{host}]" if ":" in host and not host.startswith("[") else host).lower()
