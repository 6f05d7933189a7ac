"""Figures in, plain words out."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core import diagnosis, reach
from livegan.core.diagnosis import BAR_MS, Cpu, Finding, Midi, Server, on_time, spread
from livegan.core.reach import Osc
from livegan.shell.machine import pipewire_period


@given(st.lists(st.floats(0, 1), min_size=1, max_size=300))
def test_a_percentile_is_a_time_that_was_measured_and_that_so_many_do_not_pass(
    seconds: list[float],
) -> None:
    times = spread(seconds)
    assert times.p50 <= times.p99 <= times.worst == round(max(seconds) * 1e3, 4)
    for share, value in ((0.5, times.p50), (0.99, times.p99)):
        measured = [round(second * 1e3, 4) for second in seconds]
        assert value in measured
        assert sum(second <= value for second in measured) >= share * len(seconds)


@pytest.mark.parametrize(
    ("late", "level"),
    [
        ([0.0001] * 100, "ok"),
        ([0.0001] * 99 + [0.009], "ok"),
        ([0.0001] * 99 + [0.011], "warn"),
        ([0.0001] * 90 + [0.002] * 10, "warn"),
        ([0.0001] * 90 + [0.02] * 10, "bad"),
    ],
)
def test_a_timer_is_judged_by_its_99th_percentile_and_its_worst(late: list[float], level: str) -> None:
    for realtime in (False, True):
        finding = diagnosis.timer(late, realtime)
        assert finding.level == level
        assert bool(finding.advice) == (level != "ok")
        assert ("real-time" in finding.advice) == (level != "ok" and not realtime)


def test_what_is_not_granted_is_a_warning_with_the_way_to_grant_it() -> None:
    assert diagnosis.priority("SCHED_FIFO at 60", "ask").level == "ok"
    assert "SCHED_FIFO at 60" in diagnosis.priority("SCHED_FIFO at 60", "ask").says
    for refused in (diagnosis.priority("", "ask"), diagnosis.memory(False, "ask")):
        assert (refused.level, refused.advice) == ("warn", "ask")
    assert diagnosis.memory(True, "ask").level == "ok"
    assert diagnosis.memory(False, "").level == "ok", "a system that can't is not the user's fault"


def test_without_any_midi_nothing_sounds_and_without_virtual_ports_others_must_do() -> None:
    nothing = Midi({}, "", "no MIDI system found")
    some = Midi({"WINDOWS_MM": ["GS Wavetable"]}, "", "no virtual port could be opened")
    assert diagnosis.midi(nothing, "linux").level == "bad"
    assert "snd-seq" in diagnosis.midi(nothing, "linux").advice
    assert "loopMIDI" in diagnosis.midi(nothing, "win32").advice
    assert "loopMIDI" in diagnosis.midi(some, "win32").advice
    assert diagnosis.midi(some, "linux").level == "warn"
    assert "GS Wavetable" in diagnosis.midi(some, "linux").advice
    assert diagnosis.midi(Midi({"UNIX_JACK": []}, "livegan"), "linux").level == "ok"


@pytest.mark.parametrize(
    ("frames", "through", "level"),
    [
        (256, True, "ok"),
        (1024, True, "warn"),
        (2048, True, "bad"),
        (2048, False, "ok"),
        (0, True, "ok"),
    ],
)
def test_a_period_counts_where_notes_wait_for_it(frames: int, through: bool, level: str) -> None:
    finding = diagnosis.audio(Server("JACK", frames, 48_000), through)
    assert finding.level == level
    assert finding.figures.get("period_ms") == (round(frames / 48, 3) if frames else None)


def test_no_sound_server_is_no_fault() -> None:
    assert diagnosis.audio(None, False).level == "ok"


PW_METADATA = """Found "settings" metadata 30
update: id:0 key:'log.level' value:'2' type:''
update: id:0 key:'clock.rate' value:'48000' type:''
update: id:0 key:'clock.allowed-rates' value:'[ 48000 ]' type:''
update: id:0 key:'clock.quantum' value:'1024' type:''
update: id:0 key:'clock.min-quantum' value:'32' type:''
update: id:0 key:'clock.max-quantum' value:'2048' type:''
update: id:0 key:'clock.force-quantum' value:'0' type:''
update: id:0 key:'clock.force-rate' value:'0' type:''
"""


def test_pipewire_tells_its_period_and_a_forced_one_counts() -> None:
    assert pipewire_period(PW_METADATA) == (1024, 48_000)
    forced = PW_METADATA.replace("force-quantum' value:'0'", "force-quantum' value:'128'")
    assert pipewire_period(forced) == (128, 48_000)
    assert pipewire_period("") == (0, 0)


@pytest.mark.parametrize(
    ("tick", "source", "level"),
    [
        (4e-8, "tsc", "ok"),
        (4e-8, "", "ok"),
        (1e-7, "hpet", "warn"),
        (5e-4, "", "warn"),
        (1.56e-2, "", "bad"),
    ],
)
def test_a_clock_must_step_finely(tick: float, source: str, level: str) -> None:
    assert diagnosis.clock(tick, source).level == level


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (Cpu(4, 0.5, ("schedutil",), "acpi-cpufreq"), ""),
        (Cpu(4, 0.5, ("powersave",), "intel_pstate"), ""),
        (Cpu(4), ""),
        (Cpu(4, 0.5, ("powersave",), "acpi-cpufreq"), "cpupower"),
        (Cpu(4, 3.5), "close what keeps"),
        (Cpu(1, 0.1), "two cores"),
    ],
)
def test_cores_load_and_governor_are_warned_of(found: Cpu, advice: str) -> None:
    finding = diagnosis.cpu(found)
    assert finding.level == ("warn" if advice else "ok")
    assert advice in finding.advice
    assert json.loads(json.dumps(finding.figures))["cores"] == found.cores


@pytest.mark.parametrize(("share", "level"), [(0.1, "ok"), (0.5, "warn"), (1.1, "bad")])
def test_a_model_must_be_done_well_within_a_bar(share: float, level: str) -> None:
    finding = diagnosis.model("piano", [share * BAR_MS / 1e3] * 10)
    assert finding.level == level
    assert "2000 ms at 120 bpm" in finding.says


def test_a_taken_port_is_bad_unless_a_daemon_answers() -> None:
    assert reach.osc(Osc("127.0.0.1", 9000, True)).level == "ok"
    daemon = reach.osc(Osc("127.0.0.1", 9000, False, "taken", daemon="piano"))
    assert daemon.level == "ok"
    assert "piano" in daemon.says
    other = reach.osc(Osc("127.0.0.1", 9000, False, "taken"))
    assert (other.level, "taken" in other.says, "--port" in other.advice) == ("bad", True, True)


def test_the_network_line_names_addresses_and_the_firewall_that_it_cannot_see() -> None:
    inside = reach.network(Osc("127.0.0.1", 9000, True, addresses=("10.0.0.5",)))
    assert "only programs on this machine" in inside.says
    assert "--host 0.0.0.0" in inside.advice
    assert "10.0.0.5" in inside.advice
    outside = Osc("0.0.0.0", 9000, True, addresses=("10.0.0.5",), open_at=("10.0.0.5",))
    assert "10.0.0.5:9000" in reach.network(outside).says
    assert "firewall" in reach.network(outside).says
    assert "no address" in reach.network(Osc("0.0.0.0", 9000, True)).says


def test_warnings_are_allowed_and_findings_are_json() -> None:
    warned, bad = Finding("a", "warn", "so"), Finding("b", "bad", "so")
    assert on_time([warned])
    assert not on_time([warned, bad])
    assert json.loads(json.dumps(asdict(warned)))["advice"] == ""
