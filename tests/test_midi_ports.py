"""Opening ports by their names, though RtMidi opens them by their places, which change."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterable

import pytest
import rtmidi

from livegan.shell.midi_in import RtMidiInput
from livegan.shell.midi_out import NoSuchPort, names_of, open_named
from livegan.shell.midi_systems import ControllerIn

WANTED = "synth"


class End:
    """One of RtMidi's, while others come and go: each time it is asked for anything, there are other
    ports; those that come last stay."""

    def __init__(self, *there: Iterable[str]) -> None:
        self._there = [list(names) for names in there]
        self.to: str | None = None

    def _now(self) -> list[str]:
        return self._there.pop(0) if len(self._there) > 1 else self._there[0]

    def get_ports(self) -> list[str]:
        return list(self._now())

    def open_port(self, place: int, name: str) -> None:
        assert self.to is None, "one that is open can't be opened"
        names = self._now()
        self.to = names[place] if place < len(names) else "nobody"
        if self.to == "nobody":
            raise ValueError("the port number is invalid")

    def close_port(self) -> None:
        self.to = None


BEFORE, COME, GONE = ["other", WANTED], ["new", "other", WANTED], [WANTED]


@pytest.mark.parametrize(
    "there",
    [
        [BEFORE],
        [BEFORE, BEFORE, COME],
        [BEFORE, BEFORE, GONE],
        [BEFORE, COME, BEFORE, GONE, GONE, COME, COME, BEFORE],
    ],
)
def test_the_port_of_that_name_is_opened_whoever_comes_and_goes(there: list[list[str]]) -> None:
    end = End(*there)
    open_named(end, WANTED, "own")
    assert end.to == WANTED


def test_a_port_that_went_before_it_was_open_is_told_and_nothing_else_is_opened() -> None:
    end = End(BEFORE, BEFORE, ["other", "new"])
    with pytest.raises(NoSuchPort, match=f"the MIDI port {WANTED} is gone"):
        open_named(end, WANTED, "own")
    assert end.to is None


class Hearing(End):
    """As RtMidi's inputs, which forget who listens when they are closed."""

    listener: object = None

    def set_callback(self, listener: object) -> None:
        self.listener = listener

    def ignore_types(self, **_: bool) -> None:
        """Whatever they are."""

    def close_port(self) -> None:
        self.to = self.listener = None


def test_an_input_that_was_opened_twice_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    for open_input in (RtMidiInput, lambda *given: ControllerIn(given[0], given[1], given[3])):
        end = Hearing(BEFORE, BEFORE, GONE)
        monkeypatch.setattr(rtmidi, "MidiIn", lambda *_, end=end, **__: end)
        open_input("UNIX_JACK", WANTED, False, print)
        assert end.to == WANTED
        assert end.listener is not None


def test_ports_are_those_that_are_there_together() -> None:
    assert names_of(End([], BEFORE, COME, GONE, GONE, BEFORE)) == GONE


HANGS = """
import socket, sys, time
from livegan.shell import standby, watchdog
watchdog.SECONDS = 1
standby.PortWatch.missing = lambda watch: time.sleep(60)
standby.stand_by(socket.socket(fileno=int(sys.argv[1])), [""])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no alarm")
def test_a_player_that_hangs_while_it_looks_at_ports_ends() -> None:
    """So that another one can stand by."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-c", HANGS, str(theirs.fileno())]
        done = subprocess.run(command, pass_fds=[theirs.fileno()], timeout=30, check=False)
    assert done.returncode == -signal.SIGALRM
