"""The conductor keeps a bar ahead, and a move reaches what has not been played."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from livegan.core.addressing import parse_setting
from livegan.core.conductor import Conductor
from livegan.core.decode import Logits
from livegan.core.latent import angle_between
from livegan.core.messages import (
    Command,
    NudgeBy,
    Panic,
    Play,
    SendBar,
    SetMetronome,
    SetSwing,
    SetTempo,
    Stop,
)
from livegan.core.model import Track
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.core.rendering import Cue, channel_of, parts_of, render_bar, roll_of
from livegan.core.state import initial
from livegan.core.wandering import Wandering, advance

from .fakes import QUANTILES, BrokenGenerator, FakeGenerator


def conductor(**changes: object) -> Conductor:
    generator = FakeGenerator()
    state = replace(initial(1, generator.info.latent), **changes)  # type: ignore[arg-type]
    return Conductor(generator, state)


def bars(commands: list[Command]) -> list[tuple[int, int]]:
    return [(c.bar, c.revision) for c in commands if isinstance(c, SendBar)]


def test_a_new_player_gets_the_tempo_and_two_bars() -> None:
    commands = conductor().start()
    assert commands[0] == SetTempo(120.0)
    assert [bar for bar, _ in bars(commands)] == [0, 1]


def test_every_bar_line_brings_the_bar_after() -> None:
    one = conductor()
    one.start()
    assert [bar for n in range(3) for bar, _ in bars(one.bar_started(n))] == [1, 2, 3]


def test_the_bar_that_plays_is_the_one_that_was_sent_ahead() -> None:
    one = conductor()
    one.start()
    ahead = one.bar_started(0)[0]
    one.bar_started(1)
    assert isinstance(ahead, SendBar)
    assert ahead.notes == render_bar(one.generator, one.state, Cue(one.state.heard, bar=1))


def test_a_move_renders_this_bar_and_the_next_with_higher_revisions() -> None:
    one = conductor()
    first = dict(bars(one.start()))
    one.move(parse_setting("/xy=0.3,0.9"))
    again = list(one.render_again())
    assert all(revision > first[bar] for bar, revision in bars(again))
    assert {c.quantum for c in again if isinstance(c, SendBar)} == {"step"}


def test_rendering_again_without_a_move_changes_no_note() -> None:
    one = conductor()
    before = [c.notes for c in one.start() if isinstance(c, SendBar)]
    after = [c.notes for c in one.render_again() if isinstance(c, SendBar)]
    assert before == after


def test_transport_becomes_commands() -> None:
    one = conductor()
    assert one.move(parse_setting("/play")) == [Play()]
    assert one.move(parse_setting("/play")) == []
    assert one.move(parse_setting("/tempo=90")) == [SetTempo(90.0)]
    assert one.move(parse_setting("/panic")) == [Panic()]
    assert one.move(parse_setting("/stop")) == [Stop()], "silence waits for no bar to be made"
    assert one.stale
    assert [bar for bar, _ in bars(one.render_again())] == [0, 1], "ready to start again at once"
    assert one.move(parse_setting("/play")) == [Play()]
    one.move(parse_setting("/stop"))
    commands = one.move(parse_setting("/play"))
    assert [bar for bar, _ in bars(commands)] == [0, 1], "before the music starts"
    assert commands[-1] == Play()


def test_what_is_done_to_time_becomes_commands() -> None:
    one = conductor()
    for text, command in (
        ("/tempo/ramp=90,8", SetTempo(90.0, 8)),
        ("/tempo=90", SetTempo(90.0)),
        ("/nudge=-15", NudgeBy(-0.015)),
        ("/swing=0.5", SetSwing(0.5, 16)),
        ("/swing/grid=8", SetSwing(0.5, 8)),
        ("/metronome=on", SetMetronome(True, 9)),
        ("/metronome/channel=1", SetMetronome(True, 0)),
    ):
        assert one.move(parse_setting(text)) == [command]
    assert one.move(parse_setting("/countin=2")) == []
    assert one.move(parse_setting("/play")) == [Play(0, 2)]
    again = conductor(tempo=90.0, swing=0.5, playing=True, count_in=2).start()
    assert again[:2] == [SetTempo(90.0), SetSwing(0.5, 16)], "a new player is told"
    assert again[-1] == Play(), "and does not count in again"


def test_play_from_a_bar_brings_that_bar_and_goes_on_from_there() -> None:
    one = conductor()
    one.start()
    commands = one.move(parse_setting("/play/from=9"))
    assert [bar for bar, _ in bars(commands)] == [8, 9]
    assert commands[-1] == Play(8)
    assert one.move(parse_setting("/play/from=3")) == [], "it plays"
    assert [bar for bar, _ in bars(one.bar_started(8))] == [9]
    one.move(parse_setting("/stop"))
    assert one.move(parse_setting("/play"))[-1] == Play()


def test_taps_set_the_tempo() -> None:
    one = conductor()
    assert [one.tap(now) for now in (10.0, 10.4, 10.8)] == [[], [], [SetTempo(150.0)]]
    assert one.state.tempo == 150.0


def test_density_and_velocity_do_what_they_say() -> None:
    one = conductor()
    for asked, count in ((0.0, 0), (0.5, 11), (1.0, 21)):
        one.move(parse_setting(f"/density={asked}"))
        assert len(render_bar(one.generator, one.state, Cue(one.state.heard))) == count
    loudness = []
    for level in (0.0, 0.3, 0.7, 1.0):
        one.move(parse_setting(f"/velocity={level}"))
        notes = render_bar(one.generator, one.state, Cue(one.state.heard))
        loudness.append(float(np.mean([note.velocity for note in notes])))
    assert loudness == sorted(loudness)
    assert loudness[0] == 1
    assert loudness[-1] == 127


def test_humanise_brings_bars_that_are_struck_each_in_its_own_way() -> None:
    one = conductor()
    played = [render_bar(one.generator, one.state, Cue(one.state.heard, bar=bar)) for bar in range(3)]
    again = render_bar(one.generator, one.state, Cue(one.state.heard, bar=1))
    assert len({tuple(note.velocity for note in notes) for notes in played}) == 3
    assert again == played[1], "a bar made again is struck as before"
    one.move(parse_setting("/humanise=0"))
    stiff = [render_bar(one.generator, one.state, Cue(one.state.heard, bar=bar)) for bar in range(3)]
    assert stiff[0] == stiff[1] == stiff[2]
    assert all(note.offset == 0 for note in stiff[0])


def test_a_new_model_waits_for_the_bar_line() -> None:
    one, other = conductor(playing=True), FakeGenerator(latent=5)
    one.start()
    one.bar_started(0)
    calls = one.generator.calls  # type: ignore[attr-defined]
    assert [bar for bar, _ in bars(one.use(other))] == [1]
    list(one.render_again())
    assert one.generator.calls == calls + 1, "this bar is still the old model's"  # type: ignore[attr-defined]
    one.bar_started(1)
    assert one.generator is other
    assert len(one.state.point) == 5


def test_a_model_that_fails_leaves_the_last_bar_and_says_so() -> None:
    generator = BrokenGenerator()
    one = Conductor(generator, initial(1, generator.info.latent))
    good = one.start()[-1]
    generator.broken = True
    failed = one.bar_started(0)[0]
    assert isinstance(good, SendBar)
    assert isinstance(failed, SendBar)
    assert failed.notes == good.notes
    assert one.failure == "broken: out of order"
    generator.broken = False
    one.bar_started(1)
    assert one.failure is None


def test_the_same_seed_gives_the_same_bars_and_another_gives_others() -> None:
    def first_bars(seed: int) -> list[object]:
        one = conductor()
        one.move(parse_setting(f"/seed={seed}"))
        one.start()
        return [one.bar_started(n)[0][2] for n in range(8)]  # type: ignore[misc]

    assert first_bars(3) == first_bars(3)
    assert first_bars(3) != first_bars(4)


def test_fresh_draws_unrelated_points() -> None:
    one = conductor(fresh=True)
    points = []
    for bar in range(20):
        one.bar_started(bar)
        points.append(one.state.point)
    cosines = np.corrcoef(np.array(points))[np.triu_indices(20, 1)]
    assert abs(cosines.mean()) < 0.2


def test_each_track_has_a_channel_and_drums_have_ten() -> None:
    tracks = [Track(f"t{i}", 0, i == 1, QUANTILES) for i in range(12)]
    channels = [channel_of(i, tracks) for i in range(12)]
    assert channels[1] == 9
    assert len(set(channels)) == 12
    assert pytest.approx(channels[:3]) == [0, 9, 1]


class PhraseGenerator(FakeGenerator):
    """Keeps the cues that it was given; plays phrases of four bars and hears a tune."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, phrase=4, steady=4)
        self.cues: list[Cue] = []

    def logits(self, cue: Cue) -> Logits:
        self.cues.append(cue)
        return super().logits(cue)


