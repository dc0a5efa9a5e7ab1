"""The search page and the pages of values: what they show is what the search finds, and every link keeps its word."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest
from starlette.testclient import TestClient

from imrsearch.schema.fields import FACETS
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from imrsearch.search.stats import statistics
from imrsearch.search.web.address import MOST_PARAMETERS, Address
from imrsearch.search.web.app import application
from imrsearch.search.web.facets import BESIDE, FIRST_VALUES
from imrsearch.search.web.html import kept_box
from imrsearch.search.web.kept import LARGEST_KEPT, PAGES_KEPT, KeptPages
from tests.factories import index_of, item, letter


class Page(HTMLParser):
    """What a test asks of a page: its elements with their attributes, and its text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self.html = [], "", html
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **asked):
        return [each for name, each in self.elements if name == tag and asked.items() <= each.items()]

    @property
    def ids(self):
        return [each["id"] for each in self.all("li", **{"class": "card"})]

    def link(self, label):
        """Where the only link of that name leads."""
        [there] = {each["href"] for each in self.all("a") if each.get("aria-label") == label}
        return there


@pytest.fixture(scope="module")
def client(index_dir):
    return TestClient(application(index_dir), raise_server_exceptions=True)


@pytest.fixture(scope="module")
def searcher(index_dir):
    return Searcher.open(index_dir)


@pytest.fixture(scope="module")
def get(client):
    def get(path, /, **parameters):
        answered = client.get(path, params=parameters or None)
        assert answered.status_code == 200, answered.text
        return Page(answered.text)

    return get


def total_of(client, there):
    """How many items the page's JSON counts."""
    parts = urlsplit(there)
    asked = [(name, value) for name, value in parse_qsl(parts.query) if name not in ("expand", "enough")]
    return client.get(f"{parts.path}.json", params=asked).json()["total"]


@pytest.mark.parametrize("field", FACETS, ids=lambda field: field.name)
def test_each_value_narrows_as_it_says_and_its_chip_widens_again(get, client, searcher, field):
    every = client.get(f"/facets/{field.name}.json", params={"query": "pain"})
    values = every.json()["values"]
    counted = searcher.search(Query(text="pain", facets=(field.name,), limit=0)).facets[field.name]
    assert [(one["value"], one["count"]) for one in values] == [(one.value, one.count) for one in counted]
    if not values:
        return
    value, count = str(values[0]["value"]), values[0]["count"]
    asked = {"query": "pain", field.name: value}
    page = get("/search", **asked)
    assert total_of(client, f"/search?{urlencode(asked)}") == count
    [box] = page.all("input", type="checkbox", name=field.name, value=value)
    assert "checked" in box
    assert box["form"] == "search"
    there = page.link(f"Remove {field.name.replace('_', ' ')}: {value}")
    assert total_of(client, there) == total_of(client, "/search?query=pain")
    assert not get(there).all("input", type="checkbox", name=field.name, checked=None)


@pytest.mark.parametrize("field", BESIDE, ids=lambda field: field.name)
@pytest.mark.parametrize("asked", [{}, {"query": "pain", "outcome": "upheld"}], ids=["everything", "narrowed"])
def test_the_first_values_stand_beside_the_hits(get, searcher, field, asked):
    page = get("/search", **asked)
    filters = {"outcome": ("upheld",)} if asked else {}
    query = Query(text=asked.get("query", ""), filters=filters, facets=(field.name,), limit=0)
    counted = [one for one in searcher.search(query).facets[field.name] if one.count]
    if field.kind == "number":
        counted = counted[::-1]
    boxes = page.all("input", type="checkbox", name=field.name)
    assert [box["value"] for box in boxes] == [str(one.value) for one in counted[:FIRST_VALUES]]
    more = f'all {len(counted):,} values<span class="unseen"> of {field.name.replace("_", " ")}</span>'
    assert (more in page.html) == (len(counted) > FIRST_VALUES)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        pytest.param("klonopin 4 weeks", ['"klonopin" 4 weeks'], id="drug"),
        pytest.param("klonopn", ['"klonopn"', '"klonopn"'], id="correction"),
        pytest.param("the (klonopin), brace", ['the ("klonopin"), brace'], id="brackets"),
        pytest.param("-klonopin pain", ['-"klonopin" pain'], id="left-out"),
        pytest.param(
            "MRI, urine drug screen(s)", ['"MRI" urine drug screen(s)', 'MRI, "urine" "drug" "screen"'], id="apart"
        ),
        pytest.param("muscle relaxants back", ['"muscle" "relaxants" back'], id="class"),
        pytest.param('norco "norco" norco', ['"norco" "norco" norco', 'norco "norco" "norco"'], id="its-own-place"),
        pytest.param('"norco klonopin', ['"norco" klonopin', 'norco "klonopin"'], id="open-quote"),
    ],
)
def test_an_expansion_is_removed_where_it_stands(get, query, left):
    def removals(page):
        return [each["href"] for each in page.all("a") if each.get("aria-label", "").startswith("Only as typed: ")]

    # Of a question that finds nothing no word is dropped here: what is dropped has no chip.
    links = removals(get("/search", query=query, widen="no"))
    assert [dict(parse_qsl(urlsplit(there).query))["query"] for there in links] == left
    for there in links:
        assert len(removals(get(there))) == len(left) - (2 if query == "klonopn" else 1)


