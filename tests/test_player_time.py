"""What a performer does to time reaches the music: ramps, nudges, swing, count-in, clicks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.messages import SetMetronome
from livegan.core.metronome import HIGH, LOUD, LOW, SOFT
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON, BarLine, Beat, Event, Output, Tempo
from livegan.core.player import LATE_MARGIN, START_LEAD, Player
from livegan.core.swing import GRIDS, Swing

from .test_player import BAR, STEP, bars, felt, midi, play_until, started

BEAT = 24 * STEP
SIXTEENTHS = [Note(step, 6, 60) for step in range(0, STEPS_PER_BAR, 6)]


def clicks(outputs: list[Output]) -> list[tuple[int, int, int, int]]:
    """(step, status, pitch, velocity)"""
    return [o[1:5] for o in outputs if isinstance(o, Event) and o.click]


def lines(outputs: list[Output]) -> dict[int, float]:
    return {o.bar: o.due for o in outputs if isinstance(o, BarLine)}


# tempo


def test_a_ramp_arrives_at_its_bar_line_and_every_bar_is_as_long_as_its_mean_tempo() -> None:
    player = started([], bpm=60)
    player.set_tempo(120, START_LEAD, 2)
    outputs = play_until(player, 20)
    due = lines(outputs)
    seconds = [due[bar + 1] - due[bar] for bar in range(4)]
    assert seconds[2:] == pytest.approx([2.0, 2.0])
    assert 8 / 3 < seconds[0] < 4.0
    assert 2.0 < seconds[1] < 8 / 3
    told = [(o.step, round(o.bpm)) for o in outputs if isinstance(o, Tempo)]
    places = [0, 24, 48, 72, 96, 120, 144, 168, 192]
    assert told == list(zip(places, [64, 71, 79, 86, 94, 101, 109, 116, 120], strict=True))


def test_the_tempi_that_are_told_put_every_beat_where_it_was_played() -> None:
    player = started([], bpm=97)
    outputs = play_until(player, 3.3)
    outputs += player.set_tempo(171, 3.3, 3)
    outputs += play_until(player, 20)
    tempi = [(o.step, o.bpm) for o in outputs if isinstance(o, Tempo)]
    beats = [o.due for o in outputs if isinstance(o, Beat)]
    at, step, bpm = START_LEAD, 0, 97.0
    for beat, due in enumerate(beats):
        for change, new in [(s, b) for s, b in tempi if step < s <= beat * 24]:
            at, step, bpm = at + (change - step) * seconds_per_step(bpm), change, new
        assert at + (beat * 24 - step) * seconds_per_step(bpm) == pytest.approx(due, abs=0.005)


def test_while_stopped_a_ramp_is_the_tempo_to_come() -> None:
    player = Player(60)
    assert player.set_tempo(120, 0.0, 8) == []
    player.play(0.0)
    assert lines(play_until(player, START_LEAD + BAR)) == pytest.approx({0: START_LEAD, 1: 2.005})


def test_a_nudge_moves_the_music_within_a_beat_and_for_good() -> None:
    player = started([])
    play_until(player, START_LEAD + BEAT / 2)
    player.nudge(0.02, START_LEAD + BEAT / 2)
    beats = [o.due - START_LEAD for o in play_until(player, 3) if isinstance(o, Beat)]
    slower = 1 - 0.02 / BEAT
    assert beats[0] == pytest.approx(BEAT / 2 + BEAT / 2 / slower)
    assert beats[1:] == pytest.approx([n * BEAT + 0.02 for n in range(2, 6)])


# swing


def test_swing_makes_every_second_sixteenth_late_and_the_one_before_longer() -> None:
    player = started([Note(0, 6, 60), Note(6, 6, 62), Note(12, 12, 64)])
    player.set_swing(Swing(2 / 3, 16), 0.0)
    assert felt(play_until(player, BAR / 2)) == [
        (0, "on", 60),
        (8, "off", 60),
        (8, "on", 62),
        (12, "off", 62),
        (12, "on", 64),
        (24, "off", 64),
    ]


def test_swing_reaches_what_was_not_struck_and_is_the_next_bars_too() -> None:
    player = started(SIXTEENTHS, [])
    play_until(player, START_LEAD + 13 * STEP)
    player.set_swing(Swing(1.0, 16), START_LEAD + 13 * STEP)
    later = play_until(player, START_LEAD + BAR * 0.99)
    assert [place for place, kind, _ in felt(later) if kind == "on"][:4] == [21, 24, 33, 36]
    assert [step for step, kind, _ in midi(later) if kind == "on"] == list(range(18, 96, 6))


def test_straightened_notes_whose_place_has_passed_are_struck_at_once() -> None:
    player = started([Note(6, 6, 60)])
    player.set_swing(Swing(1.0, 16), 0.0)
    play_until(player, START_LEAD + 8 * STEP)
    player.set_swing(Swing(), START_LEAD + 8 * STEP)
    assert felt(play_until(player, BAR / 2)) == [(8, "on", 60), (14, "off", 60)]


@settings(deadline=None)
@given(bars(), st.floats(0, 1), st.sampled_from(GRIDS))
def test_swing_loses_no_note_ends_none_before_it_began_and_keeps_all_in_their_bar(
    notes: list[Note], share: float, grid: int
) -> None:
    notes = [note._replace(offset=0.0) for note in notes]
    player = started(notes, [])
    player.set_swing(Swing(share, grid), 0.0)
    outputs = play_until(player, START_LEAD + BAR * 1.01)
    written = sorted((n.start, n.channel, n.pitch) for n in notes)
    ons = [o for o in outputs if isinstance(o, Event) and o.status & 0xF0 == NOTE_ON]
    assert sorted((o.step, o.status & 0x0F, o.data1) for o in ons) == written
    began: dict[tuple[int, int], float] = {}
    for event in (o for o in outputs if isinstance(o, Event)):
        place = event.step + event.offset
        assert 0 <= place <= STEPS_PER_BAR + 1e-9
        key = (event.status & 0x0F, event.data1)
        if event.status & 0xF0 == NOTE_ON:
            began[key] = place
        else:
            assert place > began.pop(key)
    assert not began


# count-in, metronome, another bar


def test_a_count_in_clicks_and_then_the_music_starts() -> None:
    player = Player()
    player.take_bar(0, 1, [Note(0, 6, 60)], "bar", 0.0)
    player.play(0.0, count_in=1)
    outputs = play_until(player, START_LEAD + BAR + BEAT / 2)
    ons = [(step, pitch) for step, status, pitch, _ in clicks(outputs) if status == NOTE_ON | 9]
    assert ons == [(-96, HIGH), (-72, LOW), (-48, LOW), (-24, LOW)]
    assert lines(outputs) == pytest.approx({0: START_LEAD + BAR})
    assert [(o.bar, o.beat) for o in outputs if isinstance(o, Beat)][:5] == [
        *((-1, beat) for beat in range(4)),
        (0, 0),
    ]
    music = [o for o in outputs if isinstance(o, Event) and not o.click]
    assert midi(list(music)) == [(0, "on", 60), (6, "off", 60)]


def test_the_metronome_clicks_on_its_channel_for_as_long_as_it_is_on() -> None:
    player = started([])
    player.obey(SetMetronome(True, 3), 0.0)
    assert clicks(play_until(player, START_LEAD + 1.5 * BEAT)) == [
        (0, NOTE_ON | 3, HIGH, LOUD),
        (3, NOTE_OFF | 3, HIGH, 0),
        (24, NOTE_ON | 3, LOW, SOFT),
        (27, NOTE_OFF | 3, LOW, 0),
    ]


def test_a_click_that_is_late_is_left_out_and_no_note_counts_as_lost() -> None:
    player = Player()
    player.play(0.0, count_in=1)
    assert clicks(player.due(START_LEAD + LATE_MARGIN * 1.1)) == []
    assert player.late_notes == 0


def test_play_can_start_at_any_bar() -> None:
    player = Player()
    player.take_bar(8, 1, [Note(0, 6, 60, offset=-1.0)], "bar", 0.0)
    player.take_bar(9, 2, [Note(0, 6, 62)], "bar", 0.0)
    player.play(0.0, bar=8)
    player.take_bar(7, 3, [Note(0, 6, 50)], "step", 0.0)
    outputs = play_until(player, START_LEAD + 1.1 * BAR)
    assert midi(outputs) == [(768, "on", 60), (774, "off", 60), (864, "on", 62), (870, "off", 62)]
    assert lines(outputs) == pytest.approx({8: START_LEAD, 9: START_LEAD + BAR})
