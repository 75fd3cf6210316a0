"""Drive the explorer with the mouse and the keyboard, in JupyterLab and a real browser.

Not collected by pytest: it needs JupyterLab, Playwright and a Chromium. Run it from the root of
the project as

    python -m tests.browser.drive_explorer [--chromium /usr/bin/chromium] [--shots DIRECTORY]

It starts a server on a directory of its own, opens a notebook with ``explore()``, moves the
controls, and compares the number on the screen with formulas written out below. With ``--shots``
it leaves screenshots. The exit status is 0 when every number agreed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


def pair(beta: float, reference: float, margin: float = 1.0) -> float:
    """The stationary policy of groups of two under the reverse KL."""
    c = beta / margin
    return (1 - c + math.sqrt((1 - c) ** 2 + 4 * c * reference)) / 2


def logistic(beta: float, reference: float) -> float:
    """The stationary policy of groups of two under the direct KL."""
    return 1 / (1 + (1 - reference) / reference * math.exp(-1 / beta))


def large(beta: float, reference: float) -> float:
    """The stationary policy of the large group under the reverse KL."""
    root = math.sqrt(1 + 4 * beta**2 * reference * (1 - reference))
    return (2 * beta**2 * reference + 1 + root) / (2 * (1 + beta**2))


@contextmanager
def server(directory: Path):
    """JupyterLab on a free port, with its address and token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={directory}",
        "--ServerApp.disable_check_xsrf=True", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    settings = {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(directory / "config")}
    with open(directory / "server.log", "w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **settings}, cwd=directory
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(SECONDS * 2):
            try:
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=2).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise RuntimeError(
                f"the server did not start:\n{(directory / 'server.log').read_text()}"
            )
        yield address, token
    finally:
        process.terminate()
        process.wait(20)


def notebook() -> dict:
    cell = {
        "cell_type": "code",
        "id": "panel",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": "from grpo_symbolic.explorer import explore\n\nexplore()",
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [cell]}


class Screen:
    """What a user of the panel sees and can do."""

    def __init__(self, page, shots: Path | None) -> None:
        self.page, self.shots = page, shots

    def shot(self, name: str) -> None:
        if self.shots is not None:
            self.page.wait_for_timeout(700)
            self.page.screenshot(path=str(self.shots / f"explore_{name}.png"))

    def row(self, label: str):
        found = self.page.locator(".jupyter-widgets.widget-inline-hbox, .widget-slider")
        exact = re.compile(rf"^\s*{re.escape(label)}\s*$")
        return found.filter(has=self.page.locator(".widget-label", has_text=exact)).first

    def type(self, label: str, text: str) -> None:
        """A number typed over the one beside a slider."""
        readout = self.row(label).locator(".widget-readout")
        readout.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def drag(self, label: str, distance: float) -> None:
        """A slider's handle, with the mouse."""
        box = self.row(label).locator(".noUi-handle").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for step in range(1, 11):
            self.page.mouse.move(x + distance * step / 10, y)
        self.page.mouse.up()

    def press(self, label: str, key: str, times: int = 1) -> None:
        """Keys on a slider's handle."""
        self.row(label).locator(".noUi-handle").focus()
        for _ in range(times):
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(150)

    def number(self, label: str) -> float:
        return float(self.row(label).locator(".widget-readout").inner_text())

    def choose(self, penalty: str) -> None:
        self.row("penalty").locator("select").select_option(label=penalty)

    def cells(self) -> list[str]:
        return self.page.locator(".widget-html table td").all_inner_texts()

    def expect(self, what: str, value: float) -> None:
        """The first solution in the table becomes ``value``, to the digits shown."""
        deadline, shown = time.monotonic() + SECONDS, ""
        while time.monotonic() < deadline:
            texts = self.cells()
            shown = texts[0] if texts else ""
            if shown and not shown.startswith("1 -") and abs(float(shown) - value) < 6e-6:
                print(f"ok    {what}: {shown}")
                return
            self.page.wait_for_timeout(200)
        raise AssertionError(f"{what}: expected {value:.6g}, the screen shows {shown or 'nothing'}")

    def expect_text(self, what: str, text: str) -> None:
        self.page.get_by_text(text, exact=False).first.wait_for(timeout=SECONDS * 1000)
        print(f"ok    {what}: {text!r}")


