"""Whatever breaks on stage: the parent, the player, the port. On real processes and a real JACK."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from livegan.core.music import STEPS_PER_BEAT, seconds_per_step

from .conftest import Client, Daemon, Synth, end_server, jack_server, wait_for
from .midi_surface import Hardware

pytestmark = pytest.mark.jack

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]
Listen = Callable[..., Synth]


@pytest.fixture
def mortal_jack(
    jack: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a server that may be killed, under one name. JACK has room for eight names,
    and only a server that ends in peace gives its own back."""
    name = f"{jack}-mortal"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    servers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        servers.append(jack_server(name))
        return servers[-1]

    yield start
    if servers and servers[-1].poll() is not None:
        start()
    for server in servers:
        end_server(server)


def playing(serve: Serve, listen: Listen, *arguments: str) -> tuple[Daemon, Synth]:
    """A daemon that has long notes sounding at 120 bpm on the grid, and another player standing by."""
    synth = listen("Synth")
    daemon = serve("--midi-out", "synth", "--bpm", "120", *arguments)
    for address, value in (("humanise", 0.0), ("density", 1.0), ("length", 1.0)):
        daemon.send(f"/livegan/{address}", value)
    daemon.send("/livegan/play")
    wait_for(lambda: len(synth.strikes()) > 40, 20, "forty notes")
    wait_for(lambda: spare_is_there(daemon), 5, "player that stands by")
    wait_for(lambda: "bar 2 " in daemon.log.read_text(), 10, "second bar")
    return daemon, synth


def spare_is_there(daemon: Daemon) -> bool:
    return len(daemon.player_pids()) == 2


