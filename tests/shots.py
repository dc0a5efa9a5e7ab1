"""The pictures in docs/screens, of the fictional letters: `python -m tests.shots`."""

import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from imrsearch.indexer.build import build_index
from tests.browsing import browser_path, served

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "screens"
LETTERS = ROOT / "indexer" / "demo"
ASKED = "/search?query=opioids&guideline=MTUS"
# Of each picture the page, its width in pixels, and the theme.
SHOTS = {
    "search": (ASKED, 1280, "light"),
    "search-dark": (ASKED, 1280, "dark"),
    "search-320": (ASKED, 320, "light"),
    "item": ("/items/CM17-9900405:2?query=class+rash", 1280, "light"),
    "contrast": ("/contrast?asked=CM18-9900411:1", 1280, "light"),
}
HEIGHT = 900
# More make the files larger, and no letter clearer.
COLOURS = 192


def main() -> None:
    """Write every picture anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        index_dir = Path(folder) / "index"
        build_index(sorted(file for file in LETTERS.iterdir() if file.name != "README.txt"), index_dir)
        with served(index_dir) as site, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
            page = browser.new_page(base_url=site)
            for name, (path, width, scheme) in SHOTS.items():
                page.set_viewport_size({"width": width, "height": HEIGHT})
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
                page.goto(path)
                shot = Image.open(BytesIO(page.screenshot()))
                shot.quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)
                print(FOLDER / f"{name}.png")
            browser.close()


if __name__ == "__main__":
    main()