def cues_of_bars(bars: int, **changes: object) -> list[Cue]:
    """The cue for each bar, in order."""
    generator = PhraseGenerator()
    state = replace(initial(1, generator.info.latent), **changes)  # type: ignore[arg-type]
    tune = [np.full((STEPS_PER_BAR, PITCHES), bar == 1) for bar in range(3)]
    one = Conductor(generator, state, tune)
    one.start()
    for bar in range(bars - 2):
        one.bar_started(bar)
    one.bar_started(bars - 2)
    return [generator.cues[0], *generator.cues[2:]]


@pytest.mark.parametrize("changes", [{"drift": 0.5}, {"fresh": True}])
def test_what_moves_by_itself_moves_at_the_beginning_of_a_phrase(changes: dict[str, object]) -> None:
    cues = cues_of_bars(9, **changes)
    assert [cue.place for cue in cues] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    moved = [not np.array_equal(a.z, b.z) for a, b in pairwise(cues)]
    assert moved == [False, False, False, True, False, False, False, True]


def test_a_tune_goes_round_and_round() -> None:
    heard = [bool(cue.given.any()) for cue in cues_of_bars(7) if cue.given is not None]
    assert heard == [False, True, False, False, True, False, False]


def test_a_hand_moves_the_latent_in_the_middle_of_a_phrase() -> None:
    generator = PhraseGenerator()
    one = Conductor(generator, initial(1, generator.info.latent))
    one.start()
    one.bar_started(0)
    one.bar_started(1)
    one.move(parse_setting("/xy=0.9,0.2"))
    generator.cues.clear()
    list(one.render_again())
    now, ahead = generator.cues
    assert (now.place, ahead.place) == (1, 2)
    assert np.array_equal(now.z, ahead.z)
    assert np.array_equal(now.z, one.state.point)


