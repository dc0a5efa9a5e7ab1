"""The pages in a real browser, as a reviewer uses them: with and without JavaScript, by keyboard, at 320 px."""

import json
import os
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from factories import citation, index_of, item, letter
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browsing import browser_path, served

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rules whose answer depends on the theme and the width.
OF_LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable"]
ITEM = "CM17-9900405:2"
# Each with what it can show, and not more of it than that: a long page takes axe long.
PAGES = (
    "/?limit=2",
    "/search?query=opioids&outcome=upheld&since=2016&limit=2",
    "/search?query=norco&outcome=overturned&year=2013",
    "/facets/drug?query=pain",
    f"/letters/{ITEM.partition(':')[0]}",
    f"/similar?id={ITEM}",
    f"/contrast?asked={ITEM}",
    "/guidelines?depth=2&limit=2",
    "/stats?by=drug&limit=3",
    "/help",
    "/api",
    "/nowhere",
)
# Those of an item and of a draft are looked at with what comes to them later.
IN_BOTH_THEMES = tuple(path for path in PAGES if path.startswith(("/search?", "/contrast?", "/stats")))
MORE_PAGES = (
    "/",
    "/search?query=opioids",
    "/stats?by=drug",
    "/search?query=%22unclosed",
    "/search?query=norco&enough=yes",
    "/facets/section?query=pain",
    f"/items/{ITEM}",
    "/contrast",
    "/guidelines?depth=3",
    "/stats?by=year",
    "/draft",
)
SPOILT = '<script>window.ran = 1</script><img src=x onerror="window.ran = 1"><b onclick="window.ran = 1" autofocus>'
DRAFT = "The request for Xanthorrhine 5mg is not medically necessary; opioids need a weaning plan."

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def site(index_dir) -> Iterator[str]:
    """The address of a server of the fictional letters."""
    with served(index_dir) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium; without one these tests are skipped, but never where changes land."""
    if not (found := browser_path()):
        assert not os.environ.get("CI"), "no browser was found"
        pytest.skip("no browser was found: install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Window:
    """A page of a browser that is kept from test to test, and what it complained of."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.site = site
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: None if asked.url.startswith(site) else self.complaints.append(asked.url))

    def open(self, path: str, *, width: int = 1280) -> Page:
        """Show that page."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self.page.goto(self.site + path)
        return self.page


@pytest.fixture(scope="module")
def windows(chromium, site) -> Callable[[bool], Window]:
    """A window with JavaScript, and one without; each is made once."""
    made: dict[bool, Window] = {}

    def window(javascript: bool) -> Window:
        if javascript not in made:
            made[javascript] = Window(chromium.new_context(java_script_enabled=javascript), site)
        return made[javascript]

    return window


@pytest.fixture
def open_page(windows) -> Iterator[Callable[..., Page]]:
    """Open a page; what the browser complains of, a refused script or style too, fails the test."""
    used: set[Window] = set()

    def open_page(path: str, *, width: int = 1280, javascript: bool = True) -> Page:
        window = windows(javascript)
        used.add(window)
        return window.open(path, width=width)

    yield open_page
    # That the browser tells an answer's own status is no fault: a page says more.
    told = "Failed to load resource: the server responded with a status of 4"
    complaints = [said for window in used for said in window.complaints if not said.startswith(told)]
    for window in used:
        window.complaints.clear()
        window.page.context.clear_permissions()
        if window is windows(True):
            window.page.evaluate("localStorage.clear()")
    assert complaints == []


def asked(page: Page) -> dict[str, list[str]]:
    """What the page's address asks."""
    return parse_qs(urlsplit(page.url).query)


def faults(page: Page, rules: list[str]) -> list[str]:
    """What axe finds wrong on the page as it is shown now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


def assert_narrow_and_plain(page: Page) -> None:
    """The page fits into 320 px, and axe finds nothing there, where targets stand closest."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults(page, WCAG) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_holds_to_the_guidelines_of_access(path, open_page):
    page = open_page(path, width=320)
    assert_narrow_and_plain(page)
    if path in IN_BOTH_THEMES:
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 1280, "height": 900})
        assert faults(page, OF_LOOKS) == []


