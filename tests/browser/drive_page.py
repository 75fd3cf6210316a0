"""Drive the page without a server in a real browser: sliders, presets, links, copying, keys.

Not collected by pytest: it needs Playwright and a Chromium. Run it from the root of the project as

    python -m tests.browser.drive_page [--chromium /usr/bin/chromium] [--axe axe.min.js]
        [--site build/site] [--shots DIRECTORY]

It opens the page from a file, moves what can be moved, compares the numbers on the screen with
formulas written out below, and times the moves. With ``--axe`` (a file of the npm package
axe-core) every page it sees is checked for accessibility; with ``--site`` it walks through a built
site, at the widths of a desktop and a phone. The exit status is 0 when everything held.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from grpo_symbolic.explorer import Exploration

PAGES = (
    "index.html", "explorer.html", "tutorial.html", "howto/verdict.html", "gallery/index.html",
    "gallery/rules.html", "gallery/figures.html", "ledger.html", "reference/GRPO.html",
    "glossary.html", "notebooks/01_quickstart.html", "command_line.html",
)  # fmt: skip
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
_UNSET = "Boolean(document.querySelector('.math')) && !document.querySelector('mjx-container')"
SERIOUS = ("serious", "critical")
#: Addresses that strangers write: none may change what is shown, or do anything.
HOSTILE = (
    "rule=constructor", "penalty=__proto__", "preset=toString", "size=hasOwnProperty",
    "beta=NaN", "beta=-1", "beta=1e9", "pi_ref=0", "pi_ref=1e-400", "three=1,2", "three=,,",
    "s_a=0.1&s_b=0.9", "ref_1=0.9&ref_2=0.9", "__proto__=1", "START=1", "ddof=7", "epsilon=-1",
    "penalty=<img src=x onerror=window.harmed=1>", "rewards='><script>window.harmed=1</script>",
    "%", "%E0%A4%A", "size=" + "9" * 5000,
)  # fmt: skip


def pair(beta: float, reference: float) -> float:
    """Groups of two, reverse KL."""
    return (1 - beta + math.sqrt((1 - beta) ** 2 + 4 * beta * reference)) / 2


def logistic(beta: float, reference: float) -> float:
    """Groups of two, direct KL; also RLHF."""
    return 1 / (1 + (1 - reference) / reference * math.exp(-1 / beta))


@contextmanager
def browser(executable: str | None) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])


class Drive:
    """One page, and what did not hold on it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, state: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#{state}")

    def policies(self) -> list[float]:
        cells = self.page.locator("#table tbody td:first-child").all_inner_texts()
        return [1 - float(text[4:]) if text.startswith("1 −") else float(text) for text in cells]

    def set(self, name: str, value: str) -> None:
        self.page.evaluate(
            "([id, v]) => { const e = document.getElementById(id); e.value = v;"
            " e.dispatchEvent(new Event('input', {bubbles: true})); }",
            [name, value],
        )
        self.page.wait_for_timeout(60)

    def said(self) -> str:
        return self.page.locator("#notes").inner_text()

    def expect(self, what: str, held: bool) -> None:
        print(f"{'ok ' if held else 'NOT'} {what}")
        if not held:
            self.errors.append(what)


