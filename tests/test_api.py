"""The JSON API: its answers are the command line's, they are as its OpenAPI document says, and so are its errors."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from imrsearch.indexer.sources.drafts import LARGEST
from imrsearch.schema.fields import FILTERS
from imrsearch.search.results import FOR_PEOPLE
from imrsearch.search.web import api, openapi
from imrsearch.search.web.address import ASKED, LISTED
from imrsearch.search.web.app import application
from imrsearch.search.web.bodies import DRAFT_TYPES
from imrsearch.search.web.door import door_of
from imrsearch.search.web.guard import Guard
from tests.test_drafts import CANARY, WHOLE

ROOT = Path(__file__).parents[1]
ITEM, LETTER = "CM17-9900405:1", "CM17-9900405"
DRAFT = f"The {CANARY} of this worker hurts. The request for Klonopin 1mg #30 and its weaning is before us."
# Errors of requests that are as the document says: what a day and a draft may be is more than a schema tells.
BEYOND_THE_SCHEMA = ("is not a date", "is after until", "the draft is empty", "the draft has no words")
SERVED = []
TIMES = ("took_ms", "engine_ms")


@pytest.fixture(scope="module")
def app(index_dir):
    return application(index_dir)


@pytest.fixture(scope="module")
def client(app):
    guard = Guard(app, door_of("127.0.0.1", 8765))
    return TestClient(guard, base_url="http://127.0.0.1:8765")


@pytest.fixture(scope="module")
def document(client):
    return client.get("/api/openapi.json").json()


@pytest.fixture(scope="module")
def check(document):
    """Fail where an answer is not as the document says of its call and status."""

    def check(response, path=None):
        assert response.headers["content-type"] == "application/json"
        at = path or next(at for at in document["paths"] if response.url.path == at)
        method = response.request.method.lower()
        told = document["paths"][at][method]["responses"][str(response.status_code)]
        schema = told["content"]["application/json"]["schema"] | {"components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(response.json())
        return response.json()

    return check


def without_times(answer):
    return {name: value for name, value in answer.items() if name not in TIMES}


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        pytest.param("search", ["search"], id="everything"),
        pytest.param(
            "search?query=klonopin&outcome=upheld&facets=outcome,year&limit=3",
            ["search", "klonopin", "--outcome", "upheld", "--facets", "outcome,year", "--limit", "3"],
            id="filter-facets",
        ),
        pytest.param("search?facets=all&limit=0", ["search", "--facets", "all", "--limit", "0"], id="all-facets"),
        pytest.param(
            "search?drug=norco&drug=Klonopin&since=2016&sort=newest&offset=1&names=no",
            "search --drug norco --drug Klonopin --since 2016 --sort newest --offset 1 --no-expand".split(),
            id="two-values",
        ),
        pytest.param("search?query=pain&collapse=yes", ["search", "pain", "--collapse"], id="collapse"),
        pytest.param("search?query=zzzyx&widen=no", ["search", "zzzyx", "--no-widen"], id="nothing-found"),
        pytest.param(f"items/{ITEM}", ["show", ITEM], id="item"),
        pytest.param(f"similar?id={ITEM}&limit=2", ["similar", ITEM, "--limit", "2"], id="similar"),
        pytest.param("contrast?asked=klonopin+weaning", ["contrast", "klonopin", "weaning"], id="contrast-words"),
        pytest.param(f"contrast?asked={ITEM}&limit=1", ["contrast", ITEM, "--limit", "1"], id="contrast-item"),
        pytest.param("stats?by=drug&query=pain", ["stats", "pain", "--by", "drug"], id="stats"),
        pytest.param("guidelines?depth=4&outcome=upheld", "guidelines --depth 4 --outcome upheld".split(), id="cited"),
    ],
)
def test_an_answer_is_that_of_the_command_line(address, arguments, client, check, run, index_dir):
    path = "/api/items/{id}" if address.startswith("items") else None
    answer = check(client.get(f"/api/{address}"), path)
    printed = run(*arguments, "--json", "--index", index_dir)
    assert without_times(answer) == without_times(msgspec.json.decode(printed.out))


def test_a_letter_is_as_parse_prints_it(client, check, run, fictional):
    letter = next(letter for letter in fictional if letter.letter_id == LETTER)
    answer = check(client.get(f"/api/letters/{LETTER}"), "/api/letters/{id}")
    assert answer == msgspec.json.decode(run("parse", letter.source.path, "--json").out)


def test_values_of_a_facet_come_page_by_page(client, check):
    counted = check(client.get("/api/search?query=pain&facets=drug&limit=0"))
    pages = [check(client.get(f"/api/facets?name=drug&query=pain&limit=4&offset={place}")) for place in range(0, 40, 4)]
    assert [value for page in pages for value in page["values"]] == counted["facets"]["drug"]
    assert [page["truncated"] for page in pages] == [page["returned"] == 4 for page in pages]
    first = pages[0]
    assert (first["total"], first["total_letters"]) == (counted["total"], counted["total_letters"])
    assert first["total_values"] == len(counted["facets"]["drug"]) > 4


def test_values_of_a_facet_are_found_by_what_stands_in_them(client, check):
    every = check(client.get("/api/facets?name=specialty&limit=1000"))
    some = check(client.get("/api/facets?name=specialty&contains=MEDICINE"))
    assert some["values"] == [one for one in every["values"] if "medicine" in one["value"].lower()]
    assert 0 < some["total_values"] < every["total_values"]


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("call", ["similar", "contrast"])
def test_a_draft_of_every_kind_is_compared(call, kind, client, check, run, index_dir, tmp_path):
    file = tmp_path / "draft"
    file.write_bytes(WHOLE[kind])
    sent = client.post(f"/api/{call}?limit=2", content=WHOLE[kind], headers={"content-type": DRAFT_TYPES[-1]})
    assert sent.headers["cache-control"] == "no-store"
    printed = run(call, "--file", file, "--limit", 2, "--json", "--index", index_dir)
    assert without_times(check(sent)) == without_times(msgspec.json.decode(printed.out))


def slowly(content, size=1_000_000):
    """The content piece by piece, so that nobody knows how long it will be."""
    yield from (content[start : start + size] for start in range(0, len(content), size))


@pytest.mark.parametrize(
    ("address", "content", "kind", "status", "error"),
    [
        pytest.param("similar", b" \n", "text/plain", 400, "the draft is empty", id="empty"),
        pytest.param("similar", b"?" * (LARGEST + 1), "text/plain", 413, "larger than 8 MB", id="large"),
        pytest.param("contrast", slowly(b"?" * (LARGEST + 1)), "text/plain", 413, "larger than 8 MB", id="endless"),
        pytest.param("similar", DRAFT, "application/json", 415, "cannot be application/json", id="json"),
        pytest.param("similar", DRAFT, "application/x-www-form-urlencoded", 415, "cannot be", id="form"),
        pytest.param("similar", DRAFT, "", 415, "kind is not told", id="untold"),
        pytest.param("similar", f"%PDF-1.4 {DRAFT}", "application/pdf", 415, "cannot be read", id="no-pdf"),
        pytest.param("similar?limit=0", DRAFT, "text/plain", 400, "limit goes from 1", id="limit"),
        pytest.param(f"similar?id={ITEM}", DRAFT, "text/plain", 400, "no parameter id", id="id-and-draft"),
    ],
)
def test_a_draft_that_is_refused_is_not_repeated(address, content, kind, status, error, client, check):
    sent = client.post(f"/api/{address}", content=content, headers={"content-type": kind})
    assert sent.status_code == status
    assert error in check(sent)["error"]
    assert CANARY not in sent.text
    assert sent.headers["cache-control"] == "no-store"


def test_a_fault_says_nothing_of_the_draft(monkeypatch, client, check):
    def broken(*_, **__):
        raise ValueError(DRAFT)

    monkeypatch.setattr(api, "similar_to", broken)
    sent = client.post("/api/similar", content=DRAFT, headers={"content-type": "text/plain"})
    assert sent.status_code == 500
    assert check(sent)["error"] == "the draft could not be compared (ValueError)"


@pytest.mark.parametrize(
    ("address", "status", "error", "hint"),
    [
        pytest.param("search?limi=3", 400, "no parameter limi", "limit", id="unknown-parameter"),
        pytest.param("search?limit=101", 400, "from 0 to 100, not 101", "", id="limit-too-high"),
        pytest.param("search?limit=-1", 400, "limit takes a whole number", "", id="limit-below-0"),
        pytest.param("search?limit=1&limit=2", 400, "limit stands more than once", "", id="limit-twice"),
        pytest.param("search?collapse=maybe", 400, "collapse takes yes or no", "", id="no-switch"),
        pytest.param("search?outcome=", 400, "outcome is empty", "leave it out", id="empty-filter"),
        pytest.param("search?drug=%E2%80%82%13", 400, "is empty", "leave it out", id="unseen-filter"),
        pytest.param("search?page=twelve", 400, "page takes a whole number", "", id="no-number"),
        pytest.param("search?since=2016-02-30", 400, "is not a date", "", id="no-day"),
        pytest.param("search?since=2017&until=2016", 400, "is after until", "", id="days-exchanged"),
        pytest.param("search?sort=best", 400, "no order best", "relevance", id="no-order"),
        pytest.param("search?facets=outcomes", 400, "no facet outcomes", "one of: outcome", id="no-facet"),
        pytest.param(f"search?query={quote('a /2 b ' * 9)}", 400, "more than 6 of /n", "", id="query"),
        pytest.param("facets", 400, "name is missing", "", id="no-name"),
        pytest.param("facets?name=outcome,year", 400, "no facet outcome,year", "", id="two-names"),
        pytest.param("similar", 400, "id is missing", "", id="no-id"),
        pytest.param("similar?id=CM17-9900405:9", 404, "has no item", "it has CM17-9900405:1", id="no-item"),
        pytest.param("items/CM17-99004", 404, "no letter or item", "ids that begin alike", id="no-such-id"),
        pytest.param(f"items/{LETTER}", 404, "is a letter", ITEM, id="letter-as-item"),
        pytest.param(f"letters/{ITEM}", 404, "no letter or item", LETTER, id="item-as-letter"),
        pytest.param("stats?by=id", 400, "no field to count by id", "", id="no-field"),
        pytest.param("guidelines?depth=5", 400, "depth goes from 1 to 4", "", id="depth"),
    ],
)
def test_an_error_is_told_in_json(address, status, error, hint, client, check):
    response = client.get(f"/api/{address}")
    assert response.status_code == status
    folder, _, id = address.partition("?")[0].partition("/")
    answer = check(response, f"/api/{folder}" + ("/{id}" if id else ""))
    assert error in answer["error"]
    assert hint in answer.get("hint", "")
    assert ("^" in answer.get("place", "")) == ("query=" in address)


def test_what_is_no_call_is_told_in_json(client, app):
    missing = client.get("/api/nothing")
    assert (missing.status_code, missing.json()) == (404, {"error": "there is no such page"})
    # Behind the guard, which answers GET, HEAD and POST only.
    wrong = TestClient(app).put("/api/similar")
    assert (wrong.status_code, {*wrong.headers["allow"].split(", ")}) == (405, {"GET", "HEAD", "POST"})
    assert wrong.json() == {"error": "PUT is not answered here", "hint": "GET, HEAD, POST"}


def test_head_answers_like_get(client):
    assert client.head(f"/api/items/{ITEM}").headers == client.get(f"/api/items/{ITEM}").headers


def test_an_index_that_is_gone_is_still_answered_from(index_dir, tmp_path, check):
    shutil.copytree(index_dir, tmp_path / "index")
    app = application(tmp_path / "index")
    shutil.rmtree(tmp_path / "index")
    app.state.served.looked = 0.0
    response = TestClient(app).get("/api/search?query=norco&facets=all")
    assert check(response)["hits"]
    assert "no index" in app.state.served.trouble


def test_every_filter_is_a_parameter_with_its_help(document):
    told = {one["name"]: one["description"] for one in document["paths"]["/api/search"]["get"]["parameters"]}
    assert {field.name: told[field.name].startswith(field.help) for field in FILTERS} == dict.fromkeys(
        (field.name for field in FILTERS), True
    )


def test_a_question_takes_what_it_takes_on_a_page():
    assert [parameter.name for parameter in (*openapi.QUESTION, openapi.WIDEN)] == [*ASKED]
    assert {parameter.name for parameter in openapi.LISTED} == {*LISTED, "facets"}


def test_every_attribute_of_a_hit_is_told(document):
    hit = document["components"]["schemas"]["Hit"]
    assert hit["properties"]["highlights"]["description"] == "character offsets into `snippet`: start, end"
    assert not {*FOR_PEOPLE} & {*hit["properties"]}
    assert sorted(hit["required"]) == sorted(hit["properties"])


def test_every_example_of_the_page_is_answered(client):
    page = client.get("/api")
    assert page.headers["content-type"].startswith("text/html")
    examples = [part.partition('"')[0] for part in page.text.split('<p>Example: <a href="')[1:]]
    assert len(examples) == sum(call.method == "get" for call in api.CALLS)
    for example in examples:
        assert client.get(example.replace("&amp;", "&")).status_code == 200, example


def shown(answer, example):
    """The answer with "…" where the example leaves something out."""
    if example == "…":
        return example
    if isinstance(answer, dict) and isinstance(example, dict):
        return {name: shown(value, example.get(name)) for name, value in answer.items()}
    if isinstance(answer, list) and isinstance(example, list) and len(answer) == len(example):
        return [*map(shown, answer, example)]
    return answer


EXAMPLE = re.compile(r"curl 'http://127\.0\.0\.1:8765(/api/[^']+)'\n```\n\n```json\n(.+?)\n```", re.DOTALL)
EXAMPLES = EXAMPLE.findall((ROOT / "docs/api.md").read_text("utf-8"))


@pytest.mark.parametrize(("address", "example"), EXAMPLES, ids=[address for address, _ in EXAMPLES])
def test_an_example_of_the_docs_is_answered_so(address, example, client):
    example = msgspec.json.decode(example)
    assert shown(client.get(address).json(), example) == example


@schemathesis.serializer(*DRAFT_TYPES[1:])
def as_it_is(_context, value):
    """A draft of no kind that schemathesis can make, as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


