"""On a real MIDI system: somebody plays on keys, and an independent client hears what becomes of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

from livegan.core.music import STEPS_PER_BAR, seconds_per_step

from .conftest import LIVEGAN, Client, Daemon, Heard, Synth, wait_for
from .midi_client import MidiOut

pytestmark = pytest.mark.jack

BPM = 120
STEP = seconds_per_step(BPM)
CLICK, ON_BAR = 0x99, 76
NEAR = 0.04
"""Seconds; a sixteenth is 0.125."""

PHRASE = [(0, 60, 100), (24, 64, 40), (42, 67, 77), (54, 72, 110), (78, 59, 63)]
"""Steps, pitches and velocities of a bar."""


class Keys:
    """A keyboard, and somebody who plays in time to the clicks of the metronome."""

    def __init__(self, synth: Synth, out: MidiOut) -> None:
        self.synth, self.out = synth, out

    def press(self, pitch: int, velocity: int = 90) -> None:
        self.out.send((0x90, pitch, velocity))

    def let_go(self, pitch: int) -> None:
        self.out.send((0x80, pitch, 0))

    def next_line(self) -> float:
        """Wait for a bar line; when it was."""
        known = len(self.lines())
        return float(wait_for(lambda: self.lines()[known:], 10, "click on the bar")[0])

    def lines(self) -> list[float]:
        return [
            at for at, status, pitch, _ in self.synth.strikes() if (status, pitch) == (CLICK, ON_BAR)
        ]

    def play(self, line: float, phrase: list[tuple[int, int, int]], length: int = 9) -> None:
        """A bar that began at this time."""
        events = [(step, True, pitch, velocity) for step, pitch, velocity in phrase]
        events += [(step + length, False, pitch, 0) for step, pitch, _ in phrase]
        for step, on, pitch, velocity in sorted(events):
            time.sleep(max(0.0, line + step * STEP - time.monotonic()))
            self.press(pitch, velocity) if on else self.let_go(pitch)


Start = Callable[..., tuple[Daemon, Synth, Keys, Client]]


@pytest.fixture
def duo(
    serve: Callable[..., Daemon],
    listen: Callable[[], Synth],
    client: Callable[[Daemon], Client],
    plug: Callable[..., MidiOut],
) -> Start:
    """A daemon that listens so and plays, with a metronome; who hears it, plays with it, is told."""

    def start(how: str, *arguments: str) -> tuple[Daemon, Synth, Keys, Client]:
        daemon = serve("--bpm", str(BPM), *arguments)
        synth, told = listen(), client(daemon)
        hands = Keys(synth, plug("hands", "livegan-keys:keys"))
        told.send("/livegan/subscribe", 1)
        told.send("/livegan/metronome", 1)
        told.send("/livegan/listen", how)
        told.send("/livegan/play", 1)
        return daemon, synth, hands, told

    return start


def music(synth: Synth, start: float, end: float = 1e12) -> list[Heard]:
    """Strikes between two times, without clicks."""
    return [e for e in synth.strikes() if start - NEAR <= e[0] < end - NEAR and e[1] != CLICK]


def test_what_was_played_comes_again_a_bar_later(duo: Start) -> None:
    _, synth, hands, told = duo("echo")
    hands.next_line()
    hands.play(hands.next_line(), PHRASE)
    line = hands.next_line()
    assert told.expect("/livegan/heard")[1] == len(PHRASE)
    end = hands.next_line()
    echo = music(synth, line, end)
    assert [(pitch, velocity) for _, _, pitch, velocity in echo] == [note[1:] for note in PHRASE]
    late = [at - line - step * STEP for (at, *_), (step, *_) in zip(echo, PHRASE, strict=True)]
    print(late)
    assert all(abs(seconds) < NEAR for seconds in late)
    hands.next_line()
    assert music(synth, end), "where nothing was heard it plays by itself"


def test_an_answer_comes_in_the_bar_after_and_then_it_waits(duo: Start) -> None:
    _, synth, hands, _ = duo("answer")
    hands.next_line()
    quiet = hands.next_line()
    line = hands.next_line()
    assert not music(synth, quiet, line), "it waits for somebody to play"
    hands.play(line, PHRASE)
    answer = hands.next_line()
    end = hands.next_line()
    assert not music(synth, line, answer)
    assert music(synth, answer, end)
    assert not music(synth, end, hands.next_line())
    wait_for(lambda: not synth.sounding(), 2, "silence")


def test_switched_off_in_the_middle_of_an_echo_nothing_hangs(duo: Start) -> None:
    daemon, synth, hands, told = duo("echo", "--seed", "2")
    hands.next_line()
    line = hands.next_line()
    hands.play(line, PHRASE, length=70)
    hands.next_line()
    told.send("/livegan/listen", "off")
    line = hands.next_line()
    end = hands.next_line()
    assert music(synth, line, end), "it plays by itself"
    daemon.send("/livegan/stop")
    wait_for(lambda: not synth.sounding(), 2, "silence")


def test_a_keyboard_that_is_unplugged_with_a_key_down_leaves_no_note_and_the_music_goes_on(
    duo: Start,
) -> None:
    daemon, synth, hands, told = duo("echo")
    hands.next_line()
    hands.next_line()
    hands.press(60, 99)
    assert told.expect("/livegan/heard")[1] == 1
    hands.out.close()
    strike = wait_for(lambda: [e for e in synth.strikes() if e[2:] == (60, 99)], 5, "echo")[0][0]
    ended = wait_for(lambda: after(synth, strike, 0x80, 60), 5, "end of the echo")[0][0]
    assert ended - strike < 1.2 * STEPS_PER_BAR * STEP
    wait_for(lambda: len(hands.lines()) > 8, 20, "more bars")
    assert [e[2:] for e in synth.strikes()].count((60, 99)) == 1
    daemon.send("/livegan/stop")
    wait_for(lambda: not synth.sounding(), 2, "silence")


def after(synth: Synth, start: float, status: int, pitch: int) -> list[Heard]:
    found = [e for e in list(synth.heard) if e[0] > start and e[1] == status]
    return [e for e in found if e[2] == pitch]


def test_a_keyboard_is_heard_by_part_of_its_name_and_again_when_it_is_back(
    serve: Callable[..., Daemon], plug: Callable[..., MidiOut], client: Callable[[Daemon], Client]
) -> None:
    grand = plug("Grand Piano")
    daemon = serve("--listen-in", "grand pi")
    one = client(daemon)
    one.send("/livegan/subscribe", 1)
    transposing(one)
    assert transposed(one, grand, 62) == 2
    grand.close()
    wait_for(lambda: "is gone" in daemon.log.read_text(), 10, "word of it")
    grand = plug("Grand Piano")
    wait_for(lambda: daemon.log.read_text().count("keys: ") == 2, 10, "keyboard that is back")
    assert transposed(one, grand, 55) == -5


def transposing(one: Client) -> None:
    one.send("/livegan/listen/keyboard", "transpose")
    one.send("/livegan/sync")
    while one.expect("/livegan/listen/keyboard") != ("transpose",):
        pass


def transposed(one: Client, keyboard: MidiOut, pitch: int) -> int:
    """What a key makes of the music, as a subscriber is told."""
    keyboard.send((0x90, pitch, 80))
    keyboard.send((0x80, pitch, 0))
    values = one.expect("/livegan/listen/transpose")
    while values == (0,):  # as it was when we subscribed
        values = one.expect("/livegan/listen/transpose")
    return int(values[0])


def test_a_keyboard_that_is_not_there_is_named_with_those_that_are(jack: str) -> None:
    command = [*LIVEGAN, "serve", "--port", "0", "--listen-in", "no such piano"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no MIDI input has 'no such piano' in its name; there are:" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_last_key_transposes_until_the_next_and_is_not_echoed(duo: Start) -> None:
    _, synth, hands, told = duo("echo")
    transposing(told)
    assert transposed(told, hands.out, 67) == 7
    assert transposed(told, hands.out, 48) == -12
    line = hands.next_line()
    end = hands.next_line()
    assert music(synth, line, end), "its own music"


def test_what_was_played_on_keys_is_captured_as_a_scene(duo: Start) -> None:
    _, synth, hands, told = duo("answer")
    hands.next_line()
    hands.play(hands.next_line(), PHRASE)
    hands.next_line()
    told.send("/livegan/capture", 7)
    scene, share = told.expect("/livegan/captured")
    assert scene == 7
    assert share > 0.5
    told.send("/livegan/listen", "off")
    told.send("/livegan/drift", 0.0)
    told.send("/livegan/scene/7/recall", 1)
    wanted = {(step, pitch) for step, pitch, _ in PHRASE}

    def came_back() -> bool:
        line = hands.next_line()
        again = music(synth, line, hands.next_line())
        came = {(6 * round((at - line) / STEP / 6), pitch) for at, _, pitch, _ in again}
        return bool(wanted & came)

    wait_for(came_back, 10, "notes that come back")


@pytest.mark.parametrize("model", ["paper-cnn-lstm", "musegan-composer-pop909", "piano"])
def test_what_livegan_played_is_captured_while_it_goes_on(
    model: str, serve: Callable[..., Daemon], client: Callable[[Daemon], Client]
) -> None:
    daemon = serve("--bpm", "120", "--model", model, "--play")
    one = client(daemon)
    one.send("/livegan/capture", 3)
    assert "no bar to capture" in one.expect("/livegan/error")[1]
    one.send("/livegan/subscribe", 1)
    while one.expect("/livegan/bar")[0] < 3:
        pass
    one.send("/livegan/capture", 3)
    bars = [one.expect("/livegan/bar")[0] for _ in range(3)]
    assert bars == list(range(bars[0], bars[0] + 3))
    one.send("/livegan/sync")
    one.send("/livegan/capture", 4)
    scene, share = one.expect("/livegan/captured", 10)
    assert scene in (3, 4)
    assert 0.1 < share <= 1
    assert "not ready" not in daemon.log.read_text()
    assert daemon.stop() == 0


def test_a_capture_is_dropped_when_the_model_has_changed(
    serve: Callable[..., Daemon], client: Callable[[Daemon], Client]
) -> None:
    daemon = serve("--bpm", "60", "--model", "paper-cnn-lstm", "--play")
    one = client(daemon)
    one.send("/livegan/subscribe", 1)
    while one.expect("/livegan/bar")[0] < 2:
        pass
    one.send("/livegan/stop", 1)
    one.send("/livegan/capture", 3)
    one.send("/livegan/model", "paper-naive")
    while (error := one.expect("/livegan/error", 10))[0] != "/capture":
        pass
    assert "the model has changed" in error[1]
