"""MIDI clients of JACK's, each in a process of its own: libjack's threads crash now and then where
ports, clients or servers go, and take everybody in their process along."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Semaphore, Thread

import pytest

PROCESS = Path(__file__).with_name("midi_process.py")
TOO_LONG = 30.0
"""Seconds: to open a port takes a tenth of one, to send a message takes nothing."""
GOING_SECONDS = 2.0

Take = Callable[[float, list[int]], None]
"""Called on a thread with a message and when it came, on the monotonic clock."""


class MidiClient:
    """The process, once it has opened its port. Its death before it is closed fails the test, for since
    then it has heard and sent nothing; how it ends when it is closed is nobody's business."""

    def __init__(self, way: str, name: str, pattern: str, take: Take | None = None) -> None:
        self.name = name
        self._done = Semaphore(0)
        self._ended = self._closed = False
        command = [sys.executable, str(PROCESS), way, name, pattern]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._thread = Thread(target=self._read, args=(take,), name=name, daemon=True)
        self._thread.start()
        try:
            self._wait(f"find {pattern}" if pattern else "open its port")
        except BaseException:
            self.kill()
            raise

    def _read(self, take: Take | None) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said = json.loads(line)
            if said and take:
                take(said[0], said[1:])
            else:
                self._done.release()
        self._ended = True
        self._done.release()  # whoever waits need not wait any longer

    def _wait(self, what: str) -> None:
        """Until it says that it has done this."""
        done = not self._ended and self._done.acquire(timeout=TOO_LONG)
        if self._ended:
            pytest.fail(self._death(self.process.wait(GOING_SECONDS)))
        if not done:
            pytest.fail(f"after {TOO_LONG:g} s the MIDI client {self.name} still did not {what}")

    def _death(self, status: int) -> str:
        return f"the process of the MIDI client {self.name} died: exit status {status}"

    def _tell(self, message: Sequence[int]) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # who waits for the answer will know
            self.process.stdin.write(json.dumps(list(message)).encode() + b"\n")
            self.process.stdin.flush()

    def kill(self) -> None:
        """As a synth dies: without a word, whether its server was there to hear it or not."""
        self.process.kill()
        self._reap()

    def close(self) -> None:
        """Its port goes; once is enough."""
        status = None if self._closed else self.process.poll()
        self._reap()
        if status is not None:
            pytest.fail(self._death(status))

    def _reap(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._closed = True
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(GOING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._thread.join()
        self.process.stdout.close()


class MidiIn(MidiClient):
    """Hears what comes to its own port `in`, or from the first output that fits a pattern."""

    def __init__(self, name: str, take: Take, pattern: str = "") -> None:
        super().__init__("in", name, pattern, take)


class MidiOut(MidiClient):
    """Sends to whoever hears its own port `out`, or to the first input that fits a pattern."""

    def __init__(self, name: str, pattern: str = "") -> None:
        super().__init__("out", name, pattern)

    def send(self, message: Sequence[int]) -> None:
        """Comes back when it is on its way, as RtMidi's own does."""
        self._tell(message)
        self._wait("send a message")
