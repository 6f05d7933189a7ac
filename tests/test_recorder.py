"""Whatever is played, stopped and played again can be written, in order and as long as it was."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.messages import BarStarted, Played, Report, Sent, Stopped, TempoSet
from livegan.core.music import STEPS_PER_BAR, STEPS_PER_BEAT
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.shell.recorder import Recorder

STEPS = st.integers(0, 5 * STEPS_PER_BAR)
KINDS, PITCHES = st.sampled_from([NOTE_ON, NOTE_OFF, 0xB0]), st.integers(0, 127)
NOTES = st.lists(
    st.one_of(
        st.tuples(STEPS, KINDS, PITCHES, st.just(64)),
        st.tuples(STEPS, KINDS, PITCHES, st.just(64), st.floats(-3, 3)),
    ),
    max_size=6,
)
REPORTS = st.one_of(
    st.builds(BarStarted, st.integers(0, 5), st.just(1), st.booleans()),
    st.builds(TempoSet, STEPS, st.floats(20, 300)),
    st.builds(Stopped),
    st.builds(Played, NOTES.map(tuple), st.just(0.1), st.just(0.2), st.just(0)),
)


def played(report: Report) -> tuple[Sent, ...]:
    return report.events if isinstance(report, Played) else ()


def written(reports: list[Report]) -> tuple[Recorder, mido.MidiFile]:
    with TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "out.mid", (), 120.0)
        for report in reports:
            recorder.take(report)
        recorder.write(recorder.path)
        return recorder, mido.MidiFile(recorder.path)


@settings(deadline=None)
@given(st.lists(REPORTS, max_size=20))
def test_any_reports_make_a_file(reports: list[Report]) -> None:
    recorder, file = written(reports)
    kept = sum(m.type in ("note_on", "note_off") for track in file.tracks for m in track)
    events, tempi = recorder.contents()
    assert kept == len(events) == sum(note[1] != 0xB0 for report in reports for note in played(report))
    assert tempi == sorted(tempi, key=lambda tempo: tempo[0])
    assert recorder.end_step % STEPS_PER_BAR == 0


def test_silent_bars_count_and_the_wait_after_a_stop_does_not() -> None:
    note = ((0, NOTE_ON, 60, 90), (24, NOTE_OFF, 60, 0))
    recorder, file = written(
        [
            BarStarted(0, 1, False),
            TempoSet(0, 120.0),
            Played(note, 0, 0, 0),
            BarStarted(1, 1, False),
            BarStarted(2, 1, False),
            TempoSet(250, 60.0),
            Stopped(),
            BarStarted(0, 2, False),
            TempoSet(0, 120.0),
            Played(note, 0, 0, 0),
        ]
    )
    events, tempi = recorder.contents()
    assert [step for step, *_ in events] == [0, 24, 288, 312]
    assert [step for step, _ in tempi] == [0, 250, 288]
    assert file.length == pytest.approx((250 / 24) * 0.5 + (38 / 24) * 1.0 + 4 * 0.5, abs=0.01)


def test_music_from_another_bar_is_written_from_the_beginning_and_then_goes_on() -> None:
    note = ((8 * 96, NOTE_ON, 60, 90), (8 * 96 + 24, NOTE_OFF, 60, 0))
    bar = [BarStarted(8, 1, False), TempoSet(8 * 96, 90.0), Played(note, 0, 0, 0)]
    recorder, _ = written([*bar, Stopped(), *bar])
    events, tempi = recorder.contents()
    assert [step for step, *_ in events] == [0, 24, 96, 120]
    assert tempi == [(0, 90.0), (96, 90.0)]


def test_micro_timing_is_kept_to_the_tick() -> None:
    strikes = ((0, NOTE_ON, 60, 90, 0.25), (24, NOTE_OFF, 60, 0, 0.25), (24, NOTE_ON, 62, 90, 0.3))
    recorder, file = written([BarStarted(0, 1, False), Played(strikes, 0, 0, 0)])
    assert [event[0] for event in recorder.contents()[0]] == [0, 24, 24]
    notes = [message for message in file.tracks[1] if message.type in ("note_on", "note_off")]
    ticks_per_step = file.ticks_per_beat / STEPS_PER_BEAT
    assert [note.time for note in notes] == [
        round(0.25 * ticks_per_step),
        round(24 * ticks_per_step),
        round(0.05 * ticks_per_step),
    ]
