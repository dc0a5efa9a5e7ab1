"""Letters and questions that nobody wrote for a reader: no page lets them run, steer the eye or break a terminal."""

import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from random import Random
from urllib.parse import quote, urlencode

import pytest
from factories import citation, index_of, item, letter
from starlette.routing import Route
from starlette.testclient import TestClient

from imrsearch.schema.records import Source
from imrsearch.search.web.app import application, routes
from imrsearch.search.web.door import door_of
from imrsearch.search.web.guard import Guard

OURS = "http://127.0.0.1:8765"
PAYLOADS = (
    "<script>alert(1)</script>",
    "</title></script><script src=//evil.example/x></script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "` onfocus=alert(1) autofocus `",
    "<svg/onload=alert(1)>",
    "<style>*{background:url(//evil.example)}</style>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "<!-- --><base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "{{ 7*7 }}{% raw %}",
    "<div hx-get=/draft hx-trigger=load>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "]]><![CDATA[",
    "\x1b[31mred\x1b]0;title\x07\x1b[2J",
    "\x9b31mred\x90",
    "a\x00b\x08\x0c\x7f",
    "\u202egnp.exe\u202c\u2066x\u2069",
    "line\u2028end\u2029here",
    "line\r\nSet-Cookie: x=1\r\n\r\n<b>",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "//evil.example/%2e%2e/%00",
    "tramadol\ufffe\U000e0001",
)
# What no page holds, as bytes of its text: control characters, and marks that turn the direction of writing.
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
RUNNING = {"iframe", "object", "embed", "base", "style", "applet", "frame", "portal"}
# Each payload at each place with each outcome: the next letter would be the first again.
HOSTILE_LETTERS = 3 * len(PAYLOADS)
# Every part of the questions has each payload and each form.
PARTS = 4


class Page(HTMLParser):
    """What of a page could run or lead elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.inside = tag
        if tag in RUNNING or (tag == "meta" and "http-equiv" in given):
            self.faults.append(tag)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.faults.append("script")
        for name, value in attributes:
            link = re.sub(r"\s", "", value or "").lower()
            ours = link.startswith(("/", "#", "?", "https://www.")) and not link.startswith(("//", "/\\"))
            if name.startswith(("on", "hx-on", "style")):
                self.faults.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction", "xlink:href", "hx-get", "hx-post") and link and not ours:
                self.faults.append(f"{tag} {name}={value}")

    def handle_data(self, text: str) -> None:
        if self.inside == "script" and text.strip():
            self.faults.append(f"script: {text[:40]}")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


def hostile(number: int):
    """A letter with one payload after the other in every field."""
    turn = itertools.cycle(PAYLOADS[number % len(PAYLOADS) :] + PAYLOADS[: number % len(PAYLOADS)])
    cited = citation(next(turn), document=next(turn), text=next(turn))
    one = item(
        next(turn) + " tramadol",
        outcome=("upheld", "overturned", next(turn))[number % 3],
        rationale=f"The tramadol {next(turn)} is not supported. {next(turn)} It is not medically necessary.",
        imr_guideline=f"MTUS {next(turn)}",
        ur_guideline=next(turn),
        imr_citations=(cited,),
        ur_citations=(cited,),
        drugs=(next(turn), "tramadol"),
        drug_classes=(next(turn),),
        category=next(turn),
        subcategory=next(turn),
        body_parts=(next(turn),),
        strength=next(turn),
    )
    id = f"X{number}{next(turn)}"
    return letter(
        id,
        one,
        summary=f"tramadol {next(turn)}",
        specialties=(next(turn), next(turn)),
        licensure_states=(next(turn),),
        priority=next(turn),
        case_number=next(turn),
        decision_date="2016-01-01",
        source=Source(f"{next(turn)}.txt", "text", f"{number:064x}"),
    )


@pytest.fixture(scope="module")
def letters():
    return [hostile(number) for number in range(HOSTILE_LETTERS)]


@pytest.fixture(scope="module")
def client(letters, tmp_path_factory) -> Iterator[TestClient]:
    index = index_of(letters, tmp_path_factory.mktemp("hostile") / "index")
    guard = Guard(application(index), door_of("127.0.0.1", 8765))
    # In a block it has one event loop for all requests.
    with TestClient(guard, base_url=OURS, follow_redirects=False) as client:
        yield client


PATHS = sorted(
    {
        route.path.removesuffix(".json").removesuffix(".csv")
        for route in routes()
        if isinstance(route, Route) and "GET" in (route.methods or ())
    }
)
# Parameters that one page or another takes; a page that does not know one says so, with the value's name.
PARAMETERS = ("query", "specialty", "drug", "citation", "sort", "by", "value", "nowhere", "since")


def addresses(path: str, letters) -> list[str]:
    """The page's address with hostile ids, values and parameters, and its suffixes."""
    found = [path + "?" + urlencode({PAYLOADS[0]: "1"})]
    for number, (payload, one) in enumerate(zip(PAYLOADS, letters, strict=False)):
        suffix = ("", ".json", ".csv", "")[number % 4]
        ids = (one.items[0].id, one.letter_id, payload)
        if "{" in path:
            found += [re.sub(r"{[^}]*}", quote(id, safe=""), path) + suffix for id in ids]
        else:
            found += [f"{path}{suffix}?" + urlencode({name: ids[number % 2]}) for name in ("id", "asked")]
        name = PARAMETERS[number % len(PARAMETERS)]
        asked = {name: payload, "query": ("tramadol", f"tramadol {payload}")[number % 2]}
        found.append(re.sub(r"{[^}]*}", quote(ids[0], safe=""), path) + suffix + "?" + urlencode(asked))
    return found


@pytest.mark.parametrize("path", PATHS)
def test_no_page_lets_a_letter_or_a_question_run(client, letters, path, capfd):
    for address in addresses(path, letters):
        answer = client.get(address)
        assert_harmless(answer, address)
    out, err = capfd.readouterr()
    assert (out, err) == ("", ""), err


def assert_harmless(answer, address: str) -> None:
    assert answer.status_code < 500, address
    for name, value in answer.headers.items():
        assert not UNSEEN.search(value), (address, name)
    kind = answer.headers.get("content-type", "").partition(";")[0]
    text = answer.content.decode("utf-8")
    if kind == "text/html":
        assert not UNSEEN.search(text), (address, UNSEEN.search(text))
        assert Page(text).faults == [], address
    elif kind == "application/json":
        assert json.loads(text) is not None
        assert "\x1b" not in text
    else:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "\x1b" not in text, address


def test_every_hostile_letter_is_found_and_shown_as_text(client):
    """Page by page: the letters are there, and none is more than text."""
    shown = ""
    for offset in range(0, HOSTILE_LETTERS, 100):
        answer = client.get(f"/search?query=tramadol&limit=100&collapse=no&offset={offset}")
        assert_harmless(answer, answer.url)
        shown += answer.text
    assert shown.count('class="card') >= HOSTILE_LETTERS / 10
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.scale) for part in range(1, PARTS))])
def test_hostile_questions_are_answered_or_refused_as_text(client, part):
    """Payloads in the language's own forms."""
    forms = ("{}", '"{}"', "treatment:{}", "({}", "tramadol -{}", "{}*", "id:{}", 'tramadol /3 "{}"')
    pairs = list(itertools.product(forms, PAYLOADS))[part::PARTS]
    assert ({form for form, _ in pairs}, {payload for _, payload in pairs}) == ({*forms}, {*PAYLOADS})
    for form, payload in pairs:
        address = "/search?" + urlencode({"query": form.format(payload)})
        assert_harmless(client.get(address), address)


