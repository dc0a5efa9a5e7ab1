"""What stands before every page: who may ask, how much, how long, and what every answer says of itself."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from imrsearch.indexer.build import build_index
from imrsearch.schema.errors import UsageError
from imrsearch.search import served
from imrsearch.search.web import server
from imrsearch.search.web.app import application
from imrsearch.search.web.door import Door, door_of
from imrsearch.search.web.guard import FILES, PAGES, SECURE, Guard, Limits
from tests import load

OURS = "http://127.0.0.1:8765"
TOKEN = "a-token-of-thirty-two-characters"
ROOT = Path(__file__).parents[1]
SECRET = "knee of the patient"


def failing(request) -> Response:
    raise KeyError(SECRET)


def slow(request) -> Response:
    time.sleep(0.8)
    return PlainTextResponse("late")


def large(request) -> Response:
    return PlainTextResponse("x" * 20_000_000)


async def echoing(request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def strict(request) -> Response:
    return PlainTextResponse("", headers={"content-security-policy": "sandbox", "cache-control": "max-age=9"})


def guarded(index_dir: Path, door: Door, **limits: float) -> Guard:
    """The application with some addresses for tests."""
    app = application(index_dir)
    for handler in (failing, slow, large, strict):
        app.router.routes.append(Route(f"/{handler.__name__}", handler))
    app.router.routes.append(Route("/echoing", echoing, methods=["POST"]))
    return Guard(app, door, limits=Limits(**limits))


@pytest.fixture(scope="module")
def guard(index_dir) -> Guard:
    return guarded(index_dir, door_of("127.0.0.1", 8765), body=1000, address=2000, head=1000)


@pytest.fixture(scope="module")
def client(guard) -> Iterator[TestClient]:
    with TestClient(guard, base_url=OURS, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def others(index_dir) -> Guard:
    """A door for others, who need a token."""
    return Guard(application(index_dir), door_of("192.0.2.7", 8765, allowed=["clinic"], token=TOKEN))


ANSWERS = [
    ("GET", "/search?query=norco", {}, 200),
    ("HEAD", "/search", {}, 200),
    ("GET", "/", {}, 200),
    ("GET", "/search?limit=x", {}, 400),
    ("GET", "/nowhere", {}, 404),
    ("GET", "/api/nowhere", {}, 404),
    ("GET", "/failing", {}, 500),
    ("GET", "/static/imrsearch.css", {}, 200),
    ("GET", "/static/nowhere.css", {}, 404),
    ("GET", "/static/%2e%2e/app.py", {}, 404),
    ("POST", "/search", {}, 405),
    ("DELETE", "/search", {}, 405),
    ("OPTIONS", "/search", {}, 405),
    ("TRACE", "/search", {}, 405),
    ("GET", "/search?query=" + "x" * 2000, {}, 414),
    ("GET", "/search", {"x": "x" * 1000}, 431),
    ("GET", "/search", {"host": "evil.example"}, 421),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), ANSWERS)
def test_every_answer_has_the_headers_that_keep_a_browser_safe(client, method, path, headers, status):
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert SECURE.items() <= {**answer.headers}.items()
    assert answer.headers["cache-control"] == (FILES if path.startswith("/static") else PAGES)["cache-control"]


def test_a_handler_may_be_stricter_and_says_it_once(client):
    headers = client.get("/strict").headers
    assert headers.get_list("content-security-policy") == ["sandbox"]
    assert headers.get_list("cache-control") == ["max-age=9"]


def test_a_file_is_asked_for_by_what_the_browser_has(client):
    first = client.get("/static/imrsearch.js")
    assert client.get("/static/imrsearch.js", headers={"if-none-match": first.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        pytest.param(["127.0.0.1:8765"], 200, id="address"),
        pytest.param(["localhost:8765"], 200, id="name"),
        pytest.param(["LOCALHOST:8765"], 200, id="capitals"),
        pytest.param(["[::1]:8765"], 200, id="ipv6"),
        pytest.param([], 400, id="missing"),
        pytest.param([""], 400, id="empty"),
        pytest.param(["127.0.0.1:8765", "evil.example"], 400, id="twice"),
        pytest.param(["evil.example"], 421, id="rebound"),
        pytest.param(["evil.example:8765"], 421, id="rebound-with-port"),
        pytest.param(["127.0.0.1"], 421, id="no-port"),
        pytest.param(["127.0.0.1:80"], 421, id="another-port"),
        pytest.param(["127.0.0.1:8765.evil.example"], 421, id="begins-like-ours"),
        pytest.param(["evil@127.0.0.1:8765"], 421, id="with-a-name"),
        pytest.param(["127.0.0.1:8765, evil"], 421, id="list"),
        pytest.param(["127.1:8765"], 421, id="short"),
        pytest.param(["x" * 900], 421, id="absurd"),
    ],
)
def test_only_our_own_names_are_answered(guard, hosts, status):
    assert asked(guard, *((b"host", host.encode()) for host in hosts)) == status


def asked(guard: Guard, *headers: tuple[bytes, bytes], method: str = "GET", path: str = "/search") -> int:
    """The status for a request of exactly these headers: a client adds its own."""
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    asyncio.run(guard(scope | {"headers": headers, "scheme": "http", "root_path": ""}, receive, send))
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="program"),
        pytest.param({"origin": OURS, "sec-fetch-site": "same-origin"}, 200, id="ours"),
        pytest.param({"origin": "http://localhost:8765"}, 200, id="our-other-name"),
        pytest.param({"origin": "null"}, 403, id="null"),
        pytest.param({"origin": ""}, 403, id="empty"),
        pytest.param({"origin": "http://127.0.0.1:3000"}, 403, id="another-port"),
        pytest.param({"origin": "https://127.0.0.1:8765"}, 403, id="another-scheme"),
        pytest.param({"origin": OURS + ".evil.example"}, 403, id="begins-like-ours"),
        pytest.param({"origin": OURS, "sec-fetch-site": "cross-site"}, 403, id="cross-site"),
        pytest.param({"sec-fetch-site": "same-site"}, 403, id="same-site"),
    ],
)
def test_only_our_own_pages_send_anything(client, headers, status):
    assert client.post("/echoing", content=b"draft", headers=headers).status_code == status


@pytest.mark.parametrize(("mode", "status"), [("navigate", 200), ("no-cors", 403), ("cors", 403)])
def test_a_page_elsewhere_may_link_but_not_load(client, mode, status):
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}
    assert client.get("/search", headers=headers).status_code == status


def test_a_body_is_read_up_to_its_limit(client):
    def pieces(size: int) -> Iterator[bytes]:
        yield from (b"x" * 100 for _ in range(size // 100))

    assert client.post("/echoing", content=b"x" * 1000).text == "1000"
    assert client.post("/echoing", content=b"x" * 1001).status_code == 413
    assert client.post("/echoing", content=pieces(1000)).text == "1000"
    assert client.post("/echoing", content=pieces(1100)).status_code == 413
    assert "the request is too large" in client.post("/draft", content=b"x" * 1001).text


def test_what_is_asked_at_once_is_bounded(guard, client, monkeypatch):
    monkeypatch.setattr(guard, "asked", guard.limits.at_once)
    assert client.get("/search").status_code == 503
    monkeypatch.setattr(guard, "asked", 0)
    monkeypatch.setattr(guard, "bodies", guard.limits.bodies)
    assert client.post("/echoing").status_code == 503
    assert client.get("/search").headers.get("retry-after") is None


def test_a_fault_of_ours_tells_nothing_of_what_was_asked(client, capsys):
    answer = client.get(f"/failing?query={SECRET}")
    err = capsys.readouterr().err
    assert "KeyError" in answer.text
    assert err.startswith("error: unexpected KeyError at test_web_guard.py:")
    assert SECRET not in answer.text + err
    assert "Traceback" not in answer.text + err


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param("/search", {}, 401, id="none"),
        pytest.param("/static/imrsearch.css", {}, 401, id="files-too"),
        pytest.param("/search", {"x": "x" * 40_000}, 401, id="too-much-too"),
        pytest.param("/search?token=", {}, 401, id="empty"),
        pytest.param("/search?token=wrong", {}, 401, id="wrong"),
        pytest.param("/search", {"cookie": "imrsearch=wrong"}, 401, id="wrong-cookie"),
        pytest.param("/search", {"cookie": f"other=1; imrsearch={TOKEN}"}, 200, id="cookie"),
        pytest.param("/search", {"authorization": f"Bearer {TOKEN}"}, 200, id="program"),
        pytest.param("/search", {"authorization": f"Basic {TOKEN}"}, 401, id="another-way"),
        pytest.param("/search", {"authorization": "Bearer "}, 401, id="empty-bearer"),
        pytest.param(f"/search?query=norco&token={TOKEN}", {}, 303, id="address"),
        pytest.param("/search", {"authorization": f"Bearer {TOKEN}", "host": "evil.example"}, 421, id="rebound"),
    ],
)
def test_others_need_the_token(others, path, headers, status):
    client = TestClient(others, base_url="http://clinic:8765", follow_redirects=False)
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert "31 items" not in answer.text or status == 200
    if status == 303:
        assert answer.headers["location"] == "/search?query=norco"
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {*answer.headers["set-cookie"].split("; ")}
        assert client.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "/%5cevil.example", "///evil.example"])
def test_the_token_leads_to_no_other_place(others, path):
    client = TestClient(others, follow_redirects=False)
    answer = client.get(f"http://192.0.2.7:8765{path}?token={TOKEN}")
    assert not answer.headers["location"].startswith(("//", "/\\", "http"))


@pytest.mark.parametrize(
    ("host", "allowed", "token", "hint"),
    [
        pytest.param("127.0.0.1", ["clinic"], "", "--host", id="name-for-nobody"),
        pytest.param("0.0.0.0", [], TOKEN, "--allow-host", id="no-name"),
        pytest.param("192.0.2.7", [], "short", "16", id="short-token"),
        pytest.param("192.0.2.7", [], "", "IMRSEARCH_TOKEN", id="no-token"),
        pytest.param("127.0.0.1", [], "short", "16", id="short-token-for-nobody"),
        pytest.param("192.0.2.7", ["clinic:80"], TOKEN, "without a port", id="port"),
        pytest.param("192.0.2.7", ["evil/"], TOKEN, "--allow-host", id="no-name-of-a-machine"),
    ],
)
def test_others_come_in_by_name_and_token_only(host, allowed, token, hint):
    with pytest.raises(UsageError) as error:
        door_of(host, 8765, allowed=allowed, token=token)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("host", "allowed", "token", "address"),
    [
        ("127.0.0.1", [], "", "http://127.0.0.1:8765"),
        ("::1", [], "", "http://[::1]:8765"),
        ("0.0.0.0", ["Clinic"], "x" * 16, "http://clinic:8765/?token=xxxxxxxxxxxxxxxx"),
    ],
)
def test_the_address_to_open_is_one_that_is_answered(host, allowed, token, address):
    door = door_of(host, 8765, allowed=allowed, token=token)
    assert door.address == address
    assert address.split("/")[2] in door.hosts


@pytest.fixture(scope="module")
def port(index_dir) -> Iterator[int]:
    """A real server that has little patience."""
    listening = server.listening_at("127.0.0.1", 0)
    port = listening.getsockname()[1]
    times = {"head_time": 0.4, "body_time": 0.4, "stalled_time": 0.4, "answer_time": 0.5}
    guard = guarded(index_dir, door_of("127.0.0.1", port), connections=20, body=100_000, **times)
    begun = Event()
    config = server.config_of(guard)
    running = server.Server(config, begun=begun.set)
    thread = Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    begun.wait(10)
    yield port
    running.should_exit = True
    thread.join(10)


def sent(port: int, *pieces: bytes, pause: float = 0.1, reads: bool = True) -> tuple[bytes, float]:
    """What came back for the pieces until the server ended the connection, and after how many seconds."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as connection:
        began = time.monotonic()
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece.replace(b"HOST", b"127.0.0.1:%d" % port))
                time.sleep(pause)
            if not reads:
                time.sleep(1.2)
            while piece := connection.recv(100_000):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer, time.monotonic() - began


