"""A performer at the panel, heard by an independent MIDI client."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from playwright.sync_api import expect

from tests.conftest import Client, Daemon, Synth, wait_for
from tests.midi_client import MidiOut
from tests.panel_client import FREE_PORT

from .conftest import PHONE, STILL, Panel, bars_heard

pytestmark = [pytest.mark.browser, pytest.mark.jack]
Serve, Show = Callable[..., Daemon], Callable[..., Panel]


class Stage:
    """A daemon that plays the same bar until somebody moves something, a panel, a synth."""

    def __init__(self, daemon: Daemon, panel: Panel, synth: Synth, client: Client) -> None:
        self.daemon, self.panel, self.synth, self.client = daemon, panel, synth, client
        client.send("/livegan/subscribe")
        client.send("/livegan/drift", 0.0)
        client.send("/livegan/section", 0)
        client.send("/livegan/humanise", 0.0)
        panel.wait_value("/drift", 0)
        panel.wait_value("/humanise", 0)

    def bars(self) -> list[list[tuple[int, int]]]:
        return bars_heard(self.synth, self.client)

    def kept(self) -> str:
        """The file that was told of last."""
        names = [item.values[0] for item in self.client.heard.queue if item.address == "/livegan/kept"]
        return str(names[-1]) if names else ""

    def next_bars(self, count: int = 2) -> list[list[tuple[int, int]]]:
        """So many whole bars from the next but one on."""
        first = len(self.bars()) + 2
        wait_for(lambda: len(self.bars()) >= first + count, 15, f"{count} bars")
        return self.bars()[first : first + count]


@pytest.fixture
def stage(
    serve: Serve, listen: Callable[[], Synth], client: Callable[[Daemon], Client], panel: Show
) -> Callable[..., Stage]:
    def make(*arguments: str) -> Stage:
        daemon = serve(*(arguments or STILL), *FREE_PORT)
        synth = listen()
        return Stage(daemon, panel(daemon), synth, client(daemon))

    return make


def test_play_and_stop_are_heard(stage: Callable[..., Stage]) -> None:
    on = stage()
    on.panel.play()
    wait_for(lambda: len(on.synth.strikes()) > 10, 10, "notes")
    expect(on.panel.at("/play")).to_have_attribute("aria-pressed", "true")
    on.panel.stop()
    wait_for(lambda: not on.synth.sounding(), 2, "silence")
    expect(on.panel.at("/play")).to_have_attribute("aria-pressed", "false")


def test_dragging_the_pad_changes_the_next_bars(stage: Callable[..., Stage]) -> None:
    on = stage()
    on.panel.play()
    before = on.next_bars()
    assert before[0] == before[1] != []
    on.panel.drag("/xy", 0.9, 0.85)
    x, y = on.panel.told("/xy")
    assert x == pytest.approx(0.9, abs=0.02)
    assert y == pytest.approx(0.85, abs=0.02)
    after = on.next_bars()
    assert after[0] == after[1] != before[1]


def test_the_ring_is_grabbed_where_it_lies_at_a_corner_too(serve: Serve, panel: Show) -> None:
    page = panel(serve(*FREE_PORT))
    page.wait_value("/xy", 0, 0)
    for below in (0, 5):  # the ring's middle is on the pad's very edge
        ring, box = page.page.locator(".ring").bounding_box(), page.at("/xy").bounding_box()
        assert ring
        assert box
        mouse = page.page.mouse
        mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2 + below)
        mouse.down()
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4, steps=8)
        mouse.up()
        wait_for(lambda: page.told("/xy")[0] > 0.4, 5, "move of the ring")
        page.page.locator(".field-xy").focus()
        page.page.keyboard.press("Home")
        page.page.keyboard.press("PageDown")
        page.wait_value("/xy", 0, 0)


def test_scenes_are_stored_left_and_come_back(stage: Callable[..., Stage]) -> None:
    on = stage()
    page = on.panel.page
    on.panel.play()
    first = on.next_bars()[0]
    page.get_by_role("radio", name="Store").click()
    page.locator('[data-scene="7"]').click()
    expect(page.get_by_role("radio", name="Recall")).to_have_attribute("aria-checked", "true")
    on.panel.at("/dice").click()
    assert on.next_bars()[0] != first
    page.locator('[data-scene="7"]').click()
    assert on.next_bars()[0] == first
    expect(page.locator('[data-scene="7"]')).to_have_attribute("aria-current", "true")


def test_a_long_press_stores_and_a_name_is_typed(stage: Callable[..., Stage]) -> None:
    on = stage()
    page, cell = on.panel.page, on.panel.page.locator('[data-scene="3"]')
    cell.click(delay=800)
    page.get_by_text("Stored as scene 3").wait_for()
    cell.focus()
    page.keyboard.press("F2")
    page.get_by_label("Name of scene 3").fill("dusk")
    page.keyboard.press("Enter")
    on.panel.wait_value("/scene/3/name", "dusk")
    for shown in ('[data-scene="3"]', ".corner.top-left"):
        page.locator(shown).filter(has_text="dusk").wait_for()


def test_a_morph_goes_to_its_scene_over_bars_and_shows_how_far_it_is(
    stage: Callable[..., Stage],
) -> None:
    on = stage()
    page = on.panel.page
    on.panel.play()
    page.locator('[data-scene="9"]').click()
    there = on.next_bars()[0]
    on.panel.at("/dice").click()
    assert on.next_bars()[0] != there
    page.get_by_role("radio", name="Morph").click()
    page.get_by_label("Morph over down").click()
    page.locator('[data-scene="9"]').click()
    page.locator('[data-scene="9"].morphing').wait_for()
    wait_for(lambda: on.bars()[-1] == there, 15, "scene")
    page.locator('[data-scene="9"]:not(.morphing)').wait_for()


def test_a_loop_repeats_the_bar_that_played(stage: Callable[..., Stage]) -> None:
    on = stage("--model", "piano", "--bpm", "200", "--seed", "5")
    on.panel.play()
    free = on.next_bars(2)
    assert free[0] != free[1]
    on.panel.page.get_by_role("radiogroup", name="Loop").get_by_role(
        "radio", name="1", exact=True
    ).click()
    looped = on.next_bars(3)
    assert looped[0] == looped[1] == looped[2] != []
    on.panel.page.get_by_role("radiogroup", name="Loop").get_by_role("radio", name="off").click()
    on.panel.wait_value("/loop", 0)
    after = on.next_bars(3)
    assert after[1] != after[2]


def test_again_plays_the_bar_before_once_more(stage: Callable[..., Stage]) -> None:
    on = stage("--model", "piano", "--bpm", "120", "--seed", "5")
    on.panel.play()
    on.next_bars(1)
    number = len(on.bars())
    wait_for(lambda: len(on.bars()) > number, 10, "bar line")
    playing = len(on.bars())  # bars() holds those that are over: this one sounds now
    on.panel.at("/again").click()
    wait_for(lambda: len(on.bars()) >= playing + 3, 15, "bars")
    bars = on.bars()
    assert bars[playing + 1] == bars[playing - 1] != bars[playing]


def test_keep_writes_the_very_bars_that_were_heard(stage: Callable[..., Stage], tmp_path: Path) -> None:
    on = stage("--model", "piano", "--bpm", "120", "--seed", "5", "--folder", str(tmp_path / "own"))
    on.panel.play()
    wait_for(lambda: len(on.bars()) >= 6, 30, "bars")
    keep = on.panel.page.get_by_label("Keep: bars")
    keep.select_option("4")
    on.panel.at("/keep").click()
    name = wait_for(on.kept, 10, "file")
    file = next((tmp_path / "own").rglob(Path(name).name))
    kept = bars_of(file)
    assert len(kept) == 4
    wait_for(lambda: kept in runs_of(on.bars(), 4), 5, f"{kept} among {on.bars()}")
    on.panel.page.get_by_text("Kept as").wait_for()


def runs_of(bars: list[list[tuple[int, int]]], length: int) -> list[list[list[tuple[int, int]]]]:
    return [bars[at : at + length] for at in range(len(bars))]


def bars_of(file: Path) -> list[list[tuple[int, int]]]:
    """As `bars_heard` says them."""
    midi = mido.MidiFile(file)
    struck, last = [], 0
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                struck.append((round(tick / midi.ticks_per_beat * 4), message.note))
        last = max(last, tick)
    count = round(last / midi.ticks_per_beat / 4 + 0.49)
    return [
        sorted((at - 16 * bar, pitch) for at, pitch in struck if at // 16 == bar)
        for bar in range(count)
    ]


def test_a_controller_is_learned_by_touching_a_knob_and_moving_it(
    serve: Serve, plug: Callable[..., MidiOut], panel: Show
) -> None:
    page = panel(serve(*STILL, *FREE_PORT))
    controller = plug("controller", "*:controls")
    page.page.click("#learn")
    page.at("/gate").click()
    page.page.locator('.awaits[data-address="/gate"]').wait_for()
    before = page.told("/gate")
    wait_for(lambda: turned(controller, page), 10, "learned controller")
    page.page.click("#learn")
    controller.send([0xB0, 21, 127])
    page.wait_value("/gate", 4)
    assert before == [1]
    expect(page.at("/gate")).to_have_attribute("aria-valuenow", "4")


def turned(controller: MidiOut, page: Panel) -> bool:
    """Turn the controller once, up and down, and see whether the page waits no more."""
    for value in (40, 90):
        controller.send([0xB0, 21, value])
    time.sleep(0.05)  # as a hand would
    return page.page.locator(".awaits").count() == 0


def test_two_panels_and_an_osc_client_agree(
    serve: Serve, client: Callable[[Daemon], Client], panel: Show
) -> None:
    daemon = serve(*STILL, *FREE_PORT)
    one, other, osc = panel(daemon), panel(daemon, PHONE), client(daemon)
    osc.send("/livegan/subscribe")
    one.at("/gate").focus()
    one.page.keyboard.press("End")
    other.wait_value("/gate", 4)
    wait_for(lambda: osc.expect("/livegan/gate") == (4.0,), 5, "gate")
    osc.send("/livegan/xy", 0.25, 0.75)
    for each in (one, other):
        wait_for(lambda each=each: each.told("/xy") == [0.25, 0.75], 5, "xy")
        expect(each.at("/xy")).to_have_attribute("aria-valuetext", "x 25 %, y 75 %")
    other.at("/freeze").tap()
    one.wait_value("/freeze", True)
    wait_for(lambda: one.at("/freeze").get_attribute("aria-pressed") == "true", 5, "freeze")


def test_the_point_follows_what_others_and_morphs_move(
    serve: Serve, client: Callable[[Daemon], Client], panel: Show
) -> None:
    daemon = serve(*STILL, *FREE_PORT)
    page, osc = panel(daemon), client(daemon)

    def dot() -> list[float]:
        box, field = page.page.locator(".dot").bounding_box(), page.at("/xy").bounding_box()
        assert box
        assert field
        middle = box["x"] + box["width"] / 2 - field["x"], box["y"] + box["height"] / 2 - field["y"]
        return [middle[0] / field["width"], 1 - middle[1] / field["height"]]

    osc.send("/livegan/xy", 0.5, 0.5)
    wait_for(lambda: dot() == pytest.approx([0.5, 0.5], abs=0.02), 5, "dot in the middle")
    osc.send("/livegan/scene/4/recall")
    wait_for(lambda: min(dot()) > 0.9, 5, "dot in scene 4's corner")


def test_a_reload_shows_what_was_set(serve: Serve, panel: Show) -> None:
    page = panel(serve(*STILL, *FREE_PORT))
    page.drag("/xy", 0.3, 0.6)
    page.at("/gate").focus()
    page.page.keyboard.press("End")
    page.wait_value("/gate", 4)
    xy = page.told("/xy")
    page.play()
    page.page.reload()
    page.wait("Boolean(globalThis.livegan?.settled)", "panel")
    assert page.told("/gate") == [4]
    assert page.told("/xy") == pytest.approx(xy)
    page.wait("livegan.clock.step() > 0", "position")
    assert page.page.evaluate("[...livegan.music.notes(livegan.clock.step())].length") > 0


def test_a_restarted_daemon_is_found_again(serve: Serve, panel: Show, tmp_path: Path) -> None:
    first = serve(*STILL, *FREE_PORT)
    page = panel(first)
    page.play()
    port = page.url.rpartition(":")[2]
    first.stop()
    page.page.get_by_text("offline").wait_for()
    assert page.page.evaluate("livegan.clock.grid") is None
    second = serve(*STILL, "--panel", "--panel-port", port)
    page.page.get_by_text("live", exact=True).wait_for(timeout=20_000)
    page.wait("livegan.settled", "values")
    page.play()
    assert "error" not in second.log.read_text()


def test_a_revision_is_seen_in_the_roll_before_it_is_heard(stage: Callable[..., Stage]) -> None:
    on = stage()
    on.panel.play()
    on.next_bars(1)
    before = on.panel.run("planned")
    on.panel.at("/dice").click()
    wait_for(lambda: on.panel.run("planned") != before, 5, "revision")
    heard = on.next_bars()
    pitches = sorted(pitch for _, pitch in heard[1])
    wait_for(lambda: on.panel.run("planned") == pitches, 5, "the same in the roll")


def test_an_error_is_one_quiet_line(serve: Serve, panel: Show) -> None:
    page = panel(serve(*STILL, *FREE_PORT))
    page.page.evaluate("livegan.link.move('/model', ['no such model'])")
    page.page.locator("#toast.shown[data-kind=bad]").wait_for()
    assert "no such model" in page.page.locator("#toast").inner_text()