@pytest.mark.parametrize("id", ["CM17-9900405:2", "cm17-9900405"])
def test_an_id_that_is_asked_for_leads_to_what_it_names(get, id):
    page = get("/search", query=f" {id} ", outcome="upheld")
    assert "imrsearch show" not in page.text
    [there] = {each["href"] for each in page.all("a") if each["href"] == f"/items/{id}"}
    assert get(there).all("h1")


def test_a_value_that_no_item_has_is_told_without_the_dashes_of_an_option(get):
    assert "outcome: no item has approved" in get("/search", query="norco", outcome="approved").text
    assert "--outcome" not in get("/search", query="norco", outcome="approved").text


@pytest.mark.parametrize(
    ("query", "instead"),
    [
        ("acupunture knee", "acupuncture knee"),
        ("the (acupunture) knee", "the (acupuncture) knee"),
        ("acupunture", "acupuncture"),
        ("acupuncture unicorns", None),
        ("knee pain", None),
        ("knee treatmnt:mri", None),
    ],
)
def test_the_nearest_word_is_a_click_away(get, query, instead):
    page = get("/search", query=query, outcome="upheld")
    asked = {"outcome": "upheld", "query": instead or ""}
    links = [each["href"] for each in page.all("a") if dict(parse_qsl(urlsplit(each["href"]).query)) == asked]
    assert len(links) == bool(instead)


def test_a_mistake_is_shown_where_it_stands(get):
    page = get("/search", query="norco treatmnt:<b>")
    assert '<code class="place">    norco treatmnt:&lt;b&gt;\n          ^</code>' in page.html


@pytest.mark.parametrize(
    ("there", "asked", "words"),
    [
        pytest.param("/search?query=norco&outcome=upheld&sort=newest&offset=1", "query=norco&outcome=upheld", "norco"),
        pytest.param("/search?outcome=upheld", "outcome=upheld", ""),
        pytest.param("/stats?query=norco&since=2016&by=drug", "query=norco&since=2016", "norco"),
        pytest.param("/facets/drug?query=norco", "query=norco", "norco"),
        pytest.param("/items/CM17-9900405:2?query=norco", "query=norco", "norco"),
        pytest.param("/contrast?asked=norco", "query=norco", "norco"),
        pytest.param("/contrast?asked=CM17-9900405:2", "", ""),
        pytest.param("/similar?id=CM17-9900405:2", "", ""),
    ],
)
def test_the_other_pages_are_asked_the_same(get, there, asked, words):
    [nav] = re.findall('<nav aria-label="Pages">(.*?)</nav>', get(there).html, flags=re.DOTALL)
    links = [unescape(href) for href in re.findall('href="(.*?)"', nav)]
    carried = {"/contrast": f"asked={words}" if words else "", "/draft": "", "/help": ""}
    here = urlsplit(there).path
    expected = [
        (path, "" if path == here else carried.get(path, asked))
        for path in ("/search", "/contrast", "/guidelines", "/stats", "/draft", "/help")
    ]
    assert [(urlsplit(link).path, urlsplit(link).query) for link in links] == expected


@pytest.mark.parametrize("asked", [{"since": "2016"}, {"until": "2016-12"}, {"names": "no"}, {"widen": "no"}])
def test_days_and_switches_have_chips(get, client, asked):
    [(name, value)] = asked.items()
    page = get("/search", query="pain", **asked)
    [there] = [chip["href"] for chip in page.all("a") if chip.get("aria-label", "").startswith("Remove ")]
    assert there == "/search?query=pain"
    assert total_of(client, there) >= total_of(client, f"/search?query=pain&{name}={value}")


