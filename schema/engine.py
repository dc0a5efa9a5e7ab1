"""The engine's failures, as errors of ours: the one place where they are translated."""

from collections.abc import Iterator
from contextlib import contextmanager

from imrsearch.schema.errors import ImrSearchError, IndexBusy, IndexFailure, StaleIndex

REBUILD_HINT = "run: imrsearch reindex"


@contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """The engine's failures, as ours: it raises ValueError for all, and panics past Exception."""
    try:
        yield
    except ImrSearchError:
        raise
    except (ValueError, OSError) as error:
        raise failure_of(error, what) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise failure_of(error, what) from error


def failure_of(error: BaseException, what: str) -> ImrSearchError:
    """The error of ours that an engine's failure means."""
    # Of a file that it cannot read the engine tells all that stands in it.
    reason = str(error).partition(" Content: ")[0]
    if "No space left" in reason or "os error 28" in reason:
        return IndexFailure(f"{what}: the disk is full", hint="free some space, then run this again")
    if "LockBusy" in reason:
        return IndexBusy(f"{what}: another process is writing to the index", hint="wait for it to end, then try again")
    if "not defined in the schema" in reason or "chema error" in reason:
        return StaleIndex(f"{what}: {reason}", hint=REBUILD_HINT)
    if isinstance(error, OSError) or "os error" in reason:
        return IndexFailure(f"{what}: {reason}", hint="look at the disk and the folder's rights, then run this again")
    return IndexFailure(f"{what}: {reason}", hint=REBUILD_HINT)
