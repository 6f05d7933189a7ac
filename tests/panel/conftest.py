"""A real browser in front of a real daemon."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from tests.conftest import PATIENCE, Client, Daemon, Synth, wait_for
from tests.panel_client import url_of

SAME_AGAIN = "paper-cnn-lstm-onset"
"""A model that plays the same bar from the same latent: no phrase, and no ear for the bar before."""
STILL = ("--model", SAME_AGAIN, "--bpm", "240", "--seed", "7")
DESK, PHONE = (1440, 900), (390, 844)
PACKAGE = Path(str(resources.files("livegan")))
STATIC, SAMPLES = PACKAGE / "shell" / "web" / "static", PACKAGE / "sounds" / "piano"
BARE = "http://bare.test"


def script(name: str) -> str:
    """A function that runs in the page."""
    return (Path(__file__).parent / "page" / f"{name}.js").read_text()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Playwright keeps an event loop at work, which the tests after these must not find."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium not found: run scripts/test, which says what to install")
    expect.set_options(timeout=5_000 * PATIENCE)
    quiet = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def bare(browser: Browser) -> Iterator[Page]:
    """A page that has the panel's modules, and no daemon."""

    def serve(route: Route) -> None:
        path = unquote(route.request.url.removeprefix(BARE).lstrip("/"))
        if not path:
            return route.fulfill(body="<!doctype html><title>bare</title>", content_type="text/html")
        name = path.removeprefix("samples/")
        return route.fulfill(path=STATIC / path if name == path else SAMPLES / name)

    page = browser.new_page()
    page.route(f"{BARE}/**", serve)
    page.goto(f"{BARE}/")
    yield page
    page.close()


@dataclass
class Panel:
    """A page that shows the panel, and what a performer does on it."""

    page: Page
    url: str
    complaints: list[str]

    def at(self, address: str) -> Locator:
        """What moves this address, on a page that is shown."""
        return self.page.locator(f'[data-address="{address}"]:visible').first

    def go_to(self, tab: str) -> None:
        self.page.click(f"#tab-{tab}")

    def run(self, name: str, *given: Any) -> Any:
        """A script of ours in the page."""
        return self.page.evaluate(script(name), *given)

    def told(self, address: str) -> Any:
        """The values of an address, as the page knows them."""
        return self.page.evaluate("address => livegan.store.get(address)", address)

    def wait(self, condition: str, what: str, seconds: float = 10) -> None:
        """Until an expression of the page's is true."""
        wait_for(lambda: self.page.evaluate(condition), seconds, what)

    def wait_value(self, address: str, *values: Any) -> None:
        wait_for(lambda: self.told(address) == list(values), 5, f"{address} {values}")

    def play(self) -> None:
        self.at("/play").click()
        self.wait("livegan.clock.step() !== null", "music")

    def stop(self) -> None:
        self.at("/stop").click()
        self.wait("livegan.clock.grid === null", "stop")

    def drag(self, address: str, x: float, y: float) -> None:
        """With the mouse, from the middle to this share of it, from bottom left."""
        box = self.at(address).bounding_box()
        assert box is not None
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        mouse.down()
        mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * (1 - y), steps=8)
        mouse.up()


@pytest.fixture
def panel(browser: Browser) -> Iterator[Callable[..., Panel]]:
    """Open the panel of a daemon; no page may complain on its console."""
    opened: list[Panel] = []

    def show(daemon: Daemon, size: tuple[int, int] = DESK, **options: Any) -> Panel:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE, **options
        )
        page = context.new_page()
        one = Panel(page, url_of(daemon), [])
        page.on("pageerror", lambda error: one.complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and one.complaints.append(said.text))
        page.goto(one.url)
        one.wait("Boolean(globalThis.livegan?.settled)", "panel")
        opened.append(one)
        return one

    yield show
    for one in opened:
        one.page.context.close()
    lost = "ERR_CONNECTION_REFUSED"  # while a daemon is away: not the page's fault
    assert [said for one in opened for said in one.complaints if lost not in said] == []


def bars_heard(synth: Synth, client: Client, beats: int = 4) -> list[list[tuple[int, int]]]:
    """Whole bars so far as an independent MIDI client heard them, cut by the bar lines that an OSC
    client was told: (sixteenth, pitch) of every strike. The first and the last may be cut off."""
    lines = [item.due for item in list(client.heard.queue) if item.address == "/livegan/bar"]
    bars = []
    for line, following in itertools.pairwise(lines):
        sixteenth = (following - line) / (4 * beats)
        early = sixteenth / 2
        struck = [
            (at - line, data)
            for at, _, data, _ in synth.strikes()
            if line - early <= at < following - early
        ]
        bars.append(sorted((round(at / sixteenth), pitch) for at, pitch in struck))
    return bars
