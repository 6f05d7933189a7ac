"""The command as a child, on the machine as it is and with real ports, daemons and a JACK server."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .conftest import LIVEGAN, UNPRIVILEGED, Daemon

NAMES = [
    *("timer", "priority", "memory", "midi", "audio"),
    *("clock", "cpu", "model", "osc", "network"),
]
Found = dict[str, dict[str, Any]]


def doctor(*arguments: object, prefix: Sequence[str] = ()) -> tuple[int, Found]:
    """Exit status, and the findings by name."""
    command = [*prefix, *LIVEGAN, "doctor", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    told = json.loads(done.stdout)
    assert told["on_time"] == (done.returncode == 0)
    assert [finding["name"] for finding in told["findings"]] == NAMES
    return done.returncode, {finding["name"]: finding for finding in told["findings"]}


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_without_a_midi_system_it_says_so_and_measures_the_rest(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    status, found = doctor("--port", free_port)
    assert status == 1
    assert found["midi"]["level"] == "bad"
    assert found["midi"]["advice"]
    timer = found["timer"]["figures"]
    assert 0 <= timer["p50_ms"] <= timer["p99_ms"] <= timer["worst_ms"]
    model = found["model"]["figures"]
    assert 0 < model["p50_ms"] <= model["p99_ms"]
    assert (model["model"], model["bar_ms"]) == ("piano", 2000)
    assert found["clock"]["figures"]["tick_ns"] > 0
    assert found["cpu"]["figures"]["cores"] >= 1
    assert (found["osc"]["level"], found["osc"]["figures"]["free"]) == ("ok", True)
    assert found["network"]["figures"]["open_at"] == []
    levels = {finding["level"] for finding in found.values()}
    assert levels <= {"ok", "warn", "bad"}
    assert all(finding["advice"] for finding in found.values() if finding["level"] != "ok")


@pytest.mark.jack
def test_with_jack_a_port_is_opened_and_its_period_told(jack: str, free_port: int) -> None:
    status, found = doctor("--port", free_port, "--model", "paper-naive")
    assert found["midi"]["level"] == "ok"
    assert found["midi"]["figures"]["systems"] == ["UNIX_JACK"]
    audio = found["audio"]
    assert (audio["figures"]["frames"], audio["figures"]["rate"]) == (256, 48_000)
    assert audio["level"] == "ok"
    assert "256 frames at 48000 Hz: a period of 5.3 ms" in audio["says"]
    assert found["model"]["figures"]["model"] == "paper-naive"
    bad = [finding["says"] for finding in found.values() if finding["level"] == "bad"]
    assert (status == 0) == (not bad)


def test_without_the_privilege_it_says_how_to_be_granted_it(free_port: int) -> None:
    _, found = doctor("--port", free_port, prefix=UNPRIVILEGED)
    for name in ("priority", "memory"):
        assert found[name]["level"] == "warn"
        assert "/etc/security/limits.d" in found[name]["advice"]
    assert "rtkit" in found["priority"]["advice"]
    assert "rtkit" not in found["memory"]["advice"], "it locks no memory"


def test_a_port_that_another_program_has_is_bad() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        status, found = doctor("--port", other.getsockname()[1])
    assert status == 1
    assert found["osc"]["level"] == "bad"
    assert "Address already in use" in found["osc"]["says"]
    assert "--port" in found["osc"]["advice"]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_daemon_is_known_by_its_answer_at_every_address_where_it_listens(
    host: str, serve: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    daemon = serve("--host", host, "--model", "paper-naive")
    _, found = doctor("--port", daemon.port)
    assert found["osc"]["level"] == "ok"
    assert found["osc"]["figures"]["daemon"] == "paper-naive"
    network = found["network"]["figures"]
    assert network["open_at"] == ([] if host == "127.0.0.1" else network["addresses"])
    daemon.stop()


def test_a_model_that_is_missing_is_bad_and_the_rest_is_still_told(free_port: int) -> None:
    status, found = doctor("--port", free_port, "--model", "no-such-model")
    assert status == 1
    assert found["model"]["level"] == "bad"
    assert "no model 'no-such-model'" in found["model"]["says"]


def test_in_words_every_line_begins_with_its_level_and_the_last_one_sums_up(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    command = [*LIVEGAN, "doctor", "--port", str(free_port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *lines, last = done.stdout.splitlines()
    findings = [line.split()[:2] for line in lines if not line.startswith(" ")]
    assert [name for _, name in findings] == NAMES
    bad = [name for level, name in findings if level == "bad"]
    assert last == f"First mend: {', '.join(bad)}."
    assert done.returncode == 1
