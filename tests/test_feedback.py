"""Who is told what: never back to those who show it already, always to those who don't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from livegan.core.state import BadValue, State, initial
from livegan.shell import feedback as module
from livegan.shell.feedback import INTERVAL, MAX_SUBSCRIBERS, Feedback
from livegan.shell.osc import Address

A, B, C = ("127.0.0.1", 1001), ("127.0.0.1", 1002), ("192.168.1.5", 1001)
ROUND = 0.001


@dataclass
class Ears:
    """A surface that keeps what each was told, under a clock that the test turns."""

    now: float = 100.0
    told: list[tuple[Address, str, tuple[Any, ...]]] = field(default_factory=list)

    def send(self, target: Address, address: str, values: Sequence[Any]) -> None:
        self.told.append((target, address.removeprefix("/livegan"), tuple(values)))

    def heard(self) -> list[tuple[Address, str, tuple[Any, ...]]]:
        told, self.told = self.told, []
        return told


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ears]:
    ears = Ears()
    monkeypatch.setattr(module.time, "monotonic", lambda: ears.now)
    yield ears
    monkeypatch.undo()


@dataclass
class Rounds:
    """A feedback whose rounds the test makes: moves of several senders, then what is told."""

    ears: Ears
    feedback: Feedback
    state: State = field(default_factory=lambda: initial(1, 4))

    def round(self, *moved: tuple[Address, str, Any], after: float = 1.0, **fields: Any) -> Any:
        self.ears.now += after
        self.state = replace(self.state, **fields)
        for origin, address, value in moved:
            self.feedback.moved(origin, address, (value,))
        self.feedback.tell_changes(self.state, "piano")
        return self.ears.heard()


@pytest.fixture
def rounds(ears: Ears) -> Rounds:
    feedback = Feedback(ears)
    one = Rounds(ears, feedback)
    one.round()
    for who in (A, B):
        feedback.subscribe(who, who)
    ears.heard()
    return one


def test_who_moved_it_is_not_told_and_all_others_are(rounds: Rounds) -> None:
    assert rounds.round((A, "/drift", 0.5), drift=0.5) == [(B, "/drift", (0.5,))]


def test_a_float_of_32_bits_and_a_number_for_a_switch_or_a_text_are_the_same(rounds: Rounds) -> None:
    assert rounds.round((A, "/drift", 0.30000001192), drift=0.3) == [(B, "/drift", (0.3,))]
    assert rounds.round((A, "/metronome", 1.0), metronome=True) == [(B, "/metronome", (True,))]
    assert rounds.round((A, "/quantum", 4.0), quantum="4") == [(B, "/quantum", ("4",))]


def test_a_value_that_was_taken_to_an_end_is_told_back(rounds: Rounds) -> None:
    told = rounds.round((A, "/tempo", 500.0), tempo=300.0)
    assert told == [(A, "/tempo", (300.0,)), (B, "/tempo", (300.0,))]
    again = rounds.round((A, "/tempo", 400.0))
    assert (A, "/tempo", (300.0,)) in again, "though nothing changed, its fader stands elsewhere"


def test_of_several_senders_in_a_round_each_shows_its_own(rounds: Rounds) -> None:
    told = rounds.round((A, "/drift", 0.2), (B, "/drift", 0.7), drift=0.7)
    assert told == [(A, "/drift", (0.7,))]
    assert rounds.round((A, "/drift", 0.4), (B, "/drift", 0.4), drift=0.4) == []
    told = rounds.round((A, "/tempo", 999.0), (B, "/tempo", 300.0), tempo=300.0)
    assert told == [(A, "/tempo", (300.0,))]
    told = rounds.round((B, "/drift", 0.1), (A, "/velocity", 0.2), drift=0.1, velocity=0.2)
    assert told == [(A, "/drift", (0.1,)), (B, "/velocity", (0.2,))]


def test_what_one_move_changes_besides_is_told_to_who_made_it_too(rounds: Rounds) -> None:
    other = initial(2, 4).point
    told = rounds.round((A, "/xy", 0.5), point=other, xy=(0.5, 0.5))
    assert {(who, address) for who, address, _ in told if who == A} == {
        *((A, f"/z/{i}") for i in range(4)),
        (A, "/z"),
        (A, "/xy"),  # it sent one number, which is not what xy is now
    }


def test_a_refused_move_is_forgotten_with_its_round(rounds: Rounds) -> None:
    rounds.round((A, "/rhythm", "x" * 16))
    told = rounds.round(rhythm=(False,) * 16)
    assert (A, "/rhythm", ("." * 16,)) in told


def test_the_last_value_arrives_with_who_sent_it_30_times_a_second(rounds: Rounds) -> None:
    assert rounds.round((A, "/drift", 0.1), drift=0.1) == [(B, "/drift", (0.1,))]
    assert rounds.round((A, "/drift", 0.2), drift=0.2, after=ROUND) == []
    assert rounds.round((B, "/drift", 0.3), drift=0.3, after=ROUND) == []
    assert 0 < rounds.feedback.patience <= INTERVAL
    assert rounds.round(after=INTERVAL) == [(A, "/drift", (0.3,))]
    assert rounds.round() == []


def test_who_listens_at_another_port_is_not_told_what_it_sent(rounds: Rounds) -> None:
    hand, ear = ("192.168.1.5", 40_000), ("192.168.1.5", 9001)
    rounds.feedback.subscribe(ear, hand)
    rounds.ears.heard()
    told = rounds.round((hand, "/drift", 0.5), drift=0.5)
    assert [who for who, *_ in told] == [A, B]
    told = rounds.round((A, "/drift", 0.6), drift=0.6)
    assert [who for who, *_ in told] == [B, ear]


def test_the_same_port_of_another_host_is_another(rounds: Rounds) -> None:
    rounds.feedback.subscribe(C, C)
    rounds.ears.heard()
    assert {who for who, *_ in rounds.round((A, "/drift", 0.9), drift=0.9)} == {B, C}
    rounds.feedback.unsubscribe(A)
    assert rounds.feedback.tells(C)


def test_fixed_targets_are_told_from_the_start_once_and_for_ever(ears: Ears) -> None:
    rounds = Rounds(ears, Feedback(ears))
    rounds.feedback.tell_always([C])
    assert (C, "/tempo", (120.0,)) in rounds.round()
    rounds.feedback.subscribe(C, C)
    assert (C, "/tempo", (120.0,)) in ears.heard()
    assert rounds.round(tempo=99.0) == [(C, "/tempo", (99.0,))]
    rounds.feedback.unsubscribe(C)
    assert rounds.round(tempo=98.0) == [(C, "/tempo", (98.0,))]
    assert rounds.round((C, "/tempo", 97.0), tempo=97.0) == []


def test_a_move_without_a_value_is_told_as_it_was_made(rounds: Rounds) -> None:
    rounds.feedback.made(A, "/morph", (3.0, 4), ("3", 4))
    assert rounds.ears.heard() == [(B, "/morph", ("3", 4))]
    rounds.ears.now += 1
    rounds.feedback.made(A, "/morph", (3, 900), ("3", 64))
    assert rounds.ears.heard() == [(A, "/morph", ("3", 64)), (B, "/morph", ("3", 64))]


def test_what_comes_later_than_its_move_is_told_when_it_comes(rounds: Rounds) -> None:
    rounds.feedback.moved(A, "/bank", ("night",), settled=False)
    assert rounds.round() == []
    assert rounds.round(bank="night") == [(A, "/bank", ("night",)), (B, "/bank", ("night",))]
    rounds.feedback.moved(A, "/record", (1,), settled=False)
    assert rounds.round(recording=True) == [(B, "/record", (True,))], "or at once"


def test_a_dump_has_every_value_and_comes_30_times_a_second_at_the_most(rounds: Rounds) -> None:
    rounds.feedback.dump(C)
    told = rounds.ears.heard()
    assert {address: values for _, address, values in told} == dict(rounds.feedback.known)
    assert {who for who, *_ in told} == {C}
    for _ in range(100):
        rounds.feedback.dump(C)
    assert rounds.ears.heard() == []
    assert 0 < rounds.feedback.patience <= INTERVAL
    assert len(rounds.round()) == len(told), "the last one comes"


def test_who_unsubscribes_is_not_even_told_the_dump_that_waited(rounds: Rounds) -> None:
    for _ in range(2):
        rounds.feedback.subscribe(C, C)
    rounds.feedback.unsubscribe(C)
    rounds.ears.heard()
    assert C not in [who for who, *_ in rounds.round(tempo=77.0)]


def test_tracks_that_a_model_does_not_have_are_told_no_more(rounds: Rounds) -> None:
    rounds.round(track_count=5)
    assert "/track/5/mute" in rounds.feedback.known
    rounds.round(track_count=1)
    assert "/track/5/mute" not in rounds.feedback.known


def test_what_stands_besides_the_controls_is_told_once_and_to_whoever_comes_later(
    rounds: Rounds,
) -> None:
    for _ in range(2):
        rounds.feedback.stand("/banks", "night")
        told = rounds.ears.heard()
        rounds.round(drift=0.5 + rounds.ears.now / 1e6)
    assert told == []
    rounds.feedback.dump(C)
    assert (C, "/banks", ("night",)) in rounds.ears.heard()


def test_too_many_subscribers_are_refused_but_not_fixed_ones(ears: Ears) -> None:
    feedback = Feedback(ears)
    feedback.tell_always([C])
    for port in range(MAX_SUBSCRIBERS):
        feedback.subscribe(("127.0.0.1", port), A)
    with pytest.raises(BadValue, match="more can't be told"):
        feedback.subscribe(("127.0.0.1", 9_999), A)
    feedback.subscribe(C, C)
