"""The tutorial, word by word: every grey box is typed, in order, and what it says is there."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mido
import pytest

from .conftest import LIVEGAN, Client, Daemon, Synth, wait_for

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
BPM = 240
Connect = Callable[[Daemon], Client]


def boxes() -> list[list[str]]:
    """The lines of each grey box."""
    found = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [box.strip().splitlines() for box in found]


@dataclass
class Reader:
    """Somebody who types the boxes. What belongs to a fresh clone is there already: scripts/play is
    `livegan serve --play`, and .venv is this Python's."""

    folder: Path
    port: int
    daemons: list[subprocess.Popen[str]] = field(default_factory=list)

    def type(self, line: str) -> str:
        """Give back what was answered."""
        words = shlex.split(line)
        if words == [".", ".venv/bin/activate"]:
            return ""
        if words[0] == "scripts/play":
            self.start(["--play", *words[1:]])
            return ""
        assert words[0] == "livegan", line
        done = subprocess.run(
            [*LIVEGAN, *words[1:]], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{line}: {done.stderr}"
        return done.stdout

    def follow(self, box: list[str]) -> str:
        return "".join(map(self.type, box))

    def start(self, options: list[str]) -> None:
        """In the first terminal, where ctrl-C ended what ran before."""
        for daemon in self.daemons:
            self.press_ctrl_c(daemon)
        command = [*LIVEGAN, "serve", *options]
        with self.log.open("w") as log:
            daemon = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, text=True)
        self.daemons.append(daemon)
        wait_for(lambda: "OSC on " in self.log.read_text(), 20, "daemon")

    @property
    def own(self) -> Path:
        """The instrument's folder."""
        return self.folder / "own"

    @property
    def log(self) -> Path:
        return self.folder / "first terminal.log"

    def press_ctrl_c(self, daemon: subprocess.Popen[str]) -> None:
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGINT)
        assert daemon.wait(10) == 0, self.log.read_text()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jack: str) -> Iterator[Reader]:
    """With ports of their own, an instrument's folder of their own, and little time."""
    port = 20_000 + os.getpid() % 20_000
    given = {"PORT": port, "PANEL_PORT": 0, "BPM": BPM, "FOLDER": tmp_path / "own", "ANNOUNCE": 0}
    for name, value in given.items():
        monkeypatch.setenv(f"LIVEGAN_{name}", str(value))
    one = Reader(tmp_path, port)
    yield one
    for daemon in one.daemons:
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait()


@dataclass
class Shown:
    """What a panel would show: the last values of every address."""

    client: Client
    values: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def wait(self, address: str, *values: object) -> None:
        def there() -> bool:
            while not self.client.heard.empty():
                message = self.client.heard.get()
                self.values[message.address.removeprefix("/livegan")] = message.values
            return bool(self.values.get(address) == pytest.approx(values))

        wait_for(there, 10, f"{address} {values}; told was {self.values.get(address)}")


@pytest.mark.jack
@pytest.mark.slow
def test_the_tutorial_word_by_word(
    reader: Reader, listen: Callable[[], Synth], client: Connect
) -> None:
    hear, activate, move, scenes, bank, hold, on, again, keep, ports, layout, to_all = boxes()
    reader.type(*hear)
    synth = listen()
    wait_for(lambda: len(synth.strikes()) > 10, 20, "music")
    one = client(Daemon(reader.daemons[0], reader.port, reader.log))
    one.send("/livegan/subscribe")
    shown = Shown(one)
    reader.follow([*activate, *move])
    shown.wait("/xy", 0.2, 0.9)
    shown.wait("/density")  # undo took the last move back
    reader.follow(scenes)
    shown.wait("/scene/1/name", "here")
    shown.wait("/scene/2/name", "there")
    reader.follow(bank)
    wait_for(lambda: list((reader.own / "banks").glob("first.*")), 10, "bank's file")
    reader.follow(hold)
    shown.wait("/transpose", -5)
    shown.wait("/loop", 2)
    reader.follow(on)
    shown.wait("/loop", 0)
    reader.follow(again)
    while one.expect("/livegan/bar", 10)[0] < 10:
        pass
    reader.follow(keep)
    take = wait_for(lambda: list((reader.own / "kept").glob("*.mid")), 10, "take")[0]
    assert 4 * 8 - 4 < beats_of(take) <= 4 * 8, "eight bars"
    assert "livegan" in reader.follow(ports)
    reader.follow(layout)
    assert b"/livegan/xy" in zlib.decompress((reader.folder / "livegan.tosc").read_bytes())
    reader.follow(to_all)
    assert not synth.sounding(), "ctrl-C ended every note"
    assert f"0.0.0.0:{reader.port}" in reader.log.read_text()
    reader.press_ctrl_c(reader.daemons[-1])


def beats_of(path: Path) -> float:
    """Where the last note ends."""
    file = mido.MidiFile(path)
    ends = [0]
    for track in file.tracks:
        at = 0
        for message in track:
            at += message.time
            if message.type.startswith("note"):
                ends.append(at)
    return max(ends) / file.ticks_per_beat