def beside_the_grid(times: list[float], before: list[float], bpm: float) -> float:
    """How far strikes lie beside the sixteenths that others lay on, in seconds: their median."""
    unit = seconds_per_step(bpm) * STEPS_PER_BEAT / 4
    start = sorted(before)[len(before) // 2]

    def phases(moments: list[float], zero: float) -> list[float]:
        return sorted((at - zero + unit / 2) % unit - unit / 2 for at in moments)

    own = phases(before, start)
    other = phases(times, start)
    return other[len(other) // 2] - own[len(own) // 2]


def within_a_pause(synth: Synth, start: float, end: float) -> float:
    """The middle of the longest time without a strike between two times: no note lies near it."""
    times = [start, *(event[0] for event in synth.strikes(start) if event[0] < end), end]
    return max((after - at, (at + after) / 2) for at, after in pairwise(times))[1]


def strikes_between(synth: Synth, start: float, end: float) -> list[tuple[int, int]]:
    """Status and pitch, in the order of these: the notes of a chord come in any."""
    return sorted((event[1], event[2]) for event in synth.strikes(start) if event[0] < end)


# the parent


def stopped(daemon: Daemon, seconds: float) -> tuple[float, float]:
    """Hold the daemon for so long, as a debugger does; tells when it was held and when it woke."""
    daemon.process.send_signal(signal.SIGSTOP)
    held = time.monotonic()
    time.sleep(seconds)
    woken = time.monotonic()
    daemon.process.send_signal(signal.SIGCONT)
    return held, woken


def test_a_hung_parent_leaves_the_last_bar_going_round_and_is_followed_again_when_it_wakes(
    jack: str, serve: Serve, listen: Listen, client: Connect
) -> None:
    daemon, synth = playing(serve, listen)
    one = client(daemon)
    held, woken = stopped(daemon, 10.5)
    start = within_a_pause(synth, held + 4, held + 6)
    rounds = [strikes_between(synth, at, at + 2) for at in (start, start + 2)]
    assert len(rounds[0]) > 5
    assert rounds[0] == rounds[1], "the same bar, twice"
    one.send("/livegan/subscribe")
    wait_for(lambda: len(synth.strikes(woken + 2)) > 10, 10, "notes after it woke")
    one.heard.queue.clear()
    first = one.expect("/livegan/bar")[0]
    assert [one.expect("/livegan/bar")[0] for _ in range(2)] == [first + 1, first + 2]
    times = [event[0] for event in synth.strikes()]
    beside = beside_the_grid([at for at in times if at > woken], [at for at in times if at < held], 120)
    assert abs(beside) < 0.01
    daemon.send("/livegan/density", 0.0)
    wait_for(lambda: not synth.strikes(time.monotonic() - 1), 5, "new bars: silence, as asked")
    daemon.stop()
    wait_for(lambda: not synth.sounding(), 1, "silence")


def test_a_hung_parent_leaves_silence_where_that_was_asked_for(
    jack: str, serve: Serve, listen: Listen
) -> None:
    daemon, synth = playing(serve, listen, "--if-hung", "silence")
    held, woken = stopped(daemon, 8.0)
    assert synth.strikes(held), "what was made before is played"
    assert not [event for event in synth.strikes(held + 4.2) if event[0] < woken]
    sounding = [e for e in synth.heard if e[0] < held + 6 and e[1] & 0xF0 in (0x80, 0x90)]
    assert len(sounding) % 2 == 0, "every note has ended"
    wait_for(lambda: len(synth.strikes(woken)) > 5, 6, "music again")
    daemon.stop()
    wait_for(lambda: not synth.sounding(), 1, "silence")


def test_the_music_is_silent_within_100_ms_of_the_parents_death(
    jack: str, serve: Serve, listen: Listen
) -> None:
    daemon, synth = playing(serve, listen)
    wait_for(synth.sounding, 5, "sounding note")
    daemon.process.kill()
    killed = time.monotonic()
    wait_for(lambda: not synth.sounding(), 2, "silence")
    assert synth.heard[-1][0] - killed < 0.1
    assert not synth.strikes(killed + 0.1)


# the player


def test_a_killed_player_is_followed_by_another_on_the_beat(
    jack: str, serve: Serve, listen: Listen
) -> None:
    daemon, synth = playing(serve, listen)
    for _ in range(2):
        wait_for(lambda: spare_is_there(daemon), 5, "player that stands by")
        time.sleep(2.1)  # one that dies young is not started again
        wait_for(synth.sounding, 5, "sounding note")
        before = [event[0] for event in synth.strikes()]
        player = daemon.player_pid()
        killed = time.monotonic()
        os.kill(player, signal.SIGKILL)
        wait_for(lambda killed=killed: len(synth.strikes(killed)) > 10, 10, "new notes")
        ended = {(e[1] & 0x0F, e[2]) for e in synth.since(killed) if e[1] & 0xF0 == 0x80}
        assert synth.sounding(killed) <= ended
        assert synth.since(killed)[0][0] - killed < 0.2
        after = [event[0] for event in synth.strikes(killed)]
        assert after[0] - killed < 0.2 + 0.25, "at the next place of the bar"
        assert abs(beside_the_grid(after, before, 120)) < 0.01
    daemon.stop()
    wait_for(lambda: not synth.sounding(), 1, "silence")


def test_who_listens_to_our_own_port_hears_the_new_player_too(
    jack: str, serve: Serve, listen: Listen
) -> None:
    synth = listen("Synth")
    daemon = serve("--bpm", "120", "--play")
    subprocess.run(["jack_connect", "livegan:livegan", "Synth:in"], check=True)
    wait_for(synth.strikes, 10, "note")
    wait_for(lambda: spare_is_there(daemon), 5, "player that stands by")
    time.sleep(2.1)
    os.kill(daemon.player_pid(), signal.SIGKILL)
    killed = time.monotonic()
    wait_for(lambda: synth.strikes(killed), 5, "note of the new player")
    daemon.stop()
    wait_for(lambda: not synth.sounding(), 1, "silence")


def test_a_player_that_was_asleep_wakes_in_silence_and_plays_on_at_the_bar_line(
    jack: str, serve: Serve, listen: Listen
) -> None:
    daemon, synth = playing(serve, listen)
    daemon.send("/livegan/polyphony", 0.0)  # a chord of the music's own is no burst
    before = [event[0] for event in synth.strikes()]
    wait_for(synth.sounding, 5, "sounding note")
    player = daemon.player_pid()
    os.kill(player, signal.SIGSTOP)
    time.sleep(3.3)
    woken = time.monotonic()
    os.kill(player, signal.SIGCONT)
    wait_for(lambda: synth.strikes(woken), 5, "note")
    first = synth.strikes(woken)[0][0]
    offs = [e for e in synth.since(woken) if e[1] & 0xF0 == 0x80 and e[0] < first]
    assert offs, "what sounded has ended"
    assert offs[0][0] - woken < 0.1
    wait_for(lambda: len(synth.strikes(woken)) > 40, 10, "notes")
    after = [event[0] for event in synth.strikes(woken)]
    assert sum(at < first + 0.05 for at in after) < 8, "no burst"
    assert abs(beside_the_grid(after, before, 120)) < 0.01
    daemon.stop()
    wait_for(lambda: not synth.sounding(), 1, "silence")


# the port


def test_a_port_that_goes_is_noticed_and_joined_again_at_a_bar_line(
    jack: str, serve: Serve, listen: Listen, client: Connect
) -> None:
    daemon, synth = playing(serve, listen)
    one = client(daemon)
    one.send("/livegan/subscribe")
    one.expect("/livegan/bar")
    before = [event[0] for event in synth.strikes()]
    hanging = wait_for(synth.sounding, 5, "sounding note")
    synth.die()
    assert one.expect("/livegan/port", 1.0) == ("synth", False)
    bar = one.expect("/livegan/bar")[0]
    assert one.expect("/livegan/bar")[0] == bar + 1, "the music goes on"
    again = listen("Synth")
    came, there = one.expect("/livegan/port")
    assert ("Synth" in came, there) == (True, True)
    wait_for(lambda: len(again.strikes()) > 10, 10, "notes")
    first = again.strikes()[0][0]
    ended = {(e[1] & 0x0F, e[2]) for e in again.heard if e[1] & 0xF0 == 0x80 and e[0] < first}
    assert hanging <= ended
    after = [event[0] for event in again.strikes()]
    assert abs(beside_the_grid(after, before, 120)) < 0.01
    line = (first - before[0]) / 2
    assert abs(line - round(line)) < 0.02, "at a bar line"
    log = daemon.log.read_text()
    assert "the MIDI port synth is gone" in log
    assert "MIDI out again: Synth" in log
    daemon.stop()
    assert not again.sounding()


@pytest.mark.parametrize("port", ["our own", "another"])
def test_a_jack_server_that_dies_is_found_again(
    port: str,
    mortal_jack: Callable[[], subprocess.Popen[bytes]],
    serve: Serve,
    listen: Listen,
    client: Connect,
) -> None:
    server = mortal_jack()
    synth = listen("Synth")
    to = ["--midi-out", "synth"] if port == "another" else []
    daemon = serve("--bpm", "120", "--play", *to)
    one = client(daemon)
    one.send("/livegan/subscribe")
    wait_for(lambda: spare_is_there(daemon), 5, "player that stands by")
    time.sleep(1.0)
    server.kill()
    server.wait()
    assert one.expect("/livegan/port", 1.0)[1] == 0
    synth.die()
    bar = one.expect("/livegan/bar")[0]
    assert one.expect("/livegan/bar")[0] == bar + 1, "the music goes on"
    mortal_jack()
    again = listen("Synth")
    assert one.expect("/livegan/port")[1] == 1
    if port == "our own":
        subprocess.run(["jack_connect", "livegan:livegan", "Synth:in"], check=True)
    wait_for(lambda: len(again.strikes()) > 10, 10, "notes")
    bar = one.expect("/livegan/bar")[0]
    assert one.expect("/livegan/bar")[0] == bar + 1
    daemon.stop()
    assert not again.sounding()


def test_controllers_are_heard_again_when_a_jack_server_comes_back(
    mortal_jack: Callable[[], subprocess.Popen[bytes]], serve: Serve, client: Connect
) -> None:
    server = mortal_jack()
    one = client(serve("--map", "generic"))
    one.send("/livegan/subscribe")
    one.expect("/livegan/midi/map")
    server.kill()
    server.wait()
    assert one.expect("/livegan/midi/port") == ("controls", False)
    mortal_jack()
    assert one.expect("/livegan/midi/port", 10.0) == ("controls", True)
    knobs = Hardware()
    knobs.connect("controls")
    knobs.send((0xB0, 19, 127))
    assert one.expect("/livegan/density") == (1.0,)
    knobs.unplug()
