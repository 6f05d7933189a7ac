"""On a real MIDI system: what an independent client gets, and that nothing is left sounding."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from livegan.core.clock_out import CONTINUE, SONG_POSITION, START, STOP, TICK
from livegan.core.music import seconds_per_step
from livegan.core.performance import notes_of
from livegan.core.rendering import channel_of
from livegan.shell.generator import load_model, shipped_models

from .conftest import LIVEGAN, UNPRIVILEGED, Daemon, Synth, wait_for

pytestmark = pytest.mark.jack


def playing(serve: Callable[..., Daemon], listen: Callable[[], Synth]) -> tuple[Daemon, Synth]:
    """A daemon at full density, with something sounding."""
    daemon = serve("--bpm", "60")
    synth = listen()
    daemon.send("/livegan/density", 1.0)
    daemon.send("/livegan/play")
    wait_for(synth.sounding, 10, "note")
    return daemon, synth


def test_a_client_gets_the_very_notes_in_order_and_on_the_grid(
    serve: Callable[..., Daemon], listen: Callable[[], Synth], tmp_path: Path
) -> None:
    sent_file = tmp_path / "sent.mid"
    daemon = serve("--bpm", "240", "--seed", "5", "--record", str(sent_file))
    synth = listen()
    daemon.send("/livegan/play")
    wait_for(lambda: len(synth.strikes()) > 60, 30, "sixty notes")
    daemon.stop()
    sent = [m for m in mido.MidiFile(sent_file).tracks[1] if m.type in ("note_on", "note_off")]
    got = [event[1:] for event in synth.heard if event[1] & 0xF0 in (0x80, 0x90)]
    assert got == [tuple(m.bytes()) for m in sent]

    rendered = tmp_path / "rendered.mid"
    command = ["render", "--bars", "32", "--seed", "5", "--bpm", "240", str(rendered)]
    subprocess.run([*LIVEGAN, *command], check=True)
    expected = [m.bytes() for m in mido.MidiFile(rendered).tracks[1] if m.type == "note_on"]
    strikes = [list(event[1:]) for event in synth.strikes()]
    assert strikes == expected[: len(strikes)], "render plays what the daemon plays"

    step = seconds_per_step(240)
    places = [event.start for event in notes_of(steps_of(sent))]
    times = sorted(event[0] for event in synth.strikes())
    errors = [at - place * step for at, place in zip(times, places, strict=True)]
    spread = sorted(error - min(errors) for error in errors)
    assert spread[len(spread) // 2] < 0.02, "the typical note is on the grid"


def steps_of(messages: list[mido.Message]) -> list[tuple[int, int, int, int]]:
    at, events = 0, []
    for message in messages:
        at += message.time
        events.append((at // 20, *message.bytes()))
    return events


def test_oscsend_drives_the_instrument(
    serve: Callable[..., Daemon], listen: Callable[[], Synth]
) -> None:
    daemon, synth = playing(serve, listen)
    daemon.send("/livegan/velocity", 1.0)
    wait_for(lambda: synth.strikes()[-1][3] == 127, 5, "note at full velocity")
    daemon.send("/livegan/tempo", 300)
    before = len(synth.strikes())
    daemon.send("/livegan/xy", 0.1, 0.9)
    wait_for(lambda: len(synth.strikes()) > before + 20, 10, "faster notes")
    daemon.send("/livegan/panic")
    wait_for(lambda: any(e[1:3] == (0xB0, 123) for e in synth.heard), 1, "CC 123")
    daemon.send("/livegan/stop")
    wait_for(lambda: not synth.sounding(), 1, "silence")


@pytest.mark.parametrize("port", ["the notes'", "another"])
def test_a_follower_of_our_clock_gets_start_ticks_and_stop(
    port: str, serve: Callable[..., Daemon], listen: Callable[..., Synth]
) -> None:
    if port == "another":
        synth = listen("Drum Machine")
        daemon = serve("--clock-out", "drum mach", "--bpm", "120")
    else:
        daemon = serve("--bpm", "120", "--clock-out")
        synth = listen()
    daemon.send("/livegan/play")
    wait_for(lambda: len(synth.clock) > 100, 10, "hundred ticks")
    daemon.send("/livegan/tempo/ramp", 240.0, 1)
    wait_for(lambda: len(synth.clock) > 500, 20, "five hundred ticks")
    daemon.send("/livegan/stop")
    wait_for(lambda: synth.clock[-1][1] == STOP, 2, "stop")
    assert [message[1] for message in synth.clock] == [START, *[TICK] * (len(synth.clock) - 2), STOP]
    ticks = [message[0] for message in synth.clock if message[1] == TICK]
    assert ticks[90] - ticks[0] == pytest.approx(90 * seconds_per_step(120), rel=0.05)
    assert ticks[-1] - ticks[-91] == pytest.approx(90 * seconds_per_step(240), rel=0.1)
    assert (port == "another") == (not synth.heard), "notes and clock each to their port"
    daemon.send("/livegan/play/from", 3)
    wait_for(lambda: synth.clock[-1][1] == TICK, 5, "tick")
    place = next(i for i, m in enumerate(synth.clock) if m[1] == SONG_POSITION)
    assert [message[1:] for message in synth.clock[place : place + 3]] == [
        (SONG_POSITION, 32, 0),
        (CONTINUE,),
        (TICK,),
    ]
    daemon.stop()
    wait_for(lambda: synth.clock[-1][1] == STOP, 2, "stop at the end")


STOPS: dict[str, Callable[[Daemon], None]] = {
    "stop": lambda daemon: daemon.send("/livegan/stop"),
    "panic": lambda daemon: daemon.send("/livegan/panic"),
    "SIGINT": lambda daemon: os.kill(daemon.process.pid, signal.SIGINT),
    "SIGTERM": lambda daemon: os.kill(daemon.process.pid, signal.SIGTERM),
    "kill -9": lambda daemon: os.kill(daemon.process.pid, signal.SIGKILL),
    "SIGTERM to the player": lambda daemon: os.kill(daemon.player_pid(), signal.SIGTERM),
}


@pytest.mark.parametrize("how", STOPS)
def test_every_note_ends_within_100_ms(
    how: str, serve: Callable[..., Daemon], listen: Callable[[], Synth]
) -> None:
    daemon, synth = playing(serve, listen)
    wait_for(synth.sounding, 5, "sounding note")
    before = time.monotonic()
    STOPS[how](daemon)
    told = time.monotonic()
    on = synth.sounding(before)

    def ends() -> dict[tuple[int, int], float]:
        """When each note was ended first."""
        offs = [event for event in synth.since(before) if event[1] & 0xF0 == 0x80]
        return {(status & 0x0F, pitch): at for at, status, pitch, _ in reversed(offs)}

    wait_for(lambda: on <= ends().keys(), 2, "end of every note")
    assert all(ends()[note] - told < 0.1 for note in on)
    if how not in ("panic", "SIGTERM to the player"):  # there the music goes on
        wait_for(lambda: not synth.sounding(), 1, "silence")
        last_off = max(at for at, status, _, _ in synth.heard if status & 0xF0 == 0x80)
        assert last_off - told < 0.1


def test_the_music_goes_on_when_the_player_is_killed(
    serve: Callable[..., Daemon], listen: Callable[[], Synth]
) -> None:
    daemon, _ = playing(serve, listen)
    time.sleep(2.1)  # a player that dies young is not started again
    os.kill(daemon.player_pid(), signal.SIGKILL)
    wait_for(lambda: "starting another" in daemon.log.read_text(), 5, "new player")
    again = listen()
    wait_for(again.strikes, 5, "note from the new player")
    assert daemon.process.poll() is None


def test_a_new_player_silences_what_the_killed_one_left(
    serve: Callable[..., Daemon], listen: Callable[..., Synth]
) -> None:
    synth = listen("Survivor")
    daemon = serve("--midi-out", "survivor", "--bpm", "60", "--play")
    wait_for(synth.sounding, 10, "note")
    time.sleep(2.1)
    player, killed = daemon.player_pid(), len(synth.heard)
    os.kill(player, signal.SIGKILL)
    wait_for(lambda: any(e[1:3] == (0xB0, 120) for e in synth.heard[killed:]), 5, "CC 120")
    first_strike = wait_for(synth.strikes, 5, "note")
    assert first_strike


def test_no_client_of_the_daemon_goes_while_it_starts_and_plays(
    serve: Callable[..., Daemon], listen: Callable[[], Synth]
) -> None:
    """Another one that came at that moment might never hear those that come after it."""
    command = ["stdbuf", "-oL", "jack_evmon"]
    events = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
    try:
        daemon = serve("--play")
        synth = listen()
        daemon.send("/livegan/listen", "echo")
        wait_for(synth.strikes, 10, "note")
        wait_for(lambda: len(daemon.player_pids()) == 2, 10, "player that stands by")
        wait_for(lambda: "livegan-keys:keys" in ports(), 10, "port for keys")
    finally:
        events.kill()  # it takes no notice of less
        told = [line.split() for line in events.communicate()[0].splitlines()]
    ours = [words[2] for words in told if words[0] == "Client" and words[1].startswith("livegan")]
    assert len(ours) > 3
    assert set(ours) == {"registered"}


def ports() -> list[str]:
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set in Linux's own way")
def test_where_little_memory_may_be_locked_there_is_a_port_among_other_clients(
    serve: Callable[..., Daemon], listen: Callable[..., Synth]
) -> None:
    for name in ("One", "Two", "Three"):
        listen(name)
    assert "MIDI out: livegan" in serve(prefix=UNPRIVILEGED).log.read_text()


def test_an_existing_port_is_found_by_part_of_its_name(
    serve: Callable[..., Daemon], listen: Callable[..., Synth]
) -> None:
    synth = listen("Grand Piano")
    serve("--midi-out", "grand pi", "--play")
    wait_for(synth.strikes, 10, "note")


OPENS_LATER = """
import sys
from livegan.shell import midi_out
look = midi_out.ports_by_backend
def look_and_wait(*arguments):
    found = look(*arguments)
    print(found, flush=True)
    sys.stdin.readline()
    return found
