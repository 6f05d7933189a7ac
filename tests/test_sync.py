"""Following real leaders: a MIDI clock through JACK, a Link session, JACK's transport."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest

from livegan.core.clock_out import CONTINUE, SONG_POSITION, START, STOP, TICK
from livegan.core.music import seconds_per_step

from .conftest import LIVEGAN, Client, Daemon, Synth, wait_for
from .midi_client import MidiOut

pytestmark = pytest.mark.jack
ON_TIME = 0.012
"""Seconds: a period of JACK and a bit."""


@dataclass
class Sequencer:
    """Sends MIDI clock from a thread of its own, at times that were laid down before."""

    out: MidiOut
    ticks: list[float] = field(default_factory=list)
    bpm: float = 120.0
    running: bool = True

    def run(self) -> None:
        due = time.monotonic()
        while self.running:
            due += seconds_per_step(self.bpm)
            time.sleep(max(0.0, due - time.monotonic()))
            self.out.send([TICK])
            self.ticks.append(due)

    def begin(self) -> None:
        self.thread = Thread(target=self.run)
        self.thread.start()

    def end(self) -> None:
        self.running = False
        self.thread.join()


@pytest.fixture
def sequencer(plug: Callable[..., MidiOut]) -> Iterator[Callable[[], Sequencer]]:
    """One whose output is connected to the daemon's clock input."""
    made: list[Sequencer] = []

    def connect() -> Sequencer:
        made.append(Sequencer(plug("sequencer", "*clock in")))
        made[-1].begin()
        return made[-1]

    yield connect
    for one in made:
        one.end()


def on_the_beat(synth: Synth, ticks: list[float]) -> list[float]:
    """How far each strike lies from the nearest tick, in seconds."""
    return [min((event[0] - tick for tick in ticks), key=abs) for event in synth.strikes()]


