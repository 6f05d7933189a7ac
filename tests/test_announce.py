"""Found by zeroconf: a real daemon, and a browser in another process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Daemon, wait_for

BROWSER = """
import json, sys, time
from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf

def changed(zeroconf, service_type, name, state_change):
    info = None
    if state_change is not ServiceStateChange.Removed:
        info = zeroconf.get_service_info(service_type, name, 5000)
    print(json.dumps({
        "type": service_type, "name": name, "change": state_change.name,
        "port": info and info.port, "addresses": info and info.parsed_addresses(),
    }), flush=True)

zeroconf = Zeroconf()
ServiceBrowser(zeroconf, ["_osc._udp.local.", "_oscjson._tcp.local."], handlers=[changed])
sys.stdin.read()
zeroconf.close()
"""
Found = dict[str, Any]


class Browser:
    """Another process, which knows nothing of livegan."""

    def __init__(self, process: subprocess.Popen[str], heard: Path) -> None:
        self.process, self.heard = process, heard

    def found(self) -> list[Found]:
        """All changes so far."""
        return [json.loads(line) for line in self.heard.read_text().splitlines()]

    def at(self, port: int) -> Found | None:
        """The OSC service of this port."""
        added = [found for found in self.found() if found["change"] != "Removed"]
        return next((f for f in added if f["type"] == "_osc._udp.local." and f["port"] == port), None)

    def beside(self, found: Found) -> Found | None:
        """The OSCQuery service of the same name."""
        name = found["name"].replace("_osc._udp", "_oscjson._tcp")
        added = [f for f in self.found() if f["change"] != "Removed"]
        return next((f for f in added if f["name"] == name), None)

    def lost(self, found: Found) -> bool:
        return any(f["name"] == found["name"] and f["change"] == "Removed" for f in self.found())


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    heard = tmp_path / "heard"
    with heard.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", BROWSER], stdin=subprocess.PIPE, stdout=out, text=True
        )
    yield Browser(process, heard)
    process.communicate("", timeout=10)


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")


def test_another_process_finds_two_of_us_by_two_names_and_sees_them_go(
    serve: Callable[..., Daemon], browser: Browser
) -> None:
    one = serve("--announce", "--no-panel")
    first = wait_for(lambda: browser.at(one.port), 20, "livegan in the network")
    query = wait_for(lambda: browser.beside(first), 10, "OSCQuery in the network")
    assert first["name"].startswith("livegan")
    assert first["addresses"] == query["addresses"] == ["127.0.0.1"], "as it listens there only"
    info = httpx.get(f"http://127.0.0.1:{query['port']}/?HOST_INFO").json()
    assert info["OSC_PORT"] == one.port
    other = serve("--announce", "--no-panel")
    second = wait_for(lambda: browser.at(other.port), 20, "the other one")
    assert second["name"] != first["name"]
    wait_for(lambda: browser.beside(second), 10, "its OSCQuery")
    assert one.stop() == 0
    wait_for(lambda: browser.lost(first), 10, "good-bye")
    assert not browser.lost(second)


def test_without_a_network_it_says_so_and_plays(serve: Callable[..., Daemon]) -> None:
    daemon = serve("--announce", "--bpm", "300", "--play", prefix=("unshare", "-rn"))
    wait_for(lambda: "zeroconf" in daemon.log.read_text(), 20, "line")
    wait_for(lambda: "bar 3 " in daemon.log.read_text(), 20, "third bar")
    said = [line for line in daemon.log.read_text().splitlines() if "zeroconf" in line]
    assert len(said) == 1
    assert daemon.stop() == 0
