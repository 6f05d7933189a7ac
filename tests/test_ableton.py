"""What docs/ableton.md says, without Live: the messages that Live sends in its steps, from clients of
their own, to a real daemon on a JACK server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from livegan.core.addressing import move_for
from livegan.core.clock_out import START, STOP
from livegan.core.outputs import CONTROL

from .conftest import Client, Daemon, Synth, wait_for
from .midi_client import MidiOut
from .test_sync import Sequencer

PAGE = (Path(__file__).parent.parent / "docs" / "ableton.md").read_text()
Serve = Callable[..., Daemon]
jacked = pytest.mark.jack
PROGRAM = 0xC0


@pytest.fixture
def output(plug: Callable[..., MidiOut]) -> Callable[[str], MidiOut]:
    """Outputs of Live's, connected to inputs of the daemon's by the ends of their names."""
    return lambda ending: plug("live", f"*{ending}")


@pytest.fixture
def live_plays(output: Callable[[str], MidiOut]) -> Iterator[Callable[[], Sequencer]]:
    """Live's output to livegan's clock input, with Sync on."""
    made: list[Sequencer] = []

    def connect() -> Sequencer:
        made.append(Sequencer(output("clock in")))
        made[-1].begin()
        return made[-1]

    yield connect
    for one in made:
        one.end()


def strikes_since(synth: Synth, count: int) -> list[int]:
    """Velocities of the notes after so many."""
    return [event[3] for event in synth.strikes()[count:]]


def told(one: Client) -> Client:
    """One that was told all values, of which the model is the last, and is told every change."""
    one.send("/livegan/subscribe")
    one.expect("/livegan/model")
    return one


def a_bar_passes(one: Client, bars: int = 1) -> None:
    for _ in range(bars):
        one.expect("/livegan/bar", 10)


@jacked
def test_lives_play_button_and_tempo_are_livegans(
    serve: Serve,
    listen: Callable[[], Synth],
    live_plays: Callable[[], Sequencer],
    client: Callable[[Daemon], Client],
) -> None:
    """Step 2, Live leads by MIDI clock."""
    daemon = serve("--sync", "midi")
    one = told(client(daemon))
    synth, live = listen(), live_plays()
    live.bpm = 150
    wait_for(lambda: len(live.ticks) > 96, 10, "four beats of ticks")
    assert not synth.strikes(), "Live stands"
    live.out.send([START])
    assert one.expect("/livegan/bar", 5) == (1,)
    wait_for(lambda: synth.strikes(), 5, "notes")
    wait_for(lambda: 146 < one.expect("/livegan/tempo")[0] < 154, 10, "Live's tempo")
    live.out.send([STOP])
    wait_for(lambda: not synth.sounding(), 2, "silence")
    wait_for(lambda: one.expect("/livegan/play")[0] in (False, 0), 5, "stop")
    assert daemon.stop() == 0


@jacked
def test_a_clips_envelope_moves_what_it_was_taught(
    serve: Serve,
    listen: Callable[[], Synth],
    output: Callable[[str], MidiOut],
    client: Callable[[Daemon], Client],
) -> None:
    """Step 3: learn, then the CC of a MIDI track moves the control, and the music follows."""
    daemon = serve("--bpm", "240", "--play")
    one = told(client(daemon))
    synth, track = listen(), output("controls")
    one.send("/livegan/midi/learn", "/velocity")
    assert one.expect("/livegan/midi/learn") == ("/livegan/velocity",)
    envelope(track, 20, range(80, 128))
    assert one.expect("/livegan/midi/bound")[0].endswith("/velocity")
    envelope(track, 20, range(127, 19, -1))
    wait_for(lambda: one.expect("/livegan/velocity")[0] < 0.17, 10, "what the envelope ends at")
    a_bar_passes(one, 2)
    count = len(synth.strikes())
    wait_for(lambda: len(synth.strikes()) > count + 12, 10, "soft notes")
    soft = max(strikes_since(synth, count))
    envelope(track, 20, range(21, 128))
    wait_for(lambda: one.expect("/livegan/velocity")[0] > 0.99, 10, "the other end")
    a_bar_passes(one, 2)
    count = len(synth.strikes())
    wait_for(lambda: len(synth.strikes()) > count + 12, 10, "loud notes")
    assert min(strikes_since(synth, count)) > soft
    assert daemon.stop() == 0


@jacked
def test_without_learning_the_map_for_any_controller_takes_lives_ccs(
    serve: Serve, output: Callable[[str], MidiOut], client: Callable[[Daemon], Client]
) -> None:
    """Step 3: --map generic."""
    daemon = serve("--map", "generic")
    one = told(client(daemon))
    track = output("controls")
    envelope(track, 16, range(128))
    wait_for(lambda: one.expect("/livegan/xy")[0] > 0.99, 10, "the pad's right edge")
    envelope(track, 17, range(128))
    wait_for(lambda: min(one.expect("/livegan/xy")) > 0.99, 10, "its upper right corner")
    track.send([PROGRAM, 8])
    assert one.expect("/livegan/scene/9/recall") == ()
    assert daemon.stop() == 0


def envelope(track: MidiOut, number: int, values: Iterable[int]) -> None:
    """A control change for each value, on channel 1."""
    for value in values:
        track.send([CONTROL, number, value])


@jacked
def test_osc_send_moves_what_goes_from_0_to_1(
    serve: Serve, listen: Callable[[], Synth], client: Callable[[Daemon], Client]
) -> None:
    """Step 4: one float from 0 to 1, to an address that was typed."""
    daemon = serve("--bpm", "240", "--play")
    live, one, synth = client(daemon), told(client(daemon)), listen()
    live.send("/livegan/density", 0.9)
    assert one.expect("/livegan/density") == pytest.approx((0.9,))
    wait_for(lambda: len(synth.strikes()) > 20, 10, "dense music")
    live.send("/livegan/density", 0.0)
    assert one.expect("/livegan/density") == (0.0,)
    a_bar_passes(one, 2)
    count = len(synth.strikes())
    a_bar_passes(one, 2)
    assert not strikes_since(synth, count), "no notes a bar are none"
    live.send("/livegan/density", 0.6)
    wait_for(lambda: len(synth.strikes()) > count + 10, 10, "music again")
    assert daemon.stop() == 0


@jacked
def test_osc_sends_floats_switch_and_press(
    serve: Serve, listen: Callable[[], Synth], client: Callable[[Daemon], Client]
) -> None:
    """Step 4: a switch of Live's sends 0.0 and 1.0, and pressing is the way up alone."""
    daemon = serve("--bpm", "240")
    live, one, synth = client(daemon), told(client(daemon)), listen()
    live.send("/livegan/play", 1.0)
    live.send("/livegan/play", 0.0)
    assert one.expect("/livegan/play") == (True,)
    wait_for(lambda: synth.strikes(), 5, "notes")
    live.send("/livegan/freeze", 1.0)
    assert one.expect("/livegan/freeze") == (True,)
    live.send("/livegan/freeze", 0.0)
    assert one.expect("/livegan/freeze") == (False,)
    live.send("/livegan/track/1/mute", 1.0)
    assert one.expect("/livegan/track/1/mute") == (True,)
    a_bar_passes(one, 2)
    count = len(synth.strikes())
    a_bar_passes(one, 2)
    assert not strikes_since(synth, count)
    live.send("/livegan/track/1/mute", 0.0)
    live.send("/livegan/drift", 0.0)
    assert one.expect("/livegan/drift") == (0.0,)
    live.send("/livegan/scene/3/recall", 1.0)
    at_scene = one.expect("/livegan/z/12")  # the numbers before say the scale, which scenes share
    live.send("/livegan/scene/3/recall", 0.0)
    live.send("/livegan/scene/4/recall", 1.0)
    assert one.expect("/livegan/z/12") != at_scene, "the release did nothing, the next press did"
    live.send("/livegan/stop", 1.0)
    assert one.expect("/livegan/play") == (False,)
    assert "can't" not in daemon.log.read_text()
    assert daemon.stop() == 0


def test_every_address_of_the_page_is_taken_as_it_is_used_there() -> None:
    by_osc_send = set(re.findall(r"`(/livegan/[^`]*)`", PAGE))
    assert len(by_osc_send) > 15
    for address in by_osc_send - {"/livegan/xy", "/livegan/tempo", "/livegan/transpose"}:
        control = move_for(address, (1.0,)).control
        taken = control.arguments[:1]
        assert control.trigger or all((a.low, a.high) == (0, 1) or a.kind == "bool" for a in taken)
    typed = re.findall(r"livegan send (/[^`]*)`", PAGE)
    assert len(typed) >= 8
    for line in typed:
        address, *values = line.split()
        move_for(f"/livegan{address}", [int(v) if v.lstrip("-").isdigit() else v for v in values])
