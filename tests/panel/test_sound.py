"""What the browser plays, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from livegan.core.swing import Swing
from livegan.core.transport import TempoCurve
from tests.conftest import Daemon, wait_for
from tests.panel_client import FREE_PORT

from .conftest import STILL, Panel, script

pytestmark = pytest.mark.browser
Show = Callable[..., Panel]
ALSO = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FAMILIES = (
    "drums",
    "electric",
    "bells",
    "organ",
    "guitar",
    "bass",
    "strings",
    "brass",
    "reed",
    "pipe",
    "lead",
    "pad",
    "plucks",
)


@pytest.fixture
def daemon(serve: Callable[..., Daemon], jack: str) -> Daemon:
    return serve(*STILL, *FREE_PORT)


def loud(panel: Panel) -> Any:
    return panel.page.evaluate("livegan.sound.level()")


def sound_on(panel: Panel) -> None:
    panel.page.get_by_role("button", name="Sound on").click()
    panel.wait("livegan.sound.context?.state === 'running' && !livegan.sound.loading", "samples", 60)


def test_sound_is_heard_after_sound_on_and_ends_with_stop(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.play()
    assert loud(page) == 0
    sound_on(page)
    wait_for(lambda: loud(page) > 0.01, 10, "sound")
    page.stop()
    wait_for(lambda: loud(page) < 1e-4, 1, "silence")
    page.play()
    wait_for(lambda: loud(page) > 0.01, 10, "sound again")
    page.page.get_by_role("button", name="Sound off").click()
    wait_for(lambda: loud(page) < 1e-4, 1, "silence")


def test_no_note_outlives_the_daemon(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.play()
    sound_on(page)
    wait_for(lambda: loud(page) > 0.01, 10, "sound")
    daemon.process.kill()
    page.page.get_by_text("offline").wait_for()
    wait_for(lambda: loud(page) < 1e-4, 1, "silence")


def test_a_panic_ends_every_note_and_the_music_goes_on(daemon: Daemon, panel: Show) -> None:
    page = panel(daemon)
    page.play()
    sound_on(page)
    wait_for(lambda: loud(page) > 0.01, 10, "sound")
    page.page.get_by_role("button", name="Panic").click()
    wait_for(lambda: loud(page) > 0.01, 10, "sound again")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_instrument_sounds_is_not_too_loud_and_ends(bare: Page, family: str) -> None:
    before, sounding, after, peak = bare.evaluate(script("instrument"), family)
    assert before == 0
    assert sounding > 0.01
    assert peak <= 1
    assert after < 1e-4


def test_the_recorded_piano_is_in_tune_between_its_recordings(bare: Page) -> None:
    assert bare.evaluate(script("tuning"), [58, 61, 67]) == pytest.approx([0, 0, 0], abs=16)


STEPS = st.floats(-96, 960)
SWINGS = st.tuples(STEPS, st.floats(0, 1), st.sampled_from((8, 16)))
BPM = st.floats(20, 300)
CURVES = st.builds(
    lambda start, bpm, ramp, end: TempoCurve(5.0, start, bpm, start + ramp, end if ramp else bpm),
    STEPS, BPM, st.one_of(st.just(0.0), st.floats(1, 400)), BPM,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SWINGS), st.lists(st.tuples(CURVES, STEPS)))
def test_steps_are_heard_where_and_when_the_player_has_them(
    bare: Page, swings: list[tuple[float, float, int]], places: list[tuple[TempoCurve, float]]
) -> None:
    grids = [
        ({"ms": 5000, "step": c.step, "bpm": c.bpm, "end_step": c.end_step, "end_bpm": c.end_bpm}, step)
        for c, step in places
    ]
    swung, timed = bare.evaluate(script("clock"), [swings, grids])
    assert swung == pytest.approx([Swing(share, grid).place(step) for step, share, grid in swings])
    for (ms, back), (curve, step) in zip(timed, places, strict=True):
        assert ms == pytest.approx(curve.time_at(step) * 1000, abs=1e-3)
        assert back == pytest.approx(step, abs=1e-3)


def plan(bar: int, revision: int, *notes: tuple[int, int], quantum: str = "step") -> dict[str, Any]:
    """Of (step, pitch). A step is 16.7 ms, a bar 1.6 s."""
    made = [[step, 6, pitch, 90, 0, 0, 0] for step, pitch in notes]
    return {"bar": bar, "revision": revision, "quantum": quantum, "notes": made}


FIRST = plan(0, 1, (0, 60), (45, 61), (90, 62))
SECOND = plan(0, 2, (0, 70), (46, 71), (90, 72))


def test_notes_are_given_once_when_they_fall_due(bare: Page) -> None:
    said = bare.evaluate(script("schedule"), [[[0, FIRST], [0, plan(1, 2, (0, 64))]], 1700])
    assert said == [["note", 0, 60], ["note", 750, 61], ["note", 1500, 62], ["note", 1600, 64]]


def test_a_revision_replaces_what_is_to_come_and_takes_back_what_waits(bare: Page) -> None:
    said = bare.evaluate(script("schedule"), [[[0, FIRST], [700, SECOND]], 1600])
    assert said == [
        *(["note", 0, 60], ["note", 750, 61], ["end", 61]),
        *(["note", 767, 71], ["note", 1500, 72]),
    ]


def test_a_revision_waits_for_its_quantum(bare: Page) -> None:
    said = bare.evaluate(script("schedule"), [[[0, FIRST], [700, {**SECOND, "quantum": "beat"}]], 1600])
    assert said == [["note", 0, 60], ["note", 750, 61], ["note", 1500, 72]]


def test_an_older_revision_changes_nothing(bare: Page) -> None:
    said = bare.evaluate(script("schedule"), [[[0, SECOND], [20, FIRST]], 1600])
    assert [pitch for _, _, pitch in said] == [70, 71, 72]


def test_stop_ends_all_that_was_given(bare: Page) -> None:
    bars = [[0, plan(0, 1, (0, 60), (2, 61))], [20, "stop"]]
    said = bare.evaluate(script("schedule"), [bars, 20])
    assert said[:4] == [["note", 0, 60], ["note", 33, 61], ["end", 60], ["end", 61]]
