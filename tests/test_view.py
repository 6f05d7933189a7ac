"""What the person at the terminal sees."""

from __future__ import annotations

import io
import json

from rich.console import Console

from livegan.core.music import Note
from livegan.shell.live_view import LiveView, panel, small_roll
from livegan.shell.view import JsonView, PlainView, QuietView, Status

STATUS = Status(
    model="piano", device="cpu", midi="livegan", osc="127.0.0.1:9000", playing=True, tempo=128.5,
    bar=7, beat=3, notes=14, late_median=0.07, late_worst=0.2, inference=0.5,
    roll=[Note(0, 48, 48), Note(48, 48, 52)],
)  # fmt: skip


def test_the_panel_shows_transport_model_timing_and_the_bar() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(panel(STATUS))
    text = out.getvalue()
    for shown in ("PLAYING", "7.3", "128.5 bpm", "piano on cpu", "0.07 ms", "127.0.0.1:9000", "▄▄▄"):
        assert shown in text


def test_the_small_roll_has_time_to_the_right_and_pitch_upwards() -> None:
    rows = small_roll([Note(0, 48, 48), Note(48, 48, 52)]).splitlines()
    assert rows[-1] == "▄" * 32 + " " * 32
    assert rows[-2] == " " * 32 + "▄" * 32
    assert not "".join(rows[:-2]).strip()


def test_plain_json_and_quiet_lines() -> None:
    out = io.StringIO()
    plain, machine, quiet = PlainView(out), JsonView(out), QuietView(out)
    for view in (plain, machine, quiet):
        view.say("start", "hello")
        view.bar(STATUS)
        view.say("error", "oh")
    lines = out.getvalue().splitlines()
    assert lines[0] == "livegan: hello"
    assert lines[1].startswith("bar 7  128.5 bpm  14 notes")
    assert [json.loads(line)["event"] for line in lines[3:6]] == ["start", "bar", "error"]
    assert lines[6:] == ["livegan: oh"]


def test_the_live_view_writes_what_happens_above_the_panel() -> None:
    out = io.StringIO()
    view = LiveView(Console(file=out, force_terminal=True, width=80))
    view.refresh(STATUS)
    view.say("error", "the sky fell")
    view.close()
    assert "the sky fell" in out.getvalue()
    assert "PLAYING" in out.getvalue()
