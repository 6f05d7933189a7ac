"""The tests' own MIDI clients: they pass on what they hear; their death is noticed but kills nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from .conftest import wait_for
from .midi_client import MidiIn, MidiOut

pytestmark = pytest.mark.jack
Plug = Callable[..., MidiOut]
Heard = list[tuple[float, list[int]]]
MESSAGES = [[0x90, 60, 100], [0xC3, 7], [0xF8], [0xFE], [0xF2, 1, 2], [0xF0, 0x7E, *range(100), 0xF7]]


@pytest.fixture
def heard() -> Heard:
    return []


@pytest.fixture
def ear(jack: str, heard: Heard) -> Iterator[MidiIn]:
    client = MidiIn("Ear", lambda at, message: heard.append((at, message)))
    yield client
    client.kill()


def test_every_kind_of_message_comes_at_its_time_on_our_clock(
    ear: MidiIn, heard: Heard, plug: Plug
) -> None:
    out = plug("mouth", "Ear:in")
    began = time.monotonic()
    for message in MESSAGES:
        out.send(message)
    wait_for(lambda: len(heard) == len(MESSAGES), 1, "messages")
    assert [message for _, message in heard] == MESSAGES
    times = [began, *(at for at, _ in heard), time.monotonic()]
    assert times == sorted(times)
    ear.close()
    ear.close()
    assert ear.process.returncode is not None
    out.send(MESSAGES[0])  # to nobody


def test_who_died_before_it_was_closed_has_heard_and_sent_nothing_since(
    ear: MidiIn, plug: Plug
) -> None:
    out = plug("mouth")
    for client in (ear, out):
        client.process.kill()
        client.process.wait()
    with pytest.raises(pytest.fail.Exception, match="client mouth died: exit status -9"):
        out.send(MESSAGES[0])
    for client in (ear, out):
        with pytest.raises(pytest.fail.Exception, match=f"client {client.name} died"):
            client.close()
        client.close()


def test_who_was_killed_on_purpose_did_not_die(ear: MidiIn) -> None:
    ear.kill()
    ear.close()
    assert ear.process.returncode == -9


def test_a_client_that_can_not_open_is_an_error_at_once(
    jack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no such server")
    with pytest.raises(pytest.fail.Exception, match="client mouth died: exit status"):
        MidiOut("mouth")
