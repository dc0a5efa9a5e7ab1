"""The pages in a real browser, as a reviewer uses them: with and without JavaScript, by keyboard, at 320 px."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ITEM = "CM17-9900405:2"
PAGES = (
    "/",
    "/search?query=norco+weaning",
    "/search?query=opioids&outcome=upheld&since=2016",
    "/search?query=norco&outcome=overturned&year=2013",
    "/search?query=%22unclosed",
    "/facets/drug?query=pain",
    f"/items/{ITEM}",
    f"/letters/{ITEM.partition(':')[0]}",
    f"/similar?id={ITEM}",
    f"/contrast?asked={ITEM}",
    "/contrast",
    "/guidelines?depth=3",
    "/stats?by=drug",
    "/draft",
    "/help",
    "/api",
    "/nowhere",
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def site(index_dir) -> Iterator[str]:
    """The address of a server of the fictional letters."""
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium; without one these tests are skipped, but never where changes land."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        assert not os.environ.get("CI"), "no browser was found"
        pytest.skip("no browser was found: install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, site) -> Iterator[Callable[..., Page]]:
    """Open a page in a window of its own; whatever the browser complains of fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_page(path: str, *, width: int = 1280, complains: bool = False, **settings) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=site, **settings)
        contexts.append(context)
        page = context.new_page()
        if not complains:
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(site) else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def asked(page: Page) -> dict[str, list[str]]:
    """What the page's address asks."""
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_fails_the_guidelines_of_access(path, scheme, open_page):
    page = open_page(path, color_scheme=scheme, complains=True)
    results = Axe().run(page, options=WCAG)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_320_px(path, open_page):
    page = open_page(path, width=320, complains=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = """[...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
        .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.closest("p, dd, td, li, .unseen"))
        .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
        .filter(([, box]) => box.width && box.height < 24 && box.top >= 0)
        .map(([text]) => text)"""
    assert page.evaluate(small) == []


@pytest.mark.parametrize("javascript", [True, False], ids=["with-script", "without-script"])
def test_a_reviewer_types_narrows_pages_reads_and_goes_back(javascript, open_page):
    page = open_page("/", java_script_enabled=javascript)
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
    expect(page.get_by_role("heading", level=1)).to_have_text(first[0])
    expect(page.get_by_role("heading", name="Decision rationale")).to_be_visible()
    page.get_by_role("link", name="contrast").first.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(first[0])
    assert urlsplit(page.url).path == "/contrast"
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(first[0])


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
