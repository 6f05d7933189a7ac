"""Real parts for tests: a JACK server without sound, daemons, OSC clients."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from math import inf
from pathlib import Path
from queue import Queue
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings
from pythonosc.osc_message_builder import OscMessageBuilder

from livegan.shell.osc import OscIn, OscPort

from .midi_client import MidiIn, MidiOut

os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other only slow small tests
os.environ |= {"LIVEGAN_PANEL": "0", "LIVEGAN_ANNOUNCE": "0"}  # but where it is about these

settings.register_profile("same", derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))  # default: new examples each time

LIVEGAN = [sys.executable, "-m", "livegan"]
UNPRIVILEGED = [
    *("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere"),
    *("prlimit", "--rtprio=0", "--memlock=65536"),
    *(["setpriv", "--bounding-set=-sys_nice,-ipc_lock"] if os.geteuid() == 0 else []),
]
"""Before a command: it is granted neither real-time priority nor locked memory."""
JACK_SERVER = f"livegan-test-{os.getpid()}"


PATIENCE = 3.0
"""So many times as long as it should take is waited before a test fails: the machine may be busy."""


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until something is true; fails the test after so long."""
    until = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    pytest.fail(f"after {seconds * PATIENCE:g} s still no {what}")


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
    forget_dead_servers()
    server = jack_server(JACK_SERVER)
    yield JACK_SERVER
    end_server(server)


def end_server(server: subprocess.Popen[bytes]) -> None:
    """In peace, so that its name is free again; but it may wait for clients that died for ever."""
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def forget_dead_servers() -> None:
    """JACK has room for eight names, and servers that were killed keep theirs: where none is at work,
    all that is left is theirs."""
    if not any(process.info["name"] == "jackd" for process in psutil.process_iter(["name"])):
        for left in Path("/dev/shm").glob("jack*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def jack_server(name: str) -> subprocess.Popen[bytes]:
    """A JACK server of that name that answers, with the dummy driver. JACK refuses to start another
    one where eight are at work: then it is tried again."""
    command = ["jackd", "-n", name, "-S", "-d", "dummy", "-r", "48000", "-p", "256"]
    servers: list[subprocess.Popen[bytes]] = []

    def answers() -> bool:
        if not servers or servers[-1].poll() is not None:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            servers.append(subprocess.Popen(command, **quiet))
        named = os.environ | {"JACK_DEFAULT_SERVER": name}  # jack_lsp -s dies of names of 24 letters
        asked = subprocess.run(
            ["timeout", "5", "jack_lsp"], env=named, capture_output=True, check=False
        )
        return asked.returncode == 0

    wait_for(answers, 60, "JACK server")
    return servers[-1]


def is_player(pid: int) -> bool:
    try:
        return b"player_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it just went
        return False


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
        return self.player_pids()[0]

    def player_pids(self) -> list[int]:
        """Of the player that plays and, after it, of the one that stands by."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [pid for pid in map(int, children.split()) if is_player(pid)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)


def start_daemon(log: Path, *arguments: str, prefix: Sequence[str] = ()) -> Daemon:
    """On a free port; comes back when it listens."""
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

    return Daemon(process, wait_for(listening, 20, "daemon"), log)


def ports_left() -> bool:
    """Whether JACK still has a port of a daemon that went: it notices that a little later."""
    if "JACK_DEFAULT_SERVER" not in os.environ:
        return False
    there = subprocess.run(["timeout", "5", "jack_lsp", "livegan"], capture_output=True, check=False)
    return there.returncode == 0 and bool(there.stdout)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Start daemons on free ports; they and all their processes are gone after the test, and so are
    their ports, which the next one would find."""
    daemons: list[Daemon] = []

    def start(*arguments: str, prefix: Sequence[str] = ()) -> Daemon:
        log = tmp_path / f"serve{len(daemons)}.log"
        daemons.append(start_daemon(log, *arguments, prefix=prefix))
        return daemons[-1]

    yield start
    for daemon in daemons:
        if daemon.process.poll() is None:
            children = psutil.Process(daemon.process.pid).children(recursive=True)
            daemon.process.kill()
            daemon.process.wait()
            psutil.wait_procs(children, 10)
    until = time.monotonic() + 10
    while daemons and ports_left() and time.monotonic() < until:
        time.sleep(0.02)


Heard = tuple[float, int, int, int]


@dataclass
class Synth:
    """An independent MIDI client that keeps all that it hears, with the time."""

    heard: list[Heard] = field(default_factory=list)
    clock: list[tuple[float, ...]] = field(default_factory=list)
    programs: list[tuple[float, int, int]] = field(default_factory=list)
    client: MidiIn | None = field(default=None, repr=False)

    def take(self, at: float, message: list[int]) -> None:
        if len(message) == 3 and message[0] < 0xF0:
            self.heard.append((at, message[0], message[1], message[2]))
        elif message[0] & 0xF0 == 0xC0:
            self.programs.append((at, message[0], message[1]))
        elif message[0] >= 0xF0:
            self.clock.append((at, *message))

    def die(self) -> None:
        """Its port goes, and nobody says so."""
        assert self.client is not None
        self.client.kill()

    def since(self, at: float) -> list[Heard]:
        return [event for event in list(self.heard) if event[0] >= at]

    def sounding(self, at: float = inf) -> set[tuple[int, int]]:
        """Channels and pitches that sounded at a time, or do so now."""
        on: set[tuple[int, int]] = set()
        for when, status, pitch, _ in list(self.heard):
            if when >= at:
                break
            if status & 0xF0 == 0x90:
                on.add((status & 0x0F, pitch))
            elif status & 0xF0 == 0x80:
                on.discard((status & 0x0F, pitch))
        return on

    def strikes(self, since: float = 0.0) -> list[Heard]:
        return [event for event in self.since(since) if event[1] & 0xF0 == 0x90]


@pytest.fixture
def listen(jack: str) -> Iterator[Callable[..., Synth]]:
    """Connect a client to the daemon's port; or, by a name, open one that the daemon can find."""
    numbers = count()
    with ExitStack() as opened:

        def connect(name: str = "") -> Synth:
            synth = Synth()
            pattern = "" if name else "livegan:*"
            synth.client = MidiIn(name or f"synth{next(numbers)}", synth.take, pattern)
            opened.callback(synth.client.close)
            return synth

        yield connect


@pytest.fixture
def plug(jack: str) -> Iterator[Callable[..., MidiOut]]:
    """Open a client that sends, by its name: to the first input that fits a pattern, or from a port of
    its own."""
    with ExitStack() as opened:

        def connect(name: str, pattern: str = "") -> MidiOut:
            out = MidiOut(name, pattern)
            opened.callback(out.close)
            return out

        yield connect


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

    def expect(self, address: str, seconds: float = 5.0 * PATIENCE) -> tuple[Any, ...]:
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


def connect(daemon: Daemon) -> Client:
    """To be closed by who made it."""
    port = OscPort("127.0.0.1", 0)
    port.open()
    one = Client(port, ("127.0.0.1", daemon.port))
    port.start(lambda item: one.heard.put(item) if isinstance(item, OscIn) else None)
    return one


@pytest.fixture
def client() -> Iterator[Callable[[Daemon], Client]]:
    """Make clients of a daemon."""
    made: list[Client] = []

    def make(daemon: Daemon) -> Client:
        made.append(connect(daemon))
        return made[-1]

    yield make
    for one in made:
        one.port.close()
