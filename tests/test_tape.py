"""What is kept of the last bars is what was played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.addressing import Move, parse_setting
from livegan.core.messages import BarStarted, Joined, Played, Report, Sent, Stopped, TempoSet, place_of
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, Note
from livegan.core.outputs import NOTE_OFF, NOTE_ON, BarLine, Event, Tempo
from livegan.core.performance import notes_of, simulate
from livegan.core.state import BadValue, TrackSettings, initial
from livegan.core.tape import Excerpt, Tape
from livegan.shell.midi_file import TICKS_PER_STEP, write_midi
from livegan.shell.recorder import Recorder

from .fakes import QUANTILES, FakeGenerator

TRACKS = (Track("Piano", 3, False, QUANTILES), Track("Bass", 33, False, QUANTILES))


def reports_of(bars: int, moves: dict[int, list[str]] | None = None) -> list[Report]:
    """What the player tells of a performance."""
    generator = FakeGenerator()
    state = replace(initial(1, generator.info.latent), playing=True, drift=1.0)
    parsed: dict[int, list[Move]] = {
        bar: [parse_setting(text) for text in texts] for bar, texts in (moves or {}).items()
    }
    reports: list[Report] = []
    sent: list[Sent] = []
    for output, _ in simulate(generator, state, bars, parsed):
        match output:
            case Event():
                sent.append(output.sent)
            case BarLine(_, bar, revision, repeated):
                reports += [Played(tuple(sent), 0, 0, 0), BarStarted(bar, revision, repeated)]
                sent = []
            case Tempo(_, step, bpm):
                reports.append(TempoSet(step, bpm))
    return reports


def taped(reports: list[Report]) -> Tape:
    tape = Tape(120.0)
    for report in reports:
        tape.take(report)
    return tape


def events_in(reports: list[Report]) -> list[Sent]:
    return [event for report in reports if isinstance(report, Played) for event in report.events]


def notes(events: tuple[Sent, ...] | list[Sent]) -> list[Note]:
    return [n._replace(offset=round(n.offset, 3)) for n in notes_of(events)]


def shifted(played: list[Note], bars: int) -> list[Note]:
    return [n._replace(start=n.start + bars * STEPS_PER_BAR) for n in played]


@pytest.mark.parametrize("count", [1, 4, 9])
def test_the_last_whole_bars_are_kept_to_the_fraction(count: int) -> None:
    reports = reports_of(10, {3: ["/loop=2"], 7: ["/loop=0", "/velocity=1"]})
    tape = taped([r for r in reports if not (isinstance(r, BarStarted) and r.bar > 9)])
    part = tape.last(count)
    assert part.end_step == count * STEPS_PER_BAR
    played = [n for n in notes(events_in(reports)) if 9 - count <= n.start // STEPS_PER_BAR < 9]
    assert notes(part.events) == shifted(played, count - 9)
    assert any(n.offset for n in played)


def test_as_many_as_there_are_and_a_line_where_there_is_none() -> None:
    with pytest.raises(BadValue, match="no whole bar"):
        taped([BarStarted(0, 1, False)]).last(4)
    with pytest.raises(BadValue, match="nothing was played"):
        Tape(120.0).ago(0)
    tape = taped([BarStarted(0, 1, False), BarStarted(1, 1, False)])
    assert tape.last(4).end_step == STEPS_PER_BAR
    assert tape.ago(1).number == 0
    with pytest.raises(BadValue, match="this one: 1, so 2 is too far"):
        tape.ago(2)


def test_tempi_and_marks_are_kept_with_their_places() -> None:
    tape = Tape(100.0)
    for report in (
        BarStarted(0, 1, False), TempoSet(0, 100.0), BarStarted(1, 1, False), TempoSet(120, 90.0),
        BarStarted(2, 1, False),
    ):  # fmt: skip
        tape.take(report)
    tape.mark(12.5, "scene 3")
    tape.ago(1).marks.append((0, "like: bar 2"))
    tape.take(BarStarted(3, 1, False))
    part = tape.last(2)
    assert part.tempi == ((0, 100.0), (24, 90.0))
    assert part.marks == ((0, "like: bar 2"), (STEPS_PER_BAR + 12.5, "scene 3"))
    assert tape.last(1).tempi == ((0, 90.0),)


def test_a_note_that_was_struck_before_its_bar_line_belongs_to_its_bar() -> None:
    strikes = ((96, NOTE_ON, 60, 90, -0.5),), ((102, NOTE_OFF, 60, 0, -0.5),)
    tape = taped(
        [
            BarStarted(0, 1, False), Played(strikes[0], 0, 0, 0), BarStarted(1, 1, False),
            Played(strikes[1], 0, 0, 0), BarStarted(2, 1, False),
        ]
    )  # fmt: skip
    assert tape.last(2).events == (*strikes[0], *strikes[1])
    (on, off) = tape.last(1).events
    assert (place_of(on), place_of(off)) == (0, 5.5), "the file can't begin before itself"


def test_bars_count_as_they_were_played_whatever_a_leader_calls_them_and_past_a_stop() -> None:
    def bar(number: int, pitch: int) -> list[Report]:
        step = number * STEPS_PER_BAR
        note = ((step, NOTE_ON, pitch, 90), (step + 96, NOTE_OFF, pitch, 0))
        return [BarStarted(number, 1, False), Played(note, 0, 0, 0)]

    tape = taped([*bar(5, 60), *bar(1000, 61), Stopped(), *bar(0, 62), Stopped()])
    part = tape.last(3)
    assert [(n.start, n.pitch) for n in notes(part.events)] == [(0, 60), (96, 61), (192, 62)]
    assert tape.ago(0).number == 0


def test_what_a_player_that_is_gone_left_sounding_ends_with_its_bar() -> None:
    tape = taped([BarStarted(0, 1, False), Played(((24, NOTE_ON, 60, 90),), 0, 0, 0)])
    tape.end_notes()
    tape.take(BarStarted(1, 1, False))
    assert notes(tape.last(1).events) == [Note(24, 72, 60, 90)]


STRIKES = st.lists(
    st.tuples(
        st.integers(0, 4 * STEPS_PER_BAR - 1), st.integers(1, 96), st.integers(0, 3), st.floats(-2, 2)
    ),
    max_size=30,
)


@settings(deadline=None)
@given(STRIKES, st.integers(1, 4))
def test_whatever_was_played_no_note_is_left_on_in_the_file(
    strikes: list[tuple[int, int, int, float]], count: int
) -> None:
    events: list[Sent] = []
    for start, length, pitch, offset in strikes:
        events += [(start, NOTE_ON, pitch, 90, offset), (start + length, NOTE_OFF, pitch, 0, offset)]
    events.sort(key=place_of)
    tape = Tape(120.0)
    for bar in range(5):
        tape.take(BarStarted(bar, 1, False))
        inside = [e for e in events if bar <= place_of(e) / STEPS_PER_BAR < bar + 1]
        tape.take(Played(tuple(inside), 0, 0, 0))
    part = tape.last(count)
    assert [place_of(e) for e in part.events] == sorted(place_of(e) for e in part.events)
    sounding: set[int] = set()
    for event in part.events:
        assert place_of(event) >= 0
        sounding.add(event[2]) if event[1] & 0xF0 == NOTE_ON else sounding.discard(event[2])
    assert not sounding


# the file


def written(path: Path, part: Excerpt, settings: tuple[TrackSettings, ...] = ()) -> mido.MidiFile:
    write_midi(path, part.events, part.tempi, part.end_step, TRACKS, settings, part.marks)
    return mido.MidiFile(path, charset="utf-8")


def names_and_notes(file: mido.MidiFile) -> dict[str, list[int]]:
    return {
        next(m.name for m in track if m.type == "track_name"): [
            m.note for m in track if m.type == "note_on"
        ]
        for track in file.tracks[1:]
    }


def test_notes_are_written_to_the_track_they_came_from_whatever_its_channel(tmp_path: Path) -> None:
    events: list[Sent] = []
    for channel, pitch in ((0, 60), (4, 61), (11, 62)):
        events += [(0, NOTE_ON | channel, pitch, 90), (24, NOTE_OFF | channel, pitch, 0)]
    part = Excerpt(tuple(events), ((0, 120.0),), ((6.5, "scene 2: chörus ♪"),), 96)
    moved = (TrackSettings(), TrackSettings(channel=5, program=12))
    file = written(tmp_path / "a.mid", part, moved)
    assert names_and_notes(file) == {"Piano": [60], "Bass": [61], "channel 12": [62]}
    programs = [m.program for track in file.tracks for m in track if m.type == "program_change"]
    assert programs == [3, 11]
    both = written(tmp_path / "b.mid", part, (TrackSettings(channel=5), TrackSettings(channel=5)))
    assert names_and_notes(both) == {"channel 1": [60], "Piano + Bass": [61], "channel 12": [62]}
    (marker,) = [m for m in file.tracks[0] if m.type == "marker"]
    assert (marker.text, marker.time) == ("scene 2: chörus ♪", round(6.5 * TICKS_PER_STEP))


# recording from the middle


def recorded(
    tmp_path: Path, reports: list[Report], begin: int, end: int
) -> tuple[Recorder, list[Sent]]:
    """From a quarter into the bar `begin` until half of the bar `end`."""
    recorder = Recorder(tmp_path / "r.mid", TRACKS, 120.0)
    for report in reports:
        if isinstance(report, BarStarted) and report.bar == begin:
            recorder.begin(begin, 24.0)
            continue
        if isinstance(report, BarStarted) and report.bar < begin:
            continue
        if isinstance(report, Played) and not recorder._lines:
            continue
        recorder.take(report)
        if isinstance(report, BarStarted) and report.bar == end:
            recorder.end(48.0)
        if isinstance(report, BarStarted) and report.bar == end + 1:
            break
    recorder.finish()
    return recorder, recorder.contents()[0]


def test_a_recording_that_begins_and_ends_in_the_middle_has_what_lay_between(tmp_path: Path) -> None:
    reports = reports_of(8)
    recorder, events = recorded(tmp_path, reports, 2, 4)
    wanted = [n for n in notes(events_in(reports)) if 2 * 96 + 24 <= n.start + n.offset < 4 * 96 + 48]
    heard = [(n.pitch, n.velocity, pytest.approx(n.place, abs=0.05)) for n in shifted(wanted, -2)]
    assert [(n.pitch, n.velocity, n.place) for n in notes(events)] == heard
    assert recorder.end_step == 3 * STEPS_PER_BAR


def test_marks_are_in_the_journal_and_in_the_file(tmp_path: Path) -> None:
    reports = reports_of(5)
    recorder = Recorder(tmp_path / "r.mid", TRACKS, 120.0)
    for report in reports:
        recorder.take(report)
        if isinstance(report, BarStarted) and report.bar == 3:
            recorder.mark(30.0, "scene 2: ♪")
            recorder.like(2, "like: bar 2")
            recorder.like(40, "like: before it began")
    journal = mido.MidiFile(recorder.path, charset="utf-8")
    assert sorted(m.text for m in journal.tracks[0] if m.type == "marker") == [
        "like: bar 2",
        "scene 2: ♪",
    ]
    recorder.finish()
    file = mido.MidiFile(recorder.path, charset="utf-8")
    place, found = 0, {}
    for message in file.tracks[0]:
        place += message.time
        if message.type == "marker":
            found[message.text] = place / TICKS_PER_STEP / STEPS_PER_BAR
    assert found == {"like: bar 2": 1.0, "scene 2: ♪": pytest.approx(3 + 30 / 96, abs=1e-3)}


def test_a_recording_goes_on_where_a_leader_calls_the_bars_otherwise(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.mid", (), 120.0)
    for number, joined in ((0, None), (1, 1000), (1000, None), (1001, None)):
        step = number * STEPS_PER_BAR
        recorder.take(BarStarted(number, 1, False))
        if joined:
            recorder.take(Joined(joined, False))
        note = ((step, NOTE_ON, 60, 90), (step + 24, NOTE_OFF, 60, 0))
        recorder.take(Played(note, 0, 0, 0))
    recorder.finish()
    assert [n.start for n in notes(recorder.contents()[0])] == [0, 96, 192, 288]