GET = b"GET /strict HTTP/1.1\r\nHost: HOST\r\n"
POST = b"POST /echoing HTTP/1.1\r\nHost: HOST\r\n"
CONNECTIONS = {
    "no-byte": ((), b""),
    "line-ends-only": ((b"\r\n",) * 10, b""),
    "head-without-end": ((GET, *(b"x: y\r\n",) * 10), b""),
    "idle-after-an-answer": ((GET + b"\r\n",), b"HTTP/1.1 200 "),
    "body-that-trickles": ((POST + b"Content-Length: 99\r\n\r\n", *(b"x",) * 3), b"HTTP/1.1 408 "),
    "body-in-chunks": ((POST + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n"), b"HTTP/1.1 200 "),
    "body-too-large": ((POST + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000,), b"HTTP/1.1 413 "),
    "body-announced-too-large": ((POST + b"Expect: 100-continue\r\nContent-Length: 200000\r\n\r\n",), b"HTTP/1.1 413 "),
    "answer-too-slow": ((b"GET /slow HTTP/1.1\r\nHost: HOST\r\n\r\n",), b"HTTP/1.1 503 "),
    "address-without-end": ((b"GET /" + b"x" * 110_000,), b"HTTP/1.1 431 "),
    "header-without-end": ((GET + b"x: " + b"y" * 110_000,), b"HTTP/1.1 431 "),
    "no-http": ((b"\x16\x03\x01\x02\x00",), b"HTTP/1.1 400 "),
    "no-host": ((b"GET / HTTP/1.1\r\n\r\n",), b"HTTP/1.1 400 "),
    "two-lengths": ((POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",), b"HTTP/1.1 400 "),
    "length-and-chunks": ((POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",), b"HTTP/1.1 400 "),
    "to-another": ((b"CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n\r\n",), b"HTTP/1.1 400 "),
}


def test_a_connection_ends_whatever_comes_or_does_not(port, capfd):
    with ThreadPoolExecutor(len(CONNECTIONS)) as clients:
        asked = {name: clients.submit(sent, port, *pieces) for name, (pieces, _) in CONNECTIONS.items()}
    for name, (_, first) in CONNECTIONS.items():
        answer, seconds = asked[name].result()
        assert answer.startswith(first), name
        assert bool(answer) == bool(first), name
        assert not answer or b"x-content-type-options: nosniff" in answer, name
        assert seconds < 3, name
    assert capfd.readouterr().err == ""


def test_an_answer_that_nobody_reads_is_dropped(port):
    answer, _ = sent(port, b"GET /large HTTP/1.1\r\nHost: HOST\r\n\r\n", reads=False)
    assert 0 < len(answer) < 20_000_000


def test_one_connection_too_many_is_told_so(port):
    held = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(22)]
    assert held[-1].recv(20).startswith(b"HTTP/1.1 503")
    for each in held:
        each.close()


def test_the_page_goes_on_while_its_index_is_published_anew_and_without_it(letters_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(served, "FRESH", 0.0)
    letters, index = sorted(letters_dir.iterdir()), tmp_path / "index"
    build_index(letters[:3], index)
    client = TestClient(guarded(index, door_of("127.0.0.1", 8765)), base_url=OURS)
    done = Event()

    def asking() -> set[int]:
        statuses = set()
        while not done.is_set():
            statuses.add(client.get("/search?query=the").status_code)
        return statuses

    with ThreadPoolExecutor(server.THREADS) as askers:
        asked = [askers.submit(asking) for _ in range(server.THREADS)]
        build_index(letters[3:6], index)
        done.set()
    assert [each.result() for each in asked] == [{200}] * server.THREADS
    assert "generation 2." in client.get("/search").text
    shutil.rmtree(index)
    answers = [client.get("/search?query=the") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert capsys.readouterr().err.count("note: generation 2 still answers: there is no index") == 1
    build_index(letters[:3], index)
    assert client.get("/search?query=the").status_code == 200
    assert capsys.readouterr().err == "note: the newest generation answers again\n"


def test_serve_opens_the_browser_answers_and_ends_quietly(run, index_dir, tmp_path):
    with closing(server.listening_at("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    opener = tmp_path / "xdg-open"
    opener.write_text(f"#!/bin/sh\necho $1 > {tmp_path}/opened\n")
    opener.chmod(0o755)
    command = [sys.executable, "-m", "imrsearch", "serve", "--open", "--port", str(port), "--index", str(index_dir)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr.readline() == f"imrsearch is at http://127.0.0.1:{port}; Ctrl-C ends it\n"
        shown = load.loaded(load.Server(port, running.pid), requests=40, connections=4, seconds=5)
        assert shown.failures == []
        assert len(shown.milliseconds) > 20
        assert shown.resident[-1] - shown.resident[2] < 30_000
        again = run("serve", "--port", port, "--index", index_dir)
        assert (again.code, again.err.splitlines()[0]) == (2, f"error: port {port} is taken")
        assert "--port" in again.err
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
        assert running.stderr.read() == ""
    assert (tmp_path / "opened").read_text() == f"http://127.0.0.1:{port}\n"


def test_serve_without_an_index_ends_before_it_listens(run, tmp_path):
    done = run("serve", "--index", tmp_path)
    assert (done.code, done.out) == (3, "")
    assert "hint: run: imrsearch index" in done.err