def test_a_switch_that_is_on_has_no_chip(get):
    assert 'aria-label="Remove ' not in get("/search", query="pain", names="yes", widen="on").html


@pytest.mark.parametrize("asked", [{}, {"query": "pain"}, {"query": "pain", "sort": "oldest"}, {"expand": "yes"}])
def test_pages_show_every_hit_once(get, searcher, asked):
    page = get("/search", **asked)
    seen = [*page.ids]
    while there := [each["href"] for each in page.all("a", rel="next")]:
        page = get(there[0])
        assert page.all("a", rel="prev")
        seen += page.ids
    query = Query(text=asked.get("query", ""), sort=asked.get("sort", "relevance"), collapse="expand" not in asked)
    hits = searcher.search(msgspec.structs.replace(query, limit=1_000)).hits
    assert seen == [hit.id for hit in hits]


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({"query": "norco weaning"}, []),
        (
            {"query": "pain", "outcome": "upheld", "facets": "outcome,year"},
            ["--outcome", "upheld", "--facets", "outcome,year"],
        ),
        (
            {"query": "pain", "collapse": "yes", "limit": "3", "offset": "2"},
            ["--collapse", "--limit", "3", "--offset", "2"],
        ),
        ({"query": "klonopn", "sort": "oldest", "names": "no"}, ["--sort", "oldest", "--no-expand"]),
        ({"query": "pain", "since": "", "facets": "all"}, ["--facets", "all"]),
    ],
)
def test_json_is_what_the_command_prints(client, run, index_dir, asked, options):
    told = client.get("/search.json", params=asked).json()
    printed = msgspec.json.decode(run("search", asked["query"], *options, "--json", "--index", index_dir).out)
    assert told | {"took_ms": 0} == printed | {"took_ms": 0}


@pytest.mark.parametrize(
    ("asked", "options"), [({}, []), ({"limit": "2", "outcome": "upheld"}, ["-n", "2", "--outcome", "upheld"])]
)
def test_csv_is_what_the_command_writes(client, run, index_dir, tmp_path, asked, options):
    told = client.get("/search.csv", params={"query": "Pain, back!", **asked})
    run("search", "Pain, back!", *options, "-o", tmp_path / "x.csv", "--index", index_dir)
    assert told.content == (tmp_path / "x.csv").read_bytes()
    assert told.headers["content-disposition"] == 'attachment; filename="imrsearch-pain-back.csv"'


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "klonopin", "outcome": "overturned", "since": "2030"},
        {"query": "klonopin", "drug": "tramadol"},
        {"query": "pain", "state": "Nowhere", "outcome": "upheld"},
        {"query": "pain", "outcome": "upheld", "until": "1990"},
        {"drug": "tramadol", "state": "Nowhere", "until": "1990"},
    ],
)
def test_without_hits_each_offer_is_true(get, client, asked):
    page = get("/search", **asked)
    assert "Nothing found" in page.text
    offers = re.findall(r'<li><a href="([^"]+)">without ([^<]+)</a> <span class="count">([\d,]+) items?<', page.html)
    assert offers
    for there, said, items in offers:
        there = unescape(there)
        assert total_of(client, there) == int(items.replace(",", ""))
        if said == "all filters":
            assert there == "/search" + (f"?query={asked['query']}" if "query" in asked else "")


@pytest.mark.parametrize("query", ["", "pain", "klonopin"])
def test_the_chart_has_the_numbers_of_the_statistics(get, searcher, query):
    page = get("/search", query=query)
    rows = re.findall(r'<tr><th scope="row">(\d+)</th><td>(\d+)</td><td>(\d+)</td><td>(\d+)</td>', page.html)
    told = {int(year): tuple(map(int, counts)) for year, *counts in rows}
    found = statistics(searcher, Query(text=query), by="year")
    expected = {row.value: (row.items, row.upheld.count, row.overturned.count) for row in found.rows}
    assert {year: counts for year, counts in told.items() if counts[0]} == expected
    assert [*told] == [*range(min(told), max(told) + 1)]
    assert ("without a year" in page.text) == (found.without > 0)


