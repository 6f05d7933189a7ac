"""Real parts for tests: a JACK server without sound, daemons, OSC clients."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import rtmidi
from pythonosc.osc_message_builder import OscMessageBuilder

from livegan.shell.osc import OscIn, OscPort

os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other only slow small tests

LIVEGAN = [sys.executable, "-m", "livegan"]
UNPRIVILEGED = [
    *("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere"),
    *("prlimit", "--rtprio=0", "--memlock=65536"),
    *(["setpriv", "--bounding-set=-sys_nice,-ipc_lock"] if os.geteuid() == 0 else []),
]
"""Before a command: it is granted neither real-time priority nor locked memory."""
JACK_SERVER = f"livegan-test-{os.getpid()}"


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until something is true; fails the test after so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    pytest.fail(f"after {seconds} s still no {what}")


@pytest.fixture(scope="session")
def jack() -> Iterator[str]:
    """The name of a running JACK server with the dummy driver; the environment points to it."""
    missing = [tool for tool in ("jackd", "jack_lsp", "oscsend") if shutil.which(tool) is None]
    if missing:
        pytest.fail(f"{', '.join(missing)} not found: run scripts/test, which says what to install")
    os.environ |= {
        "JACK_DEFAULT_SERVER": JACK_SERVER,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
        "LIVEGAN_MIDI_API": "jack",
    }
    server = jack_server(JACK_SERVER)
    yield JACK_SERVER
    server.terminate()
    server.wait(5)


def jack_server(name: str) -> subprocess.Popen[bytes]:
    """A JACK server of that name that answers, with the dummy driver. JACK refuses to start another
    one where eight are at work: then it is tried again."""
    command = ["jackd", "-n", name, "-S", "-d", "dummy", "-r", "48000", "-p", "256"]
    servers: list[subprocess.Popen[bytes]] = []

    def answers() -> bool:
        if not servers or servers[-1].poll() is not None:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            servers.append(subprocess.Popen(command, **quiet))
        asked = subprocess.run(["jack_lsp", "-s", name], capture_output=True, check=False)
        return asked.returncode == 0

    wait_for(answers, 60, "JACK server")
    return servers[-1]


@dataclass
class Daemon:
    """A running `livegan serve`."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def send(self, address: str, *values: object) -> None:
        """By liblo's oscsend, a client that we did not write."""
        letters = {bool: "T", int: "i", float: "f", str: "s"}
        types = "".join("F" if v is False else letters[type(v)] for v in values)
        shown = [str(v) for v in values if not isinstance(v, bool)]
        command = ["oscsend", "localhost", str(self.port), address, *([types] if types else []), *shown]
        subprocess.run(command, check=True)

    def player_pid(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Start daemons on free ports; they are ended after the test."""
    daemons: list[Daemon] = []

    def start(*arguments: str, prefix: Sequence[str] = ()) -> Daemon:
        log = tmp_path / f"serve{len(daemons)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [*prefix, *LIVEGAN, "serve", "--port", "0", *arguments],
                stdout=out,
                stderr=out,
                text=True,
            )

        def listening() -> int:
            assert process.poll() is None, log.read_text()
            for line in log.read_text().splitlines():
                if "OSC on " in line:
                    return int(line.split("OSC on ")[1].split(";")[0].rpartition(":")[2])
            return 0

        daemon = Daemon(process, wait_for(listening, 20, "daemon"), log)
        daemons.append(daemon)
        return daemon

    yield start
    for daemon in daemons:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()


Heard = tuple[float, int, int, int]


@dataclass
class Synth:
    """An independent MIDI client that keeps all that it hears, with the time."""

    heard: list[Heard] = field(default_factory=list)
    clock: list[tuple[float, ...]] = field(default_factory=list)

    def __call__(self, event: tuple[list[int], float], data: object) -> None:
        message = event[0]
        if len(message) == 3 and message[0] < 0xF0:
            self.heard.append((time.monotonic(), message[0], message[1], message[2]))
        elif message[0] >= 0xF0:
            self.clock.append((time.monotonic(), *message))

    def sounding(self) -> set[tuple[int, int]]:
        on: set[tuple[int, int]] = set()
        for _, status, pitch, _ in list(self.heard):
            if status & 0xF0 == 0x90:
                on.add((status & 0x0F, pitch))
            elif status & 0xF0 == 0x80:
                on.discard((status & 0x0F, pitch))
        return on

    def strikes(self) -> list[Heard]:
        return [event for event in list(self.heard) if event[1] & 0xF0 == 0x90]


@pytest.fixture
def listen(jack: str) -> Iterator[Callable[[], Synth]]:
    """Connect a client to the daemon's port."""
    inputs: list[rtmidi.MidiIn] = []

    def connect() -> Synth:
        synth = Synth()
        midi_in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=f"synth{len(inputs)}")

        def connected() -> bool:
            try:
                names = midi_in.get_ports()
                place = next(i for i, name in enumerate(names) if name.startswith("livegan:"))
                midi_in.open_port(place)
            except (StopIteration, rtmidi.RtMidiError):  # not there yet, or going while we looked
                return False
            return True

        midi_in.set_callback(synth)
        midi_in.ignore_types(timing=False)
        wait_for(connected, 10, "livegan port")
        inputs.append(midi_in)
        return synth

    yield connect
    for midi_in in inputs:
        midi_in.close_port()
        midi_in.delete()


@dataclass
class Client:
    """A python-osc client that hears what the daemon tells."""

    port: OscPort
    target: tuple[str, int]
    heard: Queue[OscIn] = field(default_factory=Queue)

    def send(self, address: str, *values: object) -> None:
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        self.send_packet(message.build().dgram)

    def send_packet(self, packet: bytes) -> None:
        assert self.port._socket is not None
        self.port._socket.sendto(packet, self.target)

    def expect(self, address: str, seconds: float = 5.0) -> tuple[Any, ...]:
        """The values of the next message to this address; others are passed over."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.heard.get(timeout=left)
            except Exception:
                break
            if message.address == address:
                return message.values
        pytest.fail(f"no {address} came in {seconds} s")


@pytest.fixture
def client() -> Iterator[Callable[[Daemon], Client]]:
    """Make clients of a daemon."""
    made: list[Client] = []

    def make(daemon: Daemon) -> Client:
        port = OscPort("127.0.0.1", 0)
        port.open()
        one = Client(port, ("127.0.0.1", daemon.port))
        port.start(lambda item: one.heard.put(item) if isinstance(item, OscIn) else None)
        made.append(one)
        return one

    yield make
    for one in made:
        one.port.close()
