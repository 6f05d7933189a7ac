"""Loop, again, lock, and moves that wait for their line, under the simulated clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from livegan.core.addressing import parse_setting
from livegan.core.conductor import Conductor
from livegan.core.feel import FeelMaps
from livegan.core.messages import Command, Grid, Join, SendBar
from livegan.core.model import ModelInfo, Track
from livegan.core.music import STEPS_PER_BAR, Note
from livegan.core.performance import perform
from livegan.core.rendering import Cue
from livegan.core.state import BadValue, State, initial

from .fakes import QUANTILES, BrokenGenerator, FakeGenerator

Moves = dict[int, list[str]]


class Duo(FakeGenerator):
    """Two tracks that hear the bar before."""

    name = "duo"

    def __init__(self, names: tuple[str, ...] = ("piano", "bass")) -> None:
        super().__init__()
        tracks = tuple(Track(name, 0, False, QUANTILES) for name in names)
        self.info = ModelInfo(self.name, "onset", 8, tracks, context=True)
        self.contexts: dict[int, Any] = {}

    def logits(self, cue: Cue) -> Any:
        self.contexts[cue.bar] = cue.context
        logits = super().logits(cue)
        tracks = len(self.info.tracks)
        onset = np.concatenate([np.roll(logits.onset, 3 * track, axis=2) for track in range(tracks)])
        return logits._replace(onset=onset, keep=np.repeat(logits.keep, tracks, axis=0))

    def feel(self, roll: Any) -> FeelMaps | None:
        return None


def state_of(generator: FakeGenerator, **changes: object) -> State:
    state = initial(1, generator.info.latent, len(generator.info.tracks))
    return replace(state, **{"drift": 1.0, "playing": True, **changes})  # type: ignore[arg-type]


def played(
    bars: int, moves: Moves, generator: FakeGenerator | None = None, **changes: object
) -> list[list[Note]]:
    """The notes of each bar, from its beginning."""
    generator = generator or FakeGenerator()
    parsed = {bar: [parse_setting(text) for text in texts] for bar, texts in moves.items()}
    notes = perform(generator, state_of(generator, **changes), bars, parsed).notes()
    made: list[list[Note]] = [[] for _ in range(bars)]
    for note in notes:
        bar, start = divmod(note.start, STEPS_PER_BAR)
        made[bar].append(note._replace(start=start, offset=round(note.offset, 3)))
    return made


def conducted(generator: FakeGenerator | None = None, **changes: object) -> Conductor:
    generator = generator or FakeGenerator()
    one = Conductor(generator, state_of(generator, **changes))
    one.start()
    return one


def sent(commands: list[Command]) -> dict[int, SendBar]:
    return {command.bar: command for command in commands if isinstance(command, SendBar)}


def moved(one: Conductor, text: str, now: float | None = None) -> dict[int, SendBar]:
    """What the player gets for a move."""
    return sent([*one.move(parse_setting(text), now), *one.render_again()])


# loop


@pytest.mark.parametrize("count", [1, 2, 3, 8, 16])
def test_the_last_bars_go_round_note_for_note_until_the_loop_is_let_go(count: int) -> None:
    begin, end = 17, 17 + 2 * count + 1
    free = played(end + 3, {})
    bars = played(end + 3, {begin: [f"/loop={count}"], end: ["/loop=0"]})
    assert bars[: begin + 1] == free[: begin + 1]
    for bar in range(begin + 1, end + 1):
        assert bars[bar] == bars[bar - count], "pitches, velocities and micro-timing"
    assert any(note.offset for bar in bars for note in bar)
    assert bars[end + 1] not in bars[: end + 1], "and the music goes on"


def test_the_music_goes_on_where_it_was() -> None:
    free, looped = FakeGenerator(), FakeGenerator()
    one, other = conducted(free), conducted(looped)
    for bar in range(8):
        one.bar_started(bar)
        other.bar_started(bar)
    other.move(parse_setting("/loop=2"))
    calls = looped.calls
    list(other.render_again())
    assert looped.calls == calls + 1, "only the bar that plays is made; the next was there before"
    for bar in range(8, 12):
        other.bar_started(bar)
    assert np.array_equal(other.state.point, one.state.point), "the latent stood still"


def test_shaping_acts_on_a_loop() -> None:
    bars = played(12, {4: ["/loop=2"], 8: ["/velocity=1", "/humanise=0"]})
    assert [n.pitch for n in bars[8]] == [n.pitch for n in bars[6]]
    assert {n.velocity for n in bars[8]} == {127} != {n.velocity for n in bars[6]}
    assert all(n.offset == 0 for n in bars[8])


def test_chance_says_the_same_of_a_bar_that_comes_again_and_mute_silences_it() -> None:
    changes = {"chance": 0.5, "density": 1.0}
    bars = played(16, {5: ["/loop=3"], 12: ["/track/1/mute=on"]}, **changes)
    assert bars[6:9] == bars[9:12] == bars[3:6]
    assert len({len(bar) for bar in bars[3:6]} | {21}) > 1, "not all onsets are struck"
    assert bars[12:] == [[]] * 4


def test_a_loop_closes_when_there_are_enough_bars() -> None:
    bars = played(12, {}, loop=4)
    assert bars[4:8] == bars[8:12] == bars[:4]
    assert len({tuple(bar) for bar in bars}) == 4


def test_a_loop_made_shorter_takes_the_last_bars_that_sounded() -> None:
    bars = played(16, {5: ["/loop=4"], 9: ["/loop=2"]})
    assert bars[6:10] == bars[2:6]
    assert bars[10:12] == bars[12:14] == bars[14:16] == bars[8:10]


def test_the_model_hears_what_sounded_in_the_loop() -> None:
    duo = Duo()
    bars = played(8, {2: ["/loop=2"], 5: ["/loop=0"]}, duo)
    assert bars[5] == bars[1]
    context = duo.contexts[6]
    starts = {n.start for n in bars[5] if n.channel == 0}
    assert context is not None
    assert {int(step) for step in context[0].any(axis=1).nonzero()[0]} >= starts
    rows = {n.pitch - 24 for n in bars[5] if n.channel == 0}
    assert {int(row) for row in context[0].any(axis=0).nonzero()[0]} == rows


def test_a_loop_goes_on_through_a_stop_a_takeover_a_leader_and_another_model() -> None:
    one = conducted()
    bars = [sent(one.bar_started(bar))[bar + 1].notes for bar in range(5)]
    loop = bars[2:4]
    assert moved(one, "/loop=2")[5].notes == loop[0]
    assert sent(one.bar_started(5))[6].notes == loop[1]
    again = one.resume(Grid(0.0, 5 * STEPS_PER_BAR, 120, 0, 120), False)
    assert [bar.notes for bar in sent(again).values()] == loop
    assert isinstance(again[-1], Join)
    one.entered(5, sent(again)[5].revision)
    assert sent(one.bar_started(6))[7].notes == loop[0], "the player that took over adds no bar"
    one.joined(1007, False)
    assert sent(one.bar_started(1007))[1008].notes == loop[1]
    one.use(Duo(("piano", "strings")))
    assert sent(one.bar_started(1008))[1009].notes == loop[0]
    stopped = sent([*one.move(parse_setting("/stop")), *one.render_again()])
    assert [stopped[bar].notes for bar in (0, 1)] == loop
    one.move(parse_setting("/play"))
    assert sent(one.bar_started(0))[1].notes == loop[1]
    assert sent(one.bar_started(1))[2].notes == loop[0]
    one.move(parse_setting("/loop=0"))
    new = sent([one._send(2)])[2]
    assert {note.channel for note in new.notes} == {0, 1}, "the other model goes on"


# again


@pytest.mark.parametrize("ago", [1, 2, 10, 40])
def test_a_bar_of_so_many_bars_ago_comes_once_more_and_then_the_music_goes_on(ago: int) -> None:
    free = played(46, {})
    bars = played(46, {41: [f"/again={ago}"]})
    assert bars[42] == free[41 - ago]
    assert bars[:42] == free[:42]
    assert bars[43:] == free[43:], "as if nothing had happened"


def test_without_a_number_it_is_the_bar_before_and_it_obeys_what_is_set_now() -> None:
    bars = played(6, {3: ["/again", "/velocity=1"]})
    assert [n[:3] for n in bars[4]] == [n[:3] for n in bars[2]]
    assert {n.velocity for n in bars[4]} == {127}


def test_again_refuses_what_was_not_played() -> None:
    one = conducted(playing=False)
    with pytest.raises(BadValue, match="nothing plays"):
        one.move(parse_setting("/again"))
    one.move(parse_setting("/play"))
    one.bar_started(0)
    with pytest.raises(BadValue, match="this one: 0, so 1 is too far"):
        one.move(parse_setting("/again"))


def test_sixty_four_bars_are_remembered_past_a_stop_and_another_model() -> None:
    one = conducted()
    first = [sent(one.bar_started(bar))[bar + 1].notes for bar in range(30)]
    one.move(parse_setting("/stop"))
    one.use(Duo(("drums", "bass")))
    one.move(parse_setting("/play"))
    for bar in range(37):
        one.bar_started(bar)
    (command,) = one.move(parse_setting("/again=64"))
    assert isinstance(command, SendBar)
    # 30 bars were heard before the stop (0 to 29), 36 after it before this one
    assert command.notes == first[30 + 36 - 64 - 1]


def test_what_is_played_again_is_what_was_heard_of_a_bar_that_changed_while_it_played() -> None:
    one = conducted()
    before = sent(one.bar_started(0))
    one.bar_started(1)
    first = before[1]
    then = moved(one, "/xy=0.9,0.1")[1]
    assert then.notes != first.notes
    one.revised(1, then.revision, 48)
    one.bar_started(2)
    (command,) = one.move(parse_setting("/again"))
    assert isinstance(command, SendBar)
    expected = [*(n for n in first.notes if n.start < 48), *(n for n in then.notes if n.start >= 48)]
    assert list(command.notes) == expected


def test_a_bar_that_came_too_late_is_remembered_as_the_one_that_was_heard() -> None:
    one = conducted()
    one.bar_started(0)
    good = sent(one.bar_started(1))
    one.entered(2, good[2].revision)
    one.bar_started(2)
    one.entered(3, None)
    one.bar_started(3)
    (command,) = one.move(parse_setting("/again"))
    assert command == good[2]._replace(bar=4, revision=command.revision)  # type: ignore[union-attr]
    one.entered(4, None)
    one.bar_started(4)
    (command,) = one.move(parse_setting("/again"))
    assert command.notes == good[2].notes  # type: ignore[union-attr]


# lock


def of(bars: list[list[Note]], channel: int) -> list[list[Note]]:
    return [[n for n in bar if n.channel == channel] for bar in bars]


def test_a_locked_track_keeps_its_part_while_the_others_change() -> None:
    bars = played(10, {3: ["/track/2/lock=on"], 7: ["/track/2/lock=off"]}, Duo())
    bass, piano = of(bars, 1), of(bars, 0)
    assert bass[3] == bass[4] == bass[5] == bass[6], "micro-timing and all"
    assert bass[2] != bass[3] != bass[8]
    assert len({tuple(bar) for bar in piano}) == 10


def test_the_model_hears_the_part_that_is_kept() -> None:
    duo = Duo()
    bars = played(7, {3: ["/track/2/lock=on"]}, duo)
    rows = {n.pitch - 24 for n in of(bars, 1)[3]}
    for bar in (5, 6):
        assert {int(row) for row in duo.contexts[bar][1].any(axis=0).nonzero()[0]} == rows


def test_a_lock_that_is_set_before_the_first_bar_keeps_that() -> None:
    bass = of(played(4, {}, Duo(), tracks=locked_second()), 1)
    assert bass[0] == bass[1] == bass[2] == bass[3] != []


def locked_second() -> object:
    return parse_setting("/track/2/lock=on").control.apply(initial(1, 8), 2, True).tracks  # type: ignore


def test_a_move_in_a_locked_bar_leaves_the_locked_part() -> None:
    one = conducted(Duo())
    one.bar_started(0)
    kept = [n for n in moved(one, "/track/2/lock=on")[0].notes if n.channel == 1]
    changed = moved(one, "/density=1")
    for bar in (0, 1):
        assert [n for n in changed[bar].notes if n.channel == 1] == kept
        assert len([n for n in changed[bar].notes if n.channel == 0]) == 21


def test_a_lock_goes_on_in_a_loop_and_falls_with_the_track() -> None:
    one = conducted(Duo())
    for bar in range(4):
        one.bar_started(bar)
    kept = [n for n in moved(one, "/track/2/lock=on")[3].notes if n.channel == 1]
    looped = moved(one, "/loop=2")[4]
    assert [n for n in looped.notes if n.channel == 1] == kept
    one.use(Duo(("piano", "bass")))
    one.bar_started(4)
    assert one.state.tracks[1].lock, "the other model has the same tracks"
    one.use(Duo(("drums", "flute")))
    one.bar_started(5)
    assert not one.state.tracks[1].lock


# quantum


@pytest.mark.parametrize("lines", [1, 2, 4, 8])
def test_a_move_is_shown_at_once_and_heard_from_its_line_on(lines: int) -> None:
    quantum = {1: "bar"}.get(lines, str(lines))
    one, other = conducted(quantum=quantum), conducted()
    for bar in range(3):
        one.bar_started(bar)
        other.bar_started(bar)
    before = sent(one.resume(Grid(0.0, 0, 120, 0, 120), False))[2].notes
    again = moved(one, "/velocity=1")
    assert one.state.velocity == 1.0
    assert again[2].notes == before, "the bar that plays stays"
    line = next(bar for bar in range(3, 20) if bar % lines == 0)
    for bar in range(3, 12):
        loud = {n.velocity for n in again[bar].notes}
        assert (loud == {127}) == (bar >= line)
        plain = sent(other.resume(Grid(0.0, 0, 120, 0, 120), False))[bar].notes
        assert [n[:3] for n in again[bar].notes] == [n[:3] for n in plain], "the drift goes on"
        again, _ = sent(one.bar_started(bar)), other.bar_started(bar)


def test_a_morph_begins_at_the_line() -> None:
    one = conducted(quantum="4", drift=0.0)
    for bar in range(6):
        one.bar_started(bar)
    one.move(parse_setting("/morph=7,2"))
    start = one.state.point
    for bar in (6, 7):
        one.bar_started(bar)
        assert one.state.morph is not None
        assert one.state.morph.done == 0
    one.bar_started(8)
    assert one.state.morph is not None
    assert one.state.morph.done == 1
    assert not np.allclose(one.state.point, start)
    one.bar_started(9)
    assert np.allclose(one.state.point, one.state.scenes[6].point)


def test_what_does_not_change_the_music_does_not_wait_and_takes_nothing_with_it() -> None:
    one = conducted(quantum="8")
    for bar in range(3):
        one.bar_started(bar)
    heard = one._now.heard.point
    one.move(parse_setting("/xy=1,1"))
    one.move(parse_setting("/scene/9/store=here"))
    assert one.state.scenes[8].name == "here"
    assert np.array_equal(one.state.scenes[8].point, heard), "what sounds is stored"
    one.move(parse_setting("/tempo=77"))
    one.bar_started(3)
    assert one.state.tempo == one._now.heard.tempo == 77
    assert one._now.was is not None
    one.move(parse_setting("/quantum=step"))
    assert moved(one, "/velocity=1")[3].notes[0].velocity == 127
    one.bar_started(4)
    assert one._now.was is None


def test_two_moves_wait_together_and_the_last_says_all() -> None:
    bars = played(12, {0: ["/quantum=4"], 5: ["/velocity=0.1"], 6: ["/velocity=1", "/humanise=0"]})
    free = played(12, {})
    assert bars[:8] == free[:8]
    assert all({n.velocity for n in bar} == {127} for bar in bars[8:])


def test_while_nothing_plays_no_move_waits() -> None:
    one = conducted(quantum="8", playing=False)
    assert all(n.velocity == 127 for n in moved(one, "/velocity=1")[0].notes)


def test_a_move_made_as_its_bar_begins_is_heard_in_it() -> None:
    bars = played(10, {0: ["/quantum=4"], 4: ["/velocity=1"], 5: ["/velocity=0.5"]})
    assert {n.velocity for n in bars[4]} == {127}
    assert {n.velocity for n in bars[7]} == {127}
    assert max(n.velocity for n in bars[8]) < 127


# a model that fails


def test_a_model_that_fails_leaves_the_last_bar_playing_and_the_loop_going() -> None:
    generator = BrokenGenerator()
    one = conducted(generator)
    one.bar_started(0)
    good = sent(one.bar_started(1))[2]
    generator.broken = True
    assert sent(one.bar_started(2))[3].notes == good.notes
    assert sent(one.bar_started(3))[4].notes == good.notes
    assert one.failure == "broken: out of order"
    looped = moved(one, "/loop=2")[4]
    assert looped.notes == good.notes
    assert one.failure is None, "a loop needs no model"
