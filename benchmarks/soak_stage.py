"""The real daemon on JACK's dummy driver, moved by OSC at random, with something that breaks every
minute, and another leader of the time after it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from livegan.core.leading import LEADERS
from livegan.shell.osc import build

from .any_move import MODELS, any_move
from .processes import end, python
from .report import Row, Skip, figures
from .soak_fake import ALLOWED_MB, REST_SECONDS, Listener
from .stage import PERIOD, RATE, jack_answers

EAR = "livegan-soak"
RECOVERY_SECONDS = 15.0
"""What goes wrong so long after a fault is the fault's."""
MOVE_SECONDS = (0.02, 0.5)
MODEL_SECONDS = 1.0
"""Until a model plays. Each has come some times when memory is read for the first time."""
WARM_UP_SECONDS = 30.0
"""In which each leader has its turn: what they need is there when memory is read for the first time."""


@dataclass
class Stage:
    """Server, ear and daemon, each of which may be broken."""

    folder: Path
    name: str = f"livegan-soak-{os.getpid()}"
    server: subprocess.Popen[str] | None = None
    ears: list[subprocess.Popen[str]] = field(default_factory=list)
    clock: subprocess.Popen[str] | None = None
    address: tuple[str, int] = ("", 0)
    daemon: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def start_server(self) -> None:
        command = ["jackd", "-n", self.name, "-S", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
        with open(os.devnull, "w") as nothing:
            self.server = subprocess.Popen(command, stdout=nothing, stderr=nothing, text=True)
        if not jack_answers(self.server):
            raise Skip("JACK does not start")

    def open_ear(self) -> None:
        log = (self.folder / f"ear{len(self.ears)}").open("w")
        with log, open(os.devnull, "w") as nothing:
            command = [sys.executable, "-m", "benchmarks.soak_ear", EAR]
            self.ears.append(subprocess.Popen(command, stdout=log, stderr=nothing, text=True))

    def close_ear(self) -> None:
        self.ears[-1].kill()
        self.ears[-1].wait()

    def player(self) -> int:
        children = psutil.Process(self.daemon).children()
        return next(int(c.pid) for c in children if "livegan.shell.player_process" in c.cmdline())

    def send(self, address: str, *values: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(build(f"/livegan/{address}", values), self.address)

    def move_something(self) -> None:
        """Any row but the leader's, who has a turn after each fault; play goes on after a stop."""
        address, values = any_move(self.chance, without=("sync", "sync_lost"))
        self.send(address.removeprefix("/"), *values)
        if address == "/stop":
            time.sleep(REST_SECONDS)
            self.send("play")

    def load(self, *names: str) -> None:
        """One model after the other, each until it plays."""
        for name in names:
            self.send("model", name)
            time.sleep(MODEL_SECONDS)

    def lead(self, name: str, seconds: float) -> None:
        """Let this one lead the time; a MIDI clock is sent for so long."""
        if self.clock:
            end(self.clock)
        self.send("sync", name)
        if name == "midi":
            command = [sys.executable, "-m", "benchmarks.leader", name, os.devnull, str(seconds)]
            with open(os.devnull, "w") as nothing:
                self.clock = subprocess.Popen(command, stdout=nothing, stderr=nothing, text=True)
        self.send("play")

    # faults

    def kill_player(self) -> None:
        os.kill(self.player(), signal.SIGKILL)

    def hold_player(self) -> None:
        hold(self.player(), 3.0)

    def hang_daemon(self) -> None:
        hold(self.daemon, 6.0)

    def lose_port(self) -> None:
        self.close_ear()
        time.sleep(2)
        self.open_ear()

    def lose_server(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()
        self.close_ear()
        time.sleep(1)
        self.start_server()
        self.open_ear()

    def load_bad_model(self) -> None:
        self.send("model", __file__)

    def flood(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for number in range(5_000):
                packet = self.chance.randbytes(40) if number % 2 else build("/livegan/xy", (0.5, 0.5))
                client.sendto(packet, self.address)
                if number % 10 == 9:
                    time.sleep(0.002)

    @property
    def faults(self) -> list[Callable[[], None]]:
        return [
            self.kill_player, self.lose_port, self.hang_daemon, self.flood, self.hold_player,
            self.lose_server, self.load_bad_model,
        ]  # fmt: skip


def hold(process_id: int, seconds: float) -> None:
    os.kill(process_id, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(process_id, signal.SIGCONT)


@contextmanager
def staged() -> Iterator[tuple[Stage, Path]]:
    """Everything up; ended on the way out. Raises `Skip` without JACK."""
    if not shutil.which("jackd") or not shutil.which("jack_lsp"):
        raise Skip("no JACK here (it takes jackd and jack_lsp: apt-get install jackd2)")
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        os.environ |= {
            "JACK_DEFAULT_SERVER": stage.name,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
            "LIVEGAN_MIDI_API": "JACK",
        }
        try:
            stage.start_server()
            stage.open_ear()
            time.sleep(1)
            yield stage, stage.folder / "log"
        finally:
            if stage.clock:
                end(stage.clock)
            for ear in stage.ears:
                ear.kill()
                ear.wait()
            if stage.server:
                end(stage.server)


def measure(model: str, minutes: float, every: float, say: Callable[[str], None]) -> list[Row]:
    """Raises `Skip` without JACK."""
    with staged() as (stage, log), log.open("w") as out:
        arguments = [
            *("--play", "--port", "0", "--log-json", "--midi-out", EAR, "--model", model),
            *("--panel-port", "0", "--no-announce", "--folder", str(stage.folder / "own")),
        ]
        with python("-m", "livegan", "serve", *arguments, stdout=out) as daemon:
            stage.daemon = daemon.pid
            stage.address = address_of(log)
            faults = shake(stage, model, minutes * 60, every, say)
            stage.send("sync", LEADERS[0])
            stage.send("stop")
            time.sleep(1)
            after = memory(stage.daemon)
            end(daemon)
        return rows_of(stage, log, faults, after)


def address_of(log: Path) -> tuple[str, int]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for event in events_of(log):
            if event["event"] == "start":
                host, _, port = event["osc"].rpartition(":")
                return host, int(port)
        time.sleep(0.1)
    raise RuntimeError("livegan serve did not start")


@dataclass
class Shaken:
    """When what was broken, in Unix time from and to, and memory before."""

    times: list[tuple[float, float, str]] = field(default_factory=list)
    before: float = 0.0
    seconds: float = 0.0


def shake(stage: Stage, model: str, seconds: float, every: float, say: Callable[[str], None]) -> Shaken:
    shaken = Shaken(seconds=seconds)
    for leader in (*LEADERS[1:], LEADERS[0]):
        stage.lead(leader, 5.0)
        time.sleep(WARM_UP_SECONDS / len(LEADERS))
    stage.load(*MODELS * 3, model)
    began = time.monotonic()
    shaken.before = memory(stage.daemon)
    next_fault = began + every
    while (now := time.monotonic()) - began < seconds:
        if now > next_fault and now - began < seconds - RECOVERY_SECONDS:
            next_fault += every
            fault = stage.faults[len(shaken.times) % len(stage.faults)]
            say(f"soak: {fault.__name__}")
            from_ = time.time()
            fault()
            shaken.times.append((from_, time.time(), fault.__name__))
            leader = LEADERS[len(shaken.times) % len(LEADERS)]
            say(f"soak: {leader} leads")
            stage.lead(leader, every - RECOVERY_SECONDS)
        stage.move_something()
        time.sleep(stage.chance.uniform(*MOVE_SECONDS))
    stage.load(model)
    return shaken


def memory(daemon: int) -> float:
    """Of the daemon and those it has started, in MB; a player that just goes counts no more."""
    process = psutil.Process(daemon)
    total = process.memory_info().rss
    for child in process.children():
        with suppress(psutil.Error):
            total += child.memory_info().rss
    return float(total / 1e6)


def events_of(log: Path) -> list[dict[str, Any]]:
    lines = log.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]


def heard_by(folder: Path, number: int, last: bool) -> Listener:
    """What an ear has heard, and what still sounded when the music was stopped; what sounded when an
    ear was closed is the fault's."""
    listener = Listener()
    for line in (folder / f"ear{number}").read_text().splitlines():
        with suppress(json.JSONDecodeError):
            _, *data = json.loads(line)
            if len(data) == 3:
                listener.hear(data[0], data[1])
    if last:
        listener.end()
    return listener


def rows_of(stage: Stage, log: Path, shaken: Shaken, after: float) -> list[Row]:
    events = events_of(log)
    bars = [event for event in events if event["event"] == "bar"]
    missed = [e for e in events if e["event"] == "error" and "was not ready" in e["text"]]

    def excused(at: float) -> bool:
        return any(from_ <= at <= to + RECOVERY_SECONDS for from_, to, _ in shaken.times)

    unexcused = sum(not excused(event["time"]) for event in missed)
    listeners = [
        heard_by(stage.folder, number, number == len(stage.ears) - 1)
        for number in range(len(stage.ears))
    ]
    hanging, notes = sum(one.hanging for one in listeners), sum(one.notes for one in listeners)
    calm = [bar for bar in bars if not excused(bar["time"])] or bars
    medians = [bar["late_median_ms"] for bar in calm]
    worst = [bar["late_worst_ms"] for bar in calm]
    grown = after - shaken.before
    what = f"JACK, {shaken.seconds / 60:g} min, {len(bars)} bars, {len(shaken.times)} faults"
    return [
        Row(f"{what}: notes hanging, of {notes}", "notes", hanging, aim="0", reached=hanging == 0),
        Row("JACK: bars missed, all", "bars", len(missed)),
        Row("JACK: bars missed but for faults", "bars", unexcused, aim="0", reached=unexcused == 0),
        Row("JACK: lateness, each bar's median", "ms", *figures(medians)),
        Row("JACK: lateness, each bar's worst", "ms", *figures(worst)),
        Row("JACK: lateness, each bar's worst, p99.9", "ms", p99=float(np.percentile(worst, 99.9))),
        Row("JACK: memory at the start", "MB", shaken.before),
        Row("JACK: memory grown by", "MB", grown, aim=f"< {ALLOWED_MB:g}", reached=grown < ALLOWED_MB),
    ]