midi_out.ports_by_backend = look_and_wait
port = midi_out.open_output("grand pi")
port.send((0x90, 60, 90))
print(port.name, flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("other", ["comes", "goes"])
def test_the_port_that_was_found_is_opened_though_another_one_comes_or_goes_meanwhile(
    other: str, listen: Callable[..., Synth]
) -> None:
    """RtMidi opens by place, and JACK gives the place of who went to who comes."""
    early = listen("Early")
    piano = listen("Grand Piano")
    if other == "comes":
        early.die()
    command = [sys.executable, "-c", OPENS_LATER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, **pipes) as opening:
        assert ("Early" in opening.stdout.readline()) == (other == "goes")
        if other == "comes":
            early = listen("Early")
        else:
            early.die()
        opening.stdin.write("open\n")
        assert opening.stdout.readline().startswith("Grand Piano:in")
        wait_for(piano.strikes, 5, "note")
        assert not early.heard
        opening.stdin.write("end\n")


def test_a_port_that_is_not_there_is_named_with_those_that_are(jack: str) -> None:
    command = [*LIVEGAN, "serve", "--port", "0", "--midi-out", "no such synth"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no MIDI output has 'no such synth' in its name; there are:" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def write_tune(path: Path) -> Path:
    """A note on every beat of a bar."""
    file, track = mido.MidiFile(), mido.MidiTrack()
    for pitch in (60, 62, 64, 65):
        track.append(mido.Message("note_on", note=pitch, velocity=80))
        track.append(mido.Message("note_off", note=pitch, time=file.ticks_per_beat))
    file.tracks.append(track)
    file.save(path)
    return path


def test_every_shipped_model_plays_each_track_on_a_channel_of_its_own(
    serve: Callable[..., Daemon], listen: Callable[[], Synth], tmp_path: Path
) -> None:
    """Models are changed while the music plays; the one that accompanies hears a tune."""
    daemon = serve("--bpm", "300", "--play", "--given", str(write_tune(tmp_path / "tune.mid")))
    synth = listen()
    daemon.send("/livegan/density", 1.0)
    for name in shipped_models():
        tracks = load_model(name).info.tracks
        channels = {channel_of(place, tracks) for place in range(len(tracks))}
        assert len(channels) == len(tracks)
        daemon.send("/livegan/model", name)
        wait_for(lambda name=name: f"model {name} on" in daemon.log.read_text(), 20, f"model {name}")
        synth.heard.clear()
        wait_for(
            lambda channels=channels: {s[1] & 0x0F for s in synth.strikes()} == channels,
            60,  # tracks rest, some for many bars
            f"notes of {name} on the channels {sorted(channels)}",
        )
        assert {on[0] for on in synth.sounding()} <= channels
    daemon.stop()
    wait_for(lambda: not synth.sounding(), 1, "silence")
