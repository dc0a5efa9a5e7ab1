"""The pages served to a real browser, for tests and pictures."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser_path() -> str | None:
    """Chromium as it is installed here; null without one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def served(index_dir: Path) -> Iterator[str]:
    """The address of a server of that index."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "imrsearch", "serve", "--port", str(port), "--index", str(index_dir)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(200):
                with socket.socket() as there:
                    if not there.connect_ex(("127.0.0.1", port)):
                        break
                assert server.poll() is None, server.stderr and server.stderr.read()
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
