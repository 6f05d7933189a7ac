"""The whole instrument under a simulated clock."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest

from livegan.core import conductor
from livegan.core.addressing import Move, parse_setting
from livegan.core.messages import (
    Emit,
    NudgeBy,
    Play,
    SendBar,
    Sent,
    SetSwing,
    SetTempo,
    pack,
    unpack,
)
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON, BarLine, Event
from livegan.core.performance import Performance, notes_of, perform, simulate
from livegan.core.player import START_LEAD
from livegan.core.state import initial

from .fakes import FakeGenerator


def performance(bars: int, moves: dict[int, list[str]] | None = None, seed: int = 1) -> Performance:
    generator = FakeGenerator()
    state = replace(initial(seed, generator.info.latent), playing=True)
    parsed: dict[int, list[Move]] = {
        bar: [parse_setting(text) for text in texts] for bar, texts in (moves or {}).items()
    }
    return perform(generator, state, bars, parsed)


def test_it_lasts_so_many_bars_and_ends_every_note() -> None:
    played = performance(8)
    ons = sum(event.status & 0xF0 == NOTE_ON for event in played.events)
    offs = sum(event.status & 0xF0 == NOTE_OFF for event in played.events)
    assert ons == offs == 32
    assert max(event.step for event in played.events) <= 8 * STEPS_PER_BAR


def test_a_move_takes_effect_in_its_bar() -> None:
    played = performance(4, {2: ["/velocity=1"], 3: ["/density=1"]})
    by_bar = [[n for n in played.notes() if n.start // STEPS_PER_BAR == bar] for bar in range(4)]
    loudest = [max(n.velocity for n in notes) for notes in by_bar]
    assert max(loudest[:2]) < min(loudest[2:])
    assert [len(notes) for notes in by_bar] == [4, 4, 4, 21]


def test_tempo_changes_are_kept_with_their_place() -> None:
    played = performance(4, {2: ["/tempo=60"]})
    assert played.tempi == ((0, 120.0), (2 * STEPS_PER_BAR, 60.0))


def test_a_ramp_is_a_tempo_for_every_beat() -> None:
    played = performance(4, {1: ["/tempo/ramp=60,2"]})
    assert [step for step, _ in played.tempi] == [0, *range(96, 289, 24)]
    tempi = [bpm for _, bpm in played.tempi]
    assert tempi == sorted(tempi, reverse=True)
    assert (tempi[0], tempi[-1]) == (120.0, 60.0)
    assert tempi[1] == pytest.approx(116.2, abs=0.1)


def test_swing_is_in_a_performance_and_leaves_notes_on_their_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    straight = (Note(0, 6, 60), Note(6, 6, 62))
    monkeypatch.setattr(conductor, "play", lambda take, state: straight)
    played = performance(2, {1: ["/swing=1"]})
    assert [(n.start, n.offset) for n in played.notes()] == [(0, 0), (6, 0), (96, 0), (102, 3)]


def test_notes_keep_their_step_and_their_timing_from_one_report_to_the_next() -> None:
    sounding: dict[tuple[int, int], Sent] = {}
    first = notes_of([(96, NOTE_ON, 60, 90, -0.5), (96, NOTE_ON, 62, 80)], sounding)
    then = notes_of([(97, NOTE_OFF, 62, 0), (120, NOTE_OFF, 60, 0, -0.5)], sounding)
    assert first == []
    assert then == [Note(96, 24, 60, 90, 0, -0.5), Note(96, 1, 62, 80)]
    assert not sounding


def test_a_performance_ends_with_its_late_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    late = (Note(0, 6, 60, 90, 0, -0.5), Note(95, 1, 62, 90, 0, 2.0))
    monkeypatch.setattr(conductor, "play", lambda take, state: late)
    played = performance(2)
    assert played.notes() == [
        Note(0, 6, 60),
        Note(95, 1, 62, offset=2.0),
        Note(96, 6, 60, offset=-0.5),
        Note(191, 1, 62, offset=2.0),
    ]
    assert played == performance(2), "the same moves, to the fraction"


def test_a_bar_goes_over_the_wire_with_its_timing() -> None:
    bar = SendBar(3, 1, (Note(0, 6, 60, 90, 0, -0.125), Note(6, 6, 62)), "step")
    assert unpack(pack(bar)) == bar
    emit = Emit(((0xB0, 7, 1), (0xC0, 3)))
    for message in (Play(8, 1), SetTempo(99.5, 4), NudgeBy(-0.01), SetSwing(0.5, 8), emit):
        assert unpack(pack(message)) == message


@pytest.mark.slow
def test_a_hundred_thousand_bars_without_leak_drift_or_hanging_note() -> None:
    bars = 100_000
    generator = FakeGenerator()
    state = replace(initial(1, generator.info.latent), playing=True, tempo=137.0)
    step = seconds_per_step(137.0)
    sounding: set[tuple[int, int]] = set()
    lines, early = 0, 0
    for output, _ in simulate(generator, state, bars, {}):
        if isinstance(output, BarLine):
            lines += 1
            assert not output.repeated
            ideal = START_LEAD + output.bar * STEPS_PER_BAR * step
            assert output.due == pytest.approx(ideal, abs=1e-6)
            if lines == 1000:
                gc.collect()
                early = len(gc.get_objects())
        elif isinstance(output, Event):
            key = (output.status & 0x0F, output.data1)
            if output.status & 0xF0 == NOTE_ON:
                assert key not in sounding
                sounding.add(key)
            else:
                sounding.remove(key)
    gc.collect()
    assert lines == bars + 1
    assert not sounding
    assert len(gc.get_objects()) - early < 1_000, "something is kept for every bar"