@pytest.mark.scale
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800, 1280])
@pytest.mark.parametrize("path", [*PAGES, *MORE_PAGES])
def test_every_page_holds_to_the_guidelines_in_each_theme_and_width(path, width, scheme, open_page):
    page = open_page(path)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page, WCAG) == []


@pytest.mark.parametrize("javascript", [True, False], ids=["with-script", "without-script"])
def test_a_reviewer_types_narrows_pages_reads_and_goes_back(javascript, open_page):
    page = open_page("/", javascript=javascript)
    page.fill("#query", "the request")
    page.press("#query", "Enter")
    counts = page.locator("[data-live]")
    expect(counts).not_to_contain_text("31 letters")
    assert asked(page) == {"query": ["the request"]}
    all_of_them = counts.inner_text()

    page.get_by_role("checkbox", name="overturned").check()
    if not javascript:
        page.get_by_role("button", name="Apply").first.click()
    chip = page.locator(".chip", has_text="outcome: overturned")
    expect(chip).to_be_visible()
    assert asked(page)["outcome"] == ["overturned"]
    expect(counts).not_to_have_text(all_of_them)
    assert all("Overturned" in one for one in page.locator(".card .outcome").all_inner_texts())

    chip.get_by_role("link").click()
    expect(counts).to_have_text(all_of_them)
    expect(page.get_by_role("checkbox", name="overturned")).not_to_be_checked()

    first = page.locator(".card h2").all_inner_texts()
    page.get_by_role("link", name="next").click()
    expect(counts).not_to_have_text(all_of_them)
    assert asked(page)["offset"] == ["10"]
    assert not {*first} & {*page.locator(".card h2").all_inner_texts()}
    page.go_back()
    expect(counts).to_have_text(all_of_them)
    assert page.locator(".card h2").all_inner_texts() == first

    page.locator(".card summary").first.click()
    expect(page.locator(".card details .reading").first).to_be_visible()
    page.locator(".card h2 a").first.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(first[0])
    expect(page.get_by_role("heading", name="Decision rationale")).to_be_visible()
    page.get_by_role("link", name="The nearest items of both outcomes").click()
    expect(heading).to_have_text("Upheld and overturned, side by side")
    assert urlsplit(page.url).path == "/contrast"
    page.go_back()
    expect(heading).to_have_text(first[0])


def test_what_is_near_comes_to_the_page_of_an_item(open_page):
    page = open_page(f"/items/{ITEM}", width=320)
    page.get_by_role("heading", name="Contrasting items").scroll_into_view_if_needed()
    for part in ("#similar .card", "#contrast .pair"):
        expect(page.locator(part).first).to_be_attached()
    assert page.locator("h1").count() == 1
    expect(page).to_have_title(f"{ITEM}: Lexapro 10mg #30 · imrsearch")
    assert asked(page) == {}
    assert_narrow_and_plain(page)


def test_a_facet_keeps_its_focus_and_the_new_count_is_said(open_page):
    page = open_page("/search?query=request")
    box = page.get_by_role("checkbox", name="overturned")
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator(".chip", has_text="outcome: overturned")).to_be_visible()
    expect(box).to_be_focused()
    expect(box).to_be_checked()
    expect(page.locator("#live")).to_have_text(page.locator("[data-live]").inner_text())
    page.go_back()
    expect(box).not_to_be_checked()
    expect(page.locator("#live")).to_have_text(page.locator("[data-live]").inner_text())


def test_the_values_of_a_field_are_filtered_as_one_types(open_page):
    page = open_page("/facets/drug?query=pain")
    page.locator("#contains").press_sequentially("zolp")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#contains")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("1 value")
    assert asked(page) == {"query": ["pain"], "contains": ["zolp"]}
    page.get_by_role("link", name="zolpidem").click()
    expect(page.locator(".chip", has_text="drug: zolpidem")).to_be_visible()
    assert asked(page) == {"query": ["pain"], "drug": ["zolpidem"]}