def drive(page: Any, address: str) -> list[str]:
    """Every control once; sentences about what did not hold."""
    d = Drive(page, address)
    d.open()
    beta, reference = 0.5, 0.25
    d.expect("the start is the closed form", abs(d.policies()[0] - pair(beta, reference)) < 1e-5)
    d.set("pi_ref", "0.4")
    d.expect("the reference moves", abs(d.policies()[0] - pair(beta, 0.4)) < 1e-5)
    page.focus("#beta")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    moved = float(page.evaluate("state.beta"))
    d.expect("arrow keys move β", moved > beta)
    d.expect("to the policy there", abs(d.policies()[0] - pair(moved, 0.4)) < 1e-5)
    page.select_option("#penalty", "direct KL")
    page.wait_for_timeout(60)
    d.expect("the penalty changes", abs(d.policies()[0] - logistic(moved, 0.4)) < 1e-5)
    d.expect("and is named", "direct KL" in d.said())
    page.select_option("#preset", "trl@1.9")
    page.wait_for_timeout(60)
    d.expect("a preset sets ddof and ε", page.evaluate("[state.ddof, state.epsilon]") == [1, 1e-4])
    d.open("size=oo&penalty=direct%20KL&beta=2&pi_ref=0.5")
    d.expect("an address is a state", len(d.policies()) == 2)
    d.expect("with a fold", "1.5089" in d.said())
    for kind, part in (("latex", r"\beta"), ("python", "gs.GRPO(oo"), ("link", "size=oo")):
        page.click(f"[data-copy={kind}]")
        page.wait_for_timeout(60)
        d.expect(f"copies {kind}", part in page.evaluate("window.lastCopied"))
    copied = page.evaluate("window.lastCopied")
    page.goto("about:blank")
    page.goto(copied)
    d.expect("the link opens the same", len(d.policies()) == 2)
    for kind in ("svg", "png"):
        with page.expect_download() as download:
            page.click(f"[data-save={kind}]")
        start = Path(download.value.path()).read_bytes()[:8]
        d.expect(f"saves {kind}", start[:4] in (b"<svg", b"\x89PNG"))
    for nonsense in HOSTILE:
        d.open(nonsense)
        held = d.policies() == [0.68301] and page.evaluate("window.harmed ?? 0") == 0
        d.expect(f"nonsense in an address is ignored: {nonsense[:60]}", held)
    d.open("preset=trl%401.9&beta=0.04&pi_ref=0.2")
    d.expect("a preset in an address brings its settings", page.evaluate("state.ddof") == 1)
    keyboard(d)
    themed(d)
    page.click("#three summary")
    page.wait_for_timeout(60)
    rows = page.locator("#table3 tbody tr").count()
    d.expect("three answers have a stationary policy", rows == 1)
    d.expect(
        "nothing is asked of the network",
        all(u.startswith(("file:", "data:", "about:", "blob:")) for u in d.asked),
    )
    return d.errors


def keyboard(d: Drive) -> None:
    """Every control is reached by the tabulator, and a list is moved by arrows."""
    page = d.page
    d.open()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    wanted = {"formula", "preset", "rule", "size", "penalty", "beta", "pi_ref", "rewards", "mixed"}
    d.expect("the tabulator reaches every control", wanted | {"copy link", "save PNG"} <= reached)
    page.focus("#size")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(60)
    d.expect("arrows choose a group size", page.evaluate("state.size") == "3")
    d.expect("the drawing is said in words", "attracting" in page.text_content("#figure title"))


def themed(d: Drive) -> None:
    """A page around it says which theme it has."""
    for theme, colour in (("dark", "rgb(20, 24, 29)"), ("light", "rgb(255, 255, 255)")):
        d.page.evaluate(f"postMessage({{theme: '{theme}'}}, '*')")
        d.page.wait_for_timeout(60)
        shown = d.page.evaluate("getComputedStyle(document.body).backgroundColor")
        d.expect(f"the theme is {theme} when it is told", shown == colour)


def timed(page: Any, address: str) -> None:
    """Milliseconds of computing and drawing for a move, over what can be moved."""
    for state in (
        "size=8",
        "size=1024&penalty=direct%20KL",
        "size=oo&penalty=k3%20in%20the%20reward",
    ):
        page.goto("about:blank")
        page.goto(f"{address}#{state}")
        times = page.evaluate(
            "async () => { const found = []; for (let k = 0; k < 120; k++) {"
            " const e = document.getElementById(k % 2 ? 'beta' : 'pi_ref');"
            " e.value = k % 2 ? -1 + k / 100 : 0.1 + k / 200;"
            " e.dispatchEvent(new Event('input', {bubbles: true}));"
            " await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));"
            " found.push(window.lastFrame); } return found; }"
        )
        late = statistics.quantiles(times, n=20)[-1]
        print(
            f"    {state}: median {statistics.median(times):.1f} ms, 95th percentile {late:.1f} ms"
        )