def described(*, left_out=frozenset(), asked_once=frozenset()):
    """The document for schemathesis, with ids that the index has, without some parameters or with them once."""
    document = msgspec.json.decode(api.document_json())
    for path, id in (("/api/items/{id}", ITEM), ("/api/letters/{id}", LETTER), ("/api/similar", ITEM)):
        document["paths"][path]["get"]["parameters"][0]["example"] = id
    for path, calls in document["paths"].items():
        gone = left_out if path == "/api/search" else left_out | asked_once
        for call in calls.values():
            call["parameters"] = [one for one in call["parameters"] if one["name"] not in gone]
    loaded = schemathesis.openapi.from_dict(document)
    loaded.app = served
    return loaded


async def served(scope, receive, send):
    """The application of the test that runs: schemathesis wants one before there is any index."""
    await SERVED[0](scope, receive, send)


def check_described(case, app):
    SERVED[:] = [app]
    response = case.call()
    case.validate_response(response, excluded_checks=[positive_data_acceptance])
    if case.meta.generation.mode.is_positive and response.status_code == 400:
        assert any(said in response.json()["error"] for said in BEYOND_THE_SCHEMA), response.text


# One filter of texts and one of numbers, one day and one switch: all others are like them.
ALIKE = {*(field.name for field in FILTERS), "until", "names", "expand"} - {"outcome", "page"}
# A question is read in one place, for every call that takes one.
QUESTION = {parameter.name for parameter in (*openapi.QUESTION, openapi.WIDEN, openapi.OFFSET)}
FEWER = described(left_out=ALIKE, asked_once=QUESTION)
QUIET = settings(suppress_health_check=[*HealthCheck], database=None)


@FEWER.parametrize()
@settings(QUIET, max_examples=3, derandomize=True)
def test_nothing_is_answered_otherwise_than_described(case, app):
    check_described(case, app)


@pytest.mark.scale
def test_nothing_is_answered_otherwise_than_described_at_length():
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "tests/described_at_length.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