def test_values_are_filtered_sorted_and_paged(get, client, index_dir):
    def values(**asked):
        return [one["value"] for one in client.get("/facets/section.json", params=asked).json()["values"]]

    every = values()
    assert len(every) > 3
    assert values(contains="OPIOID") == [value for value in every if "opioid" in value.lower()]
    assert values(order="value") == sorted(every, key=str.lower)
    assert values(limit=2, offset=1) == every[1:3]
    [back] = [each["href"] for each in get("/facets/section", limit=1, offset=2).all("a", rel="prev")]
    assert back == "/facets/section?limit=1&offset=1"
    page = get("/facets/section", contains="opioid", outcome="upheld")
    assert page.all("input", type="hidden", name="outcome", value="upheld")
    assert page.all("input", id="contains", value="opioid")
    lines = client.get("/facets/section.csv").text.splitlines()
    assert lines[0] == "section,items,letters"
    assert len(lines) == len(every) + 1


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/facets/outcome", {"order": "size"}),
        ("/facets/nonsense", {}),
        ("/search", {"querry": "x"}),
        ("/search", {"sort": "best"}),
        ("/search.json", {"facets": "nonsense"}),
        ("/search.csv", {"limit": "many"}),
    ],
)
def test_what_there_is_not_is_told(client, path, asked):
    answered = client.get(path, params=asked)
    assert answered.status_code == 400
    assert "Traceback" not in answered.text


def test_empty_parameters_and_the_home_page_change_nothing(client):
    one, other = client.get("/search"), client.get("/search?query=&outcome=&since=&sort=&offset=")
    assert one.text == other.text == client.get("/").text
    pushed = client.get("/search?query=pain&since=", headers={"HX-Request": "true"}).headers["hx-push-url"]
    assert pushed == "/search?query=pain"


def test_pages_are_made_once_and_few_are_kept(searcher):
    kept, made = KeptPages(), []

    def page(key):
        return kept.page(key, lambda: made.append(key) or str(len(made)).encode())

    first, *others = (
        (searcher.manifest, Address("/search", (("query", str(number)),))) for number in range(PAGES_KEPT + 1)
    )
    assert [page(first), page(first)] == [b"1", b"1"]
    for address in others:
        page(address)
    assert len(kept.pages) == PAGES_KEPT
    assert page(first) == str(len(others) + 2).encode()
    kept.page("long", lambda: b"x" * (LARGEST_KEPT + 1))
    assert "long" not in kept.pages


def test_a_kept_page_tells_of_no_other_trouble(index_dir):
    app = application(index_dir)
    client = TestClient(app)
    quiet = client.get("/search?query=pain").text
    app.state.served.trouble = "generation 1 still answers"
    assert "generation 1 still answers" in client.get("/search?query=pain").text
    app.state.served.trouble = ""
    assert client.get("/search?query=pain").text == quiet


def test_what_was_chosen_is_not_kept_and_not_repeated_without_end(client):
    kept_box.cache_clear()
    assert client.get("/search", params={"drug": "z" * 5_000}).status_code == 200
    before = kept_box.cache_info().currsize
    client.get("/search", params={"drug": "y" * 5_000})
    assert kept_box.cache_info().currsize == before
    answered = client.get("/search", params={"drug": [f"drug {number}" for number in range(MOST_PARAMETERS + 1)]})
    assert answered.status_code == 400
    assert len(answered.content) < 10_000


def test_a_name_of_other_values_stays_as_it_was_typed(get):
    page = get("/search", query="", drug="Norco")
    [box] = page.all("input", type="checkbox", name="drug", checked=None)
    assert box["value"] == "Norco"


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e"


def test_hostile_letters_are_shown_as_text(tmp_path):
    held = item(
        f"Brace {HOSTILE}", rationale=f"The brace {HOSTILE} is not medically necessary. {HOSTILE}", drugs=(HOSTILE,)
    )
    kept = letter("CM17-0000009", held, specialties=(HOSTILE,), decision_date="2017-01-01")
    hostile = TestClient(application(index_of([kept], tmp_path)))
    for path in ("/search", "/facets/drug", "/facets/specialty"):
        answered = hostile.get(path, params={"query": f"brace {HOSTILE}", "drug": HOSTILE})
        assert answered.status_code == 200
        page = Page(answered.text)
        assert {each.get("src") for each in page.all("script")} == {"/static/htmx.min.js", "/static/imrsearch.js"}
        assert not page.all("img")
        assert not {"\x1b", "\u202e"} & set(answered.text)
        assert not [each for _, each in page.elements if {"onerror", "style"} & each.keys()]