def walked(chrome: Any, site: Path, axe: str | None, shots: Path | None) -> list[str]:
    """Pages of a site at both widths, light and dark: requests, errors, accessibility, pictures."""
    faults: list[str] = []
    for (width, (across, down)), scheme in product(WIDTHS.items(), ("light", "dark")):
        context = chrome.new_context(
            viewport={"width": across, "height": down}, color_scheme=scheme
        )
        for name in PAGES:
            if not (site / name).exists():
                faults.append(f"{name} is not there")
                continue
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("pageerror", partial(_noted, faults, name))
            page.goto((site / name).resolve().as_uri())
            page.wait_for_timeout(1500)
            faults += [f"{name} asks {u}" for u in asked if u.startswith("http")]
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 1:
                faults.append(f"{name} is {wide} px wider than a {width}")
            if page.evaluate(_UNSET):
                faults.append(f"{name} has formulas that are not typeset")
            if axe:
                faults += [f"{name} ({width}, {scheme}): {f}" for f in accessible(page, axe)]
            if shots:
                stem = name.replace("/", "-").removesuffix(".html")
                page.screenshot(path=str(shots / f"{stem}-{width}-{scheme}.png"))
            page.close()
        context.close()
    return faults


def used(chrome: Any, site: Path) -> list[str]:
    """What a reader does on a site: searches, filters, moves the figure, changes the theme."""
    page = chrome.new_page(viewport={"width": 1280, "height": 900})
    d = Drive(page, (site / "search.html").resolve().as_uri())
    page.goto(f"{d.address}?q=escape+threshold")
    page.wait_for_selector("#search-results li", timeout=20_000)
    found = page.locator("#search-results li a").first.get_attribute("href")
    d.expect("the search finds pages from a folder", bool(found) and not found.startswith("http"))
    page.goto((site / "ledger.html").resolve().as_uri() + "#find=eq14_limits")
    page.wait_for_selector("#found-claims")
    claims = page.locator("#claims tbody tr:visible").count()
    d.expect("an address opens the ledger at a result", 0 < claims < 100)
    page.fill("#find-claims", "no such words")
    d.expect("the box filters claims", page.locator("#claims tbody tr:visible").count() == 0)
    page.goto((site / "index.html").resolve().as_uri())
    figure = page.frame_locator("iframe.live")
    figure.locator("#table tbody tr").first.wait_for(state="attached")
    before = figure.locator("#figure title").text_content()
    figure.locator("#pi_ref").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    d.expect(
        "the front page's figure moves", figure.locator("#figure title").text_content() != before
    )
    for theme, colour in (("dark", "#14181d"), ("light", "#ffffff")):
        page.evaluate(f"document.body.dataset.theme = '{theme}'")
        page.wait_for_timeout(200)
        drawn = figure.locator("#figure rect").first.get_attribute("fill")
        d.expect(f"the figure is {theme} when the page is", drawn == colour)
    page.goto((site / "tutorial.html").resolve().as_uri())
    page.locator("a.term").first.click()
    d.expect("a term leads to the glossary", "glossary.html#term-" in page.url)
    page.close()
    return d.errors


def _noted(faults: list[str], name: str, error: Any) -> None:
    faults.append(f"{name}: {error}")


def accessible(page: Any, axe: str) -> list[str]:
    """What axe-core calls serious or critical."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['help']} ({len(v['nodes'])}: {v['nodes'][0]['html'][:120]})"
        for v in found["violations"]
        if v["impact"] in SERIOUS
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--chromium", default=shutil.which("chromium"), help="a browser; else Playwright's own"
    )
    options.add_argument("--axe", type=Path)
    options.add_argument("--site", type=Path)
    options.add_argument("--shots", type=Path)
    given = options.parse_args()
    axe = given.axe.read_text(encoding="utf-8") if given.axe else None
    if given.shots:
        given.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser(given.chromium) as chrome:
        file = Exploration().save(Path(folder) / "page.html")
        context = chrome.new_context(accept_downloads=True)
        page = context.new_page()
        faults = drive(page, file.as_uri())
        timed(page, file.as_uri())
        if axe:
            faults += accessible(page, axe)
        if given.site:
            faults += used(chrome, given.site)
            faults += walked(chrome, given.site, axe, given.shots)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