def test_density_leaves_a_given_track_as_it_is() -> None:
    generator = FakeGenerator()
    generator.info = replace(generator.info, tracks=(replace(generator.info.tracks[0], given=True),))
    state = replace(initial(1, generator.info.latent), density=0.0)
    assert len(render_bar(generator, state, Cue(state.heard))) == 4


class ListeningGenerator(PhraseGenerator):
    """Hears the bar before, and has a section of two numbers in its latent."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, phrase=8, steady=1, section=2, context=True)


def listening(**changes: object) -> tuple[Conductor, ListeningGenerator]:
    generator = ListeningGenerator()
    state = replace(initial(1, generator.info.latent), **changes)  # type: ignore[arg-type]
    return Conductor(generator, state), generator


def test_a_model_hears_the_bar_that_plays_before_it_makes_the_next() -> None:
    one, generator = listening(drift=0.5)
    sent = [c for c in one.start() if isinstance(c, SendBar)]
    assert generator.cues[0].context is None, "a fresh start"
    tracks = generator.info.tracks
    for before, cue in zip(sent, generator.cues[1:], strict=False):
        assert np.array_equal(cue.context, roll_of(parts_of(before.notes, tracks)))  # type: ignore[arg-type]


def test_a_bar_made_again_hears_the_same_bar_before_it() -> None:
    one, generator = listening()
    one.start()
    one.bar_started(0)
    one.bar_started(1)
    generator.cues.clear()
    one.move(parse_setting("/density=0.9"))
    sent = [c for c in one.render_again() if isinstance(c, SendBar)]
    now, ahead = generator.cues
    assert now.context is not None
    assert now.context.sum() == 4 * 12, "bar 0 was played without the knob"
    again = roll_of(parts_of(sent[0].notes, generator.info.tracks))
    assert np.array_equal(ahead.context, again)  # type: ignore[arg-type]


def test_a_bar_played_by_a_human_is_heard() -> None:
    one, generator = listening()
    one.start()
    one.bar_started(0)
    played = np.zeros((1, STEPS_PER_BAR, PITCHES), bool)
    played[0, :24, 40] = True
    one.hear(-1, played)
    generator.cues.clear()
    list(one.render_again())
    assert np.array_equal(generator.cues[0].context, played)  # type: ignore[arg-type]


def test_fresh_bars_follow_from_nothing() -> None:
    one, generator = listening(fresh=True)
    one.start()
    one.bar_started(0)
    assert all(cue.context is None for cue in generator.cues)


def test_drift_wanders_inside_a_section_and_sections_come_and_return() -> None:
    state = replace(initial(3, 8), section=4, drift=0.5)
    points = [state.point]
    for bar in range(1, 400):
        state = advance(state, bar, Wandering(split=2))
        points.append(state.point)
    within = [angle_between(points[b][:2], points[b + 1][:2]) for b in range(0, 396, 4)]
    moved = [angle_between(points[b][2:], points[b + 1][2:]) for b in range(0, 396, 4)]
    assert np.mean(within) < 0.5 * np.mean(moved)
    starts = [points[b] for b in range(0, 400, 4)]
    ends = [points[b] for b in range(3, 400, 4)]
    back = [
        any(np.array_equal(start, end) for end in ends[max(0, n - 5) : n])
        for n, start in enumerate(starts)
    ]
    assert 0.2 < np.mean(back) < 0.6


def test_a_section_of_zero_bars_stays_until_the_hand_moves_it() -> None:
    state = replace(initial(3, 8), section=0, drift=0.0)
    assert angle_between(advance(state, 16, Wandering(split=2)).point[:2], state.point[:2]) < 1e-6


def test_who_takes_over_knows_what_may_sound_whatever_the_leader_calls_the_bars() -> None:
    one = conductor(drift=1.0, playing=True)
    one.start()
    sent = {}

    def keep(commands: list[Command]) -> None:
        for bar in (command for command in commands if isinstance(command, SendBar)):
            sent[bar.bar] = {(note.channel, note.pitch) for note in bar.notes}

    keep(one.bar_started(0))
    one.joined(1000, False)
    keep(one.bar_started(1))  # its line came before the leader's
    keep(one.bar_started(1000))
    assert sent[2] <= one.pitches, "what plays until the leader's bar, though it is called otherwise"
    assert sent[1001] <= one.pitches
    for bar in range(1001, 1010):
        keep(one.bar_started(bar))
    assert len(one.pitches) <= 2 + sum(len(sent[bar]) for bar in range(1006, 1011)), "not for ever"
