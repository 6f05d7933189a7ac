"""Knobs, keys, fingers, sizes and eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from livegan.core.table import CONTROLS
from tests.conftest import Daemon, wait_for
from tests.panel_client import FREE_PORT

from .conftest import DESK, PHONE, STILL, Panel

pytestmark = pytest.mark.browser
Show = Callable[..., Panel]
PAGES = ("pad", "scenes", "shape", "tracks", "latent", "more")
LEAST_CONTRAST = 4.5


@pytest.fixture
def daemon(serve: Callable[..., Daemon], jack: str) -> Daemon:
    return serve(*STILL, *FREE_PORT)


def wait_shown(panel: Panel, address: str, text: str) -> None:
    """The page draws once a frame."""
    expect(panel.at(address)).to_have_attribute("aria-valuetext", text)


def test_a_knob_obeys_the_keyboard(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    keys = page.page.keyboard
    page.at("/velocity").focus()
    for key, value in (
        ("ArrowUp", 0.71),
        ("ArrowLeft", 0.7),
        ("PageUp", 0.8),
        ("Shift+ArrowUp", 0.801),
    ):
        keys.press(key)
        wait_for(lambda value=value: page.told("/velocity") == pytest.approx([value]), 5, f"{key}")
    keys.press("Home")
    page.wait_value("/velocity", 0)
    keys.press("End")
    page.wait_value("/velocity", 1)
    wait_shown(page, "/velocity", "100 %")
    page.at("/transpose").focus()
    keys.press("ArrowUp")
    page.wait_value("/transpose", 1)
    wait_shown(page, "/transpose", "+1 st")


def test_a_double_click_goes_back_to_the_default(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.at("/gate").focus()
    page.page.keyboard.press("End")
    page.wait_value("/gate", 4)
    page.at("/gate").dblclick()
    page.wait_value("/gate", 1)


def test_a_knob_is_dragged_and_finely_with_shift(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    mouse, keys = page.page.mouse, page.page.keyboard
    box = page.at("/velocity").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y + 40, steps=4)
    page.wait_value("/velocity", pytest.approx(0.5))
    keys.down("Shift")
    mouse.move(x, y, steps=4)
    keys.up("Shift")
    mouse.up()
    page.wait_value("/velocity", pytest.approx(0.52))


def test_a_wheel_turns_a_knob(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.at("/velocity").hover()
    page.page.mouse.wheel(0, -100)
    wait_for(lambda: page.told("/velocity")[0] > 0.7, 5, "more")
    more = page.told("/velocity")[0]
    page.page.mouse.wheel(0, 100)
    wait_for(lambda: page.told("/velocity")[0] < more, 5, "less")


def test_what_the_model_may_choose_is_given_back_to_it(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    wait_shown(page, "/density", "the model's own")
    page.at("/density").focus()
    page.page.keyboard.press("End")
    page.wait_value("/density", 1)
    page.page.get_by_label("Density: the model's own").first.click()
    page.wait_value("/density")
    wait_shown(page, "/density", "the model's own")
    page.page.keyboard.press("Tab")


def test_switches_choices_and_steps(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.at("/scale").select_option("dorian")
    page.wait_value("/scale", "dorian")
    page.at("/rhythm/2").click()
    page.wait_value("/rhythm", "x.xxxxxxxxxxxxxx")
    page.go_to("tracks")
    page.at("/track/1/mute").click()
    page.wait_value("/track/1/mute", True)
    page.page.get_by_label("Octave up").first.click()
    page.wait_value("/track/1/octave", 1)
    page.at("/track/1/program").select_option("12")
    page.wait_value("/track/1/program", 12)


def test_the_tempo_is_typed_stepped_and_tapped(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    tempo = page.page.get_by_label("Tempo, in beats a minute")
    tempo.fill("96,5")
    tempo.press("Enter")
    page.wait_value("/tempo", 96.5)
    tempo.press("ArrowUp")
    page.wait_value("/tempo", 97.5)
    page.run("taps", [4, 400])
    wait_for(lambda: page.told("/tempo") != [97.5], 5, "tapped tempo")


def test_every_control_of_the_table_is_somewhere_on_the_page(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    addresses = page.page.evaluate(
        "[...document.querySelectorAll('[data-address]')].map((node) => node.dataset.address)"
    )
    named = page.page.evaluate("document.documentElement.outerHTML")
    by_other_means = "latent subscribe unsubscribe default forget rhythm morph store learn scene_name"
    elsewhere = {*by_other_means.split(), "direction"}
    """Said as a whole, for programs, by a gesture, or only where the model has it."""
    missing = [
        control.name
        for control in CONTROLS
        if control.name not in elsewhere
        and not any(control.match(f"/livegan{address}") is not None for address in addresses)
    ]
    assert missing == []
    assert "Morph over" in named


def test_the_model_the_bank_and_the_map_are_chosen(
    serve: Callable[..., Daemon], jack: str, panel: Show, tmp_path: Any
) -> None:
    page = panel(serve(*STILL, *FREE_PORT, "--folder", str(tmp_path / "own")))
    page.page.get_by_label("Save the scenes as a bank of this name").fill("evening")
    page.at("/bank/save").click()
    page.wait("livegan.lists.banks.includes('evening')", "bank")
    page.page.locator('select[data-address="/bank"] option[value="evening"]').wait_for(state="attached")
    page.at("/bank").select_option("evening")
    page.wait_value("/bank", "evening")
    page.page.get_by_label("Model", exact=True).select_option("trio")
    page.wait("livegan.model.name === 'trio'", "trio", 30)
    page.go_to("tracks")
    wait_for(lambda: page.page.locator(".track-row").count() == 3, 5, "three tracks")


# sizes


@pytest.mark.parametrize("size", [PHONE, (768, 1024), (1280, 800), DESK, (1920, 1080)])
def test_nothing_is_wider_than_the_screen(daemon: Daemon, panel: Show, size: tuple[int, int]) -> None:
    page = panel(daemon, size)
    for tab in PAGES:
        if page.page.locator(f"#tab-{tab}").is_visible():
            page.go_to(tab)
        wide, room = page.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, tab


def test_a_phone_has_pages_and_fingers(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon, PHONE)
    assert page.at("/xy").is_visible()
    box = page.at("/xy").bounding_box()
    assert box is not None
    page.page.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    wait_for(lambda: page.told("/xy") == pytest.approx([0.75, 0.75], abs=0.02), 5, "place")
    page.page.tap("#tab-tracks")
    assert not page.page.locator("#pad").is_visible()
    page.at("/track/1/solo").tap()
    page.wait_value("/track/1/solo", True)
    page.page.tap("#tab-scenes")
    page.page.locator('[data-scene="2"]').tap()
    wait_for(lambda: page.page.locator('[data-scene="2"][aria-current="true"]').count(), 5, "scene 2")
    assert page.run("small", 24) == []


def test_nothing_jumps_while_music_plays(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.run("jumps")
    page.play()
    page.wait("livegan.clock.step() > 96 * 4", "four bars")
    assert sum(page.page.evaluate("jumps")) < 0.001


# eyes and ears


def test_all_text_can_be_read(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    for tab in PAGES[2:]:
        page.go_to(tab)
        seen, bad = page.run("contrast", LEAST_CONTRAST)
        assert seen > 50
        assert bad == [], tab


def test_everything_that_is_used_has_a_name_and_a_state(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    for tab in PAGES[2:]:
        page.go_to(tab)
        assert page.run("nameless") == [], tab


def test_the_keyboard_reaches_everything_and_shows_where_it_is(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    seen = set()
    for _ in range(120):
        page.page.keyboard.press("Tab")
        label, ring = page.page.evaluate(
            """[document.activeElement.ariaLabel || document.activeElement.tagName,
            getComputedStyle(document.activeElement).outlineStyle]"""
        )
        seen.add(label)
        assert ring != "none" or label == "BODY", label
    assert {"Play", "Stop", "Panic", "Place between four scenes", "Z", "Velocity", "Density"} <= seen


def test_who_wants_no_motion_sees_none(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon, reduced_motion="reduce")
    page.play()
    lively, drawings = page.run("moving")
    assert lively == 0
    assert drawings <= 12  # four beats a second, and what came meanwhile; not sixty frames
