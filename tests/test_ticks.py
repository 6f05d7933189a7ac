"""Streams of real leaders, recorded (tests/ticks), under a fake clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from livegan.core.leading import Follower, Lead
from livegan.core.messages import Halted, Joined
from livegan.core.music import seconds_per_step
from livegan.core.transport import TempoCurve

from .test_leading import Stage

TICKS = Path(__file__).parent / "ticks"
PERIOD = 256 / 48_000
"""Of the JACK server: ticks come at its multiples."""


def test_a_recorded_jack_midi_clock_is_followed() -> None:
    stage = Stage()
    began = stage.now
    ticks = []
    for line in (TICKS / "jack_midi_clock.txt").read_text().splitlines():
        time, *data = line.split()
        stage.until(began + float(time) / 1e3)
        stage.hear(tuple(int(byte, 16) for byte in data))
        if data == ["f8"] and len(stage.reports) < 2:
            ticks.append(stage.now)
    assert [report for _, report in stage.reports][:2] == [Joined(0, True), Halted()]
    first = [(due, step) for due, step in stage.strikes if due <= ticks[-1]]
    assert [step for _, step in first] == list(range(0, len(ticks), 24))
    slope, start = np.polyfit(np.arange(len(ticks)), ticks, 1)
    assert slope == pytest.approx(seconds_per_step(128), rel=2e-3)
    late = np.array([due - (start + slope * step) for due, step in first if step >= 24])
    assert abs(late).mean() < 0.001, "ticks come up to a period late, the music hardly"
    assert abs(late).max() < PERIOD / 2
    assert [bar for bar in stage.bars if bar > 6], "after Continue it goes on"
    assert stage.hanging == set()


def test_a_recorded_link_session_is_followed() -> None:
    stage = Stage()
    stage.follower = Follower(stage.player)
    began = stage.now
    rows = np.loadtxt(TICKS / "link.txt")
    for time, step, bpm, rolling in rows:
        stage.until_quiet(began + time / 1e3)
        curve = TempoCurve.steady(stage.now, step, bpm)
        outputs, reports = stage.follower.follow(Lead(curve, bool(rolling), bool(rolling)), stage.now)
        stage.outputs += outputs
        stage.reports += [(stage.now, report) for report in reports]
    assert [report for _, report in stage.reports] == [Joined(0, True), Halted()]
    led = rows[rows[:, 3] == 1]
    wanted = [np.interp(step, led[:, 1], led[:, 0]) / 1e3 + began for _, step in stage.strikes]
    late = np.array([due for due, _ in stage.strikes]) - wanted
    assert len(late) > 10
    assert abs(late).mean() < 0.001
    assert abs(late).max() < 0.003
    assert stage.hanging == set()
