"""What a performance needs: a JACK server of our own, `livegan serve`, and an ear at its port."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import rtmidi

from livegan.core.outputs import NOTE_ON
from livegan.shell.osc import Address, OscBad, OscIn, OscPort, OscStranger

from .processes import end, python

RATE, PERIOD = 48_000, 64
JACK_SECONDS = 10.0
PANEL_SECONDS = 10.0
EAR = "livegan-ear"
"""The benchmark's MIDI input; livegan is told to play to it, so that no note is missed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A note_on that came out of JACK."""

    seconds: float
    pitch: int
    velocity: int


@contextmanager
def jack() -> Iterator[bool]:
    """A dummy server that only we know, made the default of this process and its children. False where
    JACK is not installed or does not start."""
    if not shutil.which("jackd") or not shutil.which("jack_lsp"):
        yield False
        return
    name = f"livegan-bench-{os.getpid()}"
    settings = {
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
        "LIVEGAN_MIDI_API": "JACK",
    }
    before = {key: os.environ.get(key) for key in settings}
    os.environ.update(settings)
    command = ["jackd", "-n", name, "-S", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            yield jack_answers(server)
        finally:
            if server.poll() is not None:
                log.seek(0)
                print(f"jackd ended, status {server.returncode}:", log.read(), file=sys.stderr)
            end(server)
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.update({key: value})


def jack_answers(server: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + JACK_SECONDS
    while time.monotonic() < until and server.poll() is None:
        asked = subprocess.run(["jack_lsp"], capture_output=True, check=False)
        if asked.returncode == 0:
            return True
        time.sleep(0.1)
    return False


@contextmanager
def ear(hear: Callable[[Heard], None]) -> Iterator[None]:
    """A MIDI input of JACK's; `hear` is called on JACK's thread."""
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=EAR)

    def take(event: tuple[list[int], float], _: object) -> None:
        now = time.monotonic()
        data, _ = event
        if data[0] & 0xF0 == NOTE_ON and data[2]:
            hear(Heard(now, data[1], data[2]))

    port.set_callback(take)
    port.open_virtual_port("in")
    try:
        yield
    finally:
        port.close_port()
        port.delete()


@contextmanager
def receiver(out: Path) -> Iterator[str]:
    """An independent process at the ear, which writes what it got to `out` as it ends (see
    `receiver`); how it tells the time."""
    with python("-m", "benchmarks.receiver", str(out), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@dataclass(slots=True)
class Said:
    """What it told on its output: errors, and where its panel is."""

    errors: list[str] = field(default_factory=list)
    panel: str = ""

    def read(self, lines: IO[str]) -> None:
        """Until the end, or until it is closed."""
        with suppress(ValueError):
            for line in lines:
                self.take(json.loads(line))

    def take(self, event: Mapping[str, str]) -> None:
        if event["event"] == "error":
            self.errors.append(event["text"])
        elif event["event"] == "panel":
            self.panel = event["url"]


@dataclass(slots=True)
class Daemon:
    """A running `livegan serve`, and a client of it."""

    process: subprocess.Popen[str]
    address: Address
    client: OscPort
    told: queue.SimpleQueue[OscIn | OscBad | OscStranger]
    said: Said

    @property
    def process_id(self) -> int:
        return self.process.pid

    def send(self, address: str, *values: object) -> None:
        """One OSC message."""
        self.client.send(self.address, f"/livegan{address}", values)

    def panel(self) -> str:
        """Where its panel is, as soon as it is there. Raises `RuntimeError`."""
        until = time.monotonic() + PANEL_SECONDS
        while not self.said.panel and time.monotonic() < until:
            time.sleep(0.01)
        if not self.said.panel:
            raise RuntimeError("livegan serve has no panel")
        return self.said.panel

    def wait_until(self, address: str, seconds: float, *values: object) -> None:
        """Until it tells this. Raises `RuntimeError` if it does not, or if it ends."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self.process.poll() is None:
            try:
                told = self.told.get(timeout=min(left, 1.0))
            except queue.Empty:
                continue
            if isinstance(told, OscIn) and (told.address, told.values) == (
                f"/livegan{address}",
                values,
            ):
                return
        raise RuntimeError(f"livegan serve did not tell {address} {values} within {seconds:.0f} s")


@contextmanager
def serve(
    *arguments: str,
    with_jack: bool = False,
    module: str = "livegan",
    env: Mapping[str, str] | None = None,
) -> Iterator[Daemon]:
    """Comes back when the daemon says that it is up. It plays to the ear if there is one."""
    to_ear = ("--midi-out", EAR) if with_jack else ()
    alone = ("--port", "0", "--panel", "--panel-port", "0", "--no-announce", "--log-json")
    own = tempfile.TemporaryDirectory()
    command = ("-m", module, "serve", *alone, "--folder", own.name, *to_ear, *arguments)
    with own, python(*command, env=env, stdout=subprocess.PIPE) as process:
        said = Said()
        address = address_of(process, said)
        told: queue.SimpleQueue[OscIn | OscBad | OscStranger] = queue.SimpleQueue()
        client = OscPort("127.0.0.1", 0)
        client.open()
        try:
            client.start(told.put)
            yield Daemon(process, address, client, told, said)
        finally:
            client.close()


def address_of(process: subprocess.Popen[str], said: Said) -> Address:
    """Where it listens, as it says once it is up. What it says afterwards is kept; it never waits for
    us."""
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        said.take(event)
        if event["event"] == "start":
            host, _, port = event["osc"].rpartition(":")
            threading.Thread(target=said.read, args=(process.stdout,), daemon=True).start()
            return host, int(port)
    raise RuntimeError("livegan serve ended before it was ready")