def test_the_music_goes_with_a_midi_clock(
    serve: Callable[..., Daemon],
    listen: Callable[[], Synth],
    sequencer: Callable[[], Sequencer],
    client: Callable[[Daemon], Client],
) -> None:
    daemon = serve("--sync", "midi", "--bpm", "60")
    daemon.send("/livegan/density", 0.9)
    daemon.send("/livegan/humanise", 0.0)
    one = client(daemon)
    one.send("/livegan/subscribe")
    synth, leader = listen(), sequencer()
    wait_for(lambda: len(leader.ticks) > 48, 10, "two beats of ticks")
    assert not synth.strikes(), "nobody said start"
    leader.out.send([START])
    assert one.expect("/livegan/bar", 3) == (1,)
    wait_for(lambda: len(synth.strikes()) > 30, 20, "thirty notes")
    late = sorted(abs(seconds) for seconds in on_the_beat(synth, leader.ticks))
    assert late[len(late) // 2] < ON_TIME
    assert one.expect("/livegan/tempo") == pytest.approx((120.0,), abs=2)
    leader.bpm = 150
    wait_for(lambda: 145 < one.expect("/livegan/tempo")[0] < 155, 5, "tempo")
    leader.out.send([STOP])
    wait_for(lambda: not synth.sounding(), 1, "silence")
    assert one.expect("/livegan/play") in [(False,), (0,)]
    leader.out.send([SONG_POSITION, 4 * 16 + 1, 0])
    leader.out.send([CONTINUE])
    assert one.expect("/livegan/bar") == (6,), "the next bar line after the position"


def test_a_clock_that_falls_silent_is_played_on(
    serve: Callable[..., Daemon], listen: Callable[[], Synth], sequencer: Callable[[], Sequencer]
) -> None:
    serve("--sync", "midi")
    synth, leader = listen(), sequencer()
    leader.out.send([START])
    wait_for(lambda: len(synth.strikes()) > 5, 10, "notes")
    leader.end()
    before = len(synth.strikes())
    wait_for(lambda: len(synth.strikes()) > before + 20, 20, "more notes")
    leader.running = True
    leader.begin()


def test_a_flood_at_the_clock_input_disturbs_nothing(
    serve: Callable[..., Daemon], listen: Callable[[], Synth], sequencer: Callable[[], Sequencer]
) -> None:
    daemon = serve("--sync", "midi")
    synth, leader = listen(), sequencer()
    leader.out.send([START])
    wait_for(lambda: len(synth.strikes()) > 5, 10, "notes")
    chance = random.Random(1)
    for number in range(10_000):
        leader.out.send(chance.choice([[0x90, number % 128, 1], [0xB0, 1, 2], [0xFE], [0xF6]]))
        if number % 50 == 0:
            time.sleep(0.002)  # JACK's buffer is full else, and the clock's own ticks are lost
    before = len(synth.strikes())
    wait_for(lambda: len(synth.strikes()) > before + 10, 10, "more notes")
    late = sorted(abs(seconds) for seconds in on_the_beat(synth, leader.ticks)[-10:])
    assert late[len(late) // 2] < ON_TIME
    assert "too late" not in daemon.log.read_text()


def test_a_jack_midi_clock_of_somebody_else_is_followed(
    jack: str, serve: Callable[..., Daemon], listen: Callable[[], Synth]
) -> None:
    """jack_midi_clock sends the clock of JACK's transport, which jack_transport moves."""
    with subprocess.Popen(["jack_midi_clock", "-b", "100"], stdout=subprocess.DEVNULL) as clock:
        try:
            daemon = serve("--sync", "midi", "--clock-in", "jack_midi_clock", "--bpm", "60")
            synth = listen()
            leads(daemon, "midi")
            transport("play")
            wait_for(lambda: len(synth.strikes()) > 10, 15, "notes")
            transport("stop")
            wait_for(lambda: not synth.sounding(), 2, "silence")
            assert daemon.stop() == 0
        finally:
            transport("stop")
            transport("locate 0")
            clock.terminate()


def transport(command: str) -> None:
    """It says nothing but its exit status where JACK has no time to let it in."""

    def said() -> bool:
        given = f"{command}\nquit\n"
        done = subprocess.run(
            ["jack_transport"], input=given, text=True, capture_output=True, check=False
        )
        return done.returncode == 0

    wait_for(said, 5, "JACK's transport")


def leads(daemon: Daemon, leader: str) -> None:
    """Until the daemon's ear for it is open: a start that came before is not heard."""
    wait_for(lambda: f"time: {leader}" in daemon.log.read_text(), 10, leader)


def test_jacks_transport_is_followed_and_rolls_with_us(
    jack: str,
    serve: Callable[..., Daemon],
    listen: Callable[[], Synth],
    client: Callable[[Daemon], Client],
) -> None:
    pytest.importorskip("jack")
    transport("locate 0")
    daemon = serve("--sync", "jack", "--bpm", "120")
    one = client(daemon)
    one.send("/livegan/subscribe")
    synth = listen()
    leads(daemon, "jack")
    transport("play")
    wait_for(lambda: len(synth.strikes()) > 5, 10, "notes")
    transport("stop")
    wait_for(lambda: not synth.sounding(), 2, "silence")
    transport("locate 480000")  # ten seconds: bar 6 of two seconds each
    daemon.send("/livegan/play")
    while (bar := one.expect("/livegan/bar", 10)[0]) < 6:
        pass
    assert bar == 6
    daemon.send("/livegan/stop")
    wait_for(lambda: not synth.sounding(), 2, "silence")
    transport("locate 0")


@pytest.fixture
def peer() -> Iterator[Any]:
    """Somebody else in the Link session."""
    link = pytest.importorskip("link")
    one = link.Link(97.0)
    one.startStopSyncEnabled = True
    one.enabled = True
    yield one
    one.enabled = False


def commit(peer: Any, **changes: float) -> None:
    state = peer.captureSessionState()
    now = peer.clock().micros()
    if "tempo" in changes:
        state.setTempo(changes["tempo"], now)
    if "playing" in changes:
        state.setIsPlaying(bool(changes["playing"]), now)
    peer.commitSessionState(state)


def test_a_link_session_leads_and_is_led(
    peer: Any,
    serve: Callable[..., Daemon],
    listen: Callable[[], Synth],
    client: Callable[[Daemon], Client],
) -> None:
    time.sleep(0.5)  # a session of one, before we come
    daemon = serve("--sync", "link", "--bpm", "140")
    daemon.send("/livegan/humanise", 0.0)
    one = client(daemon)
    one.send("/livegan/subscribe")
    synth = listen()
    wait_for(lambda: peer.numPeers() == 1, 10, "peer")
    wait_for(lambda: abs(one.expect("/livegan/tempo")[0] - 97) < 0.01, 5, "the session's tempo")
    assert peer.captureSessionState().tempo() == pytest.approx(97), "joining changes no tempo"
    commit(peer, playing=1)
    assert one.expect("/livegan/bar", 10) == (1,)
    daemon.send("/livegan/tempo", 180.0)
    wait_for(lambda: abs(peer.captureSessionState().tempo() - 180) < 0.01, 5, "our tempo at the peer")
    wait_for(lambda: len(synth.strikes()) > 40, 20, "forty notes")
    off = sorted(abs(seconds) for seconds in off_grid(peer, synth))
    assert off[len(off) // 2] < ON_TIME
    commit(peer, playing=0)
    wait_for(lambda: not synth.sounding(), 2, "silence")
    daemon.send("/livegan/play")
    wait_for(lambda: peer.captureSessionState().isPlaying(), 5, "the session plays with us")


def off_grid(peer: Any, synth: Synth) -> list[float]:
    """How far the last strikes are from the session's sixteenths, in seconds."""
    state, clock = peer.captureSessionState(), peer.clock()
    now, read = clock.micros(), time.monotonic()
    beats = [state.beatAtTime(int(now + (event[0] - read) * 1e6), 4) for event in synth.strikes()[-20:]]
    return [(beat * 4 - round(beat * 4)) / 4 * 60 / state.tempo() for beat in beats]


def test_a_leader_that_is_not_there_is_named_and_what_leads_stays(
    serve: Callable[..., Daemon], client: Callable[[Daemon], Client]
) -> None:
    daemon = serve("--clock-in", "no such input")
    one = client(daemon)
    one.send("/livegan/subscribe")
    one.send("/livegan/sync", "midi")
    while (values := one.expect("/livegan/error"))[0] != "/sync":
        pass
    assert "no MIDI input has 'no such input'" in values[1]
    assert one.expect("/livegan/sync") == ("internal",)
    refused = subprocess.run(
        [*LIVEGAN, "serve", "--port", "0", "--sync", "midi", "--clock-in", "no such input"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "no MIDI input has 'no such input'" in refused.stderr.splitlines()[-1]


def test_latency_moves_the_notes_and_nothing_hangs(
    serve: Callable[..., Daemon], listen: Callable[[], Synth], client: Callable[[Daemon], Client]
) -> None:
    daemon = serve("--bpm", "120", "--clock-out", "--latency", "200")
    daemon.send("/livegan/humanise", 0.0)
    synth = listen()
    daemon.send("/livegan/play")
    wait_for(lambda: len(synth.strikes()) > 5, 10, "notes")
    start = next(message[0] for message in synth.clock if message[1] == TICK)
    assert synth.strikes()[0][0] - start > 0.19
    daemon.send("/livegan/latency", -100.0)
    wait_for(lambda: len(synth.strikes()) > 25, 10, "notes")
    off = off_the_sixteenth(synth, start - 0.1)
    assert abs(sorted(off)[len(off) // 2]) < ON_TIME
    daemon.send("/livegan/stop")
    wait_for(lambda: not synth.sounding(), 0.3, "silence")


def off_the_sixteenth(synth: Synth, start: float) -> list[float]:
    """How far the last strikes lie from the nearest sixteenth since then, in seconds."""
    late = [event[0] - start for event in synth.strikes()[-10:]]
    return [seconds - round(seconds / 0.125) * 0.125 for seconds in late]


def test_json_log_says_who_leads(serve: Callable[..., Daemon]) -> None:
    daemon = serve("--sync", "midi", "--log-json")

    def leaders() -> list[str]:
        lines = [json.loads(line) for line in daemon.log.read_text().splitlines()]
        return [line["leader"] for line in lines if "leader" in line]

    wait_for(lambda: leaders() == ["midi"], 5, "word of the leader")
