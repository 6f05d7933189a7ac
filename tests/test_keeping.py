"""Hold and remember on stage: a real daemon, an OSC client, and an independent MIDI client on JACK."""

from __future__ import annotations

import os
import shutil
import signal
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from livegan.core.music import STEPS_PER_BAR

from .conftest import Client, Daemon, Synth, wait_for

pytestmark = [pytest.mark.jack, pytest.mark.skipif(os.name == "nt", reason="JACK")]

Serve = Callable[..., Daemon]
Listen = Callable[[], Synth]
Connect = Callable[[Daemon], Client]
Bars = list[list[tuple[int, int]]]
TICK = 0xF8


def bars_of(synth: Synth) -> Bars:
    """(pitch, velocity) of what was heard in each whole bar since the start, by the MIDI clock."""
    ticks = [message[0] for message in list(synth.clock) if message[1] == TICK]
    bars: Bars = [[] for _ in range((len(ticks) - 1) // STEPS_PER_BAR)]
    for when, _, pitch, velocity in synth.strikes():
        bar = (bisect_right(ticks, when) - 1) // STEPS_PER_BAR
        if 0 <= bar < len(bars):
            bars[bar].append((pitch, velocity))
    return bars


def bars_in(path: Path) -> Bars:
    """The same of a MIDI file."""
    file = mido.MidiFile(path)
    length = file.ticks_per_beat * 4
    end = max(sum(message.time for message in track) for track in file.tracks)
    strikes = []
    for track in file.tracks:
        at = 0
        for message in track:
            at += message.time
            if message.type == "note_on":
                strikes.append((at, message.note, message.velocity))
    bars: Bars = [[] for _ in range(-(-end // length))]
    for at, pitch, velocity in sorted(strikes):
        bars[min(at // length, len(bars) - 1)].append((pitch, velocity))
    return bars


def in_order(bars: Bars) -> Bars:
    """Without the order in which one chord was struck."""
    return [sorted(bar) for bar in bars]


@pytest.fixture
def stage(
    serve: Serve, listen: Listen, client: Connect, tmp_path: Path
) -> Iterator[Callable[..., tuple[Daemon, Client, Synth]]]:
    """A daemon that plays fast, on the grid, who tells us and whom we hear."""
    daemons: list[Daemon] = []

    def start(*arguments: str) -> tuple[Daemon, Client, Synth]:
        daemon = serve("--bpm", "240", "--clock-out", "--folder", str(tmp_path / "own"), *arguments)
        daemons.append(daemon)
        synth, one = listen(), client(daemon)
        one.send("/livegan/subscribe")
        one.send("/livegan/drift", 1.0)
        one.send("/livegan/humanise", 0.0)
        one.send("/livegan/density", 0.4)
        one.expect("/livegan/density")
        one.send("/livegan/play")
        return daemon, one, synth

    yield start
    for daemon in daemons:  # before our MIDI ports are closed
        if daemon.process.poll() is None:
            daemon.stop()


Stage = Callable[..., tuple[Daemon, Client, Synth]]


def until_bar(one: Client, number: int) -> None:
    """A bar began, counted from 1."""
    while (bar := one.expect("/livegan/bar")[0]) < number:
        pass
    assert bar == number


def first_bars(synth: Synth, count: int) -> Bars:
    """So many bars, as soon as the synth has heard them to their ends: OSC may tell of one before."""
    wait_for(lambda: len(bars_of(synth)) >= count, 40, f"{count} bars")
    return in_order(bars_of(synth)[:count])


def test_again_gives_the_very_bar_back(stage: Stage) -> None:
    _, one, synth = stage()
    until_bar(one, 6)
    one.send("/livegan/again", 3)
    bars = first_bars(synth, 8)
    assert bars[6] == bars[2] != []
    assert bars[6] not in (bars[3], bars[4], bars[5], bars[7])
    one.send("/livegan/again", 60)
    assert one.expect("/livegan/error")[0] == "/livegan/again"


def test_a_bar_that_was_changed_while_it_played_comes_again_as_it_was_heard(stage: Stage) -> None:
    _, one, synth = stage()
    one.send("/livegan/density", 0.2)
    until_bar(one, 4)
    while one.expect("/livegan/beat") != (3,):
        pass
    one.send("/livegan/density", 1.0)
    until_bar(one, 5)
    one.send("/livegan/again", 1)
    bars = first_bars(synth, 6)
    assert bars[5] == bars[3]
    assert len(bars[2]) < len(bars[3]) < len(bars[4]), "it became denser in the middle"


def test_a_loop_goes_round_and_round_until_it_is_let_go(stage: Stage) -> None:
    _, one, synth = stage()
    until_bar(one, 4)
    one.send("/livegan/loop", 2)
    until_bar(one, 9)
    one.send("/livegan/loop", 0)
    bars = first_bars(synth, 11)
    assert bars[4] == bars[6] == bars[8] == bars[2] != []
    assert bars[5] == bars[7] == bars[3] != bars[2]
    assert bars[9] not in bars[:9]


def test_a_loop_goes_on_when_the_player_is_killed(stage: Stage) -> None:
    daemon, one, synth = stage()
    until_bar(one, 4)
    one.send("/livegan/loop", 1)
    until_bar(one, 6)
    os.kill(daemon.player_pid(), signal.SIGKILL)
    until_bar(one, 10)
    loops = {tuple(pitch for pitch, _ in bar) for bar in in_order(played_bars(one, synth))[-2:]}
    assert len(loops) == 1


def played_bars(one: Client, synth: Synth) -> Bars:
    """Whole bars that ended last, by the clock that began anew with another player."""
    starts = [n for n, message in enumerate(synth.clock) if message[1] in (0xFA, 0xFB)]
    begun = Synth(list(synth.heard), list(synth.clock)[starts[-1] :] if starts else list(synth.clock))
    return bars_of(begun)


def test_keep_writes_the_very_bars_that_were_heard(stage: Stage, tmp_path: Path) -> None:
    _, one, synth = stage()
    until_bar(one, 3)
    one.send("/livegan/scene/7/name", "verse")
    one.send("/livegan/scene/7/recall")
    until_bar(one, 5)
    one.send("/livegan/like")
    assert one.expect("/livegan/liked") == (5,)
    one.send("/livegan/tempo", 200.0)
    until_bar(one, 8)
    one.send("/livegan/keep", 6)
    (path,) = one.expect("/livegan/kept")
    assert Path(path).parent == tmp_path / "own" / "kept"
    heard = first_bars(synth, 9)
    kept = in_order(bars_in(Path(path)))
    assert kept == heard[1:7]
    file = mido.MidiFile(path)
    assert [m.text for m in file.tracks[0] if m.type == "marker"] == ["scene 7: verse", "like: bar 5"]
    tempi = [round(mido.tempo2bpm(m.tempo)) for m in file.tracks[0] if m.type == "set_tempo"]
    assert tempi == [240, 200]


def test_record_writes_what_is_played_and_twice_makes_two_files(stage: Stage, tmp_path: Path) -> None:
    daemon, one, synth = stage()
    for begin in (3, 7):
        until_bar(one, begin)
        daemon.send("/livegan/record", True)
        assert one.expect("/livegan/record") == (True,)
        until_bar(one, begin + 3)
        daemon.send("/livegan/record", False)
        assert one.expect("/livegan/record") == (False,)
    until_bar(one, 13)
    folder = tmp_path / "own" / "recordings"
    first, second = sorted(folder.glob("*.mid"), key=lambda path: path.stat().st_mtime)
    heard = in_order(bars_of(synth))
    for path, begin in ((first, 3), (second, 7)):
        bars = in_order(bars_in(path))
        assert bars[1:3] == heard[begin : begin + 2], "the whole bars between"
        assert set(bars[0]) <= set(heard[begin - 1])
        assert set(bars[3]) <= set(heard[begin + 2])
        assert mido.MidiFile(path).tracks[1].name == "PIANO"


def test_a_recording_survives_the_death_of_the_daemon(stage: Stage, tmp_path: Path) -> None:
    daemon, one, synth = stage()
    until_bar(one, 2)
    one.send("/livegan/record", True)
    until_bar(one, 4)
    one.send("/livegan/scene/5/recall")
    until_bar(one, 8)
    one.send("/livegan/sync")
    one.expect("/livegan/play")
    daemon.process.kill()
    daemon.process.wait()
    (path,) = (tmp_path / "own" / "recordings").glob("*.mid")
    bars = in_order(bars_in(path))
    assert bars[1:5] == in_order(bars_of(synth))[2:6]
    assert [m.text for m in mido.MidiFile(path).tracks[0] if m.type == "marker"] == ["scene 5"]


def test_a_folder_that_can_not_be_written_is_told_and_the_music_goes_on(
    serve: Serve, client: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    own = tmp_path / "file" / "own"
    own.parent.write_text("a file, and no folder")
    one = client(serve("--bpm", "300", "--folder", str(own), "--play"))
    one.send("/livegan/subscribe")
    until_bar(one, 3)
    one.send("/livegan/record", True)
    assert "can't be made" in one.expect("/livegan/error")[1]
    one.send("/livegan/bank/save", "mine")
    assert "can't be written" in one.expect("/livegan/error")[1]
    one.send("/livegan/keep", 1)
    what, why = one.expect("/livegan/error")
    assert what == "record"
    assert "can't be written" in why
    one.expect("/livegan/bar")


def test_a_folder_that_goes_while_it_records_is_told_once_and_no_music_is_lost(
    serve: Serve, client: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    own = tmp_path / "own"
    daemon = serve("--bpm", "300", "--folder", str(own))
    one = client(daemon)
    one.send("/livegan/subscribe")
    daemon.send("/livegan/record", True)
    while one.expect("/livegan/record") != (True,):
        pass
    shutil.rmtree(own)
    one.send("/livegan/play")
    what, why = one.expect("/livegan/error")
    assert what == "record"
    assert "the music goes on" in why
    until_bar(one, 4)
    one.send("/livegan/record", False)
    what, why = one.expect("/livegan/error")
    assert "can't be written" in why
    assert "the music goes on" not in why, "that was told before"
    (path,) = wait_for(lambda: list(tmp_path.glob("livegan-*.mid")), 5, "rescued file")
    assert len(bars_in(path)) >= 3
    until_bar(one, 6)


def test_banks_are_saved_told_and_loaded_at_a_bar_line(
    serve: Serve, client: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    folder = tmp_path / "banks"
    one = client(serve("--bpm", "300", "--folder", str(tmp_path)))
    one.send("/livegan/subscribe")
    assert one.expect("/livegan/banks") == ()
    one.send("/livegan/scene/2/name", "verse")
    one.send("/livegan/bank/save", "my set")
    assert one.expect("/livegan/banks") == ("my set",)
    saved = (folder / "my set.toml").read_text()
    assert 'name = "verse"' in saved
    one.send("/livegan/scene/2/name", "other")
    one.send("/livegan/play")
    one.expect("/livegan/bar")
    one.send("/livegan/bank", "my set")
    while one.expect("/livegan/scene/2/name") != ("verse",):
        pass
    (folder / "broken.toml").write_text(saved.replace("[", "", 1))
    (folder / "large.toml").write_text("#" * 300_000)
    for name, why in (
        ("broken", "not readable TOML"),
        ("large", "larger than 256 KB"),
        ("nothing", "there is no bank"),
        ("../../etc/passwd", "a name is up to 40 letters"),
    ):
        one.send("/livegan/bank", name)
        assert why in one.expect("/livegan/error")[1]
    one.send("/livegan/bank/save", "../out")
    assert "a name is up to" in one.expect("/livegan/error")[1]
    one.send("/livegan/sync")
    assert one.expect("/livegan/scene/2/name") == ("verse",)
    assert one.expect("/livegan/bank") == ("my set",)
    while one.expect("/livegan/banks") != ("broken", "large", "my set"):
        pass
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"banks"}
