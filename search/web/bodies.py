"""What a request carries: a draft as it is, in memory only, and no more of it than a draft may have."""

from starlette.requests import Request

from imrsearch.indexer.sources.drafts import KINDS_HINT, LARGEST, TOO_LARGE
from imrsearch.schema.errors import UsageError

# Of these kinds a draft may say that it is; which it is its content tells.
DRAFT_TYPES = (
    "text/plain",
    "text/html",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/octet-stream",
)


class TooLarge(UsageError):
    """The body of a request is larger than what is read of it."""


class OtherKind(UsageError):
    """The body of a request says that it is of a kind that is not read."""


async def draft_bytes(request: Request) -> bytes:
    """The body of the request; TooLarge or OtherKind where it cannot be a draft."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in DRAFT_TYPES:
        said = f"a draft cannot be {kind}" if kind.isprintable() and kind else "the draft's kind is not told"
        raise OtherKind(said, hint=f"send it as it is, with Content-Type: {' or '.join(DRAFT_TYPES)}")
    return await body_of(request, most=LARGEST)


async def body_of(request: Request, *, most: int) -> bytes:
    """The body of the request, which the guard has read and bounded; TooLarge where it has more than so many bytes."""
    body = await request.body()
    if len(body) > most:
        raise TooLarge(TOO_LARGE, hint=KINDS_HINT)
    return body
