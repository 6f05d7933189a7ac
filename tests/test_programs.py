"""A track's program reaches its channel: when it is set, when the channel changes, as play starts, and
again whoever plays."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from livegan.core.addressing import parse_setting
from livegan.core.conductor import Conductor
from livegan.core.messages import (
    Command,
    Grid,
    Play,
    SendBar,
    SetPrograms,
    Stop,
    pack,
    unpack,
)
from livegan.core.model import ModelInfo, Track
from livegan.core.music import Note
from livegan.core.outputs import PROGRAM, Event, Output
from livegan.core.player import Player
from livegan.core.player_settings import programs_of
from livegan.core.state import initial
from livegan.core.transport import TempoCurve
from livegan.shell.outgoing import Outgoing

from .conftest import LIVEGAN, Daemon, Synth, wait_for
from .fakes import QUANTILES, FakeGenerator


def conductor() -> Conductor:
    """Of drums and a piano."""
    generator = FakeGenerator()
    tracks = (Track("drums", 0, True, QUANTILES, given=True), Track("piano", 0, False, QUANTILES))
    generator.info = ModelInfo("two", "onset", 8, tracks)
    return Conductor(generator, initial(1, 8, 2))


def moved(one: Conductor, *settings: str) -> list[Command]:
    return [command for text in settings for command in one.move(parse_setting(text))]


def programs(outputs: list[Output]) -> list[tuple[int, int]]:
    """(channel, program) as sent."""
    sent = [output for output in outputs if isinstance(output, Event)]
    return [(e.status & 0x0F, e.data1) for e in sent if e.status & 0xF0 == PROGRAM]


def test_a_program_is_told_once_on_the_channel_of_its_track() -> None:
    one = conductor()
    assert not [c for c in one.start() if isinstance(c, SetPrograms)]
    assert moved(one, "/track/1/program=1") == [SetPrograms(((9, 0),))]
    assert moved(one, "/track/2/program=128") == [SetPrograms(((0, 127), (9, 0)))]
    assert moved(one, "/track/2/program=128", "/velocity=0.4", "/track/2/mute=on") == []
    assert moved(one, "/track/2/channel=5") == [SetPrograms(((4, 127), (9, 0)))]
    assert moved(one, "/track/1/program=0") == [SetPrograms(((4, 127),))]


def test_a_player_who_knows_nothing_is_told_all_before_the_music() -> None:
    one = conductor()
    one.start()
    moved(one, "/track/2/program=7", "/play=1")
    told = one.resume(Grid(0.0, 0.0, 120.0, 0.0, 120.0), at_line=False)
    at = told.index(SetPrograms(((0, 6),)))
    assert at < min(place for place, c in enumerate(told) if isinstance(c, SendBar))
    assert SetPrograms(((0, 6),)) in one.start()


def test_another_model_has_its_programs_where_its_tracks_are() -> None:
    one = conductor()
    one.start()
    moved(one, "/track/1/program=7", "/play=1")
    one.bar_started(0)
    assert one.use(FakeGenerator())[0] == SetPrograms(((0, 6), (9, 6))), "its first track is no drums"
    assert SetPrograms(((0, 6),)) in one.bar_started(1)


def test_of_two_tracks_on_a_channel_the_last_one_chooses() -> None:
    one = conductor()
    moved(one, "/track/1/program=3", "/track/2/program=4", "/track/2/channel=10")
    assert programs_of(one.state, one.generator.info.tracks) == {9: 3}


def test_the_player_sends_what_is_new_and_everything_as_play_starts() -> None:
    player = Player()
    assert programs(player.obey(SetPrograms(((0, 5), (3, 9))), 0.0)) == [(0, 5), (3, 9)]
    assert programs(player.obey(SetPrograms(((0, 5), (3, 8))), 0.1)) == [(3, 8)]
    assert programs(player.obey(SetPrograms(((0, 5),)), 0.2)) == []
    player.obey(SendBar(0, 1, (Note(0, 6, 60),), "step"), 0.3)
    assert programs(player.obey(Play(), 0.4)) == [(0, 5)]
    assert programs(player.obey(Play(), 0.5)) == [], "it plays already"
    player.obey(Stop(), 0.6)
    assert programs(player.meet(TempoCurve.steady(0.0, 0, 120), 1, 0.7)) == [(0, 5)]


def test_a_program_change_is_two_bytes_and_outlives_a_stop() -> None:
    class Kept:
        name = "kept"

        def __init__(self) -> None:
            self.data: list[tuple[int, ...]] = []

        def send(self, data: tuple[int, ...]) -> None:
            self.data.append(data)

        def close(self) -> None:
            pass

    sink = Kept()
    outgoing = Outgoing(sink, None, lambda: 0.0)
    outgoing.set_latency(0.1, 0.1)
    for output in Player().obey(SetPrograms(((2, 64),)), 0.0):
        outgoing.take(output)
    outgoing.cut()
    assert sink.data == [(PROGRAM | 2, 64)]


@pytest.mark.parametrize("message", [SetPrograms(()), SetPrograms(((0, 1), (15, 127)))])
def test_programs_go_through_the_codec(message: SetPrograms) -> None:
    assert unpack(pack(message)) == message


def test_a_rendered_file_has_the_program_on_the_tracks_channel(tmp_path: Path) -> None:
    out = tmp_path / "song.mid"
    moves = ["--set", "/track/1/channel=7", "--set", "/track/1/program=20"]
    subprocess.run([*LIVEGAN, "render", "--bars", "2", *moves, str(out)], check=True)
    messages = [m for track in mido.MidiFile(out).tracks for m in track if not m.is_meta]
    assert {m.channel for m in messages} == {6}
    assert [m.program for m in messages if m.type == "program_change"] == [19]


@pytest.mark.jack
def test_a_synth_hears_the_program_and_again_from_the_next_player(
    serve: Callable[..., Daemon], listen: Callable[..., Synth]
) -> None:
    synth = listen("Expander")
    daemon = serve("--midi-out", "expander", "--bpm", "60")

    def chosen(status: int, number: int) -> bool:
        return [(s, p) for _, s, p in synth.programs][-1:] == [(status, number)]

    daemon.send("/livegan/density", 1.0)
    daemon.send("/livegan/track/1/program", 25)
    wait_for(lambda: chosen(0xC0, 24), 5, "program change")
    daemon.send("/livegan/play")
    wait_for(lambda: len(synth.programs) == 2, 5, "program change as play starts")
    daemon.send("/livegan/track/1/channel", 3)
    wait_for(lambda: chosen(0xC2, 24), 5, "program on the new channel")
    new = wait_for(lambda: [e for e in synth.strikes() if e[1] == 0x92], 5, "note on the new channel")
    assert synth.programs[-1][0] < new[0][0], "the program is there before the notes"
    wait_for(lambda: synth.strikes()[-1][0] - new[0][0] > 2.1, 10, "player that does not die young")
    synth.programs.clear()
    os.kill(daemon.player_pid(), signal.SIGKILL)
    killed = time.monotonic()
    wait_for(lambda: chosen(0xC2, 24), 10, "program from the next player")
    again = wait_for(lambda: [e for e in synth.strikes() if e[0] > killed + 0.1], 5, "note again")
    assert synth.programs[-1][0] < again[0][0]