@pytest.mark.scale
def test_a_thousand_letters_and_questions_of_mixed_payloads_are_text(tmp_path):
    random = Random(5)

    def mixed() -> str:
        return "".join(random.choice((*PAYLOADS, " tramadol ", "<", "'", '"', "&")) for _ in range(4))

    many = [
        letter(
            f"M{number} {mixed()}",
            item(f"{mixed()} tramadol", rationale=f"{mixed()} {mixed()}", outcome=mixed(), imr_guideline=mixed()),
            summary=mixed(),
            specialties=(mixed(),),
            source=Source(f"{mixed()}.txt", "text", f"{number:064x}"),
        )
        for number in range(1_000)
    ]
    guard = Guard(application(index_of(many, tmp_path / "index")), door_of("127.0.0.1", 8765))
    with TestClient(guard, base_url=OURS, follow_redirects=False) as client:
        for one in many:
            for address in (
                f"/items/{quote(one.items[0].id, safe='')}",
                f"/letters/{quote(one.letter_id, safe='')}.json",
                "/search?" + urlencode({"query": mixed(), "specialty": one.specialties[0]}),
            ):
                assert_harmless(client.get(address), address)


def test_a_hostile_folder_breaks_no_terminal(run):
    for payload in PAYLOADS:
        done = run("serve", "--index", f"nowhere{payload}".replace("\0", ""), "--port", "8765")
        assert done.code == 3
        assert not UNSEEN.search(done.err.replace("\n", "")), payload
