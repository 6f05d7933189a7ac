"""The player promises: every note ends, on the grid, whatever arrives."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core import metronome
from livegan.core.messages import Play, SendBar, SetIfHung, SetMetronome, SetSwing
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.outputs import CONTROL, NOTE_OFF, NOTE_ON, BarLine, Beat, Event, Output
from livegan.core.player import LATE_MARGIN, LOST, START_LEAD, Player
from livegan.core.score import QUANTA
from livegan.core.swing import GRIDS, Swing


def play_until(player: Player, end: float) -> list[Output]:
    """Run a player on time up to a moment."""
    outputs: list[Output] = []
    while (deadline := player.deadline()) is not None and deadline <= end:
        outputs += player.due(deadline)
    return outputs


def midi(outputs: list[Output]) -> list[tuple[int, str, int]]:
    """(step, 'on' or 'off', pitch) of the note events."""
    kinds = {NOTE_ON: "on", NOTE_OFF: "off"}
    return [
        (o.step, kinds[o.status & 0xF0], o.data1)
        for o in outputs
        if isinstance(o, Event) and o.status & 0xF0 in kinds
    ]


STEP = seconds_per_step(120)
BAR = STEPS_PER_BAR * STEP


def started(*bars: list[Note], bpm: float = 120) -> Player:
    player = Player(bpm)
    for number, notes in enumerate(bars):
        player.take_bar(number, 1, notes, "bar", 0.0)
    player.play(0.0)
    return player


def test_a_bar_is_played_on_the_grid_offs_before_ons() -> None:
    player = started([Note(0, 24, 60), Note(24, 24, 60), Note(24, 6, 64)])
    assert midi(play_until(player, BAR * 0.9)) == [
        (0, "on", 60),
        (24, "off", 60),
        (24, "on", 60),
        (24, "on", 64),
        (30, "off", 64),
        (48, "off", 60),
    ]


def test_events_carry_the_moment_they_are_due() -> None:
    player = started([Note(12, 12, 60)])
    on = next(o for o in play_until(player, BAR / 2) if isinstance(o, Event))
    assert on.due == pytest.approx(START_LEAD + 12 * STEP)


def test_bar_lines_and_beats_are_told() -> None:
    lines = [o for o in play_until(started([], []), START_LEAD + BAR) if not isinstance(o, Event)]
    assert [(o.bar, o.beat) for o in lines if isinstance(o, Beat)] == [
        *((0, beat) for beat in range(4)),
        (1, 0),
    ]
    assert [(o.bar, o.repeated) for o in lines if isinstance(o, BarLine)] == [(0, False), (1, False)]


def test_a_missing_bar_is_the_last_one_again() -> None:
    outputs = play_until(started([Note(0, 6, 60)]), START_LEAD + 2.5 * BAR)
    assert midi(outputs) == [
        (place, kind, 60)
        for bar in range(3)
        for place, kind in ((bar * 96, "on"), (bar * 96 + 6, "off"))
    ]
    assert [o.repeated for o in outputs if isinstance(o, BarLine)] == [False, True, True]


@pytest.mark.parametrize(("quantum", "first"), [("step", 31), ("beat", 48), ("bar", None)])
def test_a_revision_replaces_what_was_not_played_from_the_next_quantum_on(
    quantum: str, first: int | None
) -> None:
    player = started([Note(step, 1, 60) for step in range(STEPS_PER_BAR)])
    play_until(player, START_LEAD + 30.5 * STEP)
    now = START_LEAD + 30.5 * STEP
    player.take_bar(0, 2, [Note(step, 1, 72) for step in range(STEPS_PER_BAR)], quantum, now)
    ons = [e for e in midi(play_until(player, START_LEAD + 95.5 * STEP)) if e[1] == "on"]
    changed = [step for step, _, pitch in ons if pitch == 72]
    assert (changed[0] if changed else None) == first
    assert len(ons) == 65, "every step still strikes once"


def test_a_revision_does_not_cut_what_sounds() -> None:
    player = started([Note(0, 90, 60)])
    play_until(player, START_LEAD + 10 * STEP)
    player.take_bar(0, 2, [Note(20, 6, 72)], "step", START_LEAD + 10.5 * STEP)
    assert midi(play_until(player, START_LEAD + 95 * STEP)) == [
        (20, "on", 72),
        (26, "off", 72),
        (90, "off", 60),
    ]


def test_striking_a_sounding_pitch_again_ends_it_first() -> None:
    player = started([Note(0, 90, 60)])
    play_until(player, START_LEAD)
    player.take_bar(0, 2, [Note(20, 6, 60)], "step", START_LEAD)
    assert midi(play_until(player, START_LEAD + 95 * STEP)) == [
        (20, "off", 60),
        (20, "on", 60),
        (26, "off", 60),
    ]


def test_an_older_revision_and_a_past_bar_are_ignored() -> None:
    player = started([Note(0, 6, 60)], [Note(0, 6, 62)])
    play_until(player, START_LEAD + BAR)
    player.take_bar(0, 9, [Note(50, 6, 70)], "step", START_LEAD + BAR)
    player.take_bar(1, 1, [Note(50, 6, 71)], "step", START_LEAD + BAR)
    later = midi(play_until(player, START_LEAD + 1.9 * BAR))
    assert all(pitch == 62 for _, _, pitch in later)


def test_stop_ends_everything_and_play_starts_at_bar_0() -> None:
    player = started([Note(0, 90, 60), Note(0, 90, 64)])
    play_until(player, START_LEAD)
    assert midi(player.stop(0.1)) == [(5, "off", 60), (5, "off", 64)]
    assert player.deadline() is None
    player.take_bar(0, 5, [Note(0, 6, 50)], "bar", 0.2)
    player.play(1.0)
    assert midi(play_until(player, 1.1))[0] == (0, "on", 50)


def test_panic_silences_every_channel_and_goes_on() -> None:
    player = started([Note(0, 90, 60), Note(48, 6, 62)])
    play_until(player, START_LEAD)
    events = [e for e in player.panic(0.1) if isinstance(e, Event)]
    assert (events[0].status, events[0].data1) == (NOTE_OFF, 60)
    silenced = {(e.status & 0x0F, e.data1) for e in events if e.status & 0xF0 == CONTROL}
    assert silenced == {(channel, cc) for channel in range(16) for cc in (120, 123)}
    assert midi(play_until(player, BAR * 0.8)) == [(48, "on", 62), (54, "off", 62)]


def test_a_tempo_change_moves_only_the_future() -> None:
    player = started([Note(24, 24, 60)])
    half = START_LEAD + 24 * STEP
    play_until(player, half)
    player.set_tempo(60, half)
    off = next(o for o in play_until(player, 10) if isinstance(o, Event))
    assert off.due == pytest.approx(half + 24 * 2 * STEP)


def test_strikes_that_are_too_late_are_left_out_but_never_an_off() -> None:
    player = started([Note(0, 12, 60), Note(24, 6, 62), Note(72, 6, 64)])
    play_until(player, START_LEAD)
    outputs = player.due(START_LEAD + 24 * STEP + LATE_MARGIN * 1.01)
    assert midi(outputs) == [(12, "off", 60)]
    assert player.late_notes == 1


# time that was lost, players that were


def test_after_time_was_lost_all_is_silent_until_the_next_bar_line() -> None:
    player = started([Note(0, 90, 60), Note(48, 6, 62)], [Note(0, 6, 64), Note(48, 6, 65)])
    play_until(player, START_LEAD)
    now = START_LEAD + 2.25 * BAR
    outputs = player.due(now)
    assert midi(outputs) == [(216, "off", 60)]
    assert [o.due for o in outputs] == [now]
    later = play_until(player, START_LEAD + 3.9 * BAR)
    assert [o.bar for o in later if isinstance(o, BarLine)] == [3]
    assert midi(later)[0] == (3 * 96, "on", 60), "the last bar again, on the grid"


def test_a_machine_that_slept_ends_its_notes_though_the_clock_stood_still() -> None:
    player = started([Note(0, 90, 60), Note(48, 6, 62)], [Note(0, 6, 64)])
    play_until(player, START_LEAD)
    assert midi(player.wake(START_LEAD + STEP)) == [(1, "off", 60)]
    player.take_bar(0, 2, [Note(50, 6, 70)], "step", START_LEAD + 2 * STEP)
    assert midi(play_until(player, START_LEAD + 1.5 * BAR)) == [(96, "on", 64), (102, "off", 64)]


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 3.9), st.floats(0, 2), st.floats(60, 240), st.integers(0, 2))
def test_a_new_player_strikes_what_the_old_one_would_have_struck(
    at: float, gap: float, bpm: float, ramp: int
) -> None:
    bars = [[Note(step, 5, 60 + bar) for step in range(0, 96, 8)] for bar in range(8)]

    def fresh() -> Player:
        player = started(*bars)
        player.set_tempo(bpm, START_LEAD, ramp)
        return player

    whole = [o for o in play_until(fresh(), 12.0) if isinstance(o, Event)]
    old = fresh()
    play_until(old, at)
    grid = old.grid
    assert grid is not None
    new = Player()
    for number, notes in enumerate(bars):
        new.take_bar(number, 1, notes, "bar", 0.0)
    new.join(grid, False, at + gap)
    joined = [o for o in play_until(new, 12.0) if isinstance(o, Event)]
    strikes = [o for o in joined if o.status == NOTE_ON]
    expected = [o for o in whole if o.status == NOTE_ON][-len(strikes) :]
    assert [(o.step, o.data1) for o in strikes] == [(o.step, o.data1) for o in expected]
    assert [o.due for o in strikes] == pytest.approx([o.due for o in expected], abs=1e-6)
    assert not strikes or strikes[0].due - (at + gap) < 9 * seconds_per_step(60)


def test_a_new_player_for_a_port_that_was_away_begins_at_a_bar_line() -> None:
    old = started([Note(0, 90, 60)], [Note(0, 6, 62)])
    play_until(old, START_LEAD + 10 * STEP)
    new = Player()
    new.take_bar(1, 1, [Note(0, 6, 62)], "bar", 0.0)
    assert old.grid is not None
    assert not new.join(old.grid, True, START_LEAD + 40 * STEP)
    released = new.release(old.sounding, START_LEAD + 40 * STEP)
    assert midi(released)[0] == (40, "off", 60)
    outputs = play_until(new, START_LEAD + 1.5 * BAR)
    assert [(o.bar, o.repeated) for o in outputs if isinstance(o, BarLine)] == [(1, False)]
    assert midi(outputs) == [(96, "on", 62), (102, "off", 62)]


@pytest.mark.parametrize("silence", [False, True])
def test_a_parent_that_hangs_leaves_the_last_bar_or_silence_as_set(silence: bool) -> None:
    player = Player(120)
    for bar in (0, 1):
        player.obey(SendBar(bar, 1, (Note(0, 6, 60 + bar),), "bar"), 0.0)
    player.obey(SetIfHung(silence), 0.0)
    player.obey(Play(), 0.0)
    outputs = play_until(player, START_LEAD + 4.5 * BAR)
    struck = [place for place, kind, _ in midi(outputs) if kind == "on"]
    assert struck == ([0, 96] if silence else [0, 96, 192, 288, 384])
    player.obey(SendBar(5, 2, (Note(0, 6, 70),), "bar"), START_LEAD + 4.6 * BAR)
    later = play_until(player, START_LEAD + 5.5 * BAR)
    player.obey(SetSwing(0.0, 16), START_LEAD + 5.5 * BAR)
    later += play_until(player, START_LEAD + 6.5 * BAR)
    struck = [place for place, kind, _ in midi(later) if kind == "on"]
    assert struck == [480, 576], "it woke; a bar that is only late is the last one again"


# micro-timing


def felt(outputs: list[Output]) -> list[tuple[float, str, int]]:
    """(place in steps, 'on' or 'off', pitch) of the note events."""
    events = [o for o in outputs if isinstance(o, Event)]
    places = [round(event.step + event.offset, 6) for event in events]
    return [(place, kind, pitch) for place, (_, kind, pitch) in zip(places, midi(outputs), strict=True)]


def test_a_note_is_struck_and_ends_to_the_fraction_of_a_step() -> None:
    player = started([Note(12, 12, 60, offset=0.25), Note(48, 6, 62, offset=-1.5)])
    outputs = play_until(player, BAR * 0.9)
    assert felt(outputs) == [
        (12.25, "on", 60),
        (24.25, "off", 60),
        (46.5, "on", 62),
        (52.5, "off", 62),
    ]
    assert midi(outputs) == [(12, "on", 60), (24, "off", 60), (48, "on", 62), (54, "off", 62)]
    on = next(o for o in outputs if isinstance(o, Event))
    assert on.due == pytest.approx(START_LEAD + 12.25 * STEP)


def test_an_early_downbeat_comes_before_its_bar_line_and_once() -> None:
    player = started([], [Note(0, 24, 60, offset=-0.5), Note(0, 24, 64, offset=0.25)])
    outputs = play_until(player, START_LEAD + 1.9 * BAR)
    assert felt(outputs) == [
        (95.5, "on", 60),
        (96.25, "on", 64),
        (119.5, "off", 60),
        (120.25, "off", 64),
    ]
    line = next(place for place, o in enumerate(outputs) if isinstance(o, BarLine) and o.bar == 1)
    assert felt(outputs[:line]) == [(95.5, "on", 60)]


def test_an_early_downbeat_is_on_the_line_where_its_bar_came_too_late() -> None:
    early = [Note(0, 24, 60, offset=-0.5)]
    assert felt(play_until(started(early), BAR / 2))[0] == (0, "on", 60), "nothing precedes play"
    late = started([], bpm=120)
    now = START_LEAD + 95.75 * STEP
    play_until(late, now)
    late.take_bar(1, 1, early, "bar", now)
    assert felt(play_until(late, now + BAR / 2))[0] == (96, "on", 60)
    repeated = started(early)
    assert felt(play_until(repeated, 1.1 * BAR))[2] == (96, "on", 60), "a bar that is missing"


@pytest.mark.parametrize("bar", [0, 1])
def test_a_revision_does_not_strike_again_what_was_struck_early(bar: int) -> None:
    step = 24 if bar == 0 else 0
    notes = [Note(step, 6, 60, offset=-0.75)]
    player = started(*([[]] * bar), notes)
    now = START_LEAD + (bar * 96 + step - 0.5) * STEP
    outputs = play_until(player, now)
    player.take_bar(bar, 2, [*notes, Note(step, 6, 64)], "step", now)
    assert midi(outputs + play_until(player, now + BAR / 2)) == [
        (bar * 96 + step, "on", 60),
        (bar * 96 + step, "on", 64),
        (bar * 96 + step + 6, "off", 60),
        (bar * 96 + step + 6, "off", 64),
    ]


def test_notes_of_a_pitch_keep_their_order_and_a_late_one_ends_with_its_bar() -> None:
    bar = [Note(90, 3, 60, offset=2.0), Note(93, 1, 60, offset=-2.0), Note(94, 2, 62, offset=0.5)]
    assert felt(play_until(started(bar, []), START_LEAD + 1.5 * BAR)) == [
        (92, "on", 60),
        (92, "off", 60),
        (92, "on", 60),
        (93, "off", 60),
        (94.5, "on", 62),
        (96, "off", 62),
    ]


OFFSETS = st.one_of(st.just(0.0), st.floats(-4, 4))


# any sequence of bars, revisions, tempo changes, stops and panics


@st.composite
def bars(draw: st.DrawFn) -> list[Note]:
    """Notes that do not overlap on one pitch, as the decoder makes them, anyhow beside the grid."""
    notes = []
    for pitch in draw(st.lists(st.integers(58, 62), max_size=4, unique=True)):
        edges = sorted(draw(st.lists(st.integers(0, 96), max_size=6, unique=True)))
        channel = draw(st.integers(0, 1))
        notes += [
            Note(start, end - start, pitch, 90, channel, draw(OFFSETS))
            for start, end in zip(edges[::2], edges[1::2], strict=False)
        ]
    return notes


ACTIONS = st.one_of(
    st.tuples(st.just("wait"), st.floats(0, 3)),
    st.tuples(st.just("oversleep"), st.floats(0, 5)),
    st.tuples(st.just("bar"), st.integers(0, 2), bars(), st.sampled_from(sorted(QUANTA))),
    st.tuples(st.just("tempo"), st.floats(20, 300), st.integers(0, 2)),
    st.tuples(st.just("nudge"), st.floats(-0.1, 0.1)),
    st.tuples(st.just("swing"), st.floats(0, 1), st.sampled_from(GRIDS)),
    st.tuples(st.just("metronome"), st.booleans(), st.integers(0, 1)),
    st.tuples(st.just("play"), st.integers(0, 2), st.integers(0, 1)),
    st.tuples(st.just("stop")),
    st.tuples(st.just("panic")),
    st.tuples(st.just("wake")),
    st.tuples(st.just("handover"), st.floats(0, 3), st.booleans()),
)


@dataclass
class Listener:
    """Follows what a synth would hear and what was asked, and complains at once."""

    sounding: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    asked: set[tuple[int, int, int, int]] = field(default_factory=set)
    last_due: float = 0.0
    cut: bool = False
    strikes: int = 0

    def ask(self, bar: int, notes: list[Note]) -> None:
        self.asked |= {(n.start, n.channel, n.pitch, n.length) for n in notes}

    def hear(self, outputs: list[Output], silencing: bool = False) -> None:
        events = [o for o in outputs if isinstance(o, Event)]
        for position, event in enumerate(events):
            key = (event.status & 0x0F, event.data1)
            if event.status & 0xF0 == NOTE_ON:
                assert key not in self.sounding, "struck while it sounds"
                assert event.due >= self.last_due - 1e-9, "out of order"
                self.strikes += 1
                wanted = [a[3] for a in self.asked if a[:3] == (event.step % 96, *key)]
                if event.click:
                    wanted = [metronome.LENGTH]
                assert wanted, "nobody asked for this note"
                self.sounding[key] = (event.step, min(wanted))
            elif event.status & 0xF0 == NOTE_OFF:
                assert key in self.sounding, "an off without its on"
                start, length = self.sounding.pop(key)
                struck_again = any(
                    later.status == NOTE_ON | key[0]
                    and later.data1 == key[1]
                    and later.step == event.step
                    for later in events[position + 1 :]
                )
                if not silencing and not struck_again:
                    assert event.step - start >= length, "shorter than asked"
            if not silencing:
                self.last_due = max(self.last_due, event.due)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTIONS, max_size=40))
def test_whatever_arrives_every_note_ends_once_in_order_and_in_full(
    actions: list[tuple[object, ...]],
) -> None:
    player, listener = Player(), Listener()
    now, revision, current = 0.0, 0, 0
    listener.last_due = -1.0
    for name, *arguments in actions:
        if name == "wait":
            end = now + float(str(arguments[0]))
            while (deadline := player.deadline()) is not None and deadline <= end:
                outputs = player.due(deadline)
                listener.hear(outputs)
                current = max([o.bar for o in outputs if isinstance(o, BarLine)] + [current])
            now = end
        elif name == "oversleep":
            now += float(str(arguments[0]))
            deadline = player.deadline()
            lost = deadline is not None and now - deadline > LOST
            outputs = player.due(now)
            listener.hear(outputs, silencing=lost)
            if lost:
                assert not player.sounding
                assert not [
                    o for o in outputs if isinstance(o, Event) and o.status >> 4 == NOTE_ON >> 4
                ]
                listener.last_due = -1.0
            current = max([o.bar for o in outputs if isinstance(o, BarLine)] + [current])
        elif name == "bar":
            ahead, notes, quantum = arguments
            assert isinstance(ahead, int)
            assert isinstance(notes, list)
            revision += 1
            listener.ask(current + ahead, notes)
            player.take_bar(current + ahead, revision, notes, str(quantum), now)
        elif name == "tempo":
            bpm, ramp = arguments
            player.set_tempo(float(str(bpm)), now, int(str(ramp)))
            listener.last_due = -1.0
        elif name == "nudge":
            player.nudge(float(str(arguments[0])), now)
            listener.last_due = -1.0
        elif name == "swing":
            share, grid = arguments
            player.set_swing(Swing(float(str(share)), int(str(grid))), now)
        elif name == "metronome":
            on, channel = arguments
            player.obey(SetMetronome(bool(on), int(str(channel))), now)
        elif name == "play":
            bar, count_in = (int(str(argument)) for argument in arguments)
            current = bar if not player.playing else current
            player.play(now, bar, count_in)
        elif name == "wake":
            listener.hear(player.wake(now), silencing=True)
            assert not listener.sounding
            listener.last_due = -1.0
        elif name == "handover":
            grid, left = player.grid, player.sounding
            if grid is not None:
                now += float(str(arguments[0]))
                player = Player()
                listener.hear(
                    [*player.release(left, now), *player.join(grid, bool(arguments[1]), now)],
                    silencing=True,
                )
                assert not listener.sounding
                listener.last_due, current = -1.0, int(player.step_at(now) // STEPS_PER_BAR)
        elif name == "stop":
            listener.hear(player.stop(now), silencing=True)
            assert not listener.sounding
            listener.last_due, current = -1.0, 0
        else:
            listener.hear(player.panic(now), silencing=True)
            assert not listener.sounding
        assert {(c, p) for c, p in listener.sounding} == player.sounding
    listener.hear(player.stop(now), silencing=True)
    assert not listener.sounding


@settings(max_examples=200, deadline=None)
@given(st.lists(bars(), min_size=1, max_size=4))
def test_on_time_every_note_is_struck_once_in_the_order_of_its_pitch(played: list[list[Note]]) -> None:
    player = started(*played, [])
    outputs = play_until(player, START_LEAD + (len(played) + 0.5) * BAR)
    ons = [o for o in outputs if isinstance(o, Event) and o.status & 0xF0 == NOTE_ON]
    written = [
        (bar * STEPS_PER_BAR + note.start, note) for bar, notes in enumerate(played) for note in notes
    ]
    struck = sorted((on.step, on.status & 0x0F, on.data1) for on in ons)
    assert struck == sorted((step, note.channel, note.pitch) for step, note in written)
    offsets = {(step, note.channel, note.pitch): note.offset for step, note in written}
    for on in ons:
        key = (on.status & 0x0F, on.data1)
        assert on.offset >= min(0.0, offsets[on.step, *key]) - 1e-9
        assert [o.step for o in ons if (o.status & 0x0F, o.data1) == key] == sorted(
            step for step, *voice in offsets if tuple(voice) == key
        )
    assert not player.sounding
