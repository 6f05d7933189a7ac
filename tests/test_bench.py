"""The benchmark itself: that it compares the same music, counts from the right moment, and hides
nothing. How fast anything is, is not tested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import mido
import numpy as np
import pytest

from benchmarks import inference, phase
from benchmarks.conditions import conditions
from benchmarks.ensemble import PEERS, Ensemble
from benchmarks.lateness import OURS, rows_of
from benchmarks.leader import laid_down
from benchmarks.processes import python
from benchmarks.report import Figures, Row, table
from benchmarks.schedule import Schedule, Sent, lateness, render
from benchmarks.stage import EAR, receiver
from livegan.core.music import STEPS_PER_BAR
from livegan.core.outputs import NOTE_ON
from livegan.shell.generator import find_model, load_model
from livegan.shell.midi_out import OWN_PORT
from livegan.shell.osc import OscBad, OscIn, OscPort
from livegan_export.onnx_file import playable_of

from .conftest import LIVEGAN
from .midi_client import MidiOut

DUE = [Sent(0.0, 0x90, 60), Sent(0.5, 0x80, 60), Sent(1.0, 0x90, 60)]
BPM = 240.0


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return render(load_model("piano", "cpu"), 60, BPM)


@pytest.fixture
def silent(tmp_path: Path, schedule: Schedule, monkeypatch: pytest.MonkeyPatch) -> Ensemble:
    """All players, without a port."""
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    info = load_model("piano", "cpu").info
    return Ensemble(tmp_path, find_model("piano"), info.tracks[0], schedule, with_jack=False)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*LIVEGAN, "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_lateness_is_from_where_it_was_due_whatever_the_order() -> None:
    sent = [Sent(event.seconds + 0.003, *event[1:]) for event in reversed(DUE)]
    assert lateness(sent, DUE) == pytest.approx([3.0] * 3)


def test_what_was_not_sent_is_no_small_matter_and_what_came_after_the_end_is_none() -> None:
    with pytest.raises(RuntimeError, match="1 of 3 events did not come"):
        lateness(DUE[:2], DUE)
    assert len(lateness([*DUE, Sent(9.0, 0x90, 60), Sent(9.0, 0x90, 61)], DUE)) == 3


@pytest.mark.parametrize("events", [1, 60, 333])
def test_the_music_has_as_many_events_as_were_asked_for_and_whole_bars(events: int) -> None:
    found = render(load_model("piano", "cpu"), events, BPM)
    assert len(found.events()) >= events
    without_last = [note for note in found.notes if note.start < (found.bars - 1) * STEPS_PER_BAR]
    assert 2 * len(without_last) < events, "no bar more than needed"


@pytest.mark.parametrize("priority", OURS.values())
def test_the_daemon_plays_the_very_music_of_the_peers(
    silent: Ensemble, schedule: Schedule, priority: str
) -> None:
    run = silent.livegan(conditions(Path(), Path())["idle"], priority)
    assert len(run.late_at_send()) == len(schedule.events()) >= 60
    assert run.late_at_send().min() > -0.01, "nothing is sent before it is due"
    assert "other" not in run.remark
    assert not (priority == "ordinary" and (run.realtime or run.remark))


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_plays_all_of_it_at_the_tempo(silent: Ensemble, name: str) -> None:
    late = silent.peer(name, conditions(Path(), Path())["idle"]).late_at_send()
    assert late.min() > -0.01
    assert np.median(late) < 50


@pytest.mark.parametrize("name", ["osc", "session"])
def test_moves_and_swaps_leave_the_music_as_it_is(silent: Ensemble, tmp_path: Path, name: str) -> None:
    recording = tmp_path / "recording.mid"
    condition = conditions(find_model("piano"), recording)[name]
    run = silent.livegan(condition, "real-time")
    assert "other" not in run.remark or "not ready in time" in run.remark, "but for a bar that is late"
    silent.peer("python-rtmidi", condition)
    played = [m for m in mido.MidiFile(recording) if m.type == "note_on"] if name == "session" else []
    assert bool(played) == (name == "session"), "the peers' neighbour records, too"


def test_other_music_than_was_due_is_found_out(silent: Ensemble) -> None:
    silent.due = [event._replace(pitch=event.pitch + 1) for event in silent.due]
    run = silent.livegan(conditions(Path(), Path())["idle"], "real-time")
    assert "of the music was other" in run.remark
    with pytest.raises(RuntimeError, match="events did not come"):
        silent.peer("mido", conditions(Path(), Path())["idle"])


def test_the_clock_ticks_24_times_a_beat_beside_the_notes(silent: Ensemble, schedule: Schedule) -> None:
    run = silent.livegan(conditions(Path(), Path())["idle"], "real-time", "--clock-out", OWN_PORT)
    ticks = run.ticks()
    assert len(ticks) > schedule.bars * STEPS_PER_BAR
    assert np.median(np.diff(ticks)) == pytest.approx(60 / BPM / 24, abs=1e-3)


def test_peers_are_put_in_proportion_to_us_and_aims_are_judged() -> None:
    livegan, ordinary = OURS
    found = {livegan: Figures(0, 0.5, 1), ordinary: Figures(0, 6.0, 9), "mido": Figures(1, 4.0, 9)}
    remarks = {livegan: "", ordinary: "", "mido": " (remark)"}
    rows = rows_of("late", found, remarks, True)
    assert rows[2].what == "late: mido (remark)"
    assert [row.reached for row in rows] == [True, False, False]
    assert rows[2].ratio == "8.0 (0.7)"
    assert [row.reached for row in rows_of("late", found, remarks, False)] == [False, False, None]
    assert all(row.reached is None and not row.aim for row in rows_of("late", found, remarks, None))


def test_a_table_has_the_column_of_ratios_where_there_are_any() -> None:
    plain, ratio = Row("a", "ms", 1.0), Row("b", "ms", 1.0, ratio="3.0")
    for markdown in (False, True):
        assert "livegan's" not in table([plain], markdown)
        assert "livegan's" in table([plain, ratio], markdown)
    lines = table([plain, ratio], markdown=True).splitlines()
    assert len({line.count("|") for line in lines}) == 1


def test_a_restless_client_keeps_its_rate() -> None:
    heard: Queue[OscIn | OscBad] = Queue()
    port = OscPort("127.0.0.1", 0)
    port.open()
    port.start(heard.put)
    with python("-m", "benchmarks.moves", "127.0.0.1", str(port.port), "2000", "/density=1", "/play"):
        heard.get(timeout=20)
        began = time.monotonic()
        for _ in range(2_000):
            message = heard.get(timeout=5)
            assert isinstance(message, OscIn)
            assert message.address in ("/livegan/density", "/livegan/play")
        took = time.monotonic() - began
    port.close()
    assert 0.5 < took < 5


@pytest.mark.jack
@pytest.mark.parametrize("client", ["JACK's frame times", "RtMidi's callbacks"])
def test_a_receiver_tells_when_it_got_what_on_our_clock(
    plug: Callable[..., MidiOut], client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client == "JACK's frame times":
        pytest.importorskip("jack")
    else:
        (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['jack'] = None")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    sent = []
    with receiver(tmp_path / "heard.json") as how:
        assert how == client
        out = plug("sender", f"{EAR}:in")
        for pitch in range(40, 60):
            sent.append(Sent(time.monotonic(), NOTE_ON, pitch))
            out.send((NOTE_ON, pitch, 90))
            time.sleep(0.02)
    heard = [Sent(*event) for event in json.loads((tmp_path / "heard.json").read_text())]
    transit = lateness(heard, sent)
    assert transit.min() > -0.3, "JACK estimates its frame times"
    assert np.median(transit) < 15, "two periods and a busy machine"


@pytest.mark.jack
@pytest.mark.slow
def test_the_command_has_a_row_for_every_player_at_both_ends(jack: str) -> None:
    done = bench(
        "timing", "--only", "idle,clock,control", "--events", "20", "--seconds", "2", "--markdown"
    )
    assert done.returncode == 0, done.stderr
    for end in ("send", "a receiver"):
        for name in (*OURS, *PEERS):
            assert f"| lateness at {end}, idle: {name} | ms |" in done.stdout
    assert done.stdout.count("| MIDI clock, interval's deviation") == 4
    assert done.stdout.count("| OSC packet to changed note") == 2
    assert "- receiver: by " in done.stdout


def test_phase_is_told_apart_from_the_way_and_from_what_follows_a_change_of_tempo() -> None:
    ticks, changes = laid_down(100.0, 40.0)
    leader = np.array(ticks)
    off = np.random.default_rng(1).uniform(-0.0005, 0.0005, len(leader))
    rows = phase.rows_of(leader + 0.002 + off, leader, np.array(changes), "a leader")
    assert "2.0 all the time" in rows[0].what
    assert rows[0].reached
    assert 0.4 < (rows[0].worst or 0.0) < 0.6
    late = np.where((leader > changes[0] + 0.5) & (leader < changes[0] + 1.0), 0.006, 0.0)
    rows = phase.rows_of(leader + late, leader, np.array(changes), "a leader")
    assert rows[0].reached, "what comes after a change has a row of its own"
    assert rows[1].reached is False


def test_a_mistake_is_one_line_and_so_is_a_missing_checkout() -> None:
    done = bench("timing", "--only", "idle,tuning")
    assert done.returncode == 2
    assert "'tuning' is not one of idle, busy, osc, session, clock, phase, control" in done.stderr
    assert "no model 'nothing'" in bench("timing", "--model", "nothing").stderr
    code = (
        "import sys, importlib.abc\n"
        "class Missing(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.startswith('benchmarks'):\n"
        "            raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from livegan.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "bench", "timing"]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert alone.returncode == 2
    assert "clone its repository" in alone.stderr
    assert len(alone.stderr.splitlines()) == 1


def test_the_network_that_is_timed_in_torch_is_the_pianos() -> None:
    playable, _ = playable_of(inference.untrained())
    inputs = playable.examples(1)
    assert inputs[0].shape == (1, load_model("piano", "cpu").info.latent)
    assert playable(*inputs)[0].shape == (1, 1, STEPS_PER_BAR, 84)
