"""More than can be followed: of messages, of subscribers, of changes to tell."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import psutil
import pytest

from livegan.core.messages import Opened
from livegan.shell.feedback import MAX_SUBSCRIBERS
from livegan.shell.inbox import MAX_BACKLOG, Inbox
from livegan.shell.osc import OscIn, build
from livegan.shell.players import Players

from .conftest import Client, Daemon, wait_for

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]
ME = ("127.0.0.1", 5000)


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    return


def taken(*messages: tuple[str, object]) -> list[tuple[str, object]]:
    """What is left of messages that came all at once."""
    inbox = Inbox()
    for address, value in messages:
        inbox.put_osc(OscIn(ME, f"/livegan{address}", (value,), 0.0))
    left = inbox.get_more(len(messages))
    return [(item.address.removeprefix("/livegan"), item.values[0]) for item in left]


def test_what_is_said_before_the_player_runs_is_kept_for_later() -> None:
    inbox, opened = Inbox(), Opened("synth", "", False)
    early = OscIn(ME, "/livegan/play", (), 0.0)
    for item in (early, "a controller", opened, "later"):
        inbox.put_osc(item) if item is early else inbox.put(item)
    server = SimpleNamespace(inbox=inbox, stopping=False)
    assert Players.first(SimpleNamespace(_server=server), Opened) == opened
    left = inbox.get_more(10)
    assert sorted(map(str, left)) == sorted(map(str, [early, "a controller", "later"]))


def test_of_a_fader_that_moves_only_the_last_value_is_left_in_its_order() -> None:
    moves = [("/density", 0.1), ("/xy", 0.2), ("/density", 0.3), ("/z/0", 1), ("/z/1", 2), ("/z/0", 3)]
    assert taken(*moves) == [("/xy", 0.2), ("/density", 0.3), ("/z/1", 2), ("/z/0", 3)]


def test_patterns_that_set_values_are_faders_too() -> None:
    every, one = "/track/*/mute", "/track/2/mute"
    assert taken((every, 1), (one, 0), (every, 0)) == [(one, 0), (every, 0)]
    assert taken((one, 0), (every, 1), (one, 1)) == [(every, 1), (one, 1)]


@pytest.mark.parametrize("acts", ["/scene/2/store", "/nudge", "/tap", "/morph", "/nope", "/[", "/*"])
def test_nothing_is_passed_over_across_a_message_that_acts(acts: str) -> None:
    moves = [("/xy", 0.1), (acts, 1), ("/xy", 0.2), (acts, 1), (acts, 1)]
    assert taken(*moves) == moves


def test_the_last_value_counts_even_when_the_inbox_is_full() -> None:
    moves = [("/density", 0.1), *[("/tap", 1)] * MAX_BACKLOG, ("/xy", 0.5)]
    left = taken(*moves)
    assert len(left) == MAX_BACKLOG
    inbox = Inbox()
    for address, value in [*[("/tap", 1)] * (MAX_BACKLOG - 1), ("/density", 0.1), ("/density", 0.9)]:
        inbox.put_osc(OscIn(ME, f"/livegan{address}", (value,), 0.0))
    assert inbox.get_more(MAX_BACKLOG)[-1].values == (0.9,)


def test_five_thousand_messages_a_second_neither_miss_a_bar_nor_grow_memory(
    serve: Serve, client: Connect
) -> None:
    daemon = serve("--bpm", "200", "--play")
    one = client(daemon)
    one.send("/livegan/subscribe")
    one.expect("/livegan/bar")
    process = psutil.Process(daemon.process.pid)
    addresses = ("density", "velocity", "xy", "drift", "z/3")

    def flood(seconds: float) -> int:
        began, sent = time.monotonic(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while (passed := time.monotonic() - began) < seconds:
                while sent < passed * 5_000:
                    share = sent % 1000 / 1000
                    address = addresses[sent % len(addresses)]
                    values = (share, share) if address == "xy" else (share,)
                    sender.sendto(build(f"/livegan/{address}", values), one.target)
                    sent += 1
                time.sleep(0.002)
        return sent

    flood(2)
    before = process.memory_info().rss
    one.heard.queue.clear()
    began = time.monotonic()
    assert flood(5) > 15_000
    seconds = time.monotonic() - began
    assert process.memory_info().rss - before < 5_000_000
    last, heard = "/livegan/density", []
    client(daemon).send(last, 0.123)
    while not heard or heard[-1].address != last or heard[-1].values != (pytest.approx(0.123),):
        heard.append(one.heard.get(timeout=5))
    told = [message for message in heard if message.address == "/livegan/velocity"]
    assert 0 < len(told) <= 31 * seconds + 5
    bars = [message.values[0] for message in heard if message.address == "/livegan/bar"]
    assert bars == list(range(bars[0], bars[0] + len(bars)))
    assert len(bars) >= 3
    assert "not ready in time" not in daemon.log.read_text()


def test_hostile_patterns_and_dumps_do_not_stop_the_music(serve: Serve, client: Connect) -> None:
    daemon = serve("--bpm", "200", "--play")
    one = client(daemon)
    one.send("/livegan/subscribe")
    one.expect("/livegan/bar")
    chance = random.Random(7)
    began, sent = time.monotonic(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while (passed := time.monotonic() - began) < 5:
            while sent < passed * 1_000:
                pattern = "/".join("".join(chance.choices("*?*a{e,t}[!x]", k=30)) for _ in range(3))
                sender.sendto(build(f"/livegan/{pattern}", (1.0,)), one.target)
                sender.sendto(build("/livegan/sync", ()), one.target)
                sender.sendto(build("/livegan/subscribe", ()), one.target)
                sent += 1
            time.sleep(0.002)
    bars = [one.expect("/livegan/bar", 10)[0] for _ in range(7)]
    assert bars == list(range(bars[0], bars[0] + len(bars)))
    assert "not ready in time" not in daemon.log.read_text()


def test_of_two_thousand_subscribers_those_too_many_are_told_so(serve: Serve, client: Connect) -> None:
    daemon = serve("--bpm", "300", "--play")
    first, last = client(daemon), client(daemon)
    first.send("/livegan/subscribe")
    first.expect("/livegan/bar")
    others = []
    for _ in range(400):
        others.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for _ in range(5):  # nearly all in vain: the answers need not be read
            others[-1].sendto(build("/livegan/subscribe", ()), first.target)
        time.sleep(0.002)
    last.send("/livegan/subscribe")
    assert last.expect("/livegan/error") == (
        "/livegan/subscribe",
        f"{MAX_SUBSCRIBERS} have subscribed, and more can't be told",
    )
    bar = first.expect("/livegan/bar")[0]
    assert [first.expect("/livegan/bar")[0] for _ in range(3)] == [bar + n for n in (1, 2, 3)]
    for one in others:
        one.close()

    def is_told() -> bool:
        last.send("/livegan/subscribe")
        return any(message.address == "/livegan/tempo" for message in list(last.heard.queue))

    wait_for(is_told, 5, "place of one that is gone")
    first.heard.queue.clear()
    assert first.expect("/livegan/bar"), "who is still there is still told"