def test_where_filters_leave_nothing_one_click_drops_them(open_page):
    page = open_page("/search?query=norco&outcome=overturned&year=2013")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing found")
    page.locator(".offers a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("item")
    assert page.locator(".card").count()
    assert len(asked(page)) < 3


def test_citation_and_passage_are_copied(open_page, windows, site):
    page = open_page("/search?query=norco")
    context = windows(True).page.context
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    clipboard = "navigator.clipboard.readText()"
    first = page.locator(".card").first
    first.get_by_role("button", name="Copy citation").click()
    expect(page.locator("#live")).to_have_text("Copied")
    case, _, number = str(first.get_attribute("id")).partition(":")
    assert page.evaluate(clipboard).startswith(f"IMR Final Determination {case}, item {number}")

    open_page(f"/items/{ITEM}")
    page.get_by_role("button", name="Copy passage").click()
    expect(page.locator("#live")).to_have_text("Copied")
    copied = page.evaluate(clipboard)
    assert page.locator("p.reading").first.inner_text()[:60] in copied
    assert "IMR Final Determination CM17-9900405, item 2" in copied


def test_what_cannot_be_copied_opens_to_be_marked(open_page):
    page = open_page(f"/items/{ITEM}")
    # As in a window that another machine serves without a certificate.
    page.evaluate("delete Navigator.prototype.clipboard")
    page.get_by_role("button", name="Copy citation").click()
    expect(page.locator("#live")).to_contain_text("below the button")
    expect(page.locator("p.copied")).to_be_visible()


def test_the_keys_move_open_and_copy(open_page, windows, site):
    page = open_page("/search?query=request")
    windows(True).page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.locator("h1").click()
    here = "document.querySelector('.card.here')?.id"
    ids = page.locator(".card").evaluate_all("all => all.map(each => each.id)")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert page.evaluate(here) == ids[place]
    page.keyboard.press("c")
    expect(page.locator("#live")).to_have_text("Copied")
    assert ids[1].partition(":")[0] in page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("j")
    assert page.evaluate(here) == ids[1]
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Decision rationale")).to_be_visible()
    assert urlsplit(page.url).path == f"/items/{ids[1]}"


def test_keys_are_letters_where_one_types_and_can_be_switched_off(open_page):
    page = open_page("/search?query=request")
    page.focus("#query")
    page.keyboard.press("End")
    page.keyboard.type("/jkc?")
    expect(page.locator("#query")).to_have_value("request/jkc?")
    expect(page.locator("dialog")).not_to_be_visible()
    page.focus(".orders a")
    page.keyboard.press("?")
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    for _ in range(2):
        for key in ("j", "/", "?"):
            page.keyboard.press(key)
        assert page.locator(".card.here").count() == 0
        expect(page.locator("#query")).not_to_be_focused()
        expect(page.locator("dialog")).not_to_be_visible()
        page.reload()


def test_the_first_key_leads_past_the_head(open_page):
    page = open_page("/search?query=request", width=320)
    for name, place in (("Skip to the results", ".orders a"), ("Skip to the filters", "#since")):
        page.evaluate("document.activeElement.blur()")
        page.goto(page.url.partition("#")[0])
        page.keyboard.press("Tab")
        if name.endswith("filters"):
            page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name)).to_be_focused()
        expect(page.get_by_role("link", name=name)).to_be_in_viewport()
        page.keyboard.press("Enter")
        for _ in range(2):
            page.keyboard.press("Tab")
            if page.evaluate("place => document.activeElement.matches(place)", place):
                break
        else:
            pytest.fail(f"{name} leads elsewhere")


def test_a_draft_is_held_by_nothing_but_the_answer(open_page):
    page = open_page("/draft", width=320)
    page.fill("#text", DRAFT)
    page.get_by_role("button", name="Find determinations like it").click()
    expect(page.locator(".card").first).to_be_visible()
    assert_narrow_and_plain(page)
    kept = "JSON.stringify([location.href, history.state, {...sessionStorage}, {...localStorage}, document.cookie])"
    assert "Xanthorrhine" not in page.evaluate(kept)
    with page.context.expect_page() as opened:
        page.locator(".card h3 a").first.click()
    expect(opened.value.get_by_role("heading", name="Decision rationale")).to_be_visible()
    expect(page.locator("#text")).to_have_value(DRAFT)
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How to ask")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draft")
    expect(page.locator("#text")).to_have_value("")
    assert "Xanthorrhine" not in page.content() + page.evaluate(kept)
    page.reload()
    expect(page.locator("#text")).to_have_value("")
    assert urlsplit(page.url)[2:] == ("/draft", "", "")


