"""What a performance needs: a JACK server of our own, `livegan serve`, and an ear at its port."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import rtmidi

from livegan.core.outputs import NOTE_ON
from livegan.shell.osc import build

from .processes import end, python

RATE, PERIOD = 48_000, 256
JACK_SECONDS = 10.0
START_SECONDS = 30.0
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
    with tempfile.TemporaryFile("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            yield jack_answers(server)
        finally:
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


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running `livegan serve`."""

    process: subprocess.Popen[str]
    host: str
    port: int

    @property
    def process_id(self) -> int:
        return self.process.pid

    def send(self, address: str, *values: object) -> None:
        """One OSC message, as from a client."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(build(f"/livegan{address}", values), (self.host, self.port))


@contextmanager
def serve(model: str, *, with_jack: bool) -> Iterator[Daemon]:
    """Play at once, to the ear if there is one; comes back when the daemon says that it is up."""
    arguments = ["-m", "livegan", "serve", "--play", "--port", "0", "--log-json", "--model", model]
    arguments += ["--midi-out", EAR] if with_jack else []
    with python(*arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "start":
                host, _, port = event["osc"].rpartition(":")
                yield Daemon(process, host, int(port))
                return
        raise RuntimeError("livegan serve ended before it was ready")
