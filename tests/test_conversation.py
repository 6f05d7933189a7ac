"""A bar in reply to each bar that was heard, in simulated time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from livegan.core.addressing import parse_setting
from livegan.core.capture import note_f1
from livegan.core.conductor import Conductor
from livegan.core.conversation import LEAD, Conversation
from livegan.core.decode import BoolArray, Logits
from livegan.core.hearing import unit_of
from livegan.core.latent import Point, random_point
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.rendering import Cue, Generator, make_bar, roll_of
from livegan.core.state import initial
from livegan.shell.generator import OnnxGenerator, load_model

from .duet import Duet
from .fakes import QUANTILES, FakeGenerator

STEP = seconds_per_step(120)
PHRASE = (
    Note(0, 9, 60, 100, 0, 0.25),
    Note(24, 9, 64, 40, 0, -0.25),
    Note(42, 20, 67, 77),
    Note(54, 9, 72, 110, 0, 0.375),
    Note(78, 9, 59, 63),
)
"""On keys, with a player's timing."""


class Listener(FakeGenerator):
    """Hears the bar before, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, context=True)
        self.cues: dict[int, Cue] = {}

    def logits(self, cue: Cue) -> Logits:
        self.cues[cue.bar] = cue
        return super().logits(cue)


def nowhere(generator: Generator, roll: BoolArray) -> Point | None:
    return None


def duet(
    how: str,
    generator: Generator | None = None,
    latent_of: Callable[[Generator, BoolArray], Point | None] = nowhere,
    **changes: object,
) -> Duet:
    """Playing from step 0 on, at no time yet."""
    generator = generator or FakeGenerator()
    state = initial(1, *generator.info.size)
    state = replace(state, playing=True, listen=how, **changes)  # type: ignore[arg-type]
    conductor = Conductor(generator, state)
    one = Duet(conductor, Conversation(conductor, latent_of, lambda generator: 6), state.tempo)
    one.start()
    return one


def own(**changes: object) -> Duet:
    """What it plays by itself."""
    return duet("off", **changes)


def test_echo_plays_again_what_was_played_as_it_was_played() -> None:
    one, alone = duet("echo"), own()
    one.keys(PHRASE, bar=1)
    one.play_to(5)
    alone.play_to(5)
    assert one.bar(2) == list(PHRASE)
    assert [one.bar(bar) for bar in (0, 1, 3)] == [alone.bar(bar) for bar in (0, 1, 3)]
    assert [(taken.bar, taken.notes) for taken in one.taken if taken.notes] == [(1, len(PHRASE))]
    assert not one.player.sounding or one.bar(4)


def test_a_key_shortly_before_the_line_is_meant_for_it() -> None:
    one = duet("echo")
    one.keys([Note(0, 12, 60, 90, 0, -2.0)], bar=1)
    one.play_to(3)
    assert one.bar(2) == [Note(0, 12, 60, 90, 0, -2.0)], "before its line, as it was played"


@pytest.mark.parametrize("bpm", [60.0, 120.0, 240.0, 300.0])
def test_what_comes_in_the_lead_is_in_the_reply_all_the_same(bpm: float) -> None:
    late = STEPS_PER_BAR - 4
    one = duet("echo", tempo=bpm)
    before_line = 4 * seconds_per_step(bpm)
    one.keys([Note(0, 6, 60, 90), Note(late, 2, 64, 50)], bar=1)
    one.play_to(3)
    assert one.bar(2) == [Note(0, 6, 60, 90), Note(late, 2, 64, 50)]
    assert (before_line < LEAD) == (bpm > 120), "both ways are tried"


def test_a_key_that_is_held_over_the_line_is_echoed_as_long() -> None:
    one = duet("echo")
    one.keys([Note(72, 60, 60, 90), Note(84, 30, 64, 90)], bar=1)
    one.play_to(4)
    assert one.bar(2) == [Note(72, 60, 60, 90), Note(84, 30, 64, 90)]


def test_a_key_that_is_never_let_go_is_echoed_for_a_bar_and_once() -> None:
    one = duet("echo")
    one.at_step(STEPS_PER_BAR + 24, lambda: one.talk.key(one.now, 0x90, 60, 90))
    one.play_to(8)
    assert one.bar(2) == [Note(24, STEPS_PER_BAR, 60, 90)]
    assert 60 not in {pitch for _, pitch in one.player.sounding}
    assert one.talk.last_bar != (7, [])


def test_who_swings_along_is_echoed_with_the_same_swing() -> None:
    one = duet("echo", swing=0.6)
    one.keys([Note(6, 6, 60, 90, 0, 0.6 * 3)], bar=1)  # where the player puts the second sixteenth
    one.play_to(3)
    [echo] = one.bar(2)
    assert (echo.start, echo.offset) == (6, pytest.approx(1.8)), "a sixteenth, swung once"


def test_an_answer_is_made_near_where_the_heard_bar_is_and_silence_is_not_answered() -> None:
    generator, place = FakeGenerator(), random_point(np.random.default_rng(7), 8)
    asked: list[BoolArray] = []

    def latent_of(generator: Generator, roll: BoolArray) -> Point:
        asked.append(roll)
        return place

    one = duet("answer", generator, latent_of)
    one.keys(PHRASE, bar=1)
    one.play_to(5)
    struck = np.flatnonzero(starts(asked[0]).any(axis=(0, 2)))
    assert struck.tolist() == [note.start for note in PHRASE]
    expected = make_bar(generator, one.conductor.state, Cue(place)).parts[0]
    answer = [(note.start, note.pitch) for note in one.bar(2)]
    alike = set(answer) & {(note.start, note.pitch) for note in expected}
    assert answer
    assert len(alike) >= 2, "near, if not there"
    assert (one.bar(0), one.bar(1), one.bar(3), one.bar(4)) == (own_bar(0), [], [], [])


def starts(roll: BoolArray) -> BoolArray:
    return roll & ~np.pad(roll, ((0, 0), (1, 0), (0, 0)))[:, :-1]


def own_bar(number: int) -> list[Note]:
    alone = own()
    alone.play_to(number + 2)
    return alone.bar(number)


def test_the_same_bar_is_answered_alike_with_the_same_seed() -> None:
    def answered(seed: int) -> list[Note]:
        one = duet("answer", latent_of=lambda *_: np.ones(8), seed=seed)
        one.keys(PHRASE, bar=1)
        one.play_to(4)
        return one.bar(2)

    assert answered(1) == answered(1)
    assert answered(1) != answered(2)


def test_while_it_answers_it_hears_the_next_bar() -> None:
    one = duet("answer", latent_of=lambda *_: np.ones(8))
    for bar in (1, 2, 3):
        one.keys(PHRASE, bar=bar)
    one.play_to(6)
    assert [bool(one.bar(bar)) for bar in range(1, 6)] == [False, True, True, True, False]


def test_the_model_follows_from_what_was_heard_and_then_from_its_own() -> None:
    generator = Listener()
    one = duet("follow", generator)
    one.keys(PHRASE, bar=1)
    one.play_to(5)
    heard = generator.cues[2].context
    assert heard is not None
    assert np.array_equal(np.flatnonzero(starts(heard).any(axis=(0, 2))), [n.start for n in PHRASE])
    for bar in (1, 3):
        take = roll_of([one.bar(bar - 1)])
        context = generator.cues[bar].context
        assert context is not None
        assert np.array_equal(starts(context), starts(take))


def test_a_model_that_hears_no_bars_goes_where_the_heard_bar_is() -> None:
    place = random_point(np.random.default_rng(7), 8)
    one = duet("follow", latent_of=lambda *_: place, drift=0.0)
    one.keys(PHRASE, bar=1)
    one.play_to(4)
    assert np.allclose(one.conductor.state.point, place)
    assert one.bar(2) != own_bar(2)


def test_other_tracks_go_on_beside_an_echo() -> None:
    tracks = (Track("tune", 0, False, QUANTILES), Track("bass", 33, False, QUANTILES))
    generator = FakeGenerator()
    generator.info = replace(generator.info, tracks=tracks)
    one_track = generator.logits
    generator.logits = lambda cue: Logits(*(np.repeat(m, 2, 0) for m in one_track(cue)))  # type: ignore[method-assign]
    one = duet("echo", generator)
    one.keys(PHRASE, bar=1, channel=1)
    one.play_to(4)
    assert [n._replace(channel=0) for n in one.bar(2) if n.channel == 1] == list(PHRASE)
    assert [n for n in one.bar(2) if n.channel == 0] == own_bar(2)


def test_a_daemon_that_was_late_replies_in_the_bar_that_plays() -> None:
    one = duet("echo")
    one.keys(PHRASE, bar=1)
    take, missed = one.talk.take, 2 * STEPS_PER_BAR + 30
    due = one.talk.due
    one.talk.take = lambda now: take(now) if now > missed * STEP else None  # type: ignore[method-assign]
    one.talk.due = lambda: max(due(), missed * STEP + 1e-4)  # type: ignore[method-assign]
    one.play_to(4)
    assert [n for n in one.bar(2) if n.start > 30] == [n for n in PHRASE if n.start > 30]


def test_switched_off_in_the_middle_nothing_hangs_and_it_plays_by_itself() -> None:
    one = duet("answer", latent_of=lambda *_: np.ones(8))
    one.keys([*PHRASE, Note(90, 500, 50, 90)], bar=1)
    off = parse_setting("/listen=off")
    one.at_step(2 * STEPS_PER_BAR + 40, lambda: one.send(one.conductor.move(off)))
    one.play_to(5)
    assert one.bar(2)
    assert one.bar(3) == own_bar(3)
    one.send(one.conductor.move(parse_setting("/stop")))
    assert not one.player.sounding


def test_keys_while_nothing_plays_are_no_music_and_no_harm() -> None:
    one = duet("answer", latent_of=lambda *_: np.ones(8))
    one.play_to(2)
    one.send(one.conductor.move(parse_setting("/stop")))
    one.talk.lose_time()
    one.talk.key(one.now, 0x90, 60, 90)
    assert one.talk.take(one.now) is None
    one.send(one.conductor.move(parse_setting("/play")))
    assert one.talk.last_bar is not None, "what was played last can still be captured"


def test_what_is_played_in_the_count_in_is_replied_to_in_the_first_bar() -> None:
    generator = FakeGenerator()
    state = replace(initial(1, *generator.info.size), listen="echo", count_in=1)
    conductor = Conductor(generator, state)
    one = Duet(conductor, Conversation(conductor, nowhere, lambda generator: 6))
    one.start()
    one.send(conductor.move(parse_setting("/play")))
    one.keys(PHRASE, bar=-1)
    one.play_to(2)
    first = [note for note in one.bar(0) if note.channel == 0]
    assert first == list(PHRASE)


def test_transposing_keys_are_not_heard_as_notes() -> None:
    one = duet("echo", keyboard="transpose")
    one.keys(PHRASE, bar=1)
    one.play_to(4)
    assert one.bar(2) == own_bar(2)


# with the shipped piano


@cache
def piano() -> OnnxGenerator:
    return load_model("piano")


def encoded(generator: Generator, roll: BoolArray) -> Point:
    return piano().encode(roll[None])[0]


def with_piano(how: str, notes: tuple[Note, ...]) -> Duet:
    state = replace(initial(1, *piano().info.size), playing=True, listen=how)
    conductor = Conductor(piano(), state)
    unit = unit_of(piano().logits(Cue(state.point)).onset)
    one = Duet(conductor, Conversation(conductor, encoded, lambda generator: unit))
    one.start()
    one.keys(notes, bar=1)
    one.play_to(4)
    return one


def songs(count: int) -> list[tuple[Note, ...]]:
    """Bars as somebody might play them: those of the model from elsewhere."""
    random = np.random.default_rng(99)
    state = initial(5, *piano().info.size)
    return [
        make_bar(piano(), state, Cue(random_point(random, len(state.point)))).parts[0]
        for _ in range(count)
    ]


def test_the_piano_answers_what_it_heard_and_not_anything() -> None:
    bars = songs(12)
    answers = [with_piano("answer", bar).bar(2) for bar in bars]
    near = [note_f1([bar], [answer]) for bar, answer in zip(bars, answers, strict=True)]
    strange = [*answers[1:], answers[0]]
    far = [note_f1([bar], [other]) for bar, other in zip(bars, strange, strict=True)]
    assert all(answers)
    assert np.mean(near) > 0.25
    assert np.mean(near) > 3 * np.mean(far)
    assert all(list(bar) != answer for bar, answer in zip(bars, answers, strict=True)), "no mere echo"
    classes = [agreement(bar, answer) for bar, answer in zip(bars, answers, strict=True)]
    others = [
        agreement(bar, other) for bar, other in zip(bars, [*answers[1:], answers[0]], strict=True)
    ]
    assert np.mean(classes) > np.mean(others) + 0.1


def agreement(one: tuple[Note, ...], other: list[Note]) -> float:
    """Cosine of how often two bars have each pitch class."""
    counts = [np.bincount([n.pitch % 12 for n in bar], minlength=12) for bar in (one, other)]
    return float(counts[0] @ counts[1] / np.prod([np.linalg.norm(count) for count in counts]))


def test_the_piano_goes_on_from_what_it_heard() -> None:
    alone = with_piano("follow", ())
    bars = songs(6)
    for bar in bars:
        one = with_piano("follow", bar)
        assert one.bar(1) == alone.bar(1)
        assert one.bar(2) != alone.bar(2)