def test_a_draft_is_answered_without_javascript(open_page):
    page = open_page("/draft", javascript=False)
    page.fill("#text", DRAFT)
    page.get_by_role("button", name="Find determinations like it").click()
    expect(page.locator(".card").first).to_be_visible()
    assert urlsplit(page.url)[2:] == ("/draft", "", "")


def test_an_item_prints_as_an_exhibit(open_page):
    page = open_page(f"/items/{ITEM}")
    text = "\n".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(page.pdf()))
    for said in (
        "IMR Final Determination CM17-9900405, item 2",
        "Lexapro 10mg",
        "Overturned",
        "Decision rationale",
    ):
        assert said in text
    for left_out in ("Statistics", "Copy citation", "Skip to", "Similar items"):
        assert left_out not in text


def test_a_letter_that_nobody_wrote_for_a_reader_is_only_text(chromium, tmp_path):
    cited = citation(SPOILT, document=SPOILT, text=SPOILT)
    texts = dict.fromkeys(("category", "subcategory", "strength", "imr_guideline", "ur_guideline"), SPOILT)
    lists = dict.fromkeys(("drugs", "drug_classes", "body_parts"), (SPOILT,))
    one = item(
        f"{SPOILT} tramadol", rationale=f"The tramadol {SPOILT} is not needed.", imr_citations=(cited,),
        ur_citations=(cited,), **texts, **lists,
    )  # fmt: skip
    spoilt = letter(f"X1{SPOILT}", one, one, summary=SPOILT, specialties=(SPOILT,), licensure_states=(SPOILT,))
    with served(index_of([spoilt], tmp_path / "index")) as site:
        window = Window(chromium.new_context(), site)
        page = window.open("/search?query=tramadol")
        ways = [link.get_attribute("href") for link in page.locator(".card h2 a, .card .alike a").all()]
        id = json.dumps(page.locator(".card").first.get_attribute("id"))
        ways += [page.evaluate(f"'{way}=' + encodeURIComponent({id})") for way in ("/contrast?asked", "/similar?id")]
        for way in (*ways, "/facets/drug", "/facets/citation", "/stats?by=drug", "/guidelines?depth=3"):
            window.open(str(way), width=320)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert "onerror" in page.inner_text("body")
            assert page.evaluate("window.ran") is None
            assert page.locator("#page img, #page script, #page [onclick]").count() == 0
        assert window.complaints == []
        window.page.context.close()


def test_an_error_is_shown_where_the_answer_would_stand(open_page):
    page = open_page("/search?query=request")
    page.fill("#since", "soon")
    page.press("#since", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("soon")
    expect(page.locator("#live")).to_have_text("This could not be answered")
    page.go_back()
    expect(page.locator(".card").first).to_be_visible()


def test_the_browser_refuses_what_stands_in_a_page(open_page, windows):
    page = open_page("/help")
    for spoilt in ("<script>window.ran = 1</script>", "<style>b { color: red }</style>"):
        page.evaluate("text => document.body.append(document.createRange().createContextualFragment(text))", spoilt)
    assert page.evaluate("window.ran") is None
    complaints = windows(True).complaints
    assert ["Content Security Policy" in said for said in complaints] == [True, True]
    complaints.clear()


def test_the_keys_work_as_soon_as_a_question_is_answered(open_page):
    page = open_page("/")
    page.keyboard.press("/")
    page.keyboard.type("request")
    page.keyboard.press("Enter")
    expect(page).to_have_title("request · imrsearch")
    expect(page.locator("#query")).not_to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".card").first).to_have_class("card here")
    expect(page.locator("#query")).to_have_value("request")