def drive(screen: Screen) -> None:
    page = screen.page
    page.locator(".widget-html table td").first.wait_for(timeout=4 * SECONDS * 1000)
    screen.expect("start: G = 2, beta = 1/2, pi_ref = 1/4", pair(0.5, 0.25))
    news = page.get_by_role("button", name="No", exact=True)
    if news.count():
        news.first.click()
    page.locator("mjx-container").first.wait_for(timeout=SECONDS * 1000)
    picture = page.locator(".grpo-drawing svg title")
    before = picture.text_content()
    assert "0.68301, attracting" in before, before
    screen.shot("1_start")

    screen.type("β", "0.25")
    screen.expect("beta typed: 0.25", pair(0.25, 0.25))
    for _ in range(50):  # the number is there first
        if "0.82569, attracting" in picture.text_content():
            break
        page.wait_for_timeout(200)
    else:
        raise AssertionError("the figure did not change with beta")
    screen.type("π_ref(a)", "0.1")
    screen.expect("pi_ref typed: 0.1", pair(0.25, 0.1))
    screen.type("margin γ", "0.5")
    screen.expect("margin typed: 0.5", pair(0.25, 0.1, 0.5))
    screen.type("margin γ", "1")
    screen.expect("margin back at 1", pair(0.25, 0.1))

    screen.drag("π_ref(a)", 60)
    page.wait_for_timeout(1500)
    moved = screen.number("π_ref(a)")
    assert moved != 0.1, "the slider of pi_ref was not dragged"
    screen.expect(f"pi_ref dragged to {moved}", pair(0.25, moved))
    screen.shot("2_dragged")

    screen.choose("direct KL")
    screen.expect("direct KL", logistic(0.25, moved))
    screen.choose("k1 in the loss")
    screen.expect_text("k1 in the loss", "No penalty at all: its expected gradient is zero.")
    screen.shot("3_no_penalty")
    screen.choose("k2 in the loss with the importance ratio")
    screen.expect_text("k2 with ratio", "None of the known divergences")
    screen.shot("4_k2_ratio")

    screen.choose("reverse KL")
    screen.press("group size G", "End")
    screen.expect("large group", large(0.25, moved))
    screen.expect_text("the margin is switched off", "γ is switched off")
    screen.shot("5_large_group")

    screen.choose("direct KL")
    screen.type("π_ref(a)", "0.5")
    screen.type("β", "2")
    screen.expect("before the fold", 0.764733)
    assert screen.cells().count("repelling") == 1, "the repelling solution is not in the table"
    screen.shot("6_before_fold")
    screen.type("β", "1.5")
    screen.expect_text("behind the fold", "0 interior solutions")
    screen.shot("7_behind_fold")

    screen.type("β", "0.5")
    screen.type("π_ref(a)", "0.25")
    screen.choose("reverse KL")
    screen.press("group size G", "Home")
    screen.expect("groups of two again", pair(0.5, 0.25))
    page.get_by_role("button", name="1 (sample)").click()
    screen.expect("ddof = 1", pair(0.5 * math.sqrt(2), 0.25))
    page.get_by_role("button", name="0 (population)").click()
    screen.press("group size G", "ArrowRight", 2)
    screen.expect_text("G = 4", "larger one of two real roots")
    screen.shot("8_quartic")
    screen.press("group size G", "ArrowRight", 2)
    screen.expect_text("G = 8", "Galois group")
    screen.shot("9_eight")


def main() -> int:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = shutil.which("chromium") or shutil.which("google-chrome")
    parser.add_argument("--chromium", default=default, help="a browser; else Playwright's own")
    parser.add_argument("--shots", type=Path, help="a directory for screenshots")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        directory = Path(name)
        (directory / "panel.ipynb").write_text(json.dumps(notebook()))
        browser = play.chromium.launch(
            executable_path=options.chromium, headless=True, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        try:
            with server(directory) as (address, token):
                page.goto(f"{address}/lab/tree/panel.ipynb?token={token}")
                page.locator(".jp-Notebook .cm-content").first.click(timeout=SECONDS * 1000)
                page.wait_for_timeout(4000)  # the kernel
                page.keyboard.press("Shift+Enter")
                screen = Screen(page, options.shots)
                try:
                    drive(screen)
                except Exception:
                    screen.shot("failed")
                    raise
        finally:
            browser.close()
    print("every number on the screen agreed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
